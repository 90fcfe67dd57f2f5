"""Labels of two files: m as they show it, after training; faults are named by their line and without ids."""

import csv
from pathlib import Path

import pytest
from typer.testing import CliRunner

from linkage.adhoc.labels import labelled_pairs
from linkage.cli.app import app
from linkage.engine import connect
from linkage.errors import InputError
from linkage.model import load
from linkage.model.model_files import provenance
from tests.adhoc.conftest import Files


def labels_of(files: Files, path: Path) -> Path:
    """Every true pair is a match; one is not sure; a pair of strangers is none; one names a record that is not there."""
    with files.truth.open(encoding="utf-8", newline="") as file:
        pairs = [tuple(row.values())[:2] for row in csv.DictReader(file)]
    answers = [(*pair, "match", "2") for pair in pairs]
    answers[3] = (*pairs[3], "Uncertain", "2")
    answers += [(pairs[0][0], pairs[1][1], "no match", ""), ("nobody", pairs[1][1], "match", "1")]
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("left_id", "right_id", "answer", "weight"), *answers])
    return path


def test_m_from_labels_of_two_files(files: Files, tmp_path: Path) -> None:
    labels, out = labels_of(files, tmp_path / "labels.csv"), tmp_path / "m.json"
    words = ["train", files.left, files.right, "--labels", labels, "--out", out]
    result = CliRunner().invoke(app, list(map(str, words)))
    assert result.exit_code == 0, result.output
    about = provenance(out)
    assert about is not None
    pairs = sum(1 for _ in labels.open()) - 3
    assert about["labelled"]["answers"] == {"match": pairs - 1, "no match": 1, "uncertain": 1}
    trained = {(level["comparison"], level["value"]): level["m"] for level in about["trained"]["levels"]}
    sex = next(comparison for comparison in load(out).comparisons if comparison.name == "sex")
    equal = next(level for level in sex.levels if level.value == 1)
    assert equal.m != trained["sex", 1]
    assert "m before" in result.stdout
    assert f"1 of {pairs + 2} labelled pairs name a record that the files lack" in result.output


@pytest.mark.parametrize(
    ("lines", "told_of"),
    [
        (["left_id,right_id", "a,b"], "no column answer"),
        (["left_id,right_id,answer", "a,b,maybe"], "line 2: this is no answer"),
        (["left_id,right_id,answer,weight", "a,b,match,0"], "line 2: weight is no number above 0"),
        (["left_id,right_id,answer", "nobody,b,match"], "names no pair that the two files hold"),
    ],
)
def test_faults_are_named(lines: list[str], told_of: str, tmp_path: Path) -> None:
    path = tmp_path / "labels.csv"
    path.write_text("\n".join(lines) + "\n")
    with connect("duckdb", threads=1) as engine:
        left, right = (engine.sql(f"select {n} as unit_id, '{name}' as source_id") for n, name in ((1, "a"), (2, "b")))
        with pytest.raises(InputError, match=told_of) as fault:
            labelled_pairs(engine, path, left, right)
    assert "nobody" not in str(fault.value)
    assert "maybe" not in str(fault.value)


def test_faults_are_named_before_any_training(files: Files, tmp_path: Path) -> None:
    path = tmp_path / "labels.csv"
    path.write_text("left_id,right_id,answer\na,b,maybe\n")
    words = ["train", files.left, files.right, "--labels", path, "--out", tmp_path / "m.json"]
    done = CliRunner().invoke(app, list(map(str, words)))
    assert "line 2: this is no answer" in str(done.exception)
    assert "reading" in done.output
    assert "random pairs" not in done.output


def test_two_answers_that_differ_are_uncertain(tmp_path: Path) -> None:
    path = tmp_path / "labels.csv"
    path.write_text("left_id,right_id,answer\na,b,match\na,b,no match\n")
    with connect("duckdb", threads=1) as engine:
        left, right = (engine.sql(f"select {n} as unit_id, '{name}' as source_id") for n, name in ((1, "a"), (2, "b")))
        assert labelled_pairs(engine, path, left, right).said == {(1, 2): ("uncertain", 1.0)}
