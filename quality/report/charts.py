"""Charts of released values: Vega-Lite specifications, drawn as static SVG.

Colours are the page's CSS variables, so that charts follow light, dark and forced colours; what a colour says, a shape
or a position says too. Every chart stands in a `Figure` with its table. Match weights by level have the form of Splink's
chart.
"""

import math
import re
import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

from quality.report.page import Figure, Table

Values = Sequence[Mapping[str, Any]]
Spec = dict[str, Any]

_WIDTH = 430  # pixels of a plot; labels stand to its left
_ROW, _LINE = 26, 16  # pixels of a row with one line of label, and of a further line
_LABEL = 34  # characters of a line of label
_FIRST, _SECOND, _AXIS = "var(--chart-1)", "var(--chart-2)", "var(--chart-axis)"
_CONFIG: Spec = {
    "background": "transparent",
    "font": "arial, helvetica, sans-serif",
    "lineBreak": "\n",
    "view": {"stroke": None},
    "axis": {
        "labelColor": "currentColor",
        "titleColor": "currentColor",
        "labelFontSize": 13,
        "titleFontSize": 13,
        "titleFontWeight": "normal",
        "labelLimit": 0,
        "gridColor": "var(--chart-grid)",
        "domainColor": _AXIS,
        "tickColor": _AXIS,
    },
    "axisY": {"domain": False, "ticks": False, "labelPadding": 8, "gridDash": [1, 3]},
    "header": {
        "labelColor": "currentColor",
        "labelFontSize": 14,
        "labelFontWeight": "bold",
        "labelAnchor": "start",
        "labelOrient": "top",
        "title": None,
    },
    "legend": {"labelColor": "currentColor", "labelFontSize": 13, "orient": "top", "title": None},
}
_UNREAD = re.compile(r' (?:role|aria-[a-z]+|class|version|pointer-events|xmlns:xlink)="[^"]*"')
"""The figure has a name; names on every mark would be read one by one."""
_LONG = re.compile(r"(\.\d{2})\d+")
_LABELS: Spec = {"field": "label", "type": "nominal", "sort": None, "title": None, "axis": {"grid": True}}
_INTERVAL: Spec = {"type": "rule", "color": _FIRST, "strokeWidth": 3, "opacity": 0.45}
_POINT: Spec = {"type": "point", "filled": True, "size": 90, "color": _FIRST, "opacity": 1}


def figure(name: str, title: str, summary: str, chart: Spec, table: Table) -> Figure:
    """A chart with its words and its table."""
    svg = _LONG.sub(r"\1", _UNREAD.sub("", draw(chart | {"config": _CONFIG, "padding": 2})))
    return Figure(name, title, summary, svg.replace("<svg ", '<svg aria-hidden="true" focusable="false" ', 1), table)


def draw(spec: Spec) -> str:
    """Vega-Lite as SVG."""
    import vl_convert

    return str(vl_convert.vegalite_to_svg(spec))


def dots(values: Values, *, x: str, limits: Sequence[float] = ()) -> Spec:
    """Values with 95 % intervals, a row a label: label, value, low, high; in strips where they have a group.

    Args:
        limits: where dashed lines are drawn, for example at a standardised difference of 0.1 either way.
    """
    domain = _domain(values)
    if limits:
        reach = 1.05 * max([0.12, *(abs(row[end]) for row in values for end in ("low", "high"))])
        domain = [-reach, reach]
    scale = {"domain": domain, "nice": False, "zero": False}
    axis = {"tickCount": 6, "format": ".1f" if 0 < domain[1] - domain[0] < 3 and not limits else "~f"}
    low = _number("low", title=x, scale=scale, axis=axis)
    layers = [
        _layer(_INTERVAL, y=_LABELS, x=low, x2={"field": "high"}),
        _layer(_POINT, y=_LABELS, x=_number("value", scale=scale)),
        *(_layer({"type": "rule", "color": _AXIS, "strokeDash": [4, 4]}, x={"datum": limit}) for limit in limits),
    ]
    return _in_strips({"layer": layers}, values)


def bars(values: Values, *, x: str) -> Spec:
    """Counts, a bar a label: label, value, shown; in strips where they have a group. A hidden count has its symbol."""
    largest = max((row["value"] or 0 for row in values), default=0) or 1
    length = _number("length", title=x, axis=None, scale={"domain": [0, largest * 1.15], "nice": False})
    text = {"type": "text", "align": "left", "dx": 6, "color": "currentColor", "fontSize": 13}
    layers = [
        _layer({"type": "bar", "color": _FIRST, "size": 16}, y=_LABELS, x=length),
        _layer(text, y=_LABELS, x=length, text={"field": "shown", "type": "nominal"}),
    ]
    return _in_strips({"layer": layers}, values)


def line(values: Values, *, x: str, y: str) -> Spec:
    """Shares with intervals along an ordered axis, such as years of birth: label, value, low, high."""
    axis = {"grid": False, "labelAngle": 0, "labelOverlap": "greedy", "labelSeparation": 6}
    along = _along(x, axis) | {"scale": {"domain": [row["label"] for row in values]}}
    chart = _joined(along, {"domain": _domain(values), "nice": True, "zero": False}, y)
    return chart | {"width": _WIDTH + 150, "height": 240, "data": _data(values)}


def trend(values: Values) -> Spec:
    """A figure from run to run, a strip for each group: label (the run), group, value, and low and high or None."""
    along = _along(None, {"grid": False, "labelAngle": -40, "labelLimit": 110})
    chart = _joined(along, {"nice": True, "zero": False, "padding": 8}, None)
    return _in_strips(chart | {"width": _WIDTH + 100, "height": 90}, values)


def calibration(values: Values) -> Spec:
    """Share of true matches by match probability, with the line where both are equal: probability, value, low, high."""
    scale, axis = {"domain": [0, 100]}, {"tickCount": 6}
    across = _number("probability", title="Match probability, %", scale=scale, axis=axis)
    low = _number("low", title="True matches, %", scale=scale, axis=axis)
    ends = {"values": [{"probability": end, "value": end} for end in (0, 100)]}
    layers = [
        _layer({"type": "line", "color": _AXIS, "strokeDash": [5, 4]}, x=across, y=_number("value")) | {"data": ends},
        _layer(_INTERVAL, x=across, y=low, y2={"field": "high"}),
        _layer(_POINT, x=across, y=_number("value", scale=scale)),
    ]
    return {"layer": layers, "width": 380, "height": 240, "data": _data(values)}


def histogram(values: Values) -> Spec:
    """Pairs by bin of match weight, a strip for each decision: bin, bin_end, group, value.

    A bin whose value is None is withheld: the base line is dotted there, since a gap would say that it is empty.
    """
    ends = [min(row["bin"] for row in values), max(row["bin_end"] for row in values)]
    axis = {"grid": False, "tickCount": 12, "tickMinStep": 1}
    across = _number("bin", title="Match weight", axis=axis, scale={"domain": ends, "nice": False})
    bins: Spec = {"x": across, "x2": {"field": "bin_end"}}
    height = _number("length", title="Pairs", axis={"format": "~s", "tickCount": 3})
    zero, paper = {"datum": 0}, "var(--paper)"
    dotted = {"type": "rule", "color": _SECOND, "strokeWidth": 3, "strokeDash": [2, 2]}
    withheld = [{"filter": "datum.value === null"}]
    layers = [
        _layer({"type": "rect", "color": _FIRST, "stroke": paper, "strokeWidth": 1}, **bins, y=height, y2=zero),
        _layer(dotted, **bins, y=zero) | {"transform": withheld},
    ]
    return _in_strips({"layer": layers, "width": _WIDTH + 150, "height": 90}, values)


def weights(values: Values, *, x: str = "Match weight (log2 of m over u)") -> Spec:
    """Match weight of each comparison level, a bar left or right of zero: label, group, value."""
    ends = [0.0, *(row["value"] for row in values)]
    room = (max(ends) - min(ends)) * 0.06 + 0.5  # so that the longest bar ends inside the plot
    scale = {"domain": [min(ends) - room, max(ends) + room], "nice": False}
    colour = {"condition": {"test": "datum.value >= 0", "value": _FIRST}, "value": _SECOND}
    bar = _layer({"type": "bar", "size": 14}, y=_LABELS, x=_number("value", title=x, scale=scale), color=colour)
    return _in_strips(bar, values)


def probabilities(values: Values) -> Spec:
    """m as a disc and u as a diamond on a log scale, a row each level: label, group, kind, value."""
    kinds = ["m, among matches", "u, among non-matches"]
    least = max(min((row["value"] for row in values), default=0.1), 1e-15)
    lowest = math.floor(math.log10(least))
    text = "datum.value >= 0.001 ? format(datum.value, '~f') : format(datum.value, '.0e')"
    ticks = [10.0**power for power in range(lowest, 1, -(-(1 - lowest) // 8))]
    scale = {"domain": [10.0**lowest, 1], "nice": False, "type": "log", "clamp": True}
    axis = {"values": ticks, "labelExpr": text}
    kind: Spec = {"field": "kind", "type": "nominal", "sort": None}
    points = _layer(
        {"type": "point", "filled": True, "size": 80, "opacity": 1},
        y=_LABELS,
        x=_number("value", title="Probability (log scale)", scale=scale, axis=axis),
        shape=kind | {"scale": {"domain": kinds, "range": ["circle", "diamond"]}},
        color=kind | {"scale": {"domain": kinds, "range": [_FIRST, _SECOND]}},
    )
    return _in_strips(points, values)


def _layer(mark: Spec, **encoding: Spec) -> Spec:
    return {"mark": mark, "encoding": encoding}


def _number(name: str, **more: Any) -> Spec:
    return {"field": name, "type": "quantitative", **more}


def _along(title: str | None, axis: Spec) -> Spec:
    return {"field": "label", "type": "ordinal", "title": title, "sort": None, "axis": axis}


def _joined(along: Spec, scale: Spec, y: str | None) -> Spec:
    """Intervals, and points that a line joins."""
    low, value = _number("low", title=y, scale=scale, axis={"tickCount": 4}), _number("value", scale=scale)
    layers = [
        _layer(_INTERVAL, x=along, y=low, y2={"field": "high"}),
        _layer({"type": "line", "color": _FIRST, "strokeWidth": 1.5}, x=along, y=value),
        _layer(_POINT | {"size": 60}, x=along, y=value),
    ]
    return {"layer": layers}


def _in_strips(chart: Spec, values: Values) -> Spec:
    """A strip for each group, one under the other in the order of the values; no strips where they have no group."""
    data = _data(values)
    if "height" not in chart:
        lines = max((row["label"].count("\n") for row in data["values"]), default=0)
        chart = chart | {"width": _WIDTH, "height": {"step": _ROW + _LINE * lines}}
    groups = list(dict.fromkeys(row["group"] for row in values if "group" in row))
    if not groups:
        return chart | {"data": data}
    row = {"field": "group", "type": "nominal", "title": None, "sort": groups}
    resolve = {"scale": {"y": "independent"}}
    return {"data": data, "facet": {"row": row}, "spec": chart, "spacing": 14, "resolve": resolve}


def _data(values: Values) -> Spec:
    """Values with labels broken to lines, and a length of zero for a number that is not shown."""
    label = [{"label": "\n".join(textwrap.wrap(str(row.get("label", "")), _LABEL))} for row in values]
    return {"values": [{**row, **one, "length": row.get("value") or 0} for row, one in zip(values, label, strict=True)]}


def _domain(values: Values) -> list[float]:
    """From just under the lowest bound to just over the highest, within 0 and 100."""
    lows = [row["low"] for row in values if row.get("low") is not None]
    highs = [row["high"] for row in values if row.get("high") is not None]
    if not lows:
        return [0, 100]
    room = max((max(highs) - min(lows)) * 0.08, 0.05)
    return [max(0.0, min(lows) - room), min(100.0, max(highs) + room)]
