"""False links and missed matches: by truth, by clerical review, and estimated from match probabilities."""

from collections.abc import Mapping, Sequence
from typing import Any

from quality.disclosure import Cell, Disclosure
from quality.measures.calibration import by_chance
from quality.measures.estimated_error import LINKS_ONLY, WHY_UNKNOWN
from quality.measures.review_estimates import all_readings
from quality.report import charts
from quality.report.names import Names
from quality.report.page import Block, Fold, Row, Section, Table, Text
from quality.report.released import release
from quality.report.showing import (
    INTERVAL,
    in_brackets,
    measure_heads,
    measures_of,
    pairs_reviewed,
    with_interval,
)

_MOST_ERRORS = 20  # rows of a table
_OUTCOMES = {
    "accepted": "Linked",
    "review": "In review",
    "rejected": "Below threshold",
    "not compared": "Not compared",
}
_READINGS = (("low", "as errors"), ("middle", "half as errors"), ("high", "as correct"))
_GROUPS = {"all": "All scored pairs", "accepted": "Links"}


def accuracy_section(evaluation: Mapping[str, Any], names: Names, d: Disclosure) -> Section | None:
    """Precision, recall and F1 against truth; None without truth: error that was not measured is not shown as zero."""
    steps = [step for step in evaluation["steps"] if step["accuracy"]]
    if not steps:
        return None
    spine = (evaluation.get("spine") or {}).get("accuracy")
    rows: list[Row] = []
    values: list[dict[str, Any]] = []
    for step in steps:
        pairs = release(step, d).pairs
        cells, shown = measures_of(names.step(step), step["accuracy"], d)
        judged = [pairs.judged[name] for name in ("assessed", "correct", "false")]
        rows.append([names.step(step), pairs.outcomes["all"], *judged, *cells])
        values += shown
    if spine:
        cells, shown = measures_of("Spine, pairs of records", spine["pairwise"], d)
        counts = [d.count(spine["pairwise"][key]) for key in ("true_pairs", "accepted", "correct", "false")]
        rows.append(["Spine, pairs of records", *counts, *cells])
        values += shown
    heads = ["Step", "True matches", "Links judged", "Correct", "False", *measure_heads()]
    table = Table("Accuracy against truth by step", heads, rows, _cardinality_note(steps))
    text = (
        "Precision is the share of links that are correct. Recall is the share of true matches that were linked, "
        "whether or not blocking compared them. F1 is their harmonic mean. Intervals are Wilson's, 95%."
    )
    title = "Precision, recall and F1 by step"
    chart = charts.dots(values, x="Per cent")
    blocks: list[Block] = [
        Text(text),
        charts.figure("accuracy-by-step", title, _in_words(steps[-1], names, d), chart, table),
    ]
    blocks += [_passes_table(steps, names, d), _outcomes_table(steps, names, d), _bands_table(steps[-1], names, d)]
    if groups := _groups_table(steps[-1], names, d):
        blocks.append(Fold(f"{names.step(steps[-1])}: error by group", [groups]))
    if spine:
        blocks.append(_people_table(spine["people"], d))
    return Section("accuracy", "Accuracy against truth", blocks)


def _in_words(step: Mapping[str, Any], names: Names, d: Disclosure) -> str:
    precision, recall = (with_interval(step["accuracy"][measure], d) for measure in ("precision", "recall"))
    if precision[0].value is None or recall[0].value is None:
        return f"{names.step(step)}: too few links or true matches to show error."
    return (
        f"{names.step(step)}: {precision[0].text}% of links are correct; {recall[0].text}% of true matches are linked."
    )


def _cardinality_note(steps: Sequence[Mapping[str, Any]]) -> str:
    """Where a step cannot link every record of a person, recall counts the others as missed."""
    for step in steps:
        attainable = step["accuracy"].get("attainable")
        if attainable is None or attainable < step["accuracy"]["true_pairs"]:
            return "One-to-one steps cannot link every record of a person with several; recall counts these as missed."
    return ""


def _part_cells(row: Mapping[str, Any], d: Disclosure, links: Cell | None = None) -> Row:
    """Precision, recall and F1 of a part of a step.

    Args:
        links: the part's number of links. Its recall is that number over all true matches, so both are hidden together.
    """
    few = (row["recall"]["count"] if row["recall"] else 0) < d.profile.threshold
    if links is not None and (links.mark == "suppressed" or few):
        return [d.marked("suppressed") for _ in range(9)]
    return measures_of("", row, d)[0]


def _passes_table(steps: Sequence[Mapping[str, Any]], names: Names, d: Disclosure) -> Table:
    rows: list[Row] = []
    for step in steps:
        passes = release(step, d).pairs.passes
        for row in step["passes"]:
            links = passes[row["method"], row["pass"]][0]
            rows.append([names.step(step), names.words(row["pass"]), links, *_part_cells(row, d, links)])
    note = "Recall is the share of all true matches that the pass linked; it adds up to the step's."
    return Table("Accuracy by pass", ["Step", "Pass", "Links", *measure_heads()], rows, note)


def _outcomes_table(steps: Sequence[Mapping[str, Any]], names: Names, d: Disclosure) -> Table:
    rows: list[Row] = []
    for step in steps:
        outcomes = release(step, d).pairs.outcomes
        rows.append([names.step(step), *(outcomes[outcome] for outcome in _OUTCOMES), outcomes["all"]])
    return Table("What became of the true matches", ["Step", *_OUTCOMES.values(), "True matches"], rows)


def _bands_table(step: Mapping[str, Any], names: Names, d: Disclosure) -> Table:
    rows: list[Row] = []
    for row, (pairs, accepted) in zip(step["bands"], release(step, d).pairs.bands, strict=True):
        low, high = (None if edge is None else f"{edge:g}".replace("-", "−") for edge in (row["from"], row["to"]))
        label = f"Below {high}" if low is None else f"{low} and over" if high is None else f"{low} to under {high}"
        rows.append([label, pairs, accepted, d.accuracy(row["share_true"]), *_part_cells(row["of_links"], d, accepted)])
    heads = ["Match weight", "Pairs", "Linked", "True matches, %", *measure_heads()]
    return Table(f"{names.step(step)}: pairs and accuracy of links by match weight", heads, rows)


def _groups_table(step: Mapping[str, Any], names: Names, d: Disclosure) -> Table | None:
    rows: list[Row] = [
        [table["title"], group["label"], *_part_cells(group, d)]
        for table in step.get("error_by_group", ())
        for group in table["groups"]
        if group["precision"]
    ]
    note = "Pairs are counted here; link rates and bias count eligible people."
    return (
        Table(f"{names.step(step)}: accuracy by group", ["Characteristic", "Group", *measure_heads()], rows, note)
        if rows
        else None
    )


def _people_table(people: Mapping[str, Any], d: Disclosure) -> Table:
    rows: list[Row] = [
        ["True people with a record on the spine", d.count(people["true"])],
        ["People of the spine", d.count(people["spine"])],
        ["Exactly right: all records of one true person and no other", d.count(people["exact"])],
        ["Exactly right, % of true people", d.accuracy(people["share_exact"])],
        ["True people split over several", d.count(people["split"])],
        ["People of the spine who mix several true people", d.count(people["mixed"])],
    ]
    return Table("People of the spine and true people", ["What", "People"], rows)


def errors_section(evaluation: Mapping[str, Any], names: Names, d: Disclosure) -> Section | None:
    """Missed matches by type of data error; None where no log of errors is known."""
    steps = [step for step in evaluation["steps"] if step.get("data_errors") and step["data_errors"]["kinds"]]
    if not steps:
        return None
    last = steps[-1]
    table = _errors_table(last, names, d)
    values = [
        {"label": str(row[0]), "value": cell.value, "shown": cell.text}
        for row in table.rows
        if isinstance(cell := row[-1], Cell) and cell.value
    ]
    clean = d.accuracy(last["data_errors"]["without_error"]["share_missed"])
    text = (
        "The population has a log of every error in its records. A type of error costs the missed matches among pairs "
        "with this error beyond the rate of pairs without any. Errors occur together, so costs do not add up."
    )
    title = f"{names.step(last)}: links lost by type of data error"
    summary = f"Of true matches without any error {clean.with_unit()} are missed. Bars are links lost per 10,000 true matches."
    chart = charts.bars(values, x="Links lost per 10,000 true matches")
    blocks: list[Block] = [Text(text), charts.figure("links-lost-to-errors", title, summary, chart, table)]
    return Section("errors", "Missed matches by type of data error", blocks)


def _errors_table(step: Mapping[str, Any], names: Names, d: Disclosure) -> Table:
    whole = step["accuracy"]["true_pairs"]
    rows: list[Row] = []
    for row in step["data_errors"]["kinds"][:_MOST_ERRORS]:
        missed = with_interval(row["share_missed"], d)
        lost = 1e4 * row["cost"] / whole if whole else 0.0
        cost = Cell(f"{lost:.1f}", round(lost, 1)) if missed[0].mark is None else missed[0]
        title = f"{names.column(row['field'])}: {names.words(row['kind']).lower()}"
        rows.append([title, d.count(row["pairs"]), *missed, cost])
    heads = ["Error", "True matches with it", "Missed, %", *INTERVAL, "Links lost per 10,000 true matches"]
    return Table(f"{names.step(step)}: types of data error, costliest first", heads, rows)


def review_section(
    evaluation: Mapping[str, Any], reviews: Sequence[Mapping[str, Any]], names: Names, d: Disclosure
) -> Section | None:
    """Error by clerical review; None where no link was reviewed."""
    titles = {step["step"]: names.step(step) for step in evaluation["steps"]}
    rows: list[Row] = []
    values: list[dict[str, Any]] = []
    passes: list[Row] = []
    summary, left_out = "", False
    for review in [one for one in reviews if one["step"] in titles]:
        title, seen = (
            titles[review["step"]],
            {key: pairs_reviewed(review, key) for key in ("precision", "recall", "f1")},
        )
        for reading, meaning in _READINGS:
            cells, _ = measures_of(title, {key: review[key][reading] for key in seen}, d, seen)
            rows.append([title, meaning, d.count(review["looked_at"]), *cells])
        shares = {key: all_readings(review[key]) for key in seen}
        values += measures_of(title, shares, d, seen)[1]
        precision = with_interval(shares["precision"], d, seen=seen["precision"])
        uncertain = d.percent(review["uncertain"], review["looked_at"])
        summary = f"{title}: {in_brackets(precision)} of links are correct, from {d.count(review['looked_at']).text} pairs reviewed ({uncertain.with_unit()} uncertain)."
        for row in review["by_pass"]:
            three = with_interval(row["precision"], d, seen=row["looked_at"])
            passes.append([title, names.words(row["made_by"]), d.count(row["looked_at"]), *three])
        left_out = left_out or bool(review["unseen"])
    if not rows:
        return None
    note = "Strata without a reviewed pair are left out." if left_out else ""
    table = Table(
        "Error by clerical review", ["Step", "Uncertain answers count", "Pairs reviewed", *measure_heads()], rows, note
    )
    text = (
        "Reviewers saw a stratified sample of pairs; their answers are weighted up to all pairs. Uncertain answers are "
        "counted three ways. Intervals are 95%; those of the chart cover all three readings."
    )
    chart = charts.dots(values, x="Per cent")
    by_pass = Table("Precision by pass, reviewed", ["Step", "Pass", "Reviewed", "Precision, %", *INTERVAL], passes)
    blocks: list[Block] = [
        Text(text),
        charts.figure("reviewed-error", "Precision, recall and F1 by clerical review", summary, chart, table),
        by_pass,
    ]
    return Section("review", "Clerical review", blocks)


def estimated_section(evaluation: Mapping[str, Any], names: Names, d: Disclosure) -> Section | None:
    """Error estimated from match probabilities, with truth where there is one; None where links have no probability."""
    steps = [step for step in evaluation["steps"] if step.get("estimated_error")]
    if not steps:
        return None
    has_truth = any(step["accuracy"] for step in steps)
    rows: list[Row] = []
    values: list[dict[str, Any]] = []
    for step in steps:
        cells, shown = measures_of(names.step(step), step["estimated_error"], d)
        if has_truth:
            cells += [
                d.accuracy(step["accuracy"][key] if step["accuracy"] else None) for key in ("precision", "recall")
            ]
        rows.append([names.step(step), *cells])
        values += shown
    heads = [head.replace("95% from", "Range from") for head in measure_heads(", estimated")]
    table = Table(
        "Estimated error by step",
        ["Step", *heads, *(["True precision, %", "True recall, %"] if has_truth else [])],
        rows,
    )
    text = (
        "The match probabilities of the links add up to the expected number of false links; those of the other scored "
        "pairs, with the estimated blocking recall, to the missed matches. Sensitivity ranges: sampling error, a factor "
        "of 3 on false links, 1.5 on missed scored pairs and 2 on unscored matches."
    )
    expected = steps[-1]["estimated_error"]
    precision, recall = (with_interval(expected[key], d) for key in ("precision", "recall"))
    summary = f"{names.step(steps[-1])}: {in_brackets(precision)} of links are expected to be correct"
    if recall[0].value is not None:
        summary += f" and {in_brackets(recall)} of matches to be linked."
    else:
        summary += f". Recall is not known: {WHY_UNKNOWN[expected.get('recall_unknown', LINKS_ONLY)]}."
    chart = charts.dots(values, x="Per cent, estimated")
    blocks: list[Block] = [
        Text(text),
        charts.figure("estimated-error", "Estimated precision, recall and F1", summary, chart, table),
    ]
    return Section("estimated", "Estimated linkage error", blocks)


def calibration_section(evaluation: Mapping[str, Any], names: Names, d: Disclosure) -> Section | None:
    """Match probabilities compared with the share of true matches; None without truth or probabilities."""
    steps = [step for step in evaluation["steps"] if step.get("calibration")]
    if not steps:
        return None
    rows: list[Row] = []
    for step in steps:
        for group in step["calibration"]:
            true, chance = d.accuracy(group["share_true"]), by_chance(group["bands"])["high"]
            numbers = (
                100 * group["expected"] / group["pairs"],
                100 * group["calibration_error"],
                100 * chance,
                group["brier"],
            )
            cells = [
                Cell(f"{number:.{places}f}", number) if true.value is not None else d.marked("suppressed")
                for number, places in zip(numbers, (2, 2, 2, 5), strict=True)
            ]
            label = _GROUPS.get(group["group"], names.words(group["group"]))
            rows.append([names.step(step), label, cells[0], true, *cells[1:]])
    heads = ["Step", "Pairs", "Mean probability, %", "True matches, %", "Calibration error, points"]
    heads += ["Explained by chance, points", "Brier score"]
    note = (
        "Calibration error is the mean distance between probability and share of true matches over the bands; chance "
        "alone exceeds the next column in 1 of 20 cases. The Brier score is the mean squared error of a probability."
    )
    text = "Of pairs with a match probability of 90%, nine in ten should be true matches. Points on the line are calibrated."
    blocks: list[Block] = [Text(text), _calibration_chart(steps[-1], names, d)]
    return Section(
        "calibration",
        "Calibration of match probabilities",
        [*blocks, Table("Calibration by step and method", heads, rows, note)],
    )


def _calibration_chart(step: Mapping[str, Any], names: Names, d: Disclosure) -> Block:
    whole = step["calibration"][0]
    rows: list[Row] = []
    values = []
    for band in whole["bands"]:
        true, mean = with_interval(band["share_true"], d), 100 * band["mean_probability"]
        shown = true[0].value is not None
        rows.append(
            [
                f"{100 * band['from']:g} to {100 * band['to']:g}%",
                Cell(f"{mean:.2f}", mean) if shown else d.marked("suppressed"),
                *true,
            ]
        )
        if shown:
            values.append(
                {"probability": round(mean, 2), "value": true[0].value, "low": true[1].value, "high": true[2].value}
            )
    title = f"{names.step(step)}: match probability and share of true matches"
    table = Table(title, ["Match probability", "Mean, %", "True matches, %", *INTERVAL], rows)
    summary = "Too few pairs to show."
    if d.accuracy(whole["share_true"]).value is not None:
        summary = f"Probabilities are {100 * whole['calibration_error']:.2f} percentage points from the share of true matches."
    return charts.figure("calibration-curve", title, summary, charts.calibration(values), table)
