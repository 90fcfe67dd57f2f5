"""The stage that judges a run: links, spine and truth to aggregates, and the gates that stand behind it."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from linkage.config import Step
from linkage.engine import Table
from linkage.match.recall import sample_of_pairs, true_pairs_reached
from linkage.match.units import described, union_shared
from linkage.model import from_dict
from linkage.pipeline.gates import asked_of, hold, unlinked
from linkage.pipeline.job import Job, shipped_files
from linkage.pipeline.stage import Counts, Stage, Workspace
from linkage.pipeline.stages.linking import LEO_TABLES, sources_of_side
from linkage.pipeline.stages.reading import attribute_name
from linkage.pipeline.truth import (
    error_files,
    logged_errors,
    person_files,
    true_attributes,
    true_entities,
    true_entities_file,
    unknown_to_truth,
)
from quality.measures.drift import drift
from quality.measures.evaluated import evaluation_of
from quality.measures.evaluation import Inputs, StepTables, evaluate


def reached_in_step(space: Workspace, job: Job, step: Step) -> Callable[[Table], Mapping[str, Any]]:
    """Given true pairs (left_id, right_id), the counts of `true_pairs_reached`, with the rules that the step ran."""

    def reached(true_pairs: Table) -> Mapping[str, Any]:
        engine = space.engine
        model = from_dict(space.document(f"models/{step.name}.json"))
        before = list(job.config.step[: job.config.step.index(step)])
        wanted = list(dict.fromkeys(column for rule in model.blocking_rules for column in rule.columns))
        pairs = sample_of_pairs(engine, true_pairs)
        left = _side(space, step, pairs, "left", sources_of_side(job.config, step.left, before), wanted)
        right = _side(space, step, pairs, "right", sources_of_side(job.config, step.right, before), wanted)
        counts = true_pairs_reached(engine, model, (left, right), space.table(f"links/{step.name}"), pairs)
        engine.drop(left, right, pairs)
        return counts

    return reached


def _side(
    space: Workspace, step: Step, pairs: Table, side: str, sources: Sequence[str], wanted: Sequence[str]
) -> Table:
    """The units of a side that stand in the pairs, with the columns that the rules read."""
    members = space.engine.sql(
        f"""
        select distinct u.unit_id, u.entity_id
        from {{units}} as u
        join {{pairs}} as p on p.{side}_id = u.unit_id
        where u.side = '{side}'
        """,
        units=space.table(f"units/{step.name}"),
        pairs=pairs,
        store=True,
    )
    identities = [space.table(f"identities/{source}") for source in sources]
    return described(space.engine, union_shared(space.engine, identities), members, wanted)


EVALUATION = "quality/evaluation.json"
DRIFT = "quality/drift.json"  # where there is a last release


def evaluate_stage(job: Job) -> Stage:
    """Links, spine and truth to aggregates: quality/evaluation.json."""
    sources, steps = list(job.config.source), job.config.step
    truth = true_entities_file(job.truth) if job.truth else None
    truth_files = {**error_files(job.truth), **person_files(job.truth)} if job.truth else {}
    last = job.previous.evaluation if job.previous else None

    def work(space: Workspace) -> Counts:
        known = true_entities(space.engine, truth) if truth else None
        if known:
            for line in unknown_to_truth(space.engine, known, _entities(space, sources), sources):
                space.tell(line)
        result = evaluate(space.engine, _inputs(space, job, known), catalogue=job.catalogue)
        space.write_document(EVALUATION, result)
        moved = None
        if last:
            moved = drift(evaluation_of(last), result)
            space.write_document(DRIFT, moved)
        return {"headline": headline(result), **asked_of(result, moved)}

    return Stage(
        name="evaluate",
        work=work,
        reads=(
            *(f"records/{name}" for name in sources),
            *(f"identities/{name}" for name in sources),
            *_attributes(job).values(),
            *(f"{kind}/{step.name}" for step in steps for kind in ("links", "unlinked", "units")),
            *(f"link_draws/{step.name}" for step in steps if step.link_draws),
            *(f"models/{step.name}.json" for step in steps),
            "spine",
            "removed_links",
            *(LEO_TABLES[:1] if job.outcomes else ()),
        ),
        makes=(EVALUATION, *([DRIFT] if last else [])),
        files={
            **({f"truth/{truth.name}": truth} if truth else {}),
            **{f"truth/{name}": path for name, path in truth_files.items()},
            **({"previous/evaluation.json": last} if last else {}),
            **shipped_files("quality/*.toml", "outcomes/postcode_regions.csv"),
        },
        modules=MODULES,
        gate=lambda counts: hold(job.config.gates, counts),
    )


MODULES = (
    "quality",
    "linkage.match.recall",
    "linkage.match.units",
    "linkage.model.blocking",
    "linkage.pipeline.gates",
    "linkage.pipeline.stages.judging",
    "linkage.pipeline.truth",
)


def _attributes(job: Job) -> dict[str, str]:
    """What the evaluation calls each table of attributes, and where it lies."""
    names = map(attribute_name, job.config.attributes.values())
    return {name: f"attributes/{name}" for name in names}


def _inputs(space: Workspace, job: Job, known: Table | None) -> Inputs:
    """The tables of a run as the evaluation takes them; `known` are the true persons, where there is truth."""
    engine, sources = space.engine, list(job.config.source)
    attributes = {name: space.table(artefact) for name, artefact in _attributes(job).items()}
    if job.truth:
        attributes |= true_attributes(engine, job.truth, _entities(space, sources))
    return Inputs(
        steps=[_step_tables(space, job, step, has_truth=known is not None) for step in job.config.step],
        identities={name: space.table(f"identities/{name}") for name in sources},
        attributes=attributes,
        spine=space.table("spine"),
        removed_links=space.table("removed_links"),
        truth=known,
        errors=logged_errors(engine, job.truth) if job.truth else None,
        records={name: space.table(f"records/{name}") for name in sources},
        sources=[{"source": name, **_rows_of(space, name)} for name in sources],
        tables=space.counts(LEO_TABLES[0])["rows"] if job.outcomes else {},
    )


def _rows_of(space: Workspace, source: str) -> dict[str, Any]:
    counts = space.counts(f"records/{source}")
    return {name: counts[name] for name in ("rows_read", "records", "quarantined")}


def _step_tables(space: Workspace, job: Job, step: Step, *, has_truth: bool) -> StepTables:
    return StepTables(
        name=step.name,
        left=step.left,
        right=step.right,
        links=space.table(f"links/{step.name}"),
        unlinked=space.table(f"unlinked/{step.name}"),
        units=space.table(f"units/{step.name}"),
        cardinality=step.cardinality,
        joins_second_records=step.duplicates == "join",
        model=space.document(f"models/{step.name}.json"),
        blocking=space.counts(f"links/{step.name}"),
        reached=reached_in_step(space, job, step) if has_truth else None,
        sampled=space.table(f"link_draws/{step.name}") if step.link_draws else None,
        draws=step.link_draws,
    )


def _entities(space: Workspace, sources: Sequence[str]) -> Table:
    named = {f"of_{place}": space.table(f"identities/{name}") for place, name in enumerate(sources)}
    union = "\nunion all\n".join(f"select entity_id, source, entity_key from {{{name}}}" for name in named)
    return space.engine.sql(union, params=None, store=False, **named)


def headline(evaluation: Mapping[str, Any]) -> dict[str, Any]:
    """The figures that stand first in the manifest: people, and the last step's links, link rate and error."""
    figures: dict[str, Any] = {}
    if evaluation["spine"]:
        figures["people"] = evaluation["spine"]["people"]
    if evaluation["steps"]:
        last = evaluation["steps"][-1]
        accepted = [row["pairs"] for row in last["decisions"] if row["decision"] == "accepted"]
        figures |= {"last_step": last["step"], "links": sum(accepted)}
        figures["linked_of_smaller_side"] = round(1 - unlinked(evaluation).get(last["step"], 1.0), 5)
        if last["accuracy"]:
            shares = {name: last["accuracy"][name]["value"] for name in ("precision", "recall", "f1")}
            figures |= {name: round(share, 5) for name, share in shares.items() if share is not None}
    return figures
