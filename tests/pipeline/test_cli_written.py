"""Output files of commands: a file that cannot be written is refused before the work,
and not after all of it.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from linkage.cli.app import app
from linkage.cli.output import write_json


def usage_error(tmp_path: Path, *words: str) -> str:
    """The usage error of a command whose files do not exist: the option is checked
    first.
    """
    result = CliRunner().invoke(app, [*words], env={"COLUMNS": "400"})
    assert result.exit_code == 2, result.output
    return " ".join(result.output.replace(str(tmp_path), "").split())


@pytest.mark.parametrize(
    "words",
    [
        ("model", "blocking", "none.csv", "nor.csv", "--out"),
        ("model", "train", "none.csv", "nor.csv", "--out"),
        ("report", "compare", "none", "nor", "--html"),
        ("explain", "none", "--person", "1", "--html"),
    ],
)
def test_a_folder_in_place_of_a_file_is_refused_before_any_work(
    tmp_path: Path, words: tuple[str, ...]
) -> None:
    (tmp_path / "rules").mkdir()
    (tmp_path / "notes.txt").write_text("")
    assert "/rules is a folder: name a file in it" in usage_error(
        tmp_path, *words, str(tmp_path / "rules")
    )
    message = usage_error(tmp_path, *words, str(tmp_path / "notes.txt" / "rules.json"))
    assert (
        "/notes.txt/rules.json: /notes.txt is not a folder: name a file in one"
        in message
    )


def test_json_is_written_into_a_new_folder_without_leftovers(tmp_path: Path) -> None:
    write_json({"a": 1}, tmp_path / "new" / "found.json")
    assert json.loads((tmp_path / "new" / "found.json").read_text()) == {"a": 1}
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["found.json"]


def test_a_table_is_written_though_nobody_reads_the_output(tmp_path: Path) -> None:
    """`leo disclosure check pay.csv --out safe | head` wrote nothing."""
    (tmp_path / "pay.csv").write_text("Region,Female,Male\nNorth,23,4\nSouth,40,55\n")
    read, write = os.pipe()
    os.close(read)
    try:
        leo = [sys.executable, "-c", "from linkage.cli import main; main()"]
        check = [
            *leo,
            "disclosure",
            "check",
            tmp_path / "pay.csv",
            "--out",
            tmp_path / "safe",
        ]
        subprocess.run(
            check, stdout=write, stderr=subprocess.DEVNULL, timeout=600, check=False
        )
    finally:
        os.close(write)
    assert sorted(path.name for path in (tmp_path / "safe").iterdir()) == [
        "pay.audit.csv",
        "pay.csv",
        "pay.toml",
    ]


@pytest.mark.parametrize(
    "words",
    [
        ("link", "none.csv", "nor.csv"),
        ("dedupe", "none.csv"),
        ("catalogue", "site"),
    ],
    ids=lambda words: " ".join(words),
)
def test_a_file_in_place_of_a_folder_is_called_a_file(
    words: tuple[str, ...], tmp_path: Path
) -> None:
    """It was called a folder with files that leo link did not write."""
    (tmp_path / "pairs.csv").touch()
    result = CliRunner().invoke(app, [*words, "--out", str(tmp_path / "pairs.csv")])
    assert "pairs.csv: is a file\n  give a" in str(result.exception)


@pytest.mark.parametrize(
    "words",
    [
        ("disclosure", "check", "none.csv"),
        ("disclosure", "microdata", "none.csv"),
        ("dedupe", "none.csv"),
    ],
)
def test_a_missing_file_is_named_with_a_remedy(
    words: tuple[str, ...], tmp_path: Path
) -> None:
    result = CliRunner().invoke(
        app,
        [*words, *(["--out", str(tmp_path / "new")] if words[0] == "dedupe" else [])],
    )
    first_line, _, remedy = str(result.exception).partition("\n  ")
    assert first_line == "none.csv: no such file"
    assert remedy.startswith(("give a CSV", "check its name"))
