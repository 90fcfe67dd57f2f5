"""One step of a run in three stages: score the pairs, resolve them to links, diagnose
what is not linked.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from linkage.config import OTHER_SIDE, Step
from linkage.engine import Engine, Table, columns
from linkage.match.candidates import Frequencies, union_all
from linkage.match.diagnose import Diagnosis, count_by, diagnose, leave_undiagnosed
from linkage.match.draws import link_draws
from linkage.match.duplicates import Duplicates, find_duplicates
from linkage.match.inputs import StepInputs
from linkage.match.resolve import CAPPED, DISAGREES, Resolved, heaviest_first, resolve
from linkage.match.score import Scored, score
from linkage.match.thresholds import Thresholds
from linkage.model import Model
from linkage.model.compiled import pattern_text


@dataclass(frozen=True)
class StepSummary:
    """Counts of a step and the training report; no values.

    Attributes:
        duplicates: side to the share of its linked units of whom another is a record.
        decisions: decision to the number of pairs.
    """

    training: Mapping[str, Any]
    overrides: Mapping[str, int]
    thresholds: Thresholds
    left_units: int
    right_units: int
    duplicates: Mapping[str, float]
    decisions: Mapping[str, int]
    diagnosis: Diagnosis

    def as_dict(self) -> dict[str, Any]:
        """The summary as JSON."""
        return {
            "training": self.training,
            "overrides": dict(self.overrides),
            "thresholds": asdict(self.thresholds),
            "left_units": self.left_units,
            "right_units": self.right_units,
            "duplicates": dict(self.duplicates),
            "decisions": dict(self.decisions),
            **self.diagnosis.figures,
            "unlinked": dict(self.diagnosis.reasons),
        }


@dataclass(frozen=True)
class StepResult:
    """Tables of a step; columns as in docs/reference/tables.md."""

    links: Table
    unlinked: Table
    units: Table
    draws: Table | None  # link draws, where the step asks for them
    model: Model
    frequencies: Frequencies
    figures: StepSummary

    @property
    def summary(self) -> dict[str, Any]:
        """Counts, seconds and training report as JSON; no values."""
        return self.figures.as_dict()


def link_step(engine: Engine, inputs: StepInputs) -> StepResult:
    """Link two sides, or one file with itself: deterministic passes first, then the
    model on the units that they leave.

    Raises:
        ConfigError: the model names columns that the units lack, or is neither trained
            nor to be trained.
        NothingToTrainOnError: there is nothing to train on, and the model has no
            parameters of its own.
    """
    step = inputs.step
    scores = score(engine, inputs)
    inputs.progress("resolution")
    duplicates: dict[str, Duplicates] = {}
    if step.duplicates == "join":
        duplicates = find_duplicates(engine, inputs, scores)
    resolution = resolve(
        engine,
        step,
        scores.pairs,
        scores.sizes,
        last_release=inputs.last_release,
        persons={side: found.persons for side, found in duplicates.items()},
        possible_duplicates=_possible_duplicates(engine, duplicates),
        prematched=engine.count(scores.prematched),
    )
    links = _within_limits(engine, _links(engine, step, scores, resolution), step)
    draws = None
    if step.link_draws:
        inputs.progress("link draws")
        draws = link_draws(
            engine,
            step,
            links,
            resolution.persons,
            resolution.thresholds.adjustment,
            inputs.seed,
        )
    engine.drop(*resolution.stored)
    if step.diagnose:
        inputs.progress("diagnosis")
        diagnosis = diagnose(engine, inputs, scores, links)
    else:
        diagnosis = leave_undiagnosed(engine, inputs, scores, links)
    summary = StepSummary(
        training=scores.training,
        overrides=inputs.overrides.counts if inputs.overrides else {},
        thresholds=resolution.thresholds,
        left_units=scores.sizes["left"],
        right_units=scores.sizes["right"],
        duplicates={side: round(found.share, 6) for side, found in duplicates.items()},
        decisions=count_by(engine, links, "decision"),
        diagnosis=diagnosis,
    )
    engine.drop(*(found.persons for found in duplicates.values()))
    return StepResult(
        links=links,
        unlinked=diagnosis.unlinked,
        units=_members(engine, inputs),
        draws=draws,
        model=scores.model,
        frequencies=scores.frequencies,
        figures=summary,
    )


def _possible_duplicates(
    engine: Engine, duplicates: Mapping[str, Duplicates]
) -> Table | None:
    """left_id, right_id, probability of pairs whose unit may be a duplicate of the
    other's partner.
    """
    if not duplicates:
        return None
    pairs = union_all(engine, [found.pairs for found in duplicates.values()])
    query = """
        select left_id, right_id, max(probability) as probability from {pairs}
        group by left_id, right_id
        """
    return engine.sql(query, pairs=pairs, store=True)


def _links(engine: Engine, step: Step, scores: Scored, resolution: Resolved) -> Table:
    """Every scored pair with its posterior and decision; of a step that is not
    diagnosed, the accepted ones, and those of passes with which the model disagrees.
    """
    decided = engine.sql(
        _DECIDED.format(pattern=pattern_text(scores.model, "p")),
        params={"step": step.name, "keep_all": step.diagnose},
        pairs=resolution.pairs,
        store=True,
    )
    if engine.count(scores.prematched) == 0:
        return decided
    # Most links are pre-matched: they are read once, when the links are written.
    return engine.sql(
        _WITH_PREMATCHED,
        params={"step": step.name, "adjustment": resolution.thresholds.adjustment},
        decided=decided,
        prematched=scores.prematched,
    )


_DECIDED = f"""
    select cast($step as varchar) as step, p.left_id, p.right_id, p.method, p.pass,
           {{pattern}} as pattern, p.match_weight, p.match_probability,
           p.runner_up_weight, p.decision, cast(p.reason as varchar) as reason
    from {{{{pairs}}}} as p
    where $keep_all or p.decision = 'accepted' or p.reason = '{DISAGREES}'
    """

_WITH_PREMATCHED = """
    select step, left_id, right_id, method, pass, pattern, match_weight,
           match_probability, runner_up_weight, decision, reason
    from {decided}
    union all
    select cast($step as varchar) as step, left_id, right_id,
           'probabilistic' as method,
           'rule ' || cast(rule + 1 as varchar) as pass,
           cast(null as varchar) as pattern, match_weight,
           1 / (1 + exp(-ln(2) * (match_weight + $adjustment))) as match_probability,
           cast(null as double) as runner_up_weight,
           'accepted' as decision, cast(null as varchar) as reason
    from {prematched}
    """


def _within_limits(engine: Engine, links: Table, step: Step) -> Table:
    """Links within the step's limit of links of a unit: the heaviest stay, overrides
    first.
    """
    decided = ("decision", "reason")
    unchanged = columns([name for name in links.columns if name not in decided])
    for side, limit in (("left", step.most_left), ("right", step.most_right)):
        if limit is None:
            continue
        query = _LIMITED.format(side=side, other=OTHER_SIDE[side], unchanged=unchanged)
        links = engine.sql(query, params={"limit": limit}, links=links, store=True)
    return links


_LIMITED = f"""
    with placed as (
        select *,
               row_number() over (
                   partition by {{other}}_id, decision
                   order by case when method = 'override' then 0 else 1 end,
                            {heaviest_first()}, {{side}}_id
               ) as place
        from {{{{links}}}}
    ),
    compared as (
        select *, decision = 'accepted' and place > $limit as is_over from placed
    )
    select {{unchanged}},
           case when is_over then 'rejected' else decision end as decision,
           case when is_over then '{CAPPED}' else reason end as reason
    from compared
    """


def _members(engine: Engine, inputs: StepInputs) -> Table:
    """step, side, unit_id, entity_id of both sides: which entities are one unit."""
    query = """
        select cast($step as varchar) as step, 'left' as side, unit_id, entity_id
        from {left}
        union all
        select cast($step as varchar) as step, 'right' as side, unit_id, entity_id
        from {right}
        """
    return engine.sql(
        query,
        params={"step": inputs.step.name},
        left=inputs.left.members,
        right=inputs.right.members,
    )
