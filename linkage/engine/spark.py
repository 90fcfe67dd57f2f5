"""The same engine on Spark, for data that one machine does not hold. Queries come in DuckDB's dialect (dialect.py)."""

import itertools
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

from linkage.engine.base import Table, Value, quote, render
from linkage.engine.dialect import to_spark
from linkage.engine.files import parquet_files
from linkage.engine.fingerprint import combined, row_text
from linkage.engine.spark_errors import explained
from linkage.engine.spark_session import prepare, start_session
from linkage.errors import ContractError

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
        prepare(self.session)
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
            raise explained(error, self.scratch) from None  # its cause's text may quote values of rows


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
