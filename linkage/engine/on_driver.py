"""Queries over little, worked out where the driver is: a job of Spark takes as long for
ten rows as for a million.

A query is written in DuckDB's dialect and gives the same rows on both engines
(tests/engine). So where all that it reads is a few megabytes of Parquet, counted from
the files' footers, the driver's own DuckDB answers it, and its result is Parquet again
that Spark reads. What it may read and hold is bounded, so the driver does not grow with
the data; what it cannot do, for want of memory or by an error, is Spark's.
"""

import contextlib
import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
from pyspark.sql.types import ArrayType, DataType, StructType

from linkage.engine import macros
from linkage.engine.base import literal, quote
from linkage.engine.duckdb import lock
from linkage.engine.files import rows_of
from linkage.engine.fingerprint import combined, in_duckdb

# beyond it DuckDB spills; what training counts on its samples needs so much
_MEMORY = "256MB"
_TYPES = {
    "tinyint": "tinyint",
    "smallint": "smallint",
    "int": "integer",
    "bigint": "bigint",
    "float": "float",
    "double": "double",
    "string": "varchar",
    "date": "date",
    "boolean": "boolean",
    "binary": "blob",
    "timestamp_ntz": "timestamp",
}


@dataclass(frozen=True)
class Most:
    """What a query may read to be answered on the driver.

    Attributes:
        rows: of all files together; bytes: the same, as they lie on disk.
    """

    rows: int = 1_000_000
    bytes: int = 24_000_000


class OnDriver:
    """The driver's DuckDB, which knows the tables of a Spark engine by the same names.

    Args:
        scratch: where it spills.
        most: what a query may read.
    """

    def __init__(self, scratch: Path, most: Most) -> None:
        self._most = most
        self._alone = (
            threading.RLock()
        )  # the engine may be asked by several threads; a connection answers one
        self._connection = duckdb.connect(
            ":memory:", config={"memory_limit": _MEMORY, "threads": 2}
        )
        macros.define(self._connection)
        self._connection.execute(
            f"set temp_directory = {literal(str(scratch / 'spill'))}"
        )
        lock(self._connection)
        self._leaves: dict[
            str, dict[str, tuple[int, int]]
        ] = {}  # by table: files below it, with rows and bytes

    def add_files(self, name: str, files: Sequence[Path], schema: StructType) -> None:
        """Add a table of Parquet files, unless it is large or has types that only Spark
        has.
        """
        select_list = _cast(schema)
        sizes = {str(file): file.stat().st_size for file in files}
        if select_list is None or not files or sum(sizes.values()) > self._most.bytes:
            return
        leaves = {
            file: (pq.read_metadata(file).num_rows, size)
            for file, size in sizes.items()
        }
        self._add(name, f"select {select_list} from {rows_of(files)}", leaves)

    def add_query(self, name: str, query: str, reads: Iterable[str]) -> None:
        """Tell of a table that is a query; not taken where it reads what was not."""
        leaves = self._read(reads)
        if leaves is not None:
            self._add(name, query, leaves)

    def arrow(self, name: str) -> pa.Table | None:
        """A table's rows; None where they are Spark's to find."""
        if name in self._leaves:
            with self._alone, contextlib.suppress(duckdb.Error):
                return self._connection.sql(f"from {quote(name)}").to_arrow_table()
        return None

    def count(self, name: str) -> int | None:
        """Number of a table's rows; None where it is Spark's to find."""
        if name in self._leaves:
            with self._alone, contextlib.suppress(duckdb.Error):
                return int(
                    self._connection.execute(
                        f"select count(*) from {quote(name)}"
                    ).fetchall()[0][0]
                )
        return None

    def fingerprint(self, name: str, text: str) -> str | None:
        """A table's fingerprint, of rows written as `text` says; None where it is
        Spark's to find.
        """
        if name in self._leaves:
            with self._alone, contextlib.suppress(duckdb.Error):
                ((row_count, total),) = self._connection.execute(
                    in_duckdb(name, text)
                ).fetchall()
                return combined(row_count, total)
        return None

    def store(
        self, query: str, reads: Iterable[str], schema: StructType, path: Path
    ) -> bool:
        """A query's rows as a file in a new folder, in the types that Spark gives them;
        whether it was done.
        """
        select_list = _cast(schema)
        if select_list is None or self._read(reads) is None:
            return False
        path.mkdir(parents=True)
        file = path / "part-00000.parquet"
        with self._alone, contextlib.suppress(duckdb.Error):
            self._connection.execute(
                f"copy (select {select_list} from ({query}) as found) to "
                f"{literal(str(file))} "
                "(format parquet, compression zstd)"
            )
            return True
        file.unlink(missing_ok=True)
        path.rmdir()
        return False

    def drop(self, name: str) -> None:
        if self._leaves.pop(name, None) is not None:
            with self._alone:
                self._connection.execute(f"drop view if exists {quote(name)}")

    def close(self) -> None:
        self._connection.close()

    def _add(self, name: str, query: str, leaves: dict[str, tuple[int, int]]) -> None:
        with self._alone, contextlib.suppress(duckdb.Error):
            self._connection.execute(f"create or replace view {quote(name)} as {query}")
            self._leaves[name] = leaves

    def _read(self, names: Iterable[str]) -> dict[str, tuple[int, int]] | None:
        """The files of tables; None where a table is not known here, or where they are
        too large together.
        """
        files: dict[str, tuple[int, int]] = {}
        for name in names:
            if name not in self._leaves:
                return None
            files |= self._leaves[name]
        rows, size = (
            sum(counts[place] for counts in files.values()) for place in (0, 1)
        )
        return files if rows <= self._most.rows and size <= self._most.bytes else None


def _cast(schema: StructType) -> str | None:
    """Columns as DuckDB's types of the same values; None where one has none."""
    kinds = {field.name: _kind(field.dataType) for field in schema.fields}
    if not kinds or None in kinds.values():
        return None
    return ", ".join(
        f"cast({quote(name)} as {kind}) as {quote(name)}"
        for name, kind in kinds.items()
    )


def _kind(kind: DataType) -> str | None:
    if isinstance(kind, ArrayType):
        element = _kind(kind.elementType)
        return f"{element}[]" if element else None
    if isinstance(kind, StructType):  # the values of a unit, and when
        parts = {field.name: _kind(field.dataType) for field in kind.fields}
        return (
            None
            if None in parts.values()
            else f"struct({', '.join(f'{quote(n)} {k}' for n, k in parts.items())})"
        )
    type_name = kind.simpleString()
    return type_name if type_name.startswith("decimal(") else _TYPES.get(type_name)
