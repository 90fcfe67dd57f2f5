"""A model whose m come from the village's review, and from labels of two files."""

from pathlib import Path
from typing import Any

import pytest

from linkage.model import load
from linkage.model.model_files import provenance
from quality.review.sample import draw_sample, sample_of
from tests.quality.clients import answer

STEP = "npd-cis"


def test_m_of_a_reviewed_run(village: Any, leo: Any, tmp_path: Path) -> None:
    """All 100 links are reviewed; two of them are not matches, and one is uncertain."""
    draw_sample(village.root, STEP, 1_000)
    sample = sample_of(village.root, STEP)
    answers = ["no match", "no match", "uncertain"] + ["match"] * (
        len(sample.pairs) - 3
    )
    answer(village.root, STEP, dict(zip(sample.pairs, answers, strict=True)))
    out = tmp_path / "reviewed.json"
    code, output, stderr = leo("model", "train", village.root, "--out", out)
    assert (code, stderr) == (0, "")
    assert (
        "labels: 97 match, 2 no match, 1 uncertain; they stand for 98 matches" in output
    )
    before, after = load(village.root / "models" / f"{STEP}.json"), load(out)
    assert after.prior == before.prior
    close_level = next(
        level for level in after.comparisons[1].levels if level.value == 1
    )
    assert close_level.m == pytest.approx((0.1 * 98 + 0.1 * 5) / 103, abs=0.02)
    training = provenance(out)
    assert training is not None
    assert training["version"] == 1
    assert (training["labelled"]["run"], training["labelled"]["step"]) == (
        "village",
        STEP,
    )
    assert leo("model", "train", village.root, "--out", out)[0] == 2
    assert (
        "version 2" in leo("model", "train", village.root, "--out", out, "--force")[1]
    )


def test_a_missing_step_or_sample_is_named(
    linked_village: Any, leo: Any, output: Any, tmp_path: Path
) -> None:
    out = tmp_path / "m.json"
    code, _, stderr = leo("model", "train", linked_village.root, "--out", out)
    assert (code, "give --step with one of its reviewed steps: none" in stderr) == (
        2,
        True,
    )
    stderr = output(
        2, "model", "train", linked_village.root, "--step", STEP, "--out", out
    )
    assert "no sample of step 'npd-cis' was drawn" in stderr
    code, _, stderr = leo(
        "model", "train", linked_village.root, "b.csv", "--map", "a=b", "--out", out
    )
    assert (code, stderr) == (
        2,
        "leo: right is for two files, not for a run\n--map is for two files, not for a "
        "run\n",
    )
    assert leo("model", "train", linked_village.root)[0] == 2
    assert leo("model", "train", "--out", out)[0] == 2
    assert not out.exists()
