"""A table on disk that people add to, a few rows at a time: one DuckDB file, whatever
engine a run has.

What people say is the one thing that cannot be made again: rows are only ever added,
each addition whole or not at all. The file is open for the time of a call, so that
several processes may add to it in turn.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import duckdb
import pyarrow as pa

from linkage.engine.base import columns, quote
from linkage.errors import InputError, LeoError

_PATIENCE = 10.0  # seconds to wait for another process that has the file open
_SQL_TYPES = {
    pa.string(): "varchar",
    pa.int64(): "bigint",
    pa.float64(): "double",
    pa.bool_(): "boolean",
}


class RowStore:
    """Rows of one table in a file of their own.

    Args:
        path: the file; made with its table at the first addition.
        schema: the table's columns.
    """

    def __init__(self, path: Path, table: str, schema: pa.Schema) -> None:
        self.path = path
        self._table = quote(table)
        self._schema = schema

    def add(self, rows: pa.Table) -> int:
        """Add rows, all or none; returns how many the table then has.

        Raises:
            LeoError: another process keeps the file open.
        """
        self.path.parent.mkdir(parents=True, exist_ok=True)
        new_rows = rows.select(self._schema.names).cast(self._schema)
        with self._opened(read_only=False) as connection:
            column_types = ", ".join(
                f"{quote(field.name)} {_sql_type(field.type)}" for field in self._schema
            )
            connection.execute("begin")
            connection.execute(
                f"create table if not exists {self._table} ({column_types})"
            )
            for field in self._schema:
                kind = _sql_type(field.type)
                connection.execute(
                    f"alter table {self._table} add column if not exists "
                    f"{quote(field.name)} {kind}"
                )
            connection.register("new_rows", new_rows)
            names = columns(self._schema.names)
            connection.execute(
                f"insert into {self._table} ({names}) select {names} from new_rows"
            )
            connection.execute("commit")
            return int(
                connection.execute(f"select count(*) from {self._table}").fetchall()[0][
                    0
                ]
            )

    def rows(self) -> pa.Table:
        """All rows in the order of their addition; none where nothing was added yet.

        A column that is younger than the file is empty in it.

        Raises:
            InputError: the file is there and is no store of this table.
            LeoError: another process keeps the file open.
        """
        if not self.path.exists():
            return self._schema.empty_table()
        with self._opened(read_only=True) as connection:
            try:
                stored_columns = set(connection.table(self._table).columns)
                select_list = ", ".join(
                    quote(field.name)
                    if field.name in stored_columns
                    else f"cast(null as {_sql_type(field.type)}) as {quote(field.name)}"
                    for field in self._schema
                )
                result = connection.sql(
                    f"select {select_list} from {self._table} order by rowid"
                )
            except duckdb.Error:
                raise InputError(
                    f"{self.path}: does not hold the table that it should\n  move it "
                    "away"
                ) from None
            return result.to_arrow_table().cast(self._schema)

    @contextmanager
    def _opened(self, *, read_only: bool) -> Iterator[duckdb.DuckDBPyConnection]:
        connection = self._connect(read_only)
        try:
            yield connection
        except (
            duckdb.Error
        ) as error:  # at a full disk a commit fails, and is no error of the system
            if refusal := self._refusal(error):
                raise refusal from None
            raise
        finally:
            with suppress(duckdb.Error):  # what it could not write it cannot now
                connection.close()

    def _connect(self, read_only: bool) -> duckdb.DuckDBPyConnection:
        deadline = time.monotonic() + _PATIENCE
        while True:
            try:
                return duckdb.connect(str(self.path), read_only=read_only)
            except duckdb.IOException as error:
                if refusal := self._refusal(error):
                    raise refusal from None
                if "lock" not in str(error).lower():
                    raise InputError(
                        f"{self.path}: is no DuckDB file that can be opened\n  move it "
                        "away"
                    ) from None
                if time.monotonic() > deadline:
                    raise LeoError(
                        f"{self.path}: another process has it open\n  close it and try "
                        "again"
                    ) from None
                time.sleep(0.05)

    def _refusal(self, error: duckdb.Error) -> LeoError | None:
        """The system's, in words that say what to do: a whole file is not to be moved
        away for want of space.
        """
        text = str(error)
        if "No space left" in text or "File too large" in text or "quota" in text:
            return LeoError(
                f"{self.path}: there is no space on the disk, and nothing was added\n  "
                "free space there and add it again"
            )
        if "Permission denied" in text or "Read-only file system" in text:
            return LeoError(
                f"{self.path}: this user may not open it\n  give this user the right "
                "to it and to its folder"
            )
        return None


def _sql_type(kind: pa.DataType) -> str:
    return "timestamp" if pa.types.is_timestamp(kind) else _SQL_TYPES[kind]
