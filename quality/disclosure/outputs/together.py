"""Tables as one meets them who holds them all: those checked together and those approved before, with every sum.

Two ties beside those within a table. A cell that several tables have is one number. And tables of the same people are
margins of one table that nobody shows: its cells are not negative, and every cell shown is a sum of them. Where that
table would be too large, two tables are tied by what they come to over the labels that they share.
"""

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations, product

from quality.disclosure import Profile, ProtectionLevel, Sum, disclosed, is_consistent
from quality.disclosure.outputs.approved import Approved, Cell, cell_of
from quality.disclosure.outputs.columns import UNNAMED, with_columns_as_codes
from quality.disclosure.outputs.equations import Key, Numbers
from quality.disclosure.outputs.part import Part

_LARGEST = 1_000  # cells of the table that nobody shows
_CLOSE = 1e-6

Axis = tuple[str, frozenset[str]]
"""A label and the codes that together are all of it: two tables that group otherwise share no axis."""
_OTHERS = ""
"""The code of those who have none of an axis, where its codes are not all."""


@dataclass
class Together:
    """Tables as one.

    Attributes:
        numbers: of all tables; rows run through.
        own: of each of its numbers, the tables that have it and by which of their keys.
        names: of each table, its keys to those of `numbers`.
    """

    numbers: Numbers
    own: dict[Key, list[tuple[int, Key]]] = field(default_factory=lambda: defaultdict(list))
    names: list[dict[Key, Key]] = field(default_factory=list)


def together(parts: Sequence[Part], profile: Profile) -> tuple[Together, bool]:
    """All tables as one, and whether they agree; where they do not, no table is tied to another."""
    read = with_columns_as_codes(parts)
    readings = [(read, True, True)] if any(one is not part for one, part in zip(read, parts, strict=True)) else []
    for those, joins, ties in (*readings, (parts, True, True), (parts, True, False), (parts, False, False)):
        found = _joined(those, profile, joins=joins)
        if ties and len(parts) > 1:
            _tie(found, those)
        if len(parts) == 1 or is_consistent(found.numbers.known(), found.numbers.hidden):
            return found, ties
    return found, False


def approved_parts(tables: Sequence[Approved], profile: Profile) -> list[Part]:
    """Approved tables as parts. What they show cannot be hidden any more; what they hide has to stay hidden.

    A hidden cell that these tables tell among themselves is not the fault of a new one, and needs nothing.
    """
    parts = [_part_of(table) for table in tables]
    if not parts:
        return parts
    found, _ = together(parts, profile)
    needs = dict.fromkeys(found.numbers.hidden, ProtectionLevel(lower=profile.threshold))
    lost = disclosed(found.numbers.known(), found.numbers.hidden, needs) if needs else set()
    for part, names in zip(parts, found.names, strict=True):
        part.numbers.needs = {key: needs[names[key]] for key in part.numbers.hidden if names[key] in set(needs) - lost}
    return parts


def _part_of(table: Approved) -> Part:
    found = Numbers(True, False)
    keys = {meaning: (row, 0, "") for row, meaning in enumerate(table.cells)}
    for meaning, bounds in table.cells.items():
        key = keys[meaning]
        found.low[key], found.high[key] = bounds or (0.0, 0.0)
        if bounds is None:
            found.hidden.add(key)
        else:
            found.fixed.add(key)
    for number, (total, members, has_rest) in enumerate(table.sums):
        line = tuple(keys[one] for one in members)
        if has_rest:
            rest = (number, 0, "rest")
            found.low[rest] = found.high[rest] = 0.0
            found.unshown.add(rest)
            line += (rest,)
        found.sums.append(Sum(keys[total], line))
    ways = {label: frozenset(codes) for label, codes in table.ways.items()}
    return Part(found, {key: cell_of(meaning) for meaning, key in keys.items()}, ways)


def _joined(parts: Sequence[Part], profile: Profile, *, joins: bool) -> Together:
    """Numbers and sums of all tables, a cell that several have once where they agree on it."""
    found = Together(Numbers(True, any(part.numbers.is_rounded for part in parts)))
    first: dict[Cell, tuple[int, Key]] = {}
    start = 0
    for table, part in enumerate(parts):
        names: dict[Key, Key] = {}
        found.names.append(names)
        for key in part.numbers.low:
            names[key] = (key[0] + start, key[1], key[2])
            cell = part.cells.get(key)
            if joins and cell is not None:
                before, same = first.setdefault(cell, (table, names[key]))
                if before != table and _agree(found.numbers, same, part.numbers, key):
                    names[key] = same
            _put(found.numbers, names[key], part.numbers, key, profile)
            found.own[names[key]].append((table, key))
        _carry(found.numbers, part.numbers, names)
        start += 1 + max((key[0] for key in part.numbers.low), default=0)
    return found


def _agree(numbers: Numbers, key: Key, others: Numbers, other: Key) -> bool:
    if key in numbers.hidden or other in others.hidden:
        return True
    return max(numbers.low[key], others.low[other]) <= min(numbers.high[key], others.high[other]) + _CLOSE


def _put(numbers: Numbers, key: Key, others: Numbers, other: Key, profile: Profile) -> None:
    """A table's number among all; one that a table hides and another shows has to be hidden in both."""
    low, high, is_hidden = others.low[other], others.high[other], other in others.hidden
    if key not in numbers.low:
        numbers.low[key], numbers.high[key] = low, high
        numbers.hidden |= {key} if is_hidden else set()
        return
    was_hidden = key in numbers.hidden
    if is_hidden == was_hidden:
        if not is_hidden:
            numbers.low[key], numbers.high[key] = max(numbers.low[key], low), min(numbers.high[key], high)
        return
    if was_hidden:
        numbers.low[key], numbers.high[key] = low, high
        numbers.hidden.discard(key)
    numbers.needs.setdefault(key, ProtectionLevel(lower=profile.threshold))
    numbers.rules.setdefault(key, "beside")


def _carry(numbers: Numbers, others: Numbers, names: Mapping[Key, Key]) -> None:
    for key, need in others.needs.items():
        numbers.needs.setdefault(names[key], need)
    for key, rule in others.rules.items():
        numbers.rules[names[key]] = rule
    numbers.unshown |= {names[key] for key in others.unshown}
    numbers.fixed |= {names[key] for key in others.fixed}
    numbers.notes += [names[key] for key in others.notes]
    numbers.implied |= {names[key] for key in others.implied}
    numbers.sums += [Sum(names[line.total], tuple(names[one] for one in line.parts)) for line in others.sums]


@dataclass(frozen=True)
class _Placed:
    """A table's cells of one measure: the joint key of each by its codes, and the table's axes."""

    axes: frozenset[Axis]
    cells: Mapping[frozenset[tuple[Axis, str]], Key]


def _tie(found: Together, parts: Sequence[Part]) -> None:
    """The sums that hold between tables of one measure."""
    axes = _axes(parts)
    for measure in sorted({cell.measure for part in parts for cell in part.cells.values()}):
        placed = [
            one for n, part in enumerate(parts) if (one := _placed(part, axes[n], found.names[n], measure)) is not None
        ]
        if len(placed) < 2:
            continue
        everything = frozenset().union(*(one.axes for one in placed))
        open_axes = {axis for axis in everything if not _is_whole(axis, placed, found.numbers)}
        frames = [everything]
        if math.prod(len(codes) + ((label, codes) in open_axes) for label, codes in everything) > _LARGEST:
            frames = [*dict.fromkeys(one.axes & other.axes for one, other in combinations(placed, 2))]
        for number, frame in enumerate(frames):
            _frame(found.numbers, frame, open_axes, placed, f"{measure} {number}")


def _axes(parts: Sequence[Part]) -> list[dict[str, Axis]]:
    """Of each table, its labels to axes: some of a label's codes belong to the axis of a table that has more of them.

    Columns that add up have no label; where one label elsewhere has their codes, it is theirs.
    """
    named = {axis for part in parts for axis in part.ways.items() if axis[0] and not axis[0].startswith(UNNAMED)}
    found = []
    for part in parts:
        mine: dict[str, Axis] = {}
        for label, codes in part.ways.items():
            label_of = label
            if not label or label.startswith(UNNAMED):
                alike = {axis[0] for axis in named if axis[1] >= codes} - part.ways.keys()
                label_of = alike.pop() if len(alike) == 1 else f"{UNNAMED}{', '.join(sorted(codes))}"
            more = [axis for axis in named if axis[0] == label_of and axis[1] > codes]
            mine[label] = max(more, key=lambda axis: (len(axis[1]), sorted(axis[1])), default=(label_of, codes))
        found.append(mine)
    return found


def _placed(part: Part, axes: Mapping[str, Axis], names: Mapping[Key, Key], measure: str) -> _Placed | None:
    cells = {}
    for key, cell in part.cells.items():
        if cell.measure == measure and all(code in part.ways.get(label, ()) for label, code in cell.codes):
            cells[frozenset((axes[label], code) for label, code in cell.codes)] = names[key]
    used = frozenset(axis for codes in cells for axis, _ in codes)
    return _Placed(used, cells) if cells else None


def _is_whole(axis: Axis, placed: Sequence[_Placed], numbers: Numbers) -> bool:
    """Whether the codes of an axis come to the totals that are shown of them, as far as they are.

    Not where another axis of the label groups people otherwise: it may have what this one has not.
    """
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
            known = [key for key in members if key not in numbers.hidden]
            if sum(numbers.low[key] for key in known) > numbers.high[total] + _CLOSE:
                return False
            has_all = len(known) == len(axis[1])
            if has_all and sum(numbers.high[key] for key in known) < numbers.low[total] - _CLOSE:
                return False
    return True


def _frame(
    numbers: Numbers, frame: frozenset[Axis], open_axes: set[Axis], placed: Sequence[_Placed], name: str
) -> None:
    """A table that nobody shows over some axes, and its sums to the cells of each table."""
    order = sorted(frame, key=lambda axis: (axis[0], sorted(axis[1])))
    codes = [[*sorted(axis[1]), *([_OTHERS] if axis in open_axes else [])] for axis in order]
    cells = {
        frozenset(zip(order, found, strict=True)): (-1, n, f"of {name}") for n, found in enumerate(product(*codes))
    }
    for key in cells.values():
        numbers.low[key] = numbers.high[key] = 0.0
        numbers.unshown.add(key)
    for one in placed:
        if one.axes <= frame:
            for asked, key in one.cells.items():
                numbers.sums.append(Sum(key, tuple(cell for at, cell in cells.items() if asked <= at)))
        elif frame <= one.axes:
            inner = {at: key for at, key in one.cells.items() if len(at) == len(one.axes)}
            for at, cell in cells.items():
                if members := tuple(key for codes_of, key in inner.items() if at <= codes_of):
                    numbers.sums.append(Sum(cell, members))
