"""Several names in one cell (Rossi Ada; Bianchi Ugo), as of owners or of aliases: the one that the other file has.

Read as one name, they would be that of nobody, or of the first of them alone.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations

from linkage.adhoc.fields.cells_of_several import between
from linkage.adhoc.files.columns_made import Texts, as_text, counted, expressed, looked_up
from linkage.adhoc.files.shapes import Shape, move
from linkage.adhoc.names.around_names import bare_names
from linkage.engine import Engine
from linkage.records.names import name_words

_BETWEEN = re.compile(between())  # no comma: Rossi, Ada is one name
_MANY = 0.02  # of a file's names in full, which hold several, from which each is looked at
_MOSTLY = 0.5  # of those with a sign between, which hold several
_NAMES = ("forename", "surname")

Pair = tuple[str, ...]
"""Two words of a name, in the order of the alphabet."""


def one_of_several_names(engine: Engine, shapes: Sequence[Shape]) -> None:
    """Files in which names in full that stand in one cell are the one of them that the other file has.

    Two words that a name has in common with one of the other file tell it, those that fewest of its names have; where
    there are none it is the first.
    """
    if len(shapes) < 2 or not all(name in shape.fields for shape in shapes for name in _NAMES):
        return
    whole = [shape.parts.get("full_name") for shape in shapes]
    several = [
        column is not None and _hold_several(counted(engine, shape.file, column))
        for shape, column in zip(shapes, whole, strict=True)
    ]
    if not any(several):
        return
    values = [_values(engine, shape) for shape in shapes]
    held = [_held(names) for names in values]
    for shape, column, names, are_several, others in zip(shapes, whole, values, several, reversed(held), strict=True):
        if column and are_several:
            texts: Texts = {value: (_shared(value, others),) for value in names}
            file, (made,) = looked_up(engine, shape.file, column, texts, ["name that others have"])
            move([shape], next(name for name in _NAMES if shape.fields[name] == column), [(file, made)])


def _values(engine: Engine, shape: Shape) -> Mapping[str, int]:
    """Names in full, or of the columns that hold their parts."""
    if column := shape.parts.get("full_name"):
        return counted(engine, shape.file, column)
    both = " || ' ' || ".join(as_text(shape.fields[name]) for name in _NAMES)
    return counted(engine, *expressed(engine, shape.file, both, "both names"))


def _hold_several(names: Mapping[str, int]) -> bool:
    apart = {name: rows for name, rows in names.items() if _BETWEEN.search(name)}
    several = sum(rows for name, rows in apart.items() if len(_each(name)) > 1)
    return several > _MANY * sum(names.values()) and several > _MOSTLY * sum(apart.values())


def _held(names: Mapping[str, int]) -> Counter[Pair]:
    """Pairs of words, to the rows whose names have them."""
    found = Counter[Pair]()
    for value, rows in names.items():
        for pair in {pair for part in _each(value) for pair in _pairs(part)}:
            found[pair] += rows
    return found


def _each(value: str) -> list[str]:
    """The names of a cell; the whole where a part of it is one word: Rossi; Ada is one name."""
    parts = _BETWEEN.split(value)
    return parts if len(parts) > 1 and all(len(name_words(part)) > 1 for part in parts) else [value]


def _pairs(name: str) -> Iterator[Pair]:
    (bare,) = bare_names({name: 1}).values()
    return combinations(sorted({*name_words(bare)}), 2)


def _shared(value: str, others: Counter[Pair]) -> str | None:
    """The name of a cell that the other file has."""
    parts = _each(value)
    if len(parts) < 2:
        return value
    fewest = [min((others[pair] for pair in _pairs(part) if pair in others), default=None) for part in parts]
    known = [(held, place) for place, held in enumerate(fewest) if held is not None]
    return parts[min(known)[1] if known else 0]
