"""What passes and blocking rules made: pairs, links, seconds, and the share of matches that the rules reach."""

import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

from quality.disclosure import Cell, Disclosure
from quality.measures.intervals import Z95
from quality.report.names import Names
from quality.report.page import Block, Fold, Section, Table, Text
from quality.report.pairs import Pairs

_OPENING = (
    "The model weighs only pairs that a blocking rule makes, so that a match which no rule reaches is lost. A rule "
    "makes the pairs that agree on what it names; new are those that no rule before it has made, and kept those that "
    "come near enough to a link to be looked at."
)

_TELLING = 0.32
"""Standard deviation of a log odds ratio that ten matches in which both fields differ have."""

_SECOND = (
    "Links are more than pairs where second records joined: who was left without a link is held, by the same rules, "
    "against those who have one, and joins where the two are one person. Those pairs are counted among links alone."
)


def blocking_section(
    evaluation: Mapping[str, Any], pairs: Mapping[str, Pairs], names: Names, d: Disclosure
) -> Section | None:
    """Passes and rules of every step, the last first."""
    blocks: list[Block] = []
    for step in reversed(evaluation["steps"]):
        if not step.get("blocking"):
            continue
        found = _step(step, pairs[step["step"]], names, d)
        blocks += found if not blocks else [Fold(f"{names.step(step)}: passes and blocking rules", found)]
    return Section("blocking", "Passes and blocking rules", [Text(_OPENING), *blocks]) if blocks else None


def _step(step: Mapping[str, Any], shown: Pairs, names: Names, d: Disclosure) -> list[Block]:
    blocking, title = step["blocking"], names.step(step)
    blocks: list[Block] = [Text(_sentence(blocking, title, d))]
    if blocking["passes"]:
        blocks.append(
            Table(
                f"{title}: pairs and links by pass",
                ["Pass", "Pairs", "Accepted by the pass", "Links", "Seconds"],
                _pass_rows(blocking["passes"], shown, names, d),
            )
        )
    if blocking["rules"]:
        measured = blocking["recall"] is not None
        shares = "True pairs reached, %" if measured else "Matches reached, % (estimated)"
        added = "By no earlier rule, %" if measured else "By no earlier rule, % (estimated)"
        blocks.append(
            Table(
                f"{title}: pairs, links and reach by blocking rule",
                ["Blocking rule", "Pairs made", "New pairs", "Kept", "Links", "Seconds", shares, added],
                _rule_rows(blocking["rules"], shown, names, d, measured),
                note=_note(blocking),
            )
        )
    return [*blocks, *_together(blocking.get("differ_together", ()), title, names)]


def _together(told: Sequence[Mapping[str, Any]], title: str, names: Names) -> list[Block]:
    """How much more often two fields of a match differ than if they erred alone, of those that show it."""
    rows: list[list[str | Cell]] = []
    for row in sorted(told, key=lambda row: (-row["log_odds"], row["fields"])):
        if row["sd"] <= _TELLING and "not known" not in row["show"]:
            ends = (row["log_odds"] + deviates * row["sd"] for deviates in (0.0, -Z95, Z95))
            fields = [
                names.column(field) + ("" if what == "differs" else ", but not all of it")
                for field, what in zip(row["fields"], row["show"], strict=True)
            ]
            rows.append([" and ".join(fields), *(Cell(f"{math.exp(end):,.1f}", math.exp(end)) for end in ends)])
    if not rows:
        return []
    return [
        Table(
            f"{title}: how much more often two fields of a match differ together than by chance",
            ["Fields", "Odds ratio", "95% from", "to"],
            rows,
            note="1: as if they erred alone. Fields that too few matches show to differ together are left out. From "
            "this follows what no rule reaches.",
        )
    ]


def _sentence(blocking: Mapping[str, Any], title: str, d: Disclosure) -> str:
    if blocking["estimated_recall"] is None:
        estimate = "the step was asked for its links alone, so that what rules miss is not estimated"
        if blocking["recall"] is None:
            return f"{title}: {estimate}, and there is no truth to measure it by."
    else:
        estimate = f"{100 * blocking['estimated_recall']:.2f}% by the model's own estimate, from what the links show"
    if blocking["recall"] is None:
        return f"{title}: the rules are expected to reach {estimate}. This step has no truth to measure it by."
    reached, low, high = d.accuracy(blocking["recall"]), *d.interval(blocking["recall"])
    with_passes = d.accuracy(blocking["recall_with_passes"])
    return (
        f"{title}: the rules reach {reached.with_unit()} of the true pairs (95% {low.text} to {high.text}), with what "
        f"passes have linked {with_passes.with_unit()}; {estimate}."
    )


def _note(blocking: Mapping[str, Any]) -> str:
    said = []
    if blocking["passes"]:
        reached = "; what is reached is a share of all true pairs, also of those that passes have linked"
        said.append(f"Pairs are of those whom the passes left{'' if blocking['recall'] is None else reached}.")
    if any(rule["pairs_are"] == "estimated" for rule in blocking["rules"]):
        said.append("Pairs made and new pairs are estimated from a sample of each side.")
    if any(rule["links"] > rule["pairs_kept"] for rule in blocking["rules"]):
        said.append(_SECOND)
    return " ".join(said)


def _pass_rows(
    passes: Sequence[Mapping[str, Any]], shown: Pairs, names: Names, d: Disclosure
) -> list[list[str | Cell]]:
    return [
        [
            names.words(row["pass"]),
            *cells,
            shown.passes[key][0] if (key := ("deterministic", row["pass"])) in shown.passes else d.count(row["links"]),
            _seconds(row["seconds"]),
        ]
        for row, cells in zip(passes, shown.by_pass, strict=True)
    ]


def _rule_rows(
    rules: Sequence[Mapping[str, Any]], shown: Pairs, names: Names, d: Disclosure, measured: bool
) -> list[list[str | Cell]]:
    rows: list[list[str | Cell]] = []
    for place, (row, cells) in enumerate(zip(rules, shown.by_rule, strict=True), 1):
        key = ("probabilistic", f"rule {place}")
        links = shown.passes[key][0] if key in shown.passes else d.count(row["links"])
        reach = (
            [d.accuracy(row["recall"]), d.accuracy(row["added_recall"])]
            if measured
            else [_estimated(row["estimated_recall"], d), _estimated(row["estimated_added"], d)]
        )
        rows.append([f"{place}: {in_words(row['rule'], names)}", *cells, links, _seconds(row["seconds"]), *reach])
    return rows


def _seconds(value: float) -> Cell:
    return Cell(f"{value:,.1f}", value)


def _estimated(share: float | None, d: Disclosure) -> Cell:
    """A figure of the model, not a count of persons."""
    return d.marked("unavailable") if share is None else Cell(f"{100 * share:.2f}", round(100 * share, 2))


_OF_WORDS = "_words"  # ends the name of a list of a text's rare words
_EQUAL = re.compile(r'l\."?(\w+)"? = r\."?(\w+)"?', re.IGNORECASE)
_FIRST = re.compile(
    r'(?:substr|substring)\(l\."?(\w+)"?, 1, (\d+)\) = (?:substr|substring)\(r\."?(\w+)"?, 1, \2\)', re.IGNORECASE
)


def in_words(condition: str, names: Names) -> str:
    """A rule as a reader would say it; a part that is no plain equality stays SQL."""
    return " and ".join(_part(part.strip(), names) for part in re.split(r"\band\b", condition, flags=re.IGNORECASE))


def _part(part: str, names: Names) -> str:
    equal, first = _EQUAL.fullmatch(part), _FIRST.fullmatch(part)
    if equal and equal[1] == equal[2]:
        if equal[1].endswith(_OF_WORDS):
            field = equal[1].removesuffix(_OF_WORDS)
            return f"a {'cell' if field == 'position' else 'rare word'} of {_inside(names.words(field))}"
        name, of_list = equal[1].removesuffix("_all"), equal[1].endswith("_all")
        return _inside(names.words(name)) + (" at any time" if of_list else "")
    if first and first[1] == first[3]:
        return f"first {first[2]} characters of {_inside(names.words(first[1]))}"
    return part


def _inside(name: str) -> str:
    """A name inside a sentence: NINO stays as it is."""
    return name if name.isupper() else name[:1].lower() + name[1:]
