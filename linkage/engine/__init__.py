"""The only package that knows an engine. Every query of the project goes
through here.
"""

from collections.abc import Iterable
from pathlib import Path

from linkage.engine.base import (
    FEW_ROWS,
    Engine,
    Table,
    Value,
    columns,
    empty,
    literal,
    one,
    quote,
    rows,
    run_concurrently_if_small,
    types_of,
    union_all,
)
from linkage.engine.components import by_component, components
from linkage.engine.files import is_hidden, unfinished
from linkage.engine.locked_tempdir import LockedTempdir, scratch_folder
from linkage.engine.store import RowStore
from linkage.errors import ConfigError
from linkage.extras import require

__all__ = [
    "FEW_ROWS",
    "Engine",
    "LockedTempdir",
    "RowStore",
    "Table",
    "Value",
    "by_component",
    "columns",
    "components",
    "connect",
    "empty",
    "is_hidden",
    "literal",
    "one",
    "quote",
    "rows",
    "run_concurrently_if_small",
    "scratch_folder",
    "types_of",
    "unfinished",
    "union_all",
]


def connect(
    name: str = "duckdb",
    *,
    memory_limit: str | None = None,
    threads: int | None = None,
    scratch: Path | None = None,
    within: Iterable[Path] | None = None,
) -> Engine:
    """An engine by name: "duckdb" or "spark". Imported here, so that a run on DuckDB
    needs no pyspark.

    Args:
        within: files and folders that DuckDB may read and write, and no others; any
            file when None.

    Raises:
        ConfigError: no such engine, or its library is not installed.
    """
    if name == "duckdb":
        from linkage.engine.duckdb import DuckDBEngine

        return DuckDBEngine(
            memory_limit=memory_limit, threads=threads, scratch=scratch, within=within
        )
    if name == "spark":
        require("engine 'spark'", "spark")
        from linkage.engine.spark import SparkEngine

        spark: Engine = SparkEngine(
            memory_limit=memory_limit, threads=threads, scratch=scratch
        )
        return spark
    raise ConfigError(f"no engine '{name}'\n  there are: duckdb, spark")
