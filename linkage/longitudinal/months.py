"""In which months of a period a person was active: twelve bits a person and period, in
place of twelve rows.

Bit 0 is the first month of the period (April of a tax year, September of an academic
year), bit 11 the last. A person is active in a month on any day of which a spell
covers. One whole number holds the year, so that a million people with eight periods
each cost eight million rows and not a hundred million, and a rule is arithmetic on it.
"""

from linkage.engine import Engine, Table
from linkage.longitudinal.definitions import PERIOD_MONTHS, Lasting


def active_months(engine: Engine, spells: Table, periods: Table) -> Table:
    """The months of each period that spells of its person cover, and the days of the
    tax year that they cover.

    Args:
        spells: AE_ID, start_date, end_date (inclusive). Days of overlapping spells
            count twice: merge them first.
        periods: AE_ID, start_year, first_month (months since year 0 of the period's
            first month), tax_start, tax_end (first and last day of the tax year that
            goes with the period); each period once.

    Returns:
        AE_ID, start_year, months (bits 0 to 11), days (of the tax year), for periods
        that have any of the two; stored.
    """
    return engine.sql(
        """
        with numbered as (
            select AE_ID, start_date, end_date,
                   year(start_date) * 12 + month(start_date) - 1 as start_month,
                   year(end_date) * 12 + month(end_date) - 1 as end_month
            from {spells}
        ),
        met as (
            select w.AE_ID, w.start_year,
                   greatest(s.start_month - w.first_month, 0) as first_bit,
                   least(s.end_month - w.first_month, 11) as last_bit,
                   greatest(date_diff('day', greatest(s.start_date, w.tax_start),
                       least(s.end_date, w.tax_end)) + 1, 0)
                       as days
            from {periods} as w
            join numbered as s on s.AE_ID = w.AE_ID
            where (s.start_month <= w.first_month + 11 and s.end_month >= w.first_month)
               or (s.start_date <= w.tax_end and s.end_date >= w.tax_start)
        )
        select AE_ID, start_year,
               cast(bit_or(case when first_bit <= last_bit
                                then (1 << cast(last_bit + 1 as integer))
                                    - (1 << cast(first_bit as integer))
                                else 0 end) as integer) as months,
               cast(sum(days) as integer) as days
        from met
        group by AE_ID, start_year
        """,
        spells=spells,
        periods=periods,
        store=True,
    )


def lasted(rule: Lasting, period: str, months: str) -> str:
    """The condition, in SQL, that a rule holds for the bits in column `months`.

    Args:
        rule: which months, how many of them, and whether they follow one another.
        period: "tax" or "academic".
        months: a column of bits as `active_months` makes them; NULL is no month.
    """
    order = PERIOD_MONTHS[period]
    mask = sum(1 << order.index(month) for month in rule.months)
    active = f"(coalesce({months}, 0) & {mask})"
    if not rule.consecutive:
        return f"bit_count({active}) >= {rule.at_least}"
    # Shifted onto itself k - 1 times, a number keeps a bit only where k bits stood in a
    # row.
    run = " & ".join(f"({active} << {shift})" for shift in range(rule.at_least))
    return f"({run}) <> 0"
