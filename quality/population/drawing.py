"""Charts of the population page as SVG, for a page and for a phone."""

from collections.abc import Callable
from typing import Any

from quality.population.vega_lite import Spec, Values, finished, layer, layers, name, number
from quality.report.page import Figure, Table

WIDE, NARROW = 680, 290  # pixels


def figure(name: str, title: str, summary: str, chart: Callable[[int], dict[str, Any]], table: Table) -> Figure:
    """Draw a chart for both widths."""
    import vl_convert

    wide, narrow = (str(vl_convert.vegalite_to_svg(chart(width))) for width in (WIDE, NARROW))
    return Figure(name, title, summary, wide, narrow, table)


def bars(values: Values, width: int, *, x: str, facet: bool = False) -> Spec:
    """Counts, one bar a label: label, value, shown, and group where `facet`."""
    base = {"y": name("label", sort=None, title=None)}
    text = {"align": "left", "dx": 6, "color": "currentColor"}
    chart = layers(
        layer("bar", {"color": "var(--chart-1)"}, base, x=number("value", axis=None, title=x)),
        layer("text", text, base, x=number("value"), text=name("shown")),
        width=width - 180,
        height={"step": 28},
    )
    return finished(chart, values, values if facet else None)
