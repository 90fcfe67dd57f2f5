"""Tables on a terminal."""

from typing import Any

_LEAST = 80
"""Columns below which a table is not squeezed: a narrower terminal breaks its lines, and no number of them."""


def show_table(console: Any, table: Any) -> None:
    """Show a table of rich as wide as the terminal, or as it must be to be read."""
    wide = console.width
    console.width = max(wide, _LEAST)
    console.print(table)
    console.width = wide
