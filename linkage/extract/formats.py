"""The data files of an extract: every format is made from the Parquet that was checked, so that all hold the same rows."""

import os
import shutil
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.dataset as pa_dataset
import pyarrow.parquet as pq

from linkage.engine import write_database
from linkage.extract.encryption import EncryptionKey, encrypt
from linkage.extract.layout import Layout
from linkage.extract.project import Project
from linkage.extract.seal import sha256_of

DATABASE = "extract.duckdb"
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
    """The files in an extract's folder: those of each table, and the database of all tables where there is one."""

    tables: dict[str, tuple[Layout, list[DataFile]]]
    rows: dict[str, int]
    database: DataFile | None = None

    @property
    def files(self) -> list[DataFile]:
        """Every file of data, by path."""
        files = [file for _, of_table in self.tables.values() for file in of_table]
        return sorted([*files, *([self.database] if self.database else [])], key=lambda file: file.path)


def deliver(
    project: Project, folder: Path, written: Sequence[Written], encryption: EncryptionKey | None = None
) -> Delivered:
    """Write every table in every format; the engine's Parquet is removed where the project did not ask for it.

    Tables are written in threads: CSV and hashes are computed outside the interpreter's lock.
    """
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        files = pool.map(lambda table: _files(project, folder, table, encryption), written)
        tables = {table.layout.name: (table.layout, paths) for table, paths in zip(written, files, strict=True)}
    database = _database(folder, written) if "duckdb" in project.formats else None
    if "parquet" not in project.formats:
        shutil.rmtree(folder / "parquet")
    return Delivered(tables, {table.layout.name: table.rows for table in written}, database)


def _files(project: Project, folder: Path, table: Written, encryption: EncryptionKey | None) -> list[DataFile]:
    """The files of one table in the formats that have files of their own for each table."""
    name, files = table.layout.name, []
    if "csv" in project.formats:
        path = folder / "csv" / f"{name}.csv"
        write_csv(table.parquet, path)
        files.append(_described(folder, path, "csv", table.rows))
    if "partitioned" in project.formats:
        parts = write_by_year(table.parquet, folder / "partitioned" / name, table.layout.year_column)
        files += [_parquet(folder, part, "partitioned", encryption) for part in parts]
    if "parquet" in project.formats:  # last: all others are made from it, and it may be encrypted
        files += [_parquet(folder, part, "parquet", encryption) for part in parquet_parts(table.parquet)]
    return files


def _parquet(folder: Path, part: Path, form: str, encryption: EncryptionKey | None) -> DataFile:
    rows = int(pq.read_metadata(part).num_rows)
    if encryption:
        encrypt(part, encryption)
    return _described(folder, part, form, rows)


def _database(folder: Path, written: Sequence[Written]) -> DataFile:
    path = folder / "duckdb" / DATABASE
    comments = {
        table.layout.name: {"": table.layout.title, **{field.name: field.description for field in table.layout.fields}}
        for table in written
    }
    write_database(path, {table.layout.name: table.parquet for table in written}, comments)
    return _described(folder, path, "duckdb", sum(table.rows for table in written))


def _described(folder: Path, path: Path, form: str, rows: int) -> DataFile:
    return DataFile(path.relative_to(folder).as_posix(), form, rows, path.stat().st_size, sha256_of(path))


def parquet_parts(path: Path) -> list[Path]:
    """The Parquet files at a path, in the order of their rows: itself, or those of the folder."""
    return sorted(path.glob("**/*.parquet")) if path.is_dir() else [path]


def _batches(path: Path) -> Iterator[pa.RecordBatch]:
    for part in parquet_parts(path):
        with pq.ParquetFile(part) as file:
            yield from file.iter_batches(_BATCH_ROWS)


def write_csv(parquet: Path, path: Path) -> None:
    """Write RFC 4180 in UTF-8 with a header; NULL is an empty field."""
    schema = pq.read_schema(parquet_parts(parquet)[0])
    path.parent.mkdir(parents=True, exist_ok=True)
    with pa_csv.CSVWriter(path, schema, write_options=pa_csv.WriteOptions(quoting_style="needed")) as writer:
        for batch in _batches(parquet):
            writer.write_batch(batch)


def write_by_year(parquet: Path, folder: Path, year: str | None) -> list[Path]:
    """Write Hive partitions by a year's column: folder/TaxYear=201213/0.parquet.

    Args:
        year: the column; all rows are in one file where None.

    Returns:
        The files, sorted. The column is in their folders' names and not in the files. A table without rows is one
        empty file.
    """
    source = pa_dataset.dataset([str(part) for part in parquet_parts(parquet)], format="parquet")
    if not source.count_rows():
        folder.mkdir(parents=True)
        pq.write_table(source.schema.empty_table(), folder / "0.parquet")
        return parquet_parts(folder)
    parts = pa.schema([source.schema.field(year)] if year else [])
    pa_dataset.write_dataset(
        source.scanner(batch_size=_BATCH_ROWS),
        folder,
        format="parquet",
        partitioning=pa_dataset.partitioning(parts, flavor="hive"),
        basename_template="{i}.parquet",
        file_options=pa_dataset.ParquetFileFormat().make_write_options(compression="zstd"),
        preserve_order=True,
        max_partitions=1000,
    )
    return parquet_parts(folder)
