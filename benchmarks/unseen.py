"""python -m benchmarks unseen: leo link on files it was not developed on, and Splink on the same files well prepared.

python -m benchmarks unseen                          # every pair of unseen.toml
python -m benchmarks unseen --pair german            # that pair alone; may be repeated
python -m benchmarks unseen --pair german --rows 1000000

leo link gets the files as they are. Splink gets the same records with the right columns, every date read rightly, names
split, accents folded and sexes in one code: what an analyst would have to write for each pair of files.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path
from typing import Any

import duckdb

from benchmarks import measure
from benchmarks.environments import environment
from benchmarks.link import rows_of
from benchmarks.results import accuracy, facts, save

RECIPES = Path(__file__).with_suffix(".toml")
_GENERATOR = Path(__file__).parent / "generators" / "person_files.py"
_TIMEOUT = 3_600.0


def main(arguments: list[str]) -> None:
    options = _options(arguments)
    pairs = tomllib.loads(RECIPES.read_text(encoding="utf-8"))["pair"]
    names = options.pair or [pair["name"] for pair in pairs]
    if unknown := set(names) - {pair["name"] for pair in pairs}:
        sys.exit(f"{RECIPES.name} has no pair {', '.join(sorted(unknown))}")
    about = facts()
    with tempfile.TemporaryDirectory(prefix="leo-bench-", dir=options.folder) as scratch:
        packages = ["Faker==40.63.0", "pyarrow>=24"]
        python = environment(Path(options.environments or scratch), "faker", packages)
        rows = []
        for pair in (pair for pair in pairs if pair["name"] in names):
            data = Path(scratch) / pair["name"]
            made = [str(python), str(_GENERATOR), str(RECIPES), pair["name"], str(data)]
            # Faker goes through sets: without a seed of their order every run has other people.
            seeded = {**os.environ, "PYTHONHASHSEED": "0"}
            subprocess.run([*made, *(["--rows", str(options.rows)] if options.rows else [])], check=True, env=seeded)
            rows.append(_linked(pair, data, Path(scratch), options.systems))
            print(rows[-1], flush=True)
    save("unseen", rows, about, options.label)


def _options(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="benchmarks unseen", description=__doc__.split("\n")[0])
    parser.add_argument("--pair", action="append", help="name of a pair in unseen.toml; may be repeated")
    parser.add_argument("--rows", type=lambda text: int(float(text)), help="rows of the left file, for all pairs")
    parser.add_argument("--systems", choices=("both", "ours"), default="both")
    parser.add_argument("--folder", help="where the files are made; a temporary folder when not given")
    parser.add_argument("--environments", help="where Faker's environment is kept between runs")
    parser.add_argument("--label", default="", help="name of the run in RESULTS.md")
    return parser.parse_args(arguments)


def _linked(pair: dict[str, Any], data: Path, scratch: Path, systems: str) -> dict[str, Any]:
    """Both systems on one pair of files."""
    out = {name: scratch / f"{pair['name']}-{name}" for name in ("ours", "splink")}
    maps = [word for mapping in pair.get("map", ()) for word in ("--map", mapping)]
    files = [str(data / f"{side}.csv") for side in ("left", "right")]
    out["splink"].mkdir()
    ready = [str(data / f"ready-{side}.parquet") for side in ("left", "right")]
    commands = {
        "ours": [str(Path(sys.executable).with_name("leo")), "link", *files, *maps, "--out", str(out["ours"])],
        "splink": [
            sys.executable,
            "-m",
            "benchmarks.systems.splink_alone",
            *ready,
            str(out["splink"] / "links.parquet"),
            "0.01",
        ],
    }
    row: dict[str, Any] = {"pair": pair["name"], "left": rows_of(ready[0]), "right": rows_of(ready[1])}
    best = 0.0
    for name, command in commands.items():
        if systems == "ours" and name != "ours":
            continue
        took = measure.run(command, timeout=_TIMEOUT)
        outcome: dict[str, Any] = took.cost()
        if took.exit_code:
            row["note"] = f"{name}: {took.failure()}"
        else:
            outcome |= _judged(str(out[name] / "links.parquet"), data, is_ours=name == "ours")
            best = max(best, outcome.pop("best_f1"))
        row |= outcome if name == "ours" else {f"splink_{key}": value for key, value in outcome.items()}
    return row | {"best_f1": best}


def _judged(links: str, data: Path, *, is_ours: bool) -> dict[str, Any]:
    """Error of the accepted links; and the best F1 that another threshold, chosen by the truth, would have had.

    A true pair is found where any record of the person on the left is linked to any on the right.
    """
    score = "match_weight" if is_ours else "match_probability"
    accepted = "decision = 'accepted'" if is_ours else "match_probability >= 0.95"
    with duckdb.connect() as connection:
        rows = connection.execute(
            f"""
            with links as (
                select cast(left_id as varchar) as left_id, cast(right_id as varchar) as right_id, {score} as score,
                       {accepted} as accepted
                from read_parquet('{links}')
            ),
            one_each as (
                select * from links
                qualify row_number() over (partition by left_id order by accepted desc, score desc, right_id) = 1
                    and row_number() over (partition by right_id order by accepted desc, score desc, left_id) = 1
            ),
            truth as (select * from read_csv('{data}/truth.csv', all_varchar = true)),
            judged as (
                select o.score, o.accepted, t.left_id is not null as is_right
                from one_each as o left join truth as t using (left_id, right_id)
            ),
            graded as (
                select sum(is_right::int) over by_score as found, count(*) over by_score as made
                from judged
                window by_score as (order by score desc)
            )
            select (select count(*) from judged where accepted),
                   (select count(*) from judged where accepted and is_right),
                   (select count(distinct right_id) from truth),
                   (select max(2.0 * found / (made + (select count(distinct right_id) from truth))) from graded)
            """
        ).fetchall()
    links_count, correct, true_pairs, best = rows[0]
    return accuracy(links_count, correct, true_pairs) | {"best_f1": best or 0.0}
