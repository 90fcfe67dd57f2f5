"""Two records side by side: which values are the same, which differ, and where."""

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from rapidfuzz.distance import Levenshtein

from linkage.pipeline.pair_facts import Record, Value
from quality.report.names import IDENTIFIERS

_COUNTED_EDITS = 3  # characters: a larger edit distance is not shown as a number
_MARKED_SHARE = 0.5  # of the longer value: if more characters differ, marking them would mark everything
_UNDATED = {"dob", "sex"}  # the date when such a value was seen says nothing


@dataclass(frozen=True)
class Piece:
    """A part of a value, marked if the other record has something else there."""

    text: str
    marked: bool = False


@dataclass(frozen=True)
class Shown:
    """A value in pieces, the years when it was seen, and whether to say that the other record has it too."""

    pieces: tuple[Piece, ...]
    years: str
    shared: bool


@dataclass(frozen=True)
class Row:
    """An identifier of both records.

    Attributes:
        kind: same, shared, differs or unknown.
        text: how the two compare, in words.
    """

    name: str
    kind: str
    text: str
    left: tuple[Shown, ...]
    right: tuple[Shown, ...]


def side_by_side(left: Record, right: Record) -> list[Row]:
    """A row for each identifier that either record has: those of the catalogue first, then a file's other columns."""
    others = {
        name: name.removeprefix("x_").replace("_", " ").strip().capitalize() for name in left if name not in IDENTIFIERS
    }
    return [
        _row(identifier, name, left.get(identifier, ()), right.get(identifier, ()))
        for identifier, name in {**IDENTIFIERS, **others}.items()
        if left.get(identifier) or right.get(identifier)
    ]


def _row(identifier: str, name: str, left: Sequence[Value], right: Sequence[Value]) -> Row:
    ours, theirs = [value.value for value in left], [value.value for value in right]
    shared = set(ours) & set(theirs)
    nearest = None if shared or not ours or not theirs else _nearest(ours, theirs)
    pieces = (
        [{}, {}]
        if nearest is None
        else [{value: marked} for value, marked in zip(nearest, _marked(*nearest), strict=True)]
    )
    kind, text = _compared(identifier, ours, theirs, shared, nearest)
    marked_same = shared if len(left) + len(right) > 2 else set()  # "Same" is enough for two equal values
    sides = (
        tuple(
            Shown(
                marks.get(value.value, (Piece(value.value),)),
                "" if identifier in _UNDATED else _years(value),
                value.value in marked_same,
            )
            for value in values
        )
        for values, marks in zip((left, right), pieces, strict=True)
    )
    return Row(name, kind, text, *sides)


def _compared(
    identifier: str, left: Sequence[str], right: Sequence[str], shared: set[str], nearest: tuple[str, str] | None
) -> tuple[str, str]:
    if shared and left[0] == right[0]:
        return "same", "Same" if len(left) == len(right) == 1 else "Same latest value"
    if shared:
        return "shared", "One value in both, not the latest of both"
    if nearest is None:
        return "unknown", "Known on one side only"
    if identifier == "dob":
        return "differs", f"Differs: {_date_parts(*nearest)}"
    edits = Levenshtein.distance(*nearest)
    if edits > _COUNTED_EDITS:
        return "differs", "Differs"
    return "differs", f"Differs by {edits} character{'s' if edits > 1 else ''}"


def _date_parts(one: str, other: str) -> str:
    """Which parts of two ISO dates differ."""
    a, b = one.split("-"), other.split("-")
    if len(a) != 3 or len(b) != 3:
        return "not both are dates"
    if a[0] == b[0] and a[1:] == b[:0:-1]:
        return "day and month are exchanged"
    return ", ".join(name for name, x, y in zip(("year", "month", "day"), a, b, strict=True) if x != y)


def _nearest(left: Sequence[str], right: Sequence[str]) -> tuple[str, str]:
    """The two most similar values; the latest of several."""
    return min(((a, b) for a in left for b in right), key=lambda pair: Levenshtein.distance(*pair))


def _marked(one: str, other: str) -> tuple[tuple[Piece, ...], tuple[Piece, ...]]:
    """Both values with their differences marked; without marks if most of them differs."""
    if Levenshtein.distance(one, other) > _MARKED_SHARE * max(len(one), len(other)):
        return (Piece(one),), (Piece(other),)
    left, right = [], []
    for same, steps in groupby(Levenshtein.opcodes(one, other), key=lambda step: step.tag == "equal"):
        run = list(steps)
        left.append(Piece(one[run[0].src_start : run[-1].src_end], not same))
        right.append(Piece(other[run[0].dest_start : run[-1].dest_end], not same))
    return tuple(piece for piece in left if piece.text), tuple(piece for piece in right if piece.text)


def _years(value: Value) -> str:
    first, last = _year(value.first), _year(value.last)
    return first if first == last else f"{first} to {last}" if first and last else first or last


def _year(date: datetime.date | None) -> str:
    return "" if date is None or date.year in (1, 9999) else str(date.year)
