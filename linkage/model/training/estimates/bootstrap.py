"""How far an estimate would move if other pairs had been drawn: a bootstrap of the pattern counts."""

import numpy as np

from linkage.model.training.counts.patterns import Floats
from linkage.model.training.em.evidence import Evidence, counts_of
from linkage.model.training.estimates.estimation import Estimates, estimated

DRAWS = 100
"""A standard error of 100 draws is known to 7 %."""

_ITERATIONS = 10  # of EM from the estimate: what moves with the draw has settled to a few per cent by then


def resampled(evidence: Evidence, estimates: Estimates, seed: int) -> Estimates:
    """Estimates from counts that are drawn again, each table's pairs with replacement.

    Pairs count as independent. Those of one unit are not quite, so that a standard error is on the small side; what a
    block's strangers do not share with the matches is not in it at all.
    """
    random = np.random.default_rng(seed)

    def patterns(counts: Floats) -> Floats:
        total = int(counts.sum())
        if not total:
            return np.zeros((DRAWS, len(counts)))
        return random.multinomial(total, counts / total, size=DRAWS).astype(float)

    def agreements(counts: Floats) -> Floats:
        return random.poisson(counts, size=(DRAWS, len(counts))).astype(float)

    counts = counts_of(evidence, patterns, agreements)
    return estimated(evidence, counts, near=estimates, limit=_ITERATIONS)
