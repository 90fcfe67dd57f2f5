"""The measures of `leo synth check`: static queries of queries.toml, and those that
follow rules or pairs of sources.

Activities use the rules of configs/outcomes/leo.toml as data. They are computed from
the source files with truth as the key, with no code of linkage.longitudinal, so that a
fault of one shows against the other. CRATE compared the two records that 126,904 people
had in two health systems (Cardinal and others 2023); here a person's last records of
two sources are compared.
"""

import tomllib
from itertools import combinations
from typing import Any

import pyarrow as pa

from linkage.config.resources import config_file
from linkage.engine import literal, quote
from synthetic.base.reference import reference
from synthetic.calibration.population import LAST_DAY, Measure, Population, queries

_APRIL = 4


def outcome_rules(name: str) -> dict[str, Any]:
    """One definition of configs/outcomes/leo.toml, with "out_of_work", the codes of
    out-of-work benefits, and "first_month", the calendar month in which its periods
    begin.
    """
    raw = tomllib.loads(config_file("outcomes/leo.toml").read_text(encoding="utf-8"))
    rules: dict[str, Any] = next(
        definition for definition in raw["definition"] if definition["name"] == name
    )
    first_month = {"tax": _APRIL, "academic": 9}[rules["period"]]
    return {
        **rules,
        "out_of_work": raw["benefits"]["out_of_work"],
        "first_month": first_month,
    }


def _condition(rule: dict[str, Any]) -> str:
    """The rows that `where` and `unless` ask for."""

    def among(column: str, codes: list[str]) -> str:
        return (
            f"coalesce(cast({quote(column)} as varchar), '') in "
            f"({', '.join(map(literal, codes))})"
        )

    conditions = [
        among(column, codes) for column, codes in rule.get("where", {}).items()
    ]
    exceptions = [
        f"not {among(column, codes)}"
        for column, codes in rule.get("unless", {}).items()
    ]
    return " and ".join([*conditions, *exceptions]) or "true"


def _view(template: str, **texts: object) -> str:
    """A template of queries.toml with its words in capitals filled in."""
    query: str = queries()["template"][template]
    for word, text in texts.items():
        query = query.replace(word, str(text))
    return query


def _months(spells: str, cells: str, first_month: int) -> str:
    return _view("months", SPELLS=spells, CELLS=cells, FIRST_MONTH=first_month)


def _lasting(months: str, rule: dict[str, Any], first_month: int) -> str:
    """The cells whose months meet a rule (months, at_least, consecutive)."""
    numbers = ", ".join(str((month - first_month) % 12) for month in rule["months"])
    run = (
        "number - row_number() over (partition by person_id, start_year order by "
        "number)"
    )
    run = run if rule.get("consecutive") else "0"
    return _view(
        "lasting", MONTHS=months, NUMBERS=numbers, RUN=run, AT_LEAST=rule["at_least"]
    )


def _study_years(rule: dict[str, Any], first_month: int) -> str:
    """Without `lasting`, a record is enough in an academic year that touches the
    period.
    """
    year = f"{rule['year']} // 100"
    start_years = [year] if first_month == 9 else [year, f"{year} + 1"]
    return " union ".join(
        f"select person_id, {start} as start_year from {{{rule['table']}}} where "
        f"{_condition(rule)}"
        for start in start_years
    )


def _activity_views() -> dict[str, str]:
    """The main activity of each of `cells` by the definition "ks4", and pay in the tax
    year of the same label.

    `activities` has the columns of cells, activity, sustained_employment (BOOLEAN) and
    pay (pounds, NULL for none).
    """
    rules = outcome_rules("ks4")
    first_month = rules["first_month"]
    out_of_work = _condition({"where": {"Benefit_type": rules["out_of_work"]}})
    views = {
        "claims": f"""
            select person_id, StartDate as start_date,
                coalesce(EndDate, date '{LAST_DAY}') as end_date
            from {{dwp_benefits}} where {out_of_work}
        """,
        "work_months": _months("jobs", "cells", first_month),
        "claim_months": _months("claims", "cells", first_month),
        "sustained_employment": _lasting(
            "work_months", rules["employment"], first_month
        ),
        "out_of_work_benefits": _lasting(
            "claim_months", rules["out_of_work_benefits"], first_month
        ),
    }
    flags, months = (
        ["sustained_employment", "out_of_work_benefits"],
        ["work_months", "claim_months"],
    )
    years = "select person_id, TaxYear // 100 as start_year from {hmrc_self_assessment}"
    selects = ["select person_id, start_year from {pay} where pay > 0", years]
    for rule in rules["study"]:
        name = rule["name"]
        flags.append(name)
        if "lasting" in rule:
            views[f"{name}_spells"] = _view(
                "study_spells",
                BEGAN=rule["start"],
                ENDED=rule.get("end", "cast(null as date)"),
                YEAR=rule["year"],
                TABLE=rule["table"],
                CONDITION=_condition(rule),
            )
            views[f"{name}_months"] = _months(f"{name}_spells", "cells", first_month)
            views[name] = _lasting(f"{name}_months", rule["lasting"], first_month)
            months.append(f"{name}_months")
        else:
            views[name] = _study_years(rule, first_month)
            months.append(name)
    selects += [f"select person_id, start_year from {{{name}}}" for name in months]
    cases = " ".join(
        f"when {activity['all'][0]}.person_id is not null then '{activity['name']}'"
        for activity in rules["activity"]
        if activity.get("all") and activity["all"][0] in flags
    )
    joins = "\n".join(
        f"left join {{{name}}} as {name} on {name}.person_id = c.person_id and "
        f"{name}.start_year = c.start_year"
        for name in flags
    )
    views["any_activity"] = " union ".join(selects)
    views["activities"] = _view("activities", CASES=cases, JOINS=joins)
    return views


_COLUMNS = ("TABLE", "FORENAMES", "SURNAME", "DOB", "GENDER", "HOME", "SEEN")
_LAST = {
    "npd": (
        "npd_census",
        "Forename",
        "Surname",
        "DateOfBirth",
        "Gender",
        "Postcode",
        "CensusDate",
    ),
    "ilr": (
        "ilr_learners",
        "GivenNames",
        "FamilyName",
        "DateOfBirth",
        "Sex",
        "Postcode",
        "LearnStartDate",
    ),
    "hesa": (
        "hesa_students",
        "FNAMES",
        "SURNAME",
        "BIRTHDTE",
        "SEXID",
        "POSTCODE",
        "REPORTDATE",
    ),
    "cis": (
        "cis_customers",
        "Forenames",
        "Surname",
        "DateOfBirth",
        "Sex",
        "Postcode",
        "StartDate",
    ),
}
"""Of each source: the table, forenames, surname, birth date, sex, postcode, and the
date of a record.
"""


def _unknown() -> str:
    """Records without a forename, and with a postcode that is no place."""
    no_forename = ("forename_unknown", "forename is null")
    no_place = ("postcode_unknown", "written_postcode like 'ZZ99%'")
    counts = [
        (*figure, source, f"{{last_{source}}}")
        for source in _LAST
        for figure in (no_forename, no_place)
    ]
    all_records, required_records = (
        " union all ".join(
            f"select forename, written_postcode from {{last_{source}}}"
            for source in sources
        )
        # Community learners may leave their names out.
        for sources in (_LAST, [source for source in _LAST if source != "ilr"])
    )
    counts += [
        (*no_forename, "where_required", f"({required_records}) as r"),
        (*no_place, "everywhere", f"({all_records}) as e"),
    ]
    return " union all ".join(
        f"select '{figure}.{group}' as id, count(*) as members, count(*) filter (where "
        f"{condition}) as hits from {rows}"
        for figure, condition, group, rows in counts
    )


def _differences(pair: str) -> str:
    """Counts of each figure of queries.toml; how often a field differs is also given
    for each sex.
    """
    selects = []
    for name, (member_condition, hit_condition) in queries()["difference"].items():
        is_by_sex = name.endswith("_differs") or name == "surname_unlike"
        groups = (
            {"all": "true", "women": "female", "men": "not female"}
            if is_by_sex
            else {"all": "true"}
        )
        for group, condition in groups.items():
            rows = f"({condition}) and ({member_condition})"
            selects.append(
                f"select '{name}.{pair}.{group}' as id, count(*) filter (where {rows}) "
                "as members,"
                f" count(*) filter (where {rows} and ({hit_condition})) as hits from "
                f"{{compared_{pair}}}"
            )
    return " union all ".join(selects)


def prepare(population: Population) -> None:
    """Add the views, and `authorities`: the DfE number of the authority of each
    postcode sector (0 outside England).
    """
    places = reference().places
    sectors = [
        outward.decode() + chr(digit)
        for outward, digit in zip(places.outward, places.digit, strict=True)
    ]
    table = pa.table({"sector": sectors, "authority": places.authority.astype("int64")})
    population.stored["authorities"] = population.engine.from_arrow(table)
    population.views |= views()


def views() -> dict[str, str]:
    """The tables that the measures share."""
    fixed_views = dict(queries()["view"])
    comparison = fixed_views.pop("compared")
    ks4, graduate = outcome_rules("ks4"), outcome_rules("graduate")
    levels = " union all ".join(
        f"select person_id, '{name}' as level from joined as c where {condition}"
        for name, condition in queries()["level"].items()
    )
    return {
        **fixed_views,
        **{
            f"last_{source}": _view("last", **dict(zip(_COLUMNS, row, strict=True)))
            for source, row in _LAST.items()
        },
        **{
            f"compared_{left}_{right}": comparison.replace("LEFT", left).replace(
                "RIGHT", right
            )
            for left, right in combinations(_LAST, 2)
        },
        "school_records": _view(
            "distinct", TABLE="npd_census", FORENAMES="Forename", GENDER="Gender"
        ),
        "customer_records": _view(
            "distinct", TABLE="cis_customers", FORENAMES="Forenames", GENDER="Sex"
        ),
        "levels": _view("levels", LEVELS=levels),
        "cells": _view(
            "cells", FIRST_YEAR=ks4["first_year"], FIRST_MONTH=ks4["first_month"]
        ),
        **_activity_views(),
        "degree_months": _months("jobs", "degree_cells", _APRIL),
        "graduates_employed": _lasting("degree_months", graduate["employment"], _APRIL),
    }


def measures(about: str) -> list[Measure]:
    """The measures of "people", "records" or "outcomes"."""
    fixed_measures = [Measure(**measure) for measure in queries()[about]]
    if about != "records":
        return fixed_measures
    pairs = [f"{left}_{right}" for left, right in combinations(_LAST, 2)]
    both_names = fixed_measures.pop()  # of each pair of sources
    return [
        *fixed_measures,
        *(Measure("share", _differences(pair)) for pair in pairs),
        *(
            Measure("estimate", both_names.query.replace("PAIR", pair))
            for pair in pairs
        ),
        Measure("share", _unknown()),
    ]
