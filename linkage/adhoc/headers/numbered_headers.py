"""Columns of one kind that a number tells apart: given_name_1 and given_name_2, of one person or of two in a row."""

import re
from collections.abc import Sequence
from typing import Any

from linkage.adhoc.headers.header_words import in_latin, without_noise
from linkage.adhoc.headers.short_headers import unshortened
from linkage.adhoc.headers.vocabulary import vocabulary

_NUMBER = re.compile(r"[\W_]*c?0?([12])$")
_NAMES = ("forename", "surname")
_ONE_EACH = ("dob", "sex")
"""Fields of which nobody has two: a second one is another person's."""


def numbered(names: Sequence[str], field: str, taken: set[str]) -> str | None:
    """A column called by a field's name and a number: given_name_1, and given_name_2 for the next of its kind."""
    rules = _rules()
    wanted = {"1": rules[field]["names"], "2": rules.get(rules[field].get("after"), {"names": ()})["names"]}
    free = (name for name in names if name not in taken)
    return next((name for name in free if any(_is_called(name, number, wanted[number]) for number in wanted)), None)


def of_the_second(names: Sequence[str]) -> list[str]:
    """Columns that show that a row holds a second person: dob_2 and sex_2, where forename_2 or surname_2 is theirs."""
    rules = _rules()
    named = any(_is_called(name, "2", rules[field]["names"]) for name in names for field in _NAMES)
    shown = [name for name in names if any(_is_called(name, "2", rules[field]["names"]) for field in _ONE_EACH)]
    return shown if named else []


def of_the_first(names: Sequence[str]) -> list[str]:
    """The columns without a second person's names, which would be taken for further ones of the first."""
    if not of_the_second(names):
        return list(names)
    known = [name for field in (*_NAMES, *_ONE_EACH) for name in _rules()[field]["names"]]
    return [name for name in names if not _is_called(name, "2", known)]


def _rules() -> dict[str, Any]:
    rules: dict[str, Any] = vocabulary()["field"]
    return rules


def _is_called(name: str, number: str, known: Sequence[str]) -> bool:
    """Whether a column has one of the names, and the number after it."""
    found = _NUMBER.search(name.lower())
    if found is None or found[1] != number or name[: found.end() - 1][-1:].isdigit():  # pid81 is no pid8, the first
        return False
    base = name[: found.start()]
    return not {in_latin(base), without_noise(base), unshortened(base)}.isdisjoint(known)
