"""Who belongs to whom: passes, scored candidates, and which of them are accepted. What is told of it is the step's."""

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Unpack

from linkage.config import Step, single_sides
from linkage.engine import Engine, Table
from linkage.match.candidates.coverage import gain
from linkage.match.candidates.passes import METHOD, STANDS
from linkage.match.candidates.units import Units
from linkage.match.resolution.assignment import accept
from linkage.match.resolution.duplicates import SamePerson, excuse
from linkage.match.resolution.limits import after_all
from linkage.match.resolution.resolve import Race, Thresholds
from linkage.match.resolution.weighed import Given, Weighed, saying, weighed, without
from linkage.match.two_people.after_all import LinksSoFar, maybe_one
from linkage.match.two_people.apart import two_people
from linkage.match.two_people.apart_rules import asked_for


@dataclass(frozen=True)
class Matched(Weighed):
    """What was decided of two sides, and on what grounds.

    Attributes:
        apart: left_id, right_id, reason of pairs that are two people, whatever they weigh.
        doubted: left_id, right_id, match_probability of pairs that look like two people and may be one after all.
        rivals: left_id, right_id, match_weight of the other scored pairs that are not alone in wanting one of their
            units, with left_odds, right_odds as a race has them.
        outcomes: left_id, right_id, match_weight, runner_up_weight, decision, reason of pairs that are accepted or for
            review; the others ended when another pair took one of their units.
        stored: what holds `scored`, `rivals` and `outcomes`, to be given back when nobody reads them any more.
    """

    thresholds: Thresholds
    apart: Table
    doubted: Table | None
    rivals: Table
    outcomes: Table
    stored: list[Table]

    def accepted(self, engine: Engine, beside_sure: Table | None = None) -> Table:
        """left_id, right_id, method, pass, match_weight of the pairs that are linked.

        The sure ones are most of all: they are read once, when somebody writes the links.

        Args:
            beside_sure: the others, where they have been asked for.
        """
        return engine.sql(
            f"{_OF_RULES} union all select * from {{others}}",
            params=None,
            store=False,
            pairs=self.candidates.sure,
            others=beside_sure or self.beside_sure(engine),
        )

    def beside_sure(self, engine: Engine) -> Table:
        """The same of the pairs that are linked but were not taken for sure."""
        chosen = engine.sql(
            """
            select s.left_id, s.right_id, s.match_weight, s.rule
            from {outcomes} as o
            join {scored} as s on s.left_id = o.left_id and s.right_id = o.right_id
            where o.decision = 'accepted'
            """,
            outcomes=self.outcomes,
            scored=self.scored,
        )
        return engine.sql(
            f"""
            select left_id, right_id, {METHOD} as method, pass, match_weight
            from {{certain}}
            where {STANDS}
            union all
            {_OF_RULES}
            """,
            params={"review": self.thresholds.review},
            certain=self.certain,
            pairs=chosen,
            store=True,
        )


_OF_RULES = """
    select left_id, right_id, 'probabilistic' as method, 'rule ' || cast(rule + 1 as varchar) as pass, match_weight
    from {pairs}
    """


def matched(
    engine: Engine, step: Step, left: Units, right: Units, *, links_only: bool = False, **given: Unpack[Given]
) -> Matched:
    """Link two sides: deterministic passes first, then the model on what they leave.

    Args:
        links_only: leave out what only explains, who met whom and the rivals of pairs that are sure. Pairs that look
            like twins stay apart: to judge the few that are one person takes as long as half of all else.

    Raises:
        ConfigError: the model names columns that the units do not have, or is neither trained nor to be.
        LeoError: there is nothing to train on.
    """
    found, held = weighed(engine, step, left, right, given, links_only=links_only), given.get("held")
    saying(given)("resolution")
    thresholds, candidates = Thresholds.of(step, holding=held is not None), found.candidates
    rules, lowest = asked_for(step), thresholds.lowest
    apart = two_people(engine, found.scored, left, right, lowest, rules, model=found.model, held=candidates.sides)
    race = Race(engine, found.scored, step.cardinality, found.floor, held=held, apart=apart)
    race.settle(thresholds)
    agreed = engine.sql(_AGREED, params={"review": thresholds.review}, certain=found.certain)
    thresholds = thresholds.given(_gain(engine, step, (agreed, candidates.sure, race.accepted), found.sizes))
    accept(engine, step, race, thresholds, held=held)
    contested = race.contested(thresholds)  # an ambiguous pair has rivals, and they have one another
    excused = None
    if not step.each_once:  # two records of one person are no rivals
        excused = excuse(engine, _same_person(engine, found, thresholds), contested, *candidates.sides)
    outcomes, doubted = race.outcomes(thresholds, excused), None
    if engine.count(apart) and not links_only:
        judged = _maybe_one(engine, found, apart, outcomes, thresholds)
        if engine.count(judged):
            doubted, outcomes = after_all(engine, judged, outcomes, thresholds)
            apart = without(engine, apart, doubted)
    return Matched(
        **vars(found),
        thresholds=thresholds,
        apart=apart,
        doubted=doubted,
        rivals=race.rivals,
        outcomes=outcomes,
        stored=[found.scored, *candidates.stored, *race.stored, contested, *([excused] if excused else [])],
    )


def _same_person(engine: Engine, found: Weighed, thresholds: Thresholds) -> SamePerson:
    """By what two records of one side are told to be one person's."""
    sides = {"left": found.left, "right": found.right}
    records = {side: engine.count(units) for side, units in zip(sides, found.still_open, strict=True)}
    within = functools.partial(_apart_within, engine, sides) if asked_for(found.step) else None
    return SamePerson(found.model, found.frequencies, thresholds, found.step.cardinality, records, within)


def _apart_within(
    engine: Engine, sides: Mapping[str, Units], side: str, pairs: Table, lowest: float, few: Table
) -> Table:
    """Pairs of a few units of one side that are two people whatever they weigh."""
    return two_people(engine, pairs, sides[side], sides[side], lowest, held=(few, few))


_AGREED = f"select left_id, right_id from {{certain}} where {STANDS}"

_LINKED = f"""
    {_AGREED}
    union all
    select left_id, right_id from {{sure}}
    union all
    select left_id, right_id from {{outcomes}} where decision = 'accepted'
    """


def _maybe_one(engine: Engine, found: Weighed, apart: Table, outcomes: Table, thresholds: Thresholds) -> Table:
    """Pairs of two people who may be one after all, as `maybe_one` judges them by all links."""
    tables = {"certain": found.certain, "sure": found.candidates.sure, "outcomes": outcomes}
    linked = engine.sql(_LINKED, params={"review": thresholds.review}, store=True, **tables)
    so_far = LinksSoFar(found.model, (found.left, found.right), found.frequencies, linked, thresholds.gain)
    judged = maybe_one(engine, so_far, apart, asked_for(found.step))
    engine.drop(linked)
    return judged


def _gain(engine: Engine, step: Step, linked: Sequence[Table], sizes: Mapping[str, int]) -> float:
    """What the cardinality adds, from the shares that passes and certain weights have matched."""
    # A unit of a side whose units have one partner at most is in one of these pairs at most.
    pairs = sum(engine.count(table) for table in linked)
    return gain(pairs / max(sizes[side], 1) for side in single_sides(step.cardinality))
