"""Children in need and children looked after, as far as they have a pupil reference."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from synthetic.drawn.dates import YEAR, on, six_digits
from synthetic.drawn.draws import Ints, Slots
from synthetic.education.journeys import LAST_YEAR, taught
from synthetic.people.nations import ENGLAND
from synthetic.people.people import IN_STATE_SCHOOLS
from synthetic.sources.npd.pupils import Pupils
from synthetic.world.world import coded, dates, whole

FIRST_NEED_YEAR, FIRST_CARE_YEAR = 2008, 2005
Shares = dict[str, float]


@dataclass(frozen=True)
class _Spells:
    """Spells from day to day, in the order of the people: of need, or of care."""

    person: Ints
    number: Ints  # of the spell among the person's
    start: Ints
    end: Ints


@dataclass(frozen=True)
class _Years:
    """Spells by the year from April to March that they touch."""

    of: Ints  # place of the spell
    year: Ints  # in which the year began
    opens: Ints  # 1 April and
    closes: Ints  # 31 March of it


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
    order = np.argsort(np.concatenate([person, person[again]]), kind="stable")
    number = np.concatenate([np.zeros(len(person), np.int64), np.ones(again.sum(), np.int64)])
    need = _Spells(
        np.concatenate([person, person[again]])[order], number[order],
        np.concatenate([start, second[again]])[order], np.concatenate([end, last[again]])[order],
    )  # fmt: skip
    return need, _Spells(person[cared], np.zeros(cared.sum(), np.int64), into[cared], out_of[cared])


def _days(pupils: Pupils, field: str, ids: Ints, years: float) -> Ints:
    """Days after which something ends, with the given mean in years."""
    return (-np.log(1 - pupils.world.draws.uniform(field, ids)) * years * YEAR).astype(np.int64)


def _years(pupils: Pupils, spells: _Spells, first_year: int) -> _Years:
    """Years of the spells in which the child is of school age in England."""
    people, journey = pupils.world.people, pupils.world.journeys
    years = np.arange(first_year, LAST_YEAR + 1)
    opens, closes = (on(years + next_year, *of).astype(np.int64) for next_year, of in ((0, (4, 1)), (1, (3, 31))))
    there = (spells.start[:, None] <= closes) & (spells.end[:, None] >= opens)
    age = years[None, :] - people.cohort[spells.person][:, None]
    there &= (age >= 5) & (age <= 17) & taught(journey, years[None, :])[spells.person]
    there &= people.homes.nation(spells.person[:, None], np.maximum(opens, spells.start[:, None])) == ENGLAND
    of, at = np.nonzero(there)
    return _Years(of, years[at], opens[at], closes[at])


def _authority(pupils: Pupils, person: Ints, when: Ints) -> Ints:
    people, places = pupils.world.people, pupils.world.reference.places
    out: Ints = places.authority[people.homes.postcode[person, people.homes.at(person, when)] // 400].astype(np.int64)
    return out


def _picked(pupils: Pupils, field: str, key: tuple[Ints, Ints], shares: Shares, known: NDArray[np.bool_]) -> Any:
    """A column of codes with the given shares, NULL where not known."""
    codes = Slots(np.array(list(shares.values()))).at(pupils.world.draws.uniform(field, *key))
    return coded(np.where(known, codes, -1), list(shares))


def _in_need(pupils: Pupils, spells: _Spells) -> dict[str, Any]:
    """A row an episode and year; what had not happened by 31 March is not known."""
    odds, draws, people = pupils.odds.in_need, pupils.world.draws, pupils.world.people
    rows = _years(pupils, spells, FIRST_NEED_YEAR)
    person, start, end = spells.person[rows.of], spells.start[rows.of], spells.end[rows.of]
    key = people.ids[person], spells.number[rows.of]
    authority = _authority(pupils, person, start)
    at = np.flatnonzero(authority > 0)  # the others lived in another nation
    rows = _Years(rows.of[at], rows.year[at], rows.opens[at], rows.closes[at])
    person, start, end, authority = person[at], start[at], end[at], authority[at]
    key = key[0][at], key[1][at]
    always = np.ones(len(at), bool)
    closed = end <= rows.closes
    conference = start + 15 + (draws.uniform("need.conference", *key) * 40).astype(np.int64)
    plan = (draws.uniform("need.plan", *key) < odds.conference) & (conference < end) & (conference <= rows.closes)
    no_action = draws.chance("need.no.action", key[0], odds.no_action, key[1]) & closed & (end - start < 60)
    return {
        "PupilMatchingRefAnonymous": pupils.reference(person, rows.year - people.cohort[person] - 5).array(),
        "ACADYR": whole(six_digits(rows.year)),
        "LA": whole(authority),
        "ChildAge31March": whole((rows.closes - people.birth[person]) // YEAR),
        "Disability": whole(draws.chance("need.disabled", key[0], odds.disabled)),
        "CINReferralDate": dates(start),
        "ReferralSource": _picked(pupils, "need.source", key, odds.sources, rows.year >= 2013),
        "ReferralNFA": whole(no_action),
        "PrimaryNeedCode": _picked(pupils, "need.kind", key, odds.needs, always),
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
    authority = _authority(pupils, spells.person[rows.of], spells.start[rows.of])
    at = np.flatnonzero(authority > 0)
    rows = _Years(rows.of[at], rows.year[at], rows.opens[at], rows.closes[at])
    person, start, end = spells.person[rows.of], spells.start[rows.of], spells.end[rows.of]
    ids, always = people.ids[person], np.ones(len(at), bool)
    once = ids, np.zeros(len(ids), np.int64)
    ceased = end <= rows.closes
    until = np.minimum(end, rows.closes)
    in_year = until - np.maximum(start, rows.opens)
    placed = np.maximum(start, rows.opens + (draws.uniform("care.move", ids, rows.year) * 200).astype(np.int64))
    return {
        "PupilMatchingRefAnonymous": pupils.reference(person, rows.year - people.cohort[person] - 5).array(),
        "ACADYR": whole(six_digits(rows.year)),
        "PROCESSING_YEAR": whole(rows.year + 1),
        "CLA_LA": whole(authority[at]),
        "AGE_AUG": whole(rows.year - people.cohort[person]),
        "UASC_STATUS": whole(people.foreign_born[person] & draws.chance("care.asylum", ids, min(odds.asylum * 6, 1.0))),
        "POC_START": dates(start),
        "POC_LENGTH": whole(until - start + 1),
        "CAT_NEED": _picked(pupils, "care.need", once, odds.needs, always),
        "DATE_EPI_COMM": dates(np.minimum(placed, until)),
        "DATE_EPI_CEASED": dates(end, ceased),
        "LEGAL_STATUS": _picked(pupils, "care.legal", once, odds.legal, always),
        "PLACEMENT": _picked(pupils, "care.placement", (ids, rows.year), odds.placements, always),
        "CLA_31_MARCH": whole(~ceased),
        "CLA_12_MONTHS": whole(~ceased & (in_year >= 364)),
    }
