"""Tables of results: cells that may not leave are named one by one, and the table
written instead is safe.
"""

import csv
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linkage.errors import ConfigError, InputError
from quality.disclosure import load
from quality.disclosure.outputs.checking import check_tables, draft
from quality.disclosure.outputs.findings import Checked
from quality.disclosure.outputs.reading import read_table, value
from quality.disclosure.outputs.release import refuse_overwriting, write_safe
from tests.quality.disclosure.test_linked import check_table, safe_sheet, sheet

LEO, SRS, ACRO = load("leo_publication"), load("ons_srs"), load("acro")
COUNT = {"holds": "count"}
CROSS_TABLE = """
Region | Female | Male | Total
North  | 23     | 4    | 27
Middle | 0      | 30   | 30
South  | 40     | 55   | 95
Total  | 63     | 89   | 152
"""


def file_of(world: str, folder: Path, name: str = "t.csv") -> Path:
    path = folder / name
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows(
            [cell.strip() for cell in line.split("|")]
            for line in world.strip().splitlines()
        )
    return path


def check(world: str, profile=LEO, **columns: Any) -> Checked:
    return check_table(sheet("t", world, columns=columns), profile)


def rate(of: str, per: float = 100, **keys: Any) -> dict[str, Any]:
    return {"holds": "rate", "of": of, "per": per, **keys}


def faults(output: Checked) -> set[tuple[str, str]]:
    return {(finding.place, finding.rule) for finding in output.findings}


def test_every_fault_of_a_crossed_table_at_once() -> None:
    table = check(CROSS_TABLE)
    complements = {("B2", "complement"), ("B4", "complement"), ("C4", "complement")}
    roundings = {(place, "rounding") for place in ("B2", "C2", "D2")}
    assert faults(table) == {("C2", "threshold"), *complements, *roundings}
    assert table.safe == [
        ["North", "c", "c", "25"],
        ["Middle", "0", "30", "30"],
        ["South", "c", "c", "95"],
        ["Total", "65", "90", "150"],
    ]
    classes = {place: class_ for place, _, class_, _ in table.audit}
    assert len(classes) == 12
    assert (classes["C2"], classes["B2"], classes["D5"]) == (
        "primary",
        "complement",
        "rounded",
    )
    assert not [
        text for row in table.audit for text in row[1:] if text in ("4", "23", "152")
    ]


def test_a_safe_table_passes_with_its_own_schema(tmp_path: Path) -> None:
    table = read_table(file_of(CROSS_TABLE, tmp_path))
    audit, path, schema = write_safe(check_table(table, LEO), tmp_path / "safe", LEO)
    assert [file.name for file in (audit, path, schema)] == [
        "t.audit.csv",
        "t.csv",
        "t.toml",
    ]
    assert schema.read_text(encoding="utf-8").startswith("rounded_to = 5")
    assert check_table(read_table(path), LEO).findings == []
    assert audit.read_text(encoding="utf-8").startswith(
        "cell,column,class,rule\nB2,Female,complement,"
    )


@pytest.mark.parametrize(
    ("heading", "values"),
    [
        ("In work", (23, 41)),
        ("Part-time", (23, 41)),
        ("Cohort", (201213, 201314)),
        ("People with earnings", (23, 41)),
        ("Number at or above average", (23, 41)),
        ("Median pay of graduates", (21000, 24000)),
        ("In work %", (40, 60)),
        ("In work per 1,000", (983, 707)),
        ("Unemployment rate", (17, 29)),
        ("Total pay", (920000, 870000)),
        ("Highest pay", (92000, 87000)),
        ("Change in people", (12, 31)),
        ("Cumulative", (90, 180)),
        ("Value", (90, 180)),
        ("", (90, 180)),
    ],
)
def test_a_column_whose_heading_leaves_a_doubt_is_refused(
    heading: str, values: tuple[int, int]
) -> None:
    table = check(
        f"Subject | Pupils | {heading}\nLaw | 90 | {values[0]}\nArt | 80 | {values[1]}",
        SRS,
    )
    assert faults(table) == {("C1", "undeclared")}
    assert (table.passes, table.safe) == (False, None)
    assert table.findings[0].remedy.startswith("declare it in t.toml")


@pytest.mark.parametrize(
    ("heading", "holds"),
    [
        *(
            (name, "count")
            for name in (
                "People",
                "number_of_pupils",
                "Total",
                "Girls",
                "Number of female students",
            )
        ),
        *(
            (name, "dimension")
            for name in (
                "time_period",
                "Tax year",
                "Years after",
                "Age",
                "region_code",
                "School URN",
            )
        ),
    ],
)
def test_the_kind_of_column_by_its_heading(heading: str, holds: str) -> None:
    layout = check(f"Subject | {heading}\nLaw | 23\nArt | 41").layout
    assert layout.column(1).holds == holds


@pytest.mark.parametrize(
    "codes",
    [
        ("At least 10,000", "At least 20,000"),
        ("16-64", "16-24"),
        ("25+", "65 and over"),
        ("within 6 months", "within 12 months"),
        ("under 25", "16 to 24"),
        ("North", "of which: rural"),
        ("Pupils", "Pupils excluding boarders"),
        ("Any", "Female"),
        ("North", "North less islands"),
        ("A", "A or B"),
        ("UK", "Wales"),
        ("Graduates", "Mean age"),
        ("North", ""),
    ],
)
def test_codes_that_may_be_part_of_each_other_are_refused(
    codes: tuple[str, str],
) -> None:
    world = "Group | People\n" + "\n".join(
        f"{code} | {n}" for code, n in zip(codes, (230, 226), strict=True)
    )
    assert {rule for _, rule in faults(check(world, SRS))} == {"undeclared"}
    assert check(world, SRS, Group={"holds": "dimension", "totals": []}).passes


@pytest.mark.parametrize(
    "codes",
    [("16-24", "25-64", "65+"), ("2019-20", "2020-21", "2021-22"), ("1", "2", "3")],
)
def test_codes_that_are_not_part_of_each_other(codes: tuple[str, ...]) -> None:
    assert check(
        "Age | People\n" + "\n".join(f"{code} | 40" for code in codes), SRS
    ).passes


def test_a_schema_that_does_not_fit_its_table(tmp_path: Path) -> None:
    table = file_of("Year | Members\n2019 | 40", tmp_path)
    for toml, message in (
        (
            '[columns.Number]\nholds = "count"',
            r"t.toml: t.csv has no column Number\n  it has: Year, Members",
        ),
        ('[columns.Members]\nholds = "?"', "columns.Members.holds"),
        (
            '[columns.Members]\nholds = "rate"',
            'a column that holds "rate" needs of and per',
        ),
    ):
        (tmp_path / "t.toml").write_text(toml, encoding="utf-8")
        with pytest.raises(ConfigError, match=message):
            check_table(read_table(table), LEO)


def test_a_draft_names_what_must_be_declared(tmp_path: Path) -> None:
    table = read_table(
        file_of("Region | Pupils | Passed\nNorth | 40 | 30\nSouth | 60 | 40", tmp_path)
    )
    text = draft(table)
    assert '[columns."Passed"]\nholds = "?"' in text
    (tmp_path / "t.toml").write_text(
        text.replace('"?"', '"count"\npart_of = "Pupils"'), encoding="utf-8"
    )
    assert check_table(read_table(table.file), SRS).findings == []


TIDY = """
Region | Sex    | Graduates | In work | In work % | Median pay
North  | Female | 120       | 80      | 66.7      | 24150
North  | Male   | 70        | 50      | 71.4      | 31000
North  | Total  | 190       | 130     | 68.4      | 24400
South  | Female | 210       | 150     | 71.4      | 26100
South  | Male   | 190       | 187     | 98.4      | 27900
South  | Total  | 400       | 337     | 84.3      | 27000
Total  | Female | 330       | 230     | 69.7      | 25500
Total  | Male   | 260       | 237     | 91.2      | 28000
Total  | Total  | 590       | 467     | 79.2      | 26600
"""


def test_a_small_difference_of_two_columns_is_protected() -> None:
    """190 graduates, 187 in work: three are not, though no cell says so."""
    columns = {
        "In work": {**COUNT, "part_of": "Graduates"},
        "Median pay": {"holds": "median", "of": "In work"},
    }
    table = check(TIDY, **columns, **{"In work %": rate("Graduates", part="In work")})
    assert ("C6", "remainder") in faults(table)
    assert {rule for place, rule in faults(table) if place == "E6"} == {"base"}
    assert table.safe is not None
    assert "98.4" not in {text for row in table.safe for text in row}
    assert table.safe[8][4:] == ["79.2", "26,600"]


def test_rates_and_means_of_few() -> None:
    world = (
        "School | Pupils | Passed % | Mean pay\nA | 20 | 50 | 20000\nB | 45 | 40 "
        "| "
        "21000"
    )
    columns = {
        "Passed %": rate("Pupils"),
        "Mean pay": {"holds": "mean", "of": "Pupils"},
    }
    assert ("C2", "base") in faults(check(world, load("hesa"), **columns))
    assert ("C3", "base") not in faults(check(world, load("hesa"), **columns))
    assert ("D2", "base") in faults(
        check(world.replace("20 |", "5 |", 1), load("hesa"), **columns)
    )


@pytest.mark.parametrize(
    ("per", "rate_text", "is_small"),
    [(100, "0.5", True), (1, "0.5", False), (1000, "17", True), (1000, "170", False)],
)
def test_a_rate_is_checked_by_its_declared_base_number(
    per: float, rate_text: str, is_small: bool
) -> None:
    """17 per 1,000 of 500 are eight or nine people."""
    table = check(
        f"Region | Pupils | Rate\nNorth | 500 | {rate_text}",
        SRS,
        Rate=rate("Pupils", per),
    )
    assert faults(table) == ({("C2", "base")} if is_small else set())


@pytest.mark.parametrize("base", ["", "x", "z", "low"])
def test_a_number_of_unknown_base_does_not_leave(base: str) -> None:
    world = (
        f"Region | Graduates | In work % | Mean pay\nNorth | {base} | 40.0 | "
        "21300\nMiddle | 400 | 30.0 | 22100"
    )
    columns = {
        "In work %": rate("Graduates"),
        "Mean pay": {"holds": "mean", "of": "Graduates"},
    }
    table = check(world, load("ofqual"), **columns)
    assert {("C2", "base"), ("D2", "base")} <= faults(table)
    assert table.safe == [
        ["North", base, "c", "c"],
        ["Middle", "400", "30.0", "22,100"],
    ]


def test_rates_that_add_up_to_the_whole_disclose_a_hidden_one() -> None:
    """100 less 50 less 47 are three of a hundred people; 3 and 4 are each under ten,
    and so is their sum.
    """
    heads = ["In work %", "Studying %", "Neither %"]
    world = (
        f"Region | People | {' | '.join(heads)}\nNorth | 100 | 50.0 | 47.0 | "
        "3.0\nMiddle | 400 | 30.0 | 45.0 | 25.0"
    )
    table = check(world, SRS, **{head: rate("People") for head in heads})
    assert faults(table) == {("E2", "base"), ("D2", "complement")}
    assert table.safe == [
        ["North", "100", "50.0", "c", "c"],
        ["Middle", "400", "30.0", "45.0", "25.0"],
    ]
    other_world = world.replace("| 25.0", "| 55.0")
    assert faults(
        check(other_world, SRS, **{head: rate("People") for head in heads})
    ) == {("E2", "base")}
    heads = ["A %", "B %", "C %", "D %"]
    world = (
        f"Region | People | {' | '.join(heads)}\nNorth | 100 | 53.0 | 40.0 | 3.0 "
        "| "
        "4.0\nMiddle | 400 | 30 | 20 | 25 | 25"
    )
    table = check(world, SRS, **{head: rate("People") for head in heads})
    assert faults(table) == {("E2", "base"), ("F2", "base"), ("D2", "complement")}


def test_the_rate_of_all_and_the_other_rates_disclose_a_hidden_one() -> None:
    """40 % of all 50, 43 % of the 30 in the south: seven of the 20 in the north, whose
    rate was hidden.
    """
    text = (
        "Region | People | In work %\nNorth | 20 | 35\nSouth | 30 | 43\nTotal | 50 | 40"
    )
    table = check(text, **{"In work %": rate("People")})
    assert {("C2", "base"), ("C3", "complement")} <= faults(table)
    assert [row[2] for row in table.safe or []] == ["c", "c", "40"]
    hidden_table = check(text.replace("| 35", "| c"), **{"In work %": rate("People")})
    assert {("C2", "recovered"), ("C2", "known small")} & faults(hidden_table)


def test_a_count_that_one_table_hides_is_disclosed_by_the_rate_of_another() -> None:
    counts = (
        "Region | People | In work\nNorth | 33 | 15\nSouth | 64 | 30\nWest | 19 "
        "| "
        "11\nTotal | 116 | 56"
    )
    rates = (
        "Region | People | In work %\nNorth | 33 | 45.5\nSouth | 64 | 46.9\nWest "
        "| "
        "19 | 57.9\nTotal | 116 | 48.3"
    )
    first = sheet("a", counts, columns={"In work": {**COUNT, "part_of": "People"}})
    second = sheet("b", rates, columns={"In work %": rate("People")})
    columns = [
        [row[2] for row in table.safe or []]
        for table in check_tables([first, second], LEO)
    ]
    assert columns[0].count("c") >= 2
    assert all(
        share == "c" for count, share in zip(*columns, strict=True) if count == "c"
    )


def test_a_rate_with_all_its_digits_undoes_the_rounding() -> None:
    """4.1667 % of some 25 people are one of 24."""
    world = "Region | People | Passed %\nNorth | 25 | 4.1667\nMiddle | 400 | 30"
    table = check(world, load("hesa"), **{"Passed %": rate("People")})
    assert faults(table) == {("C2", "rounding")}
    assert table.safe == [["North", "25", "4"], ["Middle", "400", "30"]]


def test_a_mean_is_rounded_where_it_is_money() -> None:
    world = "Region | Graduates | Mean\nNorth | 300 | 2344\nMiddle | 400 | 80"
    for is_money, means in ((True, ["2,300", "100"]), (False, ["2344", "80"])):
        table = check(
            world, SRS, Mean={"holds": "mean", "of": "Graduates", "is_money": is_money}
        )
        assert [row[2] for row in table.safe or []] == means


AMOUNT = {"holds": "amount", "of": "People", "largest": ["First", "Second"]}


def test_a_dominated_total_hides_another() -> None:
    world = """
    Industry | People | Pay   | First | Second
    Mining   | 20     | 16500 | 10000 | 6000
    Farming  | 20     | 40000 | 3000  | 2000
    Shops    | 40     | 90000 | 3000  | 2000
    Total    | 80     | 146500 | 10000 | 6000
    """
    table = check(world, ACRO, Pay=AMOUNT)
    assert faults(table) == {("C2", "dominance"), ("C3", "complement")}
    assert [row[2:] for row in table.safe or []] == [
        ["c", "c", "c"],
        ["c", "c", "c"],
        ["90,000", "c", "c"],
        ["146,500", "c", "c"],
    ]


@pytest.mark.parametrize(
    "largest", [["First", "Second"], ["First"]], ids=["left blank", "not named"]
)
def test_a_missing_contribution_may_be_as_large_as_the_one_before(
    largest: list[str],
) -> None:
    """Of 16,500 one has 10,000; one more may have all of the rest."""
    world = """
    Industry | People | Pay   | First | Second
    Mining   | 40     | 16500 | 10000 |
    Farming  | 40     | 40000 | 3000  | 2000
    Shops    | 40     | 90000 |       |
    """
    world = (
        world
        if len(largest) > 1
        else "\n".join(line.rpartition("|")[0] for line in world.splitlines())
    )
    table = check(world, ACRO, Pay={**AMOUNT, "largest": largest})
    assert {place for place, rule in faults(table) if rule == "dominance"} == {
        "C2",
        "C4",
    }


def test_measures_in_rows_are_each_checked_and_keep_their_places() -> None:
    measures = {"Graduates": COUNT, "Mean pay": {"holds": "mean", "of": "Graduates"}}
    columns = {
        "Measure": {"holds": "measures", "measures": measures},
        "Value": {"holds": "values"},
    }
    world = (
        "Region | Measure | Value\nN | Graduates | 4\nS | Graduates | 40\nN | "
        "Mean "
        "pay | 20110\nS | Mean pay | 21120"
    )
    table = check(world, SRS, **columns)
    assert faults(table) == {("C2", "threshold"), ("C4", "base")}
    assert [row[2] for row in table.safe or []] == ["c", "40", "c", "21,100"]


def test_growth_discloses_the_count_before() -> None:
    world = (
        "Region | People | Growth %\nNorth | 226 | -1.7\nSouth | 310 | 20.0\nWest "
        "| 40 | 900.0"
    )
    table = check(world, SRS, **{"Growth %": {"holds": "change", "of": "People"}})
    assert faults(table) == {("C2", "base"), ("C4", "base")}


@pytest.mark.parametrize("cell", ["c", "4"])
def test_a_running_total_discloses_what_is_added(cell: str) -> None:
    world = (
        f"Month | New | All\nMay | 23 | 23\nJune | {cell} | 27\nJuly | 40 | "
        "67\nAugust | 31 | 98"
    )
    columns = {
        "New": COUNT,
        "All": {**COUNT, "running_over": "Month", "sum_of": ["New"]},
    }
    table = check(world, SRS, **columns)
    assert not table.passes
    assert [row[1:] for row in table.safe or []] == [
        ["c", "c"],
        ["c", "27"],
        ["40", "67"],
        ["31", "98"],
    ]
    assert check_table(safe_sheet(table), SRS).passes


def test_rounding_that_is_undone() -> None:
    """Nine times two make eighteen, which is written 20: each of the zeros must
    be two.
    """
    world = (
        "Area | People\n" + "\n".join(f"a{n} | low" for n in range(9)) + "\nTotal | 20"
    )
    assert {
        rule
        for _, rule in faults(
            check_table(sheet("t", world, rounded_to=5), load("hesa"))
        )
    } == {"rounding undone"}
    exact_table = check(world.replace("low", "2").replace("20", "18"), load("hesa"))
    assert {rule for _, rule in faults(exact_table)} == {"rounding undone", "rounding"}


def test_rounded_counts_that_can_only_be_small() -> None:
    """A 5 stands for three to seven people; of 30 two tens leave ten, where counts
    under 11 are hidden.
    """
    assert faults(
        check_table(
            sheet("t", "Region | People\nNorth | 5\nSouth | 60", rounded_to=5), LEO
        )
    ) == {("B2", "threshold")}
    world = "Region | People\nNorth | 10\nMiddle | 10\nSouth | c\nTotal | 30"
    assert ("B4", "known small") in faults(
        check_table(sheet("t", world, rounded_to=5), load("scotland"))
    )
    world = world.replace("10", "15").replace("30", "40")
    assert (
        faults(check_table(sheet("t", world, rounded_to=5), load("scotland"))) == set()
    )
    exact_table = check_table(
        sheet("t", "Region | People\nNorth | 41", rounded_to=5), LEO
    )
    assert faults(exact_table) >= {("B2", "contradiction")}


def test_a_single_symbol_is_recovered_unless_the_table_is_declared_rounded() -> None:
    world = "Region | People\nNorth | c\nSouth | 40\nTotal | 60"
    assert ("B2", "recovered") in faults(check(world))
    assert faults(check_table(sheet("t", world, rounded_to=5), LEO)) == set()
    pair = "Region | People\nNorth | c\nMiddle | c\nSouth | 41\nTotal | 45"
    assert {("B2", "known small"), ("B3", "known small")} <= faults(check(pair, SRS))


@pytest.mark.parametrize(
    "world",
    [
        "Region | People\nNorth | 40\nSouth | c\nWest | 30\nEngland | 75",
        "Region | People\nNorth | 40\nSouth | c\nWest | 30\nAll regions | 75",
        "Region | Girls | Boys | All pupils\nNorth | 40 | c | 45\nSouth | 30 | 20 | 50",
    ],
)
def test_a_total_is_recognised_by_its_words(world: str) -> None:
    assert "recovered" in {rule for _, rule in faults(check(world, SRS))}


def test_a_row_that_is_the_sum_of_others_may_be_their_total() -> None:
    world = "Region | People\nNorth | 40\nSouth | 35\nWest | 6\nElse | 81"
    assert ("A5", "undeclared") in faults(check(world, SRS))
    table = check(world, SRS, Region={"holds": "dimension", "totals": []})
    assert faults(table) == {("B4", "threshold")}


def test_a_group_all_of_one_kind_is_noted() -> None:
    world = "Sex | Yes | No | Total\nF | 40 | 0 | 40\nM | 30 | 20 | 50"
    table = check(
        world, SRS, Yes=COUNT, No=COUNT, Total={**COUNT, "sum_of": ["Yes", "No"]}
    )
    assert faults(table) == {("B2", "all of one kind")}
    assert table.passes


@pytest.mark.parametrize(
    ("world", "parts", "fault"),
    [
        (
            "Area | A | B | T\nx | c | 10 | 90\ny | c | 20 | 30\nTotal | 60 | 30 | 90",
            ["A", "B"],
            "contradiction",
        ),
        ("Area | A | B | T\nx | 70 | 50 | 90", ["A", "B"], "contradiction"),
        ("Area | T\nx | -50", [], "not a count"),
        ("Area | T\nx | 12.5", [], "not a count"),
        ("Area | T\nx | four", [], "unread"),
    ],
)
def test_numbers_that_no_table_can_have_are_refused(
    world: str, parts: list[str], fault: str
) -> None:
    counts = dict.fromkeys(parts, COUNT)
    table = check(world, SRS, **counts, T={**COUNT, "sum_of": parts})
    assert fault in {rule for _, rule in faults(table)}
    assert table.safe is None


counts = st.one_of(st.integers(0, 12), st.integers(0, 200))


@given(
    st.lists(st.lists(counts, min_size=3, max_size=3), min_size=2, max_size=4),
    st.sampled_from(["leo_publication", "ons_srs", "tre_10"]),
)
def test_the_safe_table_passes_with_any_counts(
    rows: list[list[int]], name: str
) -> None:
    lines = [[f"r{n}", *row, sum(row)] for n, row in enumerate(rows)]
    lines.append(
        [
            "Total",
            *(
                sum(column)
                for column in zip(*(line[1:] for line in lines), strict=True)
            ),
        ]
    )
    world = "\n".join(
        " | ".join(map(str, line))
        for line in [["Area", "A", "B", "C", "Total"], *lines]
    )
    columns = {**dict.fromkeys("ABC", COUNT), "Total": {**COUNT, "sum_of": list("ABC")}}
    profile = load(name)
    second = check_table(
        safe_sheet(check(world, profile, **columns), profile.round_to), profile
    )
    assert [f.rule for f in second.findings if not f.is_note] == []


HIERARCHY = {"n1": "North", "n2": "North", "s1": "South", "s2": "South"}


def test_a_hierarchy_within_a_column() -> None:
    world = (
        "Area | People\nn1 | 4\nn2 | 50\ns1 | 30\ns2 | 60\nNorth | 54\nSouth | "
        "90\nTotal | 144"
    )
    table = check(world, SRS, Area={"holds": "dimension", "within": HIERARCHY})
    assert faults(table) == {("B2", "threshold"), ("B3", "complement")}


@pytest.mark.parametrize("total", ["England", "All areas"])
@pytest.mark.parametrize(
    "is_declared", [False, True], ids=["next to the tree", "its root"]
)
def test_total_of_a_hierarchy_discloses_a_hidden_part(
    total: str, is_declared: bool
) -> None:
    """South is 200 less North, and s1 what South leaves."""
    world = (
        "Area | People\nn1 | 40\nn2 | 70\ns1 | c\ns2 | 60\nNorth | 110\nSouth | "
        f"c\n{total} | 200"
    )
    tree = HIERARCHY | ({"North": total, "South": total} if is_declared else {})
    table = check(world, SRS, Area={"holds": "dimension", "within": tree})
    assert {("B4", "recovered"), ("B7", "recovered")} <= faults(table)


@pytest.mark.parametrize("symbol", ["<10", "fewer than 10", "low", "k"])
def test_a_symbol_that_discloses_a_small_count_is_replaced(symbol: str) -> None:
    world = f"Region | People\nNorth | {symbol}\nMiddle | c\nSouth | 40\nTotal | 70"
    table = check(world)
    assert faults(table) == {("B2", "discloses small")}
    assert table.safe == [
        ["North", "c"],
        ["Middle", "c"],
        ["South", "40"],
        ["Total", "70"],
    ]


@pytest.mark.parametrize(
    ("world", "place"),
    [
        ("Region | Sex | People\nN | F | 23\nN | M | 40\nN | F | 40", "C2"),
        (
            "Group | People\nF | 23\nM | 31\nTotal | 54\nYoung | 14\nOld | 40\nTotal | "
            "54",
            "B4",
        ),
    ],
    ids=["a row twice", "two tables in one"],
)
def test_rows_of_the_same_labels_are_refused(world: str, place: str) -> None:
    table = check(world, SRS)
    assert (place, "duplicate labels") in faults(table)
    assert table.safe is None


def test_rows_about_people_are_not_a_table(tmp_path: Path) -> None:
    table = check(
        "id | forename | surname\nA1 | ANNA | K\nA2 | S | BROWN\nA3 | IAN | THOMSON"
    )
    assert faults(table) == {("table", "nothing to check")}
    assert [path.name for path in write_safe(table, tmp_path, LEO)] == ["t.audit.csv"]


def test_a_safe_table_is_removed_when_its_file_no_longer_passes(tmp_path: Path) -> None:
    world = "Region | People\nNorth | 40\nSouth | 50"
    assert len(write_safe(check(world, SRS), tmp_path, SRS)) == 3
    write_safe(check(world.replace("50", "-50"), SRS), tmp_path, SRS)
    assert not (tmp_path / "t.csv").exists()


def test_a_safe_table_does_not_replace_another_file(tmp_path: Path) -> None:
    files = [tmp_path / folder / "results.csv" for folder in ("north", "south")]
    with pytest.raises(ConfigError, match="would be written under one name"):
        refuse_overwriting(files, tmp_path / "safe")
    with pytest.raises(ConfigError, match="would replace"):
        refuse_overwriting(files[:1], tmp_path / "south" / ".." / "north")
    refuse_overwriting([files[0], tmp_path / "others.csv"], tmp_path / "safe")


@pytest.mark.parametrize(
    "text", ["1,234", "1 234", "1\u00a0234", "1234*", "1,234 [r]", "£1,234"]
)
def test_numbers_are_read_in_the_formats_of_tables(text: str) -> None:
    assert value(text).number == 1234


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("t.xlsx", b"", "a workbook can hold more than its cells"),
        ("t.csv", b"\xff\xfe\x00", "not CSV in UTF-8"),
        ("t.csv", b"only a text", "no table"),
        ("t.pdf", b"", "not a CSV file"),
        (
            "t.csv",
            b"Area;Pay, mean;People\nA;54 321,50;120\n",
            "its columns are separated by semicolons\n  save it",
        ),
        (
            "t.csv",
            b"Area\tPeople\nA, north\t120\n",
            "its columns are separated by tabs\n  save it",
        ),
        (
            "t.csv",
            b'Area,Share\nA,"4,5"\nB,"12,5 %"\n',
            "B2: a number with a decimal comma\n  save it with points",
        ),
        (
            "t.csv",
            b'Area,Pay\nA,"54 321,50"\nB,12\n',
            "B2: a number with a decimal comma\n  save it with points",
        ),
    ],
)
def test_files_that_cannot_be_read_say_what_to_do(
    tmp_path: Path, name: str, content: bytes, message: str
) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError, match=message):
        read_table(tmp_path / name)


def test_cells_beyond_the_last_heading_are_a_fault(tmp_path: Path) -> None:
    table = read_table(
        file_of("Region | People\nNorth | 40 | 3\nSouth | 60\nWest | 30 | 10", tmp_path)
    )
    assert faults(check_table(table, SRS)) == {("C2", "unread")}
    table = read_table(
        file_of("Region | People | \nNorth | 40 | \nSouth | 60 | ", tmp_path)
    )
    assert check_table(table, SRS).passes
