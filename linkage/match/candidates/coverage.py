"""What a cardinality adds to the evidence of a pair.

The prior of a Fellegi-Sunter model is that of two records drawn at random. Where each unit has one partner at most, and
nearly every unit has one, a unit whose only likely candidate this is has better odds than that: it would otherwise have
none at all. With a share c of a side matched, the odds against having no partner are 1 / (1 - c) (Sadinle 2017, JASA
112:600, gives the likelihood of bipartite matchings from which this follows).
"""

import math
from collections.abc import Iterable, Mapping

from linkage.config import OTHER_SIDE, Cardinality, holds_many, single_sides

_MOST_COVERED = 0.9  # a share near 1 would rest the odds on the few that are not matched, which nobody knows that well


def gain(covered: Iterable[float]) -> float:
    """Bits to add to a match weight.

    Args:
        covered: share of units that are matched, for each side whose units have one partner at most. A share counted
            from accepted links is too low rather than too high.
    """
    return sum(-math.log2(1 - min(max(share, 0.0), _MOST_COVERED)) for share in covered)


def most_gain(units: Mapping[str, int], cardinality: Cardinality) -> float:
    """The most bits that the cardinality can add, whatever is linked.

    A side's units have at most as many partners as the other side has units, where each of those has one.

    Args:
        units: how many a side has, by "left" and "right".
    """
    shares = {
        side: 1.0 if holds_many(cardinality, OTHER_SIDE[side]) else units[OTHER_SIDE[side]] / max(units[side], 1)
        for side in single_sides(cardinality)
    }
    return gain(shares.values())
