"""Two records side by side: which values are the same, which differ, and where."""

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from rapidfuzz.distance import Levenshtein

from linkage.pipeline.pair_facts import Record, Value
from quality.report.names import IDENTIFIERS

_COUNTED_EDITS = 3  # characters: a larger edit distance is not shown as a number
# of the longer value: if more characters differ, marking them would mark everything
_MARKED_SHARE = 0.5
_UNDATED = {"dob", "sex"}  # the date when such a value was seen says nothing

Pieces = list[tuple[str, bool]]
"""Parts of a value, and whether the other record has something else there."""


@dataclass(frozen=True)
class Shown:
    """A value in pieces, the years when it was seen, and whether to say that the other
    record has it too.
    """

    pieces: Pieces
    years: str
    shared: bool


@dataclass(frozen=True)
class Row:
    """An identifier of both records, and how they compare: a kind (same, shared,
    differs, unknown) and a text.
    """

    name: str
    kind: str
    text: str
    left: list[Shown]
    right: list[Shown]


def side_by_side(left: Record, right: Record) -> list[Row]:
    """A row for each identifier that either record has: those of the catalogue first,
    then a file's other columns.
    """
    others = {
        name: name.removeprefix("x_").replace("_", " ").strip().capitalize()
        for name in left
        if name not in IDENTIFIERS
    }
    return [
        _row(identifier, name, left.get(identifier, ()), right.get(identifier, ()))
        for identifier, name in {**IDENTIFIERS, **others}.items()
        if left.get(identifier) or right.get(identifier)
    ]


def _row(
    identifier: str, name: str, left: Sequence[Value], right: Sequence[Value]
) -> Row:
    lefts, rights = ([value.value for value in side] for side in (left, right))
    common_values = set(lefts) & set(rights)
    marks: dict[str, Pieces] = {}
    if common_values and lefts[0] == rights[0]:
        kind, text = (
            "same",
            "Same" if len(lefts) == len(rights) == 1 else "Same latest value",
        )
    elif common_values:
        kind, text = "shared", "One value in both, not the latest of both"
    elif not lefts or not rights:
        kind, text = "unknown", "Known on one side only"
    else:  # the two most similar values; the latest of several
        one, other = min(
            ((a, b) for a in lefts for b in rights),
            key=lambda pair: Levenshtein.distance(*pair),
        )
        kind, text, marks = (
            "differs",
            _difference(identifier, one, other),
            _marked(one, other),
        )
    marked_values = (
        common_values if len(left) + len(right) > 2 else set()
    )  # "Same" is enough for two equal values
    sides = (
        [
            Shown(
                marks.get(value.value, [(value.value, False)]),
                "" if identifier in _UNDATED else _years(value),
                value.value in marked_values,
            )
            for value in side
        ]
        for side in (left, right)
    )
    return Row(name, kind, text, *sides)


def _difference(identifier: str, one: str, other: str) -> str:
    """How two values differ, in words."""
    if identifier == "dob" and (
        len(a := one.split("-")),
        len(b := other.split("-")),
    ) == (3, 3):
        if a[0] == b[0] and a[1:] == b[:0:-1]:
            return "Differs: day and month are exchanged"
        parts = zip(("year", "month", "day"), a, b, strict=True)
        return f"Differs: {', '.join(name for name, x, y in parts if x != y)}"
    edits = Levenshtein.distance(one, other)
    return (
        "Differs"
        if edits > _COUNTED_EDITS
        else f"Differs by {edits} character{'s' if edits > 1 else ''}"
    )


def _marked(one: str, other: str) -> dict[str, Pieces]:
    """Both values with their differences marked; empty if most of them differs."""
    if Levenshtein.distance(one, other) > _MARKED_SHARE * max(len(one), len(other)):
        return {}
    left, right = Pieces(), Pieces()
    for tag, start, end, other_start, other_end in SequenceMatcher(
        None, one, other
    ).get_opcodes():
        left.append((one[start:end], tag != "equal"))
        right.append((other[other_start:other_end], tag != "equal"))
    return {
        value: [piece for piece in pieces if piece[0]]
        for value, pieces in ((one, left), (other, right))
    }


def _years(value: Value) -> str:
    """First and last year; 1 and 9999 are of dates that are not known."""
    years = [
        str(date.year)
        for date in (value.first, value.last)
        if date and date.year not in (1, 9999)
    ]
    return " to ".join(dict.fromkeys(years))


def side_titles(left: str, right: str) -> tuple[str, str]:
    """Column titles of the two sides of a step."""
    return ("One record", "The other") if left == right else (left, right)
