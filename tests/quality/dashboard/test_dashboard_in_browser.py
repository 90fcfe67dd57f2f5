"""The dashboard as people meet it: from a file, without a network, narrow, in other colours, with and without scripts."""

import json
from pathlib import Path
from typing import Any

import pytest

from quality.dashboard import found_below, write_site
from tests.quality.browsing import RULES, barriers, opened

pytestmark = pytest.mark.browser

PAGES = ("index", "trends", "compare", "compare-1-2", "models", "stages")


@pytest.fixture
def site(counted: dict[str, Any], report_folder: Path) -> Path:
    """A dashboard of three runs of the crowd, and one that was stopped; made once."""
    out = report_folder / "dashboard"
    if not out.exists():
        runs = report_folder / "runs"
        for day, status in enumerate(("done", "gate failed", "done", "interrupted"), 1):
            folder = runs / f"release-{day}"
            (folder / "quality").mkdir(parents=True)
            counted["steps"][0]["parameters"]["levels"][0]["match_weight"] += 0.1
            manifest = {
                "status": status,
                "started": f"2026-01-0{day}T09:30:00.000+00:00",
                "configuration": {"run": {"name": "crowd"}},
                "stages": [{"name": "link-npd-cis", "seconds": 2.0 + day}],
            }
            (folder / "manifest.json").write_text(json.dumps(manifest))
            (folder / "quality" / "evaluation.json").write_text(json.dumps(counted))
        write_site(found_below([runs]), out)
    return out


@pytest.mark.parametrize("name", PAGES)
def test_no_barrier_and_no_request(browser: Any, site: Path, name: str) -> None:
    """At 320 pixels, which is 1280 at 400 %, nothing runs off the page."""
    page, requests, faults = opened(browser, site / f"{name}.html", viewport={"width": 320, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    page.evaluate("document.querySelectorAll('details').forEach((part) => { part.open = true; })")
    assert barriers(page, type="tag", values=RULES) == []
    assert requests == [(site / f"{name}.html").as_uri()]
    assert faults == []
    page.context.close()


@pytest.mark.parametrize("how", [{"color_scheme": "dark"}, {"forced_colors": "active"}], ids=["dark", "forced-colours"])
def test_enough_contrast_in_other_colours(browser: Any, site: Path, how: dict[str, Any]) -> None:
    page, _, _ = opened(browser, site / "compare.html", **how)
    page.get_by_role("button", name="Compare").click()
    assert barriers(page, type="rule", values=["color-contrast"]) == []
    page.context.close()


def test_any_two_runs_by_keyboard(browser: Any, site: Path) -> None:
    page, requests, faults = opened(browser, site / "compare.html")
    page.get_by_label("The run to compare with").select_option(label="release-1")
    page.get_by_label("The run that may differ").select_option(label="release-3")
    page.get_by_label("only figures that differ").press("Space")
    page.get_by_role("button", name="Compare").press("Enter")
    assert page.get_by_role("status").inner_text().startswith("release-3 beside release-1: ")
    times = page.locator("#compared table", has_text="Seconds by kind of stage")
    assert times.locator("thead th").all_inner_texts() == ["Stages", "release-1", "release-3", "Change"]
    assert times.locator("tbody tr").first.locator("th, td").all_inner_texts() == ["All stages", "3.0", "5.0", "+2.0"]
    assert barriers(page, type="tag", values=RULES) == []
    page.get_by_label("The run that may differ").select_option(label="release-1")
    page.get_by_label("only figures that differ").check()
    page.get_by_role("button", name="Compare").press("Enter")
    assert page.get_by_role("status").inner_text() == "release-1 beside release-1: no figure that is shown differs."
    page.get_by_label("The run that may differ").select_option(label="release-3")
    page.get_by_label("only figures that differ").uncheck()
    page.get_by_role("button", name="Compare").press("Enter")
    links = page.locator("#compared table").first.locator("tbody tr").nth(1)
    assert links.locator("th, td").all_inner_texts() == ["NPD to CIS", "Links", "540", "540", "0"]  # as without scripts
    assert len(requests) == 1
    assert faults == []
    page.context.close()


def test_two_runs_without_scripts(browser: Any, site: Path) -> None:
    page, _, _ = opened(browser, site / "index.html", java_script_enabled=False)
    page.get_by_role("link", name="Compare").click()
    assert not page.get_by_role("button").count()
    page.get_by_role("link", name="release-3 beside release-1").click()
    assert page.locator("h1").inner_text() == "release-3 beside release-1"
    assert page.locator('nav a[aria-current="page"]').inner_text() == "Compare"
    page.context.close()
