"""A blocking rule taken apart: what must be equal on the two sides, and what else it asks of a pair."""

from dataclasses import dataclass

from sqlglot import exp

from linkage.model.conditions import conjuncts, spelled
from linkage.model.lists import by_element
from linkage.model.splink_json import BlockingRule


@dataclass(frozen=True)
class Keys:
    """SQL over the columns of one side, element by element equal where the rule holds; lists by their elements."""

    left: tuple[str, ...]
    right: tuple[str, ...]
    is_all: bool  # whether the rule asks for nothing else


def keys_of(rule: BlockingRule) -> Keys:
    """The equalities of a rule that part into a left and a right side: l."dob" = r."dob", substr(l."x", 1, 3) = ...

    A rule joined by anything but AND has none.
    """
    left, right, others = [], [], 0
    for term in conjuncts(rule.condition):
        sides = _sides(term)
        if sides is None:
            others += 1
            continue
        left.append(_of_side(sides[0], rule))
        right.append(_of_side(sides[1], rule))
    return Keys(tuple(left), tuple(right), others == 0)


def _sides(term: exp.Expression) -> tuple[exp.Expression, exp.Expression] | None:
    """The two sides of an equality, l's first, where each reads one side only."""
    if not isinstance(term, exp.EQ):
        return None
    read = [{column.table.lower() for column in side.find_all(exp.Column)} for side in (term.left, term.right)]
    if read == [{"l"}, {"r"}]:
        return term.left, term.right
    return (term.right, term.left) if read == [{"r"}, {"l"}] else None


def _of_side(key: exp.Expression, rule: BlockingRule) -> str:
    def bare(node: exp.Expression) -> exp.Expression:
        node = by_element(node, rule)
        return exp.column(node.this) if isinstance(node, exp.Column) else node

    return spelled(key.transform(bare))
