"""Pairs of one person's records that together show what one person cannot do.

A rule (configs/quality/implausible.toml) finds pairs of records of one person that contradict each other. Either they
are of two people or a record is wrong. How often one record alone shows the same is what the sources get wrong by
themselves; what a rule finds beyond that is false links, and of a rule that no single record can show nobody knows.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from linkage.engine import Engine, Table, columns, literal, one, quote
from quality.measures.implausible_rules import Events, Rule
from quality.measures.intervals import wilson


def conflicts(
    engine: Engine,
    spine: Table,
    identities: Mapping[str, Table],
    attributes: Mapping[str, Table],
    rules: Sequence[Rule],
) -> tuple[Table, list[dict[str, Any]]]:
    """Pairs of records of one person that contradict each other.

    Args:
        spine: person_id, entity_id, source.
        identities: by source: entity_id and dob, a list of dates.
        attributes: by <dataset>_<table>: entity_id and variables; rules of others are left out.

    Returns:
        rule, person_id, one_id, other_id (entities; stored), and for each rule its name, why, people_at_risk (people
        with two records that could have contradicted each other), background (share of single records that show
        the same by themselves; None where no record could) and excess (the part of its pairs that is more than the
        background makes: value, low, high; None without a background).
    """
    pairs = engine.sql(_PAIRS, store=True, spine=spine)
    births = _births(engine, identities)
    found, told = [], []
    for rule in rules:
        if rule.kind != "values conflict" and not _available(rule.of, attributes):
            continue
        if rule.death and not _available((rule.death,), attributes):
            continue
        named = _tables(engine, rule, births, attributes)
        conflict, risk = _SQL[rule.kind]
        params = {"age": rule.age or 0, "days": rule.days or 0, "agreeing": rule.agreeing or 0, "periods": rule.periods}
        at_risk = one(engine, engine.sql(_AT_RISK.format(risk=risk), params=None, store=False, pairs=pairs, **named))
        alone = engine.sql(_ALONE[rule.kind], params=params, store=True, **named) if rule.kind in _ALONE else None
        broken = engine.sql(conflict, params=params, store=True, pairs=pairs, **named)
        if alone:
            broken = _replaced(engine, broken, _NOT_ALONE, alone=alone)
        if rule.slips:
            broken = _replaced(engine, broken, _NOT_A_SLIP, {"slips": rule.slips}, births=births)
        background = _background(engine, alone) if alone else None
        found.append((rule, broken))
        told.append(
            {
                "rule": rule.name,
                "why": rule.why,
                "people_at_risk": int(at_risk["people"]),
                "background": background,
                "excess": _excess(engine.count(broken), int(at_risk["pairs"]), background),
            }
        )
        engine.drop(*named.values(), *([alone] if alone else []))
    together = _together(engine, found)
    engine.drop(pairs, births, *(table for _, table in found))
    return together, told


# Both orders of each two records of a person.
_PAIRS = """
    with several as (select person_id from {spine} group by person_id having count(*) > 1),
         held as (
             select spine.person_id, spine.entity_id, spine.source
             from {spine} as spine
             join several on several.person_id = spine.person_id
         )
    select a.person_id, a.entity_id as one_id, b.entity_id as other_id, a.source = b.source as same_source
    from held as a
    join held as b on b.person_id = a.person_id and b.entity_id <> a.entity_id
"""


def _births(engine: Engine, identities: Mapping[str, Table]) -> Table:
    """entity_id, born: every birth date that a record ever had."""
    dated = {f"of_{place}": table for place, table in enumerate(identities.values()) if "dob" in table.columns}
    if not dated:
        return engine.sql(
            "select cast(null as bigint) as entity_id, cast(null as date) as born where false", store=True
        )
    return engine.sql(
        "\nunion all\n".join(
            f"select entity_id, cast(dob as date) as born "
            f"from (select entity_id, unnest(dob) as dob from {{{name}}}) as held"
            for name in dated
        ),
        params=None,
        store=True,
        **dated,
    )


def _available(of: Sequence[Events], attributes: Mapping[str, Table]) -> bool:
    return any(_readable(events, attributes) for events in of)


def _readable(events: Events, attributes: Mapping[str, Table]) -> bool:
    wanted = {events.start, *events.where, *([events.end] if events.end else [])}
    return events.table in attributes and wanted <= set(attributes[events.table].columns)


def _tables(engine: Engine, rule: Rule, births: Table, attributes: Mapping[str, Table]) -> dict[str, Table]:
    """What a rule's queries read: events (entity_id, starts, ends) and others (entity_id, on_date)."""
    if rule.kind == "values conflict":
        return {"births": engine.sql("select * from {births}", births=births)}
    events = _events(engine, rule.of, attributes)
    if rule.death:
        deaths = _events(engine, (rule.death,), attributes)
        return {"events": events, "others": engine.sql("select entity_id, starts as on_date from {d}", d=deaths)}
    if rule.kind == "too young":
        return {"events": events, "others": engine.sql("select entity_id, born as on_date from {b}", b=births)}
    return {"events": events}


def _events(engine: Engine, of: Sequence[Events], attributes: Mapping[str, Table]) -> Table:
    """entity_id, starts, ends of the rows that count; an open spell goes on for good."""
    parts, named = [], {}
    for place, events in enumerate(events for events in of if _readable(events, attributes)):
        named[f"of_{place}"] = attributes[events.table]
        end = f"coalesce(cast({quote(events.end)} as date), date '9999-12-31')" if events.end else quote(events.start)
        wanted = "".join(
            f" and cast({quote(column)} as varchar) in ({', '.join(literal(value) for value in values)})"
            for column, values in events.where.items()
        )
        parts.append(
            f"select entity_id, cast({quote(events.start)} as date) as starts, cast({end} as date) as ends "
            f"from {{of_{place}}} where {quote(events.start)} is not null{wanted}"
        )
    return engine.sql("\nunion all\n".join(parts), params=None, store=True, **named)


# Pairs that could contradict each other, of which a rule's own query says which they are.
_AT_RISK = "select count(distinct person_id) as people, count(*) as pairs from ({risk}) as at_risk"

_RISK_OF_OTHERS = """
    select pairs.person_id
    from {pairs} as pairs
    join (select distinct entity_id from {events}) as events on events.entity_id = pairs.one_id
    join (select distinct entity_id from {others}) as others on others.entity_id = pairs.other_id
"""
_RISK_OF_SPELLS = """
    select pairs.person_id
    from {pairs} as pairs
    join (select distinct entity_id from {events}) as a on a.entity_id = pairs.one_id
    join (select distinct entity_id from {events}) as b on b.entity_id = pairs.other_id
    where pairs.same_source and pairs.one_id < pairs.other_id
"""

# Kind to the query of pairs that contradict each other, and to that of people who could.
_SQL: dict[str, tuple[str, str]] = {
    # By every birth date that the other record ever had: of several, one may be a slip.
    "too young": (
        """
        with first_events as (select entity_id, min(starts) as starts from {events} group by entity_id),
             earliest_births as (select entity_id, min(on_date) as born from {others} group by entity_id)
        select pairs.person_id, pairs.one_id, pairs.other_id
        from {pairs} as pairs
        join first_events on first_events.entity_id = pairs.one_id
        join earliest_births on earliest_births.entity_id = pairs.other_id
        where date_sub('year', earliest_births.born, first_events.starts) < $age
        """,
        _RISK_OF_OTHERS,
    ),
    "after death": (
        """
        with last_events as (select entity_id, max(starts) as starts from {events} group by entity_id),
             deaths as (select entity_id, max(on_date) as died from {others} group by entity_id)
        select pairs.person_id, pairs.one_id, pairs.other_id
        from {pairs} as pairs
        join last_events on last_events.entity_id = pairs.one_id
        join deaths on deaths.entity_id = pairs.other_id
        where last_events.starts > deaths.died
        """,
        _RISK_OF_OTHERS,
    ),
    "two at once": (
        """
        select distinct pairs.person_id, pairs.one_id, pairs.other_id
        from {pairs} as pairs
        join {events} as a on a.entity_id = pairs.one_id
        join {events} as b on b.entity_id = pairs.other_id
        where pairs.same_source and pairs.one_id < pairs.other_id
          and date_diff('day', greatest(a.starts, b.starts), least(a.ends, b.ends)) + 1 >= $days
        """,
        _RISK_OF_SPELLS,
    ),
    "two in a period": (
        """
        select pairs.person_id, pairs.one_id, pairs.other_id
        from {pairs} as pairs
        join {events} as a on a.entity_id = pairs.one_id
        join {events} as b on b.entity_id = pairs.other_id and b.starts = a.starts
        where pairs.same_source and pairs.one_id < pairs.other_id
        group by pairs.person_id, pairs.one_id, pairs.other_id
        having count(distinct a.starts) >= $periods
        """,
        _RISK_OF_SPELLS,
    ),
    "values conflict": (
        """
        with nearest as (
            select pairs.person_id, pairs.one_id, pairs.other_id,
                   max(case when day(a.born) = day(b.born) then 1 else 0 end
                       + case when month(a.born) = month(b.born) then 1 else 0 end
                       + case when year(a.born) = year(b.born) then 1 else 0 end) as agreeing
            from {pairs} as pairs
            join {births} as a on a.entity_id = pairs.one_id
            join {births} as b on b.entity_id = pairs.other_id
            where pairs.one_id < pairs.other_id
            group by pairs.person_id, pairs.one_id, pairs.other_id
        )
        select person_id, one_id, other_id from nearest where agreeing < $agreeing
        """,
        """
        select pairs.person_id
        from {pairs} as pairs
        join (select distinct entity_id from {births}) as a on a.entity_id = pairs.one_id
        join (select distinct entity_id from {births}) as b on b.entity_id = pairs.other_id
        where pairs.one_id < pairs.other_id
        """,
    ),
}


# Records that could contradict themselves, and whether they do.
_ALONE: dict[str, str] = {
    "too young": """
        select e.entity_id, date_sub('year', min(o.on_date), min(e.starts)) < $age as is_broken
        from {events} as e
        join {others} as o on o.entity_id = e.entity_id
        group by e.entity_id
        """,
    "after death": """
        select e.entity_id, max(e.starts) > max(o.on_date) as is_broken
        from {events} as e
        join {others} as o on o.entity_id = e.entity_id
        group by e.entity_id
        """,
    "two in a period": """
        with periods as (select entity_id, starts, count(*) as places from {events} group by entity_id, starts)
        select entity_id, sum(case when places > 1 then 1 else 0 end) >= $periods as is_broken
        from periods
        group by entity_id
        """,
}

# A record that contradicts itself is wrong, and says nothing about whom it is linked to.
_NOT_ALONE = """
    select f.person_id, f.one_id, f.other_id
    from {found} as f
    left join {alone} as one_alone on one_alone.entity_id = f.one_id and one_alone.is_broken
    left join {alone} as other_alone on other_alone.entity_id = f.other_id and other_alone.is_broken
    where one_alone.entity_id is null and other_alone.entity_id is null
"""

# Dates of which a slip makes the other: characters, or day and month in each other's place.
_NOT_A_SLIP = """
    with slips as (
        select distinct f.one_id, f.other_id
        from {found} as f
        join {births} as a on a.entity_id = f.one_id
        join {births} as b on b.entity_id = f.other_id
        where levenshtein(cast(a.born as varchar), cast(b.born as varchar)) <= $slips
           or (year(a.born) = year(b.born) and month(a.born) = day(b.born) and day(a.born) = month(b.born))
    )
    select f.person_id, f.one_id, f.other_id
    from {found} as f
    anti join slips on slips.one_id = f.one_id and slips.other_id = f.other_id
"""


def _replaced(
    engine: Engine, found: Table, query: str, params: Mapping[str, Any] | None = None, **tables: Table
) -> Table:
    """What a query leaves of found pairs, in their place."""
    left = engine.sql(query, params=params, store=True, found=found, **tables)
    engine.drop(found)
    return left


def _background(engine: Engine, alone: Table) -> dict[str, Any] | None:
    """Of the records that could contradict themselves, the share that do."""
    counted = one(
        engine, engine.sql("select count(*) as records, count(*) filter (where is_broken) as broken from {t}", t=alone)
    )
    return dict(wilson(counted["broken"], counted["records"])) if counted["records"] else None


def _excess(found: int, at_risk: int, background: Mapping[str, Any] | None) -> dict[str, float] | None:
    """The part of the pairs found that is more than as many single records would show by themselves."""
    if background is None:
        return None

    def beyond(share: float) -> float:
        return max(0.0, 1 - at_risk * share / found) if found else 0.0

    return {
        "value": beyond(background["value"]),
        "low": beyond(background["high"]),
        "high": beyond(background["low"]),
    }


def _together(engine: Engine, found: Sequence[tuple[Rule, Table]]) -> Table:
    if not found:
        return engine.sql(
            "select cast(null as varchar) as rule, cast(null as bigint) as person_id, cast(null as bigint) as one_id, "
            "cast(null as bigint) as other_id where false",
            store=True,
        )
    named = {f"of_{place}": table for place, (_, table) in enumerate(found)}
    listed = columns(("person_id", "one_id", "other_id"))
    return engine.sql(
        "\nunion all\n".join(
            f"select cast({literal(rule.name)} as varchar) as rule, {listed} from {{of_{place}}}"
            for place, (rule, _) in enumerate(found)
        ),
        params=None,
        store=True,
        **named,
    )
