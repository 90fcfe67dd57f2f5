"""What the links' own probabilities say of their error, beside truth where there is one."""

from collections.abc import Mapping, Sequence
from typing import Any

from quality.disclosure import Cell, Disclosure
from quality.measures.expected import LINKS_ONLY, WHY_UNKNOWN
from quality.report import charts
from quality.report.drawing import figure
from quality.report.names import Names
from quality.report.page import Block, Fold, Section, Table, Text
from quality.report.sections.bias import LET_GO_NOTE
from quality.report.sections.error_parts import in_no_group, of_pairs
from quality.report.sections.summary import told_by_truth

_MEASURES = (("precision", "Precision"), ("recall", "Recall"), ("f1", "F1"))


def expected_section(evaluation: Mapping[str, Any], names: Names, d: Disclosure) -> Section | None:
    """None where links have no probability."""
    steps = [step for step in evaluation["steps"] if step.get("expected")]
    if not steps:
        return None
    values = [
        {
            "label": label,
            "group": names.step(step),
            "value": cell.value,
            "low": low.value,
            "high": high.value,
            "shown": f"{cell.text}% ({low.text} to {high.text})",
        }
        for step in steps
        for measure, label in _MEASURES
        for cell, (low, high) in [_cells(step["expected"][measure], d)]
        if cell.value is not None
    ]
    blocks: list[Block] = [
        Text(
            "Each link has a probability that it is right. Added up, they say how many links are likely to be false "
            "and how many matches were let go, without any truth. What no rule reached is reckoned from the share of "
            "matches that the rules are estimated to reach. Intervals say what chance does, and what probabilities do "
            "that are not quite right: three times or a third of the false links; half as many matches again among the "
            "other pairs, or a third fewer; twice or half as many of which no pair was kept, since those are known by "
            "an estimate alone."
            + (" Links that people decided on count as right." if any(map(_is_decided, steps)) else "")
        ),
        figure(
            "expected-error",
            "Precision, recall and F1 as the probabilities say",
            _words(steps[-1], names, d),
            lambda width: charts.dots(values, width, x="Per cent, expected", facet=True),
            _table(steps, names, d),
        ),
    ]
    blocks += [
        Fold(f"{names.step(step)}: false links expected in each group", [*_said(step, names, d), *tables])
        for step in steps
        if (tables := _group_tables(step, names, d))
    ]
    return Section("expected", "Error without truth", blocks)


def _said(step: Mapping[str, Any], names: Names, d: Disclosure) -> list[Text]:
    """Of whom the tables of groups are, and what they leave out."""
    unknown = in_no_group(step, names, d)
    return [Text(of_pairs(step)), *([Text(f"{LET_GO_NOTE} {unknown}")] if unknown else [])]


def _is_decided(step: Mapping[str, Any]) -> bool:
    """Whether people decided on some of its links."""
    return any(row["method"] == "override" for row in step.get("passes", ()))


def _cells(share: Mapping[str, Any], d: Disclosure) -> tuple[Cell, tuple[Cell, Cell]]:
    return d.accuracy(share), d.interval(share)  # type: ignore[arg-type]


def _words(step: Mapping[str, Any], names: Names, d: Disclosure) -> str:
    said, known = step["expected"], told_by_truth(step)
    precision, recall = d.accuracy(said["precision"]), d.accuracy(said["recall"])
    if precision.value is None or recall.mark == "suppressed":
        return "Too few links to show."
    if recall.value is None:
        why = WHY_UNKNOWN[said.get("recall_unknown", LINKS_ONLY)].format(they_were="it was")
        return (
            f"{names.step(step)}: {precision.text}% of the links are expected to be right. What it has missed is not "
            f"known: {why}."
        )
    text = (
        f"{names.step(step)}: {precision.text}% of the links are expected to be right, and {recall.text}% of the "
        "matches to be linked"
    )
    if not known:
        return f"{text}."
    truth = d.accuracy(known["precision"]), d.accuracy(known["recall"])
    if any(cell.value is None for cell in truth):
        return f"{text}."
    return f"{text}; truth says {truth[0].text}% and {truth[1].text}%."


def _table(steps: Sequence[Mapping[str, Any]], names: Names, d: Disclosure) -> Table:
    has_truth = any(step["accuracy"] for step in steps)
    heads = [head for _, label in _MEASURES for head in (f"{label} expected, %", "95% from", "to")]
    rows: list[list[str | Cell]] = []
    for step in steps:
        row: list[str | Cell] = [names.step(step)]
        for measure, _ in _MEASURES:
            cell, interval = _cells(step["expected"][measure], d)
            row += [cell, *interval]
        if has_truth:
            row += [d.accuracy(step["accuracy"][m] if step["accuracy"] else None) for m in ("precision", "recall")]
        rows.append(row)
    truths = ["True precision, %", "True recall, %"] if has_truth else []
    return Table("Expected error by step", ["Step", *heads, *truths], rows)


def _group_tables(step: Mapping[str, Any], names: Names, d: Disclosure) -> list[Table]:
    """Expected false links per 1,000 links, and matches let go per 1,000, by group of people."""
    tables = []
    for rate in step.get("groups", ()):
        rows: list[list[str | Cell]] = [
            [
                group["label"],
                *(_per_thousand(group, (group["expected_false_within"] or {}).get(bound), d) for bound in _BOUNDS),
                _per_thousand(group, _of_links(group, "expected_missed"), d),
            ]
            for group in rate["groups"]
            if group["expected_false"] is not None
        ]
        title = f"{names.step(step)}: error expected by {rate['title'][0].lower()}{rate['title'][1:]}"
        if rows:
            heads = ["Group", "False of 1,000 links, expected", "95% from", "to", "Let go beside 1,000 links, at least"]
            tables.append(Table(title, heads, rows))
    return tables


_BOUNDS = ("value", "low", "high")


def _of_links(group: Mapping[str, Any], what: str) -> float | None:
    return None if group[what] is None or not group["links"] else group[what] / group["links"]


def _per_thousand(group: Mapping[str, Any], share: float | None, d: Disclosure) -> Cell:
    """Of a sum of probabilities, no count of persons; hidden where the links it is of are too few."""
    if group["links"] < d.profile.fewest:
        return d.marked("suppressed" if group["links"] else "not_applicable")
    if share is None:
        return d.marked("not_applicable")
    return Cell(f"{1000 * share:.2f}", round(1000 * share, 2))
