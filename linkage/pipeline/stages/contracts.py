"""Checks of sources, a run's own tables and extracts: results to
quality/contracts*.json, rules to suites.
"""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from linkage.catalogue import Catalogue, TableDef
from linkage.engine import Engine, columns
from linkage.errors import GateError
from linkage.extract.formats import Written
from linkage.extract.layout import PERSON, Layout
from linkage.extract.project import Project
from linkage.extract.pseudonyms import PATTERN
from linkage.pipeline.job import Job, shipped_files
from linkage.pipeline.stage import Counts, Stage, Workspace
from linkage.pipeline.stages.linking import LEO_TABLES, LOOKUPS
from linkage.spine import band_labels

if TYPE_CHECKING:
    from quality.contracts import ContractReport

CONTRACTS = "quality/contracts.json"
PUBLISHED = "quality/contracts-published.json"
SUITES = "quality/suites/sources/"
PUBLISHED_SUITES = "quality/suites/published/"
MODULES = ("quality.contracts", "linkage.pipeline.stages.contracts")


def of_extract(project: Project) -> tuple[str, str]:
    """Where the results and suites of a project's extract go."""
    return (
        f"quality/contracts-extract-{project.id}.json",
        f"quality/suites/extract-{project.id}/",
    )


def contracts_stage(job: Job) -> Stage:
    """Every source's records and every table of attributes against what the catalogue
    promises of them.
    """
    sources, attributes = dict(job.config.source), job.attributes()

    def work(space: Workspace) -> Counts:
        from quality.contracts import (
            check,
        )  # Great Expectations takes seconds to import

        report = check(
            space.engine,
            job.catalogue,
            {name: space.table(f"records/{name}") for name in sources},
            sources=sources,
            attributes={
                name: space.table(artefact) for name, artefact in attributes.items()
            },
        )
        if report.failed:
            space.tell(
                f"contracts: {report.failed} of {len(report.results)} expectations are "
                f"not met; see {CONTRACTS}"
            )
        return reported_counts(space, report, CONTRACTS, SUITES)

    return Stage(
        name="contracts",
        work=work,
        reads=(*(f"records/{name}" for name in sources), *attributes.values()),
        makes=(CONTRACTS, SUITES),
        settings={
            "sources": {
                name: [source.dataset, source.table] for name, source in sources.items()
            }
        },
        files=shipped_files("contracts/*.toml"),
        modules=MODULES,
        gate=_critical_gate(CONTRACTS, "linked")
        if job.config.gates.critical_contracts
        else None,
    )


def published_contracts_stage(job: Job) -> Stage:
    """The spine and LEO's tables as a run makes them: none leaves that does not hold
    what is promised of it.
    """
    leo = (*LOOKUPS, *LEO_TABLES) if job.outcomes else ()

    def work(space: Workspace) -> Counts:
        from quality.contracts import check

        tables = {name: space.table(name) for name in ("spine", *leo)}
        for name in [
            lookup for lookup in LOOKUPS if lookup in leo
        ]:  # a row an entity here, a person in what leaves
            select_list = columns(
                [
                    variable.name
                    for variable in job.catalogue.table("leo", name).variable
                ]
            )
            tables[name] = space.engine.sql(
                f"select distinct {select_list} from {{t}}", t=space.table(name)
            )
        report = check(
            space.engine,
            with_run_codes(job.catalogue, space.manifest),
            {},
            published=tables,
        )
        return reported_counts(space, report, PUBLISHED, PUBLISHED_SUITES)

    return Stage(
        name="contracts-published",
        work=work,
        reads=("spine", *leo),
        makes=(PUBLISHED, PUBLISHED_SUITES),
        files=shipped_files("contracts/*.toml", "catalogue/*.toml"),
        modules=MODULES,
        gate=_critical_gate(PUBLISHED, "published")
        if job.config.gates.critical_contracts
        else None,
        partial=True,  # the report shows it, also where another gate failed
    )


def with_run_codes(catalogue: Catalogue, manifest: Mapping[str, Any]) -> Catalogue:
    """The catalogue with the codes of a run: its sources, passes, blocking rules, bands
    and outcome definitions.
    """
    passes: dict[str, str] = {}
    codes: dict[str, dict[str, str]] = {}
    for stage in manifest["stages"]:
        counts, step = stage.get("counts") or {}, stage["name"].removeprefix("link-")
        codes |= counts.get("codes", {})
        links = [(rule["pass"], rule["why"]) for rule in counts.get("passes", ())]
        for place, rule in enumerate(counts.get("blocking_rules", ()), 1):
            equal = re.sub(
                r'l\.("?)(\w+?)(?:_all)?\1 = r\.\1\2(?:_all)?\1', r"equal \2", rule
            )
            links.append(
                (
                    f"rule {place}",
                    f"Model, blocked by {equal.replace(' AND equal ', ', ')}",
                )
            )
        for name, meaning in links:
            if meaning not in (known := passes.get(name, "")):
                passes[name] = f"{known}; in {step}: {meaning}" if known else meaning
    sources = manifest["configuration"]["source"].items()
    titles = {
        name: catalogue.datasets[source["dataset"]].title for name, source in sources
    }
    return catalogue.with_codes(
        {
            **codes,
            "link_source": titles,
            "link_pass": passes,
            "link_band": band_labels(),
        }
    )


def reported_counts(
    space: Workspace, report: "ContractReport", document: str, suites: str
) -> Counts:
    """Write results and suites; what a stage counts of them."""
    folder = space.place(suites)
    folder.mkdir()
    for name, suite in report.suites.items():
        file = (
            folder / f"{name.rpartition(': ')[2]}.json"
        )  # of an extract's table, without the project
        file.write_text(
            json.dumps(suite, indent=2, default=str) + "\n", encoding="utf-8"
        )
    space.write_document(document, {"suites": suites, **report.as_dict()})
    return {"failed": report.failed, "critical": report.critical}


def extract_check(
    engine: Engine,
    catalogue: Catalogue,
    project: Project,
    tables: Sequence[Written],
    *,
    critical: bool,
) -> "ContractReport":
    """The tables of an extract as they were written, checked against what was approved
    and what is promised of each.

    Args:
        critical: whether a critical rule that is not met refuses the extract.

    Raises:
        GateError: one is not met; the message gives counts, never a value.
    """
    from quality.contracts import Delivered, check

    deliveries = {
        f"{project.id}: {one.layout.name}": Delivered(
            engine.read(one.parquet),
            described(one.layout),
            tuple(field.name for field in one.layout.fields if field.pseudonym_of),
            f"^{PATTERN.pattern}$",
        )
        for one in tables
    }
    fields = [field for one in tables for field in one.layout.fields]
    known = catalogue.with_codes(
        {entry.frame: entry.labels for entry in fields if entry.frame and entry.labels}
    )
    report = check(engine, known, {}, delivered=deliveries)
    if critical:
        _hold(report.critical, "the extract was not published")
    return report


def described(layout: Layout) -> TableDef:
    """What was approved of a table of an extract, as the catalogue describes a table.

    Required columns and keys are known of tables that a run or an extract makes. A
    source's own may repeat: reading it has reported that.
    """
    is_own = layout.holding is None or layout.holding.dataset == "leo"
    definition = layout.holding.definition if layout.holding else None
    key = layout.key or (definition.key if definition and is_own else ())
    key = key if set(key) <= set(layout.columns) else ()
    required = (
        {name for name, v in definition.variables.items() if v.required}
        if definition and is_own
        else set()
    )
    variables = [
        {
            "name": field.name,
            "type": field.type,
            "description": field.description,
            "concept": field.concept or "",
            "frame": field.frame if field.labels else None,
            "required": field.name == PERSON
            or (field.name in required and not field.within),
            "identifiability": field.identifiability or 5,
            "sensitivity": field.sensitivity or "E",
        }
        for field in layout.fields
    ]
    table = {
        "name": layout.name,
        "title": layout.title,
        "grain": layout.grain,
        "key": key,
        "variable": variables,
    }
    return TableDef.model_validate(table)


def _critical_gate(document: str, verb: str) -> Callable[[Counts], None]:
    return lambda counts: _hold(
        counts["critical"], f"see {document}; nothing was {verb}"
    )


def _hold(critical: Sequence[str], end: str) -> None:
    if critical:
        raise GateError(
            f"gate critical_contracts: {len(critical)} critical expectations failed\n"
            + "".join(f"  {line}\n" for line in critical)
            + f"  {end}"
        )
