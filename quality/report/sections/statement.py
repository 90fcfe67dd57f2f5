"""The linkage quality statement: what a researcher has to know and do, before anything
that has to be studied.
"""

import itertools
from collections.abc import Mapping, Sequence
from typing import Any

from quality.disclosure import Cell, Disclosure
from quality.measures.estimated_error import LINKS_ONLY, WHY_UNKNOWN
from quality.measures.review_estimates import all_readings
from quality.report.linked_tables import BY_RULE, CORRECT, FALSE, MISSED, Step
from quality.report.page import Headline, Part, Row, Section, Table, Text
from quality.report.released import Publication, Side
from quality.report.sections.bias import (
    MISSED_ESTIMATED,
    MISSED_NOTE,
    GroupCells,
    basis_of,
    labels_of,
    named_groups,
)
from quality.report.sections.coverage import eligible_rule, source_rows
from quality.report.sections.methods import training_warnings
from quality.report.showing import (
    in_brackets,
    interval_cell,
    listed,
    pairs_reviewed,
    symbols_in,
    with_interval,
)

_MOST_GROUPS = 8  # rows of a table of the statement
_FEWEST = (
    100  # people of a group that is named here: chance makes smaller ones look worst
)
_GOOD_PRECISION = (
    99.0  # per cent; below, a result should be repeated on links of high probability
)
_KNOWN_BY = {
    "truth": "truth",
    "review": "clerical review",
    "estimate": "match probabilities",
}
_GATES = {
    "min_precision": "precision of the links",
    "precision_lower_bound": "lower bound of the precision",
    "max_unlinked": "share without a link",
    "max_rate_fall": "fall of a group's link rate since the last release",
    "max_count_change": "change of a published count since the last release",
    "critical_contracts": "critical checks of the data",
}
Known = tuple[str, Mapping[str, Any]] | None
"""What says most of a step's error: truth, review or estimate, and its measures."""


def known_error(step: Step, reviews: Sequence[Mapping[str, Any]] = ()) -> Known:
    """What says most of a step's error. Of a review `seen` says how many pairs each
    measure rests on.
    """
    accuracy = step["accuracy"]
    if accuracy and (accuracy["assessed"] or accuracy["true_pairs"]):
        return "truth", accuracy
    review = next((one for one in reviews if one["step"] == step["step"]), None)
    measures = ("precision", "recall")
    if review and any(
        review[measure]["middle"]["value"] is not None for measure in measures
    ):
        shares = {measure: all_readings(review[measure]) for measure in measures}
        return "review", shares | {
            "seen": {measure: pairs_reviewed(review, measure) for measure in measures}
        }
    return (
        ("estimate", step["estimated_error"]) if step.get("estimated_error") else None
    )


def _shown_error(
    p: Publication, step: Step, reviews: Sequence[Mapping[str, Any]] = ()
) -> Known:
    """What says most of a step's error; where truth is suppressed, the next
    that does.
    """
    known = known_error(step, reviews)
    if (
        known
        and known[0] == "truth"
        and p.released(step).share(CORRECT, FALSE)[0].mark == "suppressed"
    ):
        return known_error({**step, "accuracy": None}, reviews) or known
    return known


def _error_cells(p: Publication, step: Step, known: Known, measure: str) -> list[Cell]:
    """A measure with its interval, from what says most of it."""
    release = p.released(step)
    if known and known[0] == "truth":
        return release.share(CORRECT, FALSE if measure == "precision" else MISSED)
    if known and known[0] == "estimate" and release.links.mark == "suppressed":
        return [release.links] * 3
    share = known[1][measure] if known else None
    return with_interval(
        share, p.d, pairs=known[1].get("seen", {}).get(measure) if known else None
    )


def headlines(p: Publication) -> list[Headline]:
    """Five figures: size, link rate, precision, recall, and pairs in clerical review;
    without any error, how links were made.
    """
    subject = p.subject
    step, cells = subject.step, p.released(subject.step)
    people, of_step = (
        p.names.people(subject.source),
        f", {p.name_of(step)}" if len(p.steps) > 1 else "",
    )
    if p.evaluation.get("spine"):
        first = Headline("People", p.cell("spine", "people"), "", "on the spine")
    elif p.evaluation.get("clusters"):
        note = f"found among {p.cell('clusters', 'records')} records"
        first = Headline("People", p.cell("clusters", "people"), "", note)
    else:
        first = Headline(
            "Records",
            subject.whole.everybody,
            "",
            f"in {p.names.source(subject.source)}",
        )
    eligible = "eligible " if subject.has_rule else ""
    lines = [
        first,
        Headline("Linked", subject.whole.rate, "%", f"of {eligible}{people}{of_step}"),
    ]
    if known := _shown_error(p, step):
        basis = "" if known[0] == "truth" else ", estimated from match probabilities"
        for measure, phrase in (
            ("precision", "links are correct"),
            ("recall", "true matches are linked"),
        ):
            cell = _error_cells(p, step, known, measure)[0]
            lines.append(
                Headline(
                    measure.capitalize(), cell, "%", f"of {phrase}{basis}{of_step}"
                )
            )
    else:
        sides_text = (
            f"between {p.names.source(step['left'])} and "
            f"{p.names.source(step['right'])}"
        )
        lines.append(Headline("Links", cells.links, "", sides_text))
        lines.append(
            Headline("By fixed rule", cells.shares[BY_RULE], "%", f"of links{of_step}")
        )
    review = cells.cells["decision", "review"]
    return explained(
        [
            *lines,
            Headline("In review", review, "", f"pairs in clerical review{of_step}"),
        ],
        p.d,
    )


def explained(lines: Sequence[Headline], d: Disclosure) -> list[Headline]:
    """Headlines with what the symbol of each means."""
    symbols = [symbols_in([line.cell], d) for line in lines]
    return [
        Headline(
            line.label,
            line.cell,
            line.unit,
            f"{line.note}. {symbol}" if symbol else line.note,
        )
        for line, symbol in zip(lines, symbols, strict=True)
    ]


def _other(p: Publication, subject: Side) -> str:
    return p.names.source(subject.step["right" if subject.side == "left" else "left"])


def summary(p: Publication) -> str:
    """What was linked and how well; before it, whether a gate failed; after it, the
    step with most error.
    """
    gates = listed(
        [
            f"{_GATES[name]} ({name})" if name in _GATES else name
            for name in p.failed_gates
        ]
    )
    warning = (
        f"Do not publish or use this run: it fails a gate: {gates}. Its log has the "
        "figures."
        if gates
        else ""
    )
    return " ".join(filter(None, (warning, _summary_of(p), _worst_step(p))))


def _worst_step(p: Publication) -> str:
    """Of the steps before the last, the one of the lowest precision, where a result
    could suffer from it.
    """
    precisions = [
        (cell.value, f"{cell.with_unit()} of links are correct in {p.name_of(step)}.")
        for step in p.steps
        if step is not p.subject.step
        for cell in [_error_cells(p, step, _shown_error(p, step), "precision")[0]]
        if cell.value is not None and cell.value < _GOOD_PRECISION
    ]
    return f"Lowest of the other steps: {min(precisions)[1]}" if precisions else ""


def _summary_of(p: Publication) -> str:
    subject = p.subject
    whole, people, other = (
        subject.whole,
        p.names.people(subject.source),
        _other(p, subject),
    )
    if p.evaluation.get("clusters"):
        records, people_cell = (
            p.cell("clusters", "records"),
            p.cell("clusters", "people"),
        )
        first = (
            f"{records} records of {p.names.source(subject.source)} are "
            f"{people_cell} people."
        )
    elif whole.rate.value is not None:
        eligible = " eligible" if subject.has_rule else ""
        first = (
            f"{whole.rate.text}% of {whole.eligible}{eligible} {people} were "
            f"linked to {other}."
        )
    elif whole.rate.mark == "not_applicable":
        first = f"There are no {people} to link."
    else:
        first = (
            f"The share of {people} linked to {other} is not shown: it would "
            "disclose a small number."
        )
    known = _shown_error(p, subject.step)
    if not known:
        return f"{first} Nothing measures the error of its links."
    precision, recall = (
        _error_cells(p, subject.step, known, measure)
        for measure in ("precision", "recall")
    )
    if precision[0].mark:
        return f"{first} Its links are too few to show their error."
    prefix = (
        "" if known[0] == "truth" else "From their match probabilities, an estimated "
    )
    text = f"{prefix}{in_brackets(precision)} of links are correct"
    text = f"{text[0].upper()}{text[1:]}"
    text += (
        f" and {in_brackets(recall)} of true matches were linked"
        if not recall[0].mark
        else ""
    )
    return f"{first} {text}."


def statement_part(p: Publication) -> Part:
    """Population covered, links and their error, groups with lower linkage quality,
    what to do, limitations.
    """
    subject = p.subject
    known = {step["step"]: _shown_error(p, step, p.reviews) for step in p.steps}
    less_linked, falser = _less_linked(p, subject.step), _more_false(p, subject.step)
    advice = _advice(
        p, subject, known[subject.step["step"]], bool(less_linked[1:]), bool(falser)
    )
    limits = [*training_warnings(p), *_limitations(p, known, subject)]
    sections = [
        Section("population", "Population covered", [Text(_population(p, subject))]),
        Section("linkage", "Links and their error", _links(p, known)),
        Section("groups", "Groups with lower linkage quality", [*less_linked, *falser]),
        Section("advice", "What to do in an analysis", [Text(text) for text in advice]),
        Section("limitations", "Limitations", [Text(" ".join(limits))]),
    ]
    advice_text = (
        "Read this before you use the data. The parts below give the evidence."
    )
    return Part("linkage-quality", "Linkage quality statement", advice_text, sections)


def _population(p: Publication, subject: Side) -> str:
    whole, text = subject.whole, []
    if sources := [f"{name} ({people})" for name, _, _, people in source_rows(p)]:
        text.append(f"{p.names.units.capitalize()} by source: {', '.join(sources)}.")
    if spine := p.evaluation.get("spine"):
        text.append(f"The spine has {p.cell('spine', 'people')} people.")
        spine_counts = {
            row["source"]: row["entities"] for row in spine.get("by_source", ())
        }
        partly = [
            p.names.source(row["source"])
            for row in p.evaluation["sources"]
            if spine_counts
            and spine_counts.get(row["source"], 0) < (row.get("entities") or 0)
        ]
        text += (
            [f"People of {listed(partly)} without a link are not on the spine."]
            if partly
            else []
        )
    people, other = p.names.people(subject.source), _other(p, subject)
    if subject.has_rule:
        rule = subject.step["eligible"]
        text.append(
            f"{whole.eligible} of {whole.everybody} {people} were eligible to link to "
            f"{other} "
            f"({eligible_rule(rule)}); {whole.linked} were linked. "
            f"{rule['why'].rstrip('.')}."
        )
    elif not p.evaluation.get("clusters"):
        text.append(
            f"{whole.linked} of {whole.everybody} {people} were linked to {other}."
        )
    return " ".join(text)


def _links(p: Publication, known: Mapping[str, Known]) -> list[Table | Text]:
    rows: list[Row] = []
    for step in p.steps:
        basis, cells = known[step["step"]], p.released(step)
        row: Row = [p.name_of(step), cells.links, cells.cells["decision", "review"]]
        for measure in ("precision", "recall"):
            value, low, high = _error_cells(p, step, basis, measure)
            row += [value, interval_cell(low, high)]
        rows.append([*row, _KNOWN_BY[basis[0]] if basis else "not measured"])
    heads = [
        "Step",
        "Links",
        "In review",
        "Precision, %",
        "Range",
        "Recall, %",
        "Range",
        "Measured by",
    ]
    text = (
        "Precision is the share of links that are correct; recall is the share of true "
        "matches that were linked. A "
        "false link gives a person another person's record. A missed match looks as if "
        "nothing happened. Ranges are "
        "95% intervals; those from match probabilities are sensitivity ranges."
    )
    return [
        Table(
            "Links, precision and recall by step",
            heads,
            rows,
            symbols_in(itertools.chain(*rows), p.d),
        ),
        Text(text),
    ]


def _worst(rows: Sequence[tuple[float, Row]]) -> list[Row]:
    """Rows of a table of the statement, the largest difference first."""
    return [line for _, line in sorted(rows, key=lambda one: one[0])[:_MOST_GROUPS]]


def _less_linked(p: Publication, step: Step) -> list[Text | Table]:
    """Groups that are under-represented among the linked, most first."""
    if not step.get("bias"):
        return [
            Text(
                "The run has no characteristics of people, so quality by group is not "
                "known."
            )
        ]
    basis, cells_of, title = (
        basis_of(step),
        GroupCells(p.released(step)),
        p.name_of(step),
    )
    rows: list[tuple[float, Row]] = []
    is_known = False
    for row, group in named_groups(step, basis):
        difference = cells_of.difference(row, group, basis)
        is_known = is_known or difference.value is not None
        people = group["in_both"] if basis == "found_missed" else group["eligible"]
        if (
            difference.value is None
            or difference.value >= 0
            or people < _FEWEST
            or not difference.flagged
        ):
            continue
        group_cells = cells_of.group(row, group)
        missed_share = cells_of.estimated(row, group, group["estimated_missed"])
        if group["missed"]:
            missed_share = cells_of.by_truth(row, group, "missed", "found")[0]
        line: Row = [
            *labels_of(row, group),
            group_cells.eligible if group_cells else p.d.marked("unavailable"),
        ]
        line += [
            cells_of.rate(row, group),
            missed_share,
            difference.cells[0],
            "yes" if difference.certain else "no",
        ]
        rows.append((difference.value, line))
    if not is_known:
        text = (
            "missed matches are too few to compare groups. Link rates by group, "
            "which do not show error, are below."
        )
        return [Text(f"{title}: {text}")]
    if not rows:
        return [
            Text(
                f"{title}: no group of {_FEWEST} people or more is clearly "
                "under-represented among the linked."
            )
        ]
    heads = ["Characteristic", "Group", "Eligible", "Linked, %"]
    heads += [
        "Missed, %" if step["accuracy"] else MISSED_ESTIMATED,
        "Difference",
        "Beyond chance",
    ]
    rest = (
        f" The table shows {_MOST_GROUPS} of {len(rows)}."
        if len(rows) > _MOST_GROUPS
        else ""
    )
    text = (
        f"{title}: these groups are under-represented among "
        f"{'correctly ' if basis == 'found_missed' else ''}linked "
        f"people (standardised difference beyond 0.1).{rest}"
    )
    notes = [
        MISSED_NOTE if step["accuracy"] else "",
        symbols_in(itertools.chain(*_worst(rows)), p.d),
    ]
    return [
        Text(text),
        Table(
            "Under-represented groups",
            heads,
            _worst(rows),
            " ".join(filter(None, notes)),
        ),
    ]


def _more_false(p: Publication, step: Step) -> list[Text | Table]:
    """Groups with more false links than their share, beyond 0.1 and beyond chance."""
    cells_of = GroupCells(p.released(step))
    rows: list[tuple[float, Row]] = []
    for row, group in named_groups(step, "right_false"):
        gap, false_share = (
            cells_of.difference(row, group, "right_false"),
            group["false"],
        )
        if (
            gap.value is not None
            and gap.value < 0
            and gap.certain
            and false_share["of"] >= _FEWEST
        ):
            (share, *bounds), (cell, *interval) = (
                cells_of.by_truth(row, group, "false", "correct"),
                gap.cells,
            )
            line: Row = [
                *labels_of(row, group),
                share,
                interval_cell(*bounds),
                cell,
                interval_cell(*interval),
            ]
            rows.append((gap.value, line))
    if not rows:
        return []
    lines = _worst(rows)
    heads = ["Characteristic", "Group", "False links, %", "95%", "Difference", "95%"]
    text = (
        "These groups have more false links than their share (standardised "
        "difference beyond 0.1 and beyond chance)."
    )
    return [
        Text(text),
        Table(
            "Groups with more false links",
            heads,
            lines,
            symbols_in(itertools.chain(*lines), p.d),
        ),
    ]


def _advice(
    p: Publication, subject: Side, known: Known, has_fewer: bool, has_falser: bool
) -> list[str]:
    """What follows from the figures."""
    advice = [
        "State the denominator of a rate. Exclude people who could not be linked."
        if subject.has_rule
        else "State the denominator of a rate. Unlinked records may have no match.",
        "Do not read “not linked” as “nothing happened”: report the unlinked as a "
        "category, or bound the result by "
        "assuming all of them one way and then the other.",
    ]
    if has_fewer:
        advice.append(
            "Report link rates with any comparison of the groups above. Weight the "
            "linked by one over their group's "
            "link rate, or adjust for the characteristic, and report both results."
        )
    if has_falser:
        advice.append(
            "Repeat comparisons of groups with more false links on links of match "
            "probability 0.99 or more."
        )
    precision, low, _ = _error_cells(p, subject.step, known, "precision")
    if (
        precision.mark or (low.value or _GOOD_PRECISION) < _GOOD_PRECISION
    ):  # a figure without interval is a bound of 99 or more
        advice.append(
            "False links may matter: repeat the main result on links of match "
            "probability 0.99 or more. An effect that "
            "grows was weakened by false links."
        )
    has_spine = p.evaluation.get("spine")
    draws = (
        "An extract has link draws where its project asks for them"
        if has_spine
        else "leo link --link-draws 20 makes them"
    )
    advice.append(
        "Carry the uncertainty of the links: estimate on each link draw and combine "
        "the results by Rubin's rules. "
        f"{draws} (docs/explanation/uncertainty.md)."
    )
    return [*advice, "Cite the run, its models and this statement (RECORD 12.3)."]


def _limitations(
    p: Publication, known: Mapping[str, Known], subject: Side
) -> list[str]:
    bases = {one[0] if one else None for one in known.values()}
    limits = {
        "truth": "Error is measured against truth that only synthetic or labelled data "
        "have; real data may differ.",
        "review": "Reviewers saw a sample of pairs, and only what the identifiers "
        "show.",
        "estimate": "Error is estimated from match probabilities. Recall leaves out "
        "matches that no blocking rule "
        "reaches for reasons the model does not know; a clerical review would say "
        "more.",
        None: "For some steps nothing measures false links or missed matches.",
    }
    text = [limit for basis, limit in limits.items() if basis in bases]
    for one in known.values():
        if one and one[1]["recall"]["value"] is None:
            estimate_reason = WHY_UNKNOWN[one[1].get("recall_unknown", LINKS_ONLY)]
            reason = (
                "reviewers saw links only" if one[0] == "review" else estimate_reason
            )
            text.append(f"Recall is not known for some steps: {reason}.")
    text.append("Error is not shown for small groups, where it may be largest.")
    text.append(
        "Errors of the sources, such as one number for different people, look like "
        "correct links."
    )
    text += [] if p.drift else ["There is no last release to compare with."]
    text += (
        []
        if subject.step.get("bias")
        else ["Bias is not known for characteristics that no source holds."]
    )
    return list(dict.fromkeys(text))
