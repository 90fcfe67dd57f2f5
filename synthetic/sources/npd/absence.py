"""Sessions that pupils missed in a year, of compulsory school age."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from synthetic.drawn.dates import six_digits
from synthetic.sources.npd.pupils import Pupils
from synthetic.world.world import whole

FIRST_YEAR, WITHOUT = 2005, 2019
"""Collected since 2005/06; the year in which schools closed has no figures."""


def absence(pupils: Pupils, alone: NDArray[np.bool_]) -> dict[str, Any]:
    """A row a pupil and year, at the pupil's main school; none of the years outside school (`alone`)."""
    people, draws, odds = pupils.world.people, pupils.world.draws, pupils.odds.absence
    rows = np.flatnonzero(
        (pupils.grade >= 1) & (pupils.grade <= 11) & ~pupils.double & (pupils.year >= FIRST_YEAR)
        & (pupils.year != WITHOUT) & ~alone
    )  # fmt: skip
    person, grade, year = pupils.person[rows], pupils.grade[rows], pupils.year[rows]
    own = odds.lasting * draws.normal("absence", people.ids) + odds.ability * people.ability
    own += odds.poor * people.fsm + odds.special_needs * pupils.special_needs
    log = own[person] + odds.passing * draws.normal("absence.year", people.ids[person], grade)
    log += odds.older * (grade >= 10)
    drawn = draws.uniform("absence.possible", people.ids[person], grade)
    possible = np.where(drawn < 0.93, odds.possible, (drawn * 1000).astype(np.int64) % 230 + 100)  # others came or left
    possible -= 2 * (year % 3)  # holidays and training days fall otherwise each year
    missed = np.minimum(np.exp(log) * odds.median * possible + 0.5, possible).astype(np.int64)
    share = np.clip(odds.unauthorised * 1.6 * draws.uniform("absence.kind", people.ids[person], grade), 0, 1)
    unauthorised = (missed * np.where(people.fsm[person], share * 1.3, share)).astype(np.int64)
    return {
        "PupilMatchingRefAnonymous": pupils.reference(person, grade).array(),
        "AcademicYear": whole(six_digits(year)),
        "URN": whole(pupils.school(rows)["urn"]),
        "NCyearActual": whole(grade),
        "SessionsPossible_6HalfTerms": whole(possible),
        "AuthorisedAbsence_6HalfTerms": whole(missed - unauthorised),
        "UnauthorisedAbsence_6HalfTerms": whole(unauthorised),
        "OverallAbsence_6HalfTerms": whole(missed),
        "PA10_Exact_6HalfTerms": whole(missed >= odds.persistent * possible),
    }
