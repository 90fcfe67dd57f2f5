"""Expectation-maximisation on counts of agreement patterns: Splink's iteration, for one table of counts or for many.

As Splink does it with u held and without term frequencies (splink/internals/expectation_maximisation.py): a level that
no pair shows gets Splink's constant, a side that is NULL says nothing, and it ends when no m and no prior moves by more
than the tolerance. Splink refuses a probability below 1e-300 and stops there; here it is held at 1e-300.
"""

import functools
from dataclasses import dataclass, replace

import numpy as np

from linkage.model.training.counts.patterns import Flags, Floats, Layout, Patterns

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
class Strangers:
    """How often strangers show what a pair does; EM leaves it as it is.

    Attributes:
        u: (draws, levels).
        beyond: (draws, patterns) log2 of how much more often they show a pattern than u of its levels says.
    """

    u: Floats
    beyond: Floats | float = 0.0


@dataclass(frozen=True)
class Matches:
    """What EM takes matches to be: where it starts, and where each iteration comes to.

    Attributes:
        m: (draws, levels); of those who have not moved, where others have.
        prior: (draws,) share of matches among the pairs.
        moved: (draws,) share of the matches that have moved, where they are told.
    """

    m: Floats
    prior: Floats
    moved: Floats | None = None

    def of_each(self, draws: int) -> "Matches":
        """The same of each of so many draws."""
        moved = None if self.moved is None else np.broadcast_to(self.moved, draws)
        return Matches(np.broadcast_to(self.m, (draws, self.m.shape[1])), np.broadcast_to(self.prior, draws), moved)


@dataclass(frozen=True)
class Known:
    """What is known of matches beside what their pairs show.

    Attributes:
        held: (levels,) whose m stays.
        most: (levels,) what no m may be above. Pairs beyond it are no matches: they are taken off the prior.
        expected: the prior that strangers within the files let expect.
        expected_counts_as: and how much it counts, as a share of the pairs.
        leaning: (levels,) m that another step has learnt, and as how many matches it counts beside those found here.
        home: (levels,) what matches who have moved share no more often than strangers do; none are told when None.
    """

    held: Flags
    most: Floats | None = None
    expected: float | None = None
    expected_counts_as: float = EXPECTED_COUNTS_AS
    leaning: tuple[Floats, Floats] | None = None
    home: Flags | None = None


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

    @property
    def at(self) -> Matches:
        """Where EM has ended."""
        return Matches(self.m if self.staying is None else self.staying, self.prior, self.moved)

    def matches(self, patterns: Patterns, u: Floats, more: Floats | float = 0.0) -> Floats:
        """Matches among the pairs of each pattern, where EM has ended: (patterns,), of the first table of counts.

        Args:
            more: (patterns,) log2 of how much more often matches show a pattern than m of its levels says.
        """
        pairs = _Pairs(patterns.shown, patterns.counts[None, :].astype(float))
        each: Floats = _among(pairs, self.at, Strangers(u[:1], -np.asarray(more)), self.home).all[0]
        return each


@dataclass(frozen=True)
class _Pairs:
    """Pairs by what they show, for each draw; what all iterations ask of them is worked out once."""

    shown: Floats  # (patterns, levels)
    counts: Floats  # (draws, patterns)

    @functools.cached_property
    def levels_first(self) -> Floats:
        """(levels, patterns), in memory too."""
        return np.ascontiguousarray(self.shown.T)

    @functools.cached_property
    def seen(self) -> Flags:
        """(levels,) that some pair shows."""
        found: Flags = np.asarray(self.shown.any(axis=0))
        return found

    @functools.cached_property
    def all(self) -> Floats:
        """(draws,) how many there are."""
        found: Floats = self.counts.sum(axis=1)
        return found

    def sums(self, weights: Floats) -> Floats:
        """(draws, patterns) the weights of the levels that each pattern shows, added up."""
        return self._product(weights, self.levels_first)

    def at_levels(self, counts: Floats) -> Floats:
        """(draws, levels) how many of some of the pairs show each level."""
        return self._product(counts, self.shown)

    def _product(self, of_draws: Floats, table: Floats) -> Floats:
        # One table of counts is summed in a fixed order, so that a model is the same at any number of threads.
        one = len(self.counts) == 1
        found: Floats = np.einsum("ij,jk->ik", of_draws, table) if one else of_draws @ table
        return found


@dataclass(frozen=True)
class _Found:
    """Matches among the pairs of each pattern: (draws, patterns)."""

    all: Floats
    staying: Floats | None  # of them those who have not moved, where that is asked


def _among(pairs: _Pairs, at: Matches, strangers: Strangers, home: Flags | None) -> _Found:
    """Matches among pairs, by what they show."""
    weights = np.log2(np.maximum(at.m, _LEAST)) - np.log2(np.maximum(strangers.u, _LEAST))
    with np.errstate(divide="ignore", over="ignore", invalid="ignore"):
        before = np.log2(at.prior / (1 - at.prior))[:, None]
        bits = pairs.sums(weights) - strangers.beyond
        if home is None or at.moved is None:
            return _Found(_share(before + bits) * pairs.counts, None)
        elsewhere = pairs.sums(np.where(home, 0.0, weights)) - strangers.beyond
        stay, move = (np.log2(share)[:, None] for share in (1 - at.moved, at.moved))
        found = _share(before + np.logaddexp2(stay + bits, move + elsewhere)) * pairs.counts
        return _Found(found, found * _share(stay + bits - move - elsewhere))


def _share(bits: Floats) -> Floats:
    """The probability that odds of so many bits are."""
    odds = np.exp2(bits)
    found: Floats = np.where(np.isinf(odds), 1.0, odds / (1 + odds))
    return found


def expectation_maximisation(
    layout: Layout,
    patterns: Patterns,
    counts: Floats,
    start: Matches,
    strangers: Strangers,
    known: Known,
    *,
    tolerance: float,
    limit: int,
) -> Estimate:
    """Estimate m and the prior.

    Args:
        counts: (draws, patterns) pairs that show each pattern.
        tolerance, limit: Splink's em_convergence and max_iterations.
    """
    pairs, at = _Pairs(patterns.shown, counts), start
    if known.home is not None and start.moved is None:
        at = replace(start, moved=np.full(len(counts), MOVED))
    change, before, iteration = np.inf, np.inf, 0
    with np.errstate(divide="ignore", over="ignore", invalid="ignore"):
        while iteration < limit and not change < tolerance:
            iteration += 1
            found = _among(pairs, at, strangers, known.home)
            better = _maximised(layout, pairs, at, found, known)
            moves = np.abs(better.m - at.m).max(), np.abs(better.prior - at.prior).max()
            before, change, at = change, float(max(moves)), better
    way = _way(change, before) if iteration >= _STEADY else np.inf
    if known.home is None or at.moved is None:
        return Estimate(at.m, at.prior, iteration, change, way)
    whole = np.where(known.home, (1 - at.moved[:, None]) * at.m + at.moved[:, None] * strangers.u, at.m)
    return Estimate(whole, at.prior, iteration, change, way, known.home, at.moved, at.m)


def _maximised(layout: Layout, pairs: _Pairs, at: Matches, found: _Found, known: Known) -> Matches:
    """What matches are, where so many of the pairs of each pattern are matches.

    Args:
        at: what they were taken to be when these were found.
    """
    unseen = ~pairs.seen & layout.totals(pairs.seen.astype(float)).astype(bool)
    matches, shown, moved = found.all.sum(axis=1), pairs.at_levels(found.all), at.moved
    if known.home is not None and found.staying is not None:
        shown = np.where(known.home, pairs.at_levels(found.staying), shown)
        left = (found.all - found.staying).sum(axis=1)
        moved = (left + MOVED * _MOVED_COUNTS_AS) / (matches + _MOVED_COUNTS_AS)
    total = layout.totals(shown)
    if known.leaning is None:
        m = np.where(pairs.seen & ~known.held & (total > 0), np.maximum(shown / total, _LEAST), at.m)
        m = np.where(unseen & ~known.held, _NOT_OBSERVED, m)
    else:
        m = np.where((pairs.seen | unseen) & ~known.held, leant(layout, shown, total, *known.leaning), at.m)
    prior = matches / pairs.all
    if known.expected is not None:
        prior = (prior + known.expected_counts_as * known.expected) / (1 + known.expected_counts_as)
    if known.most is not None:
        m = _held_to(layout, m, known.most)
        prior = np.minimum(prior, (matches - _beyond(layout, shown, known.most)) / pairs.all)
    return Matches(m, prior, moved)


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
