"""Columns of Parquet that hold records or lists, as plain ones: name.family of a record, all of a list of texts as one.

Texts that a program wrote as bytes are texts, and whole numbers that it wrote with a fraction of noughts are whole.

Of a list of records the first counts; where each says of what kind it is and has one value (a telephone, an address of
e-mail), the first of each kind. Maps and lists of lists have no such form.
"""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

import pyarrow as pa

from linkage.adhoc.headers.vocabulary import vocabulary
from linkage.engine import Engine, Table, literal, quote, rows

_MOST_KINDS = 8  # of records in a list; more of them are no kinds
_KIND = re.compile(r"[A-Za-z][\w \-]{0,29}")


@dataclass(frozen=True)
class Plain:
    """A column that is made of a nested one, or is as it was."""

    name: str
    expression: str
    type: pa.DataType


def are_plain(types: Iterable[pa.DataType]) -> bool:
    """Whether columns of these types are as they are to be read."""
    return not any(pa.types.is_nested(of) or _is_of_bytes(of) or _has_fraction(of) for of in types)


def plain_columns(engine: Engine, table: Table, types: Mapping[str, pa.DataType]) -> tuple[list[Plain], list[str]]:
    """The plain columns of a table, in its order, and the names of those that cannot be made plain."""
    made: list[Plain] = []
    lost: list[str] = []
    for name, of_type in types.items():
        for column in _plain(engine, table, Plain(name, quote(name), of_type)):
            if pa.types.is_nested(column.type):
                lost.append(column.name)
            else:
                made.append(_free(column, {*types, *(other.name for other in made)} - {name}))
    return made, lost


def _free(column: Plain, taken: Collection[str]) -> Plain:
    """The column under a name that no other has."""
    name = column.name
    while name in taken:
        name += "'"
    return replace(column, name=name)


def _plain(engine: Engine, table: Table, column: Plain) -> Iterator[Plain]:
    """What a column holds; itself where nothing can be done."""
    if _is_of_bytes(column.type):  # what is no text is as DuckDB shows bytes
        yield replace(column, expression=_DECODED.format(column.expression), type=pa.string())
    elif _has_fraction(column.type):
        text = f"regexp_replace(cast({column.expression} as varchar), '[.]0+$', '')"
        yield replace(column, expression=text, type=pa.string())
    elif pa.types.is_struct(column.type):
        for field in column.type:
            inner = f"struct_extract({column.expression}, {literal(field.name)})"
            yield from _plain(engine, table, Plain(f"{column.name}.{field.name}", inner, field.type))
    elif not _is_list(column.type) or _is_list(column.type.value_type) or pa.types.is_map(column.type.value_type):
        yield column
    elif pa.types.is_struct(column.type.value_type):
        if by_kind := _of_each_kind(engine, table, column):
            yield from by_kind
        else:
            first = f"list_extract({column.expression}, 1)"
            yield from _plain(engine, table, Plain(column.name, first, column.type.value_type))
    else:
        yield Plain(column.name, f"nullif(trim(array_to_string({column.expression}, ' ')), '')", pa.string())


_DECODED = "coalesce(try(decode({0})), cast({0} as varchar))"


def _is_of_bytes(of_type: pa.DataType) -> bool:
    return bool(pa.types.is_binary(of_type) or pa.types.is_large_binary(of_type))


def _has_fraction(of_type: pa.DataType) -> bool:
    return bool(pa.types.is_decimal(of_type) and of_type.scale > 0)


def _is_list(of_type: pa.DataType) -> bool:
    return bool(pa.types.is_list(of_type) or pa.types.is_large_list(of_type) or pa.types.is_fixed_size_list(of_type))


def _of_each_kind(engine: Engine, table: Table, column: Plain) -> list[Plain]:
    """A column for each kind of the records in a list; none where they are of no kinds, or of too many."""
    held = {field.name.lower(): field for field in column.type.value_type}
    kind = next((held[name].name for name in vocabulary()["nested"]["kinds"] if name in held), None)
    value = next((held[name] for name in vocabulary()["nested"]["values"] if name in held), None)
    if kind is None or value is None or pa.types.is_nested(value.type):
        return []
    element = f"struct_extract(element, {literal(kind)})"
    query = f"""
        with elements as (select unnest({column.expression}) as element from {{t}})
        select distinct cast({element} as varchar) as kind from elements where {element} is not null
        order by kind limit {_MOST_KINDS + 1}
        """
    kinds = [str(row["kind"]) for row in rows(engine, engine.sql(query, t=table))]
    if not kinds or len(kinds) > _MOST_KINDS or not all(map(_KIND.fullmatch, kinds)):
        return []
    return [_first_of_kind(column, kind, value, text) for text in kinds]


def _first_of_kind(column: Plain, kind: str, value: pa.Field, text: str) -> Plain:
    is_one = f"cast(struct_extract(element, {literal(kind)}) as varchar) = {literal(text)}"
    first = f"list_extract(list_filter({column.expression}, lambda element: {is_one}), 1)"
    return Plain(f"{column.name}.{text}", f"struct_extract({first}, {literal(value.name)})", value.type)
