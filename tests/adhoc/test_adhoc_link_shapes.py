"""`leo link` on files of other shapes: people who are there twice, and columns that nobody can tell."""

import csv
import json
import re
from dataclasses import replace
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from linkage.adhoc.link import Request, link_files
from linkage.cli.app import app
from linkage.errors import ConfigError
from tests.adhoc.conftest import SHARED, Done, Files, write_csv


def test_second_records_are_linked_where_a_file_has_many(files: Files, done: Done, tmp_path: Path) -> None:
    with files.left.open(encoding="utf-8") as file:
        people = list(csv.DictReader(file))
    again = [{**one, "person_id": one["person_id"].replace("A", "C")} for one in people[:60]]
    twice = write_csv(tmp_path / "twice.csv", [*people, *again])
    linked = link_files(Request(twice, files.right, tmp_path / "out", threads=2))
    rows = pq.read_table(tmp_path / "out" / "links.parquet").to_pylist()
    accepted = {(row["left_id"], row["right_id"]) for row in rows if row["decision"] == "accepted"}
    both = {n for n in range(60) if {(f"{file}{n:04}", f"B{n:04}") for file in "AC"} <= accepted}
    assert len(both) > 50
    assert any("twice.csv" in note and "second records are linked too" in note for note in linked.notes)
    link_files(Request(twice, files.right, tmp_path / "one", threads=2, second_records=False))
    rows = pq.read_table(tmp_path / "one" / "links.parquet").to_pylist()
    rights = [row["right_id"] for row in rows if row["decision"] == "accepted"]
    assert len(rights) == len(set(rights))
    assert not done.linked.notes, "files without second records are told nothing of them"
    model = tmp_path / "out" / "model.json"
    alone = Request(twice, files.right, tmp_path / "links", model=model, threads=2, links_only=True)
    assert any("twice.csv" in note and "the better one alone is linked" in note for note in link_files(alone).notes)
    with pytest.raises(ConfigError, match="--links-only leaves out what --second-records are found by"):
        link_files(replace(alone, second_records=True))


def test_events_of_people_do_not_compete_for_the_person(files: Files, tmp_path: Path) -> None:
    with files.right.open(encoding="utf-8") as file:
        people = list(csv.DictReader(file))
    elsewhere = [{**one, "id": f"{one['id']}-{n}", "PCODE": f"ZE{n}9ZZ"} for one in people for n in range(3)]
    events = write_csv(tmp_path / "events.csv", [*people, *elsewhere])
    linked = link_files(Request(files.left, events, tmp_path / "out", threads=2))
    rows = pq.read_table(tmp_path / "out" / "links.parquet").to_pylist()
    accepted = [row for row in rows if row["decision"] == "accepted"]
    assert len({row["right_id"] for row in accepted}) == len(accepted) > 3 * SHARED
    assert any("events.csv" in note for note in linked.notes)
    asked = json.loads((tmp_path / "out" / "manifest.json").read_text(encoding="utf-8"))["request"]
    assert asked["cardinality"] == "one-to-many"
    links_only = link_files(Request(files.left, events, tmp_path / "links", threads=2, links_only=True))
    assert any("events.csv" in note and "all of a person's are linked" in note for note in links_only.notes)
    found = tmp_path / "found.json"
    said = CliRunner().invoke(app, ["compare", *[str(tmp_path / "links")] * 2, "--json", str(found)])
    assert said.exit_code == 0, "folders of links alone can be compared"
    (step,) = json.loads(found.read_text(encoding="utf-8"))["steps"]
    assert step["kept"] == step["before"] == links_only.summary["decisions"]["accepted"]


def test_all_records_of_a_person_are_linked_where_both_files_hold_several(files: Files, tmp_path: Path) -> None:
    with files.left.open(encoding="utf-8") as left, files.right.open(encoding="utf-8") as right:
        people = list(csv.DictReader(left)), list(csv.DictReader(right))
    lefts = [{**one, "person_id": f"{one['person_id']}-{n}"} for one in people[0] for n in range(3)]
    rights = [{**one, "id": f"{one['id']}-{n}"} for one in people[1] for n in range(2)]
    paths = write_csv(tmp_path / "visits.csv", lefts), write_csv(tmp_path / "stays.csv", rights)
    linked = link_files(Request(*paths, tmp_path / "out", threads=2))
    rows = pq.read_table(tmp_path / "out" / "links.parquet").to_pylist()
    found = {(row["left_id"], row["right_id"]) for row in rows if row["decision"] == "accepted"}
    true = {(f"A{n:04}-{a}", f"B{n:04}-{b}") for n in range(SHARED) for a in range(3) for b in range(2)}
    assert len(found & true) > 0.95 * len(true)
    assert len(found - true) < 0.01 * len(found)
    for name in ("visits.csv", "stays.csv"):
        assert any(name in note and "all of a person's are linked" in note for note in linked.notes)


def test_a_file_in_which_no_column_was_taken_for_a_name_is_told_of(files: Files, tmp_path: Path) -> None:
    with files.right.open(encoding="utf-8") as file:
        people = [{"wer": "?", "wie": "?", **row} for row in csv.DictReader(file)]
    for row in people:
        row.pop("SURNAME"), row.pop("FORENAME")
    nameless = write_csv(tmp_path / "nameless.csv", people)
    words = map(str, ["link", files.left, nameless, "--out", tmp_path / "out"])
    answer = CliRunner().invoke(app, list(words))
    for name in ("forename", "surname"):
        assert f"nameless.csv: no column was taken for a {name}" in answer.output
        assert f"--map right.{name}=COLUMN" in answer.output
    assert "nameless.csv: taken for nothing, not compared: wer, wie" in answer.output


def test_birth_dates_in_no_form_are_said_to_be_left_out_and_the_rest_is_linked(files: Files, tmp_path: Path) -> None:
    with files.right.open(encoding="utf-8") as file:
        people = [{**row, "DOB": "some day"} for row in csv.DictReader(file)]
    right = write_csv(tmp_path / "right.csv", people)
    answer = CliRunner().invoke(
        app, list(map(str, ["link", files.left, right, "--out", tmp_path / "o", "--links-only"]))
    )
    assert answer.exit_code == 0, answer.output
    assert "note: right.csv: 240 birth dates are in no form that is read" in answer.output
    assert "note: birth dates are not compared: most of a file's are in no form that is read" in answer.output
    assert pq.read_table(tmp_path / "o" / "links.parquet").num_rows > 100


def test_the_report_says_that_the_model_was_trained_here_and_from_which_weight_a_pair_is_linked(done: Done) -> None:
    page = (done.request.out / "report" / "index.html").read_text(encoding="utf-8")
    row = re.sub(r"<[^>]+>", " ", page.split("Trained in the run", 1)[1]).split("A version is a fingerprint")[0].split()
    limits = done.linked.summary["thresholds"]
    assert "yes" in row
    assert [f"{limits[name]:.2f}".replace("-", "−") for name in ("accept", "review", "margin")] == row[-3:]
