"""The transparency register as people meet it: axe finds no barrier, and nothing is fetched."""

import datetime
from pathlib import Path
from typing import Any

import pytest

from linkage.config.resources import config_file
from linkage.requests.published import published_rows
from linkage.requests.register import read_register
from quality.report.register import render_register
from tests.quality.browsing import RULES, barriers, opened

TODAY = datetime.date(2026, 6, 1)

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def page_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    entries = read_register(config_file("projects/register.jsonl"))
    rows = published_rows(entries, TODAY)
    folder = tmp_path_factory.mktemp("transparency")
    return render_register(rows, folder, day=TODAY, rejected=2, last_hash=entries[-1].sha256)[0]


@pytest.mark.parametrize("width", [1280, 320])
def test_no_barrier_and_no_request(browser: Any, page_file: Path, width: int) -> None:
    page, requests, faults = opened(browser, page_file, viewport={"width": width, "height": 900})
    page.evaluate("document.querySelectorAll('details').forEach((part) => { part.open = true; })")
    assert barriers(page, type="tag", values=RULES) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert (requests, faults) == ([page_file.as_uri()], [])
    page.context.close()


@pytest.mark.parametrize("how", [{"color_scheme": "dark"}, {"forced_colors": "active"}], ids=["dark", "forced-colours"])
def test_enough_contrast_in_other_colours(browser: Any, page_file: Path, how: dict[str, Any]) -> None:
    page, _, _ = opened(browser, page_file, **how)
    assert barriers(page, type="rule", values=["color-contrast"]) == []
    page.context.close()


def test_a_barrier_is_found_and_its_place_told(browser: Any, tmp_path: Path) -> None:
    """No page of ours has one: that axe would say so is seen on one that has."""
    barred = tmp_path / "barred.html"
    barred.write_text('<!doctype html><html lang="en"><title>t</title><main><h1>t</h1><img src="data:,"></main></html>')
    page, _, _ = opened(browser, barred)
    assert barriers(page, type="tag", values=RULES) == [("image-alt", "['img']")]
    page.context.close()
