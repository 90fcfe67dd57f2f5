"""Every kind of page in a browser: no barrier, no request, nothing off a narrow page,
contrast, print, keyboard.
"""

import datetime
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from linkage.config.resources import config_file
from linkage.requests.published import published_rows
from linkage.requests.register import read_register
from quality.dashboard import runs_below, write_site
from quality.dashboard.comparison_page import render_comparison
from quality.explain.page import render_explanation
from quality.report.register import render_register
from tests.quality.browsing import (
    RULES,
    WIDTHS,
    barriers,
    open_page,
    violations,
    wait_for_focus,
)
from tests.quality.conftest import write_run
from tests.quality.explain.test_explain_page import pair

pytestmark = pytest.mark.browser

COMPARISON: dict[str, Any] = {
    "runs": {"before": "a", "after": "b"},
    "settings": [{"path": "run.seed", "before": 1, "after": None}],
    "people": {"before": 10, "after": 11, "same": 9},
    "steps": [
        {
            "step": "npd-ilr",
            "before": 8,
            "kept": 5,
            "other_pass": 1,
            "gained": 1,
            "lost": 2,
            "after": 7,
            "moves": [{"from": None, "to": "probabilistic rule 1", "links": 1}],
            "groups": [
                {
                    "title": "Sex",
                    "label": "Female",
                    "kept": 5,
                    "other_pass": 1,
                    "gained": 1,
                    "lost": 0,
                }
            ]
            * 30,
            "rules": [
                {"what": "blocking rule", "rule": "l.dob = r.dob", "change": "added"}
            ],
            "thresholds": [{"what": "accept", "before": 4.0, "after": 5.0}],
            "weights": [
                {
                    "comparison": "dob",
                    "level": "equal",
                    "before": 9.0,
                    "m_before": 0.9,
                    "u_before": 0.01,
                }
                | dict.fromkeys(("after", "m_after", "u_after"))
            ],
        }
    ],
}


@pytest.fixture
def pages(
    evaluation: dict[str, Any], report_file: Path, report_folder: Path
) -> dict[str, Path]:
    """A page of each kind, made once."""
    site, register = report_folder / "dashboard", report_folder / "register"
    if not site.exists():
        for day, status in enumerate(("done", "gate failed", "done"), 1):
            write_run(
                report_folder / "runs" / f"release-{day}", evaluation, day, status
            )
        write_site(runs_below([report_folder / "runs"]), site)
        entries, day_of = (
            read_register(config_file("projects/register.jsonl")),
            datetime.date(2026, 6, 1),
        )
        rows = published_rows(entries, day_of)
        render_register(
            rows, register, day=day_of, rejected=2, last_hash=entries[-1].sha256
        )
        render_comparison(COMPARISON, report_folder / "comparison.html")
    return {
        "report": report_file,
        "dashboard": site / "index.html",
        "two runs": site / "compare-1-2.html",
        "comparison": report_folder / "comparison.html",
        "register": register / "index.html",
        "explanation": render_explanation(pair(), report_folder / "explanation.html"),
    }


KINDS = ("report", "dashboard", "two runs", "comparison", "register", "explanation")
DISPLAYS: dict[str, dict[str, Any]] = {
    **{str(width): {"viewport": {"width": width, "height": 900}} for width in WIDTHS},
    "dark": {"color_scheme": "dark"},
    "forced colours": {"forced_colors": "active"},
}


@pytest.mark.parametrize("display", DISPLAYS)
@pytest.mark.parametrize("kind", KINDS)
def test_a_page_has_no_barrier_or_request(
    browser: Any, pages: dict[str, Path], kind: str, display: str
) -> None:
    page, requests, faults = open_page(browser, pages[kind], **DISPLAYS[display])
    page.evaluate(
        "document.querySelectorAll('details').forEach((part) => { part.open = true; })"
    )
    if display in ("dark", "forced colours"):
        assert barriers(page, type="rule", values=["color-contrast"]) == []
    else:
        assert violations(page) == []
    assert (requests, faults) == ([pages[kind].as_uri()], [])
    page.context.close()


def test_a_barrier_is_found_and_its_place_named(browser: Any, tmp_path: Path) -> None:
    file = tmp_path / "barred.html"
    file.write_text(
        '<!doctype html><html lang="en"><title>t</title><main><h1>t</h1><img '
        'src="data:,"></main></html>'
    )
    page, _, _ = open_page(browser, file)
    assert barriers(page, type="tag", values=RULES) == [("image-alt", "['img']")]
    page.context.close()


def test_the_report_by_keyboard(browser: Any, report_file: Path) -> None:
    """The first stop skips to the content; then come frames that scroll, and a table
    that opens with Enter.
    """
    page, _, _ = open_page(browser, report_file)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    wait_for_focus(page, "#main")
    for _ in range(20):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.tagName") == "SUMMARY":
            break
    page.keyboard.press("Enter")
    assert page.evaluate(
        "document.activeElement.closest('details').querySelector('table').checkVisibility()"
    )
    page.context.close()


def test_contents_are_short_on_a_phone(browser: Any, report_file: Path) -> None:
    for width, is_long in ((1280, True), (320, False)):
        page, _, _ = open_page(
            browser, report_file, viewport={"width": width, "height": 700}
        )
        assert page.locator(".contents ol ol a").first.is_visible() is is_long
        assert page.locator("h1").bounding_box()["y"] < 700
        page.context.close()


def test_paper_has_tables_that_are_open_and_no_contents(
    browser: Any, report_file: Path
) -> None:
    page, _, _ = open_page(browser, report_file, viewport={"width": 680, "height": 900})
    closed_details, open_details = page.locator("figure details").all()[:2]
    open_details.evaluate("details => details.open = true")
    page.emulate_media(media="print")
    assert open_details.locator("table").is_visible()
    assert not closed_details.locator("table").is_visible()
    assert not page.locator(".contents").is_visible()
    right_edges: Callable[[], list[float]] = lambda: page.evaluate(  # noqa: E731
        "[...document.querySelectorAll('table')].map((grid) => "
        "grid.getBoundingClientRect().right)"
    )
    assert max(right_edges()) <= 681
    page.context.close()
