"""Folders among temporary files: gone after the work, and after a kill once the next
process makes one.
"""

import os
import shutil
import signal
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest

from linkage.engine import LockedTempdir, connect, scratch_folder
from linkage.engine import locked_tempdir as tempdir_module
from linkage.errors import ConfigError, LeoError


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The system's folder for temporary files."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", None)
    return tmp_path


def killed_while(work: Callable[[], object]) -> None:
    """Another process that is killed outright in the midst of its work."""
    child = os.fork()
    if not child:
        work()
        os.kill(os.getpid(), signal.SIGKILL)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL


def spill() -> LockedTempdir:
    scratch = scratch_folder()
    (scratch.path / "spilled").write_text("rows")
    return scratch


def test_folders_of_a_killed_process_are_cleared_by_the_next(temporary: Path) -> None:
    folders = []
    killed_while(lambda: folders.append(spill()))
    assert [path.name for path in temporary.glob("leo-work-*/*")] == ["spilled"]
    with scratch_folder() as scratch:
        assert list(temporary.iterdir()) == [scratch]
    assert not list(temporary.iterdir())


def test_an_engine_clears_old_folders_and_keeps_none(temporary: Path) -> None:
    folders = []
    killed_while(lambda: folders.append(spill()))
    with connect("duckdb") as engine:
        assert list(temporary.iterdir()) == [engine.scratch]
    assert not list(temporary.iterdir())


def test_folders_of_running_processes_stay(temporary: Path) -> None:
    """Of this process and of another, which writes when it has begun, and ends when it
    is told.
    """
    (ready_read, ready_write), (stop_read, stop_write) = os.pipe(), os.pipe()
    child = os.fork()
    if not child:
        with scratch_folder():
            os.write(ready_write, b"!")
            os.read(stop_read, 1)
        os._exit(0)
    os.read(ready_read, 1)
    (other_folder,) = temporary.iterdir()
    with scratch_folder() as first, scratch_folder() as second:
        assert {other_folder, first, second} == set(temporary.iterdir())
    os.write(stop_write, b"!")
    assert os.waitpid(child, 0)[1] == 0
    assert not list(temporary.iterdir())


def test_no_other_folder_is_cleared(
    temporary: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither of like names, nor of other users, nor what a link of such a name leads
    to.
    """
    target = temporary / "beyond"
    others = [
        target,
        *(
            temporary / name
            for name in ("leo-abcd1234", "leo-work-abc", "leo-work-abcd1234.old")
        ),
    ]
    for other in others:
        other.mkdir()
    (target / "kept").touch()
    (link := temporary / "leo-work-linklink").symlink_to(target)
    (folder := temporary / "leo-work-abcd1234").mkdir()
    (file := temporary / "leo-work-filefile").touch()
    with monkeypatch.context() as patch:
        patch.setattr(os, "geteuid", lambda: folder.stat().st_uid + 1)
        scratch_folder().close()
    assert {*others, link, folder, file} == set(temporary.iterdir())
    scratch_folder().close()
    assert {*others, link, file} == set(temporary.iterdir())
    assert (target / "kept").is_file()


def test_a_folder_that_was_cleared_before_it_was_locked_is_made_again(
    temporary: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another process takes it for one that was left: nobody holds it yet."""
    mkdtemp, folders = tempfile.mkdtemp, []

    def make_and_clear(**options: object) -> str:
        folder = mkdtemp(**options)  # type: ignore[call-overload]
        if not folders:
            folders.append(folder)
            shutil.rmtree(folder)
        return str(folder)

    monkeypatch.setattr(tempdir_module.tempfile, "mkdtemp", make_and_clear)
    with scratch_folder() as scratch:
        assert scratch.is_dir()
        assert [str(scratch)] != folders


@pytest.mark.parametrize("state", ["absent", "a file"])
def test_rows_are_put_only_where_tmpdir_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, state: str
) -> None:
    folder = tmp_path / "scratch disk"
    if state == "a file":
        folder.touch()
    monkeypatch.setenv("TMPDIR", str(folder))
    with pytest.raises(
        ConfigError,
        match=f"TMPDIR: {folder} is no folder that this user may write to\n  let it "
        "name",
    ):
        scratch_folder()


def test_a_system_without_a_temporary_folder_is_reported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("TMPDIR", raising=False)
    monkeypatch.setattr(tempfile, "tempdir", None)
    monkeypatch.setattr(
        tempfile, "_candidate_tempdir_list", lambda: [str(tmp_path / "full")]
    )
    with pytest.raises(
        LeoError,
        match="no folder for temporary files can be written to\n  free space there, or",
    ):
        scratch_folder()
