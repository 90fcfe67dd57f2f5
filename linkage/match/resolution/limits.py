"""What is decided of pairs beside their weight: those of two people, and those beyond what a person may hold."""

from linkage.config import OTHER_SIDE, Step
from linkage.engine import Engine, Table
from linkage.match.resolution.resolve import Thresholds
from linkage.match.resolution.rounds import HEAVIEST

BEYOND = "the person holds enough records"


def refused(engine: Engine, outcomes: Table, apart: Table) -> Table:
    """Outcomes with those of the pairs that are two people (left_id, right_id, reason)."""
    return engine.sql(
        """
        select left_id, right_id, runner_up_weight, decision, reason from {outcomes}
        union all
        select left_id, right_id, cast(null as double) as runner_up_weight, 'rejected' as decision, reason from {apart}
        """,
        outcomes=outcomes,
        apart=apart,
    )


def after_all(engine: Engine, judged: Table, outcomes: Table, thresholds: Thresholds) -> tuple[Table, Table]:
    """Decide pairs that look like twins, of units without a link, by how likely they are one person.

    A pair beside another of nearly its weight stays apart.

    Args:
        judged: left_id, right_id, match_weight, bits, reason (why they would be apart).
        outcomes: of the other pairs: left_id, right_id, match_weight, runner_up_weight, decision, reason.

    Returns:
        left_id, right_id, match_probability of those that have no such rival; and the outcomes with theirs.
    """
    params = {name: getattr(thresholds, name) for name in ("accept", "review", "margin", "gain")}
    beside = engine.sql(_BESIDE, judged=judged, outcomes=outcomes, store=_BESIDE_THEM)
    told = engine.sql(_AFTER_ALL, params=params, judged=judged, beside=beside, store=True)
    taken = engine.sql(_TAKEN, told=told, beside=beside, store=_BESIDE_THEM)
    engine.drop(beside)
    likely = engine.sql("select left_id, right_id, 1 / (1 + exp(-ln(2) * bits)) as match_probability from {t}", t=told)
    left = _LEFT if engine.count(taken) else ""
    tables = {"outcomes": outcomes, "told": told} | ({"taken": taken} if left else {})
    return likely, engine.sql(_WITH_TOLD.format(left=left), params=None, store=False, **tables)


_BESIDE_THEM = {"left_id": "bigint", "right_id": "bigint", "match_weight": "double"}

# Pairs that are not linked, of the units that are judged.
_BESIDE = """
    select o.left_id, o.right_id, o.match_weight
    from {outcomes} as o
    where o.decision <> 'accepted'
      and (exists (select 1 from {judged} as j where j.left_id = o.left_id)
           or exists (select 1 from {judged} as j where j.right_id = o.right_id))
    """

_AFTER_ALL = """
    with open as (
        select left_id, right_id, match_weight from {judged} union all select * from {beside}
    )
    select j.left_id, j.right_id, j.match_weight, j.bits,
           case when j.bits - $gain >= $accept then 'accepted'
                when j.bits - $gain >= $review then 'review' else 'rejected' end as decision,
           case when j.bits - $gain >= $accept then cast(null as varchar)
                when j.bits - $gain >= $review then 'below threshold' else j.reason end as reason
    from {judged} as j
    where not exists (
        select 1 from open as o
        where o.left_id = j.left_id and o.right_id <> j.right_id and o.match_weight > j.match_weight - $margin
    ) and not exists (
        select 1 from open as o
        where o.right_id = j.right_id and o.left_id <> j.left_id and o.match_weight > j.match_weight - $margin
    )
    """

# Who takes a unit takes it out of the race.
_TAKEN = """
    select b.left_id, b.right_id, b.match_weight
    from {beside} as b
    where exists (select 1 from {told} as t where t.left_id = b.left_id and t.decision = 'accepted')
       or exists (select 1 from {told} as t where t.right_id = b.right_id and t.decision = 'accepted')
    """

_WITH_TOLD = """
    select o.left_id, o.right_id, o.match_weight, o.runner_up_weight, o.decision, o.reason
    from {{outcomes}} as o
    {left}
    union all
    select left_id, right_id, match_weight, cast(null as double) as runner_up_weight, decision, reason from {{told}}
    """

_LEFT = "where not exists (select 1 from {taken} as t where t.left_id = o.left_id and t.right_id = o.right_id)"


def capped(engine: Engine, links: Table, step: Step) -> Table:
    """Links where no unit holds more of the other side than the step allows: the heaviest stay.

    A link that people made comes first. Where two weigh the same, the one of the smaller unit stays.
    """
    for side, most in (("left", step.most_left), ("right", step.most_right)):
        if most is None:
            continue
        links = engine.sql(
            f"""
            with placed as (
                select *, row_number() over (
                           partition by {OTHER_SIDE[side]}_id, decision
                           order by case when method = 'override' then 0 else 1 end, {HEAVIEST}, {side}_id
                       ) as place
                from {{links}}
            )
            select step, left_id, right_id, method, pass, pattern, match_weight, match_probability, runner_up_weight,
                   case when decision = 'accepted' and place > $most then 'rejected' else decision end as decision,
                   case when decision = 'accepted' and place > $most then '{BEYOND}' else reason end as reason
            from placed
            """,
            params={"most": most},
            links=links,
            store=True,
        )
    return links


def explained(engine: Engine, unlinked: Table, links: Table) -> Table:
    """Reasons of units without a link: where the best that they met was refused here, why it was."""
    refused = engine.sql(
        """
        select left_id, right_id, match_weight, reason
        from {links}
        where decision = 'rejected' and reason not in ('below threshold', 'a better partner')
        """,
        links=links,
        store=True,
    )
    if engine.count(refused) == 0:
        engine.drop(refused)
        return unlinked
    parts = "\nunion all\n".join(
        f"""
        select '{side}' as side, {side}_id as id, reason
        from {{refused}}
        qualify row_number() over (partition by {side}_id order by {HEAVIEST}, {OTHER_SIDE[side]}_id) = 1
        """
        for side in OTHER_SIDE
    )
    told = engine.sql(
        f"""
        with refused as ({parts})
        select u.step, u.side, u.id,
               case when u.reason = 'below threshold' and r.reason is not null then r.reason else u.reason end as reason
        from {{unlinked}} as u
        left join refused as r on r.side = u.side and r.id = u.id
        """,
        refused=refused,
        unlinked=unlinked,
        store=True,
    )
    engine.drop(refused)
    return told
