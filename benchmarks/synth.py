"""python -m benchmarks synth: what a synthetic population costs by its size, and Faker's persons next to it.

python -m benchmarks synth                            # 1M and 10M people, 40M people's identities, and Faker
python -m benchmarks synth --people 1e5 --label 100k  # that size only, every source

Each is a process of its own. Populations have as many workers as processors, and are removed once measured.
"""

import argparse
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmarks import measure
from benchmarks.environments import environment
from benchmarks.results import facts, save

_SIZES = (("all", 1_000_000), ("all", 10_000_000), ("identities", 1_000_000), ("identities", 40_000_000))
_FAKER_RECORDS = 200_000  # Faker takes minutes for a million
_TIMEOUT = 7_200.0  # seconds
_MAKE = """
import sys
from pathlib import Path
from synthetic import synthesise
if __name__ == "__main__":
    synthesise(Path(sys.argv[1]), int(sys.argv[2]), tables=sys.argv[3])
"""


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="benchmarks synth", description=__doc__.split("\n")[0])
    parser.add_argument("--people", type=lambda text: int(float(text)), action="append", help="may be repeated")
    parser.add_argument("--tables", choices=("all", "identities"), default="all")
    parser.add_argument("--folder", type=Path, help="where the populations are made; a temporary folder when not given")
    parser.add_argument("--label", default="", help="name of the run in RESULTS.md")
    options = parser.parse_args(arguments)
    about, sizes = facts(), [(options.tables, people) for people in options.people or ()] or _SIZES
    rows = []
    with tempfile.TemporaryDirectory(prefix="leo-bench-", dir=options.folder) as scratch:
        rows = [_population(tables, people, Path(scratch)) for tables, people in sizes]
        if not options.people:
            rows.append(_faker(Path(scratch)))
    save("synth", rows, about, options.label)


def _population(tables: str, people: int, scratch: Path) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(dir=scratch) as folder:
        out, script = Path(folder) / "population", Path(folder) / "make.py"
        script.write_text(_MAKE, encoding="utf-8")
        took = _measured([sys.executable, str(script), str(out), str(people), tables])
        rows = json.loads((out / "manifest.json").read_text(encoding="utf-8"))["rows"]
        size = sum(path.stat().st_size for path in out.rglob("*") if path.is_file())
    worker = round(took.largest_bytes / 1e9, 2)
    counted = {"records": rows["truth/records"], "rows": sum(rows.values()), "gb": round(size / 1e9, 2)}
    return {"system": "leo synth", "tables": tables, "people": people, **took.cost(), "worker_gb": worker, **counted}


def _faker(scratch: Path) -> dict[str, Any]:
    python = environment(scratch / "environments", "faker", ["Faker==40.63.0", "pyarrow>=24"])
    script = Path(__file__).parent / "generators" / "faker_persons.py"
    took = _measured([str(python), str(script), str(_FAKER_RECORDS), str(scratch / "faker")])
    return {"system": "Faker", "people": _FAKER_RECORDS, "records": _FAKER_RECORDS, **took.cost()}


def _measured(command: list[str]) -> measure.Measured:
    took = measure.run(command, timeout=_TIMEOUT)
    if took.exit_code:
        sys.exit(f"{' '.join(command[-2:])}: {took.failure()}")
    return took
