"""Pupils sent away from their school, for days or for good."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from synthetic.dates import DATA_END, Days, on, six_digits
from synthetic.draws import Ints, Slots
from synthetic.sources.npd.pupils import Pupils
from synthetic.world import coded, dates, whole

FIRST_YEAR = 2005
MOST = 6  # in a year
_SCHOOL_DAYS = 300  # from early September to July


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
        & ~pupils.double & (pupils.year >= FIRST_YEAR)
    )  # fmt: skip
    ids, grade = pupils.ids[rows], pupils.grade[rows]
    drawn = draws.uniform("exclusion.times", ids, grade)
    more = np.log(1 - drawn) / np.log(odds.again)  # as often again as a coin of these odds says
    times = 1 + np.minimum(more.astype(np.int64), MOST - 1)
    permanent = draws.chance("exclusion.permanent", ids, odds.permanent, grade)
    return Excluded(rows, times, permanent)


def exclusions(pupils: Pupils, sent: Excluded) -> dict[str, Any]:
    """A row an exclusion."""
    odds, draws = pupils.odds.exclusions, pupils.world.draws
    of = np.repeat(np.arange(len(sent.rows)), sent.times)
    number = np.arange(len(of)) - np.repeat(np.cumsum(sent.times) - sent.times, sent.times)
    rows = sent.rows[of]
    person, grade, year = pupils.person[rows], pupils.grade[rows], pupils.year[rows]
    key = pupils.ids[rows], grade * MOST + number
    share = (number + draws.uniform("exclusion.day", *key) * 0.9) / sent.times[of]
    start = _weekday(on(year, 9, 6) + (share * _SCHOOL_DAYS).astype(np.int32))
    permanent = sent.permanent[of] & (number == sent.times[of] - 1)
    length = 1 - np.log(1 - draws.uniform("exclusion.length", *key)) * (2 * odds.days - 1)
    reason = Slots(np.array(list(odds.reasons.values()))).at(draws.uniform("exclusion.reason", *key))
    school = pupils.school(rows)
    return {
        "PupilMatchingRefAnonymous": pupils.reference(person, grade).array(),
        "AcademicYear": whole(six_digits(year)),
        "URN": whole(school["urn"]),
        "LAEstab": whole(school["laestab"]),
        "NCyearActual": whole(grade),
        "StartDate": dates(np.minimum(start, DATA_END)),
        "Category": coded(permanent, ["FIXD", "PERM"]),
        "Reason": coded(reason, list(odds.reasons)),
        "ActualNumberOfSessions": whole(np.minimum(length, 90), ~permanent),
        "FSM": whole(pupils.free_meals(person, grade)),
        "SEN": whole(pupils.special_needs[person]),
    }


def _weekday(days: Days) -> Days:
    """The Monday after a day of the weekend; day 0, 1 January 1970, was a Thursday."""
    week = (days + 3) % 7
    return (days + np.where(week >= 5, 7 - week, 0)).astype(np.int32)
