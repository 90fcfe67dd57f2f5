"""Who meets anybody: the units that blocking rules pair with some unit of the other side, however little they weigh.

They are found by semi joins of the columns that the rules read, which make none of the pairs. Where few of a large side
meet the other, as few learners of a country meet those of a small one, and few of whom a step has left meet those whom
it has linked, its pairs are made from those few alone, whose other columns are then read once and not once for each
rule (semi-join reduction; Bernstein and Chiu, Journal of the ACM 28, 1981). No pair is lost by it.
"""

import functools
from collections.abc import Mapping, Sequence

from linkage.config import OTHER_SIDE
from linkage.engine import Engine, Table, columns
from linkage.model.compiled import blocked_units
from linkage.model.splink_json import BlockingRule

Sides = Mapping[str, Table]
"""Units of the left and of the right."""

LARGE = 100_000
"""Units of a side from which it is asked which of them meet the other: fewer are read as fast as they are asked."""

_TIMES = 4  # as large as the other side, of which most will then meet nobody
_NOBODY = "select cast(null as bigint) as unit_id where false"


def those_who_meet(engine: Engine, rules: Sequence[BlockingRule], sides: Sides, *, leftovers: bool) -> Sides:
    """The units of large sides, few of which can meet the other, that do meet it; the sides that are not named stay.

    Args:
        sides: unit_id and the columns of the rules, and others.
        leftovers: they are what other links have left, so that few of both meet the other.
    """
    sizes = {side: engine.count(table) for side, table in sides.items()}
    found: dict[str, Table] = {}
    for side in sorted(sides, key=lambda side: sizes[side]):  # the smaller one first: the larger then meets few
        if (leftovers and sizes[side] >= LARGE) or _few_meet(sizes[side], sizes[OTHER_SIDE[side]]):
            found[side] = _meeting(engine, rules, {**sides, **found}, side)
    return found


def _few_meet(units: int, others: int) -> bool:
    """Whether few of a side's units can meet so many of the other, and are enough to be worth the question."""
    return units >= LARGE and units >= _TIMES * others


def _meeting(engine: Engine, rules: Sequence[BlockingRule], sides: Sides, side: str) -> Table:
    # Few have met: their rows are fetched by ids that are known, so that no engine brings all rows of the side to them.
    met = engine.sql(_blocked(rules, side), store={"unit_id": "bigint"}, params=None, **sides)
    found = engine.sql(
        "select u.* from {units} as u where exists (select 1 from {met} as m where m.unit_id = u.unit_id)",
        units=sides[side],
        met=met,
        store=True,
    )
    engine.drop(met)
    return found


def met_only(engine: Engine, rules: Sequence[BlockingRule], sides: Sides, made: Table, meeting: Sequence[str]) -> Table:
    """side, unit_id of the units without a pair whom a rule pairs with anybody.

    Args:
        made: left_id, right_id of the pairs that are kept.
        meeting: sides of which it is known that all of their units meet somebody.
    """
    left, right = engine.run_concurrently(
        *(
            functools.partial(_met_of, engine, rules, sides, made, side, known=side in meeting)
            for side in ("left", "right")
        )
    )
    return engine.sql("select * from {left} union all select * from {right}", left=left, right=right)


def _met_of(
    engine: Engine, rules: Sequence[BlockingRule], sides: Sides, made: Table, side: str, *, known: bool
) -> Table:
    names = list(dict.fromkeys(["unit_id", *(column for rule in rules for column in rule.columns)]))
    alone = engine.sql(
        f"""
        select {columns(["unit_id"] if known else names, "u")}
        from {{units}} as u
        where not exists (select 1 from {{made}} as m where m.{side}_id = u.unit_id)
        """,
        units=sides[side],
        made=made,
        store=not known,
    )
    query = "select unit_id from {alone}" if known else _blocked(rules, side)
    tables = {"alone": alone} if known else {side: alone, OTHER_SIDE[side]: sides[OTHER_SIDE[side]]}
    # Where those without a pair are few, so are the others who meet them: an engine that cuts would send all of these.
    few = engine.is_distributed and not known and _few_meet(engine.count(sides[OTHER_SIDE[side]]), engine.count(alone))
    others = {OTHER_SIDE[side]: _meeting(engine, rules, tables, OTHER_SIDE[side])} if few else {}
    met = engine.sql(
        f"select '{side}' as side, unit_id from (\n{query}\n) as met",
        store={"side": "varchar", "unit_id": "bigint"},
        params=None,
        **{**tables, **others},
    )
    engine.drop(alone, *others.values())
    return met


def _blocked(rules: Sequence[BlockingRule], side: str) -> str:
    """SQL of unit_id, once, of a side's units that a rule pairs with anybody; reads {left} and {right}."""
    return "\nunion\n".join(blocked_units(rule, side) for rule in rules) or _NOBODY
