"""Those who come to England to study: for which course, when, and whether they stay."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from synthetic.drawn.dates import NEVER, YEAR, Days, academic_year, on
from synthetic.drawn.draws import Draws, Ints, Slots
from synthetic.reference_tables import Codes, Origin
from synthetic.rules.study import universities

FIRST_DEGREE, TAUGHT, RESEARCH = range(3)
FIRST_YEAR, LAST_YEAR = 2004, 2020

_AGES = np.array([18, 21, 23])  # the youngest begin at, by level
_SPREAD = np.array([5, 9, 10])  # years over which the others follow
_GROWN = 24  # who is as old when the sources begin comes for a postgraduate course alone, up to fifteen years later


@dataclass(frozen=True)
class Visits:
    """Arrays of one place a person; years are those in which an academic year began, 0 for never."""

    comes: NDArray[np.bool_]
    level: Codes  # FIRST_DEGREE, TAUGHT or RESEARCH: of the first course
    start: Ints
    years: Ints  # of the first course
    goes_on: NDArray[np.bool_]  # to a master's in the year after the first degree
    arrival: Days
    departure: Days  # NEVER for those who stay


def visits(
    draws: Draws, origins: list[Origin], ids: Ints, may: NDArray[np.bool_], origin: Codes, birth: Days
) -> Visits:
    """Who comes to study, of those who `may` because they came from abroad as adults."""
    rules = universities().visitors
    share = np.array([rules.share.get(group.name, 0.0) for group in origins])[origin]
    cohort = academic_year(birth)
    grown = cohort + _GROWN < FIRST_YEAR
    drawn = draws.uniform("visit.level", ids)
    level = Slots(np.array([rules.first_degree, rules.taught, rules.research])).at(drawn)
    level = np.where(
        grown & (level == FIRST_DEGREE), np.where(drawn < rules.first_degree * 0.1, RESEARCH, TAUGHT), level
    )
    age = draws.uniform("visit.age", ids)
    late = np.where(grown, age * 15, age**1.7 * _SPREAD[level])
    start = cohort + 1 + _AGES[level] + late.astype(np.int64)
    comes = may & draws.chance("visit", ids, share) & (start >= FIRST_YEAR) & (start <= LAST_YEAR)
    long = draws.chance("visit.long", ids, 0.2)
    years = np.array([3, 1, 3])[level] + (long & (level != TAUGHT))
    goes_on = comes & (level == FIRST_DEGREE) & draws.chance("visit.goes.on", ids, rules.go_on)
    end = on(start + years + goes_on, 9, 1) + (-np.log(1 - draws.uniform("visit.leaves", ids)) * 0.3 * YEAR).astype(int)
    stays = draws.chance("visit.stays", ids, rules.stay)
    arrival = on(start, 8, 31) - (draws.uniform("visit.arrives", ids) * 25).astype(np.int32)
    return Visits(
        comes, level, np.where(comes, start, 0), np.where(comes, years, 0), goes_on,
        arrival.astype(np.int32), np.where(stays, NEVER, end).astype(np.int32),
    )  # fmt: skip


def numbered(origins: list[Origin], origin: Codes) -> NDArray[np.float64]:
    """The share of each person's origin group who, having come to study, ever get a National Insurance number."""
    rules = universities().visitors
    share: NDArray[np.float64] = np.array([rules.nino.get(group.name, 0.5) for group in origins])[origin]
    return share
