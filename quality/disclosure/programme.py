"""Linear and integer programmes, solved by HiGHS.

An attack solves for one number after another of the same equations. The solver starts from its last solution, which
takes a third of the time of solving each afresh.
"""

from typing import Any

import numpy as np


class Programme:
    """Variables between `low` and `high` whose linear combinations `lines` are between `least` and `most`.

    Args:
        lines: a sparse matrix, a row for each combination.
        options: of HiGHS, by name: mip_max_nodes, mip_rel_gap.
    """

    def __init__(self, lines: Any, least: Any, most: Any, low: Any, high: Any, **options: float) -> None:
        import highspy  # takes 0.2 s
        from highspy._core import _Highs

        # The class without the package's callbacks, which print the solver's name before output_flag can be set.
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
        """The solution of least cost; None where there is none, or none was found within the node limit.

        Args:
            cost: of one unit of each variable.
            whole: which variables are integers: all, none, or 1 for each that is.
        """
        import highspy

        integer = np.broadcast_to(np.asarray(whole, dtype=np.uint8), self._whole.shape).copy()
        if not np.array_equal(integer, self._whole):
            self._highs.changeColsIntegrality(len(integer), self._every, integer)
            self._whole = integer
        self._highs.changeColsCost(len(self._every), self._every, np.asarray(cost, dtype=float))
        self._highs.run()
        if self._highs.getModelStatus() == highspy.HighsModelStatus.kUnknown:  # no progress from the last solution
            self._highs.clearSolver()
            self._highs.run()
        feasible = highspy.SolutionStatus.kSolutionStatusFeasible
        if self._highs.getInfo().primal_solution_status != feasible:
            return None
        return np.array(self._highs.getSolution().col_value)
