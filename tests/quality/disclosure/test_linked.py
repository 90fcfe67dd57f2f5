"""Tables that leave together, or after others, attacked by a reader of them all: no
hidden cell is found.
"""

import math
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.optimize import linprog

from linkage.errors import InputError
from quality import disclosure
from quality.disclosure.outputs.checking import check_tables, read_approved
from quality.disclosure.outputs.findings import Checked
from quality.disclosure.outputs.reading import Sheet, value
from quality.disclosure.outputs.schema import Schema

EXACT = disclosure.load("leo_publication").model_copy(
    update={"round_to": 1, "low_below": 0}
)
PEOPLE = tuple[int, ...]
LABELS = ("area", "sex", "age")


def check_table(
    one: Sheet, profile: disclosure.Profile, approved: Sequence[Sheet] = ()
) -> Checked:
    return check_tables([one], profile, approved)[0]


def sheet(name: str, text: str, **schema: object) -> Sheet:
    """A table, with what its schema declares."""
    header, *lines = [
        [cell.strip() for cell in line.split("|")]
        for line in text.splitlines()
        if line.strip()
    ]
    rows = [[value(cell) for cell in line] for line in lines]
    return Sheet(
        Path(f"{name}.csv"), 0, header, rows, schema=Schema.model_validate(schema)
    )


def counts_sheet(
    cube: Mapping[PEOPLE, int], ways: Sequence[int], *, totals: bool
) -> Sheet:
    """A table of people by some labels, with every total or with none."""
    codes = [sorted({at[way] for at in cube}) for way in ways]
    lines = [" | ".join([*(LABELS[way] for way in ways), "people"])]
    for cell in product(*([*values, None] if totals else values for values in codes)):
        pairs = list(zip(ways, cell, strict=True))
        number = sum(
            n
            for at, n in cube.items()
            if all(code in (None, at[way]) for way, code in pairs)
        )
        labels = [
            "total" if code is None else f"{LABELS[way]}{code}" for way, code in pairs
        ]
        lines.append(" | ".join([*labels, str(number)]))
    return sheet("-".join(LABELS[way] for way in ways), "\n".join(lines))


def crossed_sheet(cube: Mapping[PEOPLE, int], way: int, across: int) -> Sheet:
    """The same with the codes of a label beside each other, and no total."""
    rows, heads = (sorted({at[label] for at in cube}) for label in (way, across))
    lines = [" | ".join([LABELS[way], *(f"{LABELS[across]}{code}" for code in heads)])]
    for row in rows:
        numbers = (
            sum(n for at, n in cube.items() if (at[way], at[across]) == (row, code))
            for code in heads
        )
        lines.append(" | ".join([f"{LABELS[way]}{row}", *map(str, numbers)]))
    return sheet(f"{LABELS[way]}-by-{LABELS[across]}", "\n".join(lines))


def shown_cells(output: Checked) -> Iterator[tuple[dict[str, str], float | None]]:
    """The codes of each count that may leave, and the count; None where it is
    hidden.
    """
    labels, header = output.layout.dimensions, output.sheet.header
    for row in output.safe or []:
        for column in output.layout.counts:
            codes = {header[label]: row[label] for label in labels}
            codes |= {
                label: header[column]
                for label in LABELS
                if header[column].startswith(label)
            }
            yield (
                {label: code for label, code in codes.items() if code != "total"},
                value(row[column]).number,
            )


def count_disclosed(cube: Mapping[PEOPLE, int], outputs: Sequence[Checked]) -> int:
    """By linear programmes over the people themselves: hidden cells that are disclosed,
    or known to be too few.
    """
    places = list(cube)

    def line(codes: Mapping[str, str]) -> list[float]:
        return [
            float(
                all(
                    f"{label}{at[LABELS.index(label)]}" == code
                    for label, code in codes.items()
                )
            )
            for at in places
        ]

    cells = [cell for output in outputs for cell in shown_cells(output)]
    known_sums = [(line(codes), count) for codes, count in cells if count is not None]
    left, right = (np.array([part[side] for part in known_sums]) for side in (0, 1))
    hidden_cells = [np.array(line(codes)) for codes, count in cells if count is None]
    people = np.array(list(cube.values()))
    ends = [(np.inf, -np.inf)] * len(hidden_cells)

    def open_cells() -> list[int]:
        """Cells for which no solution so far has another number, or one that is large
        enough.
        """
        numbers = []
        for n, (cell, (low, high)) in enumerate(zip(hidden_cells, ends, strict=True)):
            smallest = EXACT.threshold if 0 < cell @ people < EXACT.threshold else 0
            if high - low < 1e-6 or high < smallest - 1e-6:
                numbers.append(n)
        return numbers

    def see(cost: Any) -> None:
        solution = linprog(cost, A_eq=left, b_eq=right, bounds=(0, 500)).x
        for n, cell in enumerate(hidden_cells):
            value = float(cell @ solution)
            ends[n] = (min(ends[n][0], value), max(ends[n][1], value))

    for sign in (1, -1):
        if open_cells():
            see(sign * sum(hidden_cells[n] for n in open_cells()))
    for n in open_cells():
        see(hidden_cells[n])
        see(-hidden_cells[n])
    return len(open_cells())


def linked_tables(seed: int) -> tuple[dict[PEOPLE, int], list[Sheet]]:
    """Some people, and two or three tables of them that share labels."""
    rng = random.Random(seed)
    sizes = [rng.randint(2, 4), 2, rng.randint(2, 3)]
    cube = {
        at: rng.choice([0, rng.randint(0, 9), rng.randint(10, 60)])
        for at in product(*map(range, sizes))
    }
    ways = rng.sample([(0, 1), (0, 2), (1, 2), (0,), (1,)], rng.choice([2, 3]))
    return cube, [counts_sheet(cube, way, totals=rng.random() < 0.7) for way in ways]


def test_no_hidden_cell_is_disclosed_by_linked_tables_together() -> None:
    disclosed_alone = 0
    for seed in range(20):
        cube, sheets = linked_tables(seed)
        assert count_disclosed(cube, check_tables(sheets, EXACT)) == 0, f"seed {seed}"
        disclosed_alone += count_disclosed(
            cube, [check_table(table, EXACT) for table in sheets]
        )
    assert (
        disclosed_alone > 5
    )  # what the attack finds where each table is made safe by itself


@pytest.mark.slow
@pytest.mark.parametrize("hundred", [1, 2, 3])
def test_no_hidden_cell_of_many_linked_tables_is_disclosed(hundred: int) -> None:
    for seed in range(100 * hundred, 100 * hundred + 100):
        cube, sheets = linked_tables(seed)
        assert count_disclosed(cube, check_tables(sheets, EXACT)) == 0, f"seed {seed}"


def test_one_after_the_other_is_as_safe() -> None:
    """Each new table is checked with all before it, and cannot hide what they show."""
    for seed in range(10):
        cube, sheets = linked_tables(seed)
        left, outputs = list[Sheet](), list[Checked]()
        for table in sheets:
            output = check_table(table, EXACT, left)
            if output.safe is not None:
                left.append(safe_sheet(output))
                outputs.append(output)
        assert count_disclosed(cube, outputs) == 0, f"seed {seed}"


def safe_sheet(output: Checked, rounded_to: int = 1) -> Sheet:
    """The safe table, as it is read again."""
    rows = [[value(text) for text in row] for row in output.safe or []]
    rounded_to = math.lcm(output.source.schema.rounded_to, rounded_to)
    schema = output.source.schema.model_copy(update={"rounded_to": rounded_to})
    return replace(output.source, rows=rows, schema=schema)


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


def test_a_margin_in_another_table_does_not_disclose_a_hidden_cell() -> None:
    """By sex without totals the 5 could be anything; with the other table it is 33 less
    28.
    """
    without_totals = sheet(
        "sex",
        "area | sex | people\nnorth | female | 20\nnorth | male | 20\nsouth | female | "
        "28\nsouth | male | 5",
    )
    output = check_table(without_totals, EXACT)
    assert [line[2] for line in output.safe or []] == ["20", "20", "28", "c"]
    first, second = check_tables([sheet("areas", AREAS), without_totals], EXACT)
    assert [line[1] for line in first.safe or []] == ["40", "33"]
    assert [line[2] for line in second.safe or []] == ["20", "20", "c", "c"]
    assert [(f.place, f.rule) for f in second.findings] == [
        ("C5", "threshold"),
        ("C4", "complement"),
    ]


def test_columns_that_add_up_are_recognised_as_codes_of_another_table() -> None:
    long = sheet("long", "sex | people\nfemale | 48\nmale | 25")
    wide, other = check_tables([sheet("wide", BY_SEX), long], EXACT)
    # In the south the total is hidden with the 5, and in the other table the males, of
    # whom north has 20.
    assert wide.safe == [["north", "20", "20", "40"], ["south", "28", "c", "c"]]
    assert other.safe == [["female", "48"], ["male", "c"]]


def test_a_cell_that_one_table_hides_and_another_shows() -> None:
    first, second = check_tables(
        [sheet("a", AREAS.replace("33", "c")), sheet("b", AREAS)], EXACT
    )
    assert [(f.place, f.rule) for f in first.findings] == [("B3", "recovered")]
    assert [(f.place, f.rule) for f in second.findings] == [("B3", "complement")]
    assert second.safe == [["north", "40"], ["south", "c"]]
    assert first.safe == [["north", "40"], ["south", "c"]]


def test_tables_that_contradict_each_other_are_refused_unless_their_populations_are_declared() -> (
    None
):
    tables = [
        sheet("a", f"{AREAS}\ntotal | 73"),
        sheet("b", "sex | people\nfemale | 40\nmale | 60\ntotal | 100"),
    ]
    for output in check_tables(tables, EXACT):
        assert [(f.place, f.rule) for f in output.findings] == [
            ("B4", "contradictory tables")
        ]
        assert output.safe is None
    other = replace(tables[1], schema=Schema(population="those of last year"))
    assert all(output.passes for output in check_tables([tables[0], other], EXACT))


def test_approved_table_is_not_undone_by_a_new_one() -> None:
    areas = sheet("a", "area | people\nnorth | 40\nsouth | 30\nwest | 6\ntotal | 76")
    left = check_table(areas, EXACT)
    assert [line[1] for line in left.safe or []] == ["40", "c", "c", "76"]
    sexes = sheet("b", "area | sex | people\nsouth | female | 15\nsouth | male | 15")
    output = check_table(sexes, EXACT, [safe_sheet(left)])
    assert {(f.place, f.rule) for f in output.findings} >= {
        ("a.csv", "approved undone")
    }
    assert not output.passes
    assert "c" in {line[2] for line in output.safe or []}


def test_count_that_differs_from_an_approved_one_by_few() -> None:
    """Of all pupils and of all but those abroad: the difference is those abroad."""
    left = sheet("a", "region | people\nnorth | 40\nsouth | 60\ntotal | 100")
    output = check_table(
        sheet("b", "region | people\nnorth | 37\nsouth | 60\ntotal | 97"), EXACT, [left]
    )
    assert [(f.place, f.rule) for f in output.findings if f.rule == "differencing"] == [
        ("B2", "differencing"),
        ("B4", "differencing"),
    ]
    assert output.safe is None


def test_counts_shown_in_an_approved_table_cannot_be_hidden() -> None:
    left = [sheet("a", "sex | people\nf | 40"), sheet("b", "sex | people\ntotal | 44")]
    output = check_table(
        sheet("c", "sex | people\nf | 40\nm | 4\ntotal | 44"), EXACT, left
    )
    assert "unprotectable" in {f.rule for f in output.findings}
    assert output.safe is None


def test_folder_of_approved_tables_is_read(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(
        "area,people\nnorth,40\nsouth,c\n", encoding="utf-8"
    )
    (tmp_path / "a.audit.csv").write_text("cell,column,class,rule\n", encoding="utf-8")
    assert [table.file.name for table in read_approved(tmp_path)] == ["a.csv"]
    with pytest.raises(InputError, match="no such folder of approved tables"):
        read_approved(tmp_path / "aproved")


WIDE = "area | female | male\nnorth | 20 | 20\nsouth | 28 | 5"


@pytest.mark.parametrize("people", ["people", "pupils", "Number of pupils", "count"])
def test_columns_add_up_to_the_people_of_another_table(people: str) -> None:
    """The 5 of the south were 33 less 28."""
    wide, totals = check_tables(
        [sheet("a", WIDE), sheet("b", AREAS.replace("people", people))], EXACT
    )
    assert [line[1:] for line in wide.safe or []] == [["20", "20"], ["c", "c"]]
    assert [line[1:] for line in totals.safe or []] == [["40"], ["33"]]


COUNT = {"holds": "count"}


@pytest.mark.parametrize(
    "tables",
    [
        ("area | in work | studying\nnorth | 20 | 30\nsouth | c | 23", AREAS),
        ("area | in work\nnorth | 20\nsouth | c", AREAS),
        (WIDE.replace("28 | 5", "c | c"), AREAS, "sex | people\nfemale | c\nmale | c"),
    ],
    ids=["columns that overlap", "part of the people", "protected already"],
)
def test_safe_tables_pass(tables: tuple[str, ...]) -> None:
    columns = dict.fromkeys(("in work", "studying"), COUNT)
    sheets = [
        sheet(
            f"t{n}",
            text,
            columns=columns
            if "studying" in text
            else {k: COUNT for k in columns if k in text},
        )
        for n, text in enumerate(tables)
    ]
    for output in check_tables(sheets, EXACT):
        assert output.findings == []


def test_a_part_in_one_table_and_all_in_another_disclose_the_rest() -> None:
    """Of the 33 in the south 28 are in work: five are not."""
    work = sheet(
        "a", "area | in work\nnorth | 20\nsouth | 28", columns={"in work": COUNT}
    )
    first, second = check_tables([work, sheet("b", AREAS)], EXACT)
    assert {f.rule for f in (*first.findings, *second.findings)} == {
        "remainder",
        "complement",
    }
    assert "c" in {line[1] for output in (first, second) for line in output.safe or []}
