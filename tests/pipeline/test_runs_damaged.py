"""What commands say of a run's folder that holds a file the run did not write."""

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


def _arguments(verb: str, root: Path) -> list[str | Path]:
    return [root if part == "RUN" else part for part in VERBS[verb]]


def _with(manifest: dict[str, Any], *path: str, new: Any) -> None:
    for part in path[:-1]:
        manifest = manifest[part]
    manifest[path[-1]] = new


@pytest.mark.parametrize("verb", VERBS)
def test_a_table_with_other_columns_is_named(village: Any, leo: Any, verb: str) -> None:
    """It was an unexpected error of SQL."""
    links = village.root / "stages/link-npd-cis/links/npd-cis.parquet"
    pq.write_table(pa.table({"left": [1], "right": [2]}), links)
    code, stdout, stderr = leo(*_arguments(verb, village.root))
    assert (code, stdout) == (1, "")
    assert stderr.startswith(f"leo: {links}: is not as it was written: it has ")
    assert stderr.endswith(
        "\n  take it from a copy of the folder, or give the same leo run, which makes "
        "it again\n"
    )


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize(
    ("path", "new", "message"),
    [
        (("stages",), "none", "stages: input should be a valid list"),
        (("stages",), [5], "stages.0: input should be a valid dictionary"),
        (
            ("configuration", "step"),
            {},
            "configuration.step: input should be a valid list",
        ),
        (
            ("configuration", "gates"),
            {"min_precision": []},
            "configuration.gates.min_precision: input should be",
        ),
        (("run",), 7, "run: input should be a valid string"),
    ],
)
def test_a_manifest_of_another_shape_is_named_with_the_place(
    village: Any, leo: Any, verb: str, path: tuple[str, ...], new: Any, message: str
) -> None:
    file = village.root / "manifest.json"
    manifest = json.loads(file.read_text())
    _with(manifest, *path, new=new)
    file.write_text(json.dumps(manifest))
    code, stdout, stderr = leo(*_arguments(verb, village.root))
    assert (code, stdout) == (2, "")
    assert stderr.startswith(
        f"leo: {file}: is damaged, or not the manifest of a run: {message}"
    )
    assert (
        "\n  take it from a copy of the folder, or make the run again in a new one\n"
        in stderr
    )


def test_a_damaged_evaluation_is_named(village: Any, leo: Any, tmp_path: Path) -> None:
    file = village.root / "quality" / "evaluation.json"
    file.write_text("[1, 2]")
    for verb in ("report", "publish"):
        code, _, stderr = leo(*_arguments(verb, village.root))
        assert (
            code,
            stderr.startswith(
                f"leo: {file}: is damaged: it holds no table of facts\n  take it"
            ),
        ) == (1, True)
    code, _, stderr = leo("report", "all", village.root, "--out", tmp_path / "pages")
    assert (code, "evaluation.json" in stderr) == (1, True)


def test_a_dashboard_sets_a_damaged_run_aside(
    village: Any, leo: Any, tmp_path: Path
) -> None:
    shutil.copytree(village.root, tmp_path / "runs" / "whole")
    copy = tmp_path / "runs" / "damaged"
    shutil.copytree(village.root, copy)
    manifest = json.loads((copy / "manifest.json").read_text())
    (copy / "manifest.json").write_text(json.dumps(manifest | {"stages": "none"}))
    code, _, stderr = leo(
        "report", "all", tmp_path / "runs", "--out", tmp_path / "pages"
    )
    assert (code, "1 run to show, 1 folder not shown" in stderr) == (0, True)
    assert (
        "manifest.json: is damaged, or not the manifest of a run: stages: input should "
        "be a valid list" in stderr
    )


@pytest.mark.parametrize(
    "arguments",
    [
        ("explain", "RUN", "--pair", "1", "121"),
        ("review", "sample", "RUN", "--step", "npd-cis"),
        ("model", "blocking", "RUN", "--step", "npd-cis"),
        ("model", "tune", "RUN"),
    ],
)
def test_contradictory_thresholds_of_a_run_are_refused(
    village: Any, leo: Any, arguments: tuple[str, ...]
) -> None:
    """A run of an earlier version: leo explain would show a setting that had no
    effect.
    """
    file = village.root / "manifest.json"
    manifest = json.loads(file.read_text())
    manifest["configuration"]["step"][0] |= {
        "review_probability": 0.97,
        "keep_probability": 0.5,
    }
    file.write_text(json.dumps(manifest))
    code, stdout, stderr = leo(
        *(village.root if part == "RUN" else part for part in arguments)
    )
    assert (code, stdout) == (2, "")
    assert stderr.startswith(
        f"leo: {file}: 1 fault\n  step.npd-cis: review_probability = 0.97 lies above "
        "accept_probability"
    )
    assert "lower it, take it out, or raise accept_probability" in stderr
