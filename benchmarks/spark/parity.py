"""The whole pipeline on DuckDB and on a Spark cluster of this machine, compared table for table and byte for byte.

python -m benchmarks spark-parity                     # 100,000 people
python -m benchmarks spark-parity --people 20000 --folder /some/where
python -m benchmarks spark-parity --people 1000000 --runs /some/where/duckdb-1000000 /some/where/spark-1000000-on-2

Tables are compared by their order-free hashes, in which a number with a fraction counts to a millionth; weights besides
by their greatest difference; the files of the extract by their bytes. Ends with 1 where anything differs.
"""

import argparse
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

import duckdb

from benchmarks.report import RESULTS, facts
from benchmarks.spark.submit import HOME, submission, to_its_end
from linkage.config.resources import config_file
from linkage.extract import write_new_key
from spark_jobs import cluster
from synthetic import synthesise

_TIMEOUT = 7_200.0
_ENGINES = ("duckdb", "spark")
_ASKED_FOR = 100_000  # people


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="benchmarks spark-parity", description=__doc__.split("\n")[0])
    parser.add_argument("--people", type=int, default=_ASKED_FOR)
    parser.add_argument("--seed", type=int, default=2026)
    parser.add_argument("--folder", type=Path, help="where population and runs are kept; a temporary one else")
    parser.add_argument("--runs", type=Path, nargs=2, help="of DuckDB and of Spark that are there; none is made")
    given = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="leo-parity-") as scratch:
        folder = given.folder or Path(scratch)
        runs = dict(zip(_ENGINES, given.runs, strict=True)) if given.runs else _made(folder.resolve(), given)
        told = {**facts(), "people": given.people, **_compared(runs)}
    if given.runs:
        del told["git_commit"]  # it is not known what made them
    (RESULTS / "spark").mkdir(exist_ok=True)
    name = "parity.json" if given.people == _ASKED_FOR else f"parity-{given.people}.json"
    (RESULTS / "spark" / name).write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(told, indent=1))
    sys.exit(0 if told["equal"] else 1)


def _made(folder: Path, given: argparse.Namespace) -> dict[str, Path]:
    """A run of each engine."""
    data, key = folder / f"people-{given.people}", folder / "master.key"
    folder.mkdir(parents=True, exist_ok=True)
    if not data.exists():
        synthesise(data, given.people, given.seed)
    if not key.exists():
        write_new_key(key)
    runs = {engine: folder / f"{engine}-{given.people}" for engine in _ENGINES}
    common = ["--data", str(data), "--key-file", str(key)]
    leo = str(Path(sys.executable).with_name("leo"))
    config = str(config_file("demo.toml"))
    to_its_end([leo, "run", config, "--out", str(runs["duckdb"]), "--key", str(key), *common[:2]], _TIMEOUT)
    on = cluster.up(folder / "cluster", workers=2, memory="3g")
    try:
        script = [str(HOME / "spark_jobs" / "run.py"), config, "--out", str(runs["spark"]), *common]
        to_its_end(submission(on, {"spark.driver.memory": "1g"}, script), _TIMEOUT)
    finally:
        cluster.end(on)
    return runs


def _compared(runs: dict[str, Path]) -> dict[str, Any]:
    tables = {engine: _hashes(run) for engine, run in runs.items()}
    differ = sorted(
        name
        for name in tables["duckdb"].keys() | tables["spark"].keys()
        if tables["duckdb"].get(name) != tables["spark"].get(name)
    )
    extracts = {engine: _extract(run) for engine, run in runs.items()}
    weights = _weights(runs)
    return {
        "equal": not differ and extracts["duckdb"] == extracts["spark"] and weights <= 1e-6,
        "tables": len(tables["duckdb"]),
        "tables_that_differ": differ,
        "greatest_difference_of_weights": weights,
        "extract_files": len(extracts["duckdb"]),
        "extract_files_that_differ": sorted(
            name for name, held in extracts["duckdb"].items() if extracts["spark"].get(name) != held
        ),
        "seconds": {engine: _seconds(run) for engine, run in runs.items()},
    }


def _seconds(run: Path) -> float:
    """Of all stages, also where a run was stopped and went on."""
    manifest = json.loads((run / "manifest.json").read_text(encoding="utf-8"))
    return round(sum(stage["seconds"] for stage in manifest["stages"]), 1)


def _hashes(run: Path) -> dict[str, str]:
    """Each table of a run to its order-free hash."""
    manifest = json.loads((run / "manifest.json").read_text(encoding="utf-8"))
    made = {name: about for stage in manifest["stages"] for name, about in stage["made"].items()}
    return {name: about["fingerprint"] for name, about in made.items() if "fingerprint" in about}


def _extract(run: Path) -> dict[str, bytes]:
    return {str(path.relative_to(run)): path.read_bytes() for path in run.glob("extracts/*/csv/*.csv")}


def _weights(runs: dict[str, Path]) -> float:
    """The greatest difference of match weights of a pair, over all steps; infinite where pairs differ."""
    files = {
        engine: [str(path) for path in run.glob("stages/*/links/*.parquet")]
        + [str(path) for path in run.glob("stages/*/links/*.parquet/*.parquet")]
        for engine, run in runs.items()
    }
    read = {engine: [path for path in paths if Path(path).is_file()] for engine, paths in files.items()}
    with duckdb.connect() as connection:
        for engine, paths in read.items():
            connection.execute(f"create view {engine}_links as from read_parquet({paths!r}, union_by_name = true)")
        found = connection.execute(
            """
            select max(case when a.step is null or b.step is null then 'infinity'::double
                            else abs(a.match_weight - b.match_weight) end)
            from duckdb_links as a
            full join spark_links as b on b.step = a.step and b.left_id = a.left_id and b.right_id = a.right_id
            """
        ).fetchall()[0][0]
    return float(found or 0.0)
