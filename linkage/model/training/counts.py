"""Counts of pairs by agreement pattern: all that estimation needs to know of the pairs.

The engine compares random pairs, pairs inside training blocks and pairs whose histories
overlap, and counts them by the levels of all comparisons. What follows works on a few
hundred counts.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from linkage.engine import Engine, one, quote
from linkage.model.compiled import scored_pairs
from linkage.model.conditions import agreements, has_distance
from linkage.model.sampling import Side, below
from linkage.model.splink_json import Comparison, Level, Model
from linkage.model.stages import pattern_column

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

RANDOM_PAIRS = 100_000
"""Pairs for u of levels of partial agreement; how often values are equal is counted on
far more (see blocks).
"""
RANDOM_ROWS = 50_000
"""Records of each side for random pairs: many records with few partners each tell more
than few with many.
"""
BLOCK_PAIRS = 200_000
"""Pairs of a training block that EM sees."""
WITHIN_PAIRS = 40_000
"""Pairs within each file that agree on a training block's columns: a share of 1 % is
then known to a twentieth.
"""
COUNTED_ROWS = 40_000
"""Records of each side for counts of equal values: 1.6 billion pairs."""


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
        return [
            self.model.comparisons[index].levels[position]
            for index, position in self.places
        ]

    @cached_property
    def exact_levels(self) -> dict[str, int]:
        """Each column that a level only asks to be equal, and the number of the first
        such level.
        """
        exact: dict[str, int] = {}
        for number, level in enumerate(self.levels):
            equalities = agreements(level.condition)
            if (
                len(equalities) == 1
                and equalities[0]
                and equalities[0].kind == "column"
            ):
                exact.setdefault(equalities[0].column, number)
        return exact

    @property
    def free_levels(self) -> list[npt.NDArray[np.int64]]:
        """Of each comparison the levels whose m is not fixed, where the last, no
        agreement, is one of them.
        """
        free = ~self.fixed_m
        return [
            part[free[part]]
            for part in np.split(np.arange(len(free)), self.first[1:])
            if free[part[-1]]
        ]

    @cached_property
    def ordered(self) -> tuple[npt.NDArray[np.int64], ...]:
        """Of each comparison the levels that are grades of one thing, best first:
        equality, one text distance, the rest.

        Other levels have no order. A file may swap day and month, and ages in files of
        other years differ by a constant.
        """
        chains = []
        free = ~self.fixed_m
        for numbers in np.split(np.arange(len(self.places)), self.first[1:]):
            conditions = {int(n): self.levels[n].condition or "" for n in numbers}
            measures = {
                n: c.rstrip("0123456789.")
                for n, c in conditions.items()
                if has_distance(c)
            }
            measure = max(
                measures.values(), key=list(measures.values()).count, default=None
            )
            chain = [
                numbers[0],
                *(
                    n
                    for n, level_measure in measures.items()
                    if level_measure == measure
                ),
                numbers[-1],
            ]
            chains.append(
                np.array([n for n in dict.fromkeys(chain) if free[n]], dtype=np.int64)
            )
        return tuple(chains)

    def totals(self, values: Floats) -> Floats:
        """For each level the sum over its comparison's levels; levels are the last
        axis.
        """
        return np.add.reduceat(values, self.first, axis=-1)[..., self.owner]

    def given(self, kind: str) -> Floats:
        """m or u in the model; NaN where it has none."""
        return np.array(
            [
                np.nan if getattr(level, kind) is None else getattr(level, kind)
                for level in self.levels
            ]
        )

    @cached_property
    def fixed_m(self) -> Flags:
        """Levels whose m the model's file fixes."""
        return self._fixed("m")

    @cached_property
    def fixed_u(self) -> Flags:
        """Levels whose u the model's file fixes."""
        return self._fixed("u")

    def starting_m(self) -> Floats:
        """Where EM starts: the model's m; else, as in Splink, 0.95 for full agreement,
        the rest spread evenly.
        """
        level_counts = self.totals(np.ones(len(self.places)))
        is_full = np.isin(np.arange(len(self.places)), self.first)
        default = np.where(is_full, 0.95, 0.05 / np.maximum(level_counts - 1, 1))
        m = self.given("m")
        return np.where(np.isnan(m), default, m)

    def _fixed(self, kind: str) -> Flags:
        flag, name = f"fix_{kind}_probability", f"{kind}_probability"
        settings = [self._raw(place) for place in self.places]
        return np.array(
            [bool(raw.get(flag)) and raw.get(name) is not None for raw in settings]
        )

    def _raw(self, place: tuple[int, int]) -> dict[str, Any]:
        raw: dict[str, Any] = self.model.raw["comparisons"][place[0]][
            "comparison_levels"
        ][place[1]]
        return raw


@dataclass(frozen=True)
class Patterns:
    """Distinct agreement patterns and the number of pairs that show each."""

    counts: npt.NDArray[np.int64]  # (patterns,)
    # (patterns, levels): 1 where a pattern has the level; none of a comparison where a
    # side is NULL
    shown: Floats

    @property
    def pairs(self) -> int:
        """Pairs counted."""
        return int(self.counts.sum())

    def level_counts(self, counts: Floats | None = None) -> Floats:
        """Pairs at each level, of all pairs or of so many of each pattern, summed in a
        fixed order.
        """
        at_levels: Floats = np.einsum(
            "p,pl->l",
            self.counts.astype(float) if counts is None else counts,
            self.shown,
        )
        return at_levels


@dataclass(frozen=True)
class Pairs:
    """A query of pairs to compare.

    `sql` selects left_id, right_id and, as `pair_columns` names them, the columns that
    `compared` read. It reads {left} and {right}, all records of a side, and
    {left_sample} and {right_sample}.
    """

    sql: str
    compared: tuple[Comparison, ...]  # the other comparisons are as if a side were NULL


@dataclass(frozen=True)
class Overlap:
    """Pairs that share a value of a history, their newest values known and different.

    Attributes:
        levels: numbers of the levels that only such pairs can have.
        share: of all pairs with both newest values known that one pair here stands for.
    """

    pairs: Pairs
    levels: tuple[int, ...]
    share: float


def count_patterns(
    engine: Engine, layout: Layout, wanted: Sequence[Pairs], sides: Sequence[Side]
) -> list[Patterns]:
    """Count the patterns of several sets of pairs in one query; the order of patterns
    is the same on every engine.
    """
    comparisons = layout.model.comparisons
    plain = replace(
        layout.model, comparisons=tuple(map(_without_frequencies, comparisons))
    )
    # The number of the set travels as left_id, which nothing else reads.
    select_list = ", ".join(
        quote(f"{name}_{side}") for name in _columns(comparisons) for side in "lr"
    )
    sets = [
        f"select {n} as left_id, right_id, {select_list} from (\n{p.sql}\n)"
        for n, p in enumerate(wanted)
    ]
    query = scored_pairs(plain, "\nunion all\n".join(sets), None)
    gammas = ", ".join(quote(pattern_column(comparison)) for comparison in comparisons)
    table = engine.arrow(
        engine.sql(
            f"select left_id, {gammas}, count(*) as pairs from (\n{query}\n) group by "
            f"left_id, {gammas}",
            left=sides[0].table,
            right=sides[1].table,
            left_sample=sides[0].sample,
            right_sample=sides[1].sample,
        )
    )
    # A few hundred rows; to_numpy would import pandas, which takes longer than all the
    # rest.
    values = np.array([column.to_pylist() for column in table.columns], dtype=np.int64)
    values = values[:, np.lexsort(values)]
    return [
        _patterns(layout, values[1:, values[0] == n], pairs.compared)
        for n, pairs in enumerate(wanted)
    ]


def _patterns(
    layout: Layout, rows: npt.NDArray[np.int64], compared: Sequence[Comparison]
) -> Patterns:
    """Rows are the comparisons' levels, and last the pairs; columns the patterns."""
    indicators = np.zeros((rows.shape[1], len(layout.places)))
    for index, comparison in enumerate(layout.model.comparisons):
        if comparison in compared:
            last = (
                layout.first[index]
                + sum(level.value >= 0 for level in comparison.levels)
                - 1
            )
            known_rows = np.flatnonzero(rows[index] >= 0)
            indicators[known_rows, last - rows[index, known_rows]] = 1.0
    return Patterns(rows[-1], indicators)


def pair_columns(
    comparisons: Sequence[Comparison], compared: Sequence[Comparison]
) -> str:
    """SQL of the columns of all comparisons, of aliases l and r; NULL where none of
    `compared` reads them.
    """
    read = {column for comparison in compared for column in comparison.columns}
    return ", ".join(
        f"{side}.{quote(name)} as {quote(f'{name}_{side}')}"
        if name in read
        else f"case when false then {side}.{quote(name)} end as "
        f"{quote(f'{name}_{side}')}"
        for name in _columns(comparisons)
        for side in "lr"
    )


def random_pairs(engine: Engine, layout: Layout, sides: Sequence[Side]) -> Pairs:
    """Random pairs of both sides; all pairs where there are no more than RANDOM_PAIRS.

    Records stand in the order of their slots, and a record meets those of the other
    side that stand where it does, and at equal steps from there.
    """
    comparisons = layout.model.comparisons
    shares = [min(side.share, RANDOM_ROWS / max(side.units, 1)) for side in sides]
    placed_sides, sizes = {}, {}
    for letter, name, side, share in zip(
        "lr", ("left", "right"), sides, shares, strict=True
    ):
        placed_sides[letter] = (
            "(select *, row_number() over (order by slot, unit_id) - 1 as place "
            f"from {{{name}_sample}} where slot < {below(share)})"
        )
        size = f"select count(*) as units from {{sample}} where slot < {below(share)}"
        sizes[letter] = int(one(engine, engine.sql(size, sample=side.sample))["units"])
    larger, smaller = ("l", "r") if sizes["l"] >= sizes["r"] else ("r", "l")
    large_size, small_size = sizes[larger], max(sizes[smaller], 1)
    partners = (
        small_size
        if small_size * large_size <= RANDOM_PAIRS
        else max(RANDOM_PAIRS // large_size, 1)
    )
    steps = ", ".join(f"({n * (small_size // partners)})" for n in range(partners))
    return Pairs(
        f"""
        select l.unit_id as left_id, r.unit_id as right_id,
            {pair_columns(comparisons, comparisons)}
        from (
            select u.*, (u.place + s.step) % {small_size} as partner
            from {placed_sides[larger]} as u cross join (values {steps}) as s(step)
        ) as {larger}
        join {placed_sides[smaller]} as {smaller} on {smaller}.place = {larger}.partner
        """,
        comparisons,
    )


def block_pairs(
    layout: Layout,
    columns: Sequence[str],
    compared: Sequence[Comparison],
    sides: Sequence[Side],
    share: float,
) -> Pairs:
    """Pairs that agree on all of some columns: a share of the larger side's records,
    each with all its partners.

    A sample of both sides would lose most matches.
    """
    place = 0 if sides[0].units > sides[1].units else 1
    tables = ["{left}", "{right}"]
    tables[place] = _slice(("{left_sample}", "{right_sample}")[place], share)
    return Pairs(
        _agreeing(layout, columns, compared, tables[0], tables[1]), tuple(compared)
    )


def within_pairs(
    layout: Layout,
    columns: Sequence[str],
    compared: Sequence[Comparison],
    sides: Sequence[Side],
    within: Sequence[int],
) -> list[Pairs]:
    """Pairs within each file that agree on all of some columns: non-matches, but for
    people who are in it twice.

    Args:
        within: how many such pairs each file has.
    """
    result = []
    for name, side, pairs in zip(("left", "right"), sides, within, strict=True):
        share = min(side.share, WITHIN_PAIRS / max(pairs * side.share, 1))
        sample = f"{{{name}_sample}}"
        query = _agreeing(layout, columns, compared, _slice(sample, share), sample)
        result.append(Pairs(f"{query} and l.unit_id < r.unit_id", tuple(compared)))
    return result


def _slice(sample: str, share: float) -> str:
    return f"(select * from {sample} where slot < {below(share)})"


def _agreeing(
    layout: Layout,
    columns: Sequence[str],
    compared: Sequence[Comparison],
    left: str,
    right: str,
) -> str:
    """SQL of the pairs of two tables that agree on all of some columns."""
    known = " and ".join(f"{quote(name)} is not null" for name in columns)
    equal = " and ".join(f"l.{quote(name)} = r.{quote(name)}" for name in columns)
    return (
        "select l.unit_id as left_id, r.unit_id as right_id, "
        f"{pair_columns(layout.model.comparisons, compared)}\n"
        f"from (select * from {left} where {known}) as l\njoin (select * from {right} "
        f"where {known}) as r on {equal}"
    )


def overlaps(
    layout: Layout, known: dict[str, int], sides: Sequence[Side]
) -> list[Overlap]:
    """Pairs whose histories share a value, for each comparison that grades them after
    equal newest values.

    Of 100,000 random pairs none shares a postcode at another time. The pairs of
    billions that do are few, so they are made from the values, and compared.

    Args:
        known: column to the pairs of COUNTED_ROWS that have it on both sides.
    """
    result = []
    for column, first in layout.exact_levels.items():
        lists = [
            (number, history)
            for number in np.flatnonzero(layout.owner == layout.owner[first])
            if number > first and (history := _history_of(layout.levels[number]))
        ]
        if lists and known.get(column):
            history = lists[
                0
            ][
                1
            ]  # where sectors overlap, some are at a level before, since their postcodes do  # noqa: E501
            levels = tuple(int(number) for number, other in lists if other == history)
            result.append(
                Overlap(
                    _sharing(layout, first, column, history, sides),
                    levels,
                    1 / known[column],
                )
            )
    return result


def _sharing(
    layout: Layout, first: int, column: str, history: str, sides: Sequence[Side]
) -> Pairs:
    comparisons = (layout.model.comparisons[layout.owner[first]],)
    left, right = (
        f"(select unit_id, {quote(column)} as newest, unnest({quote(history)}) as "
        f"value from {records})"
        for records in counted_records(sides)
    )
    return Pairs(
        f"""
        select l.unit_id as left_id, r.unit_id as right_id,
            {pair_columns(layout.model.comparisons, comparisons)}
        from (
            select distinct a.unit_id as left_id, b.unit_id as right_id
            from {left} as a join {right} as b on a.value = b.value
                and a.newest <> b.newest
        ) as sharing
        join {{left_sample}} as l on l.unit_id = sharing.left_id
        join {{right_sample}} as r on r.unit_id = sharing.right_id
        """,
        comparisons,
    )


def counted_shares(sides: Sequence[Side]) -> list[float]:
    """The share of each side's records among which equal values are counted."""
    return [min(side.share, COUNTED_ROWS / max(side.units, 1)) for side in sides]


def counted_records(sides: Sequence[Side]) -> tuple[str, str]:
    """SQL of these records of both sides; reads {left_sample} and {right_sample}."""
    left, right = map(below, counted_shares(sides))
    return (
        f"(select * from {{left_sample}} where slot < {left})",
        f"(select * from {{right_sample}} where slot < {right})",
    )


def _history_of(level: Level) -> str | None:
    """The list column of which a level's condition asks that both sides' lists
    overlap.
    """
    return next(
        (
            term.column
            for term in agreements(level.condition)
            if term and term.kind == "overlap"
        ),
        None,
    )


def _columns(comparisons: Sequence[Comparison]) -> list[str]:
    return list(
        dict.fromkeys(
            column for comparison in comparisons for column in comparison.columns
        )
    )


def _without_frequencies(comparison: Comparison) -> Comparison:
    """A comparison whose levels do not ask how common a value is."""
    return replace(
        comparison,
        levels=tuple(replace(level, tf_column=None) for level in comparison.levels),
    )
