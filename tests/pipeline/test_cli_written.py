"""Files that a verb is asked to write: what cannot be written is told before the work, and not after all of it."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from linkage.cli.app import app
from linkage.cli.output import write_json


def refused(tmp_path: Path, *words: str) -> str:
    """What is said of a command whose files are not even there: the option is looked at before them."""
    there = CliRunner().invoke(app, [*words], env={"COLUMNS": "400"})
    assert there.exit_code == 2, there.output
    return " ".join(there.output.replace(str(tmp_path), "").split())


@pytest.mark.parametrize(
    "words",
    [
        ("model", "blocking", "none.csv", "nor.csv", "--out"),
        ("model", "train", "none.csv", "nor.csv", "--out"),
        ("report", "compare", "none", "nor", "--html"),
        ("explain", "none", "--person", "1", "--html"),
    ],
)
def test_a_folder_in_the_stead_of_a_file_is_told_before_the_work(tmp_path: Path, words: tuple[str, ...]) -> None:
    (tmp_path / "rules").mkdir()
    (tmp_path / "notes.txt").write_text("")
    assert "/rules is a folder: name a file in it" in refused(tmp_path, *words, str(tmp_path / "rules"))
    told = refused(tmp_path, *words, str(tmp_path / "notes.txt" / "rules.json"))
    assert "/notes.txt/rules.json: /notes.txt is not a folder: name a file in one" in told


def test_what_was_found_is_written_whole_in_a_folder_that_is_made(tmp_path: Path) -> None:
    write_json({"a": 1}, tmp_path / "new" / "found.json")
    assert json.loads((tmp_path / "new" / "found.json").read_text()) == {"a": 1}
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["found.json"]


def test_a_table_is_written_though_nobody_reads_what_is_said_of_it(tmp_path: Path) -> None:
    """`leo disclosure check pay.csv --out safe | head` wrote nothing."""
    (tmp_path / "pay.csv").write_text("Region,Female,Male\nNorth,23,4\nSouth,40,55\n")
    read, write = os.pipe()
    os.close(read)
    try:
        leo = [sys.executable, "-c", "from linkage.cli import main; main()"]
        check = [*leo, "disclosure", "check", tmp_path / "pay.csv", "--out", tmp_path / "safe"]
        subprocess.run(check, stdout=write, stderr=subprocess.DEVNULL, timeout=600, check=False)
    finally:
        os.close(write)
    assert sorted(path.name for path in (tmp_path / "safe").iterdir()) == ["pay.audit.csv", "pay.csv", "pay.toml"]


@pytest.mark.parametrize(
    "words",
    [
        ("link", "none.csv", "nor.csv"),
        ("dedupe", "none.csv"),
        ("catalogue", "site"),
    ],
    ids=lambda words: " ".join(words),
)
def test_a_file_where_a_folder_is_to_be_is_called_a_file(words: tuple[str, ...], tmp_path: Path) -> None:
    """Of a file it was said that the folder holds something already, and was not written by leo link."""
    (tmp_path / "pairs.csv").touch()
    there = CliRunner().invoke(app, [*words, "--out", str(tmp_path / "pairs.csv")])
    assert "pairs.csv: is a file\n  give a" in str(there.exception)


@pytest.mark.parametrize(
    "words", [("disclosure", "check", "none.csv"), ("disclosure", "microdata", "none.csv"), ("dedupe", "none.csv")]
)
def test_a_file_that_is_not_there_is_told_with_what_to_do(words: tuple[str, ...], tmp_path: Path) -> None:
    there = CliRunner().invoke(app, [*words, *(["--out", str(tmp_path / "new")] if words[0] == "dedupe" else [])])
    said, _, remedy = str(there.exception).partition("\n  ")
    assert said == "none.csv: no such file"
    assert remedy.startswith(("give a CSV", "check its name"))
