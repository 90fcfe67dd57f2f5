"""Build an extract: from an approved project to the folder that its researchers
receive.
"""

import datetime
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pyarrow as pa

from linkage.catalogue import Catalogue
from linkage.catalogue.datapackage import DESCRIPTOR
from linkage.engine import Engine, Table, literal, one, quote
from linkage.engine.files import whole
from linkage.errors import ConfigError, LeoError
from linkage.extract.analysis import write_analysis
from linkage.extract.analysis_layouts import analysis_layouts
from linkage.extract.change import (
    changes,
    in_package,
    last_profile,
    profile_of,
    refuse_changes,
)
from linkage.extract.descriptor import CRATE, as_text, crate, descriptor
from linkage.extract.formats import Written, deliver
from linkage.extract.guards import TEXTS, name_list, refuse_identifiers
from linkage.extract.guide import guide, worked_examples
from linkage.extract.layout import Layout, layouts
from linkage.extract.link_draws import NAME, draw_rows, draws_layout, steps_of
from linkage.extract.opt_outs import OptedOut
from linkage.extract.population import People, people
from linkage.extract.project import Project, check_project
from linkage.extract.pseudonyms import MasterKey, ProjectKey
from linkage.extract.rows import link_rows, select_rows
from linkage.extract.seal import SUMS, write_seal

IDENTIFIER_RECORDS = "identifier_records/"


@dataclass(frozen=True)
class ExtractSummary:
    """What was published: counts and names, no personal value."""

    project: str
    folder: Path
    people: int
    rows: dict[str, int]  # rows delivered, by table
    held: dict[str, int]  # rows that the run holds, by approved table
    files: tuple[str, ...]
    bytes: int
    key_fingerprint: str
    off_frame: tuple[
        str, ...
    ]  # "table.column" whose values are not all in their code frame
    seal: str  # SHA-256 of the list of all files' hashes
    opted_out: OptedOut | None = None
    change: Mapping[str, Any] | None = None  # since the last extract
    same_user: bool = False  # whether the account that extracted recorded the decision


def extract(
    engine: Engine,
    project: Project,
    catalogue: Catalogue,
    tables: Mapping[str, Table],
    key: MasterKey,
    out: Path,
    *,
    run_info: Mapping[str, Any],
    today: datetime.date | None = None,
    opt_outs: pa.Table | None = None,
    last: Path | None = None,
    max_change: float | None = None,
    datasets: Mapping[str, str] | None = None,
    inspect: Callable[[Sequence[Written]], None] | None = None,
) -> ExtractSummary:
    """Write what a project is approved for, and nothing else.

    Args:
        tables: the run's tables by name: spine, lookup_ae_id, lookup_edukey,
            lookup_pmr, attributes/* and LEO's own; identifier_records/*, whose names
            are recognised where they must not be.
        key: the master key; the project's own is derived from it and never written.
        out: the extract's folder. It appears whole or not at all; an earlier one is
            replaced.
        run_info: the run's name, versions and hash of its configuration: no personal
            value.
        today: the day that the decision must be in force on; this day when None.
        opt_outs: source and entity_key of people who may be in no extract.
        last: the folder of the project's last extract, which this one is compared with.
        max_change: the largest change since it that is accepted, as the project's own;
            0.05 is 5 %.
        datasets: the dataset of each source of the run; their own names when None.
        inspect: is given the tables before they are published, and may refuse them.

    Raises:
        ConfigError: the project asks for what it may not have, or for what the run
            lacks: all faults at once; or `out` holds something other than an extract.
        ContractError: a lookup gives one record to several people.
        GateError: what was written holds signs of an identifier, or a change is too
            large.
    """
    check_project(project, catalogue, today=today)
    _check_place(out)
    plan = _plan(project, catalogue, tables)
    analysis = analysis_layouts(project.analysis, plan)
    last_name, before = last_profile(last) if last else ("", {})
    gates = [gate for gate in (max_change, project.max_change) if gate is not None]
    try:
        with whole(out) as folder:
            folder.mkdir()
            secret = key.project(*project.identity)
            population = people(
                engine,
                project.population,
                catalogue,
                tables,
                secret,
                opt_outs,
                datasets,
            )
            try:
                files = [
                    _write(engine, layout, tables, population, secret, folder, datasets)
                    for layout in plan
                ]
            finally:
                population.drop(engine)
            files += write_analysis(engine, analysis, files, folder / "parquet")
            names = name_list(
                engine,
                [
                    table
                    for name, table in tables.items()
                    if name.startswith(IDENTIFIER_RECORDS)
                ],
            )
            refuse_identifiers(
                engine,
                catalogue,
                names,
                [(table.layout, table.parquet) for table in files],
            )
            if inspect:
                inspect(files)
            profile = profile_of(engine, files)
            change = changes(before, profile, last=last_name) if last else None
            if change and gates:
                refuse_changes(project.id, change, min(gates))
            summary = _publish(
                engine,
                project,
                folder,
                files,
                key=key,
                run_info=run_info,
                figures=in_package(profile, change),
                opted_out=population.opted_out,
                tax_sources=[
                    source
                    for source, dataset in (datasets or {}).items()
                    if dataset == "cis"
                ]
                or ["cis"],
            )
            texts = [folder / name for name in summary.files if name.endswith(TEXTS)]
            refuse_identifiers(engine, catalogue, names, [], texts)
            engine.drop(names)
    except OSError as error:
        raise LeoError(
            f"{out}: the extract could not be written: {error.strerror}\n  nothing was "
            "published; fix it and run again"
        ) from error
    row_counts = {
        layout.name: engine.count(tables[layout.holding.run_table])
        for layout in plan
        if layout.holding
    }
    return replace(summary, folder=out, held=row_counts)


def _check_place(out: Path) -> None:
    """Refuse a folder that holds something other than an earlier extract: it would be
    replaced.
    """
    is_extract = any((out / name).is_file() for name in (SUMS, DESCRIPTOR))
    if out.exists() and not is_extract and (not out.is_dir() or any(out.iterdir())):
        raise ConfigError(
            f"{out}: holds other things, and would be replaced\n  give an empty or a "
            "new folder with --out"
        )


def _plan(
    project: Project, catalogue: Catalogue, tables: Mapping[str, Table]
) -> list[Layout]:
    """The tables that are delivered, with link draws where the project is approved for
    them.
    """
    plan = layouts(project, catalogue, tables)
    if not project.link_samples:
        return plan
    if not steps_of(tables) or "lookup_edukey" not in tables:
        raise ConfigError(
            f"project '{project.id}' is approved for link draws, and the run holds "
            "none\n"
            "  give a step of the run link_draws = 20, and run it again"
        )
    return [*plan, draws_layout()]


def _publish(
    engine: Engine,
    project: Project,
    folder: Path,
    outputs: Sequence[Written],
    *,
    key: MasterKey,
    run_info: Mapping[str, Any],
    figures: Mapping[str, Any],
    opted_out: OptedOut | None,
    tax_sources: Sequence[str],
) -> ExtractSummary:
    """Write the formats, the documents and the seal of an extract."""
    off_frame = frozenset(
        (table.layout.name, column)
        for table in outputs
        for column in _off_frame(engine, table)
    )
    delivery, change = deliver(project, folder, outputs), figures.get("leo:change")
    created_at, examples = (
        datetime.datetime.now(datetime.UTC),
        worked_examples(project, delivery, tax_sources),
    )
    package = descriptor(
        project,
        delivery,
        created=created_at,
        run_info=run_info,
        key_fingerprint=key.fingerprint,
        off_frame=off_frame,
        figures=figures,
    )
    texts = {
        DESCRIPTOR: as_text(package),
        "README.md": guide(
            project,
            delivery,
            run_info,
            examples=examples,
            change=change,
            without=opted_out is not None,
        ),
        **examples,
    }
    texts[CRATE] = as_text(
        crate(project, delivery, texts, created=created_at, run_info=run_info)
    )
    for name, text in texts.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    rows = {table.layout.name: table.rows for table in outputs}
    return ExtractSummary(
        project=project.id,
        folder=folder,
        people=rows["people"],
        rows=rows,
        held={},
        files=(*(file.path for file in delivery.files), *texts, SUMS),
        bytes=sum(file.bytes for file in delivery.files),
        key_fingerprint=key.fingerprint,
        off_frame=tuple(sorted(f"{table}.{column}" for table, column in off_frame)),
        seal=write_seal(folder, {file.path: file.sha256 for file in delivery.files}),
        opted_out=opted_out,
        change=change,
        same_user=bool(project.decision and project.decision.same_user),
    )


def _write(
    engine: Engine,
    layout: Layout,
    tables: Mapping[str, Table],
    population: People,
    secret: ProjectKey,
    folder: Path,
    datasets: Mapping[str, str] | None,
) -> Written:
    if layout.name == NAME:
        rows = draw_rows(engine, tables, population)
    elif layout.holding is None:
        rows = link_rows(
            engine,
            layout,
            tables["spine"] if len(layout.fields) > 1 else None,
            population,
            datasets,
        )
    else:
        rows = select_rows(
            engine, layout, tables[layout.holding.run_table], population, secret
        )
    path = folder / "parquet" / f"{layout.name}.parquet"
    return Written(layout, path, engine.write(rows, path))


def _off_frame(engine: Engine, table: Written) -> list[str]:
    """Columns with values that their code frame does not know: reported to the
    researcher, no reason to refuse.
    """
    labels = {
        field.name: ", ".join(map(literal, field.labels))
        for field in table.layout.fields
        if field.labels
    }
    if not labels:
        return []
    counts = ", ".join(
        f"count(case when cast({quote(name)} as varchar) not in ({codes}) then 1 end) "
        f"as {quote(name)}"
        for name, codes in labels.items()
    )
    totals = one(
        engine,
        engine.sql(f"select {counts} from {{table}}", table=engine.read(table.parquet)),
    )
    return [name for name, count in totals.items() if count]
