"""Read the cells of CSV and XLSX files: the one reader for requests, results and lists that people fill in."""

import csv
import datetime
import io
import itertools
import zipfile
from collections import Counter
from pathlib import Path
from typing import Any

from linkage.errors import InputError

Rows = list[list[Any]]  # cells: text, number, date or None
_SEPARATORS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "vertical bars"}
_SAMPLED_LINES = 1_000  # of a CSV file, to find its separator


def read_sheets(path: Path, *, separators: str = ",;\t") -> dict[str, Rows]:
    """The rows of each sheet by its title; a CSV file has one sheet without a title.

    Cells of a CSV file are text. Those of a workbook are as they are stored; percentages are text, as they are shown.

    Args:
        separators: what may stand between the columns of a CSV file.

    Raises:
        InputError: the file is not there or cannot be read, or another sign is between its columns.
    """
    if not path.is_file():
        raise InputError(f"{path}: no such file\n  give a CSV or XLSX file")
    kind = path.suffix.lower()
    if kind == ".csv":
        return {"": _csv(path, separators)}
    if kind == ".xlsx":
        return _workbook(path)
    raise InputError(f"{path}: neither .csv nor .xlsx\n  save it as one of these")


def _csv(path: Path, separators: str) -> Rows:
    try:
        text = path.read_text(encoding="utf-8-sig")
        separator = separator_in(text.splitlines(keepends=True)[:_SAMPLED_LINES])
        if separator not in separators:
            raise InputError(
                f"{path}: its columns are separated by {_SEPARATORS[separator]}\n"
                "  save it as CSV with commas between columns and points in numbers, or as .xlsx"
            )
        return [list(row) for row in csv.reader(io.StringIO(text, newline=""), delimiter=separator)]
    except (UnicodeDecodeError, csv.Error):
        raise InputError(f"{path}: not CSV in UTF-8\n  save it as 'CSV UTF-8'") from None


def separator_in(lines: list[str]) -> str:
    """The sign by which most lines have the same number of columns; of two, the one that makes more columns."""

    def agreement(separator: str) -> tuple[int, int]:
        widths = Counter(len(row) for row in csv.reader(lines, delimiter=separator) if len(row) > 1)
        return max(((rows, columns) for columns, rows in widths.items()), default=(0, 0))

    return max(_SEPARATORS, key=agreement)


def check_separator(path: Path) -> None:
    """See that commas separate the columns of a CSV file that another program reads.

    Raises:
        InputError: another sign does.
    """
    with path.open(newline="", encoding="utf-8-sig") as file:
        separator = separator_in(list(itertools.islice(file, _SAMPLED_LINES)))
    if separator != ",":
        raise InputError(
            f"{path}: its columns are separated by {_SEPARATORS[separator]}\n"
            "  save it as CSV with commas between columns and points in numbers"
        )


def _workbook(path: Path) -> dict[str, Rows]:
    from openpyxl import load_workbook
    from openpyxl.utils.exceptions import InvalidFileException

    try:
        book = load_workbook(path, data_only=True, read_only=True)
        try:
            for sheet in book.worksheets:
                sheet.reset_dimensions()  # the size that a sheet states may leave rows out
            return {
                sheet.title: [[_cell(cell) for cell in row] for row in sheet.iter_rows()] for sheet in book.worksheets
            }
        finally:
            book.close()
    except (InvalidFileException, zipfile.BadZipFile, KeyError, ValueError, OSError):
        raise InputError(f"{path}: not a workbook\n  save it again as .xlsx") from None


def _cell(cell: Any) -> Any:
    value = cell.value
    if isinstance(value, float | int) and not isinstance(value, bool) and "%" in str(cell.number_format):
        return f"{100 * value:.10g}%"
    return value.date() if isinstance(value, datetime.datetime) and value.time() == datetime.time() else value
