"""False links and missed matches: by truth, by clerical review, and estimated from
match probabilities.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from quality.disclosure import Cell, Disclosure, Sum
from quality.measures.calibration import by_chance
from quality.measures.estimated_error import LINKS_ONLY, WHY_UNKNOWN
from quality.measures.review_estimates import all_readings
from quality.report import charts
from quality.report.linked_tables import Step
from quality.report.page import Block, Row, Section, Table, Text
from quality.report.released import Publication
from quality.report.showing import (
    INTERVAL,
    MEASURES,
    in_brackets,
    measure_heads,
    measure_values,
    measured,
    measures_of,
    number,
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
_SPINE_PEOPLE = {
    "true": "True people with a record on the spine",
    "spine": "People of the spine",
    "exact": "Exactly right: all records of one true person and no other",
    "share_exact": "Exactly right, % of true people",
    "split": "True people split over several",
    "mixed": "People of the spine who mix several true people",
}


def accuracy_section(p: Publication) -> Section | None:
    """Precision, recall and F1 against truth; None without truth: error that was not
    measured is not shown as zero.
    """
    steps = [step for step in p.steps if step["accuracy"]]
    if not steps:
        return None
    spine = (p.evaluation.get("spine") or {}).get("accuracy")
    rows: list[Row] = []
    for step in steps:
        cells = p.released(step).cells
        link_cells = [
            cells["judged", name] for name in ("assessed", "correct", "false")
        ]
        rows.append(
            [
                p.name_of(step),
                cells["true", "all"],
                *link_cells,
                *p.released(step).measures(),
            ]
        )
    if spine:
        rows.append(["Spine, pairs of records", *_spine_pairs(spine["pairwise"], p.d)])
    heads = [
        "Step",
        "True matches",
        "Links judged",
        "Correct",
        "False",
        *measure_heads(),
    ]
    table = Table(
        "Accuracy against truth by step", heads, rows, _cardinality_note(steps)
    )
    text = (
        "Precision is the share of links that are correct. Recall is the share of true "
        "matches that were linked, "
        "whether or not blocking compared them. F1 is their harmonic mean. Intervals "
        "are Wilson's, 95%."
    )
    chart, title = (
        charts.dots(measure_values(rows, 5), x="Per cent"),
        "Precision, recall and F1 by step",
    )
    blocks: list[Block] = [
        Text(text),
        charts.figure("accuracy-by-step", title, _in_words(p, steps[-1]), chart, table),
        measured(_passes_table(p, steps), 3),
        _outcomes_table(p, steps),
        measured(_bands_table(p, steps[-1]), 3),
    ]
    if spine:
        people = _spine_people(spine["people"], p.d)
        lines: list[Row] = [
            [title, people[key]] for key, title in _SPINE_PEOPLE.items()
        ]
        blocks.append(
            Table("People of the spine and true people", ["What", "People"], lines)
        )
    return Section("accuracy", "Accuracy against truth", blocks)


def _spine_pairs(pairs: Mapping[str, Any], d: Disclosure) -> list[Cell]:
    """True pairs of records, accepted, correct and false, and precision, recall and F1,
    released together.
    """
    counts = {key: pairs[key] for key in ("true_pairs", "accepted", "correct", "false")}
    counts["missed"] = counts["true_pairs"] - counts["correct"]
    sums = (
        [Sum("accepted", ("correct", "false"))]
        if counts["accepted"] == counts["correct"] + counts["false"]
        else []
    )
    cells = d.counts(counts, [*sums, Sum("true_pairs", ("correct", "missed"))])
    correct, false, missed_pairs = cells["correct"], cells["false"], cells.pop("missed")
    errors = [
        *d.share_of(correct, false),
        *d.share_of(correct, missed_pairs),
        *d.f1_of(correct, false, missed_pairs),
    ]
    return [*cells.values(), *errors]


def _spine_people(people: Mapping[str, Any], d: Disclosure) -> dict[str, Cell]:
    """Counts of the people of the spine and of true people, and the share that is
    exactly right.
    """
    keys = ("true", "spine", "exact", "split", "mixed")
    rests = {
        f"{whole} but {part}": people[whole] - people[part]
        for whole, part in (
            ("true", "exact"),
            ("spine", "exact"),
            ("true", "split"),
            ("spine", "mixed"),
        )
    }
    sums = [
        Sum(rest.split(" but ")[0], (rest.split(" but ")[1], rest)) for rest in rests
    ]
    cells = d.counts(
        {key: people[key] for key in keys} | rests, sums, unpublished=list(rests)[1:]
    )
    return cells | {
        "share_exact": d.share_of(cells["exact"], cells["true but exact"])[0]
    }


def _in_words(p: Publication, step: Step) -> str:
    precision, _, _, recall, *_ = p.released(step).measures()
    shares = [
        (precision, "of links are correct"),
        (recall, "of true matches are linked"),
    ]
    phrases = [
        f"{cell.with_unit()} {phrase}" for cell, phrase in shares if not cell.mark
    ]
    return (
        f"{p.name_of(step)}: "
        f"{'; '.join(phrases) or 'too few links or true matches to show error'}."
    )


def _cardinality_note(steps: Sequence[Step]) -> str:
    """Where a step cannot link every record of a person, recall counts the others as
    missed.
    """
    for step in steps:
        attainable = step["accuracy"].get("attainable")
        if attainable is None or attainable < step["accuracy"]["true_pairs"]:
            return (
                "One-to-one steps cannot link every record of a person with "
                "several; recall counts these as missed."
            )
    return ""


def _passes_table(p: Publication, steps: Sequence[Step]) -> Table:
    rows: list[Row] = [
        [
            p.name_of(step),
            p.names.words(name),
            links,
            *p.released(step).part_measures("pass", method, name),
        ]
        for step in steps
        for (method, name), links in p.released(step).under("pass").items()
    ]
    note = (
        "Recall is the share of all true matches that the pass linked; it adds up "
        "to the step's."
    )
    return Table(
        "Accuracy by pass", ["Step", "Pass", "Links", *measure_heads()], rows, note
    )


def _outcomes_table(p: Publication, steps: Sequence[Step]) -> Table:
    rows: list[Row] = [
        [
            p.name_of(step),
            *(
                p.released(step).cells["true", outcome]
                for outcome in (*_OUTCOMES, "all")
            ),
        ]
        for step in steps
    ]
    return Table(
        "What became of the true matches",
        ["Step", *_OUTCOMES.values(), "True matches"],
        rows,
    )


def _bands_table(p: Publication, step: Step) -> Table:
    release = p.released(step)
    rows: list[Row] = []
    for place, row in enumerate(step["bands"]):
        pairs, links = (
            release.cells["band", kind, str(place)] for kind in ("all", "accepted")
        )
        low, high = (
            None if edge is None else f"{edge:g}".replace("-", "−")
            for edge in (row["from"], row["to"])
        )
        label = (
            f"Below {high}"
            if low is None
            else f"{low} and over"
            if high is None
            else f"{low} to under {high}"
        )
        key = ("pairs of", "band", "accepted", str(place))
        true, *_ = release.share((*key, "correct"), (*key, "false"))
        rows.append(
            [
                label,
                pairs,
                links,
                true,
                *release.part_measures("band", "accepted", str(place)),
            ]
        )
    heads = ["Match weight", "Pairs", "Linked", "True matches, %", *measure_heads()]
    return Table(
        f"{p.name_of(step)}: pairs and accuracy of links by match weight", heads, rows
    )


def errors_section(p: Publication) -> Section | None:
    """Missed matches by type of data error; None where no log of errors is known."""
    steps = [
        step
        for step in p.steps
        if step.get("data_errors") and step["data_errors"]["kinds"]
    ]
    if not steps:
        return None
    last = steps[-1]
    whole = last["accuracy"]["true_pairs"]
    rows: list[Row] = []
    release = p.released(last)
    for place, row in enumerate(last["data_errors"]["kinds"][:_MOST_ERRORS]):
        key = ("error", str(place))
        misses = release.share((*key, "missed"), (*key, "found"))
        cost = (
            number(1e4 * row["cost"] / whole if whole else 0.0, 1)
            if misses[0].mark is None
            else misses[0]
        )
        title = f"{p.names.column(row['field'])}: {p.names.words(row['kind']).lower()}"
        rows.append([title, release.cells[*key, "pairs"], *misses, cost])
    heads = [
        "Error",
        "True matches with it",
        "Missed, %",
        *INTERVAL,
        "Links lost per 10,000 true matches",
    ]
    table = Table(
        f"{p.name_of(last)}: types of data error, costliest first", heads, rows
    )
    clean, *_ = release.share(("error", "none", "missed"), ("error", "none", "found"))
    text = (
        "The population has a log of every error in its records. A type of error costs "
        "the missed matches among pairs "
        "with this error beyond the rate of pairs without any. Errors occur together, "
        "so costs do not add up."
    )
    summary = (
        f"{clean.with_unit()} of true matches without any error are missed. "
        "Bars "
        "are links lost per 10,000 true matches."
    )
    values = [row for row in table.values(5, 0, None) if row["value"]]
    if not values:
        summary = "Missed matches are too few to show by type of error."
    chart, title = (
        charts.bars(values, x=heads[-1]),
        f"{p.name_of(last)}: links lost by type of data error",
    )
    blocks: list[Block] = [
        Text(text),
        charts.figure("links-lost-to-errors", title, summary, chart, table),
    ]
    return Section("errors", "Missed matches by type of data error", blocks)


def review_section(p: Publication) -> Section | None:
    """Error by clerical review; None where no link was reviewed."""
    steps = [step["step"] for step in p.steps]
    rows: list[Row] = []
    lines: list[Row] = []
    passes: list[Row] = []
    summary, has_unseen = "", False
    for review in [one for one in p.reviews if one["step"] in steps]:
        title, counts = (
            p.name_of(review["step"]),
            {str(row["made_by"]): row["reviewed"] for row in review["by_pass"]},
        )
        whole = {
            "": review["reviewed"],
            "other pairs": review["reviewed"] - sum(counts.values()),
        }
        cells = p.d.counts(
            {**counts, **whole},
            [Sum("", (*counts, "other pairs"))],
            unpublished=["other pairs"],
        )
        base_cell = cells[""]
        base = {key: pairs_reviewed(review, key) for key, _ in MEASURES}
        for reading, meaning in _READINGS:
            rows.append(
                [
                    title,
                    meaning,
                    base_cell,
                    *measures_of({k: review[k][reading] for k in base}, p.d, base),
                ]
            )
        lines.append(
            [
                title,
                *measures_of(
                    {key: all_readings(review[key]) for key in base}, p.d, base
                ),
            ]
        )
        precision = in_brackets(
            [cell for cell in lines[-1][1:4] if isinstance(cell, Cell)]
        )
        uncertain = p.d.percent(
            review["uncertain"], review["reviewed"], tied=[base_cell]
        ).with_unit()
        summary = (
            f"{title}: {precision} of links are correct, from {base_cell} pairs "
            f"reviewed ({uncertain} uncertain)."
        )
        for row in review["by_pass"]:
            pass_cells = with_interval(row["precision"], p.d, pairs=row["reviewed"])
            pass_cells = (
                pass_cells
                if cells[row["made_by"]].mark is None
                else [cells[row["made_by"]]] * 3
            )
            passes.append(
                [
                    title,
                    p.names.words(row["made_by"]),
                    cells[row["made_by"]],
                    *pass_cells,
                ]
            )
        has_unseen = has_unseen or bool(review["unseen"])
    if not rows:
        return None
    note = "Strata without a reviewed pair are left out." if has_unseen else ""
    heads = ["Step", "Uncertain answers count", "Pairs reviewed", *measure_heads()]
    table = Table("Error by clerical review", heads, rows, note)
    text = (
        "Reviewers saw a stratified sample of pairs; their answers are weighted up to "
        "all pairs. Uncertain answers are "
        "counted three ways. Intervals are 95%; those of the chart cover all three "
        "readings."
    )
    chart, title = (
        charts.dots(measure_values(lines, 1), x="Per cent"),
        "Precision, recall and F1 by clerical review",
    )
    by_pass = Table(
        "Precision by pass, reviewed",
        ["Step", "Pass", "Reviewed", "Precision, %", *INTERVAL],
        passes,
    )
    blocks: list[Block] = [
        Text(text),
        charts.figure("reviewed-error", title, summary, chart, table),
        by_pass,
    ]
    return Section("review", "Clerical review", blocks)


def estimated_section(p: Publication) -> Section | None:
    """Error estimated from match probabilities, with truth where there is one; None
    where links have no probability.
    """
    steps = [step for step in p.steps if step.get("estimated_error")]
    if not steps:
        return None
    known = ("precision", "recall") if any(step["accuracy"] for step in steps) else ()
    rows: list[Row] = [
        [
            p.name_of(step),
            *estimated_measures(p, step),
            *(
                p.released(step).measures()[place]
                for place in ((0, 3) if known else ())
            ),
        ]
        for step in steps
    ]
    heads = [
        "Step",
        *(
            head.replace("95% from", "Range from")
            for head in measure_heads(", estimated")
        ),
    ]
    table = Table(
        "Estimated error by step", [*heads, *(f"True {key}, %" for key in known)], rows
    )
    text = (
        "The match probabilities of the links add up to the expected number of false "
        "links; those of the other scored "
        "pairs, with the estimated blocking recall, to the missed matches. Sensitivity "
        "ranges: sampling error, a factor "
        "of 3 on false links, 1.5 on missed scored pairs and 2 on unscored matches."
    )
    expected, cells = steps[-1]["estimated_error"], estimated_measures(p, steps[-1])
    precision, recall = cells[:3], cells[3:6]
    summary = (
        f"{p.name_of(steps[-1])}: {in_brackets(precision)} of links are "
        "expected "
        "to be correct"
    )
    if recall[0].value is not None:
        summary += f" and {in_brackets(recall)} of matches to be linked."
    else:
        summary += (
            ". Recall is not known: "
            f"{WHY_UNKNOWN[expected.get('recall_unknown', LINKS_ONLY)]}."
        )
    chart, title = (
        charts.dots(measure_values(rows, 1), x="Per cent, estimated"),
        "Estimated precision, recall and F1",
    )
    blocks: list[Block] = [
        Text(text),
        charts.figure("estimated-error", title, summary, chart, table),
    ]
    return Section("estimated", "Estimated linkage error", blocks)


def estimated_measures(p: Publication, step: Step) -> list[Cell]:
    """Precision, recall and F1 estimated from match probabilities, where the number of
    links may be shown.
    """
    if (links := p.released(step).links).mark == "suppressed":
        return [links] * 9
    return measures_of(step["estimated_error"], p.d)


def calibration_section(p: Publication) -> Section | None:
    """Match probabilities compared with the share of true matches; None without truth
    or probabilities.
    """
    steps = [step for step in p.steps if step.get("calibration")]
    if not steps:
        return None
    rows: list[Row] = []
    for step in steps:
        for group in step["calibration"]:
            key = ("probability", group["group"], "all")
            (true, *_), chance = (
                p.released(step).share((*key, "correct"), (*key, "false")),
                by_chance(group["bands"]),
            )
            mean = group["expected"] / group["pairs"]
            numbers = (
                (100 * mean, 2),
                (100 * group["calibration_error"], 2),
                (100 * chance, 2),
                (group["brier"], 5),
            )
            cells = [
                number(*one) if true.value is not None else p.d.marked("suppressed")
                for one in numbers
            ]
            label = _GROUPS.get(group["group"], p.names.words(group["group"]))
            rows.append([p.name_of(step), label, cells[0], true, *cells[1:]])
    heads = [
        "Step",
        "Pairs",
        "Mean probability, %",
        "True matches, %",
        "Calibration error, points",
    ]
    heads += ["Explained by chance, points", "Brier score"]
    note = (
        "Calibration error is the mean distance between probability and share of true "
        "matches over the bands; chance "
        "alone exceeds the next column in 1 of 20 cases. The Brier score is the mean "
        "squared error of a probability."
    )
    text = (
        "Of pairs with a match probability of 90%, nine in ten should be true "
        "matches. Points on the line are calibrated."
    )
    table = Table("Calibration by step and method", heads, rows, note)
    blocks: list[Block] = [
        Text(text),
        _calibration_chart(p, steps[-1]),
        measured(table, 2),
    ]
    return Section("calibration", "Calibration of match probabilities", blocks)


def _calibration_chart(p: Publication, step: Step) -> Block:
    whole = step["calibration"][0]
    rows: list[Row] = []
    for band in whole["bands"]:
        key = ("probability", whole["group"], f"{band['from']:g}")
        true = p.released(step).share((*key, "correct"), (*key, "false"))
        mean = (
            p.d.marked("suppressed")
            if true[0].value is None
            else number(100 * band["mean_probability"])
        )
        rows.append([f"{100 * band['from']:g} to {100 * band['to']:g}%", mean, *true])
    title = f"{p.name_of(step)}: match probability and share of true matches"
    table = Table(
        title, ["Match probability", "Mean, %", "True matches, %", *INTERVAL], rows
    )
    summary = "Pairs that are no match are too few to show."
    key = ("probability", whole["group"], "all")
    if p.released(step).share((*key, "correct"), (*key, "false"))[0].value is not None:
        error = 100 * whole["calibration_error"]
        summary = (
            f"Probabilities are {error:.2f} percentage points from the share of "
            "true matches."
        )
    means = [
        row[1].value
        for row in rows
        if isinstance(row[1], Cell) and row[1].value is not None
    ]
    points = table.values(2, 0, None, bounds=True)
    values = [
        {**row, "probability": mean} for row, mean in zip(points, means, strict=True)
    ]
    return charts.figure(
        "calibration-curve", title, summary, charts.calibration(values), table
    )
