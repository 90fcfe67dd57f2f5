"""The match weight of single pairs, by comparison: the level of each and its weight
(log2).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import pyarrow as pa

from linkage.engine import Engine, Table, one, quote, rows
from linkage.match.candidates import Frequencies, score_by_comparison
from linkage.model import Comparison, Level, Model
from linkage.model.stages import pattern_column


@dataclass(frozen=True)
class Part:
    """A comparison's part of a match weight: its level, and the term-frequency
    adjustment.
    """

    comparison: Comparison
    level: Level
    adjustment: float

    @property
    def weight(self) -> float:
        """Level and adjustment (log2)."""
        return self.level.weight + self.adjustment


@dataclass(frozen=True)
class PairWeight:
    """A pair's match weight: the sum of the prior and the parts."""

    left: int
    right: int
    parts: tuple[Part, ...]
    match_weight: float


def pair_weights(
    engine: Engine,
    model: Model,
    left: Table,
    right: Table,
    frequencies: Frequencies,
    pairs: Sequence[tuple[int, int]],
) -> list[PairWeight]:
    """Score pairs, the heaviest first.

    Args:
        left, right: unit_id and the model's columns.
        frequencies: as `frequencies_of` or `term_frequencies` count them.
    """
    if not pairs:
        return []
    columns = {
        f"{side}_id": pa.array([p[end] for p in pairs], pa.int64())
        for end, side in enumerate(("left", "right"))
    }
    scored_rows = rows(
        engine,
        score_by_comparison(
            engine,
            model,
            left,
            right,
            frequencies,
            engine.from_arrow(pa.table(columns)),
        ),
    )
    weights = [
        PairWeight(
            int(row["left_id"]),
            int(row["right_id"]),
            tuple(
                _part(comparison, row, place)
                for place, comparison in enumerate(model.comparisons)
            ),
            float(row["match_weight"]),
        )
        for row in scored_rows
    ]
    return sorted(weights, key=lambda pair: (-pair.match_weight, pair.left, pair.right))


def _part(comparison: Comparison, row: Mapping[str, Any], place: int) -> Part:
    value = int(row[pattern_column(comparison)])
    level = next(level for level in comparison.levels if level.value == value)
    return Part(
        comparison,
        level,
        float(row[f"w_{place}"]) - level.weight if level.adjusted else 0.0,
    )


class Values(Protocol):
    """A side of a step that returns its units with given values."""

    def with_values(self, values: Mapping[str, Table], columns: Sequence[str]) -> Table:
        """unit_id and columns of all units that have, or had, one of the listed values
        of any column.
        """
        ...

    def columns_of(self, units: Table | None, columns: Sequence[str], /) -> Table:
        """unit_id and columns of some units or of all."""
        ...


def frequencies_of(
    engine: Engine,
    model: Model,
    sides: Sequence[Values],
    units: Sequence[Table],
    known: Mapping[str, int] | None,
) -> Frequencies:
    """Term frequencies of the values that some units have, counted over both sides
    without building all units.

    Args:
        sides: the step's; units: the few whose pairs are scored, a table for each side.
        known: column to the number of units of both sides that have a value; counted
            when None.
    """
    names = model.tf_columns
    if not names:
        return {}
    values = {column: _values(engine, column, units) for column in names}
    value_lists = {
        c: engine.sql("select list(value) as wanted from {v}", v=table, store=True)
        for c, table in values.items()
    }
    value_lists = {
        column: table
        for column, table in value_lists.items()
        if engine.count(values[column])
    }
    holders = (
        [side.with_values(value_lists, names) for side in sides] if value_lists else []
    )
    totals = known or _units_with(engine, sides, names)
    return {
        column: _value_frequencies(
            engine, column, values[column], holders, totals[column]
        )
        for column in names
    }


def _values(engine: Engine, column: str, units: Sequence[Table]) -> Table:
    unit_tables = {f"side_{n}": table for n, table in enumerate(units)}
    union = "\nunion\n".join(
        f"select {quote(column)} as value from {{{name}}}" for name in unit_tables
    )
    query = f"select value from ({union}) as v where value is not null"
    return engine.sql(query, params=None, store=True, **unit_tables)


def _value_frequencies(
    engine: Engine, column: str, values: Table, holders: Sequence[Table], total: int
) -> Table:
    """value, frequency."""
    if not holders:
        return engine.sql(
            "select value, cast(null as double) as frequency from {v} where false",
            v=values,
            store=True,
        )
    holder_tables = {f"side_{n}": table for n, table in enumerate(holders)}
    union = "\nunion all\n".join(
        f"select {quote(column)} as value from {{{name}}}" for name in holder_tables
    )
    query = f"""
        select v.value, count(*) / cast({max(total, 1)} as double) as frequency
        from {{values}} as v
        join ({union}) as h on h.value = v.value
        group by v.value
        """
    return engine.sql(query, params=None, store=True, values=values, **holder_tables)


def _units_with(
    engine: Engine, sides: Sequence[Values], columns: Sequence[str]
) -> dict[str, int]:
    """Column to the number of units that have a value of it."""
    select_list = ", ".join(
        f"count({quote(column)}) as {quote(column)}" for column in columns
    )
    counts = [
        one(
            engine,
            engine.sql(
                f"select {select_list} from {{t}}", t=side.columns_of(None, columns)
            ),
        )
        for side in sides
    ]
    return {column: sum(int(row[column]) for row in counts) for column in columns}
