"""One command as a whole process: seconds, CPU seconds and the most memory it held, its children's with it."""

import contextlib
import math
import os
import resource
import subprocess
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Measured:
    """What a process took. `peak_bytes` is the largest sum over the process and its children, sampled.

    `largest_bytes` is the most that any one of them held.
    """

    seconds: float
    cpu_seconds: float
    peak_bytes: int
    exit_code: int
    last_words: str
    largest_bytes: int = 0


OUT_OF_TIME, OUT_OF_MEMORY = 124, 137
"""Exit codes of what was ended for taking too long, or too much."""


def run(command: list[str], *, timeout: float, most_bytes: float = math.inf, shared_once: bool = False) -> Measured:
    """Run a command to its end, its time limit (OUT_OF_TIME) or until it holds too much memory (OUT_OF_MEMORY).

    Args:
        shared_once: count memory that processes share once: a process that forks is twice as large for a moment else.
    """
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    started = time.monotonic()
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=_as_installed()
    )
    peak = _Peak(process, most_bytes, shared_once)
    peak.start()
    try:
        said, _ = process.communicate(timeout=timeout)
        code = process.returncode
    except subprocess.TimeoutExpired:
        process.kill()
        said, code = process.communicate()[0], OUT_OF_TIME
    seconds = time.monotonic() - started
    peak.stop()
    code = OUT_OF_MEMORY if peak.bytes > most_bytes else code
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    words = "\n".join(said.splitlines()[-3:])
    return Measured(round(seconds, 2), round(cpu, 2), peak.bytes, code, words, peak.largest)


def _as_installed() -> dict[str, str]:
    """The environment, in which this project's modules are compiled once, as those of installed packages are."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


class _Peak(threading.Thread):
    """Samples the resident memory of a process tree ten times a second; ends the process where it holds too much.

    Whom the tree consists of is asked once a second: it takes a file of each thread, and Java has a hundred.
    """

    def __init__(self, process: "subprocess.Popen[str]", most_bytes: float, shared_once: bool) -> None:
        super().__init__(daemon=True)
        self._process, self._most_bytes, self._shared_once = process, most_bytes, shared_once
        self._done, self.bytes, self.largest = threading.Event(), 0, 0
        self._resident = 0, 0  # the most of all together, and of one

    def run(self) -> None:
        samples, tree = 0, [self._process.pid]
        while not self._done.wait(0.1):
            if samples % 10 == 0:
                tree = _tree(self._process.pid)
            self._sample(tree)
            samples += 1
            if self.bytes > self._most_bytes:
                self._process.kill()

    def _sample(self, tree: list[int]) -> None:
        """Keep what the tree holds now, where more is resident than before.

        What is shared is counted once only then, since the kernel walks all pages for it.
        """
        sizes = _sizes(tree, _resident_bytes)
        resident = (sum(sizes), max(sizes))
        if resident[0] <= self._resident[0] and resident[1] <= self._resident[1]:
            return
        self._resident = max(resident[0], self._resident[0]), max(resident[1], self._resident[1])
        if self._shared_once:
            sizes = _sizes(tree, _proportional_bytes)
        self.bytes, self.largest = max(self.bytes, sum(sizes)), max(self.largest, *sizes)

    def stop(self) -> None:
        self._done.set()
        self.join()


def _tree(pid: int) -> list[int]:
    """A process and all below it, from /proc.

    A child that has just been made and runs no program of its own yet is still its parent: Java makes its children so
    that both have one memory until then, which would be counted twice. That memory may grow between two looks at it.
    """
    found = []
    waiting = [(pid, ("", 0))]
    while waiting:
        current, parent = waiting.pop()
        try:
            about = _program(current)
            if about[0] != parent[0] or abs(about[1] - parent[1]) > 0.01 * parent[1]:
                found.append(current)
            for task in Path(f"/proc/{current}/task").iterdir():
                waiting += [(int(child), about) for child in (task / "children").read_text().split()]
        except (FileNotFoundError, ProcessLookupError, PermissionError):
            continue
    return found


def _sizes(tree: list[int], bytes_of: Callable[[int], int]) -> list[int]:
    """Bytes of each process that there still is, and of none."""
    sizes = [0]
    for pid in tree:
        with contextlib.suppress(FileNotFoundError, ProcessLookupError, PermissionError):
            sizes.append(bytes_of(pid))
    return sizes


def _program(pid: int) -> tuple[str, int]:
    """A process's command and the pages of its address space."""
    folder = Path(f"/proc/{pid}")
    return (folder / "cmdline").read_text(errors="replace"), int((folder / "statm").read_text().split()[0])


def _resident_bytes(pid: int) -> int:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * resource.getpagesize()


def _proportional_bytes(pid: int) -> int:
    """Resident bytes, of which those that several processes map are shared out among them."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:"))
