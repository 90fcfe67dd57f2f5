"""A table as it is tied to others: its numbers, what they count, and by what it is cut."""

from collections.abc import Mapping
from dataclasses import dataclass

from quality.disclosure.outputs.approved import Cell
from quality.disclosure.outputs.equations import Key, Numbers


@dataclass(frozen=True)
class Part:
    """A table among others.

    Attributes:
        numbers: its own, with its own sums.
        cells: what each number counts; not of numbers that stand in no cell.
        ways: label to the codes that are not parts of others.
    """

    numbers: Numbers
    cells: Mapping[Key, Cell]
    ways: Mapping[str, frozenset[str]]
