"""The population page's own charts in Altair, in the report's look; the bars are the report's."""

from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt

from quality.report.charts import NARROW, finished, strips

Values = Sequence[Mapping[str, Any]]

SEXES = {"Female": "var(--chart-2)", "Male": "var(--chart-1)"}
_LETTER = 7.2  # pixels of a letter of a legend


def births(values: Values, width: int) -> dict[str, Any]:
    """People by year of birth, women and men one on the other: year, sex, value."""
    bar = (
        alt.Chart(alt.InlineData(values=list(values)))
        .mark_bar(stroke="var(--paper)", strokeWidth=0.5)
        .encode(
            x=alt.X("year:O", title="Year of birth", axis=_years(values, "year", width)),
            y=alt.Y("value:Q", title="People", axis=alt.Axis(tickCount=5, format=",d")),
            color=_colours(SEXES, width),
            order=alt.Order("place:Q"),
        )
    )
    return finished(bar.properties(width=width - 76, height=230))


def lines(values: Values, width: int, *, x: str, y: str, form: str, colours: Mapping[str, str]) -> dict[str, Any]:
    """A line for each group along whole numbers: at, group, value."""
    base = alt.Chart(alt.InlineData(values=list(values))).encode(
        x=alt.X("at:O", title=x, axis=_years(values, "at", width)),
        y=alt.Y("value:Q", title=y, scale=alt.Scale(zero=True), axis=alt.Axis(tickCount=5, format=form)),
        color=_colours(colours, width),
        shape=alt.Shape(
            "group:N", sort=None, scale=alt.Scale(domain=list(colours), range=["circle", "diamond"]), legend=None
        ),
    )
    chart = alt.layer(base.mark_line(strokeWidth=2.5), base.mark_point(filled=True, size=55, opacity=1))
    return finished(chart.properties(width=width - 84, height=240))


def stacked(values: Values, width: int, *, x: str, colours: Mapping[str, str]) -> dict[str, Any]:
    """Shares that make a whole for each year: at, group, value (per cent), place (from the bottom)."""
    bar = (
        alt.Chart(alt.InlineData(values=list(values)))
        .mark_bar(stroke="var(--paper)", strokeWidth=1)
        .encode(
            x=alt.X("at:O", title=x, axis=_years(values, "at", width), scale=alt.Scale(paddingInner=0.04)),
            y=alt.Y(
                "value:Q",
                title="Share of pupils, %",
                stack=True,
                scale=alt.Scale(domain=[0, 100]),
                axis=alt.Axis(tickCount=5),
            ),
            color=_colours(colours, width),
            order=alt.Order("place:Q"),
        )
    )
    return finished(bar.properties(width=width - 76, height=330))


def by_year(values: Values, width: int) -> dict[str, Any]:
    """Records by year, a strip for each source: at, group, value."""
    bar = (
        alt.Chart(alt.InlineData(values=list(values)))
        .mark_bar(color="var(--chart-1)", stroke="var(--paper)", strokeWidth=0.5)
        .encode(
            x=alt.X("at:O", title=None, axis=_years(values, "at", width)),
            y=alt.Y("value:Q", title="Records", axis=alt.Axis(tickCount=3, format=",d")),
        )
        .properties(width=width - 82, height=86)
    )
    return finished(strips(alt.layer(bar), values))


def _years(values: Values, name: str, width: int) -> alt.Axis:
    """Labels that stand straight, as many as there is room for."""
    found = sorted({row[name] for row in values})
    step = next(step for step in (1, 2, 5, 10) if len(found) / step <= (6 if width == NARROW else 17) or step == 10)
    shown = [value for value in found if step == 1 or value % step == 0]
    return alt.Axis(values=shown, labelAngle=0, grid=False)


def _colours(colours: Mapping[str, str], width: int) -> alt.Color:
    room = max(len(name) for name in colours) * _LETTER + 28
    return alt.Color(
        "group:N",
        sort=None,
        scale=alt.Scale(domain=list(colours), range=list(colours.values())),
        legend=alt.Legend(
            orient="top",
            title=None,
            columns=max(1, min(len(colours), int((width - 70) // room))),
            symbolType="square",
            labelLimit=260,
        ),
    )
