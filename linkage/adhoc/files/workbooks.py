"""A sheet of a workbook as the CSV file that it would be saved as."""

import csv
import datetime
import itertools
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zipfile import BadZipFile, ZipFile

from linkage.adhoc.files.layouts import names_columns
from linkage.adhoc.headers.known_headers import any_known
from linkage.errors import InputError

READ = (".xlsx", ".xlsm")
"""Workbooks that are read; of others a sheet has to be saved first."""


_ABOVE = 20  # first rows among which the names of columns are looked for


@dataclass(frozen=True)
class Sheet:
    """A sheet that was written as text."""

    path: Path
    above: int  # rows above the names of the columns: a title, a date, which fill few of its cells
    notes: tuple[str, ...] = ()  # which sheet it is, where that may not be the one that is meant


@dataclass(frozen=True)
class _Look:
    """The first rows of a sheet that are not empty."""

    title: str
    place: int  # from 1 on: what a message says, since a sheet may be called after a person
    first: Sequence[Sequence[Any]]

    @property
    def above(self) -> int:
        widths = [_filled(row) for row in self.first]
        return next((place for place, width in enumerate(widths) if 2 * width > max(widths)), 0)

    @property
    def header(self) -> list[str]:
        return [_text(value) for value in self.first[self.above]] if self.first else []

    @property
    def columns(self) -> int:
        header = self.first[self.above] if self.first else ()
        return max((place for place, value in enumerate(header, 1) if value is not None), default=0)

    @property
    def is_table(self) -> bool:
        """Whether it has two columns and two rows, the one of their names among them."""
        return self.columns > 1 and len(self.first) > self.above + 1

    @property
    def is_of_persons(self) -> bool:
        return self.is_table and names_columns(self.header)


def as_csv(path: Path, folder: Path) -> Sheet:
    """Write a sheet of a workbook as UTF-8 text: a row a line, dates as year-month-day.

    Which one: that with which the workbook opens, unless it explains what another one holds.

    Raises:
        InputError: it is no workbook, or has no sheet that holds a table.
    """
    from openpyxl import load_workbook
    from openpyxl.utils.exceptions import InvalidFileException

    # Programs that export workbooks write styles and charts which openpyxl refuses, by any of the last four.
    unreadable = (InvalidFileException, BadZipFile, KeyError, TypeError, ValueError, SyntaxError, AttributeError)
    try:
        book = load_workbook(path, read_only=True, data_only=True)
    except unreadable as fault:
        if isinstance(fault, (InvalidFileException, BadZipFile, KeyError)):
            said = "is no workbook, or a damaged one\n  save its sheet as CSV (UTF-8); of one with a password too"
        else:
            said = "a workbook that cannot be read\n  open it and save its sheet as CSV (UTF-8)"
        raise InputError(f"{path}: {said}") from None
    try:
        looks = [
            _Look(sheet.title, place, list(itertools.islice(_rows(sheet), _ABOVE)))
            for place, sheet in enumerate(book.worksheets, 1)
        ]
        opened = next((look for look in looks if book.active and look.title == book.active.title), None)
        look = _meant(opened, looks)
        if look is None:
            raise InputError(
                f"{path}: the sheet that it opens with is empty\n  save the sheet of persons as CSV (UTF-8)"
            )
        written = folder / f"{path.stem}.csv"
        _write(written, itertools.islice(_rows(book[look.title]), look.above, None), look.columns)
    finally:
        book.close()
    notes = [*_notes(path.name, look, opened, looks), *_not_calculated(path, look)]
    return Sheet(written, look.above, tuple(notes))


def _rows(sheet: Any) -> Iterator[Sequence[Any]]:
    sheet.reset_dimensions()  # what it says of its size may leave rows out
    return (row for row in sheet.iter_rows(values_only=True) if _filled(row))


def _filled(row: Sequence[Any]) -> int:
    return sum(value is not None for value in row)


def _meant(opened: _Look | None, looks: Sequence[_Look]) -> _Look | None:
    """The sheet that holds the table: the opened one, if no name of its columns is known only where none is wider."""
    if opened and opened.is_table and any_known(opened.header):
        return opened
    least = opened.columns if opened and opened.is_table else 1
    for look in looks:
        if look.is_of_persons and look.columns > least:
            return look
    if opened and opened.is_table:
        return opened
    table = next((look for look in looks if look.is_table), None)
    return table or (opened if opened and opened.first else None)


def _notes(name: str, read: _Look, opened: _Look | None, looks: Sequence[_Look]) -> Iterator[str]:
    if read is not opened:
        yield f"{name}: sheet {read.place} read, not the one that it opens with"
    others = [str(look.place) for look in looks if look is not read and look.is_of_persons]
    if others:
        yield f"{name}: sheet {read.place} read; not read, but tables of persons too: sheet {', '.join(others)}"


def _not_calculated(path: Path, look: _Look) -> Iterator[str]:
    """Which columns hold formulas without results, which count as empty: what wrote them reckons nothing."""
    if not _has_formulas(path):
        return
    from openpyxl import load_workbook
    from openpyxl.utils import get_column_letter

    books = [load_workbook(path, read_only=True, data_only=values) for values in (False, True)]
    sheets = [book[look.title] for book in books]
    try:
        for sheet in sheets:
            sheet.reset_dimensions()
        lost = Counter(
            place
            for written, shown in zip(*(sheet.iter_rows() for sheet in sheets), strict=True)
            for place, (formula, result) in enumerate(zip(written, shown, strict=True), 1)
            # A result that is an empty text is of the type str.
            if formula.data_type == "f" and result.value is None and result.data_type == "n"
        )
    finally:
        for book in books:
            book.close()
    if lost:
        columns = ", ".join(f"{get_column_letter(place)} ({lost[place]:,})" for place in sorted(lost))
        yield (
            f"{path.name}: cells hold formulas of which no result was saved, and count as empty, in column {columns}: "
            "open the workbook in a spreadsheet program and save it"
        )


def _has_formulas(path: Path) -> bool:
    with ZipFile(path) as parts:
        sheets = [name for name in parts.namelist() if name.startswith("xl/worksheets/") and name.endswith(".xml")]
        return any(_FORMULA.search(piece) for name in sheets for piece in _pieces(parts, name))


_FORMULA = re.compile(rb"<(\w+:)?f[\s>/]")


def _pieces(parts: ZipFile, name: str) -> Iterator[bytes]:
    """A part of a workbook, which may be larger than the memory, in pieces; each begins with the end of the last."""
    end = b""
    with parts.open(name) as part:
        while read := part.read(1 << 20):
            yield end + read
            end = read[-_TAG:]


_TAG = 20  # bytes that the tag of a formula has at most


def _write(path: Path, rows: Iterator[Sequence[Any]], width: int) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        for row in rows:
            cells = list(map(_text, row[:width]))
            writer.writerow(cells + [""] * (width - len(cells)))


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime.datetime):
        return value.date().isoformat() if value.time() == datetime.time() else value.isoformat(" ")
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return " ".join(str(value).split())
