"""Ways of resolving the same scored pairs, side by side: greedy or optimal, second records left or joined, twins apart.

python -m benchmarks assignment                       # files of 100,000 x 155,000 and of 1M x 1.55M rows
python -m benchmarks assignment --people 40000 --folder /some/where

One model is trained on a set of files; each way then links them with it.
"""

import argparse
import json
import resource
import tempfile
from pathlib import Path
from typing import Any

from benchmarks import files
from benchmarks.report import RESULTS, facts
from linkage.adhoc.fields import persons
from linkage.adhoc.fields.kinds import kinds_of
from linkage.adhoc.modelling import trained
from linkage.config import Step
from linkage.config.resources import config_file
from linkage.engine import Engine, Table, connect, one
from linkage.match.candidates.passes import load as load_passes
from linkage.match.candidates.units import Units
from linkage.match.step import link_step

_PEOPLE = (165_000, 1_650_000)
_FIELDS = {name: name for name in ("forename", "surname", "dob", "sex", "postcode")}
_WAYS: dict[str, dict[str, Any]] = {
    "greedy, twins as they weigh": {"twins": "model"},
    "greedy": {},
    "optimal": {"assignment": "optimal"},
    "greedy, duplicates joined": {"duplicates": "join"},
    "optimal, duplicates joined": {"assignment": "optimal", "duplicates": "join"},
}


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="benchmarks assignment", description=__doc__.split("\n")[0])
    parser.add_argument("--people", type=int, action="append", help="population size; may be repeated")
    parser.add_argument("--folder", help="where the files are kept between runs; a temporary one when not given")
    options = parser.parse_args(arguments)
    rows: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory(prefix="leo-bench-", dir=options.folder) as scratch:
        for people in options.people or _PEOPLE:
            data = files.pupils_and_customers(Path(options.folder or scratch), people)
            rows += _measured(data, Path(scratch))
    known = facts()
    (RESULTS / "assignment.json").write_text(json.dumps({**known, "measured": rows}, indent=2) + "\n", encoding="utf-8")
    (RESULTS / "assignment.md").write_text(_page(rows, known), encoding="utf-8")
    print(_page(rows, known))


def _measured(data: Path, scratch: Path) -> list[dict[str, Any]]:
    rules = load_passes(config_file("passes/link.toml"))
    with connect("duckdb", memory_limit="5GB") as engine:
        (left, left_ids), (right, right_ids) = (
            _side(engine, data / f"{s}.parquet", scratch / s) for s in ("left", "right")
        )
        kinds = kinds_of(engine, left.units, right.units, postcodes=True)
        model, _ = trained(engine, kinds, left.units, right.units, seed=2026, progress=lambda _: None)
        truth = engine.sql(
            """
            select l.unit_id as left_id, r.unit_id as right_id, count(*) over (partition by l.unit_id) > 1 as is_second
            from {t} as t
            join {l} as l on l.source_id = t.left_id
            join {r} as r on r.source_id = t.right_id
            """,
            t=engine.from_arrow(_truth(data)),
            l=left_ids,
            r=right_ids,
            store=True,
        )
        found = []
        for way, keys in _WAYS.items():
            step = Step(name="link", left="left", right="right", train=False, **keys)
            before = resource.getrusage(resource.RUSAGE_SELF)
            made = link_step(engine, step, left, right, rules=rules, model=model)
            after = resource.getrusage(resource.RUSAGE_SELF)
            cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
            found.append(
                {"set": data.name, "way": way, "cpu_seconds": round(cpu, 1), **_judged(engine, made.links, truth)}
            )
            print(found[-1], flush=True)
            engine.drop(made.links, made.unlinked, made.units)
    return found


def _side(engine: Engine, path: Path, scratch: Path) -> tuple[Units, Table]:
    file = persons.read(engine, path, scratch, delimiter=None, encoding="utf-8")
    table, ids = persons.units(engine, file, _FIELDS, "id", postcodes=True)
    members = engine.sql("select unit_id, unit_id as entity_id from {t}", t=table)
    return Units(path.stem, table, table, members), ids


def _truth(data: Path) -> Any:
    import pyarrow as pa
    import pyarrow.csv

    text = {"left_id": pa.string(), "right_id": pa.string()}
    return pa.csv.read_csv(data / "truth.csv", convert_options=pa.csv.ConvertOptions(column_types=text))


def _judged(engine: Engine, links: Table, truth: Table) -> dict[str, Any]:
    counted = one(
        engine,
        engine.sql(
            """
            with accepted as (select left_id, right_id from {links} where decision = 'accepted')
            select (select count(*) from accepted) as links, count(a.left_id) as correct, count(*) as true_pairs,
                   count(*) filter (where t.is_second) as of_several,
                   count(a.left_id) filter (where t.is_second) as of_several_found,
                   (select count(*) from {links} where decision = 'review') as review
            from {truth} as t
            left join accepted as a on a.left_id = t.left_id and a.right_id = t.right_id
            """,
            links=links,
            truth=truth,
        ),
    )
    precision, recall = counted["correct"] / counted["links"], counted["correct"] / counted["true_pairs"]
    return {
        **counted,
        "precision": precision,
        "recall": recall,
        "f1": 2 * precision * recall / (precision + recall),
        "recall_of_several": counted["of_several_found"] / max(counted["of_several"], 1),
    }


def _page(rows: list[dict[str, Any]], known: dict[str, Any]) -> str:
    head = f"""# Ways of resolving the same pairs

{known["when"]}, {known["machine"]["cores"]} cores, load {known["load"]} before the run.

Latest school record of each pupil to the latest record of each customer of a synthetic population; one model a set,
trained on it. "False" are accepted pairs of two people; "of several" is the recall of the true pairs of pupils who have
more than one customer number. CPU seconds are the step's: passes, scoring, resolution and reasons.

| files | way | links | false | for review | precision | recall | F1 | of several | CPU s |
|---|---|---:|---:|---:|---:|---:|---:|---:|---:|
"""
    lines = [
        f"| {r['set']} | {r['way']} | {r['links']:,} | {r['links'] - r['correct']:,} | {r['review']:,} "
        f"| {r['precision']:.5f} | {r['recall']:.5f} | {r['f1']:.5f} | {r['recall_of_several']:.4f} "
        f"| {r['cpu_seconds']} |"
        for r in rows
    ]
    return head + "\n".join(lines) + "\n"
