"""A chart as it stands without scripts: SVG drawn when the report is made."""

import base64
import gzip
import re
from collections import Counter
from collections.abc import Callable
from typing import Any

from quality import pen
from quality.report.charts import NARROW, WIDE
from quality.report.page import Figure, Table

# The picture as a whole has a name and a description; a name on every mark would only bury them.
_ARIA = re.compile(r' (?:role|aria-[a-z]+|xmlns:xlink|version|class|pointer-events)="[^"]*"')
_TAG = re.compile(r"<[^>]*>")
_LONG = re.compile(r"-?\d+\.\d{2,}")  # a tenth of a pixel is fine enough
_DEFAULTS = re.compile(r' (?:opacity="1"|stroke-width="1"|transform="translate\(0,0\)")')  # what SVG takes unsaid
_FONT = re.compile(r' font-(?:family|size)="[^"]*"')
_EMPTY = re.compile(r'<path d="(?:M0,0h0v0h0Z)?"(?: display="none")?/>')


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
        wide=pen.drawn(wide, _svg),
        narrow=pen.drawn(narrow, _svg),
        table=table,
        specs={"wide": wide, "narrow": narrow},
    )


def _svg(drawn: str) -> str:
    """What a page needs of a drawing."""
    drawn = _TAG.sub(_shortened, _ARIA.sub("", drawn))
    drawn = _EMPTY.sub("", _DEFAULTS.sub("", drawn))
    common = "".join(font for font, _ in Counter(_FONT.findall(drawn)).most_common(2))
    if common.count("-family=") == common.count("-size=") == 1:  # said once, of the whole picture
        drawn = _FONT.sub(lambda font: "" if font[0] in common else font[0], drawn)
    else:
        common = ""
    return drawn.replace("<svg ", f'<svg aria-hidden="true" focusable="false"{common} ', 1)


def _shortened(tag: re.Match[str]) -> str:
    """A tag with its places to a tenth; what is written between tags is for people, and stays."""
    return _LONG.sub(lambda number: f"{float(number[0]):.1f}", tag[0])


def packed(text: str) -> str:
    """A text as base64 of gzip, which report.js unpacks: a third of the size, and safe to stand inside a page."""
    return base64.b64encode(gzip.compress(text.encode(), 9, mtime=0)).decode("ascii")
