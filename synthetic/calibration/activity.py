"""What pupils did one to fifteen years after key stage 4, and what those in work were paid."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

from linkage.engine import Engine, Table
from synthetic.calibration.cohort import levels, pupils
from synthetic.calibration.definitions import asked, lasting, months_of, outcome_rules
from synthetic.calibration.estimates import means, medians, shares
from synthetic.calibration.population import Population
from synthetic.drawn.dates import DATA_END

YEARS = (1, 3, 5, 7, 10, 12, 15)
LAST_DAY = date(1970, 1, 1) + timedelta(days=DATA_END)


def measures(population: Population) -> Iterator[Table]:
    """activity.<level>.<activity>.<years>, median_earnings.<level>.<years> and mean_earnings.<level>.<years>."""
    engine = population.engine
    cohort = pupils(population)
    cells = _cells(engine, cohort)
    did = activities(population, cells)
    level = levels(population, cohort)
    yield shares(engine, _shares(engine, did, level))
    paid = engine.sql(
        """
        select l.level || '.' || d.years as id, d.pay as amount
        from {did} as d
        join {level} as l on l.person_id = d.person_id
        where d.sustained_employment and d.pay > 0
        """,
        did=did,
        level=level,
        store=True,
    )
    named = "select '{kind}_earnings.' || id as id, value, standard_error, people from {{found}}"
    yield engine.sql(named.format(kind="median"), found=medians(engine, paid))
    yield engine.sql(named.format(kind="mean"), found=means(engine, paid))
    engine.drop(paid, did, level, cells, cohort)


def _cells(engine: Engine, cohort: Table) -> Table:
    """The periods of each pupil that the files hold whole: person_id, years, start_year; stored."""
    rules = outcome_rules("ks4")
    return engine.sql(
        f"""
        with counted as (
            select c.person_id, y.years, c.key_stage_4 + $first_year + y.years - 1 as start_year
            from {{cohort}} as c
            cross join (select unnest([{", ".join(map(str, YEARS))}]) as years) as y
        )
        select *
        from counted
        where make_date(cast(start_year + 1 as integer), cast($first_month as integer), 1) <= $last_day + 1
        """,
        cohort=cohort,
        params={"first_year": rules["first_year"], "first_month": rules["first_month"], "last_day": LAST_DAY},
        store=True,
    )


def activities(population: Population, cells: Table) -> Table:
    """The main activity of each cell by the definition "ks4", and pay in the tax year of the same label.

    Args:
        cells: person_id, years, start_year (in which the period begins).

    Returns:
        The columns of cells, activity, sustained_employment (BOOLEAN), pay (pounds, NULL for none); stored.
    """
    engine, rules = population.engine, outcome_rules("ks4")
    opens = rules["first_month"]
    work = months_of(engine, jobs(population), cells, opens)
    claims = months_of(engine, _claims(population, rules["out_of_work"]), cells, opens)
    flags = {
        "sustained_employment": lasting(engine, work, rules["employment"], opens),
        "out_of_work_benefits": lasting(engine, claims, rules["out_of_work_benefits"], opens),
    }
    some = [_seen(engine, work), _seen(engine, claims)]
    for rule in rules["study"]:
        lasts, any_at_all = _studied(population, rule, cells, opens)
        flags[rule["name"]] = lasts
        some.append(any_at_all)
    pay = _pay(population)
    some += [
        _years(engine, pay, "pay > 0"),
        _years(engine, population.owned("hmrc_self_assessment"), "true", "TaxYear"),
    ]
    tables = {f"some_{place}": table for place, table in enumerate(some)}
    union = " union ".join(f"select person_id, start_year from {{{name}}}" for name in tables)
    any_activity = engine.sql(union, params=None, store=True, **tables)
    cases = "\n".join(
        f"when {activity['all'][0]}.person_id is not null then '{activity['name']}'"
        for activity in rules["activity"]
        if activity.get("all") and activity["all"][0] in flags
    )
    joins = "\n".join(
        f"left join {{{name}}} as {name} on {name}.person_id = c.person_id and {name}.start_year = c.start_year"
        for name in flags
    )
    out = engine.sql(
        f"""
        select c.*, case {cases}
                         when a.person_id is not null then 'no_sustained_activity'
                         else 'activity_not_captured' end as activity,
               sustained_employment.person_id is not null as sustained_employment, p.pay
        from {{cells}} as c
        {joins}
        left join {{any_activity}} as a on a.person_id = c.person_id and a.start_year = c.start_year
        left join {{pay}} as p on p.person_id = c.person_id and p.start_year = c.start_year
        """,
        cells=cells,
        any_activity=any_activity,
        pay=pay,
        params=None,
        store=True,
        **flags,
    )
    engine.drop(work, claims, any_activity, pay, *flags.values())
    return out


def jobs(population: Population) -> Table:
    """person_id, start_date, end_date of every job; one that goes on ends with the last day."""
    return population.engine.sql(
        """
        select person_id, coalesce(StartDate, EndDate - 1) as start_date, coalesce(EndDate, $last_day) as end_date
        from {spells}
        """,
        spells=population.owned("hmrc_employment"),
        params={"last_day": LAST_DAY},
    )


def _claims(population: Population, out_of_work: list[str]) -> Table:
    return population.engine.sql(
        f"""
        select person_id, StartDate as start_date, coalesce(EndDate, $last_day) as end_date
        from {{spells}}
        where {asked({"where": {"Benefit_type": out_of_work}})}
        """,
        spells=population.owned("dwp_benefits"),
        params={"last_day": LAST_DAY},
    )


def _studied(population: Population, rule: dict[str, Any], cells: Table, first_month: int) -> tuple[Table, Table]:
    """The cells in which a rule of study is met, and those with any of it.

    Without `lasting`, a record is enough in an academic year that touches the period.
    """
    engine = population.engine
    rows = population.owned(rule["table"])
    if "lasting" not in rule:
        year = f"{rule['year']} // 100"
        touching = [year] if first_month == 9 else [year, f"{year} + 1"]
        queries = (f"select person_id, {y} as start_year from {{rows}} where {asked(rule)}" for y in touching)
        years = engine.sql(" union ".join(queries), rows=rows, store=True)
        return years, years
    ended = rule.get("end", "cast(null as date)")
    spells = engine.sql(
        f"""
        with bounded as (
            select person_id, {rule["start"]} as began, {ended} as ended,
                   make_date(cast({rule["year"]} // 100 as integer), 8, 1) as opens,
                   make_date(cast({rule["year"]} // 100 + 1 as integer), 7, 31) as closes
            from {{rows}}
            where {asked(rule)}
        )
        select person_id, greatest(began, opens) as start_date, least(coalesce(ended, closes), closes) as end_date
        from bounded
        where began <= closes and coalesce(ended, closes) >= greatest(began, opens)
        """,
        rows=rows,
    )
    months = months_of(engine, spells, cells, first_month)
    return lasting(engine, months, rule["lasting"], first_month), _seen(engine, months)


def _pay(population: Population) -> Table:
    """Pay of each person and tax year; a return sent twice counts once, and no total is below nothing."""
    return population.engine.sql(
        """
        with returns as (
            select distinct person_id, TaxYear, EmployerRef, Earnings
            from {earnings}
            where Earnings is not null
        )
        select person_id, TaxYear // 100 as start_year, greatest(sum(Earnings), 0) as pay
        from returns
        group by person_id, TaxYear
        """,
        earnings=population.owned("hmrc_earnings"),
        store=True,
    )


def _seen(engine: Engine, months: Table) -> Table:
    return engine.sql("select distinct person_id, start_year from {months}", months=months, store=True)


def _years(engine: Engine, rows: Table, condition: str, label: str | None = None) -> Table:
    year = f"{label} // 100" if label else "start_year"
    return engine.sql(
        f"select distinct person_id, {year} as start_year from {{rows}} where {condition}", rows=rows, store=True
    )


def _shares(engine: Engine, did: Table, level: Table) -> Table:
    return engine.sql(
        """
        with named as (
            -- The figures part colleges and training by age, "Other Education" before 19 and "Adult FE" after; the rule
            -- parts them by funding, under which an apprentice of 17 learns as an adult.
            select person_id, years,
                   case when activity = 'adult_further_education' and years <= 2 then 'other_education'
                        else activity end as activity
            from {did}
        ),
        counted as (
            select l.level, d.years, d.activity, count(*) as hits
            from named as d
            join {level} as l on l.person_id = d.person_id
            group by l.level, d.years, d.activity
        ),
        whole as (
            select level, years, sum(hits) as members from counted group by level, years
        ),
        names as (
            select distinct activity from named
        )
        select 'activity.' || w.level || '.' || n.activity || '.' || w.years as id, coalesce(c.hits, 0) as hits,
               w.members
        from whole as w
        cross join names as n
        left join counted as c on c.level = w.level and c.years = w.years and c.activity = n.activity
        """,
        did=did,
        level=level,
    )
