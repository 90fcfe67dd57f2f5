"""Main effects on the log odds of outcomes, fitted so that shares by group come out as published."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.optimize import minimize

from synthetic.drawn.draws import Floats
from synthetic.education.traits import Traits
from synthetic.fitting.targets import STATE_ONLY, Target


class Design:
    """People by trait and level, as a sparse matrix, with the columns' names."""

    def __init__(self, person: Traits, weight: Floats | None = None) -> None:
        self.person = person
        self.weight = np.ones(len(next(iter(person.codes.values())))) if weight is None else weight
        self.columns = [("everyone", "")] + [(trait, level) for trait, names in person.names.items() for level in names]
        count = len(next(iter(person.codes.values())))
        first, indices = 1, [np.zeros(count, np.int64)]
        for trait, names in person.names.items():
            indices.append(first + person.codes[trait])
            first += len(names)
        flat = np.stack(indices, axis=1).ravel()
        starts = np.arange(count + 1) * len(indices)
        self.matrix = sparse.csr_matrix((np.ones(len(flat)), flat, starts), shape=(count, first))
        self.transposed = self.matrix.T.tocsr()

    def members(self, targets: list[Target], qualified: NDArray[np.int64] | None) -> sparse.csr_matrix:
        """(targets, people): weights that make the mean of each target's people."""
        person = self.person
        rows = []
        for target in targets:
            chosen = np.ones(self.matrix.shape[0], bool)
            if target.trait:
                names = person.names[target.trait]
                chosen = np.isin(person.codes[target.trait], [names.index(level) for level in target.levels])
            if target.trait in STATE_ONLY:
                chosen &= person.codes["school"] == 0
            if qualified is not None:
                chosen &= np.isin(qualified, target.qualified)
            counted = np.where(chosen, self.weight, 0)
            rows.append(sparse.csr_matrix(counted / max(counted.sum(), 1)))
        return sparse.vstack(rows).tocsr()


def softmax(logits: Floats) -> Floats:
    """Shares of the outcomes in each row."""
    out: Floats = np.exp(logits - logits.max(axis=1, keepdims=True))
    out /= out.sum(axis=1, keepdims=True)
    return out


def fit(
    design: Design,
    offset: Floats,
    loss: Callable[[Floats], tuple[float, Floats]],
    *,
    ridge: float = 0.02,
    start: Floats | None = None,
    steps: int = 250,
) -> Floats:
    """Coefficients (columns, outcomes) that make a loss of the outcomes' shares small.

    Args:
        offset: (people, outcomes) log odds that are given; minus infinity bars an outcome.
        loss: of shares (people, outcomes), in squared percentage points, with its gradient.
        ridge: pulls coefficients of levels (not those of everyone) to nought, in squared points a unit.
    """
    shape = (design.matrix.shape[1], offset.shape[1])
    pull = np.full(shape, ridge)
    pull[0] = ridge * 1e-3

    def objective(flat: Floats) -> tuple[float, Floats]:
        coefficients = flat.reshape(shape)
        shares = softmax(design.matrix @ coefficients + offset)
        value, gradient = loss(shares)
        inner = shares * (gradient - (gradient * shares).sum(axis=1, keepdims=True))
        slope = design.transposed @ inner + 2 * pull * coefficients
        return value + float((pull * coefficients**2).sum()), slope.ravel()

    begin = np.zeros(shape) if start is None else start
    found = minimize(objective, begin.ravel(), jac=True, method="L-BFGS-B", options={"maxiter": steps, "maxcor": 20})
    out: Floats = found.x.reshape(shape)
    return out
