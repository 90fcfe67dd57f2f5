"""A standalone Spark cluster on this machine, of the pip package, for tests and
benchmarks. It listens on loopback.

    python -m benchmarks.spark.cluster --workers 2 --folder runs/cluster  # until Ctrl-C
    SPARK_CONF_DIR=runs/cluster/conf spark-submit spark_jobs/run.py configs/leo.toml \\
        --data data --out runs/leo

Master and executors share a secret, created at each start in a file of mode 0600, so
that no other user of the machine can submit work.
"""

import argparse
import contextlib
import errno
import json
import os
import re
import secrets
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from http.client import HTTPException
from pathlib import Path

from linkage.engine.java import LOGGING, find_java, spark_home
from linkage.errors import LeoError
from linkage.process import stoppable

HOST = "127.0.0.1"
_FIRST_PORT, _PORTS = (
    20_000,
    12_768,
)  # Linux hands out 32,768 and above to any process that asks
_START_SECONDS = 300  # a machine with a load of 15 needed 90
_GRACE_SECONDS = 10.0  # from SIGTERM to SIGKILL

QUICK_START = (
    "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC -XX:MetaspaceSize=256m "
    "-XX:ReservedCodeCacheSize=240m"
)
"""Java options of a driver, master or worker: halves the work of a start. One compiler
has only 48 MB for code unless the cache is set.
"""

DIRECTIVES = Path(__file__).parents[2] / "spark_jobs" / "executor.directives"
"""Classes that an executor compiles with the quick compiler only: they run too seldom
to repay the slow one.
"""


@dataclass(frozen=True)
class Process:
    """A Java process that leads its own process group; executors belong to the group of
    their worker.
    """

    name: str
    popen: subprocess.Popen[bytes]

    @property
    def pid(self) -> int:
        return self.popen.pid

    def end(self, stop: signal.Signals = signal.SIGTERM) -> None:
        """End the process and its group: with `stop`, then with SIGKILL."""
        for number in dict.fromkeys((stop, signal.SIGKILL)):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.pid, number)
            deadline = time.monotonic() + (
                _START_SECONDS if number == signal.SIGKILL else _GRACE_SECONDS
            )
            while self.popen.poll() is None or group_lives(self.pid):
                if time.monotonic() > deadline:
                    break
                time.sleep(0.05)
            else:
                return


@dataclass
class Cluster:
    """Attributes:
    url: of the master, for spark-submit.
    folder: settings, logs and the workers' files.
    """

    url: str
    folder: Path
    processes: list[Process] = field(default_factory=list)

    @property
    def settings(self) -> Path:
        """SPARK_CONF_DIR of a spark-submit that finds the master and knows its
        secret.
        """
        return self.folder / "conf"

    def end(self) -> None:
        """End workers, then the master, and remove the secret."""
        for process in reversed(self.processes):
            process.end()
        shutil.rmtree(self.folder / "local", ignore_errors=True)
        shutil.rmtree(self.settings, ignore_errors=True)


def start(
    folder: Path,
    *,
    workers: int = 2,
    cores: int = 1,
    memory: str = "2g",
    pinned: bool = False,
) -> Cluster:
    """Start a master and workers, and wait until all workers have registered.

    Args:
        folder: new, or of a cluster that has ended.
        cores, memory: of each worker; one executor may take all of it.
        pinned: hold each worker and its executors to processors of their own, as
            containers are.

    Raises:
        ConfigError: there is no Java runtime or pyspark.
        LeoError: the processes do not come up; those that had started are ended.
    """
    find_java()
    folder.mkdir(parents=True, exist_ok=True)
    folder = folder.resolve()
    for name in ("work", "local", "conf"):
        shutil.rmtree(folder / name, ignore_errors=True)
    port, page = free_ports()
    cluster = Cluster(f"spark://{HOST}:{port}", folder)
    write_settings(folder, cluster.url, cores, memory)
    try:
        arguments = ["--host", HOST, "--port", str(port), "--webui-port", str(page)]
        _launch(cluster, "master", "org.apache.spark.deploy.master.Master", arguments)
        _wait(lambda: _registered(page) is not None, cluster)
        for number in range(1, workers + 1):
            arguments = [
                "--host",
                HOST,
                "--webui-port",
                "0",
                "--cores",
                str(cores),
                "--memory",
                memory,
            ]
            arguments += [
                "--work-dir",
                str(folder / "work" / f"worker-{number}"),
                cluster.url,
            ]
            _launch(
                cluster,
                f"worker-{number}",
                "org.apache.spark.deploy.worker.Worker",
                arguments,
            )
            if pinned:
                os.sched_setaffinity(
                    cluster.processes[-1].pid, _processors(number, cores)
                )
        _wait(lambda: _registered(page) == workers, cluster)
    except BaseException:
        cluster.end()
        raise
    return cluster


def _processors(number: int, cores: int) -> set[int]:
    """The processors of worker `number`, from 1; with too few processors workers share
    them.
    """
    available = sorted(os.sched_getaffinity(0))
    return {
        available[place % len(available)]
        for place in range((number - 1) * cores, number * cores)
    }


def _launch(
    cluster: Cluster, name: str, java_class: str, arguments: Sequence[str]
) -> None:
    home = spark_home()
    environment = {
        **{
            key: value
            for key, value in os.environ.items()
            if not re.fullmatch("LEO_.*_KEY", key)
        },  # driver only
        "SPARK_HOME": str(home),
        "SPARK_CONF_DIR": str(cluster.settings),
        "SPARK_LOCAL_IP": HOST,
        "SPARK_LOCAL_DIRS": str(cluster.folder / "local"),
        "SPARK_DAEMON_MEMORY": "512m",
        # No second port is tried, and no jobs by REST: its port (6066) is one for the
        # machine and asks for no secret.
        "SPARK_DAEMON_JAVA_OPTS": f"{QUICK_START} "
        f"-Dlog4j2.configurationFile=file://{LOGGING} "
        "-Dspark.port.maxRetries=0 -Dspark.master.rest.enabled=false",
    }
    log = cluster.folder / "logs" / f"{name}.log"
    log.parent.mkdir(exist_ok=True)
    with log.open("w", encoding="utf-8") as out:
        command = [str(home / "bin" / "spark-class"), java_class, *arguments]
        popen = subprocess.Popen(
            command,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            start_new_session=True,
        )
    cluster.processes.append(Process(name, popen))


def write_settings(folder: Path, url: str, cores: int, memory: str) -> None:
    """Write FOLDER/conf: the master, its secret, and an executor that fits a worker."""
    flag = f'"-XX:CompilerDirectivesFile={DIRECTIVES}"'
    settings = {
        "spark.master": url,
        "spark.authenticate": "true",
        "spark.authenticate.secret": secrets.token_hex(16),
        "spark.driver.host": HOST,
        "spark.driver.bindAddress": HOST,
        "spark.executor.cores": str(cores),
        "spark.executor.memory": memory,
        "spark.executor.extraJavaOptions": "-XX:+UnlockDiagnosticVMOptions "
        f"-XX:CompileCommand=quiet {flag}",
        "spark.local.dir": str(folder / "local"),
        "spark.driver.extraJavaOptions": f"{QUICK_START} -Duser.timezone=UTC "
        f"-Dlog4j2.configurationFile=file://{LOGGING}",
    }
    (folder / "conf").mkdir(mode=0o700)
    file = os.open(
        folder / "conf" / "spark-defaults.conf",
        os.O_WRONLY | os.O_CREAT | os.O_EXCL,
        0o600,
    )
    with os.fdopen(file, "w", encoding="utf-8") as out:
        out.writelines(f"{key} {value}\n" for key, value in settings.items())
    shutil.copy(LOGGING, folder / "conf" / "log4j2.properties")
    defaults = {
        "PYSPARK_PYTHON": sys.executable,
        "JAVA_HOME": os.environ.get("JAVA_HOME"),
    }
    lines = [f"export SPARK_LOCAL_IP={HOST}\n"]
    lines += [
        f'[ -n "${k}" ] || export {k}={shlex.quote(v)}\n'
        for k, v in defaults.items()
        if v
    ]
    (folder / "conf" / "spark-env.sh").write_text("".join(lines), encoding="utf-8")


def free_ports() -> tuple[int, int]:
    """Two ports that no process listens on, below those that Linux hands out."""
    free: set[int] = set()
    while len(free) < 2:
        port = _FIRST_PORT + secrets.randbelow(_PORTS)
        with contextlib.closing(socket.socket()) as attempt:
            try:
                attempt.bind((HOST, port))
            except OSError as error:
                if error.errno != errno.EADDRINUSE:
                    raise
            else:
                free.add(port)
    first, second = free
    return first, second


def _registered(page: int) -> int | None:
    """Workers that the master counts; None while it does not answer."""
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with direct.open(f"http://{HOST}:{page}/json/", timeout=5) as answer:
            return int(json.load(answer)["aliveworkers"])
    except (OSError, HTTPException, ValueError, KeyError):
        return None


def _wait(holds: Callable[[], bool], cluster: Cluster) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while not holds():
        exits = [
            process.name
            for process in cluster.processes
            if process.popen.poll() is not None
        ]
        if exits or time.monotonic() > deadline:
            reason = (
                f"{', '.join(exits)} ended"
                if exits
                else f"not all workers registered within {_START_SECONDS} s"
            )
            raise LeoError(
                f"the cluster did not come up: {reason}\n  see "
                f"{cluster.folder / 'logs'}"
            )
        time.sleep(0.1)


def group_lives(leader: int) -> bool:
    """Whether a process of the group of `leader` is alive."""
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            fields = (
                stat.read_text(encoding="utf-8", errors="replace")
                .rpartition(")")[2]
                .split()
            )
            if fields[0] not in "ZX" and int(fields[2]) == leader:
                return True
    return False


def main() -> None:
    parser = argparse.ArgumentParser(
        description="Run a Spark cluster on this machine until Ctrl-C."
    )
    parser.add_argument(
        "--folder", type=Path, default=Path("runs/cluster"), help="settings and logs"
    )
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--cores", type=int, default=1, help="of each worker")
    parser.add_argument("--memory", default="2g", help="of each worker's executor")
    parser.add_argument(
        "--pinned", action="store_true", help="each worker on processors of its own"
    )
    options = parser.parse_args()
    with contextlib.suppress(KeyboardInterrupt), stoppable():
        cluster = start(
            options.folder,
            workers=options.workers,
            cores=options.cores,
            memory=options.memory,
            pinned=options.pinned,
        )
        try:
            print(
                f"{cluster.url}\n  SPARK_CONF_DIR={cluster.settings} spark-submit ...",
                flush=True,
            )
            signal.pause()
        finally:
            cluster.end()


if __name__ == "__main__":
    main()
