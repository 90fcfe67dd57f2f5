"""Score: the deterministic passes and blocking rules of a step become one table of
scored pairs.

1. the model, trained here or before, and the term frequencies;
2. passes, and the pairs that reviewers have linked;
3. candidate pairs of the blocking rules that reach the floor
   (linkage.match.candidates).

A pair that a pass or a decision of reviewers links is scored too, so that one scale of
evidence covers all. Units of a side that holds one link leave the candidates once a
pass has linked them; with `diagnose` or `duplicates = "join"` their pairs with unlinked
units are scored as well.
"""

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from linkage.config import OTHER_SIDE, single_sides
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
)
from linkage.match.inputs import StepInputs
from linkage.match.prematch import Prematch, prematch
from linkage.match.thresholds import Thresholds, most_adjustment
from linkage.model import Model, from_dict
from linkage.model.splink_linker import train_by_splink
from linkage.model.stages import pattern_column
from linkage.model.training import train

EACH_PAIR_ONCE = "l.unit_id < r.unit_id"
"""SQL condition of the pairs of one file."""

NOT_BOTH_LINKED = "NOT (l.is_linked AND r.is_linked)"
"""SQL condition of pairs of which a pass has not linked both units."""


@dataclass(frozen=True)
class Scored:
    """The scored pairs of a step.

    Attributes:
        sizes: how many units each side has, by "left" and "right".
        training: the training report; empty where the model is not trained here.
        pairs: left_id, right_id, method (override, deterministic, probabilistic), pass
            ("rule 1" for a blocking rule), gamma_<comparison>, match_weight. Pairs that
            reviewers forbid are absent.
        prematched: left_id, right_id, match_weight, rule of the pre-matched pairs,
            which are not in `pairs`.
        still_open: units of the left and of the right that may still be linked after
            the passes.
        passes, rules: counts of each pass and of each blocking rule.
        floor: match weight below which a candidate pair is dropped.
    """

    sizes: Mapping[str, int]
    model: Model
    training: Mapping[str, Any]
    frequencies: Frequencies
    pairs: Table
    prematched: Table
    still_open: tuple[Table, Table]
    passes: list[dict[str, Any]]
    rules: list[dict[str, Any]]
    floor: float


def score(engine: Engine, inputs: StepInputs) -> Scored:
    """Score the pairs of a step's passes and blocking rules.

    Raises:
        ConfigError: the model names columns that the units lack, or is neither trained
            nor to be trained.
        NothingToTrainOnError: there is nothing to train on, and the model has no
            parameters of its own.
    """
    step, overrides = inputs.step, inputs.overrides
    sizes = inputs.sizes(engine)
    model, training, frequencies = _model(engine, inputs, sizes)
    inputs.progress("passes")
    passes = deterministic.run(
        engine,
        inputs.passes,
        inputs.left.identifier_records,
        inputs.right.identifier_records,
        step.cardinality,
        forced=overrides.forced if overrides else None,
        barred=overrides.barred if overrides else None,
        each_pair_once=inputs.is_one_file,
    )
    largest_adjustment = most_adjustment(sizes, step.cardinality)
    thresholds = Thresholds.of(step, last_release=inputs.last_release is not None)
    floor = thresholds.floor(largest_adjustment)
    candidates = _candidates(
        engine,
        inputs,
        model,
        frequencies,
        floor,
        passes.links,
        _prematch(inputs, model, thresholds.accept, largest_adjustment),
    )
    pairs = candidates.pairs
    if step.cardinality == "many-to-many":
        pairs = _without_pairs(engine, pairs, passes.links)
    if overrides:
        pairs = _without_pairs(engine, pairs, overrides.barred)
    return Scored(
        sizes=sizes,
        model=model,
        training=training,
        frequencies=frequencies,
        pairs=_all_pairs(engine, inputs, model, frequencies, passes.links, pairs),
        prematched=candidates.prematched,
        still_open=_still_open(engine, inputs, passes.links),
        passes=passes.counts,
        rules=candidates.rules,
        floor=floor,
    )


def _model(
    engine: Engine, inputs: StepInputs, sizes: Mapping[str, int]
) -> tuple[Model, dict[str, Any], Frequencies]:
    """The model, trained where the step asks for it, the training report, and term
    frequencies.
    """
    model, step, name = inputs.model, inputs.step, f"step '{inputs.step.name}'"
    left, right = inputs.left.units, inputs.right.units
    if not step.train:
        model.check_trained(name)
    model.check_columns(set(left.columns) & set(right.columns), name)
    if step.train:
        trained: list[Any] = engine.run_concurrently(
            functools.partial(_trained, engine, inputs),
            functools.partial(term_frequencies, engine, model, left, right),
        )
        (model, report), frequencies = trained
        return model, report, frequencies
    inputs.progress("term frequencies")
    model = model.with_prior_of(inputs.trained_on, tuple(sizes.values()))
    return model, {}, term_frequencies(engine, model, left, right)


def _trained(engine: Engine, inputs: StepInputs) -> tuple[Model, dict[str, Any]]:
    """The model trained on two sides; of sides too small to train on, the earlier
    step's or the given model.

    Raises:
        NothingToTrainOnError: there is nothing to train on, and the model has no m and
            u of its own.
    """
    left, right, earlier = inputs.left.units, inputs.right.units, inputs.earlier
    prior_from = {"prior_from_step": earlier.step} if earlier else {}
    try:
        if inputs.step.trainer == "splink":
            trained, report = train_by_splink(
                engine,
                inputs.model,
                left,
                right,
                seed=inputs.seed,
                progress=inputs.progress,
            )
        else:
            trained, report = train(
                engine,
                inputs.model,
                left,
                right,
                seed=inputs.seed,
                informative=earlier,
                progress=inputs.progress,
            )
    except NothingToTrainOnError as fault:
        model = earlier.model if earlier else inputs.model
        if not model.is_trained:
            raise
        # The prior that training starts from: half of the smaller side has a partner.
        prior = 0.5 / max(engine.count(left), engine.count(right), 2)
        with_prior = {**model.raw, "probability_two_random_records_match": prior}
        reason = str(fault).splitlines()[0]
        return from_dict(with_prior), {
            "taken_as_given": reason,
            "prior": prior,
            **prior_from,
        }
    return trained, report.as_dict() | prior_from


def _prematch(
    inputs: StepInputs, model: Model, accept: float, largest_adjustment: float
) -> Prematch | None:
    """How pairs are pre-matched; None where something reads the other candidates of
    their units.
    """
    step = inputs.step
    reads_all = (
        step.diagnose
        or step.duplicates == "join"
        or step.link_draws
        or inputs.overrides
        or inputs.last_release
    )
    if reads_all:
        return None
    return prematch(model, step.cardinality, accept, largest_adjustment)


def _candidates(
    engine: Engine,
    inputs: StepInputs,
    model: Model,
    frequencies: Frequencies,
    floor: float,
    linked: Table,
    prematching: Prematch | None,
) -> Candidates:
    """The candidate pairs of a step, each scored once.

    Args:
        linked: left_id, right_id of the links of passes.
    """
    score_sides = functools.partial(
        score_candidates,
        engine,
        model,
        frequencies=frequencies,
        floor=floor,
        partitions=inputs.partitions,
        progress=inputs.progress,
    )
    step, left, right = inputs.step, inputs.left.units, inputs.right.units
    single = single_sides(step.cardinality)
    if not single or engine.count(linked) == 0:
        only = EACH_PAIR_ONCE if inputs.is_one_file else None
        return score_sides(left, right, prematch=prematching, only=only)
    if step.diagnose or step.duplicates == "join":
        left, right = (
            engine.sql(
                _WITH_FLAG.format(side=side), units=units, linked=linked, store=True
            )
            for side, units in inputs.units.items()
        )
        return score_sides(left, right, only=NOT_BOTH_LINKED)
    left, right = (
        _open_units(engine, units, linked, side, store=True)
        if side in single
        else units
        for side, units in inputs.units.items()
    )
    return score_sides(left, right, prematch=prematching)


_WITH_FLAG = """
    select u.*, p.unit_id is not null as is_linked
    from {{units}} as u
    left join (select distinct {side}_id as unit_id from {{linked}}) as p
        on p.unit_id = u.unit_id
    """


def _open_units(
    engine: Engine, units: Table, linked: Table, side: str, *, store: bool
) -> Table:
    """The units of a side that no pass has linked."""
    query = f"""
        select u.* from {{units}} as u
        where not exists (
            select 1 from {{linked}} as p where p.{side}_id = u.unit_id
        )
        """
    return engine.sql(query, units=units, linked=linked, store=store)


def _still_open(
    engine: Engine, inputs: StepInputs, linked: Table
) -> tuple[Table, Table]:
    """The units of either side that may still be linked after the passes; queries that
    run when they are read.
    """
    single = single_sides(inputs.step.cardinality)
    if engine.count(linked) == 0:
        single = []
    left, right = (
        _open_units(engine, inputs.units[side], linked, side, store=False)
        if side in single
        else inputs.units[side]
        for side in OTHER_SIDE
    )
    return left, right


def _without_pairs(engine: Engine, pairs: Table, excluded: Table) -> Table:
    """The pairs that are not among the excluded ones."""
    if engine.count(excluded) == 0:
        return pairs
    query = """
        select p.* from {pairs} as p
        where not exists (
            select 1 from {excluded} as e
            where e.left_id = p.left_id and e.right_id = p.right_id
        )
        """
    return engine.sql(query, pairs=pairs, excluded=excluded, store=True)


def _all_pairs(
    engine: Engine,
    inputs: StepInputs,
    model: Model,
    frequencies: Frequencies,
    linked: Table,
    candidates: Table,
) -> Table:
    """The pairs of passes, scored, and the candidate pairs; a query that runs when it
    is read.
    """
    gammas = columns([pattern_column(comparison) for comparison in model.comparisons])
    pass_pairs = empty(engine, {**scored_columns(model), "pass": "varchar"})
    if engine.count(linked):
        scored = score_given(
            engine, model, inputs.left.units, inputs.right.units, frequencies, linked
        )
        query = """
            select s.*, p.pass
            from {scored} as s
            join {linked} as p using (left_id, right_id)
            """
        pass_pairs = engine.sql(query, scored=scored, linked=linked, store=True)
    query = f"""
        select left_id, right_id, {deterministic.METHOD} as method, "pass", {gammas},
               match_weight
        from {{pass_pairs}}
        union all
        select left_id, right_id, 'probabilistic' as method,
               'rule ' || cast(rule + 1 as varchar) as "pass", {gammas}, match_weight
        from {{candidates}}
        """
    return engine.sql(query, pass_pairs=pass_pairs, candidates=candidates)
