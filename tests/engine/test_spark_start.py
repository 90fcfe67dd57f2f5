"""Starting Spark: what it needs, and what a user is told when that is missing."""

import logging
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import pyarrow as pa
import pytest

from benchmarks.spark import cluster
from linkage.engine import rows
from linkage.engine.java import find_java, spark_home
from linkage.errors import ConfigError, ExitCode
from spark_jobs import run


@pytest.fixture
def session():
    """The module that starts Spark's session."""
    return pytest.importorskip(
        "linkage.engine.spark_session",
        reason="no pyspark: pip install 'leo-linkage[spark]'",
    )


def write_java(folder: Path, text: str) -> Path:
    java = folder / "bin" / "java"
    java.parent.mkdir(parents=True)
    java.write_text(f"#!/bin/sh\necho '{text}' >&2\n")
    java.chmod(0o755)
    return java


def test_java_of_java_home_comes_first(tmp_path, monkeypatch):
    java = write_java(tmp_path, 'openjdk version "21.0.2" 2024-01-16')
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    assert find_java() == java


def test_java_is_found_on_the_path(tmp_path, monkeypatch):
    java = write_java(tmp_path, 'openjdk version "17" 2021-09-14')
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setenv("PATH", str(java.parent))
    assert find_java() == java


@pytest.mark.parametrize("version", ["1.8.0_392", "11.0.21", "16"])
def test_a_java_that_is_too_old_is_refused(tmp_path, monkeypatch, version):
    write_java(tmp_path, f'openjdk version "{version}" 2020-01-01')
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    with pytest.raises(ConfigError, match="Java 17 or later"):
        find_java()


@pytest.mark.parametrize(
    ("text", "mode"),
    [("#!/bin/sh\nexit 1\n", 0o755), ("\x7fELF", 0o755), ("#!/bin/sh\n", 0o644)],
)
def test_a_java_that_does_not_run_is_reported_as_such(
    tmp_path, monkeypatch, text, mode
):
    """It was said to be version 0, to want another --out, or ended as an unexpected
    error.
    """
    java = write_java(tmp_path, "")
    java.write_text(text)
    java.chmod(mode)
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    with pytest.raises(
        ConfigError, match="does not run, or does not say its version"
    ) as error:
        find_java()
    assert str(java) in str(error.value)
    assert "apt-get install" in str(error.value)


@pytest.mark.parametrize(
    ("home", "java"), [("", "/of a/cluster"), ("/my own", "/my own")]
)
def test_spark_submit_finds_the_java_of_the_cluster_where_none_is_named(
    tmp_path, monkeypatch, home, java
):
    monkeypatch.setenv("JAVA_HOME", "/of a/cluster")
    cluster.write_settings(tmp_path, "spark://127.0.0.1:7077", 1, "1g")
    command = [
        "/bin/sh",
        "-c",
        f'. "{tmp_path}/conf/spark-env.sh"; echo "$JAVA_HOME $SPARK_LOCAL_IP"',
    ]
    output = subprocess.run(
        command, capture_output=True, text=True, check=True, env={"JAVA_HOME": home}
    )
    assert output.stdout == f"{java} 127.0.0.1\n"


@pytest.mark.parametrize(
    ("home", "python"), [("", sys.executable), ("/my own", "/my own")]
)
def test_spark_submit_finds_the_python_that_started_the_cluster_where_none_is_named(
    tmp_path, home, python
):
    """The first python3 on the path stood in: it had no leo-linkage."""
    cluster.write_settings(tmp_path, "spark://127.0.0.1:7077", 1, "1g")
    command = [
        "/bin/sh",
        "-c",
        f'. "{tmp_path}/conf/spark-env.sh"; echo "$PYSPARK_PYTHON"',
    ]
    output = subprocess.run(
        command,
        capture_output=True,
        text=True,
        check=True,
        env={"PYSPARK_PYTHON": home},
    )
    assert output.stdout == f"{python}\n"


@pytest.mark.parametrize("has_home", [True, False])
def test_without_java_a_user_is_told_what_to_install(tmp_path, monkeypatch, has_home):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("JAVA_HOME", raising=False)
    if has_home:
        monkeypatch.setenv("JAVA_HOME", str(tmp_path / "gone"))
    with pytest.raises(
        ConfigError, match="apt-get install default-jre-headless"
    ) as error:
        find_java()
    assert ("JAVA_HOME is" in str(error.value)) == has_home


@pytest.mark.parametrize(
    ("setting", "java"),
    [
        ("8GB", "8g"),
        ("512 MiB", "512m"),
        ("1500m", "1500m"),
        ("2 tb", "2t"),
        ("1.5GB", "1536m"),
        ("0.5 MiB", "512k"),
        ("2.0g", "2g"),
        ("1.1GB", "1153433k"),
        ("8 gigabytes", "8g"),
    ],
)
def test_memory_as_java_writes_it(session, setting, java):
    assert session.java_memory(setting) == java


def test_an_invalid_amount_of_memory_is_refused(session):
    with pytest.raises(ConfigError, match="for example 8GB"):
        session.java_memory("plenty")


class OfJava(Exception):
    """What py4j raises, as much of it as is asked for."""

    def __init__(self, message):
        super().__init__()
        self.java_exception = SimpleNamespace(getMessage=lambda: message)


@pytest.mark.parametrize(
    ("cause", "reason"),
    [
        (
            "[INVALID_EXECUTOR_MEMORY] Executor memory 104857600 must be at least "
            "471859200.\nmore",
            "[INVALID_EXECUTOR_",
        ),
        (
            "Cannot call methods on a stopped SparkContext.",
            "no master answers at spark://10.0.0.1:7077",
        ),
        (f"key {'ab' * 32} is no key", "key * is no key"),
    ],
)
def test_the_reason_for_no_session_is_reported(session, monkeypatch, cause, reason):
    """All messages were JavaObject."""
    monkeypatch.setattr(
        session, "SparkConf", lambda: {"spark.master": "spark://10.0.0.1:7077"}
    )
    message = str(session._not_started(OfJava(cause)))
    assert message.startswith(f"Spark's session could not be started: {reason}")
    assert "--driver-memory" in message


def test_a_session_whose_java_a_signal_has_ended_ends_silently(session):
    """leo: stopped, and thirty lines of a traceback below it."""
    calls = []

    def stop():
        calls.append("stop")
        raise ConnectionRefusedError

    session._ended(SimpleNamespace(stop=stop))
    assert calls == ["stop"]


def test_a_wait_that_is_no_number_is_refused(session):
    conf = {"spark.leo.executorWait": "soon"}
    context = SimpleNamespace(master="spark://10.0.0.1:7077", getConf=lambda: conf)
    with pytest.raises(
        ConfigError, match=r"spark.leo.executorWait: 'soon' is no number of seconds"
    ):
        session._await_executor(SimpleNamespace(sparkContext=context))


@pytest.mark.parametrize(
    ("executors", "jobs", "is_cancelled"),
    [(0, [3], True), (1, [3], False), (0, [], False)],
)
def test_jobs_without_an_executor_are_cancelled(session, executors, jobs, is_cancelled):
    """When all workers had ended, a run waited for ever without a message."""
    looks = iter([False, False, False, True])
    java = SimpleNamespace(
        isStopped=lambda: next(looks),
        getExecutorMemoryStatus=lambda: SimpleNamespace(size=lambda: 1 + executors),
    )
    calls = []
    context = SimpleNamespace(
        _jsc=SimpleNamespace(sc=lambda: java),
        statusTracker=lambda: SimpleNamespace(getActiveJobsIds=lambda: jobs),
        cancelAllJobs=lambda: calls.append(True),
    )
    session._watch(context, seconds=0.0, pause=0.001)
    assert bool(calls) == is_cancelled


def test_a_call_that_a_signal_ended_writes_no_trace(session):
    """py4j logs it to the root logger, which prints it among the messages of the
    process.
    """
    from py4j import clientserver, java_gateway

    for module in (clientserver, java_gateway):
        record = logging.LogRecord(
            "root", logging.ERROR, module.__file__, 1, "KeyboardInterrupt", None, None
        )
        assert not session._is_ours(record)
    assert session._is_ours(
        logging.LogRecord("root", logging.ERROR, __file__, 1, "ours", None, None)
    )


@pytest.mark.spark
@pytest.mark.parametrize("durable", [True, False])
def test_a_stored_table_outlives_its_source_and_leaves_nothing(
    spark_session, tmp_path, durable
):
    from linkage.engine.spark import SparkEngine

    with SparkEngine(
        session=spark_session, scratch=tmp_path, durable=durable
    ) as engine:
        source = engine.from_arrow(pa.table({"n": [1, 2]}))
        table = engine.sql("select n + 1 as n from {source}", source=source, store=True)
        engine.drop(source)
        assert sorted(row["n"] for row in rows(engine, table)) == [2, 3]
        assert bool(list(tmp_path.iterdir())) == durable
    assert list(tmp_path.iterdir()) == []


@pytest.mark.spark
def test_rows_of_a_stored_table_are_counted_without_a_query(
    spark_session, tmp_path, monkeypatch
):
    """Each count was a query that Spark planned: a sixth of what it did in a step of
    few records.
    """
    from linkage.engine.spark import SparkEngine

    with SparkEngine(session=spark_session, scratch=tmp_path, durable=False) as engine:
        table = engine.sql("select unnest([1, 2, 3]) as n", store=True)
        empty = engine.sql("select n from {t} where n > 3", t=table, store=True)
        monkeypatch.setattr(engine, "data_frame", None)
        assert (engine.count(table), engine.count(empty)) == (3, 0)


def test_a_job_without_a_run_file_ends_as_leo_run_does(tmp_path, capsys):
    code = run.main([str(tmp_path / "gone.toml"), "--out", str(tmp_path / "run")])
    assert code == ExitCode.USAGE
    assert "gone.toml: no such file" in capsys.readouterr().err


def test_a_job_that_a_scheduler_stops_ends_as_leo_run_does(
    tmp_path, capsys, monkeypatch
):
    """SIGTERM ended the process at once: its manifest said that it was running for
    ever.
    """

    def stop(scope):
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(10)

    facts = SimpleNamespace(settings={"configuration": {"run": {"group": None}}})
    runner = SimpleNamespace(
        folder=SimpleNamespace(root=tmp_path / "run"), facts=facts, run=stop
    )
    calls = {}
    monkeypatch.setattr(
        "linkage.cli.pipeline._runner",
        lambda **options: calls.update(options) or (runner, None),
    )
    arguments = [
        "run.toml",
        "--out",
        str(tmp_path / "run"),
        "--previous",
        str(tmp_path / "before"),
    ]
    assert run.main(arguments) == 130
    assert "the same command continues" in capsys.readouterr().err
    assert (calls["engine"], calls["previous"]) == ("spark", tmp_path / "before")


@pytest.mark.spark
def test_settings_of_spark_submit_are_kept(tmp_path):
    pytest.importorskip(
        "pyspark", reason="no pyspark: pip install 'leo-linkage[spark]'"
    )
    try:
        find_java()
    except ConfigError as error:
        pytest.skip(str(error).splitlines()[0])
    script = tmp_path / "told.py"
    script.write_text(
        """
from linkage.engine.spark_session import start_session

session = start_session()
conf = session.sparkContext.getConf()
for key in ("spark.ui.showConsoleProgress", "spark.executor.extraJavaOptions",
    "spark.ui.enabled"):
    print("told", key, conf.get(key))
print("told", "partitions", session.conf.get("spark.sql.shuffle.partitions"))
print("told", "files", session.conf.get("spark.sql.files.minPartitionNum"))
""",
        encoding="utf-8",
    )
    options = {
        "spark.ui.showConsoleProgress": "true",
        "spark.driver.extraJavaOptions": cluster.QUICK_START,
        "spark.executor.extraJavaOptions": "-Xss700k",
        "spark.sql.shuffle.partitions": "3",
    }
    settings = [
        part for key, value in options.items() for part in ("--conf", f"{key}={value}")
    ]
    home = Path(__file__).parents[2]
    environment = {
        **os.environ,
        "SPARK_HOME": str(spark_home()),
        "PYTHONPATH": str(home),
        "SPARK_LOCAL_IP": "127.0.0.1",
    }
    command = [
        str(spark_home() / "bin" / "spark-submit"),
        "--master",
        "local[1]",
        *settings,
        str(script),
    ]
    job = subprocess.run(
        command,
        capture_output=True,
        text=True,
        env=environment | {"PYSPARK_PYTHON": sys.executable},
    )
    values = dict(
        line.split(" ", 2)[1:]
        for line in job.stdout.splitlines()
        if line.startswith("told ")
    )
    assert values["spark.ui.showConsoleProgress"] == "true"
    assert " -Xss700k -Duser.timezone=UTC " in values["spark.executor.extraJavaOptions"]
    assert values["spark.ui.enabled"] == "false"  # ours, where nothing is said
    assert values["partitions"] == "3"
    assert values["files"] == "8"
