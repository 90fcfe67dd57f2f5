"""How a run shows where it is: a bar on a terminal, quiet lines in a log, or
nothing.
"""

import contextlib
import os
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from rich.progress import Progress, ProgressColumn, Task


class RunProgress:
    """Receives the events of a run, and shows nothing. Texts hold names, counts and
    seconds only.
    """

    def start(self, stages: int) -> None:
        """A run of so many stages begins."""

    def begin(self, stage: str) -> None:
        """A stage begins to work."""

    def note(self, text: str) -> None:
        """What the stage is doing now."""

    def tell(self, text: str) -> None:
        """Something that the operator should read: quarantined rows, expectations that
        are not met.
        """

    def end(self, stage: str, seconds: float, rows: int | None) -> None:
        """A stage is in place, with so many rows in its tables; None where it makes
        none.
        """

    def skip(self, stage: str, why: str) -> None:
        """A stage is not run."""

    def close(self) -> None:
        """The run is over, well or not."""


_NAMES = 31  # letters of the longest name of a stage of LEO's


class Lines(RunProgress):
    """A line for each stage that has ended: for logs and users who want no bar."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._total = self._done = 0

    def start(self, stages: int) -> None:
        self._total, self._done = stages, 0

    def tell(self, text: str) -> None:
        self._stream.write(text + "\n")

    def end(self, stage: str, seconds: float, rows: int | None) -> None:
        count = "" if rows is None else f"{rows:,} rows"
        self.skip(stage, f"{count:>16} {seconds:>8.1f} s")

    def skip(self, stage: str, why: str) -> None:
        self._done += 1
        self._stream.write(f"[{self._done:>2}/{self._total}] {stage:<{_NAMES}} {why}\n")
        self._stream.flush()


class Bar(RunProgress):
    """A bar over all stages, with the current one named."""

    def __init__(self, stream: TextIO) -> None:
        from rich.progress import BarColumn, SpinnerColumn, TextColumn

        count = TextColumn("{task.completed:.0f}/{task.total:.0f}")
        self._bar = _bar(
            stream,
            SpinnerColumn(),
            BarColumn(bar_width=30),
            count,
            TextColumn("{task.description}"),
        )
        self._task = self._bar.add_task("starting", total=1)
        self._stage = ""

    def start(self, stages: int) -> None:
        self._bar.update(self._task, total=stages, completed=0)
        self._bar.start()

    def begin(self, stage: str) -> None:
        self._stage = stage
        self._bar.update(self._task, description=stage)

    def note(self, text: str) -> None:
        self._bar.update(self._task, description=f"{self._stage}: {text}")

    def tell(self, text: str) -> None:
        self._bar.console.print(text, markup=False, highlight=False)

    def end(self, stage: str, seconds: float, rows: int | None) -> None:
        self._bar.advance(self._task)

    def skip(self, stage: str, why: str) -> None:
        self._bar.advance(self._task)

    def close(self) -> None:
        self._bar.stop()


def progress_for(stream: TextIO, *, show_bar: bool = True) -> RunProgress:
    """A bar where the stream is a terminal and `show_bar` is set, else lines. Rich
    itself obeys NO_COLOR.
    """
    return Bar(stream) if show_bar and _is_terminal(stream) else Lines(stream)


@contextlib.contextmanager
def counter_for(
    stream: TextIO, noun: str, total: int, *, show_bar: bool = True
) -> Iterator[Callable[[int], None]]:
    """Count up to a total: a bar with rate and time left on a terminal, elsewhere a
    line at each tenth but the last.

    Gives the function that adds to the count.
    """
    if not (show_bar and _is_terminal(stream)):
        count_so_far, start = 0, time.monotonic()

        def add(step: int) -> None:
            nonlocal count_so_far
            before, count_so_far = count_so_far, count_so_far + step
            if (
                count_so_far < total
                and count_so_far * 10 // total > before * 10 // total
            ):
                stream.write(
                    f"{count_so_far:,} of {total:,} {noun}, "
                    f"{time.monotonic() - start:.0f} s\n"
                )
                stream.flush()

        yield add
        return
    from rich.progress import BarColumn, TextColumn, TimeRemainingColumn

    columns = [
        BarColumn(bar_width=30),
        TextColumn(f"{{task.completed:,.0f}}/{{task.total:,.0f}} {noun}"),
        _rate_column(),
        TimeRemainingColumn(),
        TextColumn("left"),
    ]
    with _bar(stream, *columns) as bar:
        task = bar.add_task(noun, total=total)
        yield lambda step: bar.advance(task, step)


def _bar(stream: TextIO, *columns: "ProgressColumn") -> "Progress":
    from rich.console import Console
    from rich.progress import Progress, TimeElapsedColumn

    console = Console(file=stream)
    return Progress(*columns, TimeElapsedColumn(), console=console, transient=True)


def _rate_column() -> "ProgressColumn":
    """A column of items per second, once that is known."""
    from rich.progress import ProgressColumn
    from rich.text import Text

    class RateColumn(ProgressColumn):
        def render(self, task: "Task") -> Text:
            speed = task.finished_speed or task.speed
            return Text(f"{speed:,.0f}/s" if speed else "")

    return RateColumn()


def _is_terminal(stream: TextIO) -> bool:
    return stream.isatty() and os.environ.get("TERM") != "dumb"
