"""Linked tables: what leaves together or left before, as an attacker has it who holds all of it.

Tables of the same people are linked twice. A cell that several tables have is one number. And they are margins of one
unpublished table: its cells are not negative, and every published cell is a sum of them. Where that table would be too
large, two tables are linked by their sums over the labels that they share.
"""

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations, permutations, product

from quality.disclosure import Profile, ProtectionLevel, Sum, is_consistent
from quality.disclosure.outputs.equations import Key, Numbers
from quality.disclosure.outputs.layout import PERCENT, Layout, measure_of
from quality.disclosure.outputs.reading import Sheet, plain
from quality.disclosure.outputs.totals import code_of, is_everybody

_LARGEST = 1_000  # cells of an unpublished table: the linear programmes of more take minutes
_CLOSE = 1e-6  # people: numbers that differ by less are equal
_OTHERS = ""  # the code of those who have none of an axis, where its codes are not complete

Axis = tuple[str, frozenset[str]]  # a label and the codes that together are all of it


@dataclass(frozen=True)
class Cell:
    """What a number counts: a measure, and codes by label. Columns that are codes have no label."""

    measure: str
    codes: frozenset[tuple[str, str]]


@dataclass(frozen=True)
class Table:
    """A table among others.

    Attributes:
        numbers: its own, with its own sums.
        cells: what each number counts; not of numbers that stand in no cell.
        labels: label to the codes that are not parts of others.
        is_approved: whether it left before, so that what it shows cannot be hidden.
    """

    numbers: Numbers
    cells: Mapping[Key, Cell]
    labels: Mapping[str, frozenset[str]]
    is_approved: bool = False


@dataclass
class Linked:
    """Tables as one.

    Attributes:
        numbers: of all tables; rows are numbered through.
        own: of each number, the tables that have it and their keys of it.
        names: of each table, its keys to those of `numbers`.
        differences: cells of new tables that differ from an approved one by a few people: table and key.
    """

    numbers: Numbers
    own: dict[Key, list[tuple[int, Key]]] = field(default_factory=lambda: defaultdict(list))
    names: list[dict[Key, Key]] = field(default_factory=list)
    differences: list[tuple[int, Key]] = field(default_factory=list)


def table_of(sheet: Sheet, layout: Layout, numbers: Numbers, *, is_approved: bool = False) -> Table:
    """A sheet as a table among others."""
    names = [plain(head) for head in sheet.header]
    labels = {
        names[label]: frozenset(
            plain(row[label].text)
            for row in sheet.rows
            if row[label].text
            and not layout.is_total(row[label].text)
            and (label, plain(row[label].text)) not in layout.parents
        )
        for label in layout.labels
    }
    if layout.codes:
        labels[""] = frozenset(code_of(sheet.header[one]) for one in layout.codes)
    cells = {}
    for key in numbers.low:
        row, column, kind = key
        if kind:
            continue
        codes = {
            (names[label], plain(sheet.rows[row][label].text))
            for label in layout.labels
            if sheet.rows[row][label].text and not layout.is_total(sheet.rows[row][label].text)
        }
        if column in layout.codes:
            codes.add(("", code_of(sheet.header[column])))
        is_code = column in layout.codes or column == layout.across
        head = (
            PERCENT.sub("", sheet.header[column]).strip(" ()[],") if column in layout.shares else sheet.header[column]
        )
        cells[key] = Cell("people" if is_code else measure_of(head), frozenset(codes))
    return Table(numbers, cells, labels, is_approved)


def link(tables: Sequence[Table], profile: Profile) -> tuple[Linked, bool]:
    """All tables as one, and whether they agree; where they do not, no table is linked to another."""
    read = _columns_as_codes(tables)
    attempts = [(tables, True, True), (tables, True, False), (tables, False, False)]
    for those, joins, margins in ([(read, True, True)] if read is not tables else []) + attempts:
        linked = _joined(those, profile, joins=joins)
        if margins and len(tables) > 1:
            _add_margins(linked, those)
        if len(tables) == 1 or is_consistent(linked.numbers.bounds(), linked.numbers.hidden):
            return linked, margins
    return linked, False


def _columns_as_codes(tables: Sequence[Table]) -> Sequence[Table]:
    """Tables whose columns add up in every row to the people of another table: they are codes, as of one label."""
    read = list(tables)
    for one, (place, table) in permutations(enumerate(tables), 2):
        measures = list(dict.fromkeys(cell.measure for cell in table.cells.values()))
        wholes = {cell.codes: key for key, cell in one[1].cells.items() if cell.measure == "people"}
        if len(measures) < 2 or "" in table.labels or any(map(is_everybody, measures)) or not wholes:
            continue
        rows: dict[frozenset[tuple[str, str]], list[Key]] = defaultdict(list)
        for key, cell in table.cells.items():
            rows[cell.codes].append(key)
        shared = [(wholes[codes], keys) for codes, keys in rows.items() if codes in wholes]
        if len(shared) > 1 and all(_adds_up(one[1].numbers, whole, table.numbers, keys) for whole, keys in shared):
            cells = {
                key: Cell("people", cell.codes | {("", code_of(cell.measure))}) for key, cell in table.cells.items()
            }
            labels = {**table.labels, "": frozenset(map(code_of, measures))}
            read[place] = replace(table, cells=cells, labels=labels)
    return read if any(a is not b for a, b in zip(read, tables, strict=True)) else tables


def _adds_up(numbers: Numbers, whole: Key, others: Numbers, parts: Sequence[Key]) -> bool:
    """Whether parts come to a number, as far as they are shown."""
    if whole in numbers.hidden:
        return True
    low = sum(others.low[key] for key in parts if key not in others.hidden)
    high = sum(others.high[key] for key in parts) if not others.hidden & set(parts) else math.inf
    return low <= numbers.high[whole] + _CLOSE and high >= numbers.low[whole] - _CLOSE


def _joined(tables: Sequence[Table], profile: Profile, *, joins: bool) -> Linked:
    """Numbers and sums of all tables; a cell that several have is one number where they agree on it."""
    linked = Linked(Numbers(True, any(table.numbers.is_rounded for table in tables)))
    first: dict[Cell, tuple[int, Key]] = {}
    start = 0
    for place, table in enumerate(tables):
        names: dict[Key, Key] = {}
        linked.names.append(names)
        for key in table.numbers.low:
            names[key] = (key[0] + start, key[1], key[2])
            cell = table.cells.get(key)
            if cell is not None:
                before, same = first.setdefault(cell, (place, names[key]))
                gap = _gap(linked.numbers, same, table.numbers, key) if before != place else math.inf
                if joins and gap <= _CLOSE:
                    names[key] = same
                elif _CLOSE < gap < profile.threshold and table.is_approved != tables[before].is_approved:
                    linked.differences.append((place, key) if tables[before].is_approved else linked.own[same][0])
            _put(linked.numbers, names[key], table, key, profile)
            linked.own[names[key]].append((place, key))
        _carry(linked.numbers, table.numbers, names)
        start += 1 + max((key[0] for key in table.numbers.low), default=0)
    return linked


def _gap(numbers: Numbers, key: Key, others: Numbers, other: Key) -> float:
    """How far the bounds of two numbers are apart; zero where they may be equal."""
    if key not in numbers.low or key in numbers.hidden or other in others.hidden:
        return 0.0
    return max(0.0, numbers.low[key] - others.high[other], others.low[other] - numbers.high[key])


def _put(numbers: Numbers, key: Key, table: Table, own: Key, profile: Profile) -> None:
    """Add a table's number; one that a table hides and another shows must be hidden in both."""
    low, high, is_hidden = table.numbers.low[own], table.numbers.high[own], own in table.numbers.hidden
    is_new = key not in numbers.low
    was_hidden = key in numbers.hidden
    if is_new or (was_hidden and not is_hidden):
        numbers.low[key], numbers.high[key] = low, high
        numbers.hidden -= {key}
    elif not is_hidden:
        numbers.low[key], numbers.high[key] = max(numbers.low[key], low), min(numbers.high[key], high)
    if is_new and is_hidden:
        numbers.hidden.add(key)
    if table.is_approved and not is_hidden and not own[2] and own not in table.numbers.implied:
        numbers.fixed.add(key)
    if not is_new and is_hidden != was_hidden:
        numbers.levels.setdefault(key, ProtectionLevel(lower=profile.threshold))
        numbers.rules.setdefault(key, "linked")


def _carry(numbers: Numbers, others: Numbers, names: Mapping[Key, Key]) -> None:
    for key, level in others.levels.items():
        numbers.levels.setdefault(names[key], level)
    for key, rule in others.rules.items():
        numbers.rules[names[key]] = rule
    numbers.unpublished |= {names[key] for key in others.unpublished}
    numbers.contradicted += [names[key] for key in others.contradicted]
    numbers.implied |= {names[key] for key in others.implied}
    numbers.sums += [Sum(names[line.total], tuple(names[one] for one in line.parts)) for line in others.sums]


@dataclass(frozen=True)
class _Placed:
    """A table's cells of one measure: its axes, and the key of each cell by its codes."""

    axes: frozenset[Axis]
    cells: Mapping[frozenset[tuple[Axis, str]], Key]


def _add_margins(linked: Linked, tables: Sequence[Table]) -> None:
    """The sums that hold between tables of one measure."""
    axes = _axes(tables)
    for measure in sorted({cell.measure for table in tables for cell in table.cells.values()}):
        placed = [one for n, table in enumerate(tables) if (one := _placed(table, axes[n], linked.names[n], measure))]
        if len(placed) < 2:
            continue
        all_axes = frozenset().union(*(one.axes for one in placed))
        incomplete = {axis for axis in all_axes if not _is_complete(axis, placed, linked.numbers)}
        frames = [all_axes]
        if math.prod(len(codes) + ((label, codes) in incomplete) for label, codes in all_axes) > _LARGEST:
            frames = [*dict.fromkeys(one.axes & other.axes for one, other in combinations(placed, 2))]
        for number, frame in enumerate(frames):
            _add_frame(linked.numbers, frame, incomplete, placed, f"{measure} {number}")


def _axes(tables: Sequence[Table]) -> list[dict[str, Axis]]:
    """Of each table, its labels to axes; columns that are codes belong to the label elsewhere that has their codes."""
    named = {axis for table in tables for axis in table.labels.items() if axis[0]}
    axes_of = []
    for table in tables:
        axes: dict[str, Axis] = {}
        for label, codes in table.labels.items():
            name = label
            if not label:
                like = {axis[0] for axis in named if axis[1] >= codes} - table.labels.keys()
                name = like.pop() if len(like) == 1 else f"={', '.join(sorted(codes))}"
            larger = [axis for axis in named if axis[0] == name and axis[1] > codes]
            axes[label] = max(larger, key=lambda axis: (len(axis[1]), sorted(axis[1])), default=(name, codes))
        axes_of.append(axes)
    return axes_of


def _placed(table: Table, axes: Mapping[str, Axis], names: Mapping[Key, Key], measure: str) -> _Placed | None:
    cells = {}
    for key, cell in table.cells.items():
        if cell.measure == measure and all(code in table.labels.get(label, ()) for label, code in cell.codes):
            cells[frozenset((axes[label], code) for label, code in cell.codes)] = names[key]
    used = frozenset(axis for codes in cells for axis, _ in codes)
    return _Placed(used, cells) if cells else None


def _is_complete(axis: Axis, placed: Sequence[_Placed], numbers: Numbers) -> bool:
    """Whether the codes of an axis come to the totals that are shown of them; not where another axis of the label
    groups people differently, which may have what this one has not."""
    if any(other[0] == axis[0] and other != axis for one in placed for other in one.axes):
        return False
    totals = {codes: key for one in placed for codes, key in one.cells.items() if axis not in dict(codes)}
    for one in placed:
        groups: dict[frozenset[tuple[Axis, str]], list[Key]] = defaultdict(list)
        for codes, key in one.cells.items():
            if axis in dict(codes):
                groups[frozenset(pair for pair in codes if pair[0] != axis)].append(key)
        for codes, members in groups.items():
            total = totals.get(codes)
            if total is None or total in numbers.hidden:
                continue
            shown = [key for key in members if key not in numbers.hidden]
            if sum(numbers.low[key] for key in shown) > numbers.high[total] + _CLOSE:
                return False
            has_all = len(shown) == len(axis[1])
            if has_all and sum(numbers.high[key] for key in shown) < numbers.low[total] - _CLOSE:
                return False
    return True


def _add_frame(
    numbers: Numbers, frame: frozenset[Axis], incomplete: set[Axis], placed: Sequence[_Placed], name: str
) -> None:
    """An unpublished table over some axes, and its sums to the cells of each table."""
    order = sorted(frame, key=lambda axis: (axis[0], sorted(axis[1])))
    codes = [[*sorted(axis[1]), *([_OTHERS] if axis in incomplete else [])] for axis in order]
    cells = {frozenset(zip(order, at, strict=True)): (-1, n, f"of {name}") for n, at in enumerate(product(*codes))}
    for key in cells.values():
        numbers.low[key] = numbers.high[key] = 0.0
        numbers.unpublished.add(key)
    for one in placed:
        if one.axes <= frame:
            for asked, key in one.cells.items():
                numbers.sums.append(Sum(key, tuple(cell for at, cell in cells.items() if asked <= at)))
        elif frame <= one.axes:
            inner = {at: key for at, key in one.cells.items() if len(at) == len(one.axes)}
            for at, cell in cells.items():
                if members := tuple(key for codes_of, key in inner.items() if at <= codes_of):
                    numbers.sums.append(Sum(cell, members))
