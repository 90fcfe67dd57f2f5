"""A table on disk that only grows."""

from pathlib import Path

import pyarrow as pa
import pytest

from linkage.engine import RowStore
from linkage.errors import InputError

SCHEMA = pa.schema([("n", pa.int64()), ("said", pa.string()), ("at", pa.timestamp("us"))])


def some(*numbers: int) -> pa.Table:
    return pa.Table.from_pylist([{"said": "yes", "n": n, "at": None} for n in numbers], SCHEMA)


def test_rows_are_added_and_kept_in_order(tmp_path: Path) -> None:
    store = RowStore(tmp_path / "deep" / "labels.duckdb", "labels", SCHEMA)
    assert store.rows().num_rows == 0
    assert not store.path.exists()
    assert store.add(some(3, 1)) == 2
    assert RowStore(store.path, "labels", SCHEMA).add(some(2)) == 3
    assert store.rows().column("n").to_pylist() == [3, 1, 2]
    assert store.rows().schema == SCHEMA


def test_an_addition_that_fails_leaves_nothing(tmp_path: Path) -> None:
    store = RowStore(tmp_path / "labels.duckdb", "labels", SCHEMA)
    store.add(some(1))
    with pytest.raises(KeyError):
        store.add(pa.table({"n": [2]}))
    assert store.rows().num_rows == 1


def test_a_column_that_is_younger_than_the_file_is_empty_in_it(tmp_path: Path) -> None:
    old, new = (RowStore(tmp_path / "labels.duckdb", "labels", schema) for schema in (SCHEMA.remove(1), SCHEMA))
    old.add(some(1))
    assert new.rows().column("said").to_pylist() == [None]
    assert new.add(some(2)) == 2
    assert new.rows().column("said").to_pylist() == [None, "yes"]
    assert old.rows().column("n").to_pylist() == [1, 2]


def test_another_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "labels.duckdb"
    path.write_text("not a database")
    with pytest.raises(InputError, match=r"labels\.duckdb: is no DuckDB file"):
        RowStore(path, "labels", SCHEMA).rows()


def test_a_store_of_something_else_is_refused(tmp_path: Path) -> None:
    RowStore(tmp_path / "a.duckdb", "others", SCHEMA).add(some(1))
    with pytest.raises(InputError, match="does not hold the table"):
        RowStore(tmp_path / "a.duckdb", "labels", SCHEMA).rows()
