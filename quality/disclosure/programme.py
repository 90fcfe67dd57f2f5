"""Programmes: the numbers within bounds, and in equations, that cost the least. HiGHS solves them.

Whoever attacks a table asks for one number after the other of the same equations. The solver keeps them and goes on
from the solution that it found last, so that most of what is asked takes it some steps: a third of the time of asking
each anew.
"""

from typing import Any

import numpy as np


class Programme:
    """Numbers `low` to `high`, of which the combinations `lines` come to `least` to `most`.

    Args:
        lines: a sparse matrix, a row for each combination.
        options: of HiGHS, by name: mip_max_nodes, mip_rel_gap.
    """

    def __init__(self, lines: Any, least: Any, most: Any, low: Any, high: Any, **options: float) -> None:
        import highspy  # a fifth of a second, where somebody asks
        from highspy._core import _Highs

        # The solver without the package's callbacks: as these are set up they write the solver's name to the process's
        # output before anybody could tell it not to, and what else the process says then can be kept from nobody.
        self._highs = _Highs()
        for name, value in {"output_flag": False, "threads": 1, **options}.items():
            self._highs.setOptionValue(name, value)
        columns = lines.tocsc()
        model = highspy.HighsLp()
        model.num_row_, model.num_col_ = columns.shape
        model.col_cost_ = np.zeros(columns.shape[1])
        model.col_lower_, model.col_upper_ = low, high
        model.row_lower_, model.row_upper_ = least, most
        model.a_matrix_.format_ = highspy.MatrixFormat.kColwise
        model.a_matrix_.start_, model.a_matrix_.index_, model.a_matrix_.value_ = (
            columns.indptr,
            columns.indices,
            columns.data,
        )
        self._highs.passModel(model)
        self._every = np.arange(columns.shape[1], dtype=np.int32)
        self._whole = np.zeros(columns.shape[1], dtype=np.uint8)

    def cheapest(self, cost: Any, *, whole: Any = False) -> Any | None:
        """The numbers that cost the least, or None where no numbers are possible (or none were found within the limit).

        Args:
            cost: of each number, for each one of it.
            whole: which numbers have no fraction: all, none, or 1 for each that has none.
        """
        import highspy

        asked = np.broadcast_to(np.asarray(whole, dtype=np.uint8), self._whole.shape).copy()
        if not np.array_equal(asked, self._whole):
            self._highs.changeColsIntegrality(len(asked), self._every, asked)
            self._whole = asked
        self._highs.changeColsCost(len(self._every), self._every, np.asarray(cost, dtype=float))
        self._highs.run()
        if self._highs.getModelStatus() == highspy.HighsModelStatus.kUnknown:  # it lost its way from the last solution
            self._highs.clearSolver()
            self._highs.run()
        feasible = highspy.SolutionStatus.kSolutionStatusFeasible
        if self._highs.getInfo().primal_solution_status != feasible:
            return None
        return np.array(self._highs.getSolution().col_value)
