"""python -m benchmarks synth-scale: how a population's cost grows with its size.

python -m benchmarks synth-scale                            # 1M and 10M people, and 40M people's identities
python -m benchmarks synth-scale --people 1e5 --label 100k  # that size only, every source

Each population is a process of its own, with as many workers as processors, and is removed once it is measured.
"""

import argparse
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmarks import measure
from benchmarks.results import facts, save

_SIZES = (("all", 1_000_000), ("all", 10_000_000), ("identities", 1_000_000), ("identities", 40_000_000))
_MAKE = "import sys; from pathlib import Path; from synthetic import synthesise; " + (
    "synthesise(Path(sys.argv[1]), int(sys.argv[2]), tables=sys.argv[3])"
)


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="benchmarks synth-scale", description=__doc__.split("\n")[0])
    parser.add_argument("--people", type=lambda text: int(float(text)), action="append", help="may be repeated")
    parser.add_argument("--tables", choices=("all", "identities"), default="all")
    parser.add_argument("--folder", type=Path, help="where the populations are made; a temporary folder when not given")
    parser.add_argument("--label", default="", help="name of the run in RESULTS.md")
    options = parser.parse_args(arguments)
    about = facts()
    sizes = [(options.tables, people) for people in options.people or ()] or _SIZES
    save("synth-scale", [_measured(tables, people, options.folder) for tables, people in sizes], about, options.label)


def _measured(tables: str, people: int, folder: Path | None) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="leo-bench-", dir=folder) as scratch:
        out = Path(scratch) / "population"
        script = Path(scratch) / "make.py"
        script.write_text(f'if __name__ == "__main__":\n    {_MAKE}\n', encoding="utf-8")
        took = measure.run([sys.executable, str(script), str(out), str(people), tables], timeout=7_200)
        if took.exit_code:
            sys.exit(f"{people:,} people: {took.failure()}")
        rows = json.loads((out / "manifest.json").read_text(encoding="utf-8"))["rows"]
        size = sum(path.stat().st_size for path in out.rglob("*") if path.is_file())
    worker = round(took.largest_bytes / 1e9, 2)
    counted = {"rows": sum(rows.values()), "gb": round(size / 1e9, 2), "worker_gb": worker}
    return {"tables": tables, "people": people, **took.cost(), **counted}
