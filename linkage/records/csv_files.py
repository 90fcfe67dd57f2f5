"""CSV of any declared encoding to Parquet of text, with the line of each row; rows that
cannot be read are quarantined.

Blocks of whole, well-formed lines go through pyarrow. A block with a byte that the
encoding lacks, a NUL, a line break inside quotes or a row of another length is read
again line by line, so that only its faulty rows are lost.
"""

import contextlib
import csv
import io
import re
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, cast

import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq

from linkage.config import FileFormat
from linkage.errors import InputError
from linkage.records.source_files import open_bytes, told_apart, unreadable

LINE, FILE = (
    "file line",
    "file number",
)  # columns of the Parquet file; with a space, so that no header has them

_BLOCK = 8_000_000  # characters read at a time
_WHOLE_BLOCK = 1 << 30  # bytes, more than a block has: it is one piece
_SHORT = (
    "row has",
    "a quote opens",
)  # what is wrong with a row of which the end is missing
_CUT = (
    "the file ends in it, without a line break: it may be cut short, compare its size"
)
# lines: a quote that does not close within them is a fault of the line that opens it
_LONGEST_ROW = 100
_REPLACED = re.compile("[\udc80-\udcff\ufffd]")
_MARKS = {
    b"\xff\xfe\0\0": "utf-32",
    b"\xff\xfe": "utf-16",
    b"\xfe\xff": "utf-16",
    b"\xef\xbb\xbf": "utf-8-sig",
}


@dataclass
class CsvRows:
    """The content of a CSV file."""

    header: list[str]
    rows: int = 0  # written to Parquet
    rejected: list[tuple[int, str]] = field(default_factory=list)  # line, reason


@dataclass
class _Block:
    """Consecutive lines as text, and the number of the first."""

    first_line: int
    text: str


def read_header(path: Path, fmt: FileFormat) -> list[str]:
    """Column names of a CSV file.

    Raises:
        InputError: no header, a name that stands twice, or an encoding that the file
            does not have.
    """
    with _opened(path, fmt) as stream:
        return _header(path, fmt, stream)


def start_of(path: Path, fmt: FileFormat, size: int) -> bytes:
    """The first bytes of a file's content, decompressed.

    Raises:
        InputError: the file cannot be read, or its compression is cut short.
    """
    with _reading(path), cast(IO[bytes], open_bytes(path, fmt)) as stream:
        return stream.read(size)


def mark_of(start: bytes) -> str | None:
    """The encoding that a byte order mark tells."""
    return next(
        (encoding for mark, encoding in _MARKS.items() if start.startswith(mark)), None
    )


def is_of_two_bytes(start: bytes) -> bool:
    """Whether text without a mark is UTF-16. Zeros at its end are none of it: a crash
    leaves them there.
    """
    text = start.rstrip(b"\0")
    return text.count(0) > len(text) // 4


def to_parquet(
    path: Path,
    fmt: FileFormat,
    out: Path,
    number: int,
    columns: Sequence[str] | None = None,
) -> CsvRows:
    """Write the rows of a CSV file as Parquet: each column text, an empty one NULL, and
    LINE and FILE.

    Args:
        number: what FILE holds.
        columns: header names to keep; all when None.

    Returns:
        How many rows were written and which lines were not, with the reason.

    Raises:
        InputError: the file cannot be read, its compression is cut short, or its
            encoding is not the declared one.
        OSError: `out` cannot be written; the caller knows what it is for.
    """
    with _opened(path, fmt) as stream:
        header = _header(path, fmt, stream)
        result = CsvRows(header)
        names = [name for name in header if columns is None or name in set(columns)]
        schema = pa.schema(
            [
                *((name, pa.string()) for name in names),
                (LINE, pa.int64()),
                (FILE, pa.int32()),
            ]
        )
        with pq.ParquetWriter(
            out,
            schema,
            compression="snappy",
            write_statistics=False,  # nothing skips a part of the rows
            use_dictionary=[*names, FILE],
            column_encoding={LINE: "DELTA_BINARY_PACKED"},
        ) as writer:
            for table in _tables(path, fmt, stream, result):
                if table.num_rows:
                    result.rows += table.num_rows
                    numbers = pa.repeat(pa.scalar(number, pa.int32()), table.num_rows)
                    writer.write_table(
                        table.select([*names, LINE])
                        .append_column(FILE, numbers)
                        .cast(schema)
                    )
    return result


def _opened(path: Path, fmt: FileFormat) -> io.TextIOWrapper:
    _check_mark(path, fmt)
    # Bytes that the encoding lacks become lone surrogates, or marks, by which their
    # line is known.
    errors = "replace" if _replaces(fmt) else "surrogateescape"
    encoding = (
        "utf-8-sig" if fmt.encoding.lower() in ("utf-8", "utf8") else fmt.encoding
    )
    try:
        return io.TextIOWrapper(
            cast(IO[bytes], open_bytes(path, fmt)),
            encoding=encoding,
            errors=errors,
            newline=None,
        )
    except LookupError:
        raise InputError(
            f"{path}: no encoding is called '{fmt.encoding}'\n  common ones: utf-8, "
            "cp1252, latin-1, utf-16"
        ) from None


def _check_mark(path: Path, fmt: FileFormat) -> None:
    start = start_of(path, fmt, 4096)
    if not start:
        raise InputError(
            f"{path}: the file is empty\n  fetch it again, or leave it out"
        )
    encoding = mark_of(start)
    encoding_name = fmt.encoding.lower().replace("_", "-")
    is_utf_8 = encoding == "utf-8-sig" and encoding_name in ("utf-8", "utf8")
    is_wrong = encoding and not (encoding_name.startswith(encoding) or is_utf_8)
    if (
        not encoding
        and not encoding_name.startswith(("utf-16", "utf-32"))
        and is_of_two_bytes(start)
    ):
        encoding, is_wrong = "utf-16", True
    if is_wrong:
        raise InputError(
            f"{path}: the file is written in {encoding}, not in {fmt.encoding}\n"
            f'  say so in the source\'s format: encoding = "{encoding}"'
        )


_LONGEST = 131_072  # signs of a name


def _header(path: Path, fmt: FileFormat, stream: io.TextIOWrapper) -> list[str]:
    with _reading(path):
        line = stream.readline().lstrip(
            "\ufeff"
        )  # the mark of an encoding that names its order of bytes
    if _undecoded(line, fmt) or "\0" in line:
        raise InputError(
            f"{path}: the header is not {fmt.encoding}\n  say in the source's format "
            "which encoding the file has"
        )
    try:
        names = [name.strip() for name in next(_reader([line], fmt), [])]
        if max(map(len, names), default=0) > _LONGEST:
            # as Python's reader does, unless some library lets it read longer ones
            raise csv.Error
    except csv.Error:
        raise InputError(
            f"{path}: the first line is no header: a name is too long, or a quote "
            "stands wrong\n"
            "  the first line of a CSV file names its columns"
        ) from None
    if not any(names):
        raise InputError(
            f"{path}: the first line names no columns\n  the first line of a CSV file "
            "is its header"
        )
    if 2 * sum(map(bool, names)) < len(names):
        raise InputError(
            f"{path}: the first line names {sum(map(bool, names))} of {len(names)} "
            "columns\n"
            "  the first line of a CSV file is its header: take away what stands "
            "before it, or name every column"
        )
    if reserved := [name for name in names if name.lower() in (LINE, FILE)]:
        raise InputError(
            f"{path}: a column is called {reserved[0]}, as one that is made here\n  "
            "give it another name"
        )
    if fmt.repeated_names == "number":
        return numbered(names)
    told_apart(names, str(path))
    return names


def numbered(names: Sequence[str]) -> list[str]:
    """Names of columns of which none stands twice, in whatever case: Name and Name 2,
    and column 7 for an empty one.
    """
    columns: dict[str, str] = {}
    for place, name in enumerate(names, 1):
        base = new = name or f"column {place}"
        number = 1
        while new.lower() in columns:
            number += 1
            new = f"{base} {number}"
        columns[new.lower()] = new
    return list(columns.values())


def _tables(
    path: Path, fmt: FileFormat, stream: io.TextIOWrapper, result: CsvRows
) -> Iterator[pa.Table]:
    lines = _Lines(path, stream)
    while block := lines.block():
        table = _quick(block, fmt, result.header)
        yield _slow(block, lines, fmt, result) if table is None else table
    number, reason = result.rejected[-1] if result.rejected else (0, "")
    if number == lines.next - 1 and not lines.ended and reason.startswith(_SHORT):
        result.rejected[-1] = (number, f"{reason}; {_CUT}")


class _Lines:
    """Blocks of whole lines, counted; the slow reader may take further lines of a row
    that its block cuts.
    """

    def __init__(self, path: Path, stream: io.TextIOWrapper) -> None:
        self.path, self.stream, self.next = path, stream, 2
        self.ended = True  # by a line break

    def block(self) -> _Block | None:
        with _reading(self.path):
            text = self.stream.read(_BLOCK)
            text += self.stream.readline() if text and not text.endswith("\n") else ""
        if not text:
            return None
        block = _Block(self.next, text)
        self.ended = text.endswith("\n")
        self.next += text.count("\n") + (not self.ended)
        return block

    def more(self) -> str:
        with _reading(self.path):
            line = self.stream.readline()
        self.next += bool(line)
        self.ended = line.endswith("\n") if line else self.ended
        return line


def _quick(block: _Block, fmt: FileFormat, header: list[str]) -> pa.Table | None:
    """A block by pyarrow, or None when any of its lines needs a closer look."""
    text = block.text
    if "\0" in text or "\n\n" in text or text.startswith("\n") or _undecoded(text, fmt):
        return None
    if fmt.quote and text.count(fmt.quote) % 2:
        return None
    if not f"{fmt.delimiter}{fmt.quote}".isascii():  # pyarrow takes a byte for each
        return None
    try:
        table = pacsv.read_csv(
            pa.BufferReader(text.encode("utf-8")),
            read_options=pacsv.ReadOptions(
                column_names=header, use_threads=False, block_size=_WHOLE_BLOCK
            ),
            parse_options=pacsv.ParseOptions(
                delimiter=fmt.delimiter, quote_char=fmt.quote or False
            ),
            convert_options=pacsv.ConvertOptions(
                column_types=dict.fromkeys(header, pa.string()),
                null_values=[""],
                strings_can_be_null=True,
            ),
        )
    except pa.ArrowInvalid:  # a row of another length
        return None
    rows = text.count("\n") + (not text.endswith("\n"))
    if table.num_rows != rows:  # a line break inside quotes
        return None
    return table.append_column(
        LINE, pa.arange(block.first_line, block.first_line + rows)
    )


def _slow(block: _Block, lines: _Lines, fmt: FileFormat, result: CsvRows) -> pa.Table:
    """A block line by line; faulty rows go to `result.rejected`."""
    names = result.header
    columns: list[list[str | None]] = [[] for _ in names]
    numbers: list[int] = []
    for number, cells in _records(block, lines, fmt, result):
        if len(cells) != len(names):
            result.rejected.append(
                (number, f"row has {len(cells)} fields, the header {len(names)}")
            )
            continue
        numbers.append(number)
        for column, cell in zip(columns, cells, strict=True):
            column.append(cell or None)
    arrays = [pa.array(column, pa.string()) for column in columns]
    return pa.table([*arrays, pa.array(numbers, pa.int64())], names=[*names, LINE])


def _records(
    block: _Block, lines: _Lines, fmt: FileFormat, result: CsvRows
) -> Iterator[tuple[int, list[str]]]:
    """Rows of a block that can be parsed, each with its first line; a row may end in
    lines after the block.
    """
    texts = block.text.split("\n")
    if texts[-1] == "":
        texts.pop()
    start = 0
    while start < len(texts):
        number = block.first_line + start
        count, cells, reason = _one_row(texts, start, lines, fmt)
        text = "\n".join(texts[start : start + count])
        start += count
        if not reason and not text.strip():
            continue
        if reason := reason or _unreadable_text(text, fmt):
            result.rejected.append((number, reason))
        else:
            yield number, cells


def _one_row(
    texts: list[str], start: int, lines: _Lines, fmt: FileFormat
) -> tuple[int, list[str], str | None]:
    """How many lines a row takes, its cells, and its fault. Lines are fetched while a
    quote is open at the block's end.

    A row of several lines must be well formed, else a quote that does not close would
    swallow those after it.
    """
    for count in range(1, _LONGEST_ROW + 1):
        if start + count > len(texts):
            line = lines.more()
            if not line:
                break
            texts.append(line.removesuffix("\n"))
        row = [f"{line}\n" for line in texts[start : start + count]]
        try:
            return count, next(_reader(row, fmt, strict=True), []), None
        except csv.Error as error:
            if "unexpected end of data" in str(error):
                continue
            if count > 1:
                break
        try:  # one line with a quote in an odd place
            return 1, next(_reader(row, fmt), []), None
        except csv.Error:
            return 1, [], "row is no CSV: a field is too long or a quote stands wrong"
    return 1, [], "a quote opens and does not close"


def _unreadable_text(text: str, fmt: FileFormat) -> str | None:
    if "\0" in text:
        return "row holds a NUL"
    if _undecoded(text, fmt):
        return f"row holds bytes that are not {fmt.encoding}"
    return None


def _undecoded(text: str, fmt: FileFormat) -> bool:
    """Whether a byte of the text was none of the encoding."""
    if _replaces(fmt):
        return bool(_REPLACED.search(text))
    try:
        text.encode()  # an escape has no place in UTF-8
    except UnicodeEncodeError:
        return True
    return False


def _replaces(fmt: FileFormat) -> bool:
    """UTF-16 and UTF-32 know no escape for a byte that they lack; it is replaced by a
    mark.
    """
    return fmt.encoding.lower().replace("_", "-").startswith(("utf-16", "utf-32"))


def _reader(
    lines: list[str], fmt: FileFormat, *, strict: bool = False
) -> Iterator[list[str]]:
    if fmt.quote:
        return csv.reader(
            lines, delimiter=fmt.delimiter, quotechar=fmt.quote, strict=strict
        )
    return csv.reader(lines, delimiter=fmt.delimiter, quoting=csv.QUOTE_NONE)


@contextlib.contextmanager
def _reading(path: Path) -> Iterator[None]:
    """Turns what can go wrong under a text stream into an error that names the file."""
    try:
        yield
    except (EOFError, zlib.error, OSError) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise unreadable(path, error) from None
        raise InputError(
            f"{path}: the compressed file is cut short or damaged\n  fetch it again "
            "and compare its size"
        ) from None
    except UnicodeError:
        raise InputError(
            f"{path}: the file is not in the encoding that the source declares\n  see "
            "[source] format.encoding"
        ) from None
