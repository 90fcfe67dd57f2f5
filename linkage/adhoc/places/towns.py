"""Towns that one file writes with their postcodes in one column, where the other file has a column of postcodes.

"12045 Berlin", "1011 AB Amsterdam", "London SW1A 1AA": the postcode is known by the forms that the other file's have,
and stands before the town or after it.
"""

import re
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from anyascii import anyascii

from linkage.adhoc.files.columns_made import Texts, counted, looked_up
from linkage.adhoc.files.person_file import PersonFile
from linkage.adhoc.headers.recognise import Columns
from linkage.engine import Engine

_USUAL = 0.9  # share of the other file's postcodes whose forms are the forms of postcodes
_SHARE = 0.9  # of a column's values hold a postcode and a town, or it is one of towns
_WORDS = re.compile(r"[^\W_]+")
_BETWEEN = " ,;:/-()"
_MOSTLY, _SELDOM = 0.5, 0.05  # shares of places with a word, of the file that writes it and of the other
_MOST = 3  # words that a postcode is written in


def with_towns(engine: Engine, files: Sequence[PersonFile], columns: Columns) -> Columns:
    """The columns, with the postcodes that one file has in a column of their own and the other beside its towns.

    Args:
        files: two files.
        columns: as they were recognised.
    """
    sides = [dict(columns.left), dict(columns.right)]
    for here, other in ((0, 1), (1, 0)):
        column = sides[here].get("town")
        if column is None or "postcode" in sides[here] or "postcode" not in sides[other]:
            continue
        code = _forms(counted(engine, files[other], sides[other]["postcode"]))
        values = counted(engine, files[here], column)
        if sum(rows for value, rows in values.items() if all(_parted(value, code))) > _SHARE * sum(values.values()):
            sides[here]["postcode"] = column
    return replace(columns, left=sides[0], right=sides[1])


def part_towns(
    engine: Engine, files: Sequence[PersonFile], fields: Sequence[Mapping[str, str]]
) -> list[tuple[PersonFile, dict[str, str]]]:
    """Each file with columns of towns and of postcodes where it has both in one, and where its fields are now."""
    made = []
    for here, (file, of) in enumerate(zip(files, fields, strict=True)):
        other = len(files) - 1 - here
        column = of.get("town")
        if column is None or of.get("postcode") != column or other == here:
            made.append((file, dict(of)))
            continue
        code = _forms(counted(engine, files[other], fields[other]["postcode"]))
        texts: Texts = {value: _parted(value, code) for value in counted(engine, file, column)}
        new, (postcode, town) = looked_up(engine, file, column, texts, ["postcode", "town"])
        made.append((new, {**of, "postcode": postcode, "town": town}))
    return made


def without_usual_words(engine: Engine, held: Sequence[tuple[PersonFile, str]]) -> list[tuple[PersonFile, str]]:
    """Columns of places without a word that most of one file's begin or end with, and hardly any of the other's.

    It says what kind of place it is (g. Tula, Leeds City, Hadsund Sogn), and no place from another.
    """
    values = [counted(engine, file, column) for file, column in held]
    made = []
    for here, (file, column) in enumerate(held):
        texts = {value: _words(value) for value in values[here]}
        for end in (0, -1):
            usual = _usual_word(values[here], texts, end)
            if usual and _share(values[1 - here], usual) < _SELDOM:
                texts = {value: _without(words, usual, end) for value, words in texts.items()}
        if any(len(words) != len(_words(value)) for value, words in texts.items()):
            file, (column,) = looked_up(
                engine, file, column, {value: (" ".join(words),) for value, words in texts.items()}, ["place"]
            )
        made.append((file, column))
    return made


def _words(value: str) -> list[str]:
    return re.findall(r"[^\s.,]+", value)


def _usual_word(values: Mapping[str, int], texts: Mapping[str, list[str]], end: int) -> str | None:
    """The word that most of a column's values have at an end, beside others."""
    found = Counter[str]()
    for value, words in texts.items():
        if len(words) > 1:
            found[words[end].upper()] += values[value]
    word, rows = next(iter(found.most_common(1)), ("", 0))
    return word if rows > _MOSTLY * sum(values.values()) else None


def _share(values: Mapping[str, int], word: str) -> float:
    """The share of a column's values that have a word."""
    rows = sum(held for value, held in values.items() if word in map(str.upper, _words(value)))
    return rows / max(sum(values.values()), 1)


def _without(words: list[str], word: str, end: int) -> list[str]:
    return words if len(words) < 2 or words[end].upper() != word else words[1:] if end == 0 else words[:-1]


def _parted(value: str, forms: Collection[str]) -> tuple[str | None, str | None]:
    """The postcode and the town, as it is written; the whole is the town where no postcode is at an end of it."""
    words = list(_WORDS.finditer(value))
    for many in range(min(_MOST, len(words)), 0, -1):
        for first in (0, len(words) - many):
            start, end = words[first].start(), words[first + many - 1].end()
            plain = anyascii(value[start:end]).upper()
            if _form(plain) in forms:
                return plain, (value[:start] + value[end:]).strip(_BETWEEN) or None
    return None, value.strip(_BETWEEN) or None


def _forms(postcodes: Mapping[str, int]) -> set[str]:
    """Forms that postcodes have, whatever signs stand between their letters and digits.

    Args:
        postcodes: to the rows that have them.
    """
    found = Counter[str]()
    for value, rows in postcodes.items():
        found[_form(anyascii(value).upper())] += rows
    usual, counted_so_far = set[str](), 0
    for form, rows in found.most_common():
        if counted_so_far < _USUAL * found.total() and "9" in form:
            usual.add(form)
        counted_so_far += rows
    return usual


def _form(text: str) -> str:
    """A for a letter, 9 for a digit."""
    return re.sub("[A-Z]", "A", re.sub("[0-9]", "9", re.sub("[^A-Z0-9]", "", text)))
