"""Columns of one kind that a number tells apart: given_name_1 and given_name_2, of one person or of two in a row."""

import functools
import re
from collections.abc import Callable, Sequence
from typing import Any

from linkage.adhoc.headers.header_words import in_latin, without_noise
from linkage.adhoc.headers.short_headers import unshortened
from linkage.adhoc.headers.vocabulary import vocabulary

_NUMBER = re.compile(r"[\W_]*c?0?([12])$")
_BEFORE = re.compile(r"(?P<of>[^\W\d_]+)[\W_]*0?(?P<number>\d+)(?=\D)[\W_]*(?P<field>.+)$")  # person2_dob, p02_name
_WAVES = (
    re.compile(r"(?P<field>.+)[\W_](?P<of>[^\W\d_]+)[\W_]?(?P<number>\d{1,2})$"),
    re.compile(r"(?P<of>[^\W\d_]+)[\W_]?(?P<number>\d{1,2})[\W_](?P<field>.+)$"),
)
_NAMES = ("forename", "surname")
_ONE_EACH = ("dob", "sex")
"""Fields of which nobody has two: a second one is another person's."""


def numbered(names: Sequence[str], field: str, taken: set[str]) -> str | None:
    """A column called by a field's name and a number: given_name_1, and given_name_2 for the next of its kind."""
    rules = _rules()
    wanted = {"1": rules[field]["names"], "2": rules.get(rules[field].get("after"), {"names": ()})["names"]}
    free = (column for column in _numbered(tuple(names)) if column[0] not in taken)
    return next((name for name, number, forms in free if not forms.isdisjoint(wanted[number])), None)


@functools.lru_cache
def _numbered(names: tuple[str, ...]) -> list[tuple[str, str, set[str]]]:
    """Of the columns that end in a number this, and what they may be called without it."""
    return [(name, *parted) for name in names if (parted := _parted(name))]


def of_the_second(names: Sequence[str]) -> list[str]:
    """Columns that show that a row holds a second person: dob_2 and sex_2, where forename_2 or surname_2 is theirs.

    The number may stand before the field: person2_dob. What a survey asked in its second wave is of one person.
    """
    return _of_the_second(names, _ends_with_two) or _of_the_second(names, _begins_with_second)


def _of_the_second(names: Sequence[str], is_called: Callable[[str, Sequence[str]], bool]) -> list[str]:
    rules = _rules()
    named = any(is_called(name, rules[field]["names"]) for name in names for field in _NAMES)
    shown = [name for name in names if any(is_called(name, rules[field]["names"]) for field in _ONE_EACH)]
    return shown if named else []


def _ends_with_two(name: str, known: Sequence[str]) -> bool:
    return _is_called(name, "2", known)


def _begins_with_second(name: str, known: Sequence[str]) -> bool:
    found = _BEFORE.match(name.lower())
    if found is None or found["number"] != "2" or found["of"] in vocabulary()["waves"]:
        return False
    return _is_one_of(found["field"], known)


def of_two(names: Sequence[str]) -> dict[str, tuple[str, str]]:
    """Fields of two persons in a row to the columns of both: spouse1_dob and spouse2_dob, dob_1 and dob_2.

    Nothing where a row does not have two, or has a third, or no name and birth date of both.
    """
    found: dict[str, dict[str, str]] = {}
    for name in names if of_the_second(names) else ():
        before = _BEFORE.match(name.lower())
        number, forms = (before["number"], _forms(before["field"])) if before else _parted(name) or ("1", _forms(name))
        for field in (*_NAMES, *_ONE_EACH):
            if not forms.isdisjoint(_rules()[field]["names"]):
                found.setdefault(field, {}).setdefault(number.lstrip("0"), name)
    if any(set(of) > {"1", "2"} for of in found.values()):
        return {}
    both = {field: (of["1"], of["2"]) for field, of in found.items() if set(of) == {"1", "2"}}
    return both if "dob" in both and {*_NAMES} & set(both) else {}


def of_waves(names: Sequence[str], field: str, taken: set[str]) -> list[str]:
    """The columns in which each wave of a survey has a field, the latest last: surname_w3, wave_10_postcode."""
    known = _rules()[field]["names"]
    found = [(n, name) for n, name, asked in _asked(tuple(names)) if name not in taken and _is_one_of(asked, known)]
    return [name for _, name in sorted(found)] if len(found) > 1 else []


@functools.lru_cache
def _asked(names: tuple[str, ...]) -> list[tuple[int, str, str]]:
    """Of columns of waves the number of the wave, the column, and what was asked."""
    forms = [(name, form.match(name.lower())) for name in names for form in _WAVES]
    waves = set(vocabulary()["waves"])
    return [(int(one["number"]), name, one["field"]) for name, one in forms if one and one["of"] in waves]


def of_the_first(names: Sequence[str]) -> list[str]:
    """The columns without a second person's names, which would be taken for further ones of the first."""
    if not _of_the_second(names, _ends_with_two):  # person2_forename is nobody's further name
        return list(names)
    known = [name for field in (*_NAMES, *_ONE_EACH) for name in _rules()[field]["names"]]
    return [name for name in names if not _is_called(name, "2", known)]


def _rules() -> dict[str, Any]:
    rules: dict[str, Any] = vocabulary()["field"]
    return rules


def _is_called(name: str, number: str, known: Sequence[str]) -> bool:
    """Whether a column has one of the names, and the number after it."""
    parted = _parted(name)
    return parted is not None and parted[0] == number and not parted[1].isdisjoint(known)


def _parted(name: str) -> tuple[str, set[str]] | None:
    """The number that a name ends in, and what it may be without it."""
    found = _NUMBER.search(name.lower())
    if found is None or name[: found.end() - 1][-1:].isdigit():  # pid81 is no pid8, the first
        return None
    return found[1], _forms(name[: found.start()])


def _is_one_of(base: str, known: Sequence[str]) -> bool:
    return not _forms(base).isdisjoint(known)


def _forms(base: str) -> set[str]:
    return {in_latin(base), without_noise(base), unshortened(base)}
