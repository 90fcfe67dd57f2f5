"""The files of an extract: Parquet from the engine, CSV from the Parquet, so that both say the same."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

_BATCH_ROWS = 65_536
_READ_BYTES = 1 << 20


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


def describe(folder: Path, path: Path, form: str, rows: int) -> DataFile:
    """Size and hash of a file that is written."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(_READ_BYTES):
            digest.update(block)
    return DataFile(path.relative_to(folder).as_posix(), form, rows, path.stat().st_size, digest.hexdigest())
