"""What each stage of the pipeline costs on Spark, by size: whole runs by spark-submit, and DuckDB's beside them.

python -m benchmarks spark-stages --people 100000 1000000 --folder /some/where

Runs that a folder holds are measured as they are, so that a size may be added to others: FOLDER/people-N, duckdb-N and
spark-N; `--as-they-are` makes none, and shows of a run that was stopped what it did. Seconds of a stage are a fixed
part and a part for each million people, neither of them negative.
"""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import measure
from benchmarks.report import RESULTS, facts
from benchmarks.spark.submit import submission
from linkage.extract import write_new_key
from linkage.resources import config_file
from spark_jobs import cluster
from synthetic import synthesise

_HOME = Path(__file__).parents[2]
_TIMEOUT = 7_200.0
_KINDS = {
    "records": "records",
    "identities": "identities",
    "attributes": "attributes",
    "contracts": "contracts",
    "extract": "extract",
}


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="benchmarks spark-stages", description=__doc__.split("\n")[0])
    parser.add_argument("--people", type=int, nargs="+", default=[100_000, 1_000_000])
    parser.add_argument("--folder", type=Path, required=True, help="where populations and runs are kept")
    parser.add_argument("--as-they-are", action="store_true", help="make no run")
    given = parser.parse_args(arguments)
    folder = given.folder.resolve()
    rows = [row for people in given.people for row in _measured(folder, people, make=not given.as_they_are)]
    told = {**facts(), "measured": rows}
    (RESULTS / "spark" / "stages.json").write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
    page = _page(told)
    (RESULTS / "spark" / "stages.md").write_text(page, encoding="utf-8")
    print(page)


def _measured(folder: Path, people: int, *, make: bool) -> list[dict[str, Any]]:
    data, key = folder / f"people-{people}", folder / "master.key"
    folder.mkdir(parents=True, exist_ok=True)
    if not data.exists():
        synthesise(data, people, 2026)
    if not key.exists():
        write_new_key(key)
    runs = {engine: folder / f"{engine}-{people}" for engine in ("duckdb", "spark")}
    config, common = str(config_file("demo.toml")), ["--data", str(data)]
    if make and not _is_done(runs["duckdb"]):
        leo = str(Path(sys.executable).with_name("leo"))
        _make([leo, "run", config, "--out", str(runs["duckdb"]), "--key", str(key), *common])
    if make and not _is_done(runs["spark"]):  # one that was stopped goes on
        on = cluster.up(folder / "cluster", workers=2, memory="3g")
        try:
            script = [str(_HOME / "spark_jobs" / "run.py"), config, "--out", str(runs["spark"])]
            _make(submission(on, {"spark.driver.memory": "2g"}, [*script, "--key-file", str(key), *common]))
        finally:
            cluster.end(on)
    return [{"people": people, "engine": engine, "seconds": _by_kind(run)} for engine, run in runs.items()]


def _is_done(run: Path) -> bool:
    manifest = run / "manifest.json"
    return manifest.is_file() and json.loads(manifest.read_text(encoding="utf-8"))["status"] != "failed"


def _make(command: list[str]) -> None:
    took = measure.run(command, timeout=_TIMEOUT)
    if took.exit_code not in (0, 3):  # a gate of quality may say no
        sys.exit(f"exit code {took.exit_code}: {took.last_words}")


def _by_kind(run: Path) -> dict[str, float]:
    """Seconds of the stages that ended, those of a kind together, in their order."""
    found: dict[str, float] = {}
    for stage in json.loads((run / "manifest.json").read_text(encoding="utf-8"))["stages"]:
        if stage["status"] not in ("done", "kept"):
            continue
        name = str(stage["name"])
        kind = _KINDS.get(name if name == "contracts-published" else name.partition("-")[0], name)
        found[kind] = round(found.get(kind, 0.0) + stage["seconds"], 1)
    return found


def _page(told: dict[str, Any]) -> str:
    rows, cores = told["measured"], told["machine"]["cores"]
    spark = [row for row in rows if row["engine"] == "spark"]
    heads = [f"{row['engine']}, {row['people']:,}" for row in rows]
    lines = [
        "# What the stages of the pipeline cost on Spark",
        "",
        f"{told['when']}, {cores} cores, {told['machine']['memory_bytes'] / 2**30:.0f} GiB, load {told['load']} "
        "before the run. Seconds; Spark by spark-submit on two executors of one core and 3g, with a driver of 2g, 1g "
        "in runs of before. A run that was stopped has the stages that it did, and no sum.",
        "",
        f"| stage | {' | '.join(heads)} | fixed | a million people more |",
        f"|---|{'---:|' * (len(heads) + 2)}",
    ]
    for kind in dict.fromkeys(kind for row in rows for kind in row["seconds"]):
        cells = ["" if (held := row["seconds"].get(kind)) is None else f"{held:,.1f}" for row in rows]
        known = [(row["people"] / 1e6, row["seconds"][kind]) for row in spark if kind in row["seconds"]]
        fixed = [f"{part:,.0f}" for part in _fit(known)] if len(known) > 1 else ["", ""]
        lines.append(f"| {kind} | {' | '.join([*cells, *fixed])} |")
    whole = max(len(row["seconds"]) for row in rows)
    sums = [f"{sum(row['seconds'].values()):,.0f}" if len(row["seconds"]) == whole else "" for row in rows]
    return "\n".join([*lines, f"| **all** | {' | '.join(sums)} | | |", ""])


def _fit(known: list[tuple[float, float]]) -> list[float]:
    from scipy.optimize import nnls

    terms = np.array([(1.0, millions) for millions, _ in known])
    seconds = np.array([took for _, took in known])
    return [float(part) for part in nnls(terms / seconds[:, None], np.ones(len(seconds)))[0]]
