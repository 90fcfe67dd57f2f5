"""python -m benchmarks link: leo-linkage, Splink, recordlinkage and dedupe on the same two files.

python -m benchmarks link                                   # FEBRL 4, and 100,000 x 155,000 and 1M x 1.55M rows
python -m benchmarks link --people 20000 --label 20k        # that size only
python -m benchmarks link --people 1650000 --copies 10 --system "leo link" --label 10m
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import duckdb

from benchmarks import files, measure
from benchmarks.environments import environment
from benchmarks.results import accuracy, facts, save

_PEOPLE = (165_000, 1_650_000)  # 60 % were pupils: files of 100,000 x 155,000 and of 1M x 1.55M rows
_TIMEOUT = 3_600.0  # seconds
_OTHERS_LIMITS = {"timeout": 120.0, "most_bytes": 12e9}  # of systems from the package index: 20 times what ours takes
_OTHERS_ROWS = 200_000  # rows of a file above which these systems are not tried
_OTHERS = {
    "recordlinkage": ["recordlinkage==0.16", "pandas<3", "pyarrow>=17"],
    "dedupe": ["dedupe==3.0.3", "BTrees<6", "zope.index<7", "pyarrow>=17"],  # BTrees 6 lacks what it calls
}
_GIVEN = "leo-linkage, model given"
_OTHERS_SCRIPT = Path(__file__).parent / "systems" / "others.py"


def main(arguments: list[str]) -> None:
    options = _options(arguments)
    about, measured = facts(), []
    if options.folder:
        Path(options.folder).mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="leo-bench-", dir=options.folder) as scratch:
        folder = Path(options.folder or scratch)
        sets = [] if options.people and not options.febrl else [files.febrl4(folder)]
        for people in options.people or _PEOPLE:
            data = files.pupils_and_customers(folder, people)
            sets.append(files.multiplied(data, options.copies) if options.copies > 1 else data)
        kept, wanted = Path(options.environments or scratch), options.system
        others = {n: environment(kept, n, packages) for n, packages in _OTHERS.items() if not wanted or n in wanted}
        for data in sets:
            measured += _compare(data, Path(scratch), options.runs, others, wanted)
    save("link", measured, about, options.label)


def _options(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="benchmarks link", description=__doc__.split("\n")[0])
    parser.add_argument("--people", type=int, action="append", help="population size; may be repeated")
    parser.add_argument("--febrl", action="store_true", help="FEBRL 4 too, where sizes are named")
    parser.add_argument("--copies", type=int, default=1, help="link files of so many copies of these people")
    parser.add_argument("--system", action="append", help="this system only; may be repeated")
    parser.add_argument("--runs", type=int, default=1, help="runs of each system, in turn; medians are reported")
    parser.add_argument("--folder", help="where the files are kept between runs; a temporary one when not given")
    parser.add_argument("--environments", help="where the others' environments are kept between runs")
    parser.add_argument("--label", default="", help="name of the run in RESULTS.md")
    return parser.parse_args(arguments)


def _commands(data: Path, others: Mapping[str, Path], model: Path) -> dict[str, list[str] | None]:
    """Each system's command, to which the path of its links is added; None where the files are too large for it."""
    left, right = str(data / "left.parquet"), str(data / "right.parquet")
    is_small = rows_of(left) <= _OTHERS_ROWS
    python, leo = [sys.executable, "-m"], [str(Path(sys.executable).with_name("leo"))]
    return {
        "leo-linkage": [*python, "benchmarks.systems.ours", left, right],
        _GIVEN: [*python, "benchmarks.systems.ours", "--model", str(model), left, right],
        "leo link --links-only": [*leo, "link", left, right, "--links-only", "--force", "--out"],
        "leo link": [*leo, "link", left, right, "--force", "--out"],
        "Splink alone": [*python, "benchmarks.systems.splink_alone", left, right],
        **{
            name: [str(interpreter), str(_OTHERS_SCRIPT), name, left, right] if is_small else None
            for name, interpreter in others.items()
        },
    }


def _compare(
    data: Path, scratch: Path, runs: int, others: Mapping[str, Path], wanted: list[str] | None
) -> list[dict[str, Any]]:
    """Every system on one set of files, in turn, so that a change of the machine's speed affects all."""
    model = scratch / f"{data.name}-model.json"
    commands = {s: command for s, command in _commands(data, others, model).items() if not wanted or s in wanted}
    if _GIVEN in commands:
        _train(data, model)
    rows: dict[str, list[dict[str, Any]]] = {system: [] for system in commands}
    for number in range(runs):
        for system, command in commands.items():
            if command is None:
                rows[system].append({"note": f"more than {_OTHERS_ROWS:,} rows"})
                continue
            out = scratch / f"{data.name}-{system}-{number}"
            print(f"{data.name}: {system}, run {number + 1} of {runs}", flush=True)
            limits = _OTHERS_LIMITS if system in others else {"timeout": _TIMEOUT}
            took = measure.run([*command, str(out)], **limits)
            rows[system].append(took.cost() | ({"note": took.failure()} if took.exit_code else _judged(out, data)))
    sizes = {side: rows_of(str(data / f"{side}.parquet")) for side in ("left", "right")}
    return [{"set": data.name, **sizes, "system": system, **_median(of)} for system, of in rows.items()]


def _train(data: Path, model: Path) -> None:
    """A model trained on the files or, of copies, on what they are copies of, with the prior of their size."""
    base, _, copies = data.name.partition("-x")
    left, right = (str(data.with_name(base) / f"{side}.parquet") for side in ("left", "right"))
    command = [sys.executable, "-m", "benchmarks.systems.ours", left, right, f"{model}.links"]
    subprocess.run([*command, "--save-model", str(model)], check=True)
    raw = json.loads(model.read_text(encoding="utf-8"))
    raw["probability_two_random_records_match"] /= int(copies or 1)
    model.write_text(json.dumps(raw), encoding="utf-8")


def _judged(out: Path, data: Path) -> dict[str, Any]:
    links = f"{out}/links.parquet" if out.is_dir() else str(out)
    accepted = "where decision = 'accepted'" if out.is_dir() and (out / "unlinked.parquet").exists() else ""
    with duckdb.connect() as connection:
        counts = connection.execute(
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
    return accuracy(*counts)


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


def rows_of(path: str) -> int:
    """Rows of a Parquet file."""
    with duckdb.connect() as connection:
        return int(connection.execute("select count(*) from read_parquet(?)", [path]).fetchall()[0][0])
