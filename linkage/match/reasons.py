"""Why a unit has no link: the best thing that happened to it, and where nothing did, how far it came."""

from collections.abc import Mapping
from dataclasses import dataclass

from linkage.engine import Engine, Table, quote
from linkage.match.resolve import Thresholds
from linkage.match.score import Frequencies, score_candidates
from linkage.model import Model
from linkage.model.compiled import blocked_units

_OTHER = {"left": "right", "right": "left"}
_PLAIN = ("forename", "surname", "dob", "sex", "postcode", "nino", "uln")


@dataclass(frozen=True)
class Side:
    """One side of a step as its unlinked units see it."""

    units: Table  # unit_id and the columns of the model
    still_open: Table  # of these, the units that the passes left to the model; the same table where they took none


def reasons(
    engine: Engine,
    step: str,
    model: Model,
    links: Table,
    sides: Mapping[str, Side],
    frequencies: Frequencies,
    thresholds: Thresholds,
) -> Table:
    """A reason for each unit without an accepted link.

    Returns:
        step, side, id, reason: ambiguous, in review, the candidate has a better partner, below threshold (it met
        somebody), insufficient identifiers (fewer than three are known), no candidate.
    """
    parts = {side: _of_side(engine, step, model, links, side, sides, frequencies, thresholds) for side in sides}
    return engine.sql(
        "select * from {left} union all select * from {right}",
        left=parts["left"],
        right=parts["right"],
        store=True,
    )


def _of_side(
    engine: Engine,
    step: str,
    model: Model,
    links: Table,
    side: str,
    sides: Mapping[str, Side],
    frequencies: Frequencies,
    thresholds: Thresholds,
) -> Table:
    alone = engine.sql(
        f"select u.* from {{units}} as u where not exists (select 1 from {{links}} as k where k.{side}_id = u.unit_id)",
        units=sides[side].units,
        links=links,
        store=True,
    )
    return engine.sql(
        f"""
        with accepted as (
            select distinct {side}_id as unit_id from {{links}} where decision = 'accepted'
        ),
        without as (
            select u.unit_id, {_identifiers_held(sides[side].units)} as identifiers
            from {{units}} as u
            where not exists (select 1 from accepted as a where a.unit_id = u.unit_id)
        ),
        outcomes as (
            select {side}_id as unit_id,
                   max(case when decision = 'review' and reason = 'ambiguous' then 3
                            when decision = 'review' then 2
                            when reason = 'a better partner' then 1 else 0 end) as came_to
            from {{links}}
            group by {side}_id
        )
        select cast($step as varchar) as step, '{side}' as side, w.unit_id as id,
               case when o.came_to = 3 then 'ambiguous'
                    when o.came_to = 2 then 'in review'
                    when o.came_to = 1 or t.unit_id is not null then 'the candidate has a better partner'
                    when o.came_to = 0 or m.unit_id is not null then 'below threshold'
                    when w.identifiers < 3 then 'insufficient identifiers'
                    else 'no candidate' end as reason
        from without as w
        left join outcomes as o on o.unit_id = w.unit_id
        left join {{taken}} as t on t.unit_id = w.unit_id
        left join {{met}} as m on m.unit_id = w.unit_id
        """,
        params={"step": step},
        links=links,
        units=sides[side].units,
        taken=_fit_a_taken_unit(engine, model, side, alone, sides[_OTHER[side]], frequencies, thresholds),
        met=_met_a_candidate(engine, model, side, alone, sides[_OTHER[side]]),
        store=True,
    )


def _identifiers_held(units: Table) -> str:
    """How many of the plain identifiers of a unit are known."""
    held = [f"case when u.{quote(c)} is null then 0 else 1 end" for c in _PLAIN if c in units.columns]
    return " + ".join(held) or "0"


def _fit_a_taken_unit(
    engine: Engine,
    model: Model,
    side: str,
    alone: Table,
    other: Side,
    frequencies: Frequencies,
    thresholds: Thresholds,
) -> Table:
    """Units that would be worth a review with a unit that a pass has linked to somebody else."""
    if other.still_open is other.units:
        return engine.sql("select cast(null as bigint) as unit_id where false", store=True)
    taken = engine.sql(
        "select u.* from {units} as u where not exists (select 1 from {still_open} as o where o.unit_id = u.unit_id)",
        units=other.units,
        still_open=other.still_open,
        store=True,
    )
    pair = {side: alone, _OTHER[side]: taken}
    scored, _ = score_candidates(engine, model, pair["left"], pair["right"], frequencies, thresholds.review)
    found = engine.sql(f"select distinct {side}_id as unit_id from {{scored}}", scored=scored, store=True)
    engine.drop(taken)
    return found


def _met_a_candidate(engine: Engine, model: Model, side: str, alone: Table, other: Side) -> Table:
    """Units that a blocking rule pairs with anybody, however low the weight."""
    pair = {side: alone, _OTHER[side]: other.units}
    met = "\nunion\n".join(blocked_units(rule, side) for rule in model.blocking_rules)
    return engine.sql(
        met or "select cast(null as bigint) as unit_id where false",
        left=pair["left"],
        right=pair["right"],
        store=True,
    )
