"""Which further numbers to hide, so that no hidden one can be had from those shown.

Three ways, from the quickest to the cheapest. `by_lines` looks at one sum at a time and hides the smallest partner; it
serves thousands of numbers, and misses what a chain of sums tells. `by_flows` asks, of each number that the attack
still finds, for the change of the table that frees it at the least cost, and hides what that change touches (Kelly,
Golden and Assad 1992). `by_programme` chooses the cheapest set for all at once, an integer programme (Fischetti and
Salazar 2001), for tables of some hundred cells. The attack judges every one of them.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Generic, Literal

import numpy as np
from scipy.sparse import csr_array, diags_array, hstack, vstack

from quality.disclosure.attack import TOLERANCE, Attack, are_whole, exposed, intervals, possible, unmet
from quality.disclosure.lines import by_lines
from quality.disclosure.programme import Programme
from quality.disclosure.sums import Key, Known, Need

Method = Literal["quick", "cheapest"]
_NOUGHT = 60.0  # weight of a nought: whoever knows that it must be one is not misled by hiding it
_SMALL = 6_000  # numbers times needs that the integer programme is tried on
_NODES = 30  # that the integer programme looks through at most; not a time: a busy machine hides the same numbers
_LARGE = 100  # numbers of a table that is remembered; smaller ones are protected as soon as found again
_STRIPPED = 400  # complements that are looked at one by one, whether they are needed


@dataclass(frozen=True)
class Unprotectable(Exception):
    """Numbers that stay known whatever else is hidden, because what tells them is known elsewhere."""

    keys: frozenset[Any]


def protect(known: Known[Key], needs: Mapping[Key, Need], *, method: Method = "quick") -> frozenset[Key]:
    """What to hide: the numbers that need it and their complement. No number hidden can be recovered.

    Args:
        known: the numbers, their sums, and what is known elsewhere.
        needs: the numbers that must be hidden, and what must stay possible of each.
        method: "quick" for many tied tables; "cheapest" hides as little as it can.

    Raises:
        Unprotectable: what is known elsewhere tells numbers that need hiding.
    """
    if not needs:
        return frozenset()
    asked = _Asked(known, tuple(needs.items()), method)
    return (_remembered if len(known.low) >= _LARGE else _protected)(asked)


class _Asked(Generic[Key]):
    """What `protect` was asked. Two are one where all that they say is equal, and in one order."""

    def __init__(self, known: Known[Key], needs: tuple[tuple[Key, Need], ...], method: Method) -> None:
        self.known, self.needs, self.method = known, dict(needs), method
        numbers = tuple(known.low.items()), tuple(known.high.items()), tuple(known.sums)
        self._said = (*numbers, frozenset(known.unshown), frozenset(known.fixed), known.whole, needs, method)
        self._hash = hash(self._said)

    def __hash__(self) -> int:
        return self._hash

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Asked) and self._said == other._said


def _protected(asked: _Asked[Key]) -> frozenset[Key]:
    known, needs, method = asked.known, asked.needs, asked.method
    # In the order of the numbers: what a programme hides frees others, so that another order, such as a set's, which
    # every process has its own of, hides other numbers, and two pages of one run would show what each hides.
    needs = {key: needs[key] for key in known.low if key in needs}
    hidden = set(needs)
    if method == "quick" or not _is_small(known, needs):
        hidden |= by_lines(known, needs)
    elif exposed(known, hidden, needs):
        hidden |= by_programme(known, needs) or set()
    while told := exposed(known, hidden, needs):
        found = [key for key in needs if key in told]
        more = by_flows(known, hidden, {key: needs[key] for key in found})
        if more <= hidden:  # enough is possible of them, and nothing else than one number
            only = intervals(known, hidden, of=found)
            more = by_flows(known, hidden, {key: Need(least=only[key].low + 1) for key in found})
        if more <= hidden:
            raise Unprotectable(frozenset(found))
        hidden |= more
    if method == "cheapest":
        hidden = _stripped(known, hidden, needs)
    # A complement that can be reckoned tells nothing more when it is shown.
    reckoned = exposed(known, hidden, {key: Need() for key in hidden if key not in needs})
    return frozenset(hidden - reckoned)


_remembered = lru_cache(maxsize=32)(_protected)
"""A run's last lines, its report and its review release the same tables."""


def weights(known: Known[Key]) -> Any:
    """What is lost by hiding each number: more by large ones, little more; totals twice; noughts last."""
    totals = {line.total for line in known.sums}
    return np.array(
        [
            _NOUGHT if known.high[key] == 0 else math.log2(2 + known.high[key]) * (2 if key in totals else 1)
            for key in known.low
        ]
    )


def by_flows(known: Known[Key], hidden: Iterable[Key], needs: Mapping[Key, Need]) -> set[Key]:
    """What to hide beside `hidden`, so that each of `needs` is possible: one programme for each that still needs it.

    What one programme hides mostly frees its neighbours too. The attack, which solves for hidden numbers alone, tells
    at a fraction of the cost which they are: of those the programme would find that nothing more is to be hidden.
    """
    found = set(hidden)
    reader: Attack | None = None  # who sees what has been left since the last programme that hid anything
    for key, need in needs.items():
        # Of a number without bounds the programme asks for more than the attack.
        if reader and need != Need() and not unmet(reader, {key: need}):
            continue
        before = len(found)
        for low, high in ((need.least, None), (None, need.most)) if need != Need() else ((None, None),):
            if need == Need() or low is not None or high is not None:
                found |= _flow(known, found, key, low, high)
        if len(found) > before:
            reader = Attack(known, found)
    return found


def _flow(known: Known[Key], hidden: set[Key], key: Key, least: float | None, most: float | None) -> set[Key]:
    """The shown numbers that the cheapest change touches, by which a number comes to be what it needs to be."""
    low, high = known.bounds(hidden)
    place, matrix = known.place[key], known.matrix
    endless = 4 * max(1000.0, least or 0.0, *np.where(np.isfinite(high), high, low))
    high = np.minimum(high, endless)
    if least is None and most is None:  # another value than it has, whichever
        least = known.low[key] + 1
    low[place] = max(low[place], least or 0.0)
    high[place] = high[place] if most is None else min(high[place], most)
    shown = [known.place[k] for k in known.low if k not in hidden and k not in known.unshown and k not in known.fixed]
    if low[place] > high[place]:
        return set()
    lost = weights(known)[shown]
    columns = matrix[:, shown]
    # value = as it is shown, which has its own bounds, and a change up or down, which costs
    lines = hstack([matrix, columns, -columns], format="csr")
    cost = np.concatenate([np.zeros(matrix.shape[1]), lost, lost])
    nought = np.zeros(lines.shape[0])
    least_of = np.concatenate([low, np.zeros(2 * len(shown))])
    most_of = np.concatenate([high, np.full(len(shown), endless), low[shown]])
    programme = Programme(lines, nought, nought, least_of, most_of)
    found = programme.cheapest(cost)
    if found is not None and known.whole and not are_whole(found):
        found = programme.cheapest(cost, whole=True)
    if found is None:
        return set()
    changes = found[matrix.shape[1] :].reshape(2, -1).max(axis=0)
    keys = known.keys
    return {keys[shown[index]] for index in np.flatnonzero(changes > TOLERANCE)}


def by_programme(known: Known[Key], needs: Mapping[Key, Need]) -> set[Key] | None:
    """The cheapest complement for all needs at once, or None where the solver finds none among its first nodes.

    A variable for each number that may be hidden, and for each need a table of its own that shows it to be possible.
    """
    low, high = known.bounds(needs)
    keys, matrix, size = known.keys, known.matrix, len(known.place)
    may = [known.place[k] for k in keys if k not in needs and k not in known.unshown and k not in known.fixed]
    wanted = [
        (known.place[key], least, most) for key, need in needs.items() for least, most in _sides(known, key, need)
    ]
    reach = 3 * max(max((least or 0) - known.low[keys[place]], 1.0) for place, least, _ in wanted)
    reach = max(reach, *(3 * (known.high[keys[place]] - most) for place, _, most in wanted if most is not None), 3.0)
    endless = 4 * max(1000.0, reach, *np.where(np.isfinite(high), high, low))
    top = np.minimum(high, endless)
    pick = csr_array((np.ones(len(may)), (range(len(may)), may)), shape=(len(may), size))
    blocks, lower, upper = [], [], []
    bounds_low, bounds_high = [np.zeros(len(may))], [np.ones(len(may))]
    empty = csr_array((matrix.shape[0], len(may)))
    for number, (place, least, most) in enumerate(wanted):
        before, after = (csr_array((len(may), size * n)) for n in (number, len(wanted) - number - 1))
        gap, ahead = (csr_array((matrix.shape[0], size * n)) for n in (number, len(wanted) - number - 1))
        blocks.append(hstack([empty, gap, matrix, ahead]))
        blocks.append(hstack([diags_array(np.full(len(may), -float(reach))), before, pick, after]))
        blocks.append(hstack([diags_array(np.minimum(low[may], reach)), before, pick, after]))
        lower += [np.zeros(matrix.shape[0]), np.full(len(may), -np.inf), low[may]]
        upper += [np.zeros(matrix.shape[0]), top[may], np.full(len(may), np.inf)]
        floor, ceiling = low.copy(), top.copy()
        floor[may], ceiling[may] = np.maximum(low[may] - reach, 0.0), top[may] + reach
        floor[place] = max(floor[place], least or 0.0)
        ceiling[place] = ceiling[place] if most is None else min(ceiling[place], most)
        bounds_low.append(floor)
        bounds_high.append(ceiling)
    programme = Programme(
        vstack(blocks, format="csc"),
        *(np.concatenate(ends) for ends in (lower, upper, bounds_low, bounds_high)),
        mip_max_nodes=_NODES,
        mip_rel_gap=0.01,
    )
    apart = np.zeros(size * len(wanted))
    found = programme.cheapest(
        np.concatenate([weights(known)[may], apart]), whole=np.concatenate([np.ones(len(may)), apart])
    )
    if found is None:
        return None
    return {keys[may[index]] for index in np.flatnonzero(found[: len(may)] > 0.5)}


def _sides(known: Known[Key], key: Key, need: Need) -> list[tuple[float | None, float | None]]:
    if need == Need():
        return [(known.low[key] + 1, None)]
    return [(need.least, None)] * (need.least is not None) + [(None, need.most)] * (need.most is not None)


def _is_small(known: Known[Key], needs: Mapping[Key, Need]) -> bool:
    return len(known.place) * sum(len(_sides(known, key, need)) for key, need in needs.items()) <= _SMALL


def _stripped(known: Known[Key], hidden: set[Key], needs: Mapping[Key, Need]) -> set[Key]:
    """Without the complements that nothing needs, the costliest first."""
    lost, keys = weights(known), known.keys
    complement = sorted(hidden - set(needs), key=lambda key: (-lost[known.place[key]], known.place[key]))
    reader = Attack(known, hidden)
    is_sound = possible(known, needs)  # otherwise each is solved to its end, which tells of the contradiction
    for key in complement[:_STRIPPED]:
        tied = {keys[place] for place in reader.tied(key)}
        guarded = {one: needs[one] for one in needs if one in tied}
        if not unmet(reader.once_shown(key), guarded, one_will_do=is_sound):
            hidden = hidden - {key}
            reader = Attack(known, hidden)
    return hidden
