"""Texts whose columns have fixed widths and blanks between them, below their names, as statistics programs print."""

import csv
import io
import itertools
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import IO, cast

from linkage.adhoc.files.layouts import DELIMITERS, names_columns
from linkage.config import FileFormat
from linkage.records.csv_files import start_of
from linkage.records.source_files import open_bytes

_LOOKED_AT = 200_000  # bytes that show where columns are
_TEXT = re.compile("[^ ]+")
_FEWEST_LINES, _FEWEST_COLUMNS = 3, 3


def column_starts(path: Path, encoding: str) -> list[int] | None:
    """Where the columns of a text begin; None where they have no fixed widths, or no names that are known.

    Between two columns a place is blank in every line. A column begins below its name, or left of it: what is printed
    to the right grows to the left, and the longest may stand in the last line. Where one far down has no such blanks,
    the first lines tell.
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
    first = _starts(lines)
    names = cells(lines[0], first)
    if len(first) < _FEWEST_COLUMNS or not all(names) or not names_columns(names):
        return None
    with _opened(path, encoding) as file:
        starts = _starts(_table(file))
    return starts if len(starts) == len(first) else first


def _table(lines: Iterable[str]) -> Iterator[str]:
    """The lines of a table: none of a paragraph of one or two further down, as of (20000 rows affected)."""
    is_first = True
    for is_text, block in itertools.groupby(lines, key=lambda line: bool(line.strip())):
        rest = iter(block)
        head = list(itertools.islice(rest, _FEWEST_LINES))
        if is_text and (is_first or len(head) == _FEWEST_LINES):
            is_first = False
            yield from head
            yield from rest


def _starts(lines: Iterable[str]) -> list[int]:
    """The places at which some line has a text, and none has anything right before."""
    texts = {text.span() for line in lines for text in _TEXT.finditer(line.removeprefix("\ufeff").rstrip())}
    held = {place for start, end in texts for place in range(start, end)}
    return sorted(place for place in held if place - 1 not in held)


def _opened(path: Path, encoding: str) -> IO[str]:
    raw = cast(IO[bytes], open_bytes(path, FileFormat(type="csv", encoding=encoding)))
    return io.TextIOWrapper(raw, encoding=encoding, errors="surrogateescape")


def cells(line: str, starts: Sequence[int]) -> list[str]:
    """What stands in the columns of a line."""
    return [line[start:end].strip() for start, end in itertools.pairwise([*starts, len(line)])]


def _is_across(line: str, starts: Sequence[int]) -> bool:
    """Whether a text of a line goes on from one column into the next, or stands before the first."""
    return bool(line[: starts[0]].strip()) or any(line[place - 1] != " " for place in starts[1:])


def as_delimited(path: Path, encoding: str, starts: Sequence[int], folder: Path) -> Path:
    """The text with commas between its columns, in UTF-8; a line with text across two is of one cell, to be told."""
    written = folder / f"{path.name.removesuffix('.gz')}.columns.csv"
    plain = written.open("w", encoding="utf-8", errors="surrogateescape", newline="")
    with _opened(path, encoding) as text, plain as file:
        rows = (line.removeprefix("\ufeff").rstrip("\n").ljust(starts[-1]) for line in text)
        csv.writer(file, lineterminator="\n").writerows(
            [row.strip()] if _is_across(row, starts) else cells(row, starts) for row in rows
        )
    return written
