"""Losses during a query: an error that names what was lost and says what to do, and
nothing half written.
"""

import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pyarrow as pa
import pytest

from linkage.errors import InputError, LeoError

pytestmark = pytest.mark.spark


@pytest.fixture
def durable(spark_session, tmp_path):
    """An engine that stores tables as a cluster's does."""
    from linkage.engine.spark import SparkEngine

    with SparkEngine(
        session=spark_session, scratch=tmp_path / "scratch", durable=True
    ) as engine:
        yield engine


def test_a_lost_folder_of_stored_tables_is_reported(durable, tmp_path):
    numbers = durable.from_arrow(pa.table({"n": [1, 2, 3]}))
    table = durable.sql("select n + 1 as n from {numbers}", numbers=numbers, store=True)
    shutil.rmtree(durable.scratch)
    with pytest.raises(InputError, match="is no longer there") as error:
        durable.write(table, tmp_path / "out" / "t.parquet")
    assert str(durable.scratch) in str(error.value)
    assert "run the same command again" in str(error.value)
    assert list((tmp_path / "out").iterdir()) == []


def test_a_secret_is_written_to_no_file(durable):
    key = durable.from_arrow(pa.table({"ipad": [b"SECRET"]}), secret=True)
    assert not [path for path in durable.scratch.rglob("*") if path.is_file()]
    assert [
        bytes(row["ipad"]) for row in durable.session.table(key.name).collect()
    ] == [b"SECRET"]


def test_a_stored_table_is_not_written_twice(durable, tmp_path):
    numbers = durable.from_arrow(pa.table({"n": [1, 2, 3]}))
    table = durable.sql("select n + 1 as n from {numbers}", numbers=numbers, store=True)
    assert durable.write(table, tmp_path / "out" / "t.parquet") == 3
    (file,) = (tmp_path / "out" / "t.parquet").glob("*.parquet")
    assert file.stat().st_nlink == 2
    durable.drop(table)
    assert file.stat().st_nlink == 1
    assert durable.arrow(durable.read(tmp_path / "out" / "t.parquet"))[
        "n"
    ].to_pylist() == [2, 3, 4]


def test_a_written_table_holds_only_its_rows_on_spark(spark_engine, tmp_path):
    """Hadoop's checksums lay hidden in extracts, and stood in their SHA256SUMS."""
    numbers = spark_engine.from_arrow(pa.table({"n": [1, 2, 3]}))
    assert spark_engine.write(numbers, tmp_path / "t.parquet") == 3
    assert {path.suffix for path in (tmp_path / "t.parquet").iterdir()} == {".parquet"}
    assert sorted(
        spark_engine.arrow(spark_engine.read(tmp_path / "t.parquet"))["n"].to_pylist()
    ) == [1, 2, 3]


def test_on_a_disk_without_hard_links_it_is_written_twice(
    durable, tmp_path, monkeypatch
):
    def refuse(*_: object) -> None:
        raise OSError(18, "Invalid cross-device link")

    monkeypatch.setattr("os.link", refuse)
    table = durable.sql("select 1 as n", store=True)
    assert durable.write(table, tmp_path / "out" / "t.parquet") == 1
    assert durable.arrow(durable.read(tmp_path / "out" / "t.parquet"))[
        "n"
    ].to_pylist() == [1]


@pytest.mark.parametrize("work", ["store", "write", "split"])
def test_rows_that_a_worker_wrote_to_another_disk_are_reported_on_spark(
    durable, tmp_path, monkeypatch, work
):
    """A run's folder that workers do not share had tables of no row, or of some, and
    nobody said so.
    """
    from pyspark.sql import DataFrameWriter

    numbers = durable.from_arrow(pa.table({"n": [1, 2, 3, 4]}))
    monkeypatch.setattr(durable._on_driver, "store", lambda *_: False)
    write = DataFrameWriter.parquet

    def write_and_lose(writer: DataFrameWriter, path: str) -> None:
        write(writer, path)
        next(Path(path).rglob("*.parquet")).unlink()

    monkeypatch.setattr(DataFrameWriter, "parquet", write_and_lose)
    query = "select n % 2 as n, count(*) as c from {t} group by n % 2"
    actions = {
        "store": lambda: durable.sql(query, t=numbers, store=True),
        "write": lambda: durable.write(
            durable.sql(query, t=numbers), tmp_path / "out" / "t.parquet"
        ),
        "split": lambda: durable.split(numbers, tmp_path / "out", "n", 2),
    }
    with pytest.raises(
        LeoError,
        match=r"not all that workers wrote there is to be seen\n.* every worker see it",
    ):
        actions[work]()
    assert not (tmp_path / "out").exists() or list((tmp_path / "out").iterdir()) == []


def test_a_missing_part_of_an_input_is_named(durable, tmp_path):
    path = tmp_path / "in" / "census.parquet"
    durable.write(durable.from_arrow(pa.table({"n": list(range(100))})), path)
    table = durable.read(path)
    part = sorted(path.glob("*.parquet"))[0]
    part.unlink()
    with pytest.raises(InputError, match="is no longer there") as error:
        durable.write(table, tmp_path / "out" / "t.parquet")
    assert part.name in str(error.value)
    assert list((tmp_path / "out").iterdir()) == []


def test_an_error_of_a_row_in_the_form_of_one_of_a_query_shows_no_value(spark_engine):
    """Spark calls a row's value an invalid parameter where it is taken for a pattern,
    and quotes it.
    """
    texts = spark_engine.from_arrow(pa.table({"a": ["x"], "pattern": ["SECRETNAME("]}))
    with pytest.raises(LeoError) as error:
        spark_engine.arrow(
            spark_engine.sql("select regexp_matches(a, pattern) as m from {t}", t=texts)
        )
    assert "SECRETNAME" not in str(error.value)
    assert str(error.value).startswith(
        "Spark failed on a row: INVALID_PARAMETER_VALUE.PATTERN"
    )
    with pytest.raises(
        LeoError, match=r"Spark cannot run a query: \[UNRESOLVED_COLUMN.* `n`"
    ):
        spark_engine.sql("select n from {t}", t=texts)


def explain(
    error: Exception, *, is_stopped: bool = False, session: Any = None
) -> LeoError:
    """The message for a user, with as much of a session as tells whether it was
    stopped.
    """
    from linkage.engine import spark_errors

    java = SimpleNamespace(sc=lambda: SimpleNamespace(isStopped=lambda: is_stopped))
    spark = session or SimpleNamespace(sparkContext=SimpleNamespace(_jsc=java))
    return spark_errors.explained(error, Path("scratch"), spark)


@pytest.mark.parametrize(
    "cause",
    [
        "[INTERNAL_ERROR] The action failed: SECRETNAME",
        "java.lang.NullPointerException",
    ],
)
def test_an_error_after_spark_was_stopped_is_no_fault_of_a_row(cause, spark_engine):
    """A signal in the middle of a job: the work meets what is gone, and its error does
    not say why.
    """
    message = str(explain(RuntimeError(cause), is_stopped=True))
    assert message.startswith(
        "Spark's driver was stopped, or killed for want of memory\n  run the same "
        "command"
    )
    row_message = str(explain(RuntimeError(cause), session=spark_engine.session))
    assert row_message.startswith("Spark failed on a row: ")
    assert "SECRETNAME" not in message + row_message


def test_a_value_that_is_no_number_is_a_fault_though_spark_was_stopped():
    message = explain(RuntimeError("[CAST_INVALID_INPUT] SECRETNAME"), is_stopped=True)
    assert str(message).startswith("Spark failed on a row: CAST_INVALID_INPUT\n")


def test_java_that_ends_during_the_diagnosis_was_stopped():
    class Ended(RuntimeError):
        def __str__(self) -> str:
            raise ConnectionRefusedError(111, "Connection refused")

    message = explain(Ended())
    assert str(message).startswith("Spark's driver was stopped")


_STOPPED = (
    "Spark's driver was stopped, or killed for want of memory\n  run the same command"
)


@pytest.mark.parametrize(
    ("cause", "start", "remedy"),
    [
        (
            "org.apache.spark.SparkException: Python worker failed to connect back.",
            "Spark has waited in vain",
            "",
        ),
        ("Could not execute broadcast in 300 secs.", "Spark has waited in vain", ""),
        (
            "Executor heartbeat timed out after 125000 ms",
            "Spark has waited in vain",
            "",
        ),
        (
            "Job 7 cancelled as part of cancellation of all jobs",
            "all workers have ended",
            "",
        ),
        (
            "Cannot call methods on a stopped SparkContext. It was created at",
            _STOPPED,
            "",
        ),
        ("Job 3 cancelled because SparkContext was shut down", _STOPPED, ""),
        (ConnectionRefusedError(111, "Connection refused"), _STOPPED, ""),
        (
            "ExecutorLostFailure (executor 1 exited)",
            "workers ended in the middle of a task",
            "memory",
        ),
        (
            "Job aborted due to stage failure: Task 3 in stage 9.0: "
            "java.lang.OutOfMemoryError",
            "an executor ran out of memory",
            "--executor-memory",
        ),
        (
            "java.lang.OutOfMemoryError: Java heap space",
            "Spark's driver ran out of memory",
            "--driver-memory",
        ),
        (
            "Not enough memory to build and broadcast the table",
            "Spark's driver ran out of memory",
            "--driver-memory",
        ),
        (
            "Job aborted due to stage failure: Task 0 in stage 3.0 failed 1 times, "
            "most recent failure: Lost task 0.0 "
            "in stage 3.0 (TID 3) (10.0.0.1 executor 1): "
            "java.lang.ArrayIndexOutOfBoundsException:",
            "Spark failed on a row: ArrayIndexOutOfBoundsException\n",
            "",
        ),
    ],
)
def test_the_cause_is_reported_without_quoted_values(cause, start, remedy):
    """Machines too busy, workers gone, a driver stopped or without memory are no fault
    of a row.
    """
    error = (
        cause
        if isinstance(cause, Exception)
        else RuntimeError(f"Job aborted: {cause} SECRETNAME")
    )
    report = explain(error)
    assert str(report).startswith(start)
    assert remedy in str(report)
    is_row_fault = start.startswith("Spark failed on a row")
    assert (type(report) is LeoError) is not is_row_fault
    assert is_row_fault or "run the same command again" in str(report)
    assert "SECRETNAME" not in str(report)


@pytest.mark.parametrize(
    "cause",
    [
        KeyboardInterrupt(),
        LeoError("the disk is full"),
        ConnectionRefusedError(111, "refused"),
    ],
)
def test_the_cause_is_reported_where_java_ended_too(
    cause, spark_session, tmp_path, monkeypatch
):
    from linkage.engine.spark import SparkEngine

    def refuse(*_: object) -> None:
        raise ConnectionRefusedError(111, "Connection refused")

    engine = SparkEngine(
        session=spark_session, scratch=tmp_path / "scratch", durable=True
    )
    engine.sql("select 1 as n", store=True)
    monkeypatch.setattr(engine.session.catalog, "dropTempView", refuse)
    with (
        pytest.raises(
            LeoError if isinstance(cause, ConnectionError) else type(cause)
        ) as error,
        engine,
    ):
        raise cause
    assert error.value is cause or "run the same command again" in str(error.value)
    assert not [path for path in (tmp_path / "scratch").rglob("*") if path.is_file()]
