"""`leo train`: a model for two files, with what it was trained on beside it."""

import csv
import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from splink import Linker
from typer.testing import CliRunner, Result

from linkage.adhoc.train import TrainRequest, train_files
from linkage.cli.app import app
from linkage.errors import ConfigError, ExitCode, LeoError
from linkage.model import load
from linkage.model.model_files import provenance, training_file
from tests.adhoc.conftest import CANARY, PEOPLE, Files, write_csv
from tests.model import known_errors
from tests.model.splink_says import splink_tables


def _leo(*words: Any) -> Result:
    return CliRunner().invoke(app, ["train", *map(str, words)])


@pytest.fixture(scope="module")
def trained(files: Files, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Result]:
    """A model file that the command wrote, and what it said."""
    out = tmp_path_factory.mktemp("train") / "models" / "people.json"
    return out, _leo(files.left, files.right, "--out", out)


def test_the_model_is_splinks_file_and_ready_to_score(trained: tuple[Path, Result]) -> None:
    out, result = trained
    assert result.exit_code == 0, result.output
    model = load(out)
    model.check_trained(str(out))
    assert [comparison.name for comparison in model.comparisons] == ["forename", "surname", "dob", "sex", "postcode"]
    assert model.blocking_rules
    assert sorted(path.name for path in out.parent.iterdir()) == ["people.json", "people.training.json"]
    sides = [side.slice(0, 50) for side in known_errors.two_files()]
    with splink_tables({"l": sides[0], "r": sides[1]}) as tables:
        opened = Linker(tables, str(out), log_level="ERROR", validate_settings=False)
        saved = opened.misc.save_model_to_json()
    assert saved["probability_two_random_records_match"] == model.prior


def test_the_file_beside_it_says_what_it_was_trained_on(trained: tuple[Path, Result]) -> None:
    out, _ = trained
    found = provenance(out)
    assert found is not None
    assert (found["format"], found["version"]) == (1, 1)
    assert found["model_sha256"] == hashlib.sha256(out.read_bytes()).hexdigest()
    report = found["trained"]
    assert (report["seed"], report["units"]) == (2026, [PEOPLE, PEOPLE])
    assert report["random_pairs"] == PEOPLE * PEOPLE
    graded = [level for comparison in load(out).comparisons for level in comparison.levels if level.value >= 0]
    assert [(level["m"], level["u"]) for level in report["levels"]] == [(level.m, level.u) for level in graded]
    assert all(level["standard_error"] is None or 0 <= level["standard_error"] < 10 for level in report["levels"])
    assert sum(level["standard_error"] is not None for level in report["levels"]) >= 8
    text = training_file(out).read_text() + out.read_text() + trained[1].output
    assert CANARY.lower() not in text.lower()


def test_the_terminal_shows_every_level_with_its_weight_and_error(trained: tuple[Path, Result]) -> None:
    out, result = trained
    lines = result.stdout.splitlines()
    assert lines[0].split() == ["comparison", "level", "m", "u", "weight", "std.", "error"]
    sex = lines[next(n for n, line in enumerate(lines) if line.startswith("sex"))].split()
    level = next(lv for c in load(out).comparisons if c.name == "sex" for lv in c.levels if lv.value == 1)
    assert sex[:2] == ["sex", "equal"]
    assert [float(figure) for figure in sex[2:5]] == pytest.approx([level.m, level.u, level.weight], rel=0.01, abs=0.01)
    assert float(sex[5]) >= 0
    graded = [lv for c in load(out).comparisons for lv in c.levels if lv.value >= 0]
    assert len(graded) == lines.index("") - 1
    assert f"model    {out}   version 1" in lines


def test_a_model_that_is_there_is_replaced_when_asked_as_its_next_version(
    trained: tuple[Path, Result], files: Files, tmp_path: Path
) -> None:
    out = tmp_path / "m.json"
    for name in (out.name, training_file(out).name):
        (tmp_path / name).write_bytes(trained[0].with_name(name.replace("m.", "people.")).read_bytes())
    refused = _leo(files.left, files.right, "--out", out)
    assert isinstance(refused.exception, ConfigError)
    assert refused.exception.exit_code is ExitCode.USAGE
    again = _leo(files.left, files.right, "--out", out, "--force")
    assert "version 2" in again.stdout
    assert json.loads(out.read_text()) == json.loads(trained[0].read_text()), "the same seed, the same model"


def test_a_model_changed_by_hand_is_no_longer_told_of(trained: tuple[Path, Result], tmp_path: Path) -> None:
    out = tmp_path / "people.json"
    out.write_text(trained[0].read_text().replace("0.0", "0.1", 1))
    training_file(out).write_bytes(training_file(trained[0]).read_bytes())
    assert provenance(out) is None
    assert provenance(tmp_path / "other.json") is None
    training_file(out).write_text("{")
    with pytest.raises(ConfigError, match=r"people\.training\.json: not JSON"):
        provenance(out)


def test_codes_that_differ_between_the_files_are_refused(files: Files, tmp_path: Path) -> None:
    """The right file says F where the left says M."""
    with files.right.open(encoding="utf-8", newline="") as file:
        rows = [{**row, "SEX": {"M": "F", "F": "M"}[row["SEX"]]} for row in csv.DictReader(file)]
    turned = write_csv(tmp_path / "turned.csv", rows)
    request = TrainRequest(files.left, turned, tmp_path / "m.json")
    with pytest.raises(LeoError, match=r"comparison 'sex': full agreement .* in the same codes") as refused:
        train_files(request)
    assert "--allow-faults" in str(refused.value)
    assert not request.out.exists()
    _, report, _, version = train_files(TrainRequest(files.left, turned, request.out, allow_faults=True))
    assert version == 1
    assert report.faults
    assert request.out.exists()


def test_what_is_said_of_files_is_refused_of_a_run_and_the_other_way_round(files: Files, tmp_path: Path) -> None:
    out = tmp_path / "m.json"
    of_run = _leo("--labels", tmp_path, "--out", out, "--map", "left.sex=g", "--allow-faults").exception
    assert str(of_run).splitlines() == [f"--{name} is for two files, and no RUN's" for name in ("map", "allow-faults")]
    of_files = _leo(files.left, files.right, "--out", out, "--step", "link").exception
    assert "--step is for --labels RUN" in str(of_files)


def test_help_has_an_example() -> None:
    assert "Example: leo train pupils.csv" in _leo("--help").output.replace("\n", " ")


def test_a_model_file_ends_in_json(files: Files, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"ends in \.json"):
        train_files(TrainRequest(files.left, files.right, tmp_path / "model.parquet"))


def test_what_cannot_be_learnt_names_the_verbs_that_take_a_model(tmp_path: Path) -> None:
    """It advised --model, which leo train lacks."""
    for side, people in (("left", "ABCDEFGHIJKL"), ("right", "GHIJKLMNOPQR")):
        rows = [
            {"id": f"{side}{a}", "forename": f"{a}NE{a}A", "surname": f"{a}O{a}EVI", "dob": f"1990-05-{ord(a) - 54}"}
            for a in people
        ]
        write_csv(tmp_path / f"{side}.csv", rows)
    result = _leo(tmp_path / "left.csv", tmp_path / "right.csv", "--out", tmp_path / "model.json")
    assert "give a trained model (--model of leo link or leo dedupe; of a run: train = false)" in str(result.exception)
