"""How links were made: passes and decisions, blocking rules, match weights and the
model.
"""

import math
import re
from collections.abc import Mapping
from typing import Any

from quality.disclosure import Cell
from quality.report import charts
from quality.report.linked_tables import Step
from quality.report.names import Names
from quality.report.page import Block, Fold, Row, Section, Table, Text
from quality.report.released import Publication
from quality.report.showing import in_brackets, lower, number

_DECISIONS = {"accepted": "Accepted", "review": "In review", "rejected": "Rejected"}
_EQUAL = re.compile(r'l\."?(\w+)"? = r\."?(\w+)"?', re.IGNORECASE)
_FIRST = re.compile(
    r'(?:substr|substring)\(l\."?(\w+)"?, 1, (\d+)\) = '
    r'(?:substr|substring)\(r\."?(\w+)"?, 1, \2\)',
    re.IGNORECASE,
)


def passes_section(p: Publication) -> Section:
    """Links by the pass that made them, and pairs by decision."""
    rows: list[Row] = [
        [
            p.name_of(step),
            p.names.words(name),
            p.names.words(method),
            cell,
            p.released(step).shares["pass", method, name],
        ]
        for step in p.steps
        for (method, name), cell in p.released(step).under("pass").items()
    ]
    table = Table(
        "Links by pass",
        ["Step", "Pass", "Method", "Links", "Share of the step's links, %"],
        rows,
    )
    summary = (
        "A deterministic pass links pairs that agree by a fixed rule; the model "
        "scores the rest."
    )
    chart = charts.bars(table.values(3), x="Links")
    decision_rows: list[Row] = [
        [
            p.name_of(step),
            *(p.released(step).cells["decision", decision] for decision in _DECISIONS),
        ]
        for step in p.steps
    ]
    blocks: list[Block] = [
        charts.figure("links-by-pass", "Links by pass", summary, chart, table),
        Table("Pairs by decision", ["Step", *_DECISIONS.values()], decision_rows),
    ]
    return Section("passes", "Links by pass", blocks)


def _last_first(
    p: Publication, blocks_of: Mapping[str, list[Block]], title: str
) -> list[Block]:
    """Blocks of each step, the last step's open and the others in folds."""
    blocks: list[Block] = []
    for step in reversed(p.steps):
        if inner := blocks_of[step["step"]]:
            blocks += [Fold(f"{p.name_of(step)}: {title}", inner)] if blocks else inner
    return blocks


def blocking_section(p: Publication) -> Section | None:
    """What passes and blocking rules made, and blocking recall; the last step first."""
    tables = {
        step["step"]: _blocking_tables(p, step) if step.get("blocking") else []
        for step in p.steps
    }
    blocks = _last_first(p, tables, "blocking rules")
    text = (
        "The model scores only pairs that a blocking rule makes; other matches are "
        "missed. Blocking recall is the share "
        "of matches that the rules make."
    )
    return (
        Section("blocking", "Blocking rules", [Text(text), *blocks]) if blocks else None
    )


def _blocking_tables(p: Publication, step: Step) -> list[Block]:
    blocking, cells, title = step["blocking"], p.released(step).cells, p.name_of(step)
    blocks: list[Block] = [Text(_recall_in_words(p, step, title))]

    def links(method: str, name: str, row: Mapping[str, Any]) -> Cell:
        return cells.get(("pass", method, name)) or p.d.count(row["links"])

    if blocking["passes"]:
        rows: list[Row] = [
            [
                *(
                    p.names.words(name),
                    cells["of pass", "pairs", name],
                    cells["of pass", "accepted", name],
                ),
                links("deterministic", name, row),
            ]
            for row in blocking["passes"]
            for name in [str(row["pass"])]
        ]
        heads = ["Pass", "Pairs", "Accepted", "Links"]
        blocks.append(Table(f"{title}: pairs and links by pass", heads, rows))
    if blocking["rules"]:
        is_measured = blocking["recall"] is not None
        rows = []
        for place, row in enumerate(blocking["rules"]):
            recalls = (
                [
                    _reached(p, step, name, str(place))[0]
                    for name in ("recall", "added_recall")
                ]
                if is_measured
                else [
                    _per_cent(p, row["estimated_recall"]),
                    _per_cent(p, row["estimated_added"]),
                ]
            )
            name = f"{place + 1}: {rule_in_words(row['rule'], p.names)}"
            pairs = [
                cells["of rule", measure, str(place)]
                for measure in ("pairs", "new_pairs", "pairs_kept")
            ]
            rows.append(
                [
                    name,
                    *pairs,
                    links("probabilistic", f"rule {place + 1}", row),
                    *recalls,
                ]
            )
        kind = "" if is_measured else ", estimated"
        heads = ["Blocking rule", "Pairs", "New pairs", "Scored pairs", "Links"]
        heads += [f"Recall{kind}, %", f"Recall added{kind}, %"]
        is_sampled = any(row["pairs_are"] == "estimated" for row in blocking["rules"])
        note = "Pairs are estimated from a sample." if is_sampled else ""
        blocks.append(
            Table(
                f"{title}: pairs, links and recall by blocking rule", heads, rows, note
            )
        )
    if choice := blocking.get("choice"):
        blocks.append(Fold(f"{title}: choice of blocking rules", _choice(p, choice)))
    return blocks


def _choice(p: Publication, choice: Mapping[str, Any]) -> list[Block]:
    """The rules that were chosen and those that were not, with what each adds."""
    rows: list[Row] = [
        [
            rule_in_words(rule["rule"]["condition"], p.names),
            p.d.count(rule["pairs"]),
            _per_cent(p, rule["alone"]),
            _per_cent(p, rule["added"]),
            _per_cent(p, rule.get("together")),
            rule.get("reason", "chosen"),
        ]
        for rule in (*choice["rules"], *choice["rejected"])
    ]
    text = (
        f"Of {choice['considered']:,} rules these were chosen in this order: each adds "
        "most matches for the pairs that it adds. Shares are of the matches that the "
        "model can tell from a sample of pairs, and no estimate of blocking recall."
    )
    heads = ["Blocking rule", "Pairs", "Recall, %", "Recall added, %"]
    heads += ["Recall in all, %", "Why"]
    return [Text(text), Table("Choice of blocking rules", heads, rows)]


def _reached(p: Publication, step: Step, *name: str) -> list[Cell]:
    """The share of true pairs that rules reach, with its interval."""
    key = ("reached", *name)
    return p.released(step).share((*key, "found"), (*key, "missed"))


def _recall_in_words(p: Publication, step: Step, title: str) -> str:
    blocking = step["blocking"]
    estimate = blocking["estimated_recall"]
    text = "not estimated" if estimate is None else f"estimated {100 * estimate:.2f}%"
    if blocking["recall"] is None:
        return f"{title}: blocking recall is {text}."
    with_passes, *_ = _reached(p, step, "recall_with_passes")
    return (
        f"{title}: blocking recall is {in_brackets(_reached(p, step, 'recall'))} "
        "against truth, "
        f"{with_passes.with_unit()} with the passes, and {text} by the model."
    )


def _per_cent(p: Publication, share: float | None) -> Cell:
    return p.d.marked("unavailable") if share is None else number(100 * share)


def rule_in_words(condition: str, names: Names) -> str:
    """A blocking rule as a reader would say it; a part that is not a plain equality
    stays SQL.
    """
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


def model_section(p: Publication) -> Section | None:
    """Distribution of match weights, level weights, m and u; the last step first."""
    figures = {
        step["step"]: [*_histogram(p, step), *_model_charts(p, step)]
        for step in p.steps
    }
    blocks = _last_first(p, figures, "match weights and model")
    text = (
        "A match weight is the log2 of how much more likely an agreement is for a "
        "match than for a non-match. A pair's "
        "weight is the sum over its comparison levels and the prior weight."
    )
    return (
        Section("model", "Match weights and the model", [Text(text), *blocks])
        if blocks
        else None
    )


def _histogram(p: Publication, step: Step) -> list[Block]:
    """Pairs by match weight; the bins at the ends of what is counted hold what lies
    beyond them too.
    """
    order = list(_DECISIONS)
    cells = [
        (order.index(key[0]), int(key[1]), cell)
        for key, cell in p.released(step).under("bin").items()
    ]
    cells.sort(key=lambda one: one[:2])
    bins = [(_DECISIONS[order[place]], start, cell) for place, start, cell in cells]
    starts = [start for _, start, cell in bins if cell.value]
    if not starts:
        return []
    decisions = {decision for decision, _, cell in bins if cell.value}
    values = [
        {"bin": start, "bin_end": start + 1, "group": decision, "value": cell.value}
        for decision, start, cell in bins
        if decision in decisions
        and cell.value != 0
        and min(starts) <= start <= max(starts)
    ]
    ends = p.evaluation.get("weight_range") or (-math.inf, math.inf)

    def label(start: int) -> str:
        text = f"{start} to under {start + 1}"
        text = (
            f"under {start + 1}"
            if start == ends[0]
            else f"{start} and over"
            if start == ends[1]
            else text
        )
        return text.replace("-", "−")

    rows: list[Row] = [[decision, label(start), cell] for decision, start, cell in bins]
    table = Table(
        f"{p.name_of(step)}: pairs by match weight",
        ["Decision", "Match weight", "Pairs"],
        rows,
    )
    summary = (
        "Each strip has its own scale. A dotted base line marks bins that are "
        "suppressed."
    )
    title = f"{p.name_of(step)}: match weight distribution"
    return [
        charts.figure(
            f"weights-{step['step']}", title, summary, charts.histogram(values), table
        )
    ]


def _model_charts(p: Publication, step: Step) -> list[Block]:
    """Level weights, m and u of a step's model: parameters, no counts of people."""
    model = step["parameters"]
    if not model or not model["levels"]:
        return []
    title, rows, probabilities = p.name_of(step), [], []
    for level in model["levels"]:
        names = {
            "group": p.names.column(level["comparison"]),
            "label": level_in_words(level, p.names),
        }
        m, u, weight = (p.d.parameter(level[key]) for key in ("m", "u", "match_weight"))
        rows.append(
            [*names.values(), m, u, weight, "yes" if level["term_frequency"] else "no"]
        )
        for cell, kind in ((m, "m, among matches"), (u, "u, among non-matches")):
            if cell.value and not level.get("corrects"):
                probabilities.append({**names, "kind": kind, "value": cell.value})
    heads = [
        "Comparison",
        "Level",
        "m probability",
        "u probability",
        "Match weight",
        "Term-frequency adjustment",
    ]
    table = Table(f"{title}: m, u and match weight by level", heads, rows)
    weights = [row for row in table.values(4) if row["value"] is not None]
    blocks: list[Block] = []
    if weights:
        prior = p.d.parameter(model["prior_weight"]).text
        summary = (
            "Bars to the right speak for a match, bars to the left against. The "
            f"prior weight is {prior}."
        )
        name = f"{title}: match weight by level"
        blocks.append(
            charts.figure(
                f"levels-{step['step']}", name, summary, charts.weights(weights), table
            )
        )
    if probabilities:
        chart, name = (
            charts.probabilities(probabilities),
            f"{title}: m and u probabilities",
        )
        summary = (
            "m is how often a level is reached among matches, u among "
            "non-matches. Interaction terms are left out."
        )
        blocks.append(
            charts.figure(f"m-and-u-{step['step']}", name, summary, chart, table)
        )
    return blocks


def level_in_words(level: Mapping[str, Any], names: Names) -> str:
    """A level's label without the comparison's own name, which stands above it."""
    text = str(level["label"]).removeprefix(f"{level['comparison']}: ")
    for tail in (f" on {level['comparison']}", f" of {level['comparison']}"):
        text = text.replace(tail, "")
    text = names.columns_in(text)
    return text[:1].upper() + text[1:]
