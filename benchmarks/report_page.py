"""How long a run's report takes, and how large its page is: alone, and beside a last release.

    leo synth --people 1e6 --out data && leo run configs/leo.toml --data data --out runs/million
    python -m benchmarks.report_page --run runs/million

A million people's report is to take under 30 s and 3 MB. The last release is the run itself with every m a hundredth
less, so that each level of each model has moved and is told. The run's folder stays as it is.
"""

import argparse
import copy
import json
import shutil
import tempfile
import time
from pathlib import Path
from typing import Any

from quality.measures.drift import drift
from quality.report import render_run

RESULTS = Path(__file__).parent / "results" / "report-page.json"
WANTED = {"seconds": 30, "megabytes": 3}


def drawn(folder: Path) -> dict[str, float]:
    """What the page of a folder took."""
    at, busy = time.perf_counter(), time.process_time()
    page = render_run(folder)
    return {
        "seconds": round(time.perf_counter() - at, 1),
        "cpu_seconds": round(time.process_time() - busy, 1),
        "megabytes": round(page.stat().st_size / 1e6, 2),
    }


def measured(run: Path) -> dict[str, Any]:
    """Of a run that was evaluated."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        shutil.copytree(run / "quality", folder / "quality")
        shutil.copyfile(run / "manifest.json", folder / "manifest.json")
        evaluation = json.loads((folder / "quality" / "evaluation.json").read_text(encoding="utf-8"))
        moved = folder / "quality" / "drift.json"
        moved.unlink(missing_ok=True)
        alone = drawn(folder)
        moved.write_text(json.dumps(drift(_earlier(evaluation), evaluation)), encoding="utf-8")
        return {
            "people_on_the_spine": (evaluation["spine"] or {}).get("people"),
            "steps": len(evaluation["steps"]),
            "wanted": WANTED,
            "alone": alone,
            "beside_a_last_release": drawn(folder),
        }


def _earlier(evaluation: dict[str, Any]) -> dict[str, Any]:
    earlier = copy.deepcopy(evaluation)
    for step in earlier["steps"]:
        for level in (step["parameters"] or {}).get("levels", ()):
            level["m"] = level["m"] and 0.99 * level["m"]
    return earlier


def main() -> None:
    """Write benchmarks/results/report-page.json and show it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--run", type=Path, required=True)
    RESULTS.write_text(json.dumps(measured(parser.parse_args().run), indent=2) + "\n", encoding="utf-8")
    print(RESULTS.read_text(encoding="utf-8"))


if __name__ == "__main__":
    main()
