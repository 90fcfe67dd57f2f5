"""Two units of a side that an earlier step has looked at and left in two: what links one may be the other's too.

A pupil who has married and moved is not surely the learner of the new name, and the step between the two files keeps
the pair without linking it: they are one person with, say, 0.6. Where the next step links its student to the pupil, the
student is the learner's as well with the same 0.6, however little the two share: of second records in general a few in
a thousand are, and nothing that this step compares tells this one from strangers.
"""

from collections.abc import Mapping, Sequence

from linkage.engine import Engine, Table

PROBABLE = {"left_id": "bigint", "right_id": "bigint", "probability": "double"}
"""Columns of pairs of which more is known than they show."""

_LEAST = 0.01  # probability of a pair that nobody would miss

_ALSO = {
    "left": """
        select t.other_id as left_id, k.right_id, t.probability
        from {links} as k
        join {in_two_left} as t on t.unit_id = k.left_id
        where k.decision = 'accepted'""",
    "right": """
        select k.left_id, t.other_id as right_id, t.probability
        from {links} as k
        join {in_two_right} as t on t.unit_id = k.right_id
        where k.decision = 'accepted'""",
}
"""By the side of which a unit may be another: that one with the links of the first."""


def left_in_two(engine: Engine, kept: Sequence[Table], members: Table) -> Table:
    """Units of a side that may be one person by pairs that earlier steps kept and did not link.

    Args:
        kept: links of earlier steps, whose left_id and right_id are entities, with decision and match_probability.
        members: unit_id, entity_id of the side.

    Returns:
        unit_id, other_id, probability: either unit once as the other's; the highest probability of several.
    """
    named = {f"of_{number}": table for number, table in enumerate(kept)}
    doubted = "\n union all ".join(
        f"""
        select left_id, right_id, match_probability
        from {{{name}}}
        where decision <> 'accepted' and match_probability >= {_LEAST}"""
        for name in named
    )
    return engine.sql(
        f"""
        with doubted as ({doubted}),
        pairs as (
            select l.unit_id as one_id, r.unit_id as another_id, k.match_probability
            from doubted as k
            join {{members}} as l on l.entity_id = k.left_id
            join {{members}} as r on r.entity_id = k.right_id
            where l.unit_id <> r.unit_id
        ),
        either_way as (
            select one_id as unit_id, another_id as other_id, match_probability from pairs
            union all
            select another_id as unit_id, one_id as other_id, match_probability from pairs
        )
        select unit_id, other_id, max(match_probability) as probability from either_way group by unit_id, other_id
        """,
        params=None,
        store=True,
        members=members,
        **named,
    )


def records_in_doubt(
    engine: Engine, links: Table, in_two: Mapping[str, Table], looked_at: Table | None = None
) -> Table | None:
    """Pairs of which more is known than they show: of a unit with whatever is linked to the unit that it may be.

    Args:
        links: left_id, right_id, decision of every pair that the step kept.
        in_two: by side, what `left_in_two` found.
        looked_at: left_id, right_id, probability of pairs that the step itself has looked at; of those that are in
            doubt too the earlier step's word stands.

    Returns:
        left_id, right_id, probability; None where nothing is known.
    """
    if not in_two:
        return looked_at
    asked = "\n union all ".join(_ALSO[side] for side in in_two)
    found = engine.sql(
        f"""
        select left_id, right_id, max(probability) as probability from ({asked}) as asked group by left_id, right_id
        """,
        params=None,
        store=True,
        links=links,
        **{f"in_two_{side}": table for side, table in in_two.items()},
    )
    if looked_at is None:
        return found
    both = engine.sql(
        """
        select left_id, right_id, probability from {found}
        union all
        select left_id, right_id, probability
        from {looked_at} as s
        where not exists (select 1 from {found} as f where f.left_id = s.left_id and f.right_id = s.right_id)
        """,
        found=found,
        looked_at=looked_at,
        store=True,
    )
    engine.drop(found)
    return both
