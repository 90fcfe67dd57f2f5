"""The prior: how many of all pairs match, by the matches that EM found in blocks."""

from collections.abc import Sequence

import numpy as np

from linkage.model.training.counts.patterns import Floats, Layout
from linkage.model.training.counts.rules import Agreement, key_levels
from linkage.model.training.em.evidence import Run
from linkage.model.training.em.middle import ENOUGH_MATCHES

_LEAST_MET = 0.05


def met(layout: Layout, rule: Agreement, m: Floats) -> Floats:
    """Share of the matches that are in a rule's blocks: with its columns known on both sides, and equal.

    Args:
        m: (draws, levels) share of the matches with both sides known.
    """
    agree: Floats = np.prod(equal_on(layout, rule.columns, m), axis=1)
    return agree * rule.known_share


def equal_on(layout: Layout, columns: Sequence[str], shares: Floats) -> Floats:
    """Of pairs of which each level has a share (draws, levels), those that are equal on each column."""
    keys = key_levels(layout)
    found = [shares[:, keys[name]].sum(axis=1) for name in columns if name in keys]
    return np.stack(found, axis=1) if found else shares[:, :0]


def prior_of(layout: Layout, m: Floats, runs: Sequence[Run], all_pairs: int) -> Floats:
    """Share of all pairs that match: those EM found in a block, over the share of matches that are in it."""
    found, say = [], []
    for run in runs:
        found.append(run.matches / max(run.block.share, 1e-12) / np.maximum(met(layout, run.block.rule, m), _LEAST_MET))
        say.append(np.clip(run.matches, 1e-6, ENOUGH_MATCHES))
    prior: Floats = np.clip(np.maximum(np.average(found, axis=0, weights=say), 1.0) / max(all_pairs, 2), None, 0.5)
    return prior
