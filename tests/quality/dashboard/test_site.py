"""The dashboard over hand-made runs: what is shown, what is set aside and why, what may not leave."""

import copy
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from linkage.catalogue import shipped
from linkage.errors import InputError
from quality.dashboard import Run, found_below, write_site
from quality.dashboard.figures import Figure, _index, bias, change, counts, groups, seconds, shares
from quality.disclosure import Cell, Disclosure, load
from quality.measures.parameters import version
from quality.report.document import write_page
from quality.report.names import Names
from tests.quality.report.test_report import CANARIES, Page

Made = Callable[..., Path]


@pytest.fixture
def evaluation(counted: dict[str, Any]) -> dict[str, Any]:
    """Of the crowd: 600 people, 540 links. As a run's file holds it."""
    found: dict[str, Any] = json.loads(json.dumps(counted))
    return found


@pytest.fixture
def made(evaluation: dict[str, Any], tmp_path: Path) -> Made:
    """Writes the folder of a run that counted the crowd, with changes."""

    def make(
        name: str, day: int, *, status: str = "done", change: Callable[[dict[str, Any]], None] | None = None
    ) -> Path:
        folder = tmp_path / "runs" / name
        (folder / "quality").mkdir(parents=True)
        manifest = {
            "run": "crowd",
            "status": status,
            "started": f"2026-01-{day:02}T09:30:00.000+00:00",
            "config_hash": "one",
            "configuration": {"run": {"name": "crowd"}, "step": [{"name": "npd-cis", "accept": 0.9}]},
            "stages": [
                {"name": "link-npd-cis", "seconds": 2.0, "counts": {"thresholds": {"accept": 6.0, "review": 2.0}}},
                {"name": "records-npd", "seconds": 1.0 + day},
            ],
        }
        changed = copy.deepcopy(evaluation)
        if change:
            change(changed)
        (folder / "manifest.json").write_text(json.dumps(manifest))
        (folder / "quality" / "evaluation.json").write_text(json.dumps(changed))
        return folder

    return make


def _cells(matrix: Any) -> dict[tuple[str, ...], list[str]]:
    return {tuple(row.labels): [cell.text for cell in row.cells] for row in matrix.figures}


@pytest.fixture
def d() -> Disclosure:
    return Disclosure(load())


def test_runs_stand_from_the_oldest_and_others_are_told_of(made: Made, tmp_path: Path) -> None:
    made("b", 2)
    made("a", 9, status="gate failed")
    made("stopped", 3, status="interrupted")
    (tmp_path / "runs" / "damaged").mkdir()
    (tmp_path / "runs" / "damaged" / "manifest.json").write_text('{"secret": ')
    (tmp_path / "runs" / "begun" / "stages").mkdir(parents=True)
    (tmp_path / "runs" / "data").mkdir()
    files = made("files", 4) / "manifest.json"
    files.write_text('{"counts": {}}')
    (made("hasty", 5) / "quality" / "evaluation.json").unlink()
    (made("held", 6, status="gate failed") / "quality" / "evaluation.json").unlink()

    found = found_below([tmp_path / "runs"])

    assert [run.name for run in found.runs] == ["b", "a"]
    assert {one.name: one.reason.split(":")[0].split(" (")[0] for one in found.aside} == {
        "begun": "unfinished",
        "damaged": "unreadable",
        "files": "not a run of leo run",
        "hasty": "not evaluated",
        "held": "a gate failed before it was evaluated",
        "stopped": "unfinished",
    }
    assert not [one for one in found.aside if "secret" in one.reason]


def test_a_run_without_a_step_of_the_newest_is_of_another_configuration(made: Made, tmp_path: Path) -> None:
    def other(evaluation: dict[str, Any]) -> None:
        evaluation["steps"][0]["step"] = "ilr-cis"

    made("old", 1, change=other)
    made("new", 2)
    found = found_below([tmp_path / "runs"])
    assert [run.name for run in found.runs] == ["new"]
    assert [one.name for one in found.aside] == ["old"]
    assert found.aside[0].reason.startswith("another configuration")


def test_runs_of_one_name_are_told_apart(made: Made, tmp_path: Path) -> None:
    for parent, day in (("x", 1), ("y", 2)):
        place = tmp_path / parent
        place.mkdir()
        made(f"run-{day}", day).rename(place / "demo")
    assert [run.name for run in found_below([tmp_path / "x", tmp_path / "y" / "demo"]).runs] == ["x/demo", "y/demo"]


def test_no_run_at_all_is_an_error_that_says_why(made: Made, tmp_path: Path) -> None:
    made("stopped", 3, status="failed")
    with pytest.raises(InputError, match="stopped: unfinished: its status is 'failed'"):
        found_below([tmp_path / "runs"])
    with pytest.raises(InputError, match="no such folder"):
        found_below([tmp_path / "nowhere"])


def test_figures_are_those_that_may_leave(made: Made, tmp_path: Path, d: Disclosure) -> None:
    def fewer(evaluation: dict[str, Any]) -> None:
        evaluation["steps"][0]["totals"][0] |= {"linked": 3}
        evaluation["steps"][0] |= {"rates": [], "reasons": []}

    made("first", 1, change=fewer)
    made("second", 2)
    runs, names = found_below([tmp_path / "runs"]).runs, _names()
    assert _cells(counts(runs, names, d)) == {
        ("Spine", "People"): ["600", "600"],
        ("NPD to CIS", "Links"): ["540", "540"],
        ("NPD to CIS", "Pairs in clerical review"): ["30", "30"],
    }
    said = _cells(shares(runs, names, d))
    assert said["NPD to CIS", "Linked"] == ["c", "90.0"]  # three people linked are too few to tell of
    assert said["NPD to CIS", "Precision by truth"] == ["98.15", "98.15"]
    assert said["NPD to CIS", "Recall by truth"] == ["88.33", "88.33"]
    assert _cells(seconds(runs, d)) == {
        ("All stages",): ["4.0", "5.0"],
        ("Link",): ["2.0", "2.0"],
        ("Records",): ["2.0", "3.0"],
    }


def test_groups_are_those_that_the_report_shows(made: Made, tmp_path: Path, d: Disclosure) -> None:
    made("one", 1)
    runs = found_below([tmp_path / "runs"]).runs
    shown = {labels[1:]: cells for labels, cells in _cells(groups(runs, _names(), d)).items()}
    assert shown["Sex", "Female"] == ["90.0"]
    assert not [labels for labels in shown if labels[0] == "Source"]


def test_bias_tells_of_large_groups_alone(d: Disclosure) -> None:
    def group(matched: int, eligible: int, difference: float) -> dict[str, Any]:
        said = {"difference": difference, "flagged": abs(difference) > 0.1}
        return {"matched": matched, "eligible": eligible, "found_missed": None, "matched_unmatched": said}

    groups = [group(900, 1000, -0.2), group(40, 60, 0.9), group(995, 1000, 0.5), group(500, 800, 0.05)]
    step = {"step": "a-b", "left": "a", "right": "b", "bias": [{"characteristics": ["sex"], "groups": groups}]}
    run = Run("one", Path(), {}, {"steps": [step]})
    assert _cells(bias([run], _names(), d)) == {
        ("a to b", "Largest difference, either way"): ["0.20"],
        ("a to b", "Groups flagged"): ["1"],
    }


def test_where_no_group_is_large_enough_none_is_said_not_to_be_flagged(d: Disclosure) -> None:
    """A run of few people has no group that can be told of: a nought beside the other run's one would say it is fair."""

    def run(name: str, matched: int, eligible: int) -> Run:
        said = {"difference": -0.4, "flagged": True}
        group = {"matched": matched, "eligible": eligible, "found_missed": None, "matched_unmatched": said}
        step = {"step": "a-b", "left": "a", "right": "b", "bias": [{"characteristics": ["sex"], "groups": [group]}]}
        return Run(name, Path(), {}, {"steps": [step]})

    assert _cells(bias([run("large", 900, 1000), run("small", 45, 50)], _names(), d)) == {
        ("a to b", "Largest difference, either way"): ["0.40", "z"],
        ("a to b", "Groups flagged"): ["1", "z"],
    }


def test_bias_of_runs_with_truth_and_without_is_held_by_one_measure(d: Disclosure) -> None:
    """What is taken of those with a match alone is no change of what is taken of all."""

    def run(name: str, matched: float, found: float | None) -> Run:
        known = {"found": 900, "in_both": 950} if found is not None else {"found": None, "in_both": None}
        group = {"matched": 900, "eligible": 1000, **known}
        for key, difference in (("matched_unmatched", matched), ("found_missed", found)):
            group[key] = None if difference is None else {"difference": difference, "flagged": abs(difference) > 0.1}  # type: ignore[assignment]
        step = {"step": "a-b", "left": "a", "right": "b", "bias": [{"characteristics": ["sex"], "groups": [group]}]}
        return Run(name, Path(), {}, {"steps": [step]})

    blind, known, later = run("one", 0.4, None), run("two", 0.5, 0.05), run("three", 0.3, 0.06)
    largest = ("a to b", "Largest difference, either way")
    assert _cells(bias([blind, known], _names(), d))[largest] == ["0.40", "0.50"]
    assert _cells(bias([known, later], _names(), d))[largest] == ["0.05", "0.06"]


def test_how_far_weights_have_moved(evaluation: dict[str, Any], d: Disclosure) -> None:
    step = evaluation["steps"][0]
    lighter = copy.deepcopy(step)
    for row in lighter["weights"]:
        row["bin"] -= 10
    assert _index(step, step, d).text == "0.000"
    moved = _index(step, lighter, d).value
    assert moved is not None
    assert moved > 0.25
    assert _index(None, step, d).mark == "not_applicable"


def test_a_change_is_of_what_is_shown(made: Made, tmp_path: Path, d: Disclosure) -> None:
    made("first", 1)
    made("second", 2)
    row = counts(found_below([tmp_path / "runs"]).runs, _names(), d).figures[1]
    assert change(row, (0, 1), 0, d).text == "0"
    flagged = Figure(("People to CIS", "Groups flagged"), [Cell("12", 12.0), Cell("11", 11.0)])
    assert change(flagged, (0, 1), 2, d).text == "−1"
    largest = Figure(("People to CIS", "Largest difference"), [Cell("0.74", 0.74), Cell("0.85", 0.85)])
    assert change(largest, (0, 1), 2, d).text == "+0.11"
    assert change(largest, (0, 0), 2, d).text == "0.00"
    rate = Figure(("People to CIS", "Linked"), [Cell("43.4", 43.4), Cell("43.2", 43.2)])
    assert [change(rate, two, 2, d).text for two in ((0, 1), (0, 0))] == ["−0.2", "0.0"]
    hidden = Figure(row.labels, [d.marked("suppressed"), row.cells[1]])
    assert change(hidden, (0, 1), 0, d).value is None


def test_a_version_is_a_model(evaluation: dict[str, Any]) -> None:
    model = evaluation["steps"][0]["parameters"]
    other = copy.deepcopy(model)
    other["levels"][0]["m"] += 0.01
    assert version(model) == version(copy.deepcopy(model)) != version(other)


def test_pages_hold_what_they_need_and_no_value_of_a_person(made: Made, tmp_path: Path) -> None:
    for day in (1, 2, 3):
        made(f"run-{day}", day)
    site = write_site(found_below([tmp_path / "runs"]), tmp_path / "site")
    pages = {path.name: path.read_text(encoding="utf-8") for path in (tmp_path / "site").glob("*.html")}
    assert sorted(pages) == ["compare-1-2.html", "compare-2-3.html", "index.html"]
    assert (site.runs, site.aside, site.pages) == (3, 0, 3)
    for text in pages.values():
        page = Page(text)
        links = [attrs["href"] for attrs in page.all("a")]
        assert all(link.startswith(("#", "data:text/csv;")) or link in pages for link in links)
        assert not [canary for canary in CANARIES if canary in text]
    assert {'id="links"', 'id="error"', 'id="models"', 'id="seconds"'} <= set(
        re.findall(r'id="[a-z]+"', pages["index.html"])
    )


def test_only_an_earlier_dashboard_is_written_over(made: Made, tmp_path: Path) -> None:
    made("first", 1)
    made("second", 2)
    out = tmp_path / "site"
    write_site(found_below([tmp_path / "runs"]), out)
    write_site(found_below([tmp_path / "runs" / "first"]), out)
    assert not (out / "compare-1-2.html").exists()
    thesis = tmp_path / "home"
    thesis.mkdir()
    (thesis / "thesis.txt").write_text("years")
    with pytest.raises(InputError, match="not a dashboard"):
        write_site(found_below([tmp_path / "runs"]), thesis)
    assert [path.name for path in thesis.iterdir()] == ["thesis.txt"]


def test_a_dashboard_that_was_cut_off_is_written_again(
    made: Made, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made("first", 1)
    out = tmp_path / "site"

    def full(page: str, file: Path) -> Path:
        if file.name == "index.html":
            raise OSError(28, "No space left on device")
        return write_page(page, file)

    with monkeypatch.context() as patched:
        patched.setattr("quality.report.folder.write_page", full)
        with pytest.raises(OSError, match="No space"):
            write_site(found_below([tmp_path / "runs"]), out)
    write_site(found_below([tmp_path / "runs"]), out)
    assert (out / "index.html").exists()


def _names() -> Names:

    return Names(shipped())
