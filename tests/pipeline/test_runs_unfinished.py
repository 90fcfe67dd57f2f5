"""What the verbs that read a run say of one that was stopped, and of one whose parts are gone or damaged."""

import json
import shutil
from pathlib import Path
from typing import Any


def _stopped_before(root: Path, stage: str) -> None:
    """Make a run one that was stopped before a stage."""
    path = root / "manifest.json"
    manifest = json.loads(path.read_text())
    names = [one["name"] for one in manifest["stages"]]
    manifest |= {"status": "interrupted", "exit": 130, "stages": manifest["stages"][: names.index(stage)]}
    path.write_text(json.dumps(manifest))


def test_a_run_that_was_stopped_before_it_linked_is_told_to_be_finished(village, tmp_path, leo, ended):
    """explain said that no step links two sources, and then which does; review that there are no steps; compare nothing."""
    shutil.copytree(village.root, tmp_path / "whole")
    _stopped_before(village.root, "link-npd-cis")
    assert "not linked yet: npd-cis; the same leo run goes on" in ended(2, "explain", village.root, "--pair", "1", "2")
    code, _, said = leo("review", "sample", village.root, "--step", "npd-cis")
    assert (code, said) == (2, f"leo: {village.root}: the run has not linked npd-cis yet\n  finish it first: leo run\n")
    code, _, said = leo("review", "sample", village.root, "--step", "nobody")
    assert (code, "has no link step 'nobody'" in said) == (2, True)
    code, shown, said = leo("report", "compare", tmp_path / "whole", village.root)
    assert (code, shown) == (2, "")
    assert f"{village.root}: has not linked npd-cis: its status is 'interrupted'\n  finish it first" in said


def test_a_model_that_is_damaged_is_named_and_a_table_that_is_gone_is_told_what_makes_it(village, tmp_path, leo, ended):
    shutil.copytree(village.root, tmp_path / "whole")
    model = village.root / "models" / "npd-cis.json"
    whole = model.read_text()
    model.write_text("{")
    code, _, said = leo("report", "compare", tmp_path / "whole", village.root)
    assert (code, said.startswith(f"leo: {model}: is damaged: not JSON\n  take it from a copy")) == (1, True)
    model.write_text(whole)
    (village.root / "stages/link-npd-cis/links/npd-cis.parquet").unlink()
    said = ended(1, "report", "compare", tmp_path / "whole", village.root)
    assert "npd-cis.parquet: no such file\n  what a run has lost the same leo run makes again" in said


def test_a_sample_that_is_damaged_is_named_and_a_form_without_answers_is_told(village, leo):
    """The first was an unforeseen error; of the second 0 answers were taken in, and nothing said why."""
    assert leo("review", "sample", village.root, "--step", "npd-cis")[0] == 0
    folder = village.root / "review" / "npd-cis"
    code, shown, said = leo("review", "add", village.root, folder / "sample.csv", "--step", "npd-cis")
    assert (code, shown) == (0, "0 answers taken in\n")
    assert said == f"  the column answer of {folder / 'sample.csv'} is empty\n"
    (folder / "sample.json").write_text("{")
    code, _, said = leo("review", "add", village.root, folder / "sample.csv", "--step", "npd-cis")
    assert (code, said.startswith(f"leo: {folder / 'sample.json'}: is damaged: not JSON\n  draw the sample again")) == (
        1,
        True,
    )
    assert leo("review", "sample", village.root, "--step", "npd-cis")[0] == 0


def test_a_run_without_outcomes_says_which_key_leaves_them_out(ended: Any, tmp_path: Path) -> None:
    """It told to name definitions, which every run has."""
    run = tmp_path / "run"
    run.mkdir()
    manifest = {
        "format": "1.0",
        "run": "own",
        "exit": 0,
        "status": "done",
        "configuration": {},
        "engine": "duckdb",
        "stages": [],
    }
    (run / "manifest.json").write_text(json.dumps(manifest))
    assert ended(2, "report", "outcomes", run, "--out", tmp_path / "pages") == (
        f"leo: {run}: has no outcomes: its file says longitudinal = false\n"
        "  take that out of [outputs], and give the same leo run again\n"
    )
