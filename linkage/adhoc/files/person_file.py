"""A person file of any shape, as it is read: its rows as text or typed, each with its place in the file."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from glob import escape
from pathlib import Path
from typing import Any, Self

import pyarrow as pa

from linkage.adhoc.files import other_programs, packed, workbooks
from linkage.adhoc.files.encodings import found_encoding
from linkage.adhoc.files.fixed_widths import as_delimited, column_starts
from linkage.adhoc.files.layouts import DELIMITERS, as_headed, as_plain, laid_out
from linkage.adhoc.files.nested import Plain, are_plain, plain_columns
from linkage.adhoc.headers.known_headers import any_known
from linkage.adhoc.headers.numbered_headers import of_the_second
from linkage.adhoc.headers.recognise import Columns
from linkage.config import FileFormat
from linkage.engine import Engine, Table, literal, one, quote
from linkage.errors import InputError
from linkage.records.headers import listed, looks_like_a_record
from linkage.records.raw_rows import RawRows, read_raw
from linkage.records.source_files import GivenFiles, damage_named, sha256_of, unchanged

_PARQUET = b"PAR1"
_REMEDIES = {
    "row has": "compare its rows with its header, and name the separator with --delimiter",
    "quote": "write a quote within a value twice, or write the file without quotes",
    "NUL": "write it again without zero bytes: tr -d '\\0' < FILE > persons.csv",
    "header again": "fetch it again: it holds nobody",
}
"""What to do where every row of a file has a fault, by what is said of it."""

_WIDE = 300  # columns, of which every query that names the file has to look at all
_HELD = 10_000_000  # cells that are held for that, so that it need not
PLACE = "row in file"
"""A column of our own; with spaces, so that no field has its name."""


FATHER, MOTHER, PLACE_OF_BIRTH, WITHIN, NUMBERS = "father", "mother", "place of birth", "within", "numbers"
"""Parts of a column: of both parents, of when and where somebody was born, of a text, and the numbers of it."""


@dataclass(frozen=True)
class MadeOf:
    """A column that is a part of another, which one, and for WITHIN the column of the other file that is looked for."""

    name: str
    how: str
    column: str
    other: str = ""


@dataclass
class PersonFile:
    """A file as it was read."""

    path: Path
    table: Table  # its columns, and such as were made of them
    raw: Table  # its columns alone
    header: tuple[str, ...]
    types: Mapping[str, pa.DataType]
    rows: int
    sha256: str
    quarantined: list[tuple[int, str]] = field(default_factory=list)  # line, reason
    iso_dates: frozenset[str] = frozenset()  # columns of birth dates that are year-month-day text by now
    undated: int | None = None  # rows whose birth date is in no form that is read; None where nobody has looked
    calendar: str | None = None  # of its birth dates, where it is not the common one
    yearless: bool = False  # its birth dates are days and months
    aged_on: str | None = None  # the column of the days on which its people were as old as it says
    encoding: str | None = None  # that a text file was read in
    unknown: Mapping[str, int] = field(default_factory=dict)  # column -> rows that say that nobody knows
    encoding_was_named: bool = False
    form: FileFormat | None = None  # in which a run reads it as it is; None where it was written anew to be read
    not_plain: tuple[str, ...] = ()  # columns that hold records or lists, and are not read
    of_sheet: tuple[str, ...] = ()  # which sheet of a workbook it is, where that needs to be said
    above: int = 0  # rows of a sheet above the names of its columns
    values: dict[str, dict[str, int]] = field(default_factory=dict, repr=False)  # of columns that were counted already
    british: dict[str, bool] = field(default_factory=dict)  # columns whose values were looked at as postcodes
    clean: set[str] = field(default_factory=set)  # columns that hold trimmed text, and NULL where there is none
    both_persons: bool = False  # of rows that hold two are compared, the elder first
    taken_apart: str | None = None  # the column of texts that was, by what the other file holds
    headless: bool = False  # its columns are called by their places, since its first line is a record
    made_of: tuple[MadeOf, ...] = ()  # columns that are a part of another
    side: str = ""  # "left" or "right", where the other file has the same name

    @property
    def called(self) -> str:
        """What it is called in what is said of it."""
        return f"{self.side} {self.path.name}".lstrip()

    def with_columns(
        self,
        table: Table,
        values: Mapping[str, dict[str, int]] | None = None,
        clean: Iterable[str] = (),
        **others: Any,
    ) -> Self:
        """The file with a table that has further columns: `values` of those counted, `clean` ones need no trimming."""
        counted = {**self.values, **(values or {})}
        return replace(self, table=table, values=counted, clean={*self.clean, *clean}, **others)

    def set_aside(self) -> dict[str, int]:
        """Why rows could not be read, and how many for each reason; no value."""
        return dict(Counter(reason for _, reason in self.quarantined))

    def notes(self) -> list[str]:
        """What whoever gave the file should know of how it was read; no value."""
        said = list(self.of_sheet)
        if self.above:
            rows = f"{self.above} row{'' if self.above == 1 else 's'}"
            said.append(f"{self.called}: {rows} above the names of the columns left out")
        if self.headless:
            said.append(
                f"{self.called}: its first line is a record, so that columns are called by their places "
                f"({self.header[0]} ...) and known by what they hold; a first line with names is surer"
            )
        if others := of_the_second(self.header):
            shown = ", ".join(others)
            said.append(
                f"{self.called}: a row holds two persons ({shown}), who are compared the elder first"
                if self.both_persons
                else f"{self.called}: a row holds several persons ({shown}): the first is read; give each a row"
            )
        if self.taken_apart:
            shown = listed([self.taken_apart], known=any_known(self.header))
            said.append(f"{self.called}: who somebody is stands in {shown}, taken apart by what the other file holds")
        for numbers, what in ((False, "several things stand in"), (True, "numbers alone are compared of")):
            columns = dict.fromkeys(made.column for made in self.made_of if (made.how == NUMBERS) is numbers)
            if columns:
                said.append(f"{self.called}: {what} {listed([*columns], known=any_known(self.header))}")
        if self.not_plain:
            shown = listed(self.not_plain, known=any_known(self.header))
            said.append(f"{self.called}: lists within lists and maps are not read: {shown}")
        if self.encoding and not self.encoding_was_named and not self.encoding.startswith("utf-"):
            said.append(
                f"{self.called}: read as {self.encoding}, by its letters; if names look wrong, "
                "give the encoding that the file was saved in: --encoding cp1252, say"
            )
        return [*said, *self.lost_rows()]

    def lost_rows(self) -> list[str]:
        """How many rows could not be read, and why; nothing where all could."""
        if self.quarantined:
            reasons = "; ".join(f"{number:,} {reason}" for reason, number in sorted(self.set_aside().items()))
            first = min(line for line, _ in self.quarantined)
            counted = f"{len(self.quarantined):,} of {self.rows:,} rows set aside"
            return [f"{self.called}: {counted}, the first in line {first:,}: {reasons}"]
        return []


Recognised = Callable[[Columns, Sequence[PersonFile]], None]
"""Is told which columns of files were recognised, before the work begins."""


def read(engine: Engine, path: Path, scratch: Path, *, delimiter: str | None, encoding: str | None) -> PersonFile:
    """Read Parquet, delimited text (.csv, .tsv, .txt, each also .gz), a sheet of a workbook (.xlsx) or records of JSON.

    Files of SPSS, Stata, SAS, Arrow and ORC are read too. A ZIP archive stands for the one of these that it holds.

    Args:
        delimiter, encoding: of text; found in the file when None.

    Raises:
        InputError: the file is missing, empty, cut short, without a header, or of another encoding.
    """
    if path.is_dir():
        raise InputError(f"{path}: a folder, not a file\n  name the file in it")
    if path.exists() and not path.is_file():
        raise InputError(f"{path}: a pipe or a device, which cannot be read twice\n  write it to a file first")
    if path.is_symlink() and not path.exists():
        raise InputError(f"{path}: a link that leads to no file\n  name the file itself, or mend the link")
    if not path.is_file():
        raise InputError(f"{path}: no such file\n  check its name, and the folder that it is looked for in")
    scratch.mkdir(parents=True, exist_ok=True)
    if path.suffix.lower() in workbooks.READ:
        sheet = workbooks.as_csv(path, scratch)
        found = _read_made(engine, path, sheet.path, scratch / "sheet", delimiter=",", encoding="utf-8")
        return replace(found, encoding=None, above=sheet.above, of_sheet=sheet.notes)
    is_parquet = _is_parquet(path)
    if not is_parquet and (held := _table_within(path, scratch, encoding)):
        return _read_made(engine, path, held, scratch / "unpacked", delimiter=delimiter, encoding=encoding)
    was_named = encoding is not None
    if is_parquet:
        fmt, encoding = FileFormat(type="parquet"), None
    else:
        encoding = encoding or found_encoding(path)
        if path.stat().st_size and delimiter is None and (starts := column_starts(path, encoding)):
            written = as_delimited(path, encoding, starts, scratch)
            found = _read_made(engine, path, written, scratch / "columns", delimiter=",", encoding="utf-8")
            return replace(found, encoding=encoding, encoding_was_named=was_named)
        if path.stat().st_size and (layout := laid_out(path, encoding, delimiter)):
            written = as_plain(path, encoding, layout, scratch)
            found = _read_made(engine, path, written, scratch / "plain", delimiter=layout.delimiter, encoding="utf-8")
            aside = [(line + layout.before, reason) for line, reason in found.quarantined]
            found = replace(found, quarantined=aside, above=layout.above)
            return replace(found, encoding=encoding, encoding_was_named=was_named)
        try:
            delimiter = delimiter or _delimiter(path, encoding)
            fmt = FileFormat(type="csv", delimiter=delimiter, encoding=encoding, repeated_names="number")
        except InputError as fault:
            raise _in_our_words(fault) from None
    try:
        raw = read_raw(engine, GivenFiles(path.name, [escape(path.name)], fmt, path.parent), scratch)
    except InputError as fault:
        raise _in_our_words(fault) from None
    aside = [(line, reason) for _, line, reason in raw.rejected]
    if aside and len(aside) == raw.rows_read:
        line, reason = aside[0]
        remedy = next((remedy for said, remedy in _REMEDIES.items() if said in reason), _REMEDIES["row has"])
        raise InputError(
            f"{path}: every one of its {len(aside):,} rows was set aside; line {line:,}: {reason}\n  {remedy}"
        )
    _refuse_our_names(path, raw.header)
    if raw.is_csv and _is_headless(engine, raw):
        written = as_headed(path, fmt, len(raw.header), scratch)
        found = _read_made(engine, path, written, scratch / "headed", delimiter=delimiter, encoding="utf-8")
        aside = [(line - 1, reason) for line, reason in found.quarantined]
        return replace(found, quarantined=aside, headless=True, encoding=encoding, encoding_was_named=was_named)
    is_plain = are_plain(raw.types.values())
    plain, lost = ([], []) if is_plain else plain_columns(engine, raw.table, raw.types)
    table = _with_place(engine, raw, path, plain)
    if len(table.columns) > _WIDE and len(table.columns) * raw.rows_read <= _HELD:
        table = engine.sql("select * from {t}", t=table, store=True)
    return PersonFile(
        path=path,
        table=table,
        raw=table,
        header=raw.header if is_plain else tuple(column.name for column in plain),
        types=raw.types if is_plain else {column.name: column.type for column in plain},
        rows=engine.count(table) + len(aside) if raw.is_csv else raw.rows_read,
        sha256=raw.files[0].sha256,
        quarantined=aside,
        encoding=encoding,
        encoding_was_named=was_named,
        form=fmt,
        not_plain=tuple(lost),
    )


def _read_made(
    engine: Engine, path: Path, made: Path, scratch: Path, *, delimiter: str | None, encoding: str | None
) -> PersonFile:
    """A file by what was made of it to be read; what is wrong in that is told of the file that was given."""
    try:
        found = read(engine, made, scratch, delimiter=delimiter, encoding=encoding)
    except InputError as fault:
        raise InputError(str(fault).replace(str(made), str(path)).replace(made.name, path.name)) from None
    return replace(found, path=path, sha256=sha256_of(path), form=None)


def _is_parquet(path: Path) -> bool:
    """Whether a file is Parquet, or ought to be: by its name, or by how it begins under another."""
    with path.open("rb") as file:
        return path.suffix.lower() in (".parquet", ".pq") or file.read(len(_PARQUET)) == _PARQUET


@contextmanager
def damage_told(*paths: Path) -> Iterator[None]:
    """Name the file of those given that is damaged inside when work on them fails, or is changed meanwhile.

    Parquet is read where a query asks for it: work on a damaged file fails anywhere, and of one that is written again
    half of what is made would be of the one, half of the other.

    Raises:
        InputError: a Parquet file cannot be read through, or is another at the end; else the error stays as it was.
    """
    lazy = [path for path in paths if path.is_file() and _is_parquet(path)]
    with unchanged(lazy), damage_named(lazy):
        yield


def _table_within(path: Path, scratch: Path, encoding: str | None) -> Path | None:
    """The table that an archive, JSON or another program's file holds, as a file that is read; None for the others."""
    if packed.is_packed(path):
        return packed.unpacked(path, scratch)
    kind = other_programs.kind_of(path)
    return other_programs.as_parquet(path, kind, scratch, encoding) if kind else None


def _refuse_our_names(path: Path, header: Sequence[str]) -> None:
    """Columns that are made beside a file's own while it is read, of which two of one name would be no table."""
    if taken := [name for name in header if name.lower() in (PLACE, "file_row_number")]:
        raise InputError(f"{path}: a column is called {taken[0]}, as one that is made here\n  give it another name")


def _is_headless(engine: Engine, raw: RawRows) -> bool:
    """Whether the first line is a record: it would be lost, and its values stand in every page as names of columns."""
    return not any_known(raw.header) and (looks_like_a_record(raw.header) or _stands_below(engine, raw))


def _stands_below(engine: Engine, raw: RawRows) -> bool:
    """Whether a third of the names, or more, are values of their columns too."""
    names = {f"name_{place}": name for place, name in enumerate(raw.header)}
    held = ", ".join(
        f"coalesce(bool_or(upper(trim(cast({quote(name)} as varchar))) = upper(trim(${param}))), false) as {param}"
        for param, name in names.items()
    )
    found = one(engine, engine.sql(f"select {held} from {{t}}", params=names, t=raw.table))
    return 3 * sum(map(bool, found.values())) >= len(names)


def _in_our_words(fault: InputError) -> InputError:
    """A fault of reading with the remedy that a command has: there is no source whose format could say it."""
    what, _, remedy = str(fault).partition("\n")
    return (
        InputError(f"{what}\n  name the one it has: --encoding utf-16, latin-1 ...") if "encoding" in remedy else fault
    )


def _with_place(engine: Engine, raw: RawRows, path: Path, plain: Sequence[Plain]) -> Table:
    """Rows with their place in the file: the line of a CSV file, the row of a Parquet one."""
    if raw.is_csv:
        line = next(c for c in raw.table.columns if c == "file line")
        known = _without_empty(engine, raw)
        return engine.sql(f"select *, {quote(line)} as {quote(PLACE)} from {{t}} where {known}", t=raw.table)
    file = literal(escape(str(path)))
    numbered = f"read_parquet({file}, file_row_number = true, hive_partitioning = false)"
    # A view: a stored copy of a large file would stay in memory while it is linked, and saves no reading.
    made = ", ".join(f"{column.expression} as {quote(column.name)}" for column in plain)
    held = made or "* exclude (file_row_number)"
    return engine.sql(f"select {held}, file_row_number + 1 as {quote(PLACE)} from {numbered}")


def _without_empty(engine: Engine, raw: RawRows) -> str:
    """A condition that rows hold something, as those do not that a spreadsheet writes below the last one.

    Asked of all columns only where the first leaves it open: what is asked here every query on the file asks again.
    """
    empty = "true"
    for columns in (raw.header[:1], raw.header):
        empty = " and ".join(f"{quote(name)} is null" for name in columns)
        if not engine.count(engine.sql(f"select 1 as one from {{t}} where {empty}", t=raw.table)):
            return "true"
    return f"not ({empty})"


def _delimiter(path: Path, encoding: str) -> str:
    """The separator that the header has most of."""
    from linkage.records.csv_files import read_header

    formats = {d: FileFormat(type="csv", delimiter=d, encoding=encoding, repeated_names="number") for d in DELIMITERS}
    counts = {d: len(read_header(path, fmt)) for d, fmt in formats.items()}
    return max(counts, key=lambda d: counts[d])
