"""How often strangers share a value that is not the newest of both: counted on samples, as agreements are.

No random pair in fifty thousand shares a postcode at another time, and half a pair in fifty thousand says that one in
a hundred thousand does: ten times too many, which took three bits from a true partner who moved. The pairs of billions
that share one are few, so they are made from the values, and graded.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from sqlglot import exp

from linkage.engine import quote
from linkage.model.conditions import conjuncts
from linkage.model.sampling import Side
from linkage.model.splink_json import Level
from linkage.model.training.counts.patterns import Layout, Pairs, Patterns, carried
from linkage.model.training.counts.rules import Agreement, counted_slices, exact_levels


@dataclass(frozen=True)
class Overlap:
    """Pairs that share a value of a list, their newest values known and different.

    Attributes:
        levels: numbers of the levels that only such pairs can have.
        share: of all pairs with both newest values known that one pair here stands for.
    """

    pairs: Pairs
    levels: tuple[int, ...]
    share: float


@dataclass(frozen=True)
class Seen:
    """A level that was counted on more pairs than are compared one by one, and what share of them one pair is."""

    level: int
    pairs: int
    share: float


def overlaps(layout: Layout, equal: Sequence[Agreement], sides: Sequence[Side]) -> list[Overlap]:
    """One for each comparison of a column that asks for equal newest values first and later for lists that overlap.

    Args:
        equal: agreements of one column each, which say how many pairs know it.
    """
    known = {agreement.columns[0]: agreement.known for agreement in equal}
    found = []
    for column, first in exact_levels(layout).items():
        lists = [
            (number, held)
            for number in np.flatnonzero(layout.owner == layout.owner[first])
            if number > first and (held := _list_of(layout.levels[number]))
        ]
        if lists and known.get(column):
            held = lists[0][1]  # of those whose sectors overlap some are at a level before, since their postcodes do
            levels = tuple(int(number) for number, other in lists if other == held)
            found.append(Overlap(_pairs(layout, first, column, held, sides), levels, 1 / known[column]))
    return found


def seen(overlapping: Sequence[Overlap], tables: Sequence[Patterns]) -> tuple[Seen, ...]:
    """The pairs of each overlap by level, as their patterns count them."""
    found = []
    for overlap, table in zip(overlapping, tables, strict=True):
        counts = table.level_counts(table.counts.astype(float))
        found += [Seen(level, round(counts[level]), overlap.share) for level in overlap.levels]
    return tuple(found)


def _pairs(layout: Layout, first: int, column: str, held: str, sides: Sequence[Side]) -> Pairs:
    compared = (layout.model.comparisons[layout.owner[first]],)
    left, right = (
        f"(select unit_id, {quote(column)} as newest, unnest({quote(held)}) as value from {units})"
        for units in counted_slices(sides)
    )
    return Pairs(
        f"""
        select l.unit_id as left_id, r.unit_id as right_id, {carried(layout.model.comparisons, compared)}
        from (
            select distinct a.unit_id as left_id, b.unit_id as right_id
            from {left} as a join {right} as b on a.value = b.value and a.newest <> b.newest
        ) as sharing
        join {{left_sample}} as l on l.unit_id = sharing.left_id
        join {{right_sample}} as r on r.unit_id = sharing.right_id
        """,
        compared,
    )


def _list_of(level: Level) -> str | None:
    """The list column of which a level's condition asks that both sides' lists overlap."""
    for term in conjuncts(level.condition) if level.condition else ():
        if isinstance(term, exp.ArrayOverlaps):
            names = [side.name if isinstance(side, exp.Column) else "" for side in (term.left, term.right)]
            if {name[-2:].lower() for name in names} == {"_l", "_r"} and names[0][:-2] == names[1][:-2]:
                return names[0][:-2]
    return None
