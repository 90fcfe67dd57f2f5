"""How many rows of the tax and benefit files no LEO table could take, and why. Nothing is dropped in silence."""

import datetime

from linkage.engine import Engine, Table
from linkage.longitudinal.self_assessment import FIRST_YEAR
from linkage.longitudinal.spells import OPEN_END

NO_PERSON = "the record is linked to no person"


def set_aside(
    engine: Engine,
    *,
    employment: Table,
    earnings: Table,
    self_assessment: Table,
    benefits: Table,
    holders: Table,
    extract_date: datetime.date,
) -> Table:
    """Counts of rows that were read and left out, by table and reason; a row has one reason, the first that applies.

    Args:
        employment, earnings, self_assessment, benefits: attributes of HMRC and DWP, as the builders take them.
        holders: as `linkage.longitudinal.holders` makes it.
        extract_date: last day that the files can tell of.

    Returns:
        "table", reason, rows (BIGINT); no row for a reason that did not occur.
    """
    reasons = {
        "employment": """
            when r.StartDate is null and nullif(r.EndDate, $open) is null then 'the spell has no date'
            when coalesce(r.StartDate, r.EndDate - 1) > coalesce(nullif(r.EndDate, $open), $extract_date)
                then 'the spell ends before it starts'""",
        "earnings": "when r.TaxYear is null or r.Earnings is null then 'the return has no tax year or no amount'",
        "self_assessment": """
            when r.TaxYear is null then 'the return has no tax year'
            when r.TaxYear < $first_year then 'the tax year is before 2013/14'""",
        "benefits": """
            when r.StartDate is null or r.Benefit_type is null then 'the spell has no start or no kind'
            when r.StartDate > coalesce(nullif(r.EndDate, $open), $extract_date)
                then 'the spell ends before it starts'""",
    }
    counted = " union all ".join(
        f"""
        select '{table}' as "table", case when h.entity_id is null then $no_person {why} end as reason
        from {{{table}}} as r
        left join {{holders}} as h on h.entity_id = r.entity_id
        """
        for table, why in reasons.items()
    )
    return engine.sql(
        f"""
        with judged as ({counted})
        select "table", reason, count(*) as "rows" from judged where reason is not null group by "table", reason
        """,
        employment=employment,
        earnings=earnings,
        self_assessment=self_assessment,
        benefits=benefits,
        holders=holders,
        params={"extract_date": extract_date, "open": OPEN_END, "first_year": FIRST_YEAR, "no_person": NO_PERSON},
        store=True,
    )
