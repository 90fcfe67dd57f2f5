"""Expectation-maximisation on counts of agreement patterns: Splink's iteration, for one table of counts or for many.

As Splink does it with u held and without term frequencies (splink/internals/expectation_maximisation.py): a level that
no pair shows gets Splink's constant, a side that is NULL says nothing, and it ends when no m and no prior moves by more
than the tolerance. Splink refuses a probability below 1e-300 and stops there; here it is held at 1e-300.
"""

from dataclasses import dataclass

import numpy as np

from linkage.model.training.patterns import Flags, Floats, Layout, Patterns

_LEAST = 1e-300
EXPECTED_COUNTS_AS = 0.5
"""What is expected of a block's share of matches, beside what its pairs show. Where they tell matches from strangers it
moves next to nothing; where they do not, as in a household, any share is as likely as another, and this decides."""
UNSEEN_MATCHES = 5.0
"""Pseudo-count of matches, spread over a comparison's levels as the model says before training."""
MOVED = 0.1
"""Share of matches who have moved, where EM starts, and what few matches are drawn towards."""
_MOVED_COUNTS_AS = 10.0
_STEADY = 100  # iterations from which each changes less than the one before it by the same share
_NOT_OBSERVED = 1e-6  # Splink's m of a level that no pair shows


@dataclass(frozen=True)
class Estimate:
    """What EM found, for each table of counts."""

    m: Floats  # (draws, levels)
    prior: Floats  # (draws,): share of matches among the pairs
    iterations: int
    change: float  # the largest of the last iteration
    way: float = np.inf  # that is left, by how much less each iteration changes than the one before it (Aitken)
    home: Flags | None = None  # (levels,) that go by where somebody lives, if matches are told who have moved
    moved: Floats | None = None  # (draws,): their share of the matches
    staying: Floats | None = None  # (draws, levels): m of the others

    def matches(self, patterns: Patterns, u: Floats) -> Floats:
        """Matches among the pairs of each pattern, where EM has ended: (patterns,), of the first table of counts."""
        m, counts = self.m if self.staying is None else self.staying, patterns.counts[None, :].astype(float)
        found = matches_by(m, u[:1], self.prior, patterns.shown, counts, home=self.home, moved=self.moved)
        each: Floats = found.all[0]
        return each


@dataclass(frozen=True)
class Matches:
    """Matches among the pairs of each pattern: (draws, patterns)."""

    all: Floats
    staying: Floats | None  # of them those who have not moved, where that is asked


def matches_by(
    m: Floats,
    u: Floats,
    prior: Floats,
    shown: Floats,
    counts: Floats,
    beyond: Floats | float = 0.0,
    home: Flags | None = None,
    moved: Floats | None = None,
) -> Matches:
    """Matches among pairs by what they show; arguments as of `expectation_maximisation`."""
    # One table of counts is summed in a fixed order, so that a model is the same at any number of threads.
    product = np.matmul if len(counts) > 1 else lambda a, b: np.einsum("ij,jk->ik", a, b)
    levels_first = np.ascontiguousarray(shown.T)
    weights = np.log2(np.maximum(m, _LEAST)) - np.log2(np.maximum(u, _LEAST))
    with np.errstate(divide="ignore", over="ignore", invalid="ignore"):
        before = np.log2(prior / (1 - prior))[:, None]
        bits = product(weights, levels_first) - beyond
        if home is None or moved is None:
            return Matches(_share(before + bits) * counts, None)
        elsewhere = product(np.where(home, 0.0, weights), levels_first) - beyond
        stay, move = (np.log2(share)[:, None] for share in (1 - moved, moved))
        found = _share(before + np.logaddexp2(stay + bits, move + elsewhere)) * counts
        return Matches(found, found * _share(stay + bits - move - elsewhere))


def _share(bits: Floats) -> Floats:
    """The probability that odds of so many bits are."""
    odds = np.exp2(bits)
    found: Floats = np.where(np.isinf(odds), 1.0, odds / (1 + odds))
    return found


def expectation_maximisation(
    layout: Layout,
    patterns: Patterns,
    counts: Floats,
    *,
    m: Floats,
    u: Floats,
    prior: Floats,
    held: Flags,
    tolerance: float,
    limit: int,
    expected: float | None = None,
    expected_counts_as: float = EXPECTED_COUNTS_AS,
    most: Floats | None = None,
    leaning: tuple[Floats, Floats] | None = None,
    beyond: Floats | None = None,
    home: Flags | None = None,
    moved: Floats | None = None,
) -> Estimate:
    """Estimate m and the prior.

    Args:
        counts: (draws, patterns) pairs that show each pattern.
        m, u: (draws, levels); m is where EM starts, u stays.
        prior: (draws,) where EM starts.
        held: (levels,) whose m stays.
        tolerance, limit: Splink's em_convergence and max_iterations.
        expected: the prior that strangers within the files let expect.
        expected_counts_as: and how much it counts, as a share of the pairs.
        most: (levels,) what no m may be above. Pairs beyond it are no matches: they are taken off the prior.
        leaning: (levels,) m that another step has learnt, and as how many matches it counts beside those found here.
        beyond: (draws, patterns) log2 of how much more often strangers show a pattern than u of its levels says.
        home: (levels,) what matches who have moved share no more often than strangers do; none are told when None.
        moved: (draws,) the share of them where EM starts.
    """
    shows = patterns.shown.any(axis=0)
    unseen = ~shows & layout.totals(shows.astype(float)).astype(bool)
    product = np.matmul if len(counts) > 1 else lambda a, b: np.einsum("ij,jk->ik", a, b)
    all_pairs = counts.sum(axis=1)
    less = 0.0 if beyond is None else beyond
    moved = np.full(len(counts), MOVED) if moved is None and home is not None else moved
    change, before, iteration = np.inf, np.inf, 0
    with np.errstate(divide="ignore", over="ignore", invalid="ignore"):
        while iteration < limit and not change < tolerance:
            iteration += 1
            each = matches_by(m, u, prior, patterns.shown, counts, less, home, moved)
            matches, shown = each.all, product(each.all, patterns.shown)
            if home is not None and each.staying is not None:
                shown = np.where(home, product(each.staying, patterns.shown), shown)
                left = (matches - each.staying).sum(axis=1)
                moved = (left + MOVED * _MOVED_COUNTS_AS) / (matches.sum(axis=1) + _MOVED_COUNTS_AS)
            total = layout.totals(shown)
            if leaning is None:
                found = np.where(shows & ~held & (total > 0), np.maximum(shown / total, _LEAST), m)
                found = np.where(unseen & ~held, _NOT_OBSERVED, found)
            else:
                found = np.where((shows | unseen) & ~held, leant(layout, shown, total, *leaning), m)
            share = matches.sum(axis=1) / all_pairs
            if expected is not None:
                share = (share + expected_counts_as * expected) / (1 + expected_counts_as)
            if most is not None:
                found = _held_to(layout, found, most)
                share = np.minimum(share, (matches.sum(axis=1) - _beyond(layout, shown, most)) / all_pairs)
            before, change = change, float(max(np.abs(found - m).max(), np.abs(share - prior).max()))
            m, prior = found, share
    way = _way(change, before) if iteration >= _STEADY else np.inf
    if home is None or moved is None:
        return Estimate(m, prior, iteration, change, way)
    whole = np.where(home, (1 - moved[:, None]) * m + moved[:, None] * u, m)
    return Estimate(whole, prior, iteration, change, way, home, moved, m)


def _way(change: float, before: float) -> float:
    """How far EM still has to go, whose changes shrink by the same share at each of its last steps."""
    return change**2 / (before - change) if change < before < np.inf else np.inf


def leant(layout: Layout, shown: Floats, total: Floats, m: Floats, counts_as: Floats) -> Floats:
    """Shares of levels by matches that show them, of so many, and by another m that counts as further matches."""
    found: Floats = (shown + m * counts_as) / np.maximum(total + counts_as, _LEAST)
    return np.maximum(found / layout.totals(found), _LEAST)


def _held_to(layout: Layout, m: Floats, most: Floats) -> Floats:
    """m with no level above its most; what that takes off goes to the comparison's other levels."""
    over = m > most
    excess = layout.totals(np.where(over, m - most, 0.0))
    others = layout.totals(np.where(over, 0.0, m))
    more = np.divide(excess, others, out=np.zeros_like(m), where=others > 0)
    found: Floats = np.where(over, most, m * (1 + more))
    return found


def _beyond(layout: Layout, shown: Floats, most: Floats) -> Floats:
    """How many of the pairs at a level are more than its most, beside the matches at the comparison's other levels."""
    others = layout.totals(shown) - shown
    allowed = np.where(most < 1, others * most / np.where(most < 1, 1 - most, 1.0), np.inf)
    found: Floats = np.maximum(shown - allowed, 0.0).max(axis=1)
    return found


def default_m(layout: Layout) -> Floats:
    """Where Splink starts a level that the model says nothing of: 0.95 for full agreement, the rest spread evenly."""
    graded = layout.totals(np.ones(len(layout.places)))
    full = np.isin(np.arange(len(layout.places)), layout.first)
    return np.where(full, 0.95, 0.05 / np.maximum(graded - 1, 1))
