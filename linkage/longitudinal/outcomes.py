"""Outcomes: what became of a cohort one, three, five and ten years on, under each
definition.
"""

import datetime
from collections.abc import Mapping

from linkage.engine import Engine, Table, quote
from linkage.longitudinal.cohorts import followed, members
from linkage.longitudinal.definitions import Activity, Definition, OutcomeDefinitions
from linkage.longitudinal.months import active_months, lasted
from linkage.longitudinal.study import studied
from linkage.longitudinal.tax_tables import FIRST_SELF_ASSESSMENT


def outcomes(
    engine: Engine,
    definitions: OutcomeDefinitions,
    attributes: Mapping[str, Table],
    lookup_ae_id: Table,
    holders: Table,
    leo: Mapping[str, Table],
    *,
    extract_date: datetime.date,
) -> Table:
    """One row a member of a cohort, definition and number of years after.

    The three denominators nest: all rows, rows in_calculation, rows in_calculation and
    matched. A member is matched who has a tax or benefit key, or study in the period
    (Scottish Government, Graduate outcomes (LEO) 2014-15).

    Args:
        definitions: the rules.
        attributes: the education tables that the definitions name.
        lookup_ae_id: AE_ID, entity_id.
        holders: as `linkage.longitudinal.tax_tables.holders` makes it.
        leo: employment, earnings, self_assessment and benefits, as this package makes
            them.
        extract_date: periods that end after it are left out, as they are not known yet.

    Returns:
        As the catalogue's leo.outcomes; stored.
    """
    records = engine.sql("select AE_ID, entity_id from {lookup}", lookup=lookup_ae_id)
    people = _by_person(engine, holders, leo)
    tables = []
    for definition in definitions.definition:
        counts = definition.cohort.counts
        cohort = members(
            engine,
            definition,
            attributes[definition.cohort.table],
            records,
            attributes[counts.table] if counts else None,
        )
        periods = followed(engine, definition, cohort, extract_date=extract_date)
        tables.append(
            _outcome(engine, definition, attributes, records, people, periods)
        )
        engine.drop(cohort, periods)
    engine.drop(*people.values())
    tables_by_name = {
        f"definition_{index}": table for index, table in enumerate(tables)
    }
    union = " union all ".join(f"select * from {{{name}}}" for name in tables_by_name)
    result = engine.sql(union, params=None, store=True, **tables_by_name)
    engine.drop(*tables)
    return result


def _by_person(
    engine: Engine, holders: Table, leo: Mapping[str, Table]
) -> dict[str, Table]:
    """LEO's tables under the person's number, which a person of two keys has once."""
    queries = {
        "keys": "select AE_ID, min(EDUKEY) as EDUKEY from {people} group by AE_ID",
        "employment": """select p.AE_ID, e.StartDate as start_date, e.EndDate as end_date
                         from {table} as e join {people} as p on p.EDUKEY = e.EDUKEY""",  # noqa: E501
        "benefits": """select p.AE_ID, b.StartDate as start_date, b.EndDate as end_date
                       from {table} as b join {people} as p on p.EDUKEY = b.EDUKEY
                       where b.Out_of_work_benefit = 1""",
        "earnings": """select p.AE_ID, e.TaxYear as year, sum(e.Earnings) as pay
                       from {table} as e join {people} as p on p.EDUKEY = e.EDUKEY
                       group by p.AE_ID, e.TaxYear""",
        "self_assessment": """select p.AE_ID, s.TaxYear as year, sum(s.EARNINGS_SELF_EMPLOYMENT) as profit
                              from {table} as s join {people} as p
                                  on p.EDUKEY = s.EDUKEY
                              group by p.AE_ID, s.TaxYear""",  # noqa: E501
    }
    people = engine.sql(
        "select distinct AE_ID, EDUKEY from {holders}", holders=holders, store=True
    )
    by_person = {
        name: engine.sql(
            query,
            people=people,
            params=None,
            store=True,
            **({"table": leo[name]} if name in leo else {}),
        )
        for name, query in queries.items()
    }
    engine.drop(people)
    return by_person


def _outcome(
    engine: Engine,
    definition: Definition,
    attributes: Mapping[str, Table],
    records: Table,
    people: Mapping[str, Table],
    periods: Table,
) -> Table:
    """The rows of one definition, stored."""
    # Two cohorts of one person may be followed over one period.
    spans = engine.sql(
        "select distinct AE_ID, start_year, first_month, tax_start, tax_end from "
        "{periods}",
        periods=periods,
        store=True,
    )
    activities = {
        "work": active_months(engine, people["employment"], spans),
        "claims": active_months(engine, people["benefits"], spans),
    }
    for rule in definition.study:
        activities[f"study_{rule.name}"] = studied(
            engine, definition, rule, attributes[rule.table], records, spans
        )
    joins = "\n".join(
        f"left join {{{n}}} as {n} on {n}.AE_ID = p.AE_ID and {n}.start_year = "
        "p.start_year"
        for n in activities
    )
    any_study = _any(
        [f"coalesce(study_{rule.name}.lasting, false)" for rule in definition.study]
    )
    some_study = _any(
        [f"study_{rule.name}.AE_ID is not null" for rule in definition.study]
    )
    flag_columns = "".join(
        f",\n coalesce(study_{rule.name}.lasting, false) as {quote(rule.name)}"
        for rule in definition.study
    )
    stands_for_work = (
        "s.AE_ID is not null" if definition.employment.self_assessment else "false"
    )
    facts = engine.sql(
        f"""
        select p.AE_ID, k.EDUKEY, p.cohort_year, p.years_after, p.year,
            p.in_calculation,
               date_diff('day', p.tax_start, p.tax_end) + 1 as tax_days,
               k.EDUKEY is not null or {some_study} as matched,
               {lasted(definition.employment, definition.period, "work.months")}
                   or {stands_for_work}
                   as sustained_employment,
               s.AE_ID is not null as filed,
               {lasted(definition.out_of_work_benefits, definition.period, "claims.months")} as out_of_work_benefits,
               {any_study} as further_study,
               coalesce(work.months, 0) <> 0 or coalesce(claims.months, 0) <> 0
                   or coalesce(e.pay, 0) > 0
                   or s.AE_ID is not null or {some_study} as any_activity,
               work.days, e.pay, s.profit{flag_columns}
        from {{periods}} as p
        left join {{keys}} as k on k.AE_ID = p.AE_ID
        {joins}
        left join {{earnings}} as e on e.AE_ID = p.AE_ID and e.year = p.year
        left join {{self_assessment}} as s on s.AE_ID = p.AE_ID and s.year = p.year
        """,  # noqa: E501
        periods=periods,
        keys=people["keys"],
        earnings=people["earnings"],
        self_assessment=people["self_assessment"],
        params=None,
        store=False,
        **activities,
    )
    rows = _shown(engine, definition, facts)
    engine.drop(facts, spans, *activities.values())
    return rows


def _shown(engine: Engine, definition: Definition, facts: Table) -> Table:
    """Facts of one definition as the table's columns: the activity, and earnings for
    people who count in them.
    """
    earnings = definition.earnings
    of_profit = "coalesce(profit, 0)" if earnings.add_self_assessment else "0"
    has_any = "annual_pay is not null" + (
        " or profit is not null" if earnings.add_self_assessment else ""
    )
    conditions = ["sustained_employment"] if earnings.only_sustained else []
    conditions += ["not further_study"] if earnings.exclude_study else []
    conditions += [
        "(annualised_earnings > 0)" if earnings.annualised else "(earnings > 0)"
    ]
    tax, academic = ("year", "null") if definition.period == "tax" else ("null", "year")
    return engine.sql(
        f"""
        with grossed as (
            -- Average daily pay over the days employed, for the whole tax year
            -- (Scottish Government, College leavers (LEO) 2016/17). Pay without a
            -- known day of employment cannot be grossed up.
            select *, cast(pay as double) / cast(nullif(days, 0) as double) * tax_days
                as annual_pay
            from {{facts}}
        ),
        valued as (
            select *, cast(pay as bigint) as earnings,
                   case when {has_any} then cast(round(coalesce(annual_pay, 0)
                       + {of_profit}) as bigint) end
                       as annualised_earnings
            from grossed
        )
        select AE_ID, EDUKEY, $definition as definition, $cohort_type as cohort_type,
               cast(cohort_year as bigint) as cohort_year,
                   cast(years_after as bigint) as years_after,
               cast({tax} as bigint) as tax_year,
                   cast({academic} as bigint) as academic_year,
               in_calculation, matched, sustained_employment,
               case when year >= $first_self_assessment then filed end as self_employed,
               further_study, out_of_work_benefits,
                   {_activity(definition.activity)} as activity,
               earnings, annualised_earnings,
               in_calculation and coalesce({" and ".join(conditions)}, false)
                   as earnings_included
        from valued
        """,
        facts=facts,
        params={
            "definition": definition.name,
            "cohort_type": definition.cohort_type,
            "first_self_assessment": FIRST_SELF_ASSESSMENT,
            **{
                f"activity_{index}": activity.name
                for index, activity in enumerate(definition.activity)
            },
        },
        store=True,
    )


def _activity(activities: tuple[Activity, ...]) -> str:
    """The first activity whose conditions hold, in SQL; its name is parameter
    activity_<index>.
    """
    cases = []
    for index, activity in enumerate(activities[:-1]):
        # `self_employed` is a name of the output; among the facts a return is `filed`.
        required_flags = [
            "filed" if flag == "self_employed" else quote(flag) for flag in activity.all
        ]
        barred_flags = [
            "filed" if flag == "self_employed" else quote(flag)
            for flag in activity.none
        ]
        conditions = [*required_flags, *(f"not {flag}" for flag in barred_flags)] or [
            "true"
        ]
        cases.append(f"when {' and '.join(conditions)} then $activity_{index}")
    last = f"$activity_{len(activities) - 1}"
    return f"case {' '.join(cases)} else {last} end" if cases else last


def _any(conditions: list[str]) -> str:
    return f"({' or '.join(conditions)})" if conditions else "false"
