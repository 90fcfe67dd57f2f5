"""Digits of other scripts, as plain ones: ८०, ٨٠ and ８０ are 80, as an age, a code or the number of a house."""

import unicodedata
from collections.abc import Sequence
from functools import cache

import pyarrow as pa

from linkage.adhoc.files.columns_made import as_text, expressed
from linkage.adhoc.files.person_file import PLACE, PersonFile
from linkage.adhoc.files.shapes import Shape, move
from linkage.engine import Engine, literal, quote

_FIRST = 1_000  # rows that show whether a column has any


@cache
def other_digits() -> dict[str, str]:
    """Digits of other scripts, and plain ones in their places."""
    found = [sign for sign in map(chr, range(0x80, 0x10000)) if sign.isdecimal()]
    return {"digits": "".join(found), "plain": "".join(str(unicodedata.decimal(sign)) for sign in found)}


def with_plain_digits(engine: Engine, shapes: Sequence[Shape]) -> None:
    """Fields that are written in digits of another script move to columns with plain ones."""
    for shape in shapes:
        texts = {name for name, held in shape.file.types.items() if pa.types.is_string(held)}
        columns = [name for name in dict.fromkeys(shape.fields.values()) if name in texts]
        for column in _with_other_digits(engine, shape.file, columns):
            digits, plain = map(literal, other_digits().values())
            made = expressed(
                engine, shape.file, f"translate({as_text(column)}, {digits}, {plain})", f"{column} in digits"
            )
            move([shape], next(name for name, at in shape.fields.items() if at == column), [made])


def _with_other_digits(engine: Engine, file: PersonFile, columns: Sequence[str]) -> list[str]:
    if not columns:
        return []
    query = f"select {', '.join(map(quote, columns))} from {{t}} order by {quote(PLACE)} limit {_FIRST}"
    first = engine.arrow(engine.sql(query, t=file.table))
    return [
        column
        for column, values in zip(columns, first.columns, strict=True)
        if any(sign.isdecimal() for value in values.to_pylist() if value and not value.isascii() for sign in value)
    ]
