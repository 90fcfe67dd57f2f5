"""`leo compare`: what a second run links otherwise than the first."""

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from linkage.cli.tables import show_table
from linkage.cli.written import a_file, write_json

_MOST_ROWS = 12  # of a table on the terminal; the JSON has all


def compare(
    before: Annotated[Path, typer.Argument(metavar="RUN_A", help="The folder to compare with.")],
    after: Annotated[Path, typer.Argument(metavar="RUN_B", help="The folder that may differ.")],
    html: Annotated[
        Path | None, typer.Option(callback=a_file, help="Also write a page, one file that needs no network.")
    ] = None,
    to_json: Annotated[
        Path | None, typer.Option("--json", callback=a_file, help="Write all that was counted to a file.")
    ] = None,
) -> None:
    """Show which links RUN_B keeps, gains, loses and makes by another pass, by subgroup, and how its models differ.

    Both are folders of leo run, of leo link or of leo dedupe. Counts are exact: do not publish them.

    Example: leo compare runs/demo runs/tuned
    """
    from linkage.cli.folders import both
    from linkage.engine import connect
    from quality.dashboard.comparison import compare as compare_runs

    with connect("duckdb") as engine:
        found = compare_runs(engine, *both(engine, before, after))
    if html:
        from quality.dashboard.comparison_page import render_comparison

        render_comparison(found, html)
    if to_json:
        write_json(found, to_json)
    _show(found)


def _show(found: dict[str, Any]) -> None:
    from rich.console import Console

    from quality.dashboard.comparison import FATES

    console = Console(file=sys.stdout, highlight=False, markup=False)  # a path may hold [final]
    console.print(f"{found['runs']['before']}  ->  {found['runs']['after']}", soft_wrap=True)
    if found["settings"]:
        _table(console, "Settings", ("key", "before", "after"), found["settings"], ("path", "before", "after"))
    if people := found.get("people"):
        same = f"{people['same']:,} have the same records in both"
        console.print(f"{people['before']:,} people before, {people['after']:,} after; {same}", soft_wrap=True)
    counts = ("before", *FATES, "after")
    heads = ("step", *(count.replace("_", " ") for count in counts))
    _table(console, "Links", heads, found["steps"], ("step", *counts))
    for step in found["steps"]:
        if step["moves"]:
            rows = [
                {**row, "from": row["from"] or "not linked", "to": row["to"] or "not linked"} for row in step["moves"]
            ]
            _table(
                console,
                f"{step['step']}: links by pass before and after",
                ("from", "to", "links"),
                rows,
                ("from", "to", "links"),
            )
        groups = [row for row in step["groups"] if row["gained"] or row["lost"]]
        if groups:
            columns = ("characteristic", "value", *FATES)
            heads = tuple(column.replace("_", " ") for column in columns)
            _table(console, f"{step['step']}: groups that gain or lose links", heads, groups, columns)
        if step["rules"]:
            parts = ("what", "rule", "change")
            _table(console, f"{step['step']}: rules", parts, step["rules"], parts)
        if step["thresholds"]:
            parts = ("what", "before", "after")
            _table(console, f"{step['step']}: thresholds (match weight)", parts, step["thresholds"], parts)
        if step["weights"]:
            heads = ("comparison", "level", "before", "after", "m before", "m after", "u before", "u after")
            keys = ("comparison", "level", "before", "after", "m_before", "m_after", "u_before", "u_after")
            _table(console, f"{step['step']}: match weights (log2), m and u", heads, step["weights"], keys)


def _table(console: Any, title: str, heads: tuple[str, ...], rows: list[dict[str, Any]], keys: tuple[str, ...]) -> None:
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold")
    for head, key in zip(heads, keys, strict=True):
        numeric = any(isinstance(row[key], int | float) for row in rows)
        table.add_column(head, justify="right" if numeric else "left", overflow="fold")
    for row in rows[:_MOST_ROWS]:
        table.add_row(*(_said(row[key]) for key in keys))
    console.print()
    console.print(title, style="italic", soft_wrap=True)
    show_table(console, table)
    if len(rows) > _MOST_ROWS:
        console.print(f"and {len(rows) - _MOST_ROWS} more; --json writes all")


def _said(value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(value, float):
        return f"{value:.3g}" if abs(value) < 1 else f"{value:.2f}"
    return f"{value:,}" if isinstance(value, int) else str(value)
