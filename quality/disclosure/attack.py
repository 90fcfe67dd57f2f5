"""The attack on hidden numbers: what can be had of them from those shown, by linear programmes.

Whoever sees a table knows that its numbers are not negative and add up. The least and the most that a hidden number
can then be are two linear programmes (Fischetti and Salazar 2001, "Solving the cell suppression problem on tabular
data with linear constraints"). They say all that adding and subtracting can, chains of sums and sums of noughts too.
"""

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp

from quality.disclosure.sums import Key, Known, Need

TOLERANCE = 1e-6


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

    def __init__(self, known: Known[Key], hidden: Iterable[Key]) -> None:
        self._low, self._high = known.bounds(hidden)
        self._place: Mapping[Any, int] = known.place
        self._whole = known.whole
        matrix = known.matrix()
        # Equations without a free number are true whatever is hidden, and only slow the solver.
        loose = np.flatnonzero(self._high - self._low > TOLERANCE)
        self._loose = {int(column): index for index, column in enumerate(loose)}
        lines = np.unique(matrix[:, loose].nonzero()[0]) if loose.size and matrix.shape[0] else np.array([], dtype=int)
        fixed = np.where(self._high - self._low > TOLERANCE, 0.0, self._low)
        self._matrix = matrix[lines][:, loose]
        self._right = -(matrix[lines] @ fixed)
        # No end to a number is none for the solver either; four times the largest number stands for it.
        self._endless = 4 * max(1000.0, *np.where(np.isfinite(self._high), self._high, self._low))
        self._bounds = Bounds(self._low[loose], np.minimum(self._high[loose], self._endless))

    def interval(self, key: Any) -> Interval:
        """What is possible of one number."""
        column = self._place[key]
        if column not in self._loose:
            return Interval(float(self._low[column]), float(self._high[column]))
        direction = np.zeros(len(self._loose))
        direction[self._loose[column]] = 1.0
        least, most = (float(self.extreme(sign * direction)[self._loose[column]]) for sign in (1, -1))
        return Interval(least, most if most < self._endless - 1 else math.inf)

    def extreme(self, cost: Any) -> Any:
        """Numbers that agree with all that is shown and cost the least.

        Of counts it is tried with fractions first; the solver goes on to whole numbers where these do not come out.
        """
        found = self._solved(cost, whole=False)
        return found if not self._whole or are_whole(found) else self._solved(cost, whole=True)

    def values(self, solution: Any, keys: Iterable[Key]) -> Iterator[tuple[Key, float]]:
        """The numbers of these keys in what `extreme` found."""
        for key in keys:
            column = self._place[key]
            index = self._loose.get(column)
            yield key, float(self._low[column] if index is None else solution[index])

    def direction(self, keys: Iterable[Key]) -> Any:
        """A cost of one for each of these keys."""
        cost = np.zeros(len(self._loose))
        for key in keys:
            if (index := self._loose.get(self._place[key])) is not None:
                cost[index] = 1.0
        return cost

    def _solved(self, cost: Any, *, whole: bool) -> Any:
        lines = LinearConstraint(self._matrix, self._right, self._right) if self._matrix.shape[0] else ()
        integrality = np.ones(len(cost)) if whole else None
        found = milp(cost, integrality=integrality, bounds=self._bounds, constraints=lines)
        if found.x is None:
            raise ValueError("what is shown contradicts the sums")
        return found.x


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
    return _unmet(known, keys, dict.fromkeys(keys))


def exposed(known: Known[Key], hidden: Iterable[Key], needs: Mapping[Key, Need]) -> set[Key]:
    """The hidden numbers for which what they need is not possible, or only one value is."""
    return _unmet(known, list(hidden), needs)


def _unmet(known: Known[Key], hidden: list[Key], needs: Mapping[Key, Need | None]) -> set[Key]:
    """One solution tells of every number at once; only numbers that none has cleared are solved for alone."""
    reader = Attack(known, hidden)
    least: dict[Key, float] = dict.fromkeys(needs, math.inf)
    most: dict[Key, float] = dict.fromkeys(needs, -math.inf)

    def see(solution: Any) -> None:
        for key, value in reader.values(solution, needs):
            least[key], most[key] = min(least[key], value), max(most[key], value)

    def is_met(key: Key) -> bool:
        need = needs[key] or Need()
        up = need.least is None or most[key] >= need.least - TOLERANCE
        down = need.most is None or least[key] <= need.most + TOLERANCE
        return up and down and most[key] - least[key] > TOLERANCE

    for sign in (1.0, -1.0):
        if open_keys := [key for key in needs if not is_met(key)]:
            see(reader.extreme(sign * reader.direction(open_keys)))
    for key in needs:
        for sign in (-1.0, 1.0):
            if not is_met(key):
                see(reader.extreme(sign * reader.direction([key])))
    return {key for key in needs if not is_met(key)}
