"""What the page says first: what was linked and how well, in two sentences and five figures."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from quality.disclosure import Disclosure
from quality.report.names import Names
from quality.report.page import Headline
from quality.report.pairs import Pairs
from quality.report.released import Side, side
from quality.report.sections.facts import key


def subject_of(evaluation: Mapping[str, Any], d: Disclosure) -> Side:
    """The side that a run is about: the left of its last step, or the smaller where nothing but one step was run."""
    last = evaluation["steps"][-1]
    if evaluation.get("spine") or last["left"] == "people":
        return side(last, "left", d)
    units = {row["side"]: row["units"] for row in last["sides"]}
    return side(last, min(("left", "right"), key=lambda name: units.get(name, 0)), d)


def headlines(
    evaluation: Mapping[str, Any], subject: Side, pairs: Pairs, names: Names, d: Disclosure
) -> list[Headline]:
    """Five figures: size, rate, precision, recall, and what is left to decide; without truth, how links were made.

    All but the size are of one step, which is named where there are others.
    """
    step = subject.step
    people = names.people(step[subject.side])
    of_step = f", {names.step(step)}" if len(evaluation["steps"]) > 1 else ""
    base = (f"of {people} in the calculation" if subject.has_rule else f"of {people}") + of_step
    rate = Headline("Matched", subject.whole.rate, "%", base)
    spine, accuracy = evaluation.get("spine"), told_by_truth(step)
    size = (
        Headline("People", d.count(spine["people"]), "", "on the spine")
        if spine
        else Headline(names.of("People"), subject.whole.everybody, "", f"in {names.source(step[subject.side])}")
    )
    links = Headline(
        "Links", pairs.links, "", f"made between {names.source(step['left'])} and {names.source(step['right'])}"
    )
    to_review = Headline("For review", pairs.decisions["review"], "", f"pairs too close to call{of_step}")
    if accuracy:
        judged, pairs_known = of_truth(accuracy)
        precision = Headline("Precision", d.accuracy(accuracy["precision"]), "%", f"of {judged} are right{of_step}")
        recall = Headline("Recall", d.accuracy(accuracy["recall"]), "%", f"of {pairs_known} are linked{of_step}")
        return [size, rate, precision, recall, to_review]
    others = {"probabilistic": "the model", "override": "people"}
    made_by = dict.fromkeys(others[row["method"]] for row in step["passes"] if row["method"] in others)
    rest = f"; the rest by {' or '.join(made_by)}" if made_by else ""
    ruled = Headline("By fixed rule", pairs.ruled, "%", f"of the links{of_step}{rest}")
    return [size, rate, links, ruled, to_review]


def explained(line: Headline, d: Disclosure) -> Headline:
    """A symbol in place of a figure says at once what it stands for: the page's list of them is its last section."""
    said = key([line.cell], d)
    return replace(line, note=f"{line.note}. {said}") if said else line


def statement(subject: Side, names: Names, d: Disclosure) -> str:
    """What was linked and how well, as it would be read out."""
    step, whole = subject.step, subject.whole
    other = names.source(step["right" if subject.side == "left" else "left"])
    could = f" who could be in {other}" if subject.has_rule else ""
    target = "it" if could else other
    people = f"{names.people(step[subject.side])}{could}"
    said = {
        None: f"{whole.rate.text}% of the {whole.eligible.text} {people} were linked to {target}.",
        "not_applicable": f"There are no {people}.",
        "suppressed": f"How many {people} were linked to {target} is not shown: it would tell of few.",
    }.get(whole.rate.mark, f"A share too small or too large to show of the {people} were linked to {target}.")
    accuracy = told_by_truth(step)
    if not accuracy:
        why = "The truth knows none of its links" if step["accuracy"] else "This run has no truth to measure error by"
        weights = "; the match weights below say how strong the links are" if step["weights"] else ""
        return f"{said} {why}{weights}.{_by_probabilities(step, names, d)}"
    precision, recall = d.accuracy(accuracy["precision"]), d.accuracy(accuracy["recall"])
    if precision.value is None or recall.value is None:
        return f"{said} {untold(accuracy)}."
    low, high = d.interval(accuracy["precision"])
    judged, _ = of_truth(accuracy)
    known = "" if judged == "the links" else " as far as the truth knows them"
    return (
        f"{said} {precision.text}% of {judged} are right (95% interval {low.text} to {high.text}), and they hold "
        f"{recall.text}% of the pairs that are truly one {names.of('person')}{known}."
    )


def _by_probabilities(step: Mapping[str, Any], names: Names, d: Disclosure) -> str:
    """What stands in for truth: precision and recall as the probabilities say, a sentence."""
    if expected := step.get("expected"):
        precision, recall = d.accuracy(expected["precision"]), d.accuracy(expected["recall"])
        low, high = d.interval(expected["precision"])
        if precision.value is not None and recall.value is not None:
            one = f"one {names.of('person')}"
            return (
                f" As far as the links' own probabilities go, {precision.text}% of them are right (95% interval "
                f"{low.text} to {high.text}), and they hold {recall.text}% of the pairs that are {one}."
            )
    return ""


def told_by_truth(step: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """A step's error against truth; None without one, and where it knows neither a link of the step nor a true pair."""
    accuracy: Mapping[str, Any] | None = step["accuracy"]
    return accuracy if accuracy and (accuracy["assessed"] or accuracy["true_pairs"]) else None


def untold(accuracy: Mapping[str, Any]) -> str:
    """Why precision and recall against truth are not both shown."""
    if not accuracy["accepted"]:
        return "No link was made"
    if not accuracy["assessed"]:
        return "The truth knows none of the links"
    if not accuracy["true_pairs"]:
        return "The truth knows no pair that is one person"
    return "There are too few links to show their error"


def of_truth(accuracy: Mapping[str, Any]) -> tuple[str, str]:
    """Of what precision and recall are shares: of all links and true pairs, or of those that the truth knows."""
    if accuracy["assessed"] == accuracy["accepted"]:
        return "the links", "the true pairs"
    return "the links whose truth is known", "the true pairs that are known"
