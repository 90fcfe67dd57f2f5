"""How links were made: passes and decisions, blocking rules, match weights and the model."""

import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

from quality.disclosure import Cell, Disclosure
from quality.report import charts
from quality.report.names import Names
from quality.report.page import Block, Fold, Row, Section, Table, Text
from quality.report.released import Pairs, release
from quality.report.showing import lower

_DECISIONS = {"accepted": "Accepted", "review": "In review", "rejected": "Rejected"}
_EQUAL = re.compile(r'l\."?(\w+)"? = r\."?(\w+)"?', re.IGNORECASE)
_FIRST = re.compile(
    r'(?:substr|substring)\(l\."?(\w+)"?, 1, (\d+)\) = (?:substr|substring)\(r\."?(\w+)"?, 1, \2\)', re.IGNORECASE
)


def passes_section(evaluation: Mapping[str, Any], names: Names, d: Disclosure) -> Section:
    """Links by the pass that made them, and pairs by decision."""
    rows: list[Row] = []
    values: list[dict[str, Any]] = []
    decided: list[Row] = []
    for step in evaluation["steps"]:
        pairs, title = release(step, d).pairs, names.step(step)
        for (method, name), (cell, share) in pairs.passes.items():
            rows.append([title, names.words(name), names.words(method), cell, share])
            values.append({"label": names.words(name), "group": title, "value": cell.value, "shown": cell.text})
        decided.append([title, *(pairs.decisions[decision] for decision in _DECISIONS)])
    table = Table("Links by pass", ["Step", "Pass", "Method", "Links", "Share of the step's links, %"], rows)
    summary = "A deterministic pass links pairs that agree by a fixed rule; the model scores the rest."
    blocks: list[Block] = [
        charts.figure("links-by-pass", "Links by pass", summary, charts.bars(values, x="Links"), table),
        Table("Pairs by decision", ["Step", *_DECISIONS.values()], decided),
    ]
    return Section("passes", "Links by pass", blocks)


def blocking_section(evaluation: Mapping[str, Any], names: Names, d: Disclosure) -> Section | None:
    """What passes and blocking rules made, and blocking recall; the last step first."""
    blocks: list[Block] = []
    for step in reversed(evaluation["steps"]):
        if step.get("blocking"):
            tables = _blocking_tables(step, names, d)
            blocks += tables if not blocks else [Fold(f"{names.step(step)}: blocking rules", tables)]
    text = (
        "The model scores only pairs that a blocking rule makes; other matches are missed. Blocking recall is the share "
        "of matches that the rules make."
    )
    return Section("blocking", "Blocking rules", [Text(text), *blocks]) if blocks else None


def _blocking_tables(step: Mapping[str, Any], names: Names, d: Disclosure) -> list[Block]:
    blocking, pairs, title = step["blocking"], release(step, d).pairs, names.step(step)
    blocks: list[Block] = [Text(_recall_in_words(blocking, title, d))]
    if blocking["passes"]:
        rows: list[Row] = [
            [
                names.words(row["pass"]),
                *cells,
                _links(pairs, "deterministic", row["pass"], row, d),
                d.parameter(row["seconds"], 1),
            ]
            for row, cells in zip(blocking["passes"], pairs.by_pass, strict=True)
        ]
        blocks.append(
            Table(f"{title}: pairs and links by pass", ["Pass", "Pairs", "Accepted", "Links", "Seconds"], rows)
        )
    if blocking["rules"]:
        measured = blocking["recall"] is not None
        rows = []
        for place, (row, cells) in enumerate(zip(blocking["rules"], pairs.by_rule, strict=True), 1):
            recalls = (
                [d.accuracy(row["recall"]), d.accuracy(row["added_recall"])]
                if measured
                else [_per_cent(row["estimated_recall"], d), _per_cent(row["estimated_added"], d)]
            )
            links = _links(pairs, "probabilistic", f"rule {place}", row, d)
            rows.append(
                [
                    f"{place}: {rule_in_words(row['rule'], names)}",
                    *cells,
                    links,
                    d.parameter(row["seconds"], 1),
                    *recalls,
                ]
            )
        kind = "" if measured else ", estimated"
        heads = ["Blocking rule", "Pairs", "New pairs", "Scored above the floor", "Links", "Seconds"]
        heads += [f"Recall{kind}, %", f"Recall added{kind}, %"]
        note = (
            "Pairs are estimated from a sample."
            if any(r["pairs_are"] == "estimated" for r in blocking["rules"])
            else ""
        )
        blocks.append(Table(f"{title}: pairs, links and recall by blocking rule", heads, rows, note))
    return blocks


def _links(pairs: Pairs, method: str, name: str, row: Mapping[str, Any], d: Disclosure) -> Cell:
    return pairs.passes[method, name][0] if (method, name) in pairs.passes else d.count(row["links"])


def _recall_in_words(blocking: Mapping[str, Any], title: str, d: Disclosure) -> str:
    estimated = blocking["estimated_recall"]
    text = "not estimated" if estimated is None else f"estimated {100 * estimated:.2f}%"
    if blocking["recall"] is None:
        return f"{title}: blocking recall is {text}."
    recall, (low, high) = d.accuracy(blocking["recall"]), d.interval(blocking["recall"])
    with_passes = d.accuracy(blocking["recall_with_passes"])
    return (
        f"{title}: blocking recall is {recall.with_unit()} ({low.text} to {high.text}) against truth, "
        f"{with_passes.with_unit()} with the passes, and {text} by the model."
    )


def _per_cent(share: float | None, d: Disclosure) -> Cell:
    return d.marked("unavailable") if share is None else Cell(f"{100 * share:.2f}", round(100 * share, 2))


def rule_in_words(condition: str, names: Names) -> str:
    """A blocking rule as a reader would say it; a part that is not a plain equality stays SQL."""
    parts = re.split(r"\band\b", condition, flags=re.IGNORECASE)
    return " and ".join(_part_in_words(part.strip(), names) for part in parts)


def _part_in_words(part: str, names: Names) -> str:
    equal, first = _EQUAL.fullmatch(part), _FIRST.fullmatch(part)
    if equal and equal[1] == equal[2]:
        name = lower(names.words(equal[1].removesuffix("_all")))
        return f"{name} at any time" if equal[1].endswith("_all") else name
    if first and first[1] == first[3]:
        return f"first {first[2]} characters of {lower(names.words(first[1]))}"
    return part


def model_section(evaluation: Mapping[str, Any], names: Names, d: Disclosure) -> Section | None:
    """Distribution of match weights, level weights, m and u; the last step first."""
    blocks: list[Block] = []
    ends = evaluation.get("weight_range") or (-math.inf, math.inf)
    for step in reversed(evaluation["steps"]):
        charts_of_step = [*_histogram(step, release(step, d).pairs, ends, names), *_model_charts(step, names, d)]
        if charts_of_step:
            blocks += (
                charts_of_step if not blocks else [Fold(f"{names.step(step)}: match weights and model", charts_of_step)]
            )
    text = (
        "A match weight is the log2 of how much more likely an agreement is for a match than for a non-match. A pair's "
        "weight is the sum over its comparison levels and the prior weight."
    )
    return Section("model", "Match weights and the model", [Text(text), *blocks]) if blocks else None


def _histogram(step: Mapping[str, Any], pairs: Pairs, ends: Sequence[float], names: Names) -> list[Block]:
    """Pairs by match weight; the bins at the ends of what is counted hold what lies beyond them too."""
    order = list(_DECISIONS)
    bins = sorted(pairs.bins.items(), key=lambda item: (order.index(item[0][0]), item[0][1]))
    shown = [start for (_, start), cell in bins if cell.value]
    if not shown:
        return []
    drawn = {decision for (decision, _), cell in bins if cell.value}
    values = [
        {"bin": start, "bin_end": start + 1, "group": _DECISIONS[decision], "value": cell.value}
        for (decision, start), cell in bins
        if decision in drawn and cell.value != 0 and min(shown) <= start <= max(shown)
    ]
    rows: list[Row] = [[_DECISIONS[decision], _bin(start, ends), cell] for (decision, start), cell in bins]
    table = Table(f"{names.step(step)}: pairs by match weight", ["Decision", "Match weight", "Pairs"], rows)
    summary = "Each strip has its own scale. A dotted base line marks bins that are suppressed."
    title = f"{names.step(step)}: match weight distribution"
    return [charts.figure(f"weights-{step['step']}", title, summary, charts.histogram(values), table)]


def _bin(start: int, ends: Sequence[float]) -> str:
    label = f"{start} to under {start + 1}"
    if start == ends[0]:
        label = f"under {start + 1}"
    if start == ends[1]:
        label = f"{start} and over"
    return label.replace("-", "−")


def _model_charts(step: Mapping[str, Any], names: Names, d: Disclosure) -> list[Block]:
    """Level weights, m and u of a step's model: parameters, no counts of people."""
    model = step["parameters"]
    if not model or not model["levels"]:
        return []
    title = names.step(step)
    rows: list[Row] = []
    weights, probabilities = [], []
    for level in model["levels"]:
        comparison, label = names.column(level["comparison"]), level_in_words(level, names)
        m, u, weight = (d.parameter(level[key]) for key in ("m", "u", "match_weight"))
        adjusted = "yes" if level["term_frequency"] or level.get("rarest") else "no"
        rows.append([comparison, label, m, u, weight, adjusted])
        if weight.value is not None:
            weights.append({"label": label, "group": comparison, "value": weight.value})
        for cell, kind in ((m, "m, among matches"), (u, "u, among non-matches")):
            if cell.value and not level.get("corrects"):
                probabilities.append({"label": label, "group": comparison, "kind": kind, "value": cell.value})
    heads = ["Comparison", "Level", "m probability", "u probability", "Match weight", "Term-frequency adjustment"]
    table = Table(f"{title}: m, u and match weight by level", heads, rows)
    prior = d.parameter(model["prior_weight"])
    blocks: list[Block] = []
    if weights:
        summary = f"Bars to the right speak for a match, bars to the left against. The prior weight is {prior.text}."
        blocks.append(
            charts.figure(
                f"levels-{step['step']}", f"{title}: match weight by level", summary, charts.weights(weights), table
            )
        )
    if probabilities:
        summary = (
            "m is how often a level is reached among matches, u among non-matches. Interaction terms are left out."
        )
        blocks.append(
            charts.figure(
                f"m-and-u-{step['step']}",
                f"{title}: m and u probabilities",
                summary,
                charts.probabilities(probabilities),
                table,
            )
        )
    return blocks


def level_in_words(level: Mapping[str, Any], names: Names) -> str:
    """A level's label without the comparison's own name, which stands above it."""
    text = str(level["label"]).removeprefix(f"{level['comparison']}: ")
    for tail in (f" on {level['comparison']}", f" of {level['comparison']}"):
        text = text.replace(tail, "")
    text = names.columns_in(text)
    return text[:1].upper() + text[1:]
