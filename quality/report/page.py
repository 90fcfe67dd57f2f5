"""Blocks of a page: sections build them, the templates show them."""

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from quality.disclosure import Cell
from quality.report.waterfall import BarTable

Row = list[str | Cell]


@dataclass(frozen=True)
class Table:
    """A table of texts and released numbers. The first column names the row."""

    caption: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str | Cell]]
    note: str = ""

    @functools.cached_property  # the template asks for every cell
    def numeric(self) -> list[bool]:
        """Which columns hold numbers, aligned right."""
        places = range(len(self.columns))
        return [
            bool(self.rows) and all(isinstance(row[place], Cell) for row in self.rows)
            for place in places
        ]

    def values(
        self, value: int, label: int = 1, group: int | None = 0, *, bounds: bool = False
    ) -> list[dict[str, Any]]:
        """A column as a chart draws it: label, value, shown, group.

        Args:
            value, label, group: places of columns.
            bounds: whether the two columns after `value` are its interval; rows whose
                value is not shown are left out.
        """
        values = []
        for row in self.rows:
            cell = row[value]
            if not isinstance(cell, Cell) or (bounds and cell.value is None):
                continue
            point: dict[str, Any] = {
                "label": row[label],
                "value": cell.value,
                "shown": str(cell),
            }
            point |= {} if group is None else {"group": row[group]}
            if bounds:
                point |= {
                    end: getattr(row[value + n], "value", None)
                    for n, end in ((1, "low"), (2, "high"))
                }
            values.append(point)
        return values


@dataclass(frozen=True)
class Figure:
    """A chart, what it shows in words, and its numbers as a table.

    Attributes:
        name: unique on the page, a-z and hyphens.
        summary: the one thing to see, in a sentence or two.
        svg: the chart.
    """

    name: str
    title: str
    summary: str
    svg: str
    table: Table


@dataclass(frozen=True)
class Heading:
    """A heading inside a section."""

    text: str


@dataclass(frozen=True)
class Text:
    """A paragraph."""

    text: str


@dataclass(frozen=True)
class Fold:
    """Blocks that a reader opens."""

    summary: str
    blocks: Sequence["Block"]


@dataclass(frozen=True)
class Terms:
    """Terms and what they mean, or facts and their values."""

    pairs: Sequence[tuple[str, str]]


Block = Table | Figure | Heading | Text | Fold | Terms | BarTable


@dataclass(frozen=True)
class Section:
    """A piece of the page with a heading and an entry in the contents."""

    name: str
    title: str
    blocks: Sequence[Block]


@dataclass(frozen=True)
class Part:
    """Sections under one heading, with the standards that they answer."""

    name: str
    title: str
    summary: str
    sections: Sequence[Section]


@dataclass(frozen=True)
class Headline:
    """One of the figures at the top of a page."""

    label: str
    cell: Cell
    unit: str
    note: str

    @property
    def text(self) -> str:
        """The figure as written; a unit follows a number only."""
        return self.cell.with_unit(self.unit)
