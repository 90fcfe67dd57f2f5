"""Shares: whether they are parts of one or of a hundred, and which counts give them."""

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass

from quality.disclosure.outputs.reading import Sheet, Value

PERCENT = re.compile(r"%|per ?cent|\bpct\b|_pct", re.IGNORECASE)
_FRACTION = re.compile(r"\bfraction|\bproportion", re.IGNORECASE)
_PLACES = re.compile(r"\.([0-9]+)")


@dataclass(frozen=True)
class Made:
    """The counts that give a share, and of what it is a part: of one, or of a hundred."""

    part: int
    base: int
    whole: float


def places_of(cell: Value) -> int:
    """How many places a number has behind its point."""
    found = _PLACES.search(cell.text) if cell.number is not None else None
    return len(found[1]) if found else 0


def made_of(sheet: Sheet, share: int, pairs: Iterable[tuple[int, int]]) -> Made | None:
    """The counts that a share is made of: of those that give it in every row, the ones that come nearest.

    Counts of few are all near a share of few: the first pair that is not far off may well be another share's.
    """
    wholes = (1.0, 100.0) if _may_be_fraction(sheet, share) else (100.0,)
    found: list[tuple[float, Made]] = []
    for part, base in pairs:
        rows = [(row[part].number, row[base].number, row[share].number) for row in sheet.rows]
        for whole in wholes:
            offs = [_off(*row, whole=whole) for row in rows if None not in row]
            if len(offs) > 1 and max(offs) <= _rounding(sheet, share, whole):
                found.append((sum(offs) / whole, Made(part, base, whole)))
    return min(found, key=lambda one: one[0])[1] if found else None


def wholes_of(sheet: Sheet, share: int, made: Made | None, base: int | None) -> tuple[float, ...]:
    """Of what a share is a part: of one, of a hundred, or of either where nothing says which.

    The counts that give it say so, else a number beyond one or its name, else its base: people are whole ones.
    """
    if made:
        return (made.whole,)
    if not _may_be_fraction(sheet, share) or PERCENT.search(sheet.header[share]):
        return (100.0,)
    if _FRACTION.search(sheet.header[share]):
        return (1.0,)
    return tuple(w for w in (1.0, 100.0) if base is None or _gives_people(sheet, share, base, w)) or (1.0, 100.0)


def _gives_people(sheet: Sheet, share: int, base: int, whole: float) -> bool:
    """Whether a share of its base is a whole number of people in every row, as far as both are rounded."""
    rows = [(row[share].number, row[base].number) for row in sheet.rows]
    known = [(part, of) for part, of in rows if part is not None and of is not None]
    near = 0.51 * 10.0 ** -max((places_of(row[share]) for row in sheet.rows), default=0)
    off = 2.5 if all(of % 5 == 0 for _, of in known) else 0.0
    return all(
        math.floor((part + near) * (of + off) / whole) >= math.ceil(max(part - near, 0.0) * max(of - off, 0.0) / whole)
        for part, of in known
    )


def _rounding(sheet: Sheet, share: int, whole: float) -> float:
    """How far a share may be from what counts give: half a per cent, of a fraction half of the last place written."""
    places = max(places_of(row[share]) for row in sheet.rows)
    return 0.51 if whole > 1 else 0.51 * 10.0 ** -min(max(places, 1), 2)


def _off(part: float | None, base: float | None, share: float | None, *, whole: float) -> float:
    """How far a share is from what two counts give."""
    part, base, share = part or 0.0, base or 0.0, share or 0.0
    return abs(whole * part / base - share) if part <= base and base else math.inf


def _may_be_fraction(sheet: Sheet, share: int) -> bool:
    """Whether no number of a column is more than one, or is said to be per cent."""
    cells = [row[share] for row in sheet.rows if row[share].number is not None]
    return all((cell.number or 0.0) <= 1 and not cell.text.endswith("%") for cell in cells)
