"""What commands say of a run that was stopped, and of one with lost or damaged
parts.
"""

import json
import shutil
from pathlib import Path
from typing import Any


def _stopped_before(root: Path, stage: str) -> None:
    """Make a run one that was stopped before a stage."""
    path = root / "manifest.json"
    manifest = json.loads(path.read_text())
    names = [entry["name"] for entry in manifest["stages"]]
    manifest |= {
        "status": "interrupted",
        "exit": 130,
        "stages": manifest["stages"][: names.index(stage)],
    }
    path.write_text(json.dumps(manifest))


def test_a_run_stopped_before_its_links_must_be_finished_first(
    village, tmp_path, leo, output
):
    """explain said that no step links two sources, and then which does; review that
    there are no steps; compare nothing.
    """
    shutil.copytree(village.root, tmp_path / "whole")
    _stopped_before(village.root, "link-npd-cis")
    assert "not linked yet: npd-cis; the same leo run goes on" in output(
        2, "explain", village.root, "--pair", "1", "2"
    )
    code, _, err = leo("review", "sample", village.root, "--step", "npd-cis")
    assert (code, err) == (
        2,
        f"leo: {village.root}: the run has not linked npd-cis yet\n  finish it first: "
        "leo run\n",
    )
    code, _, err = leo("review", "sample", village.root, "--step", "nobody")
    assert (code, "has no link step 'nobody'" in err) == (2, True)
    code, out, err = leo("report", "compare", tmp_path / "whole", village.root)
    assert (code, out) == (2, "")
    assert (
        f"{village.root}: has not linked npd-cis: its status is 'interrupted'\n  "
        "finish it first" in err
    )


def test_a_damaged_model_and_a_lost_table_are_named_with_a_remedy(
    village, tmp_path, leo, output
):
    shutil.copytree(village.root, tmp_path / "whole")
    model = village.root / "models" / "npd-cis.json"
    text = model.read_text()
    model.write_text("{")
    code, _, err = leo("report", "compare", tmp_path / "whole", village.root)
    assert (
        code,
        err.startswith(f"leo: {model}: is damaged: not JSON\n  take it from a copy"),
    ) == (1, True)
    model.write_text(text)
    (village.root / "stages/link-npd-cis/links/npd-cis.parquet").unlink()
    err = output(1, "report", "compare", tmp_path / "whole", village.root)
    assert (
        "npd-cis.parquet: no such file\n  what a run has lost the same leo run makes "
        "again" in err
    )


def test_a_damaged_sample_and_a_form_without_answers_are_named(village, leo):
    """The first was an unexpected error; the second took in 0 answers, and did not say
    why.
    """
    assert leo("review", "sample", village.root, "--step", "npd-cis")[0] == 0
    folder = village.root / "review" / "npd-cis"
    code, out, err = leo(
        "review", "add", village.root, folder / "sample.csv", "--step", "npd-cis"
    )
    assert (code, out) == (0, "0 answers taken in\n")
    assert err == f"  the column answer of {folder / 'sample.csv'} is empty\n"
    (folder / "sample.json").write_text("{")
    code, _, err = leo(
        "review", "add", village.root, folder / "sample.csv", "--step", "npd-cis"
    )
    assert (
        code,
        err.startswith(
            f"leo: {folder / 'sample.json'}: is damaged: not JSON\n  draw the sample "
            "again"
        ),
    ) == (
        1,
        True,
    )
    assert leo("review", "sample", village.root, "--step", "npd-cis")[0] == 0


def test_a_run_without_outcomes_says_which_key_leaves_them_out(
    output: Any, tmp_path: Path
) -> None:
    """The message asked for definitions, which every run has."""
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
    assert output(2, "report", "outcomes", run, "--out", tmp_path / "pages") == (
        f"leo: {run}: has no outcomes: its file says longitudinal = false\n"
        "  take that out of [outputs], and give the same leo run again\n"
    )
