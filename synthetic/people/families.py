"""Who belongs together, by arithmetic on person numbers alone, so that no chunk has to look into another.

Nine numbers in a row are a block: six people schooled in England, in families of one to four children, and three
people who never were in English education, each alone; in some blocks these three grow up in Scotland or Wales, in
families. A person's family is known from the number; brothers and sisters draw their surname, home and birth dates with
the family's number.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from synthetic.drawn.dates import Days, day
from synthetic.drawn.draws import Draws, Ints
from synthetic.people.nations import ENGLAND, other_nation
from synthetic.reference_tables import Codes

BLOCK = 9
SCHOOLED = 6

# Families of the six schooled people of a block: the slot of the family's first child.
_PATTERNS = np.array(
    [
        [0, 1, 1, 3, 3, 3],
        [0, 0, 2, 2, 4, 4],
        [0, 1, 2, 2, 4, 4],
        [0, 0, 0, 3, 4, 4],
        [0, 1, 1, 1, 1, 5],
        [0, 0, 2, 3, 3, 3],
    ]
)
_OTHER_PATTERNS = np.array([[6, 7, 7], [6, 6, 8], [6, 7, 8], [6, 6, 6]])  # of the three of Scotland or Wales
_BIGGEST = 4


def _sizes(patterns: NDArray[np.int64]) -> NDArray[np.int64]:
    """(patterns, slots): children of the family that each slot belongs to."""
    out: NDArray[np.int64] = (patterns[:, :, None] == patterns[:, None, :]).sum(axis=2)
    return out


_SIZES, _OTHER_SIZES = _sizes(_PATTERNS), _sizes(_OTHER_PATTERNS)
_SHARE_YOUNGER = np.array([17 / 36, 4 / 12, 4 / 12])  # those with an older brother or sister in the patterns, by nation

FIRST_BIRTH, LAST_BIRTH = day(1985, 9, 1), day(2006, 8, 31)


@dataclass(frozen=True)
class Families:
    """Of each person: the family's number, the rank among the children, whether a twin, and the birth date."""

    family: Ints
    rank: Ints
    outsider: NDArray[np.bool_]  # never in education in England, Scotland or Wales
    nation: Codes  # that the family is at school in; England for outsiders, who have none
    twin_of_elder: NDArray[np.bool_]
    birth: Days
    eldest_birth: Days
    oldest: Days  # birth of the family's first child, and of its last one
    youngest: Days
    first_birth: Days  # about when the family's first child was born
    mothers_age: NDArray[np.float64]  # then, in years


def families(draws: Draws, ids: Ints, twins: float) -> Families:
    """Families of people by their numbers (1, 2, 3, ...); `twins` is the share of people who are one of twins."""
    block, slot = np.divmod(ids - 1, BLOCK)
    other = slot >= SCHOOLED
    nation = np.where(other, other_nation(draws, block), ENGLAND).astype(np.int32)
    outsider = other & (nation == ENGLAND)
    drawn = draws.uniform("family.pattern", block)
    pattern = (drawn * len(_PATTERNS)).astype(np.int64)
    at, other_at = np.minimum(slot, SCHOOLED - 1), np.maximum(slot - SCHOOLED, 0)
    other_pattern = (drawn * len(_OTHER_PATTERNS)).astype(np.int64)
    abroad = nation != ENGLAND
    first = np.where(outsider, slot, np.where(abroad, _OTHER_PATTERNS[other_pattern, other_at], _PATTERNS[pattern, at]))
    size = np.where(outsider, 1, np.where(abroad, _OTHER_SIZES[other_pattern, other_at], _SIZES[pattern, at]))
    family = block * BLOCK + first + 1
    rank = slot - first
    span = LAST_BIRTH - FIRST_BIRTH + 1
    eldest = FIRST_BIRTH + (draws.uniform("family.birth", family) * span).astype(np.int64)
    backwards = draws.chance("family.back", family, 0.5)
    gap = np.zeros(len(ids), np.int64)  # between the births of the eldest and of the child
    birth, oldest, youngest = (eldest.copy() for _ in range(3))
    twin_of_elder = np.zeros(len(ids), bool)
    for child in range(1, _BIGGEST):
        years = 1.4 + 3.2 * draws.uniform("family.gap", family, child)
        odds = twins / 2 / _SHARE_YOUNGER[nation]
        twin = draws.chance("family.twin", family, odds, child)
        if child > 1:
            twin &= ~draws.chance("family.twin", family, odds, child - 1)
        gap += np.where(twin, 0, (years * 365.25).astype(np.int64))
        back = (backwards & (eldest - gap >= FIRST_BIRTH)) | (eldest + gap > LAST_BIRTH)
        born, there = np.where(back, eldest - gap, eldest + gap), size > child
        oldest, youngest = (
            np.where(there, of(ends, born), ends) for of, ends in ((np.minimum, oldest), (np.maximum, youngest))
        )
        birth = np.where(rank == child, born, birth)
        twin_of_elder |= (rank == child) & twin
    early, late = day(1970, 1, 1), day(2004, 8, 31)
    elsewhere = early + (draws.uniform("outsider.birth", ids) * (late - early)).astype(np.int64)
    births: Days = np.where(outsider, elsewhere, birth).astype(np.int32)
    first_birth = np.where(backwards, eldest - 5 * 365, eldest).astype(np.int32)
    # Mothers at a first birth in England and Wales, 1985 to 2006: 27 on average, one in eleven below 20 (ONS).
    mothers_age = (27 + 5.4 * draws.normal("mother", family)).clip(15, 46)
    return Families(
        family, rank, outsider, nation, twin_of_elder, births, eldest.astype(np.int32), oldest.astype(np.int32),
        youngest.astype(np.int32), first_birth, mothers_age,
    )  # fmt: skip
