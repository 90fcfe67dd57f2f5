"""What sets courses of life apart: the traits that published figures are given by, and tables of odds by trait.

A table says for each trait's level how much the log of the odds of an outcome moves. A person's log odds are the sum
over traits; the sums of all combinations of levels are made once, in two halves, so that a person costs two look-ups.
"""

import csv
import functools
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from synthetic.drawn.draws import Floats, Ints
from synthetic.people.people import PRIVATE, People
from synthetic.reference_tables import FOLDER, Reference

DEPRIVED, NOT_DEPRIVED = 0.27, 0.077
"""IDACI from which a home is in the most deprived fifth, and up to which in the least: of pupils born 1985 to 1990."""

LEVEL2_OR_LESS, LEVEL3, GRADUATE = range(3)
QUALIFIED = ("level 2 or less", "level 3", "graduate")
"""The highest qualification that a person ever reaches."""

_SEXES, _MEALS, _GRADES, _FIFTHS = ("M", "F"), ("no", "yes"), ("below", "reached"), ("least", "middle", "most")
_SECTORS = ("state", "independent")


@dataclass(frozen=True)
class Traits:
    """Levels of people's traits by trait, (people,) each, and how the levels are called."""

    codes: dict[str, Ints]
    names: dict[str, tuple[str, ...]]

    def halves(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """The traits in two groups whose combinations are few."""
        near = ("ethnic", "region", "school")
        return tuple(trait for trait in self.names if trait not in near), near

    def cells(self, group: tuple[str, ...]) -> Ints:
        """The combination of levels of each person in a group of traits, in C order."""
        out = np.zeros(len(next(iter(self.codes.values()))), np.int64)
        for trait in group:
            out = out * len(self.names[trait]) + self.codes[trait]
        return out

    def at(self, rows: NDArray[np.int64]) -> "Traits":
        """The traits of some of the people."""
        return Traits({trait: codes[rows] for trait, codes in self.codes.items()}, self.names)

    def plus(self, trait: str, codes: Ints, names: tuple[str, ...]) -> "Traits":
        """The same people with one trait more."""
        return Traits({**self.codes, trait: codes}, {**self.names, trait: names})


def traits(reference: Reference, people: People, among_best: NDArray[np.bool_]) -> Traits:
    """The traits of people when they end key stage 4."""
    codes = {
        "sex": people.female.astype(np.int64),
        "meals": people.fsm.astype(np.int64),
        "grades": among_best.astype(np.int64),
        "idaci": (people.idaci > NOT_DEPRIVED).astype(np.int64) + (people.idaci >= DEPRIVED),
        "ethnic": people.ethnic.astype(np.int64),
        "region": people.homes.region.astype(np.int64),
        "school": (people.kind == PRIVATE).astype(np.int64),
    }
    names = {
        "sex": _SEXES, "meals": _MEALS, "grades": _GRADES, "idaci": _FIFTHS, "ethnic": tuple(reference.ethnic),
        "region": tuple(reference.regions), "school": _SECTORS,
    }  # fmt: skip
    return Traits(codes, names)


def with_qualification(person: Traits, qualified: Ints) -> Traits:
    """Traits with what is ever reached, by sex."""
    names = tuple(f"{what} {sex}" for what in QUALIFIED for sex in _SEXES)
    return person.plus("qualified", qualified * 2 + person.codes["sex"], names)


@dataclass(frozen=True)
class OddsTable:
    """Log odds of outcomes by trait and level: (levels, outcomes) each, and (outcomes,) for everybody."""

    outcomes: tuple[str, ...]
    everyone: Floats
    by_trait: dict[tuple[str, str], Floats]

    def of(self, person: Traits) -> NDArray[np.float32]:
        """(people, outcomes): log odds."""
        first, second = person.halves()
        out = self._sums(person, first)[person.cells(first)]
        out += self._sums(person, second)[person.cells(second)]
        out += self.everyone.astype(np.float32)
        return out

    def _sums(self, person: Traits, group: tuple[str, ...]) -> NDArray[np.float32]:
        """(combinations, outcomes): sums over the levels of each combination."""
        out = np.zeros((1, len(self.outcomes)), np.float32)
        nothing = np.zeros(len(self.outcomes))
        for trait in group:
            rows = np.array([self.by_trait.get((trait, level), nothing) for level in person.names[trait]], np.float32)
            out = (out[:, None, :] + rows[None, :, :]).reshape(-1, len(self.outcomes))
        return out


@functools.cache
def odds_table(name: str) -> OddsTable:
    """A table of synthetic/reference/, with columns trait, level, then a column for each outcome."""
    with (FOLDER / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        header, *rows = csv.reader(file)
    values = {(trait, level): np.array([float(v or 0) for v in row]) for trait, level, *row in rows}
    return OddsTable(tuple(header[2:]), values.pop(("everyone", "")), values)
