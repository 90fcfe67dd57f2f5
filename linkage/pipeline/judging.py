"""The stage that judges a run: links, spine and truth to aggregates, and the gates that stand behind it."""

from collections.abc import Mapping
from typing import Any

from linkage.errors import GateError
from linkage.pipeline.job import Job, shipped_files
from linkage.pipeline.reached import reached_in_step
from linkage.pipeline.reading import attribute_name
from linkage.pipeline.stage import Counts, Stage
from linkage.pipeline.true_entities import error_files, logged_errors, true_entities, true_entities_file
from linkage.pipeline.workspace import Workspace

EVALUATION = "quality/evaluation.json"


def evaluate_stage(job: Job) -> Stage:
    """Links, spine and truth to aggregates: quality/evaluation.json."""
    sources, steps = list(job.config.source), job.config.step
    attributes = {
        attribute_name(table): f"attributes/{attribute_name(table)}" for table in job.config.attributes.values()
    }
    truth = true_entities_file(job.truth) if job.truth else None
    errors = error_files(job.truth) if job.truth else {}

    def work(space: Workspace) -> Counts:
        from quality.evaluation import Inputs, StepTables, evaluate

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
                )
                for step in steps
            ],
            identities={name: space.table(f"identities/{name}") for name in sources},
            attributes={name: space.table(artefact) for name, artefact in attributes.items()},
            spine=space.table("spine"),
            cuts=space.table("cuts"),
            truth=true_entities(space.engine, truth) if truth else None,
            errors=logged_errors(space.engine, job.truth) if job.truth else None,
            records={name: space.table(f"records/{name}") for name in sources},
            sources=[
                {
                    "source": name,
                    **{k: space.counts(f"records/{name}")[k] for k in ("rows_read", "records", "quarantined")},
                }
                for name in sources
            ],
        )
        result = evaluate(space.engine, inputs, catalogue=job.catalogue)
        space.write_document(EVALUATION, result)
        return {"headline": headline(result), "precision": precisions(result), "unlinked": unlinked(result)}

    made = [f"{kind}/{step.name}" for step in steps for kind in ("links", "unlinked", "units")]
    return Stage(
        name="evaluate",
        work=work,
        reads=(
            *(f"records/{name}" for name in sources),
            *(f"identities/{name}" for name in sources),
            *attributes.values(),
            *made,
            *(f"models/{step.name}.json" for step in steps),
            "spine",
            "cuts",
        ),
        makes=(EVALUATION,),
        files={
            **({f"truth/{truth.name}": truth} if truth else {}),
            **{f"truth/{name}": path for name, path in errors.items()},
            **shipped_files("quality/*.toml"),
        },
        rooms=(
            *("quality", "linkage.match.reach", "linkage.match.units", "linkage.model.blocking"),
            *("linkage.pipeline.judging", "linkage.pipeline.reached", "linkage.pipeline.true_entities"),
        ),
        gate=lambda counts: _quality_gates(job, counts),
    )


def precisions(evaluation: Mapping[str, Any]) -> dict[str, dict[str, float]]:
    """Step to its precision and the upper end of its 95 % interval, where truth tells."""
    known = {step["step"]: step["accuracy"]["precision"] for step in evaluation["steps"] if step["accuracy"]}
    return {name: {key: found[key] for key in ("value", "high")} for name, found in known.items() if found["of"]}


def unlinked(evaluation: Mapping[str, Any]) -> dict[str, float]:
    """Step to the share of its smaller side's units that have no link."""
    smaller = {
        step["step"]: min(step["sides"], key=lambda side: side["units"])
        for step in evaluation["steps"]
        if step["sides"]
    }
    return {name: 1 - side["linked"] / side["units"] for name, side in smaller.items() if side["units"]}


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


def _quality_gates(job: Job, counts: Counts) -> None:
    gates = job.config.gates
    faults = []
    if gates.min_precision is not None:
        faults += [
            f"gate min_precision: step '{step}' has precision {share['value']:.4f} (with 95 % confidence at most "
            f"{share['high']:.4f}), at least {gates.min_precision} is asked for"
            for step, share in counts["precision"].items()
            # One false link of thirty is no evidence that the precision is lower than asked for.
            if share["high"] < gates.min_precision
        ]
    if gates.max_unlinked is not None:
        faults += [
            f"gate max_unlinked: step '{step}' leaves {share:.4f} of its smaller side unlinked, at most "
            f"{gates.max_unlinked} is allowed"
            for step, share in counts["unlinked"].items()
            if share > gates.max_unlinked
        ]
    if faults:
        faults.append(f"  see {EVALUATION} and the report in the run's folder; no extract was made")
        raise GateError("\n".join(faults))
