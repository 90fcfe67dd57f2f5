"""Ways from school to work: who stays at school, goes to college, an apprenticeship or university, and when."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from synthetic.dates import Days, on
from synthetic.draws import Draws, Floats, Ints, Slots
from synthetic.people import LATE, OUTSIDER, PRIVATE, SCOTTISH, VISITOR, WELSH, People
from synthetic.reference import Codes
from synthetic.universities import subjects_of

SIXTH_FORM, COLLEGE, APPRENTICE, LEFT = range(4)
"""What people do in the year after key stage 4 (DfE's longitudinal outcomes: KS5 47.5 %, other education 24.3 %)."""

FIRST_YEAR, LAST_YEAR = 2001, 2020
YEARS = np.arange(FIRST_YEAR, LAST_YEAR + 1)


@dataclass(frozen=True)
class Journeys:
    """Arrays of one place a person; years are those in which an academic year began, 0 for never."""

    points: Floats  # at key stage 4
    level2: NDArray[np.bool_]
    level2_em: NDArray[np.bool_]
    post16: Codes
    college_years: Ints
    apprentice_start: Ints
    apprentice_years: Ints
    degree_start: Ints
    degree_years: Ints  # as studied
    graduates: NDArray[np.bool_]
    transfers: NDArray[np.bool_]  # to another university after the first year
    postgraduate_start: Ints
    postgraduate_years: Ints  # one for a master's or certificate full time, two part time, more for a doctorate
    subject: Codes
    here_from: Ints  # academic years in England
    here_until: Ints
    sixth_form: NDArray[np.bool_]  # (people, YEARS): at a school's sixth form, a year 12, 13 or 14 each
    college: NDArray[np.bool_]  # (people, YEARS): "other education", full time at a college (FundModel 25)
    adult_learning: NDArray[np.bool_]  # (people, YEARS): learns from October to March at least, not as an apprentice
    short_course: NDArray[np.bool_]  # (people, YEARS): takes a course that lies between October and the end of March

    def studies_full_time(self) -> NDArray[np.bool_]:
        """(people, YEARS): at school, college or university."""
        year = YEARS[None, :]
        degree = (year >= self.degree_start[:, None]) & (year < (self.degree_start + self.degree_years)[:, None])
        since = year - self.postgraduate_start[:, None]
        studies: NDArray[np.bool_] = degree | ((since >= 0) & (since < self.postgraduate_years[:, None]))
        return studies


def journeys(draws: Draws, people: People) -> Journeys:
    """Journeys by ability, disadvantage and chance; calibrated roughly to the notes' figures."""
    ids, z = people.ids, people.ability
    leaves_school = people.cohort + 16
    newer = np.clip((leaves_school - 2001) / 20, 0, 1)
    score = z + 0.5 * draws.normal("exam", ids)
    points: Floats = np.round(np.clip(330 + 110 * score + 60 * newer, 0, 700), 1).astype(np.float64)
    level2 = score > 0.12 - 0.55 * newer
    level2_em = score > 0.28 - 0.55 * newer
    private, late = people.kind == PRIVATE, people.kind == LATE
    outsider = np.isin(people.kind, (OUTSIDER, VISITOR))
    odds_he = 1 / (1 + np.exp(-1.9 * (z - 0.52 + 0.35 * newer + 1.6 * private)))
    degree = draws.chance("degree", ids, np.where(late, 0.3, odds_he)) & ~outsider
    choice = draws.uniform("post16", ids)
    post16 = np.where(degree, _after_degree_school.at(choice), _after_other_school.at(choice)).astype(np.int32)
    post16 = np.where(private, SIXTH_FORM, np.where(late | outsider, LEFT, post16))
    # Scotland and Wales: their schools go on to the end; their colleges and apprenticeships are in no source.
    other_nation = np.isin(people.kind, (SCOTTISH, WELSH))
    stays_on = choice < np.where(degree, 0.95, 0.55)
    post16 = np.where(other_nation, np.where(stays_on, SIXTH_FORM, LEFT), post16).astype(np.int32)
    wait = _wait.at(draws.uniform("degree.wait", ids))
    degree_start = np.where(degree, people.cohort + 18 + wait + np.where(late, 2, 0), 0)
    full = 3 + (draws.uniform("degree.length", ids) < 0.22)
    drops = draws.chance("degree.drops", ids, 0.08)
    college_years = np.where(post16 == COLLEGE, 1 + (draws.uniform("college.years", ids) < 0.62), 0)
    second = ~degree & draws.chance("apprentice.later", ids, 0.13) & ~outsider & ~other_nation
    later = people.cohort + 18 + (draws.uniform("apprentice.wait", ids) * 6).astype(np.int64)
    apprentice_start = np.where(post16 == APPRENTICE, leaves_school + 1, np.where(second, later, 0))
    graduates = degree & ~drops
    postgraduate = graduates & draws.chance("postgraduate", ids, 0.17)
    gap = (draws.uniform("postgraduate.gap", ids) ** 2 * 6).astype(np.int64)
    here_until = _last_year(people.departure)
    return Journeys(
        points=points,
        level2=level2,
        level2_em=level2_em,
        post16=post16.astype(np.int32),
        college_years=college_years,
        apprentice_start=apprentice_start,
        apprentice_years=1 + (draws.uniform("apprentice.years", ids) * 2.2).astype(np.int64),
        degree_start=degree_start,
        degree_years=np.where(degree, np.where(drops, 1, full), 0),
        graduates=graduates & (degree_start + full <= LAST_YEAR + 1),
        transfers=degree & ~drops & draws.chance("degree.transfer", ids, 0.05),
        postgraduate_start=np.where(postgraduate, degree_start + full + gap, 0),
        postgraduate_years=np.where(postgraduate, _postgraduate_years.at(draws.uniform("postgraduate.years", ids)), 0),
        subject=subjects_of(draws, ids, people.female, z),
        here_from=_first_year(people.arrival),
        here_until=here_until,
        **_classes(draws, people, post16, college_years, degree_start),
    )


def _classes(
    draws: Draws, people: People, post16: Codes, college_years: Ints, degree_start: Ints
) -> dict[str, NDArray[np.bool_]]:
    """(people, YEARS): at a sixth form, at a college, and learning as an adult."""
    year = YEARS[None, :]
    since = year - (people.cohort[:, None] + 17)
    there = (year >= _first_year(people.arrival)[:, None]) & (year <= _last_year(people.departure)[:, None])
    young = there & (since >= 0) & ~((degree_start > 0)[:, None] & (year >= degree_start[:, None]))
    adult = there & (since >= 3) & ~np.isin(people.kind, (OUTSIDER, VISITOR))[:, None]
    adult &= draws.chance("adult", people.ids[:, None], np.where(since < 7, 0.085, 0.05), year)
    out = {
        "sixth_form": young & (since < 2) & (post16 == SIXTH_FORM)[:, None],
        "college": young & (post16 == COLLEGE)[:, None] & (since < college_years[:, None]),
        "adult_learning": adult & ~((year >= degree_start[:, None]) & (year < degree_start[:, None] + 3)),
    }
    short = there & (since >= 2) & draws.chance("adult.short", people.ids[:, None], _SHORT, year)
    short &= ~np.isin(people.kind, (OUTSIDER, VISITOR, SCOTTISH, WELSH))[:, None]
    return out | {"short_course": short & ~out["sixth_form"] & ~out["college"] & ~out["adult_learning"]}


def taught(people: People, journey: Journeys, years: NDArray[np.int64]) -> NDArray[np.bool_]:
    """(people, years): in England, and alive, on 1 January of the academic year."""
    return (years >= journey.here_from[:, None]) & (years <= journey.here_until[:, None])


_after_degree_school = Slots(np.array([0.58, 0.40, 0.01, 0.01]))
_after_other_school = Slots(np.array([0.20, 0.46, 0.12, 0.22]))
_SHORT = 0.03
_postgraduate_years = Slots(np.array([0.64, 0.28, 0.04, 0.04]), values=np.arange(1, 5))
_wait = Slots(np.array([0.66, 0.18, 0.05, 0.03, 0.02, 0.02, 0.02, 0.02]))


def _first_year(arrival: Days) -> Ints:
    """The first academic year whose 1 January comes after the arrival."""
    return arrival.astype("datetime64[D]").astype("datetime64[Y]").astype(np.int64) + 1970


def _last_year(departure: Days) -> Ints:
    """The last academic year whose 1 January comes before the departure."""
    years = np.minimum(departure, 40_000).astype("datetime64[D]").astype("datetime64[Y]").astype(np.int64) + 1970
    return years - 1


def after(years: Ints, month: int, dom: int, draws: Draws, field: str, ids: Ints, span: int) -> Days:
    """Days in the weeks after a day of the given years."""
    return on(years, month, dom) + (draws.uniform(field, ids, years) * span).astype(np.int32)
