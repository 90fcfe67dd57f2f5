"""What pupils did after key stage 4 and were paid, who went to university, what became of graduates, and jobs that last.

The rules are those of configs/outcomes/leo.toml, read as data. The figures are computed from the source files with truth as
the key, with no code of linkage.longitudinal, so that a fault of one shows against the other.
"""

import tomllib
from datetime import date, timedelta
from typing import Any

from linkage.config.resources import config_file
from linkage.engine import literal, quote
from synthetic.base.dates import DATA_END
from synthetic.calibration.population import Measure

LAST_DAY = date(1970, 1, 1) + timedelta(days=DATA_END)
_YEARS = (1, 3, 5, 7, 10, 12, 15)  # after key stage 4
_COHORTS = (200102, 200607)  # first and last academic year in which pupils of DfE's figures ended key stage 4
_APRIL = 4

_LEVELS = {
    "all": "true",
    "women": "c.sex = 'Female'",
    "men": "c.sex = 'Male'",
    "free_school_meals": "state and c.fsm",
    "no_free_school_meals": "state and not c.fsm",
    "white": "state and c.ethnic_group like 'W%'",
    "mixed": "state and c.ethnic_group like 'M%'",
    "asian": "state and c.ethnic_group like 'A%'",
    "black": "state and c.ethnic_group like 'B%'",
    "chinese": "state and c.ethnic_group like 'C%'",
    "five_a_to_c": "c.level_2",
    "not_five_a_to_c": "not c.level_2",
    "independent_school": "not state",
    "london": "state and c.region = 'E12000007'",
    "north_east": "state and c.region = 'E12000001'",
    "graduates": "c.graduate",
    "non_graduates": "not c.graduate",
    "women_graduates": "c.graduate and c.sex = 'Female'",
    "men_graduates": "c.graduate and c.sex = 'Male'",
    "women_non_graduates": "not c.graduate and c.sex = 'Female'",
    "men_non_graduates": "not c.graduate and c.sex = 'Male'",
}
"""Groups of DfE's figures; the census's facts are known of state schools only."""


def outcome_rules(name: str) -> dict[str, Any]:
    """One definition of configs/outcomes/leo.toml, with "out_of_work", the codes of out-of-work benefits, and
    "first_month", the calendar month in which its periods begin."""
    raw = tomllib.loads(config_file("outcomes/leo.toml").read_text(encoding="utf-8"))
    rules: dict[str, Any] = next(definition for definition in raw["definition"] if definition["name"] == name)
    first_month = {"tax": _APRIL, "academic": 9}[rules["period"]]
    return {**rules, "out_of_work": raw["benefits"]["out_of_work"], "first_month": first_month}


def _condition(rule: dict[str, Any]) -> str:
    """The rows that `where` and `unless` ask for."""

    def among(column: str, codes: list[str]) -> str:
        return f"coalesce(cast({quote(column)} as varchar), '') in ({', '.join(map(literal, codes))})"

    wanted = [among(column, codes) for column, codes in rule.get("where", {}).items()]
    barred = [f"not {among(column, codes)}" for column, codes in rule.get("unless", {}).items()]
    return " and ".join([*wanted, *barred]) or "true"


def _months(spells: str, cells: str, first_month: int) -> str:
    """The months (0 to 11) of each cell on any day of which a spell holds: person_id, start_year, number.

    Args:
        spells: view of person_id, start_date, end_date.
        cells: view of person_id, start_year; a period runs for twelve months from the first of `first_month`.
    """
    opens = f"make_date(cast(c.start_year as integer), {first_month}, 1) + to_months(m.number"
    return f"""
        with dated as (
            select c.person_id, c.start_year, m.number, {opens}) as opens, {opens} + 1) as closes
            from {{{cells}}} as c
            cross join (select unnest([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]) as number) as m
        )
        select distinct d.person_id, d.start_year, d.number
        from dated as d
        join {{{spells}}} as s on s.person_id = d.person_id and s.start_date < d.closes and s.end_date >= d.opens
    """


def _lasting(months: str, rule: dict[str, Any], first_month: int) -> str:
    """person_id, start_year of the cells whose months meet a rule (months, at_least, consecutive)."""
    numbers = ", ".join(str((month - first_month) % 12) for month in rule["months"])
    # Months that follow one another have one distance from their place in the row of months.
    run = "number - row_number() over (partition by person_id, start_year order by number)"
    return f"""
        with runs as (
            select person_id, start_year, {run if rule.get("consecutive") else "0"} as run
            from {{{months}}}
            where number in ({numbers})
        )
        select distinct person_id, start_year
        from (select person_id, start_year, run from runs
              group by person_id, start_year, run having count(*) >= {rule["at_least"]}) as met
    """


def _study_spells(rule: dict[str, Any]) -> str:
    """The parts of a learner's spells that lie in the academic year of the record."""
    ended = rule.get("end", "cast(null as date)")
    return f"""
        with bounded as (
            select person_id, {rule["start"]} as began, {ended} as ended,
                   make_date(cast({rule["year"]} // 100 as integer), 8, 1) as opens,
                   make_date(cast({rule["year"]} // 100 + 1 as integer), 7, 31) as closes
            from {{{rule["table"]}}}
            where {_condition(rule)}
        )
        select person_id, greatest(began, opens) as start_date, least(coalesce(ended, closes), closes) as end_date
        from bounded
        where began <= closes and coalesce(ended, closes) >= greatest(began, opens)
    """


def _study_years(rule: dict[str, Any], first_month: int) -> str:
    """Without `lasting`, a record is enough in an academic year that touches the period."""
    year = f"{rule['year']} // 100"
    touching = [year] if first_month == 9 else [year, f"{year} + 1"]
    return " union ".join(
        f"select person_id, {start} as start_year from {{{rule['table']}}} where {_condition(rule)}"
        for start in touching
    )


def _activity_views() -> dict[str, str]:
    """The main activity of each of `cells` by the definition "ks4", and pay in the tax year of the same label.

    `activities` has the columns of cells, activity, sustained_employment (BOOLEAN) and pay (pounds, NULL for none).
    """
    rules = outcome_rules("ks4")
    opens = rules["first_month"]
    out_of_work = _condition({"where": {"Benefit_type": rules["out_of_work"]}})
    views = {
        "claims": f"""
            select person_id, StartDate as start_date, coalesce(EndDate, date '{LAST_DAY}') as end_date
            from {{dwp_benefits}} where {out_of_work}
        """,
        "work_months": _months("jobs", "cells", opens),
        "claim_months": _months("claims", "cells", opens),
        "sustained_employment": _lasting("work_months", rules["employment"], opens),
        "out_of_work_benefits": _lasting("claim_months", rules["out_of_work_benefits"], opens),
    }
    flags, months = ["sustained_employment", "out_of_work_benefits"], ["work_months", "claim_months"]
    years = "select person_id, TaxYear // 100 as start_year from {hmrc_self_assessment}"
    seen = ["select person_id, start_year from {pay} where pay > 0", years]
    for rule in rules["study"]:
        name = rule["name"]
        flags.append(name)
        if "lasting" in rule:
            views[f"{name}_spells"] = _study_spells(rule)
            views[f"{name}_months"] = _months(f"{name}_spells", "cells", opens)
            views[name] = _lasting(f"{name}_months", rule["lasting"], opens)
            months.append(f"{name}_months")
        else:
            views[name] = _study_years(rule, opens)
            months.append(name)
    seen += [f"select person_id, start_year from {{{name}}}" for name in months]
    cases = " ".join(
        f"when {activity['all'][0]}.person_id is not null then '{activity['name']}'"
        for activity in rules["activity"]
        if activity.get("all") and activity["all"][0] in flags
    )
    joins = "\n".join(
        f"left join {{{name}}} as {name} on {name}.person_id = c.person_id and {name}.start_year = c.start_year"
        for name in flags
    )
    views["any_activity"] = " union ".join(seen)
    views["activities"] = f"""
        select c.*, case {cases}
                         when a.person_id is not null then 'no_sustained_activity'
                         else 'activity_not_captured' end as activity,
               sustained_employment.person_id is not null as sustained_employment, p.pay
        from {{cells}} as c
        {joins}
        left join {{any_activity}} as a on a.person_id = c.person_id and a.start_year = c.start_year
        left join {{pay}} as p on p.person_id = c.person_id and p.start_year = c.start_year
    """
    return views


def views() -> dict[str, str]:
    """The tables that the measures share."""
    ks4, graduate = outcome_rules("ks4"), outcome_rules("graduate")
    levels = " union all ".join(
        f"select person_id, '{name}' as level from joined as c where {condition}" for name, condition in _LEVELS.items()
    )
    return {
        "ks4_pupils": f"""
            with first as (
                select person_id, min(ACADYR) as year, bool_or(LEVEL2 = 1) as level_2 from {{npd_ks4}} group by person_id
            )
            select person_id, year // 100 as key_stage_4, level_2
            from first where year between {_COHORTS[0]} and {_COHORTS[1]}
        """,
        "levels": f"""
            with joined as (
                select c.*, p.sex, p.fsm, p.ethnic_group, p.graduate, p.region, p.kind <> 'private school' as state
                from {{ks4_pupils}} as c
                join {{persons}} as p on p.person_id = c.person_id
            )
            {levels}
        """,
        # The periods of each pupil that the files hold whole.
        "cells": f"""
            with counted as (
                select c.person_id, y.years, c.key_stage_4 + {ks4["first_year"]} + y.years - 1 as start_year
                from {{ks4_pupils}} as c
                cross join (select unnest({list(_YEARS)}) as years) as y
            )
            select * from counted
            where make_date(cast(start_year + 1 as integer), {ks4["first_month"]}, 1) <= date '{LAST_DAY}' + 1
        """,
        # A job that goes on ends with the last day.
        "jobs": f"""
            select person_id, EmployerRef, coalesce(StartDate, EndDate - 1) as start_date,
                   coalesce(EndDate, date '{LAST_DAY}') as end_date
            from {{hmrc_employment}}
        """,
        # A return sent twice counts once, and no total is below zero.
        "pay": """
            with returns as (
                select distinct person_id, TaxYear, EmployerRef, Earnings from {hmrc_earnings} where Earnings is not null
            )
            select person_id, TaxYear // 100 as start_year, greatest(sum(Earnings), 0) as pay
            from returns
            group by person_id, TaxYear
        """,
        **_activity_views(),
        "paid": """
            select l.level || '.' || a.years as id, a.pay as amount
            from {activities} as a
            join {levels} as l on l.person_id = a.person_id
            where a.sustained_employment and a.pay > 0
        """,
        # Each first degree of a student who lived in the United Kingdom before.
        "degrees": """
            with at_home as (
                select distinct person_id from {hesa_students} where XDOMGR01 is not null and XDOMGR01 not like 'ZZ%'
            )
            select distinct q.person_id, q.AcademicYear // 100 as year
            from {hesa_qualifications} as q
            join at_home as h on h.person_id = q.person_id
            where q.XLEV601 = '4'
        """,
        "degree_years": """
            select d.person_id, d.year, y.years, d.year + 1 + y.years as start_year
            from {degrees} as d
            cross join (select unnest([1, 3, 10]) as years) as y
            where d.year + 1 + y.years between 2003 and 2019
        """,
        "degree_cells": "select distinct person_id, start_year from {degree_years}",
        "degree_months": _months("jobs", "degree_cells", _APRIL),
        "graduates_employed": _lasting("degree_months", graduate["employment"], _APRIL),
        # The section that paid most in the year, of those in sustained employment.
        "main_section": """
            with paid as (
                select person_id, TaxYear // 100 as start_year, Section as section, sum(Earnings) as pay
                from {hmrc_earnings}
                where Section is not null
                group by person_id, TaxYear, Section
            ),
            main as (
                select person_id, start_year, arg_max(section, pay) as section from paid group by person_id, start_year
            )
            select d.person_id, d.year, d.years, m.section
            from {degree_years} as d
            join {graduates_employed} as e on e.person_id = d.person_id and e.start_year = d.start_year
            join main as m on m.person_id = d.person_id and m.start_year = d.start_year
        """,
    }


# The figures separate colleges and training by age, "Other Education" before 19 and "Adult FE" after; the rule separates
# them by funding, under which an apprentice of 17 learns as an adult.
_ACTIVITY = """
    with named as (
        select person_id, years,
               case when activity = 'adult_further_education' and years <= 2 then 'other_education'
                    else activity end as activity
        from {activities}
    ),
    counted as (
        select l.level, n.years, n.activity, count(*) as hits
        from named as n
        join {levels} as l on l.person_id = n.person_id
        group by l.level, n.years, n.activity
    ),
    whole as (
        select level, years, sum(hits) as members from counted group by level, years
    )
    select 'activity.' || w.level || '.' || n.activity || '.' || w.years as id, coalesce(c.hits, 0) as hits, w.members
    from whole as w
    cross join (select distinct activity from named) as n
    left join counted as c on c.level = w.level and c.years = w.years and c.activity = n.activity
"""

# Pupils of state schools who ended key stage 4 four years before.
_HE_BY_19 = """
    with pupils as (
        select person_id, min(ACADYR) // 100 + 4 as year from {npd_ks4} group by person_id
    ),
    entered as (
        select person_id, min(AcademicYear) // 100 as year from {hesa_students} where XLEV601 <> '6' group by person_id
    )
    select 'he_by_19.' || u.year || '_' || right(cast(u.year + 1 as varchar), 2) || '.'
               || case when p.fsm then 'free_school_meals' else 'no_free_school_meals' end as id,
           cast(coalesce(e.year <= u.year, false) as integer) as hits, 1 as members
    from pupils as u
    join {persons} as p on p.person_id = u.person_id
    left join entered as e on e.person_id = u.person_id
    where p.kind <> 'private school' and u.year <= 2020
"""

# Pay of those in sustained employment or self-assessment who do not study, by the definition "graduate" of
# configs/outcomes/leo.toml: average daily pay over the days employed, times the days of the year, and profit added.
_GRADUATE_PAY = """
    with periods as (
        select distinct person_id, years, start_year, make_date(cast(start_year as integer), 4, 6) as opens,
               make_date(cast(start_year as integer) + 1, 4, 5) as closes
        from {degree_years}
    ),
    days as (
        -- A day in two jobs is one day: of each job counts what begins after all earlier ones have ended.
        select person_id, years, start_year, sum(greatest(date_diff('day', fresh, ends) + 1, 0)) as employed
        from (
            select p.person_id, p.years, p.start_year, least(j.end_date, p.closes) as ends,
                   greatest(j.start_date, p.opens,
                            coalesce(max(least(j.end_date, p.closes)) over (
                                partition by p.person_id, p.years, p.start_year order by j.start_date, j.end_date
                                rows between unbounded preceding and 1 preceding) + 1, p.opens)) as fresh
            from periods as p
            join {jobs} as j on j.person_id = p.person_id and j.start_date <= p.closes and j.end_date >= p.opens
        ) as pieces
        group by person_id, years, start_year
    ),
    profit as (
        select person_id, TaxYear // 100 as start_year,
               sum(coalesce(EARNINGS_SOLE, 0) + coalesce(EARNINGS_PTR, 0)) as profit
        from {hmrc_self_assessment}
        group by person_id, TaxYear
    ),
    studies as (
        select distinct person_id, AcademicYear // 100 as year
        from {hesa_students}
        where XMODE01 not in ('5', '6') and XLEV601 <> '6'
    )
    select 'graduate_median.' || p.years || '.' || p.start_year || '_'
               || right(cast(p.start_year + 1 as varchar), 2) as id,
           coalesce(y.pay * (date_diff('day', p.opens, p.closes) + 1.0) / d.employed, 0) + coalesce(f.profit, 0)
               as amount
    from periods as p
    left join days as d on d.person_id = p.person_id and d.years = p.years and d.start_year = p.start_year
    left join {pay} as y on y.person_id = p.person_id and y.start_year = p.start_year
    left join profit as f on f.person_id = p.person_id and f.start_year = p.start_year
    left join {graduates_employed} as e on e.person_id = p.person_id and e.start_year = p.start_year
    where (e.person_id is not null or f.person_id is not null)
      and (y.pay > 0 and d.employed > 0 or f.profit > 0)
      and not exists (select 1 from studies as t
                      where t.person_id = p.person_id and t.year between p.start_year - 1 and p.start_year)
"""

# Of graduates who are seen both one and three years on, as DfE's industry flows count them.
_SECTIONS = """
    with followed as (
        select person_id, year from {main_section} where years in (1, 3) group by person_id, year having count(*) = 2
    ),
    counted as (
        select m.years, m.section, count(*) as hits
        from {main_section} as m
        join followed as f on f.person_id = m.person_id and f.year = m.year
        where m.years in (1, 3)
        group by m.years, m.section
    )
    select 'section.' || years || '.' || section as id, hits, sum(hits) over (partition by years) as members
    from counted
"""

_SAME_SECTION = """
    select 'same_section.1_to_3' as id, a.person_id as cluster, cast(a.section = b.section as integer) as hits,
           1 as members
    from {main_section} as a
    join {main_section} as b on b.person_id = a.person_id and b.year = a.year
    where a.years = 1 and b.years = 3
"""

# Graduates without a record of DWP, by the academic year of their degree.
_GRADUATES_WITHOUT_NUMBER = """
    select 'graduates_without_number.' || d.year || '_' || right(cast(d.year + 1 as varchar), 2) as id,
           cast(c.person_id is null as integer) as hits, 1 as members
    from {degrees} as d
    left join (select distinct person_id from {cis_owners}) as c on c.person_id = d.person_id
"""

# Of jobs held on 1 October of every other year from 2004 to 2018, those held a year later too.
_SAME_EMPLOYER = """
    with days as (
        select make_date(cast(year as integer), 10, 1) as day
        from (select unnest([2004, 2006, 2008, 2010, 2012, 2014, 2016, 2018]) as year) as y
    ),
    current_jobs as (
        select d.day, j.person_id, j.EmployerRef, max(cast(k.person_id is not null as integer)) as stays
        from days as d
        join {jobs} as j on j.start_date <= d.day and j.end_date >= d.day
        left join {jobs} as k
          on k.person_id = j.person_id and k.EmployerRef = j.EmployerRef
             and k.start_date <= d.day + to_years(1) and k.end_date >= d.day + to_years(1)
        group by d.day, j.person_id, j.EmployerRef
    ),
    aged as (
        select c.*, date_diff('month', p.birth_date, c.day) / 12 as age
        from current_jobs as c
        join {persons} as p on p.person_id = c.person_id
    )
    select 'same_employer_after_a_year.' || case when age < 25 then '18_to_24' else '25_to_34' end as id,
           person_id as cluster, stays as hits, 1 as members
    from aged
    where age >= 18 and age < 35
"""

MEASURES = (
    Measure("share", _ACTIVITY),
    Measure("median", "select 'median_earnings.' || id as id, amount from {paid}"),
    Measure("mean", "select 'mean_earnings.' || id as id, amount from {paid}"),
    Measure("share", _HE_BY_19),
    Measure("share", _GRADUATES_WITHOUT_NUMBER),
    Measure("median", _GRADUATE_PAY),
    Measure("share", _SECTIONS),
    Measure("clustered share", _SAME_SECTION),
    Measure("clustered share", _SAME_EMPLOYER),
)
