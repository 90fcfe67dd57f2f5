"""Columns of wide tables are held against those alone that they may agree with, and nothing is missed by it."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quality.disclosure.outputs import columns
from quality.disclosure.outputs.approved import Cell
from quality.disclosure.outputs.columns import with_columns_as_codes
from quality.disclosure.outputs.equations import Numbers
from quality.disclosure.outputs.part import Part

Counts = dict[str, list[tuple[float, float] | None]]
"""Column to the least and the most of each row; None where it is hidden."""


def table(counts: Counts, *, kinds: int = 1, total: bool = False, is_rounded: bool = False) -> Part:
    """A table by area, and by kind too where there are several; with a row of all of them, if asked."""
    numbers = Numbers(True, is_rounded)
    cells = {}
    ways = {"area": frozenset[str]()} | ({"kind": frozenset[str]()} if kinds > 1 else {})
    for at, (name, column) in enumerate(counts.items()):
        for row, ends in enumerate(column):
            key = (row, at, "")
            numbers.low[key], numbers.high[key] = ends or (0.0, 0.0)
            numbers.hidden |= set() if ends else {key}
            codes = {"area": f"a{row // kinds}"} | ({"kind": f"k{row % kinds}"} if kinds > 1 else {})
            is_all = total and row == len(column) - 1
            cells[key] = Cell(name, frozenset() if is_all else frozenset(codes.items()))
            ways = ways if is_all else {label: codes_of | {codes[label]} for label, codes_of in ways.items()}
    return Part(numbers, cells, ways)


@pytest.mark.parametrize(("tables", "width"), [(2, 50), (2, 200), (20, 9)])
def test_few_columns_are_compared_where_no_two_agree(tables: int, width: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of 2 tables of 200 columns 80,000 pairs of columns were compared, of 20 tables of nine 154,000 sums of columns."""
    chance, seen = random.Random(1), 0
    inner = columns._compared

    def counted(*given: object, **how: object) -> object:
        nonlocal seen
        seen += 1
        return inner(*given, **how)  # type: ignore[arg-type]

    def column() -> list[tuple[float, float] | None]:
        return [(number, number) for number in (float(chance.randrange(20, 100_000)) for _ in range(6))]

    parts = [table({f"t{one}c{at}": column() for at in range(width)}) for one in range(tables)]
    monkeypatch.setattr(columns, "_compared", counted)
    assert all(one is part for one, part in zip(with_columns_as_codes(parts), parts, strict=True))
    assert seen < 10 * tables * width


_ENDS = st.one_of(
    st.none(),
    st.integers(0, 4).map(lambda n: (5.0 * n, 5.0 * n)),
    st.integers(1, 4).map(lambda n: (5.0 * n - 2, 5.0 * n + 2)),
)


@st.composite
def _tables(draw: st.DrawFn) -> list[Part]:
    """Tables of few small numbers, which often agree, some of them the sums of others' columns."""
    names = ["female", "male", "pupils", "people", "x", "y", "z"]
    found: list[Part] = []
    for number in range(draw(st.integers(2, 3))):
        chosen = draw(st.lists(st.sampled_from(names), min_size=1, max_size=4, unique=True))
        rows = draw(st.integers(1, 4))
        counts: Counts = {
            name if name in ("female", "male", "pupils", "people") else f"{name}{number}": draw(
                st.lists(_ENDS, min_size=rows, max_size=rows)
            )
            for name in chosen
        }
        if draw(st.booleans()) and all(all(column) for column in counts.values()):
            ends = [[column[row] or (0.0, 0.0) for column in counts.values()] for row in range(rows)]
            sums = [(sum(low for low, _ in of_row), sum(high for _, high in of_row)) for of_row in ends]
            found.append(table({f"all{number}": [*sums]}))
        kinds, total = draw(st.sampled_from([(1, False), (1, True), (2, False), (2, True)]))
        found.append(table(counts, kinds=kinds, total=total, is_rounded=draw(st.booleans())))
    return found


@given(_tables())
def test_nothing_is_missed_by_it(tables: list[Part]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(columns._Table, "near", lambda table, sums: table.measures)
        expected = with_columns_as_codes(tables)
    found = with_columns_as_codes(tables)
    assert [(one.cells, one.ways) for one in found] == [(one.cells, one.ways) for one in expected]
