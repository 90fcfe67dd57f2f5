"""From school to work, as charts: what pupils do in the years after key stage 4, what they earn, and some lives."""

from collections.abc import Sequence
from typing import Any

from quality.disclosure import Cell, Disclosure
from quality.population import charts, lifelines
from quality.population.drawing import figure
from quality.population.journeys import ACTIVITIES, Rows
from quality.population.lives import Life
from quality.population.people import SEXES
from quality.report.page import Block, Figure, Section, Table

COLOURS = {name: f"var(--act-{place})" for place, name in enumerate(ACTIVITIES, 1)}
_YEARS = "Years after key stage 4"


def journeys_section(activity: Rows, earnings: Rows, lives: Sequence[Life], d: Disclosure) -> Section | None:
    """None where the population has no outcomes."""
    blocks: list[Block] = []
    if activity:
        blocks.append(_activity(activity, d))
    if earnings:
        blocks.append(_earnings(earnings, d))
    if lives:
        blocks.append(_lives(lives))
    return Section("journeys", "From school to work", blocks) if blocks else None


def _activity(found: Rows, d: Disclosure) -> Figure:
    people = {(int(row["years"]), int(row["activity"])): int(row["people"]) for row in found}
    years = sorted({year for year, _ in people})
    of = {year: sum(number for (at, _), number in people.items() if at == year) for year in years}
    years = [year for year in years if d.count(of[year]).mark is None]
    shares = {
        (year, place): d.percent(people.get((year, place), 0), of[year])
        for year in years
        for place in range(len(ACTIVITIES))
    }
    values = [
        {"at": year, "group": ACTIVITIES[place], "value": cell.value or 0, "place": place}
        for (year, place), cell in shares.items()
    ]
    rows: list[list[str | Cell]] = [
        [str(year), *(shares[year, place] for place in range(len(ACTIVITIES))), d.count(of[year])] for year in years
    ]
    return figure(
        "activity",
        "What pupils do in the years after key stage 4",
        "As the records have it on 15 January. Where several hold at once, the first of the legend counts. None of "
        "these: in no education, job on PAYE or benefit that a record tells of; some are abroad or self-employed.",
        lambda width: charts.stacked(values, width, x=_YEARS, colours=COLOURS),
        Table("Main activity, % of pupils", ["Years after", *ACTIVITIES, "Pupils"], rows),
    )


def _earnings(found: Rows, d: Disclosure) -> Figure:
    cells: dict[tuple[int, str], Cell] = {}
    for row in found:
        pounds = round(float(row["median"]) / 100) * 100
        is_shown = d.count(int(row["people"])).mark is None
        cell = Cell(f"{pounds:,}", float(pounds)) if is_shown else d.marked("suppressed")
        cells[int(row["years"]), str(row["sex"])] = cell
    years = sorted({year for year, _ in cells})
    values = [
        {"at": year, "group": sex, "value": cell.value} for (year, sex), cell in cells.items() if cell.value is not None
    ]
    unknown = d.marked("unavailable")
    rows: list[list[str | Cell]] = [[str(year), *(cells.get((year, sex), unknown) for sex in SEXES)] for year in years]
    return figure(
        "earnings",
        "What they earn",
        "Median pay of those who had any from an employer in the tax year, in pounds of that year, to the nearest 100.",
        lambda width: charts.lines(values, width, x=_YEARS, y="Pounds a year", form=",d", colours=charts.SEXES),
        Table("Median pay from employment, pounds", ["Years after", *SEXES], rows),
    )


def _lives(lives: Sequence[Life]) -> Figure:
    rows: list[list[str | Cell]] = [
        [f"{life.title}: {life.who}", what, _day(since), _day(until)]
        for life in lives
        for what, since, until in _told(life)
    ]
    return Figure(
        "lives",
        "Some lives",
        "Invented people, as the records tell of them; when they moved home is from the truth.",
        lifelines.draw(lives, 700),
        lifelines.draw(lives, 290),
        Table("Spells and events", ["Person", "What", "From", "To"], rows),
    )


def _told(life: Life) -> list[tuple[str, Any, Any]]:
    spells = [(spell.lane, spell.since, spell.until) for spell in life.spells]
    events = [*life.events, *((day, "moves home") for day in life.moves)]
    return sorted([*spells, *((told, day, None) for day, told in events)], key=lambda row: row[1])


def _day(day: Any) -> str:
    return f"{day.day} {day:%B %Y}" if day else ""
