"""Pairs inside a rule's blocks: those of both files, which EM learns from, and those of one file, who are strangers.

Fields depend on each other. People of one forename are of one sex; people of one surname and postcode are a
household. Inside a block on such fields, strangers agree more often than random pairs do, and EM with u from random
pairs takes the surplus for matches. Two records of the same file are strangers (but for its few duplicates), so pairs
within a file that agree on the block show u there, whatever depends on what.
"""

from collections.abc import Sequence

from linkage.engine import quote
from linkage.model.sampling import Side, below
from linkage.model.splink_json import Comparison
from linkage.model.training.counts.patterns import Layout, Pairs, carried
from linkage.model.training.counts.rules import Agreement, exact_levels

BLOCK_PAIRS = 200_000
"""Pairs that EM sees of each rule."""
STRANGERS = 40_000
"""Pairs within each file, to show how often strangers agree inside a rule's blocks."""


def block_pairs(
    layout: Layout, rule: Agreement, sides: Sequence[Side], *, share: float | None = None
) -> tuple[Pairs, float]:
    """Pairs of both files that agree on a rule's columns, and the share of all such pairs that they are.

    Units of the larger side are sampled and meet all of the other, so that every match of theirs is there; a sample of
    both sides would lose most matches.

    Args:
        share: of all such pairs that is wanted; that of BLOCK_PAIRS when None.
    """
    compared = tuple(comparison for comparison in layout.model.comparisons if rule.leaves_free(comparison))
    sampled = 0 if sides[0].units > sides[1].units else 1
    share = min(sides[sampled].share, BLOCK_PAIRS / max(rule.pairs, 1) if share is None else share)
    tables = ["{left}", "{right}"]
    tables[sampled] = _slice(("{left_sample}", "{right_sample}")[sampled], share)
    return Pairs(_agreeing(layout, rule, compared, tables[0], tables[1]), compared), share


def stranger_pairs(layout: Layout, rule: Agreement, sides: Sequence[Side]) -> list[Pairs]:
    """Pairs within each file that agree on a rule's columns."""
    exact = exact_levels(layout)
    blocked = {layout.owner[exact[name]] for name in rule.columns if name in exact}
    compared = tuple(
        comparison
        for index, comparison in enumerate(layout.model.comparisons)
        if rule.leaves_free(comparison) or index in blocked
    )
    found = []
    for name, side, made in zip(("left", "right"), sides, rule.strangers, strict=True):
        # Both of a pair from the sample: where that leaves few, the block is so pure that strangers matter little.
        share = min(side.share, STRANGERS / max(made * side.share, 1))
        pairs = _agreeing(layout, rule, compared, _slice(f"{{{name}_sample}}", share), f"{{{name}_sample}}")
        found.append(Pairs(f"{pairs} and l.unit_id < r.unit_id", compared))
    return found


def _slice(sample: str, share: float) -> str:
    return f"(select * from {sample} where slot < {below(share)})"


def _agreeing(layout: Layout, rule: Agreement, compared: Sequence[Comparison], left: str, right: str) -> str:
    """SQL of the pairs of two tables that agree on a rule's columns."""
    known = " and ".join(f"{quote(name)} is not null" for name in rule.columns)
    equal = " and ".join(f"l.{quote(name)} = r.{quote(name)}" for name in rule.columns)
    return (
        f"select l.unit_id as left_id, r.unit_id as right_id, {carried(layout.model.comparisons, compared)}\n"
        f"from (select * from {left} where {known}) as l\njoin (select * from {right} where {known}) as r on {equal}"
    )
