"""How far a run has come, as its folder says: the state of each stage and of
each gate.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from linkage.config import Gates
from linkage.errors import ConfigError
from linkage.pipeline.folder import RunFolder, read_manifest
from linkage.pipeline.gates import judged, not_checked
from linkage.pipeline.lock import at_work
from linkage.pipeline.manifest import check_shape, rows_made

_CHECKED_BY = {"critical_contracts": "contracts", "max_extract_change": "extract-"}
"""The stages that check a gate, as their names begin; the others are checked by
`evaluate`.
"""


@dataclass(frozen=True)
class StageStatus:
    """A stage of a run.

    Attributes:
        state: "stale" is what was made of something that has changed since, or has lost
            a table or document.
        finished: when it was made, in UTC; None where it is not there.
    """

    stage: str
    state: Literal["done", "stale", "running", "failed", "withheld", "not run"]
    finished: str | None = None
    seconds: float | None = None
    rows: int | None = None
    reason: str | None = None


@dataclass(frozen=True)
class RunStatus:
    """A run: its status as the manifest has it ("killed" if it says running and no
    process is), its stages and gates.

    Attributes:
        gates: each gate that is set: passed, failed, or not checked and why.
    """

    run: str
    status: str
    started: str
    seconds: float | None
    message: str | None
    stages: list[StageStatus]
    gates: dict[str, str]


def status_of(root: Path) -> RunStatus:
    """How far the run in a folder has come. Nothing outside the folder is read: `leo
    plan` looks at the inputs.

    Raises:
        ConfigError: the folder is not of leo run, or its manifest is damaged.
        InputError: another version wrote it, or its evaluation is damaged.
    """
    is_running = at_work(
        root
    )  # asked first: a run that ends meanwhile has written its end
    manifest = read_manifest(root)
    check_shape(root, manifest)
    if "configuration" not in manifest:
        raise ConfigError(
            f"{root}: is not a folder of leo run\n  a folder of leo link or leo dedupe "
            "has no stages"
        )
    status = manifest["status"]
    stages = _stages(RunFolder(root), manifest, is_running=is_running)
    return RunStatus(
        run=manifest["run"],
        status="killed" if status == "running" and not is_running else status,
        started=manifest["started"],
        seconds=manifest["seconds"],
        message=manifest.get("message"),
        stages=stages,
        gates=_gates(root, manifest, {stage.stage: stage.state for stage in stages}),
    )


def _stages(
    folder: RunFolder, manifest: Mapping[str, Any], *, is_running: bool
) -> list[StageStatus]:
    entries = {stage["name"]: stage for stage in manifest["stages"]}
    summaries = {
        name: folder.summary(name) for name in manifest.get("planned", entries)
    }
    current = (
        next((name for name in summaries if name not in entries), None)
        if is_running
        else None
    )
    stale: set[str] = set()
    stages = []
    for name, summary in summaries.items():
        entry = entries.get(name, {})
        if name == current:
            stages.append(StageStatus(name, "running"))
        elif entry.get("status") in ("failed", "interrupted", "withheld"):
            state: Literal["failed", "withheld"] = (
                "withheld" if entry["status"] == "withheld" else "failed"
            )
            stages.append(StageStatus(name, state, reason=entry["reason"]))
        elif summary is None:
            stages.append(StageStatus(name, "not run", reason=entry.get("reason")))
        else:
            reason = entry["reason"] if entry.get("status") == "not run" else None
            reason = reason or _follows(summary, summaries, stale)
            stale |= {name} if reason else set()
            output = folder.missing(name, summary)
            reason = reason or (
                f"output missing or altered: {output}" if output else None
            )
            facts = (summary["finished"], summary["seconds"], rows_made(summary))
            stages.append(
                StageStatus(name, "stale" if reason else "done", *facts, reason)
            )
    return stages


def _follows(
    summary: Mapping[str, Any], summaries: Mapping[str, Any], stale: set[str]
) -> str | None:
    """Which stage was made again, or is to be, since this one was made of it."""
    for name, digest in summary["fingerprint"]["inputs"].items():
        source = summaries.get(name)
        if name in stale or (source and source["fingerprint"]["whole"] != digest):
            return f"follows {name}"
    return None


def _gates(
    root: Path, manifest: Mapping[str, Any], states: Mapping[str, str]
) -> dict[str, str]:
    """Gate to passed, failed, or not checked and why."""
    gates = Gates(**manifest["configuration"].get("gates", {}))
    failures = re.findall(r"^gate (\w+):", str(manifest.get("message")), re.MULTILINE)
    has_evaluation = states.get("evaluate") == "done"
    unknown = (
        dict(line.split(": ", 1) for line in not_checked(*judged(root, manifest)))
        if has_evaluation
        else {}
    )
    results = {}
    for name, limit in gates:
        checks = [
            state
            for stage, state in states.items()
            if stage.startswith(_CHECKED_BY.get(name, "evaluate"))
        ]
        if name in failures:
            results[name] = "failed"
        elif limit is None or limit is False or not checks:
            continue
        elif name in unknown:
            results[name] = f"not checked: {unknown[name]}"
        else:
            results[name] = "passed" if set(checks) == {"done"} else "not checked yet"
    return results
