"""Whose figures a population is made of, and under which licence it may be passed on."""

import functools
from dataclasses import dataclass
from pathlib import Path

LICENCE = {
    "name": "OGL-UK-3.0",
    "title": "Open Government Licence v3.0",
    "path": "https://www.nationalarchives.gov.uk/doc/open-government-licence/version/3/",
}
"""The licence of a population, which is that of most of the figures behind it."""

STATEMENT = (
    "Contains public sector information licensed under the Open Government Licence v3.0. Contains OS data (c) Crown "
    "copyright and database right, and Royal Mail data (c) Royal Mail copyright and database right."
)
"""What whoever passes a population on must say."""

_LISTED = Path(__file__).parents[1] / "reference" / "SOURCES.md"


@dataclass(frozen=True)
class Figures:
    """A table of figures: its name, what it says, where it comes from and its licence."""

    table: str
    what: str
    source: str
    licence: str


@functools.cache
def figures() -> tuple[Figures, ...]:
    """The rows of the table in reference/SOURCES.md."""
    rows = [line.strip("| \n").split(" | ") for line in _LISTED.read_text(encoding="utf-8").splitlines() if "|" in line]
    return tuple(Figures(*(cell.strip() for cell in row)) for row in rows[2:])
