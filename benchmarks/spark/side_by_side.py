"""The link step on a standalone cluster of this machine: ours and Splink 5's, the same files, model and executors.

python -m benchmarks spark                                  # 100,000 x 155,000 and 1M x 1.55M rows, 1 and 2 executors
python -m benchmarks spark --people 165000 --executors 2    # that size and number alone
python -m benchmarks spark --people 1650000 --copies 3 --system "leo-linkage, links only" --label spark-3m
"""

import argparse
import json
import math
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import duckdb

from benchmarks import files, measure
from benchmarks.report import RESULTS, facts
from benchmarks.spark import events, page
from benchmarks.spark.submit import submission
from linkage.engine.java import LOGGING
from linkage.model import load
from linkage.model.implied import equal_columns
from linkage.model.splink_json import Level
from spark_jobs import cluster

_PEOPLE = (165_000, 1_650_000)
_TIMEOUT = 3_600.0
_QUIET = f"{cluster.QUICK_START} -Duser.timezone=UTC -Dlog4j2.configurationFile=file://{LOGGING}"
# A small young generation keeps Java from filling its heap with what is dead; all that it takes is counted.
_SMALL = "-Xms96m -Xmn64m -XX:ReservedCodeCacheSize=96m -Xss512k -XX:MinHeapFreeRatio=5 -XX:MaxHeapFreeRatio=10"
_PARTS = 8  # files of a side
_SCRIPTS = Path(__file__).parent
_SYSTEMS = {
    "leo-linkage": [_SCRIPTS / "ours.py"],
    "leo-linkage, links only": [_SCRIPTS / "ours.py", "--links-only"],
    "leo-linkage, optimal": [_SCRIPTS / "ours.py", "--assignment", "optimal"],
    "Splink 5": [_SCRIPTS / "splink_alone.py"],
}
_WHEN_NOT_NAMED = ("leo-linkage", "leo-linkage, links only", "Splink 5")


def main(arguments: list[str]) -> None:
    options = _options(arguments)
    known = facts()
    rows: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory(prefix="leo-bench-", dir=options.folder) as scratch:
        for people in options.people or _PEOPLE:
            data = files.pupils_and_customers(Path(options.folder or scratch), people)
            model = _model(data, options.copies)
            data = _numbered(files.multiplied(data, options.copies) if options.copies > 1 else data)
            for executors in options.executors or (1, 2):
                rows += _on_cluster(data, model, executors, options, Path(scratch))
    (RESULTS / "spark").mkdir(exist_ok=True)
    told = {
        **known,
        "driver_memory": options.driver_memory,
        "executor_memory": options.memory,
        "apart": not options.anywhere,
        "measured": rows,
    }
    (RESULTS / "spark" / f"{options.label}.json").write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
    (RESULTS / "spark" / f"{options.label}.md").write_text(page.side_by_side(told), encoding="utf-8")
    print(page.side_by_side(told))


def _options(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="benchmarks spark", description=__doc__.split("\n")[0])
    parser.add_argument("--people", type=int, action="append", help="population size; may be repeated")
    parser.add_argument("--copies", type=int, default=1, help="link files of so many times these people, as others")
    parser.add_argument("--executors", type=int, action="append", help="of one core each; 1 and 2 when not given")
    parser.add_argument("--system", action="append", choices=_SYSTEMS, help="this system alone; may be repeated")
    parser.add_argument("--runs", type=int, default=1, help="runs of each system, in turn; medians are reported")
    parser.add_argument("--memory", default="3g", help="of an executor; 3g when not given")
    parser.add_argument("--driver-memory", default="512m", help="of the driver's Java; 512m when not given")
    parser.add_argument("--splink-driver-memory", default="2g", help="the same for Splink's; 2g when not given")
    parser.add_argument("--anywhere", action="store_true", help="do not hold an executor to a processor of its own")
    parser.add_argument("--folder", help="where the files are kept between runs; a temporary one when not given")
    parser.add_argument("--label", default="link", help="name of the result files in results/spark")
    return parser.parse_args(arguments)


def _model(data: Path, copies: int) -> Path:
    """A model trained on the files, with the prior of so many copies."""
    trained = data / "model.json"
    if not trained.exists():
        sides = (str(data / f"{side}.parquet") for side in ("left", "right"))
        command = [sys.executable, "-m", "benchmarks.systems.ours", *sides, str(data / "links.parquet")]
        subprocess.run([*command, "--save-model", str(trained)], check=True)
    raw = json.loads(trained.read_text(encoding="utf-8"))
    raw["probability_two_random_records_match"] /= copies
    of_copies = data / f"model-x{copies}.json"
    of_copies.write_text(json.dumps(raw), encoding="utf-8")
    return of_copies


def _numbered(data: Path) -> Path:
    """Both sides as folders of Parquet with unit_id BIGINT, as both systems read them."""
    out = data / "numbered"
    if (out / "right").exists():
        return out
    with duckdb.connect() as connection:
        for side in ("left", "right"):
            part = out / f".{side}"
            shutil.rmtree(part, ignore_errors=True)
            part.mkdir(parents=True)
            file = f"read_parquet('{data / side}.parquet', file_row_number = true)"
            units = f"select file_row_number + 1 as unit_id, * exclude (file_row_number, id) from {file}"
            connection.execute(f"create or replace temp table units as {units}")
            for number in range(_PARTS):
                one = f"select * from units where unit_id % {_PARTS} = {number}"
                connection.execute(f"copy ({one}) to '{part / str(number)}.parquet' (format parquet)")
            part.rename(out / side)
    return out


def _on_cluster(
    data: Path, model: Path, executors: int, options: argparse.Namespace, scratch: Path
) -> list[dict[str, Any]]:
    """Every system on a cluster of so many executors, in turn."""
    on = cluster.up(
        scratch / f"cluster-{executors}", workers=executors, memory=options.memory, apart=not options.anywhere
    )
    found: dict[str, list[dict[str, Any]]] = {system: [] for system in options.system or _WHEN_NOT_NAMED}
    try:
        for number in range(options.runs):
            for system, made in found.items():
                print(f"{data.parent.name}: {system}, {executors} executors, run {number + 1}", flush=True)
                out = scratch / "out"
                shutil.rmtree(out, ignore_errors=True)
                made.append(_submitted(system, on, data, model, out, options))
    finally:
        cluster.end(on)
    sizes = _sizes(data)
    about = {"set": data.parent.name, **sizes, "by_chance": by_chance(model, **sizes), "executors": executors}
    return [{**about, "system": system, **_median(runs)} for system, runs in found.items()]


def by_chance(model: Path, left: int, right: int) -> int:
    """Pairs of two people that the model's rules make of sides so large, by u of all that must be equal."""
    known = load(model)
    equal = {comparison.columns[0]: comparison.levels for comparison in known.comparisons}
    share = 0.0
    for rule in known.blocking_rules:
        share += math.prod(_u_of_equal(equal[column]) for column in equal_columns(rule))
    return round(left * right * share)


def _u_of_equal(levels: Sequence[Level]) -> float:
    """The share of pairs of two people that hold one value: the level after those that are not known."""
    return next(level.u for level in levels if level.value >= 0 and level.u is not None)


def _submitted(
    system: str, on: cluster.Cluster, data: Path, model: Path, out: Path, options: argparse.Namespace
) -> dict[str, Any]:
    """One run of a system: seconds of its phases, what its tasks did, and the most that its driver held."""
    log = out.with_name("events")
    shutil.rmtree(log, ignore_errors=True)
    log.mkdir()
    is_splink = system == "Splink 5"
    settings = {
        "spark.driver.memory": options.splink_driver_memory if is_splink else options.driver_memory,
        "spark.driver.extraJavaOptions": _QUIET if is_splink else f"{_SMALL} {_QUIET}",
        "spark.cores.max": str(len(on.processes) - 1),
        "spark.scheduler.minRegisteredResourcesRatio": "1.0",  # both executors are there when the clock starts
        "spark.ui.enabled": "false",
        "spark.cleaner.periodicGC.interval": "15s",
        "spark.ui.showConsoleProgress": "false",
        "spark.eventLog.enabled": "true",
        "spark.eventLog.dir": log.as_uri(),
        "spark.eventLog.compress": "false",
        "spark.eventLog.rolling.enabled": "false",
        # Three partitions a core for both, which adaptive execution joins where they are small.
        "spark.sql.shuffle.partitions": str(max(3 * (len(on.processes) - 1), 8)),
    }
    if is_splink:
        from splink.backends.spark import similarity_jar_location

        settings["spark.jars"] = similarity_jar_location()
    before = _cpu_seconds(on)
    script, *more = map(str, _SYSTEMS[system])
    arguments = [script, str(data / "left"), str(data / "right"), str(model), str(out), *more]
    took = measure.run(submission(on, settings, arguments), timeout=_TIMEOUT, shared_once=True)
    if took.exit_code:
        print(took.last_words, flush=True)
        return {"failed": f"exit code {took.exit_code} after {took.seconds:,.0f} s", "last_words": took.last_words}
    phases = json.loads((out / "phases.json").read_text(encoding="utf-8"))
    return {
        "seconds": round(sum(phases.values()), 1),
        "cpu_seconds": round(took.cpu_seconds + _cpu_seconds(on) - before, 1),
        "driver_gb": round(took.peak_bytes / 1e9, 2),
        "driver_java_gb": round(took.largest_bytes / 1e9, 2),
        "links": _links(out),
        "phases": phases,
        "tasks": events.by_phase(log),
    }


def _cpu_seconds(on: cluster.Cluster) -> float:
    """What the workers took so far, with their executors that have ended."""
    time.sleep(3)  # the executors of the application before end some moments after it
    ticks = 0
    for process in on.processes:
        fields = Path(f"/proc/{process.pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
        ticks += sum(int(field) for field in fields[11:15])  # its own and its ended children's, user and system
    return ticks / os.sysconf("SC_CLK_TCK")


def _links(out: Path) -> int:
    with duckdb.connect() as connection:
        query = f"select count(*) from read_parquet('{out}/links/*.parquet') where decision = 'accepted'"
        return int(connection.execute(query).fetchall()[0][0])


def _sizes(data: Path) -> dict[str, int]:
    with duckdb.connect() as connection:
        return {
            side: int(
                connection.execute(f"select count(*) from read_parquet('{data / side}/*.parquet')").fetchall()[0][0]
            )
            for side in ("left", "right")
        }


def _median(runs: list[dict[str, Any]]) -> dict[str, Any]:
    """The run of median seconds, with the most memory of all; the first that failed, where one did."""
    failed = [run for run in runs if "failed" in run]
    if failed:
        return failed[0]
    middle = statistics.median_low([run["seconds"] for run in runs])
    chosen = next(run for run in runs if run["seconds"] == middle)
    return {**chosen, "driver_gb": max(run["driver_gb"] for run in runs), "runs": len(runs)}
