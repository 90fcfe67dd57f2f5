"""Matchings of the units of two sides, each with one partner at most, and the marginal
probability of each pair.

The odds of a matching are the product of the odds of its pairs: odds against both units
being without a partner. The marginal probability of a pair takes all competing pairs
into account, and theirs. On graphs without cycles it comes from belief propagation,
exactly (Bayati, Shah and Sharma 2008; sum-product for monomer-dimer systems). Where
pairs close a cycle it comes from a sum over all matchings, unit by unit; where these
are too many, from belief propagation as an approximation.
"""

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Ids = npt.NDArray[np.int64]
Numbers = npt.NDArray[np.float64]

# of a sum over matchings, at any unit; 13 units with the same 13 candidates have no
# more than this
MOST_STATES = 512
# of belief propagation, which converges in some ten where no pairs close a cycle
_MOST_ROUNDS = 500
_LOOKS = 10  # rounds between two checks of which components have converged
_SETTLED = 1e-9  # relative change of a message between two rounds


@dataclass(frozen=True)
class Pairs:
    """Pairs that compete where they share a unit of either side.

    Attributes:
        left, right: numbers of units, from 0.
        weight: log2 odds of each pair.
    """

    left: Ids
    right: Ids
    weight: Numbers

    def __len__(self) -> int:
        return len(self.weight)

    def of(self, places: npt.NDArray[np.bool_] | Ids) -> "Pairs":
        """The pairs at these places."""
        return Pairs(self.left[places], self.right[places], self.weight[places])


def numbered(units: npt.NDArray[np.int64]) -> Ids:
    """Ids as numbers from 0, in their order."""
    return np.unique(units, return_inverse=True)[1].astype(np.int64)


def components(pairs: Pairs) -> Ids:
    """For each pair the number of the component that it belongs to."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    lefts, rights = (
        int(pairs.left.max(initial=-1)) + 1,
        int(pairs.right.max(initial=-1)) + 1,
    )
    ends = (pairs.left, pairs.right + lefts)
    graph = coo_array(
        (np.ones(len(pairs), np.int8), ends), shape=(lefts + rights, lefts + rights)
    )
    label: Ids = connected_components(graph, directed=False)[1].astype(np.int64)[
        pairs.left
    ]
    return label


def probabilities(pairs: Pairs) -> Numbers:
    """The marginal probability of each pair: exact without cycles, and with cycles of
    few pairs.
    """
    posteriors, by_messages = np.zeros(len(pairs)), np.ones(len(pairs), bool)
    for places in _with_cycles(pairs):
        if matchings := Matchings.of(pairs.of(places)):
            posteriors[places], by_messages[places] = matchings.probabilities(), False
    posteriors[by_messages] = messages(pairs.of(by_messages))
    return posteriors


def _with_cycles(pairs: Pairs) -> list[Ids]:
    """The places of the pairs of each component that has as many pairs as units or
    more.
    """
    if not len(pairs):
        return []
    label = np.unique(components(pairs), return_inverse=True)[1]
    count = int(label.max()) + 1
    units = sum(
        np.bincount(label[np.unique(side, return_index=True)[1]], minlength=count)
        for side in (pairs.left, pairs.right)
    )
    sizes = np.bincount(label, minlength=count)
    order = np.argsort(label, kind="stable")
    ends = np.cumsum(sizes)
    return [
        order[ends[one] - sizes[one] : ends[one]]
        for one in np.flatnonzero(sizes >= units)
    ]


def messages(pairs: Pairs) -> Numbers:
    """Marginal probabilities by belief propagation: exact without cycles, approximate
    with them.

    Components that have converged are not computed again, so that a few slow ones cost
    little.
    """
    odds = np.exp2(np.clip(pairs.weight, -200.0, 200.0))
    free_left, free_right = np.ones(len(pairs)), np.ones(len(pairs))
    moving, moving_pairs = np.arange(len(pairs)), pairs
    left_units, right_units = _OfUnit(moving_pairs.left), _OfUnit(moving_pairs.right)
    for round_ in range(_MOST_ROUNDS):
        old_left, old_right = free_left[moving], free_right[moving]
        new_left = 1 / (1 + left_units.others(odds[moving] * old_right))
        new_right = 1 / (1 + right_units.others(odds[moving] * new_left))
        if round_ > 20:  # a cycle swings between a bound from above and one from below
            new_left, new_right = (
                np.sqrt(new_left * old_left),
                np.sqrt(new_right * old_right),
            )
        free_left[moving], free_right[moving] = new_left, new_right
        is_unsettled = (np.abs(new_left / old_left - 1) >= _SETTLED) | (
            np.abs(new_right / old_right - 1) >= _SETTLED
        )
        if not is_unsettled.any():
            break
        if round_ % _LOOKS == 0:
            label = components(moving_pairs)
            moving = moving[np.isin(label, label[is_unsettled])]
            moving_pairs = pairs.of(moving)
            left_units, right_units = (
                _OfUnit(moving_pairs.left),
                _OfUnit(moving_pairs.right),
            )
    pair_odds = odds * free_left * free_right
    probability: Numbers = pair_odds / (1 + pair_odds)
    return probability


class _OfUnit:
    """Pairs grouped by their unit, for sums over the other pairs of it."""

    def __init__(self, unit: Ids) -> None:
        self._order = np.argsort(unit, kind="stable")
        sorted_units = unit[self._order]
        self._first = np.flatnonzero(np.diff(sorted_units, prepend=-1))
        self._sizes = np.diff(self._first, append=len(sorted_units))

    def others(self, values: Numbers) -> Numbers:
        """For each pair the sum over the other pairs of its unit; the largest is added
        last, so that they keep their digits.
        """
        if not len(values):
            return values
        sorted_values = values[self._order]
        maxima = np.repeat(np.maximum.reduceat(sorted_values, self._first), self._sizes)
        place = np.where(
            sorted_values == maxima, np.arange(len(sorted_values)), len(sorted_values)
        )
        largest = np.minimum.reduceat(place, self._first)  # of equal ones the first
        rest = sorted_values.copy()
        rest[largest] = 0.0
        others = np.repeat(np.add.reduceat(rest, self._first), self._sizes)
        sums = np.maximum(others - sorted_values, 0.0) + maxima
        sums[largest] = others[largest]
        sums_in_order: Numbers = np.empty_like(sums)
        sums_in_order[self._order] = sums
        return sums_in_order


@dataclass(frozen=True)
class _Unit:
    """A left unit in the order of the sum: its pairs as (place, bit of the right unit,
    weight).

    Attributes:
        later_bits: bits of the right units that are candidates of a later left unit.
        base: the largest weight, 0 at least, by which the odds are divided so that none
            overflows.
    """

    pairs: tuple[tuple[int, int, float], ...]
    later_bits: int
    base: float

    def choices(self, state: int) -> Iterator[tuple[int, float, int]]:
        """Each choice of the unit: the place of its pair or -1, its odds, and the state
        after it (bits of matched units).
        """
        yield -1, 2.0**-self.base, state & self.later_bits
        for place, bit, weight in self.pairs:
            if not state & bit:
                yield (
                    place,
                    2.0 ** (weight - self.base),
                    (state | bit) & self.later_bits,
                )


@dataclass(frozen=True)
class Matchings:
    """All matchings of one component, unit by unit of the left; the state is which
    right units are matched (bits).

    Attributes:
        ahead: for each unit, state to the odds of all matchings of the units from it
            on, up to a factor of the unit.
    """

    units: Sequence[_Unit]
    ahead: Sequence[dict[int, float]]
    pairs: int

    @classmethod
    def of(cls, pairs: Pairs) -> "Matchings | None":
        """None where a unit has more than MOST_STATES states."""
        units = _in_order(pairs)
        state_sets = [{0}]
        for unit in units:
            state_sets.append(
                {
                    target
                    for state in state_sets[-1]
                    for _, _, target in unit.choices(state)
                }
            )
            if len(state_sets[-1]) > MOST_STATES:
                return None
        odds_ahead: list[dict[int, float]] = [{0: 1.0}]
        for unit, states in zip(
            reversed(units), reversed(state_sets[:-1]), strict=True
        ):
            next_odds = odds_ahead[-1]
            sums = {
                state: sum(
                    odds * next_odds[target] for _, odds, target in unit.choices(state)
                )
                for state in states
            }
            largest = max(sums.values()) or 1.0
            odds_ahead.append({state: value / largest for state, value in sums.items()})
        return cls(units, odds_ahead[::-1], len(pairs))

    def probabilities(self) -> Numbers:
        """The marginal probability of each pair."""
        posteriors = np.zeros(self.pairs)
        state_chances = {0: 1.0}  # state to its probability
        for unit, next_odds in zip(self.units, self.ahead[1:], strict=True):
            next_chances: dict[int, float] = {}
            for state, chance in state_chances.items():
                for place, share, target in self._shares(unit, state, next_odds):
                    next_chances[target] = (
                        next_chances.get(target, 0.0) + chance * share
                    )
                    if place >= 0:
                        posteriors[place] += chance * share
            state_chances = next_chances
        return posteriors

    def draw(self, chance: np.random.Generator) -> list[int]:
        """The places of the pairs of one matching, drawn by its probability."""
        places, state = [], 0
        for unit, next_odds in zip(self.units, self.ahead[1:], strict=True):
            point = chance.random()
            for place, share, target in self._shares(unit, state, next_odds):
                choice = place, target
                point -= share
                if point < 0:
                    break
            place, state = choice
            if place >= 0:
                places.append(place)
        return places

    @staticmethod
    def _shares(
        unit: _Unit, state: int, next_odds: dict[int, float]
    ) -> list[tuple[int, float, int]]:
        """The choices of the unit with their probabilities given the state."""
        choices = [
            (place, odds * next_odds[target], target)
            for place, odds, target in unit.choices(state)
        ]
        total = sum(odds for _, odds, _ in choices)
        return (
            [
                (place, odds / total, target)
                for place, odds, target in choices
                if odds > 0
            ]
            if total
            else choices[:1]
        )


def _in_order(pairs: Pairs) -> list[_Unit]:
    """The left units, each next to those that share a partner with it, so that few
    right units are open at a time.
    """
    places_of_left: dict[int, list[int]] = {}
    places_of_right: dict[int, list[int]] = {}
    for place, (left, right) in enumerate(
        zip(pairs.left.tolist(), pairs.right.tolist(), strict=True)
    ):
        places_of_left.setdefault(left, []).append(place)
        places_of_right.setdefault(right, []).append(place)
    left_of, right_of, weights = (
        pairs.left.tolist(),
        pairs.right.tolist(),
        pairs.weight.tolist(),
    )
    order: dict[int, None] = {}
    placed_rights: set[int] = set()  # right units whose partners are all in the order
    for start in sorted(
        places_of_left, key=lambda left: (len(places_of_left[left]), left)
    ):
        queue = deque([] if start in order else [start])
        order.setdefault(start)
        while queue:
            for right in {
                right_of[place]: None for place in places_of_left[queue.popleft()]
            }:
                neighbours = (
                    []
                    if right in placed_rights
                    else [left_of[place] for place in places_of_right[right]]
                )
                placed_rights.add(right)
                queue += [left for left in neighbours if left not in order]
                order |= dict.fromkeys(neighbours)
    bits = {right: 1 << number for number, right in enumerate(places_of_right)}
    units, later_bits = [], 0
    for left in reversed(order):
        own_pairs = tuple(
            (place, bits[right_of[place]], weights[place])
            for place in places_of_left[left]
        )
        units.append(
            _Unit(
                own_pairs, later_bits, max(0.0, *(weight for _, _, weight in own_pairs))
            )
        )
        later_bits |= sum(bit for _, bit, _ in own_pairs if not later_bits & bit)
    return units[::-1]
