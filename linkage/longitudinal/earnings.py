"""Earnings: what a person was paid in a tax year, and by whom most, from employers' P14 returns."""

from linkage.engine import Engine, Table
from linkage.longitudinal.tax_tables import keyed


def earnings(engine: Engine, returns: Table, holders: Table) -> Table:
    """One row a person and tax year, with the enterprise, section and industry that paid most.

    Rules after DfE, LEO variable request form v2.3, "Earnings": pay is summed, a negative total is 0, and a flag says
    where another enterprise, section or industry paid as much as the main one. Where it did, the smallest code is
    taken, so that a run repeated gives the same. A return of the same employer
    for the same amount is one return, sent twice; of an employer who is not known, one of the same enterprise, industry
    and section is. Employers that are not on the business register count in the total, and have no enterprise to be the
    main one.

    Args:
        returns: attributes/hmrc_earnings: entity_id, TaxYear, EmployerRef, EnterpriseRef, SIC2007, Section, Earnings
            (whole pounds).
        holders: as `linkage.longitudinal.tax_tables.holders` makes it.

    Returns:
        As the catalogue's leo.earnings, whole pounds; stored. Returns without a year or an amount are left out;
        `quarantined` counts them.
    """
    filed = engine.sql(
        """
        select h.holder, r.TaxYear, r.Earnings as pay, min(r.EnterpriseRef) as enterprise, min(r.SIC2007) as sic,
               min(r.Section) as section
        from {returns} as r
        join {holders} as h on h.entity_id = r.entity_id
        where r.TaxYear is not null and r.Earnings is not null
        group by h.holder, r.TaxYear, r.EmployerRef, r.Earnings,
                 case when r.EmployerRef is null then r.EnterpriseRef end,
                 case when r.EmployerRef is null then r.SIC2007 end, case when r.EmployerRef is null then r.Section end
        """,
        returns=returns,
        holders=holders,
        store=True,
    )
    yearly = engine.sql(
        """
        select holder, TaxYear, cast(sum(pay) as bigint) as pay, count(*) as returns, min(enterprise) as enterprise,
               min(sic) as sic, min(section) as section
        from {filed}
        group by holder, TaxYear
        """,
        filed=filed,
        store=True,
    )
    # Most people have one employer in a year, who then is the main one: only the others need to be weighed.
    several = engine.sql(
        """
        select f.* from {filed} as f
        join {yearly} as y on y.holder = f.holder and y.TaxYear = f.TaxYear
        where y.returns > 1
        """,
        filed=filed,
        yearly=yearly,
        store=True,
    )
    engine.drop(filed)
    weighed = {payer: _main(engine, several, payer) for payer in ("enterprise", "section", "sic")}
    named = keyed(engine, _all_years(engine, yearly, **weighed), holders, _COLUMNS)
    engine.drop(*weighed.values(), several, yearly)
    return named


_COLUMNS = """r.TaxYear, greatest(r.pay, 0) as Earnings,
               r.enterprise as main_enterprise,
               case when r.enterprise is not null then greatest(r.enterprise_pay, 0) end as enterprise_earnings,
               cast(r.enterprise_tied as integer) as tied_main_record_enterprise_sic_fg,
               r.enterprises as Num_Employments,
               r.section as Main_Section,
               case when r.section is not null then greatest(r.section_pay, 0) end as Section_Earnings,
               cast(r.section_tied as integer) as Tied_Main_Section_Flag, r.sections as Num_Sections,
               r.sic as Main_SIC2007,
               case when r.sic is not null then greatest(r.sic_pay, 0) end as SIC_Earnings,
               cast(r.sic_tied as integer) as Tied_Main_SIC_Flag, r.sics as Num_SIC,
               r.enterprise_sic as main_enterprise_linked_sic2007,
               r.enterprise_section as main_enterprise_linked_section"""


def _main(engine: Engine, filed: Table, payer: str) -> Table:
    """For each person and tax year the payer that paid most: main, its pay, industry and section, tied, different."""
    return engine.sql(
        f"""
        with by_payer as (
            select holder, TaxYear, {payer} as payer, cast(sum(pay) as bigint) as pay, min(sic) as payer_sic,
                   min(section) as payer_section
            from {{filed}}
            where {payer} is not null
            group by holder, TaxYear, {payer}
        ),
        beside_the_most as (
            select *, max(pay) over (partition by holder, TaxYear) as most
            from by_payer
        )
        select holder, TaxYear, min(payer) filter (where pay = most) as main, max(most) as pay,
               count(*) filter (where pay = most) > 1 as tied, count(*) as different,
               -- Of a payer without an industry arg_min would take that of another who paid as much.
               nullif(arg_min(coalesce(payer_sic, ''), payer) filter (where pay = most), '') as sic,
               nullif(arg_min(coalesce(payer_section, ''), payer) filter (where pay = most), '') as section
        from beside_the_most
        group by holder, TaxYear
        """,
        filed=filed,
        store=True,
    )


def _all_years(engine: Engine, yearly: Table, *, enterprise: Table, section: Table, sic: Table) -> Table:
    """Years of one return, which is its own main one, and years of several, as they were weighed."""
    return engine.sql(
        """
        select holder, TaxYear, pay,
               enterprise, pay as enterprise_pay, case when enterprise is not null then false end as enterprise_tied,
               case when enterprise is null then 0 else 1 end as enterprises,
               case when enterprise is not null then sic end as enterprise_sic,
               case when enterprise is not null then section end as enterprise_section,
               section, pay as section_pay, case when section is not null then false end as section_tied,
               case when section is null then 0 else 1 end as sections,
               sic, pay as sic_pay, case when sic is not null then false end as sic_tied,
               case when sic is null then 0 else 1 end as sics
        from {yearly}
        where returns = 1
        union all
        select y.holder, y.TaxYear, y.pay,
               e.main, e.pay, e.tied, coalesce(e.different, 0), e.sic, e.section,
               s.main, s.pay, s.tied, coalesce(s.different, 0),
               i.main, i.pay, i.tied, coalesce(i.different, 0)
        from {yearly} as y
        left join {enterprise} as e on e.holder = y.holder and e.TaxYear = y.TaxYear
        left join {section} as s on s.holder = y.holder and s.TaxYear = y.TaxYear
        left join {sic} as i on i.holder = y.holder and i.TaxYear = y.TaxYear
        where y.returns > 1
        """,
        yearly=yearly,
        enterprise=enterprise,
        section=section,
        sic=sic,
    )
