"""The embedded engine: DuckDB in this process, with a memory limit and a folder to
spill to.
"""

import contextlib
import itertools
import json
import re
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Self, TypeAlias

import duckdb
import pyarrow as pa

from linkage.engine import macros
from linkage.engine.base import Made, Stored, Table, Value, literal, quote, render
from linkage.engine.batches import Work, sorted_by
from linkage.engine.files import parquet_files, rows_of, whole
from linkage.engine.fingerprint import combined, in_duckdb, row_text
from linkage.engine.locked_tempdir import scratch_folder
from linkage.errors import ConfigError, ContractError, InputError, LeoError

_OF_DATA = (
    duckdb.ConversionException,
    duckdb.OutOfRangeException,
)  # their messages hold values of rows


Relation: TypeAlias = "duckdb.DuckDBPyRelation"
"""A query of DuckDB in Python, with `.df()`, `.pl()` and `.arrow()`."""


class DuckDBEngine:
    """Queries run in DuckDB; stored tables live in memory and spill to `scratch` past
    the limit.

    Args:
        memory_limit: as DuckDB writes it, for example "8GB"; what is over it is
            spilled.
        threads: worker threads; all cores when None.
        scratch: folder for spilled data; a temporary one, removed on close, when None.
        within: files and folders that queries may read and write, in addition to
            `scratch`; any file when None.
    """

    name = "duckdb"

    def __init__(
        self,
        *,
        memory_limit: str | None = None,
        threads: int | None = None,
        scratch: Path | None = None,
        within: Iterable[Path] | None = None,
    ) -> None:
        self._own_scratch = scratch_folder() if scratch is None else None
        self.scratch = (
            self._own_scratch.path if self._own_scratch else Path(scratch or "")
        )
        self.scratch.mkdir(parents=True, exist_ok=True)
        self._main = duckdb.connect(":memory:")
        self._of_thread = threading.local()
        self._names = itertools.count(1)
        self._counts: dict[str, int] = {}
        self._asked: dict[
            str, str
        ] = {}  # queries that are no view yet, as nothing has read them
        self._making = threading.Lock()
        settings = {
            "temp_directory": str(self.scratch),
            "preserve_insertion_order": "false",
        }
        # A database in memory has no log to shorten: a checkpoint would pack half-full
        # pages for tenths of a second.
        settings["checkpoint_threshold"] = "1000TB"
        if memory_limit:
            settings["memory_limit"] = memory_limit
        if threads:
            settings["threads"] = str(threads)
        with (
            self._explaining()
        ):  # a limit that nothing fits into may be met here already
            self._set_up(settings)
            lock(self._main, None if within is None else [self.scratch, *within])

    def _set_up(self, settings: Mapping[str, str]) -> None:
        for key, value in settings.items():
            try:
                if key == "memory_limit" and value.lstrip().startswith(
                    "-"
                ):  # which DuckDB takes for no limit
                    raise duckdb.Error
                self.connection.execute(f"set {key} = {literal(value)}")
            except duckdb.Error as error:
                if key != "memory_limit" or isinstance(
                    error, duckdb.OutOfMemoryException
                ):
                    raise
                raise ConfigError(
                    f"memory limit: '{value}' is no amount of memory\n  write for "
                    "example 8GB"
                ) from None
        with contextlib.suppress(
            duckdb.InvalidInputException
        ):  # in a notebook without ipywidgets there is none
            self.connection.execute("set enable_progress_bar = false")
        # Rows wait in memory until a part of `split` has this many of them; the default
        # is five times as much.
        self.connection.execute("set global partitioned_write_flush_threshold = 100000")
        # The day of a time with a zone is that of the machine otherwise, and not the
        # same on every one, nor on Spark.
        self.connection.execute("set global TimeZone = 'UTC'")
        macros.define(self.connection)

    @property
    def connection(self) -> duckdb.DuckDBPyConnection:
        """The calling thread's own: queries of one connection wait for one another."""
        own_connection: duckdb.DuckDBPyConnection = getattr(
            self._of_thread, "connection", self._main
        )
        return own_connection

    @property
    def memory(self) -> int:
        limit = str(
            self._run("select current_setting('memory_limit')").fetchall()[0][0]
        )
        number, unit = limit.split()
        return int(
            float(number) * 1024 ** ("bytes", "KiB", "MiB", "GiB", "TiB").index(unit)
        )

    @property
    def is_distributed(self) -> bool:
        return False

    def read(self, paths: Path | Sequence[Path], *, number: str | None = None) -> Table:
        """Parquet files or folders of them as one table, columns matched by name.

        Raises:
            InputError: no such file, or one that is not whole Parquet; the message
                names it.
        """
        rows, selected = rows_of(parquet_files(paths)), "*"
        if number is not None:
            selected = f"*, file_row_number + 1 as {quote(number)}"
        return self._defined("view", f"select {selected} from {rows}")

    def from_arrow(self, data: pa.Table, *, secret: bool = False) -> Table:
        name = f"t{next(self._names)}"
        with self._explaining():
            self.connection.register("arriving", data)
            try:
                self.connection.execute(f"create table {quote(name)} as from arriving")
            finally:
                self.connection.unregister("arriving")
        self._counts[name] = data.num_rows
        return Table(name, data.column_names)

    def sql(
        self,
        query: str,
        *,
        params: Mapping[str, Value] | None = None,
        store: Stored = False,
        **tables: Table,
    ) -> Table:
        for table in tables.values():
            self._there(table)
        query = render(query, tables, params)
        if store:
            return self._defined("table", query)
        table = self._table()
        self._asked[table.name] = query
        return table

    def run_concurrently(self, *work: Callable[[], Made]) -> list[Made]:
        """All at once: while one query is planned or writes its last rows, another has
        the threads.
        """
        if len(work) < 2:
            return [piece() for piece in work]

        def begin() -> None:
            self._of_thread.connection = self._main.cursor()

        with ThreadPoolExecutor(len(work), initializer=begin) as pool:
            futures = [pool.submit(piece) for piece in work]
        return [piece.result() for piece in futures]

    def write(self, table: Table, path: Path) -> int:
        with whole(path) as part:
            self._run(
                f"copy {self._there(table)} to {literal(str(part))} "
                "(format parquet, compression zstd, compression_level 1)"
            )
        return int(
            self._run(f"select count(*) from {rows_of([path])}").fetchall()[0][0]
        )

    def split(self, table: Table, folder: Path, key: str, parts: int) -> None:
        with whole(folder) as unfinished:
            unfinished.mkdir()
            self._run(
                f"copy (select *, cast(hash({key}) % {int(parts)} as integer) as part "
                f"from {self._there(table)} "
                f"where {key} is not null) to {literal(str(unfinished))} "
                "(format parquet, partition_by (part), compression snappy)"
            )

    def count(self, table: Table) -> int:
        """Number of rows, counted once: no table changes after it was made."""
        if table.name not in self._counts:
            self._counts[table.name] = int(
                self._run(f"select count(*) from {self._there(table)}").fetchall()[0][0]
            )
        return self._counts[table.name]

    def arrow(self, table: Table) -> pa.Table:
        with self._explaining():
            return self.relation(table).to_arrow_table()

    def relation(self, table: Table) -> Relation:
        """A table as DuckDB's own relation, read again at each use."""
        with self._explaining():
            return self.connection.sql(
                self._asked.get(table.name) or f"from {quote(table.name)}"
            )

    def batches(self, table: Table, size: int = 100_000) -> Iterator[pa.RecordBatch]:
        name = self._there(table)
        cursor = (
            self.connection.cursor()
        )  # a cursor of its own, so that the caller may query between batches
        with self._explaining():
            reader = cursor.sql(f"from {name}").to_arrow_reader(size)
        while True:
            with self._explaining():
                batch = next(reader, None)
            if batch is None:
                return
            yield batch

    def by_group(
        self,
        table: Table,
        work: Work,
        kinds: Mapping[str, str],
        *,
        by: str,
        order: Sequence[str] = (),
    ) -> Table:
        """What a function in Python makes of all rows at once, in the order of their
        groups.
        """
        return self.from_arrow(work(sorted_by(self.arrow(table), (by, *order))))

    def fingerprint(self, table: Table) -> str:
        text = row_text(
            self.connection.sql(f"from {self._there(table)} limit 0")
            .to_arrow_table()
            .schema
        )
        ((row_count, total),) = self._run(in_duckdb(table.name, text)).fetchall()
        return combined(row_count, total)

    def drop(self, *tables: Table) -> None:
        for table in tables:
            if self._asked.pop(table.name, None):
                continue
            try:
                self.connection.execute(f"drop table if exists {quote(table.name)}")
            except duckdb.CatalogException:  # it is a view, as few are that are dropped
                self.connection.execute(f"drop view if exists {quote(table.name)}")

    def close(self) -> None:
        self._main.close()
        if self._own_scratch:
            self._own_scratch.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def _table(self) -> Table:
        table = Table(f"t{next(self._names)}", lambda: self.relation(table).columns)
        return table

    def _defined(self, kind: str, query: str) -> Table:
        table = self._table()
        self._run(f"create {kind} {quote(table.name)} as {query}")
        return table

    def _there(self, table: Table) -> str:
        """A table's name in SQL; what has only been asked for becomes a view, as
        another query reads it.

        Most queries are read once, and by us: as a view each would be planned once
        more.
        """
        with self._making:
            if query := self._asked.get(table.name):
                self._run(f"create view {quote(table.name)} as {query}")
                del self._asked[table.name]
        return quote(table.name)

    def _run(self, query: str) -> duckdb.DuckDBPyConnection:
        with self._explaining():
            return self.connection.execute(query)

    @contextlib.contextmanager
    def _explaining(self) -> Iterator[None]:
        """DuckDB's errors in words that say what to do; a view's rows are worked out
        when they are asked for.
        """
        try:
            yield
        except (duckdb.InterruptException, RuntimeError) as error:
            if not _was_stopped(error):
                raise
            raise KeyboardInterrupt from None
        except (*_OF_DATA, duckdb.InvalidInputException) as error:
            if (
                isinstance(error, duckdb.InvalidInputException)
                and "parquet" in str(error).lower()
            ):
                raise _explained(error, self.scratch) from None
            # Without its cause, whose text quotes the value that could not be read.
            raise ContractError(
                f"{type(error).__name__}: a value does not have the type that a query "
                "expects\n"
                "  the value is not shown; look for a cast of text in the query that "
                "failed"
            ) from None
        except (duckdb.IOException, duckdb.OutOfMemoryException) as error:
            raise _explained(error, self.scratch) from error
        except duckdb.Error as error:
            if (
                type(error) is not duckdb.Error
            ):  # what has no kind of its own is of a Parquet file's own description
                raise
            raise InputError(
                "a Parquet file is damaged: its schema\n  fetch it again, or write it "
                "again"
            ) from None


def lock(
    connection: duckdb.DuckDBPyConnection, within: Iterable[Path] | None = None
) -> None:
    """No further setting, no extension from outside and, where `within` is given, no
    file or folder but these.

    DuckDB follows links before it compares a path, so that what a link in a folder
    points to is allowed by its own path.
    """
    for key in (
        "autoinstall_known_extensions",
        "autoload_known_extensions",
        "allow_community_extensions",
    ):
        connection.execute(f"set {key} = false")
    if within is not None:
        paths = {
            place for path in within for place in (path.absolute(), *_linked(path))
        }
        for key, places in (
            ("allowed_paths", sorted(str(path) for path in paths if path.is_file())),
            (
                "allowed_directories",
                sorted(f"{path}/" for path in paths if not path.is_file()),
            ),
        ):
            connection.execute(f"set {key} = [{', '.join(map(literal, places))}]")
        connection.execute("set enable_external_access = false")
    connection.execute("set lock_configuration = true")


def _linked(path: Path) -> Iterator[Path]:
    """A path without links, and what the links in a folder point to."""
    yield path.resolve()
    if path.is_dir():
        yield from (entry.resolve() for entry in path.iterdir() if entry.is_symlink())


def _was_stopped(error: Exception) -> bool:
    """Whether Ctrl-C ended a query: DuckDB says so in one of two ways, by where it was
    at the time.
    """
    return (
        isinstance(error, duckdb.InterruptException)
        or "interrupt" in str(error).lower()
    )


_WITHIN = re.compile(r'"exception_message":("(?:[^"\\]|\\.)+")')
_QUOTED = re.compile(r"\"[^\"]*\"|'[^']*'")
_FILE = re.compile(r"""file (["'])(.+?)\1""")
_OF_A_FULL_DISK = ("no space left", "file too large", "quota exceeded", "disk")


def _explained(error: duckdb.Error, scratch: Path) -> LeoError:
    """An engine's error in words that say what to do; only its first line, since the
    rest may quote data.
    """
    text = str(error).splitlines()[0]
    if first_error := _WITHIN.search(
        text
    ):  # what went wrong first, of a file that was closed in vain
        text = str(json.loads(first_error[1])).splitlines()[0]
    lower_text = _QUOTED.sub(
        "", text
    ).lower()  # a folder may be called disk1, or memory-limit
    if isinstance(error, duckdb.OutOfMemoryException) or (
        "memory" in lower_text and "limit" in lower_text
    ):
        return LeoError(
            "the engine ran out of its memory limit\n"
            "  raise it ([run] memory_limit, --memory-limit), or free space below "
            f"{scratch}, where it spills\n"
            f"  engine: {text}"
        )
    if any(words in lower_text for words in _OF_A_FULL_DISK):
        return LeoError(
            f"the disk is full\n  free space below {scratch} and in the output folder, "
            "then run the same command again"
        )
    if "permission denied" in lower_text or "read-only file system" in lower_text:
        return LeoError(
            f"{text}\n  give this user the right to it, then run the same command again"
        )
    if isinstance(
        error, duckdb.InvalidInputException
    ):  # which quotes the value that it could not read
        file = file_match[2] if (file_match := _FILE.search(text)) else "Parquet"
        return InputError(
            f"a file could not be read: {file} is damaged inside\n  fetch it again, or "
            "write it again"
        )
    if "parquet" in text.lower():
        return InputError(
            f"a file could not be read: {text}\n  fetch it again, or write it again"
        )
    return LeoError(text)


__all__ = ["DuckDBEngine"]
