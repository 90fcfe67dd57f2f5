"""In which nation of Great Britain a family lives while its children are at school, and when it crosses a border."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from synthetic.drawn.draws import Draws, Ints, Slots
from synthetic.reference_tables import Codes, Reference
from synthetic.rules.schooling import nations

ENGLAND, SCOTLAND, WALES = range(3)
REGIONS = ("", "S92000003", "W92000004")
"""The region of a nation that has one alone."""


@dataclass(frozen=True)
class Upbringing:
    """Of each person: the nation of the family's first home, and of the homes after the first move."""

    first: Codes
    later: Codes

    @property
    def crosses(self) -> NDArray[np.bool_]:
        """Whether the family's first move leads across a border."""
        out: NDArray[np.bool_] = self.first != self.later
        return out


def other_nation(draws: Draws, block: Ints) -> Codes:
    """The nation in which the people of a block who are never in English education grow up; 0 is none of them."""
    odds = nations().shares
    slots = Slots(np.array([1 - odds.scotland - odds.wales, odds.scotland, odds.wales]))
    return slots.at(draws.uniform("nation", block))


def upbringing(draws: Draws, family: Ints, nation: Codes, foreign_place: NDArray[np.bool_]) -> Upbringing:
    """Where families of a nation live.

    Args:
        family: numbers of the families, one place a person.
        nation: where their children are mostly at school.
        foreign_place: families that were never at school here, which cross no border as children.
    """
    odds = nations().crossing
    crosses = draws.chance("nation.crosses", family, odds.families) & ~foreign_place
    away = np.where(draws.uniform("nation.other", family) < odds.to_scotland, SCOTLAND, WALES)
    other = np.where(nation == ENGLAND, away, ENGLAND)
    comes = draws.chance("nation.comes", family, 0.5)
    first = np.where(crosses & comes, other, nation).astype(np.int32)
    later = np.where(crosses & ~comes, other, nation).astype(np.int32)
    return Upbringing(first, later)


def district(reference: Reference, nation: int, postcode: Codes, count: int) -> Ints:
    """In which of so many districts of a nation homes lie, from 0: near homes are in one district."""
    places = reference.places
    code = reference.regions.index(REGIONS[nation])
    start, end = places.region_start[code], places.region_end[code]
    position = places.edges[postcode // 400] - 1e-9
    out: Ints = ((position - start) / (end - start) * count).astype(np.int64).clip(0, count - 1)
    return out
