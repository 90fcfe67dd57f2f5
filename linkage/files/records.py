"""The second pass over a file: standardise each row by the schema, number it and store it."""

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from linkage.engine import Engine, Table, columns, one, quote
from linkage.errors import InputError
from linkage.files.cleaners import clean_rows, cleaners_of
from linkage.files.date_format import says_nothing
from linkage.files.header_names import NUMBERS
from linkage.files.profile import Profile
from linkage.files.read_file import PersonFile
from linkage.files.schema import FileSchema

_ID, _KEPT = "source id", "kept"  # columns while rows are standardised; with a blank, so that no field has the name
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
        kept: a further column, which stays as it is next to the ids.

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
    kept_column = f", {quote(_KEPT)} as kept" if kept else ""
    ids = engine.sql(f"select unit_id, {quote(_ID)} as source_id{kept_column} from {{t}}", t=numbered, store=True)
    engine.drop(numbered)
    return Records(units, ids, unparsed)


def _standardise(file: PersonFile, schema: FileSchema, path: Path, kept: str | None) -> int:
    """Write the fields of each row, its id and its number; how many birth dates are in no form that is read."""
    cleaners = cleaners_of(schema)
    asked = dict.fromkeys(column for cleaner in cleaners for column in cleaner.columns)
    asked |= dict.fromkeys(column for column in (schema.id, kept) if column)
    dated = next((cleaner.columns for cleaner in cleaners if "dob" in cleaner.fields), ())
    unparsed, ids = 0, file.raw_values(schema.id) if schema.id else None
    with contextlib.ExitStack() as stack:
        writer: pq.ParquetWriter | None = None
        for batch in file.batches([*asked]):
            fields = clean_rows(cleaners, batch, schema.fields)
            if len(dated) == 1 and "dob" in schema.fields:
                pairs = zip(batch[dated[0]].to_pylist(), fields["dob"].to_pylist(), strict=True)
                unparsed += sum(not date and text is not None and not says_nothing(text) for text, date in pairs)
            made = fields.append_column("row", batch["row"])
            made = made.append_column(_ID, next(ids) if ids else batch["row"])
            made = made.append_column(_KEPT, batch[kept]) if kept else made
            made = _without_empty_rows(made, batch, [*asked])
            if writer is None:
                writer = stack.enter_context(
                    pq.ParquetWriter(path, made.schema, compression="zstd", compression_level=1)
                )
            writer.write_table(made.cast(writer.schema))
    return unparsed


def _without_empty_rows(made: pa.Table, batch: pa.Table, asked: Sequence[str]) -> pa.Table:
    """Without rows that hold nothing, as a spreadsheet writes below the last one."""
    if not asked or not all(batch[name].null_count for name in asked):
        return made
    rows = zip(*(batch[name].to_pylist() for name in asked), strict=True)
    return made.filter(pa.array([any(value is not None for value in row) for row in rows]))


def _refuse_no_key(engine: Engine, file: PersonFile, column: str | None, numbered: Table) -> None:
    query = f"select count(*) as n, count({quote(_ID)}) as known, count(distinct {quote(_ID)}) as ids from {{t}}"
    counted = one(engine, engine.sql(query, t=numbered))
    missing, twice = counted["n"] - counted["known"], counted["known"] - counted["ids"]
    if column and (missing or twice):
        raise InputError(
            f"{file.path}: ids of column '{column}' are not unique: {twice:,} rows repeat an id, {missing:,} have none\n"
            "  state another column with --id, or give each person one row; --id none numbers the rows. In a run the "
            "rows of one id are one person's history (docs/how-to/link-your-own-files.md)"
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
