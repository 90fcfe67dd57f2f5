"""Thresholds of acceptance and review, and the cardinality adjustment to the prior."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from linkage.config import OTHER_SIDE, Cardinality, Step, holds_many, single_sides

# probability; a pair below it with the highest possible prior neither links nor
# competes
LEAST_LIKELY = 0.1
# share of a side: nearer to 1 the adjustment would depend on few units without a match
MOST_MATCHED = 0.9


@dataclass(frozen=True)
class Thresholds:
    """Match weights (log2) that a pair without competing pairs needs: log odds less the
    cardinality adjustment.

    Attributes:
        accept, review: to be accepted, and to be reviewed.
        keep: to stay linked where both were one person in the last release; equal to
            `accept` without one.
        adjustment: the cardinality adjustment to the prior, in bits.
    """

    accept: float
    review: float
    keep: float
    adjustment: float = 0.0

    @classmethod
    def of(
        cls, step: Step, *, last_release: bool = False, adjustment: float = 0.0
    ) -> "Thresholds":
        """The thresholds of a step; `last_release`: whether there is one."""
        accept = weight_of(step.accept_probability)
        review = min(weight_of(step.review_probability), accept)
        keep = min(weight_of(step.keep_probability), accept) if last_release else accept
        return cls(
            accept - adjustment, review - adjustment, keep - adjustment, adjustment
        )

    @property
    def lowest(self) -> float:
        """The weight below which a pair neither links nor goes to review nor
        competes.
        """
        return min(
            self.accept,
            self.review,
            self.keep,
            weight_of(LEAST_LIKELY) - self.adjustment,
        )

    def floor(self, most: float) -> float:
        """`lowest` before the adjustment is known, which is `most` bits at most."""
        return self.lowest + self.adjustment - most


def weight_of(probability: float) -> float:
    """log2 odds of a probability, within 1e-15 of 0 and 1 (precision of a DOUBLE)."""
    inside = min(max(probability, 1e-15), 1 - 1e-15)
    return math.log2(inside / (1 - inside))


def probability_of(weight: float) -> float:
    """The probability of log2 odds."""
    return 1 / (1 + 2.0**-weight) if weight > -1000 else 0.0


def cardinality_adjustment(matched: Sequence[float]) -> float:
    """The cardinality adjustment to the prior, in bits.

    The prior of a Fellegi-Sunter model is that of two records drawn at random. Where
    each unit has one partner at most and a share c of a side is matched, the odds
    against a unit having none are 1 / (1 - c) (follows from the likelihood of bipartite
    matchings in Sadinle 2017, JASA 112:600).

    Args:
        matched: share of matched units, of each side whose units hold one link.
    """
    return sum(-math.log2(1 - min(max(share, 0.0), MOST_MATCHED)) for share in matched)


def most_adjustment(sizes: Mapping[str, int], cardinality: Cardinality) -> float:
    """The most that `cardinality_adjustment` can be: a side has at most as many matched
    units as the other side has units.
    """
    shares = {
        side: 1.0
        if holds_many(cardinality, OTHER_SIDE[side])
        else sizes[OTHER_SIDE[side]] / max(sizes[side], 1)
        for side in single_sides(cardinality)
    }
    return cardinality_adjustment(list(shares.values()))
