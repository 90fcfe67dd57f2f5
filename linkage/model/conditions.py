"""SQL conditions of models and rules, in DuckDB's dialect: read once, taken apart, and written for both engines."""

import functools

import sqlglot
from sqlglot import exp


@functools.lru_cache(maxsize=4096)  # a model is compiled for every rule, and parsing is slow
def parsed(condition: str) -> exp.Expression:
    """A condition as a tree that all who ask for it share: `transform` gives a copy, nothing may be changed in place.

    Raises:
        sqlglot.errors.SqlglotError: it is no SQL.
    """
    return sqlglot.parse_one(condition, read="duckdb")


def conjuncts(condition: str) -> list[exp.Expression]:
    """The parts of a condition that AND joins, without their brackets."""
    tree = parsed(condition).unnest()
    found = tree.flatten() if isinstance(tree, exp.And) else [tree]
    return [term.unnest() for term in found]


def spelled(tree: exp.Expression) -> str:
    """SQL of a condition, in the words that both engines know: sqlglot writes list_has_any as &&."""

    def known(node: exp.Expression) -> exp.Expression:
        overlaps = isinstance(node, exp.ArrayOverlaps)
        return exp.Anonymous(this="list_has_any", expressions=[node.left, node.right]) if overlaps else node

    return str(tree.transform(known).sql("duckdb"))
