"""Benefits: the periods in which a person received a kind of benefit."""

import datetime

import pyarrow as pa

from linkage.engine import Engine, Table
from linkage.longitudinal.definitions import Benefits
from linkage.longitudinal.people import keyed
from linkage.longitudinal.spells import OPEN_END, merge_spells


def benefits(engine: Engine, spells: Table, holders: Table, kinds: Benefits, *, extract_date: datetime.date) -> Table:
    """Benefit spells of each person, overlapping and abutting ones of one kind merged.

    Merging also closes the small gaps of spells that were pieced together from repeated scans of the benefit systems
    only where they abut: a gap of a day or more stays (DfE, LEO variable request form v2.3, "Benefits").

    Args:
        spells: attributes/dwp_benefits: entity_id, StartDate, EndDate (NULL or OPEN_END while the benefit goes on),
            Benefit_type.
        holders: as `linkage.longitudinal.holders` makes it.
        kinds: which kinds stand for being out of work; a kind that it does not name has no answer (NULL).
        extract_date: last day that the files can tell of.

    Returns:
        EDUKEY, StartDate, EndDate, Benefit_type, Out_of_work_benefit (1, 0 or NULL), as the catalogue's leo.benefits;
        stored. Spells without a start or a kind, or that end before they start, are left out; `set_aside` counts them.
    """
    frame = engine.from_arrow(
        pa.table(
            {
                "kind": pa.array([*kinds.out_of_work, *kinds.other], pa.string()),
                "out_of_work": pa.array([1] * len(kinds.out_of_work) + [0] * len(kinds.other), pa.int32()),
            }
        )
    )
    dated = engine.sql(
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
    periods = merge_spells(engine, dated, by=["holder", "Benefit_type"])
    sorted_out = engine.sql(
        """
        select p.holder, p.start_date, p.end_date, p.Benefit_type, f.out_of_work
        from {periods} as p
        left join {frame} as f on f.kind = p.Benefit_type
        """,
        periods=periods,
        frame=frame,
    )
    named = keyed(
        engine,
        sorted_out,
        holders,
        """r.start_date as StartDate, r.end_date as EndDate, r.Benefit_type,
               r.out_of_work as Out_of_work_benefit""",
    )
    engine.drop(sorted_out, dated, periods, frame)
    return named
