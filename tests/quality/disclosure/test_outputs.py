"""Tables of results: what may not leave is named cell by cell, and what is written in their stead is safe."""

import csv
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linkage.errors import ConfigError, InputError
from quality.disclosure import load
from quality.disclosure.outputs import Checked, Declared, check_table, read_tables, refuse_overwriting, write_safe
from quality.disclosure.outputs.reading import value
from quality.disclosure.outputs.totals import TOTALS

LEO = load("leo_publication")
CROSSED = """
Pay by region
Region | Female | Male | Total
North  | 23     | 4    | 27
Middle | 0      | 30   | 30
South  | 40     | 55   | 95
Total  | 63     | 89   | 152
"""


def file_of(world: str, folder: Path, name: str = "t.csv") -> Path:
    path = folder / name
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([cell.strip() for cell in line.split("|")] for line in world.strip().splitlines())
    return path


def checked(world: str, folder: Path, profile=LEO, **said) -> Checked:
    (sheet,) = read_tables(file_of(world, folder))
    return check_table(sheet, Declared(**said), profile)


def told(found: Checked) -> set[tuple[str, str]]:
    return {(finding.place, finding.rule) for finding in found.findings}


def test_every_fault_of_a_crossed_table_at_once(tmp_path: Path) -> None:
    found = checked(CROSSED, tmp_path)
    assert told(found) == {
        ("C3", "threshold"),
        ("B3", "complement"),
        ("B5", "complement"),
        ("C5", "complement"),
        ("B3", "rounding"),
        ("C3", "rounding"),
        ("D3", "rounding"),
    }
    assert found.safe == [
        ["North", "c", "c", "25"],
        ["Middle", "0", "30", "30"],
        ["South", "c", "c", "95"],
        ["Total", "65", "90", "150"],
    ]


def test_the_audit_says_the_class_of_each_number_and_no_value(tmp_path: Path) -> None:
    found = checked(CROSSED, tmp_path)
    classes = {place: class_ for place, _, class_, _ in found.audit}
    assert len(classes) == 12
    assert classes["C3"] == "primary"
    assert classes["B3"] == "complement"
    assert classes["D6"] == "rounded"
    assert not [text for row in found.audit for text in row[1:] if text in ("4", "23", "152")]


def test_what_is_written_passes(tmp_path: Path) -> None:
    found = checked(CROSSED, tmp_path)
    path, audit = write_safe([found], tmp_path / "safe")
    (again,) = read_tables(path)
    assert check_table(again, Declared(rounded_to=5), LEO).findings == []
    assert audit.read_text(encoding="utf-8").startswith("cell,column,class,rule\nB3,Female,complement,\n")


def test_a_lone_symbol_is_solved_for(tmp_path: Path) -> None:
    """Unrounded, the cell is told; rounded to five, it is not."""
    lone = "Region | People\nNorth | c\nSouth | 41\nTotal | 44"
    assert ("B2", "recovered") in told(checked(lone, tmp_path, load("ons_srs")))
    assert told(checked(lone.replace("41", "40").replace("44", "60"), tmp_path, rounded_to=5)) == set()


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


def test_a_small_difference_of_two_columns_is_guarded(tmp_path: Path) -> None:
    """190 graduates, 187 in work: three are not, though no cell says so."""
    found = checked(TIDY, tmp_path, of={"Median pay": "In work"})
    assert ("C6", "remainder") in told(found)
    assert ("E6", "share of hidden") in told(found)
    assert found.safe is not None
    assert "98.4" not in {text for row in found.safe for text in row}
    assert found.safe[8][4:] == ["79.2", "26,600"]


def test_columns_that_are_told_overrule_what_is_found(tmp_path: Path) -> None:
    world = "Year | Band | Members\n2019 | 1 | 40\n2020 | 2 | 50"
    found = checked(world, tmp_path, labels=["Band"])
    assert found.layout.labels == [0, 1]
    with pytest.raises(ConfigError, match="no column Nobody, Nothing"):
        checked(world, tmp_path, counts=["Nobody"], shares=["Nothing"])


def test_shares_and_averages_of_few(tmp_path: Path) -> None:
    world = "School | Pupils | Passed % | Mean pay\nA | 20 | 50 | 20000\nB | 45 | 40 | 21000"
    found = checked(world, tmp_path, load("hesa"))
    assert ("C2", "share") in told(found)
    assert ("C3", "share") not in told(found)
    found = checked(world.replace("20 |", "5 |", 1), tmp_path, load("hesa"))
    assert ("D2", "average") in told(found)


def test_a_dominated_total_takes_another_with_it(tmp_path: Path) -> None:
    world = """
    Industry | Pay   | First | Second
    Mining   | 16500 | 10000 | 6000
    Farming  | 40000 | 3000  | 2000
    Shops    | 90000 | 3000  | 2000
    Total    | 146500 | 10000 | 6000
    """
    found = checked(world, tmp_path, load("acro"), largest={"Pay": ["First", "Second"]})
    assert ("B2", "dominance") in told(found)
    assert ("B3", "complement") in told(found)
    assert found.safe == [["Mining", "c"], ["Farming", "c"], ["Shops", "90,000"], ["Total", "146,500"]]


def test_rounding_that_is_undone_is_told_of(tmp_path: Path) -> None:
    """Nine times two make eighteen, which is written 20: each of the noughts must be two."""
    world = "Area | People\n" + "\n".join(f"a{n} | low" for n in range(9)) + "\nTotal | 20"
    found = checked(world, tmp_path, load("hesa"), totals=["Total"], rounded_to=5)
    assert {rule for _, rule in told(found)} == {"rounding undone"}


def test_a_group_all_of_one_kind_is_noted(tmp_path: Path) -> None:
    world = "Sex | Yes | No | Total\nF | 40 | 0 | 40\nM | 30 | 20 | 50"
    found = checked(world, tmp_path, load("ons_srs"))
    assert told(found) == {("B2", "all of one kind")}
    assert found.passes


def test_numbers_that_no_table_has_are_refused(tmp_path: Path) -> None:
    world = "Area | A | B | Total\nx | c | 10 | 90\ny | c | 20 | 30\nTotal | 60 | 30 | 90"
    found = checked(world, tmp_path, load("ons_srs"))
    assert not found.passes


counts = st.one_of(st.integers(0, 12), st.integers(0, 200))


@given(
    st.lists(st.lists(counts, min_size=3, max_size=3), min_size=2, max_size=4),
    st.sampled_from(["leo_publication", "ons_srs", "tre_10"]),
)
def test_whatever_the_counts_the_safe_table_passes(tmp_path: Path, rows: list[list[int]], name: str) -> None:
    lines = [[f"r{n}", *row, sum(row)] for n, row in enumerate(rows)]
    lines.append(["Total", *(sum(column) for column in zip(*(line[1:] for line in lines), strict=True))])
    world = "\n".join(" | ".join(map(str, line)) for line in [["Area", "A", "B", "C", "Total"], *lines])
    (path, _) = write_safe([checked(world, tmp_path, load(name))], tmp_path / "safe")
    (again,) = read_tables(path)
    profile = load(name)
    again = check_table(again, Declared(rounded_to=profile.round_to), profile)
    assert [f.rule for f in again.findings if not f.is_note] == []


def test_a_workbook_with_several_sheets(tmp_path: Path) -> None:
    from openpyxl import Workbook, load_workbook

    book = Workbook()
    for name in ("First", "Second"):
        sheet = book.create_sheet(name)
        for line in (["Region", "People", "Share"], ["North", 4, 0.04], ["South", 96, 0.96], ["Total", 100, 1]):
            sheet.append(line)
        for row in sheet.iter_rows(min_row=2, min_col=3):
            row[0].number_format = "0.0%"
    book.save(tmp_path / "t.xlsx")
    found = [check_table(sheet, Declared(), LEO) for sheet in read_tables(tmp_path / "t.xlsx")]
    assert [checked.sheet.name for checked in found] == ["First", "Second"]
    assert ("First!B2", "threshold") in told(found[0])
    path, _ = write_safe(found, tmp_path / "safe")
    rows = list(load_workbook(path)["Second"].values)
    assert rows == [("Region", "People", "Share"), ("North", "c", "c"), ("South", "c", "c"), ("Total", 100, "100%")]


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("t.xlsx", b"no workbook", "not a workbook"),
        ("t.csv", b"\xff\xfe\x00", "not CSV in UTF-8"),
        ("t.csv", b"only a text", "no table"),
        ("t.pdf", b"", "neither .csv nor .xlsx"),
    ],
)
def test_files_that_cannot_be_read_say_what_to_do(tmp_path: Path, name: str, content: bytes, says: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError, match=says):
        read_tables(tmp_path / name)


@pytest.mark.parametrize("text", ["n.d.", "5 to 9", "#N/A", "suppressed, see note"])
def test_a_column_of_numbers_and_texts_is_a_fault_and_written_nowhere(tmp_path: Path, text: str) -> None:
    """As a column of labels it would leave without a look at its counts."""
    found = checked(f"Region | Women | Men\nNorth | 40 | {text}\nSouth | 50 | 3", tmp_path, load("ons_srs"))
    assert told(found) == {("C2", "unread")}
    assert (found.passes, found.safe) == (False, None)
    assert write_safe([found], tmp_path / "safe") == [tmp_path / "safe" / "t.audit.csv"]


def test_a_safe_table_replaces_none_of_another_file(tmp_path: Path) -> None:
    """Of two tables of one name the first was gone, and with --out . the results themselves."""
    files = [tmp_path / folder / "results.csv" for folder in ("north", "south")]
    with pytest.raises(ConfigError, match="would be written under one name"):
        refuse_overwriting(files, tmp_path / "safe")
    with pytest.raises(ConfigError, match="would replace"):
        refuse_overwriting(files[:1], tmp_path / "south" / ".." / "north")
    refuse_overwriting([files[0], tmp_path / "others.csv"], tmp_path / "safe")


@pytest.mark.parametrize(
    ("name", "values", "kind"),
    [
        ("Part-time", (4, 30), "counts"),
        ("Cohort", (23, 41), "counts"),
        ("First-year students", (23, 41), "counts"),
        ("Age 16", (23, 41), "counts"),
        ("People with earnings", (23, 41), "counts"),
        ("Included in earnings", (23, 41), "counts"),
        ("Median earnings of graduates", (23000, 41000), "averages"),
        ("Earnings", (23000, 41000), "averages"),
        ("Cohort", (201213, 201314), "labels"),
        ("time_period", (201213, 201314), "labels"),
        ("Tax year", (2013, 2014), "labels"),
        ("Year group", (7, 11), "labels"),
        ("Years after", (1, 3), "labels"),
        ("Age", (16, 17), "labels"),
        ("region_code", (1, 2), "labels"),
        ("School URN", (101234, 104321), "labels"),
    ],
)
def test_what_a_column_holds_is_told_by_name_and_values(
    tmp_path: Path, name: str, values: tuple[int, int], kind: str
) -> None:
    """A count that is taken for a label leaves without a look."""
    layout = checked(f"Subject | {name} | Members\nLaw | {values[0]} | 90\nArt | {values[1]} | 80", tmp_path).layout
    assert 1 in getattr(layout, kind)


@pytest.mark.parametrize(
    "world",
    [
        "Region | People\nNorth | 40\nSouth | c\nWest | 30\nEngland | 75",
        "Region | People\nNorth | 40\nSouth | c\nWest | 30\nAll regions | 75",
        "Region | Girls | Boys | All pupils\nNorth | 40 | c | 45\nSouth | 30 | 20 | 50",
        "Region | Sex | People\nN | F | 41\nN | M | 39\nN | Any | 80\nS | F | c\nS | M | 31\nS | Any | 35\n"
        "W | F | 22\nW | M | 52\nW | Any | 74",
        "Region | Girls | Boys | Those\nN | 41 | 39 | 80\nS | c | 31 | 35\nW | 22 | 52 | 74",
    ],
    ids=[
        "a country",
        "words",
        "a column's words",
        "a code that the others come to",
        "a column that the others come to",
    ],
)
def test_a_total_is_known_by_its_words_or_by_what_it_comes_to(tmp_path: Path, world: str) -> None:
    assert "recovered" in {rule for _, rule in told(checked(world, tmp_path, load("ons_srs")))}


@pytest.mark.parametrize(
    "world",
    [
        "Country | People\nEngland | 400\nScotland | 60\nWales | 40",
        "Kind | People\nAll others | 40\nGrammar | 60\nSpecial | 30",
        "School | Total pupils | Meals | Needs\nA | 200 | 40 | 30\nB | 300 | 90 | 20",
        "Region | Girls | Boys | Abroad\nN | 40 | 30 | 70\nS | 30 | 25 | 60",
    ],
    ids=["several countries", "others", "parts that are no parts", "by chance once"],
)
def test_what_only_looks_like_a_total_is_none(tmp_path: Path, world: str) -> None:
    layout = checked(world, tmp_path, load("ons_srs")).layout
    assert (layout.across, layout.totals) == (None, TOTALS)


def test_a_symbol_that_tells_how_small_a_count_is_becomes_one_that_does_not(tmp_path: Path) -> None:
    found = checked("Region | People\nNorth | <10\nMiddle | c\nSouth | 40\nTotal | 70", tmp_path)
    assert told(found) == {("B2", "discloses small")}
    assert found.safe == [["North", "c"], ["Middle", "c"], ["South", "40"], ["Total", "70"]]
    lone = checked("Region | People\nNorth | fewer than 10\nSouth | 41\nTotal | 44", tmp_path, load("ons_srs"))
    assert {("B2", "discloses small"), ("B2", "recovered")} <= told(lone)


@pytest.mark.parametrize("text", ["1,234", "1 234", "1\u00a0234", "1234*", "1,234 [r]", "£1,234"])
def test_numbers_are_read_as_they_are_written_in_tables(text: str) -> None:
    assert value(text).number == 1234


def test_what_a_workbook_holds_beneath_its_cells_is_a_fault(tmp_path: Path) -> None:
    from openpyxl import Workbook
    from openpyxl.comments import Comment

    book = Workbook()
    for line in (["Region", "People"], ["North", 40], ["South", 60], ["Total", 100]):
        book.active.append(line)
    book.save(tmp_path / "t.xlsx")
    (sheet,) = read_tables(tmp_path / "t.xlsx")
    assert check_table(sheet, Declared(), LEO).passes
    book.active["B2"].comment = Comment("37 before rounding", "somebody")
    book.save(tmp_path / "t.xlsx")
    with zipfile.ZipFile(tmp_path / "t.xlsx", "a") as archive:
        archive.writestr("xl/pivotCache/pivotCacheRecords1.xml", "<records/>")
    (sheet,) = read_tables(tmp_path / "t.xlsx")
    found = check_table(sheet, Declared(), LEO)
    assert [(f.place, f.rule, f.message) for f in found.findings] == [
        ("workbook", "hidden content", "it holds the records behind a pivot table: they would leave with it"),
        ("workbook", "hidden content", "it holds comments: they would leave with it"),
    ]
    path, _ = write_safe([found], tmp_path / "safe")
    assert [check_table(again, Declared(), LEO).findings for again in read_tables(path)] == [[]]


def test_a_formula_without_its_result_and_a_chart_are_faults_of_a_workbook(tmp_path: Path) -> None:
    """The one is an empty cell here and a number to whoever opens it; the other keeps numbers that cells hide."""
    from openpyxl import Workbook
    from openpyxl.chart import BarChart, Reference

    book = Workbook()
    for line in (["Region", "People"], ["North", 40], ["South", 60], ["Total", "=B2+B3+4"]):
        book.active.append(line)
    chart = BarChart()
    chart.add_data(Reference(book.active, min_col=2, min_row=2, max_row=3))
    book.active.add_chart(chart, "D2")
    book.save(tmp_path / "t.xlsx")
    (sheet,) = read_tables(tmp_path / "t.xlsx")
    assert list(sheet.hidden_content) == [
        "charts, with the numbers that they were drawn from",
        "formulas whose results were not saved",
    ]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (
            "Area;Pay, mean;People\nA;54 321,50;120\nB;51 000,00;4\n",
            "its columns are separated by semicolons\n  save it",
        ),
        ("Area\tPeople\nA, north\t120\nB, south\t4\n", "its columns are separated by tabs\n  save it"),
        ('Area,Share\nA,"4,5"\nB,"12,5 %"\n', "B2: a number with a decimal comma\n  save it with points"),
        ('Area,Pay\nA,"54 321,50"\nB,12\n', "B2: a number with a decimal comma\n  save it with points"),
    ],
)
def test_other_separators_and_decimal_commas_are_refused(tmp_path: Path, text: str, says: str) -> None:
    """A table of semicolons was two columns, cut at its decimal commas, and passed with a count of four in it."""
    (tmp_path / "t.csv").write_text(text)
    with pytest.raises(InputError, match=says):
        read_tables(tmp_path / "t.csv")


def test_a_hierarchy_within_a_column(tmp_path: Path) -> None:
    world = """
    Area  | People
    n1    | 4
    n2    | 50
    s1    | 30
    s2    | 60
    North | 54
    South | 90
    Total | 144
    """
    tree = {("Area", a): r for a, r in (("n1", "North"), ("n2", "North"), ("s1", "South"), ("s2", "South"))}
    found = checked(world, tmp_path, load("ons_srs"), parents=tree)
    assert {place for place, rule in told(found) if rule == "complement"} == {"B3"}
    assert not [finding for finding in found.findings if finding.rule == "sums"]


@pytest.mark.parametrize("all_of_it", ["England", "All areas"])
@pytest.mark.parametrize("is_said", [False, True], ids=["beside the tree", "its root"])
def test_total_of_a_hierarchy_discloses_a_hidden_part(tmp_path: Path, all_of_it: str, is_said: bool) -> None:
    """South is 200 less North, and s1 what South leaves."""
    world = f"""
    Area  | People
    n1    | 40
    n2    | 70
    s1    | c
    s2    | 60
    North | 110
    South | c
    {all_of_it} | 200
    """
    tree = {("Area", a): r for a, r in (("n1", "North"), ("n2", "North"), ("s1", "South"), ("s2", "South"))}
    if is_said:
        tree |= {("Area", "North"): all_of_it, ("Area", "South"): all_of_it}
    found = checked(world, tmp_path, load("ons_srs"), parents=tree)
    assert {("B4", "recovered"), ("B7", "recovered")} <= set(told(found))


def test_hidden_counts_that_are_small_together(tmp_path: Path) -> None:
    pair = "Region | People\nNorth | c\nMiddle | c\nSouth | 41\nTotal | 45"
    assert {("B2", "known small"), ("B3", "known small")} <= told(checked(pair, tmp_path, load("ons_srs")))


def test_rows_about_people_are_not_a_table(tmp_path: Path) -> None:
    people = "id | forename | surname\n" + "\n".join(["A1 | ANNA | K", "A2 | S | BROWN", "A3 | IAN | THOMSON"])
    found = checked(people, tmp_path)
    assert told(found) == {("table", "nothing to check")}
    assert (found.passes, found.safe) == (False, None)
    assert write_safe([found], tmp_path / "safe") == [tmp_path / "safe" / "t.audit.csv"]


def test_a_safe_table_is_removed_when_its_file_no_longer_passes(tmp_path: Path) -> None:
    profile, out = load("ons_srs"), tmp_path / "safe"
    paths = write_safe([checked("Region | People\nNorth | 40\nSouth | 50", tmp_path, profile)], out)
    assert paths[0].exists()
    assert len(write_safe([checked("Region | People\nNorth | 40\nSouth | -50", tmp_path, profile)], out)) == 1
    assert not paths[0].exists()
