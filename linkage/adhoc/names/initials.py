"""Names of which one file has the first letters alone: then these are all that can be compared."""

from collections.abc import Mapping, Sequence

from anyascii import anyascii

from linkage.adhoc.files.columns_made import Texts, counted, looked_up
from linkage.adhoc.files.person_file import PersonFile
from linkage.engine import Engine
from linkage.records.names import forenames, surname

_MOST = 0.9  # share of a file's names that are one letter, from which the others are slips


def in_initials(engine: Engine, held: Sequence[tuple[PersonFile, str]], name: str) -> list[tuple[PersonFile, str]]:
    """Columns of one name, both in first letters where one of them has no more; as they are elsewhere.

    Args:
        held: two files, each with its column of forenames or of surnames.
        name: forename or surname.
    """
    values = [counted(engine, *of) for of in held]
    short = [_are_short(of) for of in values]
    if all(short) or not any(short):
        return list(held)
    made = []
    for (file, column), of in zip(held, values, strict=True):
        plain = {value: _plain(value, name) for value in of}
        first: Texts = {value: (initial(text, 0) if text else None,) for value, text in plain.items()}
        new, (at,) = looked_up(engine, file, column, first, [f"initial of {name}"])
        made.append((new, at))
    return made


def initial(name: str, at: int) -> str | None:
    """The first letter, or the last of several: JS is J and S, and J alone no surname's."""
    letters = [letter for letter in anyascii(name).upper() if letter.isalpha()]
    return letters[at] if len(letters) > -at else None


def _plain(value: str, name: str) -> str | None:
    return surname(value) if name == "surname" else forenames(value)[0]


def _are_short(counts: Mapping[str, int]) -> bool:
    """Whether nearly all names are one letter, or begin with one: J, J. and J. P."""
    short = sum(rows for value, rows in counts.items() if len((value.replace(".", " ").split() or [""])[0]) == 1)
    return short > 0 and short >= _MOST * sum(counts.values())
