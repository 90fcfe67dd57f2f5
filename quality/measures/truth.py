"""Truth, where there is one, in the terms of a step: which pairs of its units are the same person."""

from dataclasses import dataclass

from linkage.engine import Engine, Table

SAID = """case when method in ('override', 'clerical') and match_probability is not null then 1e0
         else match_probability end"""
"""How likely a link is right: of one that people decided on, that it is, whatever the model thinks of it."""


@dataclass(frozen=True)
class StepTruth:
    """What is true of one step's units.

    Attributes:
        pairs: left_id, right_id: every pair of units that is one person.
        known: side, unit_id, person: units whose person is known; pairs of others are not judged.
        has_persons: False where truth came as pairs, so that `person` is only the unit itself.
    """

    pairs: Table
    known: Table
    has_persons: bool


def entity_persons(engine: Engine, entities: Table, truth: Table) -> Table:
    """entity_id, person: the true person behind each entity.

    Args:
        entities: entity_id, source, entity_key.
        truth: source, entity_key, person_id.
    """
    return engine.sql(
        """
        select entities.entity_id, truth.person_id as person
        from {entities} as entities
        join {truth} as truth on truth.source = entities.source and truth.entity_key = entities.entity_key
        """,
        store=True,
        entities=entities,
        truth=truth,
    )


def truth_of_units(engine: Engine, units: Table, persons: Table) -> StepTruth:
    """A unit is the person that most of its entities are; of equals the smallest.

    Args:
        units: side, unit_id, entity_id.
        persons: entity_id, person.
    """
    known = engine.sql(
        """
        with votes as (
            select units.side, units.unit_id, persons.person, count(*) as entities
            from {units} as units
            join {persons} as persons on persons.entity_id = units.entity_id
            group by units.side, units.unit_id, persons.person
        )
        select side, unit_id, person
        from votes
        qualify row_number() over (partition by side, unit_id order by entities desc, person) = 1
        """,
        store=True,
        units=units,
        persons=persons,
    )
    pairs = engine.sql(
        """
        with left_units as (select unit_id, person from {known} where side = 'left'),
             right_units as (select unit_id, person from {known} where side = 'right')
        select left_units.unit_id as left_id, right_units.unit_id as right_id
        from left_units
        join right_units on right_units.person = left_units.person
        """,
        store=True,
        known=known,
    )
    return StepTruth(pairs, known, has_persons=True)


def truth_of_pairs(engine: Engine, units: Table, true_pairs: Table) -> StepTruth:
    """Truth given as the complete list of true pairs (left_id, right_id): every other pair is false."""
    pairs = engine.sql("select distinct left_id, right_id from {true_pairs}", store=True, true_pairs=true_pairs)
    known = engine.sql("select distinct side, unit_id, unit_id as person from {units}", store=True, units=units)
    return StepTruth(pairs, known, has_persons=False)


def judge(engine: Engine, links: Table, truth: StepTruth) -> Table:
    """The links with `verdict`: true, false, or unknown where a side's person is not known."""
    return engine.sql(
        f"""
        with left_known as (select unit_id from {{known}} where side = 'left'),
             right_known as (select unit_id from {{known}} where side = 'right')
        select {carried(links)},
               case when pairs.left_id is not null then 'true'
                    when left_known.unit_id is null or right_known.unit_id is null then 'unknown'
                    else 'false' end as verdict
        from {{links}} as links
        left join {{pairs}} as pairs on pairs.left_id = links.left_id and pairs.right_id = links.right_id
        left join left_known on left_known.unit_id = links.left_id
        left join right_known on right_known.unit_id = links.right_id
        """,
        store=True,
        links=links,
        known=truth.known,
        pairs=truth.pairs,
    )


def carried(links: Table) -> str:
    """SQL of what an evaluation reads of links; NULL stands for what they have not."""
    optional = (("pattern", "varchar"), ("match_probability", "double"))
    asked = ["left_id", "right_id", "method", "pass", "match_weight", "decision"]
    return ", ".join(
        [f"links.{name}" for name in asked]
        + [f"links.{name}" if name in links.columns else f"cast(null as {kind}) as {name}" for name, kind in optional]
    )
