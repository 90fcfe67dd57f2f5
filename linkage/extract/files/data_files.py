"""The files of an extract: Parquet from the engine, CSV from the Parquet, so that both say the same."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.dataset as pa_dataset
import pyarrow.parquet as pq

from linkage.extract.files.seal import sha256_of

_BATCH_ROWS = 65_536


@dataclass(frozen=True)
class DataFile:
    """A file of data, as its package describes it."""

    path: str  # below the extract's folder
    format: str
    rows: int
    bytes: int
    sha256: str


def parquet_parts(path: Path) -> list[Path]:
    """The Parquet files at a path, in the order of their rows: itself, or those of the folder."""
    return sorted(path.glob("**/*.parquet")) if path.is_dir() else [path]


def batches(path: Path) -> Iterator[pa.RecordBatch]:
    """Rows in pieces, in the order of the files."""
    for part in parquet_parts(path):
        with pq.ParquetFile(part) as file:
            yield from file.iter_batches(_BATCH_ROWS)


def write_csv(parquet: Path, path: Path) -> int:
    """RFC 4180 in UTF-8 with a header; NULL is an empty field. Returns the rows written."""
    schema = pq.read_schema(parquet_parts(parquet)[0])
    path.parent.mkdir(parents=True, exist_ok=True)
    rows = 0
    with pa_csv.CSVWriter(path, schema, write_options=pa_csv.WriteOptions(quoting_style="needed")) as writer:
        for batch in batches(parquet):
            writer.write_batch(batch)
            rows += batch.num_rows
    return rows


def write_by_year(parquet: Path, folder: Path, year: str | None) -> list[Path]:
    """Hive partitions by a year's column, as readers of data sets find them: folder/TaxYear=201213/0.parquet.

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


def describe(folder: Path, path: Path, form: str, rows: int) -> DataFile:
    """Size and hash of a file that is written."""
    return DataFile(path.relative_to(folder).as_posix(), form, rows, path.stat().st_size, sha256_of(path))
