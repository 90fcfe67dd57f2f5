"""What is made of the links: LEO's tables, extracts (also from a run that has ended),
the report.
"""

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pyarrow as pa

from linkage.catalogue import shipped
from linkage.catalogue.datapackage import DESCRIPTOR
from linkage.config import Source
from linkage.config.resources import config_file, definitions_hash, own_names
from linkage.config.toml_file import json_of
from linkage.engine import Engine, Table, connect, one
from linkage.errors import ConfigError
from linkage.extract import ExtractSummary, Project, extract, master_key, read_opt_outs
from linkage.extract.build import IDENTIFIER_RECORDS
from linkage.extract.formats import Written
from linkage.extract.link_draws import SAMPLED, UNITS
from linkage.longitudinal import build
from linkage.match.candidates import union_all
from linkage.pipeline.folder import DRIFT, EVALUATION
from linkage.pipeline.gates import failed
from linkage.pipeline.job import Job, shipped_files
from linkage.pipeline.lock import locked, place_locked
from linkage.pipeline.manifest import ended_well, read_tables
from linkage.pipeline.stage import Counts, Stage, Workspace
from linkage.pipeline.stages.contracts import (
    CONTRACTS,
    PUBLISHED,
    extract_check,
    of_extract,
    reported_counts,
    with_run_codes,
)
from linkage.pipeline.stages.contracts import MODULES as CONTRACT_MODULES
from linkage.pipeline.stages.linking import LEO_TABLES, LOOKUPS
from linkage.records.identifiers import default_date
from linkage.requests.approved import approved_project
from quality.report.document import banner_of


def longitudinal_stage(job: Job) -> Stage:
    """Attributes and lookups to LEO's tables, keyed by EDUKEY."""
    attributes, cis, outcomes = job.attributes(), job.sources_of("cis"), job.outcomes
    if outcomes is None:
        raise ValueError("a run without longitudinal tables has no such stage")

    def work(space: Workspace) -> Counts:
        sources = {name: space.table(artefact) for name, artefact in attributes.items()}
        end = last_day(space.engine, sources)
        lookups = {name: space.table(name) for name in LOOKUPS[:2]}
        lookups["lookup_ae_id"] = by_dataset(
            space.engine, lookups["lookup_ae_id"], job.config.source
        )
        tables = build(
            space.engine,
            sources,
            lookups,
            outcomes,
            extract_date=end,
            addresses=_addresses(space, cis) if cis else None,
            births=_births(space, list(job.config.source)),
            catalogue=job.catalogue,
        )
        rows = {name: space.write(name, tables[name]) for name in LEO_TABLES}
        order = [("table", "ascending"), ("reason", "ascending")]
        quarantine = space.engine.arrow(tables["quarantined"]).sort_by(order)
        codes = {
            "leo_definition": {one.name: one.why for one in outcomes.definition},
            "leo_activity": {
                a.name: a.name.replace("_", " ")
                for one in outcomes.definition
                for a in one.activity
            },
        }
        return {
            "rows": rows,
            "quarantined": quarantine.to_pylist(),
            "extract_date": end.isoformat(),
            "codes": codes,
        }

    return Stage(
        name="longitudinal",
        work=work,
        reads=(
            *(
                *attributes.values(),
                *LOOKUPS[:2],
                *(f"identifier_records/{source}" for source in job.config.source),
            ),
            *(
                f"{table}/{source}"
                for source in cis
                for table in ("records", "entities")
            ),
        ),
        makes=LEO_TABLES,
        settings={"outcomes": outcomes.model_dump(mode="json")},
        files=shipped_files("outcomes/*.csv"),
        modules=("linkage.longitudinal", "linkage.pipeline.stages.outputs"),
    )


def by_dataset(engine: Engine, lookup: Table, sources: Mapping[str, Source]) -> Table:
    """lookup_ae_id with the dataset of a record instead of its source, which a run may
    call what it likes.
    """
    if all(name == source.dataset for name, source in sources.items()):
        return lookup
    datasets = [source.dataset for source in sources.values()]
    dataset_of = pa.table(
        {
            "source": pa.array(list(sources), pa.string()),
            "dataset": pa.array(datasets, pa.string()),
        }
    )
    return engine.sql(
        """
        select l.AE_ID, d.dataset as source, l.entity_id
        from {lookup} as l
        join {dataset_of} as d on d.source = l.source
        """,
        lookup=lookup,
        dataset_of=engine.from_arrow(dataset_of),
        store=True,
    )


def last_day(
    engine: Engine,
    attributes: Mapping[str, Table],
    *,
    today: datetime.date | None = None,
) -> datetime.date:
    """The last day that a run's files cover: the end of the last tax year that has
    earnings.

    Without earnings, the last day on which a spell of employment or benefits starts or
    ends; a day that stands for "not known" (31 December 9999, as registers write an
    open end) is none. A slip of one row must not move the end of what is known for all:
    what is no tax year of six digits, or is still to come, is passed over.

    Args:
        today: this day when None.
    """
    today = today or datetime.date.today()
    if "hmrc_earnings" in attributes:
        begins = today.year if (today.month, today.day) >= (4, 6) else today.year - 1
        last = engine.sql(
            """
            select max(TaxYear) as last
            from {t}
            where TaxYear between 100000 and $last
                and TaxYear % 100 = (TaxYear // 100 + 1) % 100
            """,
            params={"last": begins * 100 + (begins + 1) % 100},
            t=attributes["hmrc_earnings"],
        )
        latest = one(engine, last)
        if latest["last"] is not None:
            return datetime.date(int(latest["last"]) // 100 + 1, 4, 5)
    days = [datetime.date(1, 1, 1)]
    for name in ("hmrc_employment", "dwp_benefits"):
        if name in attributes:
            known = [
                f"select {day} as day from {{t}} where {day} <= $today and not "
                f"{default_date(day)}"
                for day in ("StartDate", "EndDate")
            ]
            last = engine.sql(
                f"select max(day) as last from ({' union all '.join(known)}) as known",
                params={"today": today},
                t=attributes[name],
            )
            days += [day for day in [one(engine, last)["last"]] if day]
    return max(days)


def _addresses(space: Workspace, cis: list[str]) -> Table:
    """Where CIS says each of its entities lived, and when."""
    addresses = [
        space.engine.sql(
            """
            select i.entity_id, r.postcode, r.valid_from, r.valid_to
            from {records} as r
            join {entities} as i on i.entity_key = r.entity_key
            where r.postcode is not null and r.valid_from is not null
            """,
            records=space.table(f"records/{source}"),
            entities=space.table(f"entities/{source}"),
        )
        for source in cis
    ]
    return union_all(space.engine, addresses)


def _births(space: Workspace, sources: list[str]) -> Table:
    """The birth dates of every source's entities, and on how many records each is."""
    query = (
        "select entity_id, dob, identifier_record_rows as records from {t} where "
        "dob is not null"
    )
    tables = [
        space.engine.sql(query, t=space.table(f"identifier_records/{source}"))
        for source in sources
    ]
    return union_all(space.engine, tables)


UNCOUNTED = ("project", "folder", "files")  # of an extract's summary
READ_TODAY: Any = {"decision": {"register_hash", "same_user"}}
"""Of a project, what others' entries in the register and the user change, but not what
it is approved for.
"""


def extract_stage(job: Job, project: Project) -> Stage:
    """What a project is approved for, under pseudonyms of its own:
    extracts/<project>/.
    """
    key = job.key
    if key is None:
        raise ValueError("an extract needs the master key")
    place = f"extracts/{project.id}/"
    document, suites = of_extract(project)
    last = job.previous.extracts.get(project.id) if job.previous else None
    tables = [
        "spine",
        *LOOKUPS,
        *job.attributes().values(),
        *(LEO_TABLES if job.outcomes else ()),
    ]

    tables += [
        f"{IDENTIFIER_RECORDS}{source}" for source in job.config.source
    ]  # names that must not leave
    if project.link_samples:
        steps = [step.name for step in job.config.step if step.link_draws]
        tables += [
            "removed_links",
            *(f"{kind}{name}" for name in steps for kind in (SAMPLED, UNITS)),
        ]

    def work(space: Workspace) -> Counts:
        inputs = {name: space.table(name) for name in tables}
        out, catalogue = (
            space.place(place),
            with_run_codes(job.catalogue, space.manifest),
        )

        def look(outputs: Sequence[Written]) -> None:
            critical = job.config.gates.critical_contracts
            results = extract_check(
                space.engine, catalogue, project, outputs, critical=critical
            )
            reported_counts(space, results, document, suites)

        summary = extract(
            space.engine,
            project,
            catalogue,
            inputs,
            key,
            out,
            run_info=run_info(space.manifest),
            opt_outs=read_opt_outs(job.opt_outs) if job.opt_outs else None,
            last=last,
            max_change=job.config.gates.max_extract_change,
            datasets={
                name: source.dataset for name, source in job.config.source.items()
            },
            inspect=look,
        )
        return {
            name: value
            for name, value in asdict(summary).items()
            if name not in UNCOUNTED
        }

    return Stage(
        name=f"extract-{project.id}",
        work=work,
        reads=(*tables, EVALUATION),
        makes=(place, document, suites),
        settings={
            "project": project.model_dump(mode="json", exclude=READ_TODAY),
            "key": key.fingerprint,
            "max_change": job.config.gates.max_extract_change,
            "critical_contracts": job.config.gates.critical_contracts,
        },
        files={
            # names of LEO's tables, their codes, who may see them; their checks
            **shipped_files(
                "extract/*.toml", "catalogue/*.toml", "contracts/*.toml", "bands.toml"
            ),
            **({"opt-outs": job.opt_outs} if job.opt_outs else {}),
            **({"previous/SHA256SUMS": last / "SHA256SUMS"} if last else {}),
        },
        modules=(
            "linkage.extract",
            "linkage.pipeline.stages.outputs",
            *CONTRACT_MODULES,
        ),
    )


def run_info(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """What a package says of the run that it came from, and of the definitions in use:
    own ones by their names.
    """
    own_definitions = sorted({*manifest.get("definitions", ()), *own_names()})
    return {key: manifest[key] for key in ("config_hash", "seed", "git_commit")} | {
        **({"definitions": own_definitions} if own_definitions else {}),
        "definitions_hash": definitions_hash(),
        "name": manifest["run"],
        "banner": banner_of(manifest),
        "version": manifest["versions"]["leo-linkage"],
    }


def deliver(
    run: Path,
    request: Path,
    *,
    register: Path | None = None,
    key_file: Path | None = None,
    out: Path | None = None,
    opt_outs: Path | None = None,
    previous: Path | None = None,
) -> ExtractSummary:
    """Make a project's extract from the tables of a run that has ended: what `leo
    extract` does.

    Args:
        run: folder of a run that has ended well.
        request: the project's request, or the path of a shipped one below configs/.
        register: the register of decisions; the one next to the request when None.
        key_file: the master key; the environment variable LEO_MASTER_KEY when None.
        out: the extract's folder; RUN/extracts/<project> when None.
        opt_outs: list of the people who may be in no extract; to be given where the run
            was made with one.
        previous: the project's last extract, to compare with; the one that is replaced
            when None.

    Raises:
        ConfigError: the folder is no run's, no decision in force covers the request,
            the key is not right, or it is not the run's.
        GateError: the run did not end well, or the register was changed: nothing may
            leave.
    """
    shipped_one = config_file(str(request))
    file = shipped_one if not request.exists() and shipped_one.is_file() else request
    manifest = ended_well(run)
    settings = manifest.get("configuration", {})
    register_hash = settings.get("outputs", {}).get("register_hash")
    project = approved_project(
        file, shipped(), register=register, published=register_hash
    )
    key, catalogue = master_key(key_file), with_run_codes(shipped(), manifest)
    run_key = manifest.get("key_fingerprint") or _key_of_extracts(run)
    if run_key not in (None, key.fingerprint):
        raise ConfigError(
            f"the run was made with the key of fingerprint {run_key}, this one has "
            f"{key.fingerprint}\n"
            "  give the key of the run: under another, pseudonyms would not agree "
            "between its extracts"
        )
    if settings.get("outputs", {}).get("opt_outs") and opt_outs is None:
        raise ConfigError(
            f"{run}: people who opted out are in no extract of it\n  give their list "
            "with --opt-outs"
        )
    target = out or run / "extracts" / project.id
    places = [run, target.parent]  # the extract is made next to its place
    scratch = run / ".scratch"
    with (
        locked(run),
        place_locked(target),
        connect(manifest["engine"], scratch=scratch, within=places) as engine,
    ):
        last = previous or (target if (target / "SHA256SUMS").is_file() else None)
        critical = settings.get("gates", {}).get("critical_contracts", True)

        def look(tables: Sequence[Written]) -> None:
            extract_check(engine, catalogue, project, tables, critical=critical)

        return extract(
            engine,
            project,
            catalogue,
            read_tables(engine, run, manifest),
            key,
            target,
            run_info=run_info(manifest),
            opt_outs=read_opt_outs(opt_outs) if opt_outs else None,
            last=last,
            max_change=settings.get("gates", {}).get("max_extract_change"),
            datasets={
                name: source["dataset"]
                for name, source in settings.get("source", {}).items()
            },
            inspect=look,
        )


def _key_of_extracts(run: Path) -> str | None:
    """The fingerprint of the key of an extract that the run has had: one that was run
    without any names no other.
    """
    paths = (path / DESCRIPTOR for path in sorted(run.glob("extracts/*")))
    packages = (json_of(path) for path in paths if path.is_file())
    return next(
        (
            one["leo:key_fingerprint"]
            for one in packages
            if "leo:key_fingerprint" in one
        ),
        None,
    )


def report_stage(job: Job) -> Stage:
    """What was counted to report/index.html; also behind a failed gate, as long as
    there is an evaluation.
    """
    has_drift = bool(job.previous and job.previous.evaluation)
    last_extracts = job.previous.extracts if job.previous else {}
    previous = {
        name: last_extracts[name] for name in job.projects if name in last_extracts
    }
    tables = [*job.attributes().values(), *(LEO_TABLES if job.outcomes else ())]
    checks = (CONTRACTS, PUBLISHED)
    of_extracts = tuple(of_extract(project)[0] for project in job.projects.values())

    def work(space: Workspace) -> Counts:
        from quality.report.render import Inputs, render, results_of

        documents = [name for name in of_extracts if name in space.places]
        contracts = [
            result
            for name in (*checks, *documents)
            for result in results_of(space.document(name))
        ]
        title = f"Linkage quality report: {job.config.run.name}"
        drift = space.document(DRIFT) if has_drift else None
        evaluation = space.document(EVALUATION)
        gates = failed(job.config.gates, evaluation, drift, contracts)
        inputs = Inputs(
            evaluation,
            contracts,
            space.manifest,
            title,
            drift=drift,
            failed_gates=gates,
        )
        path = render(inputs, space.place("report/") / "index.html", job.catalogue)
        return {"bytes": path.stat().st_size}

    return Stage(
        name="report",
        work=work,
        # What extracts hold, not they: a gate that withholds them does not withhold the
        # report.
        reads=(
            *checks,
            EVALUATION,
            *([DRIFT] if has_drift else []),
            *(tables if previous else []),
        ),
        reads_if_there=of_extracts,
        makes=("report/",),
        settings={
            "compared": {
                name: job.projects[name].model_dump(mode="json", exclude=READ_TODAY)
                for name in previous
            },
            "gates": job.config.gates.model_dump(mode="json"),
        },
        files={
            **shipped_files("disclosure/*.toml", "catalogue/*.toml"),
            **{
                f"previous/{name}/SHA256SUMS": last / "SHA256SUMS"
                for name, last in previous.items()
            },
        },
        modules=(
            "quality",
            "linkage.pipeline.stages.outputs",
            "linkage.pipeline.gates",
        ),
        partial=True,
    )
