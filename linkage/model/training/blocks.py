"""Training blocks: the pairs that EM learns from, chosen by how many pairs agree on
which columns.

A run of EM says nothing of a comparison that reads what it is blocked on, so several
blocks share the work.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from linkage.engine import Engine, columns, quote, rows
from linkage.errors import NothingToTrainOnError
from linkage.model.comparisons import HOME, PERSONAL
from linkage.model.sampling import Side
from linkage.model.splink_json import GIVE_A_MODEL, Comparison, Level, sided_columns
from linkage.model.training.counts import Layout, counted_records, counted_shares

MOST_PAIRS = 400
"""Pairs a record that a block may make: Splink advises that matches be 1 % of them; EM
still converges with a quarter of that where nothing purer leaves a comparison free.
"""
PURE_PAIRS = 40
"""Pairs a record up to which a block is preferred to a larger one."""
FEWEST_PAIRS = 30
"""Pairs from which a block shows anything."""
IDENTIFYING = 3
"""Comparisons that tell matches from non-matches without anything else known: a mixture
of two classes is identified by three independent variables (Allman, Matias and Rhodes,
Annals of Statistics 37, 2009).
"""
SIGNIFICANT = 3.0
"""Standard deviations beyond chance: a model has dozens of levels, of which two would
be beyond 2 by chance.
"""


@dataclass(frozen=True)
class TrainingBlock:
    """Columns that records may agree on, and how many pairs do: what a run of EM may
    block on.
    """

    columns: tuple[str, ...]
    pairs: int  # of both sides
    complete: float  # share of both sides' records that have all the columns
    within: tuple[int, int] = (0, 0)  # pairs within the left file, within the right one
    seen: int = 0  # pairs that the count saw, of which `pairs` is the projection
    known: int = 0  # pairs that the count saw with the columns known on both sides
    known_share: float = 1.0  # of the pairs, those with the columns known on both sides

    @property
    def chance(self) -> float:
        """Share of the pairs with the columns known that agree."""
        return self.seen / max(self.known, 1)

    def leaves_free(self, comparison: Comparison) -> bool:
        """Whether EM on this block says anything of a comparison: not where it decides
        one of the levels.

        A level of a name that also reads the other name (the two are swapped) is not
        decided by a block on the other.
        """
        if comparison.given:
            read = {*comparison.columns, *comparison.given}
            return read.isdisjoint(self.columns)
        return not any(
            level.value >= 0 and self.decides(level) for level in comparison.levels
        )

    def free_comparisons(self, comparisons: Iterable[Comparison]) -> int:
        """How many of these comparisons it says something of."""
        return sum(self.leaves_free(comparison) for comparison in comparisons)

    def decides(self, level: Level) -> bool:
        """Whether all that a level reads is what is blocked on."""
        read = sided_columns(level.condition)
        return bool(read) and set(read) <= set(self.columns)

    def leaves_level_free(self, level: Level) -> bool:
        """Whether it says anything of a level: not where that reads what is blocked on,
        though others do not.
        """
        return set(sided_columns(level.condition)).isdisjoint(self.columns)


def own_columns(comparison: Comparison) -> set[str]:
    """The columns that a comparison is about: those that its first graded level
    reads.
    """
    first = next(level for level in comparison.levels if level.value >= 0)
    return (
        set(sided_columns(first.condition))
        if first.condition
        else set(comparison.columns)
    )


def training_blocks(
    comparisons: Sequence[Comparison],
    counted: Sequence[TrainingBlock],
    sides: Sequence[Side],
) -> list[TrainingBlock]:
    """The blocks to learn from: few enough pairs that matches are not lost in them, and
    no column in all of them.

    Raises:
        NothingToTrainOnError: nothing to block on makes pairs.
    """
    smaller = min(side.units for side in sides)
    chance = {
        block.columns[0]: block.chance for block in counted if len(block.columns) == 1
    }
    # A block without what is a person's own would show EM brothers and sisters as
    # matches.
    personal = [block for block in counted if PERSONAL & set(block.columns)]
    candidates = _fitting(smaller, personal or counted) or _with_pairs(counted)
    if not candidates:
        raise NothingToTrainOnError(
            "nothing to train on: no two records of the two sides are equal in any "
            f"column\n  {GIVE_A_MODEL}, or map more columns"
        )
    selection, rest = _chosen(candidates, set(comparisons), comparisons, chance)
    for blocks in (_unique_columns(counted), counted):
        if rest:
            additions, rest = _chosen(
                _fitting(smaller, blocks), rest, comparisons, chance
            )
            selection += additions
    return selection


def _fitting(
    smaller: int, blocks: Sequence[TrainingBlock]
) -> list[tuple[TrainingBlock, bool]]:
    """Blocks that make neither too few pairs nor too many, and whether they make so
    many that matches are rare.
    """
    candidates = []
    for block in blocks:
        known = max(smaller * block.complete, 1.0)
        if max(0.02 * known, FEWEST_PAIRS) <= block.pairs <= MOST_PAIRS * known:
            candidates.append((block, block.pairs / known > PURE_PAIRS))
    return candidates


def _with_pairs(blocks: Sequence[TrainingBlock]) -> list[tuple[TrainingBlock, bool]]:
    """Blocks that make any pair, for files that are too small for others."""
    return [(block, False) for block in blocks if block.pairs]


def _chosen(
    candidates: Sequence[tuple[TrainingBlock, bool]],
    rest: set[Comparison],
    comparisons: Sequence[Comparison],
    chance: Mapping[str, float],
) -> tuple[list[TrainingBlock], set[Comparison]]:
    """Blocks by which each comparison is left free at least once, and the comparisons
    that none leaves free.

    Args:
        rest: comparisons that are to be free; comparisons: all of them.
    """
    selection: list[TrainingBlock] = []

    def order(candidate: tuple[TrainingBlock, bool]) -> tuple[float, ...]:
        block, is_large = candidate
        return (
            -block.free_comparisons(rest),
            _is_chance(block, chance),
            -min(block.free_comparisons(comparisons), IDENTIFYING),
            -round(block.complete, 1),
            is_large,
            block.pairs,
        )

    while rest and candidates:
        block, _ = min(candidates, key=order)
        if not block.free_comparisons(rest):
            break
        selection.append(block)
        rest = {comparison for comparison in rest if not block.leaves_free(comparison)}
    return selection, rest


def _is_chance(block: TrainingBlock, chance: Mapping[str, float]) -> bool:
    """Whether as many pairs agree on two columns as when these are independent: no
    match is seen.
    """
    if len(block.columns) == 1:
        return False
    expected = block.known * math.prod(chance[column] for column in block.columns)
    return block.seen - expected <= SIGNIFICANT * math.sqrt(expected)


def _unique_columns(blocks: Sequence[TrainingBlock]) -> list[TrainingBlock]:
    """Columns that are shared far less within the files than across: telephones and
    other numbers, and no homes.
    """
    return [
        block
        for block in blocks
        if len(block.columns) == 1
        and block.columns[0] not in HOME
        and sum(block.within) <= 0.05 * block.pairs
    ]


def count_blocks(
    engine: Engine, layout: Layout, sides: Sequence[Side]
) -> list[TrainingBlock]:
    """How many pairs agree on each column that may be blocked on, and on each two.

    Counts of values tell it, so that a column's share is known from billions of pairs,
    none of which is made.
    """
    exact = list(layout.exact_levels)
    sets = [(a,) for a in exact] + [
        (a, b) for i, a in enumerate(exact) for b in exact[i + 1 :]
    ]
    if not sets:
        return []
    left, right = counted_records(sides)
    table = engine.sql(
        f"with left_units as {left}, right_units as {right}\n"
        + "\nunion all\n".join(_count(n, names) for n, names in enumerate(sets)),
        left_sample=sides[0].sample,
        right_sample=sides[1].sample,
    )
    sizes, shares = [side.units for side in sides], counted_shares(sides)
    return [
        _projected(sets[row["place"]], row, sizes, shares)
        for row in sorted(rows(engine, table), key=lambda row: int(row["place"]))
    ]


def _count(place: int, names: Sequence[str]) -> str:
    select_list = columns(names)
    known = " and ".join(f"{quote(name)} is not null" for name in names)
    left, right = (
        f"(select {select_list}, count(*) as units from {side}_units where {known} "
        f"group by {select_list})"
        for side in ("left", "right")
    )
    return f"""
    select {place} as place, coalesce(sum(l.units * r.units), 0) as pairs,
           coalesce(sum(l.units), 0) as known_left,
               coalesce(sum(r.units), 0) as known_right,
           coalesce(sum(l.units * (l.units - 1)), 0) as within_left,
           coalesce(sum(r.units * (r.units - 1)), 0) as within_right
    from {left} as l full join {right} as r using ({select_list})
    """


def _projected(
    names: tuple[str, ...],
    row: dict[str, int],
    units: Sequence[int],
    shares: Sequence[float],
) -> TrainingBlock:
    pairs, left, right = (
        int(row["pairs"]),
        int(row["known_left"]),
        int(row["known_right"]),
    )
    sizes = [max(n * share, 1.0) for n, share in zip(units, shares, strict=True)]
    inner_pairs = [
        round(int(row[f"within_{side}"]) / 2 / share**2)
        for side, share in zip(("left", "right"), shares, strict=True)
    ]
    return TrainingBlock(
        columns=names,
        pairs=round(pairs / (shares[0] * shares[1])),
        complete=min(left / sizes[0], right / sizes[1], 1.0),
        within=(inner_pairs[0], inner_pairs[1]),
        seen=pairs,
        known=left * right,
        known_share=min(left * right / (sizes[0] * sizes[1]), 1.0),
    )
