"""Read a person file: delimited text or Parquet; SPSS, Stata and SAS by way of Parquet.

A file is read twice: `profile` samples its columns, and `prepare` standardises and
stores its rows.
"""

import contextlib
import datetime
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from glob import escape
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from linkage.config import FileFormat
from linkage.engine import Engine, Table, columns, one, quote
from linkage.errors import InputError
from linkage.extras import require
from linkage.files.header_names import any_known
from linkage.records.csv_files import (
    LINE,
    is_of_two_bytes,
    mark_of,
    read_header,
    start_of,
)
from linkage.records.layout import listed, looks_like_a_record
from linkage.records.raw_rows import read_raw
from linkage.records.source_files import GivenFiles, damage_named, sha256_of, unchanged
from linkage.records.values import as_text

DELIMITERS = (",", ";", "\t", "|")
_PARQUET = b"PAR1"
_BATCH_ROWS = 200_000
_NO_LINE = 2**62  # behind the last line of any file
ROW = "row number"  # a column; with a blank, so that no field has its name
_OTHER_FORMATS = {
    ".xlsx": 'save the sheet as CSV (UTF-8); or duckdb -c "install excel; load excel; '
    "copy (from read_xlsx('FILE')) to 'persons.csv'\"",
    ".xls": "save the sheet as CSV (UTF-8)",
    ".ods": "save the sheet as CSV (UTF-8)",
    ".json": "duckdb -c \"copy (from read_json('FILE')) to 'persons.parquet'\"",
    ".zip": "unzip it first, and give the file that it holds",
    ".arrow": "write it as Parquet: "
    "pyarrow.parquet.write_table(pyarrow.ipc.open_file('FILE').read_all(), "
    "'p.parquet')",
}
_OTHER_FORMATS |= dict.fromkeys((".jsonl", ".ndjson"), _OTHER_FORMATS[".json"])
_OTHER_FORMATS |= dict.fromkeys(
    (".feather", ".arrows", ".ipc"), _OTHER_FORMATS[".arrow"]
)
_STARTS = {
    b"PK\x03\x04": ".zip",
    b"PK\x05\x06": ".zip",
    b"ARRO": ".arrow",
    b"\xff\xff\xff\xff": ".arrow",
}
_REMEDIES = {
    "row "
    "has": "compare its rows with its header, and state the separator with --delimiter",
    "quote": "write a quote within a value twice, or write the file without quotes",
    "NUL": "write it again without zero bytes: tr -d '\\0' < FILE > persons.csv",
    "header again": "fetch it again: it holds no records",
}
READERS = {
    ".sav": "read_sav",
    ".zsav": "read_sav",
    ".dta": "read_dta",
    ".sas7bdat": "read_sas7bdat",
}

_EXACT = (
    2.0**53
)  # beyond which a float of 64 bits does not hold every whole number (IEEE 754)


def holds_whole_numbers(column: pa.Array) -> bool:
    """Whether all numbers are whole, as a program that made fractions of them (1.0)
    leaves them.
    """
    whole = pc.and_(pc.equal(column, pc.floor(column)), pc.less(pc.abs(column), _EXACT))
    return bool(pc.all(whole, min_count=0).as_py())


def _statistical_to_parquet(path: Path, folder: Path, encoding: str | None) -> Path:
    """Write a statistical file as Parquet; a value with a label (1: "Male") becomes the
    label.
    """
    require(f"{path}: a statistical file", "readers")
    import pyreadstat

    read = getattr(pyreadstat, READERS[path.suffix.lower()])
    try:
        columns, metadata = read(
            path, output_format="dict", **({"encoding": encoding} if encoding else {})
        )
    except (
        pyreadstat.ReadstatError,
        pyreadstat.PyreadstatError,
        UnicodeError,
        OverflowError,
    ) as error:
        fault = (
            "is damaged, or of a version that is not read\n  save it as CSV in UTF-8"
        )
        if isinstance(error, UnicodeError) or "encoding" in str(error):
            fault = (
                "its text is of another encoding than it says\n  --encoding cp1252, say"
            )
        raise InputError(f"{path}: {fault}") from None
    labels = metadata.variable_value_labels
    parquet = folder / f"{path.stem}.parquet"
    pq.write_table(
        pa.table(
            {
                name: _column(values, labels.get(name, {}))
                for name, values in columns.items()
            }
        ),
        parquet,
    )
    return parquet


def _column(values: Sequence[Any], labels: Mapping[Any, str]) -> pa.Array:
    if labels or any(isinstance(value, str | datetime.time) for value in values):
        whole = (
            int(value) if isinstance(value, float) and value.is_integer() else value
            for value in values
        )
        texts = [labels.get(value, value) for value in whole]
        return pa.array(
            [None if text in (None, "") else str(text) for text in texts], pa.string()
        )
    column = pa.array(values)
    if pa.types.is_floating(column.type) and holds_whole_numbers(column):
        return column.cast(pa.int64())
    return column.cast(pa.string()) if pa.types.is_null(column.type) else column


_SAMPLE_BYTES = 1 << 20  # from the file's start
CODE_PAGES = (
    ("cp1252", "àáâãäåæçèéêëìíîïñòóôõöøœùúûüßšž"),
    ("cp1250", "áâäąăčćďéěëęíîĺľłńňóôőöŕřśšťúůűüźżžşß"),
    ("cp1250", "čćđšžäöüßéáó"),
    ("cp1250", "ăâîşţáéíóöőúüűß"),
    ("cp1254", "çğıİöşüâîûé"),
    ("cp1252", "áðéíóúýþæöøå"),
    ("mac_roman", "àáâãäåæçèéêëìíîïñòóôõöøœùúûüß"),
    ("cp850", "àáâãäåæçèéêëìíîïñòóôõöøùúûüß"),
)
"""Code pages of Western Europe, Central Europe, Croatia, Romania, Turkey, Iceland, Mac
and DOS, with letters of names. Of those that fit alike the first is taken.
"""
_NO_LETTER = (
    3  # letters, as which a sign beyond ASCII that is none speaks against a page
)


def detect_encoding(path: Path) -> str:
    """What a delimited text file is written in, by its byte order mark or its first
    megabyte.

    Lines of UTF-8 win where they are most of those beyond ASCII, so that single damaged
    lines stand out.

    Raises:
        InputError: the file cannot be read, or its compression is cut short.
    """
    start = start_of(path, FileFormat(type="csv"), _SAMPLE_BYTES)
    if mark := mark_of(start):
        return mark
    if is_of_two_bytes(start):
        return "utf-16-le" if start[1:2] == b"\0" else "utf-16-be"
    lines = start.splitlines()[: -1 if len(start) == _SAMPLE_BYTES else None]
    unusual_lines = [line for line in lines if not line.isascii()]
    others = [line for line in unusual_lines if not _decodes(line, "utf-8")]
    if len(others) * 2 <= len(unusual_lines):
        return "utf-8"
    text = b"\n".join(others)
    candidates = [
        (page, letters) for page, letters in CODE_PAGES if _decodes(text, page)
    ]
    return min(
        candidates,
        key=lambda page: _unusual(text.decode(page[0]), page[1]),
        default=("latin-1", ""),
    )[0]


def _unusual(text: str, letters: str) -> int:
    """How many signs beyond ASCII are no letters of a page's names; those that are no
    letters at all count more.
    """
    signs = [
        sign for sign in text if not sign.isascii() and sign.lower() not in letters
    ]
    return sum(1 if sign.isalpha() else _NO_LETTER for sign in signs)


def _decodes(text: bytes, encoding: str) -> bool:
    with contextlib.suppress(UnicodeDecodeError):
        text.decode(encoding)
        return True
    return False


@dataclass
class PersonFile:
    """A file that was opened."""

    path: Path
    # its rows as Parquet: of text, a copy with line numbers; else the file itself.
    # `table` is the same
    parquet: Path
    table: Table
    columns: tuple[
        str, ...
    ]  # names of the columns that are read; `types` has their types
    types: dict[str, pa.DataType]
    rows: int
    sha256: str
    side: str  # "left", "right" or "file"
    rejected: list[tuple[int, str]] = field(
        default_factory=list
    )  # line and reason of rows that could not be read
    nested: tuple[str, ...] = ()  # columns of lists and records, which are not read
    encoding: str | None = None
    encoding_was_stated: bool = False
    format: FileFormat | None = (
        None  # how a run reads the file as it is; None where a copy had to be made
    )
    shares_name: bool = False  # whether the other file has the same name

    @property
    def name(self) -> str:
        """What messages call it."""
        return f"{self.side} {self.path.name}" if self.shares_name else self.path.name

    def batches(
        self,
        columns: Sequence[str],
        row_groups: Sequence[int] | None = None,
        every: int = 1,
    ) -> Iterator[pa.Table]:
        """Every n-th row, its columns as text (`encoded`), and `row`, the number of the
        row from 1.
        """
        first, lines = 1, np.array(sorted(line for line, _ in self.rejected), np.int64)
        is_text = LINE in (names := pq.read_schema(self.parquet).names)
        present = [name for name in dict.fromkeys(columns) if name in names]
        with pq.ParquetFile(self.parquet) as file:
            read = [*present, *([LINE] if is_text else [])]
            for batch in file.iter_batches(
                batch_size=_BATCH_ROWS, columns=read, row_groups=row_groups
            ):
                places = np.arange((1 - first) % every, batch.num_rows, every)
                numbers, first = first + places, first + batch.num_rows
                if every > 1:
                    batch = batch.take(pa.array(places))
                if is_text and lines.size:
                    numbers = numbers + np.searchsorted(
                        lines, batch[LINE].to_numpy(), side="right"
                    )
                texts = [_encoded_text(batch[name]) for name in present]
                yield pa.table(
                    [*texts, pa.array(numbers, pa.int64())], names=[*present, "row"]
                )
        if (
            row_groups is None and first - 1 + lines.size != self.rows
        ):  # Arrow passes over a page it cannot read
            raise InputError(
                f"{self.path}: the file is damaged inside\n  fetch it again, or write "
                "it again"
            )

    def numbered_rows(self, engine: Engine) -> Table:
        """The file's rows, each with ROW, its number from 1; rows that could not be
        read count too.
        """
        table = engine.read(self.parquet, number=ROW)
        if not self.rejected:
            return table
        lines = pa.table({"rejected": sorted(line for line, _ in self.rejected)})
        numbers = pa.array(range(1, lines.num_rows + 1))
        gaps = engine.from_arrow(
            lines.append_column("before", numbers).append_column(
                "until", pa.chunked_array([lines["rejected"][1:], [_NO_LINE]])
            )
        )
        return engine.sql(
            f"""
            select {columns(self.columns, of="rows")},
                {quote(ROW)} + coalesce(before, 0) as {quote(ROW)}
            from {{rows}} as rows
            left join {{gaps}} on {quote(LINE)} > rejected and {quote(LINE)} < until
            """,
            rows=table,
            gaps=gaps,
        )

    def key_of(self, engine: Engine, column: str) -> str:
        """A SQL expression: a column of ids as the file has it; whole numbers that a
        program made fractions are whole.
        """
        name, kind = quote(column), self.types[column]
        if pa.types.is_string(kind) or pa.types.is_large_string(kind):
            return as_text(column, kind)
        if not pa.types.is_floating(kind):
            return name
        query = f"select bool_and({name} = floor({name})) as whole from {{t}}"
        is_whole = one(engine, engine.sql(query, t=self.table))["whole"]
        return f"cast({name} as bigint)" if is_whole else name

    def rejected_reasons(self) -> dict[str, int]:
        """Why rows could not be read, and how many for each reason; no value."""
        return dict(Counter(reason for _, reason in self.rejected))

    def notes(self) -> list[str]:
        """What the user should know of how it was read; no value."""
        notes = []
        if self.nested:
            remedy = (
                'select their parts: duckdb -c "copy (select *, name.family as '
                "surname from 'FILE') to ...\""
            )
            notes.append(
                f"{self.name}: columns of lists and records are not read: "
                f"{', '.join(self.nested)}; {remedy}"
            )
        if (
            self.encoding
            and not self.encoding_was_stated
            and not self.encoding.startswith("utf-")
        ):
            remedy = "if names look wrong, state the encoding: --encoding cp1252, say"
            notes.append(
                f"{self.name}: read as {self.encoding}, by its letters; {remedy}"
            )
        if self.rejected:
            reasons = "; ".join(
                f"{rows:,} {reason}"
                for reason, rows in sorted(self.rejected_reasons().items())
            )
            first = min(line for line, _ in self.rejected)
            count = f"{len(self.rejected):,} of {self.rows:,} rows rejected"
            notes.append(
                f"{self.name}: {count}, the first in line {first:,}: {reasons}"
            )
        return notes


def encoded(column: pa.Array | pa.ChunkedArray) -> pa.DictionaryArray:
    """A column as its distinct values and the place of each row's; a value that is not
    known has a place too.
    """
    if isinstance(column, pa.ChunkedArray):
        column = column.combine_chunks()
    return (
        column
        if pa.types.is_dictionary(column.type)
        else column.dictionary_encode(null_encoding="encode")
    )


def decoded(column: pa.DictionaryArray) -> pa.Array:
    """The values of an encoded column."""
    return column.dictionary.take(column.indices)


def _encoded_text(column: pa.Array) -> pa.DictionaryArray:
    """A file's column as trimmed text, NULL where it is empty; each distinct value
    once, of which some may become equal.

    Whole numbers that a program made fractions (1.0) are whole.
    """
    if pa.types.is_dictionary(column.type) and column.null_count:
        column = column.dictionary_decode()
    column = encoded(column)
    values, kind = column.dictionary, column.dictionary.type
    if pa.types.is_timestamp(kind):
        values = pc.strftime(values, format="%Y-%m-%d")
    elif (
        pa.types.is_floating(kind) or pa.types.is_decimal(kind)
    ) and holds_whole_numbers(values):
        values = values.cast(pa.int64())
    if not pa.types.is_string(values.type):
        values = values.cast(pa.string())
    values = pc.utf8_trim_whitespace(values)
    values = pc.if_else(pc.equal(values, ""), pa.scalar(None, pa.string()), values)
    return pa.DictionaryArray.from_arrays(column.indices, values)


def read_file(
    engine: Engine,
    path: Path,
    scratch: Path,
    side: str,
    *,
    delimiter: str | None,
    encoding: str | None,
) -> PersonFile:
    """Open a person file; the delimiter and the encoding of text are detected when
    None.

    Raises:
        InputError: the file is missing, empty, cut short, without a header, of a format
            or encoding that is not read, or every one of its rows is rejected.
    """
    _refuse_no_file(path)
    scratch.mkdir(parents=True, exist_ok=True)
    if path.suffix.lower() in READERS:
        parquet = _statistical_to_parquet(path, scratch, encoding)
        file = _read_parquet(engine, parquet, scratch, side)
        file.path, file.sha256, file.format = path, sha256_of(path), None
        return file
    if is_parquet(path):
        return _read_parquet(engine, path, scratch, side)
    return _read_text(engine, path, scratch, side, delimiter, encoding)


def _read_parquet(engine: Engine, path: Path, scratch: Path, side: str) -> PersonFile:
    fmt = FileFormat(type="parquet")
    raw = read_raw(
        engine, GivenFiles(path.name, [escape(path.name)], fmt, path.parent), scratch
    )
    nested = tuple(
        name
        for name, kind in raw.types.items()
        if pa.types.is_nested(kind) or pa.types.is_binary(kind)
    )
    columns = tuple(name for name in raw.header if name not in nested)
    types = {name: raw.types[name] for name in columns}
    sha256 = raw.files[0].sha256
    return PersonFile(
        path,
        path,
        raw.table,
        columns,
        types,
        raw.rows_read,
        sha256,
        side,
        nested=nested,
        format=fmt,
    )


def _read_text(
    engine: Engine,
    path: Path,
    scratch: Path,
    side: str,
    delimiter: str | None,
    encoding: str | None,
) -> PersonFile:
    file_encoding = encoding or detect_encoding(path)
    try:
        sign = delimiter or _detect_delimiter(path, file_encoding)
        fmt = FileFormat(
            type="csv", delimiter=sign, encoding=file_encoding, repeated_names="number"
        )
        raw = read_raw(
            engine,
            GivenFiles(path.name, [escape(path.name)], fmt, path.parent),
            scratch,
        )
    except InputError as fault:
        problem, _, remedy = str(fault).partition("\n")
        if "encoding" in remedy:
            raise InputError(
                f"{problem}\n  state the one it has: --encoding utf-16, cp1252 ..."
            ) from None
        raise
    rejects = [(line, reason) for _, line, reason in raw.rejected]
    if rejects and len(rejects) == raw.rows_read:
        line, reason = rejects[0]
        remedy = next(
            (remedy for part, remedy in _REMEDIES.items() if part in reason),
            _REMEDIES["row has"],
        )
        raise InputError(
            f"{path}: all of its {len(rejects):,} rows are rejected; line {line:,}: "
            f"{reason}\n  {remedy}"
        )
    _refuse_no_header(path, raw.header)
    types, sha256 = dict.fromkeys(raw.header, pa.string()), raw.files[0].sha256
    file = PersonFile(
        path,
        scratch / "0.parquet",
        raw.table,
        raw.header,
        types,
        raw.rows_read,
        sha256,
        side,
        rejects,
    )
    file.encoding, file.encoding_was_stated, file.format = (
        file_encoding,
        encoding is not None,
        fmt,
    )
    return file


def is_parquet(path: Path) -> bool:
    """Whether a file is Parquet, or ought to be: by its name, or by its first bytes."""
    with path.open("rb") as file:
        return (
            path.suffix.lower() in (".parquet", ".pq")
            or file.read(len(_PARQUET)) == _PARQUET
        )


@contextlib.contextmanager
def damage_reported(*paths: Path) -> Iterator[None]:
    """Name the Parquet file that is damaged inside when work on it fails, or that
    changed meanwhile.

    Raises:
        InputError: a file cannot be read through, or is another at the end; else the
            error stays as it was.
    """
    lazy = [path for path in paths if path.is_file() and is_parquet(path)]
    with unchanged(lazy), damage_named(lazy):
        yield


def _refuse_no_file(path: Path) -> None:
    if path.is_dir():
        raise InputError(f"{path}: is a folder\n  name the file in it")
    if path.exists() and not path.is_file():
        raise InputError(
            f"{path}: a pipe or a device, which cannot be read twice\n  write it to a "
            "file first"
        )
    if not path.is_file():
        raise InputError(
            f"{path}: no such file\n  check its name, and the folder that it is looked "
            "for in"
        )
    with path.open("rb") as file:
        format_of_start = _STARTS.get(file.read(4), "")
    if remedy := _OTHER_FORMATS.get(
        path.suffix.lower(), _OTHER_FORMATS.get(format_of_start)
    ):
        raise InputError(
            f"{path}: files of this format are not read\n  "
            f"{remedy.replace('FILE', path.name)}"
        )


def _refuse_no_header(path: Path, header: Sequence[str]) -> None:
    """A record in the place of the header would be lost, and its values shown as names
    of columns.
    """
    if any_known(header) or not looks_like_a_record(header):
        return
    raise InputError(
        f"{path}: {listed(header, known=False)}\n"
        "  write a first line with names, such as id,forename,surname,dob; or duckdb "
        '-c "copy (select column0 as '
        f"forename, ... from read_csv('{path.name}', header = false)) to "
        "'persons.csv'\""
    )


def _detect_delimiter(path: Path, encoding: str) -> str:
    """The separator that the header has most of."""
    formats = {
        d: FileFormat(
            type="csv", delimiter=d, encoding=encoding, repeated_names="number"
        )
        for d in DELIMITERS
    }
    counts = {sign: len(read_header(path, fmt)) for sign, fmt in formats.items()}
    return max(counts, key=lambda sign: counts[sign])
