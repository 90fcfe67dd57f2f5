"""Two files on their way: of one name in two folders, and one file given twice."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from linkage.adhoc.link import link_files
from linkage.adhoc.two_files import Asked, two_files
from linkage.engine import connect, rows
from linkage.errors import InputError
from tests.adhoc.conftest import Done, Files


def test_files_of_one_name_are_told_apart(files: Files, done: Done, tmp_path: Path) -> None:
    """data/2024/people.csv and data/2025/people.csv: the manifest had the facts of the second alone."""
    sides = tmp_path / "2024" / "people.csv", tmp_path / "2025" / "people.csv"
    for path, to in zip((files.left, files.right), sides, strict=True):
        to.parent.mkdir()
        shutil.copy(path, to)
    model = done.request.out / "model.json"
    link_files(replace(done.request, left=sides[0], right=sides[1], out=tmp_path / "out", model=model, links_only=True))
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text())
    assert manifest["title"] == "Linkage quality report: left people.csv to right people.csv"
    made = manifest["inputs"]
    first = json.loads((done.request.out / "manifest.json").read_text())["inputs"]
    assert made == {"left people.csv": first["pupils.csv"], "right people.csv": first["customers.csv"]}


def test_codes_of_which_the_files_have_none_in_common_are_not_compared(tmp_path: Path) -> None:
    """The venues of two bibliographies: all pairs differ, and two records of one file would look like one by them."""
    for side, venues, end in (("left", ["VLDB", "ICDE"], "."), ("right", ["Very Large Data Bases", "Conference"], "")):
        titles = [f"{'abcdefghij'[n % 10] * 5} of {'klmnopqrst'[n // 10] * 7}" for n in range(100)]
        lines = [
            f"{side}{n},{title}{end},{venues[n % 2]},{1990 + n % 7},{venues[0][1]}" for n, title in enumerate(titles)
        ]
        (tmp_path / f"{side}.csv").write_text("\n".join(["id,title,venue,year,edition", *lines]), encoding="utf-8")
    with connect("duckdb") as engine:
        read = two_files(engine, Asked(tmp_path / "left.csv", tmp_path / "right.csv"), tmp_path / "scratch")
        assert set(read.kinds) == {"title", "year"}
        assert read.notes() == [
            "venue is not compared: the files have no value of it in common (venue and venue); write both in the same codes",
            "edition is not compared: either file has one value of it",
        ]
        left, right = ({row["title"] for row in rows(engine, side)} for side in read.sides)
    assert left == right, "whether or not a file ends its titles with a full stop"


def test_a_file_is_not_linked_with_itself(files: Files, tmp_path: Path) -> None:
    copy = tmp_path / "copy.csv"
    shutil.copy(files.left, copy)
    with (
        connect("duckdb") as engine,
        pytest.raises(InputError, match=r"pupils.csv and .*copy.csv are one file: .*\n.*leo dedupe"),
    ):
        two_files(engine, Asked(files.left, copy), tmp_path / "scratch")
