"""Faults of a table of results, with their remedies."""

from collections import Counter
from dataclasses import dataclass, field

from quality.disclosure import Profile
from quality.disclosure.outputs.layout import Layout, doubts
from quality.disclosure.outputs.numbers import hides
from quality.disclosure.outputs.reading import Sheet, plain

REMEDIES = {
    "threshold": "hide it",
    "complement": "hide it too, or give fewer or broader groups",
    "remainder": "hide one of the two counts whose difference it is",
    "recovered": "hide further cells; --out writes a table that is safe",
    "known small": "hide further cells; --out writes a table that is safe",
    "rounding": "round every count, and every rate to as many places; --out does",
    "rounding undone": "hide it, or give broader groups",
    "base": "hide it, or give the number of a larger group",
    "base hidden": "hide it with the count that it would disclose",
    "dominance": "hide it, or add groups together",
    "approved "
    "undone": "hide the cells that are named as complements; --out writes tables that "
    "are safe",
    "differencing": "give the same count as the other table; if it is of other people, "
    "declare its population",
    "contradictory "
    "tables": "correct the tables; if they are of other people, declare the population "
    "of each",
    "unprotectable": "give broader groups: the approved tables disclose the cell "
    "whatever is hidden here",
    "all of one "
    "kind": "see whether it says something of everybody in the group; if so, give "
    "broader groups",
    "contradiction": "correct the table, or declare in {schema} what its columns hold "
    "and are rounded to",
    "discloses small": "write the symbol for what is hidden; --out does",
    "not a count": "leave the column out, or declare in {schema} what it holds",
    "total and mean": "leave one of them out: together they disclose the exact count",
    "duplicate "
    "labels": "write out the labels of every row, none merged or blank; one table a "
    "file, no row twice",
    "unread": "one row of names above numbers and symbols only",
    "undeclared": "declare it in {schema}; --draft writes a draft",
    "nothing to "
    "check": "declare the columns in {schema}; rows about people: leo disclosure "
    "microdata",
}
NOTES = frozenset({"all of one kind"})
NOT_CORRECTABLE = frozenset(
    {
        "unprotectable",
        "contradiction",
        "unread",
        "nothing to check",
        "not a count",
        "duplicate labels",
        "undeclared",
    }
    | {"differencing", "contradictory tables", "total and mean"}
)


@dataclass(frozen=True)
class Finding:
    """A fault of one cell or, as a note, something to look at. Never a value."""

    place: str
    column: str
    rule: str
    message: str
    remedy: str

    @property
    def is_note(self) -> bool:
        return self.rule in NOTES


@dataclass
class Checked:
    """A table that was checked.

    Attributes:
        source: the table as it is in its file.
        layout: of the table with a column for each measure.
        safe: the table as it may leave, text by text below the header; None where
            hiding cannot make it safe.
        audit: of each number: cell, column, class (published, rounded, primary,
            complement, as given, withheld), rule.
    """

    source: Sheet
    layout: Layout
    findings: list[Finding] = field(default_factory=list)
    safe: list[list[str]] | None = None
    audit: list[tuple[str, str, str, str]] = field(default_factory=list)

    @property
    def sheet(self) -> Sheet:
        return self.layout.sheet

    @property
    def name(self) -> str:
        return self.source.file.name

    @property
    def passes(self) -> bool:
        """Whether it may leave as it is."""
        return all(finding.is_note for finding in self.findings)

    def report(self, place: str, rule: str, message: str, column: str = "") -> None:
        """Add a finding, unless it is there."""
        finding = Finding(
            place,
            column,
            rule,
            message,
            REMEDIES[rule].format(schema=self.source.schema_file.name),
        )
        if finding not in self.findings:
            self.findings.append(finding)

    def add(self, row: int, column: int, rule: str, message: str) -> None:
        """Add a finding about a cell."""
        self.report(
            self.sheet.place(row, column), rule, message, self.sheet.heads[column]
        )


def check_form(checked: Checked, profile: Profile) -> None:
    """Add the faults that are seen before any number is judged."""
    sheet, layout = checked.sheet, checked.layout
    if not layout.numeric and None not in layout.columns:
        checked.report(
            "table",
            "nothing to check",
            "no column holds counts, rates, means or amounts",
        )
    if sheet.beyond:
        message = (
            "cells to the right of the last column that has a name, in this row "
            "or others"
        )
        checked.report(
            sheet.place(sheet.beyond[0], len(sheet.header)), "unread", message
        )
    for doubt in doubts(layout):
        checked.add(doubt.row, doubt.column, "undeclared", doubt.message)
    for column in layout.numeric:
        for row in range(len(sheet.rows)):
            _check_cell(checked, row, column, profile)
    numeric_rows = [
        n
        for n, row in enumerate(sheet.rows)
        if any(row[at].number is not None for at in layout.numeric)
    ]
    labels = {
        n: tuple(plain(sheet.rows[n][at].text) for at in layout.dimensions)
        for n in numeric_rows
    }
    times = Counter(labels.values())
    if repeats := [n for n in numeric_rows if times[labels[n]] > 1]:
        message = (
            f"{len(repeats)} rows have the labels of another, so that it is "
            "unclear what adds up to what"
        )
        checked.add(repeats[0], layout.numeric[0], "duplicate labels", message)


def _check_cell(checked: Checked, row: int, column: int, profile: Profile) -> None:
    layout, spec, cells = (
        checked.layout,
        checked.layout.column(column),
        checked.sheet.rows[row],
    )
    cell, rounded_to = cells[column], checked.sheet.schema.rounded_to
    if cell.number is None:
        if cell.text and not cell.mark:
            checked.add(row, column, "unread", "it is neither number nor symbol")
        elif (
            spec.holds == "count"
            and cell.mark != "suppressed"
            and hides(cell.mark, profile)
        ):
            checked.add(
                row, column, "discloses small", "it discloses that the count is small"
            )
    elif spec.holds == "count" and (cell.number < 0 or not cell.number.is_integer()):
        checked.add(
            row, column, "not a count", "a count is a whole number, and not negative"
        )
    elif spec.holds == "count" and cell.number % rounded_to:
        checked.add(
            row,
            column,
            "contradiction",
            f"it is not rounded to {rounded_to}, as declared",
        )
    elif spec.holds == "rate":
        part, per = (
            cells[layout.place(spec.part)].number if spec.part else None,
            spec.per or 1.0,
        )
        of = cells[layout.place(spec.of)].number
        tolerance = 0.51 * 10.0**-cell.places + (
            per * rounded_to / of if of and rounded_to > 1 else 0.0
        )
        if not 0 <= cell.number <= per or (
            part is not None and of and abs(per * part / of - cell.number) > tolerance
        ):
            checked.add(
                row,
                column,
                "contradiction",
                f"it is not the rate per {per:g} that is declared",
            )
