"""What the stages of each run took, and what it ran on."""

from collections.abc import Mapping, Sequence
from typing import Any

from quality.dashboard.figures import Matrix
from quality.dashboard.reading import Run
from quality.dashboard.showing import as_trend
from quality.disclosure import Cell
from quality.report.page import Block, Fold, Section, Table


def stages_sections(runs: Sequence[Run], seconds: Matrix) -> list[Section]:
    """Seconds by kind of stage over the runs, every stage of each in a table, and memory."""
    called = [run.name for run in runs]
    blocks: list[Block] = as_trend(
        seconds, called, name="seconds-by-kind", title="Seconds by kind of stage", y="Seconds", wanted=lambda _: True
    )
    stages = list(dict.fromkeys(str(stage["name"]) for run in reversed(runs) for stage in run.manifest["stages"]))
    taken = [{str(stage["name"]): stage for stage in run.manifest["stages"]} for run in runs]
    rows: list[list[str | Cell]] = [[name, *(_seconds(of.get(name)) for of in taken)] for name in stages]
    blocks.append(Fold("Every stage", [Table("Seconds of every stage", ["Stage", *called], rows)]))
    machines: list[list[str | Cell]] = [
        [
            run.name,
            _text(run.manifest.get("engine")),
            _text((run.manifest.get("machine") or {}).get("cores")),
            _gigabytes((run.manifest.get("machine") or {}).get("memory_bytes")),
            _gigabytes(run.manifest.get("peak_memory_bytes")),
            ", ".join(f"{name} {number}" for name, number in (run.manifest.get("versions") or {}).items()),
        ]
        for run in reversed(runs)
    ]
    heads = ["Run", "Engine", "Cores", "Memory, GiB", "Peak of the run, GiB", "Versions"]
    return [
        Section("seconds", "Seconds", blocks),
        Section("machines", "Machines and versions", [Table("What each run ran on", heads, machines)]),
    ]


def _seconds(stage: Mapping[str, Any] | None) -> Cell:
    taken = (stage or {}).get("seconds")
    return Cell("z", None, "not_applicable") if taken is None else Cell(f"{taken:,.1f}", float(taken))


def _gigabytes(size: float | None) -> Cell:
    return Cell("z", None, "not_applicable") if size is None else Cell(f"{size / 2**30:.1f}", round(size / 2**30, 1))


def _text(value: object) -> str:
    return "not stated" if value is None else str(value)
