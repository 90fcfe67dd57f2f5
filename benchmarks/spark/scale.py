"""What the link step on Spark costs by size: fitted on the measured runs, and what follows for larger ones.

python -m benchmarks spark-scale       # reads results/spark/*.json, writes results/spark/scale.md

Seconds of tasks and bytes of shuffles of a phase are a fixed part, a part for each million units of both sides, and a
part for each million pairs that rules make by chance, which grow with the product of the sides; none of them negative.
"""

import argparse
import json
from collections import defaultdict
from typing import Any

import numpy as np

from benchmarks.report import RESULTS

_SYSTEM = "leo-linkage, links only"
_PLANNED = {"60M learners x 100M CIS": (60e6, 100e6), "a billion records": (400e6, 600e6)}
_TERMS = ("fixed", "a million units", "a million pairs by chance")
_MEASURES = {"task_seconds": 1.0, "bytes_shuffled": 1e-6}
_PARTITION_MB = 128  # of a shuffle, as it lies on disk: some 500 MB when sorted, which an executor of 4 GB holds


def main(arguments: list[str]) -> None:
    argparse.ArgumentParser(prog="benchmarks spark-scale", description=__doc__.split("\n")[0]).parse_args(arguments)
    runs = [row for row in _rows() if row.get("system") == _SYSTEM and "failed" not in row]
    phases = list(dict.fromkeys(phase for row in runs for phase in _by_phase(row)))
    sizes = sorted({(row["left"], row["right"]) for row in runs})
    lines = [
        "# What the link step costs on Spark, by size",
        "",
        f"Fitted by benchmarks/spark/scale.py on {len(runs)} runs of {len(sizes)} sizes, links only; "
        "task seconds are those of executors of one core, on a machine that others used too.",
        "",
        "## Measured",
        "",
        "| rows | executors | phase | seconds | task s | MB shuffled | rows shuffled | rows read |",
        "|---|---:|---|---:|---:|---:|---:|---:|",
    ]
    for row in sorted(runs, key=lambda row: (row["left"], row["executors"])):
        for phase, did in _by_phase(row).items():
            lines.append(
                f"| {row['left']:,} x {row['right']:,} | {row['executors']} | {phase} | {did['seconds']:.1f} "
                f"| {did['task_seconds']:.1f} | {did['bytes_shuffled'] / 1e6:,.1f} | {did['rows_shuffled']:,.0f} "
                f"| {did['rows_read']:,.0f} |"
            )
    fitted = {(phase, measure): _fit(runs, phase, measure) for phase in phases for measure in _MEASURES}
    lines += ["", "## Fitted", "", f"| phase | of | {' | '.join(_TERMS)} |", "|---|---|---:|---:|---:|"]
    for (phase, measure), terms in fitted.items():
        what = "task s" if measure == "task_seconds" else "MB shuffled"
        lines.append(f"| {phase} | {what} | {' | '.join(f'{term:.3g}' for term in terms)} |")
    share = runs[0]["by_chance"] / (runs[0]["left"] * runs[0]["right"])
    lines += ["", "## Planned", "", *_plan(fitted, share), "", "## The driver", ""]
    lines += ["| rows | executors | Java and Python GB |", "|---|---:|---:|"]
    for row in sorted(runs, key=lambda row: (row["left"], row["executors"])):
        lines.append(f"| {row['left']:,} x {row['right']:,} | {row['executors']} | {row['driver_gb']:.2f} |")
    text = "\n".join([*lines, ""])
    (RESULTS / "spark" / "scale.md").write_text(text, encoding="utf-8")
    print(text)


def _rows() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for path in sorted((RESULTS / "spark").glob("*.json")):
        found += json.loads(path.read_text(encoding="utf-8")).get("measured", [])  # another page has none
    return found


def _by_phase(row: dict[str, Any]) -> dict[str, dict[str, float]]:
    """Sums of a run, the rules as one phase: which of them makes most pairs is the model's.

    Values were counted as the passes began, until that became a phase of its own.
    """
    found: dict[str, dict[str, float]] = defaultdict(lambda: defaultdict(float))
    for phase, seconds in row["phases"].items():
        name = "rules" if phase.startswith("rule ") else "values and passes" if phase in ("values", "passes") else phase
        for measure, value in {"seconds": seconds, **row["tasks"].get(phase, {})}.items():
            found[name][measure] += value
    return found


def _fit(runs: list[dict[str, Any]], phase: str, measure: str) -> list[float]:
    from scipy.optimize import nnls

    terms = np.array([_terms(row["left"], row["right"], row["by_chance"], phase) for row in runs])
    values = np.array([_by_phase(row)[phase][measure] * _MEASURES[measure] for row in runs])
    near = 1 / np.maximum(values, values.max(initial=1e-9) / 20)  # relative error counts, so that small sizes do too
    return [float(term) for term in nnls(terms * near[:, None], values * near)[0]]


def _terms(left: float, right: float, by_chance: float, phase: str) -> tuple[float, float, float]:
    return 1.0, (left + right) / 1e6, by_chance / 1e6 if phase == "rules" else 0.0


def _plan(fitted: dict[tuple[str, str], list[float]], share: float) -> list[str]:
    lines = [
        "| size | pairs by chance | core-hours | of which by chance | GB shuffled | partitions | cores for an hour |",
        "|---|---:|---:|---:|---:|---:|---:|",
    ]
    for name, (left, right) in _PLANNED.items():
        by_chance = left * right * share
        hours, chance_hours, shuffled, widest = 0.0, 0.0, 0.0, 0.0
        for (phase, measure), terms in fitted.items():
            parts = np.multiply(terms, _terms(left, right, by_chance, phase))
            if measure == "task_seconds":
                hours, chance_hours = hours + parts.sum() / 3600, chance_hours + parts[2] / 3600
            else:
                shuffled, widest = shuffled + parts.sum() / 1e3, max(widest, parts.sum())
        lines.append(
            f"| {name} | {by_chance:,.0f} | {hours:,.0f} | {chance_hours:,.0f} | {shuffled:,.0f} "
            f"| {widest / _PARTITION_MB:,.0f} | {hours / 0.7:,.0f} |"
        )
    return [*lines, "", "Cores for an hour: where seven tenths of their time goes to tasks."]
