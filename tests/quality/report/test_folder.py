"""Folders of pages: what an earlier command wrote stays until new pages are there, and
then goes.
"""

import json
from pathlib import Path

import pytest

from linkage.errors import InputError
from quality.report.document import write_page
from quality.report.folder import check_folder, write_folder

MARK = "leo-pages.json"


def _files(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_old_pages_stay_until_new_pages_are_written(tmp_path: Path) -> None:
    write_folder(tmp_path, MARK, {"a.html": "one", "b.html": "one"}, profile="x")
    (tmp_path / "mine.txt").write_text("a user's own")
    check_folder(tmp_path, MARK, "site")
    assert _files(tmp_path) == {MARK, "a.html", "b.html", "mine.txt"}, (
        "counting takes minutes, and may be stopped"
    )
    write_folder(tmp_path, MARK, {"a.html": "two", "c.html": "two"}, profile="x")
    assert _files(tmp_path) == {MARK, "a.html", "c.html", "mine.txt"}
    assert json.loads((tmp_path / MARK).read_text())["files"] == ["a.html", "c.html"]


def test_a_command_killed_while_it_writes_can_be_repeated(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_folder(tmp_path, MARK, {"a.html": "one"})

    def write_until_killed(text: str, path: Path) -> None:
        if path.suffix == ".html":
            raise KeyboardInterrupt
        path.write_text(text)

    monkeypatch.setattr("quality.report.folder.write_page", write_until_killed)
    with pytest.raises(KeyboardInterrupt):
        write_folder(tmp_path, MARK, {"b.html": "two"})
    monkeypatch.undo()
    assert (tmp_path / "a.html").read_text() == "one"
    write_folder(tmp_path, MARK, {"b.html": "three"})
    assert _files(tmp_path) == {MARK, "b.html"}


def test_a_folder_of_something_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.docx").write_text("years")
    with pytest.raises(InputError, match="holds something that is not a site"):
        check_folder(tmp_path, MARK, "site")
    (tmp_path / MARK).write_text("{")
    with pytest.raises(InputError, match="is damaged"):
        check_folder(tmp_path, MARK, "site")


def test_a_command_that_is_refused_later_leaves_no_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The check itself made the folder: leo report outcomes of a run without cohorts
    left an empty one.
    """
    check_folder(tmp_path / "new" / "pages", MARK, "site")
    assert not _files(tmp_path)
    (tmp_path / "file").touch()
    with pytest.raises(
        InputError,
        match=r"file: is a file, not a folder\n  give a folder that may be written to",
    ):
        check_folder(tmp_path / "file" / "pages", MARK, "site")
    monkeypatch.setattr("os.access", lambda place, right: False)
    with pytest.raises(
        InputError,
        match=r"this user may not write there\n  give a folder that may be written to",
    ):
        check_folder(tmp_path / "new" / "pages", MARK, "site")


def test_two_processes_that_write_one_page_leave_it_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two `leo report` on one run: the second moved the first one's page, which ended
    with an error.
    """
    replace, parts = Path.replace, []

    def replace_late(part: Path, target: Path) -> Path:
        if not parts:
            parts.append(part)
            write_page("theirs", tmp_path / "index.html")
        return replace(part, target)

    monkeypatch.setattr(Path, "replace", replace_late)
    write_page("ours", tmp_path / "index.html")
    assert (tmp_path / "index.html").read_text() == "ours"
    assert _files(tmp_path) == {"index.html"}
