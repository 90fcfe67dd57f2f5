"""The pairs of two sides with their weights: those of passes, and those of the model on what they leave."""

import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Required, TypedDict

from linkage.config import Pass, Step, holds_many
from linkage.engine import Engine, Table, empty
from linkage.errors import LeoError
from linkage.match.candidates import passes as deterministic
from linkage.match.candidates.coverage import most_gain
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
from linkage.match.resolution.resolve import Thresholds
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
class Weighed:
    """What passes, rules and the model made of two sides.

    Attributes:
        left, right: all units.
        sizes: how many they are, by "left" and "right".
        training: what training tells; nothing where the model is not trained here.
        passed: what the passes made; certain: their pairs with the model's levels and weight.
        still_open: units of the left and of the right that the passes left to the model.
        floor: bits; a lighter pair is no candidate.
        candidates: what blocking rules made; scored: those of their pairs that nobody has forbidden.
    """

    step: Step
    left: Units
    right: Units
    given: Given
    sizes: dict[str, int]
    model: Model
    training: dict[str, Any]
    frequencies: Frequencies
    passed: deterministic.PassResult
    certain: Table
    still_open: tuple[Table, Table]
    floor: float
    candidates: Candidates
    scored: Table


def weighed(engine: Engine, step: Step, left: Units, right: Units, given: Given, *, links_only: bool) -> Weighed:
    """Weigh the pairs of deterministic passes, and those that blocking rules make of what these leave.

    Args:
        links_only: leave out what only explains, and take sure pairs first where neither people nor a last release
            have decided any.

    Raises:
        ConfigError: the model names columns that the units do not have, or is neither trained nor to be.
        LeoError: there is nothing to train on.
    """
    say, overrides, held = saying(given), given.get("overrides"), given.get("held")
    sizes = {"left": engine.count(left.units), "right": engine.count(right.units)}
    model, training, frequencies = _model(engine, step, left, right, sizes, given)
    say("passes")
    forced, barred = (overrides.forced, overrides.barred) if overrides else (None, None)
    rows_of = left.identifier_records, right.identifier_records
    passed = deterministic.run(engine, given["rules"], *rows_of, step.cardinality, forced=forced, barred=barred)
    certain = _scored_passes(engine, model, left.units, right.units, frequencies, passed.links)
    still_open = (
        _still_open(engine, left.units, passed.links, "left", step),
        _still_open(engine, right.units, passed.links, "right", step),
    )
    thresholds, most = Thresholds.of(step, holding=held is not None), most_gain(sizes, step.cardinality)
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
    scored = candidates.pairs
    for others in (passed.links if step.cardinality == "many-to-many" else None, barred):
        scored = without(engine, scored, others) if others else scored
    return Weighed(
        step=step,
        left=left,
        right=right,
        given=given,
        sizes=sizes,
        model=model,
        training=training,
        frequencies=frequencies,
        passed=passed,
        certain=certain,
        still_open=still_open,
        floor=floor,
        candidates=candidates,
        scored=scored,
    )


def saying(given: Given) -> Callable[[str], None]:
    """What is told that something begins, where somebody wants to know."""
    return given.get("progress") or (lambda _: None)


def _fitting(step: Step, left: Units, right: Units, sizes: Mapping[str, int], given: Given) -> Model:
    """The model that is given, which must fit the sides; one that is not trained here has the prior of their sizes."""
    model = given["model"]
    if not step.train:
        model.check_trained(f"step '{step.name}'")
    model.check_columns(set(left.units.columns) & set(right.units.columns), f"step '{step.name}'")
    return model if step.train else of_sizes(model, given.get("trained_on"), tuple(sizes.values()))


def _model(
    engine: Engine, step: Step, left: Units, right: Units, sizes: Mapping[str, int], given: Given
) -> tuple[Model, dict[str, Any], Frequencies]:
    """The model, trained where the step asks for it, what training tells, and how common values are.

    The frequencies are those of the columns, whatever is learnt: they are counted while training thinks.
    """
    model = _fitting(step, left, right, sizes, given)
    count = functools.partial(term_frequencies, engine, model, left.units, right.units)
    if not step.train:
        saying(given)("values")
        return model, {}, count()
    train_it = functools.partial(_trained, engine, model, left.units, right.units, given)
    made: list[Any] = engine.run_concurrently(train_it, count)
    (trained, told), frequencies = made
    return trained, told, frequencies


def _trained(engine: Engine, model: Model, left: Table, right: Table, given: Given) -> tuple[Model, dict[str, Any]]:
    """The model trained on two sides; as it is, but for its prior, where they are too small to learn from.

    An earlier step's is taken then, where there is one.

    Raises:
        LeoError: there is nothing to train on, and the model has no m and u of its own.
    """
    seed, earlier, say = given.get("seed", SEED), given.get("earlier"), saying(given)
    leaning = {"leans_on": earlier.step} if earlier else {}
    try:
        trained, report = train(engine, model, left, right, seed=seed, earlier=earlier, progress=say)
    except LeoError as fault:
        model = earlier.model if earlier else model
        if not model.is_trained:
            raise
        # The prior that training starts from: half of the smaller side has a partner.
        prior = 0.5 / max(engine.count(left), engine.count(right), 2)
        as_given = from_dict({**model.raw, "probability_two_random_records_match": prior})
        return as_given, {"taken_as_given": str(fault).splitlines()[0], "prior": prior} | leaning
    return trained, report.as_dict() | leaning


def _taking(step: Step, model: Model, thresholds: Thresholds, more: float) -> Taking | None:
    """How sure pairs are taken; such as no rule of two people can speak against."""
    # Of companies, whom words tell apart, none are taken: they have no forename.
    among = {rule.differ or str(rule.born_apart) for rule in asked_for(step) if not rule.words}
    return taking(model, step.cardinality, thresholds.accept, more, among)


def without(engine: Engine, scored: Table, taken: Table) -> Table:
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
