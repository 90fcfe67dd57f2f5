"""Tables on a terminal."""

from typing import Any

_LEAST = 80
"""Columns below which a table is not squeezed: a narrower terminal breaks its lines, and no number of them."""
_BETWEEN = 2  # signs that part two columns


def show_table(console: Any, table: Any) -> None:
    """Show a table of rich as wide as the terminal, or as it must be to be read."""
    wide = console.width
    console.width = max(wide, _LEAST)
    _keep_words_whole(table, console.width)
    console.print(table)
    console.width = wide


def _keep_words_whole(table: Any, width: int) -> None:
    """Where all words have room, none is broken: rich narrows a column of single words like one of sentences."""
    words = [[str(cell).split() for cell in (column.header, *column.cells)] for column in table.columns]
    longest = [max((len(word) for cell in cells for word in cell), default=0) for cells in words]
    if sum(longest) + _BETWEEN * len(longest) <= width:
        for column, cells in zip(table.columns, words, strict=True):
            column.no_wrap = column.no_wrap or all(len(cell) < 2 for cell in cells[1:])
