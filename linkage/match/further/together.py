"""How likely links are that join two records of one person with the same unit."""

from linkage.config import Cardinality, single_sides
from linkage.engine import Engine, Table, columns


def likely_together(engine: Engine, links: Table, cardinality: Cardinality, joined: Table) -> Table:
    """Links of a step with the probability of those that join two records of one person with the same unit.

    As rivals, of whom one at most is right, they shared one probability. As one person each is as likely as one of them
    is, the sum; they are that as surely as the second record joins. Where the sum passes 1 they were no rivals: the
    first keeps what it has, and the second is as likely as it joins. A unit that may hold many links makes no rivals.

    Args:
        joined: left_id, right_id, probability of the pairs that join.
    """
    single = single_sides(cardinality)
    if not single:
        return links
    others = columns([name for name in links.columns if name != "match_probability"])
    both = "\n".join(_TOGETHER.format(side=side) for side in single)
    found = engine.sql(
        f"""
        with known as (
            select k.*, j.probability as joins
            from {{links}} as k
            left join {{joined}} as j on j.left_id = k.left_id and j.right_id = k.right_id
        ),
        shared as (
            select *, {", ".join(_SHARED.format(side=side) for side in single)} from known
        )
        select {others},
               case {both}
                    when decision = 'accepted' and joins is not null then joins
                    else match_probability end as match_probability
        from shared
        """,
        links=links,
        joined=joined,
        store=True,
    )
    ordered = engine.sql(f"select {columns(links.columns)} from {{found}}", found=found, store=True)
    engine.drop(found, links)
    return ordered


_TOGETHER = """
    when decision = 'accepted' and on_{side} > 1 and sure_{side} is not null and of_{side} <= 1.000001
    then match_probability + sure_{side} * (least(of_{side}, 1) - match_probability)"""

_SHARED = """
    sum(case when decision = 'accepted' then 1 else 0 end) over (partition by {side}_id) as on_{side},
    min(case when decision = 'accepted' then joins end) over (partition by {side}_id) as sure_{side},
    sum(case when decision = 'accepted' then match_probability else 0e0 end) over (partition by {side}_id) as of_{side}
"""


def joined_together(engine: Engine, links: Table, apart: Table, cardinality: Cardinality) -> Table:
    """left_id, right_id of pairs that are apart, and of accepted ones whose unit holds several: those are judged."""
    single = single_sides(cardinality)
    several = " or ".join(f"on_{side} > 1" for side in single)
    counts = ", ".join(f"count(*) over (partition by {side}_id) as on_{side}" for side in single)
    return engine.sql(
        f"""
        with accepted as (
            select left_id, right_id, {counts} from {{links}} where decision = 'accepted'
        )
        select left_id, right_id from accepted where {several}
        union all
        select left_id, right_id from {{apart}}
        """,
        links=links,
        apart=apart,
        store=True,
    )
