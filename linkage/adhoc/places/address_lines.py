"""Lines of an address in columns of their own, whose meaning shifts from row to row: Address Line 1 to 5.

Line 2 is a town where the street has one line, and a part of the street where it has two. All are one address, then,
which is parted as one that is written whole.
"""

import re
from collections.abc import Collection, Mapping, Sequence

from linkage.adhoc.files.columns_made import as_text
from linkage.adhoc.headers.header_words import in_latin, without_noise
from linkage.adhoc.headers.vocabulary import vocabulary

LINE = "address_line_"
"""A part of an address, with its number: where `recognise.Columns.left_parts` has the first, the address is parted."""

_NUMBERED = re.compile(r"(.*?)[\W_]*0?([1-9])\W*")
_FEWEST = 2  # lines


def lines_of(header: Sequence[str], used: Collection[str | None]) -> list[str]:
    """The columns that hold lines of one address, in the order of their numbers; none where there are not several.

    The first line may have no number (Address, Address 2, Address 3), and a last one its own name (CityStateZip).

    Args:
        header: a file's columns.
        used: those that are another field.

    >>> lines_of(["id", "ADDR1", "ADDR2", "ADDR3"], [])
    ['ADDR1', 'ADDR2', 'ADDR3']
    >>> lines_of(["Address", "Address_2", "Phone1", "Phone2"], [])
    ['Address', 'Address_2']
    >>> lines_of(["City, State, Zip", "Street Address", "Phone"], [])
    ['Street Address', 'City, State, Zip']
    """
    last = [name for name in header if name not in used and _is(name, vocabulary()["whole_address"]["last"])][:1]
    groups: dict[str, dict[int, str]] = {}
    for name in header:
        found = _NUMBERED.fullmatch(name.strip())
        base, number = (found[1], int(found[2])) if found else (name, 1)
        if name not in used and _is_of_addresses(base):
            groups.setdefault(in_latin(base), {}).setdefault(number, name)
    for lines in sorted(groups.values(), key=len, reverse=True):
        if len(lines) + len(last) >= _FEWEST and sorted(lines) == list(range(1, len(lines) + 1)):
            return [*(lines[number] for number in sorted(lines)), *last]
    return []


def _is_of_addresses(base: str) -> bool:
    return _is(base, {*vocabulary()["whole_address"]["lines"], *vocabulary()["field"]["address"]["names"]})


def _is(name: str, known: Collection[str]) -> bool:
    return not {in_latin(name), without_noise(name)}.isdisjoint(known)


def lines_in(parts: Mapping[str, str]) -> list[str]:
    """The columns of an address that is parted, as `lines_of` found them; none where none is."""
    held = sorted((int(part.removeprefix(LINE)), column) for part, column in parts.items() if part.startswith(LINE))
    return [column for _, column in held]


def as_parts(lines: Sequence[str]) -> dict[str, str]:
    """What `lines_in` reads."""
    return {f"{LINE}{number}": column for number, column in enumerate(lines, 1)}


def as_one(lines: Sequence[str]) -> str:
    """SQL: the lines as one text, each after a line break."""
    return " || chr(10) || ".join(map(as_text, lines))
