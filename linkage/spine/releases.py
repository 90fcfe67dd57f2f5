"""Person ids that stay the same from release to release, and the concordance that says
where they did not.

An entity is known again by its source and the source's own key; one to which its source
gives no key is not. A person's id goes where most of the person's entities are now;
where two persons became one, the id of the one who brings more stays. What is tied goes
by the sources, in the order in which they make people. An id that is given up is never
given to anybody else.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import pyarrow as pa

from linkage.catalogue import KEYLESS
from linkage.engine import Engine, Table, empty, one
from linkage.records.ids import numbered


@dataclass(frozen=True)
class Release:
    """The release before this one.

    Attributes:
        spine: person_id, source, entity_key of it.
        last_person_id: the greatest id that was ever given.
    """

    spine: Table
    last_person_id: int


@dataclass(frozen=True)
class Numbering:
    """Ids of this release's people.

    Attributes:
        ids: unit_id, person_id.
        concordance: old_person_id, new_person_id, change; docs/reference/tables.md.
        last_person_id: the greatest id that was ever given, this release's among them.
    """

    ids: Table
    concordance: Table
    last_person_id: int


def number_people(
    engine: Engine,
    people: Table,
    before: Release | None = None,
    *,
    preference: Sequence[str] = (),
) -> Numbering:
    """Give each person an id: the one they had, or one that was never given before.

    Args:
        people: unit_id, source, entity_key: the entities of each person, all of them.
        before: the release before this one; without it, people are numbered in the
            order of their units.
        preference: sources, the one that decides a tie first.
    """
    known = before.spine if before else empty(engine, _KNOWN)
    last = before.last_person_id if before else 0
    overlaps = engine.sql(
        _SHARED,
        people=people,
        known=known_again(engine, known),
        ranks=_ranks(engine, preference),
        store=True,
    )
    survivors = engine.sql(_SURVIVORS, shared=overlaps, store=True)
    fresh = numbered(
        engine,
        engine.sql(_FRESH, people=people, survivors=survivors),
        "unit_key",
        "person_id",
        first=last + 1,
    )
    ids = engine.sql(_IDS, fresh=fresh, survivors=survivors, store=True)
    concordance = engine.sql(
        _CONCORDANCE,
        shared=overlaps,
        ids=ids,
        known=known,
        survivors=survivors,
        store=True,
    )
    greatest = one(
        engine, engine.sql("select max(person_id) as id from {ids}", ids=ids)
    )["id"]
    engine.drop(overlaps, survivors, fresh)
    return Numbering(ids, concordance, max(last, int(greatest or 0)))


def known_again(engine: Engine, spine: Table) -> Table:
    """person_id, source, entity_key of a release: those by whose key another release
    knows whom it means.
    """
    return engine.sql(
        "select person_id, source, entity_key from {spine} where not "
        "starts_with(entity_key, $keyless)",
        params={"keyless": KEYLESS},
        spine=spine,
    )


def _ranks(engine: Engine, preference: Sequence[str]) -> Table:
    return engine.from_arrow(
        pa.table(
            {
                "source": pa.array(list(preference), pa.string()),
                "rank": pa.array(range(len(preference)), pa.int64()),
            }
        )
    )


_KNOWN = {"person_id": "bigint", "source": "varchar", "entity_key": "varchar"}

# How many of an old person's entities a unit holds, and the best source among them.
_SHARED = """
    select k.person_id as old_id, p.unit_id, count(*) as entities,
        min(coalesce(r.rank, 1000)) as best_source
    from {known} as k
    join {people} as p on p.source = k.source and p.entity_key = k.entity_key
    left join {ranks} as r on r.source = k.source
    group by k.person_id, p.unit_id
    """

# Each old person claims the unit that holds most of them; a unit goes to the claimant
# who brings most.
_SURVIVORS = """
    with claims as (
        select old_id, unit_id, entities, best_source
        from {shared}
        qualify row_number() over (partition by old_id order by entities desc,
            best_source, unit_id) = 1
    )
    select old_id, unit_id
    from claims
    qualify row_number() over (partition by unit_id order by entities desc, best_source,
        old_id) = 1
    """

# New people, by a text key that orders as their units do.
_FRESH = """
    select p.unit_id, lpad(cast(p.unit_id as varchar), 15, '0') as unit_key
    from {people} as p
    where not exists (select 1 from {survivors} as s where s.unit_id = p.unit_id)
    group by p.unit_id
    """

_IDS = """
    select unit_id, person_id from {fresh}
    union all
    select unit_id, old_id as person_id from {survivors}
    """

_CONCORDANCE = """
    with met as (
        select s.old_id, i.person_id as new_id,
               row_number() over (partition by s.old_id order by s.entities desc,
                   s.best_source, s.unit_id) as place
        from {shared} as s
        join {ids} as i using (unit_id)
    )
    -- An id that lives on elsewhere has lost a part here; one that does not has gone
    -- over, with its greater part first.
    select m.old_id as old_person_id, m.new_id as new_person_id,
           case when m.old_id = m.new_id then 'kept'
                when v.old_id is null and m.place = 1 then 'merged'
                else 'split' end as change
    from met as m
    left join {survivors} as v on v.old_id = m.old_id
    union all
    select cast(null as bigint) as old_person_id, i.person_id as new_person_id,
        'new' as change
    from {ids} as i
    where not exists (select 1 from met as m where m.new_id = i.person_id)
    union all
    select k.person_id as old_person_id, cast(null as bigint) as new_person_id,
        'retired' as change
    from (select distinct person_id from {known}) as k
    where not exists (select 1 from met as m where m.old_id = k.person_id)
    """
