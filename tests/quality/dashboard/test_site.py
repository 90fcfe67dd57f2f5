"""The dashboard over hand-made runs: figures shown, runs left out with their reasons,
and disclosure control.
"""

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

MakeRun = Callable[..., Path]
NAMES = Names(shipped())


@pytest.fixture
def evaluation(evaluation: dict[str, Any]) -> dict[str, Any]:
    """Of the crowd: 600 people, 540 links. As a run's file holds it."""
    return dict(json.loads(json.dumps(evaluation)))


@pytest.fixture
def make_run(evaluation: dict[str, Any], tmp_path: Path) -> MakeRun:
    """Writes the folder of a run that counted the crowd, with changes."""

    def make(
        name: str,
        day: int,
        *,
        status: str = "done",
        change: Callable[[dict[str, Any]], None] | None = None,
    ) -> Path:
        content = copy.deepcopy(evaluation)
        if change:
            change(content)
        return write_run(tmp_path / "runs" / name, content, day, status)

    return make


def _cells(matrix: Any) -> dict[tuple[str, ...], list[str]]:
    return {
        tuple(row.labels): [cell.text for cell in row.cells] for row in matrix.figures
    }


@pytest.fixture
def d() -> Disclosure:
    return Disclosure(load())


def test_runs_are_in_order_of_their_days_and_others_have_a_reason(
    make_run: MakeRun, tmp_path: Path
) -> None:
    make_run("b", 2)
    make_run("a", 9, status="gate failed")
    make_run("stopped", 3, status="interrupted")
    (tmp_path / "runs" / "damaged").mkdir()
    (tmp_path / "runs" / "damaged" / "manifest.json").write_text('{"secret": ')
    (tmp_path / "runs" / "begun" / "stages").mkdir(parents=True)
    (tmp_path / "runs" / "data").mkdir()
    files = make_run("files", 4) / "manifest.json"
    files.write_text('{"counts": {}}')
    (make_run("hasty", 5) / "quality" / "evaluation.json").unlink()
    (make_run("held", 6, status="gate failed") / "quality" / "evaluation.json").unlink()

    runs = runs_below([tmp_path / "runs"])

    assert [run.name for run in runs.runs] == ["b", "a"]
    assert {
        folder.name: folder.reason.split(":")[0].split(" (")[0]
        for folder in runs.not_shown
    } == {
        "begun": "unfinished",
        "damaged": "unreadable",
        "files": "not a run of leo run",
        "hasty": "not evaluated",
        "held": "a gate failed before it was evaluated",
        "stopped": "unfinished",
    }
    assert not [folder for folder in runs.not_shown if "secret" in folder.reason]


def test_a_run_without_a_step_of_the_newest_run_is_not_shown(
    make_run: MakeRun, tmp_path: Path
) -> None:
    def rename_step(evaluation: dict[str, Any]) -> None:
        evaluation["steps"][0]["step"] = "ilr-cis"

    make_run("old", 1, change=rename_step)
    make_run("new", 2)
    runs = runs_below([tmp_path / "runs"])
    assert [run.name for run in runs.runs] == ["new"]
    assert [folder.name for folder in runs.not_shown] == ["old"]
    assert runs.not_shown[0].reason.startswith("another configuration")


def test_runs_of_one_name_are_told_apart(make_run: MakeRun, tmp_path: Path) -> None:
    for parent, day in (("x", 1), ("y", 2)):
        folder = tmp_path / parent
        folder.mkdir()
        make_run(f"run-{day}", day).rename(folder / "demo")
    assert [
        run.name for run in runs_below([tmp_path / "x", tmp_path / "y" / "demo"]).runs
    ] == ["x/demo", "y/demo"]


def test_no_run_at_all_is_an_error_with_reasons(
    make_run: MakeRun, tmp_path: Path
) -> None:
    make_run("stopped", 3, status="failed")
    with pytest.raises(InputError, match="stopped: unfinished: its status is 'failed'"):
        runs_below([tmp_path / "runs"])
    with pytest.raises(InputError, match="no such folder"):
        runs_below([tmp_path / "nowhere"])


def test_figures_are_suppressed_where_they_are_small(
    make_run: MakeRun, tmp_path: Path, d: Disclosure
) -> None:
    def shrink(evaluation: dict[str, Any]) -> None:
        evaluation["steps"][0]["totals"][0] |= {"linked": 3}
        evaluation["steps"][0] |= {"rates": [], "reasons": []}

    make_run("first", 1, change=shrink)
    make_run("second", 2)
    figures = Figures(runs_below([tmp_path / "runs"]).runs, NAMES, d)
    assert _cells(figures.counts) == {
        ("Spine", "People"): ["600", "600"],
        ("NPD to CIS", "Links"): ["540", "540"],
        ("NPD to CIS", "Pairs in clerical review"): ["30", "30"],
    }
    shares = _cells(figures.shares)
    assert shares["NPD to CIS", "Linked"] == [
        "c",
        "90.0",
    ]  # three people linked are too few to show
    assert shares["NPD to CIS", "Precision by truth"] == ["98.15", "98.15"]
    assert shares["NPD to CIS", "Recall by truth"] == ["88.33", "88.33"]
    assert _cells(figures.seconds) == {
        ("All stages",): ["4.0", "5.0"],
        ("Link",): ["2.0", "2.0"],
        ("Records",): ["2.0", "3.0"],
    }


def test_groups_are_those_that_the_report_shows(
    make_run: MakeRun, tmp_path: Path, d: Disclosure
) -> None:
    make_run("one", 1)
    runs = runs_below([tmp_path / "runs"]).runs
    groups = {
        labels[1:]: cells
        for labels, cells in _cells(Figures(runs, NAMES, d).groups).items()
    }
    assert groups["Sex", "Female"] == ["90.0"]
    assert not [labels for labels in groups if labels[0] == "Source"]


def run_with_bias(name: str, *groups: tuple[int, int], first: int | None = None) -> Run:
    """A run of one step with groups of linked and eligible; with truth, `first` people
    of group 1 were found.
    """
    rows = [
        {
            "group": f"g{n}",
            "label": f"g{n}",
            "all": of,
            "eligible": of,
            "linked": linked,
        }
        for n, (linked, of) in enumerate(groups)
    ]
    total = {
        "side": "left",
        **{key: sum(row[key] for row in rows) for key in ("all", "eligible", "linked")},
    }
    rate = {
        "side": "left",
        "characteristic": "sex",
        "title": "Sex",
        "is_partition": True,
        "groups": rows,
    }
    bias = [
        {
            "labels": [row["label"]],
            "eligible": row["eligible"],
            "matched": row["linked"],
            "matched_unmatched": {},
            "found_missed": None if first is None else {},
            "in_both": None,
            "found": None,
            "false": None,
        }
        for row in rows
    ]
    if first is not None:
        for row, place in zip(bias, range(len(bias)), strict=True):
            row |= {
                "in_both": row["eligible"] - 50,
                "found": row["matched"] - 50 if place else first,
            }
    step = {
        "step": "a-b",
        "left": "a",
        "right": "b",
        "totals": [total],
        "rates": [rate],
        "reasons": [],
        "bias": [{"characteristics": ["sex"], "title": "Sex", "groups": bias}],
    }
    return Run(name, Path(), {}, {"steps": [step]})


def test_bias_of_runs_is_of_groups_that_each_run_shows(d: Disclosure) -> None:
    """Groups of fewer than 100 and hidden ones are left out; where none is left, zero
    would mean none flagged.
    """
    runs = [
        run_with_bias("1", (900, 1000), (500, 1000), (20, 60)),
        run_with_bias(
            "2", (900, 1000), (500, 1000), (995, 1000)
        ),  # five without a link, and a complement
        run_with_bias("3", (45, 50), (30, 50)),
    ]
    largest, flags = Figures(runs, NAMES, d).bias.figures
    assert [cell.text for cell in largest.cells] == ["1.12", "0.49", "z"]
    assert [cell.text for cell in flags.cells] == ["2", "1", "z"]


def test_the_stability_index_of_lighter_weights(
    evaluation: dict[str, Any], d: Disclosure
) -> None:
    lighter_evaluation = copy.deepcopy(evaluation)
    for row in lighter_evaluation["steps"][0]["weights"]:
        row["bin"] -= 10
    before, after = (
        release(one, d).steps["npd-cis"] for one in (evaluation, lighter_evaluation)
    )
    assert before.stability(before)["match weights"][0].text == "0.000"
    index = after.stability(before)["match weights"][0].value
    assert index is not None
    assert index > 0.25


def test_a_change_is_that_of_the_figures_shown(
    make_run: MakeRun, tmp_path: Path, d: Disclosure
) -> None:
    make_run("first", 1)
    make_run("second", 2)
    row = Figures(runs_below([tmp_path / "runs"]).runs, NAMES, d).counts.figures[1]
    assert change(row, (0, 1), 0, d).text == "0"
    flags = Figure(
        ("People to CIS", "Groups flagged"), [Cell("12", 12.0), Cell("11", 11.0)]
    )
    assert change(flags, (0, 1), 2, d).text == "−1"
    largest = Figure(
        ("People to CIS", "Largest difference"),
        [Cell("0.74", 0.74), Cell("0.85", 0.85)],
    )
    assert change(largest, (0, 1), 2, d).text == "+0.11"
    assert change(largest, (0, 0), 2, d).text == "0.00"
    rate = Figure(("People to CIS", "Linked"), [Cell("43.4", 43.4), Cell("43.2", 43.2)])
    assert [change(rate, places, 2, d).text for places in ((0, 1), (0, 0))] == [
        "−0.2",
        "0.0",
    ]
    figure = Figure(row.labels, [d.marked("suppressed"), row.cells[1]])
    assert change(figure, (0, 1), 0, d).value is None


def test_pages_hold_what_they_need_and_no_value_of_a_person(
    make_run: MakeRun, tmp_path: Path
) -> None:
    for day in (1, 2, 3):
        make_run(f"run-{day}", day)
    runs = runs_below([tmp_path / "runs"])
    site = write_site(runs, tmp_path / "site")
    pages = {
        path.name: path.read_text(encoding="utf-8")
        for path in (tmp_path / "site").glob("*.html")
    }
    assert sorted(pages) == ["compare-1-2.html", "compare-2-3.html", "index.html"]
    assert (len(runs.runs), len(runs.not_shown), site.pages) == (3, 0, 3)
    for text in pages.values():
        page = Page(text)
        links = [attrs["href"] for attrs in page.all("a")]
        assert all(
            link.startswith(("#", "data:text/csv;")) or link in pages for link in links
        )
        assert not [canary for canary in CANARIES if canary in text]
    assert {'id="links"', 'id="error"', 'id="models"', 'id="seconds"'} <= set(
        re.findall(r'id="[a-z]+"', pages["index.html"])
    )


def test_only_an_earlier_dashboard_is_written_over(
    make_run: MakeRun, tmp_path: Path
) -> None:
    make_run("first", 1)
    make_run("second", 2)
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
