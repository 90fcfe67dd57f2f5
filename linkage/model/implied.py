"""What a blocking rule implies of its pairs, so that it is not tested on each of them
again.
"""

import functools
from dataclasses import replace

from sqlglot import exp
from sqlglot.optimizer.simplify import simplify

from linkage.model.conditions import BlockingRule, agreement, conjuncts, parsed
from linkage.model.splink_json import Comparison, Level, Model, sided_columns


def under(model: Model, rule: BlockingRule) -> Model:
    """The model for pairs of a rule: levels that cannot hold are gone, and one that
    always does ends its comparison.

    `l.dob = r.dob` makes no pair of which a birth date is unknown or differs. Levels,
    weights and frequencies stay as they are, so a pair has the same level and weight by
    either model.
    """
    equal = equal_columns(rule)
    return replace(
        model,
        comparisons=tuple(
            _shortened(comparison, equal) for comparison in model.comparisons
        ),
    )


def equal_columns(rule: BlockingRule) -> frozenset[str]:
    """Columns, in lower case, that are known and equal on both sides of every pair of a
    rule.
    """
    lists = {column.lower() for column in rule.explode}
    return frozenset(filter(None, map(equal_column, conjuncts(rule.condition)))) - lists


def equal_column(term: exp.Expression) -> str | None:
    """The column, in lower case, that a condition asks to be equal on both sides; None
    if it asks for anything else.
    """
    equality = agreement(term)
    return equality.column.lower() if equality and equality.kind == "column" else None


def _shortened(comparison: Comparison, equal: frozenset[str]) -> Comparison:
    levels: list[Level] = []
    for level in comparison.levels:
        columns = frozenset(column.lower() for column in sided_columns(level.condition))
        known = _truth(level.condition, columns & equal) if level.condition else None
        if known is False:
            continue
        if known:
            levels.append(replace(level, condition=None))
            break
        levels.append(level)
    return replace(comparison, levels=tuple(levels))


@functools.lru_cache(maxsize=4096)
def _truth(condition: str, equal: frozenset[str]) -> bool | None:
    """Whether a condition holds where some columns are known and equal on both sides;
    None if that leaves it open.
    """

    def column(node: exp.Expression) -> str | None:
        name = node.name.lower() if isinstance(node, exp.Column) else ""
        return name[:-2] if name[-2:] in ("_l", "_r") and name[:-2] in equal else None

    def known(node: exp.Expression) -> exp.Expression:
        if (
            isinstance(node, exp.Is)
            and isinstance(node.expression, exp.Null)
            and column(node.this)
        ):
            return exp.false()
        if isinstance(node, exp.EQ) and node.left != node.right and column(node.left):
            return exp.true() if column(node.left) == column(node.right) else node
        return node

    result = simplify(parsed(condition).transform(known)).unnest()
    return bool(result.this) if isinstance(result, exp.Boolean) else None
