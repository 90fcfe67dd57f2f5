"""Employment, benefits and self-assessment of each person, and the rows of those files
that no LEO table takes.
"""

import datetime

import pyarrow as pa

from linkage.engine import Engine, Table, Value
from linkage.longitudinal.definitions import Benefits
from linkage.longitudinal.spells import OPEN_END, merge_spells

FIRST_SELF_ASSESSMENT = 201314
"""The first tax year that LEO holds (DfE, LEO variable request form v2.3, "SA")."""
NO_PERSON = "the record is linked to no person"


def holders(engine: Engine, lookup_edukey: Table) -> Table:
    """The person behind each tax and benefit record, by a number that joins faster than
    the key's text.

    Args:
        lookup_edukey: AE_ID, EDUKEY, entity_id of the CIS record; a person with two
            National Insurance numbers has two rows of one EDUKEY.

    Returns:
        entity_id, holder (BIGINT: the smallest entity_id of the EDUKEY), EDUKEY, AE_ID;
        stored.
    """
    return engine.sql(
        """
        select entity_id, min(entity_id) over (partition by EDUKEY) as holder, EDUKEY,
            AE_ID
        from {lookup_edukey}
        where entity_id is not null and EDUKEY is not null
        """,
        lookup_edukey=lookup_edukey,
        store=True,
    )


def keyed(
    engine: Engine, rows: Table, holders: Table, columns: str, **more: Table
) -> Table:
    """Rows of a `holder` under the person's EDUKEY: the last step of each of LEO's
    tables; stored.

    Args:
        columns: what follows EDUKEY, as the select list of a query in which `r` is the
            rows, and what it joins.
        more: further tables that `columns` names.
    """
    select_list, _, joins = columns.partition(" from ")
    query = (
        f"select h.EDUKEY, {select_list} from {{rows}} as r join {{holders}} as h "
        f"on h.entity_id = r.holder {joins}"
    )
    return engine.sql(
        query, params=None, store=True, rows=rows, holders=holders, **more
    )


def employment(
    engine: Engine, spells: Table, holders: Table, *, extract_date: datetime.date
) -> Table:
    """Employment spells of each person, overlapping and abutting ones merged, default
    dates marked.

    A missing start becomes the day before a known end. Dates of 6 April (start), 5
    April (end) and a start on the day before the end are what HMRC writes when the
    employer gave none (DfE, LEO variable request form v2.3, "Employment"): a true date
    that falls on one of them is marked too, since nothing tells them apart. Employment
    that goes on ends on the extract date, marked as uncertain, also where its end is
    written as OPEN_END.

    Args:
        spells: attributes/hmrc_employment: entity_id, StartDate, EndDate.
        holders: as `holders` makes it.
        extract_date: last day that the files can tell of.

    Returns:
        EDUKEY, StartDate, EndDate, UncertainStartDate, UncertainEndDate (1 or 0), as
        the catalogue's leo.employment; stored. Spells without dates, or that end before
        they start, are left out; `quarantined` counts them.
    """
    dated_spells = engine.sql(
        """
        with known as (
            select h.holder, s.StartDate, nullif(s.EndDate, $open) as EndDate
            from {spells} as s
            join {holders} as h on h.entity_id = s.entity_id
        ),
        reported as (
            select holder, coalesce(StartDate, EndDate - 1) as start_date,
                coalesce(EndDate, $extract_date) as end_date,
                   StartDate is null or (month(StartDate) = 4 and day(StartDate) = 6)
                       or coalesce(StartDate = EndDate - 1, false) as uncertain_start,
                   EndDate is null or (month(EndDate) = 4 and day(EndDate) = 5)
                       as uncertain_end
            from known
        )
        select * from reported where start_date <= end_date
        """,
        spells=spells,
        holders=holders,
        params={"extract_date": extract_date, "open": OPEN_END},
        store=True,
    )
    periods = merge_spells(engine, dated_spells, by=["holder"])
    columns = """r.start_date as StartDate, r.end_date as EndDate,
        cast(r.uncertain_start as integer) as UncertainStartDate,
            cast(r.uncertain_end as integer) as UncertainEndDate"""
    result = keyed(engine, periods, holders, columns)
    engine.drop(dated_spells, periods)
    return result


def benefits(
    engine: Engine,
    spells: Table,
    holders: Table,
    kinds: Benefits,
    *,
    extract_date: datetime.date,
) -> Table:
    """Benefit spells of each person, overlapping and abutting ones of one kind merged.

    Merging also closes the small gaps of spells that were pieced together from repeated
    scans of the benefit systems only where they abut: a gap of a day or more stays
    (DfE, LEO variable request form v2.3, "Benefits").

    Args:
        spells: attributes/dwp_benefits: entity_id, StartDate, EndDate (NULL or OPEN_END
            while the benefit goes on), Benefit_type.
        holders: as `holders` makes it.
        kinds: which kinds stand for being out of work; a kind that it does not name has
            no answer (NULL).
        extract_date: last day that the files can tell of.

    Returns:
        EDUKEY, StartDate, EndDate, Benefit_type, Out_of_work_benefit (1, 0 or NULL), as
        the catalogue's leo.benefits; stored. Spells without a start or a kind, or that
        end before they start, are left out; `quarantined` counts them.
    """
    kind_rows = [{"kind": kind, "out_of_work": 1} for kind in kinds.out_of_work]
    kind_rows += [{"kind": kind, "out_of_work": 0} for kind in kinds.other]
    schema = pa.schema([("kind", pa.string()), ("out_of_work", pa.int32())])
    frame = engine.from_arrow(pa.Table.from_pylist(kind_rows, schema))
    dated_spells = engine.sql(
        """
        with reported as (
            select h.holder, s.Benefit_type, s.StartDate as start_date,
                   coalesce(nullif(s.EndDate, $open), $extract_date) as end_date
            from {spells} as s
            join {holders} as h on h.entity_id = s.entity_id
            where s.Benefit_type is not null
        )
        select * from reported where start_date <= end_date
        """,
        spells=spells,
        holders=holders,
        params={"extract_date": extract_date, "open": OPEN_END},
        store=True,
    )
    periods = merge_spells(engine, dated_spells, by=["holder", "Benefit_type"])
    columns = """r.start_date as StartDate, r.end_date as EndDate, r.Benefit_type, f.out_of_work as Out_of_work_benefit
        from left join {frame} as f on f.kind = r.Benefit_type"""  # noqa: E501
    result = keyed(engine, periods, holders, columns, frame=frame)
    engine.drop(dated_spells, periods, frame)
    return result


def self_assessment(engine: Engine, returns: Table, holders: Table) -> Table:
    """One row a self-employed person and tax year, from 2013/14.

    Args:
        returns: attributes/hmrc_self_assessment: entity_id, TaxYear, EARNINGS_PTR,
            EARNINGS_SOLE (pounds or NULL).
        holders: as `holders` makes it.

    Returns:
        EDUKEY, TaxYear, Self_Employed (1), EARNINGS_PTR, EARNINGS_SOLE,
        EARNINGS_SELF_EMPLOYMENT (pounds, NULL where there was none), as the catalogue's
        leo.self_assessment; stored. A return that is there twice counts once.
    """
    yearly = engine.sql(
        """
        with filed as (
            select distinct h.holder, s.TaxYear, s.EARNINGS_PTR, s.EARNINGS_SOLE
            from {returns} as s
            join {holders} as h on h.entity_id = s.entity_id
            where s.TaxYear >= $first_year
        )
        select holder, TaxYear, cast(sum(EARNINGS_PTR) as bigint) as partnership,
               cast(sum(EARNINGS_SOLE) as bigint) as sole
        from filed
        group by holder, TaxYear
        """,
        returns=returns,
        holders=holders,
        params={"first_year": FIRST_SELF_ASSESSMENT},
    )
    columns = """r.TaxYear, 1 as Self_Employed, r.partnership as EARNINGS_PTR, r.sole as EARNINGS_SOLE,
        coalesce(r.partnership + r.sole, r.partnership, r.sole) as EARNINGS_SELF_EMPLOYMENT
        """  # noqa: E501
    result = keyed(engine, yearly, holders, columns)
    engine.drop(yearly)
    return result


_REASONS = {
    "employment": """
        when r.StartDate is null and nullif(r.EndDate, $open) is null then 'the spell has no date'
        when coalesce(r.StartDate, r.EndDate - 1) > coalesce(nullif(r.EndDate, $open), $extract_date)
            then 'the spell ends before it starts'""",  # noqa: E501
    "earnings": "when r.TaxYear is null or r.Earnings is null then 'the return has no "
    "tax year or no amount'",
    "self_assessment": """
        when r.TaxYear is null then 'the return has no tax year'
        when r.TaxYear < $first_year then 'the tax year is before 2013/14'""",
    "benefits": """
        when r.StartDate is null or r.Benefit_type is null then 'the spell has no start or no kind'
        when r.StartDate > coalesce(nullif(r.EndDate, $open), $extract_date)
            then 'the spell ends before it starts'""",  # noqa: E501
}


def quarantined(
    engine: Engine, holders: Table, *, extract_date: datetime.date, **tables: Table
) -> Table:
    """Counts of rows that no LEO table takes, by table and reason; a row has one
    reason, the first that applies.

    Args:
        holders: as `holders` makes it.
        extract_date: last day that the files can tell of.
        tables: employment, earnings, self_assessment, benefits: attributes of HMRC and
            DWP, as the builders take them.

    Returns:
        "table", reason, rows (BIGINT); no row for a reason that did not occur.
    """
    queries = " union all ".join(
        f"""
        select '{table}' as "table", case when h.entity_id is null
            then $no_person {cases} end as reason
        from {{{table}}} as r
        left join {{holders}} as h on h.entity_id = r.entity_id
        """
        for table, cases in _REASONS.items()
    )
    params: dict[str, Value] = {
        "extract_date": extract_date,
        "open": OPEN_END,
        "first_year": FIRST_SELF_ASSESSMENT,
    }
    return engine.sql(
        f"""
        with judged as ({queries})
        select "table", reason, count(*) as "rows" from judged where reason is not null
            group by "table", reason
        """,
        holders=holders,
        params={**params, "no_person": NO_PERSON},
        store=True,
        **tables,
    )
