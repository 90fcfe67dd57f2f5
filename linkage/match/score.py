"""Score: the deterministic passes and blocking rules of a step become one table of scored pairs.

A pair that a pass or a decision of reviewers links is scored too, so that one scale of evidence covers all. Units of a
side that holds one link leave the candidates once a pass has linked them; with `diagnose` or `duplicates = "join"`
their pairs with units that no pass has linked are scored as well.
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
    """What a step is given next to its configuration and its two sides.

    Attributes:
        rules: the step's passes, in order.
        model: comparisons and blocking rules; trained already where `step.train` is false.
        seed: of random draws.
        last_release: left_id, right_id of units that were one person in the last release.
        overrides: decisions of reviewers about pairs of these units.
        earlier: an earlier step of the same model, whose estimates are the prior of training.
        trained_on: records of the sides that the model was trained on, where it is not trained here (model.sizes).
        partitions: how large sides are partitioned.
        progress: called with what begins.
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
        pairs: left_id, right_id, method (override, deterministic, probabilistic), pass ("rule 1" for a blocking rule),
            gamma_<comparison>, match_weight. None is one that reviewers forbid.
        prematched: left_id, right_id, match_weight, rule of the pre-matched pairs, which are not in `pairs`.
        still_open: units of the left and of the right that no pass has closed; `rest`, those that no pre-matched pair
            holds either.
        passes, rules: counts of each pass and of each blocking rule.
        floor: match weight below which a candidate pair is dropped.
        stored: tables that are dropped with the step's.
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


def score(engine: Engine, step: Step, left: Units, right: Units, given: Given) -> Scored:
    """Score the pairs of a step's passes and blocking rules.

    Raises:
        ConfigError: the model names columns that the units lack, or is neither trained nor to be trained.
        NothingToTrainOnError: there is nothing to train on, and the model has no parameters of its own.
    """
    say, overrides, last_release = progress_of(given), given.get("overrides"), given.get("last_release")
    sizes = {"left": engine.count(left.units), "right": engine.count(right.units)}
    model, training, frequencies = _model(engine, step, left, right, sizes, given)
    say("passes")
    forced, barred = (overrides.forced, overrides.barred) if overrides else (None, None)
    by_pass = deterministic.run(
        engine,
        given["rules"],
        left.identifier_records,
        right.identifier_records,
        step.cardinality,
        forced=forced,
        barred=barred,
    )
    of_passes = _scored_passes(engine, model, left.units, right.units, frequencies, by_pass.links)
    thresholds, most = (
        Thresholds.of(step, last_release=last_release is not None),
        most_adjustment(sizes, step.cardinality),
    )
    exact = None
    if not (step.diagnose or step.duplicates == "join" or step.link_draws or overrides or last_release):
        exact = prematch(model, step.cardinality, thresholds.accept, most)
    floor = thresholds.floor(most)
    candidates, still_open = _candidates(
        engine, step, (left.units, right.units), model, frequencies, floor, by_pass.links, exact, given
    )
    pairs, stored = candidates.pairs, [*candidates.stored, candidates.pairs]
    for others in (by_pass.links if step.cardinality == "many-to-many" else None, barred):
        if others and engine.count(others):
            pairs = _but_for(engine, pairs, others)
            stored.append(pairs)
    gammas = columns([pattern_column(comparison) for comparison in model.comparisons])
    every = engine.sql(
        f"""
        select left_id, right_id, {deterministic.METHOD} as method, "pass", {gammas}, match_weight from {{of_passes}}
        union all
        select left_id, right_id, 'probabilistic' as method, 'rule ' || cast(rule + 1 as varchar) as "pass", {gammas},
               match_weight
        from {{pairs}}
        """,
        of_passes=of_passes,
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
        pairs=every,
        prematched=candidates.prematched,
        still_open=still_open,
        rest=candidates.sides,
        passes=by_pass.counts,
        rules=candidates.rules,
        floor=floor,
        stored=stored,
    )


def progress_of(given: Given) -> Callable[[str], None]:
    """What is called when a part of the work begins."""
    return given.get("progress") or (lambda _: None)


def _candidates(
    engine: Engine,
    step: Step,
    sides: tuple[Table, Table],
    model: Model,
    frequencies: Frequencies,
    floor: float,
    linked: Table,
    exact: Prematch | None,
    given: Given,
) -> tuple[Candidates, tuple[Table, Table]]:
    """The candidate pairs of a step, each scored once, and the units of either side that no pass has closed."""
    score_them = functools.partial(
        score_candidates, engine, model, frequencies=frequencies, floor=floor, progress=progress_of(given)
    )
    partitions = given.get("partitions") or Partitions()
    any_linked = engine.count(linked) > 0
    single = single_sides(step.cardinality) if any_linked else []
    left, right = sides
    free = {
        name: _by_link(engine, units, linked, name, exists=False) if any_linked else units
        for name, units in (("left", left), ("right", right))
        if name in single or (single and (step.diagnose or step.duplicates == "join"))
    }
    still_open = (free["left"] if "left" in single else left, free["right"] if "right" in single else right)
    if not single or not (step.diagnose or step.duplicates == "join"):
        return score_them(*still_open, partitions=partitions, prematch=exact), still_open
    taken = {
        name: _by_link(engine, units, linked, name, exists=True) for name, units in (("left", left), ("right", right))
    }
    # Every pair with an open unit on each single side, and those of closed units with units that no pass has linked.
    if single == ["right"]:
        calls = [(left, free["right"]), (free["left"], taken["right"])]
    else:
        calls = [(free["left"], right), (taken["left"], free["right"])]
    first, second = (
        score_them(*units, partitions=partitions.within(f"pairs-{number}")) for number, units in enumerate(calls, 1)
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
    stored = [*first.stored, *second.stored]
    return Candidates(pairs, first.prematched, still_open, rules, stored), still_open


def _model(
    engine: Engine, step: Step, left: Units, right: Units, sizes: Mapping[str, int], given: Given
) -> tuple[Model, dict[str, Any], Frequencies]:
    """The model, trained where the step asks for it, the training report, and term frequencies."""
    model, say = given["model"], progress_of(given)
    if not step.train:
        model.check_trained(f"step '{step.name}'")
    model.check_columns(set(left.units.columns) & set(right.units.columns), f"step '{step.name}'")
    if not step.train:
        model = model.with_prior_of(given.get("trained_on"), tuple(sizes.values()))
    count = functools.partial(term_frequencies, engine, model, left.units, right.units)
    if not step.train:
        say("term frequencies")
        return model, {}, count()
    made: list[Any] = engine.run_concurrently(
        functools.partial(_trained, engine, step, model, left.units, right.units, given), count
    )
    (trained, report), frequencies = made
    return trained, report, frequencies


def _trained(
    engine: Engine, step: Step, model: Model, left: Table, right: Table, given: Given
) -> tuple[Model, dict[str, Any]]:
    """The model trained on two sides; of sides too small to learn from, the earlier step's or the one given.

    Raises:
        NothingToTrainOnError: there is nothing to train on, and the model has no m and u of its own.
    """
    seed, earlier, say = given.get("seed", SEED), given.get("earlier"), progress_of(given)
    prior_from = {"prior_from_step": earlier.step} if earlier else {}
    try:
        if step.trainer == "splink":
            trained, report = train_by_splink(engine, model, left, right, seed=seed, progress=say)
        else:
            trained, report = train(engine, model, left, right, seed=seed, informative=earlier, progress=say)
    except NothingToTrainOnError as fault:
        model = earlier.model if earlier else model
        if not model.is_trained:
            raise
        # The prior that training starts from: half of the smaller side has a partner.
        prior = 0.5 / max(engine.count(left), engine.count(right), 2)
        as_given = from_dict({**model.raw, "probability_two_random_records_match": prior})
        return as_given, {"taken_as_given": str(fault).splitlines()[0], "prior": prior} | prior_from
    return trained, report.as_dict() | prior_from


def _but_for(engine: Engine, pairs: Table, others: Table) -> Table:
    return engine.sql(
        """
        select s.*
        from {pairs} as s
        where not exists (select 1 from {others} as t where t.left_id = s.left_id and t.right_id = s.right_id)
        """,
        pairs=pairs,
        others=others,
        store=True,
    )


def _scored_passes(
    engine: Engine, model: Model, left: Table, right: Table, frequencies: Frequencies, linked: Table
) -> Table:
    if engine.count(linked) == 0:
        return empty(engine, {**scored_columns(model), "pass": "varchar"})
    scored = score_given(engine, model, left, right, frequencies, linked)
    return engine.sql(
        "select s.*, p.pass from {scored} as s join {linked} as p using (left_id, right_id)",
        scored=scored,
        linked=linked,
        store=True,
    )


def _by_link(engine: Engine, units: Table, linked: Table, side: str, *, exists: bool) -> Table:
    """The units that a pass has linked, or those that none has."""
    return engine.sql(
        f"""
        select u.* from {{units}} as u
        where {"" if exists else "not"} exists (select 1 from {{linked}} as p where p.{side}_id = u.unit_id)
        """,
        units=units,
        linked=linked,
        store=True,
    )
