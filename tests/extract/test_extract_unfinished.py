"""What a killed extract leaves beside its target is gone after the next one, and no other's work with it."""

import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from linkage.engine import LockedTempdir
from linkage.errors import LeoError
from linkage.extract import ExtractSummary, Project


def beside(target: Path) -> LockedTempdir:
    return LockedTempdir(target.parent, f".{target.name}.", ".part")


def killed_in_the_middle(target: Path) -> None:
    """Another process that is killed while it writes."""
    child = os.fork()
    if not child:
        with beside(target) as folder:
            (folder / "half.parquet").write_bytes(b"PAR1")
            os.kill(os.getpid(), signal.SIGKILL)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL


def test_a_killed_extract_leaves_nothing_once_it_is_made_again(
    publish: Callable[..., ExtractSummary], make_project: Callable[..., Project]
) -> None:
    whole = publish(make_project())
    out = whole.folder
    before = {path.name for path in out.parent.iterdir()}
    killed_in_the_middle(out)
    assert {path.name for path in out.parent.iterdir()} > before
    again = publish(make_project())
    assert (again.folder, again.rows) == (out, whole.rows)
    assert {path.name for path in out.parent.iterdir()} == before


def test_only_what_nobody_writes_any_more_is_cleared(tmp_path: Path) -> None:
    target = tmp_path / "study"
    others = [tmp_path / name for name in (".study.part", ".study.earlier", ".study2.abcd1234.part", "study.part")]
    for one in others:
        one.mkdir()
    with beside(target) as first:
        killed_in_the_middle(target)
        assert len([*tmp_path.iterdir()]) == len(others) + 2
        with beside(target) as second:
            assert {first, second, *others} == set(tmp_path.iterdir())
        assert {first, *others} == set(tmp_path.iterdir())
    assert set(others) == set(tmp_path.iterdir())


def test_an_extract_that_cannot_be_moved_into_its_place_leaves_the_earlier_one_there(
    publish: Callable[..., ExtractSummary], make_project: Callable[..., Project], monkeypatch: pytest.MonkeyPatch
) -> None:
    out = publish(make_project()).folder
    before = {path.relative_to(out): path.stat().st_ino for path in out.rglob("*")}

    def refused(source: Path, target: Path) -> None:
        if Path(source).name.endswith(".part"):
            raise PermissionError(13, "Permission denied")
        move(source, target)

    move = os.rename
    monkeypatch.setattr(os, "rename", refused)
    with pytest.raises(LeoError, match="nothing was published"):
        publish(make_project())
    assert {path.relative_to(out): path.stat().st_ino for path in out.rglob("*")} == before
