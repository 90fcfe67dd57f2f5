"""Earnings: what a person was paid in a tax year, and by whom most, from employers' P14
returns.
"""

from linkage.engine import Engine, Table
from linkage.longitudinal.tax_tables import keyed


def earnings(engine: Engine, returns: Table, holders: Table) -> Table:
    """One row a person and tax year, with the enterprise, section and industry that
    paid most.

    Rules after DfE, LEO variable request form v2.3, "Earnings": pay is summed, a
    negative total is 0, and a flag says where another enterprise, section or industry
    paid as much as the main one. Where it did, the smallest code is taken, so that a
    run repeated gives the same. A return of the same employer for the same amount is
    one return, sent twice; of an employer who is not known, one of the same enterprise,
    industry and section is. Employers that are not on the business register count in
    the total, and have no enterprise to be the main one.

    Args:
        returns: attributes/hmrc_earnings: entity_id, TaxYear, EmployerRef,
            EnterpriseRef, SIC2007, Section, Earnings (whole pounds).
        holders: as `linkage.longitudinal.tax_tables.holders` makes it.

    Returns:
        As the catalogue's leo.earnings, whole pounds; stored. Returns without a year or
        an amount are left out; `quarantined` counts them.
    """
    filed_returns = engine.sql(
        """
        select h.holder, r.TaxYear, r.Earnings as pay,
            min(r.EnterpriseRef) as enterprise, min(r.SIC2007) as sic,
               min(r.Section) as section
        from {returns} as r
        join {holders} as h on h.entity_id = r.entity_id
        where r.TaxYear is not null and r.Earnings is not null
        group by h.holder, r.TaxYear, r.EmployerRef, r.Earnings,
                 case when r.EmployerRef is null then r.EnterpriseRef end,
                 case when r.EmployerRef is null then r.SIC2007 end,
                     case when r.EmployerRef is null then r.Section end
        """,
        returns=returns,
        holders=holders,
        store=True,
    )
    # Most people have one return in a year, whose payer is the main one: only the
    # others need to be compared.
    yearly = engine.sql(
        """
        select holder, TaxYear, cast(sum(pay) as bigint) as pay, count(*) as returns,
               case when count(*) = 1 then min(enterprise) end as enterprise,
               case when count(*) = 1 then min(sic) end as sic,
                   case when count(*) = 1 then min(section) end as section
        from {filed}
        group by holder, TaxYear
        """,
        filed=filed_returns,
        store=True,
    )
    several_returns = engine.sql(
        """
        select f.* from {filed} as f
        join {yearly} as y on y.holder = f.holder and y.TaxYear = f.TaxYear
        where y.returns > 1
        """,
        filed=filed_returns,
        yearly=yearly,
        store=True,
    )
    engine.drop(filed_returns)
    main = {payer: _main(engine, several_returns, payer) for payer in _NAMES}
    result = keyed(engine, yearly, holders, _columns(), **main)
    engine.drop(*main.values(), several_returns, yearly)
    return result


_NAMES = {
    "enterprise": (
        "main_enterprise",
        "enterprise_earnings",
        "tied_main_record_enterprise_sic_fg",
        "Num_Employments",
    ),
    "section": (
        "Main_Section",
        "Section_Earnings",
        "Tied_Main_Section_Flag",
        "Num_Sections",
    ),
    "sic": ("Main_SIC2007", "SIC_Earnings", "Tied_Main_SIC_Flag", "Num_SIC"),
}
"""Kind of payer to the columns of the main one, its pay, whether it is tied, and how
many there are.
"""


def _columns() -> str:
    """Columns for `keyed`: the payer of a year of one return, or the main one of
    several (`_main`).
    """
    columns = [
        f"coalesce({payer}.main, r.{payer}) as {main}, "
        f"coalesce({payer}.pay, case when r.{payer} is not null then greatest(r.pay, "
        f"0) end) as {pay}, "
        f"coalesce(cast({payer}.tied as integer), case when r.{payer} is not null then "
        f"0 end) as {tied}, "
        f"coalesce({payer}.different, cast(r.{payer} is not null as integer)) as "
        f"{number}"
        for payer, (main, pay, tied, number) in _NAMES.items()
    ]
    columns += [
        f"coalesce(enterprise.{of}, case when r.enterprise is not null then r.{of} "
        f"end) as main_enterprise_linked_{name}"
        for of, name in (("sic", "sic2007"), ("section", "section"))
    ]
    joins = [
        f"left join {{{p}}} as {p} on {p}.holder = r.holder and {p}.TaxYear = r.TaxYear"
        for p in _NAMES
    ]
    return (
        f"r.TaxYear, greatest(r.pay, 0) as Earnings, {', '.join(columns)} from "
        f"{' '.join(joins)}"
    )


def _main(engine: Engine, filed: Table, payer: str) -> Table:
    """For each person and tax year the payer that paid most: main, its pay, industry
    and section, tied, different.
    """
    return engine.sql(
        f"""
        with by_payer as (
            select holder, TaxYear, {payer} as payer, cast(sum(pay) as bigint) as pay,
                min(sic) as payer_sic,
                   min(section) as payer_section
            from {{filed}}
            where {payer} is not null
            group by holder, TaxYear, {payer}
        ),
        with_the_most as (
            select *, max(pay) over (partition by holder, TaxYear) as most
            from by_payer
        )
        select holder, TaxYear, min(payer) filter (where pay = most) as main,
            greatest(max(most), 0) as pay,
               count(*) filter (where pay = most) > 1 as tied, count(*) as different,
               -- Of a payer without an industry arg_min would take that of another who
               -- paid as much.
               nullif(arg_min(coalesce(payer_sic, ''), payer) filter (where pay = most),
                   '') as sic,
               nullif(arg_min(coalesce(payer_section, ''),
                   payer) filter (where pay = most), '') as section
        from with_the_most
        group by holder, TaxYear
        """,
        filed=filed,
        store=True,
    )
