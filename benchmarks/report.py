"""What was measured, as JSON and as a page, with the machine and the versions it was measured on."""

import datetime
import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from linkage.pipeline.running.fingerprint import LIBRARIES, library_versions
from linkage.pipeline.running.manifest import git_commit, machine

RESULTS = Path(__file__).parent / "results"


def facts() -> dict[str, Any]:
    """The machine, its load before the run, and the versions."""
    return {
        "when": datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%d"),
        "machine": machine(),
        "load": round(os.getloadavg()[0], 2),
        "git_commit": git_commit(),
        "versions": library_versions((*LIBRARIES, "splink", "recordlinkage")),
    }


def where_and_when(known: dict[str, Any]) -> str:
    """The day, the machine and its load, as pages begin."""
    machine = known["machine"]
    memory = machine["memory_bytes"] / 2**30
    return f"{known['when']}, {machine['cores']} cores, {memory:.0f} GiB, load {known['load']} before the run"


def write(label: str, title: str, rows: Sequence[dict[str, Any]], known: dict[str, Any], note: str) -> None:
    """Write results/LABEL.json and results/LABEL.md."""
    RESULTS.mkdir(parents=True, exist_ok=True)
    (RESULTS / f"{label}.json").write_text(json.dumps({**known, "measured": rows}, indent=2) + "\n", encoding="utf-8")
    (RESULTS / f"{label}.md").write_text(_page(title, rows, known, note), encoding="utf-8")
    print(_page(title, rows, known, note))


def _page(title: str, rows: Sequence[dict[str, Any]], known: dict[str, Any], note: str) -> str:
    versions = ", ".join(f"{name} {version}" for name, version in known["versions"].items() if version)
    head = [
        f"# {title}",
        "",
        f"{where_and_when(known)}; {versions}.",
        "",
        note,
        "",
        "| files | rows | system | seconds | CPU s | peak GB | precision | recall | F1 |",
        "|---|---|---|---:|---:|---:|---:|---:|---:|",
    ]
    beside = [
        f"{row['set']}: the heaviest links of {row['system']} that find as many of the true pairs as Splink alone does "
        f"have a precision of {row['precision_at_splinks_recall']:.5f}."
        for row in rows
        if row.get("precision_at_splinks_recall")
    ]
    return "\n".join([*head, *(_line(row) for row in rows), "", *([*beside, ""] if beside else [])])


def _line(row: dict[str, Any]) -> str:
    where = f"| {row['set']} | {row['left']:,} x {row['right']:,} | {row['system']} |"
    if "f1" not in row:
        return f"{where} {row.get('skipped') or row.get('failed')} | | | | | |"
    figures = [f"{row['seconds']:.1f}", f"{row['cpu_seconds']:.1f}", f"{row['peak_gb']:.2f}"]
    figures += [f"{row[key]:.4f}" for key in ("precision", "recall", "f1")]
    return f"{where} {' | '.join(figures)} |"
