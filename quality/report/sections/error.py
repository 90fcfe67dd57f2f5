"""How right the links are, against truth: precision, recall and F1 by step, by pass and by weight."""

from collections.abc import Mapping, Sequence
from typing import Any

from quality.disclosure import Cell, Disclosure
from quality.report import charts
from quality.report.drawing import figure
from quality.report.names import Names
from quality.report.page import Block, Fold, Section, Table, Text
from quality.report.pairs import Pairs
from quality.report.released import tied
from quality.report.sections.error_parts import HEADS, parts_folds, shares
from quality.report.sections.summary import of_truth, untold

_MEASURES = (("precision", "Precision"), ("recall", "Recall"), ("f1", "F1"))


def error_section(
    evaluation: Mapping[str, Any], pairs: Mapping[str, Pairs], names: Names, d: Disclosure
) -> Section | None:
    """None where the run has no truth: error that was not measured is not shown as nought."""
    steps = [step for step in evaluation["steps"] if step["accuracy"]]
    if not steps:
        return None
    measured = [(names.step(step), step["accuracy"]) for step in steps]
    spine = (evaluation.get("spine") or {}).get("accuracy")
    if spine:
        measured.append(("Spine, pairs of its people's records", spine["pairwise"]))
    blocks: list[Block] = [
        Text(
            names.of(
                "Precision is the share of links that join one person; recall the share of the pairs that are one "
                "person "
            )
            + "which were linked, whether or not blocking ever compared them; F1 is their harmonic mean. Intervals are "
            "Wilson's, 95%."
        ),
        figure(
            "accuracy-by-step",
            "Precision, recall and F1 by step",
            _words(measured[-1] if not spine else measured[-2], d),
            lambda width: charts.dots(_values(measured, d), width, x="Per cent", facet=True),
            _accuracy_table(measured, d),
        ),
        _passes_table(steps, pairs, names, d),
        _outcomes_table(steps, names, d),
        _bands_table(steps[-1], pairs, names, d),
        *(
            Fold(f"{names.step(step)}: pairs by band of match weight", [_bands_table(step, pairs, names, d)])
            for step in steps[:-1]
        ),
    ]
    blocks += [fold for step in reversed(steps) for fold in parts_folds(step, names, d)]
    if spine:
        blocks.append(_people_table(spine["people"], d))
    return Section("error", "Linkage error", blocks)


def _values(measured: Sequence[tuple[str, Mapping[str, Any]]], d: Disclosure) -> list[dict[str, Any]]:
    values = []
    for title, accuracy in measured:
        for key, label in _MEASURES:
            cell, (low, high) = d.accuracy(accuracy[key]), d.interval(accuracy[key])
            if cell.value is not None:
                shown = f"{cell.text}% ({low.text} to {high.text})"
                values.append(
                    {
                        "label": label,
                        "group": title,
                        "value": cell.value,
                        "low": low.value,
                        "high": high.value,
                        "shown": shown,
                    }
                )
    return values


def _words(measured: tuple[str, Mapping[str, Any]], d: Disclosure) -> str:
    title, accuracy = measured
    precision, recall = d.accuracy(accuracy["precision"]), d.accuracy(accuracy["recall"])
    if precision.value is None or recall.value is None:
        return f"{title}: {untold(accuracy)[0].lower()}{untold(accuracy)[1:]}."
    judged, known = of_truth(accuracy)
    return f"{title}: {precision.text}% of {judged} are right, and {recall.text}% of {known} are linked."


def _accuracy_table(measured: Sequence[tuple[str, Mapping[str, Any]]], d: Disclosure) -> Table:
    rows: list[list[str | Cell]] = []
    for title, accuracy in measured:
        parts, assessed = tied({"correct": accuracy["correct"], "false": accuracy["false"]}, d)
        true_pairs = d.count(accuracy["true_pairs"])
        cells: list[Cell] = []
        for key, _ in _MEASURES:
            cells += [d.accuracy(accuracy[key]), *d.interval(accuracy[key])]
        rows.append([title, true_pairs, assessed, parts["correct"], parts["false"], *cells])
    heads = [head for _, label in _MEASURES for head in (f"{label}, %", f"{label} from", f"{label} to")]
    return Table(
        "Error against truth by step",
        ["Step", "True pairs", "Links judged", "Right", "False", *heads],
        rows,
        _NOT_ALL if any(_leaves_second_records(accuracy) for _, accuracy in measured) else "",
    )


_NOT_ALL = (
    "A step that links one to one, or one to many, cannot link every record of a person who holds several on a side; "
    "recall counts the others as missed."
)


def _leaves_second_records(accuracy: Mapping[str, Any]) -> bool:
    """Whether there are true pairs that the step could not have linked beside others; of truth that came as pairs
    nobody has counted them."""
    attainable = accuracy.get("attainable", accuracy["true_pairs"])
    return attainable is None or attainable < accuracy["true_pairs"]


def _passes_table(steps: Sequence[Mapping[str, Any]], pairs: Mapping[str, Pairs], names: Names, d: Disclosure) -> Table:
    rows: list[list[str | Cell]] = []
    for step in steps:
        for row in step["passes"]:
            links, _ = pairs[step["step"]].passes[(row["method"], row["pass"])]
            rows.append([names.step(step), names.words(row["pass"]), links, *shares(row, d, links)])
    return Table(
        "Error against truth by pass",
        ["Step", "Pass", "Links", *HEADS],
        rows,
        "Recall is the share of all true pairs that the pass found; over the passes it adds up to the step's.",
    )


_OUTCOMES = {
    "accepted": "Linked",
    "review": "Sent to review",
    "rejected": "Compared and rejected",
    "not compared": "Not kept as a candidate",
}


def _outcomes_table(steps: Sequence[Mapping[str, Any]], names: Names, d: Disclosure) -> Table:
    rows: list[list[str | Cell]] = []
    for step in steps:
        found = {row["outcome"]: row["pairs"] for row in step["accuracy"]["true_pairs_by_outcome"]}
        cells, total = tied({outcome: found.get(outcome, 0) for outcome in _OUTCOMES}, d)
        rows.append([names.step(step), *cells.values(), total])
    return Table("What became of the true pairs", ["Step", *_OUTCOMES.values(), "True pairs"], rows)


def _bands_table(step: Mapping[str, Any], pairs: Mapping[str, Pairs], names: Names, d: Disclosure) -> Table:
    rows: list[list[str | Cell]] = [
        [_band(row), everything, accepted, d.accuracy(row["share_true"]), *shares(row["of_links"], d, accepted)]
        for row, (everything, accepted) in zip(step["bands"], pairs[step["step"]].bands, strict=True)
    ]
    return Table(
        f"{names.step(step)}: pairs by band of match weight, and how many are true",
        ["Match weight", "Pairs", "Of them linked", "True, %", *HEADS],
        rows,
        "Precision and recall are of the links of the band.",
    )


def _band(row: Mapping[str, Any]) -> str:
    low, high = (None if edge is None else f"{edge:g}".replace("-", "−") for edge in (row["from"], row["to"]))
    if low is None:
        return f"Below {high}"
    return f"{low} and over" if high is None else f"{low} to under {high}"


def _people_table(people: Mapping[str, Any], d: Disclosure) -> Table:
    return Table(
        "People of the spine against true people",
        ["What", "People"],
        [
            ["True people with a record on the spine", d.count(people["true"])],
            ["People of the spine", d.count(people["spine"])],
            ["Wholly right: all records of one true person, and no other", d.count(people["exact"])],
            ["Wholly right, % of true people", d.accuracy(people["share_exact"])],
            ["True people split over several", d.count(people["split"])],
            ["People of the spine who mix several true people", d.count(people["mixed"])],
        ],
        "All records of a true person are those too that the spine lacks, since no link brought them there: who lacks "
        "one is not wholly right, and need not be split.",
    )
