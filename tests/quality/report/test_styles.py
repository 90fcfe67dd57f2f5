"""Colours in the style sheets of all pages."""

import re

import pytest

from quality.disclosure import Cell
from quality.report.document import document, template_text
from quality.report.page import Section, Table

_NOT_PRINTED = {"--band"}  # of the banner above every page


def _set_in(sheet: str, medium: str) -> set[str]:
    """Colours that a sheet sets for a medium."""
    return {
        name
        for block in sheet.split("@media ")[1:]
        if block.startswith(medium)
        for name in re.findall(r"(--[\w-]+):", block)
    }


def test_colours_of_dark_mode_are_not_printed() -> None:
    """Against pale letters on white paper: colours of dark mode are for screens only,
    or set again for paper.
    """
    sheet = template_text("quality.report", "report.css")
    assert "prefers-color-scheme: dark" in sheet
    assert (
        _set_in(sheet, "(prefers-color-scheme: dark)") - _set_in(sheet, "print")
        <= _NOT_PRINTED
    )


@pytest.mark.parametrize(
    ("package", "name"),
    [
        ("quality.report", "report.css"),
        ("quality.web", "application.css"),
    ],
)
def test_forced_colours_are_the_readers_own(package: str, name: str) -> None:
    """Bars in the reader's colour, which in dark themes is white, had a white
    background.
    """
    blocks = [
        block
        for block in template_text(package, name).split("@media ")
        if block.startswith("(forced-colors")
    ]
    assert blocks
    assert [
        block
        for block in blocks
        if re.search("#[0-9a-f]{3}", block.partition("\n}")[0])
    ] == []


def test_a_cell_with_a_sentence_has_a_least_width() -> None:
    """On a phone "It weighs more than a link needs, and no rival stood against it" was
    a column of one word.
    """
    row: list[str | Cell] = [
        "CIS 1",
        Cell("+24.16", 24.16),
        "rule 1",
        "It weighs +24.16, and no rival stood against it.",
    ]
    table = Table("Its best pairs", ["With", "Weight", "Found by", "Why"], [row])
    page = document("Record", "It met one.", (), [Section("met", "Met", [table])])
    assert re.findall('<td[^>]*class="([^"]+)"', page) == ["words", "words long"]
    assert ".scroll .long { min-width" in template_text("quality.report", "blocks.css")
