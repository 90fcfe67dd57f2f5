"""What a clerical review found: precision and recall with intervals, as far as reviewers could tell."""

from collections.abc import Mapping, Sequence
from typing import Any

from quality.disclosure import Cell, Disclosure
from quality.report import charts
from quality.report.drawing import figure
from quality.report.names import Names
from quality.report.page import Block, Fold, Section, Table, Text
from quality.review import KEPT_ONLY, of_all_readings

_MEASURES = (("precision", "Precision"), ("recall", "Recall"), ("f1", "F1"))
_READINGS = (("low", "against the linkage"), ("middle", "half and half"), ("high", "for the linkage"))


def review_section(
    evaluation: Mapping[str, Any], reviews: Sequence[Mapping[str, Any]], names: Names, d: Disclosure
) -> Section | None:
    """None where nobody has reviewed the run's links."""
    titles = {step["step"]: names.step(step) for step in evaluation["steps"]}
    found = [(titles[review["step"]], review) for review in reviews if review["step"] in titles]
    if not found:
        return None
    values = [
        {
            "label": label,
            "group": title,
            "value": cell.value,
            "low": low.value,
            "high": high.value,
            "shown": f"{cell.text}% ({low.text} to {high.text})",
        }
        for title, review in found
        for measure, label in _MEASURES
        for cell, (low, high) in [_cells(of_all_readings(review[measure]), seen_of(review, measure), d)]
        if cell.value is not None
    ]
    blocks: list[Block] = [
        Text(
            "People looked at a sample of pairs, drawn by pass and band of match weight and most where the model is "
            "least sure. Their answers are weighted up to all pairs. An uncertain answer is counted three ways: "
            "against the linkage, half and half, and for it. Intervals are 95% and count what sampling could do; those "
            "of the figure and by pass go from the lower end of the first reading to the upper end of the last."
        ),
        figure(
            "reviewed-error",
            "Precision, recall and F1 by clerical review",
            _words(*found[-1], d),
            lambda width: charts.dots(values, width, x="Per cent", facet=True),
            _table(found, d),
        ),
        *(
            Fold(f"{title}: precision by pass, reviewed", [_passes_table(title, review, names, d)])
            for title, review in found
        ),
    ]
    return Section("review", "Error by clerical review", blocks)


def seen_of(review: Mapping[str, Any], measure: str) -> int:
    """How many pairs a measure rests on: of precision the links looked at; else the fewer of these and other pairs."""
    sides = [[row for row in review["strata"] if row["accepted"] == accepted] for accepted in (True, False)]
    looked = [sum(row["looked_at"] for row in rows) for rows in sides if any(row["pairs"] for row in rows)]
    return min(looked[:1] if measure == "precision" else looked, default=0)


def _cells(share: Mapping[str, Any], seen: int, d: Disclosure) -> tuple[Cell, tuple[Cell, Cell]]:
    return d.accuracy(share, seen=seen), d.interval(share, seen=seen)  # type: ignore[arg-type]


def _words(title: str, review: Mapping[str, Any], d: Disclosure) -> str:
    cell, (low, high) = _cells(of_all_readings(review["precision"]), seen_of(review, "precision"), d)
    looked, doubt = d.count(review["looked_at"]), d.percent(review["uncertain"], review["looked_at"])
    if cell.value is None:
        return "Too few links to show."
    return (
        f"{title}: {cell.text}% of the links are right (95% {low.text} to {high.text}), from {looked.text} pairs "
        f"looked at; uncertain: {doubt.with_unit()}."
    )


def _table(found: Sequence[tuple[str, Mapping[str, Any]]], d: Disclosure) -> Table:
    rows: list[list[str | Cell]] = []
    for title, review in found:
        for reading, said in _READINGS:
            row: list[str | Cell] = [title, said, d.count(review["looked_at"])]
            for measure, _ in _MEASURES:
                cell, interval = _cells(review[measure][reading], seen_of(review, measure), d)
                row += [cell, *interval]
            rows.append(row)
    heads = [head for _, label in _MEASURES for head in (f"{label}, %", "95% from", "to")]
    notes = []
    if any(review["unseen"] for _, review in found):
        notes.append("Strata of which nobody looked at a pair are left out.")
    if any(review["recall"]["middle"]["value"] is None for _, review in found):
        notes.append("Recall is not known where no pair that was not linked was looked at.")
    if any(review.get("reach", 1.0) is None for _, review in found):
        notes.append(f"{KEPT_ONLY.capitalize()}.")
    return Table(
        "Error by clerical review",
        ["Step", "Uncertain answers count", "Pairs looked at", *heads],
        rows,
        " ".join(notes),
    )


def _passes_table(title: str, review: Mapping[str, Any], names: Names, d: Disclosure) -> Table:
    rows: list[list[str | Cell]] = []
    for row in review["by_pass"]:
        cell, interval = _cells(row["precision"], row["looked_at"], d)
        rows.append([names.words(row["made_by"]), d.count(row["looked_at"]), cell, *interval])
    return Table(f"{title}: precision by pass, reviewed", ["Pass", "Looked at", "Precision, %", "95% from", "to"], rows)
