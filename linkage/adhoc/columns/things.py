"""Columns called "name" that name things, not persons: products, places, bodies, firms, works.

Nobody has a digit in the name, nor the words of things that the vocabulary lists: kinds of places and bodies, legal
forms, articles and prepositions. A firm may be called after its founder, and have nothing else in its name: what counts
is the share of a column, in both files. Where a birth date or a sex stands beside, it names persons; where both files
have positions on earth and nothing of persons, it names what is there.
"""

import functools
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from anyascii import anyascii

from linkage.adhoc.fields.spellings import frame_of_sex, words_of_body
from linkage.adhoc.files.columns_made import counted
from linkage.adhoc.files.forms import share_of_form
from linkage.adhoc.files.person_file import PLACE, PersonFile
from linkage.adhoc.headers.header_words import words_of
from linkage.adhoc.headers.recognise import Columns, legal_forms, own_name
from linkage.adhoc.headers.vocabulary import vocabulary
from linkage.adhoc.names.parents import PARENTS
from linkage.adhoc.names.suffixes import NAME_SUFFIX
from linkage.engine import Engine, quote

_OF_THINGS = 0.3  # share of the names with a digit or a word of things, from which they are of no persons
_LOOKED_AT = 5_000  # rows of a file
_BEFORE_END = 3  # letters of a word before the end that tells what it is: a Hofkeller, and nobody called Keller
_OF_SOMEBODY = re.compile(r"\w\w['`]S\b")
_OF_PERSONS = frozenset(
    {"dob", "age", "birth_year", "birth_month", "birth_day", "birth_place", "sex", "initials", "middle_names"}
    | {"second_surname", "surname_particle", "nino", "uln", "upn", "social_security_number", "health_number"}
    | {*PARENTS, NAME_SUFFIX}
)
"""Fields that no thing has."""
_SPOTS = (("latitude", "longitude"), ("northing", "easting"))


def names_of_things(
    engine: Engine, files: Sequence[PersonFile], columns: Columns, told: Collection[str] = ()
) -> Columns:
    """The columns with a name in full as a text like others, where it names things in every file.

    Where words tell it, it is the field of companies' names, which are compared without legal forms and signs.

    Args:
        files: two files, or one that is compared with itself.
        told: columns that the analyst has named.
    """
    sides = (columns.left, columns.right)[: len(files)]
    parts = (columns.left_parts, columns.right_parts)[: len(files)]
    full = [held.get("full_name") for held in parts]
    names = [name or _bodies(fields) for name, fields in zip(full, sides, strict=True)]
    if not any(full) or not all(names) or any(name in told for name in full):
        return columns
    held = [(file, name) for file, name in zip(files, full, strict=True) if name]
    if all(full) and all(share_of_form(engine, file, name, "[0-9]") >= _OF_THINGS for file, name in held):
        field = own_name(str(full[0]), {*columns.left, *columns.right})
    elif any(_has_persons(engine, *of_file) for of_file in zip(files, sides, parts, strict=True)):
        return columns
    elif any(_is_called_after_things(name) for _, name in held):
        field = own_name(str(names[0]), {*columns.left, *columns.right})
    elif _at_spots(sides) or all(_share_of_things(values_of(engine, *of)) >= _OF_THINGS for of in held):
        field = "organisation"
    else:
        return columns
    return replace(
        columns,
        left={**_without(columns.left, full[0]), field: str(names[0])},
        right={**_without(columns.right, full[-1]), field: str(names[-1])},
        left_parts=_without(columns.left_parts, full[0]),
        right_parts=_without(columns.right_parts, full[-1]),
    )


def _is_called_after_things(column: str) -> bool:
    """Whether a header says what is called so: title, game; a person's title is no name in full."""
    return not {*vocabulary()["of_things"]}.isdisjoint(words_of(column))


def _at_spots(sides: Sequence[Mapping[str, str]]) -> bool:
    """Whether all files say where on earth something is: a plant, a stop, a lake; nobody is asked for it."""
    return all(any({*spot} <= set(fields) for spot in _SPOTS) for fields in sides)


def _without(fields: Mapping[str, str], column: str | None) -> dict[str, str]:
    return {field: held for field, held in fields.items() if held != column}


def _bodies(fields: Mapping[str, str]) -> str | None:
    """The column of companies' names in a file that names nobody: the other file may call theirs "name"."""
    return None if {"forename", "surname"} & set(fields) else fields.get("organisation")


def _has_persons(engine: Engine, file: PersonFile, fields: Mapping[str, str], parts: Mapping[str, str]) -> bool:
    """Whether a file has more of persons than a name in full; a school for boys has no sex."""
    beside = {field for field in ("forename", "surname") if fields.get(field) != parts.get("full_name")}
    found = (beside & set(fields)) | (_OF_PERSONS & {*fields, *parts})
    if found == {"sex"}:
        return frame_of_sex(counted(engine, file, fields["sex"]), fields["sex"]) is not None
    return bool(found)


def values_of(engine: Engine, file: PersonFile, column: str) -> list[str]:
    """The known values of a column, of a sample of rows."""
    step, place = max(1, file.rows // _LOOKED_AT), quote(PLACE)
    query = f"""
        select cast({quote(column)} as varchar) as value
        from {{t}}
        where {quote(column)} is not null and {place} % {step} = 0
        """
    values: list[str] = engine.arrow(engine.sql(query, t=file.table))["value"].to_pylist()
    return values


def _share_of_things(values: Sequence[str]) -> float:
    return sum(map(is_of_thing, values)) / max(len(values), 1)


def is_of_thing(name: str) -> bool:
    """Whether a name has what no person's has.

    >>> [is_of_thing(name) for name in ("Bank of Scotland", "Goetheschule", "Joe's", "Smith B.V.", "Jan Smit")]
    [True, True, True, True, False]
    """
    raw = name.upper()
    if any(map(str.isdigit, raw)) or _in_script().search(raw) or _OF_SOMEBODY.search(anyascii(raw)):
        return True
    words = words_of_body(name)
    if len(words) > 1 and words[-1] in legal_forms():
        return True
    return any(word in _words() or _ends().fullmatch(word) for word in words)


def _rules() -> Mapping[str, Any]:
    rules: Mapping[str, Any] = vocabulary()["things"]
    return rules


@functools.cache
def _words() -> frozenset[str]:
    return frozenset(_rules()["words"])


@functools.cache
def _ends() -> re.Pattern[str]:
    return re.compile(f"[A-Z]{{{_BEFORE_END},}}(?:{_any_of(_rules()['ends'])})")


@functools.cache
def _in_script() -> re.Pattern[str]:
    return re.compile(_any_of(_rules()["in_script"]))


def _any_of(words: Iterable[str]) -> str:
    return "|".join(map(re.escape, words))
