"""Secondary suppression: which further numbers to hide, so that published ones do not
disclose a hidden one.

Two heuristics. `line_by_line` hides the smallest partner in one sum at a time; it
serves thousands of numbers, and misses chains of sums. `by_flows` finds, for each
number that the attack still discloses, the cheapest change of the table that protects
it, and hides what that change touches (Kelly, Golden and Assad 1992). The attack
decides on both.
"""

import math
from collections.abc import Iterable, Mapping, Sequence, Set
from typing import Any, Literal

import numpy as np
from scipy.sparse import hstack

from quality.disclosure.attack import (
    TOLERANCE,
    Attack,
    Programme,
    are_whole,
    disclosed,
    intervals,
    is_consistent,
    underprotected,
)
from quality.disclosure.bounds import (
    AttackerBounds,
    Key,
    ProtectionLevel,
    Sum,
    exact_bounds,
)

Method = Literal["quick", "cheapest"]
Levels = Mapping[Key, ProtectionLevel]
_ANY = ProtectionLevel()
# cost of hiding a zero, above that of any count: a zero that sums imply protects
# nothing
_ZERO_COST = 60.0
# numbers of a table from which results are cached; smaller ones are as fast to solve
_CACHED_SIZE = 100
# numbers times levels of a table up to which line by line, which hides more, is not
# needed
_FLOWS_ONLY = 6_000
_CACHED = 32  # tables whose results are cached
_CACHE: dict[
    Any, frozenset[Any]
] = {}  # of this process: a run's summary, report and review release the same tables
_REVIEWED = 400  # complements that are tested one by one for being needed


class Unprotectable(Exception):
    """Numbers (`keys`) that cannot be protected, because fixed numbers disclose
    them.
    """

    def __init__(self, keys: frozenset[Any]) -> None:
        super().__init__(f"{len(keys)} numbers cannot be protected")
        self.keys = keys


def suppress(
    counts: Mapping[Key, int],
    sums: Sequence[Sum[Key]],
    *,
    threshold: int,
    zeros_are_sensitive: bool = False,
    sensitive: Iterable[Key] = (),
    unpublished: Iterable[Key] = (),
    fixed: Iterable[Key] = (),
    method: Method = "quick",
) -> frozenset[Key]:
    """The counts to hide: small ones and their complement.

    A hidden small count must still possibly reach the threshold, so that it cannot be
    distinguished from a complement. Tables that share totals are judged together: what
    one shows must not disclose what another hides.

    Args:
        counts: exact counts.
        sums: the equations between them: rows, columns, subtotals.
        threshold: a count below it is hidden; zero only where `zeros_are_sensitive`.
        sensitive: further keys to hide, for example totals that one contributor
            dominates.
        unpublished: keys that stand in no table, such as a difference of two counts. A
            small one is protected like any other.
        fixed: keys that are published elsewhere and cannot be hidden.

    Raises:
        ValueError: a sum does not hold or names a key that has no count.
        Unprotectable: fixed counts disclose a small one.
    """
    table = exact_bounds(counts, sums, unpublished=unpublished, fixed=fixed)
    floor = 0 if zeros_are_sensitive else 1
    levels = {
        key: ProtectionLevel(lower=threshold)
        for key, count in counts.items()
        if floor <= count < threshold
    }
    return protect(
        table, levels | {key: levels.get(key, _ANY) for key in sensitive}, method=method
    )


def protect(
    table: AttackerBounds[Key], levels: Levels[Key], *, method: Method = "quick"
) -> frozenset[Key]:
    """The numbers to hide: those with a protection level and their complement.

    Args:
        method: "quick" for many linked tables; "cheapest" hides as little as it can.

    Raises:
        Unprotectable: fixed numbers disclose numbers that need protection.
    """
    if not levels:
        return frozenset()
    if len(table.low) < _CACHED_SIZE:
        return _protected(table, levels, method)
    numbers = (tuple(part.items()) for part in (table.low, table.high, levels))
    sets = frozenset(table.unpublished), frozenset(table.fixed)
    content = *numbers, *sets, tuple(table.sums), table.is_integer, method
    if content not in _CACHE:
        if len(_CACHE) == _CACHED:
            _CACHE.clear()
        _CACHE[content] = _protected(table, levels, method)
    return _CACHE[content]


def _protected(
    table: AttackerBounds[Key], levels: Levels[Key], method: Method
) -> frozenset[Key]:
    # In the order of the numbers: what one programme hides protects others, so the
    # order must not depend on hashing.
    levels = {key: levels[key] for key in table.low if key in levels}
    is_large = len(table.low) * len(levels) > _FLOWS_ONLY
    suppressed = set(levels) | (
        line_by_line(table, levels) if method == "quick" or is_large else set()
    )
    while open_keys := disclosed(table, suppressed, levels):
        keys = [key for key in levels if key in open_keys]
        additions = by_flows(table, suppressed, {key: levels[key] for key in keys})
        if additions <= suppressed:  # the level is met, and only one value is possible
            exact = intervals(table, suppressed, of=keys)
            additions = by_flows(
                table,
                suppressed,
                {key: ProtectionLevel(lower=exact[key].low + 1) for key in keys},
            )
        if additions <= suppressed:
            raise Unprotectable(frozenset(keys))
        suppressed |= additions
    if method == "cheapest":
        suppressed = _without_needless(table, suppressed, levels)
    # A complement that can be calculated protects nothing.
    calculable = disclosed(
        table, suppressed, {key: _ANY for key in suppressed if key not in levels}
    )
    return frozenset(suppressed - calculable)


def costs(table: AttackerBounds[Any]) -> Any:
    """The information lost by hiding each number: more for larger ones, doubled for
    totals, most for zeros.
    """
    totals = {line.total for line in table.sums}
    return np.array(
        [
            _ZERO_COST
            if table.high[key] == 0
            else math.log2(2 + table.high[key]) * (2 if key in totals else 1)
            for key in table.low
        ]
    )


def line_by_line(table: AttackerBounds[Key], levels: Levels[Key]) -> set[Key]:
    """Numbers to hide so that no sum by itself discloses a hidden one, or that its
    hidden parts are together too few.

    A part is hidden before the total, which other tables show; a zero last.
    """
    floor = max((level.lower or 0.0 for level in levels.values()), default=0.0)
    suppressed, unseen_keys = set(levels), {*levels, *table.unpublished}
    is_changed = True
    while is_changed:
        is_changed = False
        for line in table.sums:
            while _discloses(line, table, suppressed, unseen_keys, floor):
                partner = (
                    _partner(
                        table,
                        [key for key in line.parts if table.high[key]],
                        unseen_keys,
                    )
                    or _partner(
                        table,
                        [line.total] if table.high[line.total] else [],
                        unseen_keys,
                    )
                    or _partner(table, line.members, unseen_keys)
                )
                if partner is None:
                    break
                suppressed.add(partner[0])
                unseen_keys.add(partner[0])
                is_changed = True
    return suppressed


def _discloses(
    line: Sum[Key],
    table: AttackerBounds[Key],
    suppressed: Set[Key],
    unseen_keys: Set[Key],
    floor: float,
) -> bool:
    parts = [key for key in line.parts if key in unseen_keys]
    if line.total in unseen_keys:
        return not parts and line.total in suppressed
    if not any(key in suppressed for key in parts):
        return False
    rest = table.high[line.total] - sum(
        table.low[key] for key in line.parts if key not in unseen_keys
    )
    return len(parts) == 1 or rest < floor


def _partner(
    table: AttackerBounds[Key], keys: Sequence[Key], unseen_keys: Set[Key]
) -> tuple[Key] | None:
    """The smallest shown number that is not zero; a zero where there is no other."""
    candidates = [
        key for key in keys if key not in unseen_keys and key not in table.fixed
    ]
    if not candidates:
        return None
    return (
        min(
            candidates,
            key=lambda key: (table.high[key] == 0, table.high[key], repr(key)),
        ),
    )


def by_flows(
    table: AttackerBounds[Key], hidden: Iterable[Key], levels: Levels[Key]
) -> set[Key]:
    """Numbers to hide, with `hidden`, so that each level is met: one programme for each
    that is still disclosed.

    What one programme hides mostly protects neighbours too, which the attack finds at a
    fraction of the cost.
    """
    suppressions = set(hidden)
    attacker: Attack | None = (
        None  # who sees what has been left since the last programme that hid anything
    )
    for key, level in levels.items():
        # Where any other value will do, the programme asks for more than the attack.
        if attacker and level != _ANY and not underprotected(attacker, {key: level}):
            continue
        before = len(suppressions)
        for lower, upper in _sides(level) or [(None, None)]:
            suppressions |= _flow(table, suppressions, key, lower, upper)
        if len(suppressions) > before:
            attacker = Attack(table, suppressions)
    return suppressions


def _flow(
    table: AttackerBounds[Key],
    suppressed: set[Key],
    key: Key,
    lower: float | None,
    upper: float | None,
) -> set[Key]:
    """The shown numbers that the cheapest change touches by which a number reaches its
    level.
    """
    low, high = table.bounds(suppressed)
    place, matrix = table.place[key], table.matrix
    infinite = 4 * max(1000.0, lower or 0.0, *np.where(np.isfinite(high), high, low))
    high = np.minimum(high, infinite)
    if lower is None and upper is None:  # any value other than its own
        lower = table.low[key] + 1
    low[place] = max(low[place], lower or 0.0)
    high[place] = high[place] if upper is None else min(high[place], upper)
    places = [
        table.place[k]
        for k in table.low
        if k not in {*suppressed, *table.unpublished, *table.fixed}
    ]
    if low[place] > high[place]:
        return set()
    cost_of = costs(table)[places]
    columns = matrix[:, places]
    # value = the published one, within its own bounds, plus a change up or down, which
    # costs
    lines = hstack([matrix, columns, -columns], format="csr")
    cost = np.concatenate([np.zeros(matrix.shape[1]), cost_of, cost_of])
    zero = np.zeros(lines.shape[0])
    lower_bounds = np.concatenate([low, np.zeros(2 * len(places))])
    upper_bounds = np.concatenate([high, np.full(len(places), infinite), low[places]])
    programme = Programme(lines, zero, zero, lower_bounds, upper_bounds)
    solution = programme.cheapest(cost)
    if solution is not None and table.is_integer and not are_whole(solution):
        solution = programme.cheapest(cost, whole=True)
    if solution is None:
        return set()
    changes = solution[matrix.shape[1] :].reshape(2, -1).max(axis=0)
    keys = table.keys
    return {keys[places[index]] for index in np.flatnonzero(changes > TOLERANCE)}


def _sides(level: ProtectionLevel) -> list[tuple[float | None, float | None]]:
    """The bounds of a level, one at a time; none where any other value will do."""
    lower = [(level.lower, None)] if level.lower is not None else []
    return [*lower, *([(None, level.upper)] if level.upper is not None else [])]


def _without_needless(
    table: AttackerBounds[Key], suppressed: set[Key], levels: Levels[Key]
) -> set[Key]:
    """Without the complements that no level needs, the costliest first."""
    cost, keys = costs(table), table.keys
    complement = sorted(
        suppressed - set(levels),
        key=lambda key: (-cost[table.place[key]], table.place[key]),
    )
    attacker = Attack(table, suppressed)
    is_sound = is_consistent(
        table, levels
    )  # otherwise each is solved to its end, which finds the contradiction
    for key in complement[:_REVIEWED]:
        connected = {keys[place] for place in attacker.tied(key)}
        protected = {one: levels[one] for one in levels if one in connected}
        if not underprotected(attacker.once_shown(key), protected, first_only=is_sound):
            suppressed = suppressed - {key}
            attacker = Attack(table, suppressed)
    return suppressed
