"""All the ways to pair the units of two sides, each with one partner at most, and how likely they are.

A matching is as likely as the product of the odds of its pairs: odds against both units being without a partner. What
follows for one pair, its marginal probability, takes all its rivals into account, and theirs. On graphs without cycles
it comes from messages between units, each of which says how likely a unit is to be free for a partner when that partner
is left out (Bayati, Shah and Sharma 2008; sum-product for monomer-dimer systems). Where pairs close a cycle it comes
from a sum over all matchings, unit by unit.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Ids = npt.NDArray[np.int64]
Numbers = npt.NDArray[np.float64]

MOST_STATES = 512  # of a sum over matchings, at any unit; 13 units that all want the same 13 have no more than this
_MOST_ROUNDS = 500
_LOOKS = 10  # rounds between two looks at which components have settled
_SETTLED = 1e-9


@dataclass(frozen=True)
class Pairs:
    """Pairs that stand against each other where they share a unit of either side.

    Attributes:
        left, right: numbers of units, from nought.
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
    """Ids as numbers from nought, in their order."""
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
    found = messages(pairs)
    squares, others = _with_cycles(pairs)
    found[squares] = _of_squares(pairs, squares)
    for places in others:
        every = Matchings.of(pairs.of(places))
        if every is not None:
            found[places] = every.probabilities()
    return found


def _with_cycles(pairs: Pairs) -> tuple[Ids, list[Ids]]:
    """The pairs of each component that has as many pairs as units or more.

    Returns:
        Components of two units a side, all of whose four pairs there are: a row each, by left and right unit; and the
        others. The first are most of them: two people of one name and birth date in both files.
    """
    none = np.zeros((0, 4), np.int64)
    if not len(pairs):
        return none, []
    label = components(pairs)
    count = int(label.max()) + 1
    of_side = [np.bincount(label[np.unique(side, return_index=True)[1]], minlength=count) for side in _sides(pairs)]
    order = np.lexsort((pairs.right, pairs.left, label))
    sizes = np.bincount(label, minlength=count)
    ends = np.cumsum(sizes)
    square = (sizes == 4) & (of_side[0] == 2) & (of_side[1] == 2)
    cyclic = (sizes >= of_side[0] + of_side[1]) & ~square
    squares = order[(ends - sizes)[square, None] + np.arange(4)] if square.any() else none
    return squares, [
        order[ends[component] - sizes[component] : ends[component]] for component in np.flatnonzero(cyclic)
    ]


def _of_squares(pairs: Pairs, squares: Ids) -> Numbers:
    """Marginal probabilities of pairs a-c, a-d, b-c, b-d, a row each: none joined, one, or two that share no unit."""
    weight = pairs.weight[squares]
    opposite = weight[:, ::-1]  # a-c with b-d, a-d with b-c
    ways = np.concatenate([np.zeros((len(squares), 1)), weight, (weight + opposite)[:, :2]], axis=1)
    odds = np.exp2(ways - ways.max(axis=1, keepdims=True))
    together = odds[:, [5, 6, 6, 5]]
    joined: Numbers = (odds[:, 1:5] + together) / odds.sum(axis=1, keepdims=True)
    return joined


def _sides(pairs: Pairs) -> tuple[Ids, Ids]:
    return pairs.left, pairs.right


def messages(pairs: Pairs) -> Numbers:
    """Marginal probabilities by messages: exact without cycles, near with them.

    What has settled is left alone, so that a few stubborn components do not keep all the others waiting.
    """
    odds = np.exp2(np.clip(pairs.weight, -200.0, 200.0))
    free_left, free_right = np.ones(len(pairs)), np.ones(len(pairs))
    moving = np.arange(len(pairs))
    for round_ in range(_MOST_ROUNDS):
        at = pairs.of(moving)
        old_left, old_right = free_left[moving], free_right[moving]
        new_left = 1 / (1 + _of_rivals(odds[moving] * old_right, at.left))
        new_right = 1 / (1 + _of_rivals(odds[moving] * new_left, at.right))
        if round_ > 20:  # a cycle swings between a bound from above and one from below
            new_left, new_right = np.sqrt(new_left * old_left), np.sqrt(new_right * old_right)
        free_left[moving], free_right[moving] = new_left, new_right
        restless = (np.abs(new_left / old_left - 1) >= _SETTLED) | (np.abs(new_right / old_right - 1) >= _SETTLED)
        if not restless.any():
            break
        if round_ % _LOOKS == 0:
            label = components(at)
            moving = moving[np.isin(label, label[restless])]
    joined = odds * free_left * free_right
    probability: Numbers = joined / (1 + joined)
    return probability


def _of_rivals(values: Numbers, unit: Ids) -> Numbers:
    """For each pair the sum over the other pairs of its unit; the largest apart, lest it drown them."""
    largest = np.lexsort((values, unit))[np.append(np.diff(np.sort(unit)) > 0, True)] if len(unit) else unit
    is_largest = np.zeros(len(unit), bool)
    is_largest[largest] = True
    others = np.bincount(unit, weights=np.where(is_largest, 0.0, values))
    most = np.zeros(len(others))
    most[unit[largest]] = values[largest]
    rest = np.maximum(others[unit] - values, 0.0) + most[unit]
    result: Numbers = np.where(is_largest, others[unit], rest)
    return result


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
    for start in sorted(of_left, key=lambda left: (len(of_left[left]), left)):
        waiting = [start]
        while waiting:
            left = waiting.pop(0)
            if left in order:
                continue
            order[left] = None
            waiting += [left_of[near] for place in of_left[left] for near in of_right[right_of[place]]]
    bits = {right: 1 << number for number, right in enumerate(of_right)}
    units, later = [], 0
    for left in reversed(order):
        mine = tuple((place, bits[right_of[place]], weights[place]) for place in of_left[left])
        units.append(_Unit(mine, later, max(0.0, *(weight for _, _, weight in mine))))
        later |= sum(bit for _, bit, _ in mine if not later & bit)
    return units[::-1]
