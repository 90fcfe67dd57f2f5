"""Tables that leave together, or after others, attacked by whoever holds them all: no hidden cell is had."""

import datetime
import random
from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.optimize import linprog

from quality import disclosure
from quality.disclosure.outputs import Said, Sheet, check_table, check_tables
from quality.disclosure.outputs.approved import Context, approve, load_approved
from quality.disclosure.outputs.findings import Checked
from quality.disclosure.outputs.reading import value

EXACT = disclosure.load("leo_publication").model_copy(update={"round_to": 1, "low_below": 0})
PEOPLE = tuple[int, ...]
LABELS = ("area", "sex", "age")


def sheet(name: str, text: str) -> Sheet:
    header, *lines = [[cell.strip() for cell in line.split("|")] for line in text.splitlines() if line.strip()]
    return Sheet(Path(f"{name}.csv"), "", 0, header, [[value(cell) for cell in line] for line in lines])


def counted(cube: Mapping[PEOPLE, int], ways: Sequence[int], *, totals: bool) -> Sheet:
    """A table of people by some labels, with every total or with none."""
    codes = [sorted({at[way] for at in cube}) for way in ways]
    lines = [" | ".join([*(LABELS[way] for way in ways), "people"])]
    for asked in product(*([*found, None] if totals else found for found in codes)):
        pairs = list(zip(ways, asked, strict=True))
        number = sum(n for at, n in cube.items() if all(code in (None, at[way]) for way, code in pairs))
        named = ["total" if code is None else f"{LABELS[way]}{code}" for way, code in pairs]
        lines.append(" | ".join([*named, str(number)]))
    return sheet("-".join(LABELS[way] for way in ways), "\n".join(lines))


def beside(cube: Mapping[PEOPLE, int], way: int, across: int) -> Sheet:
    """The same with the codes of a label beside each other, and no total."""
    rows, heads = (sorted({at[one] for at in cube}) for one in (way, across))
    lines = [" | ".join([LABELS[way], *(f"{LABELS[across]}{code}" for code in heads)])]
    for row in rows:
        numbers = (sum(n for at, n in cube.items() if (at[way], at[across]) == (row, code)) for code in heads)
        lines.append(" | ".join([f"{LABELS[way]}{row}", *map(str, numbers)]))
    return sheet(f"{LABELS[way]}-by-{LABELS[across]}", "\n".join(lines))


def shown(checked: Checked) -> Iterator[tuple[dict[str, str], float | None]]:
    """The codes of each count that may leave, and the count, None where it is hidden."""
    rows, labels, header = checked.sheet.rows, checked.layout.labels, checked.sheet.header
    for (row, column, _), bounds in checked.shown.items():
        codes = {header[label]: rows[row][label].text for label in labels}
        codes |= {label: header[column] for label in LABELS if header[column].startswith(label)}
        yield {label: code for label, code in codes.items() if code != "total"}, bounds[0] if bounds else None


def undone(cube: Mapping[PEOPLE, int], released: Sequence[Checked]) -> int:
    """By linear programmes over the people themselves: hidden cells that are told, or told to be too few."""
    places = list(cube)

    def line(codes: Mapping[str, str]) -> list[float]:
        return [
            float(all(f"{label}{at[LABELS.index(label)]}" == code for label, code in codes.items())) for at in places
        ]

    cells = [one for checked in released for one in shown(checked)]
    known = [(line(codes), count) for codes, count in cells if count is not None]
    left, right = (np.array([part[side] for part in known]) for side in (0, 1))
    asked = [np.array(line(codes)) for codes, count in cells if count is None]
    people = np.array(list(cube.values()))
    ends = [(np.inf, -np.inf)] * len(asked)

    def open_cells() -> list[int]:
        """Cells for which nothing yet seen is another number, and enough."""
        found = []
        for n, (cell, (low, high)) in enumerate(zip(asked, ends, strict=True)):
            least = EXACT.threshold if 0 < cell @ people < EXACT.threshold else 0
            if high - low < 1e-6 or high < least - 1e-6:
                found.append(n)
        return found

    def see(cost: Any) -> None:
        solved = linprog(cost, A_eq=left, b_eq=right, bounds=(0, 500)).x
        for n, cell in enumerate(asked):
            value = float(cell @ solved)
            ends[n] = (min(ends[n][0], value), max(ends[n][1], value))

    for sign in (1, -1):
        if open_cells():
            see(sign * sum(asked[n] for n in open_cells()))
    for n in open_cells():
        see(asked[n])
        see(-asked[n])
    return len(open_cells())


def linked(seed: int) -> tuple[dict[PEOPLE, int], list[Sheet]]:
    """Some people, and two or three tables of them that share labels."""
    draw = random.Random(seed)
    sizes = [draw.randint(2, 4), 2, draw.randint(2, 3)]
    cube = {at: draw.choice([0, draw.randint(0, 9), draw.randint(10, 60)]) for at in product(*map(range, sizes))}
    ways = draw.sample([(0, 1), (0, 2), (1, 2), (0,), (1,)], draw.choice([2, 3]))
    return cube, [counted(cube, way, totals=draw.random() < 0.7) for way in ways]


def test_no_hidden_cell_of_linked_tables_is_had_by_holding_them_together() -> None:
    alone = 0
    for seed in range(20):
        cube, sheets = linked(seed)
        assert undone(cube, check_tables(sheets, Said(), EXACT)) == 0, f"seed {seed}"
        alone += undone(cube, [check_table(one, Said(), EXACT) for one in sheets])
    assert alone > 5  # what the attack finds where each table is made safe by itself


@pytest.mark.slow
@pytest.mark.parametrize("hundred", [1, 2, 3])
def test_no_hidden_cell_of_many_linked_tables_is_had(hundred: int) -> None:
    for seed in range(100 * hundred, 100 * hundred + 100):
        cube, sheets = linked(seed)
        assert undone(cube, check_tables(sheets, Said(), EXACT)) == 0, f"seed {seed}"


def test_one_after_the_other_is_as_safe(tmp_path: Path) -> None:
    """Each new table is held to all that left before it, and cannot hide what they show."""
    for seed in range(10):
        cube, sheets = linked(seed)
        folder, released = tmp_path / str(seed), list[Checked]()
        for number, one in enumerate(sheets):
            context = Context("everybody", "people", load_approved(folder))
            checked = check_table(one, Said(), EXACT, context)
            if checked.safe is not None:
                approve_as_released(checked, folder, f"t{number}", context)
                released.append(checked)
        assert undone(cube, released) == 0, f"seed {seed}"


def approve_as_released(checked: Checked, folder: Path, name: str, context: Context) -> None:
    approve(checked, folder, name, context, "exact", datetime.date(2026, 1, 1))


AREAS = """
    area  | people
    north | 40
    south | 33
"""
BY_SEX = """
    area  | female | male | total
    north | 20     | 20   | 40
    south | 28     | 5    | 33
"""


def test_a_margin_in_another_table_does_not_undo_what_one_hides() -> None:
    """By sex without totals the 5 could be anything; with the other table it is 33 less 28."""
    without = sheet(
        "sex", "area | sex | people\nnorth | female | 20\nnorth | male | 20\nsouth | female | 28\nsouth | male | 5"
    )
    alone = check_table(without, Said(), EXACT)
    assert [line[2] for line in alone.safe or []] == ["20", "20", "28", "c"]
    first, second = check_tables([sheet("areas", AREAS), without], Said(), EXACT)
    assert [line[1] for line in first.safe or []] == ["40", "33"]
    assert [line[2] for line in second.safe or []] == ["20", "20", "c", "c"]
    assert [(f.place, f.rule) for f in second.findings] == [("C5", "threshold"), ("C4", "complement")]


def test_columns_that_add_up_are_the_codes_of_a_label_elsewhere() -> None:
    long = sheet("long", "sex | people\nfemale | 48\nmale | 25")
    wide, other = check_tables([sheet("wide", BY_SEX), long], Said(), EXACT)
    # Of the south its total goes with the 5, and of the other table those males of whom north has 20.
    assert wide.safe == [["north", "20", "20", "40"], ["south", "28", "c", "c"]]
    assert other.safe == [["female", "48"], ["male", "c"]]


def test_a_cell_that_one_table_hides_and_another_shows() -> None:
    first, second = check_tables([sheet("a", AREAS.replace("33", "c")), sheet("b", AREAS)], Said(), EXACT)
    assert [(f.place, f.rule) for f in second.findings] == [("B3", "beside")]
    assert second.safe == [["north", "40"], ["south", "c"]]
    assert first.safe == [["north", "40"], ["south", "c"]]


def test_tables_that_contradict_each_other_are_said_to() -> None:
    other = "sex | people\nfemale | 40\nmale | 60\ntotal | 100"
    first, second = check_tables([sheet("a", f"{AREAS}\ntotal | 73"), sheet("b", other)], Said(), EXACT)
    assert [(f.place, f.rule, f.is_note) for f in first.findings] == [("all tables", "unlike", True)]
    assert first.safe is not None
    assert second.findings == []


def test_what_was_approved_is_not_undone_by_a_new_table(tmp_path: Path) -> None:
    context = Context("everybody", "people", [])
    areas = sheet("a", "area | people\nnorth | 40\nsouth | 30\nwest | 6\ntotal | 76")
    kept = check_table(areas, Said(), EXACT, context)
    assert [line[1] for line in kept.safe or []] == ["40", "c", "c", "76"]
    approve_as_released(kept, tmp_path, "areas", context)
    sexes = "area | sex | people\nsouth | female | 15\nsouth | male | 15"
    now = check_table(sheet("b", sexes), Said(), EXACT, Context("everybody", "people", load_approved(tmp_path)))
    assert {(f.place, f.rule) for f in now.findings} >= {("approved table areas", "approved undone")}
    assert not now.passes
    assert "c" in {line[2] for line in now.safe or []}


@pytest.mark.parametrize("population", ["pupils at home", "Everybody"])
def test_only_tables_of_the_same_people_are_tied(tmp_path: Path, population: str) -> None:
    context = Context("everybody", "people", [])
    approve_as_released(
        check_table(sheet("a", "area | people\nsouth | 33"), Said(), EXACT, context), tmp_path, "a", context
    )
    sexes = sheet("b", "area | sex | people\nsouth | female | 28\nsouth | male | 5")
    now = check_table(sexes, Said(), EXACT, Context(population, "people", load_approved(tmp_path)))
    assert [line[2] for line in now.safe or []] == (["28", "c"] if population == "pupils at home" else ["c", "c"])


def test_what_shares_told_with_their_base_is_known_to_later_tables(tmp_path: Path) -> None:
    """Half of the forty in the north are in work, of whom 15 are women: the five men were told by the share."""
    of, context = Said(of={"in work %": "people"}), Context("everybody", "people", [])
    first = sheet(
        "a", "region | people | in work %\nnorth | 40 | 50.0\nsouth | 100 | 60.0\neast | 40 | c\nwest | 0 | z"
    )
    kept = check_table(first, of, EXACT, context)
    assert kept.passes
    approve_as_released(kept, tmp_path, "a", context)
    after = Context("everybody", "people", load_approved(tmp_path))
    sexes = "region | sex | in work\nnorth | female | 15\nnorth | male | 5\nsouth | female | 30\nsouth | male | 30"
    now = check_table(sheet("b", sexes), Said(), EXACT, after)
    assert [line[2] for line in now.safe or []] == ["c", "c", "30", "30"]
    later = check_table(sheet("c", "region | in work\nnorth | 20\nsouth | 60\neast | 12"), Said(), EXACT, after)
    assert [(found.place, found.rule) for found in later.findings] == [("B4", "approved")]
