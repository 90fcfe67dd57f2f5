"""Raw columns as trimmed text and as values of the catalogue's types, by expressions that run on every engine."""

from collections.abc import Sequence

import pyarrow as pa

from linkage.engine import quote
from linkage.records import dates


def as_text(column: str, kind: pa.DataType) -> str:
    """A column as trimmed text, an empty one as NULL; a whole number that is held as a float without its ".0"."""
    name = quote(column)
    if pa.types.is_floating(kind):
        whole = f"cast(cast({name} as bigint) as varchar)"
        return f"case when {name} = floor({name}) then {whole} else cast({name} as varchar) end"
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return f"nullif(trim({name}), '')"
    return f"nullif(trim(cast({name} as varchar)), '')"


def as_type(column: str, kind: pa.DataType, wanted: str, date_formats: Sequence[str]) -> str:
    """A column as a value of one of the catalogue's types, NULL where its text is none.

    Args:
        wanted: "string", "integer", "number", "date" or "boolean".
    """
    name, text = quote(column), as_text(column, kind)
    if wanted == "string":
        return text
    if wanted == "date":
        if is_day(kind):
            return f"cast({name} as date)"
        return dates.parsed(text, date_formats)
    if wanted == "integer":
        if pa.types.is_integer(kind):
            return f"cast({name} as bigint)"
        # A cast would round 1.5 in silence.
        return f"try_cast(case when regexp_matches({text}, '^[+-]?[0-9]{{1,18}}$') then {text} end as bigint)"
    if wanted == "number":
        return f"try_cast({text} as double)"
    yes, no = "('1', 'TRUE', 'T', 'Y', 'YES')", "('0', 'FALSE', 'F', 'N', 'NO')"
    return f"case when upper({text}) in {yes} then true when upper({text}) in {no} then false end"


def is_day(kind: pa.DataType) -> bool:
    """Whether a raw column is a date or a time already."""
    return bool(pa.types.is_date(kind) or pa.types.is_timestamp(kind))
