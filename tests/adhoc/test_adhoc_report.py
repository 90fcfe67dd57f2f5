"""What the report on person files says of the files themselves: no row is lost in silence."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from linkage.adhoc.dedupe import DedupeRequest, dedupe_file
from linkage.adhoc.link import Request, link_files
from quality.report import render_run
from tests.adhoc.conftest import PEOPLE, Done, Files

RAGGED = 40


@pytest.fixture
def ragged(files: Files, tmp_path: Path) -> Path:
    """The left file with forty rows that have a field too many."""
    path = tmp_path / "ragged.csv"
    more = "".join(f"X{n},A,B,1980-01-01,M,AB1 2CD,one too many\n" for n in range(RAGGED))
    path.write_text(files.left.read_text(encoding="utf-8") + more, encoding="utf-8")
    return path


def _evaluation(out: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((out / "quality" / "evaluation.json").read_text(encoding="utf-8"))
    return found


def _words(page: str, after: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", page.split(after, 1)[1]).split())


def test_rows_read_and_set_aside_stand_in_the_flow_of_records(ragged: Path, files: Files, tmp_path: Path) -> None:
    link_files(Request(ragged, files.right, tmp_path / "out", threads=2))
    source = _evaluation(tmp_path / "out")["sources"][0]
    counts = {name: source[name] for name in ("source", "rows_read", "quarantined", "entities")}
    assert counts == {
        "source": "ragged.csv",
        "rows_read": PEOPLE + RAGGED,
        "quarantined": RAGGED,
        "entities": PEOPLE,
    }
    page = (tmp_path / "out" / "report" / "index.html").read_text(encoding="utf-8")
    assert f"ragged.csv, rows set aside {RAGGED}" in _words(page, "Flow of records")


def test_few_rows_set_aside_are_not_had_from_the_rest(files: Files, done: Done, tmp_path: Path) -> None:
    """Three rows: hidden, and so are the rows read, from which the people who are shown would give them away."""
    out = tmp_path / "out"
    out.mkdir()
    (out / "quality").mkdir()
    evaluation = _evaluation(done.request.out)
    evaluation["sources"][0] |= {"rows_read": PEOPLE + 3, "quarantined": 3}
    (out / "quality" / "evaluation.json").write_text(json.dumps(evaluation), encoding="utf-8")
    words = _words(render_run(out).read_text(encoding="utf-8"), "Stage")
    assert "pupils.csv, rows set aside c" in words
    assert "pupils.csv, rows read c" in words


def test_how_many_records_know_each_field_is_told(done: Done) -> None:
    found = {
        (source["source"], row["identifier"]): row["present"]
        for source in _evaluation(done.request.out)["sources"]
        for row in source["completeness"]
    }
    assert found["pupils.csv", "dob"] == PEOPLE
    assert 0 < found["customers.csv", "dob"] < PEOPLE, "three in a hundred are left empty"
    page = (done.request.out / "report" / "index.html").read_text(encoding="utf-8")
    assert "People with a value, %" in page
    assert "People with more than one value" not in page


def test_so_it_is_of_one_file(ragged: Path, tmp_path: Path) -> None:
    dedupe_file(DedupeRequest(ragged, tmp_path / "out", threads=2))
    (source,) = _evaluation(tmp_path / "out")["sources"]
    assert (source["rows_read"], source["quarantined"], source["entities"]) == (PEOPLE + RAGGED, RAGGED, PEOPLE)
