"""u: the share of non-matches at each level, by random pairs of both sides."""

import math
from collections.abc import Sequence

import numpy as np

from linkage.model.comparisons import PERSONAL
from linkage.model.splink_json import sided_columns
from linkage.model.training.blocks import TrainingBlock, own_columns
from linkage.model.training.counts import Floats, Layout, Patterns
from linkage.model.training.evidence import BlockPairs, Evidence

PSEUDO_PAIRS = 200.0
"""Pairs that u of random pairs counts for where a block or a household has few
non-matches.
"""
SAME_PERSON = 10.0
"""Bits of personal evidence by which two records of one file are taken for one person.
"""
ALLOWANCE = 3.0
"""Standard deviations by which a block may have more matches than chance leaves."""
UNSEEN_PAIRS = 0.5
"""Pseudo-count of random pairs for a level that none shows (Jeffreys' prior)."""


def estimate_u(evidence: Evidence) -> Floats:
    """Share of random pairs at each level, of those with both sides known: (levels,).

    Full agreement is as often as values are equal, which is known from far more pairs,
    as is how often histories overlap; the random pairs share out the rest.
    """
    layout, model_u = evidence.layout, evidence.layout.given("u")
    by_values, _ = _counted_on_values(evidence)
    is_counted = ~np.isnan(by_values)
    others = np.where(is_counted, 0.0, evidence.random.level_counts())
    totals = layout.totals(others)
    rest = 1 - layout.totals(np.nan_to_num(by_values))
    shares = np.divide(
        others * rest, totals, out=np.zeros_like(others), where=totals > 0
    )
    floor = UNSEEN_PAIRS / max(evidence.random.pairs, 1)
    shares = np.maximum(np.where(shares > 0, shares, np.nan_to_num(model_u)), floor)
    u: Floats = np.where(
        layout.fixed_u, model_u, np.where(is_counted, by_values, shares)
    )
    return u


def pairs_seen(evidence: Evidence) -> Floats:
    """How many pairs at each level its u rests on: (levels,)."""
    by_values, pairs = _counted_on_values(evidence)
    return np.where(np.isnan(by_values), evidence.random.level_counts(), pairs)


def without_matches(evidence: Evidence, u: Floats, m: Floats, prior: float) -> Floats:
    """u of random pairs without the matches among these, of which small files have as
    many as non-matches at rare levels.

    Never less than a standard deviation of what was counted.
    """
    layout = evidence.layout
    floor = u / np.sqrt(np.maximum(pairs_seen(evidence), 1))
    others = np.where(layout.fixed_u, u, np.maximum(u - prior * m, floor))
    return np.where(layout.fixed_u, u, others / layout.totals(others))


def _counted_on_values(evidence: Evidence) -> tuple[Floats, Floats]:
    """u of the levels that are counted on values, NaN of the others; and the pairs that
    show them.
    """
    layout = evidence.layout
    u, pairs = np.full((2, len(layout.places)), np.nan)
    for block in evidence.equal:
        number = layout.exact_levels.get(block.columns[0])
        if number is not None and _is_full_agreement(layout, number) and block.seen:
            u[number], pairs[number] = (
                max(block.seen, UNSEEN_PAIRS) / block.known,
                block.seen,
            )
    for overlap in evidence.overlapping:
        u[overlap.level], pairs[overlap.level] = (
            overlap.share * max(overlap.pairs, UNSEEN_PAIRS),
            overlap.pairs,
        )
    return u, pairs


def _is_full_agreement(layout: Layout, number: int) -> bool:
    """Whether a level is the first that a comparison asks for, after nothing but
    whether its own column is known.
    """
    comparison = layout.model.comparisons[layout.owner[number]]
    first = next(
        position for position, level in enumerate(comparison.levels) if level.value >= 0
    )
    column = sided_columns(layout.levels[number].condition)
    nulls = [
        sided_columns(level.condition)
        for level in comparison.levels[:first]
        if level.value < 0
    ]
    return layout.places[number][1] == first and all(read == column for read in nulls)


def block_u(
    layout: Layout, pairs: BlockPairs, u: Floats, matches: Floats | None = None
) -> Floats:
    """Share of the non-matches inside a training block at each level: (levels,).

    Fields depend on each other: people of one forename are of one sex, people of one
    surname and postcode a household. Two records of one file are non-matches, but for
    its duplicates. Random pairs decide where there are few of them.

    Args:
        u: of random pairs.
        matches: (patterns,) expected among the block's pairs. Of one file, whose pairs
            are the block's own, the others are its non-matches.
    """
    if pairs.within:
        counts = [
            _without_duplicates(layout, pairs, table, u) for table in pairs.within
        ]
    elif matches is None:
        counts = [_without_duplicates(layout, pairs, pairs.patterns, u)]
    else:
        counts = [pairs.patterns.counts - matches]
    tables = pairs.within or (pairs.patterns,)
    at_levels = [
        table.level_counts(non_matches)
        for table, non_matches in zip(tables, counts, strict=True)
    ]
    totals = [layout.totals(levels) for levels in at_levels]
    pooled = (np.sum(at_levels, axis=0) + u * PSEUDO_PAIRS) / (
        np.sum(totals, axis=0) + PSEUDO_PAIRS
    )
    is_last = np.append(layout.owner[1:] != layout.owner[:-1], True)
    agreements = np.where(is_last, 0.0, across_files(at_levels, totals, pooled))
    differs = np.maximum(1 - layout.totals(agreements), 1e-6)
    shares = np.where(is_last, differs, agreements)
    return np.where(layout.fixed_u, u, shares)


def most_matches(
    layout: Layout, block: TrainingBlock, u: Floats, units: tuple[int, int]
) -> float:
    """The largest share of a block's pairs that may match: as many as agree on the
    block's columns by chance, if these were independent, do not.

    Columns depend on each other rather more than less, so that no fewer agree. The
    allowance is three standard deviations of a share of so many pairs, at most.

    Args:
        u: (levels,) of random pairs without matches.
        units: records of each side.
    """
    if not layout.exact_levels.keys() >= set(block.columns):
        return 1.0
    known_pairs = units[0] * units[1] * block.known_share
    pairs = max(block.pairs, 1)
    chances = [equal_share(layout, [name], u) for name in block.columns]
    share_by_chance = known_pairs * math.prod(chances) / pairs
    allowance = ALLOWANCE / math.sqrt(pairs)
    return min(max(1 - share_by_chance, 0.0) + allowance, 1.0)


def equal_share(layout: Layout, names: Sequence[str], shares: Floats) -> float:
    """The share of pairs that are equal on some columns, where each level has a share.

    Levels before a column's exact level agree on more: a whole address, and not its
    postcode only. Who is equal on the narrower of two columns of one comparison, a
    postcode and a town, is taken to be equal on the other.
    """
    of_comparisons: dict[int, float] = {}
    for name in layout.exact_levels.keys() & set(names):
        exact = layout.exact_levels[name]
        owner = int(layout.owner[exact])
        share = float(shares[layout.first[owner] : exact + 1].sum())
        of_comparisons[owner] = min(share, of_comparisons.get(owner, 1.0))
    return math.prod(of_comparisons[owner] for owner in sorted(of_comparisons))


def across_files(
    each: Sequence[Floats], totals: Sequence[Floats], pooled: Floats
) -> Floats:
    """How often non-matches across two files share a value, by pairs within each;
    pooled shares decide for few pairs.

    It is the geometric mean of how often those of each file do: one file writes what
    two records share so in the share a of them, the other in b, so that a^2, b^2 and ab
    are equal.
    """
    shares = [
        (counts + pooled * PSEUDO_PAIRS) / (total + PSEUDO_PAIRS)
        for counts, total in zip(each, totals, strict=True)
    ]
    fewest = np.min(totals, axis=0)
    weight = fewest / (fewest + PSEUDO_PAIRS)
    frequencies: Floats = np.prod(shares, axis=0) ** (
        weight / len(shares)
    ) * pooled ** (1 - weight)
    return frequencies


def _without_duplicates(
    layout: Layout, pairs: BlockPairs, table: Patterns, u: Floats
) -> Floats:
    """Pairs of one file by pattern, without the people who are in it twice.

    What looks like one person, by what is personal where any is free, counts no more
    often than by chance.
    """
    compared = layout.model.comparisons
    free = [pairs.block.leaves_free(comparison) for comparison in compared]
    own = [
        is_free and bool(own_columns(c) & {*PERSONAL, "surname"})
        for is_free, c in zip(free, compared, strict=True)
    ]
    levels = table.shown * np.array(own if any(own) else free)[layout.owner]
    is_alike = levels @ (np.log2(layout.starting_m()) - np.log2(u)) >= SAME_PERSON
    by_chance = table.pairs * np.exp2(levels @ np.log2(u))
    return np.where(is_alike, np.minimum(table.counts, by_chance), table.counts)
