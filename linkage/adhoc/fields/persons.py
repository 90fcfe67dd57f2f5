"""A person file of any shape as the units of a step: ids, recognised fields in one form, and how each is compared."""

from collections.abc import Mapping
from pathlib import Path

import pyarrow as pa

from linkage.adhoc.dates import dated
from linkage.adhoc.files import person_file
from linkage.adhoc.files.person_file import PLACE, PersonFile
from linkage.adhoc.headers.recognise import ROLES
from linkage.adhoc.places.degrees_together import with_degrees_parted
from linkage.adhoc.word_columns import is_of_bits
from linkage.engine import Engine, Table, literal, one, quote
from linkage.errors import InputError
from linkage.records.rules import identifier_rules
from linkage.records.standardise import PersonColumns, standard_view

__all__ = ["PersonFile", "identified", "read", "units"]

_ROW = "row of the file"  # a column of our own; with a space, so that no field has its name
_WHOLE = 2.0**53  # beyond which floats are not whole numbers any more
_LONGEST = 128  # signs of a text that are compared, as many as the longest hash has: likeness of notes takes ages


def read(engine: Engine, path: Path, scratch: Path, *, delimiter: str | None, encoding: str | None) -> PersonFile:
    """As `person_file.read`; positions that stand in one column are in two."""
    file = person_file.read(engine, path, scratch, delimiter=delimiter, encoding=encoding)
    return with_degrees_parted(engine, file)


def units(
    engine: Engine,
    file: PersonFile,
    fields: Mapping[str, str],
    id_column: str | None,
    *,
    postcodes: bool,
    kept: str | None = None,
) -> tuple[Table, Table]:
    """A file's persons.

    Args:
        fields: field -> column.
        postcodes: postcodes are British; otherwise they are compared as codes.
        kept: a further column, which stays as it is beside the ids.

    Returns:
        Units (unit_id and the fields, text) and ids (unit_id, source_id as it stands in the file, and `kept`).

    Raises:
        InputError: an id that stands twice or is missing, or a file in which no name is known.
    """
    if "dob" in fields:
        file, column = dated.in_one_form(engine, file, fields["dob"])
        fields = {**fields, "dob": column}
    numbered = identified(engine, file, id_column, kept)
    roles = {f: _held(f) for f in fields if f in ROLES and f != "dob" and (f != "postcode" or postcodes)}
    held = "".join(f", {quote(column)} as {quote(_held(field))}" for field, column in fields.items())
    prepared = engine.sql(f"select {quote(PLACE)}{held} from {{t}}", t=file.table)
    texts = {_held(f): _text(f) for f in fields if f not in roles and f != "dob"}
    counted = {_held(f): file.values[column] for f, column in fields.items() if _is_counted(file, column)}
    clean = {_held(f) for f, column in fields.items() if column in file.clean}
    carry = [PLACE, *([_held("dob")] if "dob" in fields else [])]
    # A view, so that nothing is made of identifiers that no field asks for.
    standard, behind = standard_view(engine, prepared, PersonColumns(roles, carry, texts, values=counted, clean=clean))
    whole = {f for f in fields if is_of_bits(f)}
    values = {f: _as_compared(_text(f)) if _held(f) in texts and f not in whole else quote(f) for f in fields}
    values |= {f: quote(_text(f)) for f in whole}
    values["dob"] = _known_day(_held("dob"))
    selected = ", ".join(f"{values[field]} as {quote(field)}" for field in fields)
    table = engine.sql(
        f"select i.unit_id, {selected} from {{s}} as s join {{i}} as i on i.place = s.{quote(PLACE)}",
        s=standard,
        i=numbered,
        store=True,
    )
    engine.drop(standard, *behind, prepared)
    _refuse_nameless(engine, file, table)
    beside = ", kept" if kept else ""
    return table, engine.sql(f"select unit_id, source_id{beside} from {{t}}", t=numbered)


def _with_row_numbers(engine: Engine, file: PersonFile) -> Table:
    """Rows numbered from 1, as they stand in the file whatever its format, those that were set aside counted too."""
    aside = pa.table({"place": pa.array([line for line, _ in file.quarantined], pa.int64())})
    return engine.sql(
        f"""
        with places as (
            select {quote(PLACE)} as place from {{t}} union all select place from {{aside}}
        ),
        numbered as (
            select place, row_number() over (order by place) as number from places
        )
        select t.*, n.number as {quote(_ROW)}
        from {{t}} as t
        join numbered as n on n.place = t.{quote(PLACE)}
        """,
        t=file.raw,
        aside=engine.from_arrow(aside),
    )


def _held(field: str) -> str:
    """The name of a field's raw values while they are put into form: one that no column of a file has."""
    return f"raw {field}"


def _text(field: str) -> str:
    """The name of a field's values as plain text; with a space, since an identifier may have the field's name."""
    return f"text {field}"


def identified(engine: Engine, file: PersonFile, id_column: str | None, kept: str | None = None) -> Table:
    """Rows' place in the file, their source_id, a dense unit_id and what is kept beside them: nothing wider is sorted.

    Units are numbered in the order of their ids, so that samples and ties do not depend on the order of rows.
    """
    source_id = _as_written(engine, file, id_column) if id_column else quote(_ROW)
    order = f"cast({source_id} as varchar), {quote(PLACE)}" if id_column else quote(PLACE)
    beside = f", {quote(kept)} as kept" if kept else ""
    numbered = engine.sql(
        f"""
        select {quote(PLACE)} as place, {source_id} as source_id, row_number() over by_id as unit_id{beside},
               {source_id} = lag({source_id}) over by_id as is_repeat
        from {{t}}
        window by_id as (order by {order})
        """,
        t=file.raw if id_column else _with_row_numbers(engine, file),
        store=True,
    )
    counted = one(
        engine,
        engine.sql(
            """
            select count(*) as n, count(source_id) as known, cast(coalesce(sum(is_repeat::int), 0) as bigint) as twice
            from {t}
            """,
            t=numbered,
        ),
    )
    missing, twice = counted["n"] - counted["known"], counted["twice"]
    if missing or twice:
        raise InputError(
            f"{file.path}: column '{id_column}' is no key: {twice:,} rows repeat an id, {missing:,} have none\n"
            "  name another column with --id, or give each person one row; --id none numbers the rows. In a run "
            "the rows of one id are one person's history (docs/own-files.md)"
        )
    return numbered


def _as_written(engine: Engine, file: PersonFile, column: str) -> str:
    """A column of ids. Whole numbers that a program made fractions of (1.0: it knew one missing) are whole ones."""
    name = quote(column)
    if not pa.types.is_floating(file.types.get(column, pa.null())):
        return name
    query = f"select bool_and({name} is null or ({name} = floor({name}) and abs({name}) < $most)) as whole from {{t}}"
    whole = one(engine, engine.sql(query, params={"most": _WHOLE}, t=file.raw))["whole"]
    return f"cast({name} as bigint)" if whole else name


def _refuse_nameless(engine: Engine, file: PersonFile, table: Table) -> None:
    names = [c for c in ("forename", "surname") if c in table.columns]
    if not names:
        return
    known = one(engine, engine.sql(f"select {' + '.join(f'count({c})' for c in names)} as n from {{t}}", t=table))
    if not known["n"]:
        raise InputError(
            f"{file.path}: not one of {' and '.join(names)} is known in any row\n"
            "  check which columns hold the names: --map left.surname=COLUMN"
        )


def _as_compared(column: str) -> str:
    """A text without the full stop that one file ends its titles with."""
    return f"rtrim(left({quote(column)}, {_LONGEST}), ' .,;:')"


def _known_day(column: str) -> str:
    """A birth date as it is, an impossible one too, since most of it is right; not one that says "not known"."""
    days = ", ".join(literal(day.isoformat()) for day in identifier_rules().date.sentinels)
    return f"case when {quote(column)} not in ({days}) then {quote(column)} end"


def _is_counted(file: PersonFile, column: str) -> bool:
    """Whether a column's values are known, as the standardiser would read them: a number may be written otherwise."""
    return column in file.values and pa.types.is_string(file.types.get(column, pa.string()))
