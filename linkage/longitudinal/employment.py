"""Employment: the periods in which a person had work of any kind, from employers' P45 returns."""

import datetime

from linkage.engine import Engine, Table
from linkage.longitudinal.people import keyed
from linkage.longitudinal.spells import OPEN_END, merge_spells


def employment(engine: Engine, spells: Table, holders: Table, *, extract_date: datetime.date) -> Table:
    """Employment spells of each person, overlapping and abutting ones merged, default dates marked.

    A missing start becomes the day before a known end. Dates of 6 April (start), 5 April (end) and a start on the day
    before the end are what HMRC writes when the employer gave none (DfE, LEO variable request form v2.3,
    "Employment"): a true date that falls on one of them is marked too, since nothing tells them apart. Employment
    that goes on ends on the extract date, marked as uncertain, also where its end is written as OPEN_END.

    Args:
        spells: attributes/hmrc_employment: entity_id, StartDate, EndDate.
        holders: as `linkage.longitudinal.holders` makes it.
        extract_date: last day that the files can tell of.

    Returns:
        EDUKEY, StartDate, EndDate, UncertainStartDate, UncertainEndDate (1 or 0), as the catalogue's leo.employment;
        stored. Spells without dates, or that end before they start, are left out; `set_aside` counts them.
    """
    dated = engine.sql(
        """
        with known as (
            select h.holder, s.StartDate, nullif(s.EndDate, $open) as EndDate
            from {spells} as s
            join {holders} as h on h.entity_id = s.entity_id
        ),
        reported as (
            select s.holder,
                   coalesce(s.StartDate, s.EndDate - 1) as start_date,
                   coalesce(s.EndDate, $extract_date) as end_date,
                   s.StartDate is null or (month(s.StartDate) = 4 and day(s.StartDate) = 6)
                       or coalesce(s.StartDate = s.EndDate - 1, false) as uncertain_start,
                   s.EndDate is null or (month(s.EndDate) = 4 and day(s.EndDate) = 5) as uncertain_end
            from known as s
        )
        select * from reported where start_date <= end_date
        """,
        spells=spells,
        holders=holders,
        params={"extract_date": extract_date, "open": OPEN_END},
        store=True,
    )
    periods = merge_spells(engine, dated, by=["holder"])
    named = keyed(
        engine,
        periods,
        holders,
        """r.start_date as StartDate, r.end_date as EndDate,
               cast(r.uncertain_start as integer) as UncertainStartDate,
               cast(r.uncertain_end as integer) as UncertainEndDate""",
    )
    engine.drop(dated, periods)
    return named
