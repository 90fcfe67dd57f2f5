"""Counts of agreement patterns: all that estimation needs to know of the pairs."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from linkage.engine import Engine, quote
from linkage.model.compiled import scored_pairs
from linkage.model.sampling import Side
from linkage.model.splink_json import Comparison, Level, Model
from linkage.model.stages import pattern_column

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Layout:
    """The graded levels of a model, numbered through comparison by comparison."""

    model: Model

    @cached_property
    def places(self) -> tuple[tuple[int, int], ...]:
        """Each level's comparison and position in the model's file."""
        return tuple(
            (index, position)
            for index, comparison in enumerate(self.model.comparisons)
            for position, level in enumerate(comparison.levels)
            if level.value >= 0
        )

    @cached_property
    def owner(self) -> npt.NDArray[np.int64]:
        """Each level's comparison."""
        return np.array([index for index, _ in self.places])

    @cached_property
    def first(self) -> npt.NDArray[np.int64]:
        """The number of each comparison's first level."""
        return np.searchsorted(self.owner, np.arange(len(self.model.comparisons)))

    @property
    def levels(self) -> list[Level]:
        """The levels in their numbers' order."""
        return [self.model.comparisons[index].levels[position] for index, position in self.places]

    def totals(self, values: Floats) -> Floats:
        """For each level the sum over its comparison's levels; levels are the last axis."""
        return np.add.reduceat(values, self.first, axis=-1)[..., self.owner]

    def said(self, kind: str) -> Floats:
        """m or u as the model says it; NaN where it says nothing."""
        return np.array([np.nan if getattr(level, kind) is None else getattr(level, kind) for level in self.levels])

    def fixed(self, kind: str) -> Flags:
        """Levels whose m or u the model's file says to leave as it is."""
        return np.array(
            [
                bool(raw.get(f"fix_{kind}_probability") and raw.get(f"{kind}_probability") is not None)
                for raw in map(self._raw, self.places)
            ]
        )

    def _raw(self, place: tuple[int, int]) -> dict[str, Any]:
        raw: dict[str, Any] = self.model.raw["comparisons"][place[0]]["comparison_levels"][place[1]]
        return raw


@dataclass(frozen=True)
class Patterns:
    """Distinct patterns and the number of pairs that show each."""

    counts: npt.NDArray[np.int64]  # (patterns,)
    shown: Floats  # (patterns, levels): 1 where a pattern has the level; none of a comparison where a side is NULL

    @property
    def pairs(self) -> int:
        """Pairs counted."""
        return int(self.counts.sum())

    def level_counts(self, counts: Floats) -> Floats:
        """Pairs at each level, given pairs of each pattern: (draws, patterns) to (draws, levels)."""
        return counts @ self.shown


@dataclass(frozen=True)
class Pairs:
    """Pairs to look at.

    `sql` selects left_id, right_id and, as `carried` names them, the columns that `compared` read. It reads {left} and
    {right}, all units of a side, and {left_sample} and {right_sample}.
    """

    sql: str
    compared: tuple[Comparison, ...]  # the other comparisons are as if a side were NULL


def counted(engine: Engine, layout: Layout, wanted: Sequence[Pairs], sides: Sequence[Side]) -> list[Patterns]:
    """The patterns of several sets of pairs, in one query, in an order of their own, whatever the engine's."""
    comparisons = layout.model.comparisons
    plain = replace(layout.model, comparisons=tuple(map(_without_frequencies, comparisons)))
    # A set's number travels in the stead of the pairs' left id, which nobody asks for.
    sets = [f"select {n} as left_id, right_id, {_named(comparisons)} from (\n{p.sql}\n)" for n, p in enumerate(wanted)]
    scored = scored_pairs(plain, "\nunion all\n".join(sets), None)
    gammas = ", ".join(quote(pattern_column(comparison)) for comparison in comparisons)
    found = engine.arrow(
        engine.sql(
            f"select left_id, {gammas}, count(*) as pairs from (\n{scored}\n) group by left_id, {gammas}",
            left=sides[0].table,
            right=sides[1].table,
            left_sample=sides[0].sample,
            right_sample=sides[1].sample,
        )
    )
    # A few hundred rows; to_numpy would import pandas, which takes longer than all the rest.
    values = np.array([column.to_pylist() for column in found.columns], dtype=np.int64)
    values = values[:, np.lexsort(values)]
    return [_patterns(layout, values[1:, values[0] == n], pairs.compared) for n, pairs in enumerate(wanted)]


def _patterns(layout: Layout, rows: npt.NDArray[np.int64], compared: Sequence[Comparison]) -> Patterns:
    """Rows are the comparisons' levels, and last the pairs; columns the patterns."""
    shown = np.zeros((rows.shape[1], len(layout.places)))
    for index, comparison in enumerate(layout.model.comparisons):
        if comparison in compared:
            last = layout.first[index] + sum(level.value >= 0 for level in comparison.levels) - 1
            graded = np.flatnonzero(rows[index] >= 0)
            shown[graded, last - rows[index, graded]] = 1.0
    return Patterns(rows[-1], shown)


def carried(comparisons: Sequence[Comparison], compared: Sequence[Comparison]) -> str:
    """SQL of the columns of all comparisons, of aliases l and r; NULL where no comparison asked for reads them."""
    read = {column for comparison in compared for column in comparison.columns}
    return ", ".join(
        f"{side}.{quote(name)} as {quote(f'{name}_{side}')}"
        if name in read
        else f"case when false then {side}.{quote(name)} end as {quote(f'{name}_{side}')}"
        for name in _columns(comparisons)
        for side in "lr"
    )


def _named(comparisons: Sequence[Comparison]) -> str:
    return ", ".join(quote(f"{name}_{side}") for name in _columns(comparisons) for side in "lr")


def _columns(comparisons: Sequence[Comparison]) -> list[str]:
    return list(dict.fromkeys(column for comparison in comparisons for column in comparison.columns))


def _without_frequencies(comparison: Comparison) -> Comparison:
    """A comparison whose levels do not ask how common a value is."""
    return replace(
        comparison, levels=tuple(replace(level, tf_column=None, tf_list=None) for level in comparison.levels)
    )
