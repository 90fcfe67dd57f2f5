"""The stage that judges a run: links, spine and truth to aggregates, and the gates that stand behind it."""

from collections.abc import Mapping, Sequence
from typing import Any

from linkage.engine import Table
from linkage.pipeline.artefacts import Counts
from linkage.pipeline.gates import asked_of, hold, unlinked
from linkage.pipeline.job import Job, shipped_files
from linkage.pipeline.reached import reached_in_step
from linkage.pipeline.reading import attribute_name
from linkage.pipeline.stage import Stage
from linkage.pipeline.tables import LEO_TABLES
from linkage.pipeline.true_entities import (
    error_files,
    logged_errors,
    person_files,
    true_attributes,
    true_entities,
    true_entities_file,
    unknown_to_truth,
)
from linkage.pipeline.workspace import Workspace
from quality.evaluated import evaluation_of

EVALUATION = "quality/evaluation.json"
DRIFT = "quality/drift.json"  # where there is a last release


def evaluate_stage(job: Job) -> Stage:
    """Links, spine and truth to aggregates: quality/evaluation.json."""
    sources, steps = list(job.config.source), job.config.step
    attributes = {
        attribute_name(table): f"attributes/{attribute_name(table)}" for table in job.config.attributes.values()
    }
    truth = true_entities_file(job.truth) if job.truth else None
    beside = {**error_files(job.truth), **person_files(job.truth)} if job.truth else {}
    last = job.previous.evaluation if job.previous else None

    def work(space: Workspace) -> Counts:
        from quality.drift import drift
        from quality.evaluation import Inputs, StepTables, evaluate

        known = true_entities(space.engine, truth) if truth else None
        if known:
            for line in unknown_to_truth(space.engine, known, _entities(space, sources), sources):
                space.tell(line)
        inputs = Inputs(
            steps=[
                StepTables(
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
                    reached=reached_in_step(space, job, step) if truth else None,
                    sampled=space.table(f"links_sampled/{step.name}") if step.samples else None,
                    draws=step.samples,
                )
                for step in steps
            ],
            identities={name: space.table(f"identities/{name}") for name in sources},
            attributes={name: space.table(artefact) for name, artefact in attributes.items()}
            | (true_attributes(space.engine, job.truth, _entities(space, sources)) if job.truth else {}),
            spine=space.table("spine"),
            cuts=space.table("cuts"),
            truth=known,
            errors=logged_errors(space.engine, job.truth) if job.truth else None,
            records={name: space.table(f"records/{name}") for name in sources},
            sources=[
                {
                    "source": name,
                    **{k: space.counts(f"records/{name}")[k] for k in ("rows_read", "records", "quarantined")},
                }
                for name in sources
            ],
            tables=space.counts(LEO_TABLES[0])["rows"] if job.outcomes else {},
        )
        result = evaluate(space.engine, inputs, catalogue=job.catalogue)
        space.write_document(EVALUATION, result)
        moved = None
        if last:
            moved = drift(evaluation_of(last), result)
            space.write_document(DRIFT, moved)
        return {"headline": headline(result), **asked_of(result, moved)}

    made = [f"{kind}/{step.name}" for step in steps for kind in ("links", "unlinked", "units")]
    return Stage(
        name="evaluate",
        work=work,
        reads=(
            *(f"records/{name}" for name in sources),
            *(f"identities/{name}" for name in sources),
            *attributes.values(),
            *made,
            *(f"links_sampled/{step.name}" for step in steps if step.samples),
            *(f"models/{step.name}.json" for step in steps),
            "spine",
            "cuts",
            *(LEO_TABLES[:1] if job.outcomes else ()),
        ),
        makes=(EVALUATION, *([DRIFT] if last else [])),
        files={
            **({f"truth/{truth.name}": truth} if truth else {}),
            **{f"truth/{name}": path for name, path in beside.items()},
            **({"previous/evaluation.json": last} if last else {}),
            **shipped_files("quality/*.toml", "outcomes/postcode_regions.csv"),
        },
        rooms=(
            *("quality", "linkage.match.candidates.reach", "linkage.match.candidates.units", "linkage.model.blocking"),
            *(
                "linkage.pipeline.judging",
                "linkage.pipeline.gates",
                "linkage.pipeline.reached",
                "linkage.pipeline.true_entities",
            ),
        ),
        gate=lambda counts: hold(job.config.gates, counts),
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
