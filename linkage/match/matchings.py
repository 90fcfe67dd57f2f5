"""Matchings of the units of two sides, each with one partner at most, and how likely each pair is in them.

A matching is as likely as the product of the odds of its pairs: odds against both units being without a partner. The
marginal probability of a pair takes all competing pairs into account, and theirs. On graphs without cycles it comes
from belief propagation, exactly (Bayati, Shah and Sharma 2008; sum-product for monomer-dimer systems). Where pairs close
a cycle it comes from a sum over all matchings, unit by unit; where these are too many, from belief propagation, nearly.
"""

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Ids = npt.NDArray[np.int64]
Numbers = npt.NDArray[np.float64]

MOST_STATES = 512  # of a sum over matchings, at any unit; 13 units that all want the same 13 have no more than this
_MOST_ROUNDS = 500  # of belief propagation, which settles in some ten where no pairs close a cycle
_LOOKS = 10  # rounds between two looks at which components have settled
_SETTLED = 1e-9  # relative change of a message between two rounds


@dataclass(frozen=True)
class Pairs:
    """Pairs that stand against each other where they share a unit of either side.

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
        """Some of them."""
        return Pairs(self.left[places], self.right[places], self.weight[places])


def numbered(units: npt.NDArray[np.int64]) -> Ids:
    """Ids as numbers from 0, in their order."""
    return np.unique(units, return_inverse=True)[1].astype(np.int64)


def components(pairs: Pairs) -> Ids:
    """For each pair the number of the component that it belongs to."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    lefts, rights = int(pairs.left.max(initial=-1)) + 1, int(pairs.right.max(initial=-1)) + 1
    ends = (pairs.left, pairs.right + lefts)
    graph = coo_array((np.ones(len(pairs), np.int8), ends), shape=(lefts + rights, lefts + rights))
    label: Ids = connected_components(graph, directed=False)[1].astype(np.int64)[pairs.left]
    return label


def probabilities(pairs: Pairs) -> Numbers:
    """The marginal probability of each pair: exact where no pairs close a cycle, and where those that do are few."""
    found, others = np.zeros(len(pairs)), np.ones(len(pairs), bool)
    for places in _with_cycles(pairs):
        if every := Matchings.of(pairs.of(places)):
            found[places], others[places] = every.probabilities(), False
    found[others] = messages(pairs.of(others))
    return found


def _with_cycles(pairs: Pairs) -> list[Ids]:
    """The places of the pairs of each component that has as many pairs as units or more."""
    if not len(pairs):
        return []
    label = np.unique(components(pairs), return_inverse=True)[1]
    count = int(label.max()) + 1
    units = sum(
        np.bincount(label[np.unique(side, return_index=True)[1]], minlength=count) for side in (pairs.left, pairs.right)
    )
    sizes = np.bincount(label, minlength=count)
    order = np.argsort(label, kind="stable")
    ends = np.cumsum(sizes)
    return [order[ends[one] - sizes[one] : ends[one]] for one in np.flatnonzero(sizes >= units)]


def messages(pairs: Pairs) -> Numbers:
    """Marginal probabilities by messages: exact without cycles, near with them.

    What has settled is not computed again, so that a few slow components do not keep the others waiting.
    """
    odds = np.exp2(np.clip(pairs.weight, -200.0, 200.0))
    free_left, free_right = np.ones(len(pairs)), np.ones(len(pairs))
    moving, at = np.arange(len(pairs)), pairs
    of_left, of_right = _OfUnit(at.left), _OfUnit(at.right)
    for round_ in range(_MOST_ROUNDS):
        old_left, old_right = free_left[moving], free_right[moving]
        new_left = 1 / (1 + of_left.others(odds[moving] * old_right))
        new_right = 1 / (1 + of_right.others(odds[moving] * new_left))
        if round_ > 20:  # a cycle swings between a bound from above and one from below
            new_left, new_right = np.sqrt(new_left * old_left), np.sqrt(new_right * old_right)
        free_left[moving], free_right[moving] = new_left, new_right
        unsettled = (np.abs(new_left / old_left - 1) >= _SETTLED) | (np.abs(new_right / old_right - 1) >= _SETTLED)
        if not unsettled.any():
            break
        if round_ % _LOOKS == 0:
            label = components(at)
            moving = moving[np.isin(label, label[unsettled])]
            at = pairs.of(moving)
            of_left, of_right = _OfUnit(at.left), _OfUnit(at.right)
    joined = odds * free_left * free_right
    probability: Numbers = joined / (1 + joined)
    return probability


class _OfUnit:
    """Pairs grouped by their unit, for sums over the other pairs of it."""

    def __init__(self, unit: Ids) -> None:
        self._order = np.argsort(unit, kind="stable")
        ordered = unit[self._order]
        self._first = np.flatnonzero(np.diff(ordered, prepend=-1))
        self._sizes = np.diff(self._first, append=len(ordered))

    def others(self, values: Numbers) -> Numbers:
        """For each pair the sum over the other pairs of its unit; the largest apart, lest it drown them."""
        if not len(values):
            return values
        ordered = values[self._order]
        most = np.repeat(np.maximum.reduceat(ordered, self._first), self._sizes)
        place = np.where(ordered == most, np.arange(len(ordered)), len(ordered))
        largest = np.minimum.reduceat(place, self._first)  # of equal ones the first
        rest = ordered.copy()
        rest[largest] = 0.0
        others = np.repeat(np.add.reduceat(rest, self._first), self._sizes)
        sums = np.maximum(others - ordered, 0.0) + most
        sums[largest] = others[largest]
        found: Numbers = np.empty_like(sums)
        found[self._order] = sums
        return found


@dataclass(frozen=True)
class _Unit:
    """A left unit in the order of the sum: its pairs as (place, bit of the right unit, weight), and what comes after.

    Attributes:
        later: bits of the right units that a later left unit may still take.
        base: the largest weight, 0 at least, by which the odds are divided so that none overflows.
    """

    pairs: tuple[tuple[int, int, float], ...]
    later: int
    base: float

    def choices(self, taken: int) -> Iterator[tuple[int, float, int]]:
        """Each thing that the unit can do: the place of its pair or -1, how likely, and what is taken then."""
        yield -1, 2.0**-self.base, taken & self.later
        for place, bit, weight in self.pairs:
            if not taken & bit:
                yield place, 2.0 ** (weight - self.base), (taken | bit) & self.later


@dataclass(frozen=True)
class Matchings:
    """All matchings of one component, as a walk over its left units that remembers which right ones are taken.

    Attributes:
        ahead: for each unit and what is taken, how likely all that can follow is, up to a factor of the unit.
    """

    units: Sequence[_Unit]
    ahead: Sequence[dict[int, float]]
    pairs: int

    @classmethod
    def of(cls, pairs: Pairs) -> "Matchings | None":
        """None where too many right units may be taken in too many ways."""
        units = _in_order(pairs)
        reached = [{0}]
        for unit in units:
            reached.append({then for taken in reached[-1] for _, _, then in unit.choices(taken)})
            if len(reached[-1]) > MOST_STATES:
                return None
        ahead: list[dict[int, float]] = [{0: 1.0}]
        for unit, states in zip(reversed(units), reversed(reached[:-1]), strict=True):
            behind = ahead[-1]
            sums = {taken: sum(odds * behind[then] for _, odds, then in unit.choices(taken)) for taken in states}
            largest = max(sums.values()) or 1.0
            ahead.append({taken: value / largest for taken, value in sums.items()})
        return cls(units, ahead[::-1], len(pairs))

    def probabilities(self) -> Numbers:
        """The marginal probability of each pair."""
        found = np.zeros(self.pairs)
        arrived = {0: 1.0}  # how likely the walk comes here with these taken
        for unit, following in zip(self.units, self.ahead[1:], strict=True):
            then_arrived: dict[int, float] = {}
            for taken, chance in arrived.items():
                for place, share, then in self._shares(unit, taken, following):
                    then_arrived[then] = then_arrived.get(then, 0.0) + chance * share
                    if place >= 0:
                        found[place] += chance * share
            arrived = then_arrived
        return found

    def draw(self, chance: np.random.Generator) -> list[int]:
        """The places of the pairs of one matching, drawn as likely as it is."""
        drawn, taken = [], 0
        for unit, following in zip(self.units, self.ahead[1:], strict=True):
            point = chance.random()
            for place, share, then in self._shares(unit, taken, following):
                chosen = place, then
                point -= share
                if point < 0:
                    break
            place, taken = chosen
            if place >= 0:
                drawn.append(place)
        return drawn

    @staticmethod
    def _shares(unit: _Unit, taken: int, following: dict[int, float]) -> list[tuple[int, float, int]]:
        """What the unit does, with the probability given what is taken before it."""
        ways = [(place, odds * following[then], then) for place, odds, then in unit.choices(taken)]
        total = sum(likely for _, likely, _ in ways)
        return [(place, likely / total, then) for place, likely, then in ways if likely > 0] if total else ways[:1]


def _in_order(pairs: Pairs) -> list[_Unit]:
    """The left units, each next to those that share a partner with it, so that few right units are open at a time."""
    of_left: dict[int, list[int]] = {}
    of_right: dict[int, list[int]] = {}
    for place, (left, right) in enumerate(zip(pairs.left.tolist(), pairs.right.tolist(), strict=True)):
        of_left.setdefault(left, []).append(place)
        of_right.setdefault(right, []).append(place)
    left_of, right_of, weights = pairs.left.tolist(), pairs.right.tolist(), pairs.weight.tolist()
    order: dict[int, None] = {}
    met: set[int] = set()  # right units whose partners all stand in the order
    for start in sorted(of_left, key=lambda left: (len(of_left[left]), left)):
        waiting = deque([] if start in order else [start])
        order.setdefault(start)
        while waiting:
            for right in {right_of[place]: None for place in of_left[waiting.popleft()]}:
                near = [] if right in met else [left_of[place] for place in of_right[right]]
                met.add(right)
                waiting += [left for left in near if left not in order]
                order |= dict.fromkeys(near)
    bits = {right: 1 << number for number, right in enumerate(of_right)}
    units, later = [], 0
    for left in reversed(order):
        mine = tuple((place, bits[right_of[place]], weights[place]) for place in of_left[left])
        units.append(_Unit(mine, later, max(0.0, *(weight for _, _, weight in mine))))
        later |= sum(bit for _, bit, _ in mine if not later & bit)
    return units[::-1]
