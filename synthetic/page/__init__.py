"""A page about a synthetic population: who is recorded where, recording errors, and the files."""

import json
import tomllib
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

from linkage.catalogue import TableDef, shipped
from linkage.engine import Engine, Table, connect, quote, rows
from linkage.errors import InputError

MOST_PEOPLE = 200_000
"""People whom the page shows. More would show the same and take minutes."""

_MOST_COMBINATIONS = 12  # of sources: rows of the table
_NOTICE = (
    "The people are invented. The figures behind the population come from public sources, mostly under the Open "
    "Government Licence v3.0; datapackage.json names them all. Contains public sector information licensed under the "
    "Open Government Licence v3.0."
)
_SQL: dict[str, str] = tomllib.loads(Path(__file__).with_name("queries.toml").read_text(encoding="utf-8"))

Rows = Sequence[Mapping[str, Any]]


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


class Population:
    """The last delivery of a population in Parquet. `tables` are named "npd_census", "truth_persons" and so on."""

    def __init__(self, engine: Engine, folder: Path) -> None:
        path = folder / "manifest.json"
        if not path.is_file():
            raise InputError(f"{folder}: holds no population\n  make one first: leo synth --out {folder}")
        self.engine = engine
        self.manifest: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        if self.manifest["format"] != "parquet":
            raise InputError(f"{folder}: the page reads Parquet\n  make the population with --format parquet")
        releases = self.manifest.get("releases", 1)
        prefix = f"release-{releases}/" if releases > 1 else ""
        parts = max(1, MOST_PEOPLE // self.manifest["chunk"])
        self.tables: dict[str, Table] = {}
        self.bytes: dict[str, int] = {}
        for place in self.manifest["rows"]:
            files = _paths(folder, place)
            self.bytes[place] = sum(file.stat().st_size for file in files)
            if place.startswith(("truth/", f"{prefix}sources/")):
                name = place.removeprefix(prefix).removeprefix("sources/").replace("/", "_")
                self.tables[name] = engine.read(files[:parts])
        for name in ("truth_errors", "truth_records"):
            if "last_release" in self.tables[name].columns:
                query = f"select * from {{t}} where last_release = {int(releases)}"
                self.tables[name] = engine.sql(query, t=self.tables[name])

    def named(self, name: str, **texts: str) -> Rows:
        """The rows of a query of queries.toml; `texts` replace words in capitals."""
        query = _SQL[name]
        for word, text in texts.items():
            query = query.replace(word, text)
        tables: dict[str, Any] = dict(self.tables)
        return rows(self.engine, self.engine.sql(query, params=None, **tables))

    def identity_tables(self) -> dict[str, TableDef]:
        """The tables whose rows are of a person with a name and a day."""
        names = [name for name in self.tables if not name.startswith("truth_")]
        definitions = {name: shipped().table(*name.split("_", 1)) for name in names}
        roles = ("record_key", "valid_from", "surname")
        return {name: one for name, one in definitions.items() if all(map(one.with_role, roles))}


def _paths(folder: Path, place: str) -> list[Path]:
    whole = folder / f"{place}.parquet"
    files = [whole] if whole.is_file() else sorted((folder / place).glob("part-*.parquet"))
    if not files:
        raise InputError(f"{folder / place}: no file of it is left\n  make the population again: leo synth")
    return files


def _page(population: Population) -> str:
    manifest = population.manifest
    about = population.named("people")[0]
    shown = f" This page shows the first {about['people']:,}." if about["people"] < manifest["people"] else ""
    style = Path(__file__).with_name("page.css").read_text(encoding="utf-8")
    sections = _people(population, about["people"]) + _errors(population) + _files(population)
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>A synthetic population</title>'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><style>{style}</style></head><body><main>'
        f"<h1>A synthetic population</h1><p>{manifest['people']:,} invented people, born from {about['first']} to "
        f"{about['last']}, and what public bodies record about them.{shown}</p>{sections}</main></body></html>\n"
    )


def _people(population: Population, people: int) -> str:
    kinds = [[_words(row["label"]), f"{row['people']:,}"] for row in population.named("grouped", COLUMN="kind")]
    held = population.named("sources_of_people")
    several = sum(row["people"] for row in held if " " in row["sources"])
    named = [(" + ".join(map(_source, row["sources"].split())) or "None", row["people"]) for row in held]
    combinations = [[sources, f"{count:,}"] for sources, count in named[:_MOST_COMBINATIONS]]
    return _section(
        "people",
        "People and the sources that hold them",
        _table("How people enter the records", ["Kind", "People"], kinds),
        f"<p>{100 * several / people:.0f}% of people are in two sources or more, and are to be linked.</p>",
        _table("People by the sources that hold them", ["Sources", "People"], combinations),
    )


def _errors(population: Population) -> str:
    shares = [
        [_source(row["source"]), f"{row['records']:,}", f"{100 * row['wrong'] / row['records']:.1f}"]
        for row in population.named("records_with_errors")
    ]
    kinds = [[_words(row["field"]), row["kind"], f"{row['records']:,}"] for row in population.named("errors")]
    person = [
        [
            _source(row["source"]),
            str(row["first"]) if row["first"] == row["last"] else f"{row['first']} to {row['last']}",
            *(str(row[name] or "none") for name in ("name", "dob", "postcode", "wrong")),
        ]
        for row in population.named("one_person", DETAILS=_details(population))
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


def _details(population: Population) -> str:
    """SQL of source, record_key, year and the identifiers of each record that holds an identity."""

    def column(definition: TableDef, role: str) -> str:
        variable = definition.with_role(role)
        return quote(variable.name) if variable else "null"

    roles = ("forename", "middle_names", "surname", "dob", "postcode")
    return " union all ".join(
        f"select '{name.split('_', 1)[0]}' as source, cast({column(of, 'record_key')} as varchar) as record_key, "
        f"year({column(of, 'valid_from')}) as year, {', '.join(f'{column(of, role)} as {role}' for role in roles)} "
        f"from {{{name}}}"
        for name, of in population.identity_tables().items()
    )


def _files(population: Population) -> str:
    manifest = population.manifest
    files = [
        [place, f"{count:,}", f"{population.bytes[place] / 1e6:,.3f}"] for place, count in manifest["rows"].items()
    ]
    arguments = "".join(f" --{name} {manifest[name]}" for name in ("people", "seed", "preset"))
    text = (
        f"<p>Seed {manifest['seed']}, preset {escape(manifest['preset'])}, leo-linkage {manifest['version']}. The same "
        f"population again: <code>leo synth{escape(arguments)} --out DIR</code></p><p>{_NOTICE}</p>"
    )
    return _section("files", "Files", _table("Tables, rows and size", ["Table", "Rows", "Megabytes"], files), text)


def _section(name: str, title: str, *parts: str) -> str:
    return f'<section id="{name}"><h2>{title}</h2>{"".join(parts)}</section>'


def _table(caption: str, columns: Sequence[str], cells: Sequence[Sequence[Any]]) -> str:
    head = "".join(f'<th scope="col">{escape(column)}</th>' for column in columns)
    body = "".join(f"<tr>{''.join(map(_cell, row))}</tr>" for row in cells)
    table = f"<table><caption>{escape(caption)}</caption><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
    return f'<div class="scroll" tabindex="0" role="region" aria-label="{escape(caption)}">{table}</div>'


def _cell(value: Any) -> str:
    is_number = str(value).replace(",", "").replace(".", "", 1).isdecimal()
    return f'<td class="number">{value}</td>' if is_number else f"<td>{escape(str(value))}</td>"


def _words(code: str) -> str:
    """A code in words: middle_names is Middle names."""
    words = str(code).replace("_", " ")
    return words[:1].upper() + words[1:]


def _source(name: str) -> str:
    return name.upper() if len(name) <= 4 else name.capitalize()
