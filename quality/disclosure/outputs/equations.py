"""The numbers of a table as a reader meets them: bounds, sums, and what must be hidden."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

from quality.disclosure import AttackerBounds, Disclosure, Profile, ProtectionLevel, Sum, broken_rule, level_of
from quality.disclosure.outputs.layout import Layout
from quality.disclosure.outputs.reading import Sheet
from quality.disclosure.outputs.shares import places_of
from quality.disclosure.outputs.totals import plain

Key = tuple[int, int, str]  # row, column, "" or what the number is beside the cell's own


@dataclass
class Numbers:
    """Counts, or amounts, that are judged together.

    Attributes:
        low, high: what each number can be where it is shown.
        hidden: those that the table hides already.
        needs: those that must be hidden, and what must stay possible of them.
        rules: which rule says so.
        unshown: numbers that stand in no cell, such as all less a part.
        notes: places where parts come to more than their total.
        implied: counts that stand in no cell of their own, but are told by a share and its base.
    """

    whole: bool
    is_rounded: bool
    low: dict[Key, float] = field(default_factory=dict)
    high: dict[Key, float] = field(default_factory=dict)
    sums: list[Sum[Key]] = field(default_factory=list)
    hidden: set[Key] = field(default_factory=set)
    needs: dict[Key, ProtectionLevel] = field(default_factory=dict)
    rules: dict[Key, str] = field(default_factory=dict)
    unshown: set[Key] = field(default_factory=set)
    fixed: set[Key] = field(default_factory=set)
    notes: list[Key] = field(default_factory=list)
    implied: set[Key] = field(default_factory=set)

    def known(self) -> AttackerBounds[Key]:
        """What a reader knows."""
        return AttackerBounds(
            self.low, self.high, self.sums, frozenset(self.unshown), frozenset(self.fixed), self.whole
        )


def counts_of(sheet: Sheet, layout: Layout, profile: Profile, *, with_shares: bool = True) -> Numbers:
    """A table's counts, and those that its shares tell."""
    shown = [row[column].number for row in sheet.rows for column in layout.counts if row[column].number is not None]
    base = profile.round_to
    has_marks = any(row[c].mark in ("suppressed", "under", "low") for row in sheet.rows for c in layout.counts)
    is_rounded = base > 1 and bool(shown) and all(number % base == 0 for number in shown if number is not None)
    found = Numbers(True, is_rounded and (has_marks or len(shown) > 1))
    for row, cells in enumerate(sheet.rows):
        for column in layout.counts:
            _add(found, (row, column, ""), cells[column].number, cells[column].mark, profile)
    for column in layout.counts:
        _sums_down(found, sheet, layout, column)
    if layout.across is not None:
        for row in range(len(sheet.rows)):
            parts = [(row, column, "") for column in layout.counts if column != layout.across]
            _sum(found, (row, layout.across, ""), parts)
    for part, whole in layout.part_of.items():
        for row in range(len(sheet.rows)):
            _sum(found, (row, whole, ""), [(row, part, "")], "rest")
    _small(found, profile)
    for column in layout.shares if with_shares and profile.threshold > 1 else ():
        _shared(found, sheet, layout, column, profile)
    return found


def amounts_of(sheet: Sheet, layout: Layout, column: int, profile: Profile) -> Numbers:
    """A table's totals of one amount, judged by their largest contributions."""
    found = Numbers(False, False)
    for row, cells in enumerate(sheet.rows):
        key = (row, column, "")
        _add(found, key, cells[column].number, cells[column].mark, None)
        if (total := cells[column].number) is not None:
            given = [number for one in layout.largest[column] if (number := cells[one].number) is not None]
            if rule := broken_rule(total, _with_those_not_given(given, total, profile), profile):
                found.needs[key], found.rules[key] = level_of(total, rule), f"dominance: {rule.rule}"
    _sums_down(found, sheet, layout, column)
    found.needs |= {key: ProtectionLevel() for key in found.hidden if key not in found.needs}
    return found


def _with_those_not_given(given: Sequence[float], total: float, profile: Profile) -> list[float]:
    """The largest contributions, as many as rules ask for: one that is not given may be as large as the one before."""
    found = sorted(given, reverse=True)
    while len(found) < max([2, *(rule.contributors for rule in profile.dominance)]):
        found.append(max(0.0, min([total - sum(found), *found[-1:]])))
    return found


def _add(found: Numbers, key: Key, number: float | None, mark: str | None, profile: Profile | None) -> None:
    if number is not None:
        reach = profile.round_to // 2 if profile and found.is_rounded else 0
        least = profile.threshold if profile and profile.threshold > reach else 0
        # Of a 10 to the nearest 5 a reader knows that it is 11 or 12 where counts under 11 are hidden.
        shown_from = least if least <= number + reach else 0
        found.low[key] = max(number - reach, shown_from, 0.0) if reach and number else number
        found.high[key] = number + reach if number or not least else number
        return
    if mark in ("suppressed", "under") or (mark == "low" and profile):
        found.low[key] = found.high[key] = 0.0
        if mark == "low" and profile and not hides(mark, profile):
            found.low[key], found.high[key] = 1.0, max(profile.low_below - 1.0, profile.round_to // 2)
        else:
            found.hidden.add(key)


def hides(mark: str | None, profile: Profile) -> bool:
    """Whether a symbol stands for a count that must not be told; `low` does where small counts are hidden."""
    return mark in ("suppressed", "under") or (mark == "low" and profile.threshold > 1)


def _sums_down(found: Numbers, sheet: Sheet, layout: Layout, column: int) -> None:
    """Rows that differ in one label alone add up to the row that says all of it, or to the one they are part of."""
    for way in layout.labels:
        groups: dict[tuple[str, ...], dict[str, int]] = {}
        for row, cells in enumerate(sheet.rows):
            others = tuple(plain(cells[label].text) for label in layout.labels if label != way)
            groups.setdefault(others, {})[plain(cells[way].text)] = row
        for group in groups.values():
            children: dict[str | None, list[int]] = {}
            for code, row in group.items():
                if not layout.is_total(code):
                    children.setdefault(layout.parents.get((way, code)) or None, []).append(row)
            # A row without a code is read as all of its kind, as one whose code says so.
            for code, row in group.items():
                rows = children.get(code, []) + (children.get(None, []) if layout.is_total(code) or not code else [])
                _sum(found, (row, column, ""), [(at, column, "") for at in rows if at != row])


def _sum(found: Numbers, total: Key, parts: Sequence[Key], rest_name: str = "others") -> None:
    """An equation where all its cells are numbers; what the parts leave of the total is a number of its own."""
    members = [part for part in parts if part in found.low]
    if not members or total not in found.low:
        return
    is_known = not ({total, *members} & found.hidden)
    least = found.low[total] - sum(found.high[part] for part in members)
    most = found.high[total] - sum(found.low[part] for part in members)
    if is_known and most < -1e-6:
        found.notes.append(total)
        return
    if not ({total} & found.hidden) and sum(found.low[part] for part in members if part not in found.hidden) > (
        found.high[total] + 1e-6
    ):
        found.notes.append(total)
        return
    is_whole = rest_name == "others" and len(members) == len(parts) and (not is_known or least <= 1e-6)
    if is_whole:
        found.sums.append(Sum(total, tuple(members)))
        return
    rest = (total[0], total[1], f"{rest_name} {members[0]} {len(found.sums)}")
    found.low[rest], found.high[rest] = (max(0.0, least), max(0.0, most)) if is_known else (0.0, 0.0)
    found.unshown.add(rest)
    found.sums.append(Sum(total, (*members, rest)))


def _small(found: Numbers, profile: Profile) -> None:
    """Counts under the threshold, rounded or not; of those hidden already it must stay possible that they reach it."""
    least = 0 if profile.zeros_are_sensitive else 1
    need = ProtectionLevel(lower=profile.threshold)
    for key in found.low:
        if key in found.hidden:
            found.needs[key] = need
        elif least <= found.low[key] and found.high[key] < profile.threshold:
            if key in found.unshown and found.low[key] == 0:
                continue
            found.needs[key] = need
            found.rules[key] = "remainder" if key in found.unshown else "threshold"


def _shared(found: Numbers, sheet: Sheet, layout: Layout, column: int, profile: Profile) -> None:
    """The counts that a share tells with its base, where no column has them: they add up as the base does.

    Of one that must be hidden the others of its group would tell it: 40 % of all 50 and 43 % of the 30 in the south.
    """
    part, base = layout.of.get(column, (None, None))
    wholes = layout.wholes(column)
    if part is not None or base is None or len(wholes) > 1:
        return
    disclosure, need = Disclosure(profile), ProtectionLevel(lower=profile.threshold)
    open_rows = []
    for row, cells in enumerate(sheet.rows):
        key, of, cell = (row, column, ""), (row, base, ""), cells[column]
        if of not in found.low or not (cell.number is not None or cell.mark):
            continue
        least, most = found.low[of], found.high[of]
        is_shown = cell.number is not None and of not in found.hidden
        if most == 0 and of not in found.hidden:
            low = high = 0.0
        elif is_shown:
            share, near = (cell.number or 0.0) / wholes[0], 0.5 * 10.0 ** -places_of(cell) / wholes[0]
            low = max(0.0, math.ceil((share - near) * least - 1e-6))
            high = min(most, math.floor((share + near) * most + 1e-6))
            people, everybody = round(share * (cells[base].number or 0.0)), round(cells[base].number or 0.0)
            if disclosure.percent(min(people, everybody), everybody).mark == "suppressed":
                open_rows.append(row)
        else:
            low = high = 0.0
            found.hidden.add(key)
            open_rows.append(row)
        found.low[key], found.high[key] = min(low, high), max(low, high)
        found.implied.add(key)
    _sums_down(found, sheet, layout, column)
    found.implied |= {key for key in found.unshown if key[1] == column}
    for row in open_rows:
        found.needs[row, column, ""] = need
        _sum(found, (row, base, ""), [(row, column, "")], "left by the share")
        rest = found.sums[-1].parts[-1] if found.sums else (row, column, "")
        if rest in found.unshown:
            found.needs[rest] = need
            found.implied.add(rest)
