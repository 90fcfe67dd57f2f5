"""Splink on small tables of its own: training runs on samples, in DuckDB, whatever engine holds the data."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import duckdb
import pyarrow as pa


@contextmanager
def splink_tables(tables: Mapping[str, pa.Table]) -> Iterator[list[Any]]:
    """The tables as Splink data frames, in the order given.

    Each call has a database and a Splink API of its own: two linkers on one API share term frequencies and blocked
    pairs (Splink 5.0.0, seen), so one must never outlive its linker.
    """
    from splink import DuckDBAPI

    with duckdb.connect(":memory:") as connection:
        api = DuckDBAPI(connection=connection)
        registered = []
        for name, table in tables.items():
            connection.register(f"arriving_{name}", table)
            connection.execute(f"create table {name} as from arriving_{name}")
            connection.unregister(f"arriving_{name}")
            registered.append(api.register(name, dataset_display_name=name))
        yield registered
