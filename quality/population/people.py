"""Who the people are: when they were born, where they live, where they come from, and how they came to be here."""

import tomllib
from collections.abc import Mapping, Sequence
from importlib import resources
from typing import Any

from quality.disclosure import Cell, Disclosure
from quality.population import charts, tiles
from quality.population import drawing as report_charts
from quality.population.counting import Counts, Rows
from quality.population.drawing import figure
from quality.report.page import Block, Figure, Section, Table

SEXES = ("Female", "Male")


def people_section(counts: Counts, d: Disclosure) -> Section:
    """Births, regions, origins and kinds of people."""
    blocks: list[Block] = [_births(counts, d), *_regions(counts, d)]
    blocks.append(
        _bars(
            "origins",
            "Origin groups",
            "Names, languages and lives are drawn by group; some names are shared, and children of mixed families have "
            "names from either.",
            "Origin group",
            counts.origins,
            counts.people,
            d,
        )
    )
    blocks.append(
        _bars(
            "kinds",
            "How people come into the records",
            "Not everybody was at school in England; others are in tax and benefit records alone, or arrive later.",
            "Kind",
            counts.kinds,
            counts.people,
            d,
        )
    )
    return Section("people", "People", blocks)


def words(label: str) -> str:
    """A code of ours in words: white_british is White British."""
    return " ".join(part[:1].upper() + part[1:] for part in label.split("_")) if "_" in label else _capital(label)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _births(counts: Counts, d: Disclosure) -> Figure:
    shown = {(int(row["year"]), str(row["sex"])): d.count(int(row["people"])) for row in counts.births}
    years = sorted({year for year, _ in shown})
    values = [
        {"year": year, "group": sex, "value": shown[year, sex].value or 0, "place": SEXES.index(sex)}
        for year in years
        for sex in SEXES
        if (year, sex) in shown
    ]
    none = Cell("0", 0)
    rows: list[list[str | Cell]] = [[str(year), *(shown.get((year, sex), none) for sex in SEXES)] for year in years]
    return figure(
        "births",
        "People by year of birth",
        f"Born from {years[0]} to {years[-1]}. Cohorts who were at school when the files begin are whole; the oldest "
        "are there because tax and benefit records are of everybody who works.",
        lambda width: charts.births(values, width),
        Table("People by year of birth", ["Year of birth", *SEXES], rows),
    )


def _regions(counts: Counts, d: Disclosure) -> list[Block]:
    known: dict[str, Any] = tomllib.loads(
        resources.files("quality.population").joinpath("regions.toml").read_text(encoding="utf-8")
    )
    people = {str(row["label"]): int(row["people"]) for row in counts.regions if row["label"] in known}
    if not people:
        return []
    shown = {code: d.count(number) for code, number in people.items()}
    shares = {code: d.percent(number, counts.people) for code, number in people.items()}
    placed = [
        tiles.Tile(row, column, known[code]["name"], shares[code].with_unit(), shown[code].value)
        for code in shown
        for row, column in [known[code]["place"]]
    ]
    largest = max(people, key=lambda code: people[code])
    rows: list[list[str | Cell]] = [[known[code]["name"], shown[code], shares[code]] for code in people]
    return [
        Figure(
            "regions",
            "Where childhood homes are",
            f"Most are in {known[largest]['name']}. Every region and nation has a tile of one size; the stronger "
            "its colour, the more people.",
            tiles.draw(placed, 680),
            tiles.draw(placed, 290),
            Table("Childhood homes by region", ["Region", "People", "Share, %"], rows),
        )
    ]


def _bars(name: str, title: str, summary: str, column: str, found: Rows, everybody: int, d: Disclosure) -> Figure:
    values, rows = labelled(found, everybody, d)
    return figure(
        name,
        title,
        summary,
        lambda width: report_charts.bars(values, width, x="People"),
        Table(title, [column, "People", "Share, %"], rows),
    )


def labelled(
    found: Sequence[Mapping[str, Any]], everybody: int, d: Disclosure
) -> tuple[list[dict[str, Any]], list[list[str | Cell]]]:
    """Bars and rows for groups of people: label, people."""
    values: list[dict[str, Any]] = []
    rows: list[list[str | Cell]] = []
    for row in found:
        label, cell = words(str(row["label"])), d.count(int(row["people"]))
        values.append({"label": label, "value": cell.value, "shown": cell.text})
        rows.append([label, cell, d.percent(int(row["people"]), everybody)])
    return values, rows
