"""Tables of results in CSV and XLSX files: cells with their place, and the number or symbol that each stands for."""

import math
import re
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from linkage.config.spreadsheets import read_sheets
from linkage.errors import ConfigError, InputError
from quality.disclosure.outputs.schema import Schema, read_schema, schema_path

SYMBOLS = {
    **dict.fromkeys(("c", "[c]", "*", "..", "s", "x*", "supp", "suppressed"), "suppressed"),
    **dict.fromkeys(("z", "[z]", "-", "–", "n/a", "na"), "not_applicable"),
    **dict.fromkeys(("x", "[x]", ":"), "unavailable"),
    **dict.fromkeys(("low", "[low]", "k", "[k]", "fewer than 5", "~"), "low"),
    **dict.fromkeys(("high", "[high]"), "high"),
}
_DIGITS = r"-?(?:[0-9]{1,3}(?:[\u0020\u00a0\u202f][0-9]{3})+|[0-9][0-9,]*)(?:\.[0-9]+)?|-?\.[0-9]+"
_FOOTNOTE = r"(?:[*†‡]|\[[a-z0-9]{1,2}\])?"
_NUMBER = re.compile(rf"^[£€$]?\s*({_DIGITS})\s*%?\s*{_FOOTNOTE}$", re.IGNORECASE)
_DECIMAL_COMMA = re.compile(r"^[£€$]?\s*-?[0-9 \u00a0\u202f.]*[0-9],(?:[0-9]{1,2}|[0-9]{4,})\s*[%€]?$")
_BELOW = re.compile(r"^(?:<|under|below|fewer than|less than)\s*[0-9]+$", re.IGNORECASE)
_PLACES = re.compile(r"\.([0-9]+)")
_PERSONAL = re.compile(  # no name of a column: a date, an id, an e-mail address, a British postcode
    r"\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}|\+?\d{9,}|[^@\s]+@[^@\s]+\.\w+|[A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2}", re.IGNORECASE
)
# What a workbook can hold besides the cells of its sheets, by its place in the archive.
_HIDDEN_CONTENT = {
    "xl/pivotCache/": "the records behind a pivot table",
    "xl/externalLinks/": "copies of cells of other workbooks",
    "xl/embeddings/": "embedded files",
    "xl/model/": "a data model",
    "xl/charts/": "charts, with the numbers that they were drawn from",
    "xl/media/": "pictures",
    "xl/comments": "comments",
    "xl/threadedComments/": "comments",
    "xl/vbaProject": "macros",
    "xl/revisions/": "tracked changes, with earlier numbers",
}


@dataclass(frozen=True)
class Value:
    """One cell: its text, and the number or the symbol that it stands for; neither where it is a label or empty.

    "<10" has the mark "below": it hides a count, and discloses that it is small.
    """

    text: str
    number: float | None = None
    mark: str | None = None

    @property
    def places(self) -> int:
        """Digits after the decimal point."""
        digits = _PLACES.search(self.text) if self.number is not None else None
        return len(digits[1]) if digits else 0


@dataclass(frozen=True)
class Sheet:
    """One table.

    Attributes:
        file, name: where it is; a CSV file's sheet has no name.
        top: how many rows stand above the header.
        header: the names of the columns.
        rows: the cells below it; every row as wide as the header.
        hidden_content: what its workbook holds besides cells; in the first sheet only.
        beyond: rows with cells to the right of the header's last name.
        schema: as declared.
        origin: where the file has a cell of a table that `by_measure` rearranged.
    """

    file: Path
    name: str
    top: int
    header: Sequence[str]
    rows: Sequence[Sequence[Value]]
    hidden_content: Sequence[str] = ()
    beyond: Sequence[int] = ()
    schema: Schema = field(default_factory=Schema)
    origin: Mapping[tuple[int, int], tuple[int, int]] = field(default_factory=dict)

    @property
    def schema_file(self) -> Path:
        return schema_path(self.file, self.name)

    @property
    def heads(self) -> Sequence[str]:
        """The columns in messages: by their letters where the first line may be a person's record."""
        is_record = any(_PERSONAL.fullmatch(name) for name in self.header)
        return [_letters(n) for n in range(len(self.header))] if is_record else self.header

    def place(self, row: int, column: int) -> str:
        """A cell as a spreadsheet names it; nothing of its content."""
        row, column = self.origin.get((row, column), (row, column))
        cell = f"{_letters(column)}{self.top + row + 2}"
        return f"{self.name}!{cell}" if self.name else cell


def _letters(column: int) -> str:
    letters, left = "", column + 1
    while left:
        left, digit = divmod(left - 1, 26)
        letters = chr(65 + digit) + letters
    return letters


def read_tables(path: Path) -> list[Sheet]:
    """Every table of a file: a CSV file has one, a workbook one a sheet.

    Raises:
        InputError: the file is not there, is of another kind, has no table, or writes numbers with decimal commas.
    """
    lines = {
        name: [[_text(cell) for cell in row] for row in rows]
        for name, rows in read_sheets(path, separators=",").items()
    }
    tables = {name: _sheet(path, name, rows) for name, rows in lines.items()}
    sheets = [sheet for sheet in tables.values() if sheet]
    if not sheets:
        raise InputError(f"{path}: no table\n  a table has a row of column names with numbers below it")
    for sheet in sheets:
        _refuse_decimal_commas(sheet)
    if path.suffix.lower() == ".xlsx":
        content = _hidden_content(path)
        if any(
            not tables[name] and any(value(text).number is not None for row in rows for text in row)
            for name, rows in lines.items()
        ):
            content.append("a sheet with numbers that is not a table, which was not checked")
        sheets[0] = replace(sheets[0], hidden_content=content)
    return sheets


def value(text: str) -> Value:
    """A cell by its text."""
    plain = text.strip()
    if mark := SYMBOLS.get(plain.lower()):
        return Value(plain, mark=mark)
    if _BELOW.match(plain):
        return Value(plain, mark="below")
    match = _NUMBER.match(plain)
    number = float(re.sub(r"[,\s]", "", match.group(1))) if match else math.inf
    return Value(plain, number) if math.isfinite(number) else Value(plain)


def plain(text: str) -> str:
    """A label in lower case, with single blanks."""
    return " ".join(text.lower().split())


def _refuse_decimal_commas(sheet: Sheet) -> None:
    """A decimal comma would be read as one between thousands, or the number as a label."""
    for row, cells in enumerate(sheet.rows):
        for column, cell in enumerate(cells):
            if _DECIMAL_COMMA.match(cell.text):
                raise InputError(
                    f"{sheet.file}: {sheet.place(row, column)}: a number with a decimal comma\n  save it with points "
                    "in numbers; in a workbook, as numbers and not as texts"
                )


def _hidden_content(path: Path) -> list[str]:
    from openpyxl import load_workbook

    with zipfile.ZipFile(path) as archive:
        names = archive.namelist()
    content = dict.fromkeys(what for at, what in _HIDDEN_CONTENT.items() if any(n.startswith(at) for n in names))
    results = read_sheets(path)
    for sheet in load_workbook(path, read_only=True).worksheets:
        sheet.reset_dimensions()
        for formulas, shown in zip(sheet.iter_rows(values_only=True), results[sheet.title], strict=True):
            if any(formula is not None and cell is None for formula, cell in zip(formulas, shown, strict=True)):
                content["formulas whose results were not saved"] = None
    return list(content)


def _text(cell: Any) -> str:
    if cell is None:
        return ""
    return f"{cell:.10g}" if isinstance(cell, float | int) and not isinstance(cell, bool) else str(cell)


def _sheet(path: Path, name: str, lines: Sequence[Sequence[str]]) -> Sheet | None:
    """The header is the first row with two names or more; notes of one cell a row below the table are left out."""
    rows = [[value(text) for text in line] for line in lines]
    top = next((n for n, row in enumerate(rows) if sum(bool(cell.text) for cell in row) > 1), None)
    if top is None:
        return None
    header = [cell.text for cell in rows[top]]
    while header and not header[-1]:
        header.pop()
    beyond = [n for n, row in enumerate(rows[top + 1 :]) if any(cell.text for cell in row[len(header) :])]
    body = [[*row, *[Value("")] * len(header)][: len(header)] for row in rows[top + 1 :]]
    while body and not _is_row(body[-1]):
        body.pop()
    return Sheet(path, name, top, header, body, beyond=beyond, schema=read_schema(path, name)) if body else None


def by_measure(sheet: Sheet) -> Sheet:
    """A table with a column for each measure, where a declared column holds the names of measures.

    Raises:
        ConfigError: no column, or several, hold their values; or a name of a measure is not declared.
    """
    names = {name: n for n, name in reversed(list(enumerate(sheet.header)))}
    of_kind = {
        kind: [names[name] for name, column in sheet.schema.columns.items() if column.holds == kind and name in names]
        for kind in ("measures", "values")
    }
    if not of_kind["measures"] and not of_kind["values"]:
        return sheet
    if len(of_kind["measures"]) != 1 or len(of_kind["values"]) != 1:
        raise ConfigError(f'{sheet.schema_file}: one column holds "measures", and one "values"')
    (measure,), (at,) = of_kind["measures"], of_kind["values"]
    measures = sheet.schema.columns[sheet.header[measure]].measures
    if undeclared := {row[measure].text for row in sheet.rows} - set(measures):
        raise ConfigError(
            f"{sheet.schema_file}: columns.{sheet.header[measure]}.measures: {len(undeclared)} of the column's names of "
            "measures are not there\n  declare each"
        )
    others = [n for n in range(len(sheet.header)) if n not in (measure, at)]
    header = [*(sheet.header[n] for n in others), *measures]
    rows: dict[tuple[str, ...], tuple[int, list[Value]]] = {}
    origin: dict[tuple[int, int], tuple[int, int]] = {}
    for place, row in enumerate(sheet.rows):
        labels = [row[n] for n in others]
        key = tuple(cell.text for cell in labels)
        number, cells = rows.setdefault(key, (len(rows), [*labels, *[Value("")] * len(measures)]))
        origin |= {(number, n): (place, other) for n, other in enumerate(others) if (number, n) not in origin}
        column = header.index(row[measure].text, len(others))
        if (number, column) in origin:
            raise InputError(f"{sheet.file}: {sheet.place(place, at)}: a second number of one measure and group")
        cells[column] = row[at]
        origin[number, column] = place, at
    declared = {n: c for n, c in sheet.schema.columns.items() if c.holds not in ("measures", "values")}
    schema = sheet.schema.model_copy(update={"columns": {**declared, **measures}})
    return replace(sheet, header=header, rows=[cells for _, cells in rows.values()], schema=schema, origin=origin)


def _is_row(row: Sequence[Value]) -> bool:
    has_number = any(cell.number is not None or cell.mark for cell in row[1:])
    return has_number or sum(bool(cell.text) for cell in row) > 1
