"""A Spark cluster on this machine: the standalone master and workers of the pip package, on loopback alone.

    python -m spark_jobs.cluster up --workers 2 --folder runs/cluster
    SPARK_CONF_DIR=runs/cluster/conf spark-submit spark_jobs/run.py configs/leo.toml --data data --out runs/leo
    python -m spark_jobs.cluster down --folder runs/cluster

For tests, measurements and trying out. Master and executors know one another by a secret, made anew by `up` and held in
a file of mode 0600, so that no other user of the machine can hand them work.
"""

import argparse
import contextlib
import fcntl
import json
import os
import re
import secrets
import shlex
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from http.client import HTTPException
from pathlib import Path
from typing import Any

from linkage.engine import unfinished
from linkage.engine.java import LOGGING, find_java, spark_home
from linkage.errors import ConfigError, ExitCode, LeoError
from linkage.process import stoppable
from spark_jobs.ports import HOST, free_ports

_PATIENCE = 300  # seconds in which workers must have registered, or be gone once killed; under a load of 15 not 90
_GRACE = 10.0  # seconds from asking a process to end to killing it
STATE = "cluster.json"
_DOWN = "python -m spark_jobs.cluster down --folder"

QUICK_START = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC -XX:MetaspaceSize=256m -XX:ReservedCodeCacheSize=240m"
"""Options of the Java of a driver, a master or a worker, which plan and wait: half the work of a start goes.

With one compiler Java keeps 48 MB for what it compiles, with two 240; where they are full, code is thrown away and
compiled again for as long as the process lives."""

DIRECTIVES = Path(__file__).with_name("executor.directives")
"""What an executor's Java compiles with its quick compiler alone: what loads classes, reads what tasks are sent as, and
makes classes of queries. The slow one spent half of its time on that, which runs too seldom to be worth it."""


@dataclass(frozen=True)
class Process:
    """A process that `up` started; its start, in ticks since boot, tells it from a later one of the same number."""

    name: str
    pid: int
    started: int

    @property
    def runs(self) -> bool:
        return _started(self.pid) == self.started


@dataclass(frozen=True)
class Cluster:
    """Attributes:
    url: of the master, for spark-submit.
    folder: its settings, logs and what workers write.
    """

    url: str
    folder: Path
    processes: tuple[Process, ...]

    @property
    def settings(self) -> Path:
        """What SPARK_CONF_DIR must be, so that spark-submit finds the master and knows its secret."""
        return self.folder / "conf"


def up(folder: Path, *, workers: int = 2, cores: int = 1, memory: str = "2g", apart: bool = False) -> Cluster:
    """Start a master and workers, and wait until all of them have registered.

    Args:
        folder: new, or of a cluster that has ended.
        cores, memory: of each worker; one executor may take all of it.
        apart: hold each worker and its executors to processors of their own, as the containers of a cluster are held.
            Without it an executor of one core computes one task at a time, and compiles and collects on any processor.

    Raises:
        ConfigError: no Java runtime or pyspark, no worker, core or amount of memory, or the folder's cluster is up or
            on its way.
        LeoError: the processes do not come up; what had been started is ended.
    """
    find_java()
    if workers < 1 or cores < 1:
        raise ConfigError(
            f"{workers} workers of {cores} cores are no cluster\n  give at least 1 to --workers and to --cores"
        )
    if not re.fullmatch(r"[1-9]\d*[kmgt]b?", memory, re.IGNORECASE):
        raise ConfigError(
            f"--memory: '{memory}' is no amount of memory as Java writes it\n  write for example 2g or 1536m"
        )
    folder.mkdir(parents=True, exist_ok=True)
    folder = folder.resolve()
    with _alone(folder):
        return _started_up(folder, workers, cores, memory, apart)


@contextlib.contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Hold a folder, so that a second `up` in it does not take away the settings of the first.

    Raises:
        ConfigError: another process starts a cluster there.
    """
    with (folder / ".starting").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ConfigError(
                f"{folder}: another process is starting a cluster there\n  wait until it is up, or give another folder"
            ) from None
        except OSError:
            pass  # a file system without locks
        yield


def _started_up(folder: Path, workers: int, cores: int, memory: str, apart: bool) -> Cluster:
    if (folder / STATE).exists() and any(process.runs for process in read(folder).processes):
        raise ConfigError(f"{folder}: its cluster is up\n  end it first: {_DOWN} {folder}")
    for old in ("work", "local", "conf"):
        shutil.rmtree(folder / old, ignore_errors=True)
    port, page = free_ports()
    url = f"spark://{HOST}:{port}"
    _write_settings(folder, url, cores, memory)
    cluster = Cluster(url, folder, ())
    try:
        asked = ["--host", HOST, "--port", str(port), "--webui-port", str(page)]
        cluster = _with(cluster, "master", "org.apache.spark.deploy.master.Master", asked)
        _wait(lambda: _registered(page) is not None, cluster)
        for number in range(1, workers + 1):
            asked = ["--host", HOST, "--webui-port", "0", "--cores", str(cores), "--memory", memory]
            asked += ["--work-dir", str(folder / "work" / f"worker-{number}"), url]
            held = _processors(number, cores) if apart else None
            cluster = _with(cluster, f"worker-{number}", "org.apache.spark.deploy.worker.Worker", asked, held)
        _wait(lambda: _registered(page) == workers, cluster)
    except BaseException:
        end(cluster)
        raise
    return cluster


def down(folder: Path) -> Cluster:
    """End the processes that `up` started in this folder, and no others.

    Raises:
        ConfigError: the folder is none of a cluster.
    """
    cluster = read(folder)
    end(cluster)
    return cluster


def read(folder: Path) -> Cluster:
    """The cluster of a folder, whether it is up or not.

    Raises:
        ConfigError: the folder is none of a cluster, or what it says of one cannot be read.
    """
    try:
        held: dict[str, Any] = json.loads((folder / STATE).read_text(encoding="utf-8"))
        return Cluster(held["url"], folder.resolve(), tuple(Process(**each) for each in held["processes"]))
    except OSError:
        raise ConfigError(
            f"{folder}: holds no {STATE}, so no cluster was started there\n"
            "  start one there, or give the folder that one was started in"
        ) from None
    except (ValueError, KeyError, TypeError):
        raise ConfigError(
            f"{folder / STATE}: is not what `up` writes\n"
            "  end Java processes of the folder by hand, if there are any, and remove the file"
        ) from None


def end(cluster: Cluster) -> None:
    """End a cluster's processes with the executors that they started: asked first, then killed."""
    for process in reversed(cluster.processes):  # workers before their master
        stop(process)
    shutil.rmtree(cluster.folder / "local", ignore_errors=True)
    shutil.rmtree(cluster.settings, ignore_errors=True)  # the secret ends with the cluster


def stop(process: Process, how: signal.Signals = signal.SIGTERM) -> None:
    """End one process and what it started."""
    if not process.runs:
        return
    for signalled in dict.fromkeys((how, signal.SIGKILL)):
        with contextlib.suppress(ProcessLookupError):  # it has ended since
            os.killpg(process.pid, signalled)  # it leads a group of its own; executors are of it
        until = time.monotonic() + (_PATIENCE if signalled == signal.SIGKILL else _GRACE)  # nobody refuses a kill
        while lives := _group_lives(process.pid):  # an executor may need longer than the worker that started it
            if time.monotonic() > until:
                break
            time.sleep(0.05)
        if not lives:
            return


def _processors(number: int, cores: int) -> set[int]:
    """The processors of the worker of a number, from 1 on; where there are too few, workers share them."""
    held = sorted(os.sched_getaffinity(0))
    return {held[place % len(held)] for place in range((number - 1) * cores, number * cores)}


def _with(
    cluster: Cluster, name: str, java_class: str, arguments: Sequence[str], processors: set[int] | None = None
) -> Cluster:
    """The cluster with one process more, written down before it is waited for; on these processors alone, if any."""
    home = spark_home()
    environment = {
        **{name: value for name, value in os.environ.items() if not re.fullmatch("LEO_.*_KEY", name)},  # the driver's
        "SPARK_HOME": str(home),
        "SPARK_CONF_DIR": str(cluster.settings),
        "SPARK_LOCAL_IP": HOST,  # the pages listen on no other address either
        "SPARK_LOCAL_DIRS": str(cluster.folder / "local"),
        "SPARK_DAEMON_MEMORY": "512m",
        # A port that was taken since is told at once; the next one would be another's, or nobody would look there.
        # No jobs by REST: its port (6066) is one for all masters of a machine, and it asks nobody for the secret.
        "SPARK_DAEMON_JAVA_OPTS": f"{QUICK_START} -Dlog4j2.configurationFile=file://{LOGGING} "
        "-Dspark.port.maxRetries=0 -Dspark.master.rest.enabled=false",
    }
    log = cluster.folder / "logs" / f"{name}.log"
    log.parent.mkdir(exist_ok=True)
    with log.open("w", encoding="utf-8") as out:
        started = subprocess.Popen(
            [home / "bin" / "spark-class", java_class, *arguments],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    _ours.append(started)
    process = Process(name, started.pid, _started(started.pid) or 0)
    try:
        if processors:
            os.sched_setaffinity(started.pid, processors)  # what it starts inherits them
        cluster = Cluster(cluster.url, cluster.folder, (*cluster.processes, process))
        _write_down(cluster)
    except BaseException:
        stop(process)  # nobody else knows of it
        raise
    return cluster


def _write_down(cluster: Cluster) -> None:
    """Say in the folder which processes are the cluster's, whole or not at all: `down` knows no others."""
    state = {"url": cluster.url, "processes": [asdict(each) for each in cluster.processes]}
    with unfinished(cluster.folder / STATE) as part:
        part.write_text(json.dumps(state, indent=1) + "\n", encoding="utf-8")


_ours: list[subprocess.Popen[bytes]] = []
"""Children of this process, which must be asked for their ends lest they stay as zombies."""


def _write_settings(folder: Path, url: str, cores: int, memory: str) -> None:
    """Spark's settings file of the folder: the master, its secret, and an executor that fits a worker."""
    settings = {
        "spark.master": url,
        "spark.authenticate": "true",
        "spark.authenticate.secret": secrets.token_hex(16),
        "spark.driver.host": HOST,
        "spark.driver.bindAddress": HOST,
        "spark.executor.cores": str(cores),
        "spark.executor.memory": memory,
        "spark.executor.extraJavaOptions": "-XX:+UnlockDiagnosticVMOptions -XX:CompileCommand=quiet "
        f'"-XX:CompilerDirectivesFile={DIRECTIVES}"',
        "spark.local.dir": str(folder / "local"),
        # A driver plans and waits: the second compiler and its threads would take the cores from executors.
        "spark.driver.extraJavaOptions": f"{QUICK_START} -Duser.timezone=UTC -Dlog4j2.configurationFile=file://{LOGGING}",
    }
    (folder / "conf").mkdir(mode=0o700)
    file = os.open(folder / "conf" / "spark-defaults.conf", os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(file, "w", encoding="utf-8") as out:
        out.writelines(f"{key} {value}\n" for key, value in settings.items())
    environment = _environment(os.environ.get("JAVA_HOME")) + _interpreter()
    (folder / "conf" / "spark-env.sh").write_text(environment, encoding="utf-8")
    shutil.copy(LOGGING, folder / "conf" / "log4j2.properties")  # else a driver's first lines are told as they come


def _environment(java_home: str | None) -> str:
    """What spark-submit sets before it looks for Java: where nobody names one, that of the cluster, maybe a wheel's."""
    java = f'[ -n "$JAVA_HOME" ] || export JAVA_HOME={shlex.quote(java_home)}\n' if java_home else ""
    return f"export SPARK_LOCAL_IP={HOST}\n{java}"


def _interpreter() -> str:
    """Python of driver and workers where nobody names one: this one has leo-linkage, the first on the path may not."""
    return f'[ -n "$PYSPARK_PYTHON" ] || export PYSPARK_PYTHON={shlex.quote(sys.executable)}\n'


def _registered(page: int) -> int | None:
    """Workers that the master counts; None while it does not answer."""
    straight = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with straight.open(f"http://{HOST}:{page}/json/", timeout=5) as answer:
            return int(json.load(answer)["aliveworkers"])
    except (OSError, HTTPException, ValueError, KeyError):
        return None


def _wait(holds: Callable[[], bool], cluster: Cluster) -> None:
    until = time.monotonic() + _PATIENCE
    while not holds():
        dead = [process.name for process in cluster.processes if not process.runs]
        if dead or time.monotonic() > until:
            what = f"{', '.join(dead)} ended" if dead else f"not all workers registered within {_PATIENCE} s"
            raise LeoError(f"the cluster did not come up: {what}\n  see {cluster.folder / 'logs'}")
        time.sleep(0.1)


def _started(pid: int) -> int | None:
    """When a process started, in clock ticks since boot; None when there is none, or only its end is left to read."""
    for child in [child for child in _ours if child.pid == pid]:
        child.poll()
    fields = _fields(Path(f"/proc/{pid}/stat"))
    return int(fields[19]) if fields else None


def _group_lives(leader: int) -> bool:
    """Whether a process of the group that another leads is there, the leader or what it started."""
    for child in _ours:
        child.poll()
    return any((fields := _fields(stat)) and int(fields[2]) == leader for stat in Path("/proc").glob("[0-9]*/stat"))


def _fields(stat: Path) -> list[str]:
    """What the system says of a process, from its state on; nothing of one that has ended."""
    try:
        fields = stat.read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
    except OSError:
        return []
    return fields if fields and fields[0] not in "ZX" else []


def main(arguments: Sequence[str] | None = None) -> int:
    """`up` and `down` on the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m spark_jobs.cluster", description="Start or end a Spark cluster on this machine."
    )
    verbs = parser.add_subparsers(dest="verb", required=True)
    for verb, says in (("up", "start a master and workers"), ("down", "end them")):
        of_verb = verbs.add_parser(verb, help=says)
        of_verb.add_argument("--folder", type=Path, default=Path("runs/cluster"), help="settings, logs, state")
        if verb == "up":
            of_verb.add_argument("--workers", type=int, default=2, metavar="N", help="how many; 2 when not given")
            of_verb.add_argument("--cores", type=int, default=1, metavar="N", help="of a worker; 1 when not given")
            of_verb.add_argument("--memory", default="2g", help="of a worker's executor, as Java writes it; 2g")
            of_verb.add_argument("--apart", action="store_true", help="each worker on processors of its own")
    given = parser.parse_args(arguments)
    try:
        if given.verb == "down":
            cluster = down(given.folder)
            sys.stdout.write(f"{cluster.url} has ended\n")
        else:
            with stoppable():
                cluster = up(
                    given.folder, workers=given.workers, cores=given.cores, memory=given.memory, apart=given.apart
                )
            submit = shlex.quote(str(spark_home() / "bin" / "spark-submit"))
            sys.stdout.write(
                f"{cluster.url} with {given.workers} workers; hand it a run with\n"
                f"  SPARK_CONF_DIR={shlex.quote(str(cluster.settings))} {submit} spark_jobs/run.py CONFIG --out RUN\n"
            )
    except LeoError as error:
        sys.stderr.write(f"{error}\n")
        return int(error.exit_code)
    except OSError as error:
        sys.stderr.write(f"{error.filename or given.folder}: {error.strerror or type(error).__name__}\n")
        return int(ExitCode.FAILED)
    except KeyboardInterrupt:
        sys.stderr.write(f"stopped\n  what may still run is ended by: {_DOWN} {given.folder}\n")
        return int(ExitCode.STOPPED)
    return int(ExitCode.DONE)


if __name__ == "__main__":
    sys.exit(main())
