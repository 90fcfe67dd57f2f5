"""`leo review sample`, `add` and `estimate` take their step by place or by --step, as the other verbs do."""

from pathlib import Path
from typing import Any

import pytest

STEP = "education-cis"


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Run, step and CSV that a verb goes to work with; it then ends."""
    from linkage.errors import LeoError
    from quality.review import results, sample

    found: list[Any] = []

    def note(*given: Any, **_: Any) -> None:
        found.append(tuple(part for part in given if isinstance(part, str | Path)))
        raise LeoError("noted")

    monkeypatch.setattr(sample, "draw_sample", note)
    monkeypatch.setattr(sample, "take_labels", note)
    monkeypatch.setattr(results, "estimate_step", note)
    return found


@pytest.mark.parametrize("verb", ["sample", "estimate"])
@pytest.mark.parametrize("named", [[STEP], ["--step", STEP], [STEP, "--step", STEP]])
def test_the_step_has_a_place_or_a_name(leo: Any, asked: list[Any], verb: str, named: list[str]) -> None:
    assert leo("review", verb, "run", *named)[0] == 1
    assert asked == [(Path("run"), STEP)]


@pytest.mark.parametrize(
    "given", [[STEP, "sample.csv"], ["sample.csv", "--step", STEP], ["--step", STEP, "sample.csv"]]
)
def test_answers_are_taken_from_the_last_argument(leo: Any, asked: list[Any], given: list[str]) -> None:
    assert leo("review", "add", "run", *given)[0] == 1
    assert asked == [(Path("run"), STEP, Path("sample.csv"))]


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (["sample", "run"], "the link step is not named"),
        (["estimate", "run", "npd-ilr", "--step", STEP], "the link step is named twice, by its place and by --step"),
        (["add", "run", "sample.csv"], "the link step is not named"),
        (["add", "run", STEP, "a.csv", "b.csv"], "3 arguments after the run"),
    ],
)
def test_a_step_is_named_once(leo: Any, asked: list[Any], given: list[str], told: str) -> None:
    code, shown, said = leo("review", *given)
    assert (code, shown, asked) == (2, "", [])
    assert said.startswith(f"leo: {told}\n")
    assert "--step" in said
