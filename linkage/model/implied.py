"""What a blocking rule implies of its pairs, so that it is not tested on each of them again."""

import functools
from collections.abc import Sequence
from dataclasses import replace

from sqlglot import exp
from sqlglot.optimizer.simplify import simplify

from linkage.model.conditions import BlockingRule, agreement, conjuncts, parsed
from linkage.model.splink_json import Comparison, Level, Model, sided_columns


def under(model: Model, rule: BlockingRule, earlier: Sequence[BlockingRule] = ()) -> Model:
    """The model for pairs of a rule: levels that cannot hold are gone, and one that always does ends its comparison.

    `l.dob = r.dob` makes no pair of which a birth date is unknown or differs; and where it came before, a rule of
    forename and birth date makes no new one, and one of forename and postcode none whose birth dates are equal. Levels,
    weights and frequencies stay as they are, so a pair has the same level and weight by either model.
    """
    equal, unequal = equal_columns(rule), unequal_columns(rule, earlier)
    return replace(model, comparisons=tuple(_shortened(comparison, equal, unequal) for comparison in model.comparisons))


def equal_columns(rule: BlockingRule) -> frozenset[str]:
    """Columns, in lower case, that are known and equal on both sides of every pair of a rule."""
    opened = {column.lower() for column in rule.explode}
    return frozenset(filter(None, map(equal_column, conjuncts(rule.condition)))) - opened


def unequal_columns(rule: BlockingRule, earlier: Sequence[BlockingRule]) -> frozenset[str]:
    """Columns, in lower case, that no pair of a rule has equal, since an earlier rule would have made it."""
    equal, found = equal_columns(rule), set()
    for before in earlier:
        terms = [] if before.explode else [equal_column(term) for term in conjuncts(before.condition)]
        rest = {term for term in terms if term not in equal}
        if len(rest) == 1:
            found |= rest
    return frozenset(filter(None, found))


def equal_column(term: exp.Expression) -> str | None:
    """The column, in lower case, that a condition asks to be equal on both sides; None if it asks for anything else."""
    agreed = agreement(term)
    return agreed.column.lower() if agreed and agreed.kind == "column" else None


def _shortened(comparison: Comparison, equal: frozenset[str], unequal: frozenset[str]) -> Comparison:
    levels: list[Level] = []
    for level in comparison.levels:
        columns = frozenset(column.lower() for column in sided_columns(level.condition))
        known = _truth(level.condition, columns & equal, columns & unequal) if level.condition else None
        if known is False:
            continue
        if known:
            levels.append(replace(level, condition=None))
            break
        levels.append(level)
    return replace(comparison, levels=tuple(levels))


@functools.lru_cache(maxsize=4096)
def _truth(condition: str, equal: frozenset[str], unequal: frozenset[str]) -> bool | None:
    """Whether a condition holds where some columns are known and equal on both sides, and others never both.

    None if that leaves it open.
    """

    def known(node: exp.Expression) -> exp.Expression:
        if isinstance(node, exp.Is) and isinstance(node.expression, exp.Null) and _column(node.this, equal):
            return exp.false()
        if isinstance(node, exp.EQ) and node.left != node.right:
            if _columns(node, equal):
                return exp.true()
            if _columns(node, unequal) and _is_asked(node):
                return exp.false()
        return node

    settled = simplify(parsed(condition).transform(known)).unnest()
    return bool(settled.this) if isinstance(settled, exp.Boolean) else None


def _columns(node: exp.EQ, among: frozenset[str]) -> bool:
    """Whether it asks for equality of one of these columns."""
    sides = {_column(node.left, among), _column(node.right, among)}
    return len(sides) == 1 and None not in sides


def _is_asked(node: exp.Expression) -> bool:
    """Whether a condition that never holds may stand for one that is unknown: not where it is turned round."""
    above = node.parent
    while isinstance(above, exp.And | exp.Or | exp.Paren):
        above = above.parent
    return above is None


def _column(node: exp.Expression, equal: frozenset[str]) -> str | None:
    """The column of which a node is one side, if it is one of these."""
    name = node.name.lower() if isinstance(node, exp.Column) else ""
    return name[:-2] if name[-2:] in ("_l", "_r") and name[:-2] in equal else None
