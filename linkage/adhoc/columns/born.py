"""Where somebody was born, under a header of when: Born, geboren, nascita say either, and the values which."""

from collections.abc import Collection, Sequence

from linkage.adhoc.columns.misnamed import misnamed
from linkage.adhoc.columns.things import values_of
from linkage.adhoc.files.person_file import PersonFile
from linkage.adhoc.headers.header_words import words_of
from linkage.adhoc.headers.recognise import Columns
from linkage.adhoc.headers.vocabulary import vocabulary
from linkage.engine import Engine

_OF_WORDS = 0.9  # share of the values that have letters and no digit, from which they are no dates


def places_of_birth(engine: Engine, files: Sequence[PersonFile], columns: Columns, told: Collection[str]) -> list[str]:
    """Maps of columns that are called as birth dates are and hold places, as an analyst would say it.

    Args:
        files: two files, or one that is compared with itself.
        columns: what names and the analyst told.
        told: columns that the analyst named.
    """

    def has_places(file: PersonFile, column: str) -> bool:
        return _is_open(column) and _has_places(values_of(engine, file, column))

    return misnamed(files, columns, told, "dob", "birth_place", has_places)


def _is_open(column: str) -> bool:
    """Whether a header says birth and no more: a birth date stays one that nobody can read."""
    return {*vocabulary()["birth_words"]["birth"]}.issuperset(words_of(column))


def _has_places(values: Sequence[str]) -> bool:
    words = sum(any(map(str.isalpha, value)) and not any(map(str.isdigit, value)) for value in values)
    return words > _OF_WORDS * len(values)
