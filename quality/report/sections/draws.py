"""Uncertainty of the links: how figures vary over the link draws of each step."""

from collections.abc import Mapping
from typing import Any

from quality.disclosure import Cell, Disclosure
from quality.report import charts
from quality.report.names import Names
from quality.report.page import Block, Row, Section, Table, Text
from quality.report.released import Group, release

_OUTER = ("mean", "low", "high")
_HEADS = ["Mean of draws, %", "Standard deviation, points", "2.5% point", "97.5% point"]
_FEWEST_TIMES = 10  # times the least base of a share: in fewer people one person of a draw can be seen
_HOW = "To draw links, set link_draws = 20 in a step, or leo link --link-draws 20 (docs/explanation/uncertainty.md)."
_RULES = (
    "Make an estimate on each of m link draws. The combined estimate is their mean. Its variance is the mean of their "
    "variances plus the variance between them times 1 + 1/m (Rubin 1987, chapter 3). Where the second is large, the "
    "finding depends on uncertain links. Draws reflect match probabilities, and not matches missed by blocking."
)


def draws_section(evaluation: Mapping[str, Any], names: Names, d: Disclosure) -> Section:
    """Without link draws a sentence says how to ask for them."""
    steps = [step for step in evaluation["steps"] if step.get("link_draws")]
    if not steps:
        return Section("draws", "Uncertainty of the links", [Text(f"No link draws were made. {_HOW}")])
    opening = (
        "A link draw is a set of links that the evidence allows as well: a pair is in as many draws as its match "
        "probability says. How a figure varies over draws is the uncertainty of the links."
    )
    last = steps[-1]
    rows = _group_rows(last, names, d)
    table = Table(
        f"{names.step(last)}: link rates over draws", ["Characteristic", "Group", "Linked, %", *_HEADS], rows, _note(d)
    )
    values = [
        {"label": str(row[1]), "group": str(row[0]), "value": cell.value, "shown": cell.text}
        for row in rows
        if isinstance(cell := row[4], Cell) and cell.mark in (None, "low") and row[0] not in ("All", *_cohorts(last))
    ]
    blocks: list[Block] = [Text(opening), _steps_table(steps, names, d)]
    if values:
        most = max(values, key=lambda row: row["value"] or 0)
        summary = f"The link rate varies most for {most['group']}: {most['label']} (standard deviation {most['shown']} points)."
        chart = charts.bars(values, x="Standard deviation, percentage points")
        blocks.append(
            charts.figure(
                "rates-over-draws", f"{names.step(last)}: how link rates vary over draws", summary, chart, table
            )
        )
    else:
        blocks.append(table)
    return Section("draws", "Uncertainty of the links", [*blocks, Text(_RULES)])


def _cohorts(step: Mapping[str, Any]) -> list[str]:
    return [row["title"] for row in step["link_draws"]["characteristics"] if row["characteristic"] == "cohort"]


def _note(d: Disclosure) -> str:
    few = f"Groups of fewer than {d.profile.fewest * _FEWEST_TIMES:g} eligible people are not shown."
    if d.profile.threshold > 1:
        few += f" A figure within {d.profile.threshold} of the step's own links is shown as these."
    return few


def _steps_table(steps: list[Mapping[str, Any]], names: Names, d: Disclosure) -> Table:
    rows: list[Row] = []
    for step in steps:
        draws, links = step["link_draws"], release(step, d).pairs.links
        accepted = sum(row["pairs"] for row in step["decisions"] if row["decision"] == "accepted")
        cells = [d.count(d.consistent_with(draws["links"][key], accepted)) for key in _OUTER]
        if links.value is None or any(cell.mark == "suppressed" for cell in cells):
            mean, low, high, deviation, in_all = [d.derived(links, *cells)] * 5
        else:
            mean, low, high = cells
            deviation = d.spread(draws["links"]["deviation"], places=1)
            in_all = d.percent(draws["in_all"], draws["pairs"], tied=(links,), rare=True)
        rows.append([names.step(step), d.parameter(draws["draws"], 0), links, mean, deviation, low, high, in_all])
    heads = ["Step", "Draws", "Links", "Mean of draws", "Standard deviation", *_HEADS[2:], "In all draws, %"]
    return Table(
        "Links over draws", heads, rows, "In all draws: of the pairs that any draw links, those that all link."
    )


def _group_rows(step: Mapping[str, Any], names: Names, d: Disclosure) -> list[Row]:
    """Link rates of eligible people, where the rate of the step's own links is shown."""
    draws, side = step["link_draws"], release(step, d).left
    groups = {name: groups for name, _, groups in side.characteristics}
    rows: list[Row] = [["All", "All", side.whole.rate, *_cells(draws["linked"], side.whole, d)]]
    for row in draws["characteristics"]:
        for group, shown in zip(row["groups"], groups[row["characteristic"]], strict=True):
            rows.append([row["title"], group["label"], shown.rate, *_cells(group, shown, d)])
    return rows


def _cells(counts: Mapping[str, Any], shown: Group, d: Disclosure) -> list[Cell]:
    """Mean, standard deviation and outer points of a rate: hidden where the rate of the links is, or one of them."""
    if shown.rate.value is None:
        return [d.derived(shown.rate)] * 4
    drawn = [d.consistent_with(counts[key], counts["linked"]) for key in _OUTER]
    shares = [
        d.percent(count, counts["eligible"], tied=(shown.eligible, shown.linked, shown.unlinked)) for count in drawn
    ]
    if counts["eligible"] < _FEWEST_TIMES * d.profile.fewest or any(cell.mark == "suppressed" for cell in shares):
        return [d.marked("suppressed")] * 4
    deviation = counts["deviation"]
    mean, low, high = shares
    return [mean, d.spread(None if deviation is None else 100 * deviation / counts["eligible"]), low, high]
