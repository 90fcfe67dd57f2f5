"""Expectation-maximisation on counts of agreement patterns: Splink's iteration, for one table of counts or for many.

As Splink does it with u fixed and without term frequencies (splink/internals/expectation_maximisation.py): a level that
no pair shows gets Splink's constant, a side that is NULL says nothing, and it ends when no m and no prior moves by more
than the tolerance. An informative prior adds pseudo-counts of matches to each level (maximum a posteriori).
"""

from dataclasses import dataclass

import numpy as np

from linkage.model.splink_json import NOT_OBSERVED
from linkage.model.training.counts import Flags, Floats, Layout, Patterns

LIMIT = 10_000
"""Iterations. Splink stops at 25, where each costs it a query; here each takes a millisecond."""
TOLERANCE = 1e-9
"""Splink's em_convergence, which is 1e-4 there: too coarse for the share of matches where these are rare."""
NEARLY = 1e-3
"""Distance left at the limit (Aitken's estimate) below which EM has converged to any digit that counts."""
_LEAST = 1e-300  # probability below which Splink stops
_STEADY = 100  # iterations from which each change is a constant share of the one before it


@dataclass(frozen=True)
class Estimate:
    """What EM found, for each table of counts."""

    m: Floats  # (draws, levels)
    prior: Floats  # (draws,): share of matches among the pairs
    iterations: int
    change: float  # the largest of the last iteration
    distance: float = np.inf  # to the limit point, by Aitken's estimate

    @property
    def converged(self) -> bool:
        """Whether EM came to an end by itself."""
        return self.change < TOLERANCE or self.distance < NEARLY

    def matches(self, patterns: Patterns, u: Floats, more: Floats | float = 0.0) -> Floats:
        """Matches among the pairs of each pattern: (patterns,), of the first table of counts.

        Args:
            more: (patterns,) log2 of how much more often matches show a pattern than m of its levels says.
        """
        counts = patterns.counts[None, :].astype(float)
        expected: Floats = _expected(patterns.shown.T, counts, self.m[:1], u[:1], self.prior[:1], more)[0]
        return expected


def expectation_maximisation(
    layout: Layout,
    patterns: Patterns,
    counts: Floats,
    u: Floats,
    start: tuple[Floats, Floats],
    *,
    pseudo_counts: Floats | None = None,
    excess: Floats | float = 0.0,
    tolerance: float = TOLERANCE,
    limit: int = LIMIT,
) -> Estimate:
    """Estimate m and the prior.

    Args:
        counts: (draws, patterns) pairs that show each pattern.
        u: (draws, levels).
        start: m (draws, levels) and prior (draws,).
        pseudo_counts: (levels,) of matches that show the starting m of the layout's model.
        excess: (draws, patterns) log2 of how much more often non-matches show a pattern than u of its levels says.
        tolerance, limit: Splink's em_convergence and max_iterations.
    """
    m, prior = (np.broadcast_to(values, (len(counts), *values.shape[1:])) for values in start)
    levels_first = np.ascontiguousarray(patterns.shown.T)
    fixed, seen = layout.fixed("m"), patterns.shown.any(axis=0)
    unseen: Flags = ~seen & layout.totals(seen.astype(float)).astype(bool)
    pairs = counts.sum(axis=1)
    change, before, iteration = np.inf, np.inf, 0
    while iteration < limit and not change < tolerance:
        iteration += 1
        matches = _expected(levels_first, counts, m, u, prior, -excess)
        shown = _product(matches, patterns.shown)
        total = layout.totals(shown)
        if pseudo_counts is None:
            with np.errstate(divide="ignore", invalid="ignore"):
                better = np.where(seen & ~fixed & (total > 0), np.maximum(shown / total, _LEAST), m)
            better = np.where(unseen & ~fixed, NOT_OBSERVED, better)
        else:
            drawn_in = with_pseudo_counts(layout, shown, total, layout.starting_m(), pseudo_counts)
            better = np.where((seen | unseen) & ~fixed, drawn_in, m)
        with np.errstate(divide="ignore", invalid="ignore"):
            share = matches.sum(axis=1) / pairs
        moves = np.abs(better - m).max(), np.abs(share - prior).max()
        m, prior = better, share
        before, change = change, float(max(moves))
    steady = iteration >= _STEADY and change < before < np.inf
    return Estimate(m, prior, iteration, change, change**2 / (before - change) if steady else np.inf)


def _expected(
    levels_first: Floats, counts: Floats, m: Floats, u: Floats, prior: Floats, more: Floats | float = 0.0
) -> Floats:
    """Matches among the pairs of each pattern: (draws, patterns)."""
    weights = np.log2(np.maximum(m, _LEAST)) - np.log2(np.maximum(u, _LEAST))
    with np.errstate(divide="ignore", over="ignore", invalid="ignore"):
        odds = np.exp2(np.log2(prior / (1 - prior))[:, None] + _product(weights, levels_first) + more)
        matches: Floats = np.where(np.isinf(odds), 1.0, odds / (1 + odds)) * counts
    return matches


def _product(of_draws: Floats, table: Floats) -> Floats:
    # One table of counts is summed in a fixed order, so that a model is the same at any number of threads.
    product: Floats = np.einsum("ij,jk->ik", of_draws, table) if len(of_draws) == 1 else of_draws @ table
    return product


def with_pseudo_counts(layout: Layout, shown: Floats, total: Floats, m: Floats, counts: Floats | float) -> Floats:
    """Shares of levels by matches that show them, of so many, and by another m that counts as further matches."""
    shares: Floats = (shown + m * counts) / np.maximum(total + counts, _LEAST)
    return np.maximum(shares / layout.totals(shares), _LEAST)
