"""Bloom filters: fields that hold the bits of a text's pairs of letters, so that likeness shows and the text does not.

Registers that may not show names to one another write them so (Schnell, Bachteler and Reiher 2009), each name by itself
or all that is known of a person in one. As texts they would be compared by letters, of which the first hundred say
little. What two have in common is told by Dice's coefficient of their bits.
"""

import base64
import itertools
import math
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence

from linkage.adhoc.files.columns_made import as_text, expressed
from linkage.adhoc.files.person_file import PLACE, PersonFile
from linkage.adhoc.word_columns import bits_of
from linkage.engine import Engine, quote

_FEWEST_BITS = 100
_SHOWN_ROWS = 2_000
_FEWEST = 30  # distinct values that show whether bits are even
_UNEVEN = 3.0  # times the spread that the bits of hashes have over the places of a value
_SPARE_BITS = 3  # of a piece, more than tell the records of a file
_MOST = 0.98  # of a column's values are of one form


def with_bits(
    engine: Engine, files: Sequence[PersonFile], fields: Sequence[Mapping[str, str]]
) -> list[tuple[PersonFile, dict[str, str]]]:
    """Each file with hexadecimals of the bits that all files hold of a field, and its fields: such have another name.

    Args:
        fields: of each file, to their columns.
    """
    made = [(file, dict(of)) for file, of in zip(files, fields, strict=True)]
    for name in [name for name in fields[0] if all(name in of for of in fields)]:
        each = (_form(_shown(engine, file, of[name])) for file, of in made)
        forms = [form for form in itertools.takewhile(bool, each) if form]
        if len(forms) < len(made):
            continue
        for place, ((file, of), form) in enumerate(zip(made, forms, strict=True)):
            bits = _in_hexadecimals(as_text(of.pop(name)), form)
            made[place] = expressed(engine, file, bits, f"bits of {name}")[0], of
            of[bits_of(name)] = made[place][0].table.columns[-1]
    return made


def pieces(column: str, larger: int) -> str:
    """SQL: the pieces of a text of hexadecimals, each with its place, with blanks between.

    A piece has so many signs that, of even bits, hardly a record of the larger file has one of another's by chance.

    Args:
        larger: records of the larger file.
    """
    signs = math.ceil((math.log2(max(larger, 2)) + _SPARE_BITS) / 4)
    column = quote(column)
    each = f"'P' || cast(place as varchar) || 'P' || substr({column}, cast(place as integer), {signs})"
    starts = f"generate_series(1, length({column}) - {signs - 1}, {signs // 2})"
    return f"array_to_string(list_transform({starts}, lambda place: {each}), ' ')"


def _of_digits(value: str) -> bytes:
    return int(value, 2).to_bytes((len(value) + 7) // 8, "big")


def _of_base64(value: str) -> bytes:
    return base64.b64decode(value.translate(str.maketrans("-_", "+/")), validate=True)


_Form = tuple[str, Callable[[str], bytes], str]
_FORMS: Sequence[_Form] = (
    ("[01]+", _of_digits, "hex(cast(cast({0} as bit) as blob))"),
    ("(?:[0-9A-Fa-f]{2})+", bytes.fromhex, "upper({0})"),
    ("(?:[0-9A-Za-z+/_-]{4})+(?:[0-9A-Za-z+/_-]{2}==|[0-9A-Za-z+/_-]{3}=)?", _of_base64,
     "hex(from_base64(translate({0}, '-_', '+/')))"),
)  # fmt: skip
"""How bits are written, the bytes of a value, and SQL of these in hexadecimals."""


def _in_hexadecimals(text: str, form: tuple[_Form, int]) -> str:
    """SQL: the bits of a text, NULL where it has none or not as many as the others."""
    (pattern, _, expression), length = form
    fits = f"length({text}) = {length} and regexp_matches({text}, '^(?:{pattern})$')"
    return f"case when {fits} then {expression.format(text)} end"


def _shown(engine: Engine, file: PersonFile, column: str) -> list[str]:
    """Known values of a column, of a sample of rows."""
    step, text = max(1, file.rows // _SHOWN_ROWS), as_text(column)
    query = f"select {text} as value from {{t}} where {quote(PLACE)} % {step} = 0 and {text} <> ''"
    values: list[str] = engine.arrow(engine.sql(query, t=file.table))["value"].to_pylist()
    return values


def _form(values: Sequence[str]) -> tuple[_Form, int] | None:
    """How bits are written, and by how many signs; None where values are no bits.

    Of four or six bits in a sign nothing tells whether they are a hash's, but that these are even: each is set in half
    of all values. Those of pairs of letters are set as often as these are written.
    """
    lengths = Counter(map(len, values))
    length, most = max(lengths.items(), key=lambda item: item[1], default=(0, 0))
    if most < _MOST * len(values):
        return None
    whole = {value for value in values if len(value) == length}
    for form in _FORMS:
        pattern, read, _ = form
        fitting = [value for value in sorted(whole) if re.fullmatch(pattern, value)]
        if len(fitting) < _MOST * len(whole):
            continue
        if read is _of_digits:
            return (form, length) if length >= _FEWEST_BITS else None
        bits = [read(value) for value in fitting]
        shown = len(bits) >= _FEWEST and 8 * len(bits[0]) >= _FEWEST_BITS
        return (form, length) if shown and _are_uneven(bits) else None
    return None


def _are_uneven(values: Sequence[bytes]) -> bool:
    """Whether some places are set far more often than others."""
    held = [int.from_bytes(value, "big") for value in values]
    places = 8 * len(values[0])
    set_at = [sum(value >> place & 1 for value in held) for place in range(places)]
    mean = sum(set_at) / places
    by_chance = mean * (1 - mean / len(held))
    spread = sum((count - mean) ** 2 for count in set_at) / places
    return spread > _UNEVEN * max(by_chance, math.ulp(1))
