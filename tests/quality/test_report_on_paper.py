"""The report on paper: no word is too small to read."""

from pathlib import Path
from typing import Any

import pypdf
import pytest

pytest.importorskip("vl_convert", reason="vl-convert-python is not installed")

from quality.report.drawing import figure

from quality.report import charts
from quality.report.document import document
from quality.report.page import Section, Table
from tests.quality.browsing import opened

pytestmark = pytest.mark.browser

_LEAST = 8  # points


def _sizes(page: Any) -> dict[float, str]:
    """Words of a page by the size in points that they are printed in."""
    found: dict[float, str] = {}

    def see(text: str, around: list[float], placed: list[float], _: Any, size: float) -> None:
        if text.strip():
            points = round(size * abs(placed[2] * around[1] + placed[3] * around[3]), 1)
            found[points] = f"{found.get(points, '')}{text}"

    page.extract_text(visitor_text=see)
    return found


@pytest.mark.parametrize("has_scripts", [False, True], ids=["drawn", "drawn-again-by-scripts"])
def test_a_chart_taller_than_a_page_is_read_on_several_each_with_its_axis(
    browser: Any, tmp_path: Path, has_scripts: bool
) -> None:
    values = [
        {"label": f"level {level}", "group": f"Comparison {of}.", "weight": level - 3.5, "shown": "-"}
        for of in range(14)
        for level in range(7)
    ]
    tall = figure("tall", "Tall", "It is.", lambda width: charts.weights(values, width), Table("Tall", [], []))
    report = tmp_path / "report.html"
    report.write_text(document("Report", "Tall charts.", (), [Section("all", "All", [tall])]), encoding="utf-8")
    page, _, _ = opened(browser, report, java_script_enabled=has_scripts)
    if has_scripts:
        page.locator("[data-chart]").scroll_into_view_if_needed()
        page.locator(".vega-embed:visible").wait_for()
    page.pdf(path=tmp_path / "report.pdf", prefer_css_page_size=True)
    page.context.close()
    pages = [_sizes(sheet) for sheet in pypdf.PdfReader(tmp_path / "report.pdf").pages]
    assert min(size for sizes in pages for size in sizes if size) >= _LEAST
    texts = ["".join(sizes.values()) for sizes in pages]
    assert [sum(text.count(f"Comparison {of}.") for text in texts) for of in range(14)] == [1] * 14
    assert all(text.count("Match weight (log2") == ("Comparison" in text) for text in texts)
    assert sum("Comparison" in text for text in texts) > 2
