"""A chart as it stands without scripts: SVG drawn when the report is made."""

import functools
import re
from collections.abc import Callable
from typing import Any

import vl_convert

from quality.report.charts import NARROW, WIDE
from quality.report.page import Figure, Table

# The picture as a whole has a name and a description; a name on every mark would only bury them.
_ARIA = re.compile(r' (?:role|aria-[a-z]+|xmlns:xlink|version|class|pointer-events)="[^"]*"')
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
        wide=_svg(wide),
        narrow=_svg(narrow),
        table=table,
        specs={"wide": wide, "narrow": narrow},
    )


def _svg(spec: dict[str, Any]) -> str:
    drawn = _ARIA.sub("", vl_convert.vegalite_to_svg(spec))
    return _EMPTY.sub("", drawn).replace("<svg ", '<svg aria-hidden="true" focusable="false" ', 1)


@functools.cache
def script() -> str:
    """Vega, Vega-Lite and vega-embed as one script, safe to stand inside a page."""
    bundle: str = vl_convert.javascript_bundle()  # type: ignore[call-arg,unused-ignore]
    # \x3c is < in a text and in a regular expression alike, so that the script means the same.
    return bundle.replace("</script", "\\x3c/script").replace("<!--", "\\x3c!--")
