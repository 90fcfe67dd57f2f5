"""What is shown of a pair of an opened step: its match weight by comparison, and the
values that its records hold.
"""

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from linkage.engine import Engine, rows
from linkage.match.pair_weights import PairWeight, frequencies_of, pair_weights
from linkage.match.thresholds import probability_of
from linkage.model import Comparison, Level
from linkage.pipeline.opened import OpenStep
from linkage.pipeline.sides import Side, history_columns, listed_units


def weigh(
    engine: Engine, step: OpenStep, pairs: Sequence[tuple[int, int]]
) -> list[PairWeight]:
    """Score pairs of units by the step's model, the heaviest first."""
    if not pairs:
        return []
    units = [sorted({pair[end] for pair in pairs}) for end in (0, 1)]
    sides = [step.sides[side] for side in ("left", "right")]
    left, right = (
        side.columns_of(listed_units(engine, unit_ids), step.model.columns)
        for side, unit_ids in zip(sides, units, strict=True)
    )
    frequencies = frequencies_of(
        engine,
        step.model,
        sides[:1] if step.of_one_file else sides,
        [left, right],
        step.known,
    )
    return pair_weights(engine, step.model, left, right, frequencies, pairs)


def level_name(comparison: Comparison, level: Level) -> str:
    """A level's label without the comparison's own name."""
    text = level.label.removeprefix(f"{comparison.name}: ").removeprefix(
        f"{comparison.name} "
    )
    return text or level.label


def weight_facts(step: OpenStep, pair: PairWeight) -> dict[str, Any]:
    """A match weight and its parts as JSON. The probability is by the pair's own
    weight, without competing pairs.
    """
    adjustment = step.thresholds.adjustment
    return {
        "prior": step.model.prior_weight,
        "comparisons": [
            {
                "comparison": part.comparison.name,
                "level": level_name(part.comparison, part.level),
                "known": part.level.value >= 0,
                "m": part.level.m,
                "u": part.level.u,
                "weight": part.level.weight,
                "adjusted": part.level.adjusted or bool(part.adjustment),
                "adjustment": part.adjustment,
            }
            for part in pair.parts
        ],
        "match_weight": pair.match_weight,
        "cardinality_adjustment": adjustment,
        "total": pair.match_weight + adjustment,
        "probability": probability_of(pair.match_weight + adjustment),
    }


def threshold_facts(step: OpenStep) -> dict[str, float]:
    """The step's thresholds as match weights, and with the cardinality adjustment added
    (_total).
    """
    limits = step.thresholds
    return {
        "accept": limits.accept,
        "review": limits.review,
        "floor": step.floor,
        "accept_total": limits.accept + limits.adjustment,
        "review_total": limits.review + limits.adjustment,
    }


@dataclass(frozen=True)
class Value:
    """A value of a record, and when it was first and last seen; None where not
    known.
    """

    value: str
    first: datetime.date | None = None
    last: datetime.date | None = None


Record = Mapping[str, Sequence[Value]]
"""Identifier to the values of a unit, the latest first."""


def records_of(
    engine: Engine, side: Side, units: Sequence[int], identifiers: Sequence[str]
) -> dict[int, Record]:
    """Unit to all values that its entities have had."""
    histories: dict[int, dict[str, dict[str, Value]]] = {unit: {} for unit in units}
    for row in rows(engine, side.histories(list(histories), identifiers)):
        for identifier in identifiers:
            values = histories[int(row["unit_id"])].setdefault(identifier, {})
            for value, first, last in zip(
                *(row[name] or [] for name in history_columns(identifier)), strict=True
            ):
                _add(values, str(value), first, last)
    return {
        unit: {
            identifier: sorted(values.values(), key=_latest_first)
            for identifier, values in by_identifier.items()
        }
        for unit, by_identifier in histories.items()
    }


def _add(
    values: dict[str, Value],
    value: str,
    first: datetime.date | None,
    last: datetime.date | None,
) -> None:
    """Add a value of an entity; if another entity had it too, the whole time counts."""
    before = values.get(value, Value(value))
    starts, ends = (
        [d for d in (first, before.first) if d],
        [d for d in (last, before.last) if d],
    )
    values[value] = Value(value, min(starts, default=None), max(ends, default=None))


def _latest_first(value: Value) -> tuple[int, str]:
    return -(value.last or value.first or datetime.date.min).toordinal(), value.value
