"""From an approved project to the folder that its researchers receive."""

import datetime
import os
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from linkage.catalogue import Catalogue
from linkage.engine import Engine, HeldFolder, Table, literal, one, quote
from linkage.errors import ConfigError, LeoError
from linkage.extract.analysis.parts import write_analysis
from linkage.extract.analysis.tables import analysis_layouts
from linkage.extract.approved.layout import Layout, layouts
from linkage.extract.approved.project import Project, check_project
from linkage.extract.documents.texts import DESCRIPTOR, documents
from linkage.extract.earlier.change import changes, hold_changes, written_profile
from linkage.extract.earlier.last import earlier_profile
from linkage.extract.files.formats import Delivered, Written, deliver
from linkage.extract.files.seal import SUMS, write_seal
from linkage.extract.guards import refuse_identifiers
from linkage.extract.people.link_draws import NAME, SCRIPT, draw_rows, draws_layout, rubin, steps_of
from linkage.extract.people.opt_outs import OptedOut
from linkage.extract.people.population import People, people
from linkage.extract.people.select import link_rows, select_rows
from linkage.extract.secrets.encryption import EncryptionKey
from linkage.extract.secrets.pseudonym import MasterKey, ProjectKey


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
    off_frame: tuple[str, ...]  # "table.column" whose values are not all in their code frame
    seal: str  # SHA-256 of the list of all files' hashes
    opted_out: OptedOut | None = None
    change: Mapping[str, Any] | None = None  # since the last extract


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
    encryption: EncryptionKey | None = None,
    last: Path | None = None,
    max_change: float | None = None,
    datasets: Mapping[str, str] | None = None,
    look: Callable[[Sequence[Written]], None] | None = None,
) -> ExtractSummary:
    """Write what a project is approved for, and nothing else.

    Args:
        tables: the run's tables by name: spine, lookup_ae_id, lookup_edukey, lookup_pmr, attributes/* and LEO's own.
        key: the master key; the project's own is derived from it and never written.
        out: the extract's folder. It appears whole or not at all; an earlier one is replaced.
        run_info: what the run says of itself, for the package: no personal value.
        today: the day that the decision must be in force on; this day when None.
        opt_outs: source and entity_key of those who may be in no extract.
        encryption: encrypt the Parquet files by this key; other formats are refused then.
        last: the folder of the project's last extract, which this one is compared with.
        max_change: the largest change since it that is let pass, beside the project's own; 0.05 is 5 %.
        datasets: the dataset of each source, which a run may call what it likes; their own names when None.
        look: given what was written, before it is published or encrypted; may refuse it.

    Raises:
        ConfigError: the project asks for what it may not have, or for what the run lacks: all faults at once; it would
            be encrypted by the master key; or `out` holds something else than an extract.
        ContractError: a lookup gives one record to two people.
        GateError: what was written holds signs of an identifier, or a change is too large.
    """
    check_project(project, catalogue, today=today)
    _check_place(out)
    if encryption:
        _check_encryption(project, key, encryption)
    plan = _plan(project, catalogue, tables)
    analysis = analysis_layouts(project.analysis, plan)
    earlier = earlier_profile(engine, last, encryption=encryption) if last else None
    gates = [gate for gate in (max_change, project.max_change) if gate is not None]
    try:
        with HeldFolder(out.parent, f".{out.name}.", ".part") as folder:
            made = _Made(
                project=project,
                catalogue=catalogue,
                tables=tables,
                datasets=datasets or {},
                run_info=run_info,
                opt_outs=opt_outs,
                folder=folder,
                plan=plan,
                analysis=analysis,
                key=key,
                encryption=encryption,
                earlier=earlier,
                max_change=min(gates, default=None),
                look=look,
            )
            summary = _fill(engine, made, out)
            os.chmod(folder, 0o750)
            _replace(folder, out)
    except OSError as error:
        raise LeoError(
            f"{out}: the extract could not be written: {error.strerror}\n  nothing was published; mend it and run again"
        ) from error
    return summary


def _check_place(out: Path) -> None:
    """What is there would be gone once the extract takes its place: only an earlier extract may be."""
    is_extract = any((out / name).is_file() for name in (SUMS, DESCRIPTOR))
    if out.exists() and not is_extract and (not out.is_dir() or any(out.iterdir())):
        raise ConfigError(
            f"{out}: holds other things, and would be replaced\n  give an empty or a new folder with --out"
        )


def _check_encryption(project: Project, key: MasterKey, encryption: EncryptionKey) -> None:
    open_forms = sorted(set(project.formats) - {"parquet", "partitioned"})
    if open_forms:
        raise ConfigError(
            f"project '{project.id}': {', '.join(open_forms)} cannot be encrypted\n"
            "  ask for parquet or partitioned alone"
        )
    if encryption.secret[:32] == key.secret[:32]:
        raise ConfigError(
            "the key of encryption is the master key: whoever opens the files by it could make every pseudonym anew\n"
            "  make another: leo key new extract.key"
        )


def _plan(project: Project, catalogue: Catalogue, tables: Mapping[str, Table]) -> list[Layout]:
    """The tables that are delivered; link sets among them where the project is approved for them."""
    plan = layouts(project, catalogue, tables)
    if not project.link_samples:
        return plan
    if not steps_of(tables) or "lookup_edukey" not in tables:
        raise ConfigError(
            f"project '{project.id}' is approved for link sets, and the run holds none\n"
            "  give a step of the run samples = 20, and run it again"
        )
    return [*plan, draws_layout()]


@dataclass(frozen=True)
class _Made:
    """An extract in the making: what it is made of, where, and what it is held to."""

    project: Project
    catalogue: Catalogue
    tables: Mapping[str, Table]
    datasets: Mapping[str, str]
    run_info: Mapping[str, Any]
    opt_outs: pa.Table | None
    folder: Path
    plan: list[Layout]
    analysis: list[Layout]
    key: MasterKey
    encryption: EncryptionKey | None
    earlier: tuple[str, dict[str, dict[str, Any]]] | None
    max_change: float | None
    look: Callable[[Sequence[Written]], None] | None


def _fill(engine: Engine, made: _Made, out: Path) -> ExtractSummary:
    """Write everything into the extract's folder; `out` is where it will stand."""
    project, folder, plan, tables = made.project, made.folder, made.plan, made.tables
    secret = made.key.project(project.id)
    population = people(engine, project.population, made.catalogue, tables, secret, made.opt_outs, made.datasets)
    try:
        written = [_write(engine, layout, tables, population, secret, folder) for layout in plan]
    finally:
        population.drop(engine)
    written += write_analysis(engine, made.analysis, written, folder / "parquet")
    off_frame = frozenset((one.layout.name, column) for one in written for column in _off_frame(engine, one))
    refuse_identifiers(engine, made.catalogue, [(one.layout, one.parquet) for one in written], [])
    if made.look:
        made.look(written)
    change = changes(made.earlier[1], written_profile(engine, written), last=made.earlier[0]) if made.earlier else None
    if change and made.max_change is not None:
        hold_changes(project.id, change, made.max_change)
    delivered = deliver(project, folder, written, made.encryption)
    told = change.told if change else None
    texts = _described(made, delivered, off_frame, told, without=population.opted_out is not None)
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")
    refuse_identifiers(engine, made.catalogue, [], [folder / name for name in texts])
    seal = write_seal(folder, {file.path: file.sha256 for file in delivered.files})
    rows = {one.layout.name: one.rows for one in written}
    return ExtractSummary(
        project=project.id,
        folder=out,
        people=rows["people"],
        rows=rows,
        held={layout.name: engine.count(tables[layout.holding.run_table]) for layout in plan if layout.holding},
        files=(*(file.path for file in delivered.files), *texts, SUMS),
        bytes=sum(file.bytes for file in delivered.files),
        key_fingerprint=made.key.fingerprint,
        off_frame=tuple(sorted(f"{table}.{column}" for table, column in off_frame)),
        seal=seal,
        opted_out=population.opted_out,
        change=told,
    )


def _described(
    made: _Made,
    delivered: Delivered,
    off_frame: frozenset[tuple[str, str]],
    change: Mapping[str, Any] | None,
    *,
    without: bool,
) -> dict[str, str]:
    """The text of each document beside the data; the script that combines link sets is one."""
    encrypted = made.encryption is not None
    texts = documents(
        made.project,
        delivered,
        created=datetime.datetime.now(datetime.UTC),
        run_info=made.run_info,
        key_fingerprint=made.key.fingerprint,
        off_frame=off_frame,
        change=change,
        encrypted=encrypted,
        without=without,
    )
    if made.project.link_samples:
        texts[SCRIPT] = rubin(made.plan, encrypted=encrypted)
    return texts


def _write(
    engine: Engine, layout: Layout, tables: Mapping[str, Table], population: People, secret: ProjectKey, folder: Path
) -> Written:
    if layout.name == NAME:
        rows = draw_rows(engine, tables, population)
    elif layout.holding is None:
        rows = link_rows(engine, layout, tables["spine"] if len(layout.fields) > 1 else None, population)
    else:
        rows = select_rows(engine, layout, tables[layout.holding.run_table], population, secret)
    path = folder / "parquet" / f"{layout.name}.parquet"
    return Written(layout, path, engine.write(rows, path))


def _off_frame(engine: Engine, written: Written) -> list[str]:
    """Columns with values that their code frame does not know: told to the researcher, no reason to refuse the data."""
    framed = [field for field in written.layout.fields if field.labels]
    if not framed:
        return []
    counts = ", ".join(
        f"(select count(*) from (select distinct {quote(field.name)} as code from {{written}}) as codes "
        f"where cast(code as varchar) not in ({', '.join(literal(code) for code in field.labels or {})})) "
        f"as {quote(field.name)}"
        for field in framed
    )
    found = one(engine, engine.sql(f"select {counts}", written=engine.read(written.parquet)))
    return [name for name, count in found.items() if count]


def _replace(folder: Path, out: Path) -> None:
    """Put a whole folder in the place of an earlier one, which stays where that fails."""
    earlier = out.with_name(f".{out.name}.earlier")
    shutil.rmtree(earlier, ignore_errors=True)
    if out.exists():
        os.rename(out, earlier)
    try:
        os.rename(folder, out)
    except OSError:
        if earlier.exists():
            os.rename(earlier, out)
        raise
    shutil.rmtree(earlier, ignore_errors=True)
