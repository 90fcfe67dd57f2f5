"""Charts of released values, built with Altair and drawn as static SVG.

Colours are the page's CSS variables, so that charts follow light, dark and forced
colours; what a colour says, a shape or a position says too. Every chart stands in a
`Figure` with its table. Match weights by level have the form of Splink's chart.
"""

import math
import re
import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt
import vl_convert

from quality.report.page import Figure, Table

Values = Sequence[Mapping[str, Any]]
Chart = alt.TopLevelMixin | None  # None: there is no value to draw

_WIDTH = 360  # pixels of a plot; labels stand to its left
_ROW, _LINE = 26, 16  # pixels of a row with one line of label, and of a further line
_LABEL = 34  # characters of a line of label
_FIRST, _SECOND, _AXIS = "var(--chart-1)", "var(--chart-2)", "var(--chart-axis)"
_INK, _LINES = (
    {"labelColor": "currentColor"},
    {"domainColor": _AXIS, "tickColor": _AXIS, "gridColor": "var(--chart-grid)"},
)
_AXIS_TITLE = {
    "titleColor": "currentColor",
    "titleFontSize": 13,
    "titleFontWeight": "normal",
}
_HEADER = {
    "labelFontSize": 14,
    "labelFontWeight": "bold",
    "labelAnchor": "start",
    "labelOrient": "top",
    "title": None,
}
_CONFIG: dict[str, Any] = {
    "background": "transparent",
    "font": "arial, helvetica, sans-serif",
    "lineBreak": "\n",
    "view": {"stroke": None},
    "axis": {"labelFontSize": 13, "labelLimit": 0, **_INK, **_AXIS_TITLE, **_LINES},
    "axisY": {"domain": False, "ticks": False, "labelPadding": 8, "gridDash": [1, 3]},
    "header": _INK | _HEADER,
    "legend": _INK | {"labelFontSize": 13, "orient": "top", "title": None},
}
_UNREAD = re.compile(
    r' (?:role|aria-[a-z]+|class|version|pointer-events|xmlns:xlink)="[^"]*"'
)
"""The figure has a name; names on every mark would be read one by one."""
_LONG = re.compile(r"(\.\d{2})\d+(?=[^<>]*>)")  # in attributes: texts stay
_LABELS = alt.Y("label:N", sort=None, title=None, axis=alt.Axis(grid=True))
_INTERVAL: dict[str, Any] = {"color": _FIRST, "strokeWidth": 3, "opacity": 0.45}
_POINT: dict[str, Any] = {"filled": True, "size": 90, "color": _FIRST, "opacity": 1}


def figure(name: str, title: str, summary: str, chart: Chart, table: Table) -> Figure:
    """A chart with its words and its table; without a chart, where no value may be
    drawn, these only.
    """
    if chart is None:
        return Figure(name, title, summary, "", table)
    svg = _LONG.sub(
        r"\1",
        _UNREAD.sub(
            "", draw(chart.to_dict(validate=False) | {"config": _CONFIG, "padding": 2})
        ),
    )
    return Figure(
        name,
        title,
        summary,
        svg.replace("<svg ", '<svg aria-hidden="true" focusable="false" ', 1),
        table,
    )


def draw(spec: dict[str, Any]) -> str:
    """Vega-Lite as SVG."""
    return str(vl_convert.vegalite_to_svg(spec))


def dots(values: Values, *, x: str, limits: Sequence[float] = ()) -> Chart:
    """Values with 95 % intervals, a row a label: label, value, low, high; in strips
    where they have a group.

    Args:
        limits: where dashed lines are drawn, for example at a standardised difference
            of 0.1 either way.
    """
    domain = _domain(values)
    if limits:
        reach = 1.05 * max(
            [0.12, *(abs(row[end]) for row in values for end in ("low", "high"))]
        )
        domain = [-reach, reach]
    scale = alt.Scale(domain=domain, nice=False, zero=False)
    axis = alt.Axis(
        tickCount=6,
        format=".1f" if 0 < domain[1] - domain[0] < 3 and not limits else "~f",
    )
    base, dashed = (
        alt.Chart().encode(y=_LABELS),
        alt.Chart().mark_rule(color=_AXIS, strokeDash=[4, 4]),
    )
    layers = [
        base.mark_rule(**_INTERVAL).encode(
            x=alt.X("low:Q", title=x, scale=scale, axis=axis), x2="high:Q"
        ),
        base.mark_point(**_POINT).encode(x=alt.X("value:Q", scale=scale)),
        *(dashed.encode(x=alt.datum(limit)) for limit in limits),
    ]
    return _in_strips(alt.layer(*layers), values)


def bars(values: Values, *, x: str) -> Chart:
    """Counts, a bar a label: label, value, shown; in strips where they have a group. A
    hidden count has its symbol.
    """
    largest = max((row["value"] or 0 for row in values), default=0) or 1
    scale = alt.Scale(domain=[0, largest * 1.15], nice=False)
    base = alt.Chart().encode(
        y=_LABELS, x=alt.X("length:Q", title=x, scale=scale, axis=None)
    )
    text = base.mark_text(align="left", dx=6, color="currentColor", fontSize=13).encode(
        text="shown:N"
    )
    return _in_strips(alt.layer(base.mark_bar(color=_FIRST, size=16), text), values)


def line(values: Values, *, x: str, y: str) -> alt.TopLevelMixin:
    """Shares with intervals along an ordered axis, such as years of birth: label,
    value, low, high.
    """
    axis = alt.Axis(grid=False, labelAngle=0, labelOverlap="greedy", labelSeparation=6)
    x_axis = alt.X(
        "label:O",
        title=x,
        sort=None,
        axis=axis,
        scale=alt.Scale(domain=[row["label"] for row in values]),
    )
    chart = _joined(x_axis, alt.Scale(domain=_domain(values), nice=True, zero=False), y)
    sized_chart: alt.TopLevelMixin = chart.properties(
        width=_WIDTH + 150, height=240, data=_data(values)
    )
    return sized_chart


def trend(values: Values) -> Chart:
    """A figure from run to run, a strip for each group: label (the run), group, value,
    and low and high or None.
    """
    x_axis = alt.X(
        "label:O",
        title=None,
        sort=None,
        axis=alt.Axis(grid=False, labelAngle=-40, labelLimit=110),
    )
    chart = _joined(x_axis, alt.Scale(nice=True, zero=False, padding=8), None)
    return _in_strips(chart.properties(width=_WIDTH + 100, height=90), values)


def _joined(x_axis: alt.X, scale: alt.Scale, y: str | None) -> Any:
    """Intervals, and points that a line joins."""
    base, value = alt.Chart().encode(x=x_axis), alt.Y("value:Q", scale=scale)
    low = alt.Y("low:Q", title=y, scale=scale, axis=alt.Axis(tickCount=4))
    return alt.layer(
        base.mark_rule(**_INTERVAL).encode(y=low, y2="high:Q"),
        base.mark_line(color=_FIRST, strokeWidth=1.5).encode(y=value),
        base.mark_point(**_POINT | {"size": 60}).encode(y=value),
    )


def calibration(values: Values) -> Chart:
    """Share of true matches by match probability, with the line where both are equal:
    probability, value, low, high.
    """
    if not values:
        return None
    scale, axis = alt.Scale(domain=[0, 100]), alt.Axis(tickCount=6)
    x_axis = alt.X(
        "probability:Q", title="Match probability, %", scale=scale, axis=axis
    )
    low = alt.Y("low:Q", title="True matches, %", scale=scale, axis=axis)
    base, ends = (
        alt.Chart().encode(x=x_axis),
        alt.InlineData([{"probability": end, "value": end} for end in (0, 100)]),
    )
    return alt.layer(
        alt.Chart(ends)
        .mark_line(color=_AXIS, strokeDash=[5, 4])
        .encode(x=x_axis, y="value:Q"),
        base.mark_rule(**_INTERVAL).encode(y=low, y2="high:Q"),
        base.mark_point(**_POINT).encode(y=alt.Y("value:Q", scale=scale)),
    ).properties(width=380, height=240, data=_data(values))


def histogram(values: Values) -> Chart:
    """Pairs by bin of match weight, a strip for each decision: bin, bin_end, group,
    value.

    A bin whose value is None is withheld: the base line is dotted there, since a gap
    would say that it is empty.
    """
    ends = [min(row["bin"] for row in values), max(row["bin_end"] for row in values)]
    axis = alt.Axis(grid=False, tickCount=12, tickMinStep=1)
    x_axis = alt.X(
        "bin:Q",
        title="Match weight",
        axis=axis,
        scale=alt.Scale(domain=ends, nice=False),
    )
    base, zero = alt.Chart().encode(x=x_axis, x2="bin_end:Q"), alt.datum(0)
    height = alt.Y("length:Q", title="Pairs", axis=alt.Axis(format="~s", tickCount=3))
    gaps = base.transform_filter("datum.value === null")
    chart = alt.layer(
        base.mark_rect(color=_FIRST, stroke="var(--paper)", strokeWidth=1).encode(
            y=height, y2=zero
        ),
        gaps.mark_rule(color=_SECOND, strokeWidth=3, strokeDash=[2, 2]).encode(y=zero),
    )
    return _in_strips(chart.properties(width=_WIDTH + 150, height=90), values)


def weights(values: Values, *, x: str = "Match weight (log2 of m over u)") -> Chart:
    """Match weight of each comparison level, a bar left or right of zero: label, group,
    value.
    """
    ends = [0.0, *(row["value"] for row in values)]
    room = (
        max(ends) - min(ends)
    ) * 0.06 + 0.5  # so that the longest bar ends inside the plot
    scale = alt.Scale(domain=[min(ends) - room, max(ends) + room], nice=False)
    colour = alt.condition("datum.value >= 0", alt.value(_FIRST), alt.value(_SECOND))
    chart = (
        alt.Chart()
        .mark_bar(size=14)
        .encode(y=_LABELS, x=alt.X("value:Q", title=x, scale=scale), color=colour)
    )
    return _in_strips(chart, values)


def probabilities(values: Values) -> Chart:
    """m as a disc and u as a diamond on a log scale, a row each level: label, group,
    kind, value.
    """
    kinds = ["m, among matches", "u, among non-matches"]
    lowest = math.floor(
        math.log10(max(min((row["value"] for row in values), default=0.1), 1e-15))
    )
    text = (
        "datum.value >= 0.001 ? format(datum.value, '~f') : format(datum.value, '.0e')"
    )
    ticks = [10.0**power for power in range(lowest, 1, -(-(1 - lowest) // 8))]
    scale = alt.Scale(domain=[10.0**lowest, 1], nice=False, type="log", clamp=True)
    axis = alt.Axis(values=ticks, labelExpr=text)
    points = (
        alt.Chart()
        .mark_point(filled=True, size=80, opacity=1)
        .encode(
            y=_LABELS,
            x=alt.X("value:Q", title="Probability (log scale)", scale=scale, axis=axis),
            shape=alt.Shape(
                "kind:N",
                sort=None,
                scale=alt.Scale(domain=kinds, range=["circle", "diamond"]),
            ),
            color=alt.Color(
                "kind:N",
                sort=None,
                scale=alt.Scale(domain=kinds, range=[_FIRST, _SECOND]),
            ),
        )
    )
    return _in_strips(points, values)


def _in_strips(chart: Any, values: Values) -> Chart:
    """A strip for each group, one under the other in the order of the values; no strips
    where they have no group.
    """
    if not values:
        return None
    data = _data(values)
    if isinstance(
        getattr(chart, "height", alt.Undefined), alt.utils.schemapi.UndefinedType
    ):
        lines = max((row["label"].count("\n") for row in data.values), default=0)
        chart = chart.properties(width=_WIDTH, height=alt.Step(_ROW + _LINE * lines))
    groups = list(dict.fromkeys(row["group"] for row in values if "group" in row))
    row = alt.Row("group:N", title=None, sort=groups)
    strips = (
        chart.facet(row=row, data=data, spacing=14).resolve_scale(y="independent")
        if groups
        else None
    )
    layout: alt.TopLevelMixin = strips or chart.properties(data=data)
    return layout


def _data(values: Values) -> alt.InlineData:
    """Values with labels broken to lines, and a length of zero for a number that is not
    shown.
    """
    labels = [
        "\n".join(textwrap.wrap(str(row.get("label", "")), _LABEL)) for row in values
    ]
    rows = zip(values, labels, strict=True)
    return alt.InlineData(
        [
            {**row, "label": label, "length": row.get("value") or 0}
            for row, label in rows
        ]
    )


def _domain(values: Values) -> list[float]:
    """From just under the lowest bound to just over the highest, within 0 and 100."""
    lows = [row["low"] for row in values if row.get("low") is not None]
    highs = [row["high"] for row in values if row.get("high") is not None]
    if not lows:
        return [0, 100]
    room = max((max(highs) - min(lows)) * 0.08, 0.05)
    return [max(0.0, min(lows) - room), min(100.0, max(highs) + room)]
