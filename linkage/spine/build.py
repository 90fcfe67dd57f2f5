"""The spine: one row for each entity of each person, with the link that brought it
there, and LEO's lookups.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

import pyarrow as pa
from pydantic import Field

from linkage.config.resources import config_file
from linkage.config.toml_file import Frozen, read_as
from linkage.engine import Engine, Table, literal
from linkage.spine.releases import Release, number_people


@dataclass(frozen=True)
class Spine:
    """Tables as in docs/reference/tables.md."""

    spine: Table
    lookup_ae_id: Table
    lookup_edukey: Table
    lookup_pmr: Table
    concordance: Table
    last_person_id: int  # the greatest id ever given


def build(
    engine: Engine,
    entities: Table,
    membership: Table,
    links: Table,
    units: Table,
    *,
    people_of: Sequence[str],
    edukey_sources: Sequence[str],
    pmr_sources: Sequence[str],
    before: Release | None = None,
    brought_left: Sequence[str] = (),
) -> Spine:
    """People from joined entities.

    Args:
        entities: entity_id, source, entity_key of all sources.
        membership: entity_id, unit_id after the last step.
        links: links of all steps (docs/reference/tables.md).
        units: units of all steps: step, side, unit_id, entity_id.
        people_of: sources whose every entity is a person's; a unit without any of them
            belongs to no person (an unlinked tax record is not a person of the study).
        edukey_sources: sources of tax and benefit records; their linked entities carry
            EDUKEY.
        pmr_sources: sources whose entity key is the pupil matching reference.
        before: the release before this one, whose person ids live on.
        brought_left: steps that bring their left side to people who stand on the right;
            all others bring the right.
    """
    people = engine.sql(
        _PEOPLE,
        entities=entities,
        membership=membership,
        people_of=engine.from_arrow(_names(people_of)),
        store=True,
    )
    numbering = number_people(engine, people, before, preference=people_of)
    spine = engine.sql(
        _SPINE.replace("{band}", _band()).replace(
            "{from_left}", _named_in("l.step", brought_left)
        ),
        people=people,
        ids=numbering.ids,
        links=links,
        units=units,
        store=True,
    )
    engine.drop(people)
    return Spine(
        spine=spine,
        concordance=numbering.concordance,
        last_person_id=numbering.last_person_id,
        lookup_ae_id=engine.sql(
            "select person_id as AE_ID, source, entity_id from {spine}",
            spine=spine,
            store=True,
        ),
        lookup_edukey=engine.sql(
            """
            select s.person_id as AE_ID, 'E' || lpad(cast(s.person_id as varchar), 13,
                '0') as EDUKEY, s.entity_id
            from {spine} as s
            join {named} as n on n.source = s.source
            """,
            spine=spine,
            named=engine.from_arrow(_names(edukey_sources)),
            store=True,
        ),
        lookup_pmr=engine.sql(
            """
            select s.person_id as AE_ID, s.entity_key as PUPILMATCHINGREFANONYMOUS,
                s.entity_id
            from {spine} as s
            join {named} as n on n.source = s.source
            """,
            spine=spine,
            named=engine.from_arrow(_names(pmr_sources)),
            store=True,
        ),
    )


# Every entity of every unit that is a person.
_PEOPLE = """
    with persons as (
        select distinct m.unit_id
        from {membership} as m
        join {entities} as e using (entity_id)
        join {people_of} as p on p.source = e.source
    )
    select m.unit_id, e.entity_id, e.source, e.entity_key
    from {entities} as e
    join {membership} as m using (entity_id)
    join persons as p on p.unit_id = m.unit_id
    """

# The link of an entity is the accepted one that brought it to the people before it:
# where it stood on the right, or on the left where these stood on the right. Of two
# that weigh the same the lower id's, on every engine: they add up weights in an order
# of their own.
_SPINE = """
    with sides as (
        select *, case when {from_left} then 'left' else 'right' end as side,
               case when {from_left} then l.left_id else l.right_id end as brought_id,
               case when {from_left} then l.right_id else l.left_id end as people_id
        from {links} as l
        where l.decision = 'accepted'
    ),
    brought as (
        select u.entity_id, l.method, l.pass, l.match_weight, l.match_probability,
               l.match_weight - l.runner_up_weight as margin
        from sides as l
        join {units} as u on u.step = l.step and u.side = l.side
            and u.unit_id = l.brought_id
        qualify row_number() over (partition by u.entity_id
            order by round(l.match_weight, 9) desc, l.people_id) = 1
    )
    select i.person_id, p.entity_id, p.source, p.entity_key,
           b.method as link_method, b.pass as link_pass,
           case when b.method is null then 'first seen here' {band} end as link_band,
           b.match_weight, b.match_probability, b.margin
    from {people} as p
    join {ids} as i using (unit_id)
    left join brought as b on b.entity_id = p.entity_id
    """


class _Band(Frozen):
    """Links that are at least so likely right."""

    name: str
    probability: Annotated[float, Field(ge=0, le=1)]


class _Bands(Frozen):
    """configs/bands.toml."""

    band: tuple[_Band, ...]


def _bands() -> tuple[_Band, ...]:
    """Bands of link quality, the best first, from configs/bands.toml."""
    return read_as(_Bands, config_file("bands.toml")).band


def _band() -> str:
    return " ".join(
        f"when b.match_probability >= {literal(b.probability)} then {literal(b.name)}"
        for b in _bands()
    )


def band_labels() -> dict[str, str]:
    """Each band of link quality with its cut-offs, the best first."""
    bands, cuts = _bands(), {}
    for better_band, band in zip((None, *bands), bands, strict=False):
        cuts[band.name] = [f"{band.probability:g} or more"] if band.probability else []
        cuts[band.name] += [f"below {better_band.probability:g}"] if better_band else []
    return {
        name: f"Match probability {', '.join(limits)}" for name, limits in cuts.items()
    }


def _named_in(column: str, names: Sequence[str]) -> str:
    return f"{column} in ({', '.join(map(literal, names))})" if names else "false"


def _names(sources: Sequence[str]) -> pa.Table:
    return pa.table({"source": pa.array(list(sources), pa.string())})
