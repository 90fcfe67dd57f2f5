"""Tables of Parquet as one DuckDB file, which a researcher opens without reading anything in; and back."""

from collections.abc import Mapping
from pathlib import Path

import duckdb

from linkage.engine.base import literal, quote
from linkage.engine.files import parquet_files, rows_of
from linkage.errors import InputError


def write_database(path: Path, tables: Mapping[str, Path], comments: Mapping[str, Mapping[str, str]]) -> None:
    """Make a DuckDB file of Parquet files.

    Args:
        path: the file; there must be none yet.
        tables: each table's Parquet file, or folder of files.
        comments: each table's own comment under "", and those of its columns by name.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with duckdb.connect(str(path)) as connection:
        for name, parquet in tables.items():
            connection.execute(f"create table {quote(name)} as from {rows_of(parquet_files(parquet))}")
            for column, comment in comments.get(name, {}).items():
                on = f"column {quote(name)}.{quote(column)}" if column else f"table {quote(name)}"
                connection.execute(f"comment on {on} is {literal(comment)}")


def export_database(path: Path, folder: Path) -> dict[str, Path]:
    """Every table of a DuckDB file as a Parquet file in a folder; by name.

    Raises:
        InputError: it is no DuckDB file that can be opened.
    """
    try:
        with duckdb.connect(str(path), read_only=True) as connection:
            names = [row[0] for row in connection.execute("select table_name from duckdb_tables()").fetchall()]
            found = {name: folder / f"{number}.parquet" for number, name in enumerate(sorted(names))}
            for name, target in found.items():
                connection.execute(f"copy {quote(name)} to {literal(str(target))} (format parquet)")
            return found
    except duckdb.Error:
        raise InputError(
            f"{path}: is no DuckDB file that can be read whole\n"
            "  fetch or write it again; a newer DuckDB may have made it"
        ) from None
