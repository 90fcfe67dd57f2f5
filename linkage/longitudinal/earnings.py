"""Earnings: what a person was paid in a tax year, and by whom most, from employers' P14 returns."""

from linkage.engine import Engine, Table
from linkage.longitudinal.people import keyed


def earnings(engine: Engine, returns: Table, holders: Table) -> Table:
    """One row a person and tax year, with the enterprise, section and industry that paid most.

    Rules after DfE, LEO variable request form v2.3, "Earnings": pay is summed, a negative total is 0, and a flag says
    where another enterprise, section or industry paid as much as the main one. Where it did, the smallest code is
    taken, so that a run repeated gives the same. Rows that are alike in everything are one return, sent twice.
    Employers that are not on the business register count in the total, and have no enterprise to be the main one.

    Args:
        returns: attributes/hmrc_earnings: entity_id, TaxYear, EmployerRef, EnterpriseRef, SIC2007, Section, Earnings
            (whole pounds).
        holders: as `linkage.longitudinal.holders` makes it.

    Returns:
        As the catalogue's leo.earnings, whole pounds; stored. Returns without a year or an amount are left out;
        `set_aside` counts them.
    """
    paid = engine.sql(
        """
        with filed as (
            select distinct h.holder, r.TaxYear, r.EmployerRef, r.EnterpriseRef, r.SIC2007, r.Section, r.Earnings
            from {returns} as r
            join {holders} as h on h.entity_id = r.entity_id
            where r.TaxYear is not null and r.Earnings is not null
        )
        select holder, TaxYear, EnterpriseRef, SIC2007, Section, cast(sum(Earnings) as bigint) as pay
        from filed
        group by holder, TaxYear, EnterpriseRef, SIC2007, Section
        """,
        returns=returns,
        holders=holders,
        store=True,
    )
    totals = engine.sql(
        "select holder, TaxYear, cast(sum(pay) as bigint) as pay from {paid} group by holder, TaxYear", paid=paid
    )
    enterprises = _main(engine, paid, "EnterpriseRef")
    sections = _main(engine, paid, "Section")
    industries = _main(engine, paid, "SIC2007")
    yearly = engine.sql(
        """
        select t.holder, t.TaxYear, t.pay, e.main as enterprise, e.pay as enterprise_pay, e.tied as enterprise_tied,
               e.different as enterprises, e.sic as enterprise_sic, e.section as enterprise_section,
               s.main as section, s.pay as section_pay, s.tied as section_tied, s.different as sections,
               i.main as sic, i.pay as sic_pay, i.tied as sic_tied, i.different as sics
        from {totals} as t
        left join {enterprises} as e on e.holder = t.holder and e.TaxYear = t.TaxYear
        left join {sections} as s on s.holder = t.holder and s.TaxYear = t.TaxYear
        left join {industries} as i on i.holder = t.holder and i.TaxYear = t.TaxYear
        """,
        totals=totals,
        enterprises=enterprises,
        sections=sections,
        industries=industries,
    )
    named = keyed(
        engine,
        yearly,
        holders,
        """r.TaxYear, greatest(r.pay, 0) as Earnings,
               r.enterprise as main_enterprise,
               case when r.enterprise is not null then greatest(r.enterprise_pay, 0) end as enterprise_earnings,
               cast(r.enterprise_tied as integer) as tied_main_record_enterprise_sic_fg,
               coalesce(r.enterprises, 0) as Num_Employments,
               r.section as Main_Section,
               case when r.section is not null then greatest(r.section_pay, 0) end as Section_Earnings,
               cast(r.section_tied as integer) as Tied_Main_Section_Flag, coalesce(r.sections, 0) as Num_Sections,
               r.sic as Main_SIC2007,
               case when r.sic is not null then greatest(r.sic_pay, 0) end as SIC_Earnings,
               cast(r.sic_tied as integer) as Tied_Main_SIC_Flag, coalesce(r.sics, 0) as Num_SIC,
               r.enterprise_sic as main_enterprise_linked_sic2007,
               r.enterprise_section as main_enterprise_linked_section""",
    )
    engine.drop(yearly, totals, enterprises, sections, industries, paid)
    return named


def _main(engine: Engine, paid: Table, payer: str) -> Table:
    """For each person and tax year the payer that paid most: main, its pay, industry and section, tied, different."""
    return engine.sql(
        f"""
        with by_payer as (
            select holder, TaxYear, {payer} as payer, sum(pay) as pay, min(SIC2007) as sic, min(Section) as section
            from {{paid}}
            where {payer} is not null
            group by holder, TaxYear, {payer}
        ),
        beside_the_most as (
            select holder, TaxYear, payer, pay, sic, section,
                   max(pay) over (partition by holder, TaxYear) as most
            from by_payer
        ),
        counted as (
            select holder, TaxYear, min(payer) filter (where pay = most) as main, max(most) as pay,
                   count(*) filter (where pay = most) > 1 as tied, count(*) as different,
                   arg_min(sic, payer) filter (where pay = most) as sic,
                   arg_min(section, payer) filter (where pay = most) as section
            from beside_the_most
            group by holder, TaxYear
        )
        select holder, TaxYear, main, cast(pay as bigint) as pay, tied, different, sic, section from counted
        """,
        paid=paid,
    )
