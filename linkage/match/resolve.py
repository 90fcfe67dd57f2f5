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

    def floor(self, most_gain: float, *, links_only: bool = False) -> float:
        """Below this no pair matters: not for review, nor as a rival of an accepted one.

        Args:
            most_gain: the most bits that the cardinality may add.
            links_only: nobody reviews, so that what the cardinality may add counts for rivals alone.
        """
        more = 0.0 if self.is_weight else most_gain - self.gain
        return min(self.lowest, self.reach - more) if links_only else self.lowest - more

    @property
    def reach(self) -> float:
        """Below this a pair is neither accepted nor a rival of one that is."""
        return min(self.accept, self.keep) - self.margin

    @property
    def lowest(self) -> float:
        """Below this a pair is neither of these nor for review."""
        return min(self.reach, self.review)

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
    def of(cls, step: Step, *, holding: bool = False) -> "Thresholds":
        """From a step's weights or probabilities; `holding` where there is a last release to hold to."""
        accept = step.accept_weight if step.accept_weight is not None else weight_of(step.accept_probability)
        review = min(weight_of(step.review_probability), accept)
        keep = min(weight_of(step.keep_probability), accept) if holding else accept
        return cls(accept, review, step.margin, keep, is_weight=step.accept_weight is not None)


def weight_of(probability: float) -> float:
    """log2 odds of a probability, within what a DOUBLE can tell from 0 and 1."""
    inside = min(max(probability, 1e-15), 1 - 1e-15)
    return math.log2(inside / (1 - inside))


def resolve(
    engine: Engine, pairs: Table, thresholds: Thresholds, cardinality: Cardinality, held: Table | None = None
) -> Table:
    """Decide each pair: what is accepted, what is left in doubt, and the rest.

    Args:
        pairs: left_id, right_id, match_weight; a pair once.
        held: left_id, right_id of units that were one person in the last release.

    Returns:
        left_id, right_id, match_weight, runner_up_weight, decision (accepted, review, rejected), reason.
    """
    race = Race(engine, pairs, cardinality, thresholds.lowest, held=held)
    race.settle(thresholds)
    return engine.sql(
        f"""
        select p.left_id, p.right_id, p.match_weight, o.runner_up_weight, {DECISION} as decision, {REASON} as reason
        from {{pairs}} as p
        left join {{outcomes}} as o on o.left_id = p.left_id and o.right_id = p.right_id
        """,
        params={"review": thresholds.review},
        pairs=pairs,
        outcomes=race.outcomes(thresholds),
        store=True,
    )


# A pair `p` with its outcome `o`, if it has one: the others ended when another pair took one of their units.
DECISION = "coalesce(o.decision, 'rejected')"
REASON = """case when o.decision is not null then o.reason
                when p.match_weight < $review then 'below threshold'
                else 'a better partner' end"""


class Race:
    """Pairs that compete for their units, of which those that win are taken out round by round.

    Args:
        pairs: left_id, right_id, match_weight; a pair once.
        lowest: pairs of less weight take no part; no higher than the `lowest` of any thresholds that follow.
        held: left_id, right_id of units that were one person in the last release.
        apart: left_id, right_id of pairs that take no part, whatever they weigh.

    Attributes:
        accepted: left_id, right_id, match_weight, runner_up_weight (the best rival when the pair was accepted, among
            those that could have kept it from being so; NULL without one), reason.
    """

    def __init__(
        self,
        engine: Engine,
        pairs: Table,
        cardinality: Cardinality,
        lowest: float,
        *,
        held: Table | None = None,
        apart: Table | None = None,
    ) -> None:
        self._engine = engine
        self._round = _Round(cardinality, held is not None)
        apart = apart if apart is not None and engine.count(apart) else None
        tables = {"pairs": pairs} | ({"held": held} if held else {}) | ({"apart": apart} if apart else {})
        started = self._round.started(apart is not None)
        self._free = engine.sql(started, params={"lowest": lowest}, store=True, **tables)
        self._ranks: tuple[float | None, Table] | None = None  # of the free pairs, from a weight on
        self._taken = [engine.sql(_NOTHING_YET, store=True)]
        self.accepted = self._taken[0]

    def contest(self, thresholds: Thresholds) -> Table:
        """Pairs whose units are free and that matter: left_id, right_id, match_weight, and with held ones, held."""
        query = f"select {self._round.columns} from {{free}} where match_weight >= $reach"
        return self._engine.sql(query, params={"reach": thresholds.reach}, free=self._free)

    def settle(self, thresholds: Thresholds) -> None:
        """Accept what these thresholds allow; what was accepted before, under others at least as high, stands."""
        engine, params = self._engine, _numbers(thresholds)
        for _ in range(_MOST_ROUNDS):
            new = engine.sql(self._round.accepted(), params=params, ranked=self._ranked(params), store=True)
            if engine.count(new) == 0:
                engine.drop(new)
                break
            self.take(new)

    def take(self, new: Table) -> None:
        """Accept pairs that were chosen otherwise, in the columns of `accepted`; the race keeps the table."""
        engine, free = self._engine, self._free
        self._taken.append(new)
        named = {f"of_{number}": table for number, table in enumerate(self._taken)}
        rounds = "\nunion all\n".join(f"select {_ACCEPTED} from {{{name}}}" for name in named)
        self.accepted = engine.sql(rounds, params=None, store=False, **named)
        self._free = engine.sql(self._round.left_over(), params=None, pairs=free, new=new, store=True)
        engine.drop(free)
        if self._ranks:
            engine.drop(self._ranks[1])
            self._ranks = None

    def outcomes(self, thresholds: Thresholds) -> Table:
        """Accepted pairs, and those whose units are both still free: which of them a person should see.

        Returns:
            left_id, right_id, match_weight, runner_up_weight, decision, reason.
        """
        params = _numbers(thresholds) | {"reach": thresholds.lowest}
        tables = {"accepted": self.accepted, "ranked": self._ranked(params)}
        return self._engine.sql(_OUTCOMES, params=params, store=True, **tables)

    def _ranked(self, params: dict[str, float]) -> Table:
        """The free pairs with their rivals; ranked once until a pair is taken.

        A pair that is too light to matter stands behind all that do, so thresholds may read the ranks of others, but
        where the last release lifts light pairs over heavy ones.
        """
        reach = params["reach"] if self._round.held else None
        if self._ranks is None or self._ranks[0] != reach:
            if self._ranks:
                self._engine.drop(self._ranks[1])
            ranked = self._engine.sql(self._round.ranked(), params=params, pairs=self._free, store=True)
            self._ranks = reach, ranked
        return self._ranks[1]


_ACCEPTED = "left_id, right_id, match_weight, runner_up_weight, reason"


def _numbers(thresholds: Thresholds) -> dict[str, float]:
    """Values of the parameters that the queries of a round name."""
    return {name: getattr(thresholds, name) for name in ("accept", "review", "margin", "keep", "reach")}


HELD = "held since the last release"
"""The reason of a pair that would not be joined today, but was before."""

_NOTHING_YET = """
    select cast(null as bigint) as left_id, cast(null as bigint) as right_id,
           cast(null as double) as match_weight, cast(null as double) as runner_up_weight,
           cast(null as varchar) as reason
    where false
    """

# The best rival of those that matter; where light pairs are ranked too, it may be lighter than that.
_RUNNER_UP = "case when runner_up_weight >= $reach then runner_up_weight end"

_OUTCOMES = f"""
    select left_id, right_id, match_weight, runner_up_weight, 'accepted' as decision, reason
    from {{accepted}}
    union all
    select left_id, right_id, match_weight, {_RUNNER_UP} as runner_up_weight,
           case when best and match_weight >= $review then 'review' else 'rejected' end as decision,
           case when match_weight < $review then 'below threshold'
                when not best then 'a better partner'
                when match_weight < $accept then 'below threshold'
                else 'ambiguous' end as reason
    from {{ranked}}
    where match_weight >= $reach
    """


@dataclass(frozen=True)
class _Round:
    """SQL of one round. With `held`, a pair carries what it has since the last release; without, nothing is carried."""

    cardinality: Cardinality
    held: bool

    @property
    def _single(self) -> list[str]:
        """Sides whose units hold one link."""
        return [side for side in ("left", "right") if not holds_many(self.cardinality, side)]

    @property
    def _standing(self) -> str:
        """The weight that a pair takes into the race: a held one stands before rivals within the margin."""
        return "match_weight + case when held then $margin else 0 end" if self.held else "match_weight"

    @property
    def columns(self) -> str:
        """Of a pair: what a round reads."""
        return "left_id, right_id, match_weight" + (", held" if self.held else "")

    def started(self, some_apart: bool) -> str:
        """Pairs of some weight: `columns`, and contested: whether another pair wants one of their units.

        Nothing that happens in the race makes a contested pair of another, so most pairs are ranked without a look.
        """
        held, joined = "", ""
        if self.held:
            held = ", h.left_id is not null as held"
            joined = "left join {held} as h on h.left_id = p.left_id and h.right_id = p.right_id"
        apart = "not exists (select 1 from {apart} as a where a.left_id = p.left_id and a.right_id = p.right_id)"
        crowded = "".join(
            f", crowded_{s} as (select {s}_id from racing group by {s}_id having count(*) > 1)" for s in self._single
        )
        marks = "".join(f" left join crowded_{s} as in_{s} on in_{s}.{s}_id = p.{s}_id" for s in self._single)
        contested = " or ".join(f"in_{s}.{s}_id is not null" for s in self._single) or "false"
        return f"""
            with racing as (
                select p.left_id, p.right_id, p.match_weight{held}
                from {{pairs}} as p
                {joined}
                where p.match_weight >= $lowest {f"and {apart}" if some_apart else ""}
            ){crowded}
            select p.*, {contested} as contested
            from racing as p{marks}
            """

    def ranked(self) -> str:
        """Each pair with its best rival, and whether it is the best on every side that holds one link."""
        held, reach = (", held", "and match_weight >= $reach") if self.held else ("", "")
        nobody = "".join(f", cast(null as double) as {name}" for name, _ in self._weights)
        alone = f"""
            select left_id, right_id, match_weight{nobody}, true as best{held}
            from {{pairs}}
            where not contested {reach}
            """
        if not self._single:
            return alone
        other = {"left": "right", "right": "left"}
        ranks = ", ".join(
            f"row_number() over by_{s} as {s}_rank" + "".join(self._neighbours(s, *weight) for weight in self._weights)
            for s in self._single
        )
        windows = ", ".join(
            f"by_{s} as (partition by {s}_id order by {self._standing} desc, {other[s]}_id)" for s in self._single
        )
        rivals = ", ".join(f"{self._rival(name)} as {name}" for name, _ in self._weights)
        best = " and ".join(f"{s}_rank = 1" for s in self._single)
        return f"""
            with ranked as (
                select *, {ranks}
                from {{pairs}}
                where contested {reach}
                window {windows}
            )
            select left_id, right_id, match_weight, {rivals}, {best} as best{held}
            from ranked
            union all
            {alone}
            """

    @property
    def _weights(self) -> list[tuple[str, str]]:
        """The weights of rivals: as they are, and where pairs are held, as they stand."""
        weights = [("runner_up_weight", "match_weight")]
        return [*weights, ("rival", self._standing)] if self.held else weights

    @staticmethod
    def _neighbours(side: str, name: str, weight: str) -> str:
        return (
            f", lead({weight}) over by_{side} as {side}_next_{name}"
            f", first_value({weight}) over by_{side} as {side}_first_{name}"
        )

    def _rival(self, name: str) -> str:
        """The greatest that stands against a pair: the next one for the best of a side, else the best one."""
        rivals = ", ".join(
            f"case when {s}_rank = 1 then {s}_next_{name} else {s}_first_{name} end" for s in self._single
        )
        return f"greatest({rivals})" if len(self._single) > 1 else rivals

    def accepted(self) -> str:
        """The best pairs that are heavy enough and lead."""
        leads = "(runner_up_weight is null or match_weight - runner_up_weight >= $margin)"
        joins = f"match_weight >= $accept and {leads}"
        stays = f"held and match_weight >= $keep and (rival is null or {self._standing} - rival >= 0)"
        new_leads = "(rival is null or match_weight - rival >= $margin)"
        enough = f"(({stays}) or (not held and match_weight >= $accept and {new_leads}))" if self.held else joins
        reason = f"case when not ({joins}) then '{HELD}' end" if self.held else "null"
        return f"""
            select left_id, right_id, match_weight, {_RUNNER_UP} as runner_up_weight,
                   cast({reason} as varchar) as reason
            from {{ranked}}
            where match_weight >= $reach and best and {enough}
            """

    def left_over(self) -> str:
        """Pairs whose units are both still free; where both sides hold many, those not accepted themselves."""
        taken = [f"not exists (select 1 from {{new}} as n where n.{s}_id = p.{s}_id)" for s in self._single] or [
            "not exists (select 1 from {new} as n where n.left_id = p.left_id and n.right_id = p.right_id)"
        ]
        return f"select p.* from {{pairs}} as p where {' and '.join(taken)}"
