"""Courses at universities: who takes which, when, how and to what end; and the years of study that they make."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from synthetic.drawn.dates import DATA_END, Days, on
from synthetic.drawn.draws import Ints, drawn_again
from synthetic.education.universities import EVERYWHERE, band_of, universities
from synthetic.people.people import VISITOR
from synthetic.reference_tables import Codes
from synthetic.rules import study
from synthetic.world.world import World

FIRST_YEAR, LAST_YEAR = 2004, 2020

FIRST, FOUNDATION, CERTIFICATE, TAUGHT, PGCE, DIPLOMA, RESEARCH = range(7)
"""First degree; foundation degree and certificate of higher education; master's degree, certificate of education and
diploma for graduates; doctorate."""

UNDERGRADUATE, SECOND, POSTGRADUATE = range(3)
"""A person's courses: the first, one after a transfer or on top of a foundation degree, one after a degree."""

_TRIES = 12  # for another university than the one that a student leaves
_MATURE = 3  # years after most: begun at 21 or later
_OPEN = 0.35  # part-time undergraduates who study at a distance (HESA: the Open University has about a third)


@dataclass(frozen=True)
class Courses:
    """Arrays of one place a course, in the order of people and their courses."""

    person: Ints
    event: Ints  # UNDERGRADUATE, SECOND or POSTGRADUATE
    kind: Ints
    start: Ints
    years: Ints  # as studied
    before: Ints  # years of the programme done elsewhere
    part_time: NDArray[np.bool_]
    completes: NDArray[np.bool_]
    transfers: NDArray[np.bool_]  # away, to another university
    stays: NDArray[np.bool_]  # at the university of the course before
    mature: NDArray[np.bool_]

    def take(self, rows: NDArray[np.int64]) -> "Courses":
        """The courses at other rows."""
        return Courses(*(getattr(self, name)[rows] for name in self.__dataclass_fields__))

    @property
    def last(self) -> Ints:
        """Last year of study."""
        return self.start + self.years - 1


def courses(world: World) -> Courses:
    """Courses that journeys are made of."""
    joined = _joined(_undergraduate(world), _postgraduate(world))
    return _left(world, joined.take(np.lexsort((joined.event, joined.person))))


def _left(world: World, of: Courses) -> Courses:
    """Courses as far as students were there: who leaves the country, or dies, before the end completes nothing."""
    gone = world.people.departure[of.person]
    early = (gone <= DATA_END) & (gone <= summer(world, of))
    here = np.maximum(world.journeys.learns_until[of.person] - of.start + 1, 1)  # one that begins later has no year
    return replace(
        of,
        years=np.where(early, np.minimum(of.years, here), of.years),
        completes=of.completes & ~early,
        transfers=of.transfers & ~early,
    )


def summer(world: World, of: Courses) -> Days:
    """Last day of a course that is completed: in June, of a master's in August."""
    drawn = world.draws.uniform("hesa.end", world.people.ids[of.person], of.event)
    later = (of.kind == TAUGHT) & ~of.part_time
    out: Days = np.where(later, on(of.last + 1, 8, 10), on(of.last + 1, 6, 15)) + (drawn * 20).astype(np.int32)
    return out


def _undergraduate(world: World) -> Courses:
    people, journey, draws, rules = world.people, world.journeys, world.draws, study.universities()
    person = np.flatnonzero((journey.degree_start > 0) & (journey.degree_years > 0))
    ids, start, years = people.ids[person], journey.degree_start[person], journey.degree_years[person].astype(np.int64)
    goes_on = start + years > LAST_YEAR + 1
    graduates = journey.graduates[person] | goes_on
    visits = people.kind[person] == VISITOR
    mature = (start - people.cohort[person] >= 18 + _MATURE) & ~visits
    topped_up = np.where(mature, rules.kind.foundation_mature, rules.kind.foundation_young)
    drawn = draws.uniform("hesa.kind", ids)
    lower = (
        (drawn < np.where(graduates, topped_up, rules.kind.foundation_leavers)) & ~visits & ~journey.transfers[person]
    )
    lower &= np.where(graduates, years >= 3, years >= 2)
    certificate = ~graduates & (years == 1) & (drawn < rules.kind.certificate_leavers) & ~visits
    kind = np.select([lower, certificate], [FOUNDATION, CERTIFICATE], FIRST)
    away = journey.transfers[person] & (years > 1)
    tops_up = lower & graduates
    first_years = np.select([away, tops_up], [1, 2], years)
    part_time = draws.uniform("hesa.part.time", ids) < np.select(
        [visits, kind != FIRST, mature],
        [0.0, rules.part_time.other_undergraduate, rules.part_time.mature_first],
        rules.part_time.young_first,
    )
    ends = lower | certificate | (graduates & ~goes_on)
    none, zero = np.zeros(len(person), bool), np.zeros(len(person), np.int64)
    first = Courses(
        person, zero + UNDERGRADUATE, kind, start, first_years, zero, part_time, ends & ~away, away, none, mature
    )
    kept = tops_up & draws.chance("hesa.top.up.stays", ids, rules.home.same_university)
    rest = Courses(
        person, zero + SECOND, zero + FIRST, start + first_years, years - first_years, first_years, part_time,
        graduates & ~goes_on, none, kept, mature,
    )  # fmt: skip
    return _joined(first, rest.take(np.flatnonzero(away | tops_up)))


def _postgraduate(world: World) -> Courses:
    people, journey, draws, rules = world.people, world.journeys, world.draws, study.universities()
    person = np.flatnonzero((journey.postgraduate_start > 0) & (journey.postgraduate_years > 0))
    ids, years = people.ids[person], journey.postgraduate_years[person].astype(np.int64)
    visits = people.kind[person] == VISITOR
    drawn = draws.uniform("hesa.next", ids)
    pgce = universities().pgce[people.female[person].astype(np.int64)]
    certificate = (drawn < pgce) & ~visits & (years <= 2)
    diploma = (drawn > 1 - rules.kind.next.diploma) & (years <= 2)
    research = (years >= rules.kind.next.research_years) & (
        visits | draws.chance("hesa.research", ids, rules.kind.next.research)
    )
    kind = np.select([research, certificate, diploma], [RESEARCH, PGCE, DIPLOMA], TAUGHT)
    part_time = np.where(research, draws.chance("hesa.pg.part", ids, rules.part_time.research), years >= 2)
    start = journey.postgraduate_start[person]
    completes = draws.chance("hesa.pg.completes", ids, rules.home.completes) & (start + years <= LAST_YEAR + 1)
    stays = draws.chance("hesa.stays", ids, rules.home.same_university) & (journey.degree_start[person] > 0)
    zero, none = np.zeros(len(person), np.int64), np.zeros(len(person), bool)
    return Courses(
        person, zero + POSTGRADUATE, kind, start, years, zero, part_time & ~visits, completes, none, stays, none
    )  # fmt: skip


def _joined(*parts: Courses) -> Courses:
    columns = (np.concatenate([getattr(part, name) for part in parts]) for name in Courses.__dataclass_fields__)
    return Courses(*columns)


@dataclass(frozen=True)
class Years:
    """Years of study, one place a student record."""

    course: Ints  # place among the courses
    since: Ints  # year of the course, from 0
    year: Ints
    dormant: NDArray[np.bool_]  # a record after the student left

    def take(self, rows: NDArray[Any]) -> "Years":
        """The years at other rows."""
        return Years(self.course[rows], self.since[rows], self.year[rows], self.dormant[rows])


def years_of(world: World, of: Courses) -> Years:
    """The years in which students are in the country, each a record; some who left are kept as dormant for one more."""
    ids = world.people.ids[of.person]
    ended = of.last < LAST_YEAR
    kept = ~of.completes & ~of.transfers & ended & (of.event != POSTGRADUATE)
    kept &= world.draws.chance("hesa.dormant", ids, study.universities().home.dormant, of.event)
    count = of.years + kept
    course = np.repeat(np.arange(len(ids)), count)
    since = np.arange(len(course)) - np.repeat(np.cumsum(count) - count, count)
    year = of.start[course] + since
    there = (year >= FIRST_YEAR) & (year <= LAST_YEAR)
    person = of.person[course]
    there &= (year >= world.journeys.learns_from[person]) & (year <= world.journeys.learns_until[person])
    return Years(course, since, year, since >= of.years[course]).take(np.flatnonzero(there))


def university_of(world: World, of: Courses) -> Ints:
    """UKPRN of each course's university: of the tariff group that grades open, often in the region of the home."""
    people, draws = world.people, world.draws
    ids, person = people.ids[of.person], of.person
    grades = people.ability[person] + 0.45 * draws.normal("hesa.grades", ids)
    visits = people.kind[person] == VISITOR
    open_to_all = of.part_time & (of.event != POSTGRADUATE) & draws.chance("hesa.open", ids, _OPEN)
    tariff: Codes = np.where(open_to_all, -1, band_of(grades)).astype(np.int32)
    region = np.where(visits, EVERYWHERE, people.homes.region[person])
    chosen = universities().choose(draws.uniform("hesa.university", ids, of.event), tariff, region)
    follows = np.zeros(len(ids), bool)
    follows[1:] = person[1:] == person[:-1]
    moves = np.flatnonzero((of.event == SECOND) & follows & ~of.stays)

    def draw(rows: Ints, number: int) -> Ints:
        return universities().choose(
            draws.uniform("hesa.university.other", ids[rows], number), tariff[rows], region[rows]
        )

    chosen = drawn_again(chosen, moves, moves - 1, draw, _TRIES)
    for event in (SECOND, POSTGRADUATE):
        rows = np.flatnonzero((of.event == event) & follows & of.stays)
        chosen[rows] = chosen[rows - 1]
    return chosen
