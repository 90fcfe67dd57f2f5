"""The match weight of a pair, taken apart: where it starts, what each comparison adds, and what would add otherwise."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from linkage.engine import Engine, Table, quote, rows
from linkage.match.candidates import Frequencies, score_given
from linkage.model import Comparison, Level, Model, own_records
from linkage.model.compiled import adjusts_equal_values_alone
from linkage.model.rarest import bits
from linkage.model.stages import pattern_column
from quality.explain.opening import OpenStep
from quality.explain.sides import Side, Term


@dataclass(frozen=True)
class Part:
    """What one comparison says of a pair, in bits (log2)."""

    comparison: Comparison
    level: Level
    adjustment: float  # for how common the value is

    @property
    def weight(self) -> float:
        """Both together."""
        return self.level.weight + self.adjustment


@dataclass(frozen=True)
class Weighed:
    """A pair as the step's model sees it."""

    left: int
    right: int
    parts: tuple[Part, ...]
    match_weight: float  # as the scorer says; the prior and the parts add up to it


def frequencies_of(engine: Engine, step: OpenStep, left: Table, right: Table) -> Frequencies:
    """How common the values of two sets of units are, among all units of both sides, as the step counted it.

    Args:
        left, right: unit_id and the model's columns, of the units whose pairs are to be scored.
    """
    adjusted = (*step.model.tf_columns, *step.model.tf_lists)
    values = {column: _values(engine, step.model, column, left, right) for column in adjusted}
    asked = [column for column, held in values.items() if engine.count(held)]
    if not asked:
        return {column: _no_frequency(engine, held) for column, held in values.items()}
    totals = step.known or _known(step.sides.values(), adjusted)
    wanted = {c: engine.sql("select list(value) as wanted from {v}", v=values[c], store=True) for c in asked}
    terms = [Term(column, "{value}", held) for column, held in wanted.items()]
    holders = [side.latest(side.holding_any(terms), asked) for side in step.sides.values()]
    return {
        column: _counted(engine, step.model, column, held, holders, totals[column])
        if column in asked
        else _no_frequency(engine, held)
        for column, held in values.items()
    }


def _values(engine: Engine, model: Model, column: str, left: Table, right: Table) -> Table:
    """Values of a column whose frequency matters: of one side alone only where unequal values are adjusted."""
    listed = column in model.tf_lists
    both = "intersect" if listed or adjusts_equal_values_alone(model, column) else "union"
    value = f"unnest({quote(column)})" if listed else quote(column)
    held = [f"select {value} as value from {{{side}}} where {quote(column)} is not null" for side in _SIDES]
    return engine.sql(f"{held[0]} {both} {held[1]}", left=left, right=right, store=True)


_SIDES = ("left", "right")


def _known(sides: Iterable[Side], columns: Sequence[str]) -> dict[str, int]:
    """Column to the units of both sides that know it."""
    counted = [side.known(columns) for side in sides]
    return {column: sum(known[column] for known in counted) for column in columns}


def _no_frequency(engine: Engine, values: Table) -> Table:
    return engine.sql("select value, cast(null as double) as frequency from {v} where false", v=values, store=True)


def _counted(engine: Engine, model: Model, column: str, values: Table, holders: Sequence[Table], total: int) -> Table:
    """value, frequency: from all units that may hold one of the values, as their latest or in a list."""
    named = {f"of_{index}": table for index, table in enumerate(holders)}
    value = f"unnest({quote(column)})" if column in model.tf_lists else quote(column)
    held = "\nunion all\n".join(f"select {value} as value from {{{name}}}" for name in named)
    query = f"""
        select v.value, {own_records.holders(model, column, "count(*)")} / cast({max(total, 1)} as double) as frequency
        from {{wanted}} as v
        join ({held}) as h on h.value = v.value
        group by v.value
        """
    return engine.sql(query, params=None, store=True, wanted=values, **named)


def weigh(
    engine: Engine, model: Model, left: Table, right: Table, frequencies: Frequencies, pairs: Sequence[tuple[int, int]]
) -> list[Weighed]:
    """Score pairs of units and take their weights apart."""
    named = engine.from_arrow(
        pa.table({"left_id": pa.array([p[0] for p in pairs], pa.int64()), "right_id": [p[1] for p in pairs]})
    )
    scored = rows(engine, score_given(engine, model, left, right, frequencies, named))
    common = {column: _common(engine, column, left, right, frequencies[column]) for column in model.tf_columns}
    rarest = {c: _rarest(engine, c, left, right, frequencies[c], named) for c in model.tf_lists}
    found = []
    for row in sorted(scored, key=lambda row: (-row["match_weight"], row["left_id"], row["right_id"])):
        ends = int(row["left_id"]), int(row["right_id"])
        parts = tuple(_part(comparison, row, ends, common, rarest) for comparison in model.comparisons)
        found.append(Weighed(*ends, parts, float(row["match_weight"])))
    return found


def _common(engine: Engine, column: str, left: Table, right: Table, frequencies: Table) -> dict[tuple[str, int], float]:
    """(side, unit) to the frequency of its value."""
    listed = " union all ".join(
        f"select '{side}' as side, u.unit_id, f.frequency from {{{side}}} as u "
        f"join {{f}} as f on f.value = u.{quote(column)}"
        for side in ("left", "right")
    )
    found = engine.sql(listed, params=None, store=False, left=left, right=right, f=frequencies)
    return {(row["side"], int(row["unit_id"])): float(row["frequency"]) for row in rows(engine, found)}


def _rarest(
    engine: Engine, column: str, left: Table, right: Table, frequencies: Table, pairs: Table
) -> dict[tuple[int, int], float]:
    """Pair to the frequency that its shared values count with; pairs that share none are left out."""
    found = engine.sql(
        f"""
        with shared as (
            select p.left_id, p.right_id,
                   list_filter(l.{quote(column)}, lambda x: list_contains(r.{quote(column)}, x)) as both_held
            from {{pairs}} as p
            join {{left}} as l on l.unit_id = p.left_id
            join {{right}} as r on r.unit_id = p.right_id
        )
        select s.left_id, s.right_id, min(f.frequency) as frequency
        from shared as s
        join {{f}} as f on f.value = s.both_held[1] or f.value = s.both_held[array_length(s.both_held)]
        group by s.left_id, s.right_id
        """,
        pairs=pairs,
        left=left,
        right=right,
        f=frequencies,
    )
    return {(int(row["left_id"]), int(row["right_id"])): float(row["frequency"]) for row in rows(engine, found)}


def _part(
    comparison: Comparison,
    row: Mapping[str, Any],
    ends: tuple[int, int],
    common: Mapping[str, Mapping[tuple[str, int], float]],
    rarest: Mapping[str, Mapping[tuple[int, int], float]],
) -> Part:
    value = int(row[pattern_column(comparison)])
    level = next(level for level in comparison.levels if level.value == value)
    held = common.get(level.tf_column or "", {})
    adjustment = level.adjustment(held.get(("left", ends[0])), held.get(("right", ends[1])))
    if level.tf_list and (frequency := rarest[level.tf_list].get(ends)) is not None:
        adjustment = bits(level, frequency)
    return Part(comparison, level, adjustment)


def level_name(comparison: Comparison, level: Level) -> str:
    """A level's label without the comparison's own name."""
    text = level.label.removeprefix(f"{comparison.name}: ").removeprefix(f"{comparison.name} ")
    return text or level.label
