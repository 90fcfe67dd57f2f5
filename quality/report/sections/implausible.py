"""Implausible links: people whose records contradict each other, and the least share of
false links that follows.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from quality.disclosure import Cell, Disclosure
from quality.intervals import wilson
from quality.report import charts
from quality.report.page import Block, Row, Section, Table, Text
from quality.report.released import Publication
from quality.report.showing import INTERVAL, in_brackets

Share = list[Cell]  # value, low, high


def implausible_section(p: Publication) -> Section | None:
    """None where the run has no spine, or no rule could be applied."""
    checks = (p.evaluation.get("spine") or {}).get("implausible")
    if not checks or not checks["rules"]:
        return None
    rules, shares = (
        checks["rules"],
        [
            _share(rule["people"], rule["people_at_risk"], p.d)
            for rule in checks["rules"]
        ],
    )
    whole = _whole(checks["implausible"], checks["people"], rules, shares, p.d)
    rows: list[Row] = [
        [
            *(
                rule["rule"][:1].upper() + rule["rule"][1:],
                p.d.count(rule["people_at_risk"]),
                *share,
            ),
            p.d.percent(int(single["count"]), single["of"], rare=True)
            if single
            else p.d.marked("not_applicable"),
            rule["why"],
        ]
        for rule, share in zip(rules, shares, strict=True)
        for single in [rule["background"]]
    ]
    heads = [
        "Rule",
        "People at risk",
        "Contradict, %",
        *INTERVAL,
        "Of single records, %",
        "Why it is implausible",
    ]
    table = Table(
        "People with contradictory records, by rule",
        heads,
        rows,
        _confirmed(checks, whole, p.d),
    )
    summary = "The share of all people is not shown: it would disclose a small number."
    if whole.value is not None:
        summary = (
            f"{whole.text}% of people with two records or more have records "
            "that "
            "contradict each other."
        )
    text = (
        "Some histories are impossible for one person. Where linked records show one, "
        "a link is false or a record is "
        "wrong. Shares are of people with two records that could contradict each "
        "other. The share of single records "
        "that contradict themselves shows the error of the sources."
    )
    chart = charts.dots(table.values(2, 0, None, bounds=True), x="Of people at risk, %")
    by_step: list[Row] = [
        [p.name_of(step), *_share(int(share["count"]), share["of"], p.d)]
        for step in p.steps
        if step.get("implausible")
        for share in [step["implausible"]["share"]]
    ]
    blocks: list[Block] = [
        *(Text(text), *_least_text(checks, shares, p.d)),
        charts.figure(
            "implausible-people",
            "People with contradictory records",
            summary,
            chart,
            table,
        ),
        Table(
            "Links between contradictory records, by step",
            ["Step", "Of the links, %", *INTERVAL],
            by_step,
        ),
    ]
    return Section("implausible", "Implausible links", blocks)


def _share(part: int, of: int, d: Disclosure) -> Share:
    base = d.count(of)
    share = d.percent(part, of, tied=[base], rare=True)
    return [share, *d.sampled(share, base)]


def _whole(
    part: int,
    of: int,
    rules: Sequence[Mapping[str, Any]],
    shares: Sequence[Share],
    d: Disclosure,
) -> Cell:
    """The share of any rule; hidden where, less the rules shown, it would disclose the
    few of the others.
    """
    is_shown = [share[0].mark != "suppressed" for share in shares]
    people = sum(
        rule["people"] for rule, one in zip(rules, is_shown, strict=True) if one
    )
    discloses = not all(is_shown) and people > 0 and part - people < d.profile.threshold
    return d.percent(
        part, of, tied=[d.marked("suppressed")] if discloses else [], rare=True
    )


def _least(
    estimate: Mapping[str, Any],
    contradicting: int,
    d: Disclosure,
    cells: Sequence[Cell] = (),
) -> Share:
    """The least share of false links with an interval from rounded counts, as
    `Disclosure.sampled` has it.

    Hidden where the share of all that contradict each other, less the least, would
    disclose few.
    """
    part = math.floor(estimate["count"] + 0.5)
    discloses = part > 0 and 0 < contradicting - part < d.profile.threshold
    share = d.percent(
        part,
        estimate["of"],
        tied=[*cells, *([d.marked("suppressed")] if discloses else [])],
        rare=True,
    )
    base = round(d.rounded(estimate["of"]).value or 0)
    if share.value is None or not base:
        return [share, d.derived(share), d.derived(share)]
    places = len(share.text.partition(".")[2])
    counts = {
        bound: d.rounded(math.floor(estimate["counts"][bound] + 0.5)).value or 0.0
        for bound in ("low", "high")
    }
    low, high = (
        100 * (wilson(min(counts[bound], base), base)[bound] or 0.0)
        for bound in ("low", "high")
    )
    texts = (
        f"{min(low, share.value):.{places}f}",
        f"{max(high, share.value):.{places}f}",
    )
    return [share, *(Cell(text, float(text)) for text in texts)]


def _least_text(
    checks: Mapping[str, Any], shares: Sequence[Share], d: Disclosure
) -> list[Text]:
    """The least share of people with a false link; nothing where no rule has a
    background rate.
    """
    estimate = checks.get("least")
    if not estimate or not estimate["of"]:
        return []
    known = [
        (rule, share)
        for rule, share in zip(checks["rules"], shares, strict=True)
        if rule.get("excess")
    ]
    rules, part = [rule for rule, _ in known], math.floor(estimate["count"] + 0.5)
    cells = (
        [_whole(part, estimate["of"], rules, [share for _, share in known], d)]
        if part
        else []
    )
    share = _least(estimate, checks["implausible"], d, cells)
    text = (
        "The least share of people with a false link is not shown: it would "
        "disclose a small number."
    )
    if share[0].value is not None:
        text = (
            f"At least {in_brackets(share)} of people with two records or more "
            "have "
            "a false link."
        )
    text += (
        " Only contradictions above the rate seen within single records count "
        f"({'; '.join(r['rule'] for r in rules)}). "
        "False links that contradict nothing are not counted, so this is a lower bound."
    )
    return [Text(text)]


def _confirmed(checks: Mapping[str, Any], whole: Cell, d: Disclosure) -> str:
    if checks["confirmed"] is None:
        return ""
    share = d.percent(checks["confirmed"], checks["assessed"] or 0, tied=[whole])
    if share.mark is not None:
        return ""
    return (
        f"Truth: {share.text}% of people with contradictory records have a false "
        "link; of the others a record is wrong."
    )
