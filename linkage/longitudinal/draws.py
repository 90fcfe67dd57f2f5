"""Outcomes under alternative link sets: what would have been found had the tax records been linked otherwise.

Only people whose tax records differ between the sets are followed again. They are followed in all sets at once: each
set's copy of a person and of a tax record has a number of its own, so that no spell of one set meets one of another.
"""

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pyarrow as pa

from linkage import catalogue as catalogues
from linkage.catalogue import Catalogue
from linkage.engine import Engine, Table
from linkage.longitudinal.build import all_received, tax_tables
from linkage.longitudinal.definitions import OutcomeDefinitions
from linkage.longitudinal.outcomes import outcomes
from linkage.longitudinal.people import holders as find_holders

TAX_TABLES = ("hmrc_employment", "hmrc_earnings", "hmrc_self_assessment", "dwp_benefits")


@dataclass(frozen=True)
class Sampled:
    """The link sets of a step that brings tax records to people.

    Attributes:
        links: draw (from 1), left_id, right_id.
        units: side, unit_id, entity_id; the tax records stand on the right.
        cut: left_id, right_id of the step's links that the run has cut in the end.
    """

    links: Table
    units: Table
    cut: Table


def outcomes_drawn(
    engine: Engine,
    attributes: Mapping[str, Table],
    lookups: Mapping[str, Table],
    sampled: Sequence[Sampled],
    draws: int,
    definitions: OutcomeDefinitions,
    *,
    extract_date: datetime.date,
    catalogue: Catalogue | None = None,
) -> Table:
    """The outcomes of those people whose tax records are not the run's own in every draw.

    Args:
        attributes: as of `linkage.longitudinal.build`.
        lookups: lookup_ae_id and lookup_edukey of the run.
        sampled: one a step that has link sets. Draws of the same number go together.
        draws: link sets of each step.
        definitions: those by which the run's own outcomes were made.
        extract_date: as of the run's own.

    Returns:
        draw, and the columns of the catalogue's leo.outcomes but EDUKEY; a row of such a person in every draw; stored.
    """
    numbers = engine.from_arrow(pa.table({"draw": pa.array(range(1, draws + 1), pa.int64())}))
    given = _given(engine, lookups, sampled, numbers)
    copies = _copies(engine, given, lookups["lookup_edukey"], numbers, draws)
    records = engine.sql(
        """
        select c.copy as AE_ID, l.source, l.entity_id
        from {copies} as c
        join {lookup} as l on l.AE_ID = c.AE_ID
        """,
        copies=copies,
        lookup=lookups["lookup_ae_id"],
        store=True,
    )
    held = engine.sql(
        """
        select c.copy as AE_ID, cast(c.copy as varchar) as EDUKEY,
               g.entity_id * ($draws + 1) + g.draw as entity_id, g.entity_id as of_entity
        from {given} as g
        join {copies} as c on c.AE_ID = g.AE_ID and c.draw = g.draw
        """,
        params={"draws": draws},
        given=given,
        copies=copies,
        store=True,
    )
    known = all_received(engine, catalogue or catalogues.shipped(), attributes, definitions)
    known |= {name: _copied(engine, known[name], held) for name in TAX_TABLES}
    holders = find_holders(engine, held)
    leo = tax_tables(engine, known, holders, definitions, extract_date=extract_date)
    found = outcomes(engine, definitions, known, records, holders, leo, extract_date=extract_date)
    names = ", ".join(f"o.{name}" for name in found.columns if name not in ("AE_ID", "EDUKEY"))
    drawn = engine.sql(
        f"select c.draw, c.AE_ID, {names} from {{found}} as o join {{copies}} as c on c.copy = o.AE_ID",
        params=None,
        found=found,
        copies=copies,
        store=True,
    )
    engine.drop(found, holders, *leo.values(), *(known[name] for name in TAX_TABLES), records, held, copies, given)
    return drawn


def _given(engine: Engine, lookups: Mapping[str, Table], sampled: Sequence[Sampled], numbers: Table) -> Table:
    """AE_ID, draw, entity_id: whose each tax record is in each draw; stored.

    A draw names units. Where the run has parted one into several people, a record stays with the person whom the run
    itself gives it, or goes to the lowest of them. A link that the run has cut is in no draw, and a record that no
    sampled step has brought is in all.
    """
    parts: list[str] = []
    named: dict[str, Table] = {}
    for number, step in enumerate(sampled):
        named |= {f"links_{number}": step.links, f"units_{number}": step.units, f"cut_{number}": step.cut}
        parts.append(
            f"""
            select cast(s.draw as bigint) as draw, s.left_id, of_right.entity_id, person.AE_ID
            from {{links_{number}}} as s
            join {{units_{number}}} as of_left on of_left.side = 'left' and of_left.unit_id = s.left_id
            join {{people}} as person on person.entity_id = of_left.entity_id
            join {{units_{number}}} as of_right on of_right.side = 'right' and of_right.unit_id = s.right_id
            left join {{cut_{number}}} as cut on cut.left_id = s.left_id and cut.right_id = s.right_id
            where cut.left_id is null
            """
        )
    brought = " union all ".join(
        f"select entity_id from {{units_{number}}} where side = 'right'" for number in range(len(sampled))
    )
    return engine.sql(
        f"""
        with drawn as ({" union all ".join(parts)}),
        placed as (
            select distinct d.draw, d.AE_ID, d.entity_id, d.left_id, own.AE_ID is not null as is_own
            from drawn as d
            left join {{own}} as own on own.AE_ID = d.AE_ID and own.entity_id = d.entity_id
            qualify rank() over (
                        partition by d.draw, d.left_id, d.entity_id
                        order by case when own.AE_ID is null then 1 else 0 end, d.AE_ID
                    ) = 1
        ),
        standing as (
            select AE_ID, entity_id from {{own}} anti join ({brought}) using (entity_id)
        )
        select distinct AE_ID, draw, entity_id from placed
        union all
        select s.AE_ID, n.draw, s.entity_id from standing as s cross join {{numbers}} as n
        """,
        params=None,
        people=lookups["lookup_ae_id"],
        own=lookups["lookup_edukey"],
        numbers=numbers,
        store=True,
        **named,
    )


def _copies(engine: Engine, given: Table, own: Table, numbers: Table, draws: int) -> Table:
    """AE_ID, draw, copy: people whose tax records are not the run's own in every draw, with a number for each draw.

    Args:
        given: as `_given` makes it.
        own: lookup_edukey of the run.
        numbers: draw.
    """
    return engine.sql(
        """
        with alike as (
            select AE_ID, entity_id, count(*) as draws from {given} group by AE_ID, entity_id
        ),
        changed as (
            select distinct coalesce(own.AE_ID, alike.AE_ID) as AE_ID
            from {own} as own
            full join alike on alike.AE_ID = own.AE_ID and alike.entity_id = own.entity_id
            where own.AE_ID is null or alike.AE_ID is null or alike.draws < $draws
        )
        select changed.AE_ID, n.draw, changed.AE_ID * ($draws + 1) + n.draw as copy
        from changed
        cross join {numbers} as n
        """,
        params={"draws": draws},
        given=given,
        own=own,
        numbers=numbers,
        store=True,
    )


def _copied(engine: Engine, rows: Table, held: Table) -> Table:
    """Rows of tax records, once for each copy of theirs."""
    others = ", ".join(f'r."{name}"' for name in rows.columns if name != "entity_id")
    return engine.sql(
        f"select h.entity_id, {others} from {{rows}} as r join {{held}} as h on h.of_entity = r.entity_id",
        params=None,
        rows=rows,
        held=held,
        store=True,
    )
