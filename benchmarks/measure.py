"""One command as a whole process: seconds, CPU seconds and the most memory that it and
its children held.
"""

import contextlib
import os
import resource
import signal
import subprocess
import threading
import time
from dataclasses import dataclass
from pathlib import Path

OUT_OF_TIME = 124
"""Exit code of a command that was ended for its time limit."""


@dataclass(frozen=True)
class Measured:
    """What a process took. `peak_bytes` is the largest sum over its tree."""

    seconds: float
    cpu_seconds: float
    peak_bytes: int
    exit_code: int
    last_words: str

    def cost(self) -> dict[str, float]:
        """seconds, cpu_seconds and peak_gb."""
        peak = round(self.peak_bytes / 1e9, 2)
        return {
            "seconds": self.seconds,
            "cpu_seconds": self.cpu_seconds,
            "peak_gb": peak,
        }

    def failure(self) -> str:
        """Why there is no result, without the lines that name a path."""
        if self.exit_code == OUT_OF_TIME:
            return f"not done in {self.seconds:,.0f} seconds"
        lines = [
            line.strip() for line in self.last_words.splitlines() if "/" not in line
        ]
        return f"exit code {self.exit_code}: {'; '.join(lines)}"


def run(command: list[str], *, timeout: float, folder: Path | None = None) -> Measured:
    """Run a command, in a process group of its own, to its end or its time limit
    (OUT_OF_TIME); in `folder`, if given.
    """
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    start = time.monotonic()
    process = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={
            name: value
            for name, value in os.environ.items()
            if name != "PYTHONDONTWRITEBYTECODE"
        },
        cwd=folder,
        start_new_session=True,
    )
    peak = _Peak(process)
    peak.start()
    try:
        output, _ = process.communicate(timeout=timeout)
        code = process.returncode
    except BaseException as error:
        os.killpg(process.pid, signal.SIGKILL)
        output, code = process.communicate()[0], OUT_OF_TIME
        if not isinstance(error, subprocess.TimeoutExpired):
            raise
    seconds = time.monotonic() - start
    peak.stop()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    words = "\n".join(output.splitlines()[-3:])
    return Measured(round(seconds, 2), round(cpu, 2), peak.bytes, code, words)


class _Peak(threading.Thread):
    """Samples the memory of a process tree four times a second, shared pages counted
    once.
    """

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        super().__init__(daemon=True)
        self._process = process
        self._done, self.bytes = threading.Event(), 0

    def run(self) -> None:
        while not self._done.wait(0.25):
            self.bytes = max(
                self.bytes, sum(_bytes_of(pid) for pid in _tree(self._process.pid))
            )

    def stop(self) -> None:
        self._done.set()
        self.join()


def _tree(pid: int) -> list[int]:
    """A process and all below it, from /proc."""
    pids, queue = [], [pid]
    while queue:
        pids.append(queue.pop())
        with contextlib.suppress(OSError):
            for task in Path(f"/proc/{pids[-1]}/task").iterdir():
                queue += map(int, (task / "children").read_text().split())
    return pids


def _bytes_of(pid: int) -> int:
    """Resident bytes, of which those that several processes map are shared out among
    them; 0 of an ended process.
    """
    with contextlib.suppress(OSError):
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
        return sum(
            int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:")
        )
    return 0
