"""Spark sessions: what is set on them, and how one is started."""

import atexit
import contextlib
import logging
import os
import re
import sys
import threading
import time
from collections.abc import Mapping

from py4j.protocol import Py4JError, Py4JJavaError  # type: ignore[import-untyped]
from pyspark import SparkConf, SparkContext
from pyspark.errors import PySparkException
from pyspark.sql import SparkSession
from pyspark.sql.functions import arrow_udf

from linkage.engine.java import LOGGING, find_java
from linkage.engine.similarity import FUNCTIONS
from linkage.engine.spark_errors import GONE
from linkage.errors import ConfigError, LeoError

SETTINGS: Mapping[str, str] = {
    "spark.sql.ansi.enabled": "true",
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.timestampType": "TIMESTAMP_NTZ",  # as DuckDB's TIMESTAMP, without a zone
    "spark.sql.adaptive.enabled": "true",
    "spark.sql.execution.arrow.pyspark.enabled": "true",
    "spark.sql.parquet.compression.codec": "zstd",
    # dates before 1900 as they stand
    "spark.sql.parquet.datetimeRebaseModeInRead": "CORRECTED",
    "spark.sql.parquet.datetimeRebaseModeInWrite": "CORRECTED",
    "spark.sql.parquet.outputTimestampType": "TIMESTAMP_MICROS",
    # columns are matched by name over all files
    "spark.sql.parquet.mergeSchema": "true",
    # Both follow every alias of a deep query through all its stages: the plan of a
    # scoring, or of a union of cohorts, then takes minutes and gigabytes to make, for
    # queries of seconds.
    "spark.sql.constraintPropagation.enabled": "false",
    "spark.sql.unionOutputPartitioning": "false",
    # What a join may send to every worker passes through the driver first, and is
    # judged by the bytes that it has on disk; in memory it has some four times as many.
    "spark.sql.sources.fileCompressionFactor": "4",
    # Where each part of a shuffle is small, units are hashed and not sorted on both
    # sides: at a million against one and a half, a third less of the tasks' time in the
    # join that makes most links.
    "spark.sql.adaptive.maxShuffledHashJoinLocalMapThreshold": "64MB",
    # A hot key (a common name, a placeholder date) is cut where its part of a shuffle
    # is five times the usual one and more than this: executors of a few gigabytes sort
    # that without spilling. The default is 256 MB.
    "spark.sql.adaptive.skewJoin.skewedPartitionThresholdInBytes": "64MB",
    # A model with histories is a query of forty steps; Spark resolves a few in each of
    # 100 rounds, then gives up.
    "spark.sql.analyzer.maxIterations": "1000",
}
"""What makes Spark answer as DuckDB does; set on any session that the engine is given.
"""

_KEY_TEXT = r"(?:0x|X')[0-9A-Fa-f]{32,}'?|\b[0-9A-Fa-f]{64,}\b"

REDACTION: Mapping[str, str] = {
    "spark.redaction.regex": r"(?i)secret|password|passphrase|token|credential|access[._]?key|master[._]?key",  # noqa: E501
    "spark.redaction.string.regex": _KEY_TEXT,
    "spark.sql.redaction.string.regex": _KEY_TEXT,
}
"""Names of settings and texts that explained plans show as stars. It is no more than a
second lock: Spark does not star the tree of operators that it writes to event logs.
Keys enter queries as tables, whose rows no plan shows.
"""

_JAVA = f"-Duser.timezone=UTC -Dlog4j2.configurationFile=file://{LOGGING}"

_LAUNCH: Mapping[str, str] = {  # unless spark-submit says otherwise
    "spark.ui.enabled": "false",  # its pages would show plans to anyone on the machine
    "spark.ui.showConsoleProgress": "false",
    "spark.driver.extraJavaOptions": _JAVA,
    "spark.executor.extraJavaOptions": _JAVA,
    "spark.hadoop.mapreduce.fileoutputcommitter.marksuccessfuljobs": "false",
    **REDACTION,
}

_ON_THIS_MACHINE: Mapping[str, str] = {
    "spark.driver.host": "127.0.0.1",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.sql.shuffle.partitions": "4",
}

_PARTITIONS = ("spark.sql.shuffle.partitions", "spark.sql.files.minPartitionNum")
"""Settings: how many parts a shuffle has, and in how many a file of some megabytes is
read. Adaptive execution joins small ones of the first. Of as few parts as there are
cores, the longest keeps one at work where the others are done.
"""

_WAIT = "spark.leo.executorWait"
"""Setting: seconds in which a cluster must give an executor, the first one or after it
has lost all.
"""


def start_session(
    *,
    memory_limit: str | None = None,
    threads: int | None = None,
    settings: Mapping[str, str] | None = None,
    java_options: str = "",
) -> SparkSession:
    """A session on a master in this process, or on the one that spark-submit names.

    Args:
        memory_limit: of the driver of a master in this process; 2 GB when None.
        threads: of that master; all cores when None.
        settings: of Spark, over the engine's own.
        java_options: further options of the driver's Java.

    Raises:
        ConfigError: no Java runtime of a version that Spark runs on.
        LeoError: no master answers, or none of its workers gives an executor.
    """
    find_java()
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    with_submit = is_submitted()
    builder = SparkSession.builder.appName("leo")
    launch_settings = dict(_LAUNCH)
    if with_submit:
        # Java knows the settings of spark-submit, and Python only once it has asked
        # Java something.
        SparkContext.getSystemProperty("spark.master")
        submit_conf = SparkConf()
        launch_settings = {
            key: _combined(submit_conf.get(key), value, key)
            for key, value in launch_settings.items()
        }
    else:
        os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")
        builder = builder.master(f"local[{threads or '*'}]")
        launch_settings |= _ON_THIS_MACHINE
        launch_settings["spark.driver.memory"] = java_memory(memory_limit or "2GB")
        launch_settings["spark.driver.extraJavaOptions"] = (
            f"{_JAVA} {java_options}".strip()
        )
    for key, value in {**launch_settings, **SETTINGS, **(settings or {})}.items():
        builder = builder.config(key, value)
    try:
        session = builder.getOrCreate()
    except Py4JJavaError as error:
        raise _not_started(error) from None
    atexit.register(_ended, session)
    session.sparkContext.setLogLevel("FATAL")  # its errors quote rows
    if with_submit:
        _await_executor(session)
        for key in _PARTITIONS:
            if not submit_conf.contains(key):
                cores = session.sparkContext.defaultParallelism
                session.conf.set(key, str(max(3 * cores, 8)))
    return session


def is_submitted() -> bool:
    """Whether spark-submit started this process: it has chosen a master, here or on a
    cluster.
    """
    return "PYSPARK_GATEWAY_PORT" in os.environ


def _ended(session: SparkSession) -> None:
    """Stop a session at the process's end; where a signal has ended its Java before,
    there is none left to stop.
    """
    with contextlib.suppress(*GONE):
        session.stop()


def _not_started(error: Py4JJavaError) -> LeoError:
    """Why no session came, in Spark's own words: no row has been read yet that they
    could quote.
    """
    java_text = str(
        error.java_exception.getMessage()
        or error.java_exception.getClass().getSimpleName()
    )
    reason = re.sub(_KEY_TEXT, "*", java_text.partition("\n")[0])
    if "stopped SparkContext" in java_text or "master" in java_text.lower():
        reason = f"no master answers at {SparkConf().get('spark.master')}"
    return LeoError(
        f"Spark's session could not be started: {reason}\n"
        "  is the master that spark-submit names up, and do --driver-memory and "
        "--executor-memory fit the machines?"
    )


def _combined(submit_setting: str | None, own_setting: str, key: str) -> str:
    """The setting of spark-submit, else our own; Java options are joined, our
    own last.
    """
    if submit_setting is None or not key.endswith("extraJavaOptions"):
        return submit_setting or own_setting
    return (
        submit_setting
        if submit_setting.endswith(own_setting)
        else f"{submit_setting} {own_setting}"
    )


def _await_executor(session: SparkSession) -> None:
    """Wait for the first executor of a cluster: without one a query would wait for
    ever, and say nothing.

    Raises:
        ConfigError: how long to wait is no number.
        LeoError: none has come.
    """
    context = session.sparkContext
    if context.master.startswith("local"):
        return
    wait = context.getConf().get(_WAIT) or "60"
    if not re.fullmatch(r"\d+(\.\d+)?", wait):
        raise ConfigError(
            f"{_WAIT}: '{wait}' is no number of seconds\n  write for example 300"
        )
    seconds = float(wait)
    deadline = time.monotonic() + seconds
    while not _has_executor(context):
        if time.monotonic() > deadline:
            memory = context.getConf().get("spark.executor.memory", "1g")
            raise LeoError(
                f"no worker of {context.master} has given an executor of {memory} "
                f"within {seconds:.0f} s\n"
                "  start a worker, ask for less with --conf spark.executor.memory=..., "
                "or wait longer with "
                f"--conf {_WAIT}=..."
            )
        time.sleep(0.2)
    threading.Thread(target=_watch, args=(context, seconds), daemon=True).start()


def _has_executor(context: SparkContext) -> bool:
    return (
        int(context._jsc.sc().getExecutorMemoryStatus().size()) > 1
    )  # the driver is one of them


def _watch(context: SparkContext, seconds: float, pause: float = 2.0) -> None:
    """Cancel all jobs once they have waited so long without an executor: Spark waits
    for ever, and says nothing.
    """
    last = time.monotonic()
    end_errors = (
        PySparkException,
        Py4JError,
        OSError,
        AttributeError,
    )  # of a session, and the watch ends with it
    with contextlib.suppress(*end_errors):
        while not context._jsc.sc().isStopped():
            clock = time.monotonic()
            if _has_executor(context) or not context.statusTracker().getActiveJobsIds():
                last = clock
            elif clock - last > seconds:
                context.cancelAllJobs()
                last = clock
            time.sleep(pause)


def _is_ours(record: logging.LogRecord) -> bool:
    """Not of py4j, which tells the root logger, with a trace, of every call that a
    signal has ended.
    """
    return record.module not in ("java_gateway", "clientserver")


def prepare(session: SparkSession) -> None:
    """Settings and functions, once a session."""
    logging.getLogger().addFilter(_is_ours)
    for name in ("SQLQueryContextLogger", "DataFrameQueryContextLogger"):
        logging.getLogger(
            name
        ).disabled = (
            True  # pyspark writes a failed query's message there, with the value it met
        )
    if session.conf.get("leo.prepared", None):
        return
    for key, value in {
        **SETTINGS,
        "spark.sql.redaction.string.regex": _KEY_TEXT,
    }.items():
        session.conf.set(key, value)
    for name, (function, kind) in FUNCTIONS.items():
        session.udf.register(name, arrow_udf(function, kind))
    session.conf.set("leo.prepared", "yes")


def java_memory(limit: str) -> str:
    """ "8GB" or "512 MiB" as Java writes it, 8g and 512m; it takes no fractions:
    "1.5GB" is 1536m.

    Raises:
        ConfigError: it is no amount of memory.
    """
    match = re.fullmatch(
        r"\s*(\d+(?:\.\d+)?)\s*([KMGT])(?:i?B?|(?:ilo|ega|iga|era)bytes?)\s*",
        limit,
        re.IGNORECASE,
    )
    if not match:
        raise ConfigError(
            f"run.memory_limit: '{limit}' is no amount of memory for Spark\n  write "
            "for example 8GB"
        )
    amount, unit = float(match.group(1)), match.group(2).lower()
    while amount % 1 and unit != "k":
        amount, unit = amount * 1024, "kmgt"["kmgt".index(unit) - 1]
    return f"{int(amount)}{unit}"
