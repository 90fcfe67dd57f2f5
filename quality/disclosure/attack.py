"""The attack on hidden numbers: what can be had of them from those shown, by linear programmes.

Whoever sees a table knows that its numbers are not negative and add up. The least and the most that a hidden number
can then be are two linear programmes (Fischetti and Salazar 2001, "Solving the cell suppression problem on tabular
data with linear constraints"). They say all that adding and subtracting can, chains of sums and sums of noughts too.
"""

import copy
import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any

import numpy as np

from quality.disclosure.programme import Programme
from quality.disclosure.sums import Key, Known, Need

TOLERANCE = 1e-6
_NONE = object()


@dataclass(frozen=True)
class Interval:
    """The least and the most that a hidden number can be, to one who sees the rest."""

    low: float
    high: float

    @property
    def recovered(self) -> bool:
        """Whether only one number is possible."""
        return self.high - self.low < TOLERANCE


class Attack:
    """A reader who sees all but the hidden numbers and solves for those.

    Raises:
        ValueError: what is shown contradicts the sums, so that no numbers are possible.
    """

    def __init__(self, known: Known[Any], hidden: Iterable[Any]) -> None:
        self._known = known
        self._low, self._high = known.bounds(hidden)
        self._take(np.flatnonzero(self._high - self._low > TOLERANCE))

    def _take(self, loose: Any) -> None:
        """The numbers to solve for, and the equations that they are in: others are true whatever is hidden."""
        self._loose = loose
        self._index = np.full(len(self._low), -1)
        self._index[loose] = np.arange(len(loose))
        self._lines = np.unique(self._known.columns[:, loose].indices)
        matrix = self._known.matrix[self._lines]
        self._matrix = matrix[:, loose]
        self._right = -(matrix @ np.where(self._index < 0, self._low, 0.0))
        # No end to a number is none for the solver either; four times the largest number stands for it.
        self._endless = 4 * np.where(np.isfinite(self._high), self._high, self._low).max(initial=1000.0)
        self._bounds = self._low[loose], np.minimum(self._high[loose], self._endless)
        self._programme: Programme | None = None
        self._parts: Any = None

    def interval(self, key: Any) -> Interval:
        """What is possible of one number."""
        column = self._known.place[key]
        index = self._index[column]
        if index < 0:
            return Interval(float(self._low[column]), float(self._high[column]))
        direction = self.direction([key])
        least, most = (float(self.extreme(sign * direction)[index]) for sign in (1, -1))
        return Interval(least, most if most < self._endless - 1 else math.inf)

    def extreme(self, cost: Any) -> Any:
        """Numbers that agree with all that is shown and cost the least.

        Of counts it is tried with fractions first; the solver goes on to whole numbers where these do not come out.
        """
        found = self._solved(cost, whole=False)
        return found if not self._known.whole or are_whole(found) else self._solved(cost, whole=True)

    def places(self, keys: Iterable[Any]) -> Any:
        """Where these keys are among the numbers known."""
        return np.array([self._known.place[key] for key in keys], dtype=int)

    def values(self, solution: Any, places: Any) -> Any:
        """The numbers at these places in what `extreme` found."""
        found = self._low[places]
        index = self._index[places]
        found[index >= 0] = solution[index[index >= 0]]
        return found

    def direction(self, keys: Iterable[Any]) -> Any:
        """A cost of one for each of these keys."""
        cost = np.zeros(len(self._loose))
        index = self._index[self.places(keys)]
        cost[index[index >= 0]] = 1.0
        return cost

    def turns(self, keys: Iterable[Any]) -> Iterator[list[Any]]:
        """These keys in lists of which no two are tied: what is the most of each is so of all at once."""
        tied = defaultdict(list)
        for key in keys:
            if (index := self._index[self._known.place[key]]) >= 0:
                tied[self._part_of()[index]].append(key)
        for turn in zip_longest(*tied.values(), fillvalue=_NONE):
            yield [key for key in turn if key is not _NONE]

    def tied(self, key: Any) -> Any:
        """Places of the numbers solved for that are tied to one of them by sums, with its own."""
        parts = self._part_of()
        return self._loose[parts == parts[self._index[self._known.place[key]]]]

    def once_shown(self, key: Any) -> "Attack":
        """A reader who sees one of the hidden numbers too, and solves for those alone that are tied to it."""
        reader, place, tied = copy.copy(self), self._known.place[key], self.tied(key)
        reader._low, reader._high = self._low.copy(), self._high.copy()
        reader._low[place], reader._high[place] = self._known.low[key], self._known.high[key]
        reader._take(tied[(reader._high - reader._low)[tied] > TOLERANCE])
        return reader

    def narrowed(self) -> tuple[Any, Any]:
        """The least and the most that each number solved for can be, by one equation at a time: no solver is asked."""
        low, high = (bound.copy() for bound in self._bounds)
        lines = self._matrix.tocoo()
        (row, column), sign = lines.coords, lines.data
        ends = np.stack([sign * low[column], sign * high[column]])
        least, most = ends.min(axis=0), ends.max(axis=0)
        sum_least, sum_most = (np.bincount(row, ends, len(self._right)) for ends in (least, most))
        # What the others of its line leave of it, with the sign that it has there.
        rest_least = self._right[row] - (sum_most[row] - most)
        rest_most = self._right[row] - (sum_least[row] - least)
        np.maximum.at(low, column, np.where(sign > 0, rest_least, -rest_most))
        np.minimum.at(high, column, np.where(sign > 0, rest_most, -rest_least))
        return low, high

    def _part_of(self) -> Any:
        """Of each number solved for, which of the parts it is in that no equation ties together."""
        if self._parts is None:
            from scipy.sparse import block_array
            from scipy.sparse.csgraph import connected_components

            both = block_array([[None, self._matrix.T], [self._matrix, None]], format="csr")
            self._parts = connected_components(both, directed=False)[1][: len(self._loose)]
        return self._parts

    def _solved(self, cost: Any, *, whole: bool) -> Any:
        if not len(cost):  # the solver takes no problem without a number
            off = np.abs(self._known.matrix @ self._low)
            if np.any(off > 1e-6 * np.maximum(1.0, np.abs(self._known.matrix) @ np.abs(self._low))):
                raise ValueError("what is shown contradicts the sums")
            return np.zeros(0)
        if self._programme is None:
            self._programme = Programme(self._matrix, self._right, self._right, *self._bounds)
        if (found := self._programme.cheapest(cost, whole=whole)) is None:
            raise ValueError("what is shown contradicts the sums")
        return found


def are_whole(values: Any) -> bool:
    """Whether no number has a fraction, but for the solver's."""
    return bool(np.all(np.abs(values - np.rint(values)) < TOLERANCE))


def intervals(known: Known[Key], hidden: Iterable[Key], *, of: Iterable[Key] | None = None) -> dict[Key, Interval]:
    """What is possible of each hidden number, or of other numbers that are known within bounds alone.

    Two programmes a number: for tables of some thousands hidden.
    """
    keys = list(hidden)
    reader = Attack(known, keys)
    return {key: reader.interval(key) for key in (keys if of is None else of)}


def possible(known: Known[Key], hidden: Iterable[Key]) -> bool:
    """Whether there are numbers at all that agree with what is shown."""
    try:
        reader = Attack(known, hidden)
        reader.extreme(reader.direction(()))
    except ValueError:
        return False
    return True


def recovered(known: Known[Key], hidden: Iterable[Key]) -> set[Key]:
    """The hidden numbers of which only one value is possible."""
    keys = list(hidden)
    return unmet(Attack(known, keys), dict.fromkeys(keys, Need()))


def exposed(known: Known[Key], hidden: Iterable[Key], needs: Mapping[Key, Need]) -> set[Key]:
    """The hidden numbers for which what they need is not possible, or only one value is."""
    return unmet(Attack(known, hidden), needs)


def unmet(reader: Attack, needs: Mapping[Key, Need], *, one_will_do: bool = False) -> set[Key]:
    """The numbers for which what they need is not possible to a reader, or only one value is.

    One solution tells of every number at once; only numbers that none has cleared are solved for by themselves.

    Args:
        one_will_do: stop at the first that is found; of numbers that do not contradict their sums.
    """
    keys = list(needs)
    places = reader.places(keys)
    enough = np.array([-math.inf if need.least is None else need.least for need in needs.values()]) - TOLERANCE
    little = np.array([math.inf if need.most is None else need.most for need in needs.values()]) + TOLERANCE
    least, most = np.full(len(keys), math.inf), np.full(len(keys), -math.inf)

    def fail(low: Any, high: Any) -> list[Key]:
        is_met = (high >= enough) & (low <= little) & (high - low > TOLERANCE)
        return [keys[n] for n in np.flatnonzero(~is_met)]

    def see(solution: Any) -> None:
        values = reader.values(solution, places)
        np.minimum(least, values, out=least)
        np.maximum(most, values, out=most)

    if one_will_do and (told := fail(*(reader.values(bound, places) for bound in reader.narrowed()))):
        return {told[0]}
    for sign in (1.0, -1.0):
        if open_keys := fail(least, most):
            see(reader.extreme(sign * reader.direction(open_keys)))
    for turn in reader.turns(fail(least, most)):
        for sign in (-1.0, 1.0):
            if open_keys := sorted(set(turn) & set(fail(least, most)), key=turn.index):
                see(reader.extreme(sign * reader.direction(open_keys)))
        if one_will_do and (told := [key for key in fail(least, most) if key in turn]):
            return {told[0]}
    return set(fail(least, most))
