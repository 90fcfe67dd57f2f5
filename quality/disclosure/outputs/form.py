"""Faults of how a table lies: what stands beside its cells, columns that cannot be read or leave, symbols that tell."""

from collections import Counter
from collections.abc import Iterator

from quality.disclosure import Profile
from quality.disclosure.outputs.equations import hides
from quality.disclosure.outputs.findings import Checked, Finding
from quality.disclosure.outputs.layout import texts_of
from quality.disclosure.outputs.totals import plain


def faults_of_form(checked: Checked, profile: Profile) -> Iterator[Finding]:
    """What is wrong before any number is judged."""
    sheet, layout = checked.sheet, checked.layout
    for what in sheet.beneath:
        yield Finding("workbook", "", "beneath", f"it holds {what}: they would leave with it")
    if not (layout.counts or layout.shares or layout.averages or layout.largest or layout.unread):
        says = "no column of counts, shares or averages was found, so that nothing was looked at"
        yield Finding("table", "", "nothing to judge", says)
    if sheet.beyond:
        rows = "1 row has" if len(sheet.beyond) == 1 else f"{len(sheet.beyond)} rows have"
        says = f"{rows} cells to the right of the last column that has a name, so they were not looked at"
        yield Finding(sheet.place(sheet.beyond[0], len(sheet.header)), "", "unread", says)
    for column in layout.unread:
        texts = texts_of(sheet, column, layout.totals)
        cells = "1 cell among its numbers is" if len(texts) == 1 else f"{len(texts)} cells among its numbers are"
        says = f"{cells} neither number nor symbol, so it was not looked at"
        yield checked.finding((texts[0], column, ""), "unread", says)
    for column in layout.extremes:
        says = "the largest or smallest value of a group is that of one person"
        yield checked.finding((0, column, ""), "extreme", says)
    yield from _of_counts(checked, profile)
    yield from _alike(checked)


def _of_counts(checked: Checked, profile: Profile) -> Iterator[Finding]:
    for row, cells in enumerate(checked.sheet.rows):
        for column in checked.layout.counts:
            cell = cells[column]
            if hides(cell.mark, profile) and cell.mark != "suppressed":
                yield checked.finding((row, column, ""), "tells small", "it tells that the count is small")
            if (cell.number or 0) < 0:
                yield checked.finding((row, column, ""), "below nought", "it is no count: nobody is fewer than none")


def _alike(checked: Checked) -> Iterator[Finding]:
    """Rows of counts that have one another's labels: nobody can say which of them a sum is of."""
    sheet, layout = checked.sheet, checked.layout
    counted = [n for n, row in enumerate(sheet.rows) if any(row[c].number is not None for c in layout.counts)]
    ways = (*layout.labels, *layout.unread)
    labels = {n: tuple(plain(sheet.rows[n][way].text) for way in ways) for n in counted}
    times = Counter(labels.values())
    again = [n for n in counted if times[labels[n]] > 1]
    if again:
        says = f"{len(again)} rows have one another's labels, so that what adds up to what cannot be told"
        yield checked.finding((again[0], layout.counts[0], ""), "alike", says)
