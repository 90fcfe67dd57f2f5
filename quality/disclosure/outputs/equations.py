"""The numbers of a table as an attacker knows them: bounds, sums, and protection levels."""

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

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
from quality.disclosure.outputs.reading import Sheet, plain

Key = tuple[int, int, str]  # row, column, and "" or what a number is that stands in no cell
ANY = ProtectionLevel()
_CLOSE = 1e-6  # people: numbers that differ by less are equal


@dataclass
class Numbers:
    """Counts, or amounts, that are judged together.

    Attributes:
        low, high: the bounds of each number where it is shown.
        hidden: those that the table hides already.
        levels: those that must be hidden, and their protection levels.
        rules: which rule says so.
        unpublished: numbers that stand in no cell, such as a total less a part.
        fixed: numbers that left before, and cannot be hidden.
        contradicted: totals that are less than their parts.
        implied: counts that stand in no cell of their own, but follow from a share and its base.
    """

    is_integer: bool
    is_rounded: bool
    low: dict[Key, float] = field(default_factory=dict)
    high: dict[Key, float] = field(default_factory=dict)
    sums: list[Sum[Key]] = field(default_factory=list)
    hidden: set[Key] = field(default_factory=set)
    levels: dict[Key, ProtectionLevel] = field(default_factory=dict)
    rules: dict[Key, str] = field(default_factory=dict)
    unpublished: set[Key] = field(default_factory=set)
    fixed: set[Key] = field(default_factory=set)
    contradicted: list[Key] = field(default_factory=list)
    implied: set[Key] = field(default_factory=set)

    def bounds(self) -> AttackerBounds[Key]:
        return AttackerBounds(
            self.low, self.high, self.sums, frozenset(self.unpublished), frozenset(self.fixed), self.is_integer
        )


def hides(mark: str | None, profile: Profile) -> bool:
    """Whether a symbol stands for a hidden count; `low` does where small counts are hidden."""
    return mark in ("suppressed", "below") or (mark == "low" and profile.threshold > 1)


def counts_of(sheet: Sheet, layout: Layout, profile: Profile, *, with_shares: bool = True) -> Numbers:
    """A table's counts, and those that follow from its shares."""
    is_rounded = profile.round_to > 1 and layout.rounded_to % profile.round_to == 0
    numbers = Numbers(True, is_rounded)
    for row, line in enumerate(sheet.rows):
        for column in layout.counts:
            _add(numbers, (row, column, ""), line[column].number, line[column].mark, profile)
    for column in layout.counts:
        _sums_down(numbers, sheet, layout, column)
    for row in range(len(sheet.rows)):
        if layout.across is not None:
            _sum(numbers, (row, layout.across, ""), [(row, column, "") for column in layout.codes])
        for part, whole in layout.part_of.items():
            _sum(numbers, (row, whole, ""), [(row, part, "")], "rest")
    _small(numbers, profile)
    if with_shares and profile.threshold > 1:
        _shares(numbers, sheet, layout, profile)
    return numbers


def amounts_of(sheet: Sheet, layout: Layout, column: int, profile: Profile) -> Numbers:
    """A table's totals of one amount, judged by their largest contributions."""
    numbers = Numbers(False, False)
    for row, cells in enumerate(sheet.rows):
        key = (row, column, "")
        _add(numbers, key, cells[column].number, cells[column].mark, None)
        if (total := cells[column].number) is not None:
            given = [number for one in layout.largest[column] if (number := cells[one].number) is not None]
            if rule := broken_rule(total, _with_missing(given, total, profile), profile):
                numbers.levels[key], numbers.rules[key] = level_of(total, rule), f"dominance: {rule.rule}"
    _sums_down(numbers, sheet, layout, column)
    numbers.levels |= {key: ANY for key in numbers.hidden if key not in numbers.levels}
    return numbers


def _with_missing(given: Sequence[float], total: float, profile: Profile) -> list[float]:
    """The largest contributions, as many as rules need: one that is not given may be as large as the one before."""
    largest = sorted(given, reverse=True)
    while len(largest) < max([2, *(rule.contributors for rule in profile.dominance)]):
        largest.append(max(0.0, min([total - sum(largest), *largest[-1:]])))
    return largest


def _add(numbers: Numbers, key: Key, number: float | None, mark: str | None, profile: Profile | None) -> None:
    if number is not None:
        reach = profile.round_to // 2 if profile and numbers.is_rounded else 0
        least = profile.threshold if profile and profile.threshold > reach else 0
        # A 10 to the nearest 5 is 11 or 12 where counts under 11 are hidden.
        shown_from = least if least <= number + reach else 0
        numbers.low[key] = max(number - reach, shown_from, 0.0) if reach and number else number
        numbers.high[key] = number + reach if number or not least else number
    elif mark in ("suppressed", "below") or (mark == "low" and profile):
        numbers.low[key] = numbers.high[key] = 0.0
        if mark == "low" and profile and not hides(mark, profile):
            numbers.low[key], numbers.high[key] = 1.0, max(profile.low_below - 1.0, profile.round_to // 2)
        else:
            numbers.hidden.add(key)


def _sums_down(numbers: Numbers, sheet: Sheet, layout: Layout, column: int) -> None:
    """Rows that differ only in one label add up to the row of its total, or to the one they are part of."""
    for label in layout.labels:
        groups: dict[tuple[str, ...], dict[str, int]] = {}
        for row, cells in enumerate(sheet.rows):
            others = tuple(plain(cells[one].text) for one in layout.labels if one != label)
            groups.setdefault(others, {})[plain(cells[label].text)] = row
        for group in groups.values():
            children: dict[str | None, list[int]] = {}
            for code, row in group.items():
                if not layout.is_total(code):
                    children.setdefault(layout.parents.get((label, code)) or None, []).append(row)
            for code, row in group.items():  # a row without a code is a total
                rows = children.get(code, []) + (children.get(None, []) if layout.is_total(code) or not code else [])
                _sum(numbers, (row, column, ""), [(at, column, "") for at in rows if at != row])


def _sum(numbers: Numbers, total: Key, parts: Collection[Key], rest_name: str = "others") -> Key | None:
    """Add an equation; returns the number that the parts leave of the total, where they leave one."""
    members = [part for part in parts if part in numbers.low]
    if not members or total not in numbers.low:
        return None
    is_known = not ({total, *members} & numbers.hidden)
    least = numbers.low[total] - sum(numbers.high[part] for part in members)
    most = numbers.high[total] - sum(numbers.low[part] for part in members if part not in numbers.hidden)
    if total not in numbers.hidden and most < -_CLOSE:
        numbers.contradicted.append(total)
        return None
    if rest_name == "others" and len(members) == len(parts) and (not is_known or least <= _CLOSE):
        numbers.sums.append(Sum(total, tuple(members)))
        return None
    rest = (total[0], total[1], f"{rest_name} {members[0]} {len(numbers.sums)}")
    numbers.low[rest], numbers.high[rest] = (max(0.0, least), max(0.0, most)) if is_known else (0.0, 0.0)
    numbers.unpublished.add(rest)
    numbers.sums.append(Sum(total, (*members, rest)))
    return rest


def _small(numbers: Numbers, profile: Profile) -> None:
    """Protect counts under the threshold, rounded or not, and those that are hidden already."""
    least = 0 if profile.zeros_are_sensitive else 1
    level = ProtectionLevel(lower=profile.threshold)
    for key in numbers.low:
        if key in numbers.hidden:
            numbers.levels[key] = level
        elif least <= numbers.low[key] and numbers.high[key] < profile.threshold:
            if key in numbers.unpublished and numbers.low[key] == 0:
                continue
            numbers.levels[key] = level
            numbers.rules[key] = "remainder" if key in numbers.unpublished else "threshold"


def _shares(numbers: Numbers, sheet: Sheet, layout: Layout, profile: Profile) -> None:
    """The counts that follow from shares and their base, where no column has them.

    They add up as the base does: 40 % of all 50 and 43 % of the 30 in the south give those of the north. Where the
    shares of one base add up to the whole in every row, so do their counts.
    """
    by_base: dict[int, list[int]] = {}
    for column in layout.shares:
        part, base = layout.of.get(column, (None, None))
        if part is None and base is not None and len(layout.wholes[column]) == 1:
            by_base.setdefault(base, []).append(column)
    for base, columns in by_base.items():
        for column in columns:
            for row in range(len(sheet.rows)):
                _implied(numbers, sheet, layout, (row, column, ""), base, profile)
            _sums_down(numbers, sheet, layout, column)
            numbers.implied |= {key for key in numbers.unpublished if key[1] == column}
        are_complete = _add_up(sheet, columns, layout.wholes[columns[0]][0])
        for row in range(len(sheet.rows)):
            keys = [(row, column, "") for column in columns if (row, column, "") in numbers.low]
            if are_complete and len(keys) == len(columns):
                numbers.sums.append(Sum((row, base, ""), tuple(keys)))
            for key in keys if not are_complete else ():
                rest = _sum(numbers, (row, base, ""), [key], "left by the share") if key in numbers.levels else None
                if rest:
                    numbers.levels[rest] = numbers.levels[key]
                    numbers.implied.add(rest)


def _implied(numbers: Numbers, sheet: Sheet, layout: Layout, key: Key, base: int, profile: Profile) -> None:
    """The bounds of the count that a share and its base give, and its level where it may not leave."""
    row, column, _ = key
    cell, of, whole = sheet.rows[row][column], (row, base, ""), layout.wholes[column][0]
    if of not in numbers.low or (cell.number is None and not cell.mark):
        return
    least, most = numbers.low[of], numbers.high[of]
    low = high = 0.0
    if of in numbers.hidden or (most and cell.number is None):
        numbers.hidden.add(key)
        numbers.levels[key] = ProtectionLevel(lower=profile.threshold)
    elif most and cell.number is not None:
        share, near = cell.number / whole, 0.5 * 10.0**-cell.places / whole
        low = max(0.0, math.ceil((share - near) * least - _CLOSE))
        high = min(most, math.floor((share + near) * most + _CLOSE))
        people = round(sheet.rows[row][base].number or 0.0)
        if Disclosure(profile).percent(min(round(share * people), people), people).mark == "suppressed":
            numbers.levels[key] = ProtectionLevel(lower=profile.threshold)
    numbers.low[key], numbers.high[key] = min(low, high), max(low, high)
    numbers.implied.add(key)


def _add_up(sheet: Sheet, columns: Sequence[int], whole: float) -> bool:
    """Whether the shares of every row that has them all come to the whole, as far as they are rounded."""
    rows = [[row[column] for column in columns] for row in sheet.rows]
    full = [row for row in rows if all(cell.number is not None for cell in row)]
    places = max((cell.places for row in full for cell in row), default=0)
    reach = 0.51 * 10.0**-places * len(columns)
    return (
        len(columns) > 1 and bool(full) and all(abs(sum(c.number or 0 for c in row) - whole) <= reach for row in full)
    )
