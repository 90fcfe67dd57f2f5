"""The middle of what several runs of EM found, each of which says as much as it has seen.

Splink takes the median. Of two runs that is the mean, so that one which saw five matches would say half of what is
known, whatever the other saw.
"""

import numpy as np

from linkage.model.training.patterns import Floats

ENOUGH_MATCHES = 1_000.0
"""Matches from which a run has a full say: among such runs the median is Splink's."""


def middle(found: Floats, matches: Floats) -> Floats:
    """The weighted median over the first axis, between two values in proportion.

    Args:
        found: (runs, ...); NaN where a run says nothing.
        matches: of the same shape: how many each run saw; NaN there too.

    Returns:
        The remaining axes. Each has a run that says something.
    """
    weight = np.where(np.isnan(found), 0.0, np.clip(np.nan_to_num(matches), 1e-6, ENOUGH_MATCHES))
    order = np.argsort(found, axis=0)  # NaN comes last
    found, weight = np.take_along_axis(found, order, axis=0), np.take_along_axis(weight, order, axis=0)
    half = weight.sum(axis=0) / 2
    places = np.cumsum(weight, axis=0) - weight / 2  # each value in the middle of its weight
    middle: Floats = found[0].copy()
    for place in range(1, len(found)):
        lower, upper = places[place - 1], places[place]
        between = (weight[place] > 0) & (lower <= half)
        share = np.clip((half - lower) / np.where(upper > lower, upper - lower, 1.0), 0.0, 1.0)
        value = found[place - 1] + share * (np.nan_to_num(found[place]) - found[place - 1])
        middle = np.where(between, value, middle)
    return middle
