"""One step of a run: two sides' units become links, and every unit without one gets its reason."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from linkage.config import Pass, Step
from linkage.engine import Engine, Table, one, quote, rows
from linkage.match.candidates import passes as deterministic
from linkage.match.candidates.coverage import most_gain
from linkage.match.candidates.overrides import Overrides
from linkage.match.candidates.parts import Parts
from linkage.match.candidates.reach import passes_and_rules
from linkage.match.candidates.units import Units
from linkage.match.further.further_records import Further
from linkage.match.further.missed_records import missed_records
from linkage.match.further.other_records import no_other_records, that_speak, with_other_records
from linkage.match.further.second_records import with_second_records
from linkage.match.further.together import likely_together
from linkage.match.likelihood.not_kept import not_kept
from linkage.match.likelihood.posterior import of_possible, with_apart
from linkage.match.likelihood.sampled import links_sampled
from linkage.match.likelihood.strangers import as_within, strangers_as_heavy
from linkage.match.likelihood.strangers import told as told_of_strangers
from linkage.match.reasons import Side, reasons
from linkage.match.resolution.decide import matched
from linkage.match.resolution.limits import capped, explained, refused
from linkage.match.resolution.resolve import DECISION, REASON, Thresholds
from linkage.match.two_people.apart import two_people
from linkage.match.two_people.apart_rules import asked_for
from linkage.model import Model
from linkage.model.compiled import pattern_text
from linkage.model.training import Earlier


@dataclass(frozen=True)
class StepResult:
    """What a step made; columns as in docs/tables.md."""

    links: Table
    unlinked: Table
    units: Table
    sampled: Table | None  # alternative link sets, where the step asks for them
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
    earlier: Earlier | None = None,
    trained_on: Sequence[int] | None = None,
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
        earlier: a step that has learnt by the same model, on which training leans.
        trained_on: records of the sides that a model was trained on which is not trained here (model.sizes).
        parts: how scoring is cut where the sides are large.

    Raises:
        ConfigError: the model names columns that the units do not have, or is neither trained nor to be.
        LeoError: there is nothing to train on.
    """
    say = progress or (lambda _: None)
    found = matched(
        engine,
        step,
        left,
        right,
        rules=rules,
        model=model,
        seed=seed,
        held=held,
        overrides=overrides,
        earlier=earlier,
        trained_on=trained_on,
        parts=parts,
        progress=say,
    )
    model, thresholds, frequencies, still_open = found.model, found.thresholds, found.frequencies, found.still_open
    say("probabilities")
    scored, outcomes = found.scored, refused(engine, found.outcomes, found.apart)
    contested = of_possible(engine, step, model, found.rivals, found.apart, still_open, frequencies, thresholds)
    engine.drop(found.rivals)
    likely = with_apart(engine, contested, found.apart)
    second = None
    if step.duplicates == "join":
        decided, barred = (found.certain, scored, outcomes), [overrides.barred] if overrides else []
        both = {"left": left, "right": right}
        second = with_second_records(
            engine,
            step,
            model,
            both,
            decided,
            barred=barred,
            frequencies=frequencies,
            thresholds=thresholds,
            parts=parts,
        )
        scored, outcomes = second.scored, second.outcomes
    # Wide rows are stored once, by whoever reads them twice: here, or with their last probabilities.
    again = (
        second
        or step.samples
        or step.each_once
        or step.most_left
        or step.most_right
        or step.cardinality == "many-to-many"
    )
    links = _links(engine, step, model, found.certain, scored, outcomes, likely, thresholds, store=bool(again))
    links = capped(engine, links, step)
    sampled = links_sampled(engine, step, links, likely, thresholds.gain, seed) if step.samples else None
    if second:
        links = likely_together(engine, links, step.cardinality, second.joined)
    nobody = no_other_records(engine, model, found.apart, scored)
    bands, further = [], dict[str, Further]()
    if not step.each_once:
        links, further = with_other_records(
            engine,
            links,
            nobody,
            thresholds.gain,
            step.cardinality,
            contested=None if second else contested,
            linked=None if again else _accepted(engine, found.certain, outcomes, thresholds),
            second=second,
        )
    else:
        whole_sides = left.units, right.units
        bands = strangers_as_heavy(engine, model, *whole_sides, frequencies, links, thresholds.accept)
        named = step.accept_weight
        links = as_within(engine, links, bands, step.accept_probability if named is None else 1 / (1 + 2**-named))
    engine.drop(nobody, contested, *found.stored)
    say("reasons")
    sides = {"left": Side(left.units, still_open[0]), "right": Side(right.units, still_open[1])}
    met = found.candidates.met
    unlinked, taken = reasons(engine, step.name, model, links, sides, met, frequencies, thresholds, parts=parts)
    unlinked = explained(engine, unlinked, links)
    rules_of_two = asked_for(step)
    speaking = {
        side: that_speak(
            engine, model, pairs, two_people(engine, pairs, left, right, thresholds.lowest, rules_of_two, model=model)
        )
        for side, pairs in taken.items()
    }
    passed = sum(int(counts["accepted"]) for counts in found.passed.counts)
    missed = missed_records(engine, model, speaking, further, passed, second)
    dropped = not_kept(
        engine,
        model,
        (left, right),
        links,
        told=[*taken.values(), *([overrides.barred] if overrides else [])],
        frequencies=frequencies,
        gain=thresholds.gain,
        floor=thresholds.floor(most_gain(found.sizes, step.cardinality)),
        lowest=thresholds.lowest,
        cardinality=step.cardinality,
        others=missed,
        rules=rules_of_two,
        parts=parts,
    )
    engine.drop(*frequencies.values())
    units = members(engine, step, left, right)
    reach = passes_and_rules(
        engine,
        model,
        (left.units, right.units),
        still_open,
        passes=found.passed.counts,
        rules=found.candidates.counts,
        links=links,
        dropped=dropped.patterns,
        known=earlier.together if earlier else None,
    )
    summary = {
        "training": found.training,
        "overrides": overrides.counts if overrides else {},
        **reach,
        "other_records": {
            "kept": {side: known.to_json() for side, known in further.items()},
            "missed": {side: known.to_json() for side, known in missed.further.items()},
            "beside": {side: known.to_json() for side, known in second.beside.items()} if second else {},
            "expected_missed": round(missed.expected, 3),
        },
        "not_kept": {"looked_at_one_in": dropped.one_in, "expected_missed": round(dropped.expected, 3)},
        "thresholds": asdict(thresholds),
        "strangers": told_of_strangers(bands, counted=True) if bands else {},
        "known": _known(engine, model, left.units, right.units),
        "left_units": found.sizes["left"],
        "right_units": found.sizes["right"],
        "decisions": counted(engine, links, "decision"),
        "unlinked": counted(engine, unlinked, "reason"),
    }
    return StepResult(links, unlinked, units, sampled, model, summary)


def _known(engine: Engine, model: Model, left: Table, right: Table) -> dict[str, int]:
    """Column of the term frequencies to the units of both sides that know it: what frequencies are shares of."""
    asked = (*model.tf_columns, *model.tf_lists)
    if not asked:
        return {}
    latest = {column: quote(column.removesuffix("_all") if column in model.tf_lists else column) for column in asked}
    counted = ", ".join(f"count({value}) as {quote(column)}" for column, value in latest.items())
    found = [one(engine, engine.sql(f"select {counted} from {{t}}", t=table)) for table in (left, right)]
    return {column: sum(int(side[column]) for side in found) for column in asked}


def _links(
    engine: Engine,
    step: Step,
    model: Model,
    certain: Table,
    scored: Table,
    outcomes: Table,
    likely: Table,
    thresholds: Thresholds,
    *,
    store: bool,
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
        store=store,
    )


def _accepted(engine: Engine, certain: Table, outcomes: Table, thresholds: Thresholds) -> int:
    """How many of `_links` are accepted, without making them."""
    counted = engine.sql(
        f"""
        select (select count(*) from {{certain}}
                where not (match_weight < $review) or pass = '{deterministic.OVERRIDE}') as by_pass,
               (select count(*) from {{outcomes}} where decision = 'accepted') as by_model
        """,
        params={"review": thresholds.review},
        certain=certain,
        outcomes=outcomes,
    )
    return sum(int(n) for n in one(engine, counted).values())


def members(engine: Engine, step: Step, left: Units, right: Units) -> Table:
    """step, side, unit_id, entity_id of both sides: which records are one unit."""
    return engine.sql(
        """
        select cast($step as varchar) as step, 'left' as side, unit_id, entity_id from {l}
        union all
        select cast($step as varchar) as step, 'right' as side, unit_id, entity_id from {r}
        """,
        params={"step": step.name},
        l=left.members,
        r=right.members,
    )


def counted(engine: Engine, table: Table, column: str) -> dict[str, int]:
    """What stands in a column to the rows that hold it."""
    found = engine.sql(f"select {column} as what, count(*) as n from {{t}} group by {column}", t=table)
    return {row["what"]: int(row["n"]) for row in sorted(rows(engine, found), key=lambda row: str(row["what"]))}
