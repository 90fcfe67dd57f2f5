"""People whose records contradict each other, and what of it is the least that is falsely linked."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from quality.disclosure import Cell, Disclosure
from quality.measures.intervals import wilson
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
    whole = _whole(found["implausible"], found["people"], zip(found["rules"], told, strict=True), d)
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
        *_least_text(found, told, d),
        figure(
            "implausible-people",
            "People whose records contradict each other",
            _summary(found, whole, d),
            lambda width: charts.dots(values, width, x="Of those who could, %"),
            _table(found, told, whole, d),
        ),
        _steps_table(evaluation, names, d),
    ]
    return Section("implausible", "What cannot be", blocks)


def _summary(found: Mapping[str, Any], whole: Cell, d: Disclosure) -> str:
    if whole.value is not None:
        return f"{whole.text}% of the people with two records or more have records that contradict each other."
    if _is_tied(found, whole, d):
        return (
            "Beside the rules whose shares are shown, the share of all people whose records contradict each other is "
            "not shown: it would tell of few."
        )
    return "How many people have records that contradict each other is not shown: it would tell of few."


def _is_tied(found: Mapping[str, Any], whole: Cell, d: Disclosure) -> bool:
    """Whether a share of many is hidden, for what it would tell beside others."""
    return whole.mark == "suppressed" and found["implausible"] >= d.profile.threshold


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


def _whole(part: int, of: int, rules: Iterable[tuple[Mapping[str, Any], "_Told"]], d: Disclosure) -> Cell:
    """The share of any rule. It is hidden where it would tell, less the rules shown, of the few that others found."""
    rules = list(rules)
    shown = sum(rule["people"] for rule, one in rules if one.share.mark != "suppressed")
    is_hidden = any(one.share.mark == "suppressed" for _, one in rules)
    tells = is_hidden and shown > 0 and part - shown < d.profile.threshold
    return d.percent(part, of, tied=[d.marked("suppressed")] if tells else [], rare=True)


def _least(
    least: Mapping[str, Any], contradicting: int, d: Disclosure, tied: Sequence[Cell] = ()
) -> tuple[Cell, Cell, Cell]:
    """The least with its interval, which is reckoned from rounded counts as `Disclosure.sampled` is.

    It is hidden where the share of all that contradict each other would tell, less the least, of few.
    """
    part = math.floor(least["count"] + 0.5)
    tells = part > 0 and 0 < contradicting - part < d.profile.threshold
    share = d.percent(part, least["of"], tied=[*tied, *([d.marked("suppressed")] if tells else [])], rare=True)
    base = round(d.rounded(least["of"]).value or 0)
    if share.value is None or not base:
        return share, d.untold(share), d.untold(share)
    places = len(share.text.partition(".")[2])
    low, high = (
        100 * (wilson(min(d.rounded(math.floor(least["counts"][bound] + 0.5)).value or 0.0, base), base)[bound] or 0.0)
        for bound in ("low", "high")
    )
    bounds = f"{min(low, share.value):.{places}f}", f"{max(high, share.value):.{places}f}"
    return share, Cell(bounds[0], float(bounds[0])), Cell(bounds[1], float(bounds[1]))


def _least_text(found: Mapping[str, Any], told: Sequence[_Told], d: Disclosure) -> list[Block]:
    """The least of people that are falsely linked; nothing where no rule has a background."""
    least = found.get("least")
    if not least or not least["of"]:
        return []
    known = [(rule, one) for rule, one in zip(found["rules"], told, strict=True) if rule.get("excess")]
    part = math.floor(least["count"] + 0.5)
    tied = [_whole(part, least["of"], known, d)] if part else []
    share, low, high = _least(least, found["implausible"], d, tied)
    others = [rule["rule"] for rule in found["rules"] if not rule.get("excess")]
    if share.value is not None:
        said = (
            f"At least {share.text}% (95% interval {low.text} to {high.text}) of the people with two records or more "
            "hold records of somebody else."
        )
    elif part < d.profile.threshold:
        said = f"Fewer than {d.profile.threshold} people can be said to hold records of somebody else."
    else:
        said = "The least share of people who hold records of somebody else is not shown: it would tell of few."
    beside = (
        f" How much of what the other rules find ({'; '.join(others)}) is the sources' own no single record can tell: "
        "these are contradictions, where linkage is good mostly errors of the sources, and are not counted here."
        if others
        else ""
    )
    return [
        Text(
            f"{said} That is what some rules find beyond what single records show by themselves "
            f"({'; '.join(rule['rule'] for rule, _ in known)}). It is a floor: false links that contradict nothing are "
            f"not in it.{beside}"
        )
    ]


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
    if _is_tied(found, whole, d):
        return "What truth says of such people is not shown, as their share is not: it would tell of few."
    share = d.percent(found["confirmed"], assessed, tied=[whole])
    if share.mark is not None:
        return "What truth says of such people is not shown: those with a false link, or those without, are too few."
    whom = "such people" if assessed == found["implausible"] else "such people whom it knows"
    return f"Truth says that of {whom} {share.text}% have a false link; of the others a record is wrong."


def _steps_table(evaluation: Mapping[str, Any], names: Names, d: Disclosure) -> Table:
    steps = [step for step in evaluation["steps"] if step.get("implausible")]
    has_least = any(step["implausible"].get("least") for step in steps)
    rows: list[list[str | Cell]] = []
    for step in steps:
        share = step["implausible"]["share"]
        one = _told(int(share["count"]), share["of"], d)
        rows.append([names.step(step), one.share, one.low, one.high, *(_step_least(step, d) if has_least else [])])
    return Table(
        "Links between records that contradict each other, by step"
        + (", and the least that are false" if has_least else ""),
        ["Step", "Of the links, %", "95% from", "to", *(["False at least, %", "95% from", "to"] if has_least else [])],
        rows,
    )


def _step_least(step: Mapping[str, Any], d: Disclosure) -> list[str | Cell]:
    found = step["implausible"]
    if not found.get("least"):
        return [d.marked("not_applicable")] * 3
    return list(_least(found["least"], found["implausible"], d))
