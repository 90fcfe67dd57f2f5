"""datapackage.json in each folder of tables, the licence of a population, and the
sources of its figures.
"""

import csv
import functools
import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from linkage.catalogue import TableDef, Variable, datapackage, shipped
from linkage.config.toml_file import Frozen
from synthetic.files import LIST_SEPARATOR

LICENCE = {
    "name": "OGL-UK-3.0",
    "title": "Open Government Licence v3.0",
    "path": "https://www.nationalarchives.gov.uk/doc/open-government-licence/version/3/",
}
"""The licence of a population, which is that of most of the figures behind it."""

STATEMENT = (
    "Contains public sector information licensed under the Open Government Licence "
    "v3.0. Contains OS data (c) Crown "
    "copyright and database right, and Royal Mail data (c) Royal Mail copyright and "
    "database right."
)
"""What whoever passes a population on must say."""

_LISTED = Path(__file__).parent / "reference" / "SOURCES.md"


@dataclass(frozen=True)
class Figures:
    """A table of figures: its name, what it says, where it comes from and its
    licence.
    """

    table: str
    content: str
    source: str
    licence: str


@functools.cache
def figures() -> tuple[Figures, ...]:
    """The rows of the table in reference/SOURCES.md."""
    rows = [
        line.strip("| \n").split(" | ")
        for line in _LISTED.read_text(encoding="utf-8").splitlines()
        if "|" in line
    ]
    return tuple(Figures(*(cell.strip() for cell in row)) for row in rows[2:])


TRUTH = "truth"
_DIALECT = {
    "header": True,
    "delimiter": ",",
    "lineTerminator": "\r\n",
    "quoteChar": '"',
    "doubleQuote": True,
}


class Column(Frozen):
    """A column of a table of the truth."""

    name: str
    type: str  # as the catalogue's, or "list of" one
    description: str


class TruthTable(Frozen):
    """A table of the truth, as truth.toml describes it."""

    title: str
    grain: str
    key: tuple[str, ...]
    column: tuple[Column, ...]


@functools.cache
def truth_tables() -> dict[str, TruthTable]:
    """The tables of the truth by name."""
    text = (Path(__file__).parent / "truth.toml").read_text(encoding="utf-8")
    return {
        name: TruthTable.model_validate(table)
        for name, table in tomllib.loads(text).items()
    }


def describe(
    population: Path, rows: Mapping[str, int], about: Mapping[str, Any]
) -> None:
    """Write a descriptor into every folder that holds tables.

    Args:
        population: the folder that `synthesise` fills.
        rows: of each table by its path below the folder, for example
            "sources/npd/census" or "truth/persons".
        about: the arguments that made the population.
    """
    folders: dict[str, dict[str, int]] = {}
    for path, count in rows.items():
        parent, table = path.rsplit("/", 1)
        folders.setdefault(parent, {})[table] = count
    for name, tables in folders.items():
        folder = population / name
        text = (
            json.dumps(_package(folder, tables, about), indent=2, ensure_ascii=False)
            + "\n"
        )
        (folder / datapackage.DESCRIPTOR).write_text(text, encoding="utf-8")


def _package(
    folder: Path, tables: Mapping[str, int], arguments: Mapping[str, Any]
) -> dict[str, Any]:
    dataset = folder.name
    if dataset == TRUTH:
        title = "Truth: true matches and recording errors"
    else:
        definition = shipped().datasets[dataset]
        title = f"{definition.title} ({definition.owner}), synthetic"
    properties = {
        "keywords": [
            "synthetic data",
            "record linkage",
            "Longitudinal Education Outcomes",
        ],
        "licenses": [LICENCE],
        "sources": [
            {"title": f"{figure.content}: {figure.source} ({figure.licence})"}
            for figure in figures()
        ],
        "leo:population": dict(arguments),
    }
    return datapackage.package(
        f"leo-synthetic-{dataset}",
        title,
        f"Records of invented people; none is of a real person. {STATEMENT}",
        str(arguments["version"]),
        [_resource(folder, name, count) for name, count in sorted(tables.items())],
        **properties,
    )


def _resource(folder: Path, table: str, rows: int) -> dict[str, Any]:
    table_folder = folder / table
    parts = (
        sorted(table_folder.glob("part-*"))
        if table_folder.is_dir()
        else sorted(folder.glob(f"{table}.*"))
    )
    form = parts[0].suffix[1:]
    paths = [part.relative_to(folder).as_posix() for part in parts]
    definition: TableDef | TruthTable
    if folder.name == TRUTH:
        definition = truth_tables()[table]
        columns = _columns(parts[0])
        fields = [
            _truth_field(column, form)
            for column in definition.column
            if column.name in columns
        ]
    else:
        definition = shipped().table(folder.name, table)
        fields = [_field(variable) for variable in definition.variable]
    size = sum(part.stat().st_size for part in parts)
    options: dict[str, Any] = (
        {"encoding": "utf-8", "dialect": _DIALECT} if form == "csv" else {}
    )
    if len(parts) == 1:
        options["bytes"] = (
            # of several parts, readers count what is left when all headers but one are
            # gone
            size
        )
    return {
        "name": table,
        "title": definition.title,
        "description": f"One row: {definition.grain}. Each part is a whole file, with "
        "its own header.",
        "type": "table",
        "path": paths[0] if len(paths) == 1 else paths,
        "format": form,
        "mediatype": datapackage.MEDIA[form],
        "leo:bytes": size,
        "leo:rows": rows,
        **options,
        "schema": datapackage.schema(fields, definition.key),
    }


def _columns(part: Path) -> set[str]:
    """The names of a file's columns."""
    if part.suffix == ".parquet":
        return set(pq.read_schema(part).names)
    with part.open(newline="", encoding="utf-8") as file:
        return set(next(csv.reader(file)))


def _field(variable: Variable) -> dict[str, Any]:
    return datapackage.field(
        variable.name,
        variable.type,
        variable.description,
        required=variable.required,
        codes=shipped().frame(variable),
        concept=variable.concept,
        sensitivity=variable.sensitivity,
        identifiability=variable.identifiability,
        role=variable.role,
        years=variable.years,
    )


def _truth_field(column: Column, form: str) -> dict[str, Any]:
    """A field of the truth; a list is text in CSV, since the first of a list of dates
    may be empty.
    """
    kind, _, inner = column.type.partition(" of ")
    if kind == "list" and form == "csv":
        return datapackage.field(
            column.name, "string", f"{column.description} Separated by {LIST_SEPARATOR}"
        )
    field = datapackage.field(column.name, kind, column.description)
    return field | {"itemType": inner} if kind == "list" else field
