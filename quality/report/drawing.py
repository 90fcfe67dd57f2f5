"""A chart as it stands without scripts: SVG drawn when the report is made."""

import base64
import gzip
from collections.abc import Callable
from typing import Any
from xml.etree.ElementTree import Element

from quality.report import paper, pen, svg
from quality.report.charts import NARROW, WIDE
from quality.report.page import Figure, Table


def figure(name: str, title: str, summary: str, chart: Callable[[int], dict[str, Any]], table: Table) -> Figure:
    """Draw a chart for both widths.

    Args:
        chart: the Vega-Lite of the chart for a width in pixels.
    """
    wide, narrow = chart(WIDE), chart(NARROW)
    return Figure(
        name=name,
        title=title,
        summary=summary,
        wide=pen.drawn(wide, lambda drawn: _with_windows(svg.read(drawn), f"{name}-drawn")),
        narrow=pen.drawn(narrow, lambda drawn: svg.slim(svg.read(drawn))),
        table=table,
        specs={"wide": wide, "narrow": narrow},
    )


def _with_windows(drawn: Element, name: str) -> str:
    """A drawing, and what paper shows of it in its place where it is taller than a page."""
    windows = paper.windows(drawn, name)
    return svg.slim(drawn, name if windows else "") + windows


def packed(text: str) -> str:
    """A text as base64 of gzip, which report.js unpacks: a third of the size, and safe to stand inside a page."""
    return base64.b64encode(gzip.compress(text.encode(), 9, mtime=0)).decode("ascii")
