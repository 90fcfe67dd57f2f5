"""Examinations at 11, 16 and 18; at 16 and 18 also of pupils of private schools, who
are in no census.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from synthetic.base.dates import on, six_digits
from synthetic.base.draws import Floats, Ints
from synthetic.base.reference import INDEPENDENT
from synthetic.base.text import Text
from synthetic.education.journeys import FIRST_YEAR, LAST_YEAR, taught
from synthetic.people.people import PRIVATE
from synthetic.sources.npd.pupils import Pupils
from synthetic.world import coded, dates, whole

FIRST_SCORES, FIRST_PROGRESS, FIRST_NEW_POINTS = 2015, 2015, 2015
_GRADES = list("ABCDEFGUX")


@dataclass(frozen=True)
class _Sat:
    """Candidates of a year: place of the person, the year in which the academic year
    began, the school, reference.
    """

    person: Ints
    year: Ints
    school: dict[str, Ints]
    known: NDArray[np.bool_]  # whether the school is
    pmr: Text


def key_stage_2(pupils: Pupils) -> dict[str, Any]:
    """Tests in year 6: levels to 2014/15, scores after."""
    people, draws, odds = (
        pupils.world.people,
        pupils.world.draws,
        pupils.odds.attainment,
    )
    rows = np.flatnonzero(
        (pupils.grade == 6) & ~pupils.double & (pupils.year <= odds.last_tests)
    )
    rows = rows[_sits(pupils, pupils.person[rows], pupils.year[rows])]
    person, year = pupils.person[rows], pupils.year[rows]
    ids, school = people.ids[person], pupils.school(rows)
    ability = people.ability[person] + odds.key_stage_2_noise * draws.normal("ks2", ids)
    margin = {
        name: ability
        + odds.subject_noise * draws.normal(f"ks2.{name}", ids)
        - odds.spread * _threshold(shares, year)
        for name, shares in (
            ("english", odds.english),
            ("maths", odds.maths),
            ("writing", odds.writing),
        )
    }  # 0 is the expected level
    success = {name: value > 0 for name, value in margin.items()}
    is_old = year < FIRST_SCORES
    # A level is about .9 of a standard deviation wide; scores have 100 for the expected
    # standard and 8 a deviation.
    level = {
        name: np.clip(np.floor(4 + value / 1.1), 2, 5).astype(np.int64) - 2
        for name, value in margin.items()
    }
    score = {
        name: np.clip(np.round(100 + value * 6.5), 80, 120)
        for name, value in margin.items()
    }
    outcome = np.where(success["writing"], np.where(margin["writing"] > 1.35, 2, 1), 0)
    return {
        "PupilMatchingRefAnonymous": pupils.reference(
            person, pupils.grade[rows]
        ).array(),
        "ACADYR": whole(six_digits(year)),
        "URN": whole(school["urn"]),
        "LAESTAB": whole(school["laestab"]),
        "ENGLEV": coded(np.where(year < 2012, level["english"], -1), list("2345")),
        "READLEV": coded(np.where(is_old, level["english"], -1), list("2345")),
        "MATLEV": coded(np.where(is_old, level["maths"], -1), list("2345")),
        "LEVXENG": whole(success["english"], year < 2012),
        "LEVXREAD": whole(success["english"], is_old & (year >= 2008)),
        "LEVXMAT": whole(success["maths"], is_old),
        "READSCORE": whole(score["english"], ~is_old),
        "MATSCORE": whole(score["maths"], ~is_old),
        "WRITTAOUTCOME": coded(np.where(is_old, -1, outcome), ["WTS", "EXS", "GDS"]),
        "READEXP": whole(success["english"], ~is_old),
        "MATEXP": whole(success["maths"], ~is_old),
        "RWMEXP": whole(
            success["english"] & success["maths"] & success["writing"], ~is_old
        ),
    }


def _threshold(shares: dict[int, float], year: Ints) -> Floats:
    """The standard score that the published share of the year's pupils reaches; years
    between are interpolated.
    """
    from scipy.special import ndtri

    years = sorted(shares)
    out: Floats = -ndtri(
        np.interp(year, years, [shares[table_year] for table_year in years])
    )
    return out


def key_stage_4(pupils: Pupils) -> dict[str, Any]:
    """GCSEs and equivalents in year 11."""
    people, journey, draws = (
        pupils.world.people,
        pupils.world.journeys,
        pupils.world.draws,
    )
    rows = np.flatnonzero((pupils.grade == 11) & ~pupils.double)
    candidates = _candidates(pupils, pupils.person[rows], rows, people.cohort + 16, 11)
    pupil, year = candidates.person, candidates.year
    ids = people.ids[pupil]
    points = journey.points[pupil]
    draw = draws.uniform("ks4.passes", ids)
    passes = np.where(
        journey.level2[pupil],
        5 + (points > 420) * 3 + (draw * 3).astype(int),
        (draw * 5).astype(int),
    )
    grade = np.clip(
        5.2
        - points / 110
        + np.stack([draws.normal(f"ks4.{s}", ids) * 0.9 for s in ("eng", "mat")]),
        0,
        7,
    )
    grade = np.where(journey.level2_em[pupil], np.minimum(grade, 2), grade).astype(
        np.int64
    )
    attainment = np.round(np.clip(points / 8, 0, 90), 2)
    progress = np.round(
        np.clip((points - 390) / 110 - 0.7 * people.ability[pupil], -4, 4), 2
    )
    return {
        "PupilMatchingRefAnonymous": candidates.pmr.array(),
        "ACADYR": whole(six_digits(year)),
        "URN": whole(candidates.school["urn"]),
        "LAESTAB": whole(candidates.school["laestab"]),
        "FSM": whole(
            pupils.free_meals(pupil, np.full(len(pupil), 11))
            & (people.kind[pupil] != PRIVATE)
        ),
        "GCSE_AC": whole(passes),
        "LEVEL2": whole(journey.level2[pupil]),
        "LEVEL2_EM": whole(journey.level2_em[pupil] & journey.level2[pupil]),
        "LEVEL1": whole(points > 120),
        "PTSTNEWG": pa.array(points),
        "ATT8": pa.array(attainment, mask=year < FIRST_PROGRESS),
        "P8SCORE": pa.array(
            progress, mask=(year < FIRST_PROGRESS) | (people.kind[pupil] == PRIVATE)
        ),
        "APENG": coded(grade[0], _GRADES),
        "APMAT": coded(grade[1], _GRADES),
    }


def key_stage_5(pupils: Pupils) -> dict[str, Any]:
    """A levels and equivalents at 18, in school sixth forms and colleges; colleges have
    no school number.
    """
    people, journey, draws = (
        pupils.world.people,
        pupils.world.journeys,
        pupils.world.draws,
    )
    index = (people.cohort + 18 - FIRST_YEAR).clip(0, LAST_YEAR - FIRST_YEAR)
    places = np.arange(len(people))
    college = journey.college[places, index] & (people.cohort + 18 <= LAST_YEAR)
    able = people.ability > pupils.odds.attainment.level_3
    rows = np.flatnonzero((pupils.grade == 13) & ~pupils.double)
    school = np.zeros(len(people), np.int64)
    school[pupils.person[rows]] = rows + 1
    is_known = np.zeros(len(people), bool)
    is_known[pupils.person] = (
        # who never was at a state school has no reference to match a college's results
        # to
        True
    )
    person = np.flatnonzero(able & ((school > 0) | (college & is_known)))
    candidates = _candidates(pupils, person, school[person] - 1, people.cohort + 18, 13)
    pupil, year = candidates.person, candidates.year
    ids = people.ids[pupil]
    entries = 2 + (
        people.ability[pupil] * 0.5 + draws.uniform("ks5.entries", ids) * 2
    ).clip(0, 2.9).astype(np.int64)
    mean = np.clip(
        3.4
        + 0.9 * (journey.points[pupil] - 420) / 110
        + 0.7 * draws.normal("ks5", ids),
        0,
        6,
    )  # E 1, A* 6
    is_new = year >= FIRST_NEW_POINTS
    points = np.where(is_new, mean * 10, np.where(mean > 0, 120 + mean * 30, 0))
    academic = draws.chance(
        "ks5.academic", ids, np.where(people.kind[pupil] == PRIVATE, 0.97, 0.72)
    )
    passes = np.where(mean > 0.4, entries, 0)
    top = np.clip(np.round((mean - 3.6) / 1.4 * entries), 0, entries)
    return {
        "PupilMatchingRefAnonymous": candidates.pmr.array(),
        "ACADYR": whole(six_digits(year)),
        "URN": whole(candidates.school["urn"], candidates.known),
        "LAESTAB": whole(candidates.school["laestab"], candidates.known),
        "ENTRYDAT": dates(on(year - 1, 9, 1), candidates.known),
        "ALEV": whole(academic),
        "TOTENTS": whole(entries),
        "TOTPTSE": pa.array(np.round(points * entries, 1)),
        "PASSES_GA": whole(np.where(academic, passes, 0)),
        "GRADEA_TOT": whole(np.where(academic, top, 0)),
        "PASS2LV3": whole(passes >= 2),
        "PASS3LV3": whole(passes >= 3),
        "B3PTSE_B3": pa.array(np.round(points, 2), mask=~(is_new & academic)),
    }


def _candidates(
    pupils: Pupils, person: Ints, rows: Ints, year: Ints, grade: int
) -> _Sat:
    """Pupils of state schools (at the rows, -1 for none) and, after them, pupils of
    private schools.
    """
    world, people = pupils.world, pupils.world.people
    private = (people.kind == PRIVATE) & (year >= FIRST_YEAR) & (year <= LAST_YEAR)
    private = np.flatnonzero(private & taught(world.journeys, year[:, None])[:, 0])
    if grade > 11:
        private = private[
            world.journeys.sixth_form[private, year[private] - FIRST_YEAR]
        ]
    state, independent = (
        pupils.school(np.maximum(rows, 0)),
        _independent(pupils, private),
    )
    place = np.concatenate([person, private])
    order = np.argsort(place, kind="stable")
    order = order[_sits(pupils, place[order], year[place[order]])]
    school = {
        name: np.concatenate([state[name], independent[name]])[order]
        for name in independent
    }
    has_school = np.concatenate([rows >= 0, np.ones(len(private), bool)])[order]
    place = place[order]
    return _Sat(
        place,
        year[place],
        school,
        has_school,
        pupils.reference(place, np.full(len(place), grade)),
    )


def _sits(pupils: Pupils, person: Ints, year: Ints) -> NDArray[np.bool_]:
    """Who is alive, and in the country, when the year is examined."""
    return pupils.world.people.departure[person] > on(year + 1, 6, 30)


def _independent(pupils: Pupils, person: Ints) -> dict[str, Ints]:
    """Invented private schools of the authority, one for brothers and sisters."""
    people, places = pupils.world.people, pupils.world.reference.places
    authority = places.authority[people.homes.postcode[person, 0] // 400].astype(
        np.int64
    )
    authority = np.where(authority > 0, authority, 201)
    number = (
        pupils.world.draws.uniform("school.private", people.family[person]) * 12
    ).astype(np.int64)
    return {
        "urn": 900_000 + authority * 20 + number,
        "laestab": authority * 10_000 + INDEPENDENT + number,
    }
