"""A cluster on this machine comes up whole, goes down whole, and touches nothing else."""

import os
import signal
import stat
import subprocess
import time
from pathlib import Path

import pytest

from linkage.errors import ConfigError, ExitCode
from spark_jobs import cluster

pytestmark = [pytest.mark.spark, pytest.mark.slow]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("pyspark", reason="no pyspark: pip install 'leo-linkage[spark]'")
    return tmp_path_factory.mktemp("cluster")


def test_up_then_down(folder, capsys):
    assert (
        cluster.main(["up", "--folder", str(folder), "--workers", "1", "--memory", "512m", "--apart"]) == ExitCode.DONE
    )
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
    with subprocess.Popen(["sleep", "30"], start_new_session=True) as later:
        of_then = cluster.Process("worker-1", later.pid, started=1)
        assert not of_then.runs
        cluster.stop(of_then)
        time.sleep(0.1)
        assert later.poll() is None
        os.kill(later.pid, signal.SIGKILL)


def test_a_folder_without_a_cluster_is_told(tmp_path, capsys):
    assert cluster.main(["down", "--folder", str(tmp_path)]) == ExitCode.USAGE
    assert "no cluster was started there" in capsys.readouterr().err
