"""The measures of `leo synth check`: static queries of queries.toml, and those that follow rules or pairs of sources.

Activities use the rules of configs/outcomes/leo.toml as data. They are computed from the source files with truth as the key,
with no code of linkage.longitudinal, so that a fault of one shows against the other. CRATE compared the two records that
126,904 people had in two health systems (Cardinal and others 2023); here a person's last records of two sources are compared.
"""

import tomllib
from datetime import date, timedelta
from functools import cache
from itertools import combinations
from pathlib import Path
from typing import Any

import pyarrow as pa

from linkage.config.resources import config_file
from linkage.engine import literal, quote
from synthetic.base.dates import DATA_END
from synthetic.base.reference import reference
from synthetic.calibration.population import Measure, Population

LAST_DAY = date(1970, 1, 1) + timedelta(days=DATA_END)
_YEARS = (1, 3, 5, 7, 10, 12, 15)  # after key stage 4
_APRIL = 4


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


_LAST = {
    "npd": ("npd_census", "Forename", "Surname", "DateOfBirth", "Gender", "Postcode", "CensusDate"),
    "ilr": ("ilr_learners", "GivenNames", "FamilyName", "DateOfBirth", "Sex", "Postcode", "LearnStartDate"),
    "hesa": ("hesa_students", "FNAMES", "SURNAME", "BIRTHDTE", "SEXID", "POSTCODE", "REPORTDATE"),
    "cis": ("cis_customers", "Forenames", "Surname", "DateOfBirth", "Sex", "Postcode", "StartDate"),
}
"""Of each source: the table, forenames, surname, birth date, sex, postcode, and the date of a record."""


def _letters(text: str) -> str:
    """The letters of a name, NULL where it has none: hyphens, spaces and apostrophes are not compared."""
    return f"nullif(regexp_replace({text}, '[^A-Z]', '', 'g'), '')"


def _last(source: str) -> str:
    """A person's last record: the first forename and the surname as capital letters, postcode NULL where it is no place."""
    table, forename, surname, dob, sex, postcode, seen = _LAST[source]
    return f"""
        with plain as (
            select person_id, {seen} as seen, upper(strip_accents({forename})) as forenames,
                   upper(strip_accents({surname})) as surname,
                   {dob} as dob, {sex} as sex, replace(upper({postcode}), ' ', '') as postcode
            from {{{table}}}
            qualify row_number() over (partition by person_id order by {seen} desc, RECORDID desc) = 1
        )
        select person_id, {_letters("split_part(trim(forenames), ' ', 1)")} as forename,
               {_letters("surname")} as surname,
               seen, dob, case sex when '1' then 'M' when '2' then 'F' else sex end as sex,
               nullif(postcode, '') as written_postcode,
               case when postcode not like 'ZZ99%' then nullif(postcode, '') end as postcode
        from plain
    """


def _distinct(table: str, forename: str, sex: str, postcode: str) -> str:
    """Each distinct combination of the five fields in a person's records."""
    return f"""
        with written as (
            select distinct person_id, upper(strip_accents({forename})) as forenames,
                   upper(strip_accents(Surname)) as surname, DateOfBirth as dob, {sex} as sex,
                   replace({postcode}, ' ', '') as postcode
            from {{{table}}}
        )
        select distinct person_id, {_letters("split_part(trim(forenames), ' ', 1)")} as forename,
               {_letters("surname")} as surname, dob, sex, postcode
        from written
    """


def _unknown() -> str:
    """Records without a forename, and with a postcode that is no place."""
    no_forename = ("forename_unknown", "forename is null")
    no_place = ("postcode_unknown", "written_postcode like 'ZZ99%'")
    counts = [(*figure, source, f"{{last_{source}}}") for source in _LAST for figure in (no_forename, no_place)]
    everywhere, required = (
        " union all ".join(f"select forename, written_postcode from {{last_{source}}}" for source in sources)
        # Community learners may leave their names out.
        for sources in (_LAST, [source for source in _LAST if source != "ilr"])
    )
    counts += [
        (*no_forename, "where_required", f"({required}) as r"),
        (*no_place, "everywhere", f"({everywhere}) as e"),
    ]
    return " union all ".join(
        f"select '{figure}.{of}' as id, count(*) as members, count(*) filter (where {condition}) as hits from {rows}"
        for figure, condition, of, rows in counts
    )


def _differences(pair: str) -> str:
    """Counts of each figure of queries.toml; how often a field differs is also given for each sex."""
    selects = []
    for name, (compared, counted) in _queries()["difference"].items():
        by_sex = name.endswith("_differs") or name == "surname_unlike"
        groups = {"all": "true", "women": "female", "men": "not female"} if by_sex else {"all": "true"}
        for group, condition in groups.items():
            rows = f"({condition}) and ({compared})"
            selects.append(
                f"select '{name}.{pair}.{group}' as id, count(*) filter (where {rows}) as members,"
                f" count(*) filter (where {rows} and ({counted})) as hits from {{compared_{pair}}}"
            )
    return " union all ".join(selects)


@cache
def _queries() -> dict[str, Any]:
    text = Path(__file__).with_name("queries.toml").read_text(encoding="utf-8")
    return tomllib.loads(text.replace("LAST_DAY", str(LAST_DAY)))


def prepare(population: Population) -> None:
    """Add the views, and `authorities`: the DfE number of the authority of each postcode sector (0 outside England)."""
    places = reference().places
    sectors = [outward.decode() + chr(digit) for outward, digit in zip(places.outward, places.digit, strict=True)]
    table = pa.table({"sector": sectors, "authority": places.authority.astype("int64")})
    population.stored["authorities"] = population.engine.from_arrow(table)
    population.views |= views()


def views() -> dict[str, str]:
    """The tables that the measures share."""
    fixed = dict(_queries()["view"])
    compared = fixed.pop("compared")
    ks4, graduate = outcome_rules("ks4"), outcome_rules("graduate")
    levels = " union all ".join(
        f"select person_id, '{name}' as level from joined as c where {condition}"
        for name, condition in _queries()["level"].items()
    )
    return {
        **fixed,
        **{f"last_{source}": _last(source) for source in _LAST},
        **{
            f"compared_{left}_{right}": compared.replace("LEFT", left).replace("RIGHT", right)
            for left, right in combinations(_LAST, 2)
        },
        "school_records": _distinct("npd_census", "Forename", "Gender", "Postcode"),
        "customer_records": _distinct("cis_customers", "Forenames", "Sex", "Postcode"),
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
        **_activity_views(),
        "degree_months": _months("jobs", "degree_cells", _APRIL),
        "graduates_employed": _lasting("degree_months", graduate["employment"], _APRIL),
    }


def measures(about: str) -> list[Measure]:
    """The measures of "people", "records" or "outcomes"."""
    fixed = [Measure(**measure) for measure in _queries()[about]]
    if about != "records":
        return fixed
    pairs = [f"{left}_{right}" for left, right in combinations(_LAST, 2)]
    both_names = fixed.pop()  # of each pair of sources
    return [
        *fixed,
        *(Measure("share", _differences(pair)) for pair in pairs),
        *(Measure("estimate", both_names.query.replace("PAIR", pair)) for pair in pairs),
        Measure("share", _unknown()),
    ]
