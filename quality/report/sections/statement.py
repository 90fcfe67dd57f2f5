"""The linkage quality statement: what a researcher has to know and do, before anything that has to be studied."""

import itertools
from collections.abc import Mapping, Sequence
from typing import Any

from quality.disclosure import Cell, Disclosure
from quality.measures.estimated_error import LINKS_ONLY, WHY_UNKNOWN
from quality.measures.review_estimates import all_readings
from quality.report.names import Names
from quality.report.page import Headline, Part, Row, Section, Table, Text
from quality.report.released import Released, Side, release
from quality.report.sections.bias import MISSED_ESTIMATED, MISSED_NOTE, Shown, basis_of, estimated_share, named_groups
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
_FEWEST = 100  # people of a group that is named here: chance makes smaller ones look worst
_GOOD_PRECISION = 99.0  # per cent; below, a result should be repeated on links of high probability
_KNOWN_BY = {"truth": "truth", "review": "clerical review", "estimate": "match probabilities"}
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


def subject_of(evaluation: Mapping[str, Any], d: Disclosure) -> Side:
    """The side that a run is about: the left of its last step, or the smaller where one step was run."""
    last = evaluation["steps"][-1]
    cells = release(last, d)
    if evaluation.get("spine") or last["left"] == "people":
        return cells.left
    units = {row["side"]: row["units"] for row in last["sides"]}
    return min(cells.sides, key=lambda side: units.get(side.side, 0))


def is_one_file(evaluation: Mapping[str, Any]) -> bool:
    """Whether one file was linked with itself."""
    return len(evaluation["steps"]) == 1 and evaluation["steps"][0]["left"] == evaluation["steps"][0]["right"]


def known_error(step: Mapping[str, Any], reviews: Sequence[Mapping[str, Any]] = ()) -> Known:
    """What says most of a step's error. Of a review `seen` says how many pairs each measure rests on."""
    accuracy = step["accuracy"]
    if accuracy and (accuracy["assessed"] or accuracy["true_pairs"]):
        return "truth", accuracy
    review = next((one for one in reviews if one["step"] == step["step"]), None)
    measures = ("precision", "recall")
    if review and any(review[measure]["middle"]["value"] is not None for measure in measures):
        shares = {measure: all_readings(review[measure]) for measure in measures}
        return "review", shares | {"seen": {measure: pairs_reviewed(review, measure) for measure in measures}}
    return ("estimate", step["estimated_error"]) if step.get("estimated_error") else None


def error_cells(known: Known, measure: str, d: Disclosure) -> list[Cell]:
    """A measure with its interval, from what says most of it."""
    share = known[1][measure] if known else None
    return with_interval(share, d, seen=known[1].get("seen", {}).get(measure) if known else None)


def headlines(evaluation: Mapping[str, Any], names: Names, d: Disclosure) -> list[Headline]:
    """Five figures: size, link rate, precision, recall, and pairs in clerical review; without any error, how links were made."""
    subject = subject_of(evaluation, d)
    step, pairs = subject.step, release(subject.step, d).pairs
    people, of_step = names.people(subject.source), f", {names.step(step)}" if len(evaluation["steps"]) > 1 else ""
    spine, clusters = evaluation.get("spine"), evaluation.get("clusters")
    if spine:
        first = [Headline("People", d.count(spine["people"]), "", "on the spine")]
    elif clusters:
        note = f"found among {d.count(clusters['records']).text} records"
        first = [Headline("People", d.count(clusters["people"]), "", note)]
    else:
        first = [Headline("Records", subject.whole.everybody, "", f"in {names.source(subject.source)}")]
    eligible = "eligible " if subject.has_rule else ""
    first.append(Headline("Linked", subject.whole.rate, "%", f"of {eligible}{people}{of_step}"))
    known = known_error(step)
    if known:
        basis = "" if known[0] == "truth" else ", estimated from match probabilities"
        precision, recall = (error_cells(known, measure, d)[0] for measure in ("precision", "recall"))
        rest = [
            Headline("Precision", precision, "%", f"of links are correct{basis}{of_step}"),
            Headline("Recall", recall, "%", f"of true matches are linked{basis}{of_step}"),
        ]
    else:
        between = f"between {names.source(step['left'])} and {names.source(step['right'])}"
        rest = [
            Headline("Links", pairs.links, "", between),
            Headline("By fixed rule", pairs.by_rule_share, "%", f"of links{of_step}"),
        ]
    rest.append(Headline("In review", pairs.decisions["review"], "", f"pairs in clerical review{of_step}"))
    return [_explained(line, d) for line in (*first, *rest)]


def _explained(line: Headline, d: Disclosure) -> Headline:
    symbol = symbols_in([line.cell], d)
    return Headline(line.label, line.cell, line.unit, f"{line.note}. {symbol}" if symbol else line.note)


def summary(evaluation: Mapping[str, Any], names: Names, d: Disclosure) -> str:
    """What was linked and how well, in two sentences."""
    subject = subject_of(evaluation, d)
    step, whole = subject.step, subject.whole
    other = names.source(step["right" if subject.side == "left" else "left"])
    people = names.people(subject.source)
    clusters = evaluation.get("clusters")
    if clusters:
        records, found = d.count(clusters["records"]), d.count(clusters["people"])
        first = f"{records.text} records of {names.source(subject.source)} are {found.text} people."
    elif whole.rate.value is not None:
        eligible = " eligible" if subject.has_rule else ""
        first = f"{whole.rate.text}% of {whole.eligible.text}{eligible} {people} were linked to {other}."
    elif whole.rate.mark == "not_applicable":
        first = f"There are no {people} to link."
    else:
        first = f"The share of {people} linked to {other} is not shown: it would disclose a small number."
    known = known_error(step)
    if not known:
        return f"{first} Nothing measures the error of its links."
    precision, recall = (error_cells(known, measure, d) for measure in ("precision", "recall"))
    if precision[0].value is None:
        return f"{first} Its links are too few to show their error."
    by = "" if known[0] == "truth" else "From their match probabilities, an estimated "
    text = f"{by}{in_brackets(precision)} of links are correct"
    text += f" and {in_brackets(recall)} of true matches were linked" if recall[0].value is not None else ""
    return f"{first} {text}."


def statement_part(
    evaluation: Mapping[str, Any],
    manifest: Mapping[str, Any],
    names: Names,
    d: Disclosure,
    *,
    reviews: Sequence[Mapping[str, Any]],
    has_last_release: bool,
    failed_gates: Sequence[str] = (),
) -> Part:
    """Population covered, links and their error, groups with lower linkage quality, what to do, limitations."""
    subject = subject_of(evaluation, d)
    cells = release(subject.step, d)
    known = {step["step"]: known_error(step, reviews) for step in evaluation["steps"]}
    fewer, falser = _less_linked(cells, names, d), _more_false(cells, d)
    advice = _advice(subject, known[subject.step["step"]], bool(fewer[1:]), bool(falser), d)
    limits = [*training_warnings(evaluation, manifest, names, d), *_limitations(known, subject, has_last_release)]
    sections = [
        Section("population", "Population covered", _population(evaluation, subject, names, d)),
        Section("linkage", "Links and their error", _links(evaluation, known, names, d)),
        Section("groups", "Groups with lower linkage quality", [*fewer, *falser]),
        Section("advice", "What to do in an analysis", [Text(text) for text in advice]),
        Section("limitations", "Limitations", [Text(" ".join(limits))]),
    ]
    if failed_gates:
        gates = ", ".join(f"{_GATES[name]} ({name})" if name in _GATES else name for name in failed_gates)
        text = f"This run fails a gate: {gates}. Do not publish or use it. The run's log has the figures."
        sections.insert(0, Section("not-to-be-published", "Not to be published", [Text(text)]))
    about = "Read this before you use the data. The parts below give the evidence."
    return Part("linkage-quality", "Linkage quality statement", about, sections)


def _population(evaluation: Mapping[str, Any], subject: Side, names: Names, d: Disclosure) -> list[Text]:
    step, whole, spine = subject.step, subject.whole, evaluation.get("spine")
    sources = [f"{name} ({people.text})" for name, _, _, people in source_rows(evaluation, names, d)]
    text = [f"People by source: {', '.join(sources)}."] if sources else []
    if spine:
        text.append(f"The spine has {d.count(spine['people']).text} people.")
        on_spine = {row["source"]: row["entities"] for row in spine.get("by_source", ())}
        partly = [
            names.source(row["source"])
            for row in evaluation["sources"]
            if on_spine and on_spine.get(row["source"], 0) < (row.get("entities") or 0)
        ]
        if partly:
            text.append(f"People of {listed(partly)} without a link are not on the spine.")
    people, other = names.people(subject.source), names.source(step["right" if subject.side == "left" else "left"])
    if subject.has_rule:
        rule = step["eligible"]
        text.append(
            f"{whole.eligible.text} of {whole.everybody.text} {people} were eligible to link to {other} "
            f"({eligible_rule(rule)}); {whole.linked.text} were linked. {rule['why'].rstrip('.')}."
        )
    elif not evaluation.get("clusters"):
        text.append(f"{whole.linked.text} of {whole.everybody.text} {people} were linked to {other}.")
    return [Text(" ".join(text))]


def _links(
    evaluation: Mapping[str, Any], known: Mapping[str, Known], names: Names, d: Disclosure
) -> list[Table | Text]:
    rows: list[Row] = []
    for step in evaluation["steps"]:
        basis, pairs = known[step["step"]], release(step, d).pairs
        row: Row = [names.step(step), pairs.links, pairs.decisions["review"]]
        for measure in ("precision", "recall"):
            value, low, high = error_cells(basis, measure, d)
            row += [value, interval_cell(low, high)]
        rows.append([*row, _KNOWN_BY[basis[0]] if basis else "not measured"])
    heads = ["Step", "Links", "In review", "Precision, %", "Range", "Recall, %", "Range", "Measured by"]
    text = (
        "Precision is the share of links that are correct; recall is the share of true matches that were linked. A "
        "false link gives a person another person's record. A missed match looks as if nothing happened. Ranges are "
        "95% intervals; those from match probabilities are sensitivity ranges."
    )
    return [Table("Links and their error", heads, rows, symbols_in(itertools.chain(*rows), d)), Text(text)]


def _less_linked(cells: Released, names: Names, d: Disclosure) -> list[Text | Table]:
    """Groups that are under-represented among the linked, most first."""
    step, shown = cells.left.step, Shown(cells.left, d)
    if not step.get("bias"):
        return [Text("The run has no characteristics of people, so quality by group is not known.")]
    basis = basis_of(step)
    rows: list[tuple[float, Row]] = []
    for row, group in named_groups(step, basis):
        cell = shown.difference(row, group, basis)[0]
        people = group["in_both"] if basis == "found_missed" else group["eligible"]
        if cell.value is None or cell.value >= 0 or people < _FEWEST or not group[basis]["flagged"]:
            continue
        missed = (
            d.accuracy(group["missed"]) if group["missed"] else estimated_share(group, group["estimated_missed"], d)
        )
        released = shown.group(row, group)
        line: Row = [row["title"], ", ".join(group["labels"])]
        line += [released.eligible if released else d.marked("unavailable"), shown.rate(row, group), missed, cell]
        rows.append((cell.value, [*line, "yes" if group[basis]["certain"] else "no"]))
    step_name = names.step(step)
    if not rows:
        return [
            Text(f"{step_name}: no group of {_FEWEST} people or more is clearly under-represented among the linked.")
        ]
    rows.sort(key=lambda one: one[0])
    heads = ["Characteristic", "Group", "Eligible", "Linked, %"]
    heads += ["Missed, %" if step["accuracy"] else MISSED_ESTIMATED, "Difference", "Beyond chance"]
    shown_rows = [line for _, line in rows[:_MOST_GROUPS]]
    more = f" The table shows {_MOST_GROUPS} of {len(rows)}." if len(rows) > _MOST_GROUPS else ""
    text = (
        f"{step_name}: these groups are under-represented among {'found' if basis == 'found_missed' else 'linked'} "
        f"people (standardised difference beyond 0.1).{more}"
    )
    notes = [*([MISSED_NOTE] if step["accuracy"] else []), symbols_in(itertools.chain(*shown_rows), d)]
    return [Text(text), Table("Under-represented groups", heads, shown_rows, " ".join(filter(None, notes)))]


def _more_false(cells: Released, d: Disclosure) -> list[Text | Table]:
    """Groups with more false links than their share, beyond 0.1 and beyond chance."""
    step, shown = cells.left.step, Shown(cells.left, d)
    rows: list[tuple[float, Row]] = []
    for row, group in named_groups(step, "right_false"):
        differs, judged = group["right_false"], group["false"]
        if not differs or not differs["certain"] or differs["difference"] >= 0 or judged["of"] < _FEWEST:
            continue
        cell, low, high = shown.difference(row, group, "right_false")
        if cell.value is not None:
            share = [d.accuracy(judged), interval_cell(*d.interval(judged))]
            line: Row = [row["title"], ", ".join(group["labels"]), *share, cell, interval_cell(low, high)]
            rows.append((cell.value, line))
    if not rows:
        return []
    lines = [line for _, line in sorted(rows, key=lambda one: one[0])[:_MOST_GROUPS]]
    heads = ["Characteristic", "Group", "False links, %", "95%", "Difference", "95%"]
    text = "These groups have more false links than their share (standardised difference beyond 0.1 and beyond chance)."
    return [Text(text), Table("Groups with more false links", heads, lines, symbols_in(itertools.chain(*lines), d))]


def _advice(subject: Side, known: Known, has_fewer: bool, has_falser: bool, d: Disclosure) -> list[str]:
    """What follows from the figures."""
    advice = [
        "State the denominator of a rate. Exclude people who could not be linked."
        if subject.has_rule
        else "State the denominator of a rate. Unlinked records may have no match in the other file.",
        "Do not read “not linked” as “nothing happened”: report the unlinked as a category, or bound the result by "
        "assuming all of them one way and then the other.",
    ]
    if has_fewer:
        advice.append(
            "Report link rates with any comparison of the groups above. Weight the linked by one over their group's "
            "link rate, or adjust for the characteristic, and report both results."
        )
    if has_falser:
        advice.append("Repeat comparisons of groups with more false links on links of match probability 0.99 or more.")
    low = error_cells(known, "precision", d)[1].value
    if low is None or low < _GOOD_PRECISION:
        advice.append(
            "False links may matter: repeat the main result on links of match probability 0.99 or more. An effect that "
            "grows was weakened by false links."
        )
    advice.append(
        "Carry the uncertainty of the links: estimate on each link draw and combine the results by Rubin's rules. An "
        "extract has link draws where its project asks for them (docs/explanation/uncertainty.md)."
    )
    return [*advice, "Cite the run, its models and this statement (RECORD 12.3)."]


def _limitations(known: Mapping[str, Known], subject: Side, has_last_release: bool) -> list[str]:
    bases = {one[0] if one else None for one in known.values()}
    limits = {
        "truth": "Error is measured against truth that only synthetic or labelled data have; real data may differ.",
        "review": "Reviewers saw a sample of pairs, and only what the identifiers show.",
        "estimate": "Error is estimated from match probabilities. Recall leaves out matches that no blocking rule "
        "reaches for reasons the model does not know; a clerical review would say more.",
        None: "For some steps nothing measures false links or missed matches.",
    }
    text = [limit for basis, limit in limits.items() if basis in bases]
    for one in known.values():
        if one and one[1]["recall"]["value"] is None:
            why = (
                "reviewers saw links only"
                if one[0] == "review"
                else WHY_UNKNOWN[one[1].get("recall_unknown", LINKS_ONLY)]
            )
            text.append(f"Recall is not known for some steps: {why}.")
    text.append("Error is not shown for small groups, where it may be largest.")
    text.append("Errors of the sources, such as two people under one number, look like correct links.")
    if not has_last_release:
        text.append("There is no last release to compare with.")
    if not subject.step.get("bias"):
        text.append("Bias is not known for characteristics that no source holds.")
    return list(dict.fromkeys(text))
