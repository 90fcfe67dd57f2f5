"""The report as people meet it: in a browser without a network, by keyboard, narrow, dark, without scripts."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.browser

_CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
_RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
_ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    playwright = pytest.importorskip("playwright.sync_api", reason="the Python package playwright is not installed")
    if _CHROMIUM is None:
        pytest.skip("Chromium is not installed (Debian: apt-get install chromium)")
    with playwright.sync_playwright() as running:
        opened = running.chromium.launch(executable_path=_CHROMIUM, args=_ARGUMENTS)
        yield opened
        opened.close()


def opened(browser: Any, report: Path, **how: Any) -> tuple[Any, list[str], list[str]]:
    """The page with the network cut, what it asked for and what it complained of."""
    context = browser.new_context(offline=True, **{"viewport": {"width": 1280, "height": 900}, **how})
    page = context.new_page()
    requests: list[str] = []
    faults: list[str] = []
    page.on("request", lambda request: requests.append(request.url))
    page.on("pageerror", lambda fault: faults.append(str(fault)))
    page.on("console", lambda said: faults.append(said.text) if said.type == "error" else None)
    page.goto(report.as_uri())
    return page, requests, faults


def all_charts_drawn(page: Any) -> None:
    """Bring every chart in sight and wait for it."""
    for chart in page.locator("[data-chart]").all():
        if chart.is_visible():
            chart.scroll_into_view_if_needed()
            chart.locator(".vega-embed:visible").wait_for()


def barriers(page: Any, **only: Any) -> list[tuple[str, str]]:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe-playwright-python is not installed")
    found = axe.Axe().run(page, options={"runOnly": only})
    return [(fault["id"], fault["nodes"][0]["html"]) for fault in found.response["violations"]]


@pytest.mark.parametrize("width", [1280, 320])
def test_no_barrier_and_no_request(browser: Any, report_file: Path, width: int) -> None:
    page, requests, faults = opened(browser, report_file, viewport={"width": width, "height": 900})
    page.evaluate("document.querySelectorAll('details').forEach((part) => { part.open = true; })")
    all_charts_drawn(page)
    assert barriers(page, type="tag", values=_RULES) == []
    assert requests == [report_file.as_uri()]
    assert faults == []
    page.context.close()


@pytest.mark.parametrize("how", [{"color_scheme": "dark"}, {"forced_colors": "active"}], ids=["dark", "forced-colours"])
def test_enough_contrast_in_other_colours(browser: Any, report_file: Path, how: dict[str, Any]) -> None:
    page, _, _ = opened(browser, report_file, **how)
    assert barriers(page, type="rule", values=["color-contrast"]) == []
    page.context.close()


def test_nothing_runs_off_a_narrow_page(browser: Any, report_file: Path) -> None:
    """320 pixels are a page of 1280 at 400 %: nothing but tables may scroll sideways, and those in their own frame."""
    page, _, _ = opened(browser, report_file, viewport={"width": 320, "height": 800})
    all_charts_drawn(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    assert page.locator(".chart .wide:visible").count() == 0
    page.context.close()


def test_a_document_without_scripts(browser: Any, report_file: Path) -> None:
    page, requests, _ = opened(browser, report_file, java_script_enabled=False)
    assert page.locator(".chart .wide svg:visible").count() == page.locator("figure:visible").count() > 0
    assert page.locator("h1").inner_text() == "Small run"
    assert requests == [report_file.as_uri()]
    page.context.close()


def test_by_keyboard(browser: Any, report_file: Path) -> None:
    """The first stop skips to the content; a table opens with Enter."""
    page, _, _ = opened(browser, report_file)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.tagName") == "SUMMARY"
    page.keyboard.press("Enter")
    assert page.locator("#flow-of-records table").is_visible()
    page.context.close()


def test_on_paper_every_table_is_open(browser: Any, report_file: Path) -> None:
    page, _, _ = opened(browser, report_file)
    page.emulate_media(media="print")
    page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    assert page.locator("details:not([open])").count() == 0
    assert not page.locator(".contents").is_visible()
    page.context.close()
