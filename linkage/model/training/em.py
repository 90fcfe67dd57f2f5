"""Expectation-maximisation on counts of agreement patterns: Splink's iteration.

As Splink does it with u fixed and without term frequencies
(splink/internals/expectation_maximisation.py): a level that no pair shows gets Splink's
constant, a side that is NULL says nothing, and it ends when no m and no prior moves by
more than the tolerance. An informative prior adds pseudo-counts of matches to each
level (maximum a posteriori).
"""

from dataclasses import dataclass

import numpy as np

from linkage.model.splink_json import NOT_OBSERVED
from linkage.model.training.counts import Floats, Layout, Patterns

LIMIT = 10_000
"""Iterations. Splink stops at 25, where each costs it a query; here each takes a
millisecond.
"""
TOLERANCE = 1e-9
"""Splink's em_convergence, which is 1e-4 there: too coarse for the share of matches
where these are rare.
"""
NEARLY = 1e-3
"""Distance left at the limit (Aitken's estimate) below which EM has converged to any
digit that counts.
"""
_LEAST = 1e-300  # probability below which Splink stops
_STEADY = (
    100  # iterations from which each change is a constant share of the one before it
)


@dataclass(frozen=True)
class Estimate:
    """What EM found."""

    m: Floats  # (levels,)
    prior: float  # share of matches among the pairs
    iterations: int
    change: float  # the largest of the last iteration
    distance: float = np.inf  # to the limit point, by Aitken's estimate

    @property
    def converged(self) -> bool:
        """Whether EM came to an end by itself."""
        return self.change < TOLERANCE or self.distance < NEARLY

    def matches(self, patterns: Patterns, u: Floats) -> Floats:
        """Matches among the pairs of each pattern: (patterns,)."""
        return _expected(patterns, self.m, u, self.prior)


def expectation_maximisation(
    layout: Layout,
    patterns: Patterns,
    u: Floats,
    m: Floats,
    prior: float,
    *,
    pseudo_counts: Floats | None = None,
    most: float = 1.0,
    tolerance: float = TOLERANCE,
    limit: int = LIMIT,
) -> Estimate:
    """Estimate m and the prior.

    Args:
        u: (levels,).
        m, prior: where it starts.
        pseudo_counts: (levels,) of matches that show the starting m of the layout's
            model.
        most: what the prior is at most.
        tolerance, limit: Splink's em_convergence and max_iterations.
    """
    is_seen = patterns.shown.any(axis=0)
    free = ~layout.fixed("m")
    is_unseen = ~is_seen & layout.totals(is_seen.astype(float)).astype(bool)
    change, before, iteration = np.inf, np.inf, 0
    while iteration < limit and not change < tolerance:
        iteration += 1
        matches = _expected(patterns, m, u, prior)
        counts = patterns.level_counts(matches)
        total = layout.totals(counts)
        if pseudo_counts is None:
            shares = np.divide(
                counts, total, out=m.copy(), where=is_seen & free & (total > 0)
            )
            better = np.where(
                is_unseen & free, NOT_OBSERVED, np.maximum(shares, _LEAST)
            )
        else:
            posterior_m = with_pseudo_counts(
                layout, counts, total, layout.starting_m(), pseudo_counts
            )
            better = np.where((is_seen | is_unseen) & free, posterior_m, m)
        share = min(float(matches.sum() / max(patterns.pairs, 1)), most)
        before, change = (
            change,
            float(max(np.abs(better - m).max(), abs(share - prior))),
        )
        m, prior = better, share
    steady = iteration >= _STEADY and change < before < np.inf
    distance = change**2 / (before - change) if steady else np.inf
    return Estimate(m, prior, iteration, change, distance)


def _expected(patterns: Patterns, m: Floats, u: Floats, prior: float) -> Floats:
    """Matches among the pairs of each pattern: (patterns,)."""
    weights = np.log2(np.maximum(m, _LEAST)) - np.log2(np.maximum(u, _LEAST))
    with np.errstate(divide="ignore", over="ignore"):
        prior_weight = np.log2(prior) - np.log2(1 - prior)
        # Summed in a fixed order, so that a model is the same at any number of threads.
        evidence = prior_weight + np.einsum("pl,l->p", patterns.shown, weights)
        probability = 1 / (1 + np.exp2(-evidence))
    return np.asarray(probability * patterns.counts, dtype=float)


def with_pseudo_counts(
    layout: Layout, shown: Floats, total: Floats, m: Floats, counts: Floats | float
) -> Floats:
    """Shares of levels by matches that show them, of so many, and by another m that
    counts as further matches.
    """
    shares: Floats = (shown + m * counts) / np.maximum(total + counts, _LEAST)
    return np.maximum(shares / layout.totals(shares), _LEAST)
