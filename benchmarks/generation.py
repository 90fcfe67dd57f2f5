"""python -m benchmarks synth: what an identity record costs: ours and Faker.

python -m benchmarks synth                       # 200,000 and 1,000,000 records
python -m benchmarks synth --records 50000       # that many only
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
from benchmarks.results import facts, save

_HERE = Path(__file__).parent
_RECORDS = (200_000, 1_000_000)
_TIMEOUT = 1_800.0
_FAKER_RECORDS = 200_000  # Faker takes minutes for a million


def main(arguments: list[str]) -> None:
    options = _options(arguments)
    about = facts()
    with tempfile.TemporaryDirectory(prefix="leo-bench-", dir=options.folder) as scratch:
        systems = _systems(Path(options.environments or scratch))
        measured = []
        for records in options.records or _RECORDS:
            for name, (command, cores) in systems.items():
                if name == "Faker" and records > _FAKER_RECORDS:
                    continue
                print(f"{records:,} records: {name}", flush=True)
                runs = [_measured(command, cores, records, Path(scratch)) for _ in range(options.runs)]
                measured.append({"system": name, "cores": cores, **_median(runs)})
    save("synth", measured, about)


def _options(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="benchmarks synth", description=__doc__.split("\n")[0])
    parser.add_argument("--records", type=lambda text: int(float(text)), action="append", help="may be repeated")
    parser.add_argument("--runs", type=int, default=1, help="runs of each; medians are reported")
    parser.add_argument("--folder", help="where populations are made; a temporary folder when not given")
    parser.add_argument("--environments", help="where the others' environments are kept between runs")
    return parser.parse_args(arguments)


def _systems(environments: Path) -> dict[str, tuple[list[str], int]]:
    """Each system's command, with places for {records} and {out}, and its cores."""
    faker = environment(environments, "faker", ["Faker==40.63.0", "pyarrow>=24"])
    ours = [sys.executable, "-m", "benchmarks.generators.ours", "{records}", "{out}"]
    return {
        "leo-linkage": ([*ours, "1"], 1),
        "leo-linkage, 2 workers": ([*ours, "2"], 2),
        "Faker": ([str(faker), str(_HERE / "generators" / "others.py"), "{records}", "{out}"], 1),
    }


def _measured(command: list[str], cores: int, records: int, scratch: Path) -> dict[str, Any]:
    out = scratch / "population"
    filled = [part.replace("{records}", str(records)).replace("{out}", str(out)) for part in command]
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, set(sorted(before)[-cores:]))  # of what is started too
    try:
        took = measure.run(filled, timeout=_TIMEOUT)
    finally:
        os.sched_setaffinity(0, before)
    if took.exit_code:
        sys.exit(f"{' '.join(filled[:3])}: {took.failure()}")
    stated = json.loads(took.last_words.splitlines()[-1])
    shutil.rmtree(out)
    return {**stated, **took.cost()}


def _median(runs: list[dict[str, Any]]) -> dict[str, Any]:
    numbers = ("seconds", "cpu_seconds", "peak_gb")
    return {**runs[-1], **{name: statistics.median(row[name] for row in runs) for name in numbers}}
