"""Pupils sent away from their school, for days or for good."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from synthetic.drawn.dates import Days, on, six_digits
from synthetic.drawn.draws import Ints, Slots
from synthetic.education.journeys import FIRST_YEAR as FIRST_CENSUS
from synthetic.sources.npd.pupils import Pupils, census_days
from synthetic.world.world import coded, dates, whole

FIRST_YEAR = 2005
MOST = 6  # in a year
REMOVED = 21  # days after which a pupil who is excluded for good goes to another school
_SCHOOL_DAYS = 300  # from early September to July
_CHRISTMAS_DAYS = 14
_YEAR_OF_CLOSURE, _CLOSED_DAYS = 2019, 70  # from 23 March 2020 on schools were closed to most


@dataclass(frozen=True)
class Excluded:
    """Rows of pupils' years in which they were excluded, how often, and whether the last time for good."""

    rows: Ints
    times: Ints
    permanent: NDArray[np.bool_]


def excluded(pupils: Pupils) -> Excluded:
    """Who is excluded in which year, by year of school and the pupil's own liability."""
    odds, draws = pupils.odds.exclusions, pupils.world.draws
    by_grade = np.array([*odds.suspended, odds.suspended[-1]])
    chance = by_grade[pupils.grade] * pupils.behaviour[pupils.person]
    rows = np.flatnonzero(
        draws.chance("exclusion", pupils.ids, np.minimum(chance, 0.6), pupils.grade)
        & ~pupils.double & (pupils.year >= FIRST_YEAR) & _all_year(pupils)
    )  # fmt: skip
    ids, grade = pupils.ids[rows], pupils.grade[rows]
    drawn = draws.uniform("exclusion.times", ids, grade)
    more = np.log(1 - drawn) / np.log(odds.again)  # as often again as a coin of these odds says
    times = 1 + np.minimum(more.astype(np.int64), MOST - 1)
    permanent = draws.chance("exclusion.permanent", ids, odds.permanent, grade) & (pupils.event[rows] % 2 == 0)
    first = np.zeros(len(rows), bool)  # of each phase: the second school keeps its pupils
    _, at = np.unique((pupils.person[rows] * 2 + (grade > 6))[permanent], return_index=True)
    first[np.flatnonzero(permanent)[at]] = True
    return Excluded(rows, times, first)


def moved_on(pupils: Pupils, sent: Excluded) -> Pupils:
    """The pupils as censuses find them: who was excluded for good is at the second school of the phase from then on."""
    rows, times = sent.rows[sent.permanent], sent.times[sent.permanent]
    expelled = pupils.expelled.copy()
    expelled[pupils.person[rows], (pupils.grade[rows] > 6).astype(np.int64)] = _days(pupils, rows, times - 1, times)
    since = expelled[pupils.person, (pupils.grade > 6).astype(np.int64)]
    moved = (since > 0) & (since + REMOVED < census_days()[pupils.year - FIRST_CENSUS]) & (pupils.event % 2 == 0)
    moved &= ~pupils.double & (pupils.grade <= 11)
    return replace(pupils, event=pupils.event + moved, expelled=expelled)


def _all_year(pupils: Pupils) -> NDArray[np.bool_]:
    """Years in which the pupil is there from the first day to the last."""
    people, person = pupils.world.people, pupils.person
    out: NDArray[np.bool_] = people.arrival[person] <= on(pupils.year, 9, 1)
    return out & (people.departure[person] > on(pupils.year + 1, 7, 31))


def exclusions(pupils: Pupils, moved: Pupils, sent: Excluded) -> dict[str, Any]:
    """A row an exclusion; `moved` are the pupils at the schools to which some have to go."""
    odds, draws = pupils.odds.exclusions, pupils.world.draws
    of = np.repeat(np.arange(len(sent.rows)), sent.times)
    number = np.arange(len(of)) - np.repeat(np.cumsum(sent.times) - sent.times, sent.times)
    rows = sent.rows[of]
    person, grade, year = pupils.person[rows], pupils.grade[rows], pupils.year[rows]
    key = pupils.ids[rows], grade * MOST + number
    start = _days(pupils, rows, number, sent.times[of])
    permanent = sent.permanent[of] & (number == sent.times[of] - 1)
    length = 1 - np.log(1 - draws.uniform("exclusion.length", *key)) * (2 * odds.days - 1)
    reason = Slots(np.array(list(odds.reasons.values()))).at(draws.uniform("exclusion.reason", *key))
    gone = moved.expelled[person, (grade > 6).astype(np.int64)]
    later = (gone > 0) & (start > gone)
    school = {name: np.where(later, known, pupils.school(rows)[name]) for name, known in moved.school(rows).items()}
    return {
        "PupilMatchingRefAnonymous": pupils.reference(person, grade).array(),
        "AcademicYear": whole(six_digits(year)),
        "URN": whole(school["urn"]),
        "LAEstab": whole(school["laestab"]),
        "NCyearActual": whole(grade),
        "StartDate": dates(start),
        "Category": coded(permanent, ["FIXD", "PERM"]),
        "Reason": coded(reason, list(odds.reasons)),
        "ActualNumberOfSessions": whole(np.minimum(length, 90), ~permanent),
        "FSM": whole(pupils.free_meals(person, grade)),
        "SEN": whole(pupils.special_needs[person]),
    }


def _days(pupils: Pupils, rows: Ints, number: Ints, times: Ints) -> Days:
    """The first day of an exclusion, of so many in the pupil's year: a day of school, on which no two begin."""
    drawn = pupils.world.draws.uniform("exclusion.day", pupils.ids[rows], pupils.grade[rows] * MOST + number)
    year = pupils.year[rows]
    closed = np.where(year == _YEAR_OF_CLOSURE, _CLOSED_DAYS, 0)
    share = (number + drawn * 0.9) / times * (_SCHOOL_DAYS - _CHRISTMAS_DAYS - closed)
    days = on(year, 9, 6) + share.astype(np.int64)
    days += _CHRISTMAS_DAYS * (days > on(year, 12, 20))
    days += closed * (days >= on(year + 1, 3, 23))
    return _weekday(days)


def _weekday(days: Ints) -> Days:
    """The Monday after a day of the weekend; day 0, 1 January 1970, was a Thursday."""
    week = (days + 3) % 7
    return (days + np.where(week >= 5, 7 - week, 0)).astype(np.int32)
