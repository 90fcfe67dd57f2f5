"""Expectation-maximisation on counts of agreement patterns: Splink's iteration.

As Splink does it with u fixed and without term frequencies (splink/internals/expectation_maximisation.py): a level that
no pair shows gets Splink's constant, a side that is NULL says nothing, and it ends when no m and no prior moves by more
than the tolerance. An informative prior adds pseudo-counts of matches to each level (maximum a posteriori).

Matches that move often change their surname too. With an interaction of two fields the table of matches that differ in
the one and the other is free: a log-linear model with this one interaction (Thibaudeau, Survey Methodology 19, 1993).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import expit

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

INDEPENDENT_MATCHES = 4.0
"""Pseudo-count of matches at each of the four cells of an interaction, as many as if the fields were independent."""


@dataclass(frozen=True)
class Interaction:
    """Two fields that matches may change together: (levels,) flags of the levels of another value of each."""

    first: Flags
    second: Flags

    def places(self, layout: Layout, patterns: Patterns) -> npt.NDArray[np.int64]:
        """The cell of each pattern: 0 if neither differs, 1 if the second does, 2 the first, 3 both; 4 if one is NULL."""
        known = np.add.reduceat(patterns.shown, layout.first, axis=1) > 0
        differ = [patterns.shown[:, flags].any(axis=1) for flags in (self.first, self.second)]
        both_known = np.all([known[:, layout.owner[flags.argmax()]] for flags in (self.first, self.second)], axis=0)
        return np.where(both_known, 2 * differ[0] + differ[1], 4)


def cell_ratios(cells: Floats) -> Floats:
    """How much more often matches are in each cell than if the fields were independent: (4,)."""
    table = cells.reshape(2, 2)
    expected = table.sum(axis=1)[:, None] * table.sum(axis=0) / max(table.sum(), 1e-12)
    ratios: Floats = ((table + INDEPENDENT_MATCHES) / (expected + INDEPENDENT_MATCHES)).ravel()
    return ratios


@dataclass(frozen=True)
class Estimate:
    """What EM found."""

    m: Floats  # (levels,)
    prior: float  # share of matches among the pairs
    iterations: int
    change: float  # the largest of the last iteration
    distance: float = np.inf  # to the limit point, by Aitken's estimate
    cells: tuple[Floats, ...] = ()  # of each interaction: (4,) matches
    more: Floats | float = (
        0.0  # (patterns,) log2 of how much more often matches show a pattern than m of its levels says
    )

    @property
    def converged(self) -> bool:
        """Whether EM came to an end by itself."""
        return self.change < TOLERANCE or self.distance < NEARLY

    def matches(self, patterns: Patterns, u: Floats) -> Floats:
        """Matches among the pairs of each pattern: (patterns,)."""
        return _expected(patterns, self.m, u, self.prior, self.more)


def expectation_maximisation(
    layout: Layout,
    patterns: Patterns,
    u: Floats,
    m: Floats,
    prior: float,
    *,
    pseudo_counts: Floats | None = None,
    excess: Floats | float = 0.0,
    most: float = 1.0,
    interactions: Sequence[Interaction] = (),
    tolerance: float = TOLERANCE,
    limit: int = LIMIT,
) -> Estimate:
    """Estimate m and the prior.

    Args:
        u: (levels,).
        m, prior: where it starts.
        pseudo_counts: (levels,) of matches that show the starting m of the layout's model.
        excess: (patterns,) log2 of how much more often non-matches show a pattern than u of its levels says.
        most: what the prior is at most.
        interactions: fields that matches may change together.
        tolerance, limit: Splink's em_convergence and max_iterations.
    """
    seen = patterns.shown.any(axis=0)
    free = ~layout.fixed("m")
    unseen = ~seen & layout.totals(seen.astype(float)).astype(bool)
    change, before, iteration = np.inf, np.inf, 0
    places = [interaction.places(layout, patterns) for interaction in interactions]
    cells, more = list[Floats](), np.zeros(len(patterns.counts))
    while iteration < limit and not change < tolerance:
        iteration += 1
        matches = _expected(patterns, m, u, prior, more - excess)
        shown = patterns.level_counts(matches)
        total = layout.totals(shown)
        if pseudo_counts is None:
            shares = np.divide(shown, total, out=m.copy(), where=seen & free & (total > 0))
            better = np.where(unseen & free, NOT_OBSERVED, np.maximum(shares, _LEAST))
        else:
            drawn_in = with_pseudo_counts(layout, shown, total, layout.starting_m(), pseudo_counts)
            better = np.where((seen | unseen) & free, drawn_in, m)
        share = min(float(matches.sum() / max(patterns.pairs, 1)), most)
        cells = [np.bincount(place, weights=matches, minlength=5)[:4] for place in places]
        more = np.zeros(len(matches))
        for of_cells, place in zip(cells, places, strict=True):
            more += np.append(np.log2(cell_ratios(of_cells)), 0.0)[place]
        before, change = change, float(max(np.abs(better - m).max(), abs(share - prior)))
        m, prior = better, share
    steady = iteration >= _STEADY and change < before < np.inf
    distance = change**2 / (before - change) if steady else np.inf
    return Estimate(m, prior, iteration, change, distance, tuple(cells), more)


def _expected(patterns: Patterns, m: Floats, u: Floats, prior: float, more: Floats | float) -> Floats:
    """Matches among the pairs of each pattern: (patterns,)."""
    weights = np.log2(np.maximum(m, _LEAST)) - np.log2(np.maximum(u, _LEAST))
    with np.errstate(divide="ignore"):
        prior_weight = np.log2(prior) - np.log2(1 - prior)
    # Summed in a fixed order, so that a model is the same at any number of threads.
    evidence: Floats = prior_weight + np.einsum("pl,l->p", patterns.shown, weights) + more
    return np.asarray(expit(evidence * np.log(2)) * patterns.counts, dtype=float)


def with_pseudo_counts(layout: Layout, shown: Floats, total: Floats, m: Floats, counts: Floats | float) -> Floats:
    """Shares of levels by matches that show them, of so many, and by another m that counts as further matches."""
    shares: Floats = (shown + m * counts) / np.maximum(total + counts, _LEAST)
    return np.maximum(shares / layout.totals(shares), _LEAST)
