"""The stages that make something of the links: LEO's tables, the evaluation, extracts, the report."""

import datetime
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from linkage.engine import Engine, Table, one
from linkage.errors import GateError
from linkage.extract import Project, extract
from linkage.longitudinal import build
from linkage.pipeline.job import Job, shipped_files
from linkage.pipeline.reached import reached_in_step
from linkage.pipeline.reading import CONTRACTS, attribute_name
from linkage.pipeline.stage import Counts, Stage
from linkage.pipeline.true_entities import true_entities, true_entities_file
from linkage.pipeline.workspace import Workspace

EVALUATION = "quality/evaluation.json"
LOOKUPS = ("lookup_ae_id", "lookup_edukey", "lookup_pmr")
LEO_TABLES = ("employment", "earnings", "self_assessment", "benefits", "geography", "person", "outcomes")


def longitudinal_stage(job: Job) -> Stage:
    """Attributes and lookups to LEO's tables, keyed by EDUKEY."""
    attributes = {
        attribute_name(table): f"attributes/{attribute_name(table)}" for table in job.config.attributes.values()
    }
    cis = next((name for name, source in job.config.source.items() if source.dataset == "cis"), None)
    outcomes = job.outcomes
    if outcomes is None:
        raise ValueError("a run without longitudinal tables has no such stage")

    def work(space: Workspace) -> Counts:
        given = {name: space.table(artefact) for name, artefact in attributes.items()}
        until = last_day(space.engine, given)
        tables = build(
            space.engine,
            given,
            {name: space.table(name) for name in LOOKUPS[:2]},
            outcomes,
            extract_date=until,
            addresses=_addresses(space, cis) if cis else None,
            catalogue=job.catalogue,
        )
        rows = {name: space.write(name, tables[name]) for name in LEO_TABLES}
        aside = space.engine.arrow(tables["set_aside"]).to_pylist()
        return {"rows": rows, "set_aside": aside, "extract_date": until.isoformat()}

    return Stage(
        name="longitudinal",
        work=work,
        reads=(*attributes.values(), *LOOKUPS[:2], *((f"records/{cis}", f"identities/{cis}") if cis else ())),
        makes=LEO_TABLES,
        settings={"outcomes": outcomes.model_dump(mode="json")},
        files=shipped_files("outcomes/*.csv"),
        rooms=("linkage.longitudinal", "linkage.pipeline.outputs"),
    )


def last_day(engine: Engine, attributes: Mapping[str, Table]) -> datetime.date:
    """The last day that a run's files can tell of: the end of the last tax year that earnings are held for.

    Without earnings, the last day on which a spell of employment or benefits starts or ends.
    """
    if "hmrc_earnings" in attributes:
        found = one(engine, engine.sql("select max(TaxYear) as last from {t}", t=attributes["hmrc_earnings"]))
        if found["last"] is not None:
            return datetime.date(int(found["last"]) // 100 + 1, 4, 5)
    days = [datetime.date(1, 1, 1)]
    for name in ("hmrc_employment", "dwp_benefits"):
        if name in attributes:
            last = engine.sql("select max(greatest(StartDate, EndDate)) as last from {t}", t=attributes[name])
            days += [day for day in [one(engine, last)["last"]] if day]
    return max(days)


def _addresses(space: Workspace, cis: str) -> Table:
    """Where CIS says each of its entities lived, and when."""
    return space.engine.sql(
        """
        select i.entity_id, r.postcode, r.valid_from, r.valid_to
        from {records} as r
        join {identities} as i on i.entity_key = r.entity_key
        where r.postcode is not null and r.valid_from is not null
        """,
        records=space.table(f"records/{cis}"),
        identities=space.table(f"identities/{cis}"),
    )


def evaluate_stage(job: Job) -> Stage:
    """Links, spine and truth to aggregates: quality/evaluation.json."""
    sources, steps = list(job.config.source), job.config.step
    attributes = {
        attribute_name(table): f"attributes/{attribute_name(table)}" for table in job.config.attributes.values()
    }
    truth = true_entities_file(job.truth) if job.truth else None

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
        files={**({f"truth/{truth.name}": truth} if truth else {}), **shipped_files("quality/*.toml")},
        rooms=(
            *("quality", "linkage.match.reach", "linkage.match.units", "linkage.model.blocking"),
            *("linkage.pipeline.outputs", "linkage.pipeline.reached", "linkage.pipeline.true_entities"),
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


def extract_stage(job: Job, project: Project) -> Stage:
    """What a project is approved for, under pseudonyms of its own: extracts/<project>/."""
    key = job.key
    if key is None:
        raise ValueError("an extract needs the master key")
    place = f"extracts/{project.id}/"
    tables = ["spine", *LOOKUPS]
    tables += [f"attributes/{attribute_name(table)}" for table in job.config.attributes.values()]
    tables += LEO_TABLES if job.outcomes else ()

    def work(space: Workspace) -> Counts:
        given = {name: space.table(name) for name in tables}
        out = space.place(place)
        made = extract(space.engine, project, job.catalogue, given, key, out, run_info=run_info(space.manifest))
        counts = asdict(made)
        return {name: counts[name] for name in ("people", "rows", "held", "bytes", "key_fingerprint", "off_frame")}

    return Stage(
        name=f"extract-{project.id}",
        work=work,
        reads=(*tables, EVALUATION),
        makes=(place,),
        settings={"project": project.model_dump(mode="json"), "key": key.fingerprint},
        rooms=("linkage.extract", "linkage.pipeline.outputs"),
    )


def run_info(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """What a package says of the run that it came from."""
    return {key: manifest[key] for key in ("config_hash", "seed", "git_commit")} | {
        "name": manifest["run"],
        "version": manifest["versions"]["leo-linkage"],
    }


def report_stage(job: Job) -> Stage:
    """What was counted to report/index.html; also behind a failed gate, as long as there is an evaluation."""

    def work(space: Workspace) -> Counts:
        from quality.report import Inputs, render

        contracts = space.document(CONTRACTS)
        title = f"Linkage quality report: {job.config.run.name}"
        inputs = Inputs(space.document(EVALUATION), contracts["results"], space.manifest, title)
        path = render(inputs, space.place("report/") / "index.html", job.catalogue)
        return {"bytes": path.stat().st_size}

    return Stage(
        name="report",
        work=work,
        reads=(CONTRACTS, EVALUATION),
        makes=("report/",),
        files=shipped_files("disclosure/*.toml"),
        rooms=("quality", "linkage.pipeline.outputs"),
        partial=True,
    )
