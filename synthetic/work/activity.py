"""What people mainly do in each tax year, in the order that DfE gives it: study, benefits, work, less than any of them.

The shares of each, by years after key stage 4 and trait, are those that DfE published for 2001/02 to 2006/07;
who is among them follows deviates that people carry from year to year. People who were never in
English education live by the figures of their age.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from synthetic.drawn.dates import on
from synthetic.drawn.draws import Draws, Ints
from synthetic.education.deviates import Deviates, by_year, deviates
from synthetic.education.journeys import YEARS, Journeys
from synthetic.education.traits import Traits, odds_table, with_qualification
from synthetic.people.people import People
from synthetic.rules.working import working
from synthetic.work.insurance import Insurance

CHILD, STUDENT, CLAIMANT, UNSETTLED, WORKER, UNCAPTURED = range(6)
"""Before year 1 after key stage 4; in study, or on out-of-work benefits, for six months; some work or study, but less
than that; in work every month; of whom no source tells."""

Activities = NDArray[np.int8]


def years_since(people: People) -> Ints:
    """(people, YEARS): years after key stage 4 as DfE counts them; year 1 is the first whole tax year."""
    return YEARS[None, :] - people.cohort[:, None] - 17


@dataclass(frozen=True)
class Lives:
    """(people, YEARS) each."""

    activity: Activities  # CHILD to UNCAPTURED
    otherwise: Activities  # what students would do if they did not study
    away: NDArray[np.bool_]  # abroad, dead or without a number for a part of the year


def lives(draws: Draws, people: People, journey: Journeys, insured: Insurance) -> Lives:
    """What people do in each tax year."""
    since = years_since(people)
    studies, away, seen = standing(people, journey, insured)
    ids, rules = people.ids, working()
    person = with_qualification(journey.traits, journey.qualified)
    did = np.full(since.shape, WORKER, np.int8)
    steady = deviates(draws, "work", ids, YEARS, rules.work.lasting, rules.work.from_year)
    did[steady < _table("life_unsettled", person, since)] = UNSETTLED
    did[steady < _table("life_claims", person, since)] = CLAIMANT
    otherwise = did.copy()
    gone = deviates(draws, "uncaptured", ids, YEARS, rules.uncaptured.lasting, rules.uncaptured.from_year)
    did[(gone < _table("life_uncaptured", person, since)) & ~seen] = UNCAPTURED
    did[away] = otherwise[away] = UNCAPTURED
    did[studies] = STUDENT
    did[since < 1] = CHILD
    return Lives(did, otherwise, away)


def _table(name: str, person: Traits, since: Ints) -> Deviates:
    return by_year(odds_table(name), person, since)


def standing(
    people: People, journey: Journeys, insured: Insurance
) -> tuple[NDArray[np.bool_], NDArray[np.bool_], NDArray[np.bool_]]:
    """(people, YEARS) each: studies for six months of the tax year; cannot be in work or on benefits; is seen studying.

    Those who studied in the academic year before may be seen from April to July.
    """
    studies = journey.studies()
    seen = studies | journey.short_course
    seen[:, 1:] |= seen[:, :-1].copy()
    opens, closes = on(YEARS, 4, 6)[None, :], on(YEARS + 1, 4, 5)[None, :]
    away = (insured.issued[:, None] > opens) | (people.departure[:, None] <= closes)
    away |= people.arrival[:, None] > opens
    return studies, away, seen
