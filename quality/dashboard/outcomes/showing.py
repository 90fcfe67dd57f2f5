"""Released outcomes as charts, tables and rows of CSV."""

import csv
import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from quality.dashboard.outcomes import charts
from quality.dashboard.outcomes.counting import ALL, EVERYBODY, OTHERS, QUARTILES, Place
from quality.dashboard.outcomes.release import Estimate, Released
from quality.dashboard.outcomes.rules import NOT_KNOWN, Characteristic, Cohort, Compared
from quality.disclosure import Cell
from quality.report.document import no_formula
from quality.report.drawing import figure
from quality.report.page import Figure, Table

SHARES = {
    "sustained_employment": "Sustained employment",
    "further_study": "Further study",
    "out_of_work_benefits": "Out-of-work benefits",
}
EARNINGS = "earnings"
MEASURES = {**SHARES, EARNINGS: "Earnings"}

_MOST_DRAWN = 24  # rows of a chart; the table beside it has all
_MOST_ROWS = 400  # rows of a table on a page; the file has all


@dataclass(frozen=True)
class Names:
    """How places are called.

    Attributes:
        pseudonym: what an institution's code becomes; the code itself where None.
    """

    rules: Compared
    pseudonym: Callable[[str, str], str] | None = None

    def cohort(self, definition: str) -> Cohort:
        """A definition's cohort."""
        return next(one for one in self.rules.cohort if one.definition == definition)

    def breakdown(self, by: str) -> str:
        """What figures are broken down by."""
        fixed = {ALL: "Together", "subject": "Subject"}
        return fixed.get(by) or self._characteristic(by).title

    def institution(self, place: Place) -> str:
        """The institution of a place, by code or pseudonym."""
        kind = self.cohort(place.definition).kind
        if place.institution == EVERYBODY:
            return "Everyone"
        if place.institution == OTHERS:
            return "All others together"
        if place.institution == NOT_KNOWN:
            return f"{kind} not known"
        if self.pseudonym is None:
            return f"{kind} {place.institution}"
        column = self.cohort(place.definition).institution
        return f"{kind} {self.pseudonym(column, place.institution)[:10]}"

    def category(self, place: Place) -> str:
        """The category of a place in words; nothing of the whole."""
        if place.by in (ALL, "subject") or place.category == NOT_KNOWN:
            return place.category.capitalize() if place.category == NOT_KNOWN else place.category
        return self._characteristic(place.by).labels.get(place.category, place.category)

    def _characteristic(self, name: str) -> Characteristic:
        return next(one for one in self.rules.characteristic if one.name == name)


def figure_of(measure: str, found: Sequence[Released], names: Names, *, prefix: str, when: str) -> Figure | None:
    """A measure at the places of one page and horizon: chart, summary, table and CSV. None where nothing is shown.

    Args:
        found: places of one definition, horizon and breakdown.
        prefix: of the figure's name on the page.
        when: how the horizon is called.
    """
    leading = "median" if measure == EARNINGS else measure
    told = [one for one in found if one.estimates[leading].cell.value is not None]
    if not told:
        return None
    rows = sorted(found, key=lambda one: _order(one, names))
    drawn = _drawn(rows, leading)
    values = [_value(one, measure, names) for one in drawn]
    title = f"{MEASURES[measure]} {when}"
    axis = "Pounds a year" if measure == EARNINGS else "Per cent of the matched"
    draw = charts.quartiles if measure == EARNINGS else charts.shares
    return figure(
        f"{prefix}-{measure.replace('_', '-')}",
        title,
        _summary(told, drawn, leading, names),
        lambda width: draw(values, width, x=axis),
        _table(title, measure, rows, names),
    )


def csv_rows(found: Sequence[Released], names: Names) -> str:
    """Everything that is released, one row a place; what is not shown has its symbol."""
    out = io.StringIO()
    writer = csv.writer(out)
    parts = ("", "_sample_low", "_sample_high", "_links_low", "_links_high", "_both_low", "_both_high")
    figures = [*SHARES, *QUARTILES]
    writer.writerow(
        ["definition", "years_after", "breakdown", "institution", "category", "matched", "earners"]
        + [f"{name}{part}" for name in figures for part in parts]
    )
    for one in sorted(found, key=lambda one: (one.place.definition, one.place.years_after, *_order(one, names))):
        place = one.place
        named = [no_formula(text) for text in (names.institution(place), names.category(place))]
        line = [place.definition, place.years_after, place.by, *named]
        cells = [one.matched, one.earners]
        for name in figures:
            estimate = one.estimates[name]
            cells += [estimate.cell]
            for pair in (estimate.sampling, estimate.links, estimate.both):
                cells += pair or (Cell(""), Cell(""))
        writer.writerow([*line, *(cell.text.replace(",", "") for cell in cells)])
    return out.getvalue()


def _order(one: Released, names: Names) -> tuple[str, int, str, str]:
    """Everybody first, then institutions by name: an order by size would tell more than sizes to the nearest five."""
    place = one.place
    rank = {EVERYBODY: 0, OTHERS: 2, NOT_KNOWN: 3}.get(place.institution, 1)
    return (place.by, rank, names.institution(place), names.category(place))


def _drawn(rows: Sequence[Released], leading: str) -> list[Released]:
    """What a chart shows: everybody, and the institutions of the largest shown bases, in the order of the table."""
    shown = [one for one in rows if one.estimates[leading].cell.value is not None]
    first = [one for one in shown if one.place.institution == EVERYBODY]
    rest = sorted(
        (one for one in shown if one.place.institution not in (EVERYBODY, OTHERS)),
        key=lambda one: -(one.matched.value or 0.0),
    )
    chosen = {one.place for one in [*first, *rest][:_MOST_DRAWN]}
    return [one for one in shown if one.place in chosen]


def _label(one: Released, names: Names) -> str:
    category = names.category(one.place)
    institution = names.institution(one.place)
    return f"{category}, {institution[:1].lower()}{institution[1:]}" if category else institution


def _value(one: Released, measure: str, names: Names) -> Mapping[str, str | float | None]:
    label = {"label": _label(one, names), "category": names.category(one.place), "of": names.institution(one.place)}
    if measure == EARNINGS:
        cells = {name: one.estimates[name].cell for name in QUARTILES}
        return {
            **label,
            "shown": cells["median"].text,
            "value": cells["median"].value,
            "low": cells["lower_quartile"].value,
            "high": cells["upper_quartile"].value,
        }
    estimate = one.estimates[measure]
    sample, links = estimate.sampling, estimate.links
    return {
        **label,
        "shown": estimate.cell.text,
        "value": estimate.cell.value,
        "low": sample[0].value if sample else None,
        "high": sample[1].value if sample else None,
        "link_low": links[0].value if links else None,
        "link_high": links[1].value if links else None,
    }


def _summary(told: Sequence[Released], drawn: Sequence[Released], leading: str, names: Names) -> str:
    """What the chart shows: of everyone, and the lowest and the highest of those who are apart from each other."""

    def said(one: Released) -> str:
        text = one.estimates[leading].cell.text
        return f"£{text}" if leading == "median" else f"{text}%"

    kind = "The median is" if leading == "median" else "The share is"
    apart, whole = _apart(told)
    opening = f"{kind} {said(whole)} for everyone. " if whole else ""
    if not apart:
        return f"{opening}No institution's may be shown."
    if len(apart) == 1:
        return f"{opening}{kind} {said(apart[0])} for {_label(apart[0], names)}; no other's may be shown."
    ordered = sorted(apart, key=lambda one: (one.estimates[leading].cell.value or 0.0, _label(one, names)))
    low, high = ordered[0], ordered[-1]
    count = sum(one in apart for one in drawn)
    part = f"; the chart has the {count:,} of the most people" if count < len(apart) else ""
    lines = " Lines run between the quartiles." if leading == "median" else ""
    what = "It is" if whole else kind
    if said(low) == said(high):  # mostly of nobody: where a few have it, the share is hidden
        return f"{opening}{what} {said(low)} for each of the {len(apart):,} that may be shown{part}.{lines}"
    return (
        f"{opening}{what} lowest for {_label(low, names)} ({said(low)}) and highest for {_label(high, names)} "
        f"({said(high)}), of {len(apart):,} that may be shown{part}. Neighbours whose intervals overlap may well be "
        f"equal.{lines}"
    )


def _apart(told: Sequence[Released]) -> tuple[list[Released], Released | None]:
    """Rows that can be held against each other, none of whose people are in another, and that of everyone.

    Institutions where any is shown, else the categories of everyone.
    """
    everyone = [one for one in told if one.place.institution == EVERYBODY]
    institutions = [one for one in told if one.place.institution not in (EVERYBODY, OTHERS, NOT_KNOWN)]
    if told[0].place.by == ALL:
        return institutions, everyone[0] if everyone else None
    return institutions or everyone, None


def _table(title: str, measure: str, rows: Sequence[Released], names: Names) -> Table:
    """Institution, category where there is one, base, figures and intervals."""
    has_links = any(one.estimates[name].links for one in rows for name in one.estimates)
    by = rows[0].place.by
    told = [one for one in rows if one.place.institution == EVERYBODY or one.tells]
    kept = told[:_MOST_ROWS]
    heads = ["Of whom"] if by == ALL else ["Of whom", names.breakdown(by)]
    figures = [*QUARTILES] if measure == EARNINGS else [measure]
    heads += ["In earnings" if measure == EARNINGS else "Matched"]
    for name in figures:
        heads += [name.replace("_", " ").capitalize() + (", £" if measure == EARNINGS else ", %")]
        if name in SHARES or name == "median":
            heads += ["Sample from", "to"]
        if has_links and (name in SHARES or name == "median"):
            heads += ["Links from", "to", "Both from", "to"]
    lines: list[list[str | Cell]] = []
    for one in kept:
        line: list[str | Cell] = [names.institution(one.place)]
        line += [] if by == ALL else [names.category(one.place)]
        line += [one.earners if measure == EARNINGS else one.matched]
        for name in figures:
            estimate = one.estimates[name]
            line += [estimate.cell]
            if name in SHARES or name == "median":
                line += _bounds(estimate, has_links)
        lines.append(line)
    silent = len(rows) - len(told)
    note = f"{silent:,} more rows show no figure, since too few people stand behind them. " if silent else ""
    note += f"{len(told) - len(kept):,} more are in the file of the cohort. " if len(told) > len(kept) else ""
    return Table(title, heads, lines, note.strip())


def _bounds(estimate: Estimate, has_links: bool) -> list[str | Cell]:
    """An interval that is not there is left empty, with the mark of the figure that is not shown."""
    none = Cell(estimate.cell.text, None, estimate.cell.mark) if estimate.cell.mark else Cell("")
    pairs = [estimate.sampling, *([estimate.links, estimate.both] if has_links else [])]
    return [cell for pair in pairs for cell in (pair or (none, none))]
