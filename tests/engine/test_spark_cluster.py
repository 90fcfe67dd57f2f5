"""A cluster on this machine comes up whole, goes down whole, and touches nothing else."""

import contextlib
import itertools
import json
import os
import signal
import socket
import stat
import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from linkage.errors import ConfigError, ExitCode, LeoError
from spark_jobs import cluster
from spark_jobs.ports import free_ports

pytestmark = [pytest.mark.spark, pytest.mark.slow]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("pyspark", reason="no pyspark: pip install 'leo-linkage[spark]'")
    return tmp_path_factory.mktemp("cluster")


def test_up_then_down(folder, capsys):
    asked = ["up", "--folder", str(folder), "--workers", "1", "--memory", "512m", "--apart"]
    with socket.socket() as of_another:
        with contextlib.suppress(OSError):  # somebody has it already, which is as well
            of_another.bind((cluster.HOST, 6066))  # where the master of another cluster may take jobs by REST
            of_another.listen()
        assert cluster.main(asked) == ExitCode.DONE
    found = cluster.read(folder)
    assert [process.name for process in found.processes] == ["master", "worker-1"]
    assert all(process.runs for process in found.processes)
    assert f"{found.url} with 1 workers" in capsys.readouterr().out
    master, worker = found.processes
    assert len(os.sched_getaffinity(worker.pid)) == 1  # --apart: what it starts keeps to its processor
    assert os.sched_getaffinity(master.pid) == os.sched_getaffinity(0)

    secret = found.settings / "spark-defaults.conf"
    assert stat.S_IMODE(secret.stat().st_mode) == 0o600
    with pytest.raises(ConfigError, match="its cluster is up"):
        cluster.up(folder)

    assert cluster.main(["down", "--folder", str(folder)]) == ExitCode.DONE
    assert not any(process.runs for process in found.processes)
    assert not secret.exists()


def test_down_leaves_a_later_process_of_the_same_number_alone():
    with subprocess.Popen(["sleep", "3600"], start_new_session=True) as later:
        try:
            of_then = cluster.Process("worker-1", later.pid, started=1)
            assert not of_then.runs
            cluster.stop(of_then)
            time.sleep(0.1)
            assert later.poll() is None
        finally:
            later.kill()


def test_a_folder_without_a_cluster_is_told(tmp_path, capsys):
    assert cluster.main(["down", "--folder", str(tmp_path)]) == ExitCode.USAGE
    assert "no cluster was started there" in capsys.readouterr().err


@pytest.mark.parametrize("memory", ["lots", "2", "-1g", "0g", "1.5g", ""])
def test_memory_that_is_no_amount_is_refused_before_anything_is_started(memory, asleep, tmp_path, capsys):
    """A worker ended with its usage in a log, and the cluster was said not to have come up."""
    assert cluster.main(["up", "--folder", str(tmp_path), f"--memory={memory}"]) == ExitCode.USAGE
    assert f"--memory: '{memory}' is no amount of memory as Java writes it" in capsys.readouterr().err
    assert (asleep, list(tmp_path.glob("cluster.json"))) == ([], [])


_LONG = 600.0  # seconds; a busy machine takes many times what an idle one does


@pytest.fixture
def asleep(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[subprocess.Popen[bytes]]]:
    """A Spark whose master and workers sleep, and end when they are asked to, however late; and those that were started."""
    launcher = tmp_path / "home" / "bin" / "spark-class"
    launcher.parent.mkdir(parents=True)
    launcher.write_text("#!/bin/sh\nexec sleep 3600\n")
    launcher.chmod(0o755)
    monkeypatch.setattr(cluster, "find_java", lambda: None)
    monkeypatch.setattr(cluster, "spark_home", lambda: tmp_path / "home")
    monkeypatch.setattr(cluster, "_GRACE", _LONG)
    started: list[subprocess.Popen[bytes]] = []
    monkeypatch.setattr(cluster, "_ours", started)
    yield started
    for process in started:
        process.kill()
        process.wait()


def test_a_cluster_that_is_stopped_while_it_comes_up_leaves_no_process(asleep, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(cluster, "_registered", lambda page: os.kill(os.getpid(), signal.SIGTERM))
    assert cluster.main(["up", "--folder", str(tmp_path / "c")]) == ExitCode.STOPPED
    assert capsys.readouterr().err.startswith("stopped\n")
    assert [process.wait(_LONG) for process in asleep] == [-signal.SIGTERM]
    assert not (tmp_path / "c" / "conf").exists()


def test_a_process_that_cannot_be_written_down_is_ended(asleep, tmp_path, monkeypatch, capsys):
    def refused(*_: Any) -> None:
        raise OSError(28, "No space left on device", "cluster.json")

    monkeypatch.setattr(cluster, "_write_down", refused)
    assert cluster.main(["up", "--folder", str(tmp_path / "c")]) == ExitCode.FAILED
    assert capsys.readouterr().err == "cluster.json: No space left on device\n"
    assert [process.wait(_LONG) for process in asleep] == [-signal.SIGTERM]


def test_a_second_up_in_a_folder_waits_for_no_first(asleep, tmp_path):
    with cluster._alone(tmp_path), pytest.raises(ConfigError, match="another process is starting a cluster there"):
        cluster.up(tmp_path)
    assert not asleep


@pytest.mark.parametrize("asked", ["--workers", "--cores"])
def test_a_cluster_without_workers_or_cores_is_refused(asleep, tmp_path, asked, capsys):
    assert cluster.main(["up", "--folder", str(tmp_path / "c"), asked, "-1"]) == ExitCode.USAGE
    assert "at least 1 to --workers and to --cores" in capsys.readouterr().err
    assert not asleep


@pytest.mark.parametrize("held", ['{"url": "spark://127.0.0.1:7', "[]", '{"url": "spark://x", "processes": [{}]}'])
def test_half_a_state_is_told_with_what_to_do(tmp_path, held, capsys):
    (tmp_path / cluster.STATE).write_text(held)
    assert cluster.main(["down", "--folder", str(tmp_path)]) == ExitCode.USAGE
    assert "remove the file" in capsys.readouterr().err


def test_keys_are_the_drivers_alone(asleep, tmp_path, monkeypatch):
    """Workers hand their environment to executors, which need no key."""
    monkeypatch.setenv("LEO_MASTER_KEY", "ab" * 32)
    monkeypatch.setenv("LEO_EXTRACT_KEY", "cd" * 32)
    monkeypatch.setenv("LEO_DEFINITIONS", "mine")
    found = cluster._with(cluster.Cluster("spark://127.0.0.1:1", tmp_path, ()), "master", "Master", [])
    try:
        held = _environment(found.processes[0].pid)
        assert [variable for variable in held if variable.startswith("LEO_")] == ["LEO_DEFINITIONS=mine"]
    finally:
        cluster.end(found)


def _environment(pid: int) -> list[str]:
    """Its variables; Linux shows none of a process while it begins another program, as a launcher does."""
    until = time.monotonic() + _LONG
    while not (held := Path(f"/proc/{pid}/environ").read_bytes()) and time.monotonic() < until:
        time.sleep(0.01)
    return held.decode().split("\0")


def test_what_is_started_is_written_down_whole(asleep, tmp_path):
    found = cluster._with(cluster.Cluster("spark://127.0.0.1:1", tmp_path, ()), "master", "Master", [])
    try:
        assert cluster.read(tmp_path).processes == found.processes
        assert json.loads((tmp_path / cluster.STATE).read_text())["url"] == found.url
        assert not list(tmp_path.glob(f".{cluster.STATE}*"))
    finally:
        cluster.end(found)
    assert not found.processes[0].runs


def test_what_outlives_the_process_that_started_it_is_ended_with_it(monkeypatch):
    monkeypatch.setattr(cluster, "_GRACE", 0.2)
    says = "(trap '' TERM; echo $BASHPID; exec sleep 3600) & sleep 3600"
    with subprocess.Popen(["bash", "-c", says], start_new_session=True, stdout=subprocess.PIPE) as leader:
        assert leader.stdout
        executor = int(leader.stdout.readline())
        cluster.stop(cluster.Process("worker-1", leader.pid, cluster._started(leader.pid) or 0))
        assert cluster._started(executor) is None


def test_ports_that_are_chosen_are_none_that_the_system_gives_to_another_meanwhile():
    """A connection of another process was given the one between the choice and the start of Java, now and then."""
    chosen = [free_ports() for _ in range(50)]
    assert all(1024 <= port < 32_768 for port in itertools.chain(*chosen))
    assert all(port != page for port, page in chosen)


def test_what_answers_in_another_language_is_no_page_of_a_master():
    with socket.create_server((cluster.HOST, 0)) as other, ThreadPoolExecutor(1) as beside:

        def answer() -> None:
            with other.accept()[0] as asked:
                asked.recv(1000)
                asked.sendall(b"500 lines of something else\r\n\r\n")

        beside.submit(answer)
        assert cluster._registered(other.getsockname()[1]) is None


def test_a_master_whose_port_was_taken_since_ends_and_takes_no_other(tmp_path, monkeypatch):
    pytest.importorskip("pyspark", reason="no pyspark: pip install 'leo-linkage[spark]'")
    with socket.socket() as taken:
        taken.bind((cluster.HOST, 0))
        taken.listen()
        ports = taken.getsockname()[1], free_ports()[0]
        monkeypatch.setattr(cluster, "free_ports", lambda: ports)
        with pytest.raises(LeoError, match="the cluster did not come up: master ended"):
            cluster.up(tmp_path, workers=1, memory="512m")
