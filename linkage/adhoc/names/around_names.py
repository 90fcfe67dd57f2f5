"""What people write around a name in full that is no name: titles before it, degrees after it, words within it.

A word may be a title in one column and an initial in another: "H. Ahmad" beside "Hj. Siti", and "H. Smith"; a degree
("Eko Maulana, S.H." beside "Dewi Putri, S.Kom.") and initials ("Singh, S.H." beside "Cole, A.B."). What else stands in
the column tells which.
"""

import functools
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from anyascii import anyascii

from linkage.adhoc.headers.vocabulary import vocabulary
from linkage.records.rules import name_rules

_OF_FATHERS = 0.1  # share of a column's names with a word before a father's name, from which B. is one too
_MORE = 2  # times as many degrees as forenames after commas, from which two letters there are a degree
_LETTERS = re.compile(r"(?:[A-Z]\.)+[A-Z]?", re.IGNORECASE)


def bare_names(values: Mapping[str, int]) -> dict[str, str]:
    """A column's values without titles, degrees and words between two names; BINTI for each form of it.

    Args:
        values: distinct names in full, to the rows that hold them.
    """
    titles, letters, between = _titles(values), _letters_are_degrees(values), _between(values)
    found = {}
    for value in values:
        parts = [_without_titles(part, titles) for part in _without_degrees(value, letters).split(",")]
        found[value] = between.sub(_in_one_form, ",".join(parts))
    return found


def counted_bare(values: Mapping[str, int], names: Mapping[str, str] | None = None) -> Counter[str]:
    """The names as `bare_names` leaves them, to the rows that hold them.

    Args:
        names: what it made of the values, where that is known.
    """
    made = Counter[str]()
    for value, name in (bare_names(values) if names is None else names).items():
        made[name] += values[value]
    return made


def _rules() -> Mapping[str, Any]:
    rules: Mapping[str, Any] = vocabulary()["around_names"]
    return rules


def _any_of(words: Iterable[str]) -> str:
    """A pattern that is one of the words, the longest that fits."""
    return "|".join(map(re.escape, sorted(words, key=len, reverse=True)))


def _titles(values: Mapping[str, int]) -> re.Pattern[str]:
    """Titles that may stand before a name of the column."""
    usual, beside = list(_rules()["titles"]), _rules()["titles_beside"]
    any_of = _title(*sorted({*beside.values()}))
    there = {_plain(found["title"]) for found in map(any_of.match, values) if found}
    return _title(*usual, *(title for title, other in beside.items() if _plain(other) in there))


def _plain(title: str) -> str:
    return title.strip(". ").upper()


@functools.cache
def _title(*titles: str) -> re.Pattern[str]:
    """A title, and those that every name is read without before it; a dot that is written has to be there."""
    known = rf"(?:(?:{_any_of(name_rules().titles)})(?:\.\s*|\s+))*"
    initials = [title for title in titles if len(title.rstrip(".")) == 1]  # H.M. Ahmad has none
    dotted = [title for title in titles if title.endswith(".") and title not in initials]
    others = [title for title in titles if not title.endswith(".")]
    forms = ((others, r"(?:\.\s*|\s+)"), (dotted, r"\s*"), (initials, r"\s+"))  # Dott.ssa before Dott.
    ways = "|".join(rf"(?:{_any_of(words)}){end}" for words, end in forms if words)
    return re.compile(rf"\s*{known}(?P<title>{ways})(?=.*\w)", re.IGNORECASE)


def _without_titles(part: str, titles: re.Pattern[str]) -> str:
    while found := titles.match(part):
        part = part[found.end() :]
    return part


@functools.cache
def _degrees(which: str) -> frozenset[str]:
    return frozenset(word.replace(".", "").upper() for word in _rules()[which])


def _is_degree(word: str, letters: bool, *, at_end: bool = False) -> bool:
    """Whether a word is a degree by itself; after a comma, if not `at_end` of a name that has none before it.

    Args:
        letters: whether letters with dots, which may be initials, are degrees.
    """
    key = (word if word.isascii() else anyascii(word)).replace(".", "").upper()
    if _LETTERS.fullmatch(word):
        return letters and not at_end and key in _degrees("of_letters")
    if "." in word[:-1] and key in _degrees("dotted"):
        return True
    return key in _degrees("degrees") or (not at_end and key in _degrees("after_comma"))


def _follows(part: str, letters: bool) -> bool:
    """Whether all that stands after a comma are degrees, and such suffixes as every name is read without."""
    words = part.split()
    return bool(words) and all(
        _is_degree(word, letters) or word.rstrip(".").upper() in name_rules().suffixes for word in words
    )


def _letters_are_degrees(values: Mapping[str, int]) -> bool:
    """Whether letters with dots after a comma are degrees in a column: nearly all that follows its commas is one."""
    degrees = others = 0
    for value, rows in values.items():
        name, comma, rest = value.partition(",")
        last = rest.rpartition(",")[2]
        if not comma or not _follows(last, True):
            others += rows if comma else 0
        elif _follows(last, False) or len(name.split()) > 1:  # one name and letters are either
            degrees += rows
    return degrees > _MORE * others


def _without_degrees(value: str, letters: bool) -> str:
    name, comma, last = value.rpartition(",")
    while comma and name.strip() and _follows(last, letters):
        value = name
        name, comma, last = value.rpartition(",")
    words = value.split()
    while len(words) > 1 and _is_degree(words[-1], letters, at_end=True):
        value = value.rstrip()[: -len(words.pop())]
    return value.rstrip()


def _between(values: Mapping[str, int]) -> re.Pattern[str]:
    """Words between two names of the column that are changed; those before a father's where many have one."""
    fathers, plain = _rules()["of_fathers"], _rules()["dropped_between"]
    known = _word_between({*fathers.values(), *(word for word in fathers if len(word.rstrip(".")) > 1)})
    held = sum(rows for value, rows in values.items() if known.search(value))
    return _word_between(frozenset({*plain, *(fathers if held > _OF_FATHERS * sum(values.values()) else ())}))


def _word_between(words: Iterable[str]) -> re.Pattern[str]:
    return re.compile(rf"(?<=[^\s,])\s+({_any_of(words)})\s+(?=[^\s,])", re.IGNORECASE)


def _in_one_form(found: re.Match[str]) -> str:
    meant = _rules()["of_fathers"].get(found[1].lower())
    return f" {meant} " if meant else " "
