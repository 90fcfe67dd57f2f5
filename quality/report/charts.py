"""The report's charts. Each takes released values only and the width that it has, and returns Vega-Lite.

Colours are the page's own (CSS variables), so that charts follow light and dark; what a colour says, a shape or a
position says too.
"""

import functools
import math
import textwrap
from typing import Any

from quality.report.vega_lite import Spec, Values, finished, layer, layers, name, number, place

WIDE, NARROW = 680, 290

_FIRST, _SECOND, _AXIS = "var(--chart-1)", "var(--chart-2)", "var(--chart-axis)"
_INTERVAL = {"color": _FIRST, "strokeWidth": 3, "opacity": 0.45}


def dots(values: Values, width: int, *, x: str, facet: bool = False) -> Spec:
    """Shares with intervals, one row a label: label, value, low, high, and group where `facet`."""
    extent, row = _label_room(values, width)
    base = {"y": _labels(extent), "tooltip": [name("name", title="Group"), name("shown", title=x)]}
    domain = _domain(values)
    scale = {"domain": domain, "nice": False, "zero": False}
    axis = {
        "format": ".1f" if domain[1] - domain[0] < 3 else "~f",
        "labelSeparation": 6,
        "tickCount": 3 if width == NARROW else 6,
    }
    chart = layers(
        layer("rule", _INTERVAL, base, x=number("low", title=x, scale=scale, axis=axis), x2={"field": "high"}),
        layer("point", _point(90), base, x=number("value", scale=scale)),
        width=width - extent - 24,
        height={"step": row},
    )
    return _in_strips(chart, values, width) if facet else finished(chart, _data(values, width))


def differences(values: Values, width: int, *, x: str) -> Spec:
    """Differences with intervals about nought, in strips: label, group, value, low, high. Lines at 0.1 either way."""
    extent, row = _label_room(values, width)
    base = {"y": _labels(extent), "tooltip": [name("name", title="Group"), name("shown", title=x)]}
    reach = max((abs(row[key]) for row in values for key in ("low", "high")), default=0.1)
    scale = {"domain": [-max(reach, 0.12) * 1.05, max(reach, 0.12) * 1.05], "nice": False}
    axis = {"tickCount": 3 if width == NARROW else 7}
    limit = {"color": _AXIS, "strokeDash": [4, 4]}
    chart = layers(
        layer("rule", _INTERVAL, base, x=number("low", title=x, scale=scale, axis=axis), x2={"field": "high"}),
        layer("point", _point(90), base, x=number("value", scale=scale)),
        *(layer("rule", limit, base, x={"datum": value}, y={}) for value in (-0.1, 0.1)),
        width=width - extent - 24,
        height={"step": row},
    )
    return _in_strips(chart, values, width)


def line(values: Values, width: int, *, x: str, y: str) -> Spec:
    """Shares with intervals along an ordered axis, for example birth years: label, value, low, high."""
    along = place(
        "label",
        title=x,
        sort=None,
        scale={"domain": [row["label"] for row in values]},
        axis={"grid": False, "labelAngle": 0, "labelOverlap": "greedy", "labelSeparation": 6},
    )
    base = {"x": along, "tooltip": [name("name", title=x), name("shown", title=y)]}
    scale = {"domain": _domain(values), "nice": True, "zero": False}
    chart = _joined(base, scale, {"tickCount": 5}, y, width=width - 80, height=240)
    return finished(chart, _data(values, width))


def trend(values: Values, width: int, *, y: str, step: float = 0.0) -> Spec:
    """A figure from run to run, a strip for each group: label (the run), group, value, shown, and low and high or None.

    Each strip has its own scale. It spans a twentieth of its figures at least, and four steps: runs that differ by a
    step of rounding are not drawn as if one of them had fallen to the ground. Intervals say by themselves how far to
    look.

    Args:
        step: to what the figures are rounded.
    """
    labels = list(_broken(values, NARROW).values())
    slanted = max(map(len, labels), default=0) * len(labels) > (28 if width == NARROW else 80)
    along = place(
        "label",
        title=None,
        sort=None,
        scale={"domain": labels},
        axis={"grid": False, "labelAngle": -40 if slanted else 0, "labelLimit": 110, "labelOverlap": "greedy"},
    )
    base = {"x": along, "tooltip": [name("name", title="Run"), name("shown", title=y)]}
    scale = {"nice": True, "padding": 6, "zero": False}
    # Where runs are equal there is one tick, whose step of nought would round its label to a whole number.
    axis = {"format": ",.4~f", "labelLimit": 64, "maxExtent": 64, "minExtent": 64, "tickCount": 3}
    chart = _joined(base, scale, axis, None, width=width - 86, height=96)
    reach = layer("rule", {"opacity": 0}, base, y=number("from", scale=scale), y2={"field": "upto"})
    return _in_strips(chart | {"layer": [*chart["layer"], reach]}, _with_reach(values, step), width, labels=NARROW)


_LEAST_SPAN, _LEAST_STEPS = 0.05, 4


def _with_reach(values: Values, step: float) -> Values:
    """Figures with from and upto: how far their strip reaches at least, None where it is wider or has intervals."""
    strips: dict[str, list[float]] = {}
    for row in values:
        if row["value"] is not None and row["low"] is None:
            strips.setdefault(row["group"], []).append(row["value"])
    reach = {group: _reach(found, step) for group, found in strips.items()}
    return [{**row, **dict(zip(("from", "upto"), reach.get(row["group"], _OWN), strict=True))} for row in values]


_OWN = (None, None)


def _reach(found: list[float], step: float) -> tuple[float | None, float | None]:
    low, high = min(found), max(found)
    whole = all(float(value).is_integer() for value in found)
    least = 3.0 if whole else 0.0  # of three ticks none is half a group
    span = max(_LEAST_SPAN * max(abs(low), abs(high)), _LEAST_STEPS * step, least)
    if not 0 < high - low < span:
        return _OWN
    start = (low + high - span) / 2 if low < 0 else max(0.0, (low + high - span) / 2)
    return start, start + span


def _joined(base: Spec, scale: Spec, axis: Spec, title: str | None, *, width: int, height: int) -> Spec:
    """Intervals, and points that a line joins."""
    value = number("value", scale=scale)
    return layers(
        layer("rule", _INTERVAL, base, y=number("low", title=title, scale=scale, axis=axis), y2={"field": "high"}),
        layer("line", {"color": _FIRST, "strokeWidth": 1.5}, base, y=value),
        layer("point", _point(60), base, y=value),
        width=width,
        height=height,
    )


def calibration(values: Values, width: int, *, x: str, y: str) -> Spec:
    """Shares with intervals over what was said, beside the line on which both are equal: said, value, low, high."""
    scale = {"domain": [0, 100]}
    base = {
        "x": number("said", title=x, scale=scale, axis={"tickCount": 5}),
        "tooltip": [name("name", title="Probability"), name("shown", title=y)],
    }
    ends = [{"said": 0, "value": 0}, {"said": 100, "value": 100}]
    right = layer("line", {"color": _AXIS, "strokeDash": [5, 4]}, {}, x=number("said"), y=number("value"))
    low = number("low", title=y, scale=scale, axis={"tickCount": 5})
    chart = layers(
        {"data": ends, **right},
        layer("rule", _INTERVAL, base, y=low, y2={"field": "high"}),
        layer("point", _point(90), base, y=number("value", scale=scale)),
        width=min(width - 80, 420),
        height=240,
    )
    return finished(chart, _data(values, width))


def bars(values: Values, width: int, *, x: str, facet: bool = False) -> Spec:
    """Counts, one bar a label: label, value, shown, and group where `facet`. A suppressed count has its symbol only."""
    extent, row = _label_room(values, width)
    base = {"y": _labels(extent), "tooltip": [name("name", title="What"), name("shown", title=x)]}
    largest = max((row["value"] or 0 for row in values), default=0) or 1
    scale = {"domain": [0, largest * (1.28 if width == NARROW else 1.14)], "nice": False}
    said = {"align": "left", "dx": 6, "color": "currentColor", "fontSize": 13}
    chart = layers(
        layer("bar", {"color": _FIRST, "size": 16}, base, x=number("length", axis=None, scale=scale)),
        layer("text", said, base, x=number("length", scale=scale), text=name("shown")),
        width=width - extent - 24,
        height={"step": row},
    )
    return _in_strips(chart, values, width) if facet else finished(chart, _data(values, width))


def histogram(values: Values, width: int, *, low: int, high: int) -> Spec:
    """Pairs by bin of match weight, a strip for each decision: bin, bin_end, group, value, shown.

    A bin whose value is None is withheld: the base line is dotted there, since a gap would say that it is empty.
    """
    base = {
        "x": number(
            "bin",
            title="Match weight (log2)",
            scale={"domain": [low, high], "nice": False},
            axis={"grid": False, "tickCount": 6 if width == NARROW else 12, "tickMinStep": 1},  # bins are one bit wide
        ),
        "tooltip": [name("group", title="Decision"), number("bin", title="Weight from"), name("shown", title="Pairs")],
    }
    height = number("length", title="Pairs", axis={"labelExpr": "format(datum.value, '~s')", "tickCount": 3})
    bar = {"color": _FIRST, "stroke": "var(--paper)", "strokeWidth": 1}
    dotted = {"color": _SECOND, "strokeWidth": 3, "strokeDash": [2, 2]}
    withheld = layer("rule", dotted, base, x2={"field": "bin_end"}, y={"datum": 0})
    chart = layers(
        layer("rect", bar, base, x2={"field": "bin_end"}, y=height, y2={"datum": 0}),
        {**withheld, "transform": [{"filter": "datum.value === null"}]},
        width=width - 86,
        height=92,
    )
    return _in_strips(chart, values, width)


def weights(values: Values, width: int, *, x: str = "Match weight (log2 of m over u)") -> Spec:
    """Match weight of each comparison level, a bar left or right of nought: label, group, weight."""
    extent, row = _label_room(values, width)
    ends = [0.0, *(row["weight"] for row in values)]
    room = (max(ends) - min(ends)) * 0.06 + 0.5
    scale = {"domain": [min(ends) - room, max(ends) + room], "nice": False}
    channels = {
        "y": _labels(extent),
        "x": number("weight", title=x, scale=scale, axis={"tickCount": 5}),
        "color": _where("datum.weight >= 0", _FIRST, _SECOND),
        "tooltip": [
            name("group", title="Comparison"),
            name("name", title="Level"),
            name("shown", title="Match weight"),
        ],
    }
    chart = layers(layer("bar", {"size": 14}, channels), width=width - extent - 24, height={"step": row})
    return _in_strips(chart, values, width)


def probabilities(values: Values, width: int) -> Spec:
    """m as a filled disc and u as an open diamond on a log scale, a row each level: label, group, kind, value."""
    extent, row = _label_room(values, width)
    lowest = _decade(min((row["value"] for row in values), default=0.1))
    legend = {"legend": {"direction": "vertical"}} if width == NARROW else {}  # side by side: wider than the page
    channels = {
        "y": _labels(extent),
        "x": number(
            "value",
            title="Probability (log scale)",
            scale={"domain": [10.0**lowest, 1], "nice": False, "type": "log", "clamp": True},
            axis={
                "labelExpr": "datum.value >= 0.001 ? format(datum.value, '~f') : format(datum.value, '.0e')",
                "values": _powers(lowest, 4 if width == NARROW else 10),
            },
        ),
        "shape": name("kind", scale={"domain": list(_KINDS), "range": ["circle", "diamond"]}, sort=None, **legend),
        "color": name("kind", scale={"domain": list(_KINDS), "range": [_FIRST, _SECOND]}, **legend),
        "fill": _where(f"datum.kind == '{_KINDS[0]}'", _FIRST, "transparent"),
        "tooltip": [
            name("group", title="Comparison"),
            name("name", title="Level"),
            name("kind", title="Kind"),
            name("shown", title="Probability"),
        ],
    }
    chart = layer("point", {"size": 80, "strokeWidth": 2, "opacity": 1}, channels)
    return _in_strips(chart | {"height": {"step": row}, "width": width - extent - 24}, values, width)


_KINDS = ("m, among matches", "u, among non-matches")


def _powers(lowest: int, most: int) -> list[float]:
    """Powers of ten from 10**lowest to 1 at even steps, no more than `most`, so that their labels do not meet."""
    step = -(-(1 - lowest) // most)
    return [10.0**power for power in range(0, lowest - 1, -step)][::-1]


def _decade(value: float) -> int:
    """The power of ten below a probability; what is smaller than the least of them stands at the edge."""
    return max(math.floor(math.log10(value)), _LEAST_DECADE) if value > 0 else _LEAST_DECADE


_LEAST_DECADE = -15


def _label_room(values: Values, width: int) -> tuple[int, int]:
    """Pixels for the longest label, broken to its lines, and for a row."""
    labels = [label.split("\n") for label in _broken(values, width).values()]
    longest = max((len(line) for lines in labels for line in lines), default=0)
    most = max(map(len, labels), default=1)
    return int(longest * 6.9) + 16, 28 if most == 1 else 6 + 16 * most


def _broken(values: Values, width: int) -> dict[str, str]:
    """Each label, broken to its room: two lines, or as many as keep one label from looking like another.

    A row is known by what is written beside it, so that labels that were cut to the same text would be one row.
    """
    labels = list(dict.fromkeys(str(row.get("label", "")) for row in values))
    columns = 15 if width == NARROW else 40
    for lines in range(2, max(map(len, labels), default=0) + 3):
        cut = [_wrapped(label, columns, lines) for label in labels]
        if len(set(cut)) == len(cut):
            return dict(zip(labels, cut, strict=True))
    return {label: label for label in labels}  # they differ by blanks alone


@functools.lru_cache(maxsize=4096)  # every layer of a chart asks for its labels
def _wrapped(label: str, columns: int, lines: int) -> str:
    return "\n".join(textwrap.wrap(label, columns, max_lines=lines, placeholder=" …"))


def _data(values: Values, width: int) -> list[dict[str, Any]]:
    """Values with the label broken to its room, and a suppressed number drawn as nothing."""
    broken = _broken(values, width)
    return [
        {
            **row,
            "name": row.get("label", ""),
            "label": broken[str(row.get("label", ""))],
            "length": row.get("value") or 0,
        }
        for row in values
    ]


def _in_strips(chart: Spec, values: Values, width: int, *, labels: int | None = None) -> Spec:
    """A strip for each group; `labels` is the width by which labels are broken, where it is another.

    Over a narrow strip the group's name is broken too: what is wider than the page makes all the rest smaller.
    """
    data = _data(values, labels or width)
    if width == NARROW:
        data = [{**row, "group": "\n".join(textwrap.wrap(str(row["group"]), 22))} for row in data]
    return finished(chart, data, data)


def _domain(values: Values) -> list[float]:
    """From just under the lowest bound to 100, so that small differences near 100 can be seen."""
    lows = [row["low"] for row in values if row.get("low") is not None]
    highs = [row["high"] for row in values if row.get("high") is not None]
    if not lows:
        return [0, 100]
    room = max((max(highs) - min(lows)) * 0.08, 0.05)
    return [max(0.0, min(lows) - room), min(100.0, max(highs) + room)]


def _labels(extent: int) -> Spec:
    """A row for each label, in the order of the values."""
    return name("label", sort=None, title=None, axis=label_axis(extent))


def label_axis(extent: int) -> Spec:
    """An axis whose labels have so many pixels, to which they were cut and parted beforehand.

    With a limit Vega would measure each label again and again, half of the time that a chart takes.
    """
    return {"grid": True, "gridDash": [1, 3], "labelLimit": 0, "maxExtent": extent, "minExtent": extent}


def _point(size: int) -> Spec:
    return {"filled": True, "size": size, "color": _FIRST, "opacity": 1}


def _where(test: str, then: str, otherwise: str) -> Spec:
    return {"condition": {"test": test, "value": then}, "value": otherwise}
