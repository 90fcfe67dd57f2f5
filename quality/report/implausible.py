"""People whose records contradict each other: the least that is falsely linked."""

from collections.abc import Mapping
from typing import Any

from quality.disclosure import Cell, Disclosure
from quality.report import charts
from quality.report.drawing import figure
from quality.report.names import Names
from quality.report.page import Block, Section, Table, Text


def implausible_section(evaluation: Mapping[str, Any], names: Names, d: Disclosure) -> Section | None:
    """None where the run has no spine, or no rule could be asked."""
    found = (evaluation.get("spine") or {}).get("implausible")
    if not found or not found["rules"]:
        return None
    values = [
        {
            "label": rule["rule"][:1].upper() + rule["rule"][1:],
            "value": cell.value,
            "low": low.value,
            "high": high.value,
            "shown": f"{cell.text}% ({low.text} to {high.text})",
        }
        for rule in found["rules"]
        for cell, low, high in [(d.accuracy(rule["share"]), *d.interval(rule["share"]))]
        if cell.value is not None
    ]
    whole = d.accuracy(found["share"])
    said = f"{whole.text}%" if whole.value is not None else "A share too small to show"
    blocks: list[Block] = [
        Text(
            "Some things no one person does: work before 14, study after death. Where records that were linked show "
            "them together, either a link is false or a record is wrong. Shares are of people with two records that "
            "could have contradicted each other. Beside them stands, where it can be told, how often a single record "
            "contradicts itself: so much is the sources' own."
        ),
        figure(
            "implausible-people",
            "People whose records contradict each other",
            f"{said} of the people with two records or more have records that contradict each other.",
            lambda width: charts.dots(values, width, x="Of those who could, %"),
            _table(found, d),
        ),
        _steps_table(evaluation, names, d),
    ]
    return Section("implausible", "What cannot be", blocks)


def _table(found: Mapping[str, Any], d: Disclosure) -> Table:
    has_truth = found["confirmed"] is not None
    rows: list[list[str | Cell]] = []
    for rule in found["rules"]:
        row: list[str | Cell] = [
            rule["rule"][:1].upper() + rule["rule"][1:],
            d.count(rule["people_at_risk"]),
            d.accuracy(rule["share"]),
            *d.interval(rule["share"]),
            d.accuracy(rule["background"]) if rule["background"] else d.marked("not_applicable"),
            rule["why"],
        ]
        rows.append(row)
    return Table(
        "People whose records contradict each other, by rule",
        ["What", "People who could", "Do, %", "from", "to", "Of single records, %", "Why it cannot be"],
        rows,
        _confirmed(found, d) if has_truth else "",
    )


def _confirmed(found: Mapping[str, Any], d: Disclosure) -> str:
    share = d.percent(found["confirmed"], found["implausible"])
    if share.mark is not None:
        return "Of too few such people truth says whether a link is false."
    return f"Truth says that of such people {share.text}% have a false link; of the others a record is wrong."


def _steps_table(evaluation: Mapping[str, Any], names: Names, d: Disclosure) -> Table:
    rows: list[list[str | Cell]] = []
    for step in evaluation["steps"]:
        if step.get("implausible"):
            share = step["implausible"]["share"]
            rows.append([names.step(step), d.accuracy(share), *d.interval(share)])
    return Table(
        "Links between records that contradict each other, by step",
        ["Step", "Of the links, %", "from", "to"],
        rows,
    )
