"""A page that shows a synthetic population: some lives, paths from school to work, who is recorded where, and errors."""

from collections import defaultdict
from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import Any

from linkage.engine import connect
from synthetic.page import queries
from synthetic.page.drawing import bars, life_lines, stacked
from synthetic.page.queries import ACTIVITIES, Population

__all__ = ["write_page"]

_MOST_COMBINATIONS = 12
_NOTICE = (
    "The lives and names are invented. The figures behind the population come from public sources, mostly under the Open "
    "Government Licence v3.0; datapackage.json names them all. Contains public sector information licensed under the "
    "Open Government Licence v3.0."
)


def write_page(folder: Path) -> Path:
    """Write FOLDER/population.html and return it.

    Args:
        folder: a population that `leo synth` wrote in Parquet. Of a large one the first 200,000 people are shown.

    Raises:
        InputError: the folder holds no such population, or a file of it is missing.
    """
    with connect("duckdb") as engine:
        text = _page(Population(engine, folder))
    part = folder / ".population.html"
    part.write_text(text, encoding="utf-8")
    return part.replace(folder / "population.html")


def _page(population: Population) -> str:
    manifest = population.manifest
    about = population.named("people")[0]
    shown = f" This page shows the first {about['people']:,}." if about["people"] < manifest["people"] else ""
    sections = [
        *(_lives(population) if population.has_lives else []),
        _people(population),
        _sources(population, about["people"]),
        _errors(population),
        _files(population),
    ]
    style = Path(__file__).with_name("page.css").read_text(encoding="utf-8")
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>A synthetic population</title>'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><style>{style}</style></head><body><main>'
        f"<h1>A synthetic population</h1><p>{manifest['people']:,} invented people, born from {about['first']} to "
        f"{about['last']}, and what public bodies record about them.{shown}</p>{''.join(sections)}</main></body></html>\n"
    )


def _lives(population: Population) -> list[str]:
    lives, activity = queries.lives(population), queries.activity(population)
    parts = []
    if lives:
        rows = [
            [life.title, life.person, f"{since} to {until}", name]
            for life in lives
            for name, since, until in life.spells
        ]
        table = _table("Spells of these lives", ["Life", "Person", "Days", "Activity"], rows)
        parts.append(_section("lives", "Some lives", _figure("Some lives", life_lines(lives), table)))
    people: dict[int, list[int]] = defaultdict(lambda: [0] * len(ACTIVITIES))
    for row in activity:
        people[row["years"]][row["activity"]] = row["people"]
    if people:
        shares = {year: [100 * count / sum(counts) for count in counts] for year, counts in people.items()}
        rows = [[str(year), *(f"{share:.1f}" for share in of), f"{sum(people[year]):,}"] for year, of in shares.items()]
        table = _table("Main activity, % of pupils", ["Years after", *ACTIVITIES, "Pupils"], rows)
        text = (
            "<p>As the records have it on 15 January of the years after key stage 4. Where several hold at once, the "
            "first of the legend counts. None of these includes people abroad and self-employed people.</p>"
        )
        parts.append(_section("paths", "From school to work", text, _figure("Main activity", stacked(shares), table)))
    return parts


def _people(population: Population) -> str:
    figures = []
    for column, title in (("kind", "How people enter the records"), ("origin_group", "Origin groups")):
        rows = population.named("grouped", COLUMN=column)
        figures.append(_figure(title, bars({_words(str(row["label"])): row["people"] for row in rows})))
    forenames = population.named("forenames")
    names = [[f"{row['decade']} to {row['decade'] + 9}", row["sex"], row["names"]] for row in forenames]
    return _section("people", "People", *figures, _table("Most common forenames", ["Born", "Sex", "Forenames"], names))


def _sources(population: Population, people: int) -> str:
    rows = population.named("sources_of_people")
    several = sum(row["people"] for row in rows if " " in row["sources"])
    labels = {" + ".join(map(_source, row["sources"].split())) or "None": row["people"] for row in rows}
    figure = _figure("People by the sources that hold them", bars(dict(list(labels.items())[:_MOST_COMBINATIONS])))
    text = f"<p>{100 * several / people:.0f}% of people are in two sources or more, and are to be linked.</p>"
    return _section("sources", "Who is recorded where", text, figure)


def _errors(population: Population) -> str:
    records = population.named("records_with_errors")
    errors = population.named("errors")
    shares = [
        [_source(row["source"]), f"{row['records']:,}", f"{100 * row['wrong'] / row['records']:.1f}"] for row in records
    ]
    kinds = [[_words(row["field"]), row["kind"], f"{row['records']:,}"] for row in errors]
    person = [
        [
            _source(row["source"]),
            str(row["first"]) if row["first"] == row["last"] else f"{row['first']} to {row['last']}",
            row["name"] or "none",
            str(row["dob"] or "none"),
            row["postcode"] or "none",
            row["wrong"] or "none",
        ]
        for row in queries.one_person(population)
    ]
    columns = ["Source", "Years", "Name", "Birth date", "Postcode", "Errors"]
    return _section(
        "errors",
        "Recording errors",
        "<p>An error is made once, when a person registers, and stays on all records of that registration. An old "
        "surname or address is not an error: it was true, and the source has not heard of the change.</p>",
        _table("Records with an error", ["Source", "Records", "With an error, %"], shares),
        _table("Errors by field and kind", ["Field", "Kind", "Records"], kinds),
        _table("One person, as the sources record them", columns, person) if person else "",
    )


def _files(population: Population) -> str:
    manifest = population.manifest
    rows = [[place, f"{count:,}", f"{population.bytes[place] / 1e6:,.3f}"] for place, count in manifest["rows"].items()]
    command = (
        f"leo synth --people {manifest['people']} --seed {manifest['seed']} --preset {manifest['preset']} --out DIR"
    )
    text = (
        f"<p>Seed {manifest['seed']}, preset {escape(manifest['preset'])}, leo-linkage {manifest['version']}. The same "
        f"population again: <code>{escape(command)}</code></p><p>{_NOTICE}</p>"
    )
    return _section("files", "Files", _table("Tables, rows and size", ["Table", "Rows", "Megabytes"], rows), text)


def _section(name: str, title: str, *parts: str) -> str:
    return f'<section id="{name}"><h2>{title}</h2>{"".join(parts)}</section>'


def _figure(title: str, drawing: str, table: str = "") -> str:
    details = f"<details><summary>Table: {escape(title)}</summary>{table}</details>" if table else ""
    return f"<figure><figcaption>{escape(title)}</figcaption>{drawing}{details}</figure>"


def _table(caption: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    head = "".join(f'<th scope="col">{escape(column)}</th>' for column in columns)
    body = "".join(f"<tr>{''.join(map(_cell, row))}</tr>" for row in rows)
    table = f"<table><caption>{escape(caption)}</caption><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
    return f'<div class="scroll" tabindex="0" role="region" aria-label="{escape(caption)}">{table}</div>'


def _cell(value: Any) -> str:
    text = str(value)
    is_number = text.replace(",", "").replace(".", "", 1).isdecimal()
    return f'<td class="number">{text}</td>' if is_number else f"<td>{escape(text)}</td>"


def _words(code: str) -> str:
    """A code in words: white_british is White British."""
    words = code.replace("_", " ")
    return words.title() if "_" in code else words[:1].upper() + words[1:]


def _source(name: str) -> str:
    return name.upper() if len(name) <= 4 else name.capitalize()
