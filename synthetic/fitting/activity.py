"""Odds of adult learning, no trace, out-of-work benefits and unsettled years, each cut from a normal deviate."""

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.optimize import minimize
from scipy.special import ndtr

from synthetic.drawn.draws import Floats, Ints
from synthetic.fitting.margins import Design
from synthetic.fitting.targets import ACTIVITIES, Target


def wanted(targets: list[Target], names: tuple[str, ...], year: int) -> Floats:
    """(targets,): share of the named activities together in a year, NaN where not given."""
    rows = [ACTIVITIES.index(name) for name in names]
    return np.array([t.values[rows, year - 1].sum() / 100 for t in targets])


def fit_cut(
    design: Design,
    targets: list[Target],
    qualified: Ints,
    shares: Floats,
    open_to: NDArray[np.bool_],
    already: NDArray[np.bool_] | None = None,
    given: Floats | None = None,
    ridge: float = 0.05,
) -> Floats:
    """(columns, 1): what moves the cut of a deviate, so that the shares below it come out as wanted.

    Args:
        shares: (targets,) wanted, of all people.
        open_to: people whom the deviate decides about; the others are not counted in the share,
        already: but for these, who are in any case.
        given: (people,) added to the cut.
    """
    members = design.members(targets, qualified)
    known = ~np.isnan(shares)
    base = members @ (np.zeros(len(open_to)) if already is None else already.astype(float))
    weight = np.where(known, [t.weight for t in targets], 0)
    offset = np.zeros(len(open_to)) if given is None else given
    # People who share all traits and what they reach have one cut and count alike: one row stands for all of them.
    alike = np.stack([design.person.cells(tuple(design.person.names)), qualified, offset], axis=1)[open_to]
    _, first, count = np.unique(alike, axis=0, return_index=True, return_counts=True)
    rows = np.flatnonzero(open_to)[first]
    matrix, offset = design.matrix[rows], offset[rows]
    members = (members[:, rows] @ sparse.diags(count.astype(float))).tocsr()
    transposed, of_rows = matrix.T.tocsr(), members.T.tocsr()
    pull = np.full(design.matrix.shape[1], ridge)
    pull[0] = ridge * 1e-3

    def objective(beta: Floats) -> tuple[float, Floats]:
        cut = matrix @ beta + offset
        miss = np.where(known, (members @ ndtr(cut) + base - np.nan_to_num(shares)) * 100, 0)
        slope = (of_rows @ (2 * weight * miss * 100)) * np.exp(-0.5 * cut**2) / 2.5066282746
        return float((weight * miss**2).sum() + (pull * beta**2).sum()), transposed @ slope + 2 * pull * beta

    start = np.zeros(len(pull))
    start[0] = -1.0
    limits = {"maxiter": 2000, "maxfun": 4000, "maxcor": 20}
    found = minimize(objective, start, jac=True, method="L-BFGS-B", options=limits)
    out: Floats = found.x[:, None]
    return out
