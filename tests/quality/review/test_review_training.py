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
    """All 100 links are looked at; two of them are said to be none, and one is uncertain."""
    draw_sample(village.root, STEP, 1_000)
    sample = sample_of(village.root, STEP)
    answers = ["no match", "no match", "uncertain"] + ["match"] * (len(sample.pairs) - 3)
    answer(village.root, STEP, dict(zip(sample.pairs, answers, strict=True)))
    out = tmp_path / "reviewed.json"
    code, shown, said = leo("model", "train", village.root, "--out", out)
    assert (code, said) == (0, "")
    assert "labels: 97 match, 2 no match, 1 uncertain; they stand for 98 matches" in shown
    before, after = load(village.root / "models" / f"{STEP}.json"), load(out)
    assert after.prior == before.prior
    close = next(level for level in after.comparisons[1].levels if level.value == 1)
    assert close.m == pytest.approx((0.1 * 98 + 0.1 * 5) / 103, abs=0.02)
    about = provenance(out)
    assert about is not None
    assert about["version"] == 1
    assert (about["labelled"]["run"], about["labelled"]["step"]) == ("village", STEP)
    assert leo("model", "train", village.root, "--out", out)[0] == 2
    assert "version 2" in leo("model", "train", village.root, "--out", out, "--force")[1]


def test_what_is_missing_is_told(linked_village: Any, leo: Any, ended: Any, tmp_path: Path) -> None:
    out = tmp_path / "m.json"
    code, _, said = leo("model", "train", linked_village.root, "--out", out)
    assert (code, "give --step with one of its reviewed steps: none" in said) == (2, True)
    said = ended(2, "model", "train", linked_village.root, "--step", STEP, "--out", out)
    assert "no sample of step 'npd-cis' was drawn" in said
    code, _, said = leo("model", "train", linked_village.root, "b.csv", "--map", "a=b", "--out", out)
    assert (code, said) == (2, "leo: right is for two files, not for a run\n--map is for two files, not for a run\n")
    assert leo("model", "train", linked_village.root)[0] == 2
    assert leo("model", "train", "--out", out)[0] == 2
    assert not out.exists()
