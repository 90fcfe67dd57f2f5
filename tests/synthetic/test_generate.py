"""Bad arguments and a full disk meet a clear error, and leave nothing behind."""

import errno
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from linkage.catalogue import shipped
from linkage.errors import ConfigError, ContractError, LeoError
from synthetic import chunks, generate, synthesise
from synthetic.base import odds
from synthetic.base.draws import Draws
from synthetic.files import write_source
from synthetic.recording.corruption import mistyped


def test_all_bad_arguments_are_named_at_once(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(ConfigError) as error_info:
        synthesise(
            tmp_path,
            0,
            -1,
            preset="gentle",
            releases=0,
            tables="most",
            chunk=0,
            workers=0,  # type: ignore[arg-type]
        )
    message = str(error_info.value)
    arguments = (
        "people",
        "seed",
        "preset",
        "releases",
        "tables",
        "chunk",
        "workers",
        "out",
    )
    assert all(f"  {name}: " in message for name in arguments)
    assert "there are: easy, hard, realistic" in message
    assert (tmp_path / "mine.txt").read_text() == "mine"


@pytest.fixture
def preset(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[[str], odds.Table]:
    """Load a preset of the user's own from its text."""

    def load(text: str) -> odds.Table:
        (tmp_path / "synthetic").mkdir()
        (tmp_path / "synthetic" / "odd.toml").write_text(text)
        monkeypatch.setenv("LEO_DEFINITIONS", str(tmp_path))
        return odds.load("odd")

    return load


@pytest.mark.parametrize(
    ("text", "faults"),
    [
        (
            'preset = "odd"\nextends = "realistic"\nwhy = 1\nsecs = 1\n[sex]\nwrong = '
            "2.0\n[source.cis]\ntypo = -1.0\n",
            [
                r"odd\.toml: ",
                "  why: ",
                "  secs: ",
                r"  sex\.wrong: ",
                r"  source\.cis\.typo: ",
            ],
        ),
        ('preset = "odd"\n', [r"  forename: is missing"]),
        ("preset: odd\n", [r"odd\.toml: not TOML: "]),
        ('preset = "odd"\nextends = "odd"\n', ["extends itself"]),
    ],
    ids=["faults", "short", "toml", "itself"],
)
def test_faults_of_a_preset_are_all_named(
    preset: Callable[[str], odds.Table], text: str, faults: list[str]
) -> None:
    with pytest.raises(ConfigError) as error_info:
        preset(text)
    assert all(re.search(fault, str(error_info.value)) for fault in faults)


def test_a_preset_extends_another(preset: Callable[[str], odds.Table]) -> None:
    table = preset(
        'preset = "odd"\nextends = "realistic"\n[sex]\nwrong = '
        "0.5\n[late.npd]\naddress_years = 4.4\n"
    )
    assert (table.sex.wrong, table.late.npd.address_years) == (0.5, 4.4)
    assert table.forename == odds.load("realistic").forename


def test_a_full_disk_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(chunks, "write", full)
    with pytest.raises(LeoError, match="the disk is full; nothing was kept"):
        synthesise(tmp_path / "out", 100, workers=1)
    assert not list(tmp_path.iterdir())


def test_a_killed_worker_is_named_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*_: object) -> object:
        raise BrokenProcessPool("gone")

    monkeypatch.setattr(generate, "each", killed)
    with pytest.raises(LeoError, match="use fewer workers or a chunk below 50"):
        synthesise(tmp_path / "out", 100, chunk=50)
    assert not list(tmp_path.iterdir())


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(LeoError, match="cannot be written"):
        synthesise(tmp_path / "file" / "out", 100)
    assert [f.name for f in tmp_path.iterdir()] == ["file"]


def test_an_interruption_leaves_nothing(tmp_path: Path) -> None:
    def stop(_: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        synthesise(tmp_path / "out", 100, workers=1, progress=stop)
    assert not list(tmp_path.iterdir())


def test_an_empty_folder_is_filled_and_progress_named(tmp_path: Path) -> None:
    out, counts = tmp_path / "out", []
    out.mkdir()
    manifest = synthesise(out, 100, workers=1, chunk=40, progress=counts.append)
    assert counts == [40, 40, 20]
    assert manifest.rows["truth/persons"] == 100
    assert sorted(f.name for f in out.iterdir()) == [
        "manifest.json",
        "sources",
        "truth",
    ]


def test_columns_that_the_catalogue_lacks_are_refused(tmp_path: Path) -> None:
    table = shipped().table("dwp", "benefits")
    with pytest.raises(ContractError, match="EndDate"):
        write_source(tmp_path, 0, table, {"NINO": pa.array(["x"])})


@given(
    st.lists(
        st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ-' ", min_size=1, max_size=30)
        .map(str.strip)
        .filter(bool),
        min_size=1,
    )
)
def test_an_error_changes_every_name_and_leaves_letters(names: list[str]) -> None:
    ids = pa.array(range(len(names))).to_numpy()
    results = mistyped(Draws(3), "test", ids, ids, pa.array(names)).to_pylist()
    for name, result in zip(names, results, strict=True):
        assert result != name
        assert result
        assert set(result) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZ-' ")
        assert abs(len(result) - len(name)) <= 1


def test_each_preset_is_harder_than_the_one_before() -> None:
    easy, realistic, hard = (odds.load(name) for name in ("easy", "realistic", "hard"))
    assert easy.forename.typo < realistic.forename.typo < hard.forename.typo
    assert (
        easy.late["cis"].address_never
        < realistic.late["cis"].address_never
        < hard.late["cis"].address_never
    )


def test_a_link_to_an_empty_folder_is_followed(tmp_path: Path) -> None:
    """Another disk is often reached by a link, and the hidden folder has to lie on the
    same one.
    """
    (tmp_path / "disk" / "data").mkdir(parents=True)
    (tmp_path / "link").symlink_to(tmp_path / "disk" / "data")
    synthesise(tmp_path / "link", 50, workers=1)
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "link" / "manifest.json").is_file()
    assert [path.name for path in (tmp_path / "disk").iterdir()] == ["data"]


def test_a_mounted_folder_is_refused_before_the_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "out").mkdir()
    monkeypatch.setattr(
        Path, "is_mount", lambda path: path == (tmp_path / "out").resolve()
    )
    with pytest.raises(ConfigError, match="out is a file system of its own"):
        synthesise(tmp_path / "out", 50, workers=1)
    assert not list((tmp_path / "out").iterdir())


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
    processes: list[subprocess.Popen[str]] = []

    def run(workers: int) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, str(script), str(tmp_path / "data" / "out"), str(workers)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])},
        )
        processes.append(process)
        assert process.stdout
        assert [process.stdout.readline(), process.stdout.readline()] == [
            "begun\n",
            "2000\n",
        ]
        return process

    yield run
    for process in processes:
        process.kill()
        process.communicate()


def children(process: subprocess.Popen[str]) -> list[int]:
    """The workers, without Python's tracker of resources."""
    pids = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    return [
        int(pid)
        for pid in pids
        if "spawn_main" in Path(f"/proc/{pid}/cmdline").read_text()
    ]


def alive(pid: int) -> bool:
    try:
        return (
            "Z"
            not in Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
        )
    except OSError:  # it has ended, maybe since the file was opened
        return False


def wait_until(holds: Callable[[], bool]) -> None:
    for _ in range(12_000):
        if holds():
            return
        time.sleep(0.05)
    pytest.fail("did not come about within ten minutes")


@pytest.mark.parametrize(
    ("number", "workers"),
    [(signal.SIGTERM, 1), (signal.SIGINT, 2)],
    ids=["SIGTERM alone", "SIGINT with workers"],
)
def test_a_signal_ends_it_soon_and_leaves_nothing(
    start: Start, tmp_path: Path, number: signal.Signals, workers: int
) -> None:
    process = start(workers)
    pids = children(process)
    process.send_signal(number)
    _, message = process.communicate(timeout=600)
    assert process.returncode != 0
    assert message.count("Traceback") == 1  # the parent's own: workers say nothing
    assert not list((tmp_path / "data").iterdir())
    wait_until(lambda: not any(map(alive, pids)))


@pytest.mark.slow
def test_workers_end_with_a_parent_that_is_killed_and_the_next_run_sweeps_up(
    start: Start, tmp_path: Path
) -> None:
    process = start(2)
    workers = children(process)
    assert len(workers) == 2
    process.kill()
    process.wait()
    wait_until(lambda: not any(map(alive, workers)))
    (leftover,) = (tmp_path / "data").iterdir()
    assert leftover.name.startswith(".out.")
    synthesise(tmp_path / "data" / "out", 100, workers=1)
    assert [folder.name for folder in (tmp_path / "data").iterdir()] == ["out"]
