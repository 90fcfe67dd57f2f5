"""Ways through education after key stage 4, year by year."""

import dataclasses
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from synthetic.base.dates import Days, academic_year, parts
from synthetic.base.draws import Draws, Floats, Ints
from synthetic.base.reference import Codes, Reference
from synthetic.base.rules import rule_file, years_of
from synthetic.education.institutions import subjects_of
from synthetic.education.pathways import (
    Higher,
    Traits,
    attainment,
    by_year,
    deviates,
    entries,
    higher,
    lives_in_england,
    odds_table,
    paths,
    traits,
    with_qualification,
)
from synthetic.people.people import FIRST_DEGREE, OUTSIDER, VISITOR, People, visits

SIXTH_FORM, COLLEGE, APPRENTICE, LEFT = range(4)
"""What people do in the year after key stage 4."""

FIRST_YEAR, LAST_YEAR = 2001, 2020
YEARS = np.arange(FIRST_YEAR, LAST_YEAR + 1)

_AFTER = 17
"""Year 0 after key stage 4 is the academic year that begins so many years after that of
birth.
"""


@dataclass(frozen=True)
class Journeys:
    """Arrays with one place for each person; years are those in which an academic year
    began, 0 for never.

    A year of study lasts from before 1 October to 31 March at least, so that it counts
    as six months of the tax year that it begins in; apprenticeships are years of study
    too. No person is at two places in one year.
    """

    points: Floats  # at key stage 4
    level2: NDArray[np.bool_]
    level2_em: NDArray[np.bool_]
    qualified: Ints  # the highest of traits.QUALIFIED that is ever reached
    post16: Codes
    apprentice_start: Ints
    apprentice_years: Ints
    degree_start: (
        Ints  # of the first course at a university, whether or not it ends in a degree
    )
    degree_years: Ints  # as studied
    graduates: NDArray[np.bool_]  # in the last of degree_years
    transfers: NDArray[np.bool_]  # to another university after the first year
    postgraduate_start: Ints
    postgraduate_years: Ints
    subject: Codes
    # academic years in whose middle, on 1 January, people are in the country: those at
    # school
    here_from: Ints
    here_until: Ints
    # academic years in the country from before September to the end of March: those of
    # other study
    learns_from: Ints
    learns_until: Ints
    sixth_form: NDArray[
        np.bool_
    ]  # (people, YEARS): at a school's sixth form, a year 12, 13 or 14 each
    college: NDArray[
        np.bool_
    ]  # (people, YEARS): "other education", full time at a college (FundModel 25)
    adult_learning: NDArray[
        np.bool_
    ]  # (people, YEARS): learns from October to March at least, not as an apprentice
    short_course: NDArray[
        np.bool_
    ]  # (people, YEARS): takes a course that lies between October and the end of March
    traits: Traits  # at key stage 4

    def university(self) -> NDArray[np.bool_]:
        """(people, YEARS): studies at a university."""
        return Higher(
            self.qualified,
            self.degree_start,
            self.degree_years,
            self.graduates,
            self.postgraduate_start,
            self.postgraduate_years,
        ).during(YEARS)

    def apprentices(self) -> NDArray[np.bool_]:
        """(people, YEARS): is an apprentice."""
        years_after = YEARS[None, :] - self.apprentice_start[:, None]
        return (years_after >= 0) & (years_after < self.apprentice_years[:, None])

    def studies(self) -> NDArray[np.bool_]:
        """(people, YEARS): at school beyond key stage 4, at college or university, as
        an adult or an apprentice.
        """
        out = (
            self.university() | self.college | self.adult_learning | self.apprentices()
        )
        return (out & self.may_learn()) | self.sixth_form

    def may_learn(self) -> NDArray[np.bool_]:
        """(people, YEARS): in the country for long enough to study elsewhere than at
        school.
        """
        return (self.learns_from[:, None] <= YEARS) & (
            self.learns_until[:, None] >= YEARS
        )


def journeys(draws: Draws, reference: Reference, people: People) -> Journeys:
    """Journeys by the odds of DfE's figures, attainment and chance."""
    results = attainment(draws, people)
    person = traits(reference, people, results.among_best)
    here_from, here_until = _first_year(people.arrival), _last_year(people.departure, 1)
    # Courses begin in September, and one that is left in summer has lasted for six
    # months of a tax year.
    learns_from, learns_until = (
        academic_year(people.arrival - 1) + 1,
        _last_year(people.departure, 4),
    )
    study = higher(draws, people, entries(draws, people, person, results), learns_from)
    final_traits = with_qualification(person, study.qualified)
    path = paths(draws, people, final_traits, study)
    at_school = (
        _placed(people, path == 1)
        & (here_from[:, None] <= YEARS)
        & (here_until[:, None] >= YEARS)
    )
    is_here = (learns_from[:, None] <= YEARS) & (learns_until[:, None] >= YEARS)
    at_college = _placed(people, path == 2) & is_here
    adult = _adults(draws, people, final_traits, study, path[:, 2] == 2) & is_here
    start, years = _apprenticeships(draws, people, study, path, adult)
    years_after = YEARS[None, :] - start[:, None]
    apprentice = (years_after >= 0) & (years_after < years[:, None])
    is_busy = study.during(YEARS) | at_school | at_college | adult
    short_course = (
        draws.chance(
            "adult.short",
            people.ids[:, None],
            rule_file("life/learning.toml").adults.short,
            YEARS,
        )
        & is_here
        & ~is_busy
    )
    short_course &= _english(people)[:, None] & (
        YEARS - people.cohort[:, None] >= _AFTER + 2
    )
    return Journeys(
        points=results.points,
        level2=results.level2,
        level2_em=results.level2_em,
        qualified=study.qualified,
        post16=_post16(people, path[:, 0], start),
        apprentice_start=start,
        apprentice_years=years,
        degree_start=study.start,
        degree_years=study.years,
        graduates=study.graduates & (study.start + study.years <= LAST_YEAR + 1),
        transfers=study.graduates
        & draws.chance(
            "degree.transfer",
            people.ids,
            rule_file("life/learning.toml").degree.transfer,
        ),
        postgraduate_start=study.postgraduate_start,
        postgraduate_years=study.postgraduate_years,
        subject=subjects_of(draws, people.ids, people.female, people.ability),
        here_from=here_from,
        here_until=here_until,
        learns_from=learns_from,
        learns_until=learns_until,
        sixth_form=at_school,
        college=at_college & ~apprentice,
        adult_learning=adult & ~apprentice,
        short_course=short_course,
        traits=person,
    )


def taught(journey: Journeys, years: NDArray[np.int64]) -> NDArray[np.bool_]:
    """(people, years): in England, and alive, on 1 January of the academic year."""
    return (years >= journey.here_from[:, None]) & (
        years <= journey.here_until[:, None]
    )


def last_years_alive(people: People) -> tuple[Ints, Ints]:
    """The last academic years in which each person is alive on 1 January, and on 1
    August.
    """
    return _last_year(people.death, 1), _last_year(people.death, 8)


def _placed(people: People, attendance: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """(people, YEARS) from (people, 3): the years 0 to 2 after key stage 4."""
    out = np.zeros((len(attendance), len(YEARS)), bool)
    for year in range(3):
        column = people.cohort + _AFTER + year - FIRST_YEAR
        rows = np.flatnonzero(
            attendance[:, year] & (column >= 0) & (column < len(YEARS))
        )
        out[rows, column[rows]] = True
    return out


def _adults(
    draws: Draws,
    people: People,
    person: Traits,
    study: Higher,
    after_college: NDArray[np.bool_],
) -> NDArray[np.bool_]:
    """(people, YEARS): learns as an adult, from year 3 after key stage 4 on, when at no
    university.
    """
    rules, years_after = (
        rule_file("life/learning.toml").adults,
        YEARS[None, :] - people.cohort[:, None] - _AFTER,
    )
    threshold = by_year(odds_table("life_adults"), person, years_after)
    for year, extra in enumerate(rules.after_college, 3):
        threshold += np.float32(extra) * (
            after_college[:, None] & (years_after == year)
        )
    values = deviates(draws, "adult", people.ids, YEARS, rules.lasting, rules.from_year)
    return (
        (values < threshold)
        & (years_after >= 3)
        & _english(people)[:, None]
        & ~study.during(YEARS)
    )


def _english(people: People) -> NDArray[np.bool_]:
    """Who is known to colleges in England: those schooled elsewhere never are, nor who
    moved away by 17.
    """
    return ~np.isin(people.kind, (OUTSIDER, VISITOR)) & lives_in_england(people)


def _apprenticeships(
    draws: Draws,
    people: People,
    study: Higher,
    path: NDArray[np.int64],
    adult: NDArray[np.bool_],
) -> tuple[Ints, Ints]:
    """First year and length: some years at college, or the beginning of adult learning,
    are an apprenticeship.
    """
    ids, rules = people.ids, rule_file("life/learning.toml").apprentices
    at_college = path == 2
    is_young = (
        at_college.any(axis=1)
        & (study.start == 0)
        & draws.chance("apprentice", ids, rules.of_college)
    )
    first_young = people.cohort + _AFTER + at_college.argmax(axis=1)
    first = adult.argmax(axis=1)
    first_year = YEARS[first]
    is_later = adult.any(axis=1) & ~is_young & (first_year - people.cohort < _AFTER + 9)
    is_later &= draws.chance("apprentice.later", ids, rules.of_adults)
    length = (
        years_of("apprentices")
        .at(draws.uniform("apprentice.years", ids))
        .astype(np.int64)
    )
    place = np.arange(len(YEARS))[None, :]
    stop = np.where((place > first[:, None]) & ~adult, place, len(YEARS)).min(axis=1)
    start = np.where(is_young, first_young, np.where(is_later, first_year, 0))
    return start, np.where(
        is_young,
        at_college.sum(axis=1),
        np.where(is_later, np.minimum(length, stop - first), 0),
    )


def _post16(people: People, first: NDArray[np.int64], apprentice_start: Ints) -> Codes:
    apprentice = (first == 2) & (apprentice_start == people.cohort + _AFTER)
    return np.select(
        [apprentice, first == 1, first == 2], [APPRENTICE, SIXTH_FORM, COLLEGE], LEFT
    ).astype(np.int32)


def _first_year(arrival: Days) -> Ints:
    """The first academic year whose 1 January comes after the arrival."""
    return (
        arrival.astype("datetime64[D]").astype("datetime64[Y]").astype(np.int64) + 1970
    )


def _last_year(departure: Days, month: int) -> Ints:
    """The last academic year of which the first day of a month, 1 to 8, does not come
    after the departure.
    """
    years, months, _ = parts(np.minimum(departure, 40_000))
    return years - 1 - (months < month)


def studying(
    draws: Draws, reference: Reference, people: People, journey: Journeys
) -> Journeys:
    """Journeys in which visitors study what they came for."""
    comes = people.kind == VISITOR
    visit = visits(
        draws, reference.origins, people.ids, comes, people.origin, people.birth
    )
    first = comes & (visit.level == FIRST_DEGREE)
    next_start = np.where(
        visit.goes_on, visit.start + visit.years, np.where(first, 0, visit.start)
    )
    years = journey.postgraduate_years
    return dataclasses.replace(
        journey,
        degree_start=np.where(first, visit.start, journey.degree_start),
        degree_years=np.where(first, visit.years, journey.degree_years),
        graduates=np.where(
            first, visit.start + visit.years <= LAST_YEAR + 1, journey.graduates
        ),
        postgraduate_start=np.where(comes, next_start, journey.postgraduate_start),
        postgraduate_years=np.where(
            comes, np.where(visit.goes_on, 1, np.where(first, 0, visit.years)), years
        ),
    )
