"""The whole pipeline by spark-submit on a cluster that loses a worker, then its driver:
the rows of DuckDB, no secret.
"""

import datetime
import json
import math
import os
import re
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import linkage
from benchmarks.spark import cluster
from benchmarks.spark.cluster import free_ports
from linkage.engine.java import find_java, spark_home
from linkage.errors import ConfigError, ExitCode
from linkage.extract import master_key, write_new_key
from linkage.pipeline.job import load_job
from linkage.pipeline.leo import pipeline
from linkage.pipeline.runner import Runner
from tests.conftest import SHORT_LIVED
from tests.engine import held_run
from tests.pipeline import village

pytestmark = [pytest.mark.spark, pytest.mark.slow]

_PATIENCE = 900  # seconds; a busy machine takes many times what an idle one does
_HOME = Path(linkage.__file__).parents[1]

# A village is small: compiling queries, and compiling what compiles them, would take
# most of the time, and much of the rest clearing away the tens of megabytes that each
# sort, group and broadcast takes first.
_SMALL = {
    "spark.buffer.pageSize": "1m",
    "spark.driver.memory": "1g",
    "spark.leo.executorWait": "300",  # on a busy machine an executor is long in coming
    "spark.python.authenticate.socketTimeout": "900s",  # and a worker in Python
    "spark.sql.shuffle.partitions": "2",
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
    "spark.eventLog.enabled": "true",
    "spark.eventLog.compress": "false",
}
_WORD = {"spark.leo.password": "never-to-be-seen"}  # settings of such names are starred
_EXTRACTED = "stage done extract-village-study"
_STRAIGHT = urllib.request.build_opener(urllib.request.ProxyHandler({}))
_QUICK_START = f"{SHORT_LIVED} -Duser.timezone=UTC"


@dataclass
class Submission:
    """The village, run on DuckDB and by spark-submit, and what was seen of the
    latter.
    """

    folder: Path
    on_duckdb: Runner
    stage_of_lost_worker: str
    stage_of_lost_driver: str
    codes: tuple[int, int]
    output: str
    pages: dict[
        str, str
    ]  # Spark's pages that the second driver showed, once it had made the extract

    def log(self, run: str) -> list[dict[str, Any]]:
        return [
            json.loads(line)
            for line in (self.folder / run / "log.jsonl")
            .read_text(encoding="utf-8")
            .splitlines()
        ]

    def manifest(self, run: str) -> dict[str, Any]:
        manifest: dict[str, Any] = json.loads(
            (self.folder / run / "manifest.json").read_text(encoding="utf-8")
        )
        return manifest


class _Driver:
    """A run of the village that spark-submit was given.

    Args:
        places: where it waits until it is let go, as `held_run` names them.
    """

    def __init__(
        self,
        folder: Path,
        spark: cluster.Cluster,
        out: str = "spark",
        places: Sequence[str] = (),
        **settings: str,
    ) -> None:
        home = spark_home()
        options = (
            _SMALL | {"spark.eventLog.dir": (folder / "events").as_uri()} | settings
        )
        log = f"-Dlog4j2.configurationFile={(spark.settings / 'log4j2.properties').as_uri()}"
        options |= {
            f"spark.{role}.extraJavaOptions": f"{_QUICK_START} {log}"
            for role in ("driver", "executor")
        }
        command = [str(home / "bin" / "spark-submit")]
        for key, value in options.items():
            command += ["--conf", f"{key}={value}"]
        program = Path(held_run.__file__) if places else _HOME / "spark_jobs" / "run.py"
        command += [str(program), str(folder / "village.toml")]
        command += ["--out", str(folder / out), "--key", str(folder / "master.key")]
        environment = {
            **os.environ,
            "SPARK_HOME": str(home),
            "SPARK_CONF_DIR": str(spark.settings),
            "PYTHONPATH": str(_HOME),
            "PYSPARK_PYTHON": sys.executable,
            held_run.PLACES: ";".join(places),
            held_run.FOLDER: str(folder / "held"),
        }
        environment.pop("PYSPARK_GATEWAY_PORT", None)
        self._root = folder / out
        self._held = folder / "held"
        self.log = (folder / "driver.log").open("a+", encoding="utf-8")
        self.process = subprocess.Popen(
            command,
            env=environment,
            stdout=self.log,
            stderr=self.log,
            start_new_session=True,
        )

    def reaches(self, place: str) -> None:
        """Wait until the run waits at a place."""
        self._wait(held_run.mark(self._held, place, "reached").exists, f"no {place}")

    def goes_on(self, place: str) -> None:
        """Let it go on from a place."""
        held_run.mark(self._held, place, "let go").touch()

    def computes(self, stages: int, during: str) -> None:
        """Wait until executors have ended so many stages of Spark since a stage of the
        run was started.
        """
        self._wait(lambda: self._computed(during) >= stages, "executors did nothing")

    def loses_an_executor(self) -> None:
        """Wait until it knows of one."""
        event = '{"Event":"SparkListenerExecutorRemoved"'
        self._wait(
            lambda: any(
                line.startswith(event) for line in event_lines(self._root.parent)
            ),
            "none was missed",
        )

    def shows(self, port: int) -> dict[str, str]:
        """Spark's pages, once they show what Spark has done: what listens to it may be
        behind.
        """
        pages = dict[str, str]()

        def are_up_to_date() -> bool:
            for page in (_APPLICATIONS, _SETTINGS, _EVERY_PLAN, "SQL/"):
                address = f"http://127.0.0.1:{port}/{page.format(application=_application(pages))}"
                with _STRAIGHT.open(address, timeout=_PATIENCE) as answer:
                    pages[page] = answer.read().decode("utf-8")
            return (
                "pseudonym" in pages[_EVERY_PLAN].lower()
            )  # the query that makes pseudonyms, in a stage that is done

        self._wait(are_up_to_date, "no page of the query that makes pseudonyms")
        return pages

    def _wait(self, condition: Callable[[], bool], failure: str) -> None:
        deadline = time.monotonic() + _PATIENCE
        while not condition():
            assert self.process.poll() is None, (
                f"the driver ended, and {failure}: {self.output()}"
            )
            assert time.monotonic() < deadline, (
                f"{failure} within {_PATIENCE} s: {self.output()}"
            )
            time.sleep(0.1)

    def _computed(self, during: str) -> int:
        """Stages of Spark that have ended since a stage of the run was started."""
        starts = [
            moment
            for event, stage, moment in self._events()
            if event == "stage started" and stage == during
        ]
        if not starts:
            return 0
        stages = [
            json.loads(line)
            for line in event_lines(self._root.parent)
            if line.startswith(_STAGE_COMPLETED)
        ]
        return sum(
            stage["Stage Info"]["Completion Time"] / 1e3 > starts[0] for stage in stages
        )

    def ends(self) -> int:
        try:
            return self.process.wait(_PATIENCE)
        except subprocess.TimeoutExpired:
            self.kill()
            pytest.fail(f"the run did not end within {_PATIENCE} s: {self.output()}")

    def kill(self) -> None:
        """End it at once, with its Python, which holds the run's folder for as long as
        it lives.
        """
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
        while cluster.group_lives(self.process.pid):
            time.sleep(0.05)

    def output(self) -> str:
        self.log.seek(0)
        return self.log.read()

    def _events(self) -> Iterator[tuple[str, str, float]]:
        path = self._root / "log.jsonl"
        lines = (
            path.read_bytes().split(b"\n")[:-1] if path.exists() else []
        )  # a line that is being written is left out
        for line in lines:
            entry = json.loads(line)
            yield (
                entry["event"],
                entry.get("stage", ""),
                datetime.datetime.fromisoformat(entry["time"]).timestamp(),
            )


@pytest.fixture(scope="module")
def workers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[cluster.Cluster]:
    """A cluster of two workers."""
    pytest.importorskip(
        "pyspark", reason="no pyspark: pip install 'leo-linkage[spark]'"
    )
    try:
        find_java()
    except ConfigError as error:
        pytest.skip(str(error).splitlines()[0])
    instance = cluster.start(
        tmp_path_factory.mktemp("cluster"), workers=2, memory="512m"
    )
    yield instance
    instance.end()


@pytest.fixture(scope="module")
def runs(
    workers: cluster.Cluster, tmp_path_factory: pytest.TempPathFactory
) -> Submission:
    folder = tmp_path_factory.mktemp("village")
    config = village.build(folder)
    write_new_key(folder / "master.key")
    on_duckdb = pipeline(
        load_job(config, key_file=folder / "master.key"), folder / "duckdb"
    )
    on_duckdb.run()
    for place in ("events", "held"):
        (folder / place).mkdir()
    # A village is little, and the driver would answer for it: executors that have
    # nothing to do lose nothing.
    linking, next_stage = "link-npd-cis", "longitudinal"
    places = (made_place, start_place) = (
        f"made {linking}",
        f"stage started {next_stage}",
    )
    first = _Driver(folder, workers, places=places, **{"spark.leo.onDriver": "false"})
    try:
        first.computes(stages=3, during=linking)
        workers.processes[-1].end(
            signal.SIGKILL
        )  # with its executor, and what that held for others
        first.loses_an_executor()
        first.goes_on(
            made_place
        )  # where it waited if it came to the stage's end before
        first.reaches(start_place)
    finally:
        first.kill()
    port, _ = free_ports()
    web_pages = {"spark.ui.enabled": "true", "spark.ui.port": str(port)}
    second = _Driver(folder, workers, places=[_EXTRACTED], **web_pages, **_WORD)
    try:
        second.reaches(_EXTRACTED)  # a run that ended would take the pages with it
        pages = second.shows(port)
        second.goes_on(_EXTRACTED)
        codes = (first.process.returncode, second.ends())
    finally:
        second.kill()
    return Submission(
        folder, on_duckdb, linking, next_stage, codes, second.output(), pages
    )


def test_a_run_that_lost_a_worker_and_its_driver_ends_well(runs):
    assert runs.codes == (-signal.SIGKILL, ExitCode.DONE), runs.output
    assert runs.manifest("spark")["status"] == "done"


def test_executors_computed_the_stage_that_lost_a_worker_before_and_after(runs):
    stage = {
        event["event"]: event["time"]
        for event in runs.log("spark")
        if event.get("stage") == "link-npd-cis"
    }
    first, last = (
        datetime.datetime.fromisoformat(stage[f"stage {key}"]).timestamp()
        for key in ("started", "done")
    )
    events = [json.loads(line) for line in event_lines(runs.folder)]
    loss = (
        min(
            event["Timestamp"]
            for event in events
            if event["Event"] == "SparkListenerExecutorRemoved"
        )
        / 1e3
    )
    times = [
        event["Task Info"]["Finish Time"] / 1e3
        for event in events
        if event["Event"] == "SparkListenerTaskEnd"
    ]
    assert [moment for moment in times if first < moment < loss]
    assert [moment for moment in times if loss < moment < last]


def test_the_second_driver_goes_on_where_the_first_was_killed(runs):
    status = {
        stage["name"]: stage["status"] for stage in runs.manifest("spark")["stages"]
    }
    names = list(status)
    index = names.index(runs.stage_of_lost_driver)
    assert set(names[:index]) == {name for name in names if status[name] == "kept"}
    assert runs.stage_of_lost_worker in names[:index]


def test_every_table_has_the_rows_of_duckdb(runs):
    prints = {run: fingerprints(runs.manifest(run)) for run in ("duckdb", "spark")}
    assert prints["spark"] == prints["duckdb"]
    assert {"links/npd-cis", "spine", "outcomes", "geography"} <= prints[
        "duckdb"
    ].keys()


def test_weights_agree_to_a_millionth(runs):
    weights = [
        {
            (row["left_id"], row["right_id"]): row["match_weight"]
            for row in rows_of(runs.folder / run, "links/npd-cis")
        }
        for run in ("duckdb", "spark")
    ]
    assert weights[0].keys() == weights[1].keys()
    assert all(
        math.isclose(weights[0][pair], weights[1][pair], abs_tol=1e-6, rel_tol=0)
        for pair in weights[0]
    )


def test_the_extract_is_the_same_to_the_byte(runs):
    extracts = [
        {
            path.name: path.read_bytes()
            for path in (runs.folder / run / "extracts").glob("*/csv/*.csv")
        }
        for run in ("duckdb", "spark")
    ]
    assert extracts[0]
    assert extracts[0] == extracts[1]


def test_no_log_holds_a_key_or_a_persons_value(runs, workers):
    secrets = key_spellings(runs.folder)
    cluster_settings = (workers.settings / "spark-defaults.conf").read_text()
    secrets |= {*_WORD.values(), cluster_settings.partition("secret ")[2].split()[0]}
    people = {
        row[name]
        for row in rows_of(runs.folder / "duckdb", "records/cis")
        for name in ("nino", "postcode")
    }
    folders = (runs.folder / "events", workers.folder / "work", workers.folder / "logs")
    logs = [path for folder in folders for path in files(folder)]
    logs.append(runs.folder / "driver.log")
    assert any(
        "eventlog" in path.as_posix() and path.stat().st_size > 100_000 for path in logs
    ), "events are logged"
    assert any(path.name == "stderr" for path in logs), "executors' output is kept"
    for path in logs:
        text = path.read_text(encoding="utf-8", errors="replace").lower()
        kinds = [
            kind
            for kind, values in (("key", secrets), ("person", people))
            if holds(text, values)
        ]
        assert not kinds, f"{path.name} holds a {' and a '.join(kinds)}'s value"


def test_no_page_of_spark_holds_a_key_or_a_persons_value(runs):
    assert "pseudonym" in runs.pages[_EVERY_PLAN].lower(), (
        "the query that makes pseudonyms was on the page"
    )
    assert _WORD.keys() <= set(re.findall(r"spark\.[\w.]+", runs.pages[_SETTINGS]))
    secrets = key_spellings(runs.folder) | set(_WORD.values())
    people = {
        row[name]
        for row in rows_of(runs.folder / "duckdb", "records/cis")
        for name in ("nino", "postcode")
    }
    for page, text in runs.pages.items():
        kinds = [
            kind
            for kind, values in (("key", secrets), ("person", people))
            if holds(text.lower(), values)
        ]
        assert not kinds, f"{page} holds a {' and a '.join(kinds)}'s value"


def test_a_worker_without_enough_memory_is_reported(runs, workers):
    driver = _Driver(
        runs.folder,
        workers,
        "starved",
        **{"spark.executor.memory": "64g", "spark.leo.executorWait": "2"},
    )
    try:
        assert driver.ends() == ExitCode.FAILED
    finally:
        driver.kill()
    assert "has given an executor of 64g within 2 s" in driver.output()
    assert "--conf spark.executor.memory" in driver.output()
    assert not any((runs.folder / "starved" / "stages").glob("[!.]*"))


_APPLICATIONS = "api/v1/applications"
_SETTINGS = "api/v1/applications/{application}/environment"
_EVERY_PLAN = "api/v1/applications/{application}/sql?details=false&planDescription=true&length=100000"


def _application(pages: dict[str, str]) -> str:
    """The id of the run's application, once Spark has told it."""
    match = re.search(r"app-\d+-\d+", pages.get(_APPLICATIONS, ""))
    return match.group() if match else "none"


_STAGE_COMPLETED = '{"Event":"SparkListenerStageCompleted"'


def event_lines(folder: Path) -> Iterator[str]:
    """Of all applications of a folder; a line that is being written is left out."""
    for path in sorted((folder / "events").glob("*/events_*")):
        yield from path.read_text(encoding="utf-8", errors="replace").split("\n")[:-1]


def fingerprints(manifest: dict[str, Any]) -> dict[str, str]:
    tables = {
        name: entry
        for stage in manifest["stages"]
        for name, entry in stage["made"].items()
    }
    return {
        name: entry["fingerprint"]
        for name, entry in tables.items()
        if "fingerprint" in entry
    }


def rows_of(root: Path, name: str) -> list[dict[str, Any]]:
    (path,) = (root / "stages").glob(f"*/{name}.parquet")
    parts = sorted(path.rglob("*.parquet")) if path.is_dir() else [path]
    rows: list[dict[str, Any]] = pa.concat_tables(
        [pq.read_table(part) for part in parts]
    ).to_pylist()
    return rows


def files(folder: Path) -> list[Path]:
    return [
        path for path in folder.rglob("*") if path.is_file() and path.suffix != ".jar"
    ]


def key_spellings(folder: Path) -> set[str]:
    """The master key and the project's, as hexadecimal text and as Spark shows
    bytes.
    """
    master = master_key(folder / "master.key")
    project = load_job(folder / "village.toml", need_key=False).projects[
        "village-study"
    ]
    keys = (master.secret, master.project(*project.identity).secret)
    return {
        separator.join(f"{byte:02x}" for byte in key[:16])
        for key in keys
        for separator in ("", " ")
    }


def holds(text: str, values: set[str]) -> bool:
    return any(value and value.lower() in text for value in values)
