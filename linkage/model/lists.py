"""Blocking rules over lists: a side with a rule's lists opened into elements, and the rule said of these."""

from collections.abc import Sequence

from sqlglot import exp

from linkage.engine import columns, quote
from linkage.model.conditions import parsed, spelled
from linkage.model.splink_json import BlockingRule


def element(column: str) -> str:
    """The column that holds an element of a list."""
    return f"{column}__element"


def opened(rule: BlockingRule, side: str, wanted: Sequence[str] | None = None) -> str:
    """SQL of a side, {left} or {right}: unit_id, columns (else the rule's) and an element of each list it opens."""
    query = f"(select {columns(['unit_id', *(rule.columns if wanted is None else wanted)])} from {{{side}}})"
    for column in rule.explode:  # one inside the other: lists opened side by side would be zipped, not crossed
        query = f"(select *, unnest({quote(column)}) as {quote(element(column))} from {query})"
    return query


def condition_over_elements(rule: BlockingRule) -> str:
    """The rule over l and r as `opened` makes them."""
    if not rule.explode:
        return rule.condition
    return spelled(parsed(rule.condition).transform(lambda node: by_element(node, rule)))


def by_element(node: exp.Expression, rule: BlockingRule) -> exp.Expression:
    """A column of a list that the rule opens as the column of its elements; any other node as it is."""
    if isinstance(node, exp.Column) and node.name in rule.explode:
        return exp.column(exp.to_identifier(element(node.name), quoted=True), table=node.args.get("table"))
    return node
