"""Who is followed, from which year, and over which periods."""

import datetime

from linkage.engine import Engine, Table, Value, quote
from linkage.longitudinal.definitions import Codes, Definition, Rows


def chosen(rows: Rows, alias: str) -> tuple[str, dict[str, Value]]:
    """The condition, in SQL with parameters, that a row of `alias` is one of the rows a
    rule speaks of.
    """
    params: dict[str, Value] = {}

    def one_of(column: str, codes: tuple[str, ...]) -> str:
        names = []
        for code in codes:
            names.append(f"code_{len(params)}")
            params[names[-1]] = code
        placeholders = ", ".join(f"${name}" for name in names)
        return (
            f"coalesce(cast({alias}.{quote(column)} as varchar), '') in "
            f"({placeholders})"
        )

    def all_of(codes: Codes, negate: str) -> list[str]:
        return [
            f"{negate}{one_of(column, column_codes)}"
            for column, column_codes in codes.items()
        ]

    conditions = all_of(rows.where, "") + all_of(rows.unless, "not ")
    return " and ".join(conditions) or "true", params


def members(
    engine: Engine,
    definition: Definition,
    rows: Table,
    records: Table,
    counting: Table | None,
) -> Table:
    """The members of a definition's cohorts.

    Args:
        definition: its `cohort` says which rows make a member, and whether the first
            year alone does.
        rows: the cohort's attribute table.
        records: lookup_ae_id: AE_ID, entity_id.
        counting: the attribute table that says who counts in the rates; everyone counts
            without one.

    Returns:
        AE_ID, cohort_year (academic year, six digits), in_calculation; one row a person
        and cohort.
    """
    cohort = definition.cohort
    condition, params = chosen(cohort, "c")
    year = quote(cohort.year)
    year_sql = f"min(c.{year})" if cohort.take == "first" else f"c.{year}"
    group = "r.AE_ID" if cohort.take == "first" else f"r.AE_ID, c.{year}"
    entries = engine.sql(
        f"""
        select r.AE_ID, {year_sql} as cohort_year
        from {{rows}} as c
        join {{records}} as r on r.entity_id = c.entity_id
        where c.{year} is not null and {condition}
        group by {group}
        """,
        rows=rows,
        records=records,
        params=params,
    )
    if cohort.counts is None or counting is None:
        return engine.sql(
            "select AE_ID, cohort_year, true as in_calculation from {joined}",
            joined=entries,
            store=True,
        )
    return engine.sql(
        f"""
        with filled as (
            select r.AE_ID, min(k.{quote(cohort.counts.year)}) as first_year
            from {{counting}} as k
            join {{records}} as r on r.entity_id = k.entity_id
            where k.{quote(cohort.counts.filled)} is not null
            group by r.AE_ID
        )
        select j.AE_ID, j.cohort_year, coalesce(f.first_year <= j.cohort_year, false)
            as in_calculation
        from {{joined}} as j
        left join filled as f on f.AE_ID = j.AE_ID
        """,
        joined=entries,
        counting=counting,
        records=records,
        store=True,
    )


def followed(
    engine: Engine,
    definition: Definition,
    cohort: Table,
    *,
    extract_date: datetime.date,
) -> Table:
    """The periods over which members are followed: those that the extract date leaves
    whole.

    Returns:
        The columns of `cohort`, years_after, start_year (calendar year in which the
        period starts), year (six digits), first_month (months since year 0), tax_start,
        tax_end (of the tax year with the same six digits); stored.
    """
    years = ", ".join(f"({after})" for after in definition.years_after)
    first_month = 4 if definition.period == "tax" else 9
    # A period is whole when its last day is not after the extract date: 5 April or 31
    # August of the year after.
    year_end = (
        datetime.date(extract_date.year, 4, 5)
        if first_month == 4
        else datetime.date(extract_date.year, 8, 31)
    )
    last_start = (
        extract_date.year - 1 if extract_date >= year_end else extract_date.year - 2
    )
    return engine.sql(
        f"""
        with horizons as (
            select after from (values {years}) as listed(after)
        ),
        started as (
            select c.*, h.after as years_after,
                   cast(c.cohort_year // 100 + $first_year + h.after - 1 as integer)
                       as start_year
            from {{cohort}} as c
            cross join horizons as h
        )
        select *, start_year * 100 + (start_year + 1) % 100 as year,
            start_year * 12 + $first_month - 1 as first_month,
               make_date(start_year, 4, 6) as tax_start,
                   make_date(start_year + 1, 4, 5) as tax_end
        from started
        where start_year <= $last_start
        """,
        cohort=cohort,
        params={
            "first_year": definition.first_year,
            "first_month": first_month,
            "last_start": last_start,
        },
        store=True,
    )
