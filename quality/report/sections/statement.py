"""The linkage quality statement: two pages that a researcher can act on, before anything that has to be studied."""

import itertools
from collections.abc import Mapping, Sequence
from typing import Any

from quality.disclosure import Cell, Disclosure
from quality.measures.expected import LINKS_ONLY, WHY_UNKNOWN
from quality.report.names import Names
from quality.report.page import Part, Section, Table, Text
from quality.report.pairs import Pairs
from quality.report.released import Side
from quality.report.sections.bias import (
    LET_GO,
    LET_GO_NOTE,
    MISSED_NOTE,
    basis_of,
    cells_of,
    groups_of,
    label_of,
    rate_of,
    released_groups,
)
from quality.report.sections.coverage import lacking_on_spine, old_enough, source_rows
from quality.report.sections.error_parts import in_no_group
from quality.report.sections.facts import key
from quality.report.sections.reviewed import seen_of
from quality.report.sections.summary import told_by_truth
from quality.review import of_all_readings

_MOST_GROUPS = 8
_FEWEST = 100
"""People of a group that is named here: chance makes smaller ones look worst."""
_BASES = {"truth": "truth", "review": "clerical review", "expected": "probabilities"}
_GOOD_PRECISION = 99.0  # per cent: below, a finding should be tried on surer links


def statement_part(
    evaluation: Mapping[str, Any],
    sides: Mapping[str, Mapping[str, Side]],
    subject: Side,
    pairs: Mapping[str, Pairs],
    names: Names,
    d: Disclosure,
    *,
    reviews: Sequence[Mapping[str, Any]],
    has_last_release: bool,
    failed_gates: Sequence[str] = (),
    to_be_known: Sequence[str] = (),
) -> Part:
    """Who is in, what was linked, how good it is, for whom it is worse, what to do about it, what is not known."""
    worse, falser = _worse(subject.step, sides, names, d), _falser(subject.step, sides, d)
    known = {step["step"]: error_of(step, reviews) for step in evaluation["steps"]}
    sections = [
        *([Section("not-to-be-published", "Not to be published", [_withheld(failed_gates)])] if failed_gates else []),
        Section("who-is-in", names.of("Who is in", "What is in"), _who(evaluation, subject, names, d)),
        Section("what-was-linked", "What was linked, and how well", _linked(evaluation, pairs, known, names, d)),
        Section("for-whom-worse", names.of("For whom it is worse", "For which it is worse"), [*worse, *falser]),
        Section(
            "what-to-do",
            "What a researcher must do about it",
            [Text(said) for said in _to_do(subject, known[subject.step["step"]], bool(worse[1:]), bool(falser), d)],
        ),
        Section(
            "not-known",
            "What is not known",
            [Text(" ".join([*to_be_known, *_not_known(known, subject, has_last_release)]))],
        ),
    ]
    return Part(
        "linkage-quality",
        "Linkage quality statement",
        "What to know before these data are used; two pages when printed. What it rests on stands in the parts below.",
        sections,
    )


_GATES = {
    "min_precision": "the precision of the links",
    "precision_lower_bound": "how low the precision may be",
    "max_unlinked": "the share without a link",
    "max_rate_fall": "the fall of a group's link rate since the last release",
    "max_count_change": "the change of a published count since the last release",
    "critical_contracts": "what is critical of the data",
}


def _withheld(failed: Sequence[str]) -> Text:
    """Which gates, and no figure: what a small group's rate fell by is not for all who read this."""
    asked = ", ".join(f"{_GATES[name]} ({name})" if name in _GATES else name for name in failed)
    return Text(
        f"This run does not hold what is asked of it before publication: {asked}. Nothing of it is published, and it "
        "is of use for nothing but finding out why. By which figures it failed stands in the run's log."
    )


def error_of(step: Mapping[str, Any], reviews: Sequence[Mapping[str, Any]]) -> tuple[str, Mapping[str, Any]] | None:
    """What says most of a step's error, and its precision and recall; None where nothing does.

    Of a review `seen` says how many pairs each rests on.
    """
    if accuracy := told_by_truth(step):
        return "truth", accuracy
    review = next((one for one in reviews if one["step"] == step["step"]), None)
    measures = ("precision", "recall")
    if review and any(review[measure]["middle"]["value"] is not None for measure in measures):
        found = {measure: of_all_readings(review[measure]) for measure in measures}
        return "review", {**found, "seen": {measure: seen_of(review, measure) for measure in measures}}
    return ("expected", step["expected"]) if step.get("expected") else None


Known = Mapping[str, tuple[str, Mapping[str, Any]] | None]


def _who(evaluation: Mapping[str, Any], subject: Side, names: Names, d: Disclosure) -> list[Text]:
    sources = [f"{name} ({people.text})" for name, _, _, people in source_rows(evaluation, names, d)]
    step, whole = subject.step, subject.whole
    said = []
    if sources:
        said.append(f"{names.of('People')} by source: {', '.join(sources)}.")
    if spine := evaluation.get("spine"):
        lacking = lacking_on_spine(evaluation, names)
        without = f", without those of {lacking} who are linked to none of them" if lacking else ""
        said.append(f"Linked together they are {d.count(spine['people']).text} people{without}.")
    side, other = names.people(step[subject.side]), names.source(step["right" if subject.side == "left" else "left"])
    if subject.is_people and spine:
        lacking = lacking_on_spine(evaluation, names, subject)
        off = f"; those of {lacking} who are linked to nobody on it are not" if lacking else ""
        side += f" before the step {names.step(step)} (two whom it links to one record are one on the spine{off})"
    if subject.has_rule:
        rule = step["eligible"]
        said.append(
            f"Of {whole.everybody.text} {side}, {whole.eligible.text}, {old_enough(rule)}, are in the calculation of "
            f"links to {other}, and {whole.linked.text} are matched. {rule['why'].rstrip('.')}."
        )
    else:
        said.append(f"Of {whole.everybody.text} {side}, {whole.linked.text} are linked to {other}.")
    return [Text(" ".join(said))]


def _linked(
    evaluation: Mapping[str, Any], pairs: Mapping[str, Pairs], known: Known, names: Names, d: Disclosure
) -> list[Table | Text]:
    rows: list[list[str | Cell]] = []
    for step in evaluation["steps"]:
        row: list[str | Cell] = [names.step(step), pairs[step["step"]].links, pairs[step["step"]].decisions["review"]]
        found = known[step["step"]]
        for measure in ("precision", "recall"):
            share, seen = _measured(found, measure)
            row += [d.accuracy(share, seen=seen), _range(*d.interval(share, seen=seen))]
        rows.append([*row, _BASES[found[0]] if found else "nothing"])
    heads = ["Step", "Links", "For review", "Precision, %", "95%", "Recall, %", "95%", "Known by"]
    said = (
        "Precision is the share of links that are right, recall the share of true pairs that are linked. "
        + names.of(
            "A false link gives a person somebody else's life; a missed one makes a person look as if nothing had "
            "happened to them.",
            "A false link makes one thing of two; a missed one leaves what is known of a thing in two places.",
        )
    )
    return [Table("Links and their error", heads, rows, key(itertools.chain(*rows), d)), Text(said)]


def _measured(found: tuple[str, Mapping[str, Any]] | None, measure: str) -> tuple[Any, int | None]:
    """A share, and how many pairs it rests on where these are not its base."""
    return (found[1][measure], found[1].get("seen", {}).get(measure)) if found else (None, None)


def _range(low: Cell, high: Cell) -> Cell:
    return low if low.value is None else Cell(f"{low.text} to {high.text}", low.value)


def _worse(
    step: Mapping[str, Any], sides: Mapping[str, Mapping[str, Side]], names: Names, d: Disclosure
) -> list[Text | Table]:
    """Groups that are found less than their share, most first, beyond 0.1."""
    if not step.get("bias"):
        return [
            Text(
                names.of(
                    "The run knows no characteristic of people, so that nobody can say for whom it is worse.",
                    "The run knows no groups of things, so that nobody can say for which it is worse.",
                )
            )
        ]
    basis, shown = basis_of(step), released_groups(sides, step)
    found: list[tuple[float, list[str | Cell]]] = []
    for row in step["bias"]:
        if len(row["characteristics"]) > 1:
            continue
        for group in row["groups"]:
            cell = cells_of(row, group, basis, shown, d)[0]
            people = group["in_both"] if basis == "found_missed" else group["eligible"]
            if cell.value is None or people < _FEWEST or not group[basis]["flagged"] or cell.value >= 0:
                continue
            sure = "yes" if group[basis]["certain"] else "no"
            missed = d.accuracy(group["missed"]) if group["missed"] else _expected(group, d)
            all_of_it = released.eligible if (released := shown.of(row, group)) else d.marked("unavailable")
            rate = rate_of(row, group, shown, d)
            line: list[str | Cell] = [row["title"], label_of(group), all_of_it, rate, missed, cell, sure]
            found.append((cell.value, line))
    among = "found, of those who could be," if basis == "found_missed" else "matched"
    if not any(group[basis] for row in step["bias"] for group in row["groups"]):
        alike = f"all people are in one group, or all or none are {among.partition(',')[0]}"
        return [Text(f"{names.step(step)}: there is nothing to compare: {alike}.")]
    if not found:
        return [
            Text(f"{names.step(step)}: no group of a hundred people or more is {among} less than its share beyond 0.1.")
        ]
    found.sort(key=lambda one: one[0])
    more = f" The {_MOST_GROUPS} most affected of {len(found)} are shown." if len(found) > _MOST_GROUPS else ""
    said = (
        f"{names.step(step)}: these groups are {among} less than their share, by a standardised difference beyond 0.1."
        f"{more} The section on bias has all, and a drafted bias statement."
    )
    share = "Missed, %" if step["accuracy"] else LET_GO
    heads = ["Characteristic", "Group", "In the calculation", "Matched, %", share, "Difference", "Beyond chance"]
    rows = [line for _, line in found[:_MOST_GROUPS]]
    told = [MISSED_NOTE] if step["accuracy"] else [LET_GO_NOTE, in_no_group(step, names, d)]
    notes = [*told, key(itertools.chain(*rows), d)]
    return [Text(said), Table("Groups that the linkage favours least", heads, rows, " ".join(filter(None, notes)))]


def _falser(step: Mapping[str, Any], sides: Mapping[str, Mapping[str, Side]], d: Disclosure) -> list[Text | Table]:
    """Groups with more false links than their share, most first, beyond 0.1 and beyond chance: false links are few."""
    shown = released_groups(sides, step)
    found: list[tuple[float, list[str | Cell]]] = []
    for row in step.get("bias") or ():
        if len(row["characteristics"]) > 1:
            continue
        for group in groups_of(row, "right_false"):
            differs, judged = group["right_false"], group["false"]
            if not differs or not differs["certain"] or differs["difference"] >= 0 or judged["of"] < _FEWEST:
                continue
            cell, low, high = cells_of(row, group, "right_false", shown, d)
            if cell.value is not None:
                share = [d.accuracy(judged), _range(*d.interval(judged))]
                found.append((cell.value, [row["title"], label_of(group), *share, cell, _range(low, high)]))
    if not found:
        return []
    found.sort(key=lambda one: one[0])
    more = f" The {_MOST_GROUPS} most affected of {len(found)} are shown." if len(found) > _MOST_GROUPS else ""
    heads = ["Characteristic", "Group", "False links, %", "95%", "Difference", "95%"]
    rows = [line for _, line in found[:_MOST_GROUPS]]
    said = (
        "These groups are linked falsely more than their share, by a standardised difference of right and false links "
        f"beyond 0.1 and beyond chance.{more}"
    )
    return [
        Text(said),
        Table("Groups with more false links than their share", heads, rows, key(itertools.chain(*rows), d)),
    ]


def _expected(group: Mapping[str, Any], d: Disclosure) -> Cell:
    if group["expected_missed"] is None or group["links"] < d.profile.fewest:
        return d.marked("not_applicable")
    return Cell(f"{100 * group['expected_missed']:.2f}", round(100 * group["expected_missed"], 2))


def _to_do(
    subject: Side, known: tuple[str, Mapping[str, Any]] | None, has_worse: bool, has_falser: bool, d: Disclosure
) -> list[str]:
    """What follows from the figures; each sentence is there because a figure is."""
    said = [
        "Say which denominator a rate has. Take those in the calculation, not everybody: who could not have been "
        "linked is no missed link."
        if subject.has_rule
        else "Say what a rate is of. Where two files overlap in part, who is unlinked is mostly somebody whom the "
        "other file never held.",
        "Do not read “not linked” as “nothing happened”: give the unlinked as a category of their own, or bound the "
        "result by taking them all one way and all the other.",
    ]
    if has_worse:
        said.append(
            "Compare groups only with their link rates beside them. Where a comparison runs along a characteristic of "
            "the table above, weight the linked by one over their group's rate, or adjust for it, and report both "
            "results."
        )
    if has_falser:
        said.append(
            "False links are not spread evenly. Where a comparison runs along a characteristic of the table of false "
            "links, repeat it on links of match probability 0.99 and more, and report both results."
        )
    precision, seen = _measured(known, "precision")
    low = d.interval(precision, seen=seen)[0].value
    if low is None or low < _GOOD_PRECISION:
        said.append(
            "False links may matter here: repeat the main result on links of match probability 0.99 and more. An "
            "effect that grows as links get surer was thinned by false ones."
        )
    said.append(
        "Carry the uncertainty: make the estimate on each alternative set of links and combine them by Rubin's rules. "
        "An extract has such sets where its project asks for them; of two files leo link --samples draws some "
        "(docs/uncertainty.md)."
    )
    said.append("Cite the run, its models and this statement, as RECORD 12.3 asks; the last part has them.")
    return said


def _why_unknown(basis: str, said: Mapping[str, Any]) -> str:
    """Why nobody knows the recall of a step."""
    if basis == "review":
        return "reviewers looked at links alone"
    return WHY_UNKNOWN[said.get("recall_unknown", LINKS_ONLY)].format(they_were="they were")


def _not_known(known: Known, subject: Side, has_last_release: bool) -> list[str]:
    bases = {found[0] if found else None for found in known.values()}
    said = []
    if "truth" in bases:
        said.append(
            "Error is held against a truth that only a synthetic or a labelled population has; real data err in other "
            "ways."
        )
    if "review" in bases:
        said.append("Reviewers saw a sample, and what identifiers cannot show they could not see either.")
    if "expected" in bases:
        said.append(
            "Error is what the links' own probabilities say. Recall by them leaves out pairs that no rule reached for "
            "reasons the model does not know, and is up to a point too high on synthetic populations; a clerical "
            "review would say more."
        )
    unseen = [_why_unknown(*one) for one in known.values() if one and one[1]["recall"]["value"] is None]
    for why in dict.fromkeys(unseen):
        steps = "some steps" if unseen.count(why) < len(known) else "the steps"
        said.append(f"How many matches were missed is not known of {steps}: {why}.")
    if None in bases:
        said.append("For some steps nothing says how many links are false or missed.")
    said.append("Error in groups too small to show is not told, and may be the largest.")
    said.append(
        "Errors of the sources themselves, such as two people under one number, look like links that are right."
    )
    if not has_last_release:
        said.append("There is no last release to compare with, so that nothing is said of drift.")
    if not subject.step.get("bias"):
        said.append("Bias along what no source holds of people is not known.")
    return said
