"""The full extract of a million people: every package of every phase and year, from the tables of a finished run.

python -m benchmarks extract --run runs/demo              # the run's people again and again until they are a million
python -m benchmarks extract --run runs/demo --people 100000

A run of fewer people is multiplied: each copy has ids and keys of its own, so that rows, people and pseudonyms are as
many as a million people's. Measured are whole processes: reading, pseudonyms, a look for identifiers, hashes, metadata.
"""

import argparse
import datetime
import json
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import pyarrow as pa

from benchmarks import measure
from benchmarks.report import RESULTS, facts
from linkage.catalogue import shipped
from linkage.engine import Table, connect, quote
from linkage.extract import MasterKey, Project, extract
from linkage.extract.approved.holdings import holdings
from linkage.extract.approved.project import ApprovedTable, Decision
from linkage.extract.secrets.pseudonym import pseudonyms
from linkage.pipeline.ended.delivery import manifest_of, tables_of
from linkage.requests.asked import Asked
from linkage.requests.asked import tables_of as granted
from linkage.requests.packages import shipped_packages
from linkage.requests.request import AskedPackage, Request

_IDS = ("entity_id", "ae_id", "person_id", "record_id")
_KEYS = ("edukey", "entity_key", "pupilmatchingrefanonymous")
_STEP = 1_000_000_000  # between the ids of two copies
_VALUES = 2_000_000
_MEMORY = "1500MB"  # that the engine may hold; the rest of 3 GB is for Arrow and Python
ANALYSIS = ("person", "person_year", "person_month", "outcomes")


def main(words: list[str]) -> None:
    """Measure, and write results/extract.json and .md."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks extract", description=__doc__.splitlines()[0])
    parser.add_argument("--run", type=Path, required=True, help="folder of a run that has ended")
    parser.add_argument("--people", type=int, default=1_000_000)
    parser.add_argument("--folder", type=Path, help="for the multiplied tables, some GB; else a temporary one")
    parser.add_argument("--child", choices=["extract", "analysis", "pseudonyms"], help=argparse.SUPPRESS)
    options = parser.parse_args(words)
    if options.child:
        print(json.dumps(_child(options.child, options.folder)))
        return
    with tempfile.TemporaryDirectory(prefix="leo-bench-", dir=options.folder) as scratch:
        people = _multiplied(options.run, Path(scratch), options.people)
        rows = [_measured(what, options.run, Path(scratch)) for what in ("pseudonyms", "extract", "analysis")]
    _write({"people": people, "machine": facts(), "measured": rows})


def _multiplied(run: Path, folder: Path, people: int) -> int:
    """The run's tables as often as it takes; returns how many people there are then."""
    with connect(memory_limit="4GB", scratch=folder / "spill") as engine:
        tables = {name: engine.read(path) for name, path in tables_of(run, manifest_of(run)).items()}
        one = engine.count(engine.sql("select distinct AE_ID from {t}", t=tables["lookup_ae_id"]))
        copies = engine.from_arrow(pa.table({"copy": pa.array(range(-(-people // one)), pa.int64())}))
        wanted = [name for name in tables if _is_read(name)]
        for name in wanted:
            listed = ", ".join(_shifted(column) for column in tables[name].columns)
            query = f"select {listed} from {{t}} as t cross join {{copies}} as c"
            engine.write(engine.sql(query, t=tables[name], copies=copies), folder / f"{name.replace('/', '-')}.parquet")
        return one * engine.count(copies)


def _is_read(name: str) -> bool:
    ours = {holding.run_table for holding in holdings(shipped()).values()}
    return name in ours or name in ("spine", "lookup_ae_id", "lookup_edukey", "lookup_pmr")


def _shifted(column: str) -> str:
    name = quote(column)
    if column.lower() in _IDS:
        return f"t.{name} + c.copy * {_STEP} as {name}"
    if column.lower() in _KEYS:
        return f"cast(t.{name} as varchar) || '-' || cast(c.copy as varchar) as {name}"
    return f"t.{name}"


def _measured(what: str, run: Path, folder: Path) -> dict[str, Any]:
    command = [
        sys.executable,
        "-m",
        "benchmarks",
        "extract",
        "--run",
        str(run),
        "--folder",
        str(folder),
        "--child",
        what,
    ]
    load = round(os.getloadavg()[0], 1)
    found = measure.run(command, timeout=7_200)
    if found.exit_code:
        raise SystemExit(f"{what}: {found.last_words}")
    said: dict[str, Any] = json.loads(found.last_words.splitlines()[-1])
    return {
        "what": what,
        "load": load,
        "process_seconds": found.seconds,
        "cpu_seconds": found.cpu_seconds,
        "peak_gb": round(found.peak_bytes / 1e9, 2),
        **said,
    }


def _child(what: str, folder: Path) -> dict[str, Any]:
    key = MasterKey(bytes(range(32)))
    if what == "pseudonyms":
        with connect() as engine:
            values = engine.sql(f"select range as AE_ID from range({_VALUES})", store=True)
            secret = key.project("bench")
            started, cpu_started = time.perf_counter(), time.process_time()
            pseudonyms(engine, secret, values, "AE_ID", kind="AE_ID")
            taken, cpu = time.perf_counter() - started, time.process_time() - cpu_started
        return {
            "seconds": round(taken, 2),
            "a_second": round(_VALUES / taken),
            "a_cpu_second": round(_VALUES / cpu),
        }
    with connect(memory_limit=_MEMORY, scratch=folder / "spill") as engine:
        tables = {
            path.stem.replace("attributes-", "attributes/"): engine.read(path) for path in folder.glob("*.parquet")
        }
        project = _all_packages(tables, ANALYSIS if what == "analysis" else ())
        started = time.perf_counter()
        made = extract(engine, project, shipped(), tables, key, folder / "out" / what, run_info={"name": "bench"})
        taken = time.perf_counter() - started
    return {
        "seconds": round(taken, 1),
        "people": made.people,
        "tables": len(made.rows),
        "rows": sum(made.rows.values()),
        "gb": round(made.bytes / 1e9, 2),
    }


def _all_packages(tables: dict[str, Table], analysis: tuple[str, ...]) -> Project:
    """A project that is approved for every package, as far as the run holds it."""
    known = shipped_packages()
    request = Request(
        id="bench",
        package=tuple(
            AskedPackage(name=name, phases=tuple(package.phases), years="2001/02-2020/21")
            for name, package in known.items()
        ),
    )
    held = holdings(shipped())
    today = datetime.date.today()
    approved = []
    for table in granted(Asked(request, shipped(), known, today).grants):
        present = tables.get(held[table.name].run_table)
        variables = tuple(v for v in table.variables if present and v in present.columns)
        if variables:
            approved.append(table.model_copy(update={"variables": variables}))
    approved.append(ApprovedTable(name="leo.person", variables=("in_cis", "ks4_year", "graduation_year")))
    return Project.model_validate(
        {
            "id": "bench",
            "title": "All packages",
            "organisation": "Benchmark",
            "purpose": "To measure.",
            "decision": Decision(reference="BENCH", date=today, expires=today),
            "link_metadata": True,
            "analysis": analysis,
            "table": approved,
        }
    )


def _write(result: dict[str, Any]) -> None:
    (RESULTS / "extract.json").write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    machine = result["machine"]["machine"]
    lines = [
        "# The full extract of a million people",
        "",
        f"{result['people']:,} people, every package and phase, {machine['cores']} cores, "
        f"{machine['memory_bytes'] / 2**30:.0f} GiB, {result['machine']['when']}: "
        "`python -m benchmarks extract --run RUN`.",
        "The load is that before each process began: where it is above the cores, seconds are those of a share of the",
        "machine, and CPU seconds say more.",
        "",
        "| what | seconds | whole process | CPU seconds | load before | most memory | result |",
        "|---|---:|---:|---:|---:|---:|---|",
    ]
    names = {
        "pseudonyms": "pseudonyms of 2 million values",
        "extract": "all packages, Parquet",
        "analysis": "the same with the four analysis tables",
    }
    for row in result["measured"]:
        told = (
            f"{row['a_second']:,} a second, {row['a_cpu_second']:,} a CPU second"
            if "a_second" in row
            else f"{row['rows']:,} rows in {row['tables']} tables, {row['gb']} GB"
        )
        lines.append(
            f"| {names[row['what']]} | {row['seconds']} | {row['process_seconds']} | {row['cpu_seconds']} "
            f"| {row['load']} | {row['peak_gb']} GB | {told} |"
        )
    (RESULTS / "extract.md").write_text("\n".join(lines) + "\n", encoding="utf-8")
