"""python -m benchmarks extract: every package of every phase and year, from the tables of a finished run.

python -m benchmarks extract --run runs/demo              # the run's people, multiplied to a million
python -m benchmarks extract --run runs/demo --people 100000

A run of fewer people is multiplied: each copy has ids and keys of its own, so that rows, people and pseudonyms are as
many as a million people's. Whole processes are measured: reading, pseudonyms, the check for identifiers, hashes, metadata.
"""

import argparse
import datetime
import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import pyarrow as pa

from benchmarks import measure
from benchmarks.results import facts, save
from linkage.catalogue import shipped
from linkage.catalogue.holdings import holdings
from linkage.catalogue.packages import shipped_packages
from linkage.engine import Table, connect, quote
from linkage.extract import MasterKey, Project, extract
from linkage.extract.project import ApprovedTable, Decision
from linkage.extract.pseudonyms import pseudonyms
from linkage.pipeline.delivery import manifest_of, tables_of
from linkage.requests.application import Application
from linkage.requests.application import tables_of as granted
from linkage.requests.request import Request, RequestedPackage

_IDS = ("entity_id", "ae_id", "person_id", "record_id")
_KEYS = ("edukey", "entity_key", "pupilmatchingrefanonymous")
_STEP = 1_000_000_000  # between the ids of two copies
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
    parser.add_argument("--run", type=Path, required=True, help="folder of a run that has ended")
    parser.add_argument("--people", type=int, default=1_000_000)
    parser.add_argument("--folder", type=Path, help="for the multiplied tables, some GB; else a temporary one")
    parser.add_argument("--child", choices=list(_WHAT), help=argparse.SUPPRESS)
    options = parser.parse_args(words)
    if options.child:
        print(json.dumps(_child(options.child, options.folder)))
        return
    about = facts()
    with tempfile.TemporaryDirectory(prefix="leo-bench-", dir=options.folder) as scratch:
        _multiplied(options.run, Path(scratch), options.people)
        rows = [_measured(what, options.run, Path(scratch)) for what in _WHAT]
    save("extract", rows, about)


def _multiplied(run: Path, folder: Path, people: int) -> None:
    """Write the run's tables with as many copies as `people` needs."""
    with connect(memory_limit="4GB", scratch=folder / "spill") as engine:
        tables = {name: engine.read(path) for name, path in tables_of(run, manifest_of(run)).items()}
        one = engine.count(engine.sql("select distinct AE_ID from {t}", t=tables["lookup_ae_id"]))
        copies = engine.from_arrow(pa.table({"copy": pa.array(range(-(-people // one)), pa.int64())}))
        wanted = [name for name in tables if _is_read(name)]
        for name in wanted:
            listed = ", ".join(_shifted(column) for column in tables[name].columns)
            query = f"select {listed} from {{t}} as t cross join {{copies}} as c"
            engine.write(engine.sql(query, t=tables[name], copies=copies), folder / f"{name.replace('/', '-')}.parquet")


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
    command = [sys.executable, "-m", "benchmarks", "extract", "--run", str(run), "--folder", str(folder)]
    took = measure.run([*command, "--child", what], timeout=7_200)
    if took.exit_code:
        sys.exit(f"{what}: {took.failure()}")
    return {"what": _WHAT[what], **took.cost(), **json.loads(took.last_words.splitlines()[-1])}


def _child(what: str, folder: Path) -> dict[str, Any]:
    key = MasterKey(bytes(range(32)))
    if what == "pseudonyms":
        with connect() as engine:
            values = engine.sql(f"select range as AE_ID from range({_VALUES})", store=True)
            secret = key.project("bench")
            started = time.perf_counter()
            pseudonyms(engine, secret, values, "AE_ID", kind="AE_ID")
            return {"seconds": round(time.perf_counter() - started, 2)}
    with connect(memory_limit=_MEMORY, scratch=folder / "spill") as engine:
        tables = {
            path.stem.replace("attributes-", "attributes/"): engine.read(path) for path in folder.glob("*.parquet")
        }
        project = _all_packages(tables, _ANALYSIS if what == "analysis" else ())
        started = time.perf_counter()
        result = extract(engine, project, shipped(), tables, key, folder / "out" / what, run_info={"name": "bench"})
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
