"""Names of father and grandfather beside one's own, which are parts of the name where people have no others.

A register in Ethiopia, Eritrea, Somalia or of Arab countries asks for name, father's name and grandfather's name, each
a word; another file writes "Selam Mekonnen Assefa" in one column. Where a family has a name too, what stands between
one's own and that are fathers' names: "Fatima Ali Hassan Al-Harbi".
"""

import math
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from linkage.adhoc.files.columns_made import as_text, counted, expressed
from linkage.adhoc.files.person_file import PersonFile
from linkage.adhoc.headers.header_words import words_of
from linkage.adhoc.headers.recognise import Columns
from linkage.adhoc.headers.vocabulary import vocabulary
from linkage.engine import Engine
from linkage.records.names import name_words

FATHERS = ("father", "grandfather")
"""Parts of a name; `recognise.Columns.left_parts` has their columns."""
_SINGLE = 0.8  # share of rows in which a name is one word, or it is no link of a chain
_BETWEEN = 0.2  # share of names in full that have a word between one's own and the family's, or it is not used to be
_OF_FATHERS = 0.8  # share of these words that are names of fathers; middle names of women are none
_OF_TWO = 0.05  # share of names of two words, from which it matters whose the second one is
_MOST_WORDS = 3  # of one name
_AS_LIKELY = -1.0  # bits by which second words may be likelier as grandfathers' names, and are fathers'

Texts = Mapping[str, int]
"""A value to the rows that hold it."""


def with_chains(engine: Engine, files: Sequence[PersonFile], columns: Columns, told: Collection[str] = ()) -> Columns:
    """The columns, with those of father and grandfather where they are parts of the name that the other file writes.

    Args:
        files: two files.
        told: columns that the analyst named.
    """
    sides, parts = [dict(columns.left), dict(columns.right)], [dict(columns.left_parts), dict(columns.right_parts)]
    if all("father_name" in side for side in sides):
        return columns
    for here, other in ((0, 1), (1, 0)):
        fathers = _fathers(files[here], sides[here])
        if not fathers or not {*fathers.values()}.isdisjoint(told):
            continue
        own = parts[here].get("full_name")
        if not all(
            _is_single(counted(engine, files[here], name)) for name in (*fathers.values(), *([own] if own else []))
        ):
            continue
        if own is None:
            whole = parts[other].get("full_name")
            if whole is None or not _stand_between(
                engine, files[here], sides[here], fathers, counted(engine, files[other], whole)
            ):
                continue
            sides[here]["middle_names"], sides[other]["middle_names"] = fathers["father"], whole
        sides[here].pop("father_name", None)
        parts[here] |= fathers
    return replace(columns, left=sides[0], right=sides[1], left_parts=parts[0], right_parts=parts[1])


def joined(engine: Engine, file: PersonFile, parts: Mapping[str, str], own: str | None) -> tuple[PersonFile, str]:
    """The file with a column of names one after the other, and its name: one's own, if given, and those of fathers."""
    names = [parts[name] for name in FATHERS if name in parts]
    whole = " || ' ' || ".join(as_text(name) for name in ([own] if own else []) + names)
    return expressed(engine, file, f"trim({whole})", f"{own} and fathers" if own else "fathers")


@dataclass(frozen=True)
class ByFathers:
    """Names in full of which some end with the father's name and others with the grandfather's.

    The father's stands in the place of the surname, since all have it; what follows is a further name.
    """

    compounds: frozenset[tuple[str, ...]]  # names of several words: HAILE MARIAM

    @classmethod
    def learnt(
        cls, engine: Engine, file: PersonFile, parts: Mapping[str, str], wholes: Sequence[Texts]
    ) -> "ByFathers | None":
        """How names are parted; None where next to none ends with the father's.

        Args:
            parts: of a file that has columns of fathers.
            wholes: names in full of both files.
        """
        fathers, *others = (counted(engine, file, parts[name]) for name in FATHERS if name in parts)
        if not _end_with_fathers(fathers, others[0] if others else {}, wholes):
            return None
        words = (name_words(value) for values in (fathers, *others) for value in values)
        return cls(frozenset(tuple(name) for name in words if len(name) > 1))

    def parted(self, value: str) -> tuple[str | None, str | None]:
        """One's own name with those after the father's, and the father's."""
        names = self._names(name_words(value))
        return " ".join(names[:1] + names[2:]) or None, names[1] if len(names) > 1 else None

    def _names(self, words: Sequence[str]) -> list[str]:
        names, place = [], 0
        while place < len(words):
            sizes = (size for size in range(_MOST_WORDS, 1, -1) if tuple(words[place : place + size]) in self.compounds)
            size = next(sizes, 1)
            names.append("".join(words[place : place + size]))
            place += size
        return names


def _end_with_fathers(fathers: Texts, grandfathers: Texts, wholes: Sequence[Texts]) -> bool:
    """Whether names of two words are common, and their second word is the father's and not the last one of three."""
    held = [(words, rows) for values in wholes for value, rows in values.items() if len(words := name_words(value)) > 1]
    seconds = [(words[1], rows) for words, rows in held if len(words) == len(FATHERS)]
    of_two = sum(rows for _, rows in seconds)
    if of_two <= _OF_TWO * sum(rows for _, rows in held):
        return False
    if not grandfathers:
        return True
    found = [_shares(values) for values in (fathers, grandfathers)]
    bits = sum(rows * math.log2(found[0](word) / found[1](word)) for word, rows in seconds)
    return bits >= _AS_LIKELY * of_two


def _shares(values: Texts) -> Callable[[str], float]:
    words = Counter[str]()
    for value, rows in values.items():
        for word in name_words(value):
            words[word] += rows
    total = words.total() + 1
    return lambda word: (words[word] + 1) / total


def _fathers(file: PersonFile, fields: Mapping[str, str]) -> dict[str, str]:
    """Columns of the names of father and grandfather; none without the father's."""
    called = {name: _called(file, set(words)) for name, words in zip(FATHERS, vocabulary()["chain"], strict=True)}
    called["father"] = fields.get("father_name") or called["father"]
    return {name: column for name, column in called.items() if column} if called["father"] else {}


def _called(file: PersonFile, words: set[str]) -> str | None:
    """The column whose name has one of the words and none but those of names: Father's Occupation is none."""
    beside = set(vocabulary()["of_names"])
    asked = ((name, {*words_of(name)}) for name in file.header)
    return next((name for name, held in asked if words & held and held <= words | beside), None)


def _is_single(values: Texts) -> bool:
    rows = sum(values.values())
    return rows > 0 and sum(held for value, held in values.items() if " " not in value) >= _SINGLE * rows


def _stand_between(
    engine: Engine, file: PersonFile, fields: Mapping[str, str], fathers: Mapping[str, str], wholes: Texts
) -> bool:
    """Whether what stands in the other file's names between one's own and the family's are names of fathers.

    Women show it: their middle names are no man's.
    """
    if not {"forename", "surname"} <= set(fields) or "middle_names" in fields:
        return False
    families, known = (
        {word for column in held for value in counted(engine, file, column) for word in name_words(value)}
        for held in ([fields["surname"]], fathers.values())
    )
    between = Counter[str]()
    with_one = 0
    for value, rows in wholes.items():
        others = [word for word in name_words(value) if word not in families and len(word) > 1][1:]
        with_one += rows if others else 0
        between.update(dict.fromkeys(others, rows))
    covered = sum(rows for word, rows in between.items() if word in known)
    return with_one > _BETWEEN * sum(wholes.values()) and covered > _OF_FATHERS * between.total()
