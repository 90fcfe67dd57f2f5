"""How a run shows where it is: a bar on a terminal, quiet lines in a log, or nothing."""

import contextlib
import os
import time
from collections.abc import Callable, Iterator
from typing import Protocol, TextIO

from rich.console import Console
from rich.progress import (
    BarColumn,
    Progress,
    ProgressColumn,
    SpinnerColumn,
    Task,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.text import Text


class RunProgress(Protocol):
    """Told by the runner what happens. Texts hold names, counts and seconds only."""

    def start(self, stages: int) -> None:
        """A run of so many stages begins."""
        ...

    def begin(self, stage: str) -> None:
        """A stage begins to work."""
        ...

    def note(self, text: str) -> None:
        """What the stage is doing now."""
        ...

    def tell(self, text: str) -> None:
        """Something that the operator should read: rows set aside, expectations that are not met."""
        ...

    def end(self, stage: str, seconds: float, rows: int | None) -> None:
        """A stage is in place, with so many rows in its tables; None where it makes none."""
        ...

    def skip(self, stage: str, why: str) -> None:
        """A stage is not run."""
        ...

    def close(self) -> None:
        """The run is over, well or not."""
        ...


class Silent:
    """Shows nothing."""

    def start(self, stages: int) -> None: ...

    def begin(self, stage: str) -> None: ...

    def note(self, text: str) -> None: ...

    def tell(self, text: str) -> None: ...

    def end(self, stage: str, seconds: float, rows: int | None) -> None: ...

    def skip(self, stage: str, why: str) -> None: ...

    def close(self) -> None: ...


_NAMES = 31  # letters of the longest name of a stage of LEO's


class Lines:
    """A line for each stage that has ended: for logs and for those who want no bar."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._total = self._done = 0

    def start(self, stages: int) -> None:
        self._total, self._done = stages, 0

    def begin(self, stage: str) -> None: ...

    def note(self, text: str) -> None: ...

    def tell(self, text: str) -> None:
        self._stream.write(text + "\n")

    def end(self, stage: str, seconds: float, rows: int | None) -> None:
        counted = "" if rows is None else f"{rows:,} rows"
        self._line(f"{stage:<{_NAMES}} {counted:>16} {seconds:>8.1f} s")

    def skip(self, stage: str, why: str) -> None:
        self._line(f"{stage:<{_NAMES}} {why}")

    def close(self) -> None: ...

    def _line(self, text: str) -> None:
        self._done += 1
        self._stream.write(f"[{self._done:>2}/{self._total}] {text}\n")
        self._stream.flush()


class Bar:
    """A bar over all stages, with the one at work named."""

    def __init__(self, stream: TextIO) -> None:
        self._progress = Progress(
            SpinnerColumn(),
            BarColumn(bar_width=30),
            TextColumn("{task.completed:.0f}/{task.total:.0f}"),
            TextColumn("{task.description}"),
            TimeElapsedColumn(),
            console=Console(file=stream),
            transient=True,
        )
        self._task = self._progress.add_task("starting", total=1)
        self._stage = ""

    def start(self, stages: int) -> None:
        self._progress.update(self._task, total=stages, completed=0)
        self._progress.start()

    def begin(self, stage: str) -> None:
        self._stage = stage
        self._progress.update(self._task, description=stage)

    def note(self, text: str) -> None:
        self._progress.update(self._task, description=f"{self._stage}: {text}")

    def tell(self, text: str) -> None:
        self._progress.console.print(text, markup=False, highlight=False)

    def end(self, stage: str, seconds: float, rows: int | None) -> None:
        self._progress.advance(self._task)

    def skip(self, stage: str, why: str) -> None:
        self._progress.advance(self._task)

    def close(self) -> None:
        self._progress.stop()


def progress_for(stream: TextIO, *, wanted: bool = True) -> RunProgress:
    """A bar where the stream is a terminal and one is wanted, else lines. NO_COLOR is heeded by rich itself."""
    return Bar(stream) if wanted and _is_terminal(stream) else Lines(stream)


@contextlib.contextmanager
def counter_for(stream: TextIO, what: str, total: int, *, wanted: bool = True) -> Iterator[Callable[[int], None]]:
    """Count up to a total: a bar with rate and time left on a terminal, elsewhere a line at each tenth on the way.

    Gives the function that adds to the count.
    """
    if not (wanted and _is_terminal(stream)):
        yield _Tenths(stream, what, total).add
        return
    with Progress(
        BarColumn(bar_width=30),
        TextColumn("{task.completed:,.0f}/{task.total:,.0f}"),
        TextColumn(what),
        _RateColumn(),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
        console=Console(file=stream),
        transient=True,
    ) as bar:
        task = bar.add_task(what, total=total)
        yield lambda more: bar.advance(task, more)


class _RateColumn(ProgressColumn):
    """How many a second, once that is known."""

    def render(self, task: Task) -> Text:
        speed = task.finished_speed or task.speed
        return Text(f"{speed:,.0f}/s" if speed else "")


class _Tenths:
    """A line whenever another tenth is done, but for the last: the verb's own words say that all is."""

    def __init__(self, stream: TextIO, what: str, total: int) -> None:
        self._stream, self._what, self._total = stream, what, total
        self._done, self._start = 0, time.monotonic()

    def add(self, more: int) -> None:
        before, self._done = self._done, self._done + more
        if self._done < self._total and self._done * 10 // self._total > before * 10 // self._total:
            seconds = time.monotonic() - self._start
            self._stream.write(f"{self._done:,} of {self._total:,} {self._what}, {seconds:.0f} s\n")
            self._stream.flush()


def _is_terminal(stream: TextIO) -> bool:
    return stream.isatty() and os.environ.get("TERM") != "dumb"
