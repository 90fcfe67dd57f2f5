"""The data files of an extract: every format is made from the Parquet that was checked,
so that all hold the same rows.
"""

import os
import shutil
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from linkage.extract.layout import Layout
from linkage.extract.project import Project
from linkage.records.source_files import sha256_of

_BATCH_ROWS = 65_536  # rows in memory while a file is copied: some 20 MB


@dataclass(frozen=True)
class Written:
    """A table as the engine wrote it."""

    layout: Layout
    parquet: Path
    rows: int


@dataclass(frozen=True)
class DataFile:
    """A file of data, as its package describes it."""

    path: str  # below the extract's folder
    format: str
    rows: int
    bytes: int
    sha256: str


@dataclass(frozen=True)
class Delivered:
    """The files in an extract's folder: those of each table."""

    tables: dict[str, tuple[Layout, list[DataFile]]]
    rows: dict[str, int]

    @property
    def files(self) -> list[DataFile]:
        """Every file of data, by path."""
        files = [file for _, of_table in self.tables.values() for file in of_table]
        return sorted(files, key=lambda file: file.path)


def deliver(project: Project, folder: Path, tables: Sequence[Written]) -> Delivered:
    """Write every table in every format; the engine's Parquet is removed where the
    project did not ask for it.

    Tables are written in threads: CSV and hashes are computed outside the interpreter's
    lock.
    """
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        files = pool.map(lambda table: _files(project, folder, table), tables)
        files_of = {
            table.layout.name: (table.layout, paths)
            for table, paths in zip(tables, files, strict=True)
        }
    if "parquet" not in project.formats:
        shutil.rmtree(folder / "parquet")
    return Delivered(files_of, {table.layout.name: table.rows for table in tables})


def _files(project: Project, folder: Path, table: Written) -> list[DataFile]:
    """The files of one table in the formats that have files of their own for each
    table.
    """
    name, files = table.layout.name, []
    if "csv" in project.formats:
        path = folder / "csv" / f"{name}.csv"
        write_csv(table.parquet, path)
        files.append(_described(folder, path, "csv", table.rows))
    if "parquet" in project.formats:
        parts = parquet_parts(table.parquet)
        files += [
            _described(folder, part, "parquet", int(pq.read_metadata(part).num_rows))
            for part in parts
        ]
    return files


def _described(folder: Path, path: Path, form: str, rows: int) -> DataFile:
    return DataFile(
        path.relative_to(folder).as_posix(),
        form,
        rows,
        path.stat().st_size,
        sha256_of(path),
    )


def parquet_parts(path: Path) -> list[Path]:
    """The Parquet files at a path, in the order of their rows: itself, or those of the
    folder.
    """
    return sorted(path.glob("**/*.parquet")) if path.is_dir() else [path]


def write_csv(parquet: Path, path: Path) -> None:
    """Write RFC 4180 in UTF-8 with a header; NULL is an empty field."""
    parts = parquet_parts(parquet)
    schema = pq.read_schema(parts[0])
    path.parent.mkdir(parents=True, exist_ok=True)
    with pa_csv.CSVWriter(
        path, schema, write_options=pa_csv.WriteOptions(quoting_style="needed")
    ) as writer:
        for part in parts:
            with pq.ParquetFile(part) as file:
                for batch in file.iter_batches(_BATCH_ROWS):
                    writer.write_batch(batch)
