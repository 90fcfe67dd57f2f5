"""How a population's cost grows with its size: seconds, CPU, memory of a worker, rows and bytes.

    python -m benchmarks.synth_scale                            # 1M and 10M people, and 40M people's identities
    python -m benchmarks.synth_scale --people 1e5 --people 1e6  # those sizes alone, every source

Each population is a process of its own, as many workers as processors, and is removed when it is measured.
"""

import argparse
import json
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmarks import measure
from benchmarks.report import RESULTS, facts, where_and_when

_TIMEOUT = 7_200.0
_SIZES = (("all", 1_000_000), ("all", 10_000_000), ("identities", 1_000_000), ("identities", 40_000_000))


def main() -> None:
    options = _options()
    if options.make:
        from synthetic import synthesise

        synthesise(Path(options.make), options.people[0], tables=options.tables)
        return
    known = facts()
    sizes = [(options.tables, people) for people in options.people or ()] or _SIZES
    measured = [_measured(tables, people, options.folder) for tables, people in sizes]
    page = _page(measured, known)
    RESULTS.mkdir(parents=True, exist_ok=True)
    (RESULTS / f"{options.label}.json").write_text(json.dumps({**known, "measured": measured}, indent=2) + "\n")
    (RESULTS / f"{options.label}.md").write_text(page)
    print(page)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="benchmarks.synth_scale", description=__doc__.split("\n")[0])
    parser.add_argument("--people", type=lambda text: int(float(text)), action="append", help="may be repeated")
    parser.add_argument("--tables", choices=("all", "identities"), default="all")
    parser.add_argument("--folder", type=Path, help="where the populations are made; a temporary folder when not given")
    parser.add_argument("--label", default="synth-scale", help="name of the result files")
    parser.add_argument("--make", help=argparse.SUPPRESS)
    return parser.parse_args()


def _measured(tables: str, people: int, folder: Path | None) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="leo-bench-", dir=folder) as scratch:
        out = Path(scratch) / "population"
        command = [sys.executable, "-m", "benchmarks.synth_scale", "--make", str(out), "--tables", tables]
        took = measure.run([*command, "--people", str(people)], timeout=_TIMEOUT)
        if took.exit_code:
            sys.exit(f"{people:,} people ended with {took.exit_code}: {took.last_words}")
        rows = json.loads((out / "manifest.json").read_text())["rows"]
        size = sum(path.stat().st_size for path in out.rglob("*") if path.is_file())
        shutil.rmtree(out)
    return {
        "tables": tables,
        "people": people,
        "seconds": took.seconds,
        "cpu_seconds": took.cpu_seconds,
        "worker_gb": round(took.largest_bytes / 1e9, 3),
        "peak_gb": round(took.peak_bytes / 1e9, 3),
        "rows": sum(rows.values()),
        "source_rows": sum(count for path, count in rows.items() if path.startswith("sources/")),
        "bytes": size,
    }


def _page(measured: list[dict[str, Any]], known: dict[str, Any]) -> str:
    head = [
        "# A population by its size",
        "",
        f"{where_and_when(known)}. Whole processes, with start and end; a worker's memory is the most that one "
        "process held. The last columns are times the smallest population of the same tables.",
        "",
        "| tables | people | seconds | CPU s | GB a worker | rows | GB on disk | rows a second | people | time |",
        "|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|",
    ]
    return "\n".join([*head, *(_line(row, measured) for row in measured), ""])


def _line(row: dict[str, Any], measured: list[dict[str, Any]]) -> str:
    least = min((other for other in measured if other["tables"] == row["tables"]), key=lambda other: other["people"])
    cells = [
        row["tables"],
        f"{row['people']:,}",
        f"{row['seconds']:.1f}",
        f"{row['cpu_seconds']:.1f}",
        f"{row['worker_gb']:.2f}",
        f"{row['rows']:,}",
        f"{row['bytes'] / 1e9:.2f}",
        f"{row['rows'] / row['seconds']:,.0f}",
        f"x {row['people'] / least['people']:.0f}",
        f"x {row['seconds'] / least['seconds']:.1f}",
    ]
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    main()
