"""Linked tables: what leaves together or left before, as an attacker has it who holds
all of it.

Tables of the same people are linked twice. A cell that several tables have is equal in
all. And they are margins of one unpublished table: its cells are not negative, and
every published cell is a sum of them. Where that table would be too large, two tables
are linked by their sums over the dimensions that they share.
"""

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import combinations, product

from quality.disclosure import Profile, Sum, is_consistent
from quality.disclosure.outputs.layout import Layout, code_of, measure_of
from quality.disclosure.outputs.numbers import CLOSE, Key, Numbers
from quality.disclosure.outputs.reading import plain

_LARGEST = (
    1_000  # cells of an unpublished table: the linear programmes of more take minutes
)
_OTHERS = (
    ""  # the code of people with none of an axis's codes, where these are not complete
)

Axis = tuple[
    str, frozenset[str]
]  # a dimension and its codes, without those that are part of others
Codes = frozenset[tuple[Axis, str]]
Cells = dict[str, dict[Codes, Key]]  # by measure


def link(
    numbers: Numbers, layouts: Mapping[int, Layout], profile: Profile
) -> Iterator[tuple[Key, Key, float]]:
    """Add the equations that hold between tables; yields pairs of cells that should be
    equal and are not, with the gap.
    """
    by_population: dict[str, list[int]] = defaultdict(list)
    for table, layout in layouts.items():
        by_population[layout.sheet.schema.population].append(table)
    for tables in by_population.values():
        all_axes = {axis for table in tables for axis in _codes(layouts[table]).items()}
        cells = (
            [_cells(numbers, table, layouts[table], all_axes) for table in tables]
            if len(tables) > 1
            else []
        )
        gaps = list(_add_equal(numbers, cells, profile))
        yield from gaps
        for measure in (
            sorted({measure for of_table in cells for measure in of_table})
            if not gaps
            else ()
        ):
            _add_margins(
                numbers,
                [of_table[measure] for of_table in cells if measure in of_table],
                measure,
            )


def _codes(layout: Layout) -> dict[str, frozenset[str]]:
    """The codes of each dimension of a table, in rows or headings, that are no totals
    and not parts of others.
    """
    codes: dict[str, set[str]] = {}
    for place in layout.dimensions:
        of_rows = {
            plain(row[place].text)
            for row in layout.sheet.rows
            if not layout.is_total(place, row[place].text)
        }
        codes[_name(layout.sheet.header[place])] = of_rows - set(
            map(plain, layout.column(place).within)
        )
    for place in layout.counts:
        if name := layout.column(place).code_of:
            codes.setdefault(_name(name), set()).add(
                code_of(layout.sheet.header[place])
            )
    return {name: frozenset(of) for name, of in codes.items()}


def _name(dimension: str) -> str:
    return plain(dimension).replace("gender", "sex")


def _cells(
    numbers: Numbers, table: int, layout: Layout, all_axes: Iterable[Axis]
) -> Cells:
    """What the numbers of a table count: keys by measure and codes. An axis has the
    codes of the largest of its name.
    """
    table_codes = _codes(layout)
    order = sorted(all_axes, key=lambda axis: (len(axis[1]), sorted(axis[1])))
    axes = {
        name: [axis for axis in order if axis[0] == name and axis[1] >= of][-1]
        for name, of in table_codes.items()
    }
    cells: Cells = defaultdict(dict)
    for key in (key for key in numbers.low if key[0] == table and not key[3]):
        spec, row = layout.column(key[2]), layout.sheet.rows[key[1]]
        codes = {
            (_name(layout.sheet.header[place]), plain(row[place].text))
            for place in layout.dimensions
            if not layout.is_total(place, row[place].text)
        }
        codes |= (
            {(_name(spec.code_of), code_of(layout.sheet.header[key[2]]))}
            if spec.code_of
            else set()
        )
        # What is counted of a running total or an earlier time is not counted
        # elsewhere.
        if not spec.running_over and spec.holds != "change":
            measure = measure_of(layout.sheet.header[key[2]], spec)
            cells[measure].setdefault(
                frozenset((axes[name], code) for name, code in codes), key
            )
    return cells


def _add_equal(
    numbers: Numbers, tables: Sequence[Cells], profile: Profile
) -> Iterator[tuple[Key, Key, float]]:
    """Equations between cells that count the same, and between those of a part and of
    all people.
    """
    first: dict[tuple[str, Codes], Key] = {}
    for measure, codes, key in (
        (m, codes, key)
        for cells in tables
        for m in cells
        for codes, key in cells[m].items()
    ):
        first_key, gap = first.setdefault((measure, codes), key), 0.0
        if not {key, first_key} & numbers.hidden:
            gap = max(
                numbers.low[key] - numbers.high[first_key],
                numbers.low[first_key] - numbers.high[key],
            )
        if gap > CLOSE:
            yield first_key, key, gap
        elif first_key != key:
            numbers.sums.append(Sum(first_key, (key,)))
    rests = []
    for (measure, codes), key in first.items():
        whole = first.get(("people", codes), key)
        if (
            measure != "people"
            and whole[0] != key[0]
            and numbers.low[key] <= numbers.high[whole]
        ):
            rests.append(numbers.add_sum(whole, [key], may_leave=True))
    numbers.demand_small([rest for rest in rests if rest], profile)


def _add_margins(
    numbers: Numbers, tables: Sequence[Mapping[Codes, Key]], measure: str
) -> None:
    """The sums that hold between tables of one measure."""
    # Codes that are part of others add up to nothing here: the sums of their own table
    # have them.
    tables = [
        {
            at: key
            for at, key in cells.items()
            if all(code in axis[1] for axis, code in at)
        }
        for cells in tables
    ]
    table_axes = [
        frozenset(axis for codes in cells for axis, _ in codes) for cells in tables
    ]
    all_axes = frozenset[Axis]().union(*table_axes)
    # People may have none of an axis's codes where another axis of the dimension groups
    # them differently, and where the numbers shown contradict that all codes are there.
    names = [axis[0] for axis in all_axes]
    splits = frozenset(axis for axis in all_axes if names.count(axis[0]) > 1)
    before = len(numbers.sums)
    for incomplete in (
        (
            splits,
            *(
                splits | {axis}
                for axis in sorted(
                    all_axes, key=lambda axis: (axis[0], sorted(axis[1]))
                )
            ),
            all_axes,
        )
        if len(tables) > 1
        else ()
    ):
        del numbers.sums[before:]
        frames = [all_axes]
        if (
            math.prod(
                len(codes) + ((name, codes) in incomplete) for name, codes in all_axes
            )
            > _LARGEST
        ):
            frames = [
                *dict.fromkeys(
                    one & other for one, other in combinations(table_axes, 2)
                )
            ]
        for number, frame in enumerate(frames):
            _add_frame(
                numbers,
                frame,
                incomplete,
                list(zip(table_axes, tables, strict=True)),
                (number, measure),
            )
        if is_consistent(numbers.bounds(), numbers.hidden):
            break


def _add_frame(
    numbers: Numbers,
    frame: frozenset[Axis],
    incomplete: frozenset[Axis],
    tables: Iterable[tuple[frozenset[Axis], Mapping[Codes, Key]]],
    name: tuple[int, str],
) -> None:
    """An unpublished table over some axes, and its sums to the cells of each table."""
    order = sorted(frame, key=lambda axis: (axis[0], sorted(axis[1])))
    codes = [
        [*sorted(axis[1]), *([_OTHERS] if axis in incomplete else [])] for axis in order
    ]
    cells: dict[Codes, Key] = {
        frozenset(zip(order, at, strict=True)): (-1, n, *name)
        for n, at in enumerate(product(*codes))
    }
    numbers.low |= dict.fromkeys(cells.values(), 0.0)
    numbers.high |= dict.fromkeys(cells.values(), 0.0)
    numbers.unpublished |= set(cells.values())
    for axes, table_cells in tables:
        for cell_codes, key in table_cells.items() if axes <= frame else ():
            numbers.sums.append(
                Sum(key, tuple(cell for at, cell in cells.items() if cell_codes <= at))
            )
        inner = (
            {at: key for at, key in table_cells.items() if len(at) == len(axes)}
            if frame < axes
            else {}
        )
        for at, cell in cells.items():
            if members := tuple(
                key for codes_of, key in inner.items() if at <= codes_of
            ):
                numbers.sums.append(Sum(cell, members))
