"""make bench: ours, Splink alone, recordlinkage, dedupe and goldenmatch on the same files, in one run; then FEBRL 3.

python -m benchmarks                       # FEBRL 4, and files of 100,000 x 155,000 and of 1M x 1.55M rows
python -m benchmarks --people 20000        # that size alone
python -m benchmarks --runs 3 --people 1000000
python -m benchmarks --people 1650000 --copies 40 --system "leo-linkage, model given" --label link-40m
python -m benchmarks synth                 # generators of persons instead: benchmarks/generation.py
python -m benchmarks dedupe                # one file with itself, FEBRL 3, alone: benchmarks/dedupe.py
python -m benchmarks unseen                # files of other countries: benchmarks/unseen.py
python -m benchmarks review                # intervals of clerical reviews instead: benchmarks/review.py
python -m benchmarks spark                 # the link step on a Spark cluster: benchmarks/spark/side_by_side.py
python -m benchmarks extract --run runs/x  # the full extract of a million people: benchmarks/extract.py
python -m benchmarks spark-stages --folder F  # what each stage of the pipeline costs there: benchmarks/spark/stages.py
python -m benchmarks spark-stage --stage S --people N --folder F  # one stage alone on one and on two executors
python -m benchmarks spark-scale           # what it costs by size, fitted on those runs: benchmarks/spark/scale.py
python -m benchmarks spark-parity          # a whole run on both engines, row for row: benchmarks/spark/parity.py
python -m benchmarks spark-processors      # what a second processor of this machine is worth, for two executors
python -m benchmarks assignment            # ways of resolving the same pairs instead: benchmarks/assignment.py
"""

import argparse
import importlib
import json
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import duckdb

from benchmarks import dedupe, files, measure
from benchmarks.environments import environment
from benchmarks.report import facts, write
from linkage.engine import connect

_NOTE = (
    "Whole processes: reading, training, scoring, resolution and writing. leo-linkage: the core on the terms of "
    "Splink alone, which are the same columns and blocking rules, and links and nothing else. leo link: the command "
    "as its users run it, which finds out what the columns are and how dates are written, chooses blocking rules, and "
    "writes reasons, runners-up, error and a report; leo link --links-only: without these. Files: FEBRL 4 without its "
    "number; the latest school record of each pupil and the latest record of each DWP customer of a synthetic "
    "population."
)
_PEOPLE = (165_000, 1_650_000)  # of whom 60 % were pupils: files of 100,000 x 155,000 and of 1M x 1.55M rows
_TIMEOUT = 3_600.0
_OTHERS_TIMEOUT = 120.0  # for systems that come from the package index: twenty times what ours takes, and more
_OTHERS_BYTES = 12e9
_OTHERS_BEAR = 200_000  # rows of a file; beyond it they are not tried
_OTHERS = {
    "recordlinkage": ["recordlinkage==0.16", "pandas<3", "pyarrow>=17"],
    "dedupe": ["dedupe==3.0.3", "BTrees<6", "zope.index<7", "pyarrow>=17"],  # BTrees 6 lacks what it calls
    "goldenmatch": ["goldenmatch==3.22.0", "pyarrow>=17"],
}
_GIVEN = "leo-linkage, model given"
_SYSTEMS = Path(__file__).parent / "systems"
_INSTEAD = {
    "synth": "generation",
    "dedupe": "dedupe",
    "unseen": "unseen",
    "review": "review",
    "extract": "extract",
    "assignment": "assignment",
    "spark": "spark.side_by_side",
    "spark-processors": "spark.processors",
    "spark-parity": "spark.parity",
    "spark-stage": "spark.one_stage",
    "spark-stages": "spark.stages",
    "spark-scale": "spark.scale",
}
"""Benchmarks that run instead, each imported when it is asked for: some need pyspark."""


def main() -> None:
    asked, *words = sys.argv[1:] or [""]
    if asked in _INSTEAD:
        importlib.import_module(f"benchmarks.{_INSTEAD[asked]}").main(words)
        return
    options = _options()
    if options.folder:
        Path(options.folder).mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="leo-bench-", dir=options.folder) as scratch:
        folder = Path(options.folder or scratch)
        sets = {} if options.people and not options.febrl else {"febrl4": files.febrl4(folder)}
        for people in options.people or _PEOPLE:
            data = files.pupils_and_customers(folder, people)
            data = files.multiplied(data, options.copies) if options.copies > 1 else data
            sets[data.name] = data
        kept, wanted = Path(options.environments or scratch), options.system
        others = {n: environment(kept, n, packages) for n, packages in _OTHERS.items() if not wanted or n in wanted}
        measured = [
            row for name, data in sets.items() for row in _set(name, data, Path(scratch), options.runs, others, wanted)
        ]
    write(options.label, "Linking two files, side by side", measured, facts(), _NOTE)
    if not options.people and not options.system:
        dedupe.main([])


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="benchmarks", description=__doc__.split("\n")[0])
    parser.add_argument("--people", type=int, action="append", help="population size; may be repeated")
    parser.add_argument("--febrl", action="store_true", help="FEBRL 4 too, where sizes are named")
    parser.add_argument("--copies", type=int, default=1, help="link files of so many times these people, as others")
    parser.add_argument("--system", action="append", help="this system alone; may be repeated")
    parser.add_argument("--runs", type=int, default=1, help="runs of each system, in turn; medians are reported")
    parser.add_argument("--folder", help="where the files are kept between runs; a temporary one when not given")
    parser.add_argument("--environments", help="where the others' environments are kept between runs")
    parser.add_argument("--label", default="link", help="name of the result files")
    return parser.parse_args()


def _systems(data: Path, others: Mapping[str, Path], model: Path) -> dict[str, list[str] | None]:
    """Each system's command, to which the path of its links is added; None where the size is beyond it.

    Args:
        model: what was trained beforehand.
    """
    left, right = str(data / "left.parquet"), str(data / "right.parquet")
    small = _rows(left) <= _OTHERS_BEAR
    python, leo = [sys.executable, "-m"], [str(Path(sys.executable).with_name("leo"))]
    alone = {
        name: [str(interpreter), str(_SYSTEMS / f"{name}_alone.py"), left, right] if small else None
        for name, interpreter in others.items()
    }
    return {
        "leo-linkage": [*python, "benchmarks.systems.ours", left, right],
        _GIVEN: [*python, "benchmarks.systems.ours", "--model", str(model), left, right],
        "leo link --links-only": [*leo, "link", left, right, "--links-only", "--force", "--out"],
        "leo link": [*leo, "link", left, right, "--force", "--out"],
        "Splink alone": [*python, "benchmarks.systems.splink_alone", left, right],
        **alone,
    }


def _set(
    name: str, data: Path, scratch: Path, runs: int, others: Mapping[str, Path], wanted: list[str] | None
) -> list[dict[str, Any]]:
    """Every system on one set of files, in turn, so that a change of the machine's speed meets them all."""
    model = scratch / f"{name}-model.json"
    systems = {s: command for s, command in _systems(data, others, model).items() if not wanted or s in wanted}
    if _GIVEN in systems:
        _train(data, model)
    found: dict[str, list[dict[str, Any]]] = {system: [] for system in systems}
    for number in range(runs):
        for system, command in systems.items():
            if command is None:
                found[system].append({"skipped": f"more than {_OTHERS_BEAR:,} rows"})
                continue
            out = scratch / f"{name}-{system}-{number}"
            print(f"{name}: {system}, run {number + 1} of {runs}", flush=True)
            limits = {"timeout": _OTHERS_TIMEOUT, "most_bytes": _OTHERS_BYTES} if system in others else {}
            took = measure.run([*command, str(out)], **{"timeout": _TIMEOUT, **limits})
            found[system].append(_judged(took, out, data))
    sizes = {"left": _rows(str(data / "left.parquet")), "right": _rows(str(data / "right.parquet"))}
    rows = [{"set": name, **sizes, "system": system, **_median(rows)} for system, rows in found.items()]
    theirs = next((row["recall"] for row in rows if row["system"] == "Splink alone" and "f1" in row), None)
    for row in rows:
        if theirs is not None and row["system"] in ("leo-linkage", _GIVEN) and "f1" in row:
            row["precision_at_splinks_recall"] = _precision_at(theirs, scratch / f"{name}-{row['system']}-0", data)
    return rows


def _precision_at(recall: float, links: Path, data: Path) -> float | None:
    """Precision of the heaviest of the links that find this share of the true pairs; None where all find less."""
    with duckdb.connect() as connection:
        found = connection.execute(
            f"""
            with truth as ({_truth(data)}),
            graded as (
                select sum(cast(t.left_id is not null as integer)) over by_weight as found,
                       row_number() over by_weight as made
                from read_parquet('{links}') as l left join truth as t using (left_id, right_id)
                window by_weight as (order by l.match_weight desc, l.left_id, l.right_id rows unbounded preceding)
            )
            select min(made), min(found) from graded where found >= $wanted * (select count(*) from truth)
            """,
            {"wanted": recall},
        ).fetchall()[0]
    return None if found[0] is None else float(found[1] / found[0])


def _train(data: Path, model: Path) -> None:
    """A model for files, trained on them or, of copies, on what they are copies of, with the prior of their size."""
    base, _, copies = data.name.partition("-x")
    left, right = (str(data.with_name(base) / f"{side}.parquet") for side in ("left", "right"))
    command = [sys.executable, "-m", "benchmarks.systems.ours", left, right, f"{model}.links"]
    subprocess.run([*command, "--save-model", str(model)], check=True)
    raw = json.loads(model.read_text(encoding="utf-8"))
    raw["probability_two_random_records_match"] /= int(copies or 1)
    model.write_text(json.dumps(raw), encoding="utf-8")


def _why(took: measure.Measured) -> str:
    """Why a system made no links."""
    if took.exit_code == measure.OUT_OF_TIME:
        return f"not done in {took.seconds:,.0f} seconds ({took.cpu_seconds:,.0f} of CPU)"
    if took.exit_code == measure.OUT_OF_MEMORY:
        return f"more than {_OTHERS_BYTES / 1e9:.0f} GB of memory"
    return f"failed with exit code {took.exit_code}"


def _judged(took: measure.Measured, out: Path, data: Path) -> dict[str, Any]:
    row: dict[str, Any] = {
        "seconds": took.seconds,
        "cpu_seconds": took.cpu_seconds,
        "peak_gb": round(took.peak_bytes / 1e9, 2),
    }
    if took.exit_code:
        return row | {"failed": _why(took), "last_words": took.last_words}
    links = f"{out}/links.parquet" if out.is_dir() else str(out)
    accepted = "where decision = 'accepted'" if out.is_dir() and (out / "unlinked.parquet").exists() else ""
    with duckdb.connect() as connection:
        made, right, true = connection.execute(
            f"""
            with links as (
                select cast(left_id as varchar) as left_id, cast(right_id as varchar) as right_id
                from read_parquet('{links}') {accepted}
            ),
            truth as ({_truth(data)})
            select (select count(*) from links), (select count(*) from links join truth using (left_id, right_id)),
                   (select count(*) from truth)
            """
        ).fetchall()[0]
    precision, recall = right / max(made, 1), right / max(true, 1)
    f1 = 2 * precision * recall / max(precision + recall, 1e-12)
    return row | {"links": made, "true_pairs": true, "precision": precision, "recall": recall, "f1": f1}


def _truth(data: Path) -> str:
    """SQL of the true pairs of which both records are in the files."""
    if (data / "truth.parquet").exists():
        return f"select left_id, right_id from read_parquet('{data}/truth.parquet')"
    return f"""
        select t.left_id, t.right_id
        from read_csv('{data}/truth.csv', all_varchar = true) as t
        semi join read_parquet('{data}/left.parquet') as l on cast(l.id as varchar) = t.left_id
        semi join read_parquet('{data}/right.parquet') as r on cast(r.id as varchar) = t.right_id
        """


def _median(rows: list[dict[str, Any]]) -> dict[str, Any]:
    numbers = {key for row in rows for key, value in row.items() if isinstance(value, int | float)}
    return {
        key: statistics.median(row[key] for row in rows if key in row) if key in numbers else rows[-1].get(key)
        for key in dict.fromkeys(key for row in rows for key in row)
    } | {"runs": len(rows)}


def _rows(path: str) -> int:
    with connect("duckdb") as engine:
        return engine.count(engine.read(Path(path)))


if __name__ == "__main__":
    main()
