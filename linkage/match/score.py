"""Pairs of a step with their match weights: those that blocking rules make, and those that passes accepted."""

import time
from collections.abc import Callable, Mapping
from typing import Any

from linkage.engine import Engine, Table, quote
from linkage.match.passes import no_pairs
from linkage.model import Model
from linkage.model.compiled import candidate_pairs, frequency_table, given_pairs, scored_pairs

Frequencies = Mapping[str, Table]
"""Adjusted column to value, frequency: the share of all records that hold the value."""


def term_frequencies(engine: Engine, model: Model, left: Table, right: Table) -> Frequencies:
    """How common each value of an adjusted column is, counted over both sides as Splink does."""
    return {
        column: engine.sql(
            f"""
            with held as (
                select {quote(column)} as value from {{left}} union all select {quote(column)} from {{right}}
            )
            select value, cast(count(*) as double) / (select count(value) from held) as frequency
            from held
            where value is not null
            group by value
            """,
            left=left,
            right=right,
            store=True,
        )
        for column in model.tf_columns
    }


def score_candidates(
    engine: Engine,
    model: Model,
    left: Table,
    right: Table,
    frequencies: Frequencies,
    floor: float,
    *,
    progress: Callable[[str], None] | None = None,
) -> tuple[Table, list[dict[str, Any]]]:
    """Every pair that a blocking rule makes and that reaches the floor, once.

    Args:
        left, right: unit_id and the model's columns.
        frequencies: as `term_frequencies` counts them.

    Returns:
        The pairs (left_id, right_id, rule INTEGER, gamma_<comparison>, match_weight), and for each rule what it made.
    """
    found: list[Table] = []
    counts: list[dict[str, Any]] = []
    for number, rule in enumerate(model.blocking_rules):
        if progress:
            progress(f"rule {number + 1} of {len(model.blocking_rules)}")
        started = time.monotonic()
        pairs = candidate_pairs(model, rule, model.blocking_rules[:number])
        scored = scored_pairs(model, pairs, floor)
        table = engine.sql(
            f"select *, cast({number} as integer) as rule from ({scored}) as scored",
            params=None,
            store=True,
            left=left,
            right=right,
            **_named(model, frequencies),
        )
        found.append(table)
        seconds = round(time.monotonic() - started, 3)
        counts.append({"rule": rule.condition, "pairs_kept": engine.count(table), "seconds": seconds})
    if not found:
        return score_given(engine, model, left, right, frequencies, no_pairs(engine)), counts
    named = {f"rule_{number}": table for number, table in enumerate(found)}
    union = "\nunion all\n".join(f"select * from {{{name}}}" for name in named)
    united = engine.sql(union, params=None, store=True, **named)
    engine.drop(*found)
    return united, counts


def score_given(
    engine: Engine, model: Model, left: Table, right: Table, frequencies: Frequencies, pairs: Table
) -> Table:
    """Pairs named elsewhere (left_id, right_id) with their levels and weight, whatever it is."""
    scored = scored_pairs(model, given_pairs(model), None)
    return engine.sql(
        f"select *, cast(null as integer) as rule from ({scored}) as scored",
        params=None,
        store=True,
        left=left,
        right=right,
        pairs=pairs,
        **_named(model, frequencies),
    )


def _named(model: Model, frequencies: Frequencies) -> dict[str, Table]:
    """The tables of frequencies by the names that the compiled query gives them."""
    return {frequency_table(column, model): frequencies[column] for column in model.tf_columns}
