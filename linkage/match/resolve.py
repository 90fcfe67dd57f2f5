"""From scored pairs to links: best mutual pairs under the step's cardinality; what is close is not guessed.

A pair is accepted when each unit that may hold only one link is the other's best, the weight reaches the threshold, and
no rival comes within the margin. Accepting a pair takes its units out of the race, which can settle others: so rounds
follow until nothing changes. What stays close, or below the threshold but likely, goes to review.

A pair that was one person in the last release is held: it stays joined at a lower weight than a new pair needs, and
stands before rivals within the margin. So a link does not come and go with small changes of the data.
"""

import math
from dataclasses import dataclass, replace

from linkage.config import Cardinality, Step
from linkage.engine import Engine, Table
from linkage.match.coverage import MOST_GAIN
from linkage.match.passes import holds_many

_MOST_ROUNDS = 20  # each round accepts something or is the last; ties in long chains stay for review


@dataclass(frozen=True)
class Thresholds:
    """Match weights (log2) of a step."""

    accept: float
    review: float
    margin: float
    keep: float = math.inf  # a pair held since the last release stays joined from here on
    gain: float = 0.0  # what the cardinality adds to a weight (see coverage)
    is_weight: bool = False  # an analyst named the weight itself

    @property
    def floor(self) -> float:
        """Below this no pair matters, not even as a rival of an accepted one, whatever the cardinality adds."""
        lowest = min(self.review, self.accept, self.keep)
        return lowest - self.margin - (0.0 if self.is_weight else 2 * MOST_GAIN)

    def given(self, gain: float) -> "Thresholds":
        """The same probabilities, where the cardinality adds so many bits. A weight that was named stays."""
        if self.is_weight:
            return self
        moved = self.gain - gain
        return replace(self, accept=self.accept + moved, review=self.review + moved, keep=self.keep + moved, gain=gain)

    @property
    def certain(self) -> float:
        """Accepted without regard to the cardinality."""
        return self.accept + self.gain

    @classmethod
    def of(cls, step: Step) -> "Thresholds":
        """From a step's weights or probabilities."""
        accept = step.accept_weight if step.accept_weight is not None else weight_of(step.accept_probability)
        review = min(weight_of(step.review_probability), accept)
        keep = min(weight_of(step.keep_probability), accept)
        return cls(accept, review, step.margin, keep, is_weight=step.accept_weight is not None)


def weight_of(probability: float) -> float:
    """log2 odds of a probability, within what a DOUBLE can tell from 0 and 1."""
    inside = min(max(probability, 1e-15), 1 - 1e-15)
    return math.log2(inside / (1 - inside))


def resolve(
    engine: Engine,
    pairs: Table,
    thresholds: Thresholds,
    cardinality: Cardinality,
    before: Table | None = None,
    held: Table | None = None,
) -> Table:
    """Decide each pair.

    Args:
        pairs: left_id, right_id, match_weight; a pair once.
        before: what an earlier resolution decided; its accepted pairs stand, and the rest is decided anew.
        held: left_id, right_id of units that were one person in the last release.

    Returns:
        left_id, right_id, match_weight, runner_up_weight (the best rival when the pair was decided, NULL without one),
        decision (accepted, review, rejected), reason.
    """
    accepted = engine.sql(
        _STANDING if before else _EMPTY, params=None, store=True, **({"decided": before} if before else {})
    )
    tables = {"pairs": pairs, **({"held": held} if held else {})}
    marked = engine.sql(_HELD if held else _NONE_HELD, params=_params(thresholds), store=False, **tables)
    undecided = engine.sql(_left_over(cardinality), pairs=marked, new=accepted, store=True)
    for _ in range(_MOST_ROUNDS):
        ranked = engine.sql(_ranked(cardinality), pairs=undecided, store=True)
        new = engine.sql(_ACCEPTED, params=_params(thresholds), ranked=ranked, store=True)
        if engine.count(new) == 0:
            break
        replaced = accepted, undecided
        accepted = engine.sql("select * from {a} union all select * from {b}", a=accepted, b=new, store=True)
        undecided = engine.sql(_left_over(cardinality), pairs=undecided, new=new, store=True)
        engine.drop(ranked, new, *replaced)
    else:
        ranked = engine.sql(_ranked(cardinality), pairs=undecided, store=True)
    return engine.sql(_DECIDED, params=_params(thresholds), pairs=pairs, accepted=accepted, ranked=ranked, store=True)


_EMPTY = """
    select cast(null as bigint) as left_id, cast(null as bigint) as right_id,
           cast(null as double) as match_weight, cast(null as double) as runner_up_weight,
           cast(null as varchar) as reason
    where false
    """

# The weight that a pair takes into the race, and the one from which it is accepted.
_NONE_HELD = """
    select left_id, right_id, match_weight, match_weight as standing, $accept as enough, $margin as lead_needed
    from {pairs}
    """

_HELD = """
    select p.left_id, p.right_id, p.match_weight,
           p.match_weight + case when h.left_id is null then 0 else $margin end as standing,
           case when h.left_id is null then $accept else $keep end as enough,
           case when h.left_id is null then $margin else 0 end as lead_needed
    from {pairs} as p
    left join {held} as h on h.left_id = p.left_id and h.right_id = p.right_id
    """

_STANDING = """
    select left_id, right_id, match_weight, runner_up_weight, reason from {decided} where decision = 'accepted'
    """

_DECIDED = """
    with outcomes as (
        select left_id, right_id, match_weight, runner_up_weight,
               'accepted' as decision, reason
        from {accepted}
        union all
        select left_id, right_id, match_weight, runner_up_weight,
               case when best and match_weight >= $review then 'review' else 'rejected' end,
               case when match_weight < $review then 'below threshold'
                    when not best then 'a better partner'
                    when match_weight < $accept then 'below threshold'
                    else 'ambiguous' end
        from {ranked}
    )
    select p.left_id, p.right_id, p.match_weight, o.runner_up_weight,
           coalesce(o.decision, 'rejected') as decision,
           case when o.decision is not null then o.reason
                when p.match_weight < $review then 'below threshold'
                else 'a better partner' end as reason
    from {pairs} as p
    left join outcomes as o on o.left_id = p.left_id and o.right_id = p.right_id
    """


def _params(thresholds: Thresholds) -> dict[str, float]:
    return {name: getattr(thresholds, name) for name in ("accept", "review", "margin", "keep")}


def _ranked(cardinality: Cardinality) -> str:
    """Each pair with its best rival, and whether it is the best on every side that holds one link."""
    sides = [side for side in ("left", "right") if not holds_many(cardinality, side)]
    if not sides:
        unrivalled = "cast(null as double) as runner_up_weight, cast(null as double) as rival, true as best"
        return f"select *, {unrivalled} from {{pairs}}"
    ranks = ",\n               ".join(
        f"row_number() over by_{s} as {s}_rank"
        + "".join(
            f", lead({weight}) over by_{s} as {s}_next_{weight},"
            f" first_value({weight}) over by_{s} as {s}_first_{weight}"
            for weight in ("match_weight", "standing")
        )
        for s in sides
    )
    other = {"left": "right", "right": "left"}
    windows = ",\n               ".join(
        f"by_{s} as (partition by {s}_id order by standing desc, {other[s]}_id)" for s in sides
    )
    best = " and ".join(f"{s}_rank = 1" for s in sides)
    return f"""
        with ranked as (
            select *,
               {ranks}
            from {{pairs}}
            window
               {windows}
        )
        select left_id, right_id, match_weight, standing, enough, lead_needed,
               {_rival(sides, "match_weight")} as runner_up_weight, {_rival(sides, "standing")} as rival,
               {best} as best
        from ranked
        """


def _rival(sides: list[str], weight: str) -> str:
    """The greatest weight that stands against a pair: the next one's for the best of a side, else the best one's."""
    rivals = ", ".join(f"case when {s}_rank = 1 then {s}_next_{weight} else {s}_first_{weight} end" for s in sides)
    return f"greatest({rivals})" if len(sides) > 1 else rivals


_ACCEPTED = """
    select left_id, right_id, match_weight, runner_up_weight,
           -- A pair that would not be joined today, but was before.
           case when match_weight < $accept or match_weight - runner_up_weight < $margin
                then 'held since the last release' end as reason
    from {ranked}
    where best
      and match_weight >= enough
      and (rival is null or standing - rival >= lead_needed)
    """

_UNDECIDED = "p.left_id, p.right_id, p.match_weight, p.standing, p.enough, p.lead_needed"


def _left_over(cardinality: Cardinality) -> str:
    """Pairs whose units are both still free; where both sides hold many, those not accepted themselves."""
    taken = [
        f"not exists (select 1 from {{new}} as n where n.{side}_id = p.{side}_id)"
        for side in ("left", "right")
        if not holds_many(cardinality, side)
    ]
    if taken:
        return f"select {_UNDECIDED} from {{pairs}} as p where {' and '.join(taken)}"
    return f"""
        select {_UNDECIDED}
        from {{pairs}} as p
        left join {{new}} as n on n.left_id = p.left_id and n.right_id = p.right_id
        where n.left_id is null
        """
