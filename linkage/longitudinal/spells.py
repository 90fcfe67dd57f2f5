"""Merge overlapping or abutting spells, as LEO does before it publishes them."""

import datetime

from linkage.engine import Engine, Table, columns, one
from linkage.errors import ContractError

OPEN_END = datetime.date(9999, 12, 31)
"""How registers write the end of what goes on."""


def merge_spells(engine: Engine, spells: Table, *, by: list[str]) -> Table:
    """One row for each unbroken period.

    Two spells are one when the second starts no later than the day after the first ends
    (DfE, LEO variable request form v2.3, "Employment": overlapping or abutting spells
    are merged).

    A date may be marked as a default. A period's mark is that of the spell which gives
    the date; where several spells give the same date, one that is known makes it known.

    Args:
        spells: columns of `by`, start_date, end_date (dates, end inclusive; an open
            spell ends on the extract date), and where dates may be defaults
            uncertain_start and uncertain_end (BOOLEAN, not NULL). Read twice: store it.
        by: who and what a period belongs to, for example ["EDUKEY"] or ["EDUKEY",
            "Benefit_type"].

    Returns:
        Columns of `by`, start_date, end_date, spells_merged (count) and the two marks
        where they were given, ordered by nothing; stored.

    Raises:
        ContractError: a spell has no date or ends before it starts; the message gives
            counts, never the rows.
    """
    _refuse_impossible(engine, spells)
    key = columns(by)
    marks = ""
    if "uncertain_start" in spells.columns:
        # The earliest known start is the period's own start unless every spell that
        # starts there has a default.
        marks = """,
            coalesce(min(start_date) filter (where not uncertain_start) >
                min(start_date), true) as uncertain_start,
            coalesce(max(end_date) filter (where not uncertain_end) < max(end_date),
                true) as uncertain_end"""
    return engine.sql(
        f"""
        with ordered as (
            select *, max(end_date) over (partition by {key} order by start_date,
                end_date
                                          rows between unbounded preceding
                                              and 1 preceding) as ends_before
            from {{spells}}
        ),
        opened as (
            -- The day on which the period opened. Spells of the same days have it
            -- together, whichever of them a sort puts first: a second sort may put
            -- another first, and a count of openings would then tear them apart.
            select *, max(case when start_date <= ends_before + 1 then null
                else start_date end)
                      over (partition by {key} order by start_date, end_date
                            range between unbounded preceding and current row) as period
            from ordered
        )
        select {key}, min(start_date) as start_date, max(end_date) as end_date,
            count(*) as spells_merged{marks}
        from opened
        group by {key}, period
        """,
        spells=spells,
        store=True,
    )


def _refuse_impossible(engine: Engine, spells: Table) -> None:
    counts = one(
        engine,
        engine.sql(
            """
            select count(*) filter (where start_date is null or end_date is null)
                as dateless,
                   count(*) filter (where end_date < start_date) as backwards
            from {spells}
            """,
            spells=spells,
        ),
    )
    if counts["dateless"] or counts["backwards"]:
        raise ContractError(
            f"spells cannot be merged: {counts['dateless']:,} have no start or no end, "
            f"{counts['backwards']:,} end before"
            " they start\n  leave them out, or give open spells the extract date, "
            "before merging"
        )
