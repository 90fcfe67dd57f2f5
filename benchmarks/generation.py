"""make bench-synth: how long a generator takes for an identity record: ours, gecko-syndata, mimesis and Faker.

python -m benchmarks synth                       # 200,000 and 1,000,000 records
python -m benchmarks synth --records 50000       # that many alone
"""

import argparse
import json
import os
import shutil
import statistics
import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmarks import measure
from benchmarks.environments import environment
from benchmarks.report import RESULTS, facts, where_and_when

_HERE = Path(__file__).parent
_RECORDS = (200_000, 1_000_000)
_TIMEOUT = 1_800.0
_ROW_BY_ROW_BEARS = 200_000  # records; row-wise generators take the same for each, and minutes for a million
_NOTE = (
    "Whole processes, one core unless it says otherwise, that draw persons and write Parquet. An identity record "
    "has names, birth date, sex, postcode and a key. leo-linkage: records of six bodies over twenty years with "
    "families, moves, new names, correlated mistakes, truth and the log of mistakes. gecko-syndata: two files, of "
    "persons from the same tables of names and of the same persons with mistakes at like rates. mimesis and "
    "Faker: one file of persons, without mistakes. CPU is what a record costs; seconds hold start and imports "
    "too. A record of ours is not the same work as one of theirs: it comes with a life behind it."
)


def main(arguments: list[str]) -> None:
    options = _options(arguments)
    known = facts()
    with tempfile.TemporaryDirectory(prefix="leo-bench-", dir=options.folder) as scratch:
        systems = _systems(Path(options.environments or scratch))
        measured = []
        for records in options.records or _RECORDS:
            for name, (command, cores) in systems.items():
                if name in ("Faker", "mimesis") and records > _ROW_BY_ROW_BEARS:
                    continue
                print(f"{records:,} records: {name}", flush=True)
                found = [_measured(command, cores, records, Path(scratch)) for _ in range(options.runs)]
                measured.append({"system": name, "cores": cores, **_median(found)})
    page = _page(measured, known)
    RESULTS.mkdir(parents=True, exist_ok=True)
    (RESULTS / "synth.json").write_text(json.dumps({**known, "measured": measured}, indent=2) + "\n", encoding="utf-8")
    (RESULTS / "synth.md").write_text(page, encoding="utf-8")
    print(page)


def _options(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="benchmarks synth", description=__doc__.split("\n")[0])
    parser.add_argument("--records", type=lambda text: int(float(text)), action="append", help="may be repeated")
    parser.add_argument("--runs", type=int, default=1, help="runs of each; medians are reported")
    parser.add_argument("--folder", help="where populations are made; a temporary folder when not given")
    parser.add_argument("--environments", help="where the others' environments are kept between runs")
    return parser.parse_args(arguments)


def _systems(environments: Path) -> dict[str, tuple[list[str], int]]:
    """Each system's command, to which records and a folder are added in the place of {records} and {out}; its cores."""
    geckos = environment(environments, "gecko", ["gecko-syndata==0.6.4", "numpy<2", "pyarrow>=17,<19"])
    others = environment(environments, "row-by-row", ["Faker==40.63.0", "mimesis==22.2.0", "pyarrow>=24"])
    ours = [sys.executable, "-m", "benchmarks.generators.ours", "{records}", "{out}"]
    reference = str(_HERE.parent / "synthetic" / "reference")
    rows = {
        name: [str(others), str(_HERE / "generators" / f"{name.lower()}_alone.py")] for name in ("mimesis", "Faker")
    }
    return {
        "leo-linkage": ([*ours, "1"], 1),
        "leo-linkage, 2 workers": ([*ours, "2"], 2),
        "gecko-syndata": (
            [str(geckos), str(_HERE / "generators" / "gecko_alone.py"), "{records}", "{out}", reference],
            1,
        ),
        **{name: ([*command, "{records}", "{out}"], 1) for name, command in rows.items()},
    }


def _measured(command: list[str], cores: int, records: int, scratch: Path) -> dict[str, Any]:
    out = scratch / "made"
    filled = [part.replace("{records}", str(records)).replace("{out}", str(out)) for part in command]
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, set(sorted(before)[-cores:]))  # what is started is held to these cores too
    try:
        took = measure.run(filled, timeout=_TIMEOUT)
    finally:
        os.sched_setaffinity(0, before)
    if took.exit_code:
        sys.exit(f"{' '.join(filled[:3])} ended with {took.exit_code}: {took.last_words}")
    said = json.loads(took.last_words.splitlines()[-1])
    shutil.rmtree(out)
    return {
        "records": said["records"],
        "seconds": took.seconds,
        "cpu_seconds": took.cpu_seconds,
        "peak_gb": round(took.peak_bytes / 1e9, 2),
        "versions": said["versions"],
    }


def _median(found: list[dict[str, Any]]) -> dict[str, Any]:
    numbers = ("seconds", "cpu_seconds", "peak_gb")
    return {
        **found[-1],
        **{name: statistics.median(row[name] for row in found) for name in numbers},
        "runs": len(found),
    }


def _page(measured: list[dict[str, Any]], known: dict[str, Any]) -> str:
    versions = {name: number for row in measured for name, number in row["versions"].items() if name != "pyarrow"}
    head = [
        "# Generators, per identity record",
        "",
        f"{where_and_when(known)}; {', '.join(f'{name} {number}' for name, number in versions.items())}.",
        "",
        _NOTE,
        "",
        "| generator | records | cores | seconds | CPU s | peak GB | records a second | CPU µs a record |",
        "|---|---:|---:|---:|---:|---:|---:|---:|",
    ]
    return "\n".join([*head, *map(_line, measured), ""])


def _line(row: dict[str, Any]) -> str:
    cells = [
        row["system"],
        f"{row['records']:,}",
        str(row["cores"]),
        f"{row['seconds']:.1f}",
        f"{row['cpu_seconds']:.1f}",
        f"{row['peak_gb']:.2f}",
        f"{row['records'] / row['seconds']:,.0f}",
        f"{row['cpu_seconds'] / row['records'] * 1e6:.1f}",
    ]
    return f"| {' | '.join(cells)} |"
