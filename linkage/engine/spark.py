"""The same engine on Spark, for data that one machine does not hold. Queries come in
DuckDB's dialect (dialect.py).
"""

import contextlib
import functools
import itertools
import os
import shutil
import sys
import threading
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Self

import pyarrow as pa
import pyarrow.dataset as pads
import pyarrow.parquet as pq
from py4j.protocol import Py4JError  # type: ignore[import-untyped]
from pyspark import inheritable_thread_target
from pyspark.errors import PySparkException
from pyspark.sql import DataFrame, Observation, SparkSession
from pyspark.sql.functions import col, count, lit
from pyspark.sql.pandas.types import to_arrow_schema
from pyspark.sql.types import StructField, StructType

from linkage.engine import batches
from linkage.engine import spark_fingerprint as fingerprints
from linkage.engine.base import Made, Stored, Table, Value, quote, render
from linkage.engine.batches import Work
from linkage.engine.dialect import to_spark
from linkage.engine.files import parquet_files, rows_in, whole
from linkage.engine.fingerprint import combined, row_text
from linkage.engine.locked_tempdir import scratch_folder
from linkage.engine.on_driver import Most, OnDriver
from linkage.engine.rewrite_for_spark import escaped, needs_rewrite, rewrite
from linkage.engine.spark_errors import GONE, explained
from linkage.engine.spark_session import is_submitted, prepare, start_session
from linkage.engine.spark_types import (
    accepted,
    check_types,
    of_arrow,
    of_files,
    of_names,
)
from linkage.errors import LeoError

_names = itertools.count(
    1
)  # over all engines of the process, since they may share a session
_answered: dict[tuple[object, ...], StructType] = {}
"""A query with the types that it reads, to the types of its result: queries recur, and
analysing takes seconds.
"""


class SparkEngine:
    """Queries run on Spark; stored tables are Parquet in `scratch`, which also cuts
    their lineage.

    Args:
        memory_limit: of the driver, as DuckDB writes it, for example "8GB"; 2 GB when
            None. On a cluster the executors' memory is spark-submit's to say.
        threads: of the local master; all cores when None.
        scratch: folder for stored tables, on a cluster one that all workers see; a
            temporary one, removed on close, when None.
        durable: keep stored tables as Parquet in `scratch`, so that the loss of a
            worker costs nothing. Else they are in the memory and on the disks of the
            workers, which is faster; chosen when None, and this process is the only
            worker and was not started by spark-submit.
        session: a session to work on; the process's own, found or started, when None.
            It outlives the engine, since stages follow one another and a start takes
            seconds; it ends with the process.
        on_driver: what a query may read to be answered by the driver's DuckDB, where
            stored tables are durable; some megabytes when None, unless the session's
            settings say spark.leo.onDriver=false: then nothing.

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
        on_driver: Most | None = None,
    ) -> None:
        self._own_scratch = scratch_folder() if scratch is None else None
        self.scratch = (
            self._own_scratch.path if self._own_scratch else Path(scratch or "")
        )
        self.scratch.mkdir(parents=True, exist_ok=True)
        active_session = session or SparkSession.getActiveSession()
        self.session = active_session or start_session(
            memory_limit=memory_limit, threads=threads
        )
        prepare(self.session)
        local = (
            self.session.sparkContext.master.startswith("local") and not is_submitted()
        )
        self._durable = not local if durable is None else durable
        self._views: set[str] = set()
        self._schemas: dict[str, StructType] = {}
        self._stored: dict[str, Path] = {}
        self._in_memory: dict[str, DataFrame] = {}  # stored tables that are no files
        self._on_driver = (
            OnDriver(self.scratch, on_driver or _most(self.session))
            if self._durable
            else None
        )
        self._counts: dict[str, int] = {}
        self._files: dict[
            str, list[Path]
        ] = {}  # of tables that are Parquet as it stands: their footers hold counts
        self._unregistered: dict[
            str, Path
        ] = {}  # stored tables that Spark has not been asked about yet
        self._registering = threading.Lock()

    @property
    def memory(self) -> int:
        return sys.maxsize  # Spark cuts its stages itself, and spills

    @property
    def is_distributed(self) -> bool:
        return True

    def read(self, paths: Path | Sequence[Path], *, number: str | None = None) -> Table:
        """Parquet files or folders of them as one table, columns matched by name.

        Raises:
            InputError: no such file, or one that is not whole Parquet; the message
                names it.
        """
        files = [path.resolve() for path in parquet_files(paths)]
        new_folder = self.scratch / uuid.uuid4().hex if needs_rewrite(files) else None
        if new_folder:
            files = [rewrite(files, new_folder)]
        schema = of_files(files)  # else Spark runs a job to learn it
        reader = self.session.read.schema(schema) if schema else self.session.read
        frame = self._guarded(lambda: reader.parquet(*map(escaped, files)))
        if number is not None:
            row = col("_metadata.row_index") + 1
            frame = frame.select("*", row.alias(number))
        table = self._named(frame)
        if new_folder:
            self._stored[table.name] = new_folder
        return table if number is not None else self._of_files(table, files)

    def from_arrow(self, data: pa.Table, *, secret: bool = False) -> Table:
        if self._on_driver and data.num_columns and not secret:
            return self._from_file(accepted(data))
        return self._named(self.session.createDataFrame(accepted(data)))

    def sql(
        self,
        query: str,
        *,
        params: Mapping[str, Value] | None = None,
        store: Stored = False,
        **tables: Table,
    ) -> Table:
        duckdb_query = render(query, tables, params)
        table_names = [table.name for table in tables.values()]
        cache_key = (
            query,
            repr(params),
            *((name, self._schemas[table.name]) for name, table in tables.items()),
        )
        path, driver = self.scratch / uuid.uuid4().hex, self._on_driver
        known_schema = _foreseen(store, cache_key) if driver else None
        if (
            driver
            and known_schema
            and driver.store(duckdb_query, table_names, known_schema, path)
        ):
            return self._stored_at(path, known_schema)
        text = to_spark(duckdb_query)
        self._register(*table_names)
        frame = self._guarded(lambda: self.session.sql(text))
        check_types(frame)
        _answered[cache_key] = frame.schema
        if not store:
            table = self._named(frame)
            if driver:
                driver.add_query(table.name, duckdb_query, table_names)
            return table
        # What the driver could not do, it cannot now.
        if (
            driver
            and not known_schema
            and driver.store(duckdb_query, table_names, frame.schema, path)
        ):
            return self._stored_at(path, frame.schema)
        return self._checkpoint(frame, path)

    def run_concurrently(self, *work: Callable[[], Made]) -> list[Made]:
        """All at once: while one query is planned or waits for its last task, workers
        compute another's.
        """
        if len(work) < 2:
            return [piece() for piece in work]
        with ThreadPoolExecutor(len(work)) as pool:
            futures = [
                pool.submit(inheritable_thread_target(self.session)(piece))
                for piece in work
            ]
        return [piece.result() for piece in futures]

    def write(self, table: Table, path: Path) -> int:
        """A folder of part files at path, whole or not at all; returns its rows, read
        from the files' footers.
        """
        with whole(path) as part:
            if not self._named_anew(table, part):
                self._to_parquet(table, part)
                for checksum in part.glob(
                    ".*.crc"
                ):  # Hadoop's, which are no part of an extract
                    checksum.unlink()
            return rows_in(part.glob("*.parquet"))

    def split(self, table: Table, folder: Path, key: str, parts: int) -> None:
        text = to_spark(f"select * from {quote(table.name)} where {key} is not null")
        self._register(table.name)
        frame = self._guarded(lambda: self.session.sql(text))
        key_expression = (
            to_spark(f"select {key} as k from t")
            .removeprefix("SELECT ")
            .removesuffix(" AS k FROM t")
        )
        frame = frame.selectExpr(
            "*", f"cast(pmod(xxhash64({key_expression}), {int(parts)}) as int) as part"
        )
        with whole(folder) as unfinished:
            self._write_checked(frame, unfinished, "part")

    def count(self, table: Table) -> int:
        """Number of rows, counted once; of a table that is Parquet as it stands, from
        its files' footers and no job.
        """
        if table.name in self._files:
            with contextlib.suppress(
                OSError, pa.ArrowInvalid
            ):  # a job says better what is wrong with a file
                return rows_in(self._files[table.name])
        if (
            self._on_driver
            and (row_count := self._on_driver.count(table.name)) is not None
        ):
            return row_count
        if table.name not in self._counts:
            frame = self._in_memory.get(
                table.name
            )  # its rows are counted where they lie: no query is planned
            rows = (
                frame._jdf.queryExecution().toRdd() if frame else self.data_frame(table)
            )
            self._counts[table.name] = int(self._guarded(rows.count))
        return self._counts[table.name]

    def arrow(self, table: Table) -> pa.Table:
        """All rows in memory. On a cluster they come through Parquet, so that the
        driver's Java never holds them.
        """
        if not self._on_driver:
            data: pa.Table = self._guarded(self.data_frame(table).toArrow)
            return data
        if (driver_data := self._on_driver.arrow(table.name)) is not None:
            return driver_data
        with self._written(table) as files:
            if not files:
                return self._guarded(self.data_frame(table).limit(0).toArrow)
            return pa.concat_tables(
                [pq.read_table(file, partitioning=None) for file in files]
            )

    def batches(self, table: Table, size: int = 100_000) -> Iterator[pa.RecordBatch]:
        with self._written(
            table
        ) as files:  # the driver holds one batch and not the table
            yield from pads.dataset(files, format="parquet").to_batches(batch_size=size)

    def by_group(
        self,
        table: Table,
        work: Work,
        kinds: Mapping[str, str],
        *,
        by: str,
        order: Sequence[str] = (),
    ) -> Table:
        """The output of a Python function over rows: run here where they are few, else
        by workers, in batches.
        """
        source = (
            table
            if table.name in self._stored
            else self.sql("select * from {t}", t=table, store=True)
        )
        if self.count(source) <= batches.BATCH_ROWS:
            output = self.from_arrow(
                work(batches.sorted_by(self.arrow(source), (by, *order)))
            )
        else:
            schema = of_names(kinds)
            task = functools.partial(
                batches.work_in_batches,
                work=work,
                by=by,
                schema=to_arrow_schema(schema),
                batch_rows=batches.BATCH_ROWS,
            )
            frame = (
                self.data_frame(source)
                .repartition(by)
                .sortWithinPartitions(by, *order)
                .mapInArrow(task, schema)
            )
            output = self._checkpoint(frame, self.scratch / uuid.uuid4().hex)
        if source is not table:
            self.drop(source)
        return output

    def fingerprint(self, table: Table) -> str:
        schema = to_arrow_schema(self._schemas[table.name])
        if self._on_driver and (
            digest := self._on_driver.fingerprint(table.name, row_text(schema))
        ):
            return digest
        self._register(table.name)
        (row,) = self._guarded(
            self.session.sql(fingerprints.query(table.name, schema)).collect
        )
        return combined(
            row["row_count"],
            ((row["high"] or 0) << fingerprints.HALF) + (row["low"] or 0),
        )

    def drop(self, *tables: Table) -> None:
        for table in tables:
            if self._unregistered.pop(table.name, None) is None:
                with contextlib.suppress(
                    *GONE
                ):  # its views went with it, and what ended the work is to be reported
                    self.session.catalog.dropTempView(table.name)
            self._views.discard(table.name)
            for lookup in (self._schemas, self._files, self._counts, self._in_memory):
                lookup.pop(table.name, None)
            if self._on_driver:
                self._on_driver.drop(table.name)
            path = self._stored.pop(table.name, None)
            if path:
                shutil.rmtree(path, ignore_errors=True)

    def close(self) -> None:
        self.drop(*(Table(name, ()) for name in tuple(self._views)))
        if self._on_driver:
            self._on_driver.close()
        if self._own_scratch:
            self._own_scratch.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()
        _, error, _ = exc
        if isinstance(error, GONE):  # of a call that runs no query
            raise explained(error, self.scratch, self.session) from None

    def _named_anew(self, table: Table, folder: Path) -> bool:
        """Whether the files of a stored table could be given a second name in a new
        folder: none is written twice.
        """
        files = self._stored_files(table)
        if not files:
            return False
        folder.mkdir()
        try:
            for file in files:
                os.link(file, folder / file.name)
        except (
            OSError
        ):  # the folder is on another disk, or on one that knows no second names
            shutil.rmtree(folder)
            return False
        return True

    def _stored_files(self, table: Table) -> list[Path]:
        """Of a stored table, the files that are its rows; none of another, or where one
        is lost: Spark says it best.
        """
        files = self._files[table.name] if table.name in self._stored else []
        return files if all(file.exists() for file in files) else []

    def _to_parquet(self, table: Table, path: Path) -> None:
        """A table's rows as a new folder of Parquet, made by the driver where they come
        from little, else by Spark.
        """
        query, schema, driver = (
            f"select * from {quote(table.name)}",
            self._schemas[table.name],
            self._on_driver,
        )
        if not (driver and driver.store(query, [table.name], schema, path)):
            self._write_checked(self.data_frame(table), path)

    def _checkpoint(self, frame: DataFrame, path: Path) -> Table:
        """The rows of a frame, worked out once: in the memory of this process, or as
        Parquet.
        """
        if not self._on_driver:
            checkpoint = self._guarded(lambda: frame.localCheckpoint(eager=True))
            table = self._named(checkpoint)
            self._in_memory[table.name] = checkpoint
            return table
        self._write_checked(frame, path)
        return self._stored_at(path, frame.schema)

    def _write_checked(self, frame: DataFrame, path: Path, *columns: str) -> None:
        """Have workers write a frame to a new folder, and check that it holds as many
        rows as they say they wrote.

        A worker that has another disk under the folder's path writes there, and Spark
        reads on without its rows.

        Raises:
            LeoError: it holds fewer.
        """
        observed = Observation()
        writer = frame.observe(observed, count(lit(1)).alias("written")).write
        self._guarded(
            lambda: (writer.partitionBy(*columns) if columns else writer).parquet(
                str(path)
            )
        )
        if rows_in(path.rglob("*.parquet")) < int(observed.get["written"]):
            shutil.rmtree(path, ignore_errors=True)
            raise LeoError(
                f"{path.parent}: not all that workers wrote there is to be seen\n"
                "  the run's folder must lie where driver and every worker see it, "
                "under one path, and be left alone"
            )

    def _from_file(self, data: pa.Table) -> Table:
        """A table of the caller's as a file, which the driver reads as well as every
        worker.
        """
        path = self.scratch / uuid.uuid4().hex
        path.mkdir(parents=True)
        pq.write_table(data, path / "part-00000.parquet")
        return self._stored_at(path, of_arrow(data.schema))

    def _stored_at(self, path: Path, schema: StructType) -> Table:
        """A stored table. Spark hears of it when it is asked about it: many are read by
        the driver alone.
        """
        table = Table(f"leo_{next(_names)}", schema.names)
        self._views.add(table.name)
        self._schemas[table.name] = StructType(
            [StructField(field.name, field.dataType) for field in schema]
        )
        self._unregistered[table.name] = self._stored[table.name] = path
        return self._of_files(table, sorted(path.glob("*.parquet")))

    def _register(self, *names: str) -> None:
        """Register stored tables with Spark before a query of it names them."""
        with self._registering:  # two threads may ask for one table
            for name in names:
                if path := self._unregistered.get(name):
                    self._guarded(functools.partial(self._create_view, name, path))
                    self._unregistered.pop(name, None)

    def _create_view(self, name: str, path: Path) -> None:
        reader = self.session.read.schema(self._schemas[name])
        reader.parquet(escaped(path)).createOrReplaceTempView(name)

    def _of_files(self, table: Table, files: list[Path]) -> Table:
        """The table, whose rows are these files."""
        self._files[table.name] = files
        if self._on_driver:
            self._on_driver.add_files(table.name, files, self._schemas[table.name])
        return table

    @contextlib.contextmanager
    def _written(self, table: Table) -> Iterator[list[Path]]:
        """A table's rows as files, in the order of the rows, for as long as they are
        read.
        """
        if files := self._stored_files(table):
            yield files
            return
        path = self.scratch / uuid.uuid4().hex
        try:
            self._to_parquet(table, path)
            yield sorted(path.glob("*.parquet"))
        finally:
            shutil.rmtree(path, ignore_errors=True)

    def explain(self, failure: str) -> LeoError:
        """A failure that Spark reported to such a library, as an error that says what
        to do.
        """
        return explained(RuntimeError(failure), self.scratch, self.session)

    def data_frame(self, table: Table) -> DataFrame:
        """A table as Spark has it: also for libraries that work on Spark themselves."""
        self._register(table.name)
        return self.session.table(table.name)

    def _named(self, frame: DataFrame) -> Table:
        name = f"leo_{next(_names)}"
        self._guarded(lambda: frame.createOrReplaceTempView(name))
        self._views.add(name)
        self._schemas[name] = frame.schema
        return Table(name, frame.columns)

    def _guarded(self, work: Any) -> Any:
        try:
            return work()
        except (PySparkException, Py4JError, ConnectionError) as error:
            raise explained(
                error, self.scratch, self.session
            ) from None  # its cause's text may quote values of rows


def _most(session: SparkSession) -> Most:
    setting = session.sparkContext.getConf().get("spark.leo.onDriver", "true")
    return Most(rows=0, bytes=0) if setting == "false" else Most()


def _foreseen(store: Stored, cache_key: tuple[object, ...]) -> StructType | None:
    """The types of a query that is to be stored, where the caller gives them or the
    query has run before.
    """
    return (
        of_names(store)
        if isinstance(store, Mapping)
        else _answered.get(cache_key)
        if store
        else None
    )
