"""A comparison as a page in the form of the report: what a second run links otherwise, for whom, and by which change.

Counts are exact: the page is for those who judge the linkage, and not for publication.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from linkage.catalogue import Catalogue, shipped
from quality.dashboard.comparison.counting import FATES, as_each_has_it
from quality.disclosure import Cell
from quality.report.document import document, write_page
from quality.report.names import Names
from quality.report.page import Block, Fold, Headline, Section, Table, Text

_MOST_ROWS = 20  # of a table that stand open; a fold has all
_ABOUT = (
    "A link is known again by the keys that the sources or files gave to its two ends. Moved is a link of both runs "
    "that another pass or rule made. Where two people have become one, two links before may be one that is kept. "
    "Counts are exact: this page is for those who judge the linkage, and not for publication."
)


def render_comparison(found: Mapping[str, Any], out: Path, catalogue: Catalogue | None = None) -> Path:
    """Write a comparison (what `compare` found) as one file that needs no network, and return it."""
    names = Names(catalogue or shipped())
    parts = [_links(found), *(_step(step, names) for step in found["steps"]), _settings(found)]
    page = document(
        "What a second run links otherwise",
        statement(found),
        _headlines(found),
        [*(part for part in parts if part.blocks), Section("about", "About this page", [Text(_ABOUT)])],
        is_interactive=False,
    )
    return write_page(page, out)


def statement(found: Mapping[str, Any]) -> str:
    """What a comparison comes to, in a sentence or two."""
    total = _total(found)
    runs = f"{found['runs']['after']} beside {found['runs']['before']}"
    if not (total["gained"] or total["lost"] or total["moved"]):
        return f"{runs}: the same {total['kept']:,} links, made in the same way."
    return (
        f"{runs}: {total['kept']:,} links are kept, {total['moved']:,} made in another way, {total['gained']:,} gained "
        f"and {total['lost']:,} lost."
    )


def _total(found: Mapping[str, Any]) -> dict[str, int]:
    return {name: sum(step[name] for step in found["steps"]) for name in ("before", *FATES, "after")}


def _headlines(found: Mapping[str, Any]) -> list[Headline]:
    total = _total(found)
    notes = {"kept": "made in the same way", "moved": "made in another way", "gained": "that the first lacks",
             "lost": "that the first had"}  # fmt: skip
    shown = [Headline(fate.capitalize(), _count(total[fate]), "", notes[fate]) for fate in FATES]
    if people := found.get("people"):
        note = f"of {people['before']:,} before and {people['after']:,} after"
        shown.append(Headline("People unchanged", _count(people["same"]), "", note))
    return shown


def _count(value: int | None) -> Cell:
    return Cell("z", None, "not_applicable") if value is None else Cell(f"{value:,}", value)


def _links(found: Mapping[str, Any]) -> Section:
    heads = ["Step", "Before", *(fate.capitalize() for fate in FATES), "After"]
    rows: list[list[str | Cell]] = [
        [_named(step), *(_count(shown[name]) for name in ("before", *FATES, "after"))]
        for step in found["steps"]
        for shown in [as_each_has_it(step)]
    ]
    return Section("links", "Links of both runs", [Table("Accepted links", heads, rows)])


def _named(step: Mapping[str, Any]) -> str:
    return str(step["step"])


def _step(step: Mapping[str, Any], names: Names) -> Section:
    """What changed in a step, and what changed it; nothing where nothing did."""
    blocks: list[Block] = []
    moves: list[list[str | Cell]] = [
        [row["from"] or "not linked", row["to"] or "not linked", _count(row["links"])] for row in step["moves"]
    ]
    blocks += _table("What made a link", ["Before", "After", "Links"], moves)
    groups: list[list[str | Cell]] = [
        [names.column(row["characteristic"]), _value(row["value"]), *(_count(row[fate]) for fate in FATES)]
        for row in step["groups"]
        if row["gained"] or row["lost"]
    ]
    heads = ["Characteristic", "Value", *(fate.capitalize() for fate in FATES)]
    blocks += _table("Groups that gain or lose links", heads, groups)
    rules: list[list[str | Cell]] = [[row["rule"], row["what"], row["change"]] for row in step["rules"]]
    blocks += _table("Rules that one run has and the other has not", ["Rule", "What", "Change"], rules)
    limits: list[list[str | Cell]] = [
        [row["what"], _number(row["before"]), _number(row["after"])] for row in step["thresholds"]
    ]
    blocks += _table("Thresholds in force, bits", ["Threshold", "Before", "After"], limits)
    keys = ("before", "after", "m_before", "m_after", "u_before", "u_after")
    weights: list[list[str | Cell]] = [
        [f"{names.column(row['comparison'])}: {row['level']}", *(_number(row[key]) for key in keys)]
        for row in step["weights"]
    ]
    heads = ["Level", "Weight before", "Weight after", "m before", "m after", "u before", "u after"]
    blocks += _table("Match weights (bits), m and u that differ", heads, weights)
    return Section(f"step-{_named(step)}", f"The step {_named(step)}", blocks)


def _settings(found: Mapping[str, Any]) -> Section:
    rows: list[list[str | Cell]] = [
        [row["path"], _value(row["before"]), _value(row["after"])] for row in found["settings"]
    ]
    return Section("settings", "Settings", _table("Settings that differ", ["Setting", "Before", "After"], rows))


def _table(caption: str, heads: Sequence[str], rows: Sequence[Sequence[str | Cell]]) -> list[Block]:
    """A table, where it has rows; what is beyond the first in a fold."""
    if len(rows) <= _MOST_ROWS:
        return [Table(caption, heads, rows)] if rows else []
    rest = Table(f"{caption}, the others", heads, rows[_MOST_ROWS:])
    return [Table(caption, heads, rows[:_MOST_ROWS]), Fold(f"{len(rows) - _MOST_ROWS:,} more", [rest])]


def _value(value: Any) -> str:
    return "not known" if value is None else str(value)


def _number(value: float | None) -> Cell:
    if value is None:
        return Cell("z", None)
    return Cell(f"{value:.3g}" if abs(value) < 1 else f"{value:.2f}", value)
