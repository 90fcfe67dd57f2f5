"""Attack suppressed numbers: what the published ones disclose of them, by linear
programmes.

An attacker knows that numbers are not negative and add up. The bounds of a hidden
number are then two linear programmes (Fischetti and Salazar 2001, "Solving the cell
suppression problem on tabular data with linear constraints"). They find all that adding
and subtracting can disclose, through chains of sums too.
"""

import copy
import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any

import numpy as np

from linkage.extras import require
from quality.disclosure.bounds import AttackerBounds, Key, ProtectionLevel

TOLERANCE = 1e-6
_NONE = object()


class Programme:
    """Variables between `low` and `high` whose linear combinations `lines` are between
    `least` and `most`.

    An attack solves for one number after another of the same equations. HiGHS starts
    from its last solution, which takes a third of the time of solving each afresh.

    Args:
        lines: a sparse matrix, a row for each combination.
    """

    def __init__(self, lines: Any, least: Any, most: Any, low: Any, high: Any) -> None:
        require("disclosure control", "disclosure")
        import highspy  # takes 0.2 s
        from highspy._core import _Highs

        # The class without the package's callbacks, which print the solver's name
        # before output_flag can be set.
        self._highs = _Highs()
        for name, value in {"output_flag": False, "threads": 1}.items():
            self._highs.setOptionValue(name, value)
        columns = lines.tocsc()
        model = highspy.HighsLp()
        model.num_row_, model.num_col_ = columns.shape
        model.col_cost_ = np.zeros(columns.shape[1])
        model.col_lower_, model.col_upper_ = low, high
        model.row_lower_, model.row_upper_ = least, most
        model.a_matrix_.format_ = highspy.MatrixFormat.kColwise
        matrix = model.a_matrix_
        matrix.start_, matrix.index_, matrix.value_ = (
            columns.indptr,
            columns.indices,
            columns.data,
        )
        self._highs.passModel(model)
        self._every = np.arange(columns.shape[1], dtype=np.int32)
        self._is_whole = False

    def cheapest(self, cost: Any, *, whole: bool = False) -> Any | None:
        """The solution of least cost, in integers where `whole`; None where there is
        none.
        """
        import highspy

        if whole is not self._is_whole:
            kinds = np.full(len(self._every), whole, dtype=np.uint8)
            self._highs.changeColsIntegrality(len(kinds), self._every, kinds)
            self._is_whole = whole
        self._highs.changeColsCost(
            len(self._every), self._every, np.asarray(cost, dtype=float)
        )
        self._highs.run()
        if (
            self._highs.getModelStatus() == highspy.HighsModelStatus.kUnknown
        ):  # no progress from the last solution
            self._highs.clearSolver()
            self._highs.run()
        feasible = highspy.SolutionStatus.kSolutionStatusFeasible
        if self._highs.getInfo().primal_solution_status != feasible:
            return None
        return np.array(self._highs.getSolution().col_value)


@dataclass(frozen=True)
class Interval:
    """The lower and upper bound of a hidden number to an attacker."""

    low: float
    high: float

    @property
    def recovered(self) -> bool:
        """Whether only one number is possible."""
        return self.high - self.low < TOLERANCE


class Attack:
    """An attacker who sees all but the hidden numbers and solves for those.

    Raises:
        ValueError: the published numbers contradict the sums.
    """

    def __init__(self, table: AttackerBounds[Any], hidden: Iterable[Any]) -> None:
        self._table = table
        self._low, self._high = table.bounds(hidden)
        self._take(np.flatnonzero(self._high - self._low > TOLERANCE))

    def _take(self, free: Any) -> None:
        """Choose the numbers to solve for, and the equations that they are in."""
        self._free = free
        self._index = np.full(len(self._low), -1)
        self._index[free] = np.arange(len(free))
        self._lines = np.unique(self._table.columns[:, free].indices)
        matrix = self._table.matrix[self._lines]
        self._matrix = matrix[:, free]
        self._right = -(matrix @ np.where(self._index < 0, self._low, 0.0))
        # The solver needs a finite bound: four times the largest number stands for
        # infinity.
        self._endless = 4 * np.where(
            np.isfinite(self._high), self._high, self._low
        ).max(initial=1000.0)
        self._bounds = self._low[free], np.minimum(self._high[free], self._endless)
        self._solver: Programme | None = None
        self._parts: Any = None

    def interval(self, key: Any) -> Interval:
        """The bounds of one number."""
        column = self._table.place[key]
        index = self._index[column]
        if index < 0:
            return Interval(float(self._low[column]), float(self._high[column]))
        direction = self.direction([key])
        low, high = (float(self.extreme(sign * direction)[index]) for sign in (1, -1))
        return Interval(low, high if high < self._endless - 1 else math.inf)

    def extreme(self, cost: Any) -> Any:
        """A solution that agrees with all published numbers, at the least cost.

        Counts are solved as a linear programme first, and as an integer programme if
        the solution has fractions.
        """
        solution = self._solved(cost, whole=False)
        return (
            solution
            if not self._table.is_integer or are_whole(solution)
            else self._solved(cost, whole=True)
        )

    def places(self, keys: Iterable[Any]) -> Any:
        """The indices of these keys."""
        return np.array([self._table.place[key] for key in keys], dtype=int)

    def values(self, solution: Any, places: Any) -> Any:
        """The numbers at these indices in a solution of `extreme`."""
        numbers = self._low[places]
        index = self._index[places]
        numbers[index >= 0] = solution[index[index >= 0]]
        return numbers

    def direction(self, keys: Iterable[Any]) -> Any:
        """A cost of one for each of these keys."""
        cost = np.zeros(len(self._free))
        index = self._index[self.places(keys)]
        cost[index[index >= 0]] = 1.0
        return cost

    def turns(self, keys: Iterable[Any]) -> Iterator[list[Any]]:
        """These keys in lists of which no two are connected by sums: all of a list can
        be maximised at once.
        """
        groups = defaultdict(list)
        for key in keys:
            if (index := self._index[self._table.place[key]]) >= 0:
                groups[self._part_of()[index]].append(key)
        for turn in zip_longest(*groups.values(), fillvalue=_NONE):
            yield [key for key in turn if key is not _NONE]

    def tied(self, key: Any) -> Any:
        """Indices of the numbers solved for that sums connect to one of them, with its
        own.
        """
        parts = self._part_of()
        return self._free[parts == parts[self._index[self._table.place[key]]]]

    def once_shown(self, key: Any) -> "Attack":
        """An attacker who also sees one hidden number, and solves only for those
        connected to it.
        """
        attacker, place, tied = copy.copy(self), self._table.place[key], self.tied(key)
        attacker._low, attacker._high = self._low.copy(), self._high.copy()
        attacker._low[place], attacker._high[place] = (
            self._table.low[key],
            self._table.high[key],
        )
        attacker._take(tied[(attacker._high - attacker._low)[tied] > TOLERANCE])
        return attacker

    def narrowed(self) -> tuple[Any, Any]:
        """Bounds of each number solved for by one equation at a time, without the
        solver.
        """
        low, high = (bound.copy() for bound in self._bounds)
        lines = self._matrix.tocoo()
        (row, column), sign = lines.coords, lines.data
        ends = np.stack([sign * low[column], sign * high[column]])
        lowest, highest = ends.min(axis=0), ends.max(axis=0)
        low_sums, high_sums = (
            np.bincount(row, ends, len(self._right)) for ends in (lowest, highest)
        )
        # What the other members of its equation leave for it, with its sign there.
        low_rest = self._right[row] - (high_sums[row] - highest)
        high_rest = self._right[row] - (low_sums[row] - lowest)
        np.maximum.at(low, column, np.where(sign > 0, low_rest, -high_rest))
        np.minimum.at(high, column, np.where(sign > 0, high_rest, -low_rest))
        return low, high

    def _part_of(self) -> Any:
        """The connected component of each number solved for."""
        if self._parts is None:
            from scipy.sparse import block_array
            from scipy.sparse.csgraph import connected_components

            both = block_array(
                [[None, self._matrix.T], [self._matrix, None]], format="csr"
            )
            self._parts = connected_components(both, directed=False)[1][
                : len(self._free)
            ]
        return self._parts

    def _solved(self, cost: Any, *, whole: bool) -> Any:
        if not len(cost):  # the solver takes no problem without a number
            misfit = np.abs(self._table.matrix @ self._low)
            if np.any(
                misfit
                > 1e-6 * np.maximum(1.0, np.abs(self._table.matrix) @ np.abs(self._low))
            ):
                raise ValueError("the published numbers contradict the sums")
            return np.zeros(0)
        if self._solver is None:
            self._solver = Programme(
                self._matrix, self._right, self._right, *self._bounds
            )
        if (solution := self._solver.cheapest(cost, whole=whole)) is None:
            raise ValueError("the published numbers contradict the sums")
        return solution


def are_whole(values: Any) -> bool:
    """Whether all values are integers within the solver's tolerance."""
    return bool(np.all(np.abs(values - np.rint(values)) < TOLERANCE))


def intervals(
    known: AttackerBounds[Key],
    hidden: Iterable[Key],
    *,
    of: Iterable[Key] | None = None,
) -> dict[Key, Interval]:
    """The bounds of each hidden number, or of the numbers `of`.

    Two programmes a number: for some thousands of hidden numbers.
    """
    keys = list(hidden)
    attacker = Attack(known, keys)
    return {key: attacker.interval(key) for key in (keys if of is None else of)}


def is_consistent(known: AttackerBounds[Key], hidden: Iterable[Key]) -> bool:
    """Whether any numbers agree with what is published."""
    try:
        attacker = Attack(known, hidden)
        attacker.extreme(attacker.direction(()))
    except ValueError:
        return False
    return True


def disclosed(
    known: AttackerBounds[Key],
    hidden: Iterable[Key],
    needs: Mapping[Key, ProtectionLevel],
) -> set[Key]:
    """The hidden numbers whose protection level is not met, or that can be calculated
    exactly.
    """
    return underprotected(Attack(known, hidden), needs)


def underprotected(
    attacker: Attack, needs: Mapping[Key, ProtectionLevel], *, first_only: bool = False
) -> set[Key]:
    """The numbers whose protection level is not met, or that can be calculated exactly.

    One solution bounds every number at once; only numbers that no solution has cleared
    are solved for by themselves.

    Args:
        first_only: stop at the first; for numbers that do not contradict their sums.
    """
    keys = list(needs)
    places = attacker.places(keys)
    lower = (
        np.array(
            [
                -math.inf if level.lower is None else level.lower
                for level in needs.values()
            ]
        )
        - TOLERANCE
    )
    upper = (
        np.array(
            [
                math.inf if level.upper is None else level.upper
                for level in needs.values()
            ]
        )
        + TOLERANCE
    )
    lowest, highest = np.full(len(keys), math.inf), np.full(len(keys), -math.inf)

    def fail(low: Any, high: Any) -> list[Key]:
        is_met = (high >= lower) & (low <= upper) & (high - low > TOLERANCE)
        return [keys[n] for n in np.flatnonzero(~is_met)]

    def record(solution: Any) -> None:
        values = attacker.values(solution, places)
        np.minimum(lowest, values, out=lowest)
        np.maximum(highest, values, out=highest)

    if first_only and (
        failed := fail(
            *(attacker.values(bound, places) for bound in attacker.narrowed())
        )
    ):
        return {failed[0]}
    for sign in (1.0, -1.0):
        if open_keys := fail(lowest, highest):
            record(attacker.extreme(sign * attacker.direction(open_keys)))
    for turn in attacker.turns(fail(lowest, highest)):
        for sign in (-1.0, 1.0):
            if open_keys := sorted(
                set(turn) & set(fail(lowest, highest)), key=turn.index
            ):
                record(attacker.extreme(sign * attacker.direction(open_keys)))
        if first_only and (
            failed := [key for key in fail(lowest, highest) if key in turn]
        ):
            return {failed[0]}
    return set(fail(lowest, highest))
