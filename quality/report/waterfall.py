"""A pair's match weight as a waterfall, in the form of Splink's chart: the prior, a bar
for each comparison, the total.

The chart is a table whose rows hold their bars, so that the numbers are in it and it
fits any width.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from quality.report.names import Names

_MOST_PLACES = 12  # decimals of a probability; a match weight of 40 tells no more apart


@dataclass(frozen=True)
class Bar:
    """One bar, in match weight (log2). A sum starts from 0.

    Attributes:
        note: the comparison level.
        m, u: its probabilities, where it has them.
    """

    name: str
    note: str
    start: float
    end: float
    is_sum: bool = False
    m: float | None = None
    u: float | None = None

    @property
    def weight(self) -> float:
        """What the bar adds, or the sum that it is."""
        return self.end - self.start

    @property
    def number(self) -> str:
        """The weight with its sign, a sum without a plus."""
        return signed(self.weight, plus=not self.is_sum)


@dataclass(frozen=True)
class BarRow:
    """A row of a BarTable: places are per cent of the chart's width.

    Attributes:
        kind: for, against or sum: the form of the bar.
        mark: a line across the bar.
        heading: begins a group of rows.
    """

    name: str
    note: str
    number: str
    x: float
    width: float
    kind: str
    mark: float | None = None
    heading: str = ""


@dataclass(frozen=True)
class BarTable:
    """A table with a bar in each row.

    Attributes:
        lines: dashed lines across all rows, per cent of the width.
    """

    caption: str
    summary: str
    columns: tuple[str, str]
    rows: Sequence[BarRow]
    zero: float
    lines: Sequence[float] = ()


def bars(weight: Mapping[str, Any], names: Names) -> list[Bar]:
    """The bars of a pair.

    Args:
        weight: prior, comparisons (comparison, level, m, u, weight, adjusted,
            adjustment), match_weight, cardinality_adjustment, total.
    """
    chart_bars = [Bar("Prior", "two records at random", 0.0, weight["prior"])]

    def add(
        name: str,
        note: str,
        weight_step: float,
        m: float | None = None,
        u: float | None = None,
    ) -> None:
        chart_bars.append(
            Bar(
                name,
                note,
                chart_bars[-1].end,
                chart_bars[-1].end + weight_step,
                m=m,
                u=u,
            )
        )

    for row in weight["comparisons"]:
        name = names.column(row["comparison"])
        add(name, names.columns_in(row["level"]), row["weight"], row["m"], row["u"])
        if row["adjusted"]:
            value = "rare value" if row["adjustment"] > 0 else "common value"
            add(f"{name}, term frequency", value, row["adjustment"])
    chart_bars.append(Bar("Match weight", "", 0.0, weight["match_weight"], is_sum=True))
    if weight["cardinality_adjustment"]:
        add("Cardinality adjustment", "to the prior", weight["cardinality_adjustment"])
        chart_bars.append(
            Bar("Adjusted match weight", "", 0.0, weight["total"], is_sum=True)
        )
    return chart_bars


def waterfall(pair: Mapping[str, Any], names: Names) -> BarTable:
    """The waterfall of an explained pair, with the acceptance threshold and, if it is
    lower, the review threshold.

    Args:
        pair: `weight` as `bars` takes it, and `thresholds`, on the scale of the last
            sum.
    """
    accept, review = (
        pair["thresholds"][f"{name}_total"] for name in ("accept", "review")
    )
    lines = {"accept": accept} | ({"review": review} if review < accept else {})
    chart_bars = bars(pair["weight"], names)
    parts = sorted(
        (bar for bar in chart_bars[1:] if not bar.is_sum), key=lambda bar: bar.weight
    )
    strongest, weakest = parts[-1], parts[0]
    summary = (
        f"Strongest evidence for a match: {_named(strongest)}. "
        if strongest.weight > 0
        else ""
    )
    summary += (
        f"Strongest evidence against it: {_named(weakest)}. "
        if weakest.weight < 0
        else ""
    )
    summary += (
        "Dashed lines: "
        + ", ".join(f"{name} at {signed(at, plus=False)}" for name, at in lines.items())
        + "."
    )
    x_scale = scale(
        [place for bar in chart_bars for place in (bar.start, bar.end)]
        + list(lines.values())
    )
    rows = []
    for bar in chart_bars:
        note = (
            bar.note
            if bar.m is None or bar.u is None
            else f"{bar.note}; m {bar.m:.2g}, u {bar.u:.2g}"
        )
        place = span(x_scale, bar.start, bar.end)
        rows.append(
            BarRow(bar.name, note, bar.number, *place, kind_of(bar.weight, bar.is_sum))
        )
    columns, dashed = (
        ("Comparison", "Match weight"),
        [x_scale(at) for at in lines.values()],
    )
    return BarTable(
        "Match weight by comparison", summary, columns, rows, x_scale(0), dashed
    )


def scale(values: Sequence[float]) -> Callable[[float], float]:
    """From a value to its place across a chart that has these values and 0, in per cent
    of the width.
    """
    low, high = min([0.0, *values]), max([0.0, *values])
    return lambda value: round(100 * (value - low) / ((high - low) or 1.0), 2)


def span(
    across: Callable[[float], float], start: float, end: float
) -> tuple[float, float]:
    """Place and width of a bar; the smallest can still be seen."""
    low, high = sorted((across(start), across(end)))
    return low, max(round(high - low, 2), 0.4)


def kind_of(weight: float, is_sum: bool = False) -> str:
    """The form of a bar: solid for a match or without evidence, outlined against it."""
    return "sum" if is_sum else "against" if weight < 0 else "for"


def _named(bar: Bar) -> str:
    return f"{bar.name} ({bar.note}), {bar.number}"


def signed(value: float, *, plus: bool = True) -> str:
    """A match weight with its sign, to two decimals."""
    text = f"{abs(value):.2f}"
    if float(text) == 0:
        return text
    return f"−{text}" if value < 0 else f"+{text}" if plus else text


def likelihood(probability: float) -> str:
    """A probability with as many nines as it has."""
    for places in (2, 3, 4, 6, 8, 10, _MOST_PLACES):
        text = f"{probability:.{places}f}"
        distance = min(probability, 1 - probability)
        if (
            float(text) not in (0.0, 1.0)
            and abs(float(text) - probability) <= distance / 20
        ):
            return text
    return (
        f"over {1 - 10**-_MOST_PLACES:.12f}"
        if probability > 0.5
        else f"under {10**-_MOST_PLACES:.12f}"
    )
