"""People whose records contradict each other: the least that is falsely linked."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from quality.disclosure import Cell, Disclosure
from quality.report import charts
from quality.report.drawing import figure
from quality.report.names import Names
from quality.report.page import Block, Section, Table, Text


def implausible_section(evaluation: Mapping[str, Any], names: Names, d: Disclosure) -> Section | None:
    """None where the run has no spine, or no rule could be asked."""
    found = (evaluation.get("spine") or {}).get("implausible")
    if not found or not found["rules"]:
        return None
    told = [_told(rule["people"], rule["people_at_risk"], d) for rule in found["rules"]]
    values = [
        {
            "label": rule["rule"][:1].upper() + rule["rule"][1:],
            "value": one.share.value,
            "low": one.low.value,
            "high": one.high.value,
            "shown": f"{one.share.text}% ({one.low.text} to {one.high.text})",
        }
        for rule, one in zip(found["rules"], told, strict=True)
        if one.share.value is not None
    ]
    whole = _whole(found, told, d)
    said = (
        ""
        if whole.value is None
        else f"{whole.text}% of the people with two records or more have records that contradict each other."
    )
    asked = ", ".join(rule["rule"] for rule in found["rules"][:2]) + (
        " and the like" if len(found["rules"]) > 2 else ""
    )
    blocks: list[Block] = [
        Text(
            f"Some things are not of one person: {asked}. Where records that were linked show them together, either a "
            "link is false or a record is wrong. Shares are of people with two records that could have contradicted "
            "each other. Beside them stands, where it can be told, how often a single record contradicts itself: so "
            "much is the sources' own."
        ),
        figure(
            "implausible-people",
            "People whose records contradict each other",
            said or "How many people have records that contradict each other is not shown: it would tell of few.",
            lambda width: charts.dots(values, width, x="Of those who could, %"),
            _table(found, told, whole, d),
        ),
        _steps_table(evaluation, names, d),
    ]
    return Section("implausible", "What cannot be", blocks)


@dataclass(frozen=True)
class _Told:
    """A share of people or links, released with its base: it is a count of theirs, whoever is in error."""

    base: Cell
    share: Cell
    low: Cell
    high: Cell


def _told(part: int, of: int, d: Disclosure) -> _Told:
    base = d.count(of)
    share = d.percent(part, of, tied=[base], rare=True)
    return _Told(base, share, *d.sampled(share, base))


def _whole(found: Mapping[str, Any], told: Sequence[_Told], d: Disclosure) -> Cell:
    """The share of any rule. It is hidden where it would tell, less the rules shown, of the few that others found."""
    hidden = [one.share.mark == "suppressed" for one in told]
    shown = sum(rule["people"] for rule, is_hidden in zip(found["rules"], hidden, strict=True) if not is_hidden)
    tells = any(hidden) and shown > 0 and found["implausible"] - shown < d.profile.threshold
    tied = [d.marked("suppressed")] if tells else []
    return d.percent(found["implausible"], found["people"], tied=tied, rare=True)


def _table(found: Mapping[str, Any], told: Sequence[_Told], whole: Cell, d: Disclosure) -> Table:
    has_truth = found["confirmed"] is not None
    rows: list[list[str | Cell]] = [
        [
            rule["rule"][:1].upper() + rule["rule"][1:],
            one.base,
            one.share,
            one.low,
            one.high,
            _background(rule["background"], d),
            rule["why"],
        ]
        for rule, one in zip(found["rules"], told, strict=True)
    ]
    return Table(
        "People whose records contradict each other, by rule",
        ["What", "People who could", "Do, %", "95% from", "to", "Of single records, %", "Why it cannot be"],
        rows,
        _confirmed(found, whole, d) if has_truth else "",
    )


def _background(share: Mapping[str, Any] | None, d: Disclosure) -> Cell:
    return d.percent(int(share["count"]), share["of"], rare=True) if share else d.marked("not_applicable")


def _confirmed(found: Mapping[str, Any], whole: Cell, d: Disclosure) -> str:
    assessed = found.get("assessed", found["implausible"])
    share = d.percent(found["confirmed"], assessed, tied=[whole])
    if share.mark is not None:
        return "Of too few such people truth says whether a link is false."
    whom = "such people" if assessed == found["implausible"] else "such people whom it knows"
    return f"Truth says that of {whom} {share.text}% have a false link; of the others a record is wrong."


def _steps_table(evaluation: Mapping[str, Any], names: Names, d: Disclosure) -> Table:
    rows: list[list[str | Cell]] = []
    for step in evaluation["steps"]:
        if step.get("implausible"):
            share = step["implausible"]["share"]
            one = _told(int(share["count"]), share["of"], d)
            rows.append([names.step(step), one.share, one.low, one.high])
    return Table(
        "Links between records that contradict each other, by step",
        ["Step", "Of the links, %", "95% from", "to"],
        rows,
    )
