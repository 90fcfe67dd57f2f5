"""u of rare words and serial numbers without the matches: of the pairs that share a word of few, most are matches.

A name or a birth date is shared by far more strangers than matches, and u of random pairs, of which a few are matches,
is that of strangers. The number of a model stands once in each file, in the two records of the one product. Counted
with its match, it would be as common as matches are, and say nothing.
"""

import math

import numpy as np

from linkage.model.comparisons import OF_WORDS, OWN
from linkage.model.training.counts.patterns import Floats, Layout
from linkage.model.training.counts.rules import COUNTED_ROWS, exact_levels


def of_strangers(layout: Layout, u: Floats, m: Floats, prior: Floats, units: tuple[int, int]) -> Floats:
    """u (draws, levels), of texts that are equal or share rare words, and of equal serial numbers, without the matches
    among what was counted.

    Never less than a standard deviation of the count, which is what is known of it.

    Args:
        m: (draws, levels).
        prior: (draws,) share of all pairs that match.
        units: of each side.
    """
    pairs = math.prod(min(n, COUNTED_ROWS) for n in units)
    compared = layout.model.comparisons
    worded = [any(name.endswith(OF_WORDS) for name in comparison.columns) for comparison in compared]
    counted = np.array([worded[owner] for owner in layout.owner])
    for number, level in enumerate(layout.levels):
        counted[number] &= level.condition is not None and "jaro_winkler" not in level.condition
    own = [said.get("comparison_description") for said in layout.model.raw["comparisons"]]
    for column, number in exact_levels(layout).items():
        counted[number] |= own[layout.owner[number]] == OWN.format(column=column)
    strangers = np.maximum(u - prior[:, None] * m, np.sqrt(u / max(pairs, 1)))
    return np.where(counted, np.minimum(strangers, u), u)
