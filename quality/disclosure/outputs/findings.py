"""Faults of a table of results, with their remedies."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from quality.disclosure import Profile
from quality.disclosure.outputs.equations import Key, hides
from quality.disclosure.outputs.layout import Layout, texts_of
from quality.disclosure.outputs.reading import Sheet, plain

REMEDIES = {
    "threshold": "hide it",
    "complement": "hide it too, or give fewer or broader groups",
    "remainder": "hide one of the two counts whose difference it is",
    "recovered": "hide further cells of its row or column; --out writes a table that is safe",
    "known small": "hide further cells of its row or column; --out writes a table that is safe",
    "rounding": "round every count, and every share to as many places; --out does",
    "rounding undone": "hide it, or give broader groups",
    "share": "hide it, or give the share of a larger group",
    "share of hidden": "hide it with the count that it would disclose",
    "average": "hide it, or give the average of a larger group",
    "dominance": "hide it, or add groups together",
    "linked": "hide it in every table, or show it in every table",
    "approved undone": "hide the cells that are named as complements; --out writes tables that are safe",
    "differencing": "give the same count as the approved table, or hide the cell",
    "unprotectable": "give broader groups: the approved tables disclose the cell whatever is hidden here",
    "all of one kind": "see whether it says something of everybody in the group; if so, give broader groups",
    "sums": "see whether people count twice; if not, correct the table",
    "contradictory tables": "see whether the tables are of the same people; if not, check them one at a time",
    "unknown base": "name it: --of SHARE=BASE, or --of SHARE=PART/BASE",
    "contradiction": "correct the table, or name what its counts are rounded to: --rounded-to",
    "discloses small": "write the symbol for what is hidden; --out does",
    "below zero": "leave the column out: a change in counts discloses the counts themselves",
    "extreme": "leave the column out, or give a percentile beyond which many people are",
    "duplicate labels": "write out the labels of every row, none merged or blank; one table a file, no row twice",
    "unread": "one row of names above numbers and symbols only; or name the column, --label, where it holds codes",
    "hidden content": "save only the cells in a new workbook; --out does",
    "nothing to check": "rows about people: leo disclosure microdata; a table of results: name its columns, --count, --share",
}
NOTES = frozenset({"all of one kind", "sums", "unknown base", "contradictory tables"})
NOT_CORRECTABLE = frozenset(
    {"unprotectable", "contradiction", "unread", "nothing to check", "below zero", "extreme", "duplicate labels"}
)


@dataclass(frozen=True)
class Finding:
    """A fault of one cell or, as a note, something to look at. Never a value."""

    place: str
    column: str
    rule: str
    message: str

    @property
    def is_note(self) -> bool:
        return self.rule in NOTES

    @property
    def remedy(self) -> str:
        return REMEDIES[self.rule]


@dataclass
class Checked:
    """A table that was checked.

    Attributes:
        safe: the table as it may leave, text by text below the header; None where hiding cannot make it safe.
        audit: of each number: cell, column, class (published, rounded, primary, complement, as given, withheld), rule.
    """

    sheet: Sheet
    layout: Layout
    findings: list[Finding] = field(default_factory=list)
    safe: list[list[str]] | None = None
    audit: list[tuple[str, str, str, str]] = field(default_factory=list)

    @property
    def passes(self) -> bool:
        """Whether it may leave as it is."""
        return all(finding.is_note for finding in self.findings)

    def add(self, key: Key, rule: str, message: str) -> None:
        """Add a finding about a number, which is named by its cell."""
        place = self.sheet.place(key[0], key[1])
        self.findings.append(Finding(place, self.sheet.heads[key[1]], rule, message))


def check_form(checked: Checked, profile: Profile) -> None:
    """Add the faults that are seen before any number is judged."""
    sheet, layout = checked.sheet, checked.layout
    for what in sheet.hidden_content:
        message = f"it holds {what}: they would leave with it"
        checked.findings.append(Finding("workbook", "", "hidden content", message))
    if not (layout.counts or layout.shares or layout.averages or layout.largest or layout.unread):
        message = "no column of counts, shares or averages was recognised, so nothing was checked"
        checked.findings.append(Finding("table", "", "nothing to check", message))
    if sheet.beyond:
        rows = "1 row has" if len(sheet.beyond) == 1 else f"{len(sheet.beyond)} rows have"
        message = f"{rows} cells to the right of the last column that has a name, which were not checked"
        checked.findings.append(Finding(sheet.place(sheet.beyond[0], len(sheet.header)), "", "unread", message))
    for column in layout.unread:
        texts = texts_of(sheet, column, layout.totals)
        cells = "1 cell among its numbers is" if len(texts) == 1 else f"{len(texts)} cells among its numbers are"
        checked.add((texts[0], column, ""), "unread", f"{cells} neither number nor symbol, so it was not checked")
    for column in layout.extremes:
        checked.add((0, column, ""), "extreme", "the largest or smallest value of a group is that of one person")
    for row, cells_of in enumerate(sheet.rows):
        for column in layout.counts:
            cell = cells_of[column]
            if hides(cell.mark, profile) and cell.mark != "suppressed":
                checked.add((row, column, ""), "discloses small", "it discloses that the count is small")
            if (cell.number or 0) < 0:
                checked.add((row, column, ""), "below zero", "it is not a count: a count is not negative")
    repeated = list(_repeated(sheet, layout))
    if repeated:
        message = f"{len(repeated)} rows have the labels of another, so that it is unclear what adds up to what"
        checked.add((repeated[0], layout.counts[0], ""), "duplicate labels", message)


def _repeated(sheet: Sheet, layout: Layout) -> Iterator[int]:
    """Rows of counts whose labels another row has too."""
    counted = [n for n, row in enumerate(sheet.rows) if any(row[c].number is not None for c in layout.counts)]
    labels = {n: tuple(plain(sheet.rows[n][c].text) for c in (*layout.labels, *layout.unread)) for n in counted}
    times = Counter(labels.values())
    return (n for n in counted if times[labels[n]] > 1)
