"""Columns that are made of a part of another: of both parents the father, of when and where somebody was born the
place, and of a text what the other file has a column for."""

import functools
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from anyascii import anyascii

from linkage.adhoc.files.columns_made import counted, looked_up
from linkage.adhoc.files.person_file import FATHER, MOTHER, NUMBERS, PLACE_OF_BIRTH, WITHIN, MadeOf, PersonFile
from linkage.adhoc.headers.vocabulary import vocabulary
from linkage.engine import Engine

_DATE = re.compile(r"\d{1,2}[-/. ]+(?:\d{1,2}|[IVX]+|[^\W\d_]+)[-/. ]+\d{4}|\d{4}-\d{1,2}-\d{1,2}")
_TOKEN = re.compile(r"\d+(?:[.,]\d+)?|[A-Z]+")
_LONGEST = 8  # words and numbers of a value that are looked for in a text
_SHORTEST = 2  # signs of it


def with_part(
    engine: Engine, files: Sequence[PersonFile], here: int, how: str, column: str, other: str = ""
) -> tuple[list[PersonFile], str]:
    """The files, of which one has a column more, and its name.

    Args:
        here: which of the files, 0 or 1.
        how: FATHER, MOTHER, PLACE_OF_BIRTH, NUMBERS or WITHIN.
        column: that it is made of.
        other: the other file's column, whose values are looked for.
    """
    file = files[here]
    part = _PARTS.get(how) or Within(counted(engine, files[1 - here], other)).found
    texts = {value: (part(value),) for value in counted(engine, file, column)}
    made, (name,) = looked_up(engine, file, column, texts, [other if how == WITHIN else how])
    if name == column:  # that it is all of
        return list(files), name
    made = replace(made, header=(*made.header, name), made_of=(*file.made_of, MadeOf(name, how, column, other)))
    return [made if place == here else of for place, of in enumerate(files)], name


def remade(
    engine: Engine, files: Sequence[PersonFile], said: Mapping[int, Sequence[Sequence[str]]]
) -> list[PersonFile]:
    """The files with the columns that they had.

    Args:
        said: for each file name, how, column and other of each, in the order in which they were made.
    """
    made = list(files)
    for here, parts in said.items():
        for _, how, column, other in parts:
            made, _ = with_part(engine, made, here, how, column, other)
    return made


def both_parents(value: str) -> tuple[str, str] | tuple[()]:
    """Father and mother of two names with a word or sign between; nothing where there are not two.

    >>> both_parents("Piotr i Marianna"), both_parents("hijo de Juan Ruiz y de Ana Gil"), both_parents("Piotr")
    (('Piotr', 'Marianna'), ('Juan Ruiz', 'Ana Gil'), ())
    """
    parts = [part.strip(" .,") for part in _between().split(_of_whom().sub("", value.strip()))]
    first, *second = [_of_whom().sub("", part).strip() for part in parts if part]
    return (first, second[0]) if len(second) == 1 and first and second[0] else ()


def place_beside_date(value: str) -> str | None:
    """What stands beside a date, without the words between.

    >>> place_beside_date("10.12.1912 w Tychach"), place_beside_date("Leeds, 3 May 1860"), place_beside_date("3.5.1860")
    ('Tychach', 'Leeds', None)
    """
    if not _DATE.search(value):
        return None
    words = _DATE.sub(" ", value).strip(" .,;-()").split()
    while words and words[0].lower().strip(".,") in vocabulary()["made_of"]["before_place"]:
        words.pop(0)
    place = " ".join(words).strip(" .,;-()")
    return place if len(place) >= _SHORTEST and any(map(str.isalpha, place)) else None


class Within:
    """Values of a column, to be found in texts: words and numbers one after the other, however they are parted."""

    def __init__(self, values: Mapping[str, int]):
        """Of several ways to write one value the most frequent stands for all."""
        self._values: dict[tuple[str, ...], str] = {}
        for value in sorted(values, key=lambda value: (-values[value], value)):
            tokens = tokens_of(value)
            if len("".join(tokens)) >= _SHORTEST and len(tokens) <= _LONGEST:
                self._values.setdefault(tokens, value)
        self._lengths = sorted({*map(len, self._values)}, reverse=True)

    def found(self, text: str) -> str | None:
        """The value of most words that stands in a text, and of these the first; None where none does."""
        tokens = tokens_of(text)
        for many in self._lengths:
            for start in range(len(tokens) - many + 1):
                if value := self._values.get(tokens[start : start + many]):
                    return value
        return None


@functools.lru_cache(1 << 16)
def tokens_of(text: str) -> tuple[str, ...]:
    """Words and numbers in upper-case ASCII, a number apart from its unit and with a point.

    >>> tokens_of("Amoxil 2,50mg/ml")
    ('AMOXIL', '2.5', 'MG', 'ML')
    """
    plain: str = text if text.isascii() else anyascii(text)
    return tuple(map(_number, _TOKEN.findall(plain.upper())))


def numbers_of(text: str) -> str | None:
    """The numbers of a text, in their order.

    >>> numbers_of("h 30 cm x w 40,0 cm"), numbers_of("none")
    ('30 40', None)
    """
    return " ".join(token for token in tokens_of(text) if token[0].isdigit()) or None


def _number(token: str) -> str:
    number = token.replace(",", ".")
    return number.rstrip("0").rstrip(".") if "." in number else number


@functools.cache
def _between() -> re.Pattern[str]:
    words = "|".join(map(re.escape, vocabulary()["made_of"]["between_parents"]))
    return re.compile(rf"\s*[;/&+]\s*|,\s+|\s+(?:{words})\s+", re.IGNORECASE)


@functools.cache
def _of_whom() -> re.Pattern[str]:
    words = "|".join(map(re.escape, sorted(vocabulary()["made_of"]["of_parents"], key=len, reverse=True)))
    return re.compile(rf"^(?:(?:{words})[\s:]+)+", re.IGNORECASE)


def _parent(place: int) -> Callable[[str], str | None]:
    return lambda value: both[place] if (both := both_parents(value)) else None


_PARTS: Mapping[str, Callable[[str], str | None]] = {
    FATHER: _parent(0),
    MOTHER: _parent(1),
    PLACE_OF_BIRTH: place_beside_date,
    NUMBERS: numbers_of,
}
