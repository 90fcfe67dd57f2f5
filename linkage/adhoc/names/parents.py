"""Names of parents: in full, in any order, and without the words that say whose parent it is (S/o, daughter of)."""

import re
from collections.abc import Mapping, Sequence

from linkage.adhoc.files.columns_made import as_text, counted, each_value, expressed
from linkage.adhoc.files.person_file import PersonFile
from linkage.adhoc.headers.recognise import relations
from linkage.engine import Engine
from linkage.records.names import name_words

PARENTS = ("mother_name", "father_name")
"""Fields that hold a parent's name."""
_MOSTLY = 0.7  # of the names of a file have one word, or several


def names_of_parents(engine: Engine, held: Sequence[tuple[PersonFile, str]]) -> list[tuple[PersonFile, str]]:
    """Columns of parents' names in one form: words in the order of the alphabet, whatever it was.

    Args:
        held: files, each with its column.
    """
    return each_value(engine, held, "name of a parent", parents_name)


def without_own_surname(
    engine: Engine, held: Sequence[tuple[PersonFile, str]], surnames: Sequence[str]
) -> list[tuple[PersonFile, str]]:
    """Columns of parents' names, in one of which a parent has no surname: in the other it is left out too, where it is
    that of the child.

    Args:
        held: files, each with its column, in one form.
        surnames: the column of the child's surname of each.
    """
    alone = [_share_of_one_word(counted(engine, *of)) for of in held]
    if len(held) < 2 or not max(alone) > _MOSTLY or not min(alone) < 1 - _MOSTLY:
        return list(held)
    here = alone.index(min(alone))
    (file, column), own = held[here], surnames[here]
    file, both = expressed(engine, file, f"{as_text(column)} || '|' || {as_text(own)}", f"{column} and {own}")
    made = each_value(engine, [(file, both)], "forename of a parent", _without)
    return [made[0] if place == here else of for place, of in enumerate(held)]


def _share_of_one_word(names: Mapping[str, int]) -> float:
    return sum(rows for name, rows in names.items() if " " not in name) / max(sum(names.values()), 1)


def _without(both: str) -> str | None:
    """Of a parent's name and a child's surname what the parent is called beside it."""
    name, _, own = both.partition("|")
    return " ".join(word for word in name.split() if word not in name_words(own)) or None


def parents_name(value: str) -> str | None:
    """A parent's name in one form, or None where there is none.

    >>> parents_name("S/o Ravi Kumar"), parents_name("KUMAR, Ravi"), parents_name("n/a")
    ('KUMAR RAVI', 'KUMAR RAVI', None)
    """
    words = name_words(_relation().sub("", value))
    return " ".join(sorted(words)) or None


def _relation() -> re.Pattern[str]:
    return re.compile(rf"^\s*(?:{'|'.join(map(re.escape, relations()))})[\s.:,]+", re.IGNORECASE)
