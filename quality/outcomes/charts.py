"""The charts of compared outcomes, in the report's look: a share with its intervals, and quartiles of earnings."""

from typing import Any

import altair as alt

from quality.report.charts import NARROW, Values, finished

_ROW, _LETTER = 30, 6.9


def shares(values: Values, width: int, *, x: str) -> dict[str, Any]:
    """A row a label: a point, a thick line of what a sample leaves open, a thin one of what the links do.

    Args:
        values: label, shown, value, low, high (of the sample), link_low, link_high (None without sampled link sets).
    """
    base, extent = _rows(values, width, x)
    scale = alt.Scale(domain=[0, 100])
    across = alt.X("low:Q", title=x, scale=scale, axis=_across(width))
    sample = base.mark_rule(color="var(--chart-1)", strokeWidth=5, opacity=0.4).encode(x=across, x2="high:Q")
    links = base.mark_rule(color="var(--chart-2)", strokeWidth=2).encode(
        x=alt.X("link_low:Q", scale=scale), x2="link_high:Q", yOffset=alt.value(7)
    )
    point = base.mark_point(filled=True, size=80, color="var(--chart-1)", opacity=1).encode(
        x=alt.X("value:Q", scale=scale)
    )
    return finished(alt.layer(sample, links, point).properties(width=width - extent - 24, height=alt.Step(_ROW)))


def quartiles(values: Values, width: int, *, x: str) -> dict[str, Any]:
    """A row a label: a line from the lower to the upper quartile, a point at the median.

    Args:
        values: label, shown, value (the median), low and high (the quartiles).
    """
    base, extent = _rows(values, width, x)
    scale = alt.Scale(zero=True, nice=True)
    across = alt.X("low:Q", title=x, scale=scale, axis=_across(width))
    middle = base.mark_rule(color="var(--chart-1)", strokeWidth=9, opacity=0.4).encode(x=across, x2="high:Q")
    point = base.mark_point(shape="diamond", filled=True, size=100, color="var(--chart-1)", opacity=1).encode(
        x=alt.X("value:Q", scale=scale)
    )
    return finished(alt.layer(middle, point).properties(width=width - extent - 24, height=alt.Step(_ROW)))


def _rows(values: Values, width: int, x: str) -> tuple[alt.Chart, int]:
    """A chart with a row for each label, and the pixels that the labels take."""
    longest = max((len(str(row["label"])) for row in values), default=0)
    extent = min(int(longest * _LETTER) + 16, 110 if width == NARROW else 260)
    axis = alt.Axis(minExtent=extent, maxExtent=extent, labelLimit=extent, grid=True, gridDash=[1, 3])
    chart = alt.Chart(alt.InlineData(values=[dict(row) for row in values])).encode(
        y=alt.Y("label:N", sort=None, title=None, axis=axis)
    )
    return chart, extent


def _across(width: int) -> alt.Axis:
    return alt.Axis(tickCount=3 if width == NARROW else 6, format="~s", grid=True)
