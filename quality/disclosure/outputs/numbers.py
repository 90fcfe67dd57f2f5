"""The numbers of tables as an attacker knows them: bounds, sums, and protection
levels.
"""

import math
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from quality.disclosure import (
    AttackerBounds,
    Disclosure,
    Profile,
    ProtectionLevel,
    Sum,
    broken_rule,
    level_of,
)
from quality.disclosure.outputs.layout import Layout
from quality.disclosure.outputs.reading import Value, plain

Key = tuple[
    int, int, int, str
]  # table, row, column, and "" or what a number is that stands in no cell
Fault = tuple[str, str]  # a rule and its message
ANY = ProtectionLevel()
CLOSE = 1e-6  # people: numbers that differ by less are equal


@dataclass
class Numbers:
    """Counts of all tables, or amounts of one column, that are judged together.

    Attributes:
        low, high: the bounds of each number where it is shown.
        hidden: those that the tables hide already.
        levels: those that must be hidden, and their protection levels.
        faults: which rule says so.
        unpublished: numbers that stand in no cell, such as a total less a part.
        fixed: numbers that left before, and cannot be hidden.
    """

    is_integer: bool = True
    low: dict[Key, float] = field(default_factory=dict)
    high: dict[Key, float] = field(default_factory=dict)
    sums: list[Sum[Key]] = field(default_factory=list)
    hidden: set[Key] = field(default_factory=set)
    levels: dict[Key, ProtectionLevel] = field(default_factory=dict)
    faults: dict[Key, Fault] = field(default_factory=dict)
    unpublished: set[Key] = field(default_factory=set)
    fixed: set[Key] = field(default_factory=set)

    def bounds(self) -> AttackerBounds[Key]:
        unpublished, fixed = frozenset(self.unpublished), frozenset(self.fixed)
        return AttackerBounds(
            self.low, self.high, self.sums, unpublished, fixed, self.is_integer
        )

    def demand(self, key: Key, level: ProtectionLevel, rule: str, message: str) -> None:
        """Have a number hidden; the first rule that says so is named."""
        self.levels.setdefault(key, level)
        self.faults.setdefault(key, (rule, message))

    def put(
        self, key: Key, cell: Value, ends: tuple[float, float], profile: Profile
    ) -> None:
        """Add the number of a cell, or what its symbol stands for."""
        if cell.number is not None:
            self.low[key], self.high[key] = ends
        elif cell.mark == "low" and not hides(cell.mark, profile):
            self.low[key], self.high[key] = (
                1.0,
                max(profile.low_below - 1.0, profile.round_to // 2),
            )
        elif hides(cell.mark, profile):
            self.low[key] = self.high[key] = 0.0
            self.hidden.add(key)

    def add_sum(
        self, total: Key, parts: Collection[Key], *, may_leave: bool = False
    ) -> Key | None:
        """Add an equation; returns the number that the parts leave of the total, where
        they may leave one.
        """
        members = [part for part in parts if part in self.low]
        if not members or total not in self.low:
            return None
        is_known = not ({total, *members} & self.hidden)
        low = self.low[total] - sum(self.high[part] for part in members)
        high = self.high[total] - sum(
            self.low[part] for part in members if part not in self.hidden
        )
        if total not in self.hidden and high < -CLOSE:
            self.faults[total] = "contradiction", "its parts come to more than it"
            return None
        if (
            not may_leave
            and len(members) == len(parts)
            and (not is_known or low <= CLOSE)
        ):
            self.sums.append(Sum(total, tuple(members)))
            return None
        rest = (*total[:3], f"less {members[0]} {len(self.sums)}")
        self.low[rest], self.high[rest] = (
            (max(0.0, low), max(0.0, high)) if is_known else (0.0, 0.0)
        )
        self.unpublished.add(rest)
        self.sums.append(Sum(total, (*members, rest)))
        return rest

    def demand_small(self, keys: Iterable[Key], profile: Profile) -> None:
        """Protect counts under the threshold, rounded or not, and those that are hidden
        already.
        """
        floor, level = (
            0 if profile.zeros_are_sensitive else 1,
            ProtectionLevel(lower=profile.threshold),
        )
        for key in keys:
            if key in self.hidden:
                self.levels[key] = level
            elif floor <= self.low[key] and self.high[key] < profile.threshold:
                if key not in self.unpublished:
                    self.demand(
                        key,
                        level,
                        "threshold",
                        f"a count under {profile.threshold} is shown",
                    )
                elif self.low[key]:
                    self.demand(
                        key,
                        level,
                        "remainder",
                        f"a difference of two counts is under {profile.threshold}",
                    )


def hides(mark: str | None, profile: Profile) -> bool:
    """Whether a symbol stands for a hidden count; `low` does where small counts are
    hidden.
    """
    return mark in ("suppressed", "below") or (mark == "low" and profile.threshold > 1)


def add_counts(numbers: Numbers, table: int, layout: Layout, profile: Profile) -> None:
    """Add a table's counts, their sums, and the counts that follow from its rates and
    changes.
    """
    rows, before = layout.sheet.rows, len(numbers.low)
    for column in layout.counts:
        for row, line in enumerate(rows):
            ends = _bounds(line[column], layout.sheet.schema.rounded_to, profile)
            numbers.put((table, row, column, ""), line[column], ends, profile)
    for column in layout.counts:
        spec = layout.column(column)
        _add_rows(numbers, table, layout, column)
        summands = [layout.place(name) for name in spec.sum_of]
        if spec.running_over:
            _add_running(numbers, table, layout, column, summands)
        for row in range(len(rows)) if not spec.running_over else ():
            numbers.add_sum(
                (table, row, column, ""), [(table, row, one, "") for one in summands]
            )
    for part, whole in _parts(layout):
        for row in range(len(rows)):
            numbers.add_sum(
                (table, row, whole, ""), [(table, row, part, "")], may_leave=True
            )
    numbers.demand_small(list(numbers.low)[before:], profile)
    for equation in numbers.sums if profile.full_cells_are_sensitive else ():
        total, hidden_keys = (
            numbers.low[equation.total],
            {equation.total, *equation.parts} & numbers.hidden,
        )
        full_parts = [
            part
            for part in equation.parts
            if numbers.low[part] == total > 0 and not part[3]
        ]
        if len(equation.parts) > 1 and full_parts and not hidden_keys:
            numbers.faults.setdefault(
                full_parts[0],
                ("all of one kind", "everybody of the group is in this cell"),
            )
    if profile.threshold > 1:
        _add_implied(numbers, table, layout, profile)


def amounts_of(table: int, layout: Layout, column: int, profile: Profile) -> Numbers:
    """A table's totals of one amount, judged by their largest contributions and by how
    many people they are of.
    """
    numbers, spec = Numbers(is_integer=False), layout.column(column)
    for row, cells in enumerate(layout.sheet.rows):
        key, total, base = (
            (table, row, column, ""),
            cells[column].number,
            cells[layout.place(spec.of)].number,
        )
        numbers.put(key, cells[column], (total or 0.0, total or 0.0), profile)
        contributions = [
            number
            for name in spec.largest
            if (number := cells[layout.place(name)].number) is not None
        ]
        if total is not None and (base is None or base < profile.threshold):
            numbers.demand(
                key,
                ANY,
                "base",
                f"it is not known to be of {profile.threshold} people or more",
            )
        elif total is not None and (
            rule := broken_rule(
                total, _with_missing(contributions, total, profile), profile
            )
        ):
            numbers.demand(key, level_of(total, rule), "dominance", rule.rule)
    _add_rows(numbers, table, layout, column)
    numbers.levels = {**dict.fromkeys(numbers.hidden, ANY), **numbers.levels}
    return numbers


def means_of(
    table: int, layout: Layout, column: int, withheld: Collection[int], profile: Profile
) -> Numbers:
    """The means or rates of a column by the counts that they are of; some rows must be
    hidden.

    A mean times its base adds up as the base does, so that the mean of all and those of
    the others give a hidden one.
    """
    numbers = Numbers()
    for row, cells in enumerate(layout.sheet.rows):
        base, key = (
            cells[layout.place(layout.column(column).of)],
            (table, row, column, ""),
        )
        numbers.put(
            key, base, _bounds(base, layout.sheet.schema.rounded_to, profile), profile
        )
        if key in numbers.low and (
            row in withheld
            or key in numbers.hidden
            or hides(cells[column].mark, profile)
        ):
            numbers.levels[key] = ANY
    _add_rows(numbers, table, layout, column)
    return numbers


def fault_of(layout: Layout, row: int, column: int, profile: Profile) -> Fault | None:
    """Why a rate, mean or change may not leave, by what its own row shows; None where
    it may.
    """
    cells, spec = layout.sheet.rows[row], layout.column(column)
    base, number = cells[layout.place(spec.of)].number, cells[column].number
    if number is None:
        return None
    if base is None:
        return "base", "what it is of is not shown, so that it cannot be judged"
    if spec.holds in ("mean", "median"):
        floor = profile.least_average_base
        return ("base", f"it is of fewer than {floor:g}") if base < floor else None
    if spec.holds == "rate":
        part = cells[layout.place(spec.part)].number if spec.part else None
        people = number * base / (spec.per or 1.0) if part is None else part
        floor = profile.least_percent_base
        if (
            Disclosure(profile)
            .percent(min(round(people), round(base)), round(base))
            .mark
            != "suppressed"
        ):
            return None
        return (
            "base",
            f"it is of fewer than {floor:g}"
            if base < floor
            else "it discloses a count that is too small",
        )
    low, high = _before(layout, row, column, base, base)
    if (
        0 < high < profile.threshold
        or 0 < max(abs(base - low), abs(base - high)) < profile.threshold
    ):
        return (
            "base",
            "it discloses an earlier count, or a change, of fewer than "
            f"{profile.threshold}",
        )
    return None


def _add_rows(numbers: Numbers, table: int, layout: Layout, column: int) -> None:
    """Rows that differ only in one dimension add up to the row of its total, or to the
    one they are part of.
    """
    for place in layout.dimensions:
        spec = layout.column(place)
        parent_of = {plain(code): plain(parent) for code, parent in spec.within.items()}
        for group in (
            layout.groups(place)
            if layout.sheet.header[place] != layout.column(column).running_over
            else ()
        ):
            keys = {code: (table, row, column, "") for code, row in group.items()}
            children: dict[str, list[Key]] = {}
            for code, key in keys.items():
                if not layout.is_total(place, code):
                    children.setdefault(parent_of.get(code, ""), []).append(key)
            top = children.pop("", [])
            for code, key in keys.items():
                if layout.is_total(place, code):
                    numbers.add_sum(
                        key, top[:1] if spec.nested else top, may_leave=spec.nested
                    )
                numbers.add_sum(key, children.get(code, []))
            for whole, part in pairwise(top) if spec.nested else ():
                numbers.add_sum(whole, [part], may_leave=True)


def _add_running(
    numbers: Numbers, table: int, layout: Layout, column: int, summands: Sequence[int]
) -> None:
    """A running total is the one before and what is added; where no column has that, it
    is a number in no cell.
    """
    axis = layout.place(layout.column(column).running_over)
    for group in layout.groups(axis):
        keys = [
            (table, row, column, "")
            for code, row in group.items()
            if not layout.is_total(axis, code)
        ]
        for n, key in enumerate(keys):
            parts = [
                *keys[max(n - 1, 0) : n],
                *((table, key[1], one, "") for one in summands),
            ]
            numbers.add_sum(key, parts, may_leave=not summands)


def _parts(layout: Layout) -> list[tuple[int, int]]:
    """Counts that are part of another count of their row, and which."""
    specs = [(n, column) for n, column in enumerate(layout.columns) if column]
    parts = [(n, layout.place(column.part_of)) for n, column in specs if column.part_of]
    return parts + [
        (layout.place(column.part), layout.place(column.of))
        for _, column in specs
        if column.part
    ]


def _bounds(cell: Value, rounded_to: int, profile: Profile) -> tuple[float, float]:
    """What a reader of a count, who knows how it is rounded, knows of it.

    Where nothing is hidden for being small, an exact count is judged as it will be
    written: rounded.
    """
    number = cell.number or 0.0
    if rounded_to == 1 and profile.threshold == 1:
        rounded_cell = Disclosure(profile).rounded(int(number))
        if rounded_cell.mark == "low":
            return 1.0, max(profile.low_below - 1.0, profile.round_to // 2)
        number, rounded_to = rounded_cell.value or 0.0, profile.round_to
    reach = rounded_to // 2
    floor = profile.threshold if profile.threshold > reach else 0
    # A 10 to the nearest 5 is 11 or 12 where counts under 11 are hidden.
    shown_from = floor if floor <= number + reach else 0
    low = max(number - reach, shown_from, 0.0) if reach and number else number
    return low, number + reach if number or not floor else number


def _with_missing(
    contributions: Sequence[float], total: float, profile: Profile
) -> list[float]:
    """The largest contributions, as many as rules need: one that is not given may be as
    large as the one before.
    """
    largest = sorted(contributions, reverse=True)
    while len(largest) < max([2, *(rule.contributors for rule in profile.dominance)]):
        largest.append(max(0.0, min([total - sum(largest), *largest[-1:]])))
    return largest


def _add_implied(
    numbers: Numbers, table: int, layout: Layout, profile: Profile
) -> None:
    """The counts that follow from rates and their base, and from changes, where no
    column has them.

    They add up as the base does: 40 % of all 50 and 43 % of the 30 in the south give
    those of the north. Where the rates of one base add up to the whole in every row, so
    do their counts.
    """
    rates: dict[str, list[int]] = {}
    for column in layout.holding("rate", "change"):
        spec = layout.column(column)
        if not spec.part:
            for row in range(len(layout.sheet.rows)):
                _imply(numbers, layout, (table, row, column, ""), profile)
            _add_rows(numbers, table, layout, column)
            rates.setdefault(spec.of, []).extend(
                [column] if spec.holds == "rate" else []
            )
    for of, columns in rates.items():
        are_complete = _add_up(layout, columns)
        for row in range(len(layout.sheet.rows)):
            base = (table, row, layout.place(of), "")
            keys = [
                key
                for column in columns
                if (key := (table, row, column, "")) in numbers.low
            ]
            if are_complete and len(keys) == len(columns):
                numbers.sums.append(Sum(base, tuple(keys)))
            for key in keys if not are_complete else ():
                if key in numbers.levels and (
                    rest := numbers.add_sum(base, [key], may_leave=True)
                ):
                    numbers.levels[rest] = numbers.levels[key]


def _imply(numbers: Numbers, layout: Layout, key: Key, profile: Profile) -> None:
    """The bounds of the count that a rate or change and its base give, and its level
    where it may not leave.
    """
    table, row, column, _ = key
    spec, cell = layout.column(column), layout.sheet.rows[row][column]
    of = (table, row, layout.place(spec.of), "")
    if of not in numbers.low or (cell.number is None and not cell.mark):
        return
    level, low, high = ProtectionLevel(lower=profile.threshold), 0.0, 0.0
    if of in numbers.hidden or (numbers.high[of] and cell.number is None):
        numbers.hidden.add(key)
        numbers.levels[key] = level
    elif cell.number is not None:
        low, high = _before(layout, row, column, numbers.low[of], numbers.high[of])
        if fault := fault_of(layout, row, column, profile):
            numbers.demand(key, level, *fault)
    numbers.low[key], numbers.high[key] = min(low, high), max(low, high)


def _before(
    layout: Layout, row: int, column: int, low_base: float, high_base: float
) -> tuple[float, float]:
    """The bounds of the part of a rate of low_base to high_base people, or of the count
    that a change led to them.
    """
    cell, spec = layout.sheet.rows[row][column], layout.column(column)
    number, margin, per = (
        cell.number or 0.0,
        0.5 * 10.0**-cell.places,
        spec.per or 100.0,
    )
    if spec.holds == "rate":
        low, high = (
            (number - margin) / per * low_base,
            min(high_base, (number + margin) / per * high_base),
        )
    else:
        factors = 1 + (number - margin) / per, 1 + (number + margin) / per
        low = low_base / factors[1] if factors[1] > 0 else 0.0
        high = high_base / factors[0] if factors[0] > 0 else math.inf
    return max(0.0, math.ceil(low - CLOSE)), math.floor(high + CLOSE) if math.isfinite(
        high
    ) else high


def _add_up(layout: Layout, columns: Sequence[int]) -> bool:
    """Whether the rates of every row that has them all come to the whole, as far as
    they are rounded.
    """
    pers = {layout.column(column).per or 1.0 for column in columns}
    rows = [[row[column] for column in columns] for row in layout.sheet.rows]
    full_rows = [row for row in rows if all(cell.number is not None for cell in row)]
    if len(columns) < 2 or not full_rows or len(pers) > 1:
        return False
    reach = (
        0.51
        * 10.0 ** -max(cell.places for row in full_rows for cell in row)
        * len(columns)
    )
    return all(
        abs(sum(cell.number or 0.0 for cell in row) - min(pers)) <= reach
        for row in full_rows
    )
