"""python -m benchmarks expected [RUN...]: linkage error estimated without truth, and
the true error.

    leo demo --people 1000000 --out runs/million
    python -m benchmarks expected runs/million
    python -m benchmarks expected --people 60000    # files of other errors and columns

For each step: estimated minus true in percentage points; chance, one standard deviation
of recall if every probability is right; whether the report's 95 % intervals hold the
truth; and the expected calibration error of match probabilities.
"""

import argparse
import json
import math
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks import files, measure
from benchmarks.compare import LEO
from benchmarks.results import facts, save
from linkage.engine import connect, one
from linkage.pipeline.linked_files import is_of_files
from linkage.pipeline.manifest import tables_of
from quality.measures.estimated_error import Unseen, estimated_error

_VARIANCE = (
    "select sum(match_probability * (1 - match_probability)) as variance from {links}"
)
_SUMMED = (
    "true_pairs",
    "links",
    "correct",
    "expected_correct",
    "expected_matches",
    "variance",
)


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(
        prog="benchmarks expected", description=__doc__.split("\n")[0]
    )
    parser.add_argument(
        "run", type=Path, nargs="*", help="a run of leo run or leo demo that has truth"
    )
    parser.add_argument(
        "--people",
        type=int,
        default=60_000,
        help="of the files that are linked where no run is given",
    )
    options = parser.parse_args(arguments)
    for run in options.run:
        save("expected", compared_with_truth(run), facts(), run.name)
    if not options.run:
        about = facts()
        with tempfile.TemporaryDirectory(prefix="leo-bench-") as folder:
            save(
                "expected",
                list(_of_files(Path(folder), options.people)),
                about,
                "files",
            )


def _of_files(folder: Path, people: int) -> Iterator[dict[str, Any]]:
    """A row for files of each kind of error, and for files without some of their
    columns.
    """
    sets = {
        name: files.make(name, folder, people=people, copies=1, rows=None)
        for name in ("easy", "hard", "synthetic")
    }
    sets |= {kind: files.with_less(sets["synthetic"], kind) for kind in files.LESS}
    for name, data in sets.items():
        out = folder / f"out {name}"
        result = measure.run(
            [
                *LEO,
                "link",
                *map(str, data.files),
                "--truth",
                str(data.truth),
                "--out",
                str(out),
            ],
            timeout=600,
        )
        if result.exit_code:
            raise SystemExit(f"{name}: {result.failure()}")
        yield compared_with_truth(out)[0] | {"people": people, "step": name}


def compared_with_truth(run: Path) -> list[dict[str, Any]]:
    """A row for each step of a run or of `leo link`, and one for a whole run."""
    manifest = json.loads((run / "manifest.json").read_text(encoding="utf-8"))
    evaluation = json.loads(
        (run / "quality" / "evaluation.json").read_text(encoding="utf-8")
    )
    steps = []
    with connect("duckdb") as engine:
        paths = {} if is_of_files(manifest) else tables_of(run, manifest)
        for step in evaluation["steps"]:
            links = engine.read(
                paths.get(f"links/{step['step']}", run / "links.parquet")
            )
            variance = float(
                one(engine, engine.sql(_VARIANCE, links=links))["variance"]
            )
            estimate = estimated_error(
                engine, links, Unseen.of_run(run, step["step"]) or Unseen()
            )
            counts = _counts(step, variance)
            steps.append(counts | {"intervals": estimate})
    totals = {key: sum(step[key] for step in steps) for key in _SUMMED}
    rows = [
        *steps,
        {"step": "whole run", "calibration_error": None, "intervals": None, **totals},
    ]
    return [
        {"people": (evaluation.get("spine") or {}).get("people"), **_row(row)}
        for row in rows
    ]


def _counts(step: dict[str, Any], variance: float) -> dict[str, Any]:
    estimate, truth = step["estimated_error"], step["accuracy"]
    return {
        "step": step["step"],
        "true_pairs": truth["recall"]["of"],
        "links": truth["precision"]["of"],
        "correct": truth["recall"]["count"],
        "expected_correct": estimate["correct"],
        "expected_matches": estimate["correct"] / estimate["recall"]["value"],
        "variance": variance
        + sum(
            estimate[f"missed_{part}"] for part in ("scored", "below_floor", "unscored")
        ),
        "calibration_error": next(
            row for row in step["calibration"] if row["group"] == "all"
        )["calibration_error"],
    }


def _row(counts: dict[str, Any]) -> dict[str, Any]:
    true = {
        "precision": counts["correct"] / counts["links"],
        "recall": counts["correct"] / counts["true_pairs"],
    }
    estimate = {
        "precision": counts["expected_correct"] / counts["links"],
        "recall": counts["expected_correct"] / counts["expected_matches"],
    }
    row = {key: counts[key] for key in ("step", "true_pairs", "calibration_error")}
    for name, value in true.items():
        interval = (counts["intervals"] or {}).get(name)
        is_outside = interval and not interval["low"] <= value <= interval["high"]
        row |= {name: 100 * value, f"{name}_error": 100 * (estimate[name] - value)}
        row |= {f"{name}_outside": "*" if is_outside else ""}
    return row | {"chance": 100 * math.sqrt(counts["variance"]) / counts["true_pairs"]}
