"""What Spark says of a failure, in words that say what to do and hold no value of a
row.
"""

import re
from pathlib import Path

from py4j.protocol import Py4JError, Py4JNetworkError  # type: ignore[import-untyped]
from pyspark.errors import AnalysisException, PySparkException
from pyspark.sql import SparkSession

from linkage.errors import ContractError, InputError, LeoError

_OF_FILES = (
    "CANNOT_READ_FILE_FOOTER",
    "FAILED_READ_FILE",
    "UNABLE_TO_INFER_SCHEMA",
    "PATH_NOT_FOUND",
)
GONE = (ConnectionRefusedError, ConnectionResetError, Py4JNetworkError)
"""What any call raises once Spark's Java has ended."""

_STOPPED = ("stopped SparkContext", "SparkContext was shut down")
"""What of an error's text tells so by itself."""

_IN_VAIN = (
    "failed to connect back",
    "Could not execute broadcast",
    "timed out",
    "Python worker exited unexpectedly",
)
"""What Spark says where it has waited for a machine that had no time or no memory for
it.
"""


def explained(error: Exception, scratch: Path, session: SparkSession) -> LeoError:
    """An engine's error in words that say what to do, without its text where that may
    quote values of rows.
    """
    try:
        return _explained(error, scratch, session)
    except (
        *GONE,
        Py4JError,
    ):  # Spark's Java ended before it could be asked what the error was
        return _was_stopped()


def _explained(error: Exception, scratch: Path, session: SparkSession) -> LeoError:
    text, kind = str(error), _condition(error)
    if kind.startswith(_OF_FILES):
        path_match = re.search(r"(?:file:)?(/[^\s`'\"]+\.parquet)", text) or re.search(
            r"file:(/[^\s`'\"]+)", text
        )
        file = path_match.group(1).rstrip(".") if path_match else kind
        if (
            "NOT_EXIST" in kind
            or kind == "PATH_NOT_FOUND"
            or "FileNotFoundException" in text
        ):
            return InputError(
                f"a file is no longer there: {file}\n  put it back; where it is below "
                f"{scratch}, run the same command "
                "again: what was stored there is made again.\n  On a cluster all "
                "workers must see both folders"
            )
        return InputError(f"a file could not be read: {file}\n  is it whole Parquet?")
    if isinstance(error, ConnectionError | Py4JNetworkError) or any(
        phrase in text for phrase in _STOPPED
    ):
        return _was_stopped()
    if "No space left" in text:
        return LeoError(
            f"the disk is full\n  free space below {scratch} and in the output folder, "
            "then run the same command again"
        )
    if (
        "OutOfMemoryError" in text
        or "build and broadcast" in text
        or "maxResultSize" in text
    ):
        return _without_memory(text)
    if "ExecutorLostFailure" in text:
        return LeoError(
            "workers ended in the middle of a task, again and again\n"
            "  most likely for want of memory: raise spark.executor.memory, or cut the "
            "work finer with more\n"
            "  spark.sql.shuffle.partitions (--conf of spark-submit), then run the "
            "same command again"
        )
    if "cancellation of all jobs" in text:  # by the session's watch
        return LeoError(
            "all workers have ended, and none has given an executor since\n"
            "  start one, then run the same command again: it continues from the last "
            "whole stage"
        )
    if any(phrase in text for phrase in _IN_VAIN):
        return LeoError(
            "Spark has waited in vain for one of its processes, or for a table to "
            "reach them all\n"
            "  most likely the machines are too busy, or short of memory: leave them "
            "more, or wait longer with --conf\n"
            "  spark.network.timeout=600s --conf spark.sql.broadcastTimeout=1200; then "
            "run the same command again"
        )
    if isinstance(
        error, AnalysisException
    ):  # of the query, before a row is read: later ones may quote values
        hint = (
            "\n  a date minus a date is an interval on Spark: say date_diff('day', "
            "earlier, later)"
        )
        hint_text = (
            hint if kind.startswith("DATATYPE_MISMATCH") and "INTERVAL" in text else ""
        )
        return LeoError(
            f"Spark cannot run a query: {text.strip().splitlines()[0]}{hint_text}"
        )
    if kind in ("", "INTERNAL_ERROR") and session.sparkContext._jsc.sc().isStopped():
        # what was at work met what was gone already: a null pointer, or a fault of
        # Spark's own
        return _was_stopped()
    return ContractError(
        f"Spark failed on a row: {kind or _java_class(error)}\n"
        "  the value is not shown; look for a cast of text in the query that failed"
    )


def _was_stopped() -> LeoError:
    return LeoError(
        "Spark's driver was stopped, or killed for want of memory\n"
        "  run the same command again: it continues from the last whole stage"
    )


def _without_memory(text: str) -> LeoError:
    """Whose memory it was: a task's failure is reported as one of a stage."""
    is_of_task = "stage failure" in text and "build and broadcast" not in text
    process, remedy = (
        (
            "an executor",
            "--executor-memory of spark-submit, or more spark.sql.shuffle.partitions",
        )
        if is_of_task
        else (
            "Spark's driver",
            "--driver-memory of spark-submit (2g for whole steps of a million), or "
            "[run] memory_limit",
        )
    )
    return LeoError(
        f"{process} ran out of memory\n  raise {remedy}; then run the same command "
        "again"
    )


def _condition(error: Exception) -> str:
    """The error's class as Spark names it, for example CAST_INVALID_INPUT."""
    if isinstance(error, PySparkException):
        condition = error.getCondition()
        if condition:
            return str(condition)
    match = re.search(r"\[([A-Z][A-Z0-9_.]+)\]", str(error))
    return match.group(1) if match else ""


def _java_class(error: Exception) -> str:
    """The name of what Java threw, in the task that failed where it was one, without
    what it says.
    """
    if task_match := re.search(
        r"most recent failure: Lost task [^\n]*?: "
        r"(?:[\w$]+\.)+(\w+(?:Exception|Error))\b",
        str(error),
    ):
        return task_match.group(1)
    java_error = getattr(error, "java_exception", None)
    return (
        str(java_error.getClass().getSimpleName())
        if java_error is not None
        else type(error).__name__
    )
