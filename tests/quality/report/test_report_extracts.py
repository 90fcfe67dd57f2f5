"""The report's section of extracts beside the last ones: counts as released, completeness and means by change alone."""

from typing import Any

import pytest
from quality.report.sections.extracts import extracts_section

from quality.disclosure import Disclosure, load
from quality.report.page import Section, Table, Text


def changed(**told: Any) -> dict[str, Any]:
    rows = [
        {"table": "people", "what": "people", "column": None, "before": 102, "after": 151, "change": 0.4804},
        {"table": "people", "what": "rows", "column": None, "before": 40, "after": 4, "change": -0.9},
        {"table": "pay", "what": "mean", "column": "Earnings", "before": 18230.0, "after": 21340.0, "change": 0.1706},
        {"table": "pay", "what": "filled", "column": "Sector", "before": 0.913, "after": 0.802, "change": -0.111},
    ]
    change = {"last": "leo-2025", "added": ["sa"], "gone": [], "compared": 40, "changes": rows} | told
    return {"stages": [{"name": "extract-study", "counts": {"change": change}}, {"name": "spine"}]}


@pytest.fixture
def table() -> Table:
    section = extracts_section(changed(), Disclosure(load("leo_publication")))
    assert isinstance(section, Section)
    opening, found = section.blocks
    assert isinstance(opening, Text)
    assert isinstance(found, Table)
    return found


def test_what_is_told_of_each_change(table: Table) -> None:
    assert [[cell if isinstance(cell, str) else cell.text for cell in row] for row in table.rows] == [
        ["people", "", "People", "100", "150", "+50 %"],
        ["people", "", "Rows", "40", "c", "z"],
        ["pay", "Earnings", "Mean", "x", "x", "+17 %"],
        ["pay", "Sector", "Rows filled", "x", "x", "−11 points"],
        ["sa", "", "In it for the first time", "", "", ""],
    ]
    assert table.note == "40 figures were compared with those of leo-2025. 4 changed by more than 5 %."


def test_nothing_that_changed_is_said_too() -> None:
    section = extracts_section(changed(changes=[], added=[]), Disclosure(load("leo_publication")))
    assert section is not None
    found = section.blocks[1]
    assert isinstance(found, Table)
    assert found.note.endswith("None changed by more than 5 %.")


def test_a_first_extract_has_no_such_section() -> None:
    first = {"stages": [{"name": "extract-study", "counts": {"change": None}}]}
    assert extracts_section(first, Disclosure(load("leo_publication"))) is None
    assert extracts_section({}, Disclosure(load("leo_publication"))) is None
