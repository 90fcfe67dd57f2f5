"""A comparison of two runs as a page. Its counts are exact: it is for people who judge
the linkage, not published.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from linkage.catalogue import Catalogue, shipped
from quality.dashboard.comparison import FATES
from quality.disclosure import Cell
from quality.report.document import document, write_page
from quality.report.names import Names
from quality.report.page import Block, Fold, Headline, Row, Section, Table, Text
from quality.report.sections.linking import level_in_words

FATE_NAMES = {
    "kept": "Kept",
    "other_pass": "Other pass",
    "gained": "Gained",
    "lost": "Lost",
}
_THRESHOLDS = {
    "accept": "Accept",
    "review": "Clerical review",
    "keep": "Accept a pair that the last release linked",
    "adjustment": "Cardinality adjustment to the prior",
}
_MOST_ROWS = 20  # of a table that are open; a fold has the rest
_ABOUT = (
    "A link is identified by the source and key of its two ends. “Other pass” is a "
    "link of both runs that another pass "
    "or rule made. Counts are exact: do not publish this page."
)


def render_comparison(
    comparison: Mapping[str, Any], out: Path, catalogue: Catalogue | None = None
) -> Path:
    """Write a comparison (of `compare`) as one file that fetches nothing, and return
    it.
    """
    names = Names(catalogue or shipped())
    total = {fate: sum(step[fate] for step in comparison["steps"]) for fate in FATES}
    lines = [
        Headline(FATE_NAMES[fate], _count(total[fate]), "", "links") for fate in FATES
    ]
    if people := comparison.get("people"):
        note = f"of {people['before']:,} before and {people['after']:,} after"
        lines.append(Headline("People unchanged", _count(people["same"]), "", note))
    page_sections = [
        *sections(comparison, names),
        Section("about", "About this page", [Text(_ABOUT)]),
    ]
    banner = comparison.get("banner", "")
    return write_page(
        document(
            "Two runs compared",
            statement(comparison),
            lines,
            page_sections,
            banner=banner,
        ),
        out,
    )


def sections(comparison: Mapping[str, Any], names: Names) -> list[Section]:
    """A comparison in parts, for its page and for the terminal; none without
    content.
    """
    heads = ["Step", "Before", *FATE_NAMES.values(), "After"]
    links: list[Row] = [
        [step["step"], *(_count(step[key]) for key in ("before", *FATES, "after"))]
        for step in comparison["steps"]
    ]
    settings = setting_rows(comparison["settings"])
    parts = [
        Section("links", "Links of both runs", [Table("Accepted links", heads, links)]),
        *(
            Section(f"step-{step['step']}", f"Step {step['step']}", _step(step, names))
            for step in comparison["steps"]
        ),
        Section(
            "settings",
            "Settings",
            _table("Settings that differ", ["Setting", "Before", "After"], settings),
        ),
    ]
    return [part for part in parts if part.blocks]


def setting_rows(settings: Sequence[Mapping[str, Any]]) -> list[Row]:
    """Settings that differ: path, before, after."""
    return [
        [
            row["path"],
            *(
                "not set" if row[key] is None else str(row[key])
                for key in ("before", "after")
            ),
        ]
        for row in settings
    ]


def statement(comparison: Mapping[str, Any]) -> str:
    """What a comparison comes to, in a sentence."""
    total = {fate: sum(step[fate] for step in comparison["steps"]) for fate in FATES}
    runs = f"{comparison['runs']['after']} compared with {comparison['runs']['before']}"
    text = (
        f"{runs}: {total['kept']:,} links are kept, {total['other_pass']:,} made by "
        f"another pass, {total['gained']:,} "
        f"gained and {total['lost']:,} lost."
    )
    if people := comparison.get("people"):
        text += (
            f" Of {people['before']:,} people before and {people['after']:,} "
            f"after, {people['same']:,} are the same."
        )
    return text


def _step(step: Mapping[str, Any], names: Names) -> list[Block]:
    moves: list[Row] = [
        [row["from"] or "not linked", row["to"] or "not linked", _count(row["links"])]
        for row in step["moves"]
    ]
    groups: list[Row] = [
        [row["title"], row["label"], *(_count(row[fate]) for fate in FATES)]
        for row in step["groups"]
        if row["gained"] or row["lost"]
    ]
    rules: list[Row] = [
        [row["rule"], row["what"], row["change"]] for row in step["rules"]
    ]
    limits: list[Row] = [
        [_THRESHOLDS[row["what"]], _number(row["before"]), _number(row["after"])]
        for row in step["thresholds"]
    ]
    keys = ("before", "after", "m_before", "m_after", "u_before", "u_after")
    weights: list[Row] = [
        [
            f"{names.column(row['comparison'])}: "
            f"{level_in_words({**row, 'label': row['level']}, names)}",
            *(_number(row[key]) for key in keys),
        ]
        for row in step["weights"]
    ]
    heads = [
        "Level",
        "Weight before",
        "Weight after",
        "m before",
        "m after",
        "u before",
        "u after",
    ]
    return [
        *_table("Links by pass before and after", ["Before", "After", "Links"], moves),
        *_table(
            "Groups that gain or lose links",
            ["Characteristic", "Value", *FATE_NAMES.values()],
            groups,
        ),
        *_table("Rules of one run only", ["Rule", "What", "Change"], rules),
        *_table("Thresholds (match weight)", ["Threshold", "Before", "After"], limits),
        *_table("Match weights, m and u that differ", heads, weights),
    ]


def _table(caption: str, heads: Sequence[str], rows: Sequence[Row]) -> list[Block]:
    """A table, where it has rows; those beyond the first in a fold."""
    tables: list[Block] = [Table(caption, heads, rows[:_MOST_ROWS])] if rows else []
    if len(rows) > _MOST_ROWS:
        rest = Table(f"{caption}, the rest", heads, rows[_MOST_ROWS:])
        tables.append(Fold(f"{len(rest.rows):,} more", [rest]))
    return tables


def _count(value: int | None) -> Cell:
    return (
        Cell("z", None, "not_applicable")
        if value is None
        else Cell(f"{value:,}", value)
    )


def _number(value: float | None) -> Cell:
    if value is None:
        return Cell("z", None, "not_applicable")
    return Cell(f"{value:.3g}" if abs(value) < 1 else f"{value:.2f}", value)
