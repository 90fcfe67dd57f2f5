"""Whether the probabilities of links are right: a curve, and what a reader needs to judge it."""

from collections.abc import Mapping, Sequence
from typing import Any

from quality.disclosure import Cell, Disclosure
from quality.measures.reliability import by_chance
from quality.report import charts
from quality.report.drawing import figure
from quality.report.names import Names
from quality.report.page import Block, Fold, Section, Table, Text

_GROUPS = {"all": "All pairs kept", "accepted": "Links"}


def reliability_section(evaluation: Mapping[str, Any], names: Names, d: Disclosure) -> Section | None:
    """None where the run has no truth, or its pairs no probability."""
    steps = [step for step in evaluation["steps"] if step.get("reliability")]
    if not steps:
        return None
    last = steps[-1]
    blocks: list[Block] = [
        Text(
            f"A link's probability says how likely its two records are one {names.of('person')}, given their other "
            "candidates. Where truth is known it can be held to it: of pairs with a probability of 90% nine in ten "
            "should be true."
        ),
        _curve(last, names, d),
        _summary(steps, names, d),
        *(
            Fold(f"{names.step(step)}: how right its probabilities are", [_bands(step, names, d)])
            for step in steps[:-1]
        ),
    ]
    return Section("reliability", "How right the probabilities are", blocks)


def _curve(step: Mapping[str, Any], names: Names, d: Disclosure) -> Block:
    whole = step["reliability"][0]
    values = []
    for band in whole["bands"]:
        cell, (low, high) = d.accuracy(band["share_true"]), d.interval(band["share_true"])
        if cell.value is not None:
            values.append(
                {
                    "label": _band(band),
                    "said": round(100 * band["mean_probability"], 2),
                    "value": cell.value,
                    "low": low.value,
                    "high": high.value,
                    "shown": f"{cell.text}% ({low.text} to {high.text})",
                }
            )
    return figure(
        "probabilities-against-truth",
        f"{names.step(step)}: probability said, and share that is true",
        _words(whole, d),
        lambda width: charts.calibration(values, width, x="Probability said, %", y="True, %"),
        _bands(step, names, d),
    )


def _words(group: Mapping[str, Any], d: Disclosure) -> str:
    if d.accuracy(group["share_true"]).value is None:
        return "Too few pairs to show."
    error = 100 * group["calibration_error"]
    chance = by_chance(group["bands"])
    return (
        f"Points on the line are right. Over all pairs the probability is {error:.2f} percentage points from the share "
        f"that is true. If every probability were right, it would be {100 * chance['mean']:.2f} by chance, and more "
        f"than {100 * chance['high']:.2f} in one case of 20."
    )


def _summary(steps: Sequence[Mapping[str, Any]], names: Names, d: Disclosure) -> Table:
    rows: list[list[str | Cell]] = []
    for step in steps:
        for group in step["reliability"]:
            true = d.accuracy(group["share_true"])
            shown = true.value is not None
            numbers = (
                100 * group["expected"] / group["pairs"],
                100 * group["calibration_error"],
                100 * by_chance(group["bands"])["high"],
                group["brier"],
            )
            said, error, chance, brier = (
                Cell(f"{number:.{places}f}", number) if shown else d.marked("suppressed")
                for number, places in zip(numbers, (2, 2, 2, 5), strict=True)
            )
            rows.append(
                [
                    names.step(step),
                    _GROUPS.get(group["group"], names.words(group["group"])),
                    *(said, true, error, chance, brier),
                ]
            )
    return Table(
        "Probabilities against truth by step and method",
        [
            "Step",
            "Pairs",
            "Expected to be true, %",
            "True, %",
            "Calibration error, points",
            "By chance up to, points",
            "Brier score",
        ],
        rows,
        "Calibration error is the mean distance between probability and share over the bands. If every probability "
        "were right, it would be larger than is said beside it in one case of 20: of few pairs chance makes much. The "
        "Brier score is the mean squared distance of a pair's probability from 1 where it is true and from 0 where it "
        "is not.",
    )


def _bands(step: Mapping[str, Any], names: Names, d: Disclosure) -> Table:
    rows: list[list[str | Cell]] = []
    for band in step["reliability"][0]["bands"]:
        true, (low, high) = d.accuracy(band["share_true"]), d.interval(band["share_true"])
        mean = 100 * band["mean_probability"]
        said = Cell(f"{mean:.2f}", mean) if true.value is not None else d.marked("suppressed")
        rows.append([_band(band), said, true, low, high])
    return Table(
        f"{names.step(step)}: probability said, and share that is true",
        ["Probability", "Mean, %", "True, %", "95% from", "to"],
        rows,
    )


def _band(band: Mapping[str, Any]) -> str:
    return f"{100 * band['from']:g} to {100 * band['to']:g}%"
