"""Publishing to another disk that is stopped after the copy goes on with the same command."""

import shutil
from pathlib import Path
from typing import Any

import pytest

from linkage.cli.pipeline import released_lines
from linkage.errors import ConfigError, InputError
from linkage.pipeline import publishing
from linkage.pipeline.publishing import publish


def _stop(path: Path) -> None:
    if path.exists():
        raise KeyboardInterrupt


def test_a_run_that_was_copied_is_taken_away_by_the_same_command(
    village: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It said that there is a release of that name, and to give another: the run would have been released twice."""
    monkeypatch.setattr(publishing, "_on_one_disk", lambda one, other: False)
    releases = tmp_path / "releases"
    with monkeypatch.context() as patch:
        patch.setattr(publishing, "_take_away", _stop)
        with pytest.raises(KeyboardInterrupt):
            publish(village.root, releases, "2026")
    released = (releases / "2026" / "release.json").read_bytes()
    assert village.root.exists()
    assert publish(village.root, releases, "2026") == releases / "2026"
    assert not village.root.exists()
    assert (releases / "2026" / "release.json").read_bytes() == released


def test_half_of_a_run_is_left_under_no_name_of_its_own(
    village: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(publishing, "_on_one_disk", lambda one, other: False)
    releases = tmp_path / "releases"
    with monkeypatch.context() as patch:
        patch.setattr(publishing, "remove", _stop)
        with pytest.raises(KeyboardInterrupt):
            publish(village.root, releases, "2026")
    left = village.root.with_name(f".{village.root.name}.published")
    assert (village.root.exists(), left.exists()) == (False, True)
    assert publish(village.root, releases, "2026") == releases / "2026"
    assert not left.exists()
    assert not list(village.root.parent.glob(".*.publishing"))
    with pytest.raises(ConfigError, match=r"no such folder\n.*2026 is a release already"):
        publish(village.root, releases, "2026")


def test_a_copy_of_a_release_that_somebody_has_made_stays(village: Any, tmp_path: Path) -> None:
    """It was taken for a publication that had been stopped, and deleted."""
    releases, mine = tmp_path / "releases", tmp_path / "backup" / "2026"
    publish(village.root, releases, "2026")
    shutil.copytree(releases / "2026", mine)
    with pytest.raises(ConfigError, match="there is a release of that name"):
        publish(mine, releases)
    assert (mine / "manifest.json").is_file()


def test_answers_that_cannot_be_read_hide_no_release(
    village: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def damaged(_: Path) -> list[str]:
        raise InputError("labels.duckdb: is damaged")

    release = publish(village.root, tmp_path / "releases", "2026")
    monkeypatch.setattr("quality.review.results.steps_without_estimate", damaged)
    lines = released_lines(release)
    assert lines[0] == f"published  {release}"
    assert any("cannot be read: labels.duckdb: is damaged" in line for line in lines)


@pytest.mark.parametrize("name", ["../evil", "a/b", "..", ".", "", ".hidden", "two\nlines", "/tmp/evil"])
def test_a_release_has_the_name_of_a_folder_among_the_releases(name: str, village: Any, tmp_path: Path) -> None:
    """It was moved out of the folder of releases."""
    with pytest.raises(ConfigError, match="--name: is no name of a folder\n  give one without slashes"):
        publish(village.root, tmp_path / "releases", name)
    assert village.root.exists()


def test_a_run_moves_into_a_folder_that_is_one_and_not_in_it(village: Any, tmp_path: Path) -> None:
    for place in (village.root, village.root / "stages" / "new"):
        with pytest.raises(ConfigError, match="lies in the run, which would move into itself\n  give a folder"):
            publish(village.root, place)
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match="file: is no folder\n  give the folder of releases"):
        publish(village.root, tmp_path / "file")
    assert village.root.exists()
