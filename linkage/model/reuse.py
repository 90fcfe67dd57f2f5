"""A model on other files than those that it was trained on: whether its u fits them,
and without columns they lack.

u is the share of non-matches at a level. Where files write a column in another way than
those that a model was trained on (years of birth instead of dates), or hold other
people (one town's), far more or fewer non-matches have a level here, and its weight is
wrong by as much. Levels with a term-frequency adjustment follow the files already.
"""

import math
from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Any

from sqlglot import exp
from sqlglot.optimizer.simplify import simplify

from linkage.engine import Engine, Table
from linkage.model.conditions import parsed, to_sql
from linkage.model.sampling import drawn
from linkage.model.splink_json import Model, from_dict
from linkage.model.training.counts import (
    RANDOM_ROWS,
    Layout,
    count_patterns,
    random_pairs,
)

MISFIT_BITS = 3.0
"""Bits by which a level's weight is wrong, from which a model does not fit: a match
probability of .95 becomes .7.
"""
_SHARE = 0.01  # of non-matches, at a level that is common enough to matter
_PAIRS = 5_000  # of which both sides are known; fewer show too little


@dataclass(frozen=True)
class Misfit:
    """A level that far more or far fewer non-matches have than a model says."""

    comparison: str
    label: str
    in_model: float  # u
    here: float

    @property
    def bits(self) -> float:
        """How much the level weighs too much."""
        return math.log2(self.here / self.in_model)


def misfits(
    engine: Engine, model: Model, left: Table, right: Table, *, seed: int
) -> list[Misfit]:
    """Levels of a trained model that do not fit two sides: of each comparison the one
    that does most harm.

    Args:
        left, right: units with the model's columns; twice the same of one file.
    """
    layout = Layout(replace(model, comparisons=model.fields))
    sides = drawn(
        engine, (left, right), layout.model.compared, most=RANDOM_ROWS, seed=seed
    )
    (pairs,) = count_patterns(
        engine, layout, [random_pairs(engine, layout, sides)], sides
    )
    engine.drop(*(side.sample for side in sides))
    at_levels = pairs.level_counts()
    known = layout.totals(at_levels)
    # Some of the pairs are of one person, and in one file of one record: as many as a
    # side has records at the most.
    matches = 1 / max(side.units for side in sides)
    worst: dict[str, Misfit] = {}
    for level, (index, _), count, total in zip(
        layout.levels, layout.places, at_levels, known, strict=True
    ):
        if level.adjusted or total < _PAIRS:
            continue
        name, floor = layout.model.comparisons[index].name, 1 / total
        misfit = Misfit(
            name,
            level.label,
            max(level.u or 0.0, floor),
            max(count / total - matches, floor),
        )
        far = (
            abs(misfit.bits) >= MISFIT_BITS
            and max(misfit.in_model, misfit.here) >= _SHARE
        )
        if far and (name not in worst or _harm(misfit) > _harm(worst[name])):
            worst[name] = misfit
    return list(worst.values())


def _harm(misfit: Misfit) -> tuple[bool, float]:
    """Non-matches that look like matches are worse than matches that are missed, and
    many of them than few.
    """
    return misfit.bits > 0, abs(misfit.bits) * max(misfit.in_model, misfit.here)


def without_columns(model: Model, names: Collection[str]) -> Model:
    """The model without comparisons, levels and blocking rules that need one of these
    columns.

    It scores pairs as the whole model scores those of which neither side knows these
    columns.

    Raises:
        ConfigError: it compares nothing else.
    """
    absent = frozenset(name.lower() for name in names)
    comparisons = [
        shortened
        for raw in model.raw["comparisons"]
        if (shortened := _without(raw, absent))
    ]
    rules = model.raw.get("blocking_rules_to_generate_predictions") or []
    rules_left = [
        raw
        for raw, rule in zip(rules, model.blocking_rules, strict=True)
        if not absent & {column.lower() for column in rule.columns}
    ]
    return from_dict(
        {
            **model.raw,
            "comparisons": comparisons,
            "blocking_rules_to_generate_predictions": rules_left,
        }
    )


def _without(
    comparison: dict[str, Any], absent: Collection[str]
) -> dict[str, Any] | None:
    """A comparison where no side knows these columns; None where no level is left that
    has a weight.
    """
    levels = []
    for level in comparison["comparison_levels"]:
        if level["sql_condition"].strip().upper() == "ELSE":
            levels.append(level)
            continue
        condition = _of_unknown(level["sql_condition"], absent)
        if condition is True and level.get("is_null_level"):
            return None
        if condition is False:
            continue
        plain = {
            key: value for key, value in level.items() if not key.startswith("tf_")
        }
        is_known = str(level.get("tf_adjustment_column")).lower() not in absent
        levels.append(
            {
                **(level if is_known else plain),
                "sql_condition": "TRUE" if condition is True else condition,
            }
        )
    graded_levels = [level for level in levels if not level.get("is_null_level")]
    return (
        {**comparison, "comparison_levels": levels} if len(graded_levels) > 1 else None
    )


def _of_unknown(condition: str, absent: Collection[str]) -> str | bool:
    """A condition where columns are NULL on both sides: whether it holds, or what it
    asks of the others.
    """
    if not any(
        _is_of(column, absent) for column in parsed(condition).find_all(exp.Column)
    ):
        return condition
    tree = parsed(condition).transform(
        lambda node: exp.Null() if _is_of(node, absent) else node
    )
    result = simplify(tree).unnest()
    terms = result.flatten() if isinstance(result, exp.And) else [result]
    if any(
        isinstance(term.unnest(), exp.Null) or _is_literal(term, False)
        for term in terms
    ):
        return False
    return True if _is_literal(result, True) else to_sql(result)


def _is_literal(node: exp.Expression, value: bool) -> bool:
    return isinstance(node, exp.Boolean) and bool(node.this) is value


def _is_of(node: exp.Expression, absent: Collection[str]) -> bool:
    return (
        isinstance(node, exp.Column)
        and node.name[-2:].lower() in ("_l", "_r")
        and node.name[:-2].lower() in absent
    )
