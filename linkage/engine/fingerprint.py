"""A hash of a table's rows that does not depend on their order, nor on the engine.

Each row becomes one text, in which a value is written the same way on every engine; the
first 60 bits of its md5 are added up over all rows. Engines write a double differently
and add doubles up in another order, so a number with a fraction counts to a millionth.
"""

from collections.abc import Mapping

import pyarrow as pa

from linkage.engine.base import quote

_MODULUS = 1 << 60
_PARTS = "chr(31)"  # parts columns, so that ('A', 'BC') and ('AB', 'C') differ


def row_text(schema: pa.Schema, own: Mapping[str, str] | None = None) -> str:
    """DuckDB SQL of a row's text: its columns by name, in the order of the alphabet.

    Args:
        own: columns that an engine writes in a way of its own, each with the text that
            it makes, NULL where it is.
    """
    fields, own = sorted(schema, key=lambda field: field.name), own or {}
    texts = [
        own.get(field.name) or _text(quote(field.name), field.type) for field in fields
    ]
    parts = [f"coalesce({text}, '~')" for text in texts]
    return f"concat_ws({_PARTS}, {', '.join(parts)})"


def written(value: str, kind: pa.DataType) -> str:
    """DuckDB SQL of a value as text; NULL is a tilde.

    Raises:
        TypeError: the type is none that a table of a run has.
    """
    return f"coalesce({_text(value, kind)}, '~')"


def _text(value: str, kind: pa.DataType) -> str:
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return value
    if (
        pa.types.is_integer(kind)
        or pa.types.is_boolean(kind)
        or pa.types.is_date(kind)
        or pa.types.is_null(kind)
    ):
        return f"cast({value} as varchar)"
    if pa.types.is_decimal(kind) and kind.scale == 0:
        return f"cast({value} as varchar)"
    if pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        return _number(f"cast({value} as double)")
    if pa.types.is_timestamp(kind):
        return f"cast(epoch_ms({value}) as varchar)"
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        return (
            f"'[' || array_to_string(list_transform({value}, lambda e: "
            f"{written('e', kind.value_type)}), ', ') || ']'"
        )
    if pa.types.is_struct(kind):
        fields = [
            written(f"{value}.{quote(kind.field(i).name)}", kind.field(i).type)
            for i in range(kind.num_fields)
        ]
        return (
            f"case when {value} is null then null else '(' || "
            f"{' || chr(44) || '.join(fields)} || ')' end"
        )
    raise TypeError(f"no fingerprint of a column of type {kind}")


def _number(value: str) -> str:
    """In millionths up to 9e12, in whole numbers up to 9e18."""
    millionths = f"floor({value} * 1e6 + cast(0.5 as double))"
    return (
        f"case when abs({value}) < 9e12 then cast(cast({millionths} as bigint) as "
        "varchar) "
        f"when abs({value}) < 9e18 then cast(cast(floor({value}) as bigint) as "
        "varchar) || 'e6' "
        f"when {value} is null then null when isnan({value}) then 'nan' else 'large' "
        "end"
    )


def in_duckdb(name: str, text: str) -> str:
    """DuckDB's query of a table's number of rows and the sum of their hashes, as
    `combined` takes them.
    """
    return f"""
        with hashed as (select md5({text}) as digest from {quote(name)})
        select count(*), sum(cast('0x' || substr(digest, 1, 15) as bigint)) from hashed
        """


def combined(row_count: int, total: int | None) -> str:
    """The fingerprint: number of rows, and the sum of their hashes."""
    return f"{row_count}-{int(total or 0) % _MODULUS:015x}"
