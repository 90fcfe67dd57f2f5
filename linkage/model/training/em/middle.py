"""The middle of what several runs of EM found, each of which says as much as it has seen.

Splink takes the median. Of two runs that is the mean, so that one which saw five matches would say half of what is
known, whatever the other saw.
"""

from collections.abc import Sequence

import numpy as np

from linkage.model.training.counts.patterns import Floats
from linkage.model.training.em.evidence import Evidence, Run
from linkage.model.training.em.expectation import UNSEEN_MATCHES, leant

ENOUGH_MATCHES = 1_000.0
"""Matches from which a run has a full say: among such runs the median is Splink's."""
_AS_LEANT = 1e-9  # pseudo-count where EM has leant already


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


def combined(evidence: Evidence, runs: Sequence[Run], draws: int) -> tuple[Floats, Floats]:
    """m of all levels: the runs' median, as Splink combines them (runs of few matches say less: see `middle`), with a
    pseudo-count for what no match showed; runs that lean on an earlier step have leant already.

    A level that training never saw keeps a pseudo-count, since Splink's constant for it (1e-6) would let one unseen
    level outweigh all other evidence.
    """
    layout = evidence.layout
    graded = layout.totals(np.ones(len(layout.places)))
    said = layout.said("m")
    expected = np.where(np.isnan(said), 1 / graded, said)
    found = np.full((len(runs) or 1, draws, len(graded)), np.nan)
    matches = np.full(found.shape, np.nan)
    for index, run in enumerate(runs):
        found[index] = np.where(run.free, run.estimate.m, np.nan)
        matches[index] = np.where(run.free, run.matches[:, None], np.nan)
    seen = ~np.isnan(found).all(axis=(0, 1))
    m, weight = np.tile(expected, (draws, 1)), np.zeros((draws, len(graded)))
    if seen.any():
        m[:, seen] = middle(found[:, :, seen], matches[:, :, seen])
        weight[:, seen] = np.nanmean(matches[:, :, seen], axis=0)
    counts_as = np.where(seen & (evidence.earlier is not None), _AS_LEANT, UNSEEN_MATCHES)
    m = leant(layout, m * weight, weight, expected, counts_as)
    return np.where(layout.fixed("m"), said, m), weight
