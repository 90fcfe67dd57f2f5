"""Absence, exclusions, alternative provision, children in need and children looked after."""

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
    """Rows of pupils' years in which they were excluded, how often, and whether the last time for good."""

    rows: Ints
    times: Ints
    permanent: NDArray[np.bool_]


def absence(pupils: Pupils, outside: NDArray[np.bool_]) -> dict[str, Any]:
    """A row a pupil and year, at the pupil's main school; none of the years outside school (`outside`)."""
    people, draws, odds = pupils.world.people, pupils.world.draws, pupils.odds.absence
    rows = np.flatnonzero(
        (pupils.grade >= 1) & (pupils.grade <= 11) & ~pupils.double & (pupils.year >= ABSENCE_FIRST_YEAR)
        & (pupils.year != WITHOUT) & ~outside
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


ALTERNATIVE_FIRST_YEAR = 2007
_FIRST_GRADE, _LAST_GRADE, _NEVER = 7, 11, 99


def places(pupils: Pupils, sent: Excluded) -> tuple[dict[str, Any], NDArray[np.bool_]]:
    """The census of alternative provision, and the pupils' years that the school census does not hold."""
    people, draws, odds = pupils.world.people, pupils.world.draws, pupils.odds.alternative
    start = _starts(pupils, sent)
    length = 1 + (draws.uniform("alternative.years", people.ids) * 2.4).astype(np.int64)
    since = pupils.grade - start[pupils.person]
    there = (since >= 0) & (since < length[pupils.person]) & (pupils.grade <= _LAST_GRADE)
    there &= (pupils.year >= ALTERNATIVE_FIRST_YEAR) & ~pupils.double
    rows = np.flatnonzero(there)
    by_itself = draws.chance("alternative.alone", pupils.ids[rows], odds.alone, pupils.grade[rows])
    outside = np.zeros(len(there), bool)
    outside[rows[by_itself]] = True
    outside[1:] |= outside[:-1] & pupils.double[1:]
    return _table(pupils, rows, by_itself), outside


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


def _table(pupils: Pupils, rows: Ints, outside: NDArray[np.bool_]) -> dict[str, Any]:
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
        "AttendsSchool": whole(~outside),
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

    of: Ints  # place of the spell
    year: Ints  # in which the year began
    opens: Ints  # 1 April and
    closes: Ints  # 31 March of it
    authority: Ints  # in which the spell began


def care(pupils: Pupils) -> tuple[dict[str, Any], dict[str, Any]]:
    """The tables of children in need and of children looked after."""
    need, cared_for = _spells(pupils)
    return _in_need(pupils, need), _looked_after(pupils, cared_for)


def _spells(pupils: Pupils) -> tuple[_Spells, _Spells]:
    """Episodes of need between 5 and 17; some first ones lead to care, and then last as long as it."""
    people, draws, odds = pupils.world.people, pupils.world.draws, pupils.odds.in_need
    weights = pupils.odds.needs
    liability = weights.family * draws.normal("need.family", people.family) + weights.poor * people.fsm
    liability += weights.deprivation * people.idaci + weights.special_needs * pupils.special_needs
    ever = draws.chance("need", people.ids, np.minimum(odds.ever * np.exp(liability), 0.9))
    person = np.flatnonzero(ever & np.isin(people.kind, IN_STATE_SCHOOLS))
    ids, birth = people.ids[person], people.birth[person].astype(np.int64)
    first = np.maximum(birth + 4.6 * YEAR, people.arrival[person])
    start = (first + (birth + 17 * YEAR - first) * draws.uniform("need.start", ids)).astype(np.int64)
    adult = np.minimum(birth + int(18 * YEAR), people.departure[person])  # or gone before
    known = start + 20 < adult
    person, ids, start, adult = person[known], ids[known], start[known], adult[known]
    end = start + 20 + _days(pupils, "need.length", ids, odds.years)
    cared = draws.chance("care", ids, pupils.odds.looked_after.of_in_need)
    into = start + _days(pupils, "care.start", ids, 0.2)
    out_of = np.minimum(into + 10 + _days(pupils, "care.length", ids, pupils.odds.looked_after.years), adult)
    cared &= into + 10 < adult
    end = np.minimum(np.where(cared, np.maximum(end, out_of), end), adult)
    again = draws.chance("need.second", ids, odds.second)
    second = end + 60 + _days(pupils, "need.second.start", ids, 2)
    again &= second + 30 < adult
    last = np.minimum(second + 20 + _days(pupils, "need.second.length", ids, odds.years), adult)
    first_ones = _Spells(person, np.zeros(len(person), np.int64), start, end)
    later_ones = _Spells(person[again], np.ones(again.sum(), np.int64), second[again], last[again])
    need = _Spells.concatenate(first_ones, later_ones)
    need = need.take(np.argsort(need.person, kind="stable"))
    return need, _Spells(person[cared], np.zeros(cared.sum(), np.int64), into[cared], out_of[cared])


def _days(pupils: Pupils, field: str, ids: Ints, years: float) -> Ints:
    """Days after which something ends, with the given mean in years."""
    return (-np.log(1 - pupils.world.draws.uniform(field, ids)) * years * YEAR).astype(np.int64)


def _years(pupils: Pupils, spells: _Spells, first_year: int) -> _Years:
    """Years of the spells that began in England in which the child is of school age there."""
    people, journey, places = pupils.world.people, pupils.world.journeys, pupils.world.reference.places
    years = np.arange(first_year, LAST_YEAR + 1)
    opens, closes = (on(years + next_year, *of).astype(np.int64) for next_year, of in ((0, (4, 1)), (1, (3, 31))))
    there = (spells.start[:, None] <= closes) & (spells.end[:, None] >= opens)
    age = years[None, :] - people.cohort[spells.person][:, None]
    there &= (age >= 5) & (age <= 17) & taught(journey, years[None, :])[spells.person]
    there &= people.homes.nation(spells.person[:, None], np.maximum(opens, spells.start[:, None])) == ENGLAND
    of, at = np.nonzero(there)
    person, start = spells.person[of], spells.start[of]
    authority = places.authority[people.homes.postcode[person, people.homes.at(person, start)] // 400].astype(np.int64)
    return _Years(of, years[at], opens[at], closes[at], authority).take(np.flatnonzero(authority > 0))


def _picked(pupils: Pupils, field: str, key: tuple[Ints, Ints], shares: Shares, known: Any = True) -> Any:
    """A column of codes with the given shares, NULL where not known."""
    codes = Slots(np.array(list(shares.values()))).at(pupils.world.draws.uniform(field, *key))
    return coded(np.where(known, codes, -1), list(shares))


def _in_need(pupils: Pupils, spells: _Spells) -> dict[str, Any]:
    """A row an episode and year; what had not happened by 31 March is not known."""
    odds, draws, people = pupils.odds.in_need, pupils.world.draws, pupils.world.people
    rows = _years(pupils, spells, FIRST_NEED_YEAR)
    person, start, end = spells.person[rows.of], spells.start[rows.of], spells.end[rows.of]
    key = people.ids[person], spells.number[rows.of]
    closed = end <= rows.closes
    conference = start + 15 + (draws.uniform("need.conference", *key) * 40).astype(np.int64)
    plan = (draws.uniform("need.plan", *key) < odds.conference) & (conference < end) & (conference <= rows.closes)
    no_action = draws.chance("need.no.action", key[0], odds.no_action, key[1]) & closed & (end - start < 60)
    return {
        "PupilMatchingRefAnonymous": pupils.reference(person, rows.year - people.cohort[person] - 5).array(),
        "ACADYR": whole(six_digits(rows.year)),
        "LA": whole(rows.authority),
        "ChildAge31March": whole((rows.closes - people.birth[person]) // YEAR),
        "Disability": whole(draws.chance("need.disabled", key[0], odds.disabled)),
        "CINReferralDate": dates(start),
        "ReferralSource": _picked(pupils, "need.source", key, odds.sources, rows.year >= 2013),
        "ReferralNFA": whole(no_action),
        "PrimaryNeedCode": _picked(pupils, "need.kind", key, odds.needs),
        "CINClosureDate": dates(end, closed),
        "ReasonForClosure": _picked(pupils, "need.closure", key, odds.closures, closed),
        "DateOfInitialCPC": dates(conference, plan),
        "InitialCategoryOfAbuse": _picked(pupils, "need.abuse", key, odds.abuse, plan),
        "CINAt31March": whole(~closed),
    }


def _looked_after(pupils: Pupils, spells: _Spells) -> dict[str, Any]:
    """A row a period of care and year, with the placement of its last day in the year."""
    odds, draws, people = pupils.odds.looked_after, pupils.world.draws, pupils.world.people
    rows = _years(pupils, spells, FIRST_CARE_YEAR)
    person, start, end = spells.person[rows.of], spells.start[rows.of], spells.end[rows.of]
    ids = people.ids[person]
    once = ids, np.zeros(len(ids), np.int64)
    ceased = end <= rows.closes
    until = np.minimum(end, rows.closes)
    in_year = until - np.maximum(start, rows.opens)
    placed = np.maximum(start, rows.opens + (draws.uniform("care.move", ids, rows.year) * 200).astype(np.int64))
    return {
        "PupilMatchingRefAnonymous": pupils.reference(person, rows.year - people.cohort[person] - 5).array(),
        "ACADYR": whole(six_digits(rows.year)),
        "PROCESSING_YEAR": whole(rows.year + 1),
        "CLA_LA": whole(rows.authority),
        "AGE_AUG": whole(rows.year - people.cohort[person]),
        "UASC_STATUS": whole(people.foreign_born[person] & draws.chance("care.asylum", ids, min(odds.asylum * 6, 1.0))),
        "POC_START": dates(start),
        "POC_LENGTH": whole(until - start + 1),
        "CAT_NEED": _picked(pupils, "care.need", once, odds.needs),
        "DATE_EPI_COMM": dates(np.minimum(placed, until)),
        "DATE_EPI_CEASED": dates(end, ceased),
        "LEGAL_STATUS": _picked(pupils, "care.legal", once, odds.legal),
        "PLACEMENT": _picked(pupils, "care.placement", (ids, rows.year), odds.placements),
        "CLA_31_MARCH": whole(~ceased),
        "CLA_12_MONTHS": whole(~ceased & (in_year >= 364)),
    }


EXCLUSIONS_FIRST_YEAR = 2005
MOST = 6  # in a year
_SCHOOL_DAYS = 300  # from early September to July
_CHRISTMAS_DAYS = 14
_YEAR_OF_CLOSURE, _CLOSED_DAYS = 2019, 70  # from 23 March 2020 on schools were closed to most


def excluded(pupils: Pupils) -> Excluded:
    """Who is excluded in which year, by year of school and the pupil's own liability."""
    odds, draws = pupils.odds.exclusions, pupils.world.draws
    by_grade = np.array([*odds.suspended, odds.suspended[-1]])
    chance = by_grade[pupils.grade] * pupils.behaviour[pupils.person]
    rows = np.flatnonzero(
        draws.chance("exclusion", pupils.ids, np.minimum(chance, 0.6), pupils.grade)
        & ~pupils.double & (pupils.year >= EXCLUSIONS_FIRST_YEAR) & _all_year(pupils)
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
    expelled[pupils.person[rows], (pupils.grade[rows] > 6).astype(np.int64)] = _exclusions_days(
        pupils, rows, times - 1, times
    )
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
    start = _exclusions_days(pupils, rows, number, sent.times[of])
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


def _exclusions_days(pupils: Pupils, rows: Ints, number: Ints, times: Ints) -> Days:
    """The first day of an exclusion, of so many in the pupil's year: a day of school, on which no two begin."""
    drawn = pupils.world.draws.uniform("exclusion.day", pupils.ids[rows], pupils.grade[rows] * MOST + number)
    year = pupils.year[rows]
    closed = np.where(year == _YEAR_OF_CLOSURE, _CLOSED_DAYS, 0)
    share = (number + drawn * 0.9) / times * (_SCHOOL_DAYS - _CHRISTMAS_DAYS - closed)
    days = on(year, 9, 6) + share.astype(np.int64)
    days += _CHRISTMAS_DAYS * (days > on(year, 12, 20))
    days += closed * (days >= on(year + 1, 3, 23))
    week = (days + 3) % 7  # day 0, 1 January 1970, was a Thursday
    out: Days = (days + np.where(week >= 5, 7 - week, 0)).astype(np.int32)
    return out
