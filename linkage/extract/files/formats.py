"""An extract's tables in the formats that its project asked for, all made from the Parquet that was looked through."""

import os
import shutil
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow.parquet as pq

from linkage.engine import write_database
from linkage.extract.approved.layout import Layout
from linkage.extract.approved.project import Project
from linkage.extract.files import sql_server
from linkage.extract.files.data_files import DataFile, describe, parquet_parts, write_by_year, write_csv
from linkage.extract.secrets.encryption import EncryptionKey, encrypt

DATABASE = "extract.duckdb"


@dataclass(frozen=True)
class Written:
    """A table as the engine wrote it."""

    layout: Layout
    parquet: Path
    rows: int


@dataclass(frozen=True)
class Delivered:
    """What is in an extract's folder: the files of each table, and those that are of all tables."""

    tables: dict[str, tuple[Layout, list[DataFile]]]
    rows: dict[str, int]
    beside: list[DataFile] = field(default_factory=list)

    @property
    def files(self) -> list[DataFile]:
        """Every file of data, by path."""
        return sorted([*self.beside, *(file for _, files in self.tables.values() for file in files)], key=_path)


def deliver(
    project: Project, folder: Path, written: Sequence[Written], encryption: EncryptionKey | None = None
) -> Delivered:
    """Write every table in every format; what the engine wrote goes where Parquet was not asked for.

    Tables are done side by side: writing CSV and hashing run outside the interpreter's lock.
    """
    longest: dict[str, dict[str, int]] = {}
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        files = pool.map(lambda one: _files(project, folder, one, longest, encryption), written)
        tables = {one.layout.name: (one.layout, found) for one, found in zip(written, files, strict=True)}
    beside = []
    if "duckdb" in project.formats:
        beside.append(_database(folder, written))
    if "sqlserver" in project.formats:
        beside += _scripts(folder, [one.layout for one in written], longest)
    if "parquet" not in project.formats:
        shutil.rmtree(folder / "parquet")
    return Delivered(tables, {one.layout.name: one.rows for one in written}, beside)


def _files(
    project: Project,
    folder: Path,
    one: Written,
    longest: dict[str, dict[str, int]],
    encryption: EncryptionKey | None,
) -> list[DataFile]:
    """The files of one table in the formats that have one for each table."""
    name, found = one.layout.name, []
    if "csv" in project.formats:
        path = folder / "csv" / f"{name}.csv"
        write_csv(one.parquet, path)
        found.append(describe(folder, path, "csv", one.rows))
    if "partitioned" in project.formats:
        parts = write_by_year(one.parquet, folder / "partitioned" / name, one.layout.year_column)
        found += [_parquet(folder, part, "partitioned", encryption) for part in parts]
    if "sqlserver" in project.formats:
        path = folder / sql_server.FOLDER / f"{name}.csv"
        longest[name] = sql_server.write_load_file(one.parquet, path)
        found.append(describe(folder, path, "sqlserver", one.rows))
    if "parquet" in project.formats:  # last, since all others are made of it and it may be encrypted
        found += [_parquet(folder, part, "parquet", encryption) for part in parquet_parts(one.parquet)]
    return found


def _parquet(folder: Path, part: Path, form: str, encryption: EncryptionKey | None) -> DataFile:
    rows = int(pq.read_metadata(part).num_rows)
    if encryption:
        encrypt(part, encryption)
    return describe(folder, part, form, rows)


def _database(folder: Path, written: Sequence[Written]) -> DataFile:
    path = folder / "duckdb" / DATABASE
    comments = {
        one.layout.name: {"": one.layout.title, **{field.name: field.description for field in one.layout.fields}}
        for one in written
    }
    write_database(path, {one.layout.name: one.parquet for one in written}, comments)
    return describe(folder, path, "duckdb", sum(one.rows for one in written))


def _scripts(folder: Path, layouts: Sequence[Layout], longest: dict[str, dict[str, int]]) -> list[DataFile]:
    scripts = {
        sql_server.SCHEMA_SCRIPT: sql_server.schema_script(layouts, longest),
        sql_server.LOAD_SCRIPT: sql_server.load_script(layouts),
    }
    found = []
    for name, text in scripts.items():
        path = folder / sql_server.FOLDER / name
        path.write_text(text, encoding="utf-8")
        found.append(describe(folder, path, "sql", 0))
    return found


def _path(file: DataFile) -> str:
    return file.path
