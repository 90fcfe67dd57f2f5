"""Names of parents: in full, in any order, and without the words that say whose parent it is (S/o, daughter of)."""

import re
from collections.abc import Sequence

from linkage.adhoc.files.columns_made import each_value
from linkage.adhoc.files.person_file import PersonFile
from linkage.adhoc.headers.recognise import relations
from linkage.engine import Engine
from linkage.records.names import name_words

PARENTS = ("mother_name", "father_name")
"""Fields that hold a parent's name."""


def names_of_parents(engine: Engine, held: Sequence[tuple[PersonFile, str]]) -> list[tuple[PersonFile, str]]:
    """Columns of parents' names in one form: words in the order of the alphabet, whatever it was.

    Args:
        held: files, each with its column.
    """
    return each_value(engine, held, "name of a parent", parents_name)


def parents_name(value: str) -> str | None:
    """A parent's name in one form, or None where there is none.

    >>> parents_name("S/o Ravi Kumar"), parents_name("KUMAR, Ravi"), parents_name("n/a")
    ('KUMAR RAVI', 'KUMAR RAVI', None)
    """
    words = name_words(_relation().sub("", value))
    return " ".join(sorted(words)) or None


def _relation() -> re.Pattern[str]:
    return re.compile(rf"^\s*(?:{'|'.join(map(re.escape, relations()))})[\s.:,]+", re.IGNORECASE)
