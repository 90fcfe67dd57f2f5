"""Texts whose columns have fixed widths and blanks between them, below their names, as statistics programs print."""

import csv
import io
import itertools
from collections.abc import Sequence
from pathlib import Path
from typing import IO, cast

from linkage.adhoc.layouts import DELIMITERS, names_columns
from linkage.config import FileFormat
from linkage.records.csv_files import start_of
from linkage.records.source_files import open_bytes

_LOOKED_AT = 200_000  # bytes that show where columns are
_FEWEST_LINES, _FEWEST_COLUMNS = 3, 3


def column_starts(path: Path, encoding: str) -> list[int] | None:
    """Where the columns of a text begin; None where they have no fixed widths, or no names that are known.

    Between two columns a place is blank in every line. A column begins below its name, or left of it.
    """
    fmt = FileFormat(type="csv", encoding=encoding)
    try:
        text = start_of(path, fmt, _LOOKED_AT).decode(encoding, errors="replace").removeprefix("\ufeff")
    except LookupError:  # no encoding, of which the reader tells
        return None
    lines = text.splitlines()
    if len(text) >= _LOOKED_AT // 4:
        lines.pop()  # cut short
    lines = [line.rstrip() for line in lines if line.strip()]
    if len(lines) < _FEWEST_LINES or any(sign in lines[0] for sign in DELIMITERS):
        return None
    held = [any(sign != " " for sign in signs) for signs in itertools.zip_longest(*lines, fillvalue=" ")]
    starts = [place for place, is_held in enumerate(held) if is_held and (place == 0 or not held[place - 1])]
    names = cells(lines[0], starts)
    return starts if len(starts) >= _FEWEST_COLUMNS and all(names) and names_columns(names) else None


def cells(line: str, starts: Sequence[int]) -> list[str]:
    """What stands in the columns of a line."""
    return [line[start:end].strip() for start, end in itertools.pairwise([*starts, len(line)])]


def as_delimited(path: Path, encoding: str, starts: Sequence[int], folder: Path) -> Path:
    """The text with commas between its columns, in UTF-8."""
    written = folder / f"{path.name.removesuffix('.gz')}.columns.csv"
    fmt = FileFormat(type="csv", encoding=encoding)
    with (
        io.TextIOWrapper(cast(IO[bytes], open_bytes(path, fmt)), encoding=encoding, errors="surrogateescape") as text,
        written.open("w", encoding="utf-8", errors="surrogateescape", newline="") as file,
    ):
        rows = (line.removeprefix("\ufeff").rstrip("\n") for line in text)
        csv.writer(file, lineterminator="\n").writerows(cells(row.ljust(starts[-1]), starts) for row in rows)
    return written
