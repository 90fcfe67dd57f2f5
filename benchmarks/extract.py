"""python -m benchmarks extract RUN: every package of every phase and year, from the tables of a finished run.

    leo demo --people 1000000 --out runs/million
    python -m benchmarks extract runs/million

Whole processes are measured: reading, pseudonyms, the check for identifiers, hashes, metadata.
"""

import argparse
import datetime
import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks import measure
from benchmarks.results import facts, save
from linkage.catalogue import shipped
from linkage.catalogue.holdings import holdings
from linkage.catalogue.packages import shipped_packages
from linkage.engine import Table, connect
from linkage.extract import MasterKey, Project, extract
from linkage.extract.project import ApprovedTable, Decision
from linkage.extract.pseudonyms import pseudonyms
from linkage.pipeline.manifest import manifest_of, tables_of
from linkage.requests.application import Application
from linkage.requests.application import tables_of as granted
from linkage.requests.request import Request, RequestedPackage

_VALUES = 2_000_000
_MEMORY = "1500MB"  # that the engine may hold; the rest of 3 GB is for Arrow and Python
_WHAT = {
    "pseudonyms": "pseudonyms of 2 million values",
    "extract": "all packages",
    "analysis": "all packages and the four analysis tables",
}
_ANALYSIS = ("person", "person_year", "person_month", "outcomes")


def main(words: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="benchmarks extract", description=__doc__.splitlines()[0])
    parser.add_argument("run", type=Path, help="folder of a run that has ended")
    parser.add_argument("--child", choices=list(_WHAT), help=argparse.SUPPRESS)
    options = parser.parse_args(words)
    if options.child:
        print(json.dumps(_child(options.child, options.run)))
        return
    about, rows = facts(), []
    for what, name in _WHAT.items():
        command = [sys.executable, "-m", "benchmarks", "extract", str(options.run), "--child", what]
        took = measure.run(command, timeout=7_200)
        if took.exit_code:
            sys.exit(f"{what}: {took.failure()}")
        rows.append({"what": name, **took.cost(), **json.loads(took.last_words.splitlines()[-1])})
    save("extract", rows, about, options.run.name)


def _child(what: str, run: Path) -> dict[str, Any]:
    key = MasterKey(bytes(range(32)))
    if what == "pseudonyms":
        with connect() as engine:
            values = engine.sql(f"select range as AE_ID from range({_VALUES})", store=True)
            secret = key.project("bench")
            started = time.perf_counter()
            pseudonyms(engine, secret, values, "AE_ID", kind="AE_ID")
            return {"seconds": round(time.perf_counter() - started, 2)}
    with (
        tempfile.TemporaryDirectory(prefix="leo-bench-", dir=run) as folder,
        connect(memory_limit=_MEMORY, scratch=Path(folder) / "spill") as engine,
    ):
        tables = {name: engine.read(path) for name, path in tables_of(run, manifest_of(run)).items()}
        project = _all_packages(tables, _ANALYSIS if what == "analysis" else ())
        started = time.perf_counter()
        result = extract(engine, project, shipped(), tables, key, Path(folder) / what, run_info={"name": "bench"})
        taken = time.perf_counter() - started
    return {
        "seconds": round(taken, 1),
        "people": result.people,
        "tables": len(result.rows),
        "rows": sum(result.rows.values()),
        "gb": round(result.bytes / 1e9, 2),
    }


def _all_packages(tables: dict[str, Table], analysis: tuple[str, ...]) -> Project:
    """A project that is approved for every package, as far as the run holds it."""
    known = shipped_packages()
    request = Request(
        id="bench",
        package=tuple(
            RequestedPackage(name=name, phases=tuple(package.phases), years="2001/02-2020/21")
            for name, package in known.items()
        ),
    )
    available = holdings(shipped())
    today = datetime.date.today()
    approved = []
    for table in granted(Application(request, shipped(), known, today).grants):
        present = tables.get(available[table.name].run_table)
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
