"""Names of father and grandfather beside one's own: where nobody has a surname, together they are the name in full.

A register in Ethiopia, Eritrea, Somalia or of Arab countries asks for name, father's name and grandfather's name, each
a word; another file writes "Selam Mekonnen Assefa" in one column.
"""

from collections.abc import Mapping

from linkage.adhoc.columns_made import as_text, counted, expressed
from linkage.adhoc.header_words import words_of
from linkage.adhoc.person_file import PersonFile
from linkage.adhoc.vocabulary import vocabulary
from linkage.engine import Engine

_SINGLE = 0.8  # share of rows in which a name is one word, or it is no link of a chain


def with_fathers(engine: Engine, file: PersonFile, column: str) -> tuple[PersonFile, str]:
    """The file and a column of the name in full, which is the column itself where it is no first link of a chain."""
    fathers = [found for words in vocabulary()["chain"] if (found := _called(file, set(words)))]
    if not fathers or not all(_is_single(counted(engine, file, name)) for name in (column, *fathers)):
        return file, column
    whole = " || ' ' || ".join(as_text(name) for name in (column, *fathers))
    return expressed(engine, file, f"trim({whole})", f"{column} and fathers")


def _called(file: PersonFile, words: set[str]) -> str | None:
    """The column whose name has one of the words and none but those of names: Father's Occupation is none."""
    beside = set(vocabulary()["of_names"])
    asked = ((name, {*words_of(name)}) for name in file.header)
    return next((name for name, held in asked if words & held and held <= words | beside), None)


def _is_single(values: Mapping[str, int]) -> bool:
    rows = sum(values.values())
    return rows > 0 and sum(held for value, held in values.items() if " " not in value) >= _SINGLE * rows
