"""Joint expectation-maximisation: one m of all training blocks, from pattern counts.

A block is a set of pairs that agree on some columns. Matches show the same m in each of
them, so their expected counts are pooled in every iteration. The share of matches (the
prior) and u differ from block to block. Dirichlet pseudo-counts stand for what few
matches show: the estimate is the mode of the posterior.

Sources: Dempster, Laird and Rubin, Maximum likelihood from incomplete data via the EM
algorithm, JRSS B 39 (1977), on EM and on posterior modes; Winkler, Using the EM
algorithm for weight computation in the Fellegi-Sunter model (1988). With one block,
without pseudo-counts and with u fixed, an iteration is Splink's
(splink/internals/expectation_maximisation.py).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from linkage.model.training.counts import Flags, Floats, Layout, Patterns

LIMIT = 10_000
"""Iterations. Splink stops at 25, where each costs it a query; here each takes about a
millisecond.
"""
TOLERANCE = 1e-7
"""EM ends when no m moves by more, and no prior by more than this share of itself.
Splink's em_convergence is 1e-4, of priors too: too coarse where matches are rare.
"""
ENOUGH_MATCHES = 3_000.0
"""Matches from which a block weighs no more: what one match in a hundred does is then
known to a fifth of itself. Beyond that a block differs from others by more than chance,
and should not outvote them.
"""
_LEAST = 1e-300  # probability below which Splink stops


@dataclass(frozen=True)
class Block:
    """The pairs of one training block, as EM sees them.

    Attributes:
        u: (levels,) of non-matches inside the block.
        free: (levels,) of which the block says something; the others count as unknown.
        prior: share of matches where EM starts.
        most: what the prior is at most.
    """

    patterns: Patterns
    u: Floats
    free: Flags
    prior: float
    most: float = 1.0

    def matches(self, m: Floats, prior: float) -> Floats:
        """Expected matches among the pairs of each pattern: (patterns,)."""
        weights = np.log(np.maximum(m, _LEAST)) - np.log(np.maximum(self.u, _LEAST))
        weights = np.where(self.free, weights, 0.0)
        with np.errstate(divide="ignore", over="ignore"):
            # einsum sums in a fixed order, so that a model is the same at any number of
            # threads.
            evidence = np.einsum("pl,l->p", self.patterns.shown, weights)
            evidence = evidence + np.log(prior) - np.log1p(-prior)
            shares = 1 / (1 + np.exp(-evidence))
        return np.asarray(shares * self.patterns.counts, dtype=float)


@dataclass(frozen=True)
class Estimate:
    """What EM found.

    Attributes:
        m: (levels,).
        priors: share of matches among the pairs of each block.
        counts: (levels,) of matches that show a level, pooled and weighted.
        converged: whether it ended before the last iteration allowed.
    """

    m: Floats
    priors: tuple[float, ...]
    counts: Floats
    iterations: int
    converged: bool


def expectation_maximisation(
    layout: Layout,
    blocks: Sequence[Block],
    pseudo_counts: Floats,
    *,
    tolerance: float | None = None,
    limit: int | None = None,
) -> Estimate:
    """Estimate m, and the prior of each block.

    Args:
        pseudo_counts: (levels,) of matches that show the starting m.
        tolerance, limit: TOLERANCE and LIMIT where not given.
    """
    tolerance = TOLERANCE if tolerance is None else tolerance
    limit = LIMIT if limit is None else limit
    start = layout.starting_m()
    m, priors = start, np.array([block.prior for block in blocks])
    counts = np.zeros(len(m))
    for iteration in range(1, limit + 1):
        counts, shares = _expected(layout, blocks, m, priors)
        better = posterior_m(layout, counts, start, pseudo_counts)
        m_change = np.abs(better - m).max(initial=0.0)
        scale = np.maximum(priors, _LEAST)
        prior_change = (np.abs(shares - priors) / scale).max(initial=0.0)
        m, priors = better, shares
        if max(m_change, prior_change) < tolerance:
            return Estimate(m, tuple(priors), counts, iteration, True)
    return Estimate(m, tuple(priors), counts, limit, False)


def _expected(
    layout: Layout, blocks: Sequence[Block], m: Floats, priors: Floats
) -> tuple[Floats, Floats]:
    """Matches at each level, pooled over blocks, and the share of matches in each."""
    pooled = np.zeros(len(m))
    shares = np.zeros(len(blocks))
    for number, (block, prior) in enumerate(zip(blocks, priors, strict=True)):
        matches = block.matches(m, prior)
        total = float(matches.sum())
        shares[number] = min(total / max(block.patterns.pairs, 1), block.most)
        at_levels = block.patterns.level_counts(matches)
        weight = min(1.0, ENOUGH_MATCHES / max(total, 1.0))
        pooled += weight * _completed(layout, block, at_levels, m)
    return pooled, shares


def _completed(layout: Layout, block: Block, counts: Floats, m: Floats) -> Floats:
    """Matches at each level; those at levels of which a block says nothing, of
    comparisons of which it says something, as m has it.
    """
    known = np.where(block.free, counts, 0.0)
    share_known = layout.totals(np.where(block.free, m, 0.0))
    total = layout.totals(known) / np.maximum(share_known, _LEAST)
    return np.where(block.free, known, total * m)


def posterior_m(
    layout: Layout, counts: Floats, start: Floats, pseudo_counts: Floats
) -> Floats:
    """The mode of m: shares of levels by matches that show them, and by another m that
    counts as further matches. Fixed m stays, and levels of which nothing is known.

    Args:
        counts: (levels,) of matches.
        start: (levels,) of m that the pseudo-counts show.
    """
    total = layout.totals(counts) + pseudo_counts
    shares = (counts + start * pseudo_counts) / np.maximum(total, _LEAST)
    fixed = layout.fixed_m
    free_shares = np.where(fixed, 0.0, shares)
    rest = 1 - layout.totals(np.where(fixed, start, 0.0))
    scale = rest / np.maximum(layout.totals(free_shares), _LEAST)
    is_known = ~fixed & (total > 0)
    return np.where(is_known, np.maximum(free_shares * scale, _LEAST), start)
