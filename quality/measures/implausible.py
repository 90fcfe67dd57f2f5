"""Implausible links: pairs of one person's records that together show an impossible history.

A rule (configs/quality/implausible.toml) finds pairs of records of one person that contradict each other: either a link
is false or a record is wrong. How often single records contradict themselves is the sources' own error; contradictions
above that rate are a lower bound of false links.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from linkage.config.resources import config_file
from linkage.config.toml_file import check, read_toml
from linkage.engine import Engine, Table, columns, literal, one, quote, rows
from quality.intervals import wilson

Kind = Literal["too young", "after death", "two at once", "two in a period", "values conflict"]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Events(_Strict):
    """Rows of a table of attributes that say when something happened."""

    table: str  # <dataset>_<table>
    start: str
    end: str | None = None
    where: dict[str, tuple[str, ...]] = {}  # column to the values that count


class Rule(_Strict):
    """One thing that a person cannot do; the keys are explained in the file."""

    name: str
    kind: Kind
    why: str
    of: tuple[Events, ...] = ()
    age: Annotated[int, Field(ge=0)] | None = None
    days: Annotated[int, Field(ge=1)] | None = None
    agreeing: Annotated[int, Field(ge=1, le=3)] | None = None
    periods: Annotated[int, Field(ge=1)] = 1
    slips: Annotated[int, Field(ge=1)] | None = None
    death: Events | None = None

    @model_validator(mode="after")
    def _has_what_its_kind_needs(self) -> "Rule":
        needs = {
            "too young": ("age", "of"),
            "after death": ("death", "of"),
            "two at once": ("days", "of"),
            "two in a period": ("of",),
            "values conflict": ("agreeing",),
        }[self.kind]
        missing = [key for key in needs if not getattr(self, key)]
        if missing:
            raise ValueError(f"rule '{self.name}': kind '{self.kind}' needs {', '.join(missing)}")
        if self.kind == "two at once" and any(events.end is None for events in self.of):
            raise ValueError(f"rule '{self.name}': spells need an end")
        if self.slips and self.kind not in ("too young", "values conflict"):
            raise ValueError(f"rule '{self.name}': slips are of birth dates, which kind '{self.kind}' does not compare")
        return self


class _File(_Strict):
    rule: tuple[Rule, ...] = ()


def load(path: Path | None = None) -> tuple[Rule, ...]:
    """Read the rules; those that ship with the package when no file is given.

    Raises:
        ConfigError: no such file, no TOML, or faults, all at once.
    """
    path = path or config_file("quality/implausible.toml")
    raw = read_toml(path, "name a TOML file of rules, or none")
    return check(_File, raw, str(path)).rule


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
        with two records that could contradict each other), background (share of single records that contradict
        themselves; None where none could) and excess (the part of its pairs above the background: value, low, high).
    """
    pairs = engine.sql(_PAIRS, store=True, spine=spine)
    births = _births(engine, identities)
    found: list[tuple[Rule, Table]] = []
    facts: list[dict[str, Any]] = []
    for rule in rules:
        if not _applies(rule, attributes):
            continue
        named = _tables(engine, rule, births, attributes)
        conflict, risk = _SQL[rule.kind]
        params = {"age": rule.age or 0, "days": rule.days or 0, "agreeing": rule.agreeing or 0, "periods": rule.periods}
        at_risk = one(engine, engine.sql(_AT_RISK.format(risk=risk), params=None, store=False, pairs=pairs, **named))
        broken = engine.sql(conflict, params=params, store=True, pairs=pairs, **named)
        background = None
        if rule.kind in _ALONE:
            alone = engine.sql(_ALONE[rule.kind], params=params, store=True, **named)
            broken = engine.sql(_NOT_ALONE, store=True, found=broken, alone=alone)
            background = _background(engine, alone)
            engine.drop(alone)
        if rule.slips:
            broken = engine.sql(_NOT_A_SLIP, params={"slips": rule.slips}, store=True, found=broken, births=births)
        found.append((rule, broken))
        facts.append(
            {
                "rule": rule.name,
                "why": rule.why,
                "people_at_risk": int(at_risk["people"]),
                "background": background,
                "excess": _excess(engine.count(broken), int(at_risk["pairs"]), background),
            }
        )
        engine.drop(*named.values())
    union = _union(engine, found)
    engine.drop(pairs, births, *(table for _, table in found))
    return union, facts


# Both orders of each two records of a person.
_PAIRS = """
    with several as (select person_id from {spine} group by person_id having count(*) > 1),
         records as (
             select spine.person_id, spine.entity_id, spine.source
             from {spine} as spine
             join several on several.person_id = spine.person_id
         )
    select a.person_id, a.entity_id as one_id, b.entity_id as other_id, a.source = b.source as same_source
    from records as a
    join records as b on b.person_id = a.person_id and b.entity_id <> a.entity_id
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
            f"from (select entity_id, unnest(dob) as dob from {{{name}}}) as births"
            for name in dated
        ),
        params=None,
        store=True,
        **dated,
    )


def _applies(rule: Rule, attributes: Mapping[str, Table]) -> bool:
    """Whether the run has the tables that a rule reads."""
    known = rule.kind == "values conflict" or any(_readable(events, attributes) for events in rule.of)
    return known and (rule.death is None or _readable(rule.death, attributes))


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

# A record that contradicts itself is wrong: it is no evidence of a false link.
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


def _background(engine: Engine, alone: Table) -> dict[str, Any] | None:
    """Of the records that could contradict themselves, the share that do."""
    query = "select count(*) as records, count(*) filter (where is_broken) as broken from {t}"
    counts = one(engine, engine.sql(query, t=alone))
    return dict(wilson(counts["broken"], counts["records"])) if counts["records"] else None


def _excess(found: int, at_risk: int, background: Mapping[str, Any] | None) -> dict[str, float] | None:
    """The part of the pairs found that is more than as many single records would show."""
    if background is None:
        return None
    bounds = {"value": "value", "low": "high", "high": "low"}  # of more background less is in excess
    return {bound: max(0.0, 1 - at_risk * background[of] / found) if found else 0.0 for bound, of in bounds.items()}


def _union(engine: Engine, found: Sequence[tuple[Rule, Table]]) -> Table:
    names = ("person_id", "one_id", "other_id")
    if not found:
        nothing = ", ".join(f"cast(null as bigint) as {name}" for name in names)
        return engine.sql(f"select cast(null as varchar) as rule, {nothing} where false", store=True)
    parts = [
        f"select cast({literal(rule.name)} as varchar) as rule, {columns(names)} from {{of_{place}}}"
        for place, (rule, _) in enumerate(found)
    ]
    named = {f"of_{place}": table for place, (_, table) in enumerate(found)}
    return engine.sql(" union all ".join(parts), params=None, store=True, **named)


def implausible_people(
    engine: Engine, spine: Table, found: Table, facts: Sequence[Mapping[str, Any]], persons: Table | None
) -> dict[str, Any]:
    """Shares of people whose records contradict each other, and the least share with a false link.

    Args:
        found, facts: of `conflicts`.
        persons: entity_id, person (the true one), where there is truth.

    Returns:
        people (of two records or more), implausible, share, least (a share whose interval allows for the background and
        for chance; None where no rule has a background), assessed and confirmed (with truth: those whose true person
        is known, and of these those who are two people), rules: as `facts`, with people, share and confirmed.
    """
    query = "select count(*) as people from (select person_id from {spine} group by person_id having count(*) > 1)"
    whole = one(engine, engine.sql(query, spine=spine))["people"]
    tables = {"found": found, **({"persons": persons} if persons else {})}

    def counted(group: str) -> list[dict[str, Any]]:
        return rows(
            engine, engine.sql(_counted(group, with_truth=persons is not None), params=None, store=False, **tables)
        )

    none: dict[str, Any] = {"people": 0} | dict.fromkeys(("assessed", "confirmed"), 0 if persons else None)
    by_rule = {row["rule"]: row for row in counted("f.rule")}
    every = next(iter(counted("'any'")), none)
    return {
        "people": whole,
        "implausible": every["people"],
        "share": wilson(every["people"], whole),
        "least": _least(engine, found, whole, facts),
        "assessed": every["assessed"],
        "confirmed": every["confirmed"],
        "rules": [
            {
                **rule,
                "people": row["people"],
                "share": wilson(row["people"], rule["people_at_risk"]),
                "confirmed": row["confirmed"],
            }
            for rule in facts
            for row in [by_rule.get(rule["rule"], none)]
        ],
    }


def _counted(group: str, *, with_truth: bool) -> str:
    """SQL: people of found pairs by a group; with truth those whose persons are known, and those who are two."""
    assessed, confirmed = (
        f"count(distinct case when {which} then f.person_id end)" if with_truth else "null"
        for which in ("a.person is not null and b.person is not null", "a.person <> b.person")
    )
    joins = " ".join(
        f"left join {{persons}} as {name} on {name}.entity_id = f.{end}_id"
        for name, end in (("a", "one"), ("b", "other"))
    )
    return f"""
        select {group} as rule, count(distinct f.person_id) as people, {assessed} as assessed, {confirmed} as confirmed
        from {{found}} as f {joins if with_truth else ""}
        group by {group}
        """


_BOUNDS = ("value", "low", "high")


def _least(engine: Engine, found: Table, of: int, facts: Sequence[Mapping[str, Any]]) -> dict[str, Any] | None:
    """Each person counts by the largest excess of the rules that found them.

    `counts` are those from which the bounds are calculated, before chance.
    """
    known = [rule for rule in facts if rule["excess"]]
    if not known:
        return None
    largest = ", ".join(
        "max(case "
        + " ".join(
            f"when rule = {literal(rule['rule'])} then {literal(float(rule['excess'][bound]))}" for rule in known
        )
        + f" else cast(0 as double) end) as {bound}"
        for bound in _BOUNDS
    )
    sums = ", ".join(f"sum({bound}) as {bound}" for bound in _BOUNDS)
    query = f"select {sums} from (select person_id, {largest} from {{found}} group by person_id)"
    summed = one(engine, engine.sql(query, params=None, found=found))
    value, low, high = (min(round(float(summed[bound] or 0.0), 6), of) for bound in _BOUNDS)
    bounds = {"low": wilson(low, of)["low"], "high": wilson(high, of)["high"]}
    return {**wilson(value, of), **bounds, "counts": {"low": low, "high": high}}


def implausible_links(engine: Engine, links: Table, units: Table, found: Table) -> dict[str, Any]:
    """links, implausible, share: a step's links that join two records that contradict each other.

    Args:
        found: of `conflicts`.
    """
    counts = one(engine, engine.sql(_LINKS, links=links, units=units, found=found))
    made, broken = int(counts["links"]), int(counts["implausible"])
    return {"links": made, "implausible": broken, "share": wilson(broken, made)}


_LINKS = """
    with accepted as (select left_id, right_id from {links} where decision = 'accepted'),
    both_orders as (
        select one_id, other_id from {found}
        union
        select other_id as one_id, one_id as other_id from {found}
    ),
    broken as (
        select distinct accepted.left_id, accepted.right_id
        from both_orders as f
        join {units} as l on l.side = 'left' and l.entity_id = f.one_id
        join {units} as r on r.side = 'right' and r.entity_id = f.other_id
        join accepted on accepted.left_id = l.unit_id and accepted.right_id = r.unit_id
    )
    select (select count(*) from accepted) as links, (select count(*) from broken) as implausible
"""
