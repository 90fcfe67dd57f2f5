"""What blocking rules make and what they reach, counted without making all pairs."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from linkage.engine import Engine, Table, columns, rows
from linkage.model import compiled
from linkage.model.conditions import BlockingRule, Keys
from linkage.model.sampling import Side, below, drawn

COUNTED_UNITS = 50_000
"""Units of each side that are counted; of larger sides a sample stands for all."""

_MADE_PAIRS = 1_000_000  # pairs that are made to see which of them are new
# a rule without an equality is tried on every pair of so many units of each side
_UNKEYED_UNITS = 2_000
_AT_ONCE = 25  # counts of one query


@dataclass(frozen=True)
class RulePairs:
    """Pairs that a rule makes, by itself and beyond the rules before it."""

    made: int
    new: int
    counted: bool  # False: estimated from a sample


@dataclass(frozen=True)
class Reached:
    """Of true pairs, how many the rules make."""

    true_pairs: int  # of which both sides hold an end
    alone: tuple[int, ...]  # by each rule
    added: tuple[int, ...]  # by each rule and none before it
    together: int  # by any
    in_all: int  # by any, or linked already (`count_reached(..., linked=)`)


def rule_pairs(
    engine: Engine, rules: Sequence[BlockingRule], left: Table, right: Table
) -> list[RulePairs]:
    """Count the pairs of each rule before any is scored.

    Pairs by equal keys are a sum of products of counts, so that a rule which makes
    billions costs no more than another. Which of them are new is seen on as many pairs
    as can be made cheaply.

    Args:
        left, right: unit_id and the rules' columns.
    """
    if not rules:
        return []
    names = list(dict.fromkeys(column for rule in rules for column in rule.columns))
    sides = drawn(engine, (left, right), names, most=COUNTED_UNITS, seed=7)
    whole = sides[0].share * sides[1].share
    by_keys = pairs_by_keys(engine, rules, sides)
    thin = _thinner(by_keys, sides)
    samples = [_thinned(engine, side, thin) for side in sides]
    totals = _first_rules(
        engine,
        [compiled.rule_pairs(rule, ()) for rule in rules],
        left=samples[0],
        right=samples[1],
    )
    scale = max(whole * thin * thin, 1e-18)
    counts = []
    for number, (rule, key_pairs) in enumerate(zip(rules, by_keys, strict=True)):
        total, new = totals.get(number, (0, 0))
        exact = key_pairs is not None and rule.keys().is_all and not rule.explode
        estimate = (
            key_pairs / whole if exact and key_pairs is not None else total / scale
        )
        counts.append(
            RulePairs(
                round(estimate),
                round(estimate * new / total) if total else 0,
                whole * thin >= 1,
            )
        )
    engine.drop(*(side.sample for side in sides))
    return counts


def count_reached(
    engine: Engine,
    rules: Sequence[BlockingRule],
    left: Table,
    right: Table,
    true_pairs: Table,
    *,
    linked: Table | None = None,
) -> Reached:
    """Which of the true pairs the rules make: a semi join, no other pair is made.

    Args:
        left, right: unit_id and the rules' columns.
        true_pairs: left_id, right_id; those of which a side lacks an end are left out.
        linked: left_id, right_id of pairs that need no rule, for example links of
            passes.
    """
    known = engine.sql(
        """
        select distinct p.left_id, p.right_id
        from {pairs} as p
        join {left} as l on l.unit_id = p.left_id
        join {right} as r on r.unit_id = p.right_id
        """,
        pairs=true_pairs,
        left=left,
        right=right,
        store=True,
    )
    names = list(
        dict.fromkeys(
            ["unit_id", *(column for rule in rules for column in rule.columns)]
        )
    )
    # Lists are opened for the units of the pairs, not for all.
    select_list = columns(names, "u")
    left, right = (
        engine.sql(
            f"""
            select {select_list} from {{units}} as u
            where exists (select 1 from {{pairs}} as p where p.{side}_id = u.unit_id)
            """,
            units=table,
            pairs=known,
            store=True,
        )
        for side, table in (("left", left), ("right", right))
    )
    queries = [_pairs_reached(rule) for rule in rules]
    tables = {"left": left, "right": right, "pairs": known}
    if linked is not None:
        queries.append(
            "select p.left_id, p.right_id from {pairs} as p join {linked} as h using "
            "(left_id, right_id)"
        )
        tables["linked"] = linked
    first = _first_rules(engine, queries, **tables)
    counts = [first.get(number, (0, 0)) for number in range(len(queries))]
    own_counts, new_counts = (
        tuple(count[part] for count in counts[: len(rules)]) for part in (0, 1)
    )
    result = Reached(
        engine.count(known),
        own_counts,
        new_counts,
        sum(new_counts),
        sum(new for _, new in counts),
    )
    engine.drop(known, left, right)
    return result


def pairs_by_keys(
    engine: Engine, rules: Sequence[BlockingRule], sides: Sequence[Side]
) -> list[int | None]:
    """Pairs of the samples whose keys are equal, a pair that shares two elements twice;
    None without a key.
    """
    rule_keys = [(place, rule.keys()) for place, rule in enumerate(rules)]
    queries = [
        _count_by_keys(place, rules[place], keys)
        for place, keys in rule_keys
        if keys.left
    ]
    pairs: dict[int, int] = {}
    for first in range(0, len(queries), _AT_ONCE):
        counts = engine.sql(
            "\nunion all\n".join(queries[first : first + _AT_ONCE]),
            left=sides[0].sample,
            right=sides[1].sample,
        )
        pairs |= {int(row["place"]): int(row["pairs"]) for row in rows(engine, counts)}
    return [pairs.get(place) for place in range(len(rules))]


def _count_by_keys(place: int, rule: BlockingRule, keys: Keys) -> str:
    names = [f"key_{number}" for number in range(len(keys.left))]
    key_list, known = (
        ", ".join(names),
        " and ".join(f"{name} is not null" for name in names),
    )
    queries = {}
    for side, expressions in (("left", keys.left), ("right", keys.right)):
        select_list = ", ".join(
            f"{key} as {name}" for key, name in zip(expressions, names, strict=True)
        )
        queries[side] = (
            f"select {key_list}, count(*) as units from (select {select_list} from "
            f"{rule.opened(side)}) as keyed "
            f"where {known} group by {key_list}"
        )
    return f"""
        select {place} as place, cast(coalesce(sum(l.units * r.units), 0) as bigint)
            as pairs
        from ({queries["left"]}) as l join ({queries["right"]}) as r using ({key_list})
        """


def _thinner(by_keys: Sequence[int | None], sides: Sequence[Side]) -> float:
    """The share of either sample whose pairs are few enough to be made."""
    key_pairs = sum(pairs for pairs in by_keys if pairs is not None)
    thin = min(1.0, math.sqrt(_MADE_PAIRS / max(key_pairs, 1)))
    if None in by_keys:
        largest = max(side.units * side.share for side in sides)
        thin = min(thin, _UNKEYED_UNITS / max(largest, 1))
    return thin


def _thinned(engine: Engine, side: Side, thin: float) -> Table:
    if thin >= 1:
        return side.sample
    return engine.sql(
        f"select * from {{t}} where slot < {below(side.share * thin)}", t=side.sample
    )


def _pairs_reached(rule: BlockingRule) -> str:
    """SQL of those of {pairs} (left_id, right_id) that a rule makes; also reads {left}
    and {right}.
    """
    distinct = "distinct " if rule.explode else ""
    return (
        f"select {distinct}p.left_id, p.right_id\n"
        f"from {{pairs}} as p\n"
        f"join {rule.opened('left')} as l on l.unit_id = p.left_id\n"
        f"join {rule.opened('right')} as r on r.unit_id = p.right_id\n"
        f"where {rule.over_elements}"
    )


def _first_rules(
    engine: Engine, queries: Sequence[str], **tables: Table
) -> dict[int, tuple[int, int]]:
    """For each query of pairs, by its place: how many pairs it has, and how many that
    no query before it has.
    """
    if not queries:
        return {}
    pairs = "\nunion all\n".join(
        f"select {place} as place, left_id, right_id from ({query}) as pairs_{place}"
        for place, query in enumerate(queries)
    )
    counts = engine.sql(
        f"""
        with pairs as ({pairs}),
        ranked as (select place, min(place) over (partition by left_id, right_id)
            as first_place from pairs)
        select place, count(*) as pairs, count(case when place = first_place then 1 end)
            as new
        from ranked
        group by place
        """,
        params=None,
        store=False,
        **tables,
    )
    return {
        int(row["place"]): (int(row["pairs"]), int(row["new"]))
        for row in rows(engine, counts)
    }
