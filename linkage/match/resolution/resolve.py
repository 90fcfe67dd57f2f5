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
from linkage.engine import Engine, Table, empty
from linkage.match.resolution.rounds import RUNNER_UP, Round

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

    Most pairs have no rival, and nothing that happens makes them one: their weight decides. So the rounds are run over
    the others alone, which are few.

    Args:
        pairs: left_id, right_id, match_weight; a pair once.
        lowest: pairs of less weight take no part; no higher than the `lowest` of any thresholds that follow.
        held: left_id, right_id of units that were one person in the last release.
        apart: left_id, right_id of pairs that take no part, whatever they weigh.

    Attributes:
        rivals: left_id, right_id, match_weight of all pairs with rivals, whatever became of them, and left_odds,
            right_odds: the sum of 2 ^ match_weight over the pairs of their units that hold one link.
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
        # To bring a unit's pairs together is what costs an engine that cuts; to put them in order costs another more.
        ranked = engine.is_distributed and held is None and cardinality != "many-to-many"
        self._round = Round(cardinality, held is not None, ranked)
        apart = apart if apart is not None and engine.count(apart) else None
        tables = {"pairs": pairs} | ({"held": held} if held else {}) | ({"apart": apart} if apart else {})
        all_of = engine.sql(self._round.started(apart is not None), params={"lowest": lowest}, store=True, **tables)
        self._alone = engine.sql(f"select {self._round.columns} from {{t}} where not contested", t=all_of)
        self.rivals = self._free = engine.sql("select * from {t} where contested", t=all_of, store=True)
        self._all = all_of
        # Of the free pairs, from a weight on.
        self._ranks: tuple[float | None, Table] | None = (None, self.rivals) if ranked else None
        self._taken = [empty(engine, _OF_ACCEPTED)]
        self._enough = {"accept": math.inf, "keep": math.inf}  # of the pairs without a rival

    @property
    def accepted(self) -> Table:
        """left_id, right_id, match_weight, runner_up_weight, reason of the pairs that were accepted so far.

        The runner-up is the best rival when the pair was accepted, among those that could have kept it from being so;
        NULL without one.
        """
        won, rounds = self._won()
        query = f"{self._round.unopposed()} union all {won}"
        return self._engine.sql(query, params=self._enough, store=False, alone=self._alone, **rounds)

    def contest(self, thresholds: Thresholds) -> Table:
        """Pairs with rivals whose units are free and that matter: left_id, right_id, match_weight; held, if any are."""
        query = f"select {self._round.columns} from {{free}} where match_weight >= $reach"
        return self._engine.sql(query, params={"reach": thresholds.reach}, free=self._free)

    def settle(self, thresholds: Thresholds) -> None:
        """Accept what these thresholds allow; what was accepted before, under others at least as high, stands."""
        engine, params = self._engine, _numbers(thresholds)
        self.settle_unopposed(thresholds)
        if engine.count(self._free) == 0:
            return
        for _ in range(_MOST_ROUNDS):
            new = engine.sql(self._round.accepted(), params=params, ranked=self._ranked(params), store=True)
            if engine.count(new) == 0:
                engine.drop(new)
                break
            self.take(new)

    def settle_unopposed(self, thresholds: Thresholds) -> None:
        """The same of the pairs without a rival alone."""
        self._enough = {name: min(before, getattr(thresholds, name)) for name, before in self._enough.items()}

    def take(self, new: Table) -> None:
        """Accept pairs of the contest that were chosen otherwise, in the columns of `accepted`; the race keeps them."""
        engine, free = self._engine, self._free
        self._taken.append(new)
        self._free = engine.sql(self._round.left_over(), params=None, pairs=free, new=new, store=True)
        if free is not self.rivals:
            engine.drop(free)
        if self._ranks and self._ranks[1] is not self.rivals:
            engine.drop(self._ranks[1])
        self._ranks = None

    def contested(self, thresholds: Thresholds) -> Table:
        """The outcomes of the pairs with rivals: those accepted, and those whose units are both still free.

        Returns:
            left_id, right_id, match_weight, runner_up_weight, decision, reason.
        """
        params = _numbers(thresholds) | {"reach": thresholds.lowest}
        won, rounds = self._won()
        query = _CONTESTED.format(won=won)
        return self._engine.sql(query, params=params, store=True, ranked=self._ranked(params), **rounds)

    def outcomes(self, thresholds: Thresholds, contested: Table | None = None) -> Table:
        """The outcomes of all pairs, in the same columns.

        Args:
            contested: those of the pairs with rivals, where somebody has looked at them since.
        """
        contested = contested or self.contested(thresholds)
        params = _numbers(thresholds) | {"reach": thresholds.lowest}
        params |= {f"enough_{name}": weight for name, weight in self._enough.items()}
        return self._engine.sql(self._round.outcomes(), params=params, contested=contested, alone=self._alone)

    @property
    def stored(self) -> list[Table]:
        """What is stored, to be given back when nobody reads any of the race's tables any more."""
        ranks = [self._ranks[1]] if self._ranks else []
        return [self._alone, self._all, self.rivals, self._free, *ranks, *self._taken]

    def _won(self) -> tuple[str, dict[str, Table]]:
        """SQL of the pairs with rivals that were accepted so far, with the tables that it reads."""
        rounds = {f"of_{number}": table for number, table in enumerate(self._taken)}
        return " union all ".join(f"select {_ACCEPTED} from {{{name}}}" for name in rounds), rounds

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


_OF_ACCEPTED = {
    "left_id": "bigint",
    "right_id": "bigint",
    "match_weight": "double",
    "runner_up_weight": "double",
    "reason": "varchar",
}
_ACCEPTED = ", ".join(_OF_ACCEPTED)


def _numbers(thresholds: Thresholds) -> dict[str, float]:
    """Values of the parameters that the queries of a round name."""
    return {name: getattr(thresholds, name) for name in ("accept", "review", "margin", "keep", "reach")}


_CONTESTED = f"""
    select left_id, right_id, match_weight, runner_up_weight, 'accepted' as decision, reason
    from ({{won}}) as accepted
    union all
    select left_id, right_id, match_weight, {RUNNER_UP} as runner_up_weight,
           case when best and match_weight >= $review then 'review' else 'rejected' end as decision,
           case when match_weight < $review then 'below threshold'
                when not best then 'a better partner'
                when match_weight < $accept then 'below threshold'
                else 'ambiguous' end as reason
    from {{{{ranked}}}}
    where match_weight >= $reach
    """
