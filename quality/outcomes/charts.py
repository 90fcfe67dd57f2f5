"""The charts of compared outcomes, in the report's look: a share with its intervals, and quartiles of earnings."""

import textwrap
from collections.abc import Mapping
from typing import Any

import altair as alt

from quality.report.charts import NARROW, Values, finished

_ROW, _LINE, _LETTER = 30, 16, 6.9
_SAMPLE, _LINKS = "Sample, 95%", "Links, 95%"


def shares(values: Values, width: int, *, x: str) -> dict[str, Any]:
    """A row a label: a point, a thick line of what a sample leaves open, a thin one of what the links do.

    Args:
        values: label, category, of, shown, value, low, high (of the sample), link_low, link_high (None without sampled
            link sets).
    """
    base, extent, row = _rows(values, width)
    scale = alt.Scale(domain=[0, 100])
    across = alt.X("low:Q", title=x, scale=scale, axis=_across(width))
    kinds = alt.Scale(domain=[_SAMPLE, _LINKS], range=["var(--chart-1)", "var(--chart-2)"])
    legend = _legend(width) if any(row["link_low"] is not None for row in values) else None
    sample = base.mark_rule(strokeWidth=5, opacity=0.4).encode(
        x=across, x2="high:Q", color=alt.datum(_SAMPLE, type="nominal", scale=kinds, legend=legend)
    )
    links = base.mark_rule(strokeWidth=2).encode(
        x=alt.X("link_low:Q", scale=scale),
        x2="link_high:Q",
        yOffset=alt.value(row / 2 - 8),
        color=alt.datum(_LINKS, type="nominal", scale=kinds, legend=legend),
    )
    point = base.mark_point(filled=True, size=80, color="var(--chart-1)", opacity=1).encode(
        x=alt.X("value:Q", scale=scale)
    )
    return finished(alt.layer(sample, links, point).properties(width=width - extent - 24, height=alt.Step(row)))


def quartiles(values: Values, width: int, *, x: str) -> dict[str, Any]:
    """A row a label: a line from the lower to the upper quartile, a point at the median.

    Args:
        values: label, category, of, shown, value (the median), low and high (the quartiles).
    """
    base, extent, row = _rows(values, width)
    scale = alt.Scale(zero=True, nice=True)
    across = alt.X("low:Q", title=x, scale=scale, axis=_across(width))
    middle = base.mark_rule(color="var(--chart-1)", strokeWidth=9, opacity=0.4).encode(x=across, x2="high:Q")
    point = base.mark_point(shape="diamond", filled=True, size=100, color="var(--chart-1)", opacity=1).encode(
        x=alt.X("value:Q", scale=scale)
    )
    return finished(alt.layer(middle, point).properties(width=width - extent - 24, height=alt.Step(row)))


def _legend(width: int) -> alt.Legend:
    return alt.Legend(
        symbolType="stroke",
        symbolOpacity=1,
        symbolStrokeWidth=3,
        direction="vertical" if width == NARROW else "horizontal",
    )


def _rows(values: Values, width: int) -> tuple[alt.Chart, int, int]:
    """A chart with a row for each label, the pixels that the labels take, and those that a row does."""
    labels = _labels(values, 19 if width == NARROW else 36)
    lines = [line for label in labels for line in label.split("\n")]
    extent = int(max(map(len, lines), default=0) * _LETTER) + 16
    axis = alt.Axis(minExtent=extent, maxExtent=extent, labelLimit=extent, grid=True, gridDash=[1, 3])
    data = [{**row, "label": label} for row, label in zip(values, labels, strict=True)]
    chart = alt.Chart(alt.InlineData(values=data)).encode(y=alt.Y("label:N", sort=None, title=None, axis=axis))
    most = max((label.count("\n") + 1 for label in labels), default=1)
    return chart, extent, max(_ROW, most * _LINE + 8)


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


def _across(width: int) -> alt.Axis:
    return alt.Axis(tickCount=3 if width == NARROW else 6, format="~s", grid=True)
