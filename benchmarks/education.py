"""python -m benchmarks education RUN: the step education-cis of a synthetic run, and Splink on the same people.

    leo demo --people 1000000 --out runs/million
    python -m benchmarks education runs/million --label 1m

Splink gets one row an entity: the latest value of each identifier, the National Insurance number included. Ours used whole
histories. Both are judged against the same true pairs.
"""

import argparse
import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmarks import measure
from benchmarks.results import accuracy, facts, save
from linkage.engine import Engine, Table, connect, one
from linkage.match import from_sources
from linkage.pipeline.manifest import manifest_of, tables_of
from linkage.pipeline.truth import true_entities, true_entities_file
from quality.measures.accuracy import entity_persons, truth_of_units

STEP = "education-cis"
_FIELDS = ("forename", "surname", "dob", "sex", "postcode", "middle_names", "nino")


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="benchmarks education", description=__doc__.split("\n")[0])
    parser.add_argument("run", type=Path, help="a run's folder, made by leo demo")
    parser.add_argument("--label", default="", help="name of the run in RESULTS.md")
    options = parser.parse_args(arguments)
    run, about = options.run, facts()
    manifest = manifest_of(run)
    with connect("duckdb") as engine, tempfile.TemporaryDirectory(prefix="leo-bench-", dir=run) as scratch:
        tables = {name: engine.read(path) for name, path in tables_of(run, manifest).items()}
        sides = _write_sides(engine, tables, Path(scratch))
        truth = _true_pairs(engine, tables, run)
        out = Path(scratch) / "splink.parquet"
        took = measure.run([sys.executable, "-m", "benchmarks.systems.splink_alone", *sides, str(out)], timeout=3_600)
        if took.exit_code:
            sys.exit(f"Splink alone: {took.failure()}")
        accepted = "select left_id, right_id from {links} where decision = 'accepted'"
        as_numbers = "select cast(left_id as bigint) as left_id, cast(right_id as bigint) as right_id from {links}"
        links = {
            "leo run": engine.sql(accepted, links=tables[f"links/{STEP}"]),
            "Splink alone": engine.sql(as_numbers, links=engine.read(out)),
        }
        stage = next(stage for stage in manifest["stages"] if stage["name"] == f"link-{STEP}")
        costs = {
            "leo run": {
                "seconds": stage["seconds"],
                "cpu_seconds": stage["cpu_seconds"],
                "peak_gb": round(stage["peak_memory_bytes"] / 1e9, 2),
            },
            "Splink alone": took.cost(),
        }
        sizes = dict(zip(("left", "right"), (engine.count(engine.read(Path(side))) for side in sides), strict=True))
        rows = [{"system": s, **sizes, **costs[s], **_judged(engine, links[s], truth)} for s in links]
    save("education", rows, about, options.label)


def _sources(tables: dict[str, Table]) -> list[str]:
    return sorted(name.partition("/")[2] for name in tables if name.startswith("identities/"))


def _write_sides(engine: Engine, tables: dict[str, Table], scratch: Path) -> list[str]:
    """Both sides of the step, one row a unit, id and text; returns their paths, left first."""
    members = tables[f"units/{STEP}"]
    education = [name for name in _sources(tables) if name != "cis"]
    paths = []
    for side, sources in (("left", education), ("right", ["cis"])):
        membership = engine.sql(f"select entity_id, unit_id from {{m}} where side = '{side}'", m=members, store=True)
        histories = [(tables[f"identities/{name}"], tables[f"identifier_records/{name}"]) for name in sources]
        units = from_sources(engine, side, histories, membership, _FIELDS).units
        flat = engine.sql(f"select cast(unit_id as varchar) as id, {', '.join(_FIELDS)} from {{u}}", u=units)
        paths.append(str(scratch / f"{side}.parquet"))
        engine.write(flat, Path(paths[-1]))
    return paths


def _true_pairs(engine: Engine, tables: dict[str, Table], run: Path) -> Table:
    """left_id, right_id: pairs of units of one person."""
    file = true_entities_file(run.with_name(f"{run.name}-data") / "truth")
    if file is None:
        sys.exit(f"{run}: no truth; make the run with leo demo")
    named = {f"of_{n}": tables[f"identities/{name}"] for n, name in enumerate(_sources(tables))}
    union = " union all ".join(f"select entity_id, source, entity_key from {{{name}}}" for name in named)
    entities = engine.sql(union, params=None, store=True, **named)
    members = tables[f"units/{STEP}"]
    return truth_of_units(engine, members, entity_persons(engine, entities, true_entities(engine, file))).pairs


def _judged(engine: Engine, links: Table, truth: Table) -> dict[str, Any]:
    query = """
        select (select count(*) from {links}) as links, (select count(*) from {truth}) as true_pairs,
               (select count(*) from {links} as k join {truth} as t using (left_id, right_id)) as correct
    """
    counts = one(engine, engine.sql(query, links=links, truth=truth))
    return accuracy(int(counts["links"]), int(counts["correct"]), int(counts["true_pairs"]))
