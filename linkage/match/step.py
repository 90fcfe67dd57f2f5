"""One step of a run in three stages: score the pairs, resolve them to links, diagnose
what is not linked.
"""

from dataclasses import asdict, dataclass
from typing import Any, Unpack

from linkage.config import OTHER_SIDE, Step
from linkage.engine import Engine, Table, columns, one, quote, rows
from linkage.match.candidates import union_all
from linkage.match.draws import link_draws
from linkage.match.duplicates import Duplicates, find_duplicates
from linkage.match.reasons import NOT_DIAGNOSED, not_diagnosed, unlinked
from linkage.match.recall import below_floor, blocking_recall, links_by_pass
from linkage.match.resolve import CAPPED, DISAGREES, Resolved, heaviest_first, resolve
from linkage.match.score import SEED, Given, Scored, progress_of, score
from linkage.match.units import Units
from linkage.model import Model
from linkage.model.compiled import pattern_text


@dataclass(frozen=True)
class StepResult:
    """Tables of a step; columns as in docs/reference/tables.md."""

    links: Table
    unlinked: Table
    units: Table
    draws: Table | None  # link draws, where the step asks for them
    model: Model
    summary: dict[str, Any]  # counts, seconds and training report; no values


def link_step(
    engine: Engine, step: Step, left: Units, right: Units, **inputs: Unpack[Given]
) -> StepResult:
    """Link two sides: deterministic passes first, then the model on the units that they
    leave.

    Args:
        step: cardinality, thresholds, whether the model is trained on these sides,
            whether the step is diagnosed.
        inputs: passes, model and the other keys of `Given`.

    Raises:
        ConfigError: the model names columns that the units lack, or is neither trained
            nor to be trained.
        NothingToTrainOnError: there is nothing to train on, and the model has no
            parameters of its own.
    """
    say = progress_of(inputs)
    scores = score(engine, step, left, right, inputs)
    say("resolution")
    duplicates = find_duplicates(engine, scores) if step.duplicates == "join" else {}
    resolution = resolve(
        engine,
        step,
        scores.pairs,
        scores.sizes,
        last_release=inputs.get("last_release"),
        persons={
            side: side_duplicates.persons
            for side, side_duplicates in duplicates.items()
        },
        possible_duplicates=_possible_duplicates(engine, duplicates),
        prematched=engine.count(scores.prematched),
    )
    links = _within_limits(engine, _links(engine, scores, resolution), step)
    draws = None
    if step.link_draws:
        say("link draws")
        seed = inputs.get("seed", SEED)
        draws = link_draws(
            engine,
            step,
            links,
            resolution.persons,
            resolution.thresholds.adjustment,
            seed,
        )
    if step.diagnose:
        say("diagnosis")
        unlinked_units = unlinked(engine, scores, links)
        diagnosis = _diagnosis(
            engine, scores, resolution, links, unlinked_units, inputs
        )
    else:
        unlinked_units = not_diagnosed(engine, scores, links)
        diagnosis = _not_diagnosed(engine, scores, links)
    overrides = inputs.get("overrides")
    summary = {
        "training": scores.training,
        "overrides": overrides.counts if overrides else {},
        "thresholds": asdict(resolution.thresholds),
        "left_units": scores.sizes["left"],
        "right_units": scores.sizes["right"],
        "duplicates": {
            side: round(side_duplicates.share, 6)
            for side, side_duplicates in duplicates.items()
        },
        "decisions": counted(engine, links, "decision"),
        **diagnosis,
    }
    _drop(engine, scores, duplicates)
    return StepResult(
        links,
        unlinked_units,
        members(engine, step, left, right),
        draws,
        scores.model,
        summary,
    )


def _possible_duplicates(
    engine: Engine, duplicates: dict[str, Duplicates]
) -> Table | None:
    """left_id, right_id, probability of pairs whose unit may be a duplicate of the
    other's partner.
    """
    if not duplicates:
        return None
    pairs = union_all(
        engine, [side_duplicates.pairs for side_duplicates in duplicates.values()]
    )
    query = (
        "select left_id, right_id, max(probability) as probability from {pairs} "
        "group by left_id, right_id"
    )
    return engine.sql(query, pairs=pairs, store=True)


def _links(engine: Engine, scores: Scored, resolution: Resolved) -> Table:
    """Every scored pair with its posterior and decision; of a step that is not
    diagnosed, the accepted ones.
    """
    names = (
        "step, left_id, right_id, method, pass, pattern, match_weight, "
        "match_probability, runner_up_weight, decision, "
        "reason"
    )
    decided_pairs = engine.sql(
        f"""
        select cast($step as varchar) as step, p.left_id, p.right_id, p.method, p.pass,
               {pattern_text(scores.model, "p")} as pattern, p.match_weight,
                   r.match_probability, r.runner_up_weight,
               r.decision, cast(r.reason as varchar) as reason
        from {{pairs}} as p
        join {{resolved}} as r on r.left_id = p.left_id and r.right_id = p.right_id
        {"" if scores.step.diagnose else f"where r.decision = 'accepted' or r.reason = '{DISAGREES}'"}
        """,  # noqa: E501
        params={"step": scores.step.name},
        pairs=scores.pairs,
        resolved=resolution.pairs,
        store=True,
    )
    if engine.count(scores.prematched) == 0:
        return decided_pairs
    # Most links are pre-matched: a view of them is read once, when the links are
    # written.
    return engine.sql(
        f"""
        select {names} from {{decided}}
        union all
        select cast($step as varchar) as step, left_id, right_id,
            'probabilistic' as method,
               'rule ' || cast(rule + 1 as varchar) as pass,
                   cast(null as varchar) as pattern, match_weight,
               1 / (1 + exp(-ln(2) * (match_weight + $adjustment)))
                   as match_probability,
               cast(null as double) as runner_up_weight, 'accepted' as decision,
                   cast(null as varchar) as reason
        from {{prematched}}
        """,
        params={
            "step": scores.step.name,
            "adjustment": resolution.thresholds.adjustment,
        },
        decided=decided_pairs,
        prematched=scores.prematched,
        store=False,
    )


def _within_limits(engine: Engine, links: Table, step: Step) -> Table:
    """Links within the step's limit of links of a unit: the heaviest stay, overrides
    first.
    """
    for side, limit in (("left", step.most_left), ("right", step.most_right)):
        if limit is None:
            continue
        others = columns(
            [name for name in links.columns if name not in ("decision", "reason")]
        )
        is_over = f"decision = 'accepted' and place > {int(limit)}"
        links = engine.sql(
            f"""
            with placed as (
                select *, row_number() over (
                           partition by {OTHER_SIDE[side]}_id, decision
                           order by case when method = 'override' then 0 else 1 end,
                               {heaviest_first()}, {side}_id
                       ) as place
                from {{links}}
            )
            select {others}, case when {is_over} then 'rejected' else decision
                end as decision,
                   case when {is_over} then '{CAPPED}' else reason end as reason
            from placed
            """,
            params=None,
            links=links,
            store=True,
        )
    return links


def _diagnosis(
    engine: Engine,
    scores: Scored,
    resolution: Resolved,
    links: Table,
    unlinked_units: Table,
    inputs: Given,
) -> dict[str, Any]:
    """Blocking recall, estimated false negatives and reasons; from the stored pairs;
    scores nothing.
    """
    return {
        **blocking_recall(
            engine,
            scores.model,
            (scores.left.units, scores.right.units),
            scores.still_open,
            passes=scores.passes,
            rules=scores.rules,
            links=links,
        ),
        "below_floor": round(below_floor(engine, links, scores.floor), 3),
        "known": _known(engine, scores),
        "unlinked": counted(engine, unlinked_units, "reason"),
    }


def _not_diagnosed(engine: Engine, scores: Scored, links: Table) -> dict[str, Any]:
    by_pass = links_by_pass(engine, links)
    query = """
        select count(distinct left_id) + count(distinct right_id) as linked from {links}
            where decision = 'accepted'
        """
    unlinked_units = sum(scores.sizes.values()) - int(
        one(engine, engine.sql(query, links=links))["linked"]
    )
    return {
        "passes": [
            {**counts, "links": by_pass.get(str(counts["pass"]), 0)}
            for counts in scores.passes
        ],
        "rules": [],
        "blocking": scores.rules,
        "prematched": engine.count(scores.prematched),
        "estimated_recall": None,
        "unlinked": {NOT_DIAGNOSED: unlinked_units} if unlinked_units else {},
        "diagnosed": False,
    }


def _known(engine: Engine, scores: Scored) -> dict[str, int]:
    """Column of the term frequencies to the units of both sides that have a value: the
    denominator of the frequencies.
    """
    model = scores.model
    if not model.tf_columns:
        return {}
    query = ", ".join(
        f"count({quote(column)}) as {quote(column)}" for column in model.tf_columns
    )
    sides = [
        one(engine, engine.sql(f"select {query} from {{t}}", t=units))
        for units in scores.units.values()
    ]
    return {
        column: sum(int(side[column]) for side in sides) for column in model.tf_columns
    }


def _drop(engine: Engine, scores: Scored, duplicates: dict[str, Duplicates]) -> None:
    engine.drop(
        *scores.frequencies.values(),
        *(side_duplicates.persons for side_duplicates in duplicates.values()),
    )


def members(engine: Engine, step: Step, left: Units, right: Units) -> Table:
    """step, side, unit_id, entity_id of both sides: which entities are one unit."""
    return engine.sql(
        """
        select cast($step as varchar) as step, 'left' as side, unit_id, entity_id
            from {l}
        union all
        select cast($step as varchar) as step, 'right' as side, unit_id, entity_id
            from {r}
        """,
        params={"step": step.name},
        l=left.members,
        r=right.members,
    )


def counted(engine: Engine, table: Table, column: str) -> dict[str, int]:
    """Each value of a column to its number of rows."""
    value_counts = engine.sql(
        f"select {column} as what, count(*) as n from {{t}} group by {column}", t=table
    )
    return {
        row["what"]: int(row["n"])
        for row in sorted(rows(engine, value_counts), key=lambda row: str(row["what"]))
    }
