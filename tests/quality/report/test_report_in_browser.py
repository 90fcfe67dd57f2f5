"""The report as people meet it: in a browser without a network, by keyboard, narrow, dark, without scripts."""

from pathlib import Path
from typing import Any

import pypdf
import pytest

from tests.quality.browsing import RULES, barriers, focused, opened

pytestmark = pytest.mark.browser


def all_charts_drawn(page: Any) -> None:
    """Bring every chart in sight and wait for it."""
    for chart in page.locator("[data-chart]").all():
        if chart.is_visible():
            chart.scroll_into_view_if_needed()
            chart.locator(".vega-embed:visible").wait_for()


@pytest.mark.parametrize("width", [1280, 320])
def test_no_barrier_and_no_request(browser: Any, report_file: Path, width: int) -> None:
    page, requests, faults = opened(browser, report_file, viewport={"width": width, "height": 900})
    page.evaluate("document.querySelectorAll('details').forEach((part) => { part.open = true; })")
    all_charts_drawn(page)
    assert barriers(page, type="tag", values=RULES) == []
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


def test_captions_of_wide_tables_are_whole_on_a_narrow_page(browser: Any, report_file: Path) -> None:
    page, _, _ = opened(browser, report_file, viewport={"width": 320, "height": 900})
    page.evaluate("document.querySelectorAll('details').forEach(fold => fold.open = true)")
    wide = page.evaluate(
        "[...document.querySelectorAll('.scroll')].filter(f => f.scrollWidth > f.clientWidth)"
        ".map(f => f.clientWidth - f.querySelector('caption').getBoundingClientRect().width)"
    )
    assert wide
    assert min(wide) >= 0
    page.context.close()


def test_a_table_that_goes_on_beyond_a_narrow_page_shows_it(browser: Any, report_file: Path) -> None:
    """A table that was cut at its right edge looked as if its last columns were not there."""
    page, _, _ = opened(browser, report_file, viewport={"width": 320, "height": 900})
    all_charts_drawn(page)  # one that is drawn later moves the table, and what is cut out would be of something else
    frame = page.locator(".scroll").filter(has_text="Known by").first
    frame.scroll_into_view_if_needed()
    box = frame.bounding_box()
    edge = {"x": box["x"] + box["width"] - 6, "y": box["y"] + box["height"] - 4, "width": 6, "height": 4}
    beyond = page.screenshot(clip=edge)
    frame.evaluate("frame => frame.scrollLeft = frame.scrollWidth")
    assert page.screenshot(clip=edge) != beyond
    page.context.close()


def test_a_document_without_scripts(browser: Any, report_file: Path) -> None:
    page, requests, _ = opened(browser, report_file, java_script_enabled=False)
    assert page.locator(".chart .wide svg:visible").count() == page.locator("figure:visible").count() > 0
    assert page.locator("h1").inner_text() == "Small run"
    assert requests == [report_file.as_uri()]
    page.context.close()


def test_by_keyboard(browser: Any, report_file: Path) -> None:
    """The first stop skips to the content; then come the statement's tables, and one that opens with Enter."""
    page, _, _ = opened(browser, report_file)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    focused(page, "#main")
    page.keyboard.press("Tab")
    for _ in range(10):  # tables that are open already, each in a frame that scrolls by keyboard
        if page.evaluate("document.activeElement.className") != "scroll":
            break
        page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.tagName") == "SUMMARY"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.closest('details').querySelector('table').checkVisibility()")
    page.context.close()


def test_where_the_contents_stand_above_the_page_they_are_short(browser: Any, report_file: Path) -> None:
    """On a telephone, and at 400 %, thirty links stood before the title: the first screen answered nothing."""
    for width, is_long in ((1280, True), (320, False)):
        page, _, _ = opened(browser, report_file, viewport={"width": width, "height": 700})
        links = page.locator(".contents a")
        assert links.first.is_visible()
        assert page.locator(".contents ol ol a").first.is_visible() is is_long
        assert page.locator("h1").bounding_box()["y"] < 700
        page.context.close()


def test_on_paper_stands_what_was_opened_and_where_the_rest_is(browser: Any, report_file: Path) -> None:
    page, _, _ = opened(browser, report_file)
    kept, shown = page.locator("figure details").all()[:2]
    shown.evaluate("details => details.open = true")
    page.emulate_media(media="print")
    assert shown.locator("table").is_visible()
    assert not shown.locator("summary").is_visible()
    assert not kept.locator("table").is_visible()
    told = kept.locator("summary").evaluate("summary => getComputedStyle(summary, '::after').content")
    assert "saved as CSV" in told
    assert not page.locator(".contents").is_visible()
    page.context.close()


def test_it_prints_with_the_statement_on_two_pages(browser: Any, report_file: Path, tmp_path: Path) -> None:
    """Chromium's own PDF: pages one and two are the statement's, the next part begins on the third."""
    page, _, _ = opened(browser, report_file)
    paper = tmp_path / "report.pdf"
    page.pdf(path=paper, prefer_css_page_size=True, print_background=True)
    page.context.close()
    pages = [sheet.extract_text() for sheet in pypdf.PdfReader(paper).pages]
    begins = next(place for place, content in enumerate(pages) if content.lstrip().startswith("Data linkage"))
    assert "Linkage quality statement" in pages[0]
    assert 1 <= begins <= 2
    assert "What is not known" in pages[begins - 1]


def test_on_paper_names_stand_in_lines_beside_fourteen_numbers_and_nothing_is_cut(
    browser: Any, report_file: Path
) -> None:
    """A4 within its margins is 680 pixels. Rows of the widest tables had their names letter under letter."""
    page, _, _ = opened(browser, report_file, viewport={"width": 680, "height": 900})
    page.evaluate("document.querySelectorAll('details').forEach((part) => { part.open = true; })")
    page.emulate_media(media="print")
    page.evaluate(  # numbers as long as those of a million people
        "document.querySelectorAll('#accuracy-by-step tbody tr').forEach((row) => {"
        " [...row.cells].slice(1, 5).forEach((cell) => { cell.textContent = '289,820'; }); })"
    )
    names = page.evaluate(
        "[...document.querySelectorAll('tbody th')].map((cell) => cell.getBoundingClientRect().width)"
    )
    assert min(width for width in names if width) >= 60
    right = page.evaluate("[...document.querySelectorAll('table')].map((grid) => grid.getBoundingClientRect().right)")
    assert max(right) <= 681
    page.context.close()
