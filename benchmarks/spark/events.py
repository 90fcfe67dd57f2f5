"""What Spark's event log tells of an application, by phase: tasks, rows, bytes that were shuffled, seconds of tasks."""

import json
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import Any

_SUMMED = {
    "task_seconds": ("Executor Run Time", 1e-3),
    "cpu_seconds": ("Executor CPU Time", 1e-9),  # of the task's own thread: no compiler, no collector, no waiting
    "gc_seconds": ("JVM GC Time", 1e-3),
    "spilled_bytes": ("Memory Bytes Spilled", 1.0),
}
_NESTED = {
    "rows_read": ("Input Metrics", "Records Read"),
    "rows_shuffled": ("Shuffle Write Metrics", "Shuffle Records Written"),
    "bytes_shuffled": ("Shuffle Write Metrics", "Shuffle Bytes Written"),
    "rows_written": ("Output Metrics", "Records Written"),
    "bytes_written": ("Output Metrics", "Bytes Written"),
}


def by_phase(folder: Path) -> dict[str, dict[str, float]]:
    """The only log of a folder: description of jobs to sums over their tasks, with `tasks` and `jobs` themselves.

    `busiest_seconds` are the task seconds of the executor that worked longest: what the phase would take at least, were
    its driver idle.
    """
    (log,) = (path for path in folder.rglob("*") if path.is_file() and not path.name.startswith("."))
    phase_of: dict[int, str] = {}
    found: dict[str, dict[str, float]] = defaultdict(lambda: defaultdict(float))
    busy: dict[str, dict[str, float]] = defaultdict(lambda: defaultdict(float))  # by phase and executor
    with log.open(encoding="utf-8") as lines:
        for line in lines:
            if '"SparkListenerJobStart"' in line[:60]:
                event = json.loads(line)
                phase = event.get("Properties", {}).get("spark.job.description", "")
                phase_of |= dict.fromkeys(event["Stage IDs"], phase)
                found[phase]["jobs"] += 1
            elif '"SparkListenerTaskEnd"' in line[:60]:
                event = json.loads(line)
                phase, metrics = phase_of.get(event["Stage ID"], ""), event.get("Task Metrics") or {}
                _add(found[phase], metrics)
                busy[phase][event["Task Info"]["Executor ID"]] += metrics.get("Executor Run Time", 0) * 1e-3
    for phase, executors in busy.items():
        found[phase]["busiest_seconds"] = max(executors.values())
    return {phase: {name: round(value, 1) for name, value in sums.items()} for phase, sums in found.items()}


def by_window(folder: Path, windows: Mapping[str, tuple[float, float]]) -> dict[str, dict[str, float]]:
    """All logs of a folder: the sums of the tasks whose job was submitted within a window, by the window's name.

    Args:
        windows: first and last moment, in seconds since 1970; they do not overlap.
    """
    found: dict[str, dict[str, float]] = defaultdict(lambda: defaultdict(float))
    for log in (path for path in folder.rglob("*") if path.is_file() and not path.name.startswith(".")):
        window_of: dict[int, str] = {}  # stages of Spark are numbered within a log
        with log.open(encoding="utf-8") as lines:
            for line in lines:
                if '"SparkListenerJobStart"' in line[:60]:
                    event = json.loads(line)
                    at = event["Submission Time"] / 1e3
                    name = next((name for name, (first, last) in windows.items() if first <= at <= last), "")
                    window_of |= dict.fromkeys(event["Stage IDs"], name)
                    found[name]["jobs"] += 1
                elif '"SparkListenerTaskEnd"' in line[:60]:
                    event = json.loads(line)
                    _add(found[window_of.get(event["Stage ID"], "")], event.get("Task Metrics") or {})
    found.pop("", None)
    return {name: {measure: round(value, 1) for measure, value in sums.items()} for name, sums in found.items()}


def _add(sums: dict[str, float], metrics: dict[str, Any]) -> None:
    sums["tasks"] += 1
    for name, (metric, unit) in _SUMMED.items():
        sums[name] += metrics.get(metric, 0) * unit
    for name, (group, metric) in _NESTED.items():
        sums[name] += metrics.get(group, {}).get(metric, 0)
