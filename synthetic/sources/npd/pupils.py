"""Pupils and their years at school, on which every table of the National Pupil Database stands."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from synthetic.drawn import numbers
from synthetic.drawn.dates import Days, day
from synthetic.drawn.draws import Floats, Ints
from synthetic.drawn.text import Text
from synthetic.education.journeys import FIRST_YEAR, LAST_YEAR, taught
from synthetic.people.homes import FAMILY_HOMES
from synthetic.people.nations import ENGLAND
from synthetic.people.people import IN_STATE_SCHOOLS
from synthetic.sources.npd.odds import England, england
from synthetic.sources.school_records import Phase, changed_school, phase_of
from synthetic.world.world import World

GRADES = np.arange(15)  # reception is 0, year 11 is 11
YEARS_AFTER = 6, 4, 1
"""The first of primary school, secondary school and sixth form."""

DOUBLE = 6
"""Dealings 0 to 5 are those of primary, secondary and sixth form, each with a second school; this one and the next are
double registrations, at a primary and at a secondary school."""


@dataclass(frozen=True)
class Pupils:
    """Years at school, in the order of pupils and grades; a year in two schools is two rows, the second a double."""

    world: World
    odds: England
    person: Ints  # place in the chunk
    grade: Ints
    year: Ints  # in which the academic year began
    event: Ints  # number of the dealing with a school among the pupil's
    double: NDArray[np.bool_]
    special_needs: NDArray[np.bool_]  # of each person
    behaviour: Floats  # of each person: what multiplies the odds of an exclusion
    split: Ints  # of each person: grade from which on a second reference is in use, 99 for nearly all
    references: Text  # first and second reference of each person, laid end to end
    expelled: Days  # (people, 2): when each was excluded for good from a primary and a secondary school, 0 for never

    @property
    def ids(self) -> Ints:
        """Number of the person of each row."""
        return self.world.people.ids[self.person]

    def reference(self, person: Ints, grade: NDArray[np.int64]) -> Text:
        """The pupil matching reference in use in a grade."""
        second = grade >= self.split[person]
        return self.references.take(person + second * len(self.split))

    def school(self, rows: Ints) -> dict[str, Ints]:
        """URN, LAEstab and authority of the school of each row."""
        dealt, place = np.unique(self.person[rows] * 8 + self.event[rows], return_inverse=True)
        return {name: values[place] for name, values in schools(self.world, dealt // 8, dealt % 8).items()}

    def free_meals(self, person: Ints, grade: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Whether a pupil is registered for free meals in a grade."""
        people = self.world.people
        taken = self.world.draws.chance("npd.fsm", people.ids[person], self.odds.registration.meals_taken_up, grade)
        return people.fsm[person] & taken


def pupils(world: World) -> Pupils:
    """The years at state schools in England of the people of a chunk."""
    people, journey, draws, odds = world.people, world.journeys, world.draws, england()
    year = people.cohort[:, None] + 5 + GRADES[None, :]
    there = taught(journey, year) & (year >= FIRST_YEAR) & (year <= LAST_YEAR)
    there &= np.isin(people.kind, IN_STATE_SCHOOLS)[:, None]
    at = (year - FIRST_YEAR).clip(0, journey.sixth_form.shape[1] - 1)
    there &= (GRADES <= 11)[None, :] | np.take_along_axis(journey.sixth_form, at, axis=1)
    person, grade = np.nonzero(there)
    census_day = census_days()[people.cohort[person] + 5 + grade - FIRST_YEAR]
    here = people.homes.nation(person, census_day) == ENGLAND
    person, grade = person[here], grade[here]
    ids = people.ids[person]
    event = _events(world, odds, person, grade)
    twice = draws.chance("school.double", ids, odds.registration.second_school, grade)
    rows = np.flatnonzero(twice)
    both = (schools(world, person[rows], of[rows])["laestab"] for of in (event, DOUBLE + (grade > 6)))
    twice[rows] = np.not_equal(*both)
    again = np.repeat(np.arange(len(person)), 1 + twice)
    double = np.zeros(len(again), bool)
    double[1:] = again[1:] == again[:-1]
    person, grade = person[again], grade[again]
    event = np.where(double, DOUBLE + (grade > 6), event[again])
    needs = draws.uniform("sen", people.ids) < np.where(people.fsm, odds.special_needs.poor, odds.special_needs.others)
    references = pa.concat_arrays([numbers.pupil_reference(draws, people.ids, which) for which in (0, 1)])
    return Pupils(
        world, odds, person, grade, people.cohort[person] + 5 + grade, event, double, needs,
        _behaviour(world, odds, needs), _split(world), Text(references, np.arange(len(references), dtype=np.int32)),
        np.zeros((len(people), 2), np.int32),
    )  # fmt: skip


def _events(world: World, odds: England, person: Ints, grade: Ints) -> Ints:
    """Number of the dealing: a phase of school has a second one where the pupil changes school."""
    number = np.where(grade <= 6, 0, np.where(grade <= 11, 1, 2))
    since = grade - np.array([0, 7, 12])[number]
    when = census_days()[world.people.cohort[person] + 5 + grade - FIRST_YEAR]
    changed = changed_school(
        world.draws, world.people.ids[person], phase_at(world, person, number), since, when,
        odds.registration.schools_changed, YEARS_AFTER,
    )  # fmt: skip
    out: Ints = number * 2 + changed
    return out


def phase_at(world: World, person: Ints, number: Ints) -> Phase:
    """A phase of school of each person: primary, secondary, sixth form."""
    return phase_of(world, person, number, world.people.cohort[person] + 5, YEARS_AFTER)


def _split(world: World) -> Ints:
    ids = world.people.ids
    split = world.draws.chance("pmr.split", ids, world.odds.people.split_reference * 1.25)
    split &= np.isin(world.people.kind, IN_STATE_SCHOOLS)  # others are in examinations alone
    return np.where(split, 5 + (world.draws.uniform("pmr.split.at", ids) * 7).astype(np.int64), 99)


def _behaviour(world: World, odds: England, needs: NDArray[np.bool_]) -> Floats:
    people, weights = world.people, odds.behaviour
    liability = weights.ability * people.ability + weights.own * world.draws.normal("behaviour", people.ids)
    liability += weights.poor * people.fsm + weights.special_needs * needs + weights.male * ~people.female
    out: Floats = np.exp(liability)
    return out


def census_days() -> Days:
    """The third Thursday of each January after the academic year began."""
    out = []
    for year in range(FIRST_YEAR + 1, LAST_YEAR + 2):
        first = day(year, 1, 1)
        thursday = first + (0 - first) % 7  # day 0, 1 January 1970, was a Thursday
        out.append(thursday + 14)
    return np.array(out, np.int32)


def schools(world: World, person: Ints, event: Ints) -> dict[str, Ints]:
    """School of each dealing: near home; brothers and sisters go to the same one as a rule."""
    people, draws, known_schools = world.people, world.draws, world.reference.schools
    ids = people.ids[person]
    own = draws.chance("school.own", ids, england().registration.own_school)
    of = np.where(own | (event % 2 == 1) | (event >= DOUBLE), ids, people.family[person])
    drawn = draws.uniform("school", of, event)
    home = people.homes.at(person, people.birth[person] + 365 * np.array([6, 9, 12, 14, 17, 17, 9, 14])[event])
    near = phase_at(world, person, np.array([0, 0, 1, 1, 2, 2, 0, 1])[event]).home(event % 2 == 1, home)
    home = np.where(event < DOUBLE, near, home)
    authority = _authorities(world, person, home)
    known = np.array(sorted(known_schools.first))
    authority = known[np.searchsorted(known, authority).clip(0, len(known) - 1)]
    at = np.searchsorted(known, authority)
    first = np.array([known_schools.first[a] for a in known])[at]
    last = np.array([known_schools.last[a] for a in known])[at]
    secondary = np.searchsorted(known_schools.edges, first + drawn * (last - first), side="right").clip(
        0, len(known_schools.urn) - 1
    )
    number = (drawn * np.maximum((last - first) / 300, 8)).astype(np.int64)
    primary = (event < 2) | (event == DOUBLE)
    laestab = np.where(primary, authority * 10_000 + 2000 + number % 2000, known_schools.laestab[secondary])
    urn = np.where(primary, 500_000 + at * 2000 + number % 2000, known_schools.urn[secondary])
    return {"laestab": laestab, "urn": urn, "authority": authority}


def _authorities(world: World, person: Ints, home: NDArray[np.int32]) -> Ints:
    """The authority around a home; around the family's English home where the home is in another nation."""
    homes, authority = world.people.homes, world.reference.places.authority
    here = authority[homes.postcode[person, home] // 400]
    english = np.where(homes.raised.first[person] == ENGLAND, 0, FAMILY_HOMES - 1)
    return np.where(here > 0, here, authority[homes.postcode[person, english] // 400]).astype(np.int64)
