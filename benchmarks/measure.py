"""One command as a whole process: seconds, CPU seconds and the most memory that it and its children held."""

import contextlib
import math
import os
import resource
import subprocess
import threading
import time
from dataclasses import dataclass
from pathlib import Path

OUT_OF_TIME, OUT_OF_MEMORY = 124, 137
"""Exit codes of a command that was ended for its time or memory limit."""


@dataclass(frozen=True)
class Measured:
    """What a process took. `peak_bytes` is the largest sum over its tree, `largest_bytes` the most of one process."""

    seconds: float
    cpu_seconds: float
    peak_bytes: int
    largest_bytes: int
    exit_code: int
    last_words: str

    def cost(self) -> dict[str, float]:
        """seconds, cpu_seconds and peak_gb."""
        peak = round(self.peak_bytes / 1e9, 2)
        return {"seconds": self.seconds, "cpu_seconds": self.cpu_seconds, "peak_gb": peak}

    def failure(self) -> str:
        """Why there is no result."""
        if self.exit_code == OUT_OF_TIME:
            return f"not done in {self.seconds:,.0f} seconds"
        return "out of memory" if self.exit_code == OUT_OF_MEMORY else f"exit code {self.exit_code}: {self.last_words}"


def run(command: list[str], *, timeout: float, most_bytes: float = math.inf) -> Measured:
    """Run a command to its end, its time limit (OUT_OF_TIME) or its memory limit (OUT_OF_MEMORY)."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    started = time.monotonic()
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment)
    peak = _Peak(process, most_bytes)
    peak.start()
    try:
        output, _ = process.communicate(timeout=timeout)
        code = process.returncode
    except subprocess.TimeoutExpired:
        process.kill()
        output, code = process.communicate()[0], OUT_OF_TIME
    seconds = time.monotonic() - started
    peak.stop()
    code = OUT_OF_MEMORY if peak.bytes > most_bytes else code
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    words = "\n".join(output.splitlines()[-3:])
    return Measured(round(seconds, 2), round(cpu, 2), peak.bytes, peak.largest, code, words)


class _Peak(threading.Thread):
    """Samples the memory of a process tree four times a second, shared pages counted once; ends a tree above the limit."""

    def __init__(self, process: "subprocess.Popen[str]", most_bytes: float) -> None:
        super().__init__(daemon=True)
        self._process, self._most_bytes = process, most_bytes
        self._done, self.bytes, self.largest = threading.Event(), 0, 0

    def run(self) -> None:
        while not self._done.wait(0.25):
            sizes = [_bytes_of(pid) for pid in _tree(self._process.pid)]
            self.bytes, self.largest = max(self.bytes, sum(sizes)), max([self.largest, *sizes])
            if self.bytes > self._most_bytes:
                self._process.kill()

    def stop(self) -> None:
        self._done.set()
        self.join()


def _tree(pid: int) -> list[int]:
    """A process and all below it, from /proc."""
    pids, waiting = [], [pid]
    while waiting:
        pids.append(waiting.pop())
        with contextlib.suppress(OSError):
            for task in Path(f"/proc/{pids[-1]}/task").iterdir():
                waiting += map(int, (task / "children").read_text().split())
    return pids


def _bytes_of(pid: int) -> int:
    """Resident bytes, of which those that several processes map are shared out among them; 0 of an ended process."""
    with contextlib.suppress(OSError):
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
        return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:"))
    return 0
