"""The decision of a step over pairs as arrays, by other weights and thresholds (linkage.match.resolve.decide)."""

import numpy as np

from linkage.config import Cardinality
from linkage.match.resolve import decide
from linkage.match.thresholds import Thresholds
from quality.tune.evidence import ACCEPTED, REJECTED, REVIEW, Codes, Floats, Ids


class Contest:
    """Pairs that compete for their units."""

    def __init__(self, left: Ids, right: Ids, cardinality: Cardinality) -> None:
        self._left, self._right, self._cardinality = left, right, cardinality

    def decide(self, weight: Floats, thresholds: Thresholds) -> tuple[Codes, Floats]:
        """ACCEPTED, REVIEW or REJECTED of each pair, and its posterior as log2 odds."""
        likely, accepted, review = decide(self._left, self._right, weight, self._cardinality, thresholds)
        decision = np.where(accepted, ACCEPTED, np.where(review, REVIEW, REJECTED)).astype(np.int8)
        inside = np.clip(likely, 1e-15, 1 - 1e-15)
        return decision, np.log2(inside) - np.log2(1 - inside)
