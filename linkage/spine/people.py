"""Entities that accepted links join are one person: connected components."""

from linkage.engine import Engine, Table, components


def initial_membership(engine: Engine, entities: Table) -> Table:
    """Membership before any link: every entity (entity_id) is a unit of its own.

    Returns:
        entity_id, unit_id.
    """
    return engine.sql(
        "select entity_id, entity_id as unit_id from {entities}",
        entities=entities,
        store=True,
    )


def join_people(engine: Engine, membership: Table, links: Table) -> Table:
    """Membership after a step: units that an accepted link joins become one, named by
    their smallest unit.

    Args:
        membership: entity_id, unit_id.
        links: left_id, right_id, decision; only accepted ones count.

    Returns:
        entity_id, unit_id.
    """
    labels = components(
        engine,
        engine.sql(
            "select left_id, right_id from {links} where decision = 'accepted'",
            links=links,
            store=True,
        ),
    )
    return engine.sql(
        """
        select m.entity_id, coalesce(l.label, m.unit_id) as unit_id
        from {membership} as m
        left join {labels} as l on l.node = m.unit_id
        """,
        membership=membership,
        labels=labels,
        store=True,
    )
