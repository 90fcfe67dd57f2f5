"""Self-assessment: who was self-employed in a tax year, and with what profit."""

from linkage.engine import Engine, Table
from linkage.longitudinal.people import keyed

FIRST_YEAR = 201314
"""The first tax year that LEO holds (DfE, LEO variable request form v2.3, "SA")."""


def self_assessment(engine: Engine, returns: Table, holders: Table) -> Table:
    """One row a self-employed person and tax year, from 2013/14.

    Args:
        returns: attributes/hmrc_self_assessment: entity_id, TaxYear, EARNINGS_PTR, EARNINGS_SOLE (pounds or NULL).
        holders: as `linkage.longitudinal.holders` makes it.

    Returns:
        EDUKEY, TaxYear, Self_Employed (1), EARNINGS_PTR, EARNINGS_SOLE, EARNINGS_SELF_EMPLOYMENT (pounds, NULL where
        there was none), as the catalogue's leo.self_assessment; stored. A return that is there twice counts once.
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
        params={"first_year": FIRST_YEAR},
    )
    named = keyed(
        engine,
        yearly,
        holders,
        """r.TaxYear, 1 as Self_Employed, r.partnership as EARNINGS_PTR, r.sole as EARNINGS_SOLE,
               coalesce(r.partnership + r.sole, r.partnership, r.sole) as EARNINGS_SELF_EMPLOYMENT""",
    )
    engine.drop(yearly)
    return named
