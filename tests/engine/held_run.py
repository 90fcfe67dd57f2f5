"""A run for spark-submit that stops at given places until its test lets it go on, so
that the test can act in the midst of the run, however busy the machine is.
"""

import os
import sys
import time
from pathlib import Path
from typing import Any

from linkage.pipeline.log import RunLog
from spark_jobs import run

PLACES = "HELD_AT"
"""The environment variable that names them, separated by ;. A place is an event and a
stage, as the run's log tells them, or `made` and a stage: its work is done, and what it
has made is yet to be read.
"""
FOLDER = "HELD_IN"
"""The variable of the folder where the run marks that it has come to a place, and the
test that it may go on.
"""

_LONGEST = 3600  # seconds: the test may have been killed


def mark(folder: Path, place: str, state: str) -> Path:
    """The file that marks a state of a place: `reached`, or `let go`."""
    return folder / f"{place}.{state}"


def _hold(place: str) -> None:
    if place not in os.environ[PLACES].split(";"):
        return
    folder = Path(os.environ[FOLDER])
    mark(folder, place, "reached").touch()
    deadline = time.monotonic() + _LONGEST
    while not mark(folder, place, "let go").exists():
        if time.monotonic() > deadline:
            sys.exit(f"nobody has let the run go on from {place}")
        time.sleep(0.05)


def main() -> int:
    from linkage.engine.spark import SparkEngine

    log_event, original, current = RunLog.event, SparkEngine.fingerprint, [""]

    def event(log: RunLog, kind: str, **facts: Any) -> None:
        log_event(log, kind, **facts)
        if kind == "stage started":
            current[0] = facts["stage"]
        if "stage" in facts:
            _hold(f"{kind} {facts['stage']}")

    def fingerprint(engine: SparkEngine, table: Any) -> str:
        _hold(f"made {current[0]}")
        return original(engine, table)

    RunLog.event, SparkEngine.fingerprint = event, fingerprint  # type: ignore[method-assign]
    return run.main()


if __name__ == "__main__":
    sys.exit(main())
