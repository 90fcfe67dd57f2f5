"""What each stage of the pipeline costs on Spark, by size: whole runs by spark-submit, and DuckDB's beside them.

python -m benchmarks spark-stages --people 100000 1000000 --folder /some/where
python -m benchmarks spark-stages --people 300000 --executors 1 2 --folder /some/where
python -m benchmarks spark-stages --people 3000000 --executors 2 1 --until identities-cis --folder /some/where

Runs that a folder holds are measured as they are, so that a size may be added to others: FOLDER/people-N, duckdb-N and
spark-N-on-E with its event logs; `--as-they-are` makes none, and shows of a run that was stopped what it did. What was
measured earlier, of runs that the folder does not hold, stays on the page.
"""

import argparse
import contextlib
import json
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from benchmarks.report import RESULTS, facts
from benchmarks.spark import events
from benchmarks.spark.pairs import pairs_of
from benchmarks.spark.stages_page import page
from benchmarks.spark.submit import HOME, submission, to_its_end
from linkage.config.resources import config_file
from linkage.extract import write_new_key
from spark_jobs import cluster
from synthetic import synthesise

_TIMEOUT = 36_000.0  # three million people take four hours on one executor
_KINDS = ("records", "identities", "attributes", "contracts", "extract")


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="benchmarks spark-stages", description=__doc__.split("\n")[0])
    parser.add_argument("--people", type=int, nargs="+", default=[100_000, 1_000_000])
    parser.add_argument("--executors", type=int, nargs="+", default=[2], help="of one core each; 2 when not given")
    parser.add_argument("--folder", type=Path, required=True, help="where populations and runs are kept")
    parser.add_argument("--driver-memory", default="2g", help="of Java; 2g when not given, which a million people need")
    parser.add_argument("--until", metavar="STAGE", help="stop once STAGE is done; none on DuckDB")
    parser.add_argument("--as-they-are", action="store_true", help="make no run, and show all that the folder holds")
    given = parser.parse_args(arguments)
    folder = given.folder.resolve()
    if not given.as_they_are:
        for people in given.people:
            _make_runs(folder, people, given.executors, given.driver_memory, given.until)
    name = "first-stages" if given.until else "stages"  # runs that were stopped stand on a page of their own
    kept = RESULTS / "spark" / f"{name}.json"
    earlier = json.loads(kept.read_text(encoding="utf-8"))["measured"] if kept.exists() else []
    told = {**facts(), "measured": _beside(_measured(folder), earlier)}
    kept.write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
    (RESULTS / "spark" / f"{name}.md").write_text(page(told), encoding="utf-8")
    print(page(told))


def _make_runs(folder: Path, people: int, executors: list[int], memory: str, until: str | None) -> None:
    data, key = folder / f"people-{people}", folder / "master.key"
    folder.mkdir(parents=True, exist_ok=True)
    if not data.exists():
        synthesise(data, people, 2026)
    if not key.exists():
        write_new_key(key)
    config, alone = config_file("demo.toml"), folder / f"duckdb-{people}"
    if not until and not _is_done(alone):
        leo = str(Path(sys.executable).with_name("leo"))
        to_its_end([leo, "run", str(config), "--out", str(alone), "--key", str(key), "--data", str(data)], _TIMEOUT)
    for number in executors:
        run, log = folder / f"spark-{people}-on-{number}", folder / f"events-{people}-on-{number}"
        if _is_done(run) or (until and has_done(run, until)):
            continue
        log.mkdir(exist_ok=True)
        with on_cluster(folder, number, log, memory) as command:
            asked = command(config, run, data, key)
            make_until(asked, run, until) if until else to_its_end(asked, _TIMEOUT)


@contextlib.contextmanager
def on_cluster(
    folder: Path, executors: int, log: Path, memory: str
) -> Iterator[Callable[[Path, Path, Path, Path], list[str]]]:
    """A cluster, and what makes the command of a run on it: of a configuration, a run's folder, sources and a key.

    Args:
        memory: of the driver's Java.
    """
    on = cluster.up(folder / f"cluster-{executors}", workers=executors, memory="3g", apart=True)

    def command(config: Path, run: Path, data: Path, key: Path) -> list[str]:
        script = [HOME / "spark_jobs" / "run.py", config, "--out", run, "--key-file", key, "--data", data]
        return submission(on, _settings(executors, log, memory), [str(word) for word in script])

    try:
        yield command
    finally:
        cluster.end(on)


def _settings(executors: int, log: Path, memory: str) -> dict[str, str]:
    return {
        "spark.driver.memory": memory,
        "spark.cores.max": str(executors),
        "spark.eventLog.enabled": "true",
        "spark.eventLog.dir": log.as_uri(),
        "spark.eventLog.compress": "false",
        "spark.eventLog.rolling.enabled": "false",
    }


def _measured(folder: Path) -> list[dict[str, Any]]:
    """A row a run that the folder holds: the smallest people first, DuckDB before Spark."""
    found = []
    for run in [*folder.glob("duckdb-*"), *folder.glob("spark-*-on-*")]:
        engine, people, *more = run.name.split("-")
        if (run / "manifest.json").is_file():
            executors = int(more[-1]) if more else 0
            row: dict[str, Any] = {"people": int(people), "engine": engine, "executors": executors}
            row["seconds"] = _by_kind(run)
            if not any(other["people"] == int(people) and other.get("pairs") for other in found):
                row["pairs"] = pairs_of(run)  # of either engine, on any number of executors, the same
            if executors:
                row["tasks"] = tasks(run, folder / f"events-{people}-on-{executors}")
            found.append(row)
    return found


def _beside(measured: list[dict[str, Any]], earlier: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What is measured now, and of what was measured earlier the runs that are of another size or other executors."""
    by_run = {(row["people"], row["executors"]): row for row in [*earlier, *measured]}
    return [by_run[run] for run in sorted(by_run)]


def _is_done(run: Path) -> bool:
    manifest = run / "manifest.json"
    ended = ("done", "gate failed")  # one that crashed or was stopped goes on
    return manifest.is_file() and json.loads(manifest.read_text(encoding="utf-8"))["status"] in ended


def make_until(command: list[str], run: Path, stage: str) -> None:
    """A run that is told to stop once a stage is done; the same command would go on."""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while process.poll() is None and not has_done(run, stage):
        time.sleep(1)
    process.terminate()
    if process.wait() and not has_done(run, stage):
        sys.exit(f"exit code {process.returncode} before {stage}: see {run / 'log.jsonl'}")


def has_done(run: Path, stage: str) -> bool:
    """Whether a run, whole or stopped, came to the end of a stage, by its log."""
    log = run / "log.jsonl"
    done = {"event": "stage done", "stage": stage}
    return log.is_file() and any(
        done.items() <= json.loads(line).items() for line in log.read_text(encoding="utf-8").splitlines()
    )


def _by_kind(run: Path) -> dict[str, float]:
    """Seconds of the stages that ended, those of a kind together, in their order."""
    found: dict[str, float] = {}
    for stage in json.loads((run / "manifest.json").read_text(encoding="utf-8"))["stages"]:
        if stage["status"] in ("done", "kept"):
            kind = kind_of(stage["name"])
            found[kind] = round(found.get(kind, 0.0) + stage["seconds"], 1)
    return found


def kind_of(stage: str) -> str:
    """The row of the page that a stage is in: sources of one kind are one row."""
    first = stage.partition("-")[0]
    return first if first in _KINDS and stage != "contracts-published" else stage


def tasks(run: Path, log: Path) -> dict[str, dict[str, float]]:
    """What the executors did in the stages that ended, those of a kind together."""
    windows: dict[str, tuple[float, float]] = {}
    begun: dict[str, float] = {}
    for line in (run / "log.jsonl").read_text(encoding="utf-8").splitlines():
        event = json.loads(line)
        at = datetime.fromisoformat(event["time"]).timestamp()
        if event["event"] == "stage started":
            begun[event["stage"]] = at
        elif event["event"] == "stage done":
            windows[event["stage"]] = begun[event["stage"]], at
    found: dict[str, dict[str, float]] = defaultdict(lambda: defaultdict(float))
    for stage, sums in events.by_window(log, windows).items():
        for measured, value in sums.items():
            found[kind_of(stage)][measured] += value
    return {kind: {name: round(value, 1) for name, value in sums.items()} for kind, sums in found.items()}
