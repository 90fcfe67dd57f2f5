"""Read the cells of CSV files that people made."""

import csv
import io
import itertools
from collections import Counter
from pathlib import Path
from typing import TextIO

from linkage.errors import InputError

_SEPARATORS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "vertical bars"}
_SAMPLED_LINES = 1_000  # of a CSV file, to find its separator


def read_cells(path: Path) -> list[list[str]]:
    """The rows of a CSV file, header included, as text.

    Raises:
        InputError: the file is not there or cannot be read, or another sign than a
            comma separates its columns.
    """
    if not path.is_file():
        raise InputError(f"{path}: no such file\n  give a CSV file")
    try:
        text = path.read_text(encoding="utf-8-sig")
        _refuse_separator(path, text.splitlines(keepends=True)[:_SAMPLED_LINES])
        return list(csv.reader(io.StringIO(text, newline="")))
    except (UnicodeDecodeError, csv.Error):
        raise InputError(
            f"{path}: not CSV in UTF-8\n  save it as 'CSV UTF-8'"
        ) from None


def separator_in(lines: list[str]) -> str:
    """The sign by which most lines have the same number of columns; of two, the one
    that makes more columns.
    """

    def agreement(separator: str) -> tuple[int, int]:
        widths = Counter(
            len(row) for row in csv.reader(lines, delimiter=separator) if len(row) > 1
        )
        return max(
            ((rows, columns) for columns, rows in widths.items()), default=(0, 0)
        )

    return max(_SEPARATORS, key=agreement)


def filled_in(file: TextIO) -> "csv.DictReader[str]":
    """The rows of a CSV file that people have filled in, from its beginning, whatever
    separates its columns.
    """
    separator = separator_in([file.readline()])
    file.seek(0)
    return csv.DictReader(file, delimiter=separator)


def check_separator(path: Path) -> None:
    """See that commas separate the columns of a CSV file that another program reads.

    Raises:
        InputError: another sign does.
    """
    with path.open(newline="", encoding="utf-8-sig") as file:
        _refuse_separator(path, list(itertools.islice(file, _SAMPLED_LINES)))


def _refuse_separator(path: Path, lines: list[str]) -> None:
    separator = separator_in(lines)
    if separator != ",":
        raise InputError(
            f"{path}: its columns are separated by {_SEPARATORS[separator]}\n"
            "  save it as CSV with commas between columns and points in numbers"
        )
