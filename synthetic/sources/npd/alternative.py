"""Places outside schools: pupil referral units and what authorities pay for."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from synthetic.drawn.dates import six_digits
from synthetic.drawn.draws import Ints, Slots
from synthetic.sources.npd.exclusions import Excluded
from synthetic.sources.npd.pupils import Pupils
from synthetic.world.world import coded, whole

FIRST_YEAR = 2007
_FIRST_GRADE, _LAST_GRADE, _NEVER = 7, 11, 99


@dataclass(frozen=True)
class Places:
    """The census of alternative provision, and the pupils' years that the school census does not hold."""

    table: dict[str, Any]
    alone: NDArray[np.bool_]


def places(pupils: Pupils, sent: Excluded) -> Places:
    """Who is outside a school in which year; some are on a school's roll beside it."""
    people, draws, odds = pupils.world.people, pupils.world.draws, pupils.odds.alternative
    start = _starts(pupils, sent)
    length = 1 + (draws.uniform("alternative.years", people.ids) * 2.4).astype(np.int64)
    since = pupils.grade - start[pupils.person]
    there = (since >= 0) & (since < length[pupils.person]) & (pupils.grade <= _LAST_GRADE)
    there &= (pupils.year >= FIRST_YEAR) & ~pupils.double
    rows = np.flatnonzero(there)
    by_itself = draws.chance("alternative.alone", pupils.ids[rows], odds.alone, pupils.grade[rows])
    alone = np.zeros(len(there), bool)
    alone[rows[by_itself]] = True
    alone[1:] |= alone[:-1] & pupils.double[1:]
    return Places(_table(pupils, rows, by_itself), alone)


def _starts(pupils: Pupils, sent: Excluded) -> Ints:
    """The grade in which each person first has such a place: after a permanent exclusion, or by liability."""
    people, draws, odds = pupils.world.people, pupils.world.draws, pupils.odds.alternative
    ever = draws.chance("alternative", people.ids, np.minimum(odds.ever * pupils.behaviour, 0.5))
    at = _FIRST_GRADE + (np.sqrt(draws.uniform("alternative.at", people.ids)) * 5).astype(np.int64)
    start = np.where(ever, at, _NEVER)
    gone = sent.rows[sent.permanent]
    placed = gone[draws.chance("alternative.after", pupils.ids[gone], odds.after_exclusion)]
    np.minimum.at(start, pupils.person[placed], pupils.grade[placed] + 1)
    return start


def _table(pupils: Pupils, rows: Ints, alone: NDArray[np.bool_]) -> dict[str, Any]:
    draws, odds = pupils.world.draws, pupils.odds.alternative
    person, grade, year = pupils.person[rows], pupils.grade[rows], pupils.year[rows]
    kind = Slots(np.array(list(odds.kinds.values()))).at(draws.uniform("alternative.kind", pupils.ids[rows]))
    stage = np.where(pupils.special_needs[person], np.where(year >= 2014, 2, 1), 0)
    return {
        "PupilMatchingRefAnonymous": pupils.reference(person, grade).array(),
        "ACADYR": whole(six_digits(year)),
        "LANumber": whole(pupils.school(rows)["authority"]),
        "Age_Start": whole(grade + 4),
        "FSMeligible": whole(pupils.free_meals(person, grade)),
        "SENProvision": coded(stage, ["N", "P", "K"]),
        "APTypeDescription": coded(kind, list(odds.kinds)),
        "OpenPlacement": whole(np.ones(len(rows), np.int64)),
        "AttendsSchool": whole(~alone),
    }
