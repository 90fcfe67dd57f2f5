"""The cluster for tests and benchmarks starts whole, ends whole, and touches nothing
else.
"""

import os
import signal
import socket
import stat
import subprocess
from pathlib import Path

import pytest

from benchmarks.spark import cluster
from linkage.errors import LeoError

pytestmark = [pytest.mark.spark, pytest.mark.slow]


@pytest.fixture
def sleeping_spark(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A Spark whose master and workers sleep until they are ended."""
    launcher = tmp_path / "home" / "bin" / "spark-class"
    launcher.parent.mkdir(parents=True)
    launcher.write_text("#!/bin/sh\nexec sleep 3600\n")
    launcher.chmod(0o755)
    monkeypatch.setattr(cluster, "find_java", lambda: None)
    monkeypatch.setattr(cluster, "spark_home", lambda: tmp_path / "home")


def test_a_cluster_has_its_own_secret_from_start_to_end(tmp_path):
    pytest.importorskip(
        "pyspark", reason="no pyspark: pip install 'leo-linkage[spark]'"
    )
    instance = cluster.start(tmp_path, workers=1, memory="512m", pinned=True)
    try:
        assert [process.name for process in instance.processes] == [
            "master",
            "worker-1",
        ]
        assert len(os.sched_getaffinity(instance.processes[1].pid)) == 1
        secret = instance.settings / "spark-defaults.conf"
        assert stat.S_IMODE(secret.stat().st_mode) == 0o600
    finally:
        instance.end()
    assert not any(cluster.group_lives(process.pid) for process in instance.processes)
    assert not secret.exists()


def test_an_interrupted_start_leaves_no_process(sleeping_spark, tmp_path, monkeypatch):
    clusters: list[cluster.Cluster] = []

    def interrupt(condition, instance):
        clusters.append(instance)
        raise KeyboardInterrupt

    monkeypatch.setattr(cluster, "_wait", interrupt)
    with pytest.raises(KeyboardInterrupt):
        cluster.start(tmp_path / "c")
    assert [process.popen.returncode for process in clusters[0].processes] == [
        -signal.SIGTERM
    ]
    assert not (tmp_path / "c" / "conf").exists()


def test_workers_do_not_inherit_keys(sleeping_spark, tmp_path, monkeypatch):
    monkeypatch.setenv("LEO_MASTER_KEY", "ab" * 32)
    monkeypatch.setenv("LEO_DEFINITIONS", "mine")
    instance = cluster.Cluster("spark://127.0.0.1:1", tmp_path)
    (tmp_path / "logs").mkdir()
    cluster._launch(instance, "master", "Master", [])
    try:
        variables = b""
        while (
            b"SPARK_HOME" not in variables
        ):  # Linux shows none while the process begins
            variables = Path(f"/proc/{instance.processes[0].pid}/environ").read_bytes()
        assert b"LEO_DEFINITIONS=mine" in variables
        assert b"LEO_MASTER_KEY" not in variables
    finally:
        instance.end()


def test_an_executor_that_outlives_its_worker_is_killed(monkeypatch):
    monkeypatch.setattr(cluster, "_GRACE_SECONDS", 0.2)
    script = "(trap '' TERM; echo ready; exec sleep 3600) & sleep 3600"
    with subprocess.Popen(
        ["bash", "-c", script], start_new_session=True, stdout=subprocess.PIPE
    ) as leader:
        assert leader.stdout
        leader.stdout.readline()
        cluster.Process("worker-1", leader).end()
        assert not cluster.group_lives(leader.pid)


def test_a_master_whose_port_is_taken_ends(tmp_path, monkeypatch):
    pytest.importorskip(
        "pyspark", reason="no pyspark: pip install 'leo-linkage[spark]'"
    )
    with socket.socket() as listener:
        listener.bind((cluster.HOST, 0))
        listener.listen()
        ports = listener.getsockname()[1], cluster.free_ports()[0]
        monkeypatch.setattr(cluster, "free_ports", lambda: ports)
        with pytest.raises(LeoError, match="the cluster did not come up: master ended"):
            cluster.start(tmp_path, workers=1, memory="512m")
