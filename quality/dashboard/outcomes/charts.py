"""The charts of compared outcomes, in the report's look: a share with its intervals, and quartiles of earnings."""

import textwrap
from collections.abc import Mapping
from typing import Any

from quality.report.charts import NARROW, label_axis
from quality.report.vega_lite import Spec, Values, finished, layer, layers, name, number

_ROW, _LINE, _LETTER = 30, 16, 6.9
_SAMPLE, _LINKS = "Sample, 95%", "Links, 95%"


def shares(values: Values, width: int, *, x: str) -> Spec:
    """A row a label: a point, a thick line of what a sample leaves open, a thin one of what the links do.

    Args:
        values: label, category, of, shown, value, low, high (of the sample), link_low, link_high (None without sampled
            link sets).
    """
    data, rows, extent, row = _rows(values, width)
    scale = {"domain": [0, 100]}
    across = number("low", title=x, scale=scale, axis=_across(width))
    kind = {
        "legend": _legend(width) if any(row["link_low"] is not None for row in values) else None,
        "scale": {"domain": [_SAMPLE, _LINKS], "range": ["var(--chart-1)", "var(--chart-2)"]},
        "type": "nominal",
    }
    sample = {"x": across, "x2": {"field": "high"}, "color": {**kind, "datum": _SAMPLE}}
    links = {
        "x": number("link_low", scale=scale),
        "x2": {"field": "link_high"},
        "yOffset": {"value": row / 2 - 8},
        "color": {**kind, "datum": _LINKS},
    }
    point = {"filled": True, "size": 80, "color": "var(--chart-1)", "opacity": 1}
    chart = layers(
        layer("rule", {"strokeWidth": 5, "opacity": 0.4}, rows, **sample),
        layer("rule", {"strokeWidth": 2}, rows, **links),
        layer("point", point, rows, x=number("value", scale=scale)),
        width=width - extent - 24,
        height={"step": row},
    )
    return finished(chart, data)


def quartiles(values: Values, width: int, *, x: str) -> Spec:
    """A row a label: a line from the lower to the upper quartile, a point at the median.

    Args:
        values: label, category, of, shown, value (the median), low and high (the quartiles).
    """
    data, rows, extent, row = _rows(values, width)
    scale = {"nice": True, "zero": True}
    across = number("low", title=x, scale=scale, axis=_across(width))
    middle = {"color": "var(--chart-1)", "strokeWidth": 9, "opacity": 0.4}
    point = {"shape": "diamond", "filled": True, "size": 100, "color": "var(--chart-1)", "opacity": 1}
    chart = layers(
        layer("rule", middle, rows, x=across, x2={"field": "high"}),
        layer("point", point, rows, x=number("value", scale=scale)),
        width=width - extent - 24,
        height={"step": row},
    )
    return finished(chart, data)


def _legend(width: int) -> Spec:
    return {
        "direction": "vertical" if width == NARROW else "horizontal",
        "symbolOpacity": 1,
        "symbolStrokeWidth": 3,
        "symbolType": "stroke",
    }


def _rows(values: Values, width: int) -> tuple[Values, Spec, int, int]:
    """Values by their labels, a channel with a row for each, and the pixels that labels take and that a row does."""
    labels = _labels(values, 19 if width == NARROW else 36)
    lines = [line for label in labels for line in label.split("\n")]
    extent = int(max(map(len, lines), default=0) * _LETTER) + 16
    data = [{**row, "label": label} for row, label in zip(values, labels, strict=True)]
    rows = {"y": name("label", sort=None, title=None, axis=label_axis(extent))}
    most = max((label.count("\n") + 1 for label in labels), default=1)
    return data, rows, extent, max(_ROW, most * _LINE + 8)


def _labels(values: Values, columns: int) -> list[str]:
    """Category and institution, each whole on lines of its own, since the end of a code is what tells it from others.

    Where everyone is all there is, the category stands alone.
    """
    institutions = {str(row["of"]) for row in values}

    def label(row: Mapping[str, Any]) -> str:
        parts = [str(row[name]) for name in ("category", "of") if row[name]]
        parts = parts[:1] if len(institutions) == 1 else parts
        one_line = str(row["label"]) if len(parts) > 1 else parts[0]
        if len(one_line) <= columns:
            return one_line
        return "\n".join("\n".join(textwrap.wrap(part, columns)) for part in parts)

    return [label(row) for row in values]


def _across(width: int) -> Spec:
    return {"format": "~s", "grid": True, "tickCount": 3 if width == NARROW else 6}
