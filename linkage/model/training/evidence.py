"""All that training counts of two sides: the part that the engine does."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from linkage.engine import Engine, Table
from linkage.model.sampling import Side, drawn
from linkage.model.splink_json import Model
from linkage.model.training.blocks import TrainingBlock, count_blocks, training_blocks
from linkage.model.training.counts import (
    BLOCK_PAIRS,
    Layout,
    Pairs,
    Patterns,
    block_pairs,
    count_patterns,
    overlaps,
    random_pairs,
    within_pairs,
)
from linkage.model.training.em import ENOUGH_MATCHES
from linkage.model.training.informative_prior import InformativePrior

SAMPLE_ROWS = 120_000
"""Records of each side; a training block has its fill of matches long before."""
FEW_MATCHES = 1_000.0
"""Matches below which a larger sample of a block's pairs is worth its time."""


@dataclass(frozen=True)
class OverlapCount:
    """A level that was counted on more pairs than are compared one by one, and what
    share of them one pair is.
    """

    level: int
    pairs: int
    share: float


@dataclass(frozen=True)
class BlockPairs:
    """A training block and its pairs by pattern.

    Attributes:
        share: of the block's pairs that were compared.
        within: pairs of each file that agree on the block's columns.
    """

    block: TrainingBlock
    share: float
    patterns: Patterns
    within: tuple[Patterns, ...] = ()


@dataclass(frozen=True)
class Evidence:
    """What was counted; equal: agreements of one column each."""

    layout: Layout
    units: tuple[int, int]
    equal: tuple[TrainingBlock, ...]
    overlapping: tuple[OverlapCount, ...]
    random: Patterns
    blocks: tuple[BlockPairs, ...]
    informative: InformativePrior | None = None  # the layout's model then has its m


def gather(
    engine: Engine,
    model: Model,
    left: Table,
    right: Table,
    *,
    seed: int,
    learn: bool = True,
    one_file: bool = False,
    informative: InformativePrior | None = None,
    progress: Callable[[str], None] = lambda _: None,
) -> Evidence:
    """Count what estimation needs.

    Args:
        learn: also count training blocks; without them only u is known.
        one_file: both sides are parts of one file, whose pairs may be matches as well:
            pairs within a side say nothing about non-matches.

    Raises:
        NothingToTrainOnError: no block makes a pair.
    """
    layout = Layout(model)
    sides = drawn(
        engine, (left, right), _compared_columns(model), most=SAMPLE_ROWS, seed=seed
    )
    progress("columns to block on")
    candidates = count_blocks(engine, layout, sides)
    blocks = training_blocks(model.fields, candidates, sides) if learn else []
    equal = tuple(block for block in candidates if len(block.columns) == 1)
    overlapping = overlaps(
        layout, {block.columns[0]: block.known for block in equal}, sides
    )
    progress(
        "u from random pairs, m from pairs that agree on "
        f"{'; '.join(' and '.join(b.columns) for b in blocks)}"
    )
    sample_share = max(
        side.share for side in sides if side.units == max(s.units for s in sides)
    )
    shares = [min(sample_share, BLOCK_PAIRS / max(block.pairs, 1)) for block in blocks]
    inside = []
    for block, share in zip(blocks, shares, strict=True):
        cross_pairs = _block_pairs(layout, block, sides, share)
        inside += [cross_pairs]
        inside += (
            []
            if one_file
            else within_pairs(
                layout, block.columns, cross_pairs.compared, sides, block.within
            )
        )
    pair_sets = [
        random_pairs(engine, layout, sides),
        *inside,
        *(overlap.pairs for overlap in overlapping),
    ]
    random, *tables = count_patterns(engine, layout, pair_sets, sides)
    engine.drop(*(side.sample for side in sides))
    table_count = (
        1 if one_file else 3
    )  # tables of a block: of pairs across the files, and within each
    counts = []
    for overlap, table in zip(
        overlapping, tables[table_count * len(blocks) :], strict=True
    ):
        at_levels = table.level_counts()
        counts += [
            OverlapCount(level, round(at_levels[level]), overlap.share)
            for level in overlap.levels
        ]
    pairs = tuple(
        BlockPairs(
            block,
            share,
            tables[table_count * n],
            tuple(tables[table_count * n + 1 : table_count * (n + 1)]),
        )
        for n, (block, share) in enumerate(zip(blocks, shares, strict=True))
    )
    return Evidence(
        layout,
        (sides[0].units, sides[1].units),
        equal,
        tuple(counts),
        random,
        pairs,
        informative,
    )


def enlarge(
    engine: Engine,
    evidence: Evidence,
    matches: Sequence[float],
    left: Table,
    right: Table,
    *,
    seed: int,
) -> Evidence | None:
    """The evidence with more pairs of the blocks that showed few matches; None where
    none did, or all were seen.

    Two files that share a few thousand people among a million have a match in a
    thousand pairs of one birth date.

    Args:
        matches: that EM found in each block.
        seed: that the evidence was gathered with: its pairs are among the new ones.
    """
    shares = {
        number: min(
            1.0,
            evidence.blocks[number].share * ENOUGH_MATCHES / max(match_count, 1.0),
            _most_share(evidence, number),
        )
        for number, match_count in enumerate(matches)
        if match_count < FEW_MATCHES
    }
    shares = {
        number: share
        for number, share in shares.items()
        if share > evidence.blocks[number].share
    }
    if not shares:
        return None
    layout = evidence.layout
    rows = math.ceil(max(shares.values()) * max(evidence.units))
    sides = drawn(
        engine, (left, right), _compared_columns(layout.model), most=rows, seed=seed
    )
    pair_sets = [
        _block_pairs(layout, evidence.blocks[number].block, sides, share)
        for number, share in shares.items()
    ]
    pattern_counts = count_patterns(engine, layout, pair_sets, sides)
    engine.drop(*(side.sample for side in sides))
    blocks = list(evidence.blocks)
    for (number, share), patterns in zip(shares.items(), pattern_counts, strict=True):
        blocks[number] = replace(blocks[number], share=share, patterns=patterns)
    return replace(evidence, blocks=tuple(blocks))


def _most_share(evidence: Evidence, number: int) -> float:
    """Of a block's pairs, as many as are compared at most: twenty times the usual."""
    return 20 * BLOCK_PAIRS / max(evidence.blocks[number].block.pairs, 1)


def _block_pairs(
    layout: Layout, block: TrainingBlock, sides: Sequence[Side], share: float
) -> Pairs:
    comparisons = [
        comparison
        for comparison in layout.model.comparisons
        if block.leaves_free(comparison)
    ]
    return block_pairs(layout, block.columns, comparisons, sides, share)


def _compared_columns(model: Model) -> list[str]:
    return list(
        dict.fromkeys(
            column for comparison in model.comparisons for column in comparison.columns
        )
    )
