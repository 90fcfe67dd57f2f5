"""Who belongs to whom: passes, scored candidates, and which of them are accepted. What is told of it is the step's."""

import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Required, TypedDict, Unpack

from linkage.config import Pass, Step, holds_many, single_sides
from linkage.engine import Engine, Table, empty
from linkage.errors import LeoError
from linkage.match.candidates import passes as deterministic
from linkage.match.candidates.coverage import gain, most_gain
from linkage.match.candidates.overrides import Overrides
from linkage.match.candidates.parts import Parts
from linkage.match.candidates.score import (
    Candidates,
    Frequencies,
    score_candidates,
    score_given,
    scored_columns,
    term_frequencies,
)
from linkage.match.candidates.sure import Taking, taking
from linkage.match.candidates.units import Units
from linkage.match.resolution.assignment import accept
from linkage.match.resolution.duplicates import SamePerson, excuse
from linkage.match.resolution.limits import after_all
from linkage.match.resolution.resolve import Race, Thresholds
from linkage.match.two_people.after_all import maybe_one
from linkage.match.two_people.apart import two_people
from linkage.match.two_people.apart_rules import asked_for
from linkage.model import Model, from_dict
from linkage.model.sizes import of_sizes
from linkage.model.training import Earlier, train


class Given(TypedDict, total=False):
    """What a step goes by, beside its own text and its two sides.

    Attributes:
        rules: the step's passes, in order.
        model: comparisons and blocking rules; trained already where `step.train` is false.
        seed: of whatever is drawn.
        held: left_id, right_id of units that were one person in the last release.
        overrides: what people have decided about pairs of these units.
        earlier: a step that has learnt by the same model, on which training leans.
        trained_on: records of the sides that a model was trained on which is not trained here (model.sizes).
        in_two: by side, units that earlier steps may have left in two (linkage.match.further.in_doubt.left_in_two).
        parts: how scoring is cut where the sides are large.
        progress: is told what begins.
    """

    rules: Required[Sequence[Pass]]
    model: Required[Model]
    seed: int
    held: Table | None
    overrides: Overrides | None
    earlier: Earlier | None
    trained_on: Sequence[int] | None
    in_two: Mapping[str, Table]
    parts: Parts | None
    progress: Callable[[str], None] | None


SEED = 2026
"""Where none is given."""


@dataclass(frozen=True)
class Matched:
    """What was decided of two sides, and on what grounds.

    Attributes:
        left, right: all units.
        passed: what the passes made; certain: their pairs with the model's levels and weight.
        candidates: what blocking rules made; scored: those of their pairs that nobody has forbidden.
        apart: left_id, right_id, reason of pairs that are two people, whatever they weigh.
        doubted: left_id, right_id, match_probability of pairs that look like two people and may be one after all.
        rivals: left_id, right_id, match_weight of the other scored pairs that are not alone in wanting one of their
            units, with left_odds, right_odds as a race has them.
        outcomes: left_id, right_id, match_weight, runner_up_weight, decision, reason of pairs that are accepted or for
            review; the others ended when another pair took one of their units.
        still_open: units of the left and of the right that the passes left to the model.
        stored: what holds `scored`, `rivals` and `outcomes`, to be given back when nobody reads them any more.
    """

    step: Step
    left: Units
    right: Units
    given: Given
    model: Model
    training: dict[str, Any]
    frequencies: Frequencies
    thresholds: Thresholds
    sizes: dict[str, int]
    passed: deterministic.PassResult
    certain: Table
    candidates: Candidates
    scored: Table
    apart: Table
    doubted: Table | None
    rivals: Table
    outcomes: Table
    still_open: tuple[Table, Table]
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
            select left_id, right_id,
                   case when pass = '{deterministic.OVERRIDE}' then 'override' else 'deterministic' end as method,
                   pass, match_weight
            from {{certain}}
            where match_weight >= $review or pass = '{deterministic.OVERRIDE}'
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
    say = given.get("progress") or (lambda _: None)
    overrides, held = given.get("overrides"), given.get("held")
    sizes = {"left": engine.count(left.units), "right": engine.count(right.units)}
    untrained = _fitting(step, left, right, sizes, given)
    seed, earlier = given.get("seed", SEED), given.get("earlier")
    model, training, frequencies = _model(engine, step, untrained, left.units, right.units, seed, earlier, say)
    thresholds = Thresholds.of(step, holding=held is not None)
    say("passes")
    forced, barred = (overrides.forced, overrides.barred) if overrides else (None, None)
    rows_of = left.appearances, right.appearances
    passed = deterministic.run(engine, given["rules"], *rows_of, step.cardinality, forced=forced, barred=barred)
    certain = _scored_passes(engine, model, left.units, right.units, frequencies, passed.links)
    still_open = (
        _still_open(engine, left.units, passed.links, "left", step),
        _still_open(engine, right.units, passed.links, "right", step),
    )
    most = most_gain(sizes, step.cardinality)
    floor = thresholds.floor(most, links_only=links_only)
    sure = _taking(step, model, thresholds, most) if links_only and not overrides and held is None else None
    candidates = score_candidates(
        engine,
        model,
        *still_open,
        frequencies,
        floor,
        parts=given.get("parts"),
        taking=sure,
        meetings=not links_only,
        progress=say,
    )
    say("resolution")
    scored = candidates.pairs
    if step.cardinality == "many-to-many":
        scored = _without(engine, scored, passed.links)
    if barred:
        scored = _without(engine, scored, barred)
    twins = asked_for(step)
    apart = two_people(engine, scored, left, right, thresholds.lowest, twins, model=model, held=candidates.sides)
    race = Race(engine, scored, step.cardinality, floor, held=held, apart=apart)
    race.settle(thresholds)
    agreed = engine.sql(_AGREED, params={"review": thresholds.review}, certain=certain)
    thresholds = thresholds.given(_gain(engine, step, (agreed, candidates.sure, race.accepted), sizes))
    accept(engine, step, race, thresholds, held=held)
    contested = race.contested(thresholds)  # an ambiguous pair has rivals, and they have one another
    excused = None
    if not step.each_once:  # two records of one person are no rivals
        records = {side: engine.count(units) for side, units in zip(("left", "right"), still_open, strict=True)}
        within = functools.partial(_apart_within, engine, {"left": left, "right": right}) if twins else None
        told = SamePerson(model, frequencies, thresholds, step.cardinality, records, within)
        excused = excuse(engine, told, contested, *candidates.sides)
    outcomes, doubted = race.outcomes(thresholds, excused), None
    if engine.count(apart) and not links_only:
        tables = {"certain": certain, "sure": candidates.sure, "outcomes": outcomes}
        linked = engine.sql(_LINKED, params={"review": thresholds.review}, store=True, **tables)
        judged = maybe_one(engine, model, (left, right), frequencies, apart, linked, twins, thresholds.gain)
        engine.drop(linked)
        if engine.count(judged):
            doubted, outcomes = after_all(engine, judged, outcomes, thresholds)
            apart = _without(engine, apart, doubted)
    return Matched(
        step=step,
        left=left,
        right=right,
        given=given,
        model=model,
        training=training,
        frequencies=frequencies,
        thresholds=thresholds,
        sizes=sizes,
        passed=passed,
        certain=certain,
        candidates=candidates,
        scored=scored,
        apart=apart,
        doubted=doubted,
        rivals=race.rivals,
        outcomes=outcomes,
        still_open=still_open,
        stored=[scored, *candidates.stored, *race.stored, contested, *([excused] if excused else [])],
    )


def _fitting(step: Step, left: Units, right: Units, sizes: Mapping[str, int], given: Given) -> Model:
    """The model that is given, which must fit the sides; one that is not trained here has the prior of their sizes."""
    model = given["model"]
    if not step.train:
        model.check_trained(f"step '{step.name}'")
    model.check_columns(set(left.units.columns) & set(right.units.columns), f"step '{step.name}'")
    return model if step.train else of_sizes(model, given.get("trained_on"), tuple(sizes.values()))


def _apart_within(
    engine: Engine, sides: Mapping[str, Units], side: str, pairs: Table, lowest: float, few: Table
) -> Table:
    """Pairs of a few units of one side that are two people whatever they weigh."""
    return two_people(engine, pairs, sides[side], sides[side], lowest, held=(few, few))


# What a pass has linked and the model speaks against is for review, and no unit is matched by it.
_AGREED = (
    f"select left_id, right_id from {{certain}} where match_weight >= $review or pass = '{deterministic.OVERRIDE}'"
)

_LINKED = f"""
    {_AGREED}
    union all
    select left_id, right_id from {{sure}}
    union all
    select left_id, right_id from {{outcomes}} where decision = 'accepted'
    """


def _model(
    engine: Engine,
    step: Step,
    model: Model,
    left: Table,
    right: Table,
    seed: int,
    earlier: Earlier | None,
    say: Callable[[str], None],
) -> tuple[Model, dict[str, Any], Frequencies]:
    """The model, trained where the step asks for it, what training tells, and how common values are.

    The frequencies are those of the columns, whatever is learnt: they are counted while training thinks.
    """
    count = functools.partial(term_frequencies, engine, model, left, right)
    if not step.train:
        say("values")
        return model, {}, count()
    train_it = functools.partial(_trained, engine, model, left, right, seed, earlier, say)
    made: list[Any] = engine.together(train_it, count)
    (trained, told), frequencies = made
    return trained, told, frequencies


def _trained(
    engine: Engine,
    model: Model,
    left: Table,
    right: Table,
    seed: int,
    earlier: Earlier | None,
    say: Callable[[str], None],
) -> tuple[Model, dict[str, Any]]:
    """The model trained on two sides; as it is, but for its prior, where they are too small to learn from.

    An earlier step's is taken then, where there is one.

    Raises:
        LeoError: there is nothing to train on, and the model has no m and u of its own.
    """
    leaning = {"leans_on": earlier.step} if earlier else {}
    try:
        trained, report = train(engine, model, left, right, seed=seed, earlier=earlier, progress=say)
    except LeoError as fault:
        model = earlier.model if earlier else model
        if not model.is_trained:
            raise
        # The prior that training starts from: half of the smaller side has a partner.
        prior = 0.5 / max(engine.count(left), engine.count(right), 2)
        given = from_dict({**model.raw, "probability_two_random_records_match": prior})
        return given, {"taken_as_given": str(fault).splitlines()[0], "prior": prior} | leaning
    return trained, report.as_dict() | leaning


def _taking(step: Step, model: Model, thresholds: Thresholds, more: float) -> Taking | None:
    """How sure pairs are taken; such as no rule of two people can speak against."""
    # Of companies, whom words tell apart, none are taken: they have no forename.
    among = {rule.differ or str(rule.born_apart) for rule in asked_for(step) if not rule.words}
    return taking(model, step.cardinality, thresholds.accept, more, among)


def _gain(engine: Engine, step: Step, linked: Sequence[Table], sizes: Mapping[str, int]) -> float:
    """What the cardinality adds, from the shares that passes and certain weights have matched."""
    # A unit of a side whose units have one partner at most is in one of these pairs at most.
    pairs = sum(engine.count(table) for table in linked)
    return gain(pairs / max(sizes[side], 1) for side in single_sides(step.cardinality))


def _without(engine: Engine, scored: Table, taken: Table) -> Table:
    """Pairs but for some: those of the passes, which rules make again where both sides hold many; those forbidden."""
    left = engine.sql(
        """
        select s.*
        from {scored} as s
        where not exists (select 1 from {taken} as t where t.left_id = s.left_id and t.right_id = s.right_id)
        """,
        scored=scored,
        taken=taken,
        store=True,
    )
    engine.drop(scored)
    return left


def _scored_passes(
    engine: Engine, model: Model, left: Table, right: Table, frequencies: Frequencies, linked: Table
) -> Table:
    """Links of passes with the model's levels and weight, so that one scale of evidence covers all."""
    if engine.count(linked) == 0:
        return empty(engine, {**scored_columns(model), "pass": "varchar"})
    scored = score_given(engine, model, left, right, frequencies, linked)
    return engine.sql(
        "select s.*, p.pass from {scored} as s join {linked} as p using (left_id, right_id)",
        scored=scored,
        linked=linked,
        store=True,
    )


def _still_open(engine: Engine, units: Table, linked: Table, side: str, step: Step) -> Table:
    """Units that the passes left unlinked, and those that may hold further links."""
    if holds_many(step.cardinality, side) or engine.count(linked) == 0:
        return units
    return engine.sql(
        f"""
        select u.* from {{units}} as u
        where not exists (select 1 from {{linked}} as p where p.{side}_id = u.unit_id)
        """,
        units=units,
        linked=linked,
        store=True,
    )
