"""What the verbs that read a run's folder say where a file of it is another than the run wrote."""

import json
import shutil
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

VERBS: dict[str, tuple[str | Path, ...]] = {
    "report": ("report", "RUN"),
    "compare": ("report", "compare", "RUN", "RUN"),
    "explain": ("explain", "RUN", "--pair", "1", "121"),
    "review": ("review", "sample", "RUN", "--step", "npd-cis"),
    "publish": ("publish", "RUN"),
}


def _asked(verb: str, root: Path) -> list[str | Path]:
    return [root if part == "RUN" else part for part in VERBS[verb]]


def _with(manifest: dict[str, Any], *path: str, new: Any) -> None:
    for part in path[:-1]:
        manifest = manifest[part]
    manifest[path[-1]] = new


@pytest.mark.parametrize("verb", VERBS)
def test_a_table_with_other_columns_is_named(village: Any, leo: Any, verb: str) -> None:
    """It ended as an unforeseen error of SQL."""
    links = village.root / "stages/link-npd-cis/links/npd-cis.parquet"
    pq.write_table(pa.table({"left": [1], "right": [2]}), links)
    code, shown, said = leo(*_asked(verb, village.root))
    assert (code, shown) == (1, "")
    assert said.startswith(f"leo: {links}: is not as it was written: it has ")
    assert said.endswith("\n  take it from a copy of the folder, or give the same leo run, which makes it again\n")


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize(
    ("path", "new", "told"),
    [
        (("stages",), "none", "stages: input should be a valid list"),
        (("stages",), [5], "stages.0: input should be a valid dictionary"),
        (("configuration", "step"), {}, "configuration.step: input should be a valid list"),
        (("configuration", "gates"), {"min_precision": []}, "configuration.gates.min_precision: input should be"),
        (("run",), 7, "run: input should be a valid string"),
    ],
)
def test_a_manifest_of_another_shape_is_named_with_the_place(
    village: Any, leo: Any, verb: str, path: tuple[str, ...], new: Any, told: str
) -> None:
    file = village.root / "manifest.json"
    manifest = json.loads(file.read_text())
    _with(manifest, *path, new=new)
    file.write_text(json.dumps(manifest))
    code, shown, said = leo(*_asked(verb, village.root))
    assert (code, shown) == (2, "")
    assert said.startswith(f"leo: {file}: is damaged, or not the manifest of a run: {told}")
    assert "\n  take it from a copy of the folder, or make the run again in a new one\n" in said


def test_an_evaluation_that_is_none_is_named(village: Any, leo: Any, tmp_path: Path) -> None:
    file = village.root / "quality" / "evaluation.json"
    file.write_text("[1, 2]")
    for verb in ("report", "publish"):
        code, _, said = leo(*_asked(verb, village.root))
        assert (code, said.startswith(f"leo: {file}: is damaged: it holds no table of facts\n  take it")) == (1, True)
    code, _, said = leo("report", "all", village.root, "--out", tmp_path / "pages")
    assert (code, "evaluation.json" in said) == (1, True)


def test_a_dashboard_sets_a_damaged_run_aside(village: Any, leo: Any, tmp_path: Path) -> None:
    shutil.copytree(village.root, tmp_path / "runs" / "whole")
    damaged = tmp_path / "runs" / "damaged"
    shutil.copytree(village.root, damaged)
    manifest = json.loads((damaged / "manifest.json").read_text())
    (damaged / "manifest.json").write_text(json.dumps(manifest | {"stages": "none"}))
    code, _, said = leo("report", "all", tmp_path / "runs", "--out", tmp_path / "pages")
    assert (code, "1 run to show, 1 folder not shown" in said) == (0, True)
    assert "manifest.json: is damaged, or not the manifest of a run: stages: input should be a valid list" in said


@pytest.mark.parametrize(
    "asked",
    [
        ("explain", "RUN", "--pair", "1", "121"),
        ("review", "sample", "RUN", "--step", "npd-cis"),
        ("model", "blocking", "RUN", "--step", "npd-cis"),
        ("model", "tune", "RUN"),
    ],
)
def test_thresholds_that_contradict_one_another_are_refused_of_a_run_too(
    village: Any, leo: Any, asked: tuple[str, ...]
) -> None:
    """A run of an earlier version: what leo explain says of settings would be of one that had no effect."""
    file = village.root / "manifest.json"
    manifest = json.loads(file.read_text())
    manifest["configuration"]["step"][0] |= {"review_probability": 0.97, "keep_probability": 0.5}
    file.write_text(json.dumps(manifest))
    code, shown, said = leo(*(village.root if part == "RUN" else part for part in asked))
    assert (code, shown) == (2, "")
    assert said.startswith(
        f"leo: {file}: 1 fault\n  step.npd-cis: review_probability = 0.97 lies above accept_probability"
    )
    assert "lower it, take it out, or raise accept_probability" in said
