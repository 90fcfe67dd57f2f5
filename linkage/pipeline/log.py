"""The run's log: a line of JSON for each event, free of personal values."""

import datetime
import json
import traceback
from pathlib import Path
from typing import Any


class RunLog:
    """Appends events to RUN/log.jsonl. What is logged is names, counts and seconds."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def event(self, kind: str, **facts: Any) -> None:
        """Write one event with the time in UTC. A full disk loses the line, not the
        run.
        """
        time = datetime.datetime.now(datetime.UTC).isoformat(timespec="milliseconds")
        try:
            with self.path.open("a", encoding="utf-8") as file:
                file.write(
                    json.dumps({"time": time, "event": kind, **facts}, default=str)
                    + "\n"
                )
        except OSError:
            return


def value_free_trace(error: BaseException) -> str:
    """Where an error arose: types of errors, files, lines and source text, from the
    cause to the error.

    No message and no local variable: an engine's message may quote the row it could not
    convert.
    """
    chain: list[str] = []
    current: BaseException | None = error
    while current is not None:
        frames = "".join(
            traceback.format_list(traceback.extract_tb(current.__traceback__))
        )
        chain.append(
            f"{type(current).__module__}.{type(current).__qualname__}\n{frames}"
        )
        current = current.__cause__ or (
            None if current.__suppress_context__ else current.__context__
        )
    return "\nled to\n\n".join(reversed(chain))


def place_of(error: BaseException) -> str:
    """File and line of this project where an error arose, or where the project called
    what raised it.
    """
    frames = traceback.extract_tb(error.__traceback__)
    root = Path(__file__).parents[2]
    ours = [
        frame
        for frame in frames
        if root in Path(frame.filename).parents
        and "site-packages" not in frame.filename
    ]
    candidates = ours or list(frames)
    return (
        f"{Path(candidates[-1].filename).name}:{candidates[-1].lineno}"
        if candidates
        else "an unknown place"
    )
