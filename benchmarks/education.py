"""python -m benchmarks education: a whole run, its step education-cis, and Splink on
the same people.

python -m benchmarks education --people 1000000      # runs leo demo first, measured
python -m benchmarks education --run runs/million    # a run that leo demo has made

Splink gets one row an entity: the latest value of each identifier, the National
Insurance number included. leo run used whole histories. Both are judged against the
same true pairs.
"""

import argparse
import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmarks import measure
from benchmarks.results import accuracy, facts, save
from linkage.config.toml_file import json_of
from linkage.engine import Engine, Table, connect, one
from linkage.match import from_sources
from linkage.pipeline.manifest import manifest_of, tables_of
from linkage.pipeline.truth import true_entities, true_entities_file
from quality.measures.accuracy import entity_persons, truth_of_units

STEP = "education-cis"
_FIELDS = ("forename", "surname", "dob", "sex", "postcode", "middle_names", "nino")
_TIMEOUT = 14_400.0  # seconds of a whole run


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(
        prog="benchmarks education", description=__doc__.split("\n")[0]
    )
    parser.add_argument(
        "--people", type=lambda text: int(float(text)), default=1_000_000
    )
    parser.add_argument("--run", type=Path, help="a run's folder, made by leo demo")
    parser.add_argument(
        "--folder",
        type=Path,
        help="where the run is made; a temporary folder when not given",
    )
    parser.add_argument(
        "--threshold",
        type=float,
        default=0.5,
        help="match probability from which Splink accepts",
    )
    parser.add_argument(
        "--leo-only",
        action="store_true",
        help="without Splink, where it needs more memory than there is",
    )
    parser.add_argument("--label", default="", help="name of the run in RESULTS.md")
    options = parser.parse_args(arguments)
    about = facts()
    with tempfile.TemporaryDirectory(
        prefix="leo-bench-", dir=options.folder
    ) as scratch:
        run, whole_run = options.run or Path(scratch) / "demo", []
        if not options.run:
            leo = str(Path(sys.executable).with_name("leo"))
            result = measure.run(
                [leo, "demo", "--people", str(options.people), "--out", str(run)],
                timeout=_TIMEOUT,
            )
            if result.exit_code:
                sys.exit(f"leo demo: {result.failure()}")
            whole_run = [{"system": "leo demo, synthesis included", **result.cost()}]
        peer = (
            []
            if options.leo_only
            else _beside_splink(run, Path(scratch), options.threshold)
        )
        save(
            "education",
            [*whole_run, *_stages(run, all_steps=options.leo_only), *peer],
            about,
            options.label,
        )


def _stages(run: Path, *, all_steps: bool) -> list[dict[str, Any]]:
    """All stages of the run and its steps, as the run has evaluated them; education-cis
    only with `all_steps`.
    """
    stages = [stage for stage in manifest_of(run)["stages"] if "seconds" in stage]
    steps = json_of(run / "quality" / "evaluation.json")["steps"]
    return [
        {"system": "leo run, all stages", **_cost(stages)},
        *(
            {
                "system": f"leo run, {step['step']}",
                **_of_stage(stages, step["step"]),
                **_evaluated(step),
            }
            for step in steps
            if all_steps or step["step"] != STEP
        ),
    ]


def _beside_splink(run: Path, scratch: Path, threshold: float) -> list[dict[str, Any]]:
    """The step education-cis, and Splink on its entities."""
    stages = manifest_of(run)["stages"]
    with connect("duckdb") as engine:
        tables = {
            name: engine.read(path)
            for name, path in tables_of(run, manifest_of(run)).items()
        }
        sides = _write_sides(engine, tables, scratch)
        truth, out = _true_pairs(engine, tables, run), scratch / "splink.parquet"
        command = [
            sys.executable,
            "-m",
            "benchmarks.systems.splink",
            *sides,
            str(out),
            str(threshold),
        ]
        result = measure.run(command, timeout=_TIMEOUT)
        if result.exit_code:
            sys.exit(f"Splink 5: {result.failure()}")
        accepted_query = (
            "select left_id, right_id from {links} where decision = 'accepted'"
        )
        number_query = (
            "select cast(left_id as bigint) as left_id, cast(right_id as "
            "bigint) as right_id from {links}"
        )
        links = engine.sql(accepted_query, links=tables[f"links/{STEP}"])
        splink = engine.sql(number_query, links=engine.read(out))
        sizes = dict(
            zip(
                ("left", "right"),
                (engine.count(engine.read(Path(side))) for side in sides),
                strict=True,
            )
        )
        return [
            {
                "system": "leo run, the step",
                **sizes,
                **_of_stage(stages, STEP),
                **_judged(engine, links, truth),
            },
            {
                "system": "Splink 5",
                **sizes,
                **result.cost(),
                **_judged(engine, splink, truth),
            },
        ]


def _of_stage(stages: list[dict[str, Any]], step: str) -> dict[str, float]:
    return _cost([stage for stage in stages if stage["name"] == f"link-{step}"])


def _evaluated(step: dict[str, Any]) -> dict[str, Any]:
    """Accuracy of a step as the run has evaluated it."""
    counts = step["accuracy"]
    return accuracy(counts["accepted"], counts["correct"], counts["true_pairs"])


def _cost(stages: list[dict[str, Any]]) -> dict[str, float]:
    peak = max(stage.get("peak_memory_bytes") or 0 for stage in stages)
    return {
        "seconds": sum(stage["seconds"] for stage in stages),
        "cpu_seconds": sum(stage.get("cpu_seconds") or 0 for stage in stages),
        "peak_gb": round(peak / 1e9, 2),
    }


def _sources(tables: dict[str, Table]) -> list[str]:
    return sorted(
        name.partition("/")[2] for name in tables if name.startswith("entities/")
    )


def _write_sides(engine: Engine, tables: dict[str, Table], scratch: Path) -> list[str]:
    """Both sides of the step, one row a unit, id and text; returns their paths, left
    first.
    """
    members = tables[f"units/{STEP}"]
    education = [name for name in _sources(tables) if name != "cis"]
    paths = []
    for side, sources in (("left", education), ("right", ["cis"])):
        membership = engine.sql(
            f"select entity_id, unit_id from {{m}} where side = '{side}'",
            m=members,
            store=True,
        )
        histories = [
            (tables[f"entities/{name}"], tables[f"identifier_records/{name}"])
            for name in sources
        ]
        units = from_sources(engine, side, histories, membership, _FIELDS).units
        flat = engine.sql(
            f"select cast(unit_id as varchar) as id, {', '.join(_FIELDS)} from {{u}}",
            u=units,
        )
        paths.append(str(scratch / f"{side}.parquet"))
        engine.write(flat, Path(paths[-1]))
    return paths


def _true_pairs(engine: Engine, tables: dict[str, Table], run: Path) -> Table:
    """left_id, right_id: pairs of units of one person."""
    file = true_entities_file(run.with_name(f"{run.name}-data") / "truth")
    if file is None:
        sys.exit(f"{run}: no truth; make the run with leo demo")
    entity_tables = {
        f"of_{n}": tables[f"entities/{name}"] for n, name in enumerate(_sources(tables))
    }
    union = " union all ".join(
        f"select entity_id, source, entity_key from {{{name}}}"
        for name in entity_tables
    )
    entities = engine.sql(union, params=None, store=True, **entity_tables)
    members = tables[f"units/{STEP}"]
    return truth_of_units(
        engine, members, entity_persons(engine, entities, true_entities(engine, file))
    ).pairs


def _judged(engine: Engine, links: Table, truth: Table) -> dict[str, Any]:
    query = """
        select (select count(*) from {links}) as links,
            (select count(*) from {truth}) as true_pairs,
               (select count(*) from {links} as k
                   join {truth} as t using (left_id, right_id)) as correct
    """
    counts = one(engine, engine.sql(query, links=links, truth=truth))
    return accuracy(
        int(counts["links"]), int(counts["correct"]), int(counts["true_pairs"])
    )
