"""Tables of results as they lie in CSV and XLSX files: cells with their place, number or symbol."""

import csv
import itertools
import math
import re
import zipfile
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from linkage.errors import InputError

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
_UNDER = re.compile(r"^(?:<|under|below|fewer than|less than)\s*[0-9]+$", re.IGNORECASE)

_OF_A_RECORD = re.compile(  # what names no column of results: a date, an id, an address of mail, a British postcode
    r"\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}|\+?\d{9,}|[^@\s]+@[^@\s]+\.\w+|[A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2}", re.IGNORECASE
)

_LOOSE = "a sheet with numbers that are no table, which was not looked at"

_OTHER_MARKS = {";": "semicolons", "\t": "tabs", "|": "upright strokes"}
_LINES_LOOKED_AT = 1_000

# What a workbook can hold beside the cells of its sheets, by its place in the archive.
_BENEATH = {
    "xl/pivotCache/": "the records behind a pivot table",
    "xl/externalLinks/": "copies of cells of other workbooks",
    "xl/embeddings/": "embedded files",
    "xl/model/": "a data model",
    "xl/charts/": "charts, with the numbers that they were drawn from",
    "xl/media/": "pictures",
    "xl/comments": "comments",
    "xl/threadedComments/": "comments",
    "xl/vbaProject": "macros",
    "xl/revisions/": "tracked changes, with the numbers that stood there before",
}


@dataclass(frozen=True)
class Value:
    """One cell: its text, and the number or the symbol that it stands for; neither where it is a label or empty.

    "<10" has the mark "under": it hides a count, and tells that it is small.
    """

    text: str
    number: float | None = None
    mark: str | None = None


@dataclass(frozen=True)
class Sheet:
    """One table.

    Attributes:
        file, name: where it lies; a CSV file's sheet has no name.
        top: how many rows stand above the header.
        header: what the columns are called.
        rows: the cells below it; every row as wide as the header.
        beneath: what its workbook holds beside cells; told of the first sheet alone.
        beyond: rows with cells to the right of the header's last name.
    """

    file: Path
    name: str
    top: int
    header: Sequence[str]
    rows: Sequence[Sequence[Value]]
    beneath: Sequence[str] = ()
    beyond: Sequence[int] = ()

    @property
    def heads(self) -> Sequence[str]:
        """What columns are called in messages: by their letters where the first line may be a person's record."""
        is_record = any(_OF_A_RECORD.fullmatch(name) for name in self.header)
        return [_letters(n) for n in range(len(self.header))] if is_record else self.header

    def place(self, row: int, column: int) -> str:
        """A cell as a spreadsheet names it; nothing of its content."""
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
    if not path.is_file():
        raise InputError(f"{path}: no such file\n  name a CSV or XLSX table that is there")
    kinds = {".csv": _csv, ".xlsx": _xlsx}
    if path.suffix.lower() not in kinds:
        raise InputError(f"{path}: neither .csv nor .xlsx\n  save the table as one of these")
    read = kinds[path.suffix.lower()](path)
    found = [sheet for name, lines in read if (sheet := _sheet(path, name, lines)) is not None]
    if not found:
        raise InputError(f"{path}: no table\n  a table has a row of column names with numbers below it")
    for sheet in found:
        _see_that_points_are_decimal(sheet)
    if path.suffix.lower() == ".xlsx":
        loose = any(_sheet(path, name, lines) is None and _has_number(lines) for name, lines in read)
        found[0] = replace(found[0], beneath=[*_beneath(path), *[_LOOSE] * loose])
    return found


def value(text: str) -> Value:
    """A cell by its text."""
    plain = text.strip()
    if mark := SYMBOLS.get(plain.lower()):
        return Value(plain, mark=mark)
    if _UNDER.match(plain):
        return Value(plain, mark="under")
    match = _NUMBER.match(plain)
    number = float(re.sub(r"[,\s]", "", match.group(1))) if match else math.inf
    return Value(plain, number) if math.isfinite(number) else Value(plain)  # of hundreds of digits none is left


def see_that_commas_part(path: Path) -> None:
    """See that it is commas that part the columns of a CSV file: of another mark each row would be a label, and pass.

    The mark is the one by which most rows have as many columns as each other; of two, the one that makes more columns.

    Raises:
        InputError: it is another.
    """
    with path.open(newline="", encoding="utf-8-sig") as file:
        lines = list(itertools.islice(file, _LINES_LOOKED_AT))

    def agreeing(mark: str) -> tuple[int, int]:
        widths = Counter(len(row) for row in csv.reader(lines, delimiter=mark) if len(row) > 1)
        return max(((rows, columns) for columns, rows in widths.items()), default=(0, 0))

    by_commas = agreeing(",")
    mark = max(_OTHER_MARKS, key=agreeing)
    if agreeing(mark) > by_commas:
        raise InputError(
            f"{path}: its columns are parted by {_OTHER_MARKS[mark]}\n  save it as CSV with commas between columns and "
            "points in numbers, or as .xlsx"
        )


def _see_that_points_are_decimal(sheet: Sheet) -> None:
    """A decimal comma would be taken for one between thousands, or the number for a label."""
    for row, cells in enumerate(sheet.rows):
        for column, cell in enumerate(cells):
            if _DECIMAL_COMMA.match(cell.text):
                raise InputError(
                    f"{sheet.file}: {sheet.place(row, column)}: a number with a decimal comma\n  save it with points "
                    "in numbers; in a workbook, as numbers and not as texts"
                )


def _csv(path: Path) -> list[tuple[str, list[list[str]]]]:
    try:
        see_that_commas_part(path)
        with path.open(newline="", encoding="utf-8-sig") as file:
            return [("", [list(row) for row in csv.reader(file)])]
    except (UnicodeDecodeError, csv.Error):
        raise InputError(f"{path}: not CSV in UTF-8\n  save it as CSV in UTF-8") from None


def _xlsx(path: Path) -> list[tuple[str, list[list[str]]]]:
    from openpyxl import load_workbook

    try:
        book = load_workbook(path, data_only=True, read_only=True)
    except (zipfile.BadZipFile, KeyError, ValueError, OSError):
        raise InputError(f"{path}: not a workbook\n  save it again as .xlsx") from None
    return [(sheet.title, [[_text(cell) for cell in row] for row in _rows(sheet)]) for sheet in book.worksheets]


def _rows(sheet: Any) -> Iterator[Sequence[Any]]:
    """All rows: a sheet says how large it is, and what lies beyond that would leave unseen."""
    sheet.reset_dimensions()
    rows: Iterator[Sequence[Any]] = sheet.iter_rows()
    return rows


def _beneath(path: Path) -> list[str]:
    from openpyxl import load_workbook

    with zipfile.ZipFile(path) as archive:
        names = archive.namelist()
    found = dict.fromkeys(what for place, what in _BENEATH.items() if any(n.startswith(place) for n in names))
    written, shown = (load_workbook(path, data_only=values, read_only=True).worksheets for values in (False, True))
    pairs = (
        (formula, cell)
        for sheet, values in zip(written, shown, strict=True)
        for formulas, cells in zip(_rows(sheet), _rows(values), strict=True)
        for formula, cell in zip(formulas, cells, strict=True)
    )
    if any(formula.value is not None and cell.value is None for formula, cell in pairs):
        found["formulas whose results were not saved"] = None
    return list(found)


def _has_number(lines: Sequence[Sequence[str]]) -> bool:
    return any(value(text).number is not None for line in lines for text in line)


def _text(cell: Any) -> str:
    if cell.value is None:
        return ""
    if isinstance(cell.value, float | int) and not isinstance(cell.value, bool):
        if "%" in str(cell.number_format):
            return f"{100 * cell.value:.10g}%"
        return f"{cell.value:.10g}"
    return str(cell.value)


def _sheet(path: Path, name: str, lines: Sequence[Sequence[str]]) -> Sheet | None:
    """The header is the last row of names before the first row with a number or symbol beside a label."""
    rows = [[value(text) for text in line] for line in lines]

    def is_data(row: Sequence[Value]) -> bool:
        return any(cell.number is not None or cell.mark for cell in row[1:])

    def is_header(row: Sequence[Value]) -> bool:
        return sum(bool(cell.text) for cell in row) > 1

    top = next((n for n, row in enumerate(rows) if is_header(row)), None)
    if top is None:
        return None
    header = [cell.text for cell in rows[top]]
    while header and not header[-1]:
        header.pop()
    blank = Value("")
    beyond = [n for n, row in enumerate(rows[top + 1 :]) if any(cell.text for cell in row[len(header) :])]
    body = [[*row, *[blank] * len(header)][: len(header)] for row in rows[top + 1 :]]
    while body and not is_data(body[-1]) and not is_header(body[-1]):  # notes below the table, a cell each
        body.pop()
    return Sheet(path, name, top, header, body, beyond=beyond) if body else None
