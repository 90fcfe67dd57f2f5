"""One step of a run: two sides' units become links, and every unit without one gets its reason."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from linkage.config import Pass, Step
from linkage.engine import Engine, Table, one, quote, rows
from linkage.errors import LeoError
from linkage.match import passes as deterministic
from linkage.match.apart import two_people
from linkage.match.assignment import accept
from linkage.match.coverage import gain, most_gain
from linkage.match.duplicates import excuse
from linkage.match.limits import capped, explained, refused
from linkage.match.overrides import Overrides
from linkage.match.parts import Parts
from linkage.match.posterior import of_step
from linkage.match.reach import passes_and_rules
from linkage.match.reasons import Side, reasons
from linkage.match.resolve import DECISION, REASON, Race, Thresholds
from linkage.match.score import Frequencies, score_candidates, score_given, term_frequencies
from linkage.match.second_records import with_second_records
from linkage.match.units import Units
from linkage.model import Model, from_dict
from linkage.model.compiled import pattern_text
from linkage.model.training import train


@dataclass(frozen=True)
class StepResult:
    """What a step made; columns as in docs/tables.md."""

    links: Table
    unlinked: Table
    units: Table
    model: Model
    summary: dict[str, Any]  # counts, seconds and training report; no values


def link_step(
    engine: Engine,
    step: Step,
    left: Units,
    right: Units,
    *,
    rules: Sequence[Pass],
    model: Model,
    seed: int = 2026,
    held: Table | None = None,
    overrides: Overrides | None = None,
    parts: Parts | None = None,
    progress: Callable[[str], None] | None = None,
) -> StepResult:
    """Link two sides: deterministic passes first, then the model on what they leave.

    Args:
        step: cardinality, thresholds, and whether the model is trained on these sides first.
        rules: the step's passes, in order.
        model: comparisons and blocking rules; trained already where `step.train` is false.
        held: left_id, right_id of units that were one person in the last release.
        overrides: what people have decided about pairs of these units.
        parts: how scoring is cut where the sides are large.

    Raises:
        ConfigError: the model names columns that the units do not have, or is neither trained nor to be.
        LeoError: there is nothing to train on.
    """
    say = progress or (lambda _: None)
    if not step.train:
        model.check_trained(f"step '{step.name}'")
    model.check_columns(set(left.units.columns) & set(right.units.columns), f"step '{step.name}'")
    training: dict[str, Any] = {}
    if step.train:
        model, training = _trained(engine, model, left.units, right.units, seed, say)
    sizes = {"left": engine.count(left.units), "right": engine.count(right.units)}
    thresholds = Thresholds.of(step, holding=held is not None)
    say("passes")
    passed = deterministic.run(
        engine,
        rules,
        left.appearances,
        right.appearances,
        step.cardinality,
        forced=overrides.forced if overrides else None,
        barred=overrides.barred if overrides else None,
    )
    frequencies = term_frequencies(engine, model, left.units, right.units)
    certain = _scored_passes(engine, model, left.units, right.units, frequencies, passed.links)
    open_left = _still_open(engine, left.units, passed.links, "left", step)
    open_right = _still_open(engine, right.units, passed.links, "right", step)
    floor = thresholds.floor(most_gain(sizes, step.cardinality))
    found = score_candidates(engine, model, open_left, open_right, frequencies, floor, parts=parts, progress=say)
    say("resolution")
    scored = _without(engine, found.pairs, passed.links) if step.cardinality == "many-to-many" else found.pairs
    if overrides:
        scored = _without(engine, scored, overrides.barred)
    twins = None if step.twins == "apart" else ()
    apart = two_people(engine, scored, left, right, thresholds.lowest, twins, model=model)
    race = Race(engine, scored, step.cardinality, floor, held=held, apart=apart)
    race.settle(thresholds)
    thresholds = thresholds.given(_gain(engine, step, passed.links, race.accepted, sizes))
    accept(engine, step, race, thresholds, held=held)
    outcomes = race.outcomes(thresholds)
    outcomes = excuse(engine, model, outcomes, open_left, open_right, frequencies, thresholds, step.cardinality)
    likely = of_step(engine, step, model, scored, apart, (open_left, open_right), frequencies, thresholds)
    outcomes = refused(engine, outcomes, apart)
    if step.duplicates == "join":
        decided, barred = (certain, scored, outcomes), [overrides.barred] if overrides else []
        both = {"left": left, "right": right}
        scored, outcomes = with_second_records(engine, step, model, both, decided, barred, frequencies, thresholds)
    links = capped(engine, _links(engine, step, model, certain, scored, outcomes, likely, thresholds), step)
    say("reasons")
    sides = {"left": Side(left.units, open_left), "right": Side(right.units, open_right)}
    unlinked = reasons(engine, step.name, model, links, sides, found.met, frequencies, thresholds, parts=parts)
    unlinked = explained(engine, unlinked, links)
    engine.drop(*frequencies.values())
    units = _members(engine, step, left, right)
    reach = passes_and_rules(
        engine, model, (left.units, right.units), (open_left, open_right), passed.counts, found.counts, links
    )
    summary = {
        "training": training,
        "overrides": overrides.counts if overrides else {},
        **reach,
        "thresholds": asdict(thresholds),
        "known": _known(engine, model, left.units, right.units),
        "left_units": sizes["left"],
        "right_units": sizes["right"],
        "decisions": _counted(engine, links, "decision"),
        "unlinked": _counted(engine, unlinked, "reason"),
    }
    return StepResult(links, unlinked, units, model, summary)


def _trained(
    engine: Engine, model: Model, left: Table, right: Table, seed: int, say: Callable[[str], None]
) -> tuple[Model, dict[str, Any]]:
    """The model trained on two sides; as it is, but for its prior, where they are too small to learn from.

    Raises:
        LeoError: there is nothing to train on, and the model has no m and u of its own.
    """
    try:
        trained, report = train(engine, model, left, right, seed=seed, progress=say)
    except LeoError as fault:
        if not model.is_trained:
            raise
        # The prior that training starts from: half of the smaller side has a partner.
        prior = 0.5 / max(engine.count(left), engine.count(right), 2)
        given = from_dict({**model.raw, "probability_two_random_records_match": prior})
        return given, {"taken_as_given": str(fault).splitlines()[0], "prior": prior}
    return trained, report.as_dict()


def _known(engine: Engine, model: Model, left: Table, right: Table) -> dict[str, int]:
    """Column of the term frequencies to the units of both sides that know it: what frequencies are shares of."""
    if not model.tf_columns:
        return {}
    counted = ", ".join(f"count({quote(column)}) as {quote(column)}" for column in model.tf_columns)
    found = [one(engine, engine.sql(f"select {counted} from {{t}}", t=table)) for table in (left, right)]
    return {column: sum(int(side[column]) for side in found) for column in model.tf_columns}


def _gain(engine: Engine, step: Step, passed: Table, sure: Table, sizes: Mapping[str, int]) -> float:
    """What the cardinality adds, from the shares that passes and certain weights have matched."""
    accepted = engine.sql(
        "select left_id, right_id from {passed} union all select left_id, right_id from {sure}",
        passed=passed,
        sure=sure,
    )
    matched = one(
        engine,
        engine.sql(
            "select count(distinct left_id) as left_units, count(distinct right_id) as right_units from {t}", t=accepted
        ),
    )
    shares = {side: matched[f"{side}_units"] / max(units, 1) for side, units in sizes.items()}
    return gain(share for side, share in shares.items() if not deterministic.holds_many(step.cardinality, side))


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
    scored = score_given(engine, model, left, right, frequencies, linked)
    return engine.sql(
        "select s.*, p.pass from {scored} as s join {linked} as p using (left_id, right_id)",
        scored=scored,
        linked=linked,
        store=True,
    )


def _still_open(engine: Engine, units: Table, linked: Table, side: str, step: Step) -> Table:
    """Units that the passes left unlinked, and those that may hold further links."""
    if deterministic.holds_many(step.cardinality, side) or engine.count(linked) == 0:
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


def _links(
    engine: Engine,
    step: Step,
    model: Model,
    certain: Table,
    scored: Table,
    outcomes: Table,
    likely: Table,
    thresholds: Thresholds,
) -> Table:
    """Both kinds of links in one table. A pass's link that the model speaks against goes to review."""
    by_pass, by_model = (pattern_text(model, alias) for alias in "cp")
    by_people = f"c.pass = '{deterministic.OVERRIDE}'"
    disputed = f"c.match_weight < $review and not {by_people}"
    return engine.sql(
        f"""
        with found as (
            select c.left_id, c.right_id,
                   case when {by_people} then 'override' else 'deterministic' end as method,
                   c.pass, {by_pass} as pattern, c.match_weight,
                   cast(null as double) as match_probability, cast(null as double) as runner_up_weight,
                   case when {disputed} then 'review' else 'accepted' end as decision,
                   case when {disputed} then 'the model disagrees' end as reason
            from {{certain}} as c
            union all
            select p.left_id, p.right_id, 'probabilistic' as method, 'rule ' || cast(p.rule + 1 as varchar) as pass,
                   {by_model} as pattern, p.match_weight, q.match_probability, o.runner_up_weight,
                   {DECISION} as decision, {REASON} as reason
            from {{scored}} as p
            left join {{outcomes}} as o on o.left_id = p.left_id and o.right_id = p.right_id
            left join {{likely}} as q on q.left_id = p.left_id and q.right_id = p.right_id
        )
        select cast($step as varchar) as step, left_id, right_id, method, pass, pattern, match_weight,
               coalesce(match_probability, 1 / (1 + exp(-ln(2) * (match_weight + $gain)))) as match_probability,
               runner_up_weight, decision, reason
        from found
        """,
        params={"step": step.name, "review": thresholds.review, "gain": thresholds.gain},
        certain=certain,
        likely=likely,
        outcomes=outcomes,
        scored=scored,
        store=True,
    )


def _members(engine: Engine, step: Step, left: Units, right: Units) -> Table:
    return engine.sql(
        """
        select cast($step as varchar) as step, 'left' as side, unit_id, entity_id from {l}
        union all
        select cast($step as varchar) as step, 'right' as side, unit_id, entity_id from {r}
        """,
        params={"step": step.name},
        l=left.members,
        r=right.members,
        store=True,
    )


def _counted(engine: Engine, table: Table, column: str) -> dict[str, int]:
    counted = engine.sql(f"select {column} as what, count(*) as n from {{t}} group by {column}", t=table)
    return {row["what"]: int(row["n"]) for row in sorted(rows(engine, counted), key=lambda row: str(row["what"]))}
