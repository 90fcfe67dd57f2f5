"""What a killed extract leaves next to its target is gone after the next one; a failed one leaves the earlier."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from linkage.errors import LeoError
from linkage.extract import ExtractSummary, Project


def test_a_killed_extract_leaves_nothing_once_it_is_made_again(
    publish: Callable[..., ExtractSummary], make_project: Callable[..., Project]
) -> None:
    out = publish(make_project()).folder
    before = {path.name for path in out.parent.iterdir()}
    (out.parent / f".{out.name}.part" / "parquet").mkdir(parents=True)
    out.rename(out.parent / f".{out.name}.before")  # killed between two renames
    assert publish(make_project()).folder == out
    assert {path.name for path in out.parent.iterdir()} == before


def test_an_extract_that_cannot_be_moved_into_its_place_leaves_the_earlier_one_there(
    publish: Callable[..., ExtractSummary], make_project: Callable[..., Project], monkeypatch: pytest.MonkeyPatch
) -> None:
    out = publish(make_project()).folder
    before = {path.relative_to(out): path.stat().st_ino for path in out.rglob("*")}

    def refused(source: Path, target: Path) -> None:
        if Path(target) == out:
            raise PermissionError(13, "Permission denied")
        move(source, target)

    move = os.replace
    monkeypatch.setattr(os, "replace", refused)
    with pytest.raises(LeoError, match="nothing was published"):
        publish(make_project())
    assert {path.relative_to(out): path.stat().st_ino for path in out.rglob("*")} == before
