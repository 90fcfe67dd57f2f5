"""The table of qualifications: what is awarded at the end of a course, and in which class."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from synthetic.drawn import numbers
from synthetic.drawn.dates import on, six_digits
from synthetic.drawn.draws import Floats, Ints
from synthetic.drawn.text import unique_rows
from synthetic.education.universities import universities
from synthetic.mistakes.written_down import Dealings
from synthetic.rules import study
from synthetic.sources.hesa.courses import CERTIFICATE, FIRST, FOUNDATION, LAST_YEAR, POSTGRADUATE, Courses, Years
from synthetic.sources.hesa.students import course_number
from synthetic.sources.hesa.studies import FIRST_CAH_YEAR, LEVEL6, ended, integrated, jacs, subject_of
from synthetic.world.world import World, coded, dates, whole

_AWARDS = ["H00", "J10", "C20", "M00", "M71", "M41", "D00", "M22", "J20"]  # of the kinds of courses, then others
_INTEGRATED, _DIPLOMA_OF_HE = 7, 8
_CLASSES = ["1", "2", "3", "5", "7"]
_UNCLASSIFIED = 4
_LONGEST_WAIT = 32  # days for an award
_ABILITY = 0.51, 0.86  # of graduates: mean and standard deviation, so that ranks among them are even


def qualifications(
    world: World, of: Courses, years: Years, place: Ints, dealings: Dealings, husid: Any
) -> dict[str, Any]:
    """A row an award, in the last year of a course; some who leave are given a lower one."""
    row = of.take(place)
    exits = _exits(world, row) & (years.year == row.last)
    at = np.flatnonzero(((years.year == row.last) & row.completes) | exits)
    held, leaves, year = row.take(at), exits[at], years.year[at]
    award = held.kind.copy()
    award = np.where(integrated(world, held), _INTEGRATED, award)
    award = np.where((held.kind == FOUNDATION) & (held.years > 2), _DIPLOMA_OF_HE, award)
    award = np.where(leaves, np.where(held.before + held.years > 1, _DIPLOMA_OF_HE, CERTIFICATE), award)
    first = (held.kind == FIRST) & ~leaves
    subject = subject_of(world, held)
    level = np.where(leaves, FOUNDATION, held.kind)
    drawn = world.draws.uniform("hesa.award", world.people.ids[held.person], held.event)
    end = ended(world, held)
    left = on(year + 1, 8, 31) - end  # days of the academic year: a few after a master's, which ends in August
    day_of_award = end + np.where(left < _LONGEST_WAIT, 1 + drawn * left, 7 + drawn * 25).astype(np.int32)
    newer = year >= FIRST_CAH_YEAR
    number = numbers.husid(world.draws, dealings.ids, husid[:, 0], husid[:, 1])
    return {
        "HUSID": unique_rows(number).take(place[at]).array(),
        "UKPRN": whole(dealings.provider[place[at]]),
        "NUMHUS": course_number(world, dealings, place[at]),
        "AcademicYear": whole(six_digits(year)),
        "AWARDDATE": dates(day_of_award),
        "XQOBTN01": coded(award, _AWARDS),
        "XCLASS01": coded(np.where(first, _classes(world, held, year), -1), _CLASSES),
        "XLEV301": coded(held.event == POSTGRADUATE, ["2", "1"]),
        "XLEV601": coded(level, LEVEL6),
        "XJACS01_1": jacs(world, held, subject, ~newer),
        "XCAH02_1": coded(np.where(newer, subject, -1), list(universities().codes)),
    }


def _exits(world: World, of: Courses) -> NDArray[np.bool_]:
    """Who left a first degree after a whole year and took a certificate or diploma along."""
    left = (of.kind == FIRST) & ~of.completes & ~of.transfers & (of.last < LAST_YEAR)
    share = study.universities().home.exit_award
    out: NDArray[np.bool_] = left & world.draws.chance("hesa.exit", world.people.ids[of.person], share, of.event)
    return out


def _classes(world: World, of: Courses, year: Ints) -> Ints:
    """Classes by ability and chance, as many of each as published for the year; medicine has none."""
    people = world.people
    noise = world.draws.normal("hesa.class", people.ids[of.person])
    rank = _share_above(0.55 * (people.ability[of.person] - _ABILITY[0]) / _ABILITY[1] + 0.8352 * noise)
    edges = np.cumsum(study.of_year(study.universities().classes, year), axis=1)
    place = (rank[:, None] >= edges[:, :3]).sum(axis=1)
    unclassified = np.isin(np.array(universities().codes), study.subjects().unclassified.subjects)
    return np.where(unclassified[world.journeys.subject[of.person]], _UNCLASSIFIED, place)


def _share_above(x: Floats) -> Floats:
    """About the share of a standard normal distribution above x."""
    out: Floats = 1 / (1 + np.exp(1.702 * x))
    return out
