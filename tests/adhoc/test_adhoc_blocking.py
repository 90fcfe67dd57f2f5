"""`leo blocking suggest` on files: the table it shows and the rules it writes."""

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv as pa_csv
import pytest
from typer.testing import CliRunner

from linkage.cli.app import app
from linkage.errors import ConfigError
from linkage.model import from_dict
from tests.model import known_errors


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """left.csv, right.csv and the true pairs."""
    folder = tmp_path_factory.mktemp("files")
    for name, side in zip(("left", "right"), known_errors.two_files(), strict=True):
        names = ["id" if column == "unit_id" else column for column in side.column_names]
        pa_csv.write_csv(side.rename_columns(names), folder / f"{name}.csv")
    ids = pa.array(range(1, known_errors.SHARED + 1))
    pa_csv.write_csv(pa.table({"left_id": ids, "right_id": ids}), folder / "pairs.csv")
    return folder


def _suggest(*words: Any) -> Any:
    return CliRunner().invoke(app, ["blocking", "suggest", *map(str, words)])


def test_rules_are_shown_and_written_as_a_model_has_them(files: Path, tmp_path: Path) -> None:
    out = tmp_path / "rules.json"
    truth = files / "pairs.csv"
    done = _suggest(files / "left.csv", files / "right.csv", "--truth", truth, "--recall", 0.98, "--out", out)
    assert done.exit_code == 0, done.output
    rules = json.loads(out.read_text())
    model = from_dict({**known_errors.model().raw, "blocking_rules_to_generate_predictions": rules})
    assert len(model.blocking_rules) >= 2
    for rule in model.blocking_rules:
        assert rule.condition.replace('"', "") in done.stdout
    assert "recall alone (measured)" in done.stdout
    assert f"measured on {known_errors.SHARED:,} true pairs" in done.stdout
    assert "no smaller set does" in done.stdout


def test_a_budget_too_small_is_said(files: Path) -> None:
    done = _suggest(files / "left.csv", files / "right.csv", "--truth", files / "pairs.csv", "--budget", 50)
    assert done.exit_code == 0
    assert "no set within the budget reaches 0.99" in done.stdout


def test_neither_files_nor_a_run_is_refused(files: Path) -> None:
    for words in ((files / "left.csv",), ("--run", files), ("--step", "a"), ()):
        done = _suggest(*words) if words else _suggest("--recall", 0.9)
        assert isinstance(done.exception, ConfigError)
        assert "give two files, or a run with a step" in str(done.exception)


def test_what_is_said_of_files_is_refused_of_a_runs_step(tmp_path: Path) -> None:
    """Nothing looked at it, and whoever gave it believed that it held."""
    done = _suggest("--run", tmp_path, "--step", "a", "--map", "left.sex=g", "--id", "key")
    told = [f"--{name} is for two files, and no run's step" for name in ("map", "id")]
    assert str(done.exception).splitlines() == told
