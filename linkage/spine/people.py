"""Entities that accepted links join are one person: connected components, by set-based label propagation."""

from linkage.engine import Engine, Table
from linkage.errors import LeoError

_MOST_ROUNDS = 60  # a component's labels travel twice as far each round; 2^60 is longer than any chain


def each_alone(engine: Engine, entities: Table) -> Table:
    """Membership before any link: every entity (entity_id) is a unit of its own.

    Returns:
        entity_id, unit_id.
    """
    return engine.sql("select entity_id, entity_id as unit_id from {entities}", entities=entities, store=True)


def join_people(engine: Engine, membership: Table, links: Table) -> Table:
    """Membership after a step: units that an accepted link joins become one, named by their smallest unit.

    Args:
        membership: entity_id, unit_id.
        links: left_id, right_id, decision; only accepted ones count.

    Returns:
        entity_id, unit_id.
    """
    labels = components(
        engine,
        engine.sql("select left_id, right_id from {links} where decision = 'accepted'", links=links, store=True),
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


def components(engine: Engine, edges: Table) -> Table:
    """Connected components of a graph.

    Args:
        edges: left_id, right_id.

    Returns:
        node, label: the smallest node of its component.
    """
    both = engine.sql(
        """
        select left_id as a, right_id as b from {edges}
        union
        select right_id as a, left_id as b from {edges}
        """,
        edges=edges,
        store=True,
    )
    labels = engine.sql("select a as node, least(a, min(b)) as label from {both} group by a", both=both, store=True)
    for _ in range(_MOST_ROUNDS):
        nearer = engine.sql(_NEARER, labels=labels, both=both, store=True)
        # A label that points at a node takes that node's label: distances halve each round.
        following = engine.sql(_JUMP, labels=nearer, store=True)
        changed = engine.sql(_CHANGED, before=labels, after=following)
        moved = engine.count(changed)
        engine.drop(labels, nearer)
        labels = following
        if not moved:
            return labels
    raise LeoError(
        "the links form a chain too long to follow\n  raise the acceptance threshold; see the summary of the step"
    )


_NEARER = """
    with heard as (
        select e.a as node, min(l.label) as label
        from {both} as e
        join {labels} as l on l.node = e.b
        group by e.a
    )
    select l.node, least(l.label, h.label) as label
    from {labels} as l
    join heard as h using (node)
    """

_JUMP = """
    select l.node, least(l.label, pointed.label) as label
    from {labels} as l
    join {labels} as pointed on pointed.node = l.label
    """

_CHANGED = """
    select a.node
    from {after} as a
    join {before} as b using (node)
    where a.label <> b.label
    """
