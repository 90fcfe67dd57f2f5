"""Rows that cannot be read, quarantined with their file, line, column and reason, and
never with a value.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from linkage.engine import Engine, Table, one, quote, rows
from linkage.errors import InputError
from linkage.records import dates
from linkage.records.csv_files import LINE
from linkage.records.raw_rows import RawRows, numbered_lines
from linkage.records.source_files import SourceFile
from linkage.records.values import as_text, is_day


@dataclass(frozen=True)
class Rejection:
    """Rows that one fault sent to quarantine."""

    file: str
    column: str | None
    reason: str
    rows: int
    first_line: int


@dataclass(frozen=True)
class ReadingSummary:
    """rows_read = records + quarantined."""

    source: str
    rows_read: int
    records: int
    quarantined: int
    rejections: tuple[Rejection, ...]
    files: tuple[SourceFile, ...]
    problems: dict[str, int] = field(
        default_factory=dict
    )  # flag -> records that have it
    filled: dict[str, int] = field(
        default_factory=dict
    )  # column -> records that have a value
    absent: tuple[str, ...] = ()  # variables of the catalogue that the files lack


@dataclass(frozen=True)
class AttributeSummary:
    """rows_read = rows + orphans + quarantined."""

    table: str
    rows_read: int
    rows: int
    orphans: int  # rows whose key is no entity of the source
    quarantined: int
    rejections: tuple[Rejection, ...]
    files: tuple[SourceFile, ...]
    unread: dict[str, int] = field(
        default_factory=dict
    )  # column -> values that have not its type and became NULL


def described(rejections: Sequence[Rejection], rows_read: int) -> str:
    """Rejections in words, for a terminal or a log: a line a file, then a line a fault,
    commonest first.
    """
    lines = []
    for file in dict.fromkeys(rejection.file for rejection in rejections):
        own_rejections = sorted(
            (r for r in rejections if r.file == file),
            key=lambda r: (-r.rows, r.first_line),
        )
        lines.append(
            f"{file}: {sum(r.rows for r in own_rejections):,} of {rows_read:,} rows "
            "quarantined"
        )
        width = max(len(f"{r.rows:,}") for r in own_rejections)
        lines += [
            f"  {r.rows:>{width},}  {f'{r.column} ' if r.column else ''}{r.reason}   "
            f"first at line {r.first_line:,}"
            for r in own_rejections
        ]
    return "\n".join(lines)


_WHOLE_NUMBER = "^[+-]?[0-9]+$"


@dataclass(frozen=True)
class Fault:
    """A condition under which a row goes to quarantine."""

    column: str
    reason: str
    condition: str  # SQL over the raw columns


def faults_of(
    required: Sequence[str],
    date_columns: Sequence[str],
    number_columns: Sequence[str],
    types: Mapping[str, pa.DataType],
    date_formats: Sequence[str],
) -> list[Fault]:
    """Faults to look for, in the order in which a row is charged with one of them.

    Args:
        required: columns that must have a value.
        date_columns, number_columns: columns whose text must be a date or a whole
            number where it is given.
        types: the type of each raw column; one that is of days or numbers already
            cannot fail.
        date_formats: strptime patterns of the dates.
    """
    faults = [_empty(column, types[column]) for column in required]
    forms = " or ".join(date_formats)
    for column in date_columns:
        if not is_day(types[column]):  # a day may be a number, 20150630
            text = as_text(column, types[column])
            none = (
                f"({dates.is_no_date_text(text)} or "
                f"{dates.is_of_no_year(text, date_formats)})"
            )
            condition = f"{dates.parsed(text, date_formats)} is null and not {none}"
            faults.append(
                Fault(
                    column,
                    f"is not a date in the form {forms}",
                    f"{text} is not null and {condition}",
                )
            )
    for column in number_columns:
        if is_text(types[column]):
            text = as_text(column, types[column])
            condition = f"not regexp_matches({text}, '{_WHOLE_NUMBER}')"
            faults.append(
                Fault(
                    column,
                    "is not a whole number",
                    f"{text} is not null and {condition}",
                )
            )
    return faults


def first_fault(faults: Sequence[Fault]) -> str:
    """A SQL expression: the number of the first fault that a row has, from 1; NULL for
    a row without fault.
    """
    if not faults:
        return "cast(null as integer)"
    cases = " ".join(
        f"when {fault.condition} then {number}"
        for number, fault in enumerate(faults, 1)
    )
    return f"case {cases} end"


def is_text(kind: pa.DataType) -> bool:
    """Whether a raw column still has to be read as what the catalogue says it is."""
    return bool(
        pa.types.is_string(kind)
        or pa.types.is_large_string(kind)
        or pa.types.is_string_view(kind)
        or (pa.types.is_dictionary(kind) and is_text(kind.value_type))
    )


def _empty(column: str, kind: pa.DataType) -> Fault:
    may_be_empty = is_text(kind) or pa.types.is_floating(kind)
    return Fault(
        column,
        "is empty",
        f"{as_text(column, kind) if may_be_empty else quote(column)} is null",
    )


_MOST_PIECES = 50  # that one query reads


@dataclass(frozen=True)
class Quarantine:
    """The quarantine of a source: source, file, line, column (NULL when the whole row
    is at fault), reason.
    """

    table: Table
    rejections: tuple[Rejection, ...]
    count: int
    has_faults: bool  # of the table's rows, and not only of lines that are not in it


def quarantine_rows(
    engine: Engine,
    source: str,
    raw: RawRows,
    faults: Sequence[Fault],
    columns: Sequence[str],
) -> Quarantine:
    """Find the rows that have a fault.

    Args:
        source: what the quarantine's column `source` says.
        columns: the columns that the faults' conditions read.

    Raises:
        InputError: no row of the source is without fault.
    """
    pieces = [_unread(engine, source, raw)]
    faulty = _count(engine, raw, faults)
    if faulty:
        pieces += _faulty_rows(engine, source, raw, faults, columns, faulty)
    table = _as_one(engine, pieces)
    rejections = _rejections(engine, table)
    count = sum(rejection.rows for rejection in rejections)
    if count >= raw.rows_read:
        raise InputError(
            f"{source}: no row of its files can be "
            f"read\n{described(rejections, raw.rows_read)}\n"
            "  say in its format how the files are written (date_format, delimiter, "
            "encoding, ...), or fetch them again"
        )
    return Quarantine(table, rejections, count, faulty > 0)


def _count(engine: Engine, raw: RawRows, faults: Sequence[Fault]) -> int:
    """How many rows have a fault: the one look at all rows, and the only one when
    nothing is wrong.
    """
    if not faults:
        return 0
    query = engine.sql(
        f"select count(*) as faulty from {{raw}} where {first_fault(faults)} is not "
        "null",
        raw=raw.table,
    )
    return int(one(engine, query)["faulty"])


def _faulty_rows(
    engine: Engine,
    source: str,
    raw: RawRows,
    faults: Sequence[Fault],
    columns: Sequence[str],
    expected: int,
) -> list[Table]:
    """They stay with the engine: a wrong column may put every other row of a nation's
    file aside.
    """
    charges = engine.from_arrow(
        pa.table(
            {
                "fault": pa.array(range(1, len(faults) + 1), pa.int32()),
                "column": pa.array([fault.column for fault in faults], pa.string()),
                "reason": pa.array([fault.reason for fault in faults], pa.string()),
            }
        )
    )
    pieces, total = list[Table](), 0
    for number, piece in numbered_lines(engine, raw, columns):
        rows = engine.sql(
            f"""
            with judged as (select {quote(LINE)} as line, {first_fault(faults)} as fault
                from {{piece}})
            select cast($source as varchar) as source, cast($file as varchar) as file,
                cast(j.line as bigint) as line,
                   c."column", c.reason
            from judged as j
            join {{charges}} as c on c.fault = j.fault
            """,
            params={"source": source, "file": raw.files[number].path},
            piece=piece,
            charges=charges,
            store=True,
        )
        pieces.append(rows)
        total += engine.count(rows)
        if len(pieces) > _MOST_PIECES:
            pieces = [_as_one(engine, pieces)]
        if total >= expected:
            break
    engine.drop(charges)
    return pieces


def _as_one(engine: Engine, pieces: Sequence[Table]) -> Table:
    tables: dict[str, Any] = {
        f"t{number}": piece for number, piece in enumerate(pieces)
    }
    union = engine.sql(
        " union all ".join(f"select * from {{{name}}}" for name in tables),
        store=True,
        **tables,
    )
    engine.drop(*pieces)
    return union


def _unread(engine: Engine, source: str, raw: RawRows) -> Table:
    """Lines that are no rows, and are in no table."""
    numbers, lines, reasons = (
        zip(*raw.rejected, strict=True) if raw.rejected else ((), (), ())
    )
    return engine.from_arrow(
        pa.table(
            {
                "source": pa.array([source] * len(lines), pa.string()),
                "file": pa.array(
                    [raw.files[number].path for number in numbers], pa.string()
                ),
                "line": pa.array(lines, pa.int64()),
                "column": pa.nulls(len(lines), pa.string()),
                "reason": pa.array(reasons, pa.string()),
            }
        )
    )


def _rejections(engine: Engine, table: Table) -> tuple[Rejection, ...]:
    groups = engine.sql(
        """
        select file, "column", reason, count(*) as "rows", min(line) as first_line
        from {t}
        group by file, "column", reason
        """,
        t=table,
    )
    rejections = (Rejection(**row) for row in rows(engine, groups))
    return tuple(sorted(rejections, key=lambda r: (r.file, r.first_line, r.reason)))
