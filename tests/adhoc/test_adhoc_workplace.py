"""The folder that results are made in: one process at a time, and nothing left of one that failed."""

import errno
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from linkage.adhoc.dedupe import DedupeRequest
from linkage.adhoc.workplace import configuration_hash, workplace
from linkage.errors import ConfigError, LeoError
from linkage.pipeline.lock import LOCK


def test_a_second_process_is_turned_away_and_the_first_goes_on(tmp_path: Path) -> None:
    out = tmp_path / "linked"
    with workplace(out, "first", force=False) as place:
        (place.part / "links.parquet").write_text("first")
        with pytest.raises(LeoError, match=rf"{out}: another run is at work .*\n  wait") as refused:  # noqa: SIM117
            with workplace(out, "second", force=False):
                pass
        assert not isinstance(refused.value, ConfigError)
    assert [path.name for path in out.iterdir()] == ["links.parquet"]
    assert not list(tmp_path.glob(".*"))


def test_what_a_killed_process_left_is_cleared_away(tmp_path: Path) -> None:
    part = tmp_path / ".linked.part"
    (part / "scratch").mkdir(parents=True)
    (part / "links.parquet").write_text("half")
    (part / LOCK).write_text("1\n")
    with workplace(tmp_path / "linked", "again", force=False) as place:
        assert [path.name for path in place.part.iterdir()] == [LOCK]
        (place.part / "model.json").write_text("{}")
    assert [path.name for path in (tmp_path / "linked").iterdir()] == ["model.json"]


def fails_halfway(out: Path) -> None:
    with workplace(out, "fails", force=False) as place:
        (place.part / "half").touch()
        raise ZeroDivisionError


def test_nothing_is_left_of_what_failed(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError):
        fails_halfway(tmp_path / "linked")
    assert list(tmp_path.iterdir()) == []


def test_what_people_made_of_the_links_before_is_kept(tmp_path: Path) -> None:
    """leo link --force with the model that was tuned, into the folder that it was tuned in."""
    out = tmp_path / "linked"
    for name in ("review/link/sample.csv", "tuned/link-v1.json", "explained/left.parquet", "manifest.json"):
        (out / name).parent.mkdir(parents=True, exist_ok=True)
        (out / name).write_text("before")
    (out / "links.parquet").write_text("before")
    with workplace(out, "again", force=True) as place:
        (place.part / "links.parquet").write_text("after")
    kept = {path.relative_to(out).as_posix(): path.read_text() for path in out.rglob("*") if path.is_file()}
    assert kept == {"links.parquet": "after", "review/link/sample.csv": "before", "tuned/link-v1.json": "before"}


def test_a_folder_that_one_stands_in_is_written_to(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "linked").mkdir()
    monkeypatch.chdir(tmp_path / "linked")
    with workplace(Path(), "here", force=False) as place:
        (place.part / "links.parquet").write_text("here")
    assert (tmp_path / "linked" / "links.parquet").read_text() == "here"


def test_a_configuration_is_what_says_how_files_are_linked(tmp_path: Path) -> None:
    """Two links by two models, or by other ids, were of one configuration."""
    model = tmp_path / "model.json"
    model.write_text("{}")
    first = DedupeRequest(tmp_path / "a.csv", tmp_path / "out", model=model)

    def same(**changes: Any) -> bool:
        return configuration_hash(replace(first, **changes), {}) == before

    before = configuration_hash(first, {})
    assert same(file=tmp_path / "b.csv", out=tmp_path / "other", threads=2, force=True)
    assert not any((same(id="none"), same(threshold=0.9), same(model=None), same(maps=("sex=g",))))
    model.write_text("{ }")
    assert not same()


def fails_with(out: Path, fault: Exception | None) -> None:
    with workplace(out, "", force=False):
        assert fault
        raise fault


def test_what_cannot_be_written_is_named_as_it_was_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And not as the hidden folder beside it that results are made in."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").touch()
    faults: list[tuple[Path, Exception | None]] = [
        (Path("file/linked"), None),  # nothing can be made there
        (Path("linked"), OSError(errno.ENOSPC, "No space left on device")),
        (Path("linked"), PermissionError(errno.EACCES, "Permission denied", str(tmp_path / ".linked.part/report"))),
        (Path("linked"), LeoError(f"the disk is full\n  free space below {tmp_path}/.linked.part/scratch")),
        (Path("linked"), BrokenPipeError(errno.EPIPE, "Broken pipe")),
    ]
    told = []
    for out, fault in faults:
        with pytest.raises((OSError, LeoError)) as told_of:
            fails_with(out, fault)
        told.append((getattr(told_of.value, "filename", None), str(told_of.value)))
    assert told == [
        ("file/linked", "[Errno 20] Not a directory: 'file/linked'"),
        ("linked", "[Errno 28] No space left on device: 'linked'"),
        ("linked/report", "[Errno 13] Permission denied: 'linked/report'"),
        (None, "the disk is full\n  free space below linked/scratch"),
        (None, "[Errno 32] Broken pipe"),
    ]
