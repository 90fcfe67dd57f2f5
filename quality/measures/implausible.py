"""Implausible links: pairs of one person's records that together show an impossible
history.

A rule (configs/quality/implausible.toml) finds pairs of records of one person that
contradict each other: either a link is false or a record is wrong. How often single
records contradict themselves is the sources' own error; contradictions above that rate
are a lower bound of false links.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, model_validator

from linkage.config.resources import config_file
from linkage.config.toml_file import Frozen, read_as
from linkage.engine import Engine, Table, empty, literal, one, quote, rows, union_all
from quality.intervals import wilson

Kind = Literal[
    "too young", "after death", "two at once", "two in a period", "values conflict"
]


class Events(Frozen):
    """Rows of a table of attributes that say when something happened."""

    table: str = Field(description="Table of attributes: dataset_table.")
    start: str = Field(description="Column of the first day, or of the period.")
    end: str | None = Field(None, description="Column of the last day.")
    where: dict[str, tuple[str, ...]] = Field(
        {}, description="Column to the values that count."
    )


class Rule(Frozen):
    """One thing that a person cannot do; the keys are explained in the file."""

    name: str = Field(description="Name of the rule.")
    kind: Kind = Field(description="What contradicts what.")
    why: str = Field(description="Why it cannot be, with its source.")
    of: tuple[Events, ...] = Field((), description="Events of one person.")
    age: int | None = Field(None, ge=0, description="Too young: least age in years.")
    days: int | None = Field(
        None, ge=1, description="Two at once: least number of days together."
    )
    agreeing: int | None = Field(
        None,
        ge=1,
        le=3,
        description="Values conflict: fewer of day, month and year agree.",
    )
    periods: int = Field(
        1, ge=1, description="Two in a period: least number of periods."
    )
    edit_distance: int | None = Field(
        None,
        ge=1,
        description="Birth dates with at most so many edits do not conflict.",
    )
    death: Events | None = Field(
        None, description="After death: where the day of death is."
    )

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
            raise ValueError(
                f"rule '{self.name}': kind '{self.kind}' needs {', '.join(missing)}"
            )
        if self.kind == "two at once" and any(events.end is None for events in self.of):
            raise ValueError(f"rule '{self.name}': spells need an end")
        if self.edit_distance and self.kind not in ("too young", "values conflict"):
            raise ValueError(
                f"rule '{self.name}': kind '{self.kind}' compares no birth dates, so "
                "no edit_distance"
            )
        return self


class ImplausibleFile(Frozen):
    """A file of rules."""

    rule: tuple[Rule, ...] = Field((), description="What one person cannot do.")


def load(path: Path | None = None) -> tuple[Rule, ...]:
    """Read the rules; those that ship with the package when no file is given.

    Raises:
        ConfigError: no such file, no TOML, or faults, all at once.
    """
    path = path or config_file("quality/implausible.toml")
    return read_as(ImplausibleFile, path, "name a TOML file of rules, or none").rule


def conflicts(
    engine: Engine,
    spine: Table,
    entities: Mapping[str, Table],
    attributes: Mapping[str, Table],
    rules: Sequence[Rule],
) -> tuple[Table, list[dict[str, Any]]]:
    """Pairs of records of one person that contradict each other.

    Args:
        spine: person_id, entity_id, source.
        entities: by source: entity_id and dob, a list of dates.
        attributes: by <dataset>_<table>: entity_id and variables; rules of others are
            left out.

    Returns:
        rule, person_id, one_id, other_id (entities; stored), and for each rule its
        name, why, people_at_risk (people with two records that could contradict each
        other), background (share of single records that contradict themselves; None
        where none could) and excess (the part of its pairs above the background: value,
        low, high).
    """
    pairs = engine.sql(_PAIRS, store=True, spine=spine)
    births = _births(engine, entities)
    breaches: list[tuple[str, Table]] = []
    facts: list[dict[str, Any]] = []
    for rule in rules:
        if not _applies(rule, attributes):
            continue
        tables, queries = _tables(engine, rule, births, attributes), _QUERIES[rule.kind]
        params = {
            "age": rule.age or 0,
            "days": rule.days or 0,
            "agreeing": rule.agreeing or 0,
            "periods": rule.periods,
        }
        at_risk = one(
            engine,
            engine.sql(
                _AT_RISK.format(**queries),
                params=None,
                store=False,
                pairs=pairs,
                **tables,
            ),
        )
        opposed_pairs = engine.sql(
            queries["conflict"], params=params, store=True, pairs=pairs, **tables
        )
        background = None
        if "single" in queries:
            single = engine.sql(queries["single"], params=params, store=True, **tables)
            opposed_pairs = engine.sql(
                _BETWEEN_RECORDS, store=True, opposed=opposed_pairs, single=single
            )
            counts = "count(*) as records, count(*) filter (where is_broken) as broken"
            single_counts = one(
                engine, engine.sql(f"select {counts} from {{single}}", single=single)
            )
            background = (
                wilson(single_counts["broken"], single_counts["records"])
                if single_counts["records"]
                else None
            )
            engine.drop(single)
        if rule.edit_distance:
            limit = {"edit_distance": rule.edit_distance}
            opposed_pairs = engine.sql(
                _NO_TYPING_ERROR,
                params=limit,
                store=True,
                opposed=opposed_pairs,
                births=births,
            )
        query = (
            f"select cast({literal(rule.name)} as varchar) as rule, person_id, "
            f"one_id, other_id from {{t}}"
        )
        breaches.append((query, opposed_pairs))
        facts.append(
            {
                "rule": rule.name,
                "why": rule.why,
                "people_at_risk": int(at_risk["people"]),
                "background": background,
                "excess": _excess(
                    engine.count(opposed_pairs), int(at_risk["pairs"]), background
                ),
            }
        )
        engine.drop(*tables.values())
    ids = dict.fromkeys(("person_id", "one_id", "other_id"), "bigint")
    union = (
        union_all(engine, breaches, store=True)
        if breaches
        else empty(engine, {"rule": "varchar", **ids})
    )
    engine.drop(pairs, births, *(table for _, table in breaches))
    return union, facts


def _births(engine: Engine, entities: Mapping[str, Table]) -> Table:
    """entity_id, born: every birth date that a record ever had."""
    tables = [table for table in entities.values() if "dob" in table.columns]
    query = (
        "select entity_id, cast(dob as date) as born from (select entity_id, "
        "unnest(dob) as dob from {t}) as births"
    )
    if not tables:
        return empty(engine, {"entity_id": "bigint", "born": "date"})
    return union_all(engine, [(query, table) for table in tables], store=True)


def _applies(rule: Rule, attributes: Mapping[str, Table]) -> bool:
    """Whether the run has the tables that a rule reads."""
    known = rule.kind == "values conflict" or any(
        _readable(events, attributes) for events in rule.of
    )
    return known and (rule.death is None or _readable(rule.death, attributes))


def _readable(events: Events, attributes: Mapping[str, Table]) -> bool:
    columns = {events.start, *events.where, *([events.end] if events.end else [])}
    return events.table in attributes and columns <= set(
        attributes[events.table].columns
    )


def _tables(
    engine: Engine, rule: Rule, births: Table, attributes: Mapping[str, Table]
) -> dict[str, Table]:
    """What a rule's queries read: events (entity_id, starts, ends) and others
    (entity_id, on_date).
    """
    if rule.kind == "values conflict":
        return {"births": engine.sql("select * from {births}", births=births)}
    tables = {"events": _events(engine, rule.of, attributes)}
    if rule.death:
        deaths = _events(engine, (rule.death,), attributes)
        tables["others"] = engine.sql(
            "select entity_id, starts as on_date from {d}", d=deaths
        )
    elif rule.kind == "too young":
        tables["others"] = engine.sql(
            "select entity_id, born as on_date from {b}", b=births
        )
    return tables


def _events(
    engine: Engine, kinds: Sequence[Events], attributes: Mapping[str, Table]
) -> Table:
    """entity_id, starts, ends of the rows that count; an open spell goes on for
    good.
    """
    parts = []
    for events in (events for events in kinds if _readable(events, attributes)):
        end = (
            f"coalesce(cast({quote(events.end)} as date), date '9999-12-31')"
            if events.end
            else quote(events.start)
        )
        conditions = "".join(
            f" and cast({quote(column)} as varchar) in "
            f"({', '.join(literal(value) for value in values)})"
            for column, values in events.where.items()
        )
        query = (
            f"select entity_id, cast({quote(events.start)} as date) as starts, "
            f"cast({end} as date) as ends "
            f"from {{t}} where {quote(events.start)} is not null{conditions}"
        )
        parts.append((query, attributes[events.table]))
    return union_all(engine, parts, store=True)


# Both orders of each two records of a person.
_PAIRS = """
    with several as (select person_id from {spine} group by person_id
        having count(*) > 1),
         records as (
             select spine.person_id, spine.entity_id, spine.source
             from {spine} as spine
             join several on several.person_id = spine.person_id
         )
    select a.person_id, a.entity_id as one_id, b.entity_id as other_id,
        a.source = b.source as same_source
    from records as a
    join records as b on b.person_id = a.person_id and b.entity_id <> a.entity_id
"""

# Pairs of a rule's two tables that could contradict each other.
_AT_RISK = """
    select count(distinct pairs.person_id) as people, count(*) as pairs
    from {{pairs}} as pairs
    join (select distinct entity_id from {{{one}}}) as a on a.entity_id = pairs.one_id
    join (select distinct entity_id from {{{other}}}) as b
        on b.entity_id = pairs.other_id
    where {which}
"""
_ONE_ORDER = "pairs.one_id < pairs.other_id"
_SAME_SOURCE = f"pairs.same_source and {_ONE_ORDER}"
_IDS = "pairs.person_id, pairs.one_id, pairs.other_id"


def _by_date(pick: str, is_broken: str) -> dict[str, str]:
    """Queries of the first or last event of one record (e.starts) and date of the other
    (d.on_date).
    """
    events = (
        f"(select entity_id, {pick}(starts) as starts from {{events}} group by "
        "entity_id) as e"
    )
    dates = (
        f"(select entity_id, {pick}(on_date) as on_date from {{others}} group by "
        "entity_id) as d"
    )
    conflict = f"""
        select {_IDS}
        from {{pairs}} as pairs
        join {events} on e.entity_id = pairs.one_id
        join {dates} on d.entity_id = pairs.other_id
        where {is_broken}
        """
    single = (
        f"select e.entity_id, {is_broken} as is_broken from {events} join "
        f"{dates} "
        "on d.entity_id = e.entity_id"
    )
    return {
        "one": "events",
        "other": "others",
        "which": "true",
        "conflict": conflict,
        "single": single,
    }


def _of_two(
    table: str, match: str, condition: str, test: str = "count(*) > 0"
) -> dict[str, str]:
    """Queries of rows of one table of both records, a and b."""
    conflict = f"""
        select {_IDS}
        from {{pairs}} as pairs
        join {{{table}}} as a on a.entity_id = pairs.one_id
        join {{{table}}} as b on b.entity_id = pairs.other_id
        where {match} and {condition}
        group by {_IDS}
        having {test}
        """
    return {"one": table, "other": table, "which": match, "conflict": conflict}


_AGREEING = " + ".join(
    f"case when {p}(a.born) = {p}(b.born) then 1 else 0 end"
    for p in ("day", "month", "year")
)
_OVERLAP = "date_diff('day', greatest(a.starts, b.starts), least(a.ends, b.ends)) + 1"
_QUERIES: dict[str, dict[str, str]] = {
    # By every birth date that the other record ever had: of several, one may be a
    # typing error.
    "too young": _by_date("min", "date_sub('year', d.on_date, e.starts) < $age"),
    "after death": _by_date("max", "e.starts > d.on_date"),
    "two at once": _of_two("events", _SAME_SOURCE, f"{_OVERLAP} >= $days"),
    "two in a period": {
        **_of_two(
            "events",
            _SAME_SOURCE,
            "a.starts = b.starts",
            "count(distinct a.starts) >= $periods",
        ),
        "single": """
            with periods as (select entity_id, starts, count(*) as places from {events}
                group by entity_id, starts)
            select entity_id, sum(case when places > 1 then 1 else 0 end) >= $periods
                as is_broken
            from periods
            group by entity_id
            """,
    },
    "values conflict": _of_two(
        "births", _ONE_ORDER, "true", f"max({_AGREEING}) < $agreeing"
    ),
}
"""By kind: the tables of either record and which pairs are at risk; `conflict`, the
pairs that contradict each other; `single`, the records that could contradict
themselves, and whether they do.
"""

# A record that contradicts itself is wrong: it is no evidence of a false link.
_BETWEEN_RECORDS = """
    select o.person_id, o.one_id, o.other_id
    from {opposed} as o
    left join {single} as a on a.entity_id = o.one_id and a.is_broken
    left join {single} as b on b.entity_id = o.other_id and b.is_broken
    where a.entity_id is null and b.entity_id is null
"""

# Dates of which a typing error makes the other: characters, or day and month in each
# other's place.
_NO_TYPING_ERROR = """
    with errors as (
        select distinct o.one_id, o.other_id
        from {opposed} as o
        join {births} as a on a.entity_id = o.one_id
        join {births} as b on b.entity_id = o.other_id
        where levenshtein(cast(a.born as varchar), cast(b.born as varchar))
            <= $edit_distance
           or (year(a.born) = year(b.born) and month(a.born) = day(b.born)
               and day(a.born) = month(b.born))
    )
    select o.person_id, o.one_id, o.other_id
    from {opposed} as o
    anti join errors on errors.one_id = o.one_id and errors.other_id = o.other_id
"""


def _excess(
    pairs: int, at_risk: int, background: Mapping[str, Any] | None
) -> dict[str, float] | None:
    """The part of the opposed pairs that is more than as many single records would
    show.
    """
    if background is None:
        return None
    bounds = {
        "value": "value",
        "low": "high",
        "high": "low",
    }  # of more background less is in excess
    return {
        bound: max(0.0, 1 - at_risk * background[of] / pairs) if pairs else 0.0
        for bound, of in bounds.items()
    }


def implausible_people(
    engine: Engine,
    spine: Table,
    opposed: Table,
    facts: Sequence[Mapping[str, Any]],
    persons: Table | None,
) -> dict[str, Any]:
    """Shares of people whose records contradict each other, and the least share with a
    false link.

    Args:
        opposed, facts: of `conflicts`.
        persons: entity_id, person (the true one), where there is truth.

    Returns:
        people (of two records or more), implausible, share, least (a share whose
        interval allows for the background and for chance; None where no rule has a
        background), assessed and confirmed (with truth: people whose true person is
        known, and of these, those of different people), rules: as `facts`, with people,
        share and confirmed.
    """
    query = (
        "select count(*) as people from (select person_id from {spine} group by "
        "person_id having count(*) > 1)"
    )
    whole = one(engine, engine.sql(query, spine=spine))["people"]
    truth = {
        "assessed": "a.person is not null and b.person is not null",
        "confirmed": "a.person <> b.person",
    }
    counts = {
        name: f"count(distinct case when {test} then o.person_id end)"
        for name, test in truth.items()
    }
    counts = {
        "people": "count(distinct o.person_id)",
        **(counts if persons else dict.fromkeys(truth, "null")),
    }
    joins = (
        "left join {persons} as a on a.entity_id = o.one_id left join {persons} "
        "as "
        "b on b.entity_id = o.other_id"
    )
    tables = {"opposed": opposed, **({"persons": persons} if persons else {})}

    def counts_by(group: str) -> dict[str, dict[str, Any]]:
        fields = ", ".join(f"{value} as {name}" for name, value in counts.items())
        query = (
            f"select {group} as rule, {fields} from {{opposed}} as o "
            f"{joins if persons else ''} group by {group}"
        )
        return {
            row["rule"]: row
            for row in rows(
                engine, engine.sql(query, params=None, store=False, **tables)
            )
        }

    none: dict[str, Any] = {"people": 0} | dict.fromkeys(truth, 0 if persons else None)
    by_rule, total = counts_by("o.rule"), counts_by("'any'").get("any", none)
    rules = []
    for rule in facts:
        row = by_rule.get(rule["rule"], none)
        share = wilson(row["people"], rule["people_at_risk"])
        rules.append(
            {
                **rule,
                "people": row["people"],
                "share": share,
                "confirmed": row["confirmed"],
            }
        )
    return {
        "people": whole,
        "implausible": total["people"],
        "share": wilson(total["people"], whole),
        "least": _least(engine, opposed, whole, facts),
        "assessed": total["assessed"],
        "confirmed": total["confirmed"],
        "rules": rules,
    }


def _least(
    engine: Engine, opposed_pairs: Table, of: int, facts: Sequence[Mapping[str, Any]]
) -> dict[str, Any] | None:
    """Each person counts by the largest excess of the rules that they break.

    `counts` are those from which the bounds are calculated, before chance.
    """
    known = [rule for rule in facts if rule["excess"]]
    if not known:
        return None
    bounds = ("value", "low", "high")
    excess = {
        bound: " ".join(
            f"when rule = {literal(r['rule'])} then "
            f"{literal(float(r['excess'][bound]))}"
            for r in known
        )
        for bound in bounds
    }
    largest = ", ".join(
        f"max(case {cases} else cast(0 as double) end) as {bound}"
        for bound, cases in excess.items()
    )
    sums = ", ".join(f"sum({bound}) as {bound}" for bound in bounds)
    query = (
        f"select {sums} from (select person_id, {largest} from {{opposed}} group "
        "by person_id)"
    )
    totals = one(engine, engine.sql(query, params=None, opposed=opposed_pairs))
    value, low, high = (
        min(round(float(totals[bound] or 0.0), 6), of) for bound in bounds
    )
    ends = {"low": wilson(low, of)["low"], "high": wilson(high, of)["high"]}
    return {**wilson(value, of), **ends, "counts": {"low": low, "high": high}}


def implausible_links(
    engine: Engine, links: Table, units: Table, opposed: Table
) -> dict[str, Any]:
    """links, implausible, share: a step's links that join two records that contradict
    each other (of `conflicts`).
    """
    counts = one(engine, engine.sql(_LINKS, links=links, units=units, opposed=opposed))
    link_count, breach_count = int(counts["links"]), int(counts["implausible"])
    return {
        "links": link_count,
        "implausible": breach_count,
        "share": wilson(breach_count, link_count),
    }


_LINKS = """
    with accepted as (select left_id, right_id from {links}
        where decision = 'accepted'),
    both_orders as (
        select one_id, other_id from {opposed}
        union
        select other_id as one_id, one_id as other_id from {opposed}
    ),
    broken as (
        select distinct accepted.left_id, accepted.right_id
        from both_orders as o
        join {units} as l on l.side = 'left' and l.entity_id = o.one_id
        join {units} as r on r.side = 'right' and r.entity_id = o.other_id
        join accepted on accepted.left_id = l.unit_id and accepted.right_id = r.unit_id
    )
    select (select count(*) from accepted) as links,
        (select count(*) from broken) as implausible
"""
