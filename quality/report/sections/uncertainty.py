"""How much the links could differ: sampled link sets by step and by group, and how an estimate carries them."""

from collections.abc import Mapping, Sequence
from typing import Any

from quality.disclosure import Cell, Disclosure
from quality.report import charts
from quality.report.drawing import figure
from quality.report.names import Names
from quality.report.page import Block, Figure, Fold, Heading, Section, Table, Text
from quality.report.pairs import Pairs
from quality.report.released import Group, Side

_OUTER = ("mean", "low", "high")
_HEADS = ["Mean of samples, %", "Standard deviation, points", "2.5% point", "97.5% point"]
_FEWEST = 10
"""Times the fewest that any share is of: of fewer people a sample's share differs by one of them who can be seen."""
_RULES = (
    "Who estimates something makes the estimate once on each sample. The combined estimate is the mean of these. Its "
    "variance is the mean of their variances, which is what any set of links leaves open, plus the variance between "
    "them times 1 + 1/m, of m samples, which is what the linkage leaves open (Rubin 1987, chapter 3).",
    "Where the second is a large part, the finding hangs on links that are not sure: see whose they are before it is "
    "used. A number of links, or a rate, that hardly varies does not say that no finding does: samples may link as "
    "many, and others.",
    "Samples are as good as the probabilities that they are drawn by, and know nothing of matches of which no pair was "
    "kept. An extract has them where its project asks for link samples; docs/uncertainty.md has the lines to write.",
)


def uncertainty_section(
    evaluation: Mapping[str, Any],
    sides: Mapping[str, Mapping[str, Side]],
    pairs: Mapping[str, Pairs],
    names: Names,
    d: Disclosure,
) -> Section:
    """Without sampled link sets a sentence says so, and how to ask for them."""
    steps = [step for step in evaluation["steps"] if step.get("uncertainty")]
    blocks: list[Block] = [Text(_opening(evaluation["steps"], steps, names))]
    if steps:
        tables = {step["step"]: _groups(step, sides[step["step"]]["left"], names, d) for step in steps}
        blocks.append(_steps(steps, pairs, names, d))
        *before, last = steps
        if last["uncertainty"]["characteristics"]:
            blocks.append(_chart(last, tables[last["step"]], names))
        else:
            blocks.append(tables[last["step"]])
        blocks += [Fold(f"{names.step(step)}: link rates of samples", [tables[step["step"]]]) for step in before]
        blocks += [Heading("What to do with it"), *map(Text, _RULES)]
    return Section("uncertainty", "Uncertainty", blocks)


def _opening(every: Sequence[Mapping[str, Any]], steps: Sequence[Mapping[str, Any]], names: Names) -> str:
    asked = (
        "A step of a run draws them with samples = 20 in its file, leo link with --samples 20 (docs/uncertainty.md)."
    )
    if not steps:
        return (
            "No alternative sets of links were drawn, so that nothing is said here of how much links, and what is "
            f"found by them, could differ. {asked}"
        )
    others = [names.step(step) for step in every if not step.get("uncertainty")]
    drawn = sorted({step["uncertainty"]["draws"] for step in steps})
    many = f"{drawn[0]}" if len(drawn) == 1 else f"{drawn[0]} to {drawn[-1]}"
    return (
        f"Beside its links a step may draw sets of links that the evidence allows as well; here {many}. A pair is in "
        "as many of them as its probability says, and sure links are in all. How much a figure varies from sample to "
        "sample is what the linkage leaves open of it."
        + (f" None were drawn of {', '.join(others)}. {asked}" if others else "")
    )


def _steps(steps: Sequence[Mapping[str, Any]], pairs: Mapping[str, Pairs], names: Names, d: Disclosure) -> Table:
    """Numbers of links as the step's own is shown; how many stand in all samples as a share."""
    rows: list[list[str | Cell]] = []
    for step in steps:
        said, links = step["uncertainty"], pairs[step["step"]].links
        made = sum(row["pairs"] for row in step["decisions"] if row["decision"] == "accepted")
        cells = [d.count(d.beside(said["links"][key], made)) for key in _OUTER]
        if links.value is None or any(cell.mark == "suppressed" for cell in cells):
            mean, low, high, deviation, in_all = [d.untold(links, *cells)] * 5
        else:
            mean, low, high = cells
            deviation = d.spread(said["links"]["deviation"], places=1)
            in_all = d.percent(said["in_all"], said["pairs"], tied=(links,), rare=True)
        rows.append([names.step(step), d.parameter(said["draws"], 0), links, mean, deviation, low, high, in_all])
    heads = ["Step", "Samples", "Links", "Mean of samples", "Standard deviation", *_HEADS[2:], "In all samples, %"]
    return Table(
        "Links from sample to sample",
        heads,
        rows,
        "In all samples: of the pairs that any sample links, those that all of them link. The 2.5 and 97.5 % points "
        f"lie between two samples where none has that place. {_alike(d)}",
    )


def _groups(step: Mapping[str, Any], side: Side, names: Names, d: Disclosure) -> Table:
    """Rates of those in the calculation, where the rate of the links as they are is shown."""
    said = step["uncertainty"]
    released = {name: groups for name, _, groups in side.characteristics}  # in the order of the evaluation's
    rows: list[list[str | Cell]] = [["All", "All", side.whole.rate, *_cells(said["linked"], side.whole, d)]]
    for row in said["characteristics"]:
        for group, shown in zip(row["groups"], released[row["characteristic"]], strict=True):
            rows.append([row["title"], group["label"], shown.rate, *_cells(group, shown, d)])
    return Table(
        f"{names.step(step)}: link rates from sample to sample",
        ["Characteristic", "Group", "Matched, %", *_HEADS],
        rows,
        f"Groups of fewer than {d.profile.fewest * _FEWEST:g} in the calculation are not told. {_alike(d)}",
    )


def _alike(d: Disclosure) -> str:
    fewest = d.profile.threshold
    return f"What differs from the step's own links by fewer than {fewest} is written as these." if fewest > 1 else ""


def _cells(said: Mapping[str, Any], released: Group, d: Disclosure) -> list[Cell]:
    """Mean, standard deviation and outer points of a rate: hidden where the rate of the links is, or one of them."""
    if released.rate.value is None:
        return [d.untold(released.rate)] * 4
    tied = (released.eligible, released.linked, released.unlinked)
    drawn = [d.beside(said[key], said["linked"]) for key in _OUTER]
    shares = [d.percent(count, said["eligible"], tied=tied) for count in drawn]
    few = said["eligible"] < _FEWEST * d.profile.fewest
    if few or any(cell.mark == "suppressed" for cell in shares):
        return [d.marked("suppressed")] * 4
    deviation = said["deviation"]
    points = None if deviation is None else 100 * deviation / said["eligible"]
    mean, low, high = shares
    return [mean, d.spread(points), low, high]


def _chart(step: Mapping[str, Any], table: Table, names: Names) -> Figure:
    """Years of birth are in the table alone, as elsewhere."""
    cohorts = {row["title"] for row in step["uncertainty"]["characteristics"] if row["characteristic"] == "cohort"}
    values = []
    for title, label, _, _, deviation, *_ in table.rows:
        if isinstance(deviation, Cell) and deviation.mark in (None, "low") and title not in {"All", *cohorts}:
            values.append({"label": label, "group": title, "value": deviation.value, "shown": deviation.text})
    return figure(
        "rates-from-sample-to-sample",
        f"{names.step(step)}: how much link rates vary from sample to sample",
        _words(values) + (" Years of birth are in the table." if cohorts else ""),
        lambda width: charts.bars(values, width, x="Standard deviation, points", facet=True),
        table,
    )


def _words(values: Sequence[Mapping[str, Any]]) -> str:
    if not values:
        return "No group is large enough to be shown."
    most = max(values, key=lambda row: row["value"] or 0)
    unseen = sum(not row["value"] for row in values)
    few = (
        f"In {unseen} of {len(values)} groups the rate does not vary, or by less than can be written. "
        if unseen
        else ""
    )
    if not most["value"]:
        return f"{few}What the links leave open is who is linked to whom, and hardly who is linked."
    return (
        f"{few}It varies most of {most['group']}: {most['label']}, by a standard deviation of {most['shown']} "
        "percentage points."
    )
