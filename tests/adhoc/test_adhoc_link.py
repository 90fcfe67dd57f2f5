"""`leo link`: two person files, no configuration; links, unlinked, model, manifest and report."""

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner, Result

from linkage.adhoc.link import Request, link_files
from linkage.cli.app import app
from linkage.errors import ConfigError, InputError
from linkage.model import load
from tests.adhoc.conftest import CANARY, PEOPLE, SHARED, Done, Files, make_files, write_csv

WRITTEN = {"links.parquet", "unlinked.parquet", "model.json", "manifest.json", "report", "quality"}
LINK_COLUMNS = ["left_id", "right_id", "method", "pass", "pattern", "match_weight", "match_probability",
                "runner_up_weight", "decision", "reason"]  # fmt: skip


def _leo(*words: Any) -> Result:
    return CliRunner().invoke(app, ["link", *map(str, words)])


def _manifest(out: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((out / "manifest.json").read_text())
    return found


def test_what_is_written(done: Done) -> None:
    out = done.request.out
    assert {path.name for path in out.iterdir()} == WRITTEN
    assert pq.read_schema(out / "links.parquet").names == LINK_COLUMNS
    assert pq.read_schema(out / "unlinked.parquet").names == ["side", "id", "reason"]
    assert [path.name for path in (out / "report").iterdir()] == ["index.html"]
    assert not list(out.parent.glob(".*")), "nothing is left beside the folder"


def test_links_name_rows_by_the_ids_of_the_files(done: Done) -> None:
    links = pq.read_table(done.request.out / "links.parquet").to_pylist()
    assert {row["left_id"][0] + row["right_id"][0] for row in links} == {"AB"}
    accepted = [row for row in links if row["decision"] == "accepted"]
    assert len({row["left_id"] for row in accepted}) == len({row["right_id"] for row in accepted}) == len(accepted)
    right = sum(row["left_id"][1:] == row["right_id"][1:] for row in accepted)
    assert right >= 0.97 * SHARED
    assert right >= 0.98 * len(accepted)
    fields = len(done.linked.fields)
    assert all(len(row["pattern"].split(",")) == fields for row in links)
    assert all(row["reason"] for row in links if row["decision"] != "accepted")


def test_links_alone_are_those_that_are_accepted_with_everything(done: Done, tmp_path: Path) -> None:
    out = tmp_path / "only"
    files = done.request
    answer = _leo(files.left, files.right, "--out", out, "--links-only")
    assert answer.exit_code == 0
    assert "for review" not in answer.output
    assert {path.name for path in out.iterdir()} == {"links.parquet", "model.json", "manifest.json"}
    links = pq.read_table(out / "links.parquet")
    assert links.column_names == [*LINK_COLUMNS[:4], *LINK_COLUMNS[5:7], "decision"]  # which compare asks for
    everything = pq.read_table(files.out / "links.parquet").to_pylist()
    accepted = {(row["left_id"], row["right_id"]) for row in everything if row["decision"] == "accepted"}
    alone = {(row["left_id"], row["right_id"]) for row in links.to_pylist()}
    assert len(alone ^ accepted) <= 0.01 * len(accepted)
    asked = CliRunner().invoke(app, ["explain", str(out), "--record", f"left={min(alone)[0]}"])
    assert "link again without --links-only" in str(asked.exception)
    both = _leo(files.left, files.right, "--out", out, "--links-only", "--samples", 2)
    assert "give one of them" in str(both.exception)


def test_link_sets_are_drawn_where_they_are_asked_for(files: Files, tmp_path: Path) -> None:
    answer = _leo(files.left, files.right, "--out", tmp_path / "linked", "--samples", 3)
    assert answer.exit_code == 0
    assert "3 of them" in answer.output
    drawn = pq.read_table(tmp_path / "linked" / "link_draws.parquet").to_pylist()
    assert {row["draw"] for row in drawn} == {1, 2, 3}
    for draw in (1, 2, 3):
        pairs = [(row["left_id"], row["right_id"]) for row in drawn if row["draw"] == draw]
        assert len({left for left, _ in pairs}) == len({right for _, right in pairs}) == len(pairs)
        assert sum(left[1:] == right[1:] for left, right in pairs) >= 0.97 * SHARED
    (step,) = json.loads((tmp_path / "linked" / "quality" / "evaluation.json").read_text(encoding="utf-8"))["steps"]
    assert step["uncertainty"]["links"]["mean"] == pytest.approx(len(drawn) / 3)
    assert "Links from sample to sample" in (tmp_path / "linked" / "report" / "index.html").read_text(encoding="utf-8")


def test_every_row_is_linked_or_has_its_reason(done: Done) -> None:
    links = pq.read_table(done.request.out / "links.parquet").to_pylist()
    unlinked = pq.read_table(done.request.out / "unlinked.parquet").to_pylist()
    for side, others in (("left", PEOPLE), ("right", PEOPLE)):
        linked = {row[f"{side}_id"] for row in links if row["decision"] == "accepted"}
        without = [row["id"] for row in unlinked if row["side"] == side]
        assert len(linked) + len(without) == others
        assert not linked & set(without)
    assert all(row["reason"] for row in unlinked)


def test_error_against_the_truth_is_what_the_links_say(done: Done) -> None:
    links = pq.read_table(done.request.out / "links.parquet").to_pylist()
    accepted = [row for row in links if row["decision"] == "accepted"]
    right = sum(row["left_id"][1:] == row["right_id"][1:] for row in accepted)
    said = done.linked.truth
    assert said is not None
    assert (said["true_pairs"], said["accepted"]) == (SHARED, len(accepted))
    precision, recall = right / len(accepted), right / SHARED
    assert (said["precision"], said["recall"]) == (pytest.approx(precision), pytest.approx(recall))
    assert said["f1"] == pytest.approx(2 * precision * recall / (precision + recall))
    assert _manifest(done.request.out)["truth"] == said


def test_what_the_rules_reach_is_measured_against_the_truth(done: Done) -> None:
    evaluation = json.loads((done.request.out / "quality" / "evaluation.json").read_text())
    blocking = evaluation["steps"][0]["blocking"]
    assert blocking["true_pairs"] == SHARED
    shares = [rule["added_recall"]["count"] for rule in blocking["rules"]]
    assert sum(shares) == blocking["recall"]["count"]
    assert SHARED >= blocking["recall_with_passes"]["count"] >= blocking["recall"]["count"] > 0.9 * SHARED
    assert blocking["recall"]["value"] == pytest.approx(blocking["estimated_recall"], abs=0.03)
    assert sum(rule["links"] for rule in blocking["rules"]) + sum(row["links"] for row in blocking["passes"]) == sum(
        row["links"] for row in evaluation["steps"][0]["passes"]
    )


def test_the_manifest_says_what_was_read_recognised_and_made(done: Done) -> None:
    manifest = _manifest(done.request.out)
    assert {name: facts["rows"] for name, facts in manifest["inputs"].items()} == {
        "pupils.csv": PEOPLE,
        "customers.csv": PEOPLE,
    }
    assert [facts["birth_dates_in_no_form"] for facts in manifest["inputs"].values()] == [0, 0]
    assert manifest["recognised"]["right"] == {
        "forename": "FORENAME", "surname": "SURNAME", "dob": "DOB", "sex": "SEX", "postcode": "PCODE",
    }  # fmt: skip
    assert manifest["recognised"]["compared"] == {
        "forename": "names", "surname": "name", "dob": "date", "sex": "category", "postcode": "postcode",
    }  # fmt: skip
    assert {"read", "train", "link", "write"} <= {stage["name"] for stage in manifest["stages"]}
    assert manifest["tables"]["links"]["rows"] == pq.read_metadata(done.request.out / "links.parquet").num_rows
    assert manifest["counts"]["left_units"] == PEOPLE
    assert manifest["counts"]["training"]["rules"]


def test_no_value_of_a_person_is_in_what_travels(done: Done, files: Files) -> None:
    out = done.request.out
    texts = [(out / "manifest.json").read_text(), (out / "model.json").read_text(), " ".join(done.said)]
    texts += [
        path.read_text(encoding="utf-8") for path in (out / "report" / "index.html", *(out / "quality").iterdir())
    ]
    postcode = files.left.read_text().splitlines()[8].split(",")[-1]
    for text in texts:
        assert CANARY.lower() not in text.lower()
        assert postcode not in text
        assert "A0007" not in text


def test_the_model_is_one_that_can_be_used_again(done: Done, files: Files, tmp_path: Path) -> None:
    model = load(done.request.out / "model.json")
    assert model.is_trained
    assert model.blocking_rules
    again = replace(done.request, out=tmp_path / "again", model=done.request.out / "model.json")
    link_files(again)
    first, second = _manifest(done.request.out), _manifest(tmp_path / "again")
    assert second["tables"]["links"]["hash"] == first["tables"]["links"]["hash"]
    assert (tmp_path / "again" / "model.json").read_bytes() == (done.request.out / "model.json").read_bytes()


@pytest.fixture(scope="module")
def turned(done: Done, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same people in the opposite order, linked on one thread."""
    folder = tmp_path_factory.mktemp("turned")
    files = make_files(folder, turned=True)
    link_files(Request(files.left, files.right, folder / "linked", truth=files.truth, threads=1))
    return folder / "linked"


def test_the_order_of_rows_and_the_threads_change_no_link(done: Done, turned: Path) -> None:
    def told(out: Path) -> set[tuple[Any, ...]]:
        found = pq.read_table(
            out / "links.parquet", columns=["left_id", "right_id", "pattern", "match_weight", "decision"]
        )
        return {(*row.values(),) for row in found.to_pylist() if row["decision"] == "accepted"}

    assert told(turned) == told(done.request.out)
    assert (turned / "model.json").read_bytes() == (done.request.out / "model.json").read_bytes()


def test_the_command_says_what_it_took_for_what_and_how_well_it_did(done: Done, files: Files, tmp_path: Path) -> None:
    """Semicolons and latin-1 on the left, Parquet on the right, a map for a name that nobody would guess."""
    table = [dict(zip(*pair, strict=False)) for pair in _rows(files.left)]
    for row in table:
        row["KRYPTONYM"] = row.pop("last_name")
    left = write_csv(tmp_path / "left.txt.gz", table, ";", "latin-1")
    right = tmp_path / "right.parquet"
    pq.write_table(pa.Table.from_pylist([dict(zip(*pair, strict=False)) for pair in _rows(files.right)]), right)
    result = _leo(
        left, right, "--out", tmp_path / "o", "--encoding", "latin-1", "--map", "left.surname=KRYPTONYM",
        "--truth", files.truth, "--model", done.request.out / "model.json", "--threads", 2,
    )  # fmt: skip
    assert result.exit_code == 0, result.stderr
    assert "surname" in result.stderr
    assert "KRYPTONYM" in result.stderr
    assert f"against {SHARED} true pairs: precision " in result.stdout
    assert str(tmp_path / "o" / "links.parquet") in result.stdout
    assert CANARY.lower() not in result.output.lower()
    links = {"links.parquet": _accepted(tmp_path / "o"), "as before": _accepted(done.request.out)}
    assert links["links.parquet"] == links["as before"]


def test_files_of_two_encodings_lose_no_row_and_what_was_guessed_is_said(
    files: Files, done: Done, tmp_path: Path
) -> None:
    sides = []
    for path, surname, encoding in ((files.left, "last_name", "cp1252"), (files.right, "SURNAME", "utf-8")):
        table = [dict(zip(*pair, strict=True)) for pair in _rows(path)]
        for row in table:
            row[surname] += "é"
        sides.append(write_csv(tmp_path / path.name, table, encoding=encoding))
    truth = tmp_path / "truth.tsv"
    truth.write_text(files.truth.read_text().replace("left_id,right_id", "pupil,customer").replace(",", "\t"))
    model = done.request.out / "model.json"
    result = _leo(*sides, "--out", tmp_path / "o", "--truth", truth, "--model", model)
    assert result.exit_code == 0, result.stderr
    assert result.stderr.count(f"note: {files.left.name}: read as cp1252") == 1
    assert f"against {SHARED} true pairs" in result.stdout
    assert _accepted(tmp_path / "o") == _accepted(done.request.out)
    assert [facts["set_aside"] for facts in _manifest(tmp_path / "o")["inputs"].values()] == [{}, {}]


def test_rows_that_could_not_be_read_are_told_before_and_after_the_work(
    files: Files, done: Done, tmp_path: Path
) -> None:
    left = tmp_path / files.left.name
    lines = files.left.read_text().splitlines()
    left.write_text("\n".join([*lines[:3], lines[3] + ",more", *lines[4:]]) + "\n")
    result = _leo(left, files.right, "--out", tmp_path / "o", "--model", done.request.out / "model.json")
    assert result.exit_code == 0, result.stderr
    told = f"note: {left.name}: 1 of {PEOPLE} rows set aside, the first in line 4: 1 row has 7 fields, the header 6"
    assert result.stderr.count(told) == 2


def _rows(path: Path) -> list[tuple[list[str], list[str]]]:
    header, *lines = path.read_text(encoding="utf-8").splitlines()
    return [(header.split(","), line.split(",")) for line in lines]


def _accepted(out: Path) -> set[tuple[str, str]]:
    links = pq.read_table(out / "links.parquet").to_pylist()
    return {(row["left_id"], row["right_id"]) for row in links if row["decision"] == "accepted"}


# Faults: each is named, and nothing is left where the output would have been.


def _refused(request: Request, kind: type[Exception]) -> str:
    with pytest.raises(kind) as refused:
        link_files(request)
    assert not list(request.out.parent.glob(".*.part")), "a failed run leaves its folder behind"
    assert CANARY.lower() not in str(refused.value).lower()
    return str(refused.value)


def test_files_too_small_to_learn_from_are_linked_and_the_report_says_how(tmp_path: Path) -> None:
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXY"
    people = [(f"P{n:03}", f"{a}NE{a}A", f"{a}O{a}EVI", 1950 + n) for n, a in enumerate(letters)]
    header = "id,forename,surname,dob\n"
    for side, rows in (("left", people[:18]), ("right", people[8:])):
        lines = [f"{side}{i},{given},{family},{year}-05-06" for i, given, family, year in rows]
        (tmp_path / f"{side}.csv").write_text(header + "\n".join(lines) + "\n", encoding="utf-8")
    linked = link_files(Request(tmp_path / "left.csv", tmp_path / "right.csv", tmp_path / "out", threads=2))
    links = pq.read_table(tmp_path / "out" / "links.parquet").to_pylist()
    accepted = {(k["left_id"], k["right_id"]) for k in links if k["decision"] == "accepted"}
    assert accepted == {(f"leftP{n:03}", f"rightP{n:03}") for n in range(8, 18)}
    (said,) = linked.summary["training"]["warnings"]
    assert said.startswith("nothing to train on")
    assert "give a trained model" in said


def test_a_missing_file_is_named(files: Files, tmp_path: Path) -> None:
    said = _refused(Request(files.left, tmp_path / "gone.csv", tmp_path / "o"), InputError)
    assert f"{tmp_path / 'gone.csv'}: no such file" in said
    assert not (tmp_path / "o").exists()


def test_an_output_folder_in_use_is_not_touched(files: Files, tmp_path: Path) -> None:
    (tmp_path / "o").mkdir()
    (tmp_path / "o" / "thesis.txt").write_text("mine")
    for force in (False, True):
        request = Request(files.left, files.right, tmp_path / "o", force=force)
        assert "it was not written by leo link" in _refused(request, ConfigError)
    assert (tmp_path / "o" / "thesis.txt").read_text() == "mine"


def test_an_earlier_result_is_replaced_only_when_asked(done: Done, tmp_path: Path) -> None:
    shutil.copytree(done.request.out, tmp_path / "o")
    request = replace(done.request, out=tmp_path / "o", model=done.request.out / "model.json", threshold=0.99)
    before = (tmp_path / "o" / "manifest.json").read_bytes()
    assert "--force" in _refused(request, ConfigError)
    assert (tmp_path / "o" / "manifest.json").read_bytes() == before
    link_files(replace(request, force=True))
    assert _manifest(tmp_path / "o")["config_hash"] != _manifest(done.request.out)["config_hash"]
    assert {path.name for path in (tmp_path / "o").iterdir()} == WRITTEN


def test_an_output_that_is_a_file_is_refused(files: Files, tmp_path: Path) -> None:
    (tmp_path / "o").write_text("mine")
    _refused(Request(files.left, files.right, tmp_path / "o", force=True), ConfigError)
    assert (tmp_path / "o").read_text() == "mine"


def test_a_map_that_fits_no_column_is_a_fault_of_usage(files: Files, tmp_path: Path) -> None:
    result = _leo(files.left, files.right, "--out", tmp_path / "o", "--map", "left.surname=FAMILY")
    assert result.exit_code != 0
    said = _refused(Request(files.left, files.right, tmp_path / "o", maps=["left.surname=FAMILY"]), ConfigError)
    assert "the left file has no column 'FAMILY'" in said
    assert "last_name" in said


def test_ids_that_repeat_are_refused_with_counts_alone(files: Files, tmp_path: Path) -> None:
    request = Request(files.left, files.right, tmp_path / "o", ids=("last_name", "id"))
    said = _refused(request, InputError)
    assert "pupils.csv: column 'last_name' is no key" in said
    assert "--id none" in said


def test_rows_may_be_numbered_instead(files: Files, done: Done, tmp_path: Path) -> None:
    link_files(
        replace(
            done.request, out=tmp_path / "o", ids=("none", "none"), truth=None, model=done.request.out / "model.json"
        )
    )
    links = pq.read_table(tmp_path / "o" / "links.parquet")
    assert pa.types.is_integer(links.schema.field("left_id").type)
    assert links.num_rows == pq.read_metadata(done.request.out / "links.parquet").num_rows


def test_birth_dates_that_nobody_can_read_are_counted(files: Files, done: Done, tmp_path: Path) -> None:
    left = tmp_path / "pupils.csv"
    table = [dict(zip(*pair, strict=True)) for pair in _rows(files.left)]
    for row, date in zip(table, ("about 1980", "spring 1981", "", "N/A"), strict=False):
        row["date_of_birth"] = date
    request = replace(
        done.request, left=write_csv(left, table), out=tmp_path / "o", model=done.request.out / "model.json"
    )
    link_files(request)
    inputs = _manifest(tmp_path / "o")["inputs"]
    assert [facts["birth_dates_in_no_form"] for facts in inputs.values()] == [2, 0]


def test_a_model_of_other_fields_is_named(files: Files, tmp_path: Path, done: Done) -> None:
    raw = json.loads((done.request.out / "model.json").read_text())
    levels = raw["comparisons"][3]["comparison_levels"]
    for level in levels:
        level["sql_condition"] = level["sql_condition"].replace("sex_", "nino_")
    (tmp_path / "m.json").write_text(json.dumps(raw))
    said = _refused(Request(files.left, files.right, tmp_path / "o", model=tmp_path / "m.json"), ConfigError)
    assert said.startswith(f"{tmp_path / 'm.json'}: ")
    assert "do not have: nino" in said


def test_a_model_that_was_never_trained_is_refused(files: Files, tmp_path: Path, done: Done) -> None:
    raw = json.loads((done.request.out / "model.json").read_text())
    del raw["comparisons"][0]["comparison_levels"][1]["m_probability"]
    (tmp_path / "m.json").write_text(json.dumps(raw))
    assert "no m and u" in _refused(
        Request(files.left, files.right, tmp_path / "o", model=tmp_path / "m.json"), ConfigError
    )


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "no such file of true pairs"),
        ("left,right,by\n1,2,x\n", "no column left_id or right_id\n  it has: left, right, by"),
        ("right,left\nB0000,A0000\n", "none of its 1 true pairs names an id of each file"),
        ("", "true pair"),
    ],
)
def test_a_truth_that_is_none_is_refused(
    content: str | None, said: str, files: Files, done: Done, tmp_path: Path
) -> None:
    truth = tmp_path / "truth.csv"
    if content is not None:
        truth.write_text(content)
    request = replace(done.request, out=tmp_path / "o", truth=truth, model=done.request.out / "model.json")
    assert said in _refused(request, InputError)


def test_ids_of_digits_meet_their_truth_whatever_reads_them(files: Files, done: Done, tmp_path: Path) -> None:
    """0007 in a CSV is text; a truth that was read as the number 7 would meet nobody."""
    digits = Files(*(tmp_path / path.name for path in (files.left, files.right, files.truth)))
    for old, new in zip((files.left, files.right, files.truth), (digits.left, digits.right, digits.truth), strict=True):
        lines = [line.removeprefix("A").removeprefix("B").replace(",B", ",") for line in old.read_text().splitlines()]
        new.write_text("\n".join(lines) + "\n")
    request = Request(
        digits.left, digits.right, tmp_path / "o", truth=digits.truth, model=done.request.out / "model.json"
    )
    assert link_files(request).truth == pytest.approx(done.linked.truth)
