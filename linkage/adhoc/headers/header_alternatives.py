"""Columns that are called by two names at once: City/Town, Town or city, Vorname / First name, 姓 Surname,
Telefon (Phone).

The names may be two words for one thing, or one word in two languages. Those that are known must say one field.
"""

import functools
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence

from linkage.adhoc.headers.header_words import in_latin, in_own_script, without_noise, words_of
from linkage.adhoc.headers.vocabulary import vocabulary

_BETWEEN = re.compile(r"\s*[/|\n]\s*|\s+(?:or|oder|ou)\s+", re.IGNORECASE)
_OTHER_SCRIPT = re.compile("[\u0370-\uffef]+")  # than Latin
_IN_BRACKETS = re.compile(r"(.+?)\s*[(\[（](.+)[)\]）]\s*")


@functools.cache
def fields_called() -> Mapping[str, frozenset[str]]:
    """What columns may be called, to the fields that are called so."""
    found = defaultdict[str, set[str]](set)
    for field, rule in vocabulary()["field"].items():
        for name in (*rule["names"], *rule.get("beside", ())):
            found[in_own_script(name)].add(field)
    return {name: frozenset(fields) for name, fields in found.items()}


def alternatives(name: str) -> Sequence[str]:
    """The known ones of a column's several names; none where it has one name, or where they say two fields.

    Where no sign between them says that both are names, all must be known: Name (mother) is no name of a person's, nor
    Age (months) an age.
    """
    parts = _BETWEEN.split(name.strip())
    are_names = len(parts) > 1
    if not are_names:
        bracketed = _IN_BRACKETS.fullmatch(name)
        parts = list(bracketed.groups()) if bracketed else _of_two_scripts(name)
    if len(parts) < 2 or _is_of_others(name):
        return []
    known = [form for part in parts if (form := known_form(part))]
    if not known or not (are_names or len(known) == len(parts)):
        return []
    return known if frozenset.intersection(*(fields_called()[form] for form in known)) else []


def _of_two_scripts(name: str) -> list[str]:
    if name.isascii():
        return []
    held = (_OTHER_SCRIPT.sub(" ", name), " ".join(_OTHER_SCRIPT.findall(name)))
    return [part for part in held if any(map(str.isalpha, part))]


def known_form(part: str) -> str | None:
    """The form of a part of a header that is a column's name by itself; None where it is none."""
    forms = (in_own_script(part), in_latin(part), without_noise(part))
    return next((form for form in forms if form in fields_called()), None)


def _is_of_others(name: str) -> bool:
    """Whether a name has a word of another person or of what happened when: Hospital/Town is where that stands."""
    return not {*vocabulary()["others"], *vocabulary()["events"]}.isdisjoint(words_of(name))
