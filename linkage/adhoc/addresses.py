"""Addresses that one file writes in one column and the other in parts: the parts are found by the words of the other.

"12 High Street, Leeds, LS1 4AB" holds a house number, a town and a postcode beside the street. A postcode is known by
the forms that the other file's have, a town or a county by its name, a house number by its digits; what is left is the
street.
"""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from anyascii import anyascii

from linkage.adhoc.columns_made import Texts, counted, looked_up
from linkage.adhoc.person_file import PersonFile
from linkage.adhoc.recognise import Columns
from linkage.engine import Engine

WITHIN = ("postcode", "town", "county", "street_number")
"""Fields that an address may hold, in the order in which they are looked for."""

_SHARE = 1 / 3  # of a column's addresses must hold a part, or it is none of theirs
_LOOKED_AT = 5_000  # addresses that show it
_USUAL = 0.9  # share of the other file's postcodes whose forms are the forms of postcodes
_MOST_WORDS = 5  # in a town's name


@dataclass(frozen=True)
class Part:
    """What tells a part in an address: the values that the other file has, and for postcodes their forms."""

    name: str
    values: frozenset[tuple[str, ...]]
    forms: frozenset[str]

    def has_form(self, text: str) -> bool:
        """Whether a text has one of the forms, whatever signs stand between its letters and digits."""
        return _form("".join(_words(text))) in self.forms

    def found(self, words: Sequence[str]) -> tuple[int, int] | None:
        """From which word to before which one the part stands; the last place that fits."""
        if self.name == "street_number":
            numbers = [place for place, word in enumerate(words) if word[0].isdigit()]
            before_a_name = (place for place in numbers if place + 1 < len(words) and place + 1 not in numbers)
            place = next(before_a_name, next(iter(numbers), None))
            return None if place is None else (place, place + 1)
        most = 3 if self.name == "postcode" else _MOST_WORDS
        for end in range(len(words), 0, -1):
            for start in range(max(end - most, 0), end):
                held = words[start:end]
                if (_form("".join(held)) in self.forms) if self.name == "postcode" else (tuple(held) in self.values):
                    return start, end
        return None


def with_addresses(engine: Engine, files: Sequence[PersonFile], columns: Columns) -> Columns:
    """The columns, with the fields that one file has in columns of their own and the other within its address.

    Args:
        files: two files.
        columns: as they were recognised.
    """
    sides = [dict(columns.left), dict(columns.right)]
    for here, other in ((0, 1), (1, 0)):
        asked = [name for name in WITHIN if name in sides[other] and name not in sides[here]]
        if "address" not in sides[here] or not asked:
            continue
        column = sides[here]["address"]
        values = list(counted(engine, files[here], column))
        step = max(1, len(values) // _LOOKED_AT)
        parts = [part_of(name, counted(engine, files[other], sides[other][name])) for name in asked]
        seen = [_parted(value, parts) for value in values[::step]]
        for name in asked:
            if sum(bool(found[name]) for found in seen) > _SHARE * len(seen):
                sides[here][name] = column
    return replace(columns, left=sides[0], right=sides[1])


def part_addresses(
    engine: Engine, files: Sequence[PersonFile], fields: Sequence[Mapping[str, str]]
) -> list[tuple[PersonFile, dict[str, str]]]:
    """Each file with a column for each part of its address that the other has one for, and where its fields are now."""
    made = []
    for here, (file, of) in enumerate(zip(files, fields, strict=True)):
        column, other = of.get("address"), len(files) - 1 - here
        within = [name for name in WITHIN if column and of.get(name) == column]
        if not column or not within or other == here:
            made.append((file, dict(of)))
            continue
        parts = [part_of(name, counted(engine, files[other], fields[other][name])) for name in within]
        texts: Texts = {}
        for value in counted(engine, file, column):
            found = _parted(value, parts)
            texts[value] = (found["address"], *(found[name] for name in within))  # type: ignore[index]
        new, names = looked_up(engine, file, column, texts, ["street", *within])
        made.append((new, {**of, "address": names[0], **dict(zip(within, names[1:], strict=True))}))
    return made


def part_of(name: str, values: Mapping[str, int]) -> Part:
    """How a part is told, by the other file's values of it."""
    held = frozenset(tuple(words) for value in values if (words := _words(value)))
    forms = Counter[str]()
    for value, rows in values.items():
        forms[_form("".join(_words(value)))] += rows
    usual, counted_so_far = set[str](), 0
    for form, rows in forms.most_common():
        if counted_so_far < _USUAL * forms.total() and any(sign == "9" for sign in form):
            usual.add(form)
        counted_so_far += rows
    return Part(name, held, frozenset(usual))


def _parted(value: str, parts: Sequence[Part]) -> dict[str, str | None]:
    """The parts of an address, and as "address" what is left of it."""
    words, found = _words(value), dict[str, str | None]()
    for part in parts:
        place = part.found(words)
        if place is None:
            found[part.name] = None
            continue
        start, end = place
        found[part.name] = " ".join(words[start:end])
        words = words[:start] + words[end:]
    found["address"] = " ".join(words) or None
    return found


def _words(value: str) -> list[str]:
    return re.findall(r"[A-Z0-9]+", anyascii(value).upper())


def _form(text: str) -> str:
    """A for a letter, 9 for a digit."""
    return re.sub("[A-Z]", "A", re.sub("[0-9]", "9", text))
