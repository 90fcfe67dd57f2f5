"""What a cardinality adds to the evidence of a pair.

The prior of a Fellegi-Sunter model is that of two records drawn at random. Where each unit has one partner at most, and
nearly every unit has one, a unit whose only likely candidate this is has better odds than that: it would otherwise have
none at all. With a share c of a side matched, the odds against having no partner are 1 / (1 - c) (Sadinle 2017, JASA
112:600, gives the likelihood of bipartite matchings from which this follows).
"""

import math
from collections.abc import Iterable

_MOST_COVERED = 0.9  # a share near 1 would rest the odds on the few that are not matched, which nobody knows that well

MOST_GAIN = -math.log2(1 - _MOST_COVERED)
"""The most that one side can add, in bits."""


def gain(covered: Iterable[float]) -> float:
    """Bits to add to a match weight.

    Args:
        covered: share of units that are matched, for each side whose units have one partner at most. A share counted
            from accepted links is too low rather than too high.
    """
    return sum(-math.log2(1 - min(max(share, 0.0), _MOST_COVERED)) for share in covered)
