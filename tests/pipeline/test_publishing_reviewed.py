"""A release's report has the review of its links, answers that came after the last
estimate included.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from linkage.pipeline.publishing import publish
from quality.review.labels import add_labels, now
from quality.review.results import estimate_step, write_overrides
from quality.review.sample import draw_sample, sample_of

STEP = "npd-cis"


def answer(village: Any, answers: list[str]) -> None:
    """Answers to the first pairs of the sample."""
    sample = sample_of(village.root, STEP)
    labels = [
        {
            "left_id": left,
            "right_id": right,
            "answer": reply,
            "reviewer": "Ann",
            "role": "reviewer",
        }
        for (left, right), reply in zip(sample.pairs, answers, strict=False)
    ]
    add_labels(village.root, sample.origin.table(labels, now()))


def test_publishing_renders_the_report_with_the_last_answers(
    village: Any, output: Any, tmp_path: Path
) -> None:
    """It was the run's report, without the review, until somebody gave `leo report`."""
    draw_sample(village.root, STEP, 1_000)
    answer(village, ["match"] * 20)
    estimate_step(village.root, STEP)
    answer(village, ["match"] * 30)
    write_overrides(village.root, STEP)
    assert (
        "Error by clerical review"
        not in (village.root / "report/index.html").read_text()
    )
    text = output(
        0, "publish", village.root, "--to", tmp_path / "releases", "--name", "2026"
    )
    release = tmp_path / "releases/2026"
    assert (
        json.loads((release / "review" / STEP / "estimate.json").read_text())[
            "reviewed"
        ]
        == 30
    )
    assert "Error by clerical review" in (release / "report/index.html").read_text()
    assert text.splitlines() == [
        f"published  {release}",
        f"report     {release / 'report/index.html'}   with the review of {STEP}",
        f"extract    {release / 'extracts/village-study'}",
        "guard      stages/, review/ and quality/ of it: they hold identifiers or "
        "exact counts, and must not leave",
    ]


def test_answers_without_an_estimate_are_named(
    village: Any, output: Any, tmp_path: Path
) -> None:
    draw_sample(village.root, STEP, 1_000)
    answer(village, ["match"] * 3)
    before = (village.root / "report/index.html").read_bytes()
    text = output(0, "publish", village.root, "--to", tmp_path / "releases")
    release = tmp_path / "releases" / village.root.name
    assert (
        f"answers about {STEP} are not in it: leo review estimate {release} --step "
        f"{STEP}; leo report {release}" in text
    )
    assert (release / "report/index.html").read_bytes() == before


def test_a_report_that_cannot_be_made_stops_it_before_anything_moves(
    village: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    draw_sample(village.root, STEP, 1_000)
    answer(village, ["match"] * 20)
    estimate_step(village.root, STEP)

    def full(*_: Any, **__: Any) -> None:
        raise OSError("no space left")

    monkeypatch.setattr("quality.report.render.render_run", full)
    with pytest.raises(OSError, match="no space left"):
        publish(village.root, tmp_path / "releases")
    assert not (tmp_path / "releases").exists()
    assert not (village.root / "release.json").exists()


def test_a_new_sample_keeps_the_last_estimate(village: Any, tmp_path: Path) -> None:
    draw_sample(village.root, STEP, 1_000)
    answer(village, ["match"] * 20)
    before = estimate_step(village.root, STEP)
    draw_sample(village.root, STEP, 30, seed=5)
    release = publish(village.root, tmp_path / "releases")
    assert (
        json.loads((release / "review" / STEP / "estimate.json").read_text())[
            "reviewed"
        ]
        == before["reviewed"]
    )
