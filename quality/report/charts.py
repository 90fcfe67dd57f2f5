"""Charts of released values, in Vega-Lite and drawn as static SVG.

Colours are the page's CSS variables, so that charts follow light, dark and forced
colours; what a colour says, a shape or a position says too. Every chart stands in a
`Figure` with its table. Match weights by level have the form of Splink's chart.
"""

import math
import re
import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

from quality.report.page import Figure, Table

Values = Sequence[Mapping[str, Any]]
Spec = dict[str, Any]  # Vega-Lite
Chart = Spec | None  # None: there is no value to draw

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
_INTERVAL: Spec = {"type": "rule", "color": _FIRST, "strokeWidth": 3, "opacity": 0.45}
_POINT: Spec = {
    "type": "point",
    "filled": True,
    "size": 90,
    "color": _FIRST,
    "opacity": 1,
}


def figure(name: str, title: str, summary: str, chart: Chart, table: Table) -> Figure:
    """A chart with its words and its table; without a chart, where no value may be
    drawn, these only.
    """
    if chart is None:
        return Figure(name, title, summary, "", table)
    svg = draw(chart | {"config": _CONFIG, "padding": 2})
    svg = _LONG.sub(r"\1", _UNREAD.sub("", svg))
    svg = svg.replace("<svg ", '<svg aria-hidden="true" focusable="false" ', 1)
    return Figure(name, title, summary, svg, table)


def draw(spec: Spec) -> str:
    """Vega-Lite as SVG."""
    import vl_convert  # where a chart is drawn: its engine takes half a second to start

    return str(vl_convert.vegalite_to_svg(spec))


def _number(field: str, **options: Any) -> Spec:
    """A channel that shows a number of the values."""
    return {"field": field, "type": "quantitative", **options}


def _name(field: str, **options: Any) -> Spec:
    """A channel that shows a text of the values."""
    return {"field": field, "type": "nominal", **options}


_LABELS = _name("label", sort=None, title=None, axis={"grid": True})


def _layer(mark: Spec, **encoding: Spec) -> Spec:
    """Marks, and what their channels show."""
    return {"mark": mark, "encoding": encoding}


def dots(values: Values, *, x: str, limits: Sequence[float] = ()) -> Chart:
    """Values with 95 % intervals, a row a label: label, value, low, high; in strips
    where they have a group.

    Args:
        limits: where dashed lines are drawn, for example at a standardised difference
            of 0.1 either way.
    """
    domain = _domain(values)
    if limits:
        ends = [abs(row[end]) for row in values for end in ("low", "high")]
        reach = 1.05 * max([0.12, *ends])
        domain = [-reach, reach]
    scale = {"domain": domain, "nice": False, "zero": False}
    is_narrow = 0 < domain[1] - domain[0] < 3 and not limits
    axis = {"tickCount": 6, "format": ".1f" if is_narrow else "~f"}
    dashed = {"type": "rule", "color": _AXIS, "strokeDash": [4, 4]}
    layers = [
        _layer(
            _INTERVAL,
            x=_number("low", title=x, scale=scale, axis=axis),
            x2={"field": "high"},
            y=_LABELS,
        ),
        _layer(_POINT, x=_number("value", scale=scale), y=_LABELS),
        *(_layer(dashed, x={"datum": limit}) for limit in limits),
    ]
    return _in_strips({"layer": layers}, values)


def bars(values: Values, *, x: str) -> Chart:
    """Counts, a bar a label: label, value, shown; in strips where they have a group. A
    hidden count has its symbol.
    """
    largest = max((row["value"] or 0 for row in values), default=0) or 1
    scale = {"domain": [0, largest * 1.15], "nice": False}
    length = _number("length", title=x, scale=scale, axis=None)
    bar = {"type": "bar", "color": _FIRST, "size": 16}
    text = {
        "type": "text",
        "align": "left",
        "dx": 6,
        "color": "currentColor",
        "fontSize": 13,
    }
    layers = [
        _layer(bar, x=length, y=_LABELS),
        _layer(text, x=length, y=_LABELS, text=_name("shown")),
    ]
    return _in_strips({"layer": layers}, values)


def line(values: Values, *, x: str, y: str) -> Spec:
    """Shares with intervals along an ordered axis, such as years of birth: label,
    value, low, high.
    """
    x_axis = {
        "field": "label",
        "type": "ordinal",
        "title": x,
        "sort": None,
        "axis": {
            "grid": False,
            "labelAngle": 0,
            "labelOverlap": "greedy",
            "labelSeparation": 6,
        },
        "scale": {"domain": [row["label"] for row in values]},
    }
    scale = {"domain": _domain(values), "nice": True, "zero": False}
    size = {"width": _WIDTH + 150, "height": 240}
    return _joined(x_axis, scale, y) | size | {"data": _data(values)}


def trend(values: Values) -> Chart:
    """A figure from run to run, a strip for each group: label (the run), group, value,
    and low and high or None.
    """
    x_axis = {
        "field": "label",
        "type": "ordinal",
        "title": None,
        "sort": None,
        "axis": {"grid": False, "labelAngle": -40, "labelLimit": 110},
    }
    scale = {"nice": True, "zero": False, "padding": 8}
    size = {"width": _WIDTH + 100, "height": 90}
    return _in_strips(_joined(x_axis, scale, None) | size, values)


def _joined(x_axis: Spec, scale: Spec, y: str | None) -> Spec:
    """Intervals, and points that a line joins."""
    low = _number("low", title=y, scale=scale, axis={"tickCount": 4})
    value = _number("value", scale=scale)
    joining = {"type": "line", "color": _FIRST, "strokeWidth": 1.5}
    return {
        "layer": [
            _layer(_INTERVAL, x=x_axis, y=low, y2={"field": "high"}),
            _layer(joining, x=x_axis, y=value),
            _layer(_POINT | {"size": 60}, x=x_axis, y=value),
        ]
    }


def calibration(values: Values) -> Chart:
    """Share of true matches by match probability, with the line where both are equal:
    probability, value, low, high.
    """
    if not values:
        return None
    percent = {"scale": {"domain": [0, 100]}, "axis": {"tickCount": 6}}
    x_axis = _number("probability", title="Match probability, %", **percent)
    low = _number("low", title="True matches, %", **percent)
    diagonal = {"type": "line", "color": _AXIS, "strokeDash": [5, 4]}
    ends = [{"probability": end, "value": end} for end in (0, 100)]
    layers = [
        _layer(diagonal, x=x_axis, y=_number("value")) | {"data": {"values": ends}},
        _layer(_INTERVAL, x=x_axis, y=low, y2={"field": "high"}),
        _layer(_POINT, x=x_axis, y=_number("value", scale=percent["scale"])),
    ]
    return {"layer": layers, "width": 380, "height": 240, "data": _data(values)}


def histogram(values: Values) -> Chart:
    """Pairs by bin of match weight, a strip for each decision: bin, bin_end, group,
    value.

    A bin whose value is None is withheld: the base line is dotted there, since a gap
    would say that it is empty.
    """
    ends = [min(row["bin"] for row in values), max(row["bin_end"] for row in values)]
    place: dict[str, Spec] = {
        "x": _number(
            "bin",
            title="Match weight",
            axis={"grid": False, "tickCount": 12, "tickMinStep": 1},
            scale={"domain": ends, "nice": False},
        ),
        "x2": {"field": "bin_end"},
    }
    height = _number("length", title="Pairs", axis={"format": "~s", "tickCount": 3})
    bar = {"type": "rect", "color": _FIRST, "stroke": "var(--paper)", "strokeWidth": 1}
    dotted = {
        "type": "rule",
        "color": _SECOND,
        "strokeWidth": 3,
        "strokeDash": [2, 2],
    }
    withheld = {"transform": [{"filter": "datum.value === null"}]}
    layers = [
        _layer(bar, **place, y=height, y2={"datum": 0}),
        _layer(dotted, **place, y={"datum": 0}) | withheld,
    ]
    return _in_strips({"layer": layers, "width": _WIDTH + 150, "height": 90}, values)


def weights(values: Values, *, x: str = "Match weight (log2 of m over u)") -> Chart:
    """Match weight of each comparison level, a bar left or right of zero: label, group,
    value.
    """
    ends = [0.0, *(row["value"] for row in values)]
    # so that the longest bar ends inside the plot
    room = (max(ends) - min(ends)) * 0.06 + 0.5
    scale = {"domain": [min(ends) - room, max(ends) + room], "nice": False}
    is_for_match = {"test": "datum.value >= 0", "value": _FIRST}
    chart = _layer(
        {"type": "bar", "size": 14},
        x=_number("value", title=x, scale=scale),
        y=_LABELS,
        color={"condition": is_for_match, "value": _SECOND},
    )
    return _in_strips(chart, values)


def probabilities(values: Values) -> Chart:
    """m as a disc and u as a diamond on a log scale, a row each level: label, group,
    kind, value.
    """
    kinds = ["m, among matches", "u, among non-matches"]
    smallest = min((row["value"] for row in values), default=0.1)
    lowest = math.floor(math.log10(max(smallest, 1e-15)))
    step = -(-(1 - lowest) // 8)  # powers of ten between two ticks
    axis = {
        "values": [10.0**power for power in range(lowest, 1, step)],
        "labelExpr": "datum.value >= 0.001 ? format(datum.value, '~f') : "
        "format(datum.value, '.0e')",
    }
    scale = {"domain": [10.0**lowest, 1], "nice": False, "type": "log", "clamp": True}
    shapes = {"domain": kinds, "range": ["circle", "diamond"]}
    colours = {"domain": kinds, "range": [_FIRST, _SECOND]}
    points = _layer(
        {"type": "point", "filled": True, "size": 80, "opacity": 1},
        x=_number("value", title="Probability (log scale)", scale=scale, axis=axis),
        y=_LABELS,
        shape=_name("kind", sort=None, scale=shapes),
        color=_name("kind", sort=None, scale=colours),
    )
    return _in_strips(points, values)


def _in_strips(chart: Spec, values: Values) -> Chart:
    """A strip for each group, one under the other in the order of the values; no strips
    where they have no group.
    """
    if not values:
        return None
    data = _data(values)
    if "height" not in chart:
        lines = max(row["label"].count("\n") for row in data["values"])
        chart = chart | {"width": _WIDTH, "height": {"step": _ROW + _LINE * lines}}
    groups = list(dict.fromkeys(row["group"] for row in values if "group" in row))
    if not groups:
        return chart | {"data": data}
    return {
        "data": data,
        "facet": {"row": _name("group", title=None, sort=groups)},
        "spec": chart,
        "spacing": 14,
        "resolve": {"scale": {"y": "independent"}},
    }


def _data(values: Values) -> Spec:
    """Values with labels broken to lines, and a length of zero for a number that is not
    shown.
    """
    rows = []
    for row in values:
        label = "\n".join(textwrap.wrap(str(row.get("label", "")), _LABEL))
        rows.append({**row, "label": label, "length": row.get("value") or 0})
    return {"values": rows}


def _domain(values: Values) -> list[float]:
    """From just under the lowest bound to just over the highest, within 0 and 100."""
    lows = [row["low"] for row in values if row.get("low") is not None]
    highs = [row["high"] for row in values if row.get("high") is not None]
    if not lows:
        return [0, 100]
    room = max((max(highs) - min(lows)) * 0.08, 0.05)
    return [max(0.0, min(lows) - room), min(100.0, max(highs) + room)]
