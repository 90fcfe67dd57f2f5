"""The same engine on Spark, for data that one machine does not hold. Queries come in DuckDB's dialect (dialect.py)."""

import atexit
import itertools
import os
import re
import shutil
import sys
import tempfile
import uuid
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Self

import pyarrow as pa
import pyarrow.dataset as pads
import pyarrow.parquet as pq
from py4j.protocol import Py4JJavaError  # type: ignore[import-untyped]
from pyspark.errors import PySparkException
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.functions import arrow_udf

from linkage.engine.base import Table, Value, quote, render
from linkage.engine.dialect import to_spark
from linkage.engine.files import parquet_files
from linkage.engine.fingerprint import combined, row_text
from linkage.engine.java import find_java
from linkage.engine.similarity import FUNCTIONS
from linkage.errors import ConfigError, ContractError, InputError, LeoError

SETTINGS: Mapping[str, str] = {
    "spark.sql.ansi.enabled": "true",
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.timestampType": "TIMESTAMP_NTZ",  # as DuckDB's TIMESTAMP, without a zone
    "spark.sql.adaptive.enabled": "true",
    "spark.sql.execution.arrow.pyspark.enabled": "true",
    "spark.sql.parquet.compression.codec": "zstd",
    "spark.sql.parquet.datetimeRebaseModeInRead": "CORRECTED",  # dates before 1900 as they stand
    "spark.sql.parquet.datetimeRebaseModeInWrite": "CORRECTED",
    "spark.sql.parquet.outputTimestampType": "TIMESTAMP_MICROS",
    "spark.sql.parquet.mergeSchema": "true",  # columns are matched by name over all files
    "spark.hadoop.mapreduce.fileoutputcommitter.marksuccessfuljobs": "false",
}
"""What makes Spark answer as DuckDB does; set on any session that the engine is given."""

_LOGGING = Path(__file__).with_name("log4j2.properties")

_JAVA = f"-Duser.timezone=UTC -Dlog4j2.configurationFile=file://{_LOGGING}"

_LAUNCH: Mapping[str, str] = {
    "spark.ui.enabled": "false",  # its pages would show plans to anyone on the machine
    "spark.ui.showConsoleProgress": "false",
    "spark.driver.host": "127.0.0.1",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.sql.shuffle.partitions": "4",
}

_names = itertools.count(1)  # over all engines of the process, since they may share a session


class SparkEngine:
    """Queries run on Spark; stored tables are Parquet in `scratch`, which also cuts their lineage.

    Args:
        memory_limit: of the driver, as DuckDB writes it, for example "8GB"; 2 GB when None. On a cluster the executors'
            memory is spark-submit's to say.
        threads: of the local master; all cores when None.
        scratch: folder for stored tables, on a cluster one that all workers see; a temporary one, removed on close,
            when None.
        durable: keep stored tables as Parquet in `scratch`, so that the loss of a worker costs nothing. Else they are
            in the memory and on the disks of the workers, which is faster; chosen when None and the only worker is
            this process.
        session: a session to work on; the process's own, found or started, when None. It outlives the engine, since
            stages follow one another and a start takes seconds; it ends with the process.

    Raises:
        ConfigError: no Java runtime; the message says what to install.
    """

    name = "spark"

    def __init__(
        self,
        *,
        memory_limit: str | None = None,
        threads: int | None = None,
        scratch: Path | None = None,
        durable: bool | None = None,
        session: SparkSession | None = None,
    ) -> None:
        self._own_scratch = tempfile.TemporaryDirectory(prefix="leo-spark-") if scratch is None else None
        self.scratch = Path(self._own_scratch.name) if self._own_scratch else Path(scratch or "")
        self.scratch.mkdir(parents=True, exist_ok=True)
        running = session or SparkSession.getActiveSession()
        self.session = running or start_session(memory_limit=memory_limit, threads=threads)
        _prepare(self.session)
        local = self.session.sparkContext.master.startswith("local")
        self._durable = not local if durable is None else durable
        self._views: set[str] = set()
        self._stored: dict[str, Path] = {}

    @property
    def memory(self) -> int:
        return sys.maxsize  # Spark cuts its stages itself, and spills

    def read(self, paths: Path | Sequence[Path]) -> Table:
        """Parquet files or folders of them as one table, columns matched by name.

        Raises:
            InputError: no such file, or one that is not whole Parquet; the message names it.
        """
        found = [str(path.resolve()) for path in parquet_files(paths)]
        return self._named(self._guarded(lambda: self.session.read.parquet(*found)))

    def from_arrow(self, data: pa.Table) -> Table:
        return self._named(self.session.createDataFrame(_accepted(data)))

    def sql(
        self, query: str, *, params: Mapping[str, Value] | None = None, store: bool = False, **tables: Table
    ) -> Table:
        text = to_spark(render(query, tables, params))
        frame = self._guarded(lambda: self.session.sql(text))
        _check_types(frame)
        if not store:
            return self._named(frame)
        if not self._durable:
            return self._named(self._guarded(lambda: frame.localCheckpoint(eager=True)))
        path = self.scratch / uuid.uuid4().hex
        self._guarded(lambda: frame.write.parquet(str(path)))
        table = self._named(self.session.read.schema(frame.schema).parquet(str(path)))
        self._stored[table.name] = path
        return table

    def write(self, table: Table, path: Path) -> int:
        """A folder of part files at path, whole or not at all; returns its rows, read from the files' footers."""
        path.parent.mkdir(parents=True, exist_ok=True)
        part, before = path.with_name(f".{path.name}.part"), path.with_name(f".{path.name}.before")
        for left_over in (part, before):
            shutil.rmtree(left_over, ignore_errors=True)
        try:
            self._guarded(lambda: self._frame(table).write.parquet(str(part)))
            rows = sum(pq.read_metadata(file).num_rows for file in part.glob("*.parquet"))
            if path.exists():
                path.rename(before)
            part.rename(path)
        except BaseException:
            shutil.rmtree(part, ignore_errors=True)
            raise
        if before.is_dir():
            shutil.rmtree(before)
        else:
            before.unlink(missing_ok=True)
        return int(rows)

    def split(self, table: Table, folder: Path, key: str, parts: int) -> None:
        text = to_spark(f"select * from {quote(table.name)} where {key} is not null")
        frame = self._guarded(lambda: self.session.sql(text))
        hashed = to_spark(f"select {key} as k from t").removeprefix("SELECT ").removesuffix(" AS k FROM t")
        frame = frame.selectExpr("*", f"cast(pmod(xxhash64({hashed}), {int(parts)}) as int) as part")
        unfinished = folder.with_name(f".{folder.name}.part")
        shutil.rmtree(unfinished, ignore_errors=True)
        try:
            self._guarded(lambda: frame.write.partitionBy("part").parquet(str(unfinished)))
            unfinished.rename(folder)
        except BaseException:
            shutil.rmtree(unfinished, ignore_errors=True)
            raise

    def count(self, table: Table) -> int:
        return int(self._guarded(self._frame(table).count))

    def arrow(self, table: Table) -> pa.Table:
        found: pa.Table = self._guarded(self._frame(table).toArrow)
        return found

    def batches(self, table: Table, size: int = 100_000) -> Iterator[pa.RecordBatch]:
        # Through Parquet, so that the driver holds one batch and not the table.
        path = self.scratch / uuid.uuid4().hex
        try:
            self._guarded(lambda: self._frame(table).write.parquet(str(path)))
            yield from pads.dataset(path, format="parquet").to_batches(batch_size=size)
        finally:
            shutil.rmtree(path, ignore_errors=True)

    def fingerprint(self, table: Table) -> str:
        frame = self._frame(table)
        text = to_spark(f"select {row_text(frame.limit(0).toArrow().schema)} as row_text from {quote(table.name)}")
        number = "cast(conv(substr(md5(row_text), 1, 15), 16, 10) as decimal(38, 0))"
        query = f"select count(*) as row_count, sum({number}) as total from ({text})"
        (row,) = self._guarded(self.session.sql(query).collect)
        return combined(row["row_count"], row["total"])

    def drop(self, *tables: Table) -> None:
        for table in tables:
            self.session.catalog.dropTempView(table.name)
            self._views.discard(table.name)
            path = self._stored.pop(table.name, None)
            if path:
                shutil.rmtree(path, ignore_errors=True)

    def close(self) -> None:
        self.drop(*(Table(name, ()) for name in tuple(self._views)))
        if self._own_scratch:
            self._own_scratch.cleanup()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def _frame(self, table: Table) -> DataFrame:
        return self.session.table(table.name)

    def _named(self, frame: DataFrame) -> Table:
        name = f"leo_{next(_names)}"
        frame.createOrReplaceTempView(name)
        self._views.add(name)
        return Table(name, frame.columns)

    def _guarded(self, work: Any) -> Any:
        try:
            return work()
        except (PySparkException, Py4JJavaError) as error:
            raise _explained(error, self.scratch) from None  # its cause's text may quote values of rows


def start_session(
    *,
    memory_limit: str | None = None,
    threads: int | None = None,
    settings: Mapping[str, str] | None = None,
    java_options: str = "",
) -> SparkSession:
    """A session on a master in this process, or on the one that spark-submit names.

    Args:
        memory_limit: of the driver; 2 GB when None.
        threads: of the local master; all cores when None.
        settings: of Spark, over the engine's own.
        java_options: further options of the driver's Java.

    Raises:
        ConfigError: no Java runtime of a version that Spark runs on.
    """
    find_java()
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")
    builder = SparkSession.builder.appName("leo")
    if "SPARK_ENV_LOADED" not in os.environ:  # spark-submit has not chosen a master
        builder = builder.master(f"local[{threads or '*'}]")
        builder = builder.config("spark.driver.memory", java_memory(memory_limit or "2GB"))
    builder = builder.config("spark.driver.extraJavaOptions", f"{_JAVA} {java_options}".strip())
    for key, value in {**_LAUNCH, **SETTINGS, **(settings or {})}.items():
        builder = builder.config(key, value)
    session = builder.getOrCreate()
    atexit.register(session.stop)
    session.sparkContext.setLogLevel("FATAL")  # its errors quote rows
    return session


def _prepare(session: SparkSession) -> None:
    """Settings and functions, once a session."""
    if session.conf.get("leo.prepared", None):
        return
    for key, value in SETTINGS.items():
        if not key.startswith("spark.hadoop."):
            session.conf.set(key, value)
    for name, (function, kind) in FUNCTIONS.items():
        session.udf.register(name, arrow_udf(function, kind))
    session.conf.set("leo.prepared", "yes")


def java_memory(limit: str) -> str:
    """ "8GB" or "512 MiB" as Java writes it: 8g, 512m.

    Raises:
        ConfigError: it is no amount of memory.
    """
    match = re.fullmatch(r"\s*(\d+)\s*([KMGT])i?B?\s*", limit, re.IGNORECASE)
    if not match:
        raise ConfigError(f"run.memory_limit: '{limit}' is no amount of memory\n  write for example 8GB")
    return f"{match.group(1)}{match.group(2).lower()}"


_NARROW = {pa.uint8(): pa.int16(), pa.uint16(): pa.int32(), pa.uint32(): pa.int64(), pa.uint64(): pa.decimal128(20, 0),
           pa.large_string(): pa.string(), pa.null(): pa.string()}  # fmt: skip


def _accepted(data: pa.Table) -> pa.Table:
    """The table in types that Spark takes from Arrow."""
    fields = []
    for field in data.schema:
        kind = field.type.value_type if pa.types.is_dictionary(field.type) else field.type
        fields.append(pa.field(field.name, _NARROW.get(kind, kind)))
    return data.cast(pa.schema(fields))


def _check_types(frame: DataFrame) -> None:
    intervals = [name for name, kind in frame.dtypes if kind.startswith("interval")]
    if intervals:
        raise ContractError(
            f"{', '.join(intervals)}: a date minus a date is an interval on Spark\n"
            "  say date_diff('day', earlier, later)"
        )


_OF_FILES = ("CANNOT_READ_FILE_FOOTER", "FAILED_READ_FILE", "UNABLE_TO_INFER_SCHEMA", "PATH_NOT_FOUND")
_OF_QUERIES = ("PARSE_SYNTAX_ERROR", "UNRESOLVED", "DATATYPE_MISMATCH", "TABLE_OR_VIEW", "AMBIGUOUS", "UNSUPPORTED",
               "MISSING", "WRONG_NUM_ARGS", "INVALID_")  # fmt: skip


def _explained(error: Exception, scratch: Path) -> LeoError:
    """An engine's error in words that say what to do, without its text where that may quote values of rows."""
    text, kind = str(error), _condition(error)
    if kind.startswith(_OF_FILES):
        named = re.search(r"(?:file:)?(/[^\s`'\"]+\.parquet)", text)
        return InputError(f"a file could not be read: {named.group(1) if named else kind}\n  is it whole Parquet?")
    if "No space left" in text:
        return LeoError(
            f"the disk is full\n  free space below {scratch} and in the output folder, then run the same command again"
        )
    if "OutOfMemoryError" in text:
        return LeoError("Spark ran out of memory\n  raise [run] memory_limit, or the executors' memory at spark-submit")
    if kind.startswith(_OF_QUERIES):  # a fault of the query, found before a row is read
        hint = "\n  a date minus a date is an interval on Spark: say date_diff('day', earlier, later)"
        told = hint if kind.startswith("DATATYPE_MISMATCH") else ""
        return LeoError(f"Spark cannot run a query: {text.strip().splitlines()[0]}{told}")
    return ContractError(
        f"Spark failed on a row: {kind or type(error).__name__}\n"
        "  the value is not shown; look for a cast of text in the query that failed"
    )


def _condition(error: Exception) -> str:
    """The error's class as Spark names it, for example CAST_INVALID_INPUT."""
    if isinstance(error, PySparkException):
        named = error.getCondition()
        if named:
            return str(named)
    match = re.search(r"\[([A-Z][A-Z0-9_.]+)\]", str(error))
    return match.group(1) if match else ""
