"""A sheet of a workbook as the CSV file that it would be saved as."""

import csv
import datetime
import itertools
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

from linkage.errors import InputError

READ = (".xlsx", ".xlsm")
"""Workbooks that are read; of others a sheet has to be saved first."""


_ABOVE = 20  # first rows among which the names of columns are looked for


def as_csv(path: Path, folder: Path) -> tuple[Path, int]:
    """Write the sheet that a workbook opens with as UTF-8 text: a row a line, dates as year-month-day.

    Returns:
        The file, and how many rows stand above the names of the columns: a title, a date, which fill few of its cells.

    Raises:
        InputError: it is no workbook, or its sheet is empty.
    """
    from openpyxl import load_workbook
    from openpyxl.utils.exceptions import InvalidFileException

    try:
        book = load_workbook(path, read_only=True, data_only=True)
    except (InvalidFileException, BadZipFile, KeyError):
        raise InputError(f"{path}: is no workbook, or a damaged one\n  save its sheet as CSV (UTF-8)") from None
    try:
        rows = book.active.iter_rows(values_only=True) if book.active else iter(())
        filled = (row for row in rows if any(value is not None for value in row))
        first = list(itertools.islice(filled, _ABOVE))
        if not first:
            raise InputError(
                f"{path}: the sheet that it opens with is empty\n  save the sheet of persons as CSV (UTF-8)"
            )
        widths = [sum(value is not None for value in row) for row in first]
        above = next(place for place, width in enumerate(widths) if 2 * width > max(widths))
        header = first[above]
        width = max(place for place, value in enumerate(header, 1) if value is not None)
        written = folder / f"{path.stem}.csv"
        with written.open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            for row in itertools.chain(first[above:], filled):
                cells = list(map(_text, row[:width]))
                writer.writerow(cells + [""] * (width - len(cells)))
    finally:
        book.close()
    return written, above


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime.datetime):
        return value.date().isoformat() if value.time() == datetime.time() else value.isoformat(" ")
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return " ".join(str(value).split())
