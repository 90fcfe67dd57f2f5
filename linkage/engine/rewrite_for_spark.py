"""Parquet that Spark reads otherwise than DuckDB, or not at all, rewritten by the
driver's DuckDB.

Spark passes over a file whose name begins with _ or ., reads no times in nanoseconds,
as pandas writes them, and joins no files of which one holds numbers and another, where
some are missing, numbers with a fraction. A source's files come as they come: what they
hold is the same on both engines.
"""

import re
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from linkage.engine.base import literal, quote
from linkage.engine.files import rows_of
from linkage.errors import LeoError

_MEMORY = "512MB"  # rows are handed through; beyond it DuckDB spills
_CAST: Mapping[str, str] = {
    "TIMESTAMP_NS": "timestamp",
    "TIMESTAMPTZ_NS": "timestamptz",
    "TIME": "varchar",
}
_SAME = {pa.large_string(): pa.string(), pa.string_view(): pa.string()}


def escaped(path: Path) -> str:
    """A path in which Spark, which takes paths for patterns, finds none."""
    return re.sub(r"[\\{}\[\]*?]", r"\\\g<0>", str(path))


def needs_rewrite(files: Sequence[Path]) -> bool:
    """Whether Spark would read another table than DuckDB from Parquet files, or
    none.
    """
    if any(file.name.startswith(("_", ".")) for file in files):
        return True
    kinds_seen: dict[str, pa.DataType] = {}
    for file in files:
        try:
            schema = pq.read_schema(file)
        except (OSError, pa.ArrowException):  # Spark says what is wrong with the file
            return False
        for field in schema:
            kind = _plain(field.type)
            nested = pa.types.is_nested(kind)
            if pa.types.is_time(kind) or (
                pa.types.is_timestamp(kind) and kind.unit == "ns"
            ):
                return True
            if not nested and kinds_seen.setdefault(field.name.lower(), kind) != kind:
                return True
    return False


def rewrite(files: Sequence[Path], folder: Path) -> Path:
    """The rows of Parquet files as one file in a new folder, in types that Spark has.

    Raises:
        LeoError: a file is not whole, or there is no space.
    """
    try:
        return _rewritten(files, folder)
    except duckdb.Error:  # whose text may quote what was read
        shutil.rmtree(folder, ignore_errors=True)
        raise LeoError(
            f"{files[0]}{' and others' if len(files) > 1 else ''}: could not be "
            "rewritten for Spark below "
            f"{folder.parent}\n  is there space, and is each whole Parquet?"
        ) from None


def _rewritten(files: Sequence[Path], folder: Path) -> Path:
    folder.mkdir(parents=True)
    rows, file = rows_of(files), folder / "part-00000.parquet"
    with duckdb.connect(
        ":memory:", config={"memory_limit": _MEMORY, "threads": 2}
    ) as connection:
        connection.execute(f"set temp_directory = {literal(str(folder / '.spill'))}")
        connection.execute("set preserve_insertion_order = false")
        kinds = {
            row[0]: row[1]
            for row in connection.execute(f"describe select * from {rows}").fetchall()
        }
        columns = (
            f"cast({quote(name)} as {_CAST[kind]}) as {quote(name)}"
            if kind in _CAST
            else quote(name)
            for name, kind in kinds.items()
        )
        connection.execute(
            f"copy (select {', '.join(columns)} from {rows}) to {literal(str(file))} "
            "(format parquet, compression zstd)"
        )
    return file


def _plain(kind: pa.DataType) -> pa.DataType:
    """The type of the values, however Arrow is asked to hold them."""
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    if pa.types.is_timestamp(kind) and kind.unit != "ns":
        return pa.timestamp("us", tz="UTC" if kind.tz else None)
    return _SAME.get(kind, kind)
