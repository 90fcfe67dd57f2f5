"""A folder appears whole or not at all: after an error, a signal, a killed worker, a killed parent, a full disk."""

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from multiprocessing.process import BaseProcess
from pathlib import Path

import pytest

from synthetic import synthesise
from synthetic.chunks import each
from synthetic.files import whole

SCRIPT = """
import signal
import sys
from pathlib import Path
from synthetic import synthesise

if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.default_int_handler)  # what a shell starts in the background is deaf to it
    out, workers = Path(sys.argv[1]), int(sys.argv[2])
    print("begun", flush=True)
    synthesise(out, 400_000, workers=workers, chunk=2_000, progress=lambda n: print(n, flush=True))
"""

Start = Callable[[int], subprocess.Popen[str]]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Start a population of 200 chunks and wait until the first is made."""
    script = tmp_path / "run.py"
    script.write_text(SCRIPT)
    (tmp_path / "data").mkdir()
    begun: list[subprocess.Popen[str]] = []

    def run(workers: int) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, str(script), str(tmp_path / "data" / "out"), str(workers)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])},
        )
        begun.append(process)
        assert process.stdout
        assert [process.stdout.readline(), process.stdout.readline()] == ["begun\n", "2000\n"]
        return process

    yield run
    for process in begun:
        process.kill()
        process.communicate()


def children(process: subprocess.Popen[str]) -> list[int]:
    """The workers, without Python's tracker of resources."""
    found = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    return [int(pid) for pid in found if "spawn_main" in Path(f"/proc/{pid}/cmdline").read_text()]


def alive(pid: int) -> bool:
    try:
        return "Z" not in Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except OSError:  # it has ended, maybe since the file was opened
        return False


def wait_until(holds: Callable[[], bool]) -> None:
    for _ in range(12_000):
        if holds():
            return
        time.sleep(0.05)
    pytest.fail("did not come about within ten minutes")


@pytest.mark.parametrize(
    ("number", "workers"), [(signal.SIGTERM, 1), (signal.SIGINT, 2)], ids=["SIGTERM alone", "SIGINT with workers"]
)
def test_a_signal_ends_it_soon_and_leaves_nothing(
    start: Start, tmp_path: Path, number: signal.Signals, workers: int
) -> None:
    process = start(workers)
    known = children(process)
    process.send_signal(number)
    _, said = process.communicate(timeout=600)
    assert process.returncode != 0
    assert said.count("Traceback") == 1  # the parent's own: workers say nothing
    assert not list((tmp_path / "data").iterdir())
    wait_until(lambda: not any(map(alive, known)))


def test_a_killed_worker_ends_it_with_a_clear_word(start: Start, tmp_path: Path) -> None:
    process = start(2)
    os.kill(children(process)[0], signal.SIGKILL)
    _, said = process.communicate(timeout=600)
    assert "a worker was stopped from outside" in said
    assert not list((tmp_path / "data").iterdir())


def test_the_pool_says_nothing_of_workers_that_are_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its thread, where it saw them gone before it was told to end, failed with a trace next to what we say."""
    failed: list[object] = []
    monkeypatch.setattr(threading, "excepthook", lambda fault: failed.append(fault.exc_value))
    end = BaseProcess.terminate

    def end_and_let_it_see(worker: BaseProcess) -> None:
        end(worker)
        for thread in {*threading.enumerate()} - {threading.current_thread()}:
            if type(thread).__name__ == "_ExecutorManagerThread":
                thread.join(600)

    monkeypatch.setattr(BaseProcess, "terminate", end_and_let_it_see)
    made = each(time.sleep, [0.01] * 50, 2)  # type: ignore[arg-type,list-item]
    next(made)
    with pytest.raises(KeyboardInterrupt):
        made.throw(KeyboardInterrupt)
    assert failed == []


def test_workers_end_with_a_parent_that_is_killed_and_the_next_run_sweeps_up(start: Start, tmp_path: Path) -> None:
    process = start(2)
    known = children(process)
    assert len(known) == 2
    process.kill()
    process.wait()
    wait_until(lambda: not any(map(alive, known)))
    (left,) = (tmp_path / "data").iterdir()
    assert left.name.startswith(".out-")
    synthesise(tmp_path / "data" / "out", 100, workers=1)
    assert [folder.name for folder in (tmp_path / "data").iterdir()] == ["out"]


def test_a_run_that_is_still_at_work_keeps_its_folder(tmp_path: Path) -> None:
    out = tmp_path / "out"
    with contextlib.ExitStack() as run:
        mine = run.enter_context(whole(out))
        with whole(out) as other:
            assert mine.is_dir()
            (other / "first.txt").write_text("first")
        (mine / "second.txt").write_text("second")
        with pytest.raises(OSError, match="not empty"):
            run.close()
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["first.txt", "out"]


def test_what_is_not_ours_is_left_alone(tmp_path: Path) -> None:
    theirs = tmp_path / ".out-mine"
    theirs.mkdir()
    (theirs / "notes.txt").write_text("mine")
    with whole(tmp_path / "out") as folder:
        (folder / "made.txt").write_text("made")
    assert sorted(path.name for path in tmp_path.iterdir()) == [".out-mine", "out"]
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["made.txt"]


def test_a_file_that_outgrows_the_limit_is_told_of_and_leaves_nothing(tmp_path: Path) -> None:
    """The kernel's limit on a file's size stands in for a disk that fills while workers write."""
    script = tmp_path / "run.py"
    script.write_text(
        "import resource, signal, sys\nfrom pathlib import Path\nfrom synthetic import synthesise\n"
        'if __name__ == "__main__":\n'
        "    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "    resource.setrlimit(resource.RLIMIT_FSIZE, (40_000, 40_000))\n"
        "    synthesise(Path(sys.argv[1]), 2_000, workers=2, chunk=1_000)\n"
    )
    (tmp_path / "data").mkdir()
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])}
    done = subprocess.run(
        [sys.executable, str(script), str(tmp_path / "data" / "out")], capture_output=True, text=True, env=environment
    )
    assert done.returncode == 1
    assert "LeoError: " in done.stderr
    assert "File too large" in done.stderr
    assert done.stderr.endswith("nothing was kept\n")
    assert not list((tmp_path / "data").iterdir())
