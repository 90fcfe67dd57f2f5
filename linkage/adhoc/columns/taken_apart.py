"""Texts that hold all that a file knows of somebody, taken apart by what the other file's columns hold.

"Mr John Smith, born 3 May 1960, of Leeds. Seen at clinic." has no column of names; but Smith is a surname of the other
file, John next to it one of its forenames, and Leeds one of its towns.
"""

import functools
import re
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from anyascii import anyascii

from linkage.adhoc.columns.contents import squashed
from linkage.adhoc.columns.house_numbers import are_of_houses
from linkage.adhoc.files.columns_made import Texts, counted, looked_up
from linkage.adhoc.files.person_file import PersonFile
from linkage.adhoc.headers.recognise import Columns, named_fields, recognise
from linkage.adhoc.headers.vocabulary import vocabulary
from linkage.engine import Engine
from linkage.records.rules import name_rules

_WORDS = 4.0  # of a value, on average, from which it is a text
_EACH = 0.5  # share of the values that are different ones: no text that is chosen from a list
_MOST = 200_000  # distinct texts that are taken apart
_FEW = 0.3  # share of the texts in which a field is found, from which it is compared
_OF_PLACES = ("town", "county", "birth_place")
_OF_CODES = ("postcode", "email", "nino", "health_number", "national_number", "social_security_number")
_LONGEST = 4  # words of a place or signs between of a code
_DATE = re.compile(
    r"\b(?:\d{4}-\d{1,2}-\d{1,2}|\d{1,2}[./-]\d{1,2}[./-]\d{2,4}|\d{1,2}(?:st|nd|rd|th|\.)? (?:de |of )?[^\W\d_]{3,}\.?"
    r"(?: de)? \d{4}|[^\W\d_]{3,}\.? \d{1,2}(?:st|nd|rd|th)?,? \d{4})\b"
)
_PHONE = re.compile(r"(?<![\w/.-])\+?\d[\d ()/.-]{5,}\d(?!\w)")
_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")


@dataclass(frozen=True)
class _Known:
    """What the other file holds: words of forenames and of surnames, places and codes by field."""

    given: Counter[str]
    family: Counter[str]
    places: Mapping[str, frozenset[str]]
    codes: Mapping[str, frozenset[str]]
    with_dates: bool
    with_phones: bool
    surname_first: bool = False

    @property
    def fields(self) -> list[str]:
        """The fields that a text is asked for."""
        dated = ["dob"] if self.with_dates else []
        return ["forename", "surname", *dated, *(["phone"] if self.with_phones else []), *self.places, *self.codes]


def taken_apart(
    engine: Engine, files: Sequence[PersonFile], maps: Sequence[str] = ()
) -> tuple[list[PersonFile], list[str]]:
    """The files, of which one whose persons stand in one text has columns of what is in it; and further maps.

    As they are where both files have columns that their names tell, or an analyst has named some.
    """
    if maps:
        return list(files), list(maps)
    columns = recognise(files[0].header, files[-1].header, enough=False)
    held, made, said = (columns.left, columns.right), list(files), list[str]()
    for here, side in ((0, "left"), (1, "right")):
        mine, others = held[here], held[1 - here]
        if named_fields(mine) or not {"forename", "surname"} <= set(others):
            continue
        texts = [name for name in files[here].header if _is_text(engine, files[here], name)]
        if len(texts) == 1:
            known = _known(engine, files[1 - here], others, columns)
            made[here], fields = _with_parts(engine, files[here], texts[0], known)
            said += [f"{side}.{field}={column}" for field, column in fields.items()]
    return made, said


def _is_text(engine: Engine, file: PersonFile, column: str) -> bool:
    values = counted(engine, file, column)
    words = sum(len(value.split()) * rows for value, rows in values.items())
    total = sum(values.values())
    return _MOST >= len(values) >= _EACH * total and words >= _WORDS * total > 0


def _known(engine: Engine, file: PersonFile, fields: Mapping[str, str], columns: Columns) -> _Known:
    names = {name: Counter[str]() for name in ("forename", "surname")}
    for name, held in names.items():
        for value, rows in counted(engine, file, fields[name]).items():
            for word in _words(value):
                held[_plain(word)] += rows if len(word) > 1 else 0

    def values(name: str) -> frozenset[str]:
        return frozenset(filter(None, map(squashed, counted(engine, file, fields[name]))))

    return _Known(
        +names["forename"],
        +names["surname"],
        {name: values(name) for name in _OF_PLACES if name in fields},
        {name: values(name) for name in _OF_CODES if name in fields and not _of_houses(engine, file, name, fields)},
        "dob" in fields,
        "phone" in fields,
    )


def _of_houses(engine: Engine, file: PersonFile, name: str, fields: Mapping[str, str]) -> bool:
    return name == "postcode" and are_of_houses(counted(engine, file, fields[name]))


def _with_parts(engine: Engine, file: PersonFile, column: str, known: _Known) -> tuple[PersonFile, dict[str, str]]:
    """The file with a column of each field that is found in many texts, and which they are."""
    values = counted(engine, file, column)
    if sum(rows for value, rows in values.items() if _name(_words(value), known, (2,))) < _FEW * sum(values.values()):
        return file, {}  # one word of a street is a forename too
    first = sum(rows * _order(value, known) for value, rows in values.items())
    known = replace(known, surname_first=first < 0)
    found = {value: _parts(value, known) for value in values}
    total = sum(values.values())
    fields = [
        name
        for name in known.fields
        if sum(rows for value, rows in values.items() if found[value].get(name)) >= _FEW * total
    ]
    if not {"forename", "surname"} <= set(fields):
        return file, {}
    texts: Texts = {value: tuple(parts.get(name) for name in fields) for value, parts in found.items()}
    made, names = looked_up(engine, file, column, texts, fields)
    return replace(made, header=(*made.header, *names), taken_apart=column), dict(zip(fields, names, strict=True))


def _words(text: str) -> list[str]:
    return [match.group() for match in _WORD.finditer(text)]


def _plain(word: str) -> str:
    plain: str = word if word.isascii() else anyascii(word)
    return plain.upper()


def _order(text: str, known: _Known) -> int:
    """1 where a name that can be read in one way has its forename first, -1 where it has the surname first."""
    words = [_plain(word) for word in _words(text)]
    for one, two in pairwise(words):
        ways = (one in known.given and two in known.family, one in known.family and two in known.given)
        if any(ways) and not all(ways):
            return 1 if ways[0] else -1
    return 0


def _parts(text: str, known: _Known) -> dict[str, str]:
    """Fields that stand in a text."""
    parts = dict(zip(("forename", "surname"), _name(_words(text), known), strict=False))
    if known.with_dates and (day := _birth_date(text)):
        parts["dob"] = day
    rest = _DATE.sub(" ", text)
    if known.with_phones and (phone := _PHONE.search(rest)):
        parts["phone"] = phone.group()
    split = rest.split()
    for of in (known.places, known.codes):
        for name, values in of.items():
            if value := _held(split, values):
                parts[name] = value
    return parts


def _name(words: Sequence[str], known: _Known, fewest: Sequence[int] = (2, 1)) -> tuple[str, str] | tuple[()]:
    """Forename and surname: two words side by side that the other file has as such, or one of them and a word beside it
    that begins with a capital: the other may be written otherwise there."""
    pairs = [(one, two, _plain(one), _plain(two)) for one, two in pairwise(words)]
    orders = ((3, 2), (2, 3)) if known.surname_first else ((2, 3), (3, 2))
    for enough in fewest:
        for first, last in orders:
            for pair in pairs:
                both = pair[first] in known.given, pair[last] in known.family
                if sum(both) >= enough and all(_may_be_a_name(word, told=all(both)) for word in pair[:2]):
                    return pair[first - 2], pair[last - 2]
    return ()


def _may_be_a_name(word: str, *, told: bool) -> bool:
    return len(word) > 1 and (told or word[0].isupper()) and _plain(word) not in _titles()


@functools.cache
def _titles() -> frozenset[str]:
    known = (*vocabulary()["around_names"]["titles"], *name_rules().titles)
    return frozenset(_plain(title.strip(".")) for title in known)


def _birth_date(text: str) -> str | None:
    """The date behind a word for births, or the only one."""
    found = list(_DATE.finditer(text))
    births = {*vocabulary()["birth_words"]["birth"], "dob", "b"}
    told = [match for match in found if births & {word.lower() for word in _words(text[: match.start()])[-2:]}]
    chosen = told or (found if len(found) == 1 else [])
    return chosen[0].group() if chosen else None


def _held(words: Sequence[str], values: Collection[str]) -> str | None:
    """The longest run of words that is one of some values."""
    for many in range(min(_LONGEST, len(words)), 0, -1):
        for start in range(len(words) - many + 1):
            run = " ".join(words[start : start + many])
            if squashed(run) in values:
                return re.sub(r"^\W+|\W+$", "", run)
    return None
