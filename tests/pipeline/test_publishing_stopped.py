"""Publishing moves a run in one rename, to a folder of releases on its own file
system.
"""

import errno
import shutil
from pathlib import Path
from typing import Any

import pytest

from linkage.cli.pipeline import released_lines
from linkage.errors import ConfigError, InputError
from linkage.pipeline import publishing
from linkage.pipeline.publishing import publish


def test_another_file_system_is_refused_and_the_run_stays(
    village: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(source: Path, target: Path) -> None:
        raise OSError(
            errno.EXDEV, "Invalid cross-device link", str(source), None, str(target)
        )

    monkeypatch.setattr(publishing.os, "rename", refuse)
    with pytest.raises(
        InputError,
        match=r"is on another file system than .*\n  give a folder on the run's own",
    ):
        publish(village.root, tmp_path / "releases", "2026")
    assert (village.root / "manifest.json").is_file()
    assert not (village.root / "release.json").exists()


def test_a_copy_of_a_release_is_not_deleted(village: Any, tmp_path: Path) -> None:
    """It was taken for a publication that had been stopped, and deleted."""
    releases, copy = tmp_path / "releases", tmp_path / "backup" / "2026"
    publish(village.root, releases, "2026")
    shutil.copytree(releases / "2026", copy)
    with pytest.raises(ConfigError, match="there is a release of that name"):
        publish(copy, releases)
    assert (copy / "manifest.json").is_file()


def test_answers_that_cannot_be_read_hide_no_release(
    village: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: Path) -> list[str]:
        raise InputError("labels.duckdb: is damaged")

    release = publish(village.root, tmp_path / "releases", "2026")
    monkeypatch.setattr("quality.review.results.steps_without_estimate", fail)
    lines = released_lines(release)
    assert lines[0] == f"published  {release}"
    assert any("cannot be read: labels.duckdb: is damaged" in line for line in lines)


@pytest.mark.parametrize(
    "name", ["../evil", "a/b", "..", ".", "", ".hidden", "two\nlines", "/tmp/evil"]
)
def test_a_release_has_the_name_of_a_folder_among_the_releases(
    name: str, village: Any, tmp_path: Path
) -> None:
    """It was moved out of the folder of releases."""
    with pytest.raises(
        ConfigError,
        match="--name: is not the name of a folder\n  give one without slashes",
    ):
        publish(village.root, tmp_path / "releases", name)
    assert village.root.exists()


def test_the_folder_of_releases_is_a_folder_outside_the_run(
    village: Any, tmp_path: Path
) -> None:
    for place in (village.root, village.root / "stages" / "new"):
        with pytest.raises(
            ConfigError,
            match="lies in the run, which would move into itself\n  give a folder",
        ):
            publish(village.root, place)
    (tmp_path / "file").write_text("")
    with pytest.raises(
        ConfigError, match="file: is not a folder\n  give the folder of releases"
    ):
        publish(village.root, tmp_path / "file")
    assert village.root.exists()
