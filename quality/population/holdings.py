"""What each body holds: records by year, whom several of them hold, and the files."""

from typing import Any

from quality.disclosure import Cell, Disclosure
from quality.population import charts
from quality.population import drawing as report_charts
from quality.population.counting import Counts
from quality.population.drawing import figure
from quality.population.reading import Population
from quality.report.names import Names
from quality.report.page import Block, Section, Table

_MOST_TOGETHER = 12


def records_section(counts: Counts, names: Names, d: Disclosure) -> Section:
    """Records by source and year, and people by the sources that hold them."""
    blocks: list[Block] = []
    values: list[dict[str, Any]] = []
    rows: list[list[str | Cell]] = []
    for row in counts.records:
        cell = d.count(int(row["records"]))
        values.append({"at": int(row["year"]), "group": names.source(row["source"]), "value": cell.value or 0})
        rows.append([names.source(row["source"]), str(int(row["year"])), cell])
    if values:
        blocks.append(
            figure(
                "records-by-year",
                "Records by year, of each body that holds names",
                "A school census has a record for each pupil and year; a college and a university one for each year of "
                "study; CIS one for each period of one name and address. Each strip has its own scale.",
                lambda width: charts.by_year(values, width),
                Table("Records by year", ["Source", "Year", "Records"], rows),
            )
        )
    return Section("records", "What each body holds", [*blocks, *_together(counts, names, d)])


def _together(counts: Counts, names: Names, d: Disclosure) -> list[Block]:
    values: list[dict[str, Any]] = []
    rows: list[list[str | Cell]] = []
    for row in counts.together:
        label = " + ".join(names.source(source) for source in str(row["sources"]).split()) or "None"
        cell = d.count(int(row["people"]))
        values.append({"label": label, "value": cell.value, "shown": cell.text})
        rows.append([label, cell, d.percent(int(row["people"]), counts.people)])
    alone = sum(int(row["people"]) for row in counts.together if len(str(row["sources"]).split()) < 2)
    share = d.percent(counts.people - alone, counts.people)
    said = f"{share.text}% of people are held by two bodies or more: those are to be linked." if share.value else ""
    shown = values[:_MOST_TOGETHER]
    return [
        figure(
            "together",
            "Who is held by which bodies",
            f"{said} The most frequent combinations; the table has them all.".strip(),
            lambda width: report_charts.bars(shown, width, x="People"),
            Table("People by the bodies that hold them", ["Bodies", "People", "Share, %"], rows),
        )
    ]


def files_section(population: Population) -> Section:
    """Every table with its rows and size. These are facts of the files and stand as they are."""
    rows: list[list[str | Cell]] = []
    for place, count in population.manifest["rows"].items():
        size = population.sizes[place]
        rows.append([place, Cell(f"{count:,}", count), Cell(_megabytes(size), size)])
    total, size = sum(population.manifest["rows"].values()), sum(population.sizes.values())
    rows.append(["All", Cell(f"{total:,}", total), Cell(_megabytes(size), size)])
    note = "A datapackage.json beside the tables describes every column."
    return Section("files", "Files", [Table("Tables, rows and size", ["Table", "Rows", "Megabytes"], rows, note)])


def _megabytes(size: int) -> str:
    return f"{size / 1e6:,.1f}" if size >= 50_000 else f"{size / 1e6:.3f}"
