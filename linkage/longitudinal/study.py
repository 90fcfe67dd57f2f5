"""Who studied in a period, and for how long."""

from linkage.engine import Engine, Table, quote
from linkage.longitudinal.cohorts import chosen
from linkage.longitudinal.definitions import Definition, Study
from linkage.longitudinal.months import active_months, lasted


def studied(
    engine: Engine,
    definition: Definition,
    rule: Study,
    rows: Table,
    records: Table,
    periods: Table,
) -> Table:
    """The periods in which a study rule finds a person's records.

    A record tells of its own academic year (August to July) only: study without an end
    goes on to the end of that year, since the next year has a record of its own, and
    one that never ends there is a student who left unseen.

    Args:
        definition: says which kind of period is measured.
        rule: which records, and how long they must last; without that, a record is
            enough in any academic year that touches the period: its own, and for a tax
            year the one before it too (Scottish Government, Graduate outcomes (LEO)
            2015/16, "further study").
        rows: the rule's attribute table.
        records: lookup_ae_id: AE_ID, entity_id.
        periods: as `linkage.longitudinal.cohorts.followed` makes them, each once.

    Returns:
        AE_ID, start_year, lasting (whether the rule is met), for periods with any such
        study.
    """
    if rule.lasting is None:
        return _on_record(engine, definition, rule, rows, records, periods)
    condition, params = chosen(rule, "s")
    year = quote(rule.year)
    end_sql = f"s.{quote(rule.end)}" if rule.end else "cast(null as date)"
    spells = engine.sql(
        f"""
        with bounded as (
            select r.AE_ID, s.{quote(rule.start or "")} as began, {end_sql} as ended,
                   make_date(cast(s.{year} // 100 as integer), 8, 1) as year_start,
                   make_date(cast(s.{year} // 100 + 1 as integer), 7, 31) as year_end
            from {{rows}} as s
            join {{records}} as r on r.entity_id = s.entity_id
            where s.{year} is not null and {condition}
        )
        select distinct AE_ID, greatest(began, year_start) as start_date,
               least(coalesce(ended, year_end), year_end) as end_date
        from bounded
        where began <= year_end and coalesce(ended, year_end) >= greatest(began,
            year_start)
        """,
        rows=rows,
        records=records,
        params=params,
    )
    active_periods = active_months(engine, spells, periods)
    lasting = engine.sql(
        f"""
        select AE_ID, start_year, {lasted(rule.lasting, definition.period, "months")}
            as lasting
        from {{met}}
        where months <> 0
        """,
        met=active_periods,
        store=True,
    )
    engine.drop(active_periods)
    return lasting


def _on_record(
    engine: Engine,
    definition: Definition,
    rule: Study,
    rows: Table,
    records: Table,
    periods: Table,
) -> Table:
    """`studied` by a rule to which any record of an academic year that touches the
    period is enough.
    """
    condition, params = chosen(rule, "s")
    offset = 1 if definition.period == "tax" else 0
    return engine.sql(
        f"""
        with years as (
            select distinct r.AE_ID, s.{quote(rule.year)} // 100 as study_year
            from {{rows}} as s
            join {{records}} as r on r.entity_id = s.entity_id
            where {condition}
        )
        select distinct p.AE_ID, p.start_year, true as lasting
        from {{periods}} as p
        join years as y on y.AE_ID = p.AE_ID
        where y.study_year between p.start_year - {offset} and p.start_year
        """,
        rows=rows,
        records=records,
        periods=periods,
        params=params,
        store=True,
    )
