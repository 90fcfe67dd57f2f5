"""What all tests share: an engine, small worlds written as tables, and rows to compare
them by.
"""

import datetime
import fcntl
import functools
import json
import os
import re
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pyarrow as pa
import pytest
from hypothesis import HealthCheck

from benchmarks.spark.cluster import QUICK_START
from linkage.cli import main
from linkage.engine import Engine, Table
from linkage.engine import rows as engine_rows
from linkage.engine.duckdb import DuckDBEngine
from linkage.errors import ConfigError
from linkage.process import begin
from quality.report import charts

# thousands of tests are no garbage: as a process of leo does, this one collects it
# seldom
begin()

for _name, _examples in (("fast", 20), ("thorough", 200)):
    hypothesis.settings.register_profile(
        _name,
        hypothesis.settings.get_profile(
            "ci"
        ),  # the same examples on each run, and no deadline
        max_examples=_examples,
        suppress_health_check=[
            HealthCheck.function_scoped_fixture,
            HealthCheck.too_slow,
        ],
    )
hypothesis.settings.load_profile(
    "fast"
)  # `make test-slow` names the other by --hypothesis-profile

# As in the Makefile: where compiled code is not kept, each process that a test starts
# compiles all that it imports.
if os.environ.pop("PYTHONDONTWRITEBYTECODE", None):
    sys.dont_write_bytecode = False

# A process of a parallel run has no main file; pyspark 4.3 takes that for a doctest and
# leaves with exit code 0 when Great Expectations imports what it lacks.
if not hasattr(sys.modules["__main__"], "__file__"):
    sys.modules["__main__"].__file__ = str(
        Path(pytest.__file__).with_name("__main__.py")
    )

_SPARK_ID = re.compile(r"[\[-]spark[]-]|/test_spark_(?!cluster|pipeline)|_on_spark\b")
"""Node ids of tests that use this process's Spark session. (pytest-xdist's groups do
not work with pytest 9.2.)
"""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark properties and what is slow, and order the tests so that a parallel run
    begins with what takes longest.
    """
    for item in items:
        if item.get_closest_marker("spark") and not item.get_closest_marker("fast"):
            item.add_marker(pytest.mark.slow)
        if hypothesis.is_hypothesis_test(getattr(item, "function", None)):
            item.add_marker(pytest.mark.property)
        if "spark_session" in getattr(
            item, "fixturenames", ()
        ) and not _SPARK_ID.search(item.nodeid):
            raise pytest.UsageError(
                f"{item.nodeid} starts a Spark session: end its name with _on_spark"
            )
    items.sort(
        key=lambda item: (
            not item.get_closest_marker("slow"),
            not item.get_closest_marker("spark"),
        )
    )


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """In a parallel run, keep a file's tests in one process, and all tests of the Spark
    session in one.
    """
    from xdist.scheduler import LoadFileScheduling

    class OneSparkSession(LoadFileScheduling):
        def _split_scope(self, nodeid: str) -> str:
            scope: str = super()._split_scope(nodeid)
            return "spark" if _SPARK_ID.search(nodeid) else scope

    return OneSparkSession(config, log)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--both-engines",
        action="store_true",
        help="run every test that asks for an engine on DuckDB and on Spark",
    )


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A test marked `both_engines` that asks for `engine` runs on DuckDB and, if marked
    `fast` or in the slow lane, on Spark.
    """
    on_both = metafunc.definition.get_closest_marker(
        "both_engines"
    ) or metafunc.config.getoption("--both-engines")
    if on_both and "engine" in metafunc.fixturenames:
        on_spark = pytest.param("spark", marks=pytest.mark.spark)
        metafunc.parametrize("engine", ["duckdb", on_spark], indirect=True)


# Worlds are small: compiling queries, and compiling what compiles them, would take most
# of the time, and much of the rest clearing away the tens of megabytes that each sort,
# group and broadcast takes first.
_SMALL = {
    "spark.buffer.pageSize": "1m",
    "spark.sql.shuffle.partitions": "2",
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
    # on a busy machine a worker in Python is long in coming
    "spark.python.authenticate.socketTimeout": "900s",
}


SHORT_LIVED = (
    f"{QUICK_START} -XX:+UnlockDiagnosticVMOptions -XX:-BytecodeVerificationRemote"
)
"""Options of a Java that tests start: it does not verify the bytecode of each class
that it loads.
"""


@pytest.fixture(scope="session")
def spark_session() -> Iterator[Any]:
    """One Spark session for all tests, or a skip that says what is missing."""
    pytest.importorskip(
        "pyspark", reason="no pyspark: pip install 'leo-linkage[spark]'"
    )
    from linkage.engine.spark_session import start_session

    try:
        session = start_session(threads=2, settings=_SMALL, java_options=SHORT_LIVED)
    except ConfigError as error:
        pytest.skip(str(error).splitlines()[0])
    yield session
    session.stop()


@pytest.fixture(scope="session")
def shared_duckdb() -> Iterator[DuckDBEngine]:
    """One database for all tests of a process: opening and closing one takes as long as
    many tests.
    """
    with DuckDBEngine(threads=2) as engine:
        yield engine


@pytest.fixture
def duckdb_engine(
    shared_duckdb: DuckDBEngine, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Engine]:
    """DuckDB alone, for tests without a second engine; it has no tables, and an empty
    folder to spill to.
    """
    with (
        tempfile.TemporaryDirectory(prefix="leo-") as scratch,
        monkeypatch.context() as patch,
    ):
        patch.setattr(shared_duckdb, "scratch", Path(scratch))
        yield shared_duckdb
    leftovers = shared_duckdb.connection.execute(_LEFT_BEHIND).fetchall()
    shared_duckdb.connection.execute(
        "; ".join(f'drop {kind} "{name}"' for kind, name in leftovers)
    )


_LEFT_BEHIND = """
    select 'view', view_name from duckdb_views() where not internal
    union all
    select 'table', table_name from duckdb_tables()
"""


@pytest.fixture
def spark_engine(spark_session: Any, tmp_path: Path) -> Iterator[Engine]:
    """Spark alone; mark the test `spark`."""
    from linkage.engine.spark import SparkEngine

    with SparkEngine(
        session=spark_session, scratch=tmp_path / "spark-scratch"
    ) as engine:
        yield engine


@pytest.fixture
def engine(request: pytest.FixtureRequest) -> Engine:
    """The engine under test: DuckDB, or each in turn where the test is marked
    `both_engines`.
    """
    engine_fixture: Engine = request.getfixturevalue(
        f"{getattr(request, 'param', 'duckdb')}_engine"
    )
    return engine_fixture


World = Callable[[str], Table]


@pytest.fixture
def world(engine: Engine) -> World:
    """A table from text; see `parse`."""
    return lambda text: engine.from_arrow(parse(text))


@pytest.fixture
def rows(engine: Engine) -> Callable[[Table], list[tuple[Any, ...]]]:
    """Rows of a table as sorted tuples, in the table's column order; compare with
    rows(world(...)).
    """

    def sorted_rows(table: Table) -> list[tuple[Any, ...]]:
        return sorted(
            (tuple(row.values()) for row in engine_rows(engine, table)), key=repr
        )

    return sorted_rows


def parse(text: str) -> pa.Table:
    """A table from lines of columns separated by |, the first line the header.

    A header may name a type: `n:int`, `x:float`, `on:date`, `flag:bool`, `names:list`.
    Without one, a column whose cells are all whole numbers is BIGINT, all ISO dates
    DATE, else text. An empty cell or `-` is NULL, `''` the empty text or list; lists
    part by `;`.
    """
    lines = [line.strip() for line in text.strip().splitlines() if line.strip()]
    header, *body = [[cell.strip() for cell in line.split("|")] for line in lines]
    names, arrays = [], []
    for index, title in enumerate(header):
        name, _, kind = title.partition(":")
        cells = [row[index] if row[index] not in ("", "-") else None for row in body]
        names.append(name)
        arrays.append(_array(cells, kind or _guess(cells)))
    return pa.table(dict(zip(names, arrays, strict=True)))


def _guess(cells: list[str | None]) -> str:
    values = [cell for cell in cells if cell is not None]
    if values and all(
        cell.lstrip("-").isdigit() and (cell == "0" or not cell.startswith("0"))
        for cell in values
    ):
        return "int"
    if values and all(
        len(cell) == 10
        and cell[4] == cell[7] == "-"
        and cell.replace("-", "").isdigit()
        for cell in values
    ):
        return "date"
    return "text"


def _array(cells: list[str | None], kind: str) -> pa.Array:
    convert: dict[str, tuple[Callable[[str], Any], pa.DataType]] = {
        "int": (int, pa.int64()),
        "float": (float, pa.float64()),
        "date": (datetime.date.fromisoformat, pa.date32()),
        "bool": (lambda cell: cell == "true", pa.bool_()),
        "text": (lambda cell: "" if cell == "''" else cell, pa.string()),
        "list": (
            lambda cell: (
                [part.strip() for part in cell.split(";")] if cell != "''" else []
            ),
            pa.list_(pa.string()),
        ),
    }
    function, arrow_type = convert[kind]
    return pa.array(
        [None if cell is None else function(cell) for cell in cells], arrow_type
    )


def made_once(
    tmp_path_factory: pytest.TempPathFactory, name: str, make: Callable[[Path], object]
) -> Path:
    """A folder that one process of a parallel run fills, for all of them: to be looked
    at only.
    """
    base = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        base = base.parent  # of all processes
    folder, marker = base / name, base / f"{name}.whole"
    with (base / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not marker.exists():
            shutil.rmtree(folder, ignore_errors=True)  # of a process that failed
            folder.mkdir()
            make(folder)
            marker.touch()
    return folder


@functools.cache
def _svg_of(spec: str) -> str:
    import vl_convert

    return str(vl_convert.vegalite_to_svg(json.loads(spec)))


@pytest.fixture(scope="module", autouse=True)
def chart_cache() -> Iterator[None]:
    """A chart takes a tenth of a second, and reports of small worlds have many in
    common: none is drawn twice.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(charts, "draw", lambda spec: _svg_of(json.dumps(spec)))
        yield


@pytest.fixture
def leo(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int, str, str]]:
    """Runs the command in this process; exit code, stdout, stderr."""

    def call(*arguments: str | Path) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["leo", *map(str, arguments)])
        with pytest.raises(SystemExit) as exit_info:
            main()
        streams = capsys.readouterr()
        return int(exit_info.value.code or 0), streams.out, streams.err

    return call


@pytest.fixture
def output(leo: Callable[..., tuple[int, str, str]]) -> Callable[..., str]:
    """Runs the command, which must end with this exit code: its stdout where the code
    is 0, else its stderr.
    """

    def call(expected: int, *arguments: str | Path) -> str:
        code, stdout, stderr = leo(*arguments)
        assert code == expected, stderr
        return stderr if code else stdout

    return call


@pytest.fixture
def tmp_run(tmp_path: Path) -> Path:
    """A folder for a run."""
    return tmp_path / "run"


# The first is a Chromium without windows, tabs and toolbars, which it would draw where
# nobody sees them: a page takes less than half of the processor's time. What it makes
# of a page is the same.
_CHROMIUM = next(
    filter(
        None,
        map(
            shutil.which,
            (
                "chromium-headless-shell",
                "chromium",
                "chromium-browser",
                "google-chrome",
            ),
        ),
    ),
    None,
)
_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
]


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Debian's Chromium, or a skip that says what is missing."""
    playwright = pytest.importorskip(
        "playwright.sync_api", reason="the Python package playwright is not installed"
    )
    if _CHROMIUM is None:
        pytest.skip(
            "Chromium is not installed (Debian: apt-get install "
            "chromium-headless-shell)"
        )
    with playwright.sync_playwright() as session:
        chromium = session.chromium.launch(
            executable_path=_CHROMIUM, args=_ARGUMENTS, timeout=300_000
        )
        yield chromium
        chromium.close()
