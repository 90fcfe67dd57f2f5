"""What a page is made of. Sections build these; the template shows them; neither knows the other's business."""

import functools
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any

from quality.disclosure import Cell


@dataclass(frozen=True)
class Table:
    """A table of texts and released numbers. The first column names the row."""

    caption: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str | Cell]]
    note: str = ""

    @functools.cached_property  # a template asks for every cell
    def numeric(self) -> list[bool]:
        """Which columns hold numbers, to be set flush right."""
        return [
            bool(self.rows) and all(isinstance(row[index], Cell) for row in self.rows)
            for index in range(len(self.columns))
        ]


@dataclass(frozen=True)
class Figure:
    """A chart with what it says in words and the same numbers as a table.

    Attributes:
        name: unique on the page, a-z and hyphens.
        summary: the one thing to see, in a sentence or two.
        wide, narrow: the chart as SVG, for a page and for a telephone or 400 % zoom, or what will be that when the page
            is written.
        specs: Vega-Lite for the same two, which a browser with scripts shows with tooltips; none for a drawing.
    """

    name: str
    title: str
    summary: str
    wide: str | Future[str]
    narrow: str | Future[str]
    table: Table
    specs: dict[str, Any] = field(default_factory=dict)


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


Block = Table | Figure | Heading | Text | Fold | Terms


@dataclass(frozen=True)
class Section:
    """A piece of the page with a heading and an entry in the contents."""

    name: str
    title: str
    blocks: Sequence[Block]


@dataclass(frozen=True)
class Part:
    """Sections under one heading, in the order of a standard.

    Attributes:
        said: what the part is for and which items of which standard it answers, in a sentence.
    """

    name: str
    title: str
    said: str
    sections: Sequence[Section]


@dataclass(frozen=True)
class Headline:
    """One of the figures that stand first."""

    label: str
    cell: Cell
    unit: str
    note: str

    @property
    def text(self) -> str:
        """The figure as it is written, its unit only behind a number."""
        return self.cell.with_unit(self.unit)
