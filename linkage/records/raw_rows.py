"""The rows of a source's files as they stand, and a way to find the line of any of
them.
"""

import contextlib
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from linkage.config import FileFormat
from linkage.engine import Engine, Table, columns, quote, types_of
from linkage.errors import InputError, LeoError
from linkage.records import csv_files, source_files
from linkage.records.csv_files import FILE, LINE
from linkage.records.source_files import GivenFiles, SourceFile

_BATCH = 500_000  # rows looked at together when lines are wanted


@dataclass(frozen=True)
class RawRows:
    """All files of a source as one table, before any value is judged."""

    table: Table  # the files' columns; in CSV all text, with LINE and FILE
    types: dict[str, pa.DataType]  # column -> type
    header: tuple[str, ...]
    files: tuple[SourceFile, ...]
    paths: tuple[Path, ...]
    is_csv: bool
    rejected: tuple[
        tuple[int, int, str], ...
    ] = ()  # file number, line, reason: rows that are not in the table

    @property
    def rows_read(self) -> int:
        return sum(file.rows for file in self.files)


Check = Callable[[Sequence[str], str], object]


def read_raw(
    engine: Engine, source: GivenFiles, scratch: Path, check: Check | None = None
) -> RawRows:
    """Files as one table. CSV becomes Parquet of text below scratch, which must outlive
    the table.

    Args:
        check: given the header and name of each file; it raises when a column is not
            there, so that a part that lacks a column is named and not filled with NULL.

    Raises:
        InputError: see source_files and csv_files; or the files hold no rows at all.
    """
    place, fmt = source.where, source.format
    paths = source_files.find(place, source.globs, source.data)
    facts = [source_files.facts(path, source) for path in paths]
    check_header = check or (lambda header, file: None)
    if fmt.type == "csv":
        raw = _csv(engine, paths, facts, fmt, scratch, check_header)
    else:
        raw = _parquet(engine, paths, facts, check_header)
    if not raw.rows_read:
        paths_text = ", ".join(file.path for file in raw.files[:5])
        if paths_text == place:
            raise InputError(
                f"{place}: the file holds a header and no rows\n  fetch it again"
            )
        raise InputError(
            f"{place}: the files hold a header and no rows: {paths_text}\n  fetch them "
            "again"
        )
    return raw


@contextlib.contextmanager
def opened(engine: Engine, source: GivenFiles, check: Check) -> Iterator[RawRows]:
    """As read_raw, in a folder that goes with the context; work that fails on a damaged
    file names it.
    """
    with tempfile.TemporaryDirectory(
        prefix="leo-csv-", dir=getattr(engine, "scratch", None)
    ) as scratch:
        raw = read_raw(engine, source, Path(scratch), check)
        with source_files.damage_named(() if raw.is_csv else raw.paths):
            yield raw


def numbered_lines(
    engine: Engine, raw: RawRows, names: Sequence[str]
) -> Iterator[tuple[int, Table]]:
    """Rows with their lines, a piece at a time: file number, and a table of `names` and
    LINE that is dropped after use.

    A line of Parquet is the row's number in its file, from 1; of CSV the line of the
    file, whose header is line 1.
    """
    if raw.is_csv:
        for number in range(len(raw.files)):
            piece = engine.sql(
                f"select {columns([*names, LINE])} from {{raw}} where {quote(FILE)} = "
                "$number",
                raw=raw.table,
                params={"number": number},
            )
            yield number, piece
            engine.drop(piece)
        return
    for number, path in enumerate(raw.paths):
        first = 1
        with pq.ParquetFile(path) as file:
            present = [name for name in names if name in file.schema_arrow.names]
            for batch in file.iter_batches(batch_size=_BATCH, columns=present):
                lines = pa.array(range(first, first + batch.num_rows), pa.int64())
                first += batch.num_rows
                arrow = pa.Table.from_batches([batch]).append_column(LINE, lines)
                for name in set(names) - set(present):
                    arrow = arrow.append_column(
                        name, pa.nulls(batch.num_rows, raw.types[name])
                    )
                # A key may be a number in one file, and text in another: as all files
                # together have it.
                schema = pa.schema(
                    [
                        (field.name, raw.types.get(field.name, field.type))
                        for field in arrow.schema
                    ]
                )
                piece = engine.from_arrow(arrow.cast(schema))
                yield number, piece
                engine.drop(piece)


def _parquet(
    engine: Engine, paths: list[Path], facts: list[SourceFile], check: Check
) -> RawRows:
    read_files = []
    for path, file in zip(paths, facts, strict=True):
        schema, rows = source_files.parquet_header(path)
        source_files.told_apart(schema.names, file.path)
        check(schema.names, file.path)
        read_files.append(replace(file, rows=rows))
    table = engine.read(paths)
    return RawRows(
        table,
        types_of(engine, table),
        table.columns,
        tuple(read_files),
        tuple(paths),
        is_csv=False,
    )


def _csv(
    engine: Engine,
    paths: list[Path],
    facts: list[SourceFile],
    fmt: FileFormat,
    scratch: Path,
    check: Check,
) -> RawRows:
    read_files, rejects, header, outputs = [], [], dict[str, None](), []
    for number, (path, file) in enumerate(zip(paths, facts, strict=True)):
        check(csv_files.read_header(path, fmt), file.path)
        output = scratch / f"{number}.parquet"
        try:
            result = csv_files.to_parquet(path, fmt, output, number)
        except OSError as error:
            raise LeoError(
                f"{path}: no space or no permission to write its rows below "
                f"{scratch.parent}: {error.strerror or error}\n"
                "  free space there, then run the same command again"
            ) from None
        if (
            path.stat().st_size != file.bytes
        ):  # its hash is of other rows, and a part of them may be lacking
            raise InputError(
                f"{file.path}: was changed while it was read\n"
                "  wait until it is there whole, then give the same command again"
            )
        header |= dict.fromkeys(result.header)
        rejects += [(number, line, reason) for line, reason in result.rejected]
        read_files.append(replace(file, rows=result.rows + len(result.rejected)))
        outputs.append(output)
    table = engine.read(outputs)
    types: dict[str, pa.DataType] = dict.fromkeys(header, pa.string())
    return RawRows(
        table,
        types,
        tuple(header),
        tuple(read_files),
        tuple(paths),
        is_csv=True,
        rejected=tuple(rejects),
    )
