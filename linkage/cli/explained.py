"""An explanation on a terminal: the sections of its page as text, and a match weight as bars of characters."""

import sys
from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from linkage.catalogue import shipped
from linkage.cli.tables import show_table
from quality.explain.page import sections, statement, title, unit_name
from quality.report import page
from quality.report.names import Names
from quality.report.waterfall import BarRow, BarTable

_LEAST, _MOST = 24, 56  # characters that bars take
_ROOM = 58  # characters that the other columns of a waterfall take

Values = Sequence[tuple[str, str, str]]


def show(found: Mapping[str, Any], values: Values = (), ids: Mapping[tuple[str, int], str] | None = None) -> None:
    """Print an explanation.

    Args:
        values: of the pair's records; ids: of the records of files that it names. Both are personal data.
    """
    console, names = Console(file=sys.stdout, highlight=False, markup=False), Names(shipped())
    console.print(Text(title(found), style="bold"))
    console.print(statement(found))
    for side in ("left", "right") if found["kind"] == "pair" else ():
        console.print(f"{side:<5}  {unit_name(found['units'][side], names)}")
    for section in sections(found, names):
        console.print()
        console.print(Text(section.title, style="bold"))
        for block in section.blocks:
            _block(console, block)
    compared = [[names.column(name), left, right] for name, left, right in values]
    _table(console, "Values (personal data: for this terminal only)", ("", "left", "right"), compared)
    listed = [[f"{side} {number}", text] for (side, number), text in (ids or {}).items()]
    _table(console, "Ids in the files (personal data: for this terminal only)", ("", "id"), listed)


def _block(console: Console, block: page.Block) -> None:
    if isinstance(block, page.Text):
        console.print(block.text)
    elif isinstance(block, page.Table):
        rows = [[cell if isinstance(cell, str) else cell.text for cell in row] for row in block.rows]
        _table(console, block.caption, block.columns, rows)
    elif isinstance(block, BarTable):
        _bars(console, block)
    elif isinstance(block, page.Fold):
        console.print(f"{block.summary}: --html and --json have them")


def _bars(console: Console, block: BarTable) -> None:
    room = max(_LEAST, min(_MOST, console.width - _ROOM))
    table = Table(box=None, pad_edge=False, header_style="bold", title=block.caption, title_justify="left")
    table.add_column(block.columns[0], max_width=26, overflow="fold")
    table.add_column("", max_width=22, overflow="fold")
    table.add_column(block.columns[1], justify="right")
    table.add_column("against < > for", no_wrap=True)
    for row in block.rows:
        style = "bold" if row.kind == "sum" else ""
        drawn = _bar(row, block.lines, room, ascii_only=console.options.ascii_only)
        table.add_row(Text(row.name, style), Text(row.note), Text(row.number, style), drawn)
    console.print()
    show_table(console, table)
    console.print(block.summary)


def _bar(row: BarRow, lines: Sequence[float], room: int, *, ascii_only: bool) -> Text:
    """A bar of `room` characters with the thresholds; its shape and its tip tell its sign without colour."""

    def across(per_cent: float) -> int:
        return round(per_cent / 100 * (room - 1))

    solid, hollow, total, line = "#-=|" if ascii_only else "█░▬│"
    start = across(row.x)
    end = max(across(row.x + row.width), start + 1)
    cells = [" "] * room
    for place in lines:
        cells[across(place)] = line
    cells[start:end] = {"for": solid, "against": hollow, "sum": total}[row.kind] * (end - start)
    if row.kind != "sum":
        cells[end - 1 if row.kind == "for" else start] = ">" if row.kind == "for" else "<"
    text = Text("".join(cells))
    text.stylize({"for": "blue", "against": "dark_orange3", "sum": "bold"}[row.kind], start, end)
    return text


def _table(console: Console, head: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    if not rows:
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for index, column in enumerate(columns):
        numeric = all(str(row[index]).lstrip("+−").replace(".", "").isdigit() for row in rows)
        table.add_column(column, justify="right" if numeric else "left", overflow="fold")
    for row in rows:
        table.add_row(*(Text(str(cell)) for cell in row))
    console.print()
    console.print(Text(head, style="italic"))
    show_table(console, table)
