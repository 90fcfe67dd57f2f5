"""Rows that cannot be read, set aside with their file, line, column and reason, and never with a value."""

from collections.abc import Sequence
from dataclasses import dataclass

import pyarrow as pa

from linkage.engine import Engine, Table, quote, rows
from linkage.errors import InputError
from linkage.records.csv_files import LINE
from linkage.records.faults import Fault, first_fault
from linkage.records.raw_rows import RawRows, numbered_lines
from linkage.records.summaries import Rejection, described

_SCHEMA = pa.schema(
    [
        ("source", pa.string()),
        ("file", pa.string()),
        ("line", pa.int64()),
        ("column", pa.string()),
        ("reason", pa.string()),
    ]
)


@dataclass(frozen=True)
class SetAside:
    """The quarantine of a source: source, file, line, column (NULL when the whole row is at fault), reason."""

    table: Table
    rejections: tuple[Rejection, ...]
    count: int
    has_faults: bool  # of the table's rows, and not only of lines that are not in it


def set_aside(engine: Engine, source: str, raw: RawRows, faults: Sequence[Fault], columns: Sequence[str]) -> SetAside:
    """Find the rows that have a fault.

    Args:
        source: what the quarantine's column `source` says.
        columns: the columns that the faults' conditions read.

    Raises:
        InputError: no row of the source is without fault.
    """
    found = [(number, line, None, reason) for number, line, reason in raw.rejected]
    pieces = [_rows(source, raw, found)]
    faulty = _count(engine, raw, faults)
    if faulty:
        pieces += _faulty_rows(engine, source, raw, faults, columns, faulty)
    arrow = pa.concat_tables(pieces)
    rejections = _rejections(arrow)
    if arrow.num_rows >= raw.rows_read:
        raise InputError(f"{source}: no row of its files can be read\n" + described(rejections, raw.rows_read))
    return SetAside(engine.from_arrow(arrow), rejections, arrow.num_rows, faulty > 0)


def _count(engine: Engine, raw: RawRows, faults: Sequence[Fault]) -> int:
    """How many rows have a fault: the one look at all rows, and the only one when nothing is wrong."""
    if not faults:
        return 0
    counted = engine.sql(
        f"select count(*) as faulty from {{raw}} where {first_fault(faults)} is not null", raw=raw.table
    )
    faulty: int = rows(engine, counted)[0]["faulty"]
    engine.drop(counted)
    return faulty


def _faulty_rows(
    engine: Engine, source: str, raw: RawRows, faults: Sequence[Fault], columns: Sequence[str], expected: int
) -> list[pa.Table]:
    pieces, met = [], 0
    for number, piece in numbered_lines(engine, raw, columns):
        faulty = engine.sql(
            f"""
            with judged as (select {quote(LINE)} as line, {first_fault(faults)} as fault from {{piece}})
            select line, fault from judged where fault is not null order by line
            """,
            piece=piece,
        )
        arrow = engine.arrow(faulty)
        engine.drop(faulty)
        lines, codes = arrow.column(0).to_pylist(), arrow.column(1).to_pylist()
        charged = [(faults[code - 1].column, faults[code - 1].reason) for code in codes]
        pieces.append(_rows(source, raw, [(number, line, *fault) for line, fault in zip(lines, charged, strict=True)]))
        met += arrow.num_rows
        if met >= expected:
            break
    return pieces


def _rows(source: str, raw: RawRows, found: Sequence[tuple[int, int, str | None, str]]) -> pa.Table:
    return pa.table(
        [
            pa.array([source] * len(found), pa.string()),
            pa.array([raw.files[number].path for number, *_ in found], pa.string()),
            pa.array([line for _, line, _, _ in found], pa.int64()),
            pa.array([column for _, _, column, _ in found], pa.string()),
            pa.array([reason for *_, reason in found], pa.string()),
        ],
        schema=_SCHEMA,
    )


def _rejections(arrow: pa.Table) -> tuple[Rejection, ...]:
    grouped = arrow.group_by(["file", "column", "reason"]).aggregate([("line", "count"), ("line", "min")]).to_pylist()
    found = [
        Rejection(row["file"], row["column"], row["reason"], row["line_count"], row["line_min"]) for row in grouped
    ]
    return tuple(sorted(found, key=lambda r: (r.file, r.first_line, r.reason)))
