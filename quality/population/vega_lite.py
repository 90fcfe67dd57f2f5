"""Vega-Lite as the pages write it: channels, layers, strips, and the look of the page.

It is written as the JSON that it is. Altair writes the same, in ten times the time: it checks each part against the
schema as it is made and copies the whole at every step, and its import alone takes a third of a second.
Properties stand in the order of their names, so that the same chart is the same text.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

Values = Sequence[Mapping[str, Any]]
Spec = dict[str, Any]

_SCHEMA = "https://vega.github.io/schema/vega-lite/v6.4.1.json"

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


def number(field: str, **how: Any) -> Spec:
    """A channel of numbers."""
    return ordered(field=field, type="quantitative", **how)


def name(field: str, **how: Any) -> Spec:
    """A channel of names, which are in no order."""
    return ordered(field=field, type="nominal", **how)


def place(field: str, **how: Any) -> Spec:
    """A channel of values that are in an order, and no numbers."""
    return ordered(field=field, type="ordinal", **how)


def ordered(**properties: Any) -> Spec:
    """Properties of a channel, an axis, a legend."""
    return dict(sorted(properties.items()))


def layer(mark: str, look: Mapping[str, Any], channels: Mapping[str, Any], **others: Any) -> Spec:
    """A mark, how it looks, and what it shows.

    Args:
        others: channels beside those that all layers have, or in their place.
    """
    return {"mark": {"type": mark, **ordered(**look)}, "encoding": ordered(**{**channels, **others})}


def layers(*of: Spec, width: int, height: int | Spec) -> Spec:
    """Layers of one chart, the last above the others."""
    return {"layer": list(of), "height": height, "width": width}


def finished(chart: Spec, values: Values, strips: Values | None = None) -> Spec:
    """A chart's Vega-Lite in the look of the page.

    Args:
        values: what it shows; a layer that has values of its own has them under "data".
        strips: values whose groups are a strip each, one under the other in the order of the values.
    """
    held: dict[str, Values] = {}
    parts = chart.get("layer", [])
    if any("data" in part for part in parts):  # then each names its own
        chart = {**chart, "layer": [_with_data(part, part.get("data", values), held) for part in parts]}
    elif strips is not None:
        chart = _faceted(chart, strips, _named(values, held))
    elif parts:
        chart = {"layer": parts, "data": _named(values, held), **chart}
    else:
        chart = _with_data(chart, values, held)
    return {"config": _CONFIG, **chart, "$schema": _SCHEMA, "datasets": held, "padding": 2}


def _with_data(part: Spec, values: Values, held: dict[str, Values]) -> Spec:
    return {"data": _named(values, held), **{key: value for key, value in part.items() if key != "data"}}


def _faceted(chart: Spec, values: Values, data: Spec) -> Spec:
    groups = list(dict.fromkeys(str(row["group"]) for row in values))
    row = name("group", header={"title": None}, sort=groups)
    independent = {"scale": {"y": "independent"}}
    return {"data": data, "facet": {"row": row}, "spec": chart, "resolve": independent, "spacing": 14}


def _named(values: Values, held: dict[str, Values]) -> Spec:
    """A reference to values by a name that their content gives, under which they are then held."""
    text = json.dumps(values, sort_keys=True, default=str)
    found = f"data-{hashlib.sha256(text.encode()).hexdigest()[:32]}"
    held[found] = values
    return {"name": found}
