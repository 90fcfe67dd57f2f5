"""Tables on a terminal: no number is broken, however narrow it is."""

import io

import pytest
from rich.console import Console
from rich.table import Table

from linkage.cli.output import show_table


@pytest.mark.parametrize("width", [20, 40, 80, 100])
def test_a_narrow_terminal_breaks_no_number(width: int) -> None:
    """Of five thousand links it showed 5,65 and, in the line below, 9."""
    table = Table(box=None, pad_edge=False)
    counts = ("before", "kept", "moved", "gained", "lost", "after")
    for head in ("step", *counts):
        table.add_column(head, justify="right" if head in counts else "left", overflow="fold")
    table.add_row("people-scotland", "5,659", "5,650", "9", "1,234,567", "0", "5,659")
    console = Console(file=io.StringIO(), width=width)
    show_table(console, table)
    lines = console.file.getvalue().splitlines()  # type: ignore[attr-defined]
    assert [line.rstrip() for line in lines] == [
        "step             before   kept  moved     gained  lost  after",
        "people-scotland   5,659  5,650      9  1,234,567     0  5,659",
    ]
    assert console.width == width


def test_a_word_is_not_broken_where_all_have_room() -> None:
    """A pass stood as five-identifier, and in the next line s."""
    table = Table(box=None, pad_edge=False)
    for head in ("step", "entities", "made by", "weight", "probability", "without it"):
        table.add_column(head, overflow="fold")
    table.add_row("education-cis (weakest)", "1 to 45093", "five-identifiers", "+16.11", "0.99999970", "1 would part")
    console = Console(file=io.StringIO(), width=80)
    show_table(console, table)
    lines = console.file.getvalue().splitlines()  # type: ignore[attr-defined]
    assert [line.rstrip() for line in lines] == [
        "step             entities    made by           weight  probability  without it",
        "education-cis    1 to 45093  five-identifiers  +16.11  0.99999970   1 would part",
        "(weakest)",
    ]
