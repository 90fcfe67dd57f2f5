"""Wide tables without a column of all: other tables of the same people say what their columns are and come to."""

import random
from itertools import product
from pathlib import Path

import pytest

from quality import disclosure
from quality.disclosure.outputs import Said, Sheet, check_table, check_tables
from quality.disclosure.outputs.approved import Context, load_approved
from tests.quality.test_outputs_together import (
    AREAS,
    BY_SEX,
    EXACT,
    PEOPLE,
    approve_as_released,
    beside,
    counted,
    sheet,
    undone,
)

WIDE = "area | female | male\nnorth | 20 | 20\nsouth | 28 | 5"
AGES = "area | young | old\nnorth | 15 | 25\nsouth | 13 | 20"
LONG = "area | sex | people\nnorth | female | 20\nnorth | male | 20\nsouth | female | 28\nsouth | male | 5"


def counts(*tables: str) -> list[list[list[str]]]:
    """The numbers of tables as they may leave together."""
    found = check_tables([sheet(f"t{n}", text) for n, text in enumerate(tables)], Said(), EXACT)
    return [
        [
            [line[at] for at in (*one.layout.labels, *one.layout.counts)][-len(one.layout.counts) :]
            for line in one.safe or []
        ]
        for one in found
    ]


@pytest.mark.parametrize("people", ["people", "pupils", "Number of pupils", "count"])
def test_what_columns_come_to_stands_in_another_table(people: str) -> None:
    """The 5 of the south were 33 less 28."""
    totals = AREAS.replace("people", people)
    assert counts(WIDE, totals) == [[["20", "20"], ["c", "c"]], [["40"], ["33"]]]
    assert counts(WIDE.replace("| 5", "| c"), totals)[0] == [["20", "20"], ["c", "c"]]
    assert counts(LONG, totals)[0] == [["20"], ["20"], ["c"], ["c"]]
    assert counts(BY_SEX.replace("| 5", "| c").replace("33", "c"), totals)[1] == [["40"], ["c"]]


def test_words_tell_where_no_row_has_all_its_numbers() -> None:
    alone = "area | female | male\nsouth | 28 | c"
    assert counts(alone, "area | people\nsouth | 33") == [[["c", "c"]], [["33"]]]
    assert counts(alone, "area | schools\nsouth | 33")[0] == [["28", "c"]]


@pytest.mark.parametrize("heads", [("female", "male"), ("Number of female pupils", "Number of male pupils")])
def test_the_names_of_columns_are_the_codes_of_another_table(heads: tuple[str, str]) -> None:
    wide = WIDE.replace("female", heads[0]).replace("| male", f"| {heads[1]}")
    assert counts(wide, "sex | people\nfemale | 48\nmale | 25") == [[["20", "c"], ["28", "c"]], [["48"], ["25"]]]
    one = "area | male | schools\nnorth | 20 | 20\nsouth | 5 | 40"
    assert counts(one, "sex | people\nfemale | 48\nmale | 25")[0] == [["c", "20"], ["c", "40"]]


def test_two_wide_tables_come_to_the_same_people() -> None:
    assert counts(WIDE, AGES) == [[["20", "20"], ["28", "c"]], [["15", "25"], ["c", "20"]]]
    with_total = AGES.replace("old", "old | total").replace("25", "25 | 40").replace("| 20", "| 20 | 33")
    assert counts(WIDE, with_total)[0] == [["20", "20"], ["c", "c"]]


def test_a_column_of_people_is_the_total_of_its_own_table() -> None:
    assert counts("area | female | male | pupils\nnorth | 20 | 20 | 40\nsouth | 28 | c | 33") == [
        [["20", "20", "40"], ["c", "c", "33"]]
    ]
    apart = "area | in work | studying | pupils\nnorth | 20 | 30 | 40\nsouth | 28 | c | 33"
    assert counts(apart) == [[["20", "30", "40"], ["28", "c", "33"]]]


def test_what_columns_come_to_was_approved_before(tmp_path: Path) -> None:
    for name, first, second in (("totals", AREAS, WIDE), ("wide", WIDE, AREAS)):
        folder = tmp_path / name
        context = Context("everybody", "people", [])
        approve_as_released(check_table(sheet(name, first), Said(), EXACT, context), folder, name, context)
        now = check_table(sheet("now", second), Said(), EXACT, Context("everybody", "people", load_approved(folder)))
        assert [line[1:] for line in now.safe or []] == (
            [["20", "20"], ["c", "c"]] if name == "totals" else [["40"], ["c"]]
        )


SAFE = {
    "noughts and large ones": (WIDE.replace("| 5", "| 0"), AREAS.replace("33", "28")),
    "columns that overlap": ("area | in work | studying\nnorth | 20 | 30\nsouth | 28 | c", AREAS),
    "columns of other people": ("area | teachers | schools\nnorth | 20 | 12\nsouth | 28 | c", AREAS),
    "parts of people": ("area | in work\nnorth | 20\nsouth | c", AREAS),
    "a code that two labels have": (
        "area | under 25 | over 25 | unknown\nnorth | 20 | 30 | 12\nsouth | 28 | 40 | c",
        "sex | people\nfemale | 48\nmale | 75\nunknown | 17",
    ),
    "guarded already": (WIDE.replace("28 | 5", "c | c"), AREAS, "sex | people\nfemale | c\nmale | c"),
    "other people by the same names": (WIDE.replace("| 5", "| c"), "sex | schools\nfemale | 12\nmale | 11"),
    "kinds that leave some out": (WIDE.replace("28 | 5", "c | c"), AREAS.replace("40", "52").replace("33", "60")),
    "a column that is near by chance": (
        "area | female | male\nnorth | 0 | 50\nsouth | 31 | c",
        "sex | young | old\nfemale | 0 | 31\nmale | c | 74",
    ),
}


@pytest.mark.parametrize("tables", SAFE.values(), ids=SAFE.keys())
@pytest.mark.parametrize("profile", [EXACT, disclosure.load()], ids=["exact", "rounded"])
def test_tables_that_are_safe_are_let_out(tables: tuple[str, ...], profile: disclosure.Profile) -> None:
    if profile.round_to > 1:
        tables = tuple(rounded(text, profile.round_to) for text in tables)
    for checked in check_tables([sheet(f"t{n}", text) for n, text in enumerate(tables)], Said(), profile):
        assert checked.findings == []


def test_rounded_numbers_that_are_alike_in_one_row_are_so_by_chance() -> None:
    wide, areas = "area | in work | studying\nnorth | 20 | 20\nsouth | c | 30", "area | people\nnorth | 40\nsouth | 35"
    for checked in check_tables([sheet("wide", wide), sheet("areas", areas)], Said(), disclosure.load()):
        assert checked.findings == []


def rounded(text: str, base: int) -> str:
    lines = [[cell.strip() for cell in line.split("|")] for line in text.strip().splitlines()]
    cells = [[str(round(int(cell) / base) * base) if cell.isdigit() else cell for cell in line] for line in lines]
    return "\n".join(" | ".join(line) for line in cells)


def linked(seed: int) -> tuple[dict[PEOPLE, int], list[Sheet]]:
    """Some people, a wide table of them and one or two others."""
    draw = random.Random(seed)
    sizes = [draw.randint(2, 4), 2, draw.randint(2, 3)]
    cube = {at: draw.choice([0, draw.randint(0, 9), draw.randint(10, 60)]) for at in product(*map(range, sizes))}
    ways = draw.sample([(0, 1), (0, 2), (1, 2), (2, 1), (1, 0), (0,), (1,)], draw.choice([2, 3]))
    found = [beside(cube, *ways[0])] if len(ways[0]) > 1 else [beside(cube, 0, 1)]
    for way in ways[1:]:
        is_wide = len(way) > 1 and draw.random() < 0.4
        found.append(beside(cube, *way) if is_wide else counted(cube, way, totals=draw.random() < 0.5))
    return cube, found


def test_no_hidden_cell_of_a_wide_table_is_had_from_others() -> None:
    """And what left so is let out when it is looked at once more."""
    for seed in range(20):
        cube, sheets = linked(seed)
        found = check_tables(sheets, Said(), EXACT)
        assert undone(cube, found) == 0, f"seed {seed}"
        again = [sheet(one.sheet.file.stem, as_text(one.sheet.header, one.safe or [])) for one in found]
        faults = [one.findings for one in check_tables(again, Said(), EXACT) if not one.passes]
        assert not faults, f"seed {seed}"


def as_text(header: object, lines: list[list[str]]) -> str:
    assert isinstance(header, list)
    return "\n".join(" | ".join(line) for line in [header, *lines])
