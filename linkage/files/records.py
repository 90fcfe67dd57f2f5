"""The second pass over a file: standardise each row by the schema, number it and store it."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from linkage.engine import Engine, Table, columns, one, quote
from linkage.errors import InputError
from linkage.files.cleaners import clean_rows, cleaners_of
from linkage.files.header_names import NUMBERS
from linkage.files.profile import Profile
from linkage.files.read_file import PersonFile
from linkage.files.schema import FileSchema

_ID, _KEPT = "source id", "kept"  # columns while rows are standardised; with a blank, so that no field has the name
_MAX_WHOLE = 2.0**53  # beyond which floats are no longer whole numbers
_MAX_KEYS = 1_000_000  # rows of a file above which the ids that end in 3 stand for all


@dataclass(frozen=True)
class Records:
    """The standardised records of a file.

    Attributes:
        units: unit_id and the fields of the schema, text.
        ids: unit_id, source_id as the file has it, and `kept`, a further column as it is, where one is asked for.
        unparsed_dates: rows whose birth date is in no form that is read.
    """

    units: Table
    ids: Table
    unparsed_dates: int = 0


def keys_among(engine: Engine, profile: Profile, asked: Sequence[str]) -> list[str]:
    """Of some columns those that are known in every row and hold no value twice."""
    if not asked:
        return []
    file = profile.file
    table = engine.read(file.parquet)
    counted = ", ".join(
        f"count({quote(name)}) = count(*) and count(distinct {quote(name)}) = count(*) as is_key_{n}"
        for n, name in enumerate(asked)
    )
    some = f"right(cast({quote(asked[0])} as varchar), 1) = '3'" if file.rows > _MAX_KEYS else "true"
    found = one(engine, engine.sql(f"select {counted} from {{t}} where {some}", t=table))
    return [name for n, name in enumerate(asked) if found[f"is_key_{n}"]]


def store_records(
    engine: Engine, file: PersonFile, schema: FileSchema, scratch: Path, *, kept: str | None = None
) -> Records:
    """Standardise all rows of a file.

    Units are numbered in the order of their ids, so that samples and ties do not depend on the order of rows.

    Args:
        scratch: a folder that outlives what is returned.
        kept: a further column, which stays as it is beside the ids.

    Raises:
        InputError: an id that stands twice or is missing, or a file in which no name is known.
    """
    path = scratch / f"{file.side}-standardised.parquet"
    unparsed = _standardise(file, schema, path, kept)
    table = engine.read(path)
    numbered = engine.sql(
        f"""
        select *, row_number() over (order by cast({quote(_ID)} as varchar), row) as unit_id
        from {{t}}
        """,
        t=table,
        store=True,
    )
    _refuse_no_key(engine, file, schema.id, numbered)
    units = engine.sql(f"select unit_id, {columns(schema.fields)} from {{t}}", t=numbered, store=True)
    _refuse_nameless(engine, file, schema, units)
    beside = f", {quote(_KEPT)} as kept" if kept else ""
    ids = engine.sql(f"select unit_id, {quote(_ID)} as source_id{beside} from {{t}}", t=numbered, store=True)
    engine.drop(numbered)
    return Records(units, ids, unparsed)


def _standardise(file: PersonFile, schema: FileSchema, path: Path, kept: str | None) -> int:
    """Write the fields of each row, its id and its number; how many birth dates are in no form that is read."""
    cleaners = cleaners_of(schema)
    read = dict.fromkeys(column for cleaner in cleaners for column in cleaner.columns)
    asked = [*read, *([schema.id] if schema.id else []), *([kept] if kept else [])]
    unparsed, writer = 0, None
    raw_ids = _raw_ids(file, schema.id)
    try:
        for batch in file.batches(asked):
            fields = clean_rows(cleaners, batch, schema.fields)
            if "dob" in schema.fields:
                unparsed += _unparsed(batch, fields, cleaners)
            made = fields.append_column("row", batch["row"])
            made = made.append_column(_ID, next(raw_ids) if raw_ids else batch["row"])
            if kept:
                made = made.append_column(_KEPT, batch[kept])
            if not schema.id or not _is_empty(batch, read):
                writer = writer or pq.ParquetWriter(path, made.schema, compression="zstd", compression_level=1)
            made = _without_empty_rows(made, batch, asked)
            if writer is None:
                writer = pq.ParquetWriter(path, made.schema, compression="zstd", compression_level=1)
            writer.write_table(made)
    finally:
        if writer:
            writer.close()
    return unparsed


def _is_empty(batch: pa.Table, read: dict[str, None]) -> bool:
    return all(batch[name].null_count == batch.num_rows for name in read)


def _without_empty_rows(made: pa.Table, batch: pa.Table, asked: Sequence[str]) -> pa.Table:
    """Without rows that hold nothing, as a spreadsheet writes below the last one."""
    if not asked or not all(batch[name].null_count for name in asked):
        return made
    rows = zip(*(batch[name].to_pylist() for name in asked), strict=True)
    return made.filter(pa.array([any(value is not None for value in row) for row in rows]))


def _raw_ids(file: PersonFile, column: str | None):  # type: ignore[no-untyped-def]
    """The ids as the file has them, a batch at a time; whole numbers that a program made fractions are whole."""
    if not column:
        return None

    def batches():  # type: ignore[no-untyped-def]
        for batch in file.batches([column]) if pa.types.is_string(file.types[column]) else _typed(file, column):
            yield batch[column]

    return batches()


def _typed(file: PersonFile, column: str):  # type: ignore[no-untyped-def]
    with pq.ParquetFile(file.parquet) as opened:
        for batch in opened.iter_batches(batch_size=200_000, columns=[column]):
            values = batch[column]
            if pa.types.is_dictionary(values.type):
                values = values.dictionary_decode()
            if pa.types.is_floating(values.type) and all(
                value is None or (value.is_integer() and abs(value) < _MAX_WHOLE) for value in values.to_pylist()
            ):
                values = values.cast(pa.int64())
            yield pa.table({column: values})


def _unparsed(batch: pa.Table, fields: pa.Table, cleaners) -> int:  # type: ignore[no-untyped-def]
    from linkage.files.date_format import says_nothing

    source = next(cleaner.columns for cleaner in cleaners if "dob" in cleaner.fields)[0]
    pairs = zip(batch[source].to_pylist(), fields["dob"].to_pylist(), strict=True)
    return sum(date is None and text is not None and not says_nothing(text) for text, date in pairs)


def _refuse_no_key(engine: Engine, file: PersonFile, column: str | None, numbered: Table) -> None:
    query = f"select count(*) as n, count({quote(_ID)}) as known, count(distinct {quote(_ID)}) as ids from {{t}}"
    counted = one(engine, engine.sql(query, t=numbered))
    missing, twice = counted["n"] - counted["known"], counted["known"] - counted["ids"]
    if column and (missing or twice):
        raise InputError(
            f"{file.path}: ids of column '{column}' are not unique: {twice:,} rows repeat an id, {missing:,} have none\n"
            "  state another column with --id, or give each person one row; --id none numbers the rows. In a run the "
            "rows of one id are one person's history (docs/own-files.md)"
        )


def _refuse_nameless(engine: Engine, file: PersonFile, schema: FileSchema, units: Table) -> None:
    names = [name for name in ("forename", "surname") if name in schema.fields]
    if not names or set(schema.fields) & set(NUMBERS):
        return
    known = one(engine, engine.sql(f"select {' + '.join(f'count({c})' for c in names)} as n from {{t}}", t=units))
    if not known["n"]:
        raise InputError(
            f"{file.path}: not one of {' and '.join(names)} is known in any row\n"
            "  check which columns hold the names: --map left.surname=COLUMN"
        )
