"""How the links were made: passes and decisions, match weights, and the model behind them."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from quality.disclosure import Cell, Disclosure
from quality.report import charts
from quality.report.drawing import figure
from quality.report.names import Names
from quality.report.page import Block, Fold, Section, Table, Text
from quality.report.pairs import Pairs

_DECISIONS = {"accepted": "Accepted", "review": "For review", "rejected": "Rejected"}


def passes_section(evaluation: Mapping[str, Any], pairs: Mapping[str, Pairs], names: Names) -> Section:
    """Links by the pass that made them, and pairs by decision."""
    rows: list[list[str | Cell]] = []
    values = []
    decided: list[list[str | Cell]] = []
    for step in evaluation["steps"]:
        shown = pairs[step["step"]]
        for (method, name), (cell, share) in shown.passes.items():
            rows.append([names.step(step), names.words(name), names.words(method), cell, share])
            values.append(
                {"label": names.words(name), "group": names.step(step), "value": cell.value, "shown": cell.text}
            )
        decided.append([names.step(step), *(shown.decisions[decision] for decision in _DECISIONS)])
    table = Table("Links by pass", ["Step", "Pass", "Method", "Links", "Share of the step's links, %"], rows)
    return Section(
        "passes",
        "Links by pass",
        [
            figure(
                "links-by-pass",
                "Links by the pass that made them",
                "A deterministic pass links pairs that agree by a fixed rule and are each other's only candidate. What "
                "the passes leave is weighed by the probabilistic model.",
                lambda width: charts.bars(values, width, x="Links", facet=True),
                table,
            ),
            Table("Pairs by decision", ["Step", *_DECISIONS.values()], decided),
        ],
    )


def weights_section(
    evaluation: Mapping[str, Any], pairs: Mapping[str, Pairs], models: Mapping[str, list[Block]], names: Names
) -> Section | None:
    """Distribution of match weights, m and u and level weights, step by step.

    Args:
        models: what `model_blocks` says of each step.
    """
    blocks: list[Block] = []
    ends = evaluation.get("weight_range") or (-math.inf, math.inf)
    for step in reversed(evaluation["steps"]):  # the last is what the run is about
        found = [*_histogram(step, pairs[step["step"]], ends, names), *models[step["step"]]]
        if found:
            blocks += found if not blocks else [Fold(f"{names.step(step)}: match weights and model", found)]
    if not blocks:
        return None
    opening = Text(
        f"A match weight says in powers of two how much likelier a pair's agreements are for one {names.of('person')} "
        "than for two. It is the sum of the weights of the levels that its comparisons reached and of the weight "
        "before any of them."
    )
    return Section("weights", "Match weights and the model", [opening, *blocks])


def _histogram(step: Mapping[str, Any], pairs: Pairs, ends: Sequence[float], names: Names) -> list[Block]:
    """Pairs by weight; the bins at the ends of what is counted hold what lies beyond them too."""
    in_order = sorted(pairs.bins.items(), key=lambda item: (list(_DECISIONS).index(item[0][0]), item[0][1]))
    values: list[dict[str, Any]] = [
        {
            "bin": start,
            "bin_end": start + 1,
            "group": _DECISIONS[decision],
            "value": cell.value,
            "shown": cell.text,
        }
        for (decision, start), cell in in_order
    ]
    rows: list[list[str | Cell]] = [
        [_DECISIONS[decision], _bin(start, ends), cell] for (decision, start), cell in in_order
    ]
    bins = [row["bin"] for row in values if row["value"]]
    if not bins:
        return []
    # Zeros are no bars. What is withheld is drawn where bars are: not far out, nor in a strip that has none.
    drawn = {row["group"] for row in values if row["value"]}
    values = [row for row in values if row["value"] != 0 and row["group"] in drawn]
    values = [row for row in values if min(bins) <= row["bin"] <= max(bins)]
    low, high = min(bins), max(bins) + 1
    accepted = [row["bin"] for row in values if row["value"] and row["group"] == "Accepted"]
    told = f"Accepted pairs are shown from {min(accepted)} to {max(accepted) + 1}. " if accepted else ""
    summary = told.replace("-", "−") + (
        "Each strip has its own scale. Where the base line is dotted a bin is withheld: it has too few pairs to show, "
        "or would tell of one that has."
    )
    return [
        figure(
            f"weights-{step['step']}",
            f"Match weights of pairs, {names.step(step)}",
            summary,
            lambda width: charts.histogram(values, width, low=low, high=high),
            Table(f"{names.step(step)}: pairs by match weight", ["Decision", "Match weight", "Pairs"], rows),
        )
    ]


def _bin(start: int, ends: Sequence[float]) -> str:
    said = f"{start} to under {start + 1}"
    if start == ends[0]:
        said = f"under {start + 1}"
    if start == ends[1]:
        said = f"{start} and over"
    return said.replace("-", "−")


def model_blocks(step: Mapping[str, Any], names: Names, d: Disclosure) -> list[Block]:
    """m and u and the weight of each level of a step's model, which tell nothing of single persons."""
    model = step["parameters"]
    if not model or not model["levels"]:
        return []
    levels = [
        {
            **level,
            "comparison": names.column(level["comparison"]),
            "label": _label(level, names),
            **{key: d.parameter(level[key]) for key in ("m", "u", "match_weight")},
        }
        for level in model["levels"]
    ]
    table = _levels_in_a_table(levels, f"{names.step(step)}: m, u and match weight by level")
    prior = d.parameter(model["prior_weight"])
    start = "" if prior.value is None else f" A pair starts from {prior.text}."
    return [*_weights_of_levels(levels, table, step, names, start), *_m_and_u(levels, table, step, names)]


def _levels_in_a_table(levels: Sequence[Mapping[str, Any]], caption: str) -> Table:
    rows: list[list[str | Cell]] = [
        [
            row["comparison"],
            row["label"],
            *(row[key] for key in ("m", "u", "match_weight")),
            "yes" if row["term_frequency"] or row.get("rarest") else "no",
        ]
        for row in levels
    ]
    columns = ["Comparison", "Level", "m", "u", "Match weight", "Adjusted for how common the value is"]
    return Table(caption, columns, rows)


def _weights_of_levels(
    levels: Sequence[Mapping[str, Any]], table: Table, step: Mapping[str, Any], names: Names, start: str
) -> list[Block]:
    weighted = [
        {
            "label": row["label"],
            "group": row["comparison"],
            "weight": row["match_weight"].value,
            "shown": row["match_weight"].text,
        }
        for row in levels
        if row["match_weight"].value is not None
    ]
    if not weighted:
        return []
    strongest = max(weighted, key=lambda row: row["weight"])
    return [
        figure(
            f"levels-{step['step']}",
            f"What each level is worth, {names.step(step)}",
            f"The strongest evidence for a match is {strongest['group']}, {strongest['label'].lower()}, with "
            f"{strongest['weight']:.1f}.{start} Bars to the right speak for a match, bars to the left against it.",
            lambda width: charts.weights(weighted, width),
            table,
        )
    ]


def _m_and_u(levels: Sequence[Mapping[str, Any]], table: Table, step: Mapping[str, Any], names: Names) -> list[Block]:
    probable = [
        {
            "label": row["label"],
            "group": row["comparison"],
            "kind": kind,
            "value": row[key].value,
            "shown": row[key].text,
        }
        for row in levels
        for key, kind in (("m", "m, among matches"), ("u", "u, among non-matches"))
        if row[key].value and not row.get("corrects")
    ]
    if not probable:
        return []
    correcting = next((row["comparison"] for row in levels if row.get("corrects")), None)
    left_out = (
        f" Left out are comparisons such as “{correcting}”, which take back what others say too much or too little: "
        "of them only the match weight has a meaning."
        if correcting
        else ""
    )
    return [
        figure(
            f"m-and-u-{step['step']}",
            f"m and u probabilities, {names.step(step)}",
            f"m is how often a level is met among pairs of one {names.of('person')}, u how often among pairs of "
            f"two. The further apart, the more the level says.{left_out}",
            lambda width: charts.probabilities(probable, width),
            table,
        )
    ]


def _label(level: Mapping[str, Any], names: Names) -> str:
    """A level's label without the comparison's own name, which stands above it."""
    text = str(level["label"]).removeprefix(f"{level['comparison']}: ")
    for tail in (f" on {level['comparison']}", f" of {level['comparison']}"):
        text = text.replace(tail, "")
    text = names.columns_in(text)
    return text[:1].upper() + text[1:]
