"""Houses of files that name neither persons nor firms: meters, sales, licences.

The number tells a house of a street from the next one, and that of a flat the flats of a house, wherever they stand:
Flat 2, 48 North Street.
"""

from collections.abc import Mapping, Sequence

from linkage.adhoc.files.columns_made import as_text, expressed
from linkage.adhoc.files.forms import share_of_form
from linkage.adhoc.files.person_file import PersonFile
from linkage.adhoc.places.address_lines import lines_in
from linkage.adhoc.word_columns import HOUSE_NUMBER
from linkage.engine import Engine

HOUSES = "houses"
"""A part of an address: where `recognise.Columns.left_parts` has it, the numbers of houses are compared."""

_OTHERS = frozenset({"forename", "surname", "dob", "age", "organisation"})
"""Who lives in a house, or is there: it tells more than a house, and shares it with others."""
_NUMBERED = 0.5  # share of addresses with a number, of each file
_WITH_NUMBERS = ("address_2", HOUSE_NUMBER, "street_number")


def with_houses(
    engine: Engine, files: Sequence[PersonFile], fields: Sequence[dict[str, str]], parts: Sequence[dict[str, str]]
) -> None:
    """Add the numbers of houses to what is compared, where both files have addresses of nobody with such numbers.

    Args:
        files: two files, or one that is compared with itself.
        fields, parts: of the left and of the right, with the lines of an address that is parted.
    """
    if any("address" not in of or _OTHERS & {*of} for of in fields):
        return
    held = [
        [*own_numbers(mine, lines_in(of)), *(lines_in(of) or [mine["address"]])]
        for of, mine in zip(parts, fields, strict=True)
    ]
    for file, columns in zip(files, held, strict=False):
        if all(share_of_form(engine, file, column, "[0-9]") < _NUMBERED for column in columns):
            return
    for mine, of in zip(fields, parts, strict=True):
        of[HOUSES] = mine[HOUSE_NUMBER] = mine.pop("street_number", mine["address"])


def own_numbers(fields: Mapping[str, str], lines: Sequence[str]) -> list[str]:
    """Columns of flats and houses that are none of an address."""
    no_own = {*lines, fields.get("address")}
    return [fields[name] for name in _WITH_NUMBERS if name in fields and fields[name] not in no_own]


def houses_of(engine: Engine, file: PersonFile, columns: Sequence[str]) -> tuple[PersonFile, str]:
    """The file with a column of the numbers of its houses and flats, which stand in some columns."""
    return expressed(engine, file, numbers(" || ' ' || ".join(map(as_text, columns))), "numbers of houses")


def numbers(text: str) -> str:
    """SQL: the numbers of a text in one order, NULL where it has none: 1 109A of Flat 1, 109a Green Street."""
    found = rf"regexp_extract_all(upper({text}), '\b[0-9]+[A-Z]?\b')"
    return f"nullif(array_to_string(list_sort({found}), ' '), '')"
