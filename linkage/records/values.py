"""Raw columns as trimmed text, as values of the catalogue's types, and as keys of
records and entities, in SQL.
"""

from collections.abc import Mapping, Sequence

import pyarrow as pa

from linkage.catalogue import Variable
from linkage.engine import quote
from linkage.records import dates
from linkage.records.csv_files import FILE, LINE
from linkage.records.identifiers import valid_uln

_NUMBER = "^[+-]?([0-9]{1,40}[.]?[0-9]{0,40}|[.][0-9]{1,40})([eE][+-]?[0-9]{1,2})?$"


def as_text(column: str, kind: pa.DataType) -> str:
    """A column as trimmed text, an empty one as NULL; a number without the zeros that
    its type puts behind the point.

    A person's number may lie in a column of floats or of decimals. What is no number
    there (NaN) is empty.
    """
    name = quote(column)
    if pa.types.is_floating(kind):
        integer = (
            f"abs({name}) < 9e18 and {name} = floor({name}) then "
            f"cast(cast({name} as bigint) as varchar)"
        )
        return (
            f"case when {integer} when isfinite({name}) then cast({name} as "
            "varchar) end"
        )
    if pa.types.is_decimal(kind) and kind.scale > 0:
        return f"regexp_replace(cast({name} as varchar), '[.]?0+$', '')"
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return f"nullif(trim({name}), '')"
    return f"nullif(trim(cast({name} as varchar)), '')"


def as_type(
    column: str, kind: pa.DataType, target: str, date_formats: Sequence[str]
) -> str:
    """A column as a value of one of the catalogue's types, NULL where its text is none.

    Args:
        target: "string", "integer", "number", "date" or "boolean".
    """
    name, text = quote(column), as_text(column, kind)
    if target == "string":
        return text
    if target == "date":
        if is_day(kind):
            return f"cast({name} as date)"
        return dates.parsed(text, date_formats)
    if target == "integer":
        if pa.types.is_integer(kind):
            return f"cast({name} as bigint)"
        # A cast would round 1.5 in silence.
        return (
            f"try_cast(case when regexp_matches({text}, '^[+-]?[0-9]{{1,18}}$') "
            f"then {text} end as bigint)"
        )
    if target == "number" and is_typed(kind, target):
        return f"try_cast({text} as double)"
    if target == "number":
        # Engines read more as numbers than people write: 1d, 1_000, nan and infinity,
        # one this and one that.
        return (
            f"try_cast(case when regexp_matches({text}, '{_NUMBER}') then {text} "
            "end as double)"
        )
    true_words, false_words = (
        "('1', 'TRUE', 'T', 'Y', 'YES')",
        "('0', 'FALSE', 'F', 'N', 'NO')",
    )
    return (
        f"case when upper({text}) in {true_words} then true when upper({text}) in "
        f"{false_words} then false end"
    )


def day_of(column: str) -> str:
    """A column of days or times as the day; NULL where its year has not four digits, as
    histories need a day.
    """
    day = f"cast({quote(column)} as date)"
    return f"case when year({day}) between 1 and 9999 then {day} end"


def is_typed(kind: pa.DataType, target: str) -> bool:
    """Whether every value of a raw column is one of a catalogue's type, so that
    `as_type` loses none.
    """
    if target == "string":
        return True
    if target == "date":
        return is_day(kind)
    if target == "integer":
        return bool(pa.types.is_integer(kind))
    if target == "number":
        return bool(
            pa.types.is_integer(kind)
            or pa.types.is_floating(kind)
            or pa.types.is_decimal(kind)
        )
    return bool(pa.types.is_boolean(kind))


def is_day(kind: pa.DataType) -> bool:
    """Whether a raw column is a date or a time already."""
    return bool(pa.types.is_date(kind) or pa.types.is_timestamp(kind))


# Where a key has several columns, a | within one of them is written ~1, and a ~ as ~0:
# else the columns A|B and C would make the key of A and B|C, and different people would
# be one.


def joined_key(names: Sequence[str], types: Mapping[str, pa.DataType]) -> str:
    """A SQL expression: the columns as text joined by |, NULL when one is NULL."""
    return _joined([as_text(name, types[name]) for name in names])


def entity_key(
    alternatives: Sequence[Sequence[str]],
    types: Mapping[str, pa.DataType],
    variables: Mapping[str, Variable],
) -> str:
    """A SQL expression: the first alternative whose columns all have a value, a ULN its
    check digit; else NULL.
    """
    if not alternatives:
        return "cast(null as varchar)"
    keys = [
        _joined([_part(name, types[name], variables.get(name)) for name in alternative])
        for alternative in alternatives
    ]
    return keys[0] if len(keys) == 1 else f"coalesce({', '.join(keys)})"


def row_key(
    names: Sequence[str], types: Mapping[str, pa.DataType], is_csv: bool
) -> str:
    """A SQL expression that names a row of files without a record key: its file and
    line in CSV, else a hash of it.

    Rows that are equal in every column are numbered; which is which does not matter.
    """
    if is_csv:
        return (
            f"lpad(cast({quote(FILE)} as varchar), 5, '0') || ':' || "
            f"lpad(cast({quote(LINE)} as varchar), 12, '0')"
        )
    text = " || '|' || ".join(
        f"coalesce({_escaped(as_text(name, types[name]))}, '~')" for name in names
    )
    return (
        f"md5({text}) || '-' || "
        f"lpad(cast(row_number() over (partition by md5({text}) order by md5({text})) "
        "as varchar), 9, '0')"
    )


def _joined(parts: Sequence[str]) -> str:
    return (
        parts[0]
        if len(parts) == 1
        else " || '|' || ".join(_escaped(part) for part in parts)
    )


def _escaped(text: str) -> str:
    return f"replace(replace({text}, '~', '~0'), '|', '~1')"


def _part(name: str, kind: pa.DataType, variable: Variable | None) -> str:
    text = as_text(name, kind)
    if variable is None or variable.format not in ("uln", "nino"):
        return text
    if variable.format == "nino":
        return f"upper(replace({text}, ' ', ''))"
    return f"case when {valid_uln(text)} then {text} end"
