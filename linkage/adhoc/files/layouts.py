"""Where the table of a delimited text begins, if that is not plainly its first line.

Spreadsheets write sep=; first, and names of columns over several lines; reports begin with a title; R names no column
for its row names, and some programs end each row in a separator, but not the header. Such a file is copied so that its
first line is its header.
"""

import csv
import io
import re
import shutil
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, cast

from linkage.adhoc.headers.known_headers import any_known
from linkage.config import FileFormat
from linkage.records.csv_files import numbered, start_of
from linkage.records.headers import looks_like_a_record
from linkage.records.source_files import open_bytes

DELIMITERS = (",", ";", "\t", "|", "^", "~")
_SAID = re.compile(r'"?sep=(.)"?\s*')
_LOOKED_AT, _RECORDS = 100_000, 60  # bytes and records that show the layout
_MOST = 0.8  # of the records have one length
_FARTHEST = 20  # records before the header
_NAMES = 2  # that are known, and a record is a header


@dataclass(frozen=True)
class Layout:
    """How a text that is no plain table is laid out."""

    delimiter: str
    above: int  # lines before the header
    unnamed: str = ""  # "first" or "last": a column that the header has no name for
    lines: int = 1  # of the header

    @property
    def before(self) -> int:
        """Lines of the text more than of its copy, in which each row stands so much earlier."""
        return self.above + self.lines - 1


def laid_out(path: Path, encoding: str, delimiter: str | None = None) -> Layout | None:
    """The layout of a text whose first line is no header, or one that lacks a name; None for all others.

    Args:
        delimiter: that was named; found in the file when None.
    """
    fmt = FileFormat(type="csv", encoding=encoding)
    try:
        text = start_of(path, fmt, _LOOKED_AT).decode(encoding, errors="replace").removeprefix("\ufeff")
    except LookupError:  # no encoding, of which the reader tells
        return None
    lines = text.splitlines(keepends=True)
    if len(lines) > 1 and len(text) >= _LOOKED_AT // 4:
        lines.pop()  # cut short
    if not lines:
        return None
    if said := _SAID.fullmatch(lines[0]):
        return Layout(said[1], 1)
    found = []
    for sign in [delimiter] if delimiter else [*DELIMITERS, *([" "] if lines[0].startswith('"') else [])]:
        records = list(_records(lines, sign))
        lengths = Counter(len(cells) for _, _, cells in records)
        usual, rows = max(lengths.items(), key=lambda held: (held[1], held[0]), default=(0, 0))
        if usual > 1 and rows >= _MOST * (len(records) - 1):
            found.append((usual, sign, records))
    if not found:
        return None
    usual, sign, records = max(found, key=lambda of: of[0])
    for place, (line, taken, names) in enumerate(records[:_FARTHEST]):
        if len(names) not in (usual, usual - 1) or 2 * sum(map(bool, names)) < len(names):
            continue  # a title, whether or not a spreadsheet wrote its empty cells
        below = [cells for _, _, cells in records[place + 1 :]]
        if not names_columns(names) and not (place and _stands_above(names, below)):
            return None
        if len(names) == usual:
            is_plain = not line and taken == 1 and sign in (*DELIMITERS, delimiter)
            return None if is_plain else Layout(sign, line, lines=taken)
        unnamed = "first" if any(cells[-1] for cells in below) else "last"
        return Layout(sign, line, unnamed, taken)
    return None


def _records(lines: Sequence[str], sign: str) -> Iterator[tuple[int, int, list[str]]]:
    """The first records that are not empty, each with the lines before it, and how many it takes."""
    reader, before = csv.reader(lines, delimiter=sign), 0
    try:
        for number, cells in enumerate(reader):
            if number == _RECORDS:
                return
            if cells:
                yield before, reader.line_num - before, [cell.strip() for cell in cells]
            before = reader.line_num
    except csv.Error:
        return


def as_plain(path: Path, encoding: str, layout: Layout, scratch: Path) -> Path:
    """A copy of the text, in UTF-8, whose first line is its header; with a name for each column."""
    written = scratch / f"{path.name.removesuffix('.gz')}.plain.csv"
    fmt = FileFormat(type="csv", encoding=encoding)
    with (
        io.TextIOWrapper(
            cast(IO[bytes], open_bytes(path, fmt)), encoding=encoding, errors="surrogateescape", newline=""
        ) as text,
        written.open("w", encoding="utf-8", errors="surrogateescape", newline="") as plain,
    ):
        for _ in range(layout.above):
            text.readline()
        header = [text.readline() for _ in range(layout.lines)]
        header[0] = header[0].removeprefix("\ufeff")
        names = [" ".join(name.split()) for name in next(csv.reader(header, delimiter=layout.delimiter))]
        names = {"first": ["", *names], "last": [*names, ""]}.get(layout.unnamed, names)
        csv.writer(plain, delimiter=layout.delimiter, lineterminator="\n").writerow(numbered(names))
        shutil.copyfileobj(text, plain)
    return written


def as_headed(path: Path, fmt: FileFormat, columns: int, scratch: Path) -> Path:
    """A copy of a text without a header, in UTF-8, whose columns are called by their places: column 1, column 2."""
    written = scratch / f"{path.name.removesuffix('.gz')}.headed.csv"
    with (
        io.TextIOWrapper(
            cast(IO[bytes], open_bytes(path, fmt)), encoding=fmt.encoding, errors="surrogateescape", newline=""
        ) as text,
        written.open("w", encoding="utf-8", errors="surrogateescape", newline="") as headed,
    ):
        headed.write(fmt.delimiter.join(f"column {place}" for place in range(1, columns + 1)) + "\n")
        headed.write(text.readline().removeprefix("\ufeff"))
        shutil.copyfileobj(text, headed)
    return written


def _stands_above(names: Sequence[str], records: Sequence[Sequence[str]]) -> bool:
    """Whether a record below a title is a header by what stands below it: a word above numbers.

    The first line of such a text is no header, and what its columns are called need not be known.
    """
    if not all(names) or len({*names}) < len(names) or looks_like_a_record(names):
        return False
    columns = zip(names, *(cells for cells in records if len(cells) == len(names)), strict=True)
    return any(not _has_digit(name) and _are_of_numbers(cells) for name, *cells in columns)


def _are_of_numbers(cells: Sequence[str]) -> bool:
    held = [cell for cell in cells if cell]
    return bool(held) and all(map(_has_digit, held))


def _has_digit(cell: str) -> bool:
    return any(map(str.isdigit, cell))


def names_columns(names: Sequence[str]) -> bool:
    """Whether a record is a header without doubt: a surname may be what a column is called."""
    return sum(any_known([name]) for name in names) >= _NAMES and not looks_like_a_record(names)
