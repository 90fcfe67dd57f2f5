"""The report's charts in Altair. Each takes released values only and the width that it has, and returns Vega-Lite.

Colours are the page's own (CSS variables), so that charts follow light and dark; what a colour says, a shape or a
position says too.
"""

import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt

Values = Sequence[Mapping[str, Any]]

WIDE, NARROW = 680, 290

_CONFIG: dict[str, Any] = {
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
        "gridColor": "var(--chart-grid)",
        "domainColor": "var(--chart-axis)",
        "tickColor": "var(--chart-axis)",
        "titlePadding": 10,
    },
    "axisY": {"domain": False, "ticks": False, "labelPadding": 8},
    "header": {
        "labelColor": "currentColor",
        "labelFontSize": 14,
        "labelFontWeight": "bold",
        "labelAnchor": "start",
        "labelOrient": "top",
        "title": None,
    },
    "legend": {
        "labelColor": "currentColor",
        "labelFontSize": 13,
        "titleColor": "currentColor",
        "orient": "top",
        "title": None,
        "symbolSize": 110,
    },
}


def dots(values: Values, width: int, *, x: str, facet: bool = False) -> dict[str, Any]:
    """Shares with intervals, one row a label: label, value, low, high, and group where `facet`."""
    extent, rows = _label_room(values, width)
    base = alt.Chart(_data(values, width)).encode(
        y=alt.Y("label:N", sort=None, title=None, axis=_label_axis(extent)),
        tooltip=[alt.Tooltip("name:N", title="Group"), alt.Tooltip("shown:N", title=x)],
    )
    domain = _domain(values)
    scale = alt.Scale(domain=domain, nice=False, zero=False)
    rule = base.mark_rule(color="var(--chart-1)", strokeWidth=3, opacity=0.45).encode(
        x=alt.X("low:Q", title=x, scale=scale, axis=_value_axis(width, domain)), x2="high:Q"
    )
    point = base.mark_point(filled=True, size=90, color="var(--chart-1)", opacity=1).encode(
        x=alt.X("value:Q", scale=scale)
    )
    chart = alt.layer(rule, point).properties(width=width - extent - 24, height=alt.Step(rows))
    return finished(strips(chart, values) if facet else chart)


def differences(values: Values, width: int, *, x: str) -> dict[str, Any]:
    """Differences with intervals about nought, in strips: label, group, value, low, high. Lines at 0.1 either way."""
    extent, rows = _label_room(values, width)
    base = alt.Chart(_data(values, width)).encode(
        y=alt.Y("label:N", sort=None, title=None, axis=_label_axis(extent)),
        tooltip=[alt.Tooltip("name:N", title="Group"), alt.Tooltip("shown:N", title=x)],
    )
    reach = max((abs(row[key]) for row in values for key in ("low", "high")), default=0.1)
    scale = alt.Scale(domain=[-max(reach, 0.12) * 1.05, max(reach, 0.12) * 1.05], nice=False)
    axis = alt.Axis(tickCount=3 if width == NARROW else 7)
    limit = base.mark_rule(color="var(--chart-axis)", strokeDash=[4, 4])
    limits = [limit.encode(x=alt.datum(value), y=alt.Y()) for value in (-0.1, 0.1)]
    rule = base.mark_rule(color="var(--chart-1)", strokeWidth=3, opacity=0.45).encode(
        x=alt.X("low:Q", title=x, scale=scale, axis=axis), x2="high:Q"
    )
    point = base.mark_point(filled=True, size=90, color="var(--chart-1)", opacity=1).encode(
        x=alt.X("value:Q", scale=scale)
    )
    chart = alt.layer(rule, point, *limits).properties(width=width - extent - 24, height=alt.Step(rows))
    return finished(strips(chart, values))


def line(values: Values, width: int, *, x: str, y: str) -> dict[str, Any]:
    """Shares with intervals along an ordered axis, for example birth years: label, value, low, high."""
    base = alt.Chart(_data(values, width)).encode(
        x=alt.X(
            "label:O",
            title=x,
            sort=None,
            scale=alt.Scale(domain=[row["label"] for row in values]),
            axis=alt.Axis(labelAngle=0, labelOverlap="greedy", labelSeparation=6, grid=False),
        ),
        tooltip=[alt.Tooltip("name:N", title=x), alt.Tooltip("shown:N", title=y)],
    )
    scale = alt.Scale(domain=_domain(values), nice=True, zero=False)
    rule = base.mark_rule(color="var(--chart-1)", strokeWidth=3, opacity=0.45).encode(
        y=alt.Y("low:Q", title=y, scale=scale, axis=alt.Axis(tickCount=5)), y2="high:Q"
    )
    joined = base.mark_line(color="var(--chart-1)", strokeWidth=1.5).encode(y=alt.Y("value:Q", scale=scale))
    point = base.mark_point(filled=True, size=60, color="var(--chart-1)", opacity=1).encode(
        y=alt.Y("value:Q", scale=scale)
    )
    return finished(alt.layer(rule, joined, point).properties(width=width - 80, height=240))


def trend(values: Values, width: int, *, y: str) -> dict[str, Any]:
    """A figure from run to run, a strip for each group: label (the run), group, value, shown, and low and high or None.

    Each strip has its own scale.
    """
    labels = list(dict.fromkeys(_broken(str(row["label"]), NARROW) for row in values))
    slanted = max(map(len, labels), default=0) * len(labels) > (28 if width == NARROW else 80)
    base = alt.Chart(_data(values, NARROW)).encode(
        x=alt.X(
            "label:O",
            title=None,
            sort=None,
            scale=alt.Scale(domain=labels),
            axis=alt.Axis(labelAngle=-40 if slanted else 0, labelOverlap="greedy", labelLimit=110, grid=False),
        ),
        tooltip=[alt.Tooltip("name:N", title="Run"), alt.Tooltip("shown:N", title=y)],
    )
    scale = alt.Scale(zero=False, nice=True, padding=6)
    # Where runs are equal there is one tick, whose step of nought would round its label to a whole number.
    axis = alt.Axis(tickCount=3, format=",.4~f", labelLimit=64, minExtent=64, maxExtent=64)
    rule = base.mark_rule(color="var(--chart-1)", strokeWidth=3, opacity=0.45).encode(
        y=alt.Y("low:Q", title=None, scale=scale, axis=axis), y2="high:Q"
    )
    joined = base.mark_line(color="var(--chart-1)", strokeWidth=1.5).encode(y=alt.Y("value:Q", scale=scale))
    point = base.mark_point(filled=True, size=60, color="var(--chart-1)", opacity=1).encode(
        y=alt.Y("value:Q", scale=scale)
    )
    chart = alt.layer(rule, joined, point).properties(width=width - 86, height=96)
    return finished(strips(chart, values))


def calibration(values: Values, width: int, *, x: str, y: str) -> dict[str, Any]:
    """Shares with intervals over what was said, beside the line on which both are equal: said, value, low, high."""
    base = alt.Chart(_data(values, width)).encode(
        x=alt.X("said:Q", title=x, scale=alt.Scale(domain=[0, 100]), axis=alt.Axis(tickCount=5)),
        tooltip=[alt.Tooltip("name:N", title="Probability"), alt.Tooltip("shown:N", title=y)],
    )
    scale = alt.Scale(domain=[0, 100])
    ends = alt.InlineData(values=[{"said": 0, "value": 0}, {"said": 100, "value": 100}])
    right = alt.Chart(ends).mark_line(color="var(--chart-axis)", strokeDash=[5, 4]).encode(x="said:Q", y="value:Q")
    rule = base.mark_rule(color="var(--chart-1)", strokeWidth=3, opacity=0.45).encode(
        y=alt.Y("low:Q", title=y, scale=scale, axis=alt.Axis(tickCount=5)), y2="high:Q"
    )
    point = base.mark_point(filled=True, size=90, color="var(--chart-1)", opacity=1).encode(
        y=alt.Y("value:Q", scale=scale)
    )
    return finished(alt.layer(right, rule, point).properties(width=min(width - 80, 420), height=240))


def bars(values: Values, width: int, *, x: str, facet: bool = False) -> dict[str, Any]:
    """Counts, one bar a label: label, value, shown, and group where `facet`. A suppressed count has its symbol only."""
    extent, rows = _label_room(values, width)
    base = alt.Chart(_data(values, width)).encode(
        y=alt.Y("label:N", sort=None, title=None, axis=_label_axis(extent)),
        tooltip=[alt.Tooltip("name:N", title="What"), alt.Tooltip("shown:N", title=x)],
    )
    largest = max((row["value"] or 0 for row in values), default=0) or 1
    scale = alt.Scale(domain=[0, largest * (1.28 if width == NARROW else 1.14)], nice=False)
    bar = base.mark_bar(color="var(--chart-1)", size=16).encode(x=alt.X("length:Q", axis=None, scale=scale))
    text = base.mark_text(align="left", dx=6, color="currentColor", fontSize=13).encode(
        x=alt.X("length:Q", scale=scale), text="shown:N"
    )
    chart = alt.layer(bar, text).properties(width=width - extent - 24, height=alt.Step(rows))
    return finished(strips(chart, values) if facet else chart)


def histogram(values: Values, width: int, *, low: int, high: int) -> dict[str, Any]:
    """Pairs by bin of match weight, a strip for each decision: bin, bin_end, group, value, shown.

    A bin whose value is None is withheld: the base line is dotted there, since a gap would say that it is empty.
    """
    base = alt.Chart(_data(values, width)).encode(
        x=alt.X(
            "bin:Q",
            title="Match weight (log2)",
            scale=alt.Scale(domain=[low, high], nice=False),
            axis=alt.Axis(tickCount=6 if width == NARROW else 12, grid=False),
        ),
        x2="bin_end:Q",
        tooltip=[
            alt.Tooltip("group:N", title="Decision"),
            alt.Tooltip("bin:Q", title="Weight from"),
            alt.Tooltip("shown:N", title="Pairs"),
        ],
    )
    bar = base.mark_rect(color="var(--chart-1)", stroke="var(--paper)", strokeWidth=1).encode(
        y=alt.Y("length:Q", title="Pairs", axis=alt.Axis(tickCount=3, labelExpr="format(datum.value, '~s')")),
        y2=alt.datum(0),
    )
    withheld = base.mark_rule(color="var(--chart-2)", strokeWidth=3, strokeDash=[2, 2])
    withheld = withheld.transform_filter("datum.value === null").encode(y=alt.datum(0))
    chart = alt.layer(bar, withheld).properties(width=width - 86, height=92)
    return finished(strips(chart, values))


def weights(values: Values, width: int, *, x: str = "Match weight (log2 of m over u)") -> dict[str, Any]:
    """Match weight of each comparison level, a bar left or right of nought: label, group, weight."""
    extent, rows = _label_room(values, width)
    base = alt.Chart(_data(values, width)).encode(
        y=alt.Y("label:N", sort=None, title=None, axis=_label_axis(extent)),
        tooltip=[
            alt.Tooltip("group:N", title="Comparison"),
            alt.Tooltip("name:N", title="Level"),
            alt.Tooltip("shown:N", title="Match weight"),
        ],
    )
    ends = [0.0, *(row["weight"] for row in values)]
    room = (max(ends) - min(ends)) * 0.06 + 0.5
    scale = alt.Scale(domain=[min(ends) - room, max(ends) + room], nice=False)
    bar = base.mark_bar(size=14).encode(
        x=alt.X("weight:Q", title=x, scale=scale, axis=alt.Axis(tickCount=5)),
        color=alt.condition("datum.weight >= 0", alt.value("var(--chart-1)"), alt.value("var(--chart-2)")),
    )
    chart = alt.layer(bar).properties(width=width - extent - 24, height=alt.Step(rows))
    return finished(strips(chart, values))


def probabilities(values: Values, width: int) -> dict[str, Any]:
    """m as a filled disc and u as an open diamond on a log scale, a row each level: label, group, kind, value."""
    extent, rows = _label_room(values, width)
    floor = min((row["value"] for row in values), default=0.1)
    chart = (
        alt.Chart(_data(values, width))
        .mark_point(size=80, strokeWidth=2, opacity=1)
        .encode(
            y=alt.Y("label:N", sort=None, title=None, axis=_label_axis(extent)),
            x=alt.X(
                "value:Q",
                title="Probability (log scale)",
                scale=alt.Scale(type="log", domain=[10 ** _decade(floor), 1], nice=False),
                axis=alt.Axis(
                    values=_powers(_decade(floor), 4 if width == NARROW else 10),
                    labelExpr="datum.value >= 0.001 ? format(datum.value, '~f') : format(datum.value, '.0e')",
                ),
            ),
            shape=alt.Shape("kind:N", scale=alt.Scale(domain=list(_KINDS), range=["circle", "diamond"]), sort=None),
            color=alt.Color("kind:N", scale=alt.Scale(domain=list(_KINDS), range=["var(--chart-1)", "var(--chart-2)"])),
            fill=alt.condition(
                "datum.kind == 'm, among matches'", alt.value("var(--chart-1)"), alt.value("transparent")
            ),
            tooltip=[
                alt.Tooltip("group:N", title="Comparison"),
                alt.Tooltip("name:N", title="Level"),
                alt.Tooltip("kind:N", title="Kind"),
                alt.Tooltip("shown:N", title="Probability"),
            ],
        )
        .properties(width=width - extent - 24, height=alt.Step(rows))
    )
    return finished(strips(chart, values))


_KINDS = ("m, among matches", "u, among non-matches")


def _powers(lowest: int, most: int) -> list[float]:
    """Powers of ten from 10**lowest to 1 at even steps, no more than `most`, so that their labels do not meet."""
    step = -(-(1 - lowest) // most)
    return [10.0**power for power in range(0, lowest - 1, -step)][::-1]


def _decade(value: float) -> int:
    power = 0
    while 10**power > value and power > -9:
        power -= 1
    return power


def strips(chart: alt.Chart | alt.LayerChart, values: Values) -> alt.FacetChart:
    """The chart once for each group, one under the other, in the order of the values."""
    groups = list(dict.fromkeys(str(row["group"]) for row in values))
    row = alt.Row("group:N", sort=groups, header=alt.Header(title=None))
    return chart.facet(row=row, spacing=14).resolve_scale(y="independent")


def _label_room(values: Values, width: int) -> tuple[int, int]:
    """Pixels for the longest label, broken to its lines, and for a row."""
    lines = [line for row in values for line in _broken(str(row["label"]), width).split("\n")]
    longest = max((len(line) for line in lines), default=0)
    return int(longest * 6.9) + 16, 38 if len(lines) > len(values) else 28


def _broken(label: str, width: int) -> str:
    columns = 15 if width == NARROW else 40
    return "\n".join(textwrap.wrap(label, columns, max_lines=2, placeholder=" …"))


def _data(values: Values, width: int) -> alt.InlineData:
    """Values with the label broken to its room, and a suppressed number drawn as nothing."""
    return alt.InlineData(
        values=[
            {
                **row,
                "name": row.get("label", ""),
                "label": _broken(str(row.get("label", "")), width),
                "length": row.get("value") or 0,
            }
            for row in values
        ]
    )


def _domain(values: Values) -> list[float]:
    """From just under the lowest bound to 100, so that small differences near 100 can be seen."""
    lows = [row["low"] for row in values if row.get("low") is not None]
    highs = [row["high"] for row in values if row.get("high") is not None]
    if not lows:
        return [0, 100]
    room = max((max(highs) - min(lows)) * 0.08, 0.05)
    return [max(0.0, min(lows) - room), min(100.0, max(highs) + room)]


def _label_axis(extent: int) -> alt.Axis:
    return alt.Axis(minExtent=extent, maxExtent=extent, labelLimit=extent, grid=True, gridDash=[1, 3])


def _value_axis(width: int, domain: list[float]) -> alt.Axis:
    return alt.Axis(tickCount=3 if width == NARROW else 6, format=".1f" if domain[1] - domain[0] < 3 else "~f")


def finished(chart: alt.TopLevelMixin) -> dict[str, Any]:
    """A chart's Vega-Lite in the look of the page."""
    spec: dict[str, Any] = chart.to_dict(validate=False)
    return {**spec, "config": _CONFIG, "padding": 2}
