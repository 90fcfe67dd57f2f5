"""What the other file has a column for, found in a text by pairs that agree: "Amoxil 250 mg capsules" has a strength.

Records that agree on all that is known are mostly of one person or thing. Where the text of one holds what the other
says in a column of its own, far more often than the texts of other records do, the text says it too. So it is with the
numbers of two texts, of which each file writes the words in its own way: Inf. Rgt. 26, 26th Infantry; 30 x 40 cm.
"""

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from linkage.adhoc.columns.by_pairs import (
    LEAD,
    beyond_chance,
    free_of,
    of_one_file,
    texts_of_pairs,
)
from linkage.adhoc.columns.made_of import numbers_of, tokens_of, with_part
from linkage.adhoc.fields.other_codes import TELLS
from linkage.adhoc.fields.persons import identified
from linkage.adhoc.files.columns_made import counted
from linkage.adhoc.files.person_file import NUMBERS, WITHIN, PersonFile
from linkage.adhoc.headers.recognise import Columns, known_fields, own_name
from linkage.engine import Engine, Table

_WORDS = 3.0  # words and numbers of a value, on average, from which it is a text
_MOST_PAIRS = 1_000  # that are looked through
_MOST_VALUES = 20_000  # distinct values that are looked for
_FEWEST_VALUES = 3
_HALF = 0.5  # of the values have a number

_Values = Sequence[str | None]


@dataclass
class _Side:
    """What one file has of pairs that agree.

    Attributes:
        told: columns that a name told and the other file has not, to their fields.
        free: these, and those that are nothing yet.
        texts: that may hold what the other file has a column for, some of them fields already.
        held: columns to what they hold in each pair.
    """

    told: Mapping[str, str]
    free: Sequence[str]
    texts: Sequence[str]
    held: Mapping[str, _Values]


def within_texts(
    engine: Engine,
    files: Sequence[PersonFile],
    kept: Sequence[PersonFile],
    columns: Columns,
    pairs: Table,
    kinds: Mapping[str, str],
) -> tuple[list[PersonFile], Columns] | None:
    """The files with a column of each part that was found, and the columns with these; None where there are none.

    Args:
        files: two files.
        kept: the same without the columns that an analyst leaves out.
        columns: that are known.
        pairs: left_id, right_id of records that agree.
        kinds: of the fields that are known.
    """
    both = _sides(engine, kept, columns, pairs, kinds)
    made, fields = list(files), (dict(columns.left), dict(columns.right))
    said, called = list[str](), ("left", "right")
    for here, column, other in _parts(both):
        there = 1 - here
        if not _FEWEST_VALUES <= len(counted(engine, files[there], other)) <= _MOST_VALUES:
            continue
        made, name = with_part(engine, made, here, WITHIN, column, other)
        field = both[there].told.get(other) or own_name(other, {*fields[0], *fields[1]})
        fields[here][field], fields[there][field] = name, other
        said += [f"{called[there]}.{field}={other}"] * (other not in both[there].told)
    used = {column for of in fields for column in of.values()} | {part.column for file in made for part in file.made_of}
    for pair in _with_numbers(both, used):
        field = own_name(pair[0], {*fields[0], *fields[1]})
        for here, column in enumerate(pair):
            made, name = with_part(engine, made, here, NUMBERS, column)
            fields[here][field] = name
            said.append(f"{called[here]}.{field}={column}")
    if fields == (columns.left, columns.right):
        return None
    return made, replace(columns, left=fields[0], right=fields[1], by_content=(*columns.by_content, *said))


def _sides(
    engine: Engine, files: Sequence[PersonFile], columns: Columns, pairs: Table, kinds: Mapping[str, str]
) -> list[_Side]:
    made = []
    free, told = free_of(columns, files, kinds), of_one_file(columns)
    keys = ((columns.left, columns.left_id, "left_id"), (columns.right, columns.right_id, "right_id"))
    for file, (fields, id_column, side), nothing, alone in zip(files, keys, free, told, strict=True):
        own = [column for name, column in fields.items() if name not in known_fields()]
        units = identified(engine, file, id_column)
        asked = [*dict.fromkeys([*nothing, *own])]
        texts = texts_of_pairs(engine, file, units, pairs, side, asked) if asked else {}
        held = {name: values[:_MOST_PAIRS] for name, values in texts.items()}
        made.append(_Side(alone, nothing, [name for name, values in held.items() if _is_text(values)], held))
    return made


def _is_text(values: _Values) -> bool:
    known = [value for value in values if value]
    return sum(len(tokens_of(value)) for value in known) >= _WORDS * len(known) > 0


def _has_numbers(values: _Values) -> bool:
    known = [value for value in values if value]
    return sum(bool(numbers_of(value)) for value in known) > _HALF * len(known) and len({*known}) >= _FEWEST_VALUES


def _parts(both: Sequence[_Side]) -> Iterator[tuple[int, str, str]]:
    """Which file's text (0 or 1, its column) holds what the other has a column for."""
    for here, mine in enumerate(both):
        theirs = both[1 - here]
        for other in theirs.free:
            scored = [(beyond_chance(_is_within, mine.held[text], theirs.held[other]), text) for text in mine.texts]
            if (other not in theirs.texts or other in theirs.told) and (text := _best(scored)):
                yield here, text, other


def _best(scored: Sequence[tuple[float, str]]) -> str | None:
    """The column that plainly does most; None where none does enough, or another does as much."""
    (most, name), (next_most, _) = sorted([*scored, (0.0, ""), (0.0, "")], reverse=True)[:2]
    return name if most >= max(TELLS, LEAD * next_most) else None


def _with_numbers(both: Sequence[_Side], used: set[str]) -> Iterator[tuple[str, str]]:
    """Columns, one of each file, that share their numbers and not their words."""
    names = [[name for name in of.free if name not in {*used, *of.told} and _has_numbers(of.held[name])] for of in both]
    scored = sorted(
        (
            (beyond_chance(_have_one, both[0].held[one], both[1].held[other]), one, other)
            for one, other in itertools.product(*names)
        ),
        reverse=True,
    )
    while scored and scored[0][0] >= TELLS:
        most, one, other = scored[0]
        rivals = [score for score, *of in scored[1:] if of[0] == one or of[1] == other]
        scored = [pair for pair in scored if pair[1] != one and pair[2] != other]
        if most >= LEAD * max(rivals, default=0.0):
            yield one, other


def _is_within(text: str, value: str) -> bool:
    within, words = tokens_of(text), tokens_of(value)
    starts = range(len(within) - len(words) + 1)
    return bool(words) and any(within[start : start + len(words)] == words for start in starts)


def _have_one(text: str, value: str) -> bool:
    return bool(numbers := numbers_of(text)) and numbers == numbers_of(value)
