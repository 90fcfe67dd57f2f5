"""What a module may ask of an engine. Queries are written once, in DuckDB's dialect;
each engine renders them.

Tables enter a query as {name}, values as $name:

    engine.sql("select * from {links} where match_weight >= $threshold", links=links,
    params={"threshold": 12.0})
"""

import datetime
import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol, Self, TypeVar

import pyarrow as pa

from linkage.engine.batches import Work

Value = bool | int | float | str | datetime.date | None
Stored = bool | Mapping[str, str]
"""Whether a query's rows are kept; a mapping says yes, and which columns of which types
they have.
"""

Made = TypeVar("Made")

# What is quoted, and what a comment says, is passed over: a column may be called "pay
# in $usd" or "{name}".
_PLACES = re.compile(
    r"'[^']*'|\"[^\"]*\"|--[^\n]*|\{(?P<table>[a-z_][a-z0-9_]*)\}|\$(?P<value>[a-z_][a-z0-9_]*)"
)


class Table:
    """A handle on a table or view that an engine holds. Cheap to pass on; the rows stay
    with the engine.

    Args:
        columns: their names, or what finds them when somebody asks: an engine that
            binds a view again to know its columns is spared that of most.
    """

    __slots__ = ("_columns", "name")

    def __init__(
        self, name: str, columns: Sequence[str] | Callable[[], Sequence[str]]
    ) -> None:
        self.name = name
        self._columns = columns

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the columns, in order."""
        if callable(self._columns):
            self._columns = self._columns()
        return tuple(self._columns)

    def __repr__(self) -> str:
        return f"Table({self.name}: {', '.join(self.columns)})"


class Engine(Protocol):
    """Set-based work on tables."""

    name: str

    @property
    def memory(self) -> int:
        """Bytes that queries may hold before they spill."""
        ...

    @property
    def is_distributed(self) -> bool:
        """Whether it cuts every query into tasks of bounded memory by itself, so that
        callers need not.
        """
        ...

    def read(self, paths: Path | Sequence[Path], *, number: str | None = None) -> Table:
        """Parquet files or folders of them as one table, columns matched by name.

        Args:
            number: a further column of this name holds each row's number in its file,
                from 1.
        """
        ...

    def from_arrow(self, data: pa.Table, *, secret: bool = False) -> Table:
        """A table of values that the caller holds: rules, code frames, test worlds,
        keys.

        What is `secret` an engine writes to no file that others may read.
        """
        ...

    def sql(
        self,
        query: str,
        *,
        params: Mapping[str, Value] | None = None,
        store: Stored = False,
        **tables: Table,
    ) -> Table:
        """The rows of a query, read again at each use; `store` keeps them (a table used
        twice should be stored).

        One that is not stored may be planned when it is read, or asked for its columns:
        a fault in it is then raised.

        Parameters come from configuration, never from persons: an engine may show them
        in its plans. Persons' values and keys enter as tables.

        Where `store` says the columns and their types, as DuckDB names them, a query of
        many steps that reads little is spared its analysis on Spark, which takes longer
        than the rows do.

        What carries over to every engine is in tests/engine/functions.txt; what does
        not is refused there with what to say instead (linkage/engine/functions.py), and
        what depends on types is listed in linkage/engine/dialect.py.

        Raises:
            ContractError: a value has not the type that the query expects; the message
                does not show it.
            LeoError: out of memory or disk; the message says what to raise or free.
        """
        ...

    def run_concurrently(self, *work: Callable[[], Made]) -> list[Made]:
        """Do pieces of work that need nothing of one another, and give their results in
        the order of the pieces.

            common, rare = engine.run_concurrently(lambda: engine.sql(...), lambda:
            engine.sql(...))

        They are asked at once: while one is planned, or one thread writes its last
        rows, another has the processors.

        Raises:
            LeoError: what the first piece that failed raises, once all have ended.
        """
        ...

    def write(self, table: Table, path: Path) -> int:
        """Write one Parquet file (DuckDB) or folder of files (Spark) at path, whole or
        not at all; returns its rows.
        """
        ...

    def split(self, table: Table, folder: Path, key: str, parts: int) -> None:
        """Write a table's rows to `parts` folders, folder/part=0 and on, by a hash of
        `key`, SQL over its columns.

        Equal keys are in one part, in whichever table they stand; rows whose key is
        NULL are in none, and a part without rows has no folder. The folder is there
        when it is whole.
        """
        ...

    def count(self, table: Table) -> int:
        """Number of rows."""
        ...

    def arrow(self, table: Table) -> pa.Table:
        """All rows in memory: for results that do not grow with the data, and for
        tests.
        """
        ...

    def batches(self, table: Table, size: int = 100_000) -> Iterator[pa.RecordBatch]:
        """Rows in pieces, for a writer or a function in Python."""
        ...

    def by_group(
        self,
        table: Table,
        work: Work,
        kinds: Mapping[str, str],
        *,
        by: str,
        order: Sequence[str] = (),
    ) -> Table:
        """What a function in Python makes of rows, where those that have one value of
        `by` are looked at together.

        An engine that cuts has workers do it, as many groups at a time as memory is
        for, where rows are more than this process should hold; another hands over all
        rows at once.

        Args:
            work: given whole groups as Arrow, in the order of `by` and `order`. It is a
                function of a module, or a `partial` of one, and reads no file that only
                this process has.
            by: a column of whole numbers; no NULL.
            kinds: columns of what it makes to their types, as DuckDB names them.

        Returns:
            A stored table of these columns.
        """
        ...

    def fingerprint(self, table: Table) -> str:
        """A hash of all rows that does not depend on their order, equal on every
        engine.

        A number with a fraction counts to a millionth. About 3 s of two cores for 10
        million rows of seven columns.
        """
        ...

    def drop(self, *tables: Table) -> None:
        """Give back what stored tables hold."""
        ...

    def close(self) -> None:
        """Release the engine."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(self, *exc: object) -> None: ...


FEW_ROWS = 200_000
"""Rows of which all that is made of them fits in memory together, and to which DuckDB
gives one thread or two.
"""


def run_concurrently_if_small(
    engine: Engine, *work: Callable[[], Made], rows: float = math.inf
) -> list[Made]:
    """Pieces of work that need nothing of one another: together where the engine cuts
    every query into tasks of bounded memory or the rows that they read are few, else
    one after the other, since tables of all of them may be more than it holds.
    """
    return (
        engine.run_concurrently(*work)
        if engine.is_distributed or rows <= FEW_ROWS
        else [piece() for piece in work]
    )


def empty(engine: Engine, kinds: Mapping[str, str]) -> Table:
    """No rows, of columns with their types as DuckDB names them; no table, so that an
    engine sees nothing is there.
    """
    values = ", ".join(
        f"cast(null as {kind}) as {quote(name)}" for name, kind in kinds.items()
    )
    return engine.sql(f"select {values} where false", params=None)


def union_all(
    engine: Engine, parts: Iterable[tuple[str, Table]], *, store: Stored = False
) -> Table:
    """The rows of several queries, each over a table that it calls {t}."""
    queries, tables = zip(*parts, strict=True)
    text = "\nunion all\n".join(
        query.replace("{t}", f"{{of_{place}}}") for place, query in enumerate(queries)
    )
    return engine.sql(
        text,
        params=None,
        store=store,
        **{f"of_{place}": table for place, table in enumerate(tables)},
    )


def quote(identifier: str) -> str:
    """An identifier as it stands in a query: quoted, so that any column name of a
    source is safe.
    """
    return '"' + identifier.replace('"', '""') + '"'


def columns(names: Sequence[str], of: str | None = None) -> str:
    """A quoted, comma-separated column list, each behind the alias `of`."""
    prefix = f"{of}." if of else ""
    return ", ".join(prefix + quote(name) for name in names)


def literal(value: Value) -> str:
    """A value of configuration as a typed literal."""
    if isinstance(value, str):
        return "'" + value.replace("'", "''") + "'"
    if isinstance(value, float):
        return f"cast({value!r} as double)"
    if isinstance(value, datetime.date):
        return f"date '{value.isoformat()}'"
    return "NULL" if value is None else str(value).upper()


def render(
    query: str, tables: Mapping[str, Table], params: Mapping[str, Value] | None
) -> str:
    """A query with its tables and parameters in place.

    Raises:
        KeyError: the query names a table or parameter that was not given.
    """

    def put(place: re.Match[str]) -> str:
        if place["table"]:
            return quote(tables[place["table"]].name)
        return (
            literal(params[place["value"]]) if params and place["value"] else place[0]
        )

    return _PLACES.sub(put, query)


def rows(engine: Engine, table: Table) -> list[dict[str, Any]]:
    """Rows as dictionaries: for small results and tests."""
    result: list[dict[str, Any]] = engine.arrow(table).to_pylist()
    return result


def one(engine: Engine, table: Table) -> dict[str, Any]:
    """The only row of a table."""
    (row,) = rows(engine, table)
    return row


def types_of(engine: Engine, table: Table) -> dict[str, pa.DataType]:
    """Columns of a table and their types."""
    schema = engine.arrow(
        engine.sql("select * from {table} limit 0", table=table)
    ).schema
    return {field.name: field.type for field in schema}
