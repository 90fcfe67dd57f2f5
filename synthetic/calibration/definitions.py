"""The rules of configs/outcomes/leo.toml that a check needs, read as data.

What is measured here is worked out anew from the source files, with truth as the key: it shares the rules with
linkage.longitudinal, and none of its code, so that a fault of one shows against the other.
"""

import tomllib
from typing import Any

from linkage.config.resources import config_file
from linkage.engine import Engine, Table, literal, quote


def outcome_rules(name: str) -> dict[str, Any]:
    """One definition of configs/outcomes/leo.toml.

    Returns:
        What it says, and besides "out_of_work", the codes of out-of-work benefits, and "first_month", the calendar
        month in which its periods begin.
    """
    raw = tomllib.loads(config_file("outcomes/leo.toml").read_text(encoding="utf-8"))
    found: dict[str, Any] = next(d for d in raw["definition"] if d["name"] == name)
    first_month = {"tax": 4, "academic": 9}[found["period"]]
    return {**found, "out_of_work": raw["benefits"]["out_of_work"], "first_month": first_month}


def asked(rules: dict[str, Any]) -> str:
    """The condition, in SQL, that a row is one of those that `where` and `unless` ask for."""
    wanted = [_among(column, codes) for column, codes in rules.get("where", {}).items()]
    barred = [f"not {_among(column, codes)}" for column, codes in rules.get("unless", {}).items()]
    return " and ".join([*wanted, *barred]) or "true"


def _among(column: str, codes: list[str]) -> str:
    return f"coalesce(cast({quote(column)} as varchar), '') in ({', '.join(literal(code) for code in codes)})"


def months_of(engine: Engine, spells: Table, cells: Table, first_month: int) -> Table:
    """The months of each cell on any day of which a spell holds: one row a person, year and month (0 to 11); stored.

    Args:
        spells: person_id, start_date, end_date.
        cells: person_id, start_year; the period runs for twelve months from the first of `first_month`.
        first_month: calendar month.
    """
    return engine.sql(
        """
        with months as (
            select unnest([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]) as number
        ),
        dated as (
            select c.person_id, c.start_year, m.number,
                   make_date(cast(c.start_year as integer), cast($first_month as integer), 1) + to_months(m.number)
                       as opens,
                   make_date(cast(c.start_year as integer), cast($first_month as integer), 1) + to_months(m.number + 1)
                       as closes
            from {cells} as c
            cross join months as m
        )
        select distinct d.person_id, d.start_year, d.number
        from dated as d
        join {spells} as s on s.person_id = d.person_id and s.start_date < d.closes and s.end_date >= d.opens
        """,
        spells=spells,
        cells=cells,
        params={"first_month": first_month},
        store=True,
    )


def lasting(engine: Engine, months: Table, rule: dict[str, Any], first_month: int) -> Table:
    """person_id, start_year of the cells whose months meet a rule (months, at_least, consecutive)."""
    numbers = ", ".join(str((month - first_month) % 12) for month in rule["months"])
    # Months that follow one another have one distance from their place in the row of months.
    run = "number - row_number() over (partition by person_id, start_year order by number)"
    return engine.sql(
        f"""
        with runs as (
            select person_id, start_year, number, {run if rule.get("consecutive") else "0"} as run
            from {{months}}
            where number in ({numbers})
        )
        select distinct person_id, start_year
        from (select person_id, start_year, run from runs group by person_id, start_year, run having count(*) >= $least)
             as met
        """,
        months=months,
        params={"least": rule["at_least"]},
        store=True,
    )
