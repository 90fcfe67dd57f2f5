"""The stage that evaluates a run: links, spine and truth to aggregates, which its gates
check.
"""

from collections.abc import Callable, Mapping
from typing import Any

from linkage.config import Step
from linkage.engine import Table
from linkage.match.recall import sample_of_pairs, true_pairs_reached
from linkage.match.units import described, union_shared
from linkage.model import from_dict
from linkage.pipeline.folder import DRIFT, EVALUATION
from linkage.pipeline.gates import figures_of, hold, unlinked
from linkage.pipeline.job import Job, shipped_files
from linkage.pipeline.stage import Counts, Stage, Workspace
from linkage.pipeline.stages.linking import DRAWS, LEO_TABLES, entities, sources_of_side
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

MODULES = (
    "quality",
    "linkage.match.recall",
    "linkage.match.units",
    "linkage.model.blocking",
    "linkage.pipeline.gates",
    "linkage.pipeline.stages.judging",
    "linkage.pipeline.truth",
)


def evaluate_stage(job: Job) -> Stage:
    """Links, spine and truth to aggregates: quality/evaluation.json."""
    sources, steps = list(job.config.source), job.config.step
    truth = true_entities_file(job.truth) if job.truth else None
    truth_files = (
        {**error_files(job.truth), **person_files(job.truth)} if job.truth else {}
    )
    last = job.previous.evaluation if job.previous else None

    def work(space: Workspace) -> Counts:
        persons = true_entities(space.engine, truth) if truth else None
        if persons:
            for line in unknown_to_truth(
                space.engine, persons, entities(space, sources), sources
            ):
                space.tell(line)
        evaluation = evaluate(
            space.engine, _inputs(space, job, persons), catalogue=job.catalogue
        )
        space.write_document(EVALUATION, evaluation)
        changes = None
        if last:
            changes = drift(evaluation_of(last), evaluation)
            space.write_document(DRIFT, changes)
        return {"headline": headline(evaluation), **figures_of(evaluation, changes)}

    return Stage(
        name="evaluate",
        work=work,
        reads=(
            *(f"{kind}/{name}" for kind in ("records", "entities") for name in sources),
            *job.attributes().values(),
            *(
                f"{kind}/{step.name}"
                for step in steps
                for kind in ("links", "unlinked", "units")
            ),
            *(f"{DRAWS}/{step.name}" for step in steps if step.link_draws),
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


def _inputs(space: Workspace, job: Job, persons: Table | None) -> Inputs:
    """The tables of a run as the evaluation takes them; `persons` are the true ones,
    where there is truth.
    """
    engine, sources = space.engine, list(job.config.source)
    attributes = {
        name: space.table(artefact) for name, artefact in job.attributes().items()
    }
    if job.truth:
        attributes |= true_attributes(engine, job.truth, entities(space, sources))
    rows = {name: space.counts(f"records/{name}") for name in sources}
    figures = ("rows_read", "records", "quarantined")
    return Inputs(
        steps=[
            _step_tables(space, job, step, has_truth=persons is not None)
            for step in job.config.step
        ],
        entities={name: space.table(f"entities/{name}") for name in sources},
        attributes=attributes,
        spine=space.table("spine"),
        removed_links=space.table("removed_links"),
        truth=persons,
        errors=logged_errors(engine, job.truth) if job.truth else None,
        records={name: space.table(f"records/{name}") for name in sources},
        sources=[
            {"source": name, **{key: rows[name][key] for key in figures}}
            for name in sources
        ],
        tables=space.counts(LEO_TABLES[0])["rows"] if job.outcomes else {},
    )


def _step_tables(
    space: Workspace, job: Job, step: Step, *, has_truth: bool
) -> StepTables:
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
        sampled=space.table(f"{DRAWS}/{step.name}") if step.link_draws else None,
        draws=step.link_draws,
    )


def reached_in_step(
    space: Workspace, job: Job, step: Step
) -> Callable[[Table], Mapping[str, Any]]:
    """Given true pairs (left_id, right_id), the counts of `true_pairs_reached`, with
    the rules that the step ran.
    """
    engine = space.engine

    def reached(true_pairs: Table) -> Mapping[str, Any]:
        model = from_dict(space.document(f"models/{step.name}.json"))
        before = job.config.step[: job.config.step.index(step)]
        columns = list(
            dict.fromkeys(
                column for rule in model.blocking_rules for column in rule.columns
            )
        )
        pairs = sample_of_pairs(engine, true_pairs)

        def units_of(side: str, name: str) -> Table:
            """The units of a side that are in the pairs, with the columns that the
            rules read.
            """
            members = engine.sql(
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
            sources = sources_of_side(job.config, name, before)
            entities = union_shared(
                engine, [space.table(f"entities/{source}") for source in sources]
            )
            return described(engine, entities, members, columns)

        left, right = units_of("left", step.left), units_of("right", step.right)
        counts = true_pairs_reached(
            engine, model, (left, right), space.table(f"links/{step.name}"), pairs
        )
        engine.drop(left, right, pairs)
        return counts

    return reached


def headline(evaluation: Mapping[str, Any]) -> dict[str, Any]:
    """The figures that are first in the manifest: people, and the last step's links,
    link rate and error.
    """
    figures: dict[str, Any] = {}
    if evaluation["spine"]:
        figures["people"] = evaluation["spine"]["people"]
    if evaluation["steps"]:
        last = evaluation["steps"][-1]
        links = [
            row["pairs"] for row in last["decisions"] if row["decision"] == "accepted"
        ]
        figures |= {"last_step": last["step"], "links": sum(links)}
        figures["linked_of_smaller_side"] = round(
            1 - unlinked(evaluation).get(last["step"], 1.0), 5
        )
        if last["accuracy"]:
            shares = {
                name: last["accuracy"][name]["value"]
                for name in ("precision", "recall", "f1")
            }
            figures |= {
                name: round(share, 5)
                for name, share in shares.items()
                if share is not None
            }
    return figures
