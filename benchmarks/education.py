"""Education people to CIS: our run against Splink alone on the same people and the same customers.

    leo demo --people 1000000 --out runs/million
    python -m benchmarks.education runs/million [LABEL]

Splink gets what one row a person can say: the latest value of each identifier, the National Insurance number with them.
Ours used whole histories. Both are judged against the same true pairs, whole and by group (benchmarks.subgroups).
"""

import json
import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmarks import measure, subgroups
from benchmarks.report import facts, write
from linkage.engine import Engine, Table, connect, one
from linkage.match import from_sources
from linkage.pipeline.ended.delivery import tables_of

STEP = "education-cis"
_FIELDS = ("forename", "surname", "dob", "sex", "postcode", "middle_names", "nino")


def main(run: str, label: str = "education-cis") -> None:
    folder = Path(run)
    manifest = json.loads((folder / "manifest.json").read_text())
    with connect("duckdb") as engine, tempfile.TemporaryDirectory(prefix="leo-bench-", dir=folder) as scratch:
        tables = {name: engine.read(path) for name, path in tables_of(folder, manifest).items()}
        sides = _write_sides(engine, tables, Path(scratch))
        truth = _truth(engine, tables, _truth_file(folder))
        evident = subgroups.sharing_evidence(engine, tables, tables[f"units/{STEP}"], truth)
        out = Path(scratch) / "splink.parquet"
        paths = [str(sides[side]) for side in ("left", "right")]
        took = measure.run([sys.executable, "-m", "benchmarks.systems.splink_alone", *paths, str(out)], timeout=3_600)
        if took.exit_code:
            sys.exit(f"Splink alone ended with {took.exit_code}: {took.last_words}")
        ours = engine.sql(
            "select left_id, right_id from {links} where decision = 'accepted'", links=tables[f"links/{STEP}"]
        )
        theirs = engine.sql(
            "select cast(left_id as bigint) as left_id, cast(right_id as bigint) as right_id from {links}",
            links=engine.read(out),
        )
        stage = next(stage for stage in manifest["stages"] if stage["name"] == f"link-{STEP}")
        sizes = {"left": engine.count(engine.read(sides["left"])), "right": engine.count(engine.read(sides["right"]))}
        found = {"leo run": ours, "Splink alone": theirs}
        reached = {name: subgroups.recall_of_evident(engine, links, evident) for name, links in found.items()}
        rows = [
            {"set": STEP, **sizes, "system": "leo run", **_judged(engine, ours, truth), **reached["leo run"]}
            | {"seconds": stage["seconds"], "cpu_seconds": stage["cpu_seconds"]}
            | {"peak_gb": round(stage["peak_memory_bytes"] / 1e9, 2)},
            {
                "set": STEP,
                **sizes,
                "system": "Splink alone",
                **_judged(engine, theirs, truth),
                **reached["Splink alone"],
            }
            | {"seconds": took.seconds, "cpu_seconds": took.cpu_seconds, "peak_gb": round(took.peak_bytes / 1e9, 2)},
        ]
        persons = engine.read(sorted(_truth_file(folder).parent.glob("persons/*.parquet")))
        groups = subgroups.errors(engine, found, truth, evident, persons)
    write(label, "Education people to CIS, side by side", rows, facts(), _NOTE)
    subgroups.write(label, groups, rows, facts())


_NOTE = (
    "leo run: the step as the pipeline ran it (passes, training, scoring, resolution), its peak that of the whole run "
    "so far. Splink alone: a process of its own, on the latest value of each identifier."
)


def _write_sides(engine: Engine, tables: dict[str, Table], scratch: Path) -> dict[str, Path]:
    """Both sides of the step, one row a unit, id and text."""
    members = tables[f"units/{STEP}"]
    written = {}
    education = [name for name in subgroups.sources(tables) if name != "cis"]
    for side, sources in (("left", education), ("right", ["cis"])):
        membership = engine.sql(f"select entity_id, unit_id from {{m}} where side = '{side}'", m=members, store=True)
        histories = [(tables[f"identities/{name}"], tables[f"identifier_records/{name}"]) for name in sources]
        units = from_sources(engine, side, histories, membership, _FIELDS).units
        fields = ", ".join(_FIELDS)
        flat = engine.sql(f"select cast(unit_id as varchar) as id, {fields} from {{u}}", u=units)
        written[side] = scratch / f"{side}.parquet"
        engine.write(flat, written[side])
    return written


def _truth_file(run: Path) -> Path:
    found = sorted((run.parent / f"{run.name}-data").glob("truth/entities.parquet")) or sorted(
        run.glob("**/truth/entities.parquet")
    )
    if not found:
        sys.exit(f"{run}: no truth beside the run")
    return found[0]


def _truth(engine: Engine, tables: dict[str, Table], path: Path) -> Table:
    """Pairs of units whose persons agree; a unit's person is the most frequent among its entities."""
    entities = [f"identities/{name}" for name in subgroups.sources(tables)]
    named = {f"of_{n}": tables[name] for n, name in enumerate(entities)}
    union = " union all ".join(f"select entity_id, source, entity_key from {{{name}}}" for name in named)
    return engine.sql(
        f"""
        with persons as (
            select e.entity_id, t.person_id
            from ({union}) as e
            join {{truth}} as t on t.source = e.source and t.entity_key = e.entity_key
        ),
        votes as (
            select m.side, m.unit_id, p.person_id, count(*) as entities
            from {{members}} as m
            join persons as p using (entity_id)
            group by m.side, m.unit_id, p.person_id
        ),
        known as (
            select side, unit_id, person_id from votes
            qualify row_number() over (partition by side, unit_id order by entities desc, person_id) = 1
        )
        select l.unit_id as left_id, r.unit_id as right_id, l.person_id
        from known as l
        join known as r on r.person_id = l.person_id
        where l.side = 'left' and r.side = 'right'
        """,
        params=None,
        store=True,
        truth=engine.read(path),
        members=tables[f"units/{STEP}"],
        **named,
    )


def _judged(engine: Engine, links: Table, truth: Table) -> dict[str, Any]:
    counted = one(
        engine,
        engine.sql(
            """
            select (select count(*) from {links}) as links, (select count(*) from {truth}) as true_pairs,
                   (select count(*) from {links} as k join {truth} as t using (left_id, right_id)) as correct
            """,
            links=links,
            truth=truth,
        ),
    )
    made, true, correct = (int(counted[key]) for key in ("links", "true_pairs", "correct"))
    precision, recall = correct / max(made, 1), correct / max(true, 1)
    f1 = 2 * precision * recall / max(precision + recall, 1e-12)
    return {"links": made, "true_pairs": true, "precision": precision, "recall": recall, "f1": f1}


if __name__ == "__main__":
    main(*sys.argv[1:])
