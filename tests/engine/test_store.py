"""A table on disk that only grows."""

import subprocess
import sys
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest

from linkage.engine import RowStore
from linkage.errors import InputError, LeoError

SCHEMA = pa.schema(
    [("n", pa.int64()), ("said", pa.string()), ("at", pa.timestamp("us"))]
)


def rows_of(*numbers: int) -> pa.Table:
    return pa.Table.from_pylist(
        [{"said": "yes", "n": n, "at": None} for n in numbers], SCHEMA
    )


def test_rows_are_added_and_kept_in_order(tmp_path: Path) -> None:
    store = RowStore(tmp_path / "deep" / "labels.duckdb", "labels", SCHEMA)
    assert store.rows().num_rows == 0
    assert not store.path.exists()
    assert store.add(rows_of(3, 1)) == 2
    assert RowStore(store.path, "labels", SCHEMA).add(rows_of(2)) == 3
    assert store.rows().column("n").to_pylist() == [3, 1, 2]
    assert store.rows().schema == SCHEMA


def test_an_addition_that_fails_leaves_nothing(tmp_path: Path) -> None:
    store = RowStore(tmp_path / "labels.duckdb", "labels", SCHEMA)
    store.add(rows_of(1))
    with pytest.raises(KeyError):
        store.add(pa.table({"n": [2]}))
    assert store.rows().num_rows == 1


def test_a_column_that_is_newer_than_the_file_is_empty_in_it(tmp_path: Path) -> None:
    old, new = (
        RowStore(tmp_path / "labels.duckdb", "labels", schema)
        for schema in (SCHEMA.remove(1), SCHEMA)
    )
    old.add(rows_of(1))
    assert new.rows().column("said").to_pylist() == [None]
    assert new.add(rows_of(2)) == 2
    assert new.rows().column("said").to_pylist() == [None, "yes"]
    assert old.rows().column("n").to_pylist() == [1, 2]


def test_another_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "labels.duckdb"
    path.write_text("not a database")
    with pytest.raises(InputError, match=r"labels\.duckdb: is no DuckDB file"):
        RowStore(path, "labels", SCHEMA).rows()


def test_a_store_of_something_else_is_refused(tmp_path: Path) -> None:
    RowStore(tmp_path / "a.duckdb", "others", SCHEMA).add(rows_of(1))
    with pytest.raises(InputError, match="does not hold the table"):
        RowStore(tmp_path / "a.duckdb", "labels", SCHEMA).rows()


FULL = """import resource, signal, sys, pathlib, pyarrow as pa
from linkage.engine import RowStore
from linkage.errors import LeoError
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
schema = pa.schema([("n", pa.int64()), ("said", pa.string())])
store = RowStore(pathlib.Path(sys.argv[1]), "labels", schema)
size = store.path.stat().st_size
resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
more = pa.table({"n": range(100_000), "said": [str(number) * 9 for number in range(100_000)]}, schema)
try:
    store.add(more)
except LeoError as error:
    print(type(error).__name__, error)"""


def test_a_full_disk_loses_no_earlier_rows(tmp_path: Path) -> None:
    schema = SCHEMA.remove(2)
    store = RowStore(tmp_path / "labels.duckdb", "labels", schema)
    store.add(pa.table({"n": [1, 2], "said": ["yes", "no"]}, schema))
    result = subprocess.run(
        [sys.executable, "-c", FULL, str(store.path)], capture_output=True, text=True
    )
    assert result.stdout.startswith(
        f"LeoError {store.path}: there is no space on the disk, and nothing was added\n"
    ), result
    assert store.rows().column("n").to_pylist() == [1, 2]


@pytest.mark.parametrize("cause", ["Permission denied", "Read-only file system"])
def test_a_file_without_permission_is_refused_with_a_remedy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cause: str
) -> None:
    store = RowStore(tmp_path / "labels.duckdb", "labels", SCHEMA)
    store.add(rows_of(1))

    def refuse(path: str, **options: object) -> None:
        raise duckdb.IOException(f'IO Error: Cannot open file "{path}": {cause}')

    monkeypatch.setattr("linkage.engine.store.duckdb.connect", refuse)
    with pytest.raises(LeoError, match="this user may not open it\n  give"):
        store.rows()
