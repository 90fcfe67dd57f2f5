"""Absence, exclusions, alternative provision, children in need and children looked
after.
"""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from synthetic.base.dates import YEAR, Days, on, six_digits
from synthetic.base.draws import Arrays, Ints, Slots
from synthetic.education.journeys import FIRST_YEAR as FIRST_CENSUS
from synthetic.education.journeys import LAST_YEAR, taught
from synthetic.people.families import ENGLAND
from synthetic.people.people import IN_STATE_SCHOOLS
from synthetic.sources.npd.pupils import REMOVED, Pupils, census_days
from synthetic.world import coded, dates, whole

ABSENCE_FIRST_YEAR, WITHOUT = 2005, 2019
"""Collected since 2005/06; the year in which schools closed has no figures."""


@dataclass(frozen=True)
class Excluded:
    """Rows of pupils' years in which they were excluded, how often, and whether the
    last time for good.
    """

    rows: Ints
    times: Ints
    permanent: NDArray[np.bool_]


def absence(pupils: Pupils, outside: NDArray[np.bool_]) -> dict[str, Any]:
    """A row for each pupil and year, at the pupil's main school; none of the years
    outside school (`outside`).
    """
    people, draws, odds = pupils.world.people, pupils.world.draws, pupils.odds.absence
    rows = np.flatnonzero(
        (pupils.grade >= 1)
        & (pupils.grade <= 11)
        & ~pupils.double
        & (pupils.year >= ABSENCE_FIRST_YEAR)
        & (pupils.year != WITHOUT)
        & ~outside
    )
    person, grade, year = pupils.person[rows], pupils.grade[rows], pupils.year[rows]
    liability = (
        odds.lasting * draws.normal("absence", people.ids)
        + odds.ability * people.ability
    )
    liability += odds.poor * people.fsm + odds.special_needs * pupils.special_needs
    log = liability[person] + odds.passing * draws.normal(
        "absence.year", people.ids[person], grade
    )
    log += odds.older * (grade >= 10)
    draw = draws.uniform("absence.possible", people.ids[person], grade)
    possible = np.where(
        draw < 0.93, odds.possible, (draw * 1000).astype(np.int64) % 230 + 100
    )  # others came or left
    possible -= 2 * (year % 3)  # holidays and training days fall otherwise each year
    absences = np.minimum(np.exp(log) * odds.median * possible + 0.5, possible).astype(
        np.int64
    )
    share = np.clip(
        odds.unauthorised
        * 1.6
        * draws.uniform("absence.kind", people.ids[person], grade),
        0,
        1,
    )
    unauthorised = (absences * np.where(people.fsm[person], share * 1.3, share)).astype(
        np.int64
    )
    return {
        "PupilMatchingRefAnonymous": pupils.reference(person, grade).array(),
        "AcademicYear": whole(six_digits(year)),
        "URN": whole(pupils.school(rows)["urn"]),
        "NCyearActual": whole(grade),
        "SessionsPossible_6HalfTerms": whole(possible),
        "AuthorisedAbsence_6HalfTerms": whole(absences - unauthorised),
        "UnauthorisedAbsence_6HalfTerms": whole(unauthorised),
        "OverallAbsence_6HalfTerms": whole(absences),
        "PA10_Exact_6HalfTerms": whole(absences >= odds.persistent * possible),
    }


ALTERNATIVE_FIRST_YEAR = 2007
_FIRST_GRADE, _LAST_GRADE, _NEVER = 7, 11, 99


def places(
    pupils: Pupils, exclusion: Excluded
) -> tuple[dict[str, Any], NDArray[np.bool_]]:
    """The census of alternative provision, and the pupils' years that the school census
    does not hold.
    """
    people, draws, odds = (
        pupils.world.people,
        pupils.world.draws,
        pupils.odds.alternative,
    )
    start = _starts(pupils, exclusion)
    length = 1 + (draws.uniform("alternative.years", people.ids) * 2.4).astype(np.int64)
    years_in = pupils.grade - start[pupils.person]
    is_there = (
        (years_in >= 0)
        & (years_in < length[pupils.person])
        & (pupils.grade <= _LAST_GRADE)
    )
    is_there &= (pupils.year >= ALTERNATIVE_FIRST_YEAR) & ~pupils.double
    rows = np.flatnonzero(is_there)
    is_alone = draws.chance(
        "alternative.alone", pupils.ids[rows], odds.alone, pupils.grade[rows]
    )
    is_outside = np.zeros(len(is_there), bool)
    is_outside[rows[is_alone]] = True
    is_outside[1:] |= is_outside[:-1] & pupils.double[1:]
    return _table(pupils, rows, is_alone), is_outside


def _starts(pupils: Pupils, exclusion: Excluded) -> Ints:
    """The grade in which each person first has such a place: after a permanent
    exclusion, or by liability.
    """
    people, draws, odds = (
        pupils.world.people,
        pupils.world.draws,
        pupils.odds.alternative,
    )
    has_place = draws.chance(
        "alternative", people.ids, np.minimum(odds.ever * pupils.behaviour, 0.5)
    )
    grade = _FIRST_GRADE + (
        np.sqrt(draws.uniform("alternative.at", people.ids)) * 5
    ).astype(np.int64)
    start = np.where(has_place, grade, _NEVER)
    rows = exclusion.rows[exclusion.permanent]
    placed_rows = rows[
        draws.chance("alternative.after", pupils.ids[rows], odds.after_exclusion)
    ]
    np.minimum.at(start, pupils.person[placed_rows], pupils.grade[placed_rows] + 1)
    return start


def _table(pupils: Pupils, rows: Ints, is_outside: NDArray[np.bool_]) -> dict[str, Any]:
    draws, odds = pupils.world.draws, pupils.odds.alternative
    person, grade, year = pupils.person[rows], pupils.grade[rows], pupils.year[rows]
    kind = Slots(np.array(list(odds.kinds.values()))).at(
        draws.uniform("alternative.kind", pupils.ids[rows])
    )
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
        "AttendsSchool": whole(~is_outside),
    }


FIRST_NEED_YEAR, FIRST_CARE_YEAR = 2008, 2005
Shares = dict[str, float]


@dataclass(frozen=True)
class _Spells(Arrays):
    """Spells from day to day, in the order of the people: of need, or of care."""

    person: Ints
    number: Ints  # of the spell among the person's
    start: Ints
    end: Ints


@dataclass(frozen=True)
class _Years(Arrays):
    """Spells by the year from April to March that they touch."""

    spell: Ints  # its place
    year: Ints  # in which the year began
    opens: Ints  # 1 April and
    closes: Ints  # 31 March of it
    authority: Ints  # in which the spell began


def care(pupils: Pupils) -> tuple[dict[str, Any], dict[str, Any]]:
    """The tables of children in need and of children looked after."""
    need_spells, care_spells = _spells(pupils)
    return _in_need(pupils, need_spells), _looked_after(pupils, care_spells)


def _spells(pupils: Pupils) -> tuple[_Spells, _Spells]:
    """Episodes of need between 5 and 17; some first ones lead to care, and then last as
    long as it.
    """
    people, draws, odds = pupils.world.people, pupils.world.draws, pupils.odds.in_need
    weights = pupils.odds.needs
    liability = (
        weights.family * draws.normal("need.family", people.family)
        + weights.poor * people.fsm
    )
    liability += (
        weights.deprivation * people.idaci
        + weights.special_needs * pupils.special_needs
    )
    has_need = draws.chance(
        "need", people.ids, np.minimum(odds.ever * np.exp(liability), 0.9)
    )
    person = np.flatnonzero(has_need & np.isin(people.kind, IN_STATE_SCHOOLS))
    ids, birth = people.ids[person], people.birth[person].astype(np.int64)
    first = np.maximum(birth + 4.6 * YEAR, people.arrival[person])
    start = (
        first + (birth + 17 * YEAR - first) * draws.uniform("need.start", ids)
    ).astype(np.int64)
    limit = np.minimum(
        birth + int(18 * YEAR), people.departure[person]
    )  # or gone before
    mask = start + 20 < limit
    person, ids, start, limit = person[mask], ids[mask], start[mask], limit[mask]
    end = start + 20 + _days(pupils, "need.length", ids, odds.years)
    has_care = draws.chance("care", ids, pupils.odds.looked_after.of_in_need)
    care_start = start + _days(pupils, "care.start", ids, 0.2)
    care_end = np.minimum(
        care_start
        + 10
        + _days(pupils, "care.length", ids, pupils.odds.looked_after.years),
        limit,
    )
    has_care &= care_start + 10 < limit
    end = np.minimum(np.where(has_care, np.maximum(end, care_end), end), limit)
    repeats = draws.chance("need.second", ids, odds.second)
    second_start = end + 60 + _days(pupils, "need.second.start", ids, 2)
    repeats &= second_start + 30 < limit
    last = np.minimum(
        second_start + 20 + _days(pupils, "need.second.length", ids, odds.years), limit
    )
    first_spells = _Spells(person, np.zeros(len(person), np.int64), start, end)
    later_spells = _Spells(
        person[repeats],
        np.ones(repeats.sum(), np.int64),
        second_start[repeats],
        last[repeats],
    )
    need = _Spells.concatenate(first_spells, later_spells)
    need = need.take(np.argsort(need.person, kind="stable"))
    return need, _Spells(
        person[has_care],
        np.zeros(has_care.sum(), np.int64),
        care_start[has_care],
        care_end[has_care],
    )


def _days(pupils: Pupils, field: str, ids: Ints, years: float) -> Ints:
    """Days after which something ends, with the given mean in years."""
    return (-np.log(1 - pupils.world.draws.uniform(field, ids)) * years * YEAR).astype(
        np.int64
    )


def _years(pupils: Pupils, spells: _Spells, first_year: int) -> _Years:
    """Years of the spells that began in England in which the child is of school age
    there.
    """
    people, journey, places = (
        pupils.world.people,
        pupils.world.journeys,
        pupils.world.reference.places,
    )
    years = np.arange(first_year, LAST_YEAR + 1)
    opens, closes = (
        on(years + next_year, *date).astype(np.int64)
        for next_year, date in ((0, (4, 1)), (1, (3, 31)))
    )
    is_there = (spells.start[:, None] <= closes) & (spells.end[:, None] >= opens)
    age = years[None, :] - people.cohort[spells.person][:, None]
    is_there &= (
        (age >= 5) & (age <= 17) & taught(journey, years[None, :])[spells.person]
    )
    is_there &= (
        people.homes.nation(
            spells.person[:, None], np.maximum(opens, spells.start[:, None])
        )
        == ENGLAND
    )
    spell, column = np.nonzero(is_there)
    person, start = spells.person[spell], spells.start[spell]
    authority = places.authority[
        people.homes.postcode[person, people.homes.at(person, start)] // 400
    ].astype(np.int64)
    return _Years(spell, years[column], opens[column], closes[column], authority).take(
        np.flatnonzero(authority > 0)
    )


def _picked(
    pupils: Pupils,
    field: str,
    key: tuple[Ints, Ints],
    shares: Shares,
    is_known: Any = True,
) -> Any:
    """A column of codes with the given shares, NULL where not known."""
    codes = Slots(np.array(list(shares.values()))).at(
        pupils.world.draws.uniform(field, *key)
    )
    return coded(np.where(is_known, codes, -1), list(shares))


def _in_need(pupils: Pupils, spells: _Spells) -> dict[str, Any]:
    """A row for each episode and year; what happens after 31 March is not known."""
    odds, draws, people = pupils.odds.in_need, pupils.world.draws, pupils.world.people
    rows = _years(pupils, spells, FIRST_NEED_YEAR)
    person, start, end = (
        spells.person[rows.spell],
        spells.start[rows.spell],
        spells.end[rows.spell],
    )
    key = people.ids[person], spells.number[rows.spell]
    is_closed = end <= rows.closes
    conference = (
        start + 15 + (draws.uniform("need.conference", *key) * 40).astype(np.int64)
    )
    plan = (
        (draws.uniform("need.plan", *key) < odds.conference)
        & (conference < end)
        & (conference <= rows.closes)
    )
    no_action = (
        draws.chance("need.no.action", key[0], odds.no_action, key[1])
        & is_closed
        & (end - start < 60)
    )
    return {
        "PupilMatchingRefAnonymous": pupils.reference(
            person, rows.year - people.cohort[person] - 5
        ).array(),
        "ACADYR": whole(six_digits(rows.year)),
        "LA": whole(rows.authority),
        "ChildAge31March": whole((rows.closes - people.birth[person]) // YEAR),
        "Disability": whole(draws.chance("need.disabled", key[0], odds.disabled)),
        "CINReferralDate": dates(start),
        "ReferralSource": _picked(
            pupils, "need.source", key, odds.sources, rows.year >= 2013
        ),
        "ReferralNFA": whole(no_action),
        "PrimaryNeedCode": _picked(pupils, "need.kind", key, odds.needs),
        "CINClosureDate": dates(end, is_closed),
        "ReasonForClosure": _picked(
            pupils, "need.closure", key, odds.closures, is_closed
        ),
        "DateOfInitialCPC": dates(conference, plan),
        "InitialCategoryOfAbuse": _picked(pupils, "need.abuse", key, odds.abuse, plan),
        "CINAt31March": whole(~is_closed),
    }


def _looked_after(pupils: Pupils, spells: _Spells) -> dict[str, Any]:
    """A row for each period of care and year, with the placement of its last day in the
    year.
    """
    odds, draws, people = (
        pupils.odds.looked_after,
        pupils.world.draws,
        pupils.world.people,
    )
    rows = _years(pupils, spells, FIRST_CARE_YEAR)
    person, start, end = (
        spells.person[rows.spell],
        spells.start[rows.spell],
        spells.end[rows.spell],
    )
    ids = people.ids[person]
    key = ids, np.zeros(len(ids), np.int64)
    has_ceased = end <= rows.closes
    last_day = np.minimum(end, rows.closes)
    in_year = last_day - np.maximum(start, rows.opens)
    placement_day = np.maximum(
        start,
        rows.opens
        + (draws.uniform("care.move", ids, rows.year) * 200).astype(np.int64),
    )
    return {
        "PupilMatchingRefAnonymous": pupils.reference(
            person, rows.year - people.cohort[person] - 5
        ).array(),
        "ACADYR": whole(six_digits(rows.year)),
        "PROCESSING_YEAR": whole(rows.year + 1),
        "CLA_LA": whole(rows.authority),
        "AGE_AUG": whole(rows.year - people.cohort[person]),
        "UASC_STATUS": whole(
            people.foreign_born[person]
            & draws.chance("care.asylum", ids, min(odds.asylum * 6, 1.0))
        ),
        "POC_START": dates(start),
        "POC_LENGTH": whole(last_day - start + 1),
        "CAT_NEED": _picked(pupils, "care.need", key, odds.needs),
        "DATE_EPI_COMM": dates(np.minimum(placement_day, last_day)),
        "DATE_EPI_CEASED": dates(end, has_ceased),
        "LEGAL_STATUS": _picked(pupils, "care.legal", key, odds.legal),
        "PLACEMENT": _picked(
            pupils, "care.placement", (ids, rows.year), odds.placements
        ),
        "CLA_31_MARCH": whole(~has_ceased),
        "CLA_12_MONTHS": whole(~has_ceased & (in_year >= 364)),
    }


EXCLUSIONS_FIRST_YEAR = 2005
MOST = 6  # in a year
_SCHOOL_DAYS = 300  # from early September to July
_CHRISTMAS_DAYS = 14
_YEAR_OF_CLOSURE, _CLOSED_DAYS = (
    2019,
    70,
)  # from 23 March 2020 on schools were closed to most


def excluded(pupils: Pupils) -> Excluded:
    """Who is excluded in which year, by year of school and the pupil's own
    liability.
    """
    odds, draws = pupils.odds.exclusions, pupils.world.draws
    by_grade = np.array([*odds.suspended, odds.suspended[-1]])
    chance = by_grade[pupils.grade] * pupils.behaviour[pupils.person]
    rows = np.flatnonzero(
        draws.chance("exclusion", pupils.ids, np.minimum(chance, 0.6), pupils.grade)
        & ~pupils.double
        & (pupils.year >= EXCLUSIONS_FIRST_YEAR)
        & _all_year(pupils)
    )
    ids, grade = pupils.ids[rows], pupils.grade[rows]
    draw = draws.uniform("exclusion.times", ids, grade)
    extra = np.log(1 - draw) / np.log(
        odds.again
    )  # as often again as a coin of these odds says
    times = 1 + np.minimum(extra.astype(np.int64), MOST - 1)
    permanent = draws.chance("exclusion.permanent", ids, odds.permanent, grade) & (
        pupils.event[rows] % 2 == 0
    )
    first = np.zeros(
        len(rows), bool
    )  # of each phase: the second school keeps its pupils
    _, index = np.unique(
        (pupils.person[rows] * 2 + (grade > 6))[permanent], return_index=True
    )
    first[np.flatnonzero(permanent)[index]] = True
    return Excluded(rows, times, first)


def moved_on(pupils: Pupils, exclusion: Excluded) -> Pupils:
    """The pupils as censuses find them: who was excluded for good is at the second
    school of the phase from then on.
    """
    rows, times = (
        exclusion.rows[exclusion.permanent],
        exclusion.times[exclusion.permanent],
    )
    days = pupils.expelled.copy()
    days[pupils.person[rows], (pupils.grade[rows] > 6).astype(np.int64)] = (
        _exclusions_days(pupils, rows, times - 1, times)
    )
    day = days[pupils.person, (pupils.grade > 6).astype(np.int64)]
    has_moved = (
        (day > 0)
        & (day + REMOVED < census_days()[pupils.year - FIRST_CENSUS])
        & (pupils.event % 2 == 0)
    )
    has_moved &= ~pupils.double & (pupils.grade <= 11)
    return replace(pupils, event=pupils.event + has_moved, expelled=days)


def _all_year(pupils: Pupils) -> NDArray[np.bool_]:
    """Years in which the pupil is there from the first day to the last."""
    people, person = pupils.world.people, pupils.person
    out: NDArray[np.bool_] = people.arrival[person] <= on(pupils.year, 9, 1)
    return out & (people.departure[person] > on(pupils.year + 1, 7, 31))


def exclusions(pupils: Pupils, movers: Pupils, exclusion: Excluded) -> dict[str, Any]:
    """A row for each exclusion; `movers` are the pupils at the schools to which some
    have to go.
    """
    odds, draws = pupils.odds.exclusions, pupils.world.draws
    place = np.repeat(np.arange(len(exclusion.rows)), exclusion.times)
    number = np.arange(len(place)) - np.repeat(
        np.cumsum(exclusion.times) - exclusion.times, exclusion.times
    )
    rows = exclusion.rows[place]
    person, grade, year = pupils.person[rows], pupils.grade[rows], pupils.year[rows]
    key = pupils.ids[rows], grade * MOST + number
    start = _exclusions_days(pupils, rows, number, exclusion.times[place])
    permanent = exclusion.permanent[place] & (number == exclusion.times[place] - 1)
    length = 1 - np.log(1 - draws.uniform("exclusion.length", *key)) * (
        2 * odds.days - 1
    )
    reason = Slots(np.array(list(odds.reasons.values()))).at(
        draws.uniform("exclusion.reason", *key)
    )
    expulsion_day = movers.expelled[person, (grade > 6).astype(np.int64)]
    is_later = (expulsion_day > 0) & (start > expulsion_day)
    school = {
        name: np.where(is_later, codes, pupils.school(rows)[name])
        for name, codes in movers.school(rows).items()
    }
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


def _exclusions_days(pupils: Pupils, rows: Ints, number: Ints, times: Ints) -> Days:
    """The first day of an exclusion, of so many in the pupil's year: a day of school,
    on which no two begin.
    """
    draw = pupils.world.draws.uniform(
        "exclusion.day", pupils.ids[rows], pupils.grade[rows] * MOST + number
    )
    year = pupils.year[rows]
    closed_days = np.where(year == _YEAR_OF_CLOSURE, _CLOSED_DAYS, 0)
    share = (
        (number + draw * 0.9) / times * (_SCHOOL_DAYS - _CHRISTMAS_DAYS - closed_days)
    )
    days = on(year, 9, 6) + share.astype(np.int64)
    days += _CHRISTMAS_DAYS * (days > on(year, 12, 20))
    days += closed_days * (days >= on(year + 1, 3, 23))
    week = (days + 3) % 7  # day 0, 1 January 1970, was a Thursday
    out: Days = (days + np.where(week >= 5, 7 - week, 0)).astype(np.int32)
    return out
