"""People and links whose records contradict each other, and of them the least that is falsely linked, without truth.

The least counts each person and link by the excess of the rules that found it (quality.measures.implausible): what the sources'
own errors do not make. A rule of which nobody knows what they make has no part in it.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from linkage.config import OTHER_SIDE
from linkage.engine import Engine, Table, literal, one, rows
from quality.measures.intervals import wilson


def implausible_people(
    engine: Engine, spine: Table, found: Table, told: Sequence[Mapping[str, Any]], persons: Table | None
) -> dict[str, Any]:
    """Shares of people whose records contradict each other.

    Args:
        found, told: of `conflicts`.
        persons: entity_id, person (the true one), where there is truth.

    Returns:
        people (of two records or more), implausible, share, least (a share with its interval; None where no rule has
        an excess); with truth of the implausible those assessed (it knows
        whose some two are of their records that contradict each other) and confirmed (these are two people's), else
        None; rules: rule, why,
        people_at_risk, people, share (of those at risk), confirmed, background, excess.
    """
    whole = one(
        engine,
        engine.sql(
            """
            with held as (select person_id, count(*) as records from {spine} group by person_id)
            select count(*) as people from held where records > 1
            """,
            spine=spine,
        ),
    )["people"]
    tables = {"found": found, **({"persons": persons} if persons else {})}
    by_rule = {
        row["rule"]: row
        for row in rows(engine, engine.sql(_counted("f.rule", persons), params=None, store=False, **tables))
    }
    nobody: dict[str, Any] = {"people": 0} | dict.fromkeys(("assessed", "confirmed"), 0 if persons else None)
    together = rows(engine, engine.sql(_counted("'any'", persons), params=None, store=False, **tables))
    every = together[0] if together else nobody
    return {
        "people": whole,
        "implausible": every["people"],
        "share": wilson(every["people"], whole),
        "least": _least(one(engine, engine.sql(_least_people(told), found=found)), whole, told),
        "assessed": every["assessed"],
        "confirmed": every["confirmed"],
        "rules": [
            {
                **rule,
                "people": row["people"],
                "share": wilson(row["people"], rule["people_at_risk"]),
                "confirmed": row["confirmed"],
            }
            for rule in told
            for row in [by_rule.get(rule["rule"], nobody)]
        ],
    }


def _counted(group: str, persons: Table | None) -> str:
    """People of found pairs by a group; with truth also those of whom it knows some pair, and of whom one is of two."""
    assessed, confirmed = (
        f"count(distinct case when {which} then f.person_id end)" if persons else "null"
        for which in ("a.person is not null and b.person is not null", "a.person <> b.person")
    )
    joined = """
        left join {persons} as a on a.entity_id = f.one_id
        left join {persons} as b on b.entity_id = f.other_id
        """
    return f"""
        select {group} as rule, count(distinct f.person_id) as people, {assessed} as assessed, {confirmed} as confirmed
        from {{found}} as f {joined if persons else ""}
        group by {group}
        """


_BOUNDS = ("value", "low", "high")


def _excesses(told: Sequence[Mapping[str, Any]]) -> str:
    """SQL: the columns value, low and high of the excess of a row's rule."""
    known = [rule for rule in told if rule["excess"]]
    return ", ".join(
        "case "
        + "".join(
            f"when rule = {literal(rule['rule'])} then {literal(float(rule['excess'][bound]))} " for rule in known
        )
        + f"{'' if known else 'when false then 0 '}else cast(0 as double) end as {bound}"
        for bound in _BOUNDS
    )


def _least_people(told: Sequence[Mapping[str, Any]]) -> str:
    largest, sums = _of_bounds("max"), _of_bounds("sum")
    return f"""
        with weighed as (select person_id, {_excesses(told)} from {{found}}),
             people as (select person_id, {largest} from weighed group by person_id)
        select {sums} from people
        """


def _of_bounds(function: str) -> str:
    return ", ".join(f"{function}({bound}) as {bound}" for bound in _BOUNDS)


def _least(summed: Mapping[str, Any], of: int, told: Sequence[Mapping[str, Any]]) -> dict[str, Any] | None:
    """The least as a share: its interval allows for what is not known of the background, and for chance.

    `counts` are those from which the bounds are reckoned, before chance.
    """
    if not any(rule["excess"] for rule in told):
        return None
    value, low, high = (min(round(float(summed[bound] or 0.0), 6), of) for bound in _BOUNDS)
    bounds = {"low": wilson(low, of)["low"], "high": wilson(high, of)["high"]}
    return {**wilson(value, of), **bounds, "counts": {"low": low, "high": high}}


def implausible_links(
    engine: Engine, links: Table, units: Table, found: Table, told: Sequence[Mapping[str, Any]] = ()
) -> dict[str, Any]:
    """Of a step's links, those that join two records that contradict each other: links, implausible, share.

    Two records of one side that one unit of the other is linked to count as one link: not both of them are right.

    Args:
        found, told: of `conflicts`; with `told` the result has `least` too, as of people.
    """
    query = _LINKS.format(excesses=_excesses(told), largest=_of_bounds("max"), sums=_of_bounds("sum"))
    counted = one(engine, engine.sql(query, links=links, units=units, found=found))
    made, broken = int(counted["links"]), int(counted["implausible"])
    result: dict[str, Any] = {"links": made, "implausible": broken, "share": wilson(min(broken, made), made)}
    return result | ({"least": _least(counted, made, told)} if told else {})


_BESIDE = """
        select {left}, {right}, f.value, f.low, f.high
        from both_orders as f
        join {{{{units}}}} as one_unit on one_unit.side = '{side}' and one_unit.entity_id = f.one_id
        join {{{{units}}}} as other_unit on other_unit.side = '{side}' and other_unit.entity_id = f.other_id
        join accepted as a on a.{side}_id = one_unit.unit_id
        join accepted as b on b.{side}_id = other_unit.unit_id and b.{other}_id = a.{other}_id
        where one_unit.unit_id <> other_unit.unit_id"""


def _beside(side: str) -> str:
    """SQL: links of one unit to two of a side that contradict each other, named by the later one."""
    other = OTHER_SIDE[side]
    ends = {side: f"greatest(a.{side}_id, b.{side}_id) as {side}_id", other: f"a.{other}_id"}
    return _BESIDE.format(side=side, other=other, **ends)


_LINKS = f"""
    with accepted as (select left_id, right_id from {{{{links}}}} where decision = 'accepted'),
    weighed as (select one_id, other_id, {{excesses}} from {{{{found}}}}),
    both_orders as (
        select one_id, other_id, value, low, high from weighed
        union
        select other_id as one_id, one_id as other_id, value, low, high from weighed
    ),
    across as (
        select accepted.left_id, accepted.right_id, f.value, f.low, f.high
        from both_orders as f
        join {{{{units}}}} as l on l.side = 'left' and l.entity_id = f.one_id
        join {{{{units}}}} as r on r.side = 'right' and r.entity_id = f.other_id
        join accepted on accepted.left_id = l.unit_id and accepted.right_id = r.unit_id
    ),
    beside_right as ({_beside("right")}
    ),
    beside_left as ({_beside("left")}
    ),
    every as (
        select left_id, right_id, value, low, high from across
        union all
        select left_id, right_id, value, low, high from beside_right
        union all
        select left_id, right_id, value, low, high from beside_left
    ),
    broken as (select left_id, right_id, {{largest}} from every group by left_id, right_id)
    select (select count(*) from accepted) as links, count(*) as implausible, {{sums}}
    from broken
"""
