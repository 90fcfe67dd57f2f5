"""The population page's own charts, in the report's look; the bars are the report's."""

from collections.abc import Mapping

from quality.population.drawing import NARROW
from quality.population.vega_lite import Spec, Values, finished, layer, layers, name, number, place

SEXES = {"Female": "var(--chart-2)", "Male": "var(--chart-1)"}
_LETTER = 7.2  # pixels of a letter of a legend


def births(values: Values, width: int) -> Spec:
    """People by year of birth, women and men one on the other: year, sex, value."""
    channels = {
        "x": place("year", title="Year of birth", axis=_years(values, "year", width)),
        "y": number("value", title="People", axis={"format": ",d", "tickCount": 5}),
        "color": _colours(SEXES, width),
        "order": number("place"),
    }
    bar = layer("bar", {"stroke": "var(--paper)", "strokeWidth": 0.5}, channels)
    return finished(bar | {"height": 230, "width": width - 76}, values)


def lines(values: Values, width: int, *, x: str, y: str, form: str, colours: Mapping[str, str]) -> Spec:
    """A line for each group along whole numbers: at, group, value."""
    shapes = {"domain": list(colours), "range": ["circle", "diamond"]}
    channels = {
        "x": place("at", title=x, axis=_years(values, "at", width)),
        "y": number("value", title=y, scale={"zero": True}, axis={"format": form, "tickCount": 5}),
        "color": _colours(colours, width),
        "shape": name("group", sort=None, scale=shapes, legend=None),
    }
    chart = layers(
        layer("line", {"strokeWidth": 2.5}, channels),
        layer("point", {"filled": True, "size": 55, "opacity": 1}, channels),
        width=width - 84,
        height=240,
    )
    return finished(chart, values)


def stacked(values: Values, width: int, *, x: str, colours: Mapping[str, str]) -> Spec:
    """Shares that make a whole for each year: at, group, value (per cent), place (from the bottom)."""
    share = {"title": "Share of pupils, %", "stack": True, "scale": {"domain": [0, 100]}, "axis": {"tickCount": 5}}
    channels = {
        "x": place("at", title=x, axis=_years(values, "at", width), scale={"paddingInner": 0.04}),
        "y": number("value", **share),
        "color": _colours(colours, width),
        "order": number("place"),
    }
    bar = layer("bar", {"stroke": "var(--paper)", "strokeWidth": 1}, channels)
    return finished(bar | {"height": 330, "width": width - 76}, values)


def by_year(values: Values, width: int) -> Spec:
    """Records by year, a strip for each source: at, group, value."""
    channels = {
        "x": place("at", title=None, axis=_years(values, "at", width)),
        "y": number("value", title="Records", axis={"format": ",d", "tickCount": 3}),
    }
    bar = layer("bar", {"color": "var(--chart-1)", "stroke": "var(--paper)", "strokeWidth": 0.5}, channels)
    return finished(layers(bar, width=width - 82, height=86), values, values)


def _years(values: Values, column: str, width: int) -> Spec:
    """Labels that stand straight, as many as there is room for."""
    found = sorted({row[column] for row in values})
    step = next(step for step in (1, 2, 5, 10) if len(found) / step <= (6 if width == NARROW else 17) or step == 10)
    shown = [value for value in found if step == 1 or value % step == 0]
    return {"grid": False, "labelAngle": 0, "values": shown}


def _colours(colours: Mapping[str, str], width: int) -> Spec:
    room = max(len(group) for group in colours) * _LETTER + 28
    legend = {
        "columns": max(1, min(len(colours), int((width - 70) // room))),
        "labelLimit": 260,
        "orient": "top",
        "symbolType": "square",
        "title": None,
    }
    scale = {"domain": list(colours), "range": list(colours.values())}
    return name("group", sort=None, scale=scale, legend=legend)
