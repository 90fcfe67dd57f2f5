"""How often strangers agree inside a block: u there, for EM to start from.

Fields depend on each other. People of one forename are of one sex; people of one surname and postcode are a
household. Inside a block on such fields, strangers agree more often than random pairs do, and EM with u from random
pairs takes the surplus for matches. Two records of the same file are strangers (but for its few duplicates), so pairs
within a file that agree on the block show u there, whatever depends on what.
"""

from collections.abc import Sequence

import pyarrow as pa

from linkage.engine import Engine, Table, columns, one, quote, rows
from linkage.model.compiled import level_columns, pattern_column
from linkage.model.sampling import share_condition
from linkage.model.splink_json import Model

_MOST_PAIRS = 100_000
_RANDOM_COUNTS_AS = 200.0  # pairs that u of random pairs stands for: what holds where a block has next to no strangers


def block_u(
    engine: Engine, model: Model, block: Sequence[str], sides: Sequence[pa.Table]
) -> dict[tuple[int, int], float]:
    """u of each level among strangers who agree on the block's columns.

    Args:
        model: its u is of random pairs.
        sides: each file's units, whole blocks of them.

    Returns:
        u by the comparison's and the level's place in the model.
    """
    counts: dict[tuple[int, int], float] = {}
    totals = [0.0] * len(model.comparisons)
    for side in sides:
        units = engine.from_arrow(side)
        for row in _agreements(engine, model, block, units):
            for index, comparison in enumerate(model.comparisons):
                value = row[pattern_column(comparison)]
                if value < 0:
                    continue
                position = next(p for p, level in enumerate(comparison.levels) if level.value == value)
                counts[index, position] = counts.get((index, position), 0.0) + row["pairs"]
                totals[index] += row["pairs"]
        engine.drop(units)
    return {
        (index, position): (counts.get((index, position), 0.0) + (level.u or 0.0) * _RANDOM_COUNTS_AS)
        / (totals[index] + _RANDOM_COUNTS_AS)
        for index, comparison in enumerate(model.comparisons)
        for position, level in enumerate(comparison.levels)
        if level.value >= 0
    }


def _agreements(engine: Engine, model: Model, block: Sequence[str], units: Table) -> list[dict[str, int]]:
    """Counts of agreement patterns over pairs of one file that agree on the block."""
    equal = " and ".join(f"l.{quote(name)} = r.{quote(name)}" for name in block)
    listed = columns(block)
    known = " and ".join(f"{quote(name)} is not null" for name in block)
    made = one(
        engine,
        engine.sql(
            f"""
            with blocks as (select count(*) as units from {{units}} where {known} group by {listed})
            select coalesce(sum(units * (units - 1) / 2), 0) as pairs from blocks
            """,
            units=units,
        ),
    )
    value = " || '|' || ".join(f"cast(l.{quote(name)} as varchar)" for name in block)
    share = _MOST_PAIRS / max(float(made["pairs"]), 1.0)
    compared = dict.fromkeys(column for comparison in model.comparisons for column in comparison.columns)
    carried = ", ".join(f"{s}.{quote(c)} as {quote(f'{c}_{s}')}" for c in compared for s in "lr")
    gammas = [quote(pattern_column(comparison)) for comparison in model.comparisons]
    counted = engine.sql(
        f"""
        with strangers as (
            select {carried}
            from {{units}} as l
            join {{units}} as r on {equal} and l.unit_id < r.unit_id
            where {share_condition(value, share, 1)}
        ),
        levels as (
            select {", ".join(level_columns(model))} from strangers
        )
        select {", ".join(gammas)}, count(*) as pairs
        from levels
        group by {", ".join(gammas)}
        """,
        units=units,
    )
    return rows(engine, counted)
