"""Score: the deterministic passes and blocking rules of a step become one table of
scored pairs.

A pair that a pass or a decision of reviewers links is scored too, so that one scale of
evidence covers all. Units of a side that holds one link leave the candidates once a
pass has linked them; with `diagnose` or `duplicates = "join"` their pairs with unlinked
units are scored as well.
"""

import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Required, TypedDict

from linkage.config import Pass, Step, single_sides
from linkage.engine import Engine, Table, columns, empty
from linkage.errors import NothingToTrainOnError
from linkage.match import passes as deterministic
from linkage.match.candidates import (
    Candidates,
    Frequencies,
    score_candidates,
    score_given,
    scored_columns,
    term_frequencies,
    union_all,
)
from linkage.match.overrides import Overrides
from linkage.match.partitions import Partitions
from linkage.match.prematch import Prematch, prematch
from linkage.match.thresholds import Thresholds, most_adjustment
from linkage.match.units import Units
from linkage.model import Model, from_dict
from linkage.model.splink_linker import train_by_splink
from linkage.model.stages import pattern_column
from linkage.model.training import InformativePrior, train

SEED = 2026


class Given(TypedDict, total=False):
    """Inputs of a step next to its configuration and its two sides.

    Attributes:
        rules: the step's passes, in order.
        model: comparisons and blocking rules; trained already where `step.train` is
            false.
        seed: of random draws.
        last_release: left_id, right_id of units that were one person in the last
            release.
        overrides: decisions of reviewers about pairs of these units.
        earlier: an earlier step of the same model, whose estimates are the prior of
            training.
        trained_on: records of the sides that the model was trained on, where it is not
            trained here (model.sizes).
        partitions: how large sides are partitioned.
        progress: called with the name of each part of the work.
    """

    rules: Required[Sequence[Pass]]
    model: Required[Model]
    seed: int
    last_release: Table | None
    overrides: Overrides | None
    earlier: InformativePrior | None
    trained_on: Sequence[int] | None
    partitions: Partitions | None
    progress: Callable[[str], None] | None


@dataclass(frozen=True)
class Scored:
    """The scored pairs of a step.

    Attributes:
        left, right: all units; sizes: how many they are, by "left" and "right".
        training: the training report; empty where the model is not trained here.
        pairs: left_id, right_id, method (override, deterministic, probabilistic), pass
            ("rule 1" for a blocking rule), gamma_<comparison>, match_weight. Pairs that
            reviewers forbid are absent.
        prematched: left_id, right_id, match_weight, rule of the pre-matched pairs,
            which are not in `pairs`.
        still_open: units of the left and of the right that may still be linked after
            the passes; `rest`, those of them without a pre-matched pair.
        passes, rules: counts of each pass and of each blocking rule.
        floor: match weight below which a candidate pair is dropped.
        stored: tables to be dropped with the step's.
    """

    step: Step
    left: Units
    right: Units
    sizes: Mapping[str, int]
    model: Model
    training: Mapping[str, Any]
    frequencies: Frequencies
    pairs: Table
    prematched: Table
    still_open: tuple[Table, Table]
    rest: tuple[Table, Table]
    passes: list[dict[str, Any]]
    rules: list[dict[str, Any]]
    floor: float
    stored: list[Table]

    @property
    def units(self) -> dict[str, Table]:
        """The units of each side."""
        return {"left": self.left.units, "right": self.right.units}


def score(
    engine: Engine, step: Step, left: Units, right: Units, inputs: Given
) -> Scored:
    """Score the pairs of a step's passes and blocking rules.

    Raises:
        ConfigError: the model names columns that the units lack, or is neither trained
            nor to be trained.
        NothingToTrainOnError: there is nothing to train on, and the model has no
            parameters of its own.
    """
    say, overrides, last_release = (
        progress_of(inputs),
        inputs.get("overrides"),
        inputs.get("last_release"),
    )
    sizes = {"left": engine.count(left.units), "right": engine.count(right.units)}
    model, training, frequencies = _model(engine, step, left, right, sizes, inputs)
    say("passes")
    forced_pairs, barred_pairs = (
        (overrides.forced, overrides.barred) if overrides else (None, None)
    )
    pass_result = deterministic.run(
        engine,
        inputs["rules"],
        left.identifier_records,
        right.identifier_records,
        step.cardinality,
        forced=forced_pairs,
        barred=barred_pairs,
    )
    pass_pairs = _scored_passes(
        engine, model, left.units, right.units, frequencies, pass_result.links
    )
    thresholds, largest_adjustment = (
        Thresholds.of(step, last_release=last_release is not None),
        most_adjustment(sizes, step.cardinality),
    )
    prematching = None
    if not (
        step.diagnose
        or step.duplicates == "join"
        or step.link_draws
        or overrides
        or last_release
    ):
        prematching = prematch(
            model, step.cardinality, thresholds.accept, largest_adjustment
        )
    floor = thresholds.floor(largest_adjustment)
    candidates, open_sides = _candidates(
        engine,
        step,
        (left.units, right.units),
        model,
        frequencies,
        floor,
        pass_result.links,
        prematching,
        inputs,
    )
    pairs, stored_tables = candidates.pairs, [*candidates.stored, candidates.pairs]
    for excluded_pairs in (
        pass_result.links if step.cardinality == "many-to-many" else None,
        barred_pairs,
    ):
        if excluded_pairs and engine.count(excluded_pairs):
            pairs = _excluding(engine, pairs, excluded_pairs)
            stored_tables.append(pairs)
    gammas = columns([pattern_column(comparison) for comparison in model.comparisons])
    all_pairs = engine.sql(
        f"""
        select left_id, right_id, {deterministic.METHOD} as method, "pass", {gammas},
            match_weight from {{pass_pairs}}
        union all
        select left_id, right_id, 'probabilistic' as method,
            'rule ' || cast(rule + 1 as varchar) as "pass", {gammas},
               match_weight
        from {{pairs}}
        """,
        pass_pairs=pass_pairs,
        pairs=pairs,
    )
    return Scored(
        step=step,
        left=left,
        right=right,
        sizes=sizes,
        model=model,
        training=training,
        frequencies=frequencies,
        pairs=all_pairs,
        prematched=candidates.prematched,
        still_open=open_sides,
        rest=candidates.sides,
        passes=pass_result.counts,
        rules=candidates.rules,
        floor=floor,
        stored=stored_tables,
    )


def progress_of(inputs: Given) -> Callable[[str], None]:
    """The function to call when a part of the work begins."""
    return inputs.get("progress") or (lambda _: None)


def _candidates(
    engine: Engine,
    step: Step,
    sides: tuple[Table, Table],
    model: Model,
    frequencies: Frequencies,
    floor: float,
    linked: Table,
    prematching: Prematch | None,
    inputs: Given,
) -> tuple[Candidates, tuple[Table, Table]]:
    """The candidate pairs of a step, each scored once, and the units of either side
    still open after the passes.
    """
    score_sides = functools.partial(
        score_candidates,
        engine,
        model,
        frequencies=frequencies,
        floor=floor,
        progress=progress_of(inputs),
    )
    partitions = inputs.get("partitions") or Partitions()
    has_links = engine.count(linked) > 0
    single = single_sides(step.cardinality) if has_links else []
    left, right = sides
    open_units = {
        name: _by_link(engine, units, linked, name, exists=False)
        if has_links
        else units
        for name, units in (("left", left), ("right", right))
        if name in single or (single and (step.diagnose or step.duplicates == "join"))
    }
    open_sides = (
        open_units["left"] if "left" in single else left,
        open_units["right"] if "right" in single else right,
    )
    if not single or not (step.diagnose or step.duplicates == "join"):
        return score_sides(
            *open_sides, partitions=partitions, prematch=prematching
        ), open_sides
    linked_units = {
        name: _by_link(engine, units, linked, name, exists=True)
        for name, units in (("left", left), ("right", right))
    }
    # All pairs with an unlinked unit on each side that holds one link, and those of
    # linked with unlinked units.
    if single == ["right"]:
        calls = [
            (left, open_units["right"]),
            (open_units["left"], linked_units["right"]),
        ]
    else:
        calls = [
            (open_units["left"], right),
            (linked_units["left"], open_units["right"]),
        ]
    first, second = (
        score_sides(*units, partitions=partitions.within(f"pairs-{number}"))
        for number, units in enumerate(calls, 1)
    )
    rules = [
        {
            **one,
            "pairs_kept": one["pairs_kept"] + other["pairs_kept"],
            "seconds": round(one["seconds"] + other["seconds"], 3),
        }
        for one, other in zip(first.rules, second.rules, strict=True)
    ]
    pairs = union_all(engine, [first.pairs, second.pairs])
    stored_tables = [*first.stored, *second.stored]
    return Candidates(
        pairs, first.prematched, open_sides, rules, stored_tables
    ), open_sides


def _model(
    engine: Engine,
    step: Step,
    left: Units,
    right: Units,
    sizes: Mapping[str, int],
    inputs: Given,
) -> tuple[Model, dict[str, Any], Frequencies]:
    """The model, trained where the step asks for it, the training report, and term
    frequencies.
    """
    model, say = inputs["model"], progress_of(inputs)
    if not step.train:
        model.check_trained(f"step '{step.name}'")
    model.check_columns(
        set(left.units.columns) & set(right.units.columns), f"step '{step.name}'"
    )
    if not step.train:
        model = model.with_prior_of(inputs.get("trained_on"), tuple(sizes.values()))
    count = functools.partial(term_frequencies, engine, model, left.units, right.units)
    if not step.train:
        say("term frequencies")
        return model, {}, count()
    results: list[Any] = engine.run_concurrently(
        functools.partial(
            _trained, engine, step, model, left.units, right.units, inputs
        ),
        count,
    )
    (trained_model, report), frequencies = results
    return trained_model, report, frequencies


def _trained(
    engine: Engine, step: Step, model: Model, left: Table, right: Table, inputs: Given
) -> tuple[Model, dict[str, Any]]:
    """The model trained on two sides; of sides too small to train on, the earlier
    step's or the given model.

    Raises:
        NothingToTrainOnError: there is nothing to train on, and the model has no m and
            u of its own.
    """
    seed, earlier, say = (
        inputs.get("seed", SEED),
        inputs.get("earlier"),
        progress_of(inputs),
    )
    prior_from = {"prior_from_step": earlier.step} if earlier else {}
    try:
        if step.trainer == "splink":
            trained_model, report = train_by_splink(
                engine, model, left, right, seed=seed, progress=say
            )
        else:
            trained_model, report = train(
                engine, model, left, right, seed=seed, informative=earlier, progress=say
            )
    except NothingToTrainOnError as fault:
        model = earlier.model if earlier else model
        if not model.is_trained:
            raise
        # The prior that training starts from: half of the smaller side has a partner.
        prior = 0.5 / max(engine.count(left), engine.count(right), 2)
        with_prior = from_dict(
            {**model.raw, "probability_two_random_records_match": prior}
        )
        return with_prior, {
            "taken_as_given": str(fault).splitlines()[0],
            "prior": prior,
        } | prior_from
    return trained_model, report.as_dict() | prior_from


def _excluding(engine: Engine, pairs: Table, excluded_pairs: Table) -> Table:
    return engine.sql(
        """
        select s.*
        from {pairs} as s
        where not exists (select 1 from {excluded} as t where t.left_id = s.left_id
            and t.right_id = s.right_id)
        """,
        pairs=pairs,
        excluded=excluded_pairs,
        store=True,
    )


def _scored_passes(
    engine: Engine,
    model: Model,
    left: Table,
    right: Table,
    frequencies: Frequencies,
    linked: Table,
) -> Table:
    if engine.count(linked) == 0:
        return empty(engine, {**scored_columns(model), "pass": "varchar"})
    pass_pairs = score_given(engine, model, left, right, frequencies, linked)
    return engine.sql(
        "select s.*, p.pass from {scored} as s join {linked} as p using (left_id, "
        "right_id)",
        scored=pass_pairs,
        linked=linked,
        store=True,
    )


def _by_link(
    engine: Engine, units: Table, linked: Table, side: str, *, exists: bool
) -> Table:
    """The units that a pass has linked, or those that none has."""
    return engine.sql(
        f"""
        select u.* from {{units}} as u
        where {"" if exists else "not"} exists (select 1 from {{linked}} as p
            where p.{side}_id = u.unit_id)
        """,
        units=units,
        linked=linked,
        store=True,
    )
