"""Errors of the system that DuckDB reports, in words that say what to do."""

from pathlib import Path

import duckdb
import pyarrow as pa
import pytest

from linkage.engine import macros
from linkage.engine.duckdb import DuckDBEngine, _explained
from linkage.errors import InputError, LeoError


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (
            duckdb.IOException(
                'IO Error: Could not write file "/data/x": No space left on device'
            ),
            "the disk is full",
        ),
        (
            duckdb.IOException(
                'IO Error: Could not write file "/data/x": File too large'
            ),
            "the disk is full",
        ),
        (
            duckdb.IOException(
                "IO Error: Flush failed [size=9]: "
                '{"exception_type":"IO","exception_message":'
                '"Could not write file \\"/data/x.parquet\\": File too '
                'large","errno":"27"}'
            ),
            "the disk is full",
        ),
        (
            duckdb.IOException(
                'IO Error: Cannot open file "/disk1/x": Permission denied'
            ),
            "give this user the right",
        ),
        (
            duckdb.IOException(
                'IO Error: Cannot open file "/memory limit/x.parquet": gone'
            ),
            "a file could not be read",
        ),
    ],
)
def test_the_fault_is_not_read_from_the_name_of_a_file(
    error: duckdb.Error, message: str
) -> None:
    assert message in str(_explained(error, Path("scratch")))


def test_a_value_that_could_not_be_read_is_not_quoted() -> None:
    error = duckdb.InvalidInputException(
        "Invalid Input Error: Invalid string encoding found in Parquet file "
        '"/data/x.parquet": value "AB3\\xDF9FJ" is '
        "not valid UTF8!"
    )
    assert str(_explained(error, Path("scratch"))) == (
        "a file could not be read: /data/x.parquet is damaged inside\n  fetch it "
        "again, or write it again"
    )


def test_a_lost_file_is_not_called_a_full_disk(tmp_path: Path) -> None:
    """Sources on /mnt/disk1: every refusal said that the disk was full."""
    with DuckDBEngine() as engine, pytest.raises(LeoError) as error:
        engine.sql(f"from read_parquet('{tmp_path}/disk1/gone.parquet')", store=True)
    assert "full" not in str(error.value)


def test_a_path_that_duckdb_cannot_read_is_named(tmp_path: Path) -> None:
    """It found no file there: in a pattern it takes a backslash for the end of a
    folder.
    """
    for name in ("b\\s", "[x]", 'it\'s 100% "so" {a}'):
        with DuckDBEngine() as engine:
            place = tmp_path / name / "one.parquet"
            engine.write(engine.sql("select 1 as n", store=True), place)
            assert engine.count(engine.read(place)) == 1
    with (
        DuckDBEngine() as engine,
        pytest.raises(InputError, match="rename a folder of it"),
    ):
        engine.write(
            engine.sql("select 1 as n", store=True),
            tmp_path / "b\\s [x]" / "one.parquet",
        )


def test_a_memory_limit_too_small_for_anything_is_reported() -> None:
    """What arrived from Python, under a limit of 0GB, ended as an unforeseen error; so
    did the engine's own macros.
    """
    with (
        pytest.raises(LeoError, match="ran out of its memory limit\n  raise"),
        DuckDBEngine(memory_limit="0GB") as engine,
    ):
        engine.from_arrow(pa.table({"line": range(9), "reason": ["no date"] * 9}))


def test_a_memory_limit_reached_at_the_start_is_reported(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(_connection: duckdb.DuckDBPyConnection) -> None:
        raise duckdb.OutOfMemoryException(
            "Out of Memory Error: could not allocate block of size 4.0 KiB"
        )

    monkeypatch.setattr(macros, "define", fail)
    with pytest.raises(LeoError, match="ran out of its memory limit\n  raise"):
        DuckDBEngine()
