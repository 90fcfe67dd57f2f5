"""Pairs of a step with their match weights: those that blocking rules make, and those that passes accepted."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from linkage.engine import Engine, Table, quote, rows
from linkage.match.parts import Part, Parts
from linkage.match.passes import no_pairs
from linkage.model import Model, rarest
from linkage.model.compiled import (
    blocked_units,
    candidate_pairs,
    frequency_table,
    given_pairs,
    rule_pairs,
    scored_pairs,
)
from linkage.model.implied import under

Frequencies = Mapping[str, Table]
"""Adjusted column to value, frequency: the share of all records that hold the value."""


@dataclass(frozen=True)
class Candidates:
    """What blocking rules made of two sides.

    Attributes:
        pairs: left_id, right_id, rule INTEGER, gamma_<comparison>, match_weight of every pair that reaches the floor,
            once.
        met: side, unit_id of units that a rule pairs with somebody; those of whom `pairs` has a pair need not be there.
        counts: for each rule what it made: rule, pairs_kept, seconds.
    """

    pairs: Table
    met: Table
    counts: list[dict[str, Any]]


def term_frequencies(engine: Engine, model: Model, left: Table, right: Table) -> Frequencies:
    """How common each value of an adjusted column is, counted over both sides as Splink does.

    Of a list each value counts, as the share of units that ever held it.
    """
    plain = {column: _frequencies(engine, column, left, right, opened=False) for column in model.tf_columns}
    return plain | {column: _frequencies(engine, column, left, right, opened=True) for column in model.tf_lists}


def _frequencies(engine: Engine, column: str, left: Table, right: Table, *, opened: bool) -> Table:
    value, known = ("unnest(held)", "array_length(held) > 0") if opened else ("held", "held is not null")
    return engine.sql(
        f"""
        with units as (
            select {quote(column)} as held from {{left}} union all select {quote(column)} from {{right}}
        ),
        held_values as (
            select {value} as value from units
        )
        select value, cast(count(*) as double) / (select count(*) from units where {known}) as frequency
        from held_values
        where value is not null
        group by value
        """,
        left=left,
        right=right,
        store=True,
    )


def score_candidates(
    engine: Engine,
    model: Model,
    left: Table,
    right: Table,
    frequencies: Frequencies,
    floor: float,
    *,
    parts: Parts | None = None,
    meetings: bool = True,
    progress: Callable[[str], None] | None = None,
) -> Candidates:
    """Every pair that a blocking rule makes and that reaches the floor.

    Args:
        left, right: unit_id and the model's columns.
        frequencies: as `term_frequencies` counts them.
        parts: how the work is cut where the sides are large; one part, in memory, when None.
        meetings: whether `met` is asked for; nobody has met otherwise.
    """
    say = progress or (lambda _: None)
    seconds = [0.0] * len(model.blocking_rules)
    kept: list[dict[str, Table]] = []
    for part in (parts or Parts()).of(engine, model, left, right):
        if not part.find(engine, _MADE):
            part.keep(engine, _score_part(engine, model, part, frequencies, floor, seconds, meetings, say))
        kept.append(part.kept)
    met, pairs = (_together(engine, [tables[name] for tables in kept]) for name in _MADE)
    by_rule = engine.sql("select rule, count(*) as n from {pairs} group by rule", pairs=pairs)
    counted = {row["rule"]: int(row["n"]) for row in rows(engine, by_rule)}
    counts = [
        {"rule": rule.condition, "pairs_kept": counted.get(number, 0), "seconds": round(seconds[number], 3)}
        for number, rule in enumerate(model.blocking_rules)
    ]
    return Candidates(pairs, met, counts)


_MADE = ("met", "pairs")


def _score_part(
    engine: Engine,
    model: Model,
    part: Part,
    frequencies: Frequencies,
    floor: float,
    seconds: list[float],
    meetings: bool,
    say: Callable[[str], None],
) -> dict[str, Table]:
    """The pairs of a part's rules, and its units that met somebody but have no pair here."""
    sides = {"left": part.left, "right": part.right}
    if part.folder and not part.narrow:  # read once from disk, not once for each rule
        sides = {side: engine.sql("select * from {t}", t=table, store=True) for side, table in sides.items()}
    found = []
    for number in part.rules:
        say(f"rule {number + 1} of {len(model.blocking_rules)}" + (f", part {part.name}" if part.folder else ""))
        started = time.monotonic()
        found.append(_of_rule(engine, model, number, sides, frequencies, floor, narrow=part.narrow))
        seconds[number] += time.monotonic() - started
    made = (
        _together(engine, found)
        if found
        else score_given(engine, model, part.left, part.right, frequencies, no_pairs(engine))
    )
    met = _met_only(engine, model, part, sides, made) if meetings else engine.sql(_NOBODY, store=True)
    if part.folder and not part.narrow:
        engine.drop(*sides.values())
    return {"met": met, "pairs": made}


def _of_rule(
    engine: Engine,
    model: Model,
    number: int,
    sides: Mapping[str, Table],
    frequencies: Frequencies,
    floor: float,
    *,
    narrow: bool,
) -> Table:
    """The pairs of a rule that no rule before it makes."""
    rule, earlier = model.blocking_rules[number], model.blocking_rules[:number]
    more = _named(model, frequencies)
    if narrow:
        more["pairs"] = engine.sql(rule_pairs(rule, earlier), store=True, params=None, **sides)
    pairs = given_pairs(model) if narrow else candidate_pairs(model, rule, earlier)
    scored = scored_pairs(under(model, rule), pairs, floor)
    query = f"select *, cast({number} as integer) as rule from ({scored}) as scored"
    found = engine.sql(query, params=None, store=True, **sides, **more)
    if narrow:
        engine.drop(more["pairs"])
    return found


_NOBODY = "select cast(null as varchar) as side, cast(null as bigint) as unit_id where false"


def _met_only(engine: Engine, model: Model, part: Part, sides: Mapping[str, Table], made: Table) -> Table:
    """side, unit_id of the units without a pair whom a rule pairs with anybody, however low the weight."""
    found = []
    for side, other in (("left", "right"), ("right", "left")):
        alone = engine.sql(
            f"""
            select u.* from {{units}} as u
            where not exists (select 1 from {{made}} as m where m.{side}_id = u.unit_id)
            """,
            units=sides[side],
            made=made,
            store=True,
        )
        queries = [blocked_units(model.blocking_rules[number], side) for number in part.rules]
        query = "\nunion\n".join(queries) or "select cast(null as bigint) as unit_id where false"
        met = engine.sql(
            f"select '{side}' as side, unit_id from ({query})",
            store=True,
            params=None,
            **{side: alone, other: sides[other]},
        )
        engine.drop(alone)
        found.append(met)
    return _together(engine, found)


def _together(engine: Engine, tables: Sequence[Table]) -> Table:
    if len(tables) == 1:
        return tables[0]
    named = {f"of_{number}": table for number, table in enumerate(tables)}
    union = "\nunion all\n".join(f"select * from {{{name}}}" for name in named)
    return engine.sql(union, params=None, store=False, **named)


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
    plain = {frequency_table(column, model): frequencies[column] for column in model.tf_columns}
    return plain | {rarest.frequency_table(column): frequencies[column] for column in model.tf_lists}
