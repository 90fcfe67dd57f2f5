"""What a blocking rule says of its pairs beforehand, so that it is not asked of each of them again."""

import functools
from dataclasses import replace

from sqlglot import exp
from sqlglot.optimizer.simplify import simplify

from linkage.model.conditions import conjuncts, parsed
from linkage.model.splink_json import BlockingRule, Comparison, Level, Model


def under(model: Model, rule: BlockingRule) -> Model:
    """The model for pairs of a rule: levels that cannot hold are gone, and one that always does ends its comparison.

    `l.dob = r.dob` makes no pair of which a birth date is unknown or differs. Levels, weights and frequencies stay as
    they are, so a pair has the same level and weight by either model.
    """
    equal = equal_columns(rule)
    return replace(model, comparisons=tuple(_shortened(comparison, equal) for comparison in model.comparisons))


def equal_columns(rule: BlockingRule) -> frozenset[str]:
    """Columns, in lower case, that are known and equal on both sides of every pair of a rule."""
    opened = {column.lower() for column in rule.explode}
    found = set()
    for term in conjuncts(rule.condition):
        if isinstance(term, exp.EQ) and isinstance(term.left, exp.Column) and isinstance(term.right, exp.Column):
            names = {side.name.lower() for side in (term.left, term.right)}
            if len(names) == 1 and {term.left.table.lower(), term.right.table.lower()} == {"l", "r"}:
                found |= names
    return frozenset(found - opened)


def _shortened(comparison: Comparison, equal: frozenset[str]) -> Comparison:
    levels: list[Level] = []
    for level in comparison.levels:
        known = None if level.condition is None else _truth(level.condition, equal)
        if known is False:
            continue
        if known:
            levels.append(replace(level, condition=None))
            break
        levels.append(level)
    return replace(comparison, levels=tuple(levels))


@functools.lru_cache(maxsize=4096)
def _truth(condition: str, equal: frozenset[str]) -> bool | None:
    """Whether a condition holds where these columns are known and equal on both sides; None if that leaves it open."""

    def known(node: exp.Expression) -> exp.Expression:
        if isinstance(node, exp.Is) and isinstance(node.expression, exp.Null) and _column(node.this, equal):
            return exp.false()
        if isinstance(node, exp.EQ):
            sides = {_column(node.left, equal), _column(node.right, equal)}
            if len(sides) == 1 and None not in sides and node.left != node.right:
                return exp.true()
        return node

    settled = simplify(parsed(condition).transform(known)).unnest()
    return bool(settled.this) if isinstance(settled, exp.Boolean) else None


def _column(node: exp.Expression, equal: frozenset[str]) -> str | None:
    """The column of which a node is one side, if it is one of these."""
    name = node.name.lower() if isinstance(node, exp.Column) else ""
    return name[:-2] if name[-2:] in ("_l", "_r") and name[:-2] in equal else None
