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
from quality.dashboard import Run, runs_below, write_site
from quality.dashboard.figures import Figure, Figures, change
from quality.disclosure import Cell, Disclosure, load
from quality.report.names import Names
from quality.report.released import release
from tests.quality.conftest import write_run
from tests.quality.report.test_report import CANARIES, Page

Made = Callable[..., Path]
NAMES = Names(shipped())


@pytest.fixture
def evaluation(counted: dict[str, Any]) -> dict[str, Any]:
    """Of the crowd: 600 people, 540 links. As a run's file holds it."""
    return dict(json.loads(json.dumps(counted)))


@pytest.fixture
def made(evaluation: dict[str, Any], tmp_path: Path) -> Made:
    """Writes the folder of a run that counted the crowd, with changes."""

    def make(
        name: str, day: int, *, status: str = "done", change: Callable[[dict[str, Any]], None] | None = None
    ) -> Path:
        changed = copy.deepcopy(evaluation)
        if change:
            change(changed)
        return write_run(tmp_path / "runs" / name, changed, day, status)

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

    below = runs_below([tmp_path / "runs"])

    assert [run.name for run in below.runs] == ["b", "a"]
    assert {one.name: one.reason.split(":")[0].split(" (")[0] for one in below.not_shown} == {
        "begun": "unfinished",
        "damaged": "unreadable",
        "files": "not a run of leo run",
        "hasty": "not evaluated",
        "held": "a gate failed before it was evaluated",
        "stopped": "unfinished",
    }
    assert not [one for one in below.not_shown if "secret" in one.reason]


def test_a_run_without_a_step_of_the_newest_is_of_another_configuration(made: Made, tmp_path: Path) -> None:
    def other(evaluation: dict[str, Any]) -> None:
        evaluation["steps"][0]["step"] = "ilr-cis"

    made("old", 1, change=other)
    made("new", 2)
    below = runs_below([tmp_path / "runs"])
    assert [run.name for run in below.runs] == ["new"]
    assert [one.name for one in below.not_shown] == ["old"]
    assert below.not_shown[0].reason.startswith("another configuration")


def test_runs_of_one_name_are_told_apart(made: Made, tmp_path: Path) -> None:
    for parent, day in (("x", 1), ("y", 2)):
        place = tmp_path / parent
        place.mkdir()
        made(f"run-{day}", day).rename(place / "demo")
    assert [run.name for run in runs_below([tmp_path / "x", tmp_path / "y" / "demo"]).runs] == ["x/demo", "y/demo"]


def test_no_run_at_all_is_an_error_that_says_why(made: Made, tmp_path: Path) -> None:
    made("stopped", 3, status="failed")
    with pytest.raises(InputError, match="stopped: unfinished: its status is 'failed'"):
        runs_below([tmp_path / "runs"])
    with pytest.raises(InputError, match="no such folder"):
        runs_below([tmp_path / "nowhere"])


def test_figures_are_those_that_may_leave(made: Made, tmp_path: Path, d: Disclosure) -> None:
    def fewer(evaluation: dict[str, Any]) -> None:
        evaluation["steps"][0]["totals"][0] |= {"linked": 3}
        evaluation["steps"][0] |= {"rates": [], "reasons": []}

    made("first", 1, change=fewer)
    made("second", 2)
    figures = Figures(runs_below([tmp_path / "runs"]).runs, NAMES, d)
    assert _cells(figures.counts) == {
        ("Spine", "People"): ["600", "600"],
        ("NPD to CIS", "Links"): ["540", "540"],
        ("NPD to CIS", "Pairs in clerical review"): ["30", "30"],
    }
    shown = _cells(figures.shares)
    assert shown["NPD to CIS", "Linked"] == ["c", "90.0"]  # three people linked are too few to show
    assert shown["NPD to CIS", "Precision by truth"] == ["98.15", "98.15"]
    assert shown["NPD to CIS", "Recall by truth"] == ["88.33", "88.33"]
    assert _cells(figures.seconds) == {
        ("All stages",): ["4.0", "5.0"],
        ("Link",): ["2.0", "2.0"],
        ("Records",): ["2.0", "3.0"],
    }


def test_groups_are_those_that_the_report_shows(made: Made, tmp_path: Path, d: Disclosure) -> None:
    made("one", 1)
    runs = runs_below([tmp_path / "runs"]).runs
    shown = {labels[1:]: cells for labels, cells in _cells(Figures(runs, NAMES, d).groups).items()}
    assert shown["Sex", "Female"] == ["90.0"]
    assert not [labels for labels in shown if labels[0] == "Source"]


def compared(name: str, *groups: tuple[int, int], found: int | None = None) -> Run:
    """A run of one step with groups of linked and eligible; with truth `found` of the first group's people were found."""
    rows = [
        {"group": f"g{n}", "label": f"g{n}", "all": of, "eligible": of, "linked": linked}
        for n, (linked, of) in enumerate(groups)
    ]
    total = {"side": "left", **{key: sum(row[key] for row in rows) for key in ("all", "eligible", "linked")}}
    rate = {"side": "left", "characteristic": "sex", "title": "Sex", "is_partition": True, "groups": rows}
    bias = [{"labels": [row["label"]], "eligible": row["eligible"], "matched": row["linked"], "matched_unmatched": {},
             "found_missed": None if found is None else {}, "in_both": None, "found": None, "false": None} for row in rows]  # fmt: skip
    if found is not None:
        for row, place in zip(bias, range(len(bias)), strict=True):
            row |= {"in_both": row["eligible"] - 50, "found": row["matched"] - 50 if place else found}
    step = {"step": "a-b", "left": "a", "right": "b", "totals": [total], "rates": [rate], "reasons": [],
            "bias": [{"characteristics": ["sex"], "title": "Sex", "groups": bias}]}  # fmt: skip
    return Run(name, Path(), {}, {"steps": [step]})


def test_bias_of_runs_is_of_groups_that_each_run_shows(d: Disclosure) -> None:
    """Groups of fewer than 100 and hidden ones are left out; where none is left, zero would say that none is flagged."""
    runs = [
        compared("1", (900, 1000), (500, 1000), (20, 60)),
        compared("2", (900, 1000), (500, 1000), (995, 1000)),  # five without a link, and a complement
        compared("3", (45, 50), (30, 50)),
    ]
    largest, flagged = Figures(runs, NAMES, d).bias.figures
    assert [cell.text for cell in largest.cells] == ["1.12", "0.49", "z"]
    assert [cell.text for cell in flagged.cells] == ["2", "1", "z"]


def test_how_far_weights_have_moved(evaluation: dict[str, Any], d: Disclosure) -> None:
    lighter = copy.deepcopy(evaluation)
    for row in lighter["steps"][0]["weights"]:
        row["bin"] -= 10
    before, after = (release(one, d).steps["npd-cis"] for one in (evaluation, lighter))
    assert before.stability(before)["match weights"][0].text == "0.000"
    moved = after.stability(before)["match weights"][0].value
    assert moved is not None
    assert moved > 0.25


def test_a_change_is_of_what_is_shown(made: Made, tmp_path: Path, d: Disclosure) -> None:
    made("first", 1)
    made("second", 2)
    row = Figures(runs_below([tmp_path / "runs"]).runs, NAMES, d).counts.figures[1]
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


def test_pages_hold_what_they_need_and_no_value_of_a_person(made: Made, tmp_path: Path) -> None:
    for day in (1, 2, 3):
        made(f"run-{day}", day)
    below = runs_below([tmp_path / "runs"])
    site = write_site(below, tmp_path / "site")
    pages = {path.name: path.read_text(encoding="utf-8") for path in (tmp_path / "site").glob("*.html")}
    assert sorted(pages) == ["compare-1-2.html", "compare-2-3.html", "index.html"]
    assert (len(below.runs), len(below.not_shown), site.pages) == (3, 0, 3)
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
    write_site(runs_below([tmp_path / "runs"]), out)
    write_site(runs_below([tmp_path / "runs" / "first"]), out)
    assert not (out / "compare-1-2.html").exists()
    thesis = tmp_path / "home"
    thesis.mkdir()
    (thesis / "thesis.txt").write_text("years")
    with pytest.raises(InputError, match="not a dashboard"):
        write_site(runs_below([tmp_path / "runs"]), thesis)
    assert [path.name for path in thesis.iterdir()] == ["thesis.txt"]
