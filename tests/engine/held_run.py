"""The run that spark-submit is given, held at places of it until its spec lets it go: what is done there meanwhile is done
in the midst of it, however busy the machine is."""

import os
import sys
import time
from pathlib import Path
from typing import Any

from linkage.pipeline.log import RunLog
from spark_jobs import run

PLACES = "HELD_AT"
"""The environment variable that names them, separated by ;. A place is an event and a stage, as the run's log tells them, or
`made` and a stage: its work is done, and what it has made is yet to be read."""
FOLDER = "HELD_IN"
"""That of the folder where the run says that it has come to a place, and is let go."""

_LONGEST = 3600  # seconds: the spec may have been killed


def mark(folder: Path, place: str, what: str) -> Path:
    """The file that says so of a place: `reached`, or `let go`."""
    return folder / f"{place}.{what}"


def _hold(place: str) -> None:
    if place not in os.environ[PLACES].split(";"):
        return
    folder = Path(os.environ[FOLDER])
    mark(folder, place, "reached").touch()
    until = time.monotonic() + _LONGEST
    while not mark(folder, place, "let go").exists():
        if time.monotonic() > until:
            sys.exit(f"nobody has let the run go on from {place}")
        time.sleep(0.05)


def main() -> int:
    from linkage.engine.spark import SparkEngine

    log_event, read, begun = RunLog.event, SparkEngine.fingerprint, [""]

    def event(log: RunLog, kind: str, **facts: Any) -> None:
        log_event(log, kind, **facts)
        if kind == "stage started":
            begun[0] = facts["stage"]
        if "stage" in facts:
            _hold(f"{kind} {facts['stage']}")

    def fingerprint(engine: SparkEngine, table: Any) -> str:
        _hold(f"made {begun[0]}")
        return read(engine, table)

    RunLog.event, SparkEngine.fingerprint = event, fingerprint  # type: ignore[method-assign]
    return run.main()


if __name__ == "__main__":
    sys.exit(main())
