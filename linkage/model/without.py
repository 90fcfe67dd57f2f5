"""A model of some columns fewer: what it says of pairs of which a side does not know them, and nothing more.

Such a pair has no level of a comparison of these columns alone, which adds nothing to its weight. What the others say,
and how many pairs match, is what it was.
"""

from collections.abc import Collection
from typing import Any

from sqlglot import exp
from sqlglot.optimizer.simplify import simplify

from linkage.model.conditions import parsed, spelled
from linkage.model.splink_json import Model, from_dict


def without_columns(model: Model, names: Collection[str]) -> Model:
    """The model without comparisons, levels and blocking rules that need one of these columns.

    Raises:
        ConfigError: it compares nothing else.
    """
    gone = frozenset(name.lower() for name in names)
    compared = [found for raw in model.raw["comparisons"] if (found := _without(raw, gone))]
    rules = model.raw.get("blocking_rules_to_generate_predictions") or []
    kept = [
        raw
        for raw, rule in zip(rules, model.blocking_rules, strict=True)
        if not gone & {column.lower() for column in rule.columns}
    ]
    return from_dict({**model.raw, "comparisons": compared, "blocking_rules_to_generate_predictions": kept})


def _without(comparison: dict[str, Any], gone: Collection[str]) -> dict[str, Any] | None:
    """A comparison where no side knows these columns; None where no pair has a level then that says anything."""
    levels = []
    for level in comparison["comparison_levels"]:
        if level["sql_condition"].strip().upper() == "ELSE":
            levels.append(level)
            continue
        condition = _of_unknown(level["sql_condition"], gone)
        if condition is True and level.get("is_null_level"):
            return None
        if condition is False:
            continue
        own = {key: value for key, value in level.items() if not key.startswith("tf_")}
        adjusted = str(level.get("tf_adjustment_column")).lower() not in gone
        levels.append({**(level if adjusted else own), "sql_condition": "TRUE" if condition is True else condition})
    graded = [level for level in levels if not level.get("is_null_level")]
    return {**comparison, "comparison_levels": levels} if len(graded) > 1 else None


def _of_unknown(condition: str, gone: Collection[str]) -> str | bool:
    """A condition where columns are NULL on both sides: whether it holds, or what it asks of the others."""
    if not any(_is_of(column, gone) for column in parsed(condition).find_all(exp.Column)):
        return condition
    found = parsed(condition).transform(lambda node: exp.Null() if _is_of(node, gone) else node)
    settled = simplify(found).unnest()
    terms = settled.flatten() if isinstance(settled, exp.And) else [settled]
    if any(isinstance(term.unnest(), exp.Null) or _says(term, False) for term in terms):
        return False
    return True if _says(settled, True) else spelled(settled)


def _says(node: exp.Expression, value: bool) -> bool:
    return isinstance(node, exp.Boolean) and bool(node.this) is value


def _is_of(node: exp.Expression, gone: Collection[str]) -> bool:
    return isinstance(node, exp.Column) and node.name[-2:].lower() in ("_l", "_r") and node.name[:-2].lower() in gone
