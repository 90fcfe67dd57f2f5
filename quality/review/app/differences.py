"""Two records side by side: what is the same, what differs and where, in words and marks."""

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from rapidfuzz.distance import Levenshtein

from quality.report.names import IDENTIFIERS
from quality.review.app.desk import Held, Record

_NEAR = 3  # letters that differ, up to which their number is told


@dataclass(frozen=True)
class Piece:
    """A part of a value; marked where the other side has something else."""

    text: str
    marked: bool = False


@dataclass(frozen=True)
class Shown:
    """A value in pieces, when it was held, and whether it is to be said that the other side holds it too."""

    pieces: tuple[Piece, ...]
    when: str
    shared: bool


@dataclass(frozen=True)
class Row:
    """An identifier of both records.

    Attributes:
        name: in words.
        kind: same, shared, differs or unknown; says which mark stands beside the words.
        said: how the two compare, in words.
    """

    name: str
    kind: str
    said: str
    left: tuple[Shown, ...]
    right: tuple[Shown, ...]


def run_concurrently_if_small(left: Record, right: Record) -> list[Row]:
    """A row for each identifier that at least one side knows: in the order of the catalogue, then others of files."""
    others = {
        name: name.removeprefix("x_").replace("_", " ").strip().capitalize()
        for name in left.held
        if name not in IDENTIFIERS
    }
    return [
        _row(identifier, name, left.held.get(identifier, ()), right.held.get(identifier, ()))
        for identifier, name in {**IDENTIFIERS, **others}.items()
        if left.held.get(identifier) or right.held.get(identifier)
    ]


def _row(identifier: str, name: str, left: Sequence[Held], right: Sequence[Held]) -> Row:
    ours, theirs = [held.value for held in left], [held.value for held in right]
    shared = set(ours) & set(theirs)
    nearest = None if shared or not ours or not theirs else _nearest(ours, theirs)
    marks: dict[str, tuple[Piece, ...]] = {}
    others: dict[str, tuple[Piece, ...]] = {}
    if nearest:
        marks[nearest[0]], others[nearest[1]] = _pieces(*nearest)
    kind, said = _compared(identifier, ours, theirs, shared, nearest)
    told = shared if len(left) + len(right) > 2 else set()  # of two equal values "Same" says all
    return Row(
        name,
        kind,
        said,
        tuple(_shown(held, identifier, told, marks) for held in left),
        tuple(_shown(held, identifier, told, others) for held in right),
    )


def _compared(
    identifier: str, left: Sequence[str], right: Sequence[str], shared: set[str], nearest: tuple[str, str] | None
) -> tuple[str, str]:
    if nearest is None and not shared:
        return "unknown", "Known on one side only"
    if shared:
        if left[0] == right[0]:
            return "same", "Same" if len(left) == len(right) == 1 else "Same latest value"
        return "shared", "One value in both, not the latest of both"
    assert nearest is not None
    if identifier == "dob":
        return "differs", f"Differs: {_parts_of_dates(*nearest)}"
    far = Levenshtein.distance(*nearest)
    return "differs", f"Differs by {far} character{'s' if far > 1 else ''}" if far <= _NEAR else "Differs"


def _parts_of_dates(one: str, other: str) -> str:
    """Which parts of two ISO dates differ."""
    a, b = one.split("-"), other.split("-")
    if len(a) != 3 or len(b) != 3:
        return "not both are dates"
    if a[0] == b[0] and a[1:] == b[:0:-1]:
        return "day and month are exchanged"
    return ", ".join(name for name, x, y in zip(("year", "month", "day"), a, b, strict=True) if x != y)


def _nearest(left: Sequence[str], right: Sequence[str]) -> tuple[str, str]:
    """The two values that are most alike; the latest ones where several are."""
    return min(((a, b) for a in left for b in right), key=lambda two: Levenshtein.distance(*two))


def _pieces(one: str, other: str) -> tuple[tuple[Piece, ...], tuple[Piece, ...]]:
    """Both values, with what the other does not have marked."""
    left, right = [], []
    # What is taken away beside what is put in another's place is one mark.
    for same, beside in groupby(Levenshtein.opcodes(one, other), key=lambda step: step.tag == "equal"):
        steps = list(beside)
        left.append(Piece(one[steps[0].src_start : steps[-1].src_end], not same))
        right.append(Piece(other[steps[0].dest_start : steps[-1].dest_end], not same))
    return tuple(piece for piece in left if piece.text), tuple(piece for piece in right if piece.text)


def _shown(held: Held, identifier: str, shared: set[str], marks: dict[str, tuple[Piece, ...]]) -> Shown:
    pieces = marks.get(held.value, (Piece(held.value),))
    return Shown(pieces, "" if identifier in _LASTING else _when(held), held.value in shared)


_LASTING = {"dob", "sex"}  # when such a value was seen says nothing


def _when(held: Held) -> str:
    first, last = _year(held.first), _year(held.last)
    if first == last:
        return first
    return f"{first} to {last}" if first and last else first or last


def _year(date: datetime.date | None) -> str:
    return "" if date is None or date.year in (1, 9999) else str(date.year)
