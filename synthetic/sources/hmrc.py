"""HMRC: employment spells from P45, a P14 for each employer and tax year, and
self-assessment; with their quirks.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from synthetic.base import identifiers
from synthetic.base.dates import DATA_END, NEVER, Days, on, six_digits, tax_year
from synthetic.base.draws import Ints
from synthetic.base.rules import rule_file
from synthetic.base.text import Text, digits, distinct, strings, unique_rows
from synthetic.education.journeys import YEARS
from synthetic.work import CHILD, SECTIONS, UNCAPTURED, Jobs, Work, section_of_jobs
from synthetic.world import Tables, World, coded, dates, whole

FIRST_EARNINGS_YEAR, FIRST_SELF_ASSESSMENT_YEAR = 2003, 2013
EMPLOYERS = 40_000  # of each section; the first are the largest


def hmrc(world: World, work: Work) -> Tables:
    """Employment, earnings and self-assessment."""
    employer = _employers(world, work.jobs)
    return Tables(
        {
            "hmrc_employment": _employment(world, work.jobs, employer),
            "hmrc_earnings": _earnings(world, work, employer),
            "hmrc_self_assessment": _self_assessment(world, work),
        }
    )


def _employers(world: World, jobs: Jobs) -> Ints:
    """Employer of each job: section * EMPLOYERS + rank; people tend to stay in a
    section.
    """
    draws, ids, journey = world.draws, world.people.ids[jobs.person], world.journeys
    degree_end = on(journey.degree_start + journey.degree_years, 5, 1)[jobs.person]
    graduate = journey.graduates[jobs.person] & (jobs.start >= degree_end)
    subject = np.where(graduate, journey.subject[jobs.person], -1)
    rules = rule_file("life/working.toml").jobs
    is_settled = (
        jobs.start.astype(np.int64) >= degree_end.astype(np.int64) + rules.settled_days
    )
    section = section_of_jobs(
        draws, ids, jobs.number, subject, is_settled, rules.same_section
    )
    rank = draws.uniform("job.employer", ids, jobs.number) ** 3 * EMPLOYERS
    return section * EMPLOYERS + rank.astype(np.int64)


def second_number(world: World, person: Ints, days: Days) -> NDArray[np.bool_]:
    """Whether a row runs under the person's second number: half of those after it was
    issued do.
    """
    second = world.insurance.second[person]
    mask = (second < NEVER) & (days > second)
    mask[mask] &= world.draws.chance(
        "nino.second.used", world.people.ids[person[mask]], 0.5, days[mask]
    )
    return mask


def _employment(world: World, jobs: Jobs, employer: Ints) -> dict[str, Any]:
    """Spells; an employer who gives no date leaves 6 April as the start and 5 April as
    the end.
    """
    draws, ids = world.draws, world.people.ids[jobs.person]
    rules = rule_file("life/working.toml").jobs
    no_start = draws.chance("p45.no.start", ids, rules.no_start, jobs.number)
    no_end = draws.chance("p45.no.end", ids, rules.no_end, jobs.number) & (
        jobs.end < NEVER
    )
    end = np.where(
        no_end, on(tax_year(np.minimum(jobs.end, DATA_END)) + 1, 4, 5), jobs.end
    )
    end = np.where(end > DATA_END, NEVER, end)
    default = on(tax_year(jobs.start), 4, 6)
    start = np.where(no_start, np.where(default < end, default, end - 1), jobs.start)
    nino = world.insurance.numbers(
        jobs.person, second_number(world, jobs.person, jobs.start)
    )
    return {
        "NINO": nino.array(),
        "StartDate": dates(start),
        "EndDate": dates(end, end < NEVER),
        "EmployerRef": _employer_references(employer).array(),
    }


def _employer_references(employer: Ints) -> Text:
    employers, index = distinct(employer)
    return unique_rows(identifiers.employer_reference(employers)).take(index)


def _earnings(world: World, work: Work, employer: Ints) -> dict[str, Any]:
    """A return for each job and tax year that it touches; some are sent twice, some
    take pay back.
    """
    people, draws, jobs = world.people, world.draws, work.jobs
    last_day = np.minimum(
        jobs.end, DATA_END - 148
    )  # the tax year 2020/21 is the last, to 5 April 2021
    first, last = tax_year(jobs.start), tax_year(np.maximum(last_day, jobs.start))
    count = np.maximum(np.minimum(last, YEARS[-1]) - first + 1, 0)
    job = np.repeat(np.arange(len(first)), count)
    year = first[job] + np.arange(len(job)) - np.repeat(np.cumsum(count) - count, count)
    keep = year >= FIRST_EARNINGS_YEAR
    job, year = job[keep], year[keep]
    person, ids = jobs.person[job], people.ids[jobs.person[job]]
    opens, closes = on(year, 4, 6), on(year + 1, 4, 5)
    days = np.minimum(closes, last_day[job]) - np.maximum(opens, jobs.start[job]) + 1
    full_pay = work.pay[person, year - YEARS[0]].astype(np.float64)
    key = jobs.number[job] * 64 + year - YEARS[0]
    amount = np.maximum(
        full_pay * np.maximum(days, 1) / 365 * np.where(jobs.casual[job], 0.5, 1.0), 1
    )
    draw = draws.uniform("p14.odd", ids, key)
    rows = np.repeat(np.arange(len(job)), 1 + (draw < 0.009))
    second = np.diff(rows, prepend=-1) == 0
    pounds = np.round(amount)[rows]
    is_taken_back = second & (draw[rows] < 0.004)
    pounds = np.where(
        is_taken_back,
        -np.ceil(pounds * (0.1 + 1.1 * draws.uniform("p14.back", ids, key)[rows])),
        pounds,
    )
    return _returns(world, person[rows], year[rows], employer[job][rows], pounds)


def _returns(
    world: World, person: Ints, year: Ints, employer: Ints, pounds: NDArray[Any]
) -> dict[str, Any]:
    second = second_number(world, person, on(year, 4, 6))
    enterprise, section, sic, is_known = _business(world, employer)
    return {
        "NINO": world.insurance.numbers(person, second).array(),
        "TaxYear": whole(six_digits(year)),
        "EmployerRef": _employer_references(employer).array(),
        "EnterpriseRef": whole(enterprise, is_known),
        "SIC2007": sic.where(is_known).array(),
        "Section": coded(
            np.where(is_known, section, -1), [code for code, *_ in SECTIONS]
        ),
        "Earnings": whole(pounds),
    }


def _business(
    world: World, employer: Ints
) -> tuple[Ints, Ints, Text, NDArray[np.bool_]]:
    """Enterprise, section, industry, and whether the scheme is on the business register
    (19 in 20 are).
    """
    section = employer // EMPLOYERS
    first = np.array([low for _, _, low, _, _ in SECTIONS])[section]
    width = np.array([high - low + 1 for _, _, low, high, _ in SECTIONS])[section]
    words = world.draws.words("employer", employer)
    division = first + (words % np.uint64(997)).astype(np.int64) % width
    detail = (words >> np.uint64(20)).astype(np.int64) % 9
    code = division * 1000 + 100 * (1 + detail % 3) + 10 * (detail // 3)
    codes, index = distinct(code)
    sic = unique_rows(strings(digits(codes, 5))).take(index)
    is_known = (words >> np.uint64(40)).astype(np.int64) % 20 > 0
    return (
        9_900_000_000
        + world.draws.scramble("enterprise", employer, 24).astype(np.int64),
        section,
        sic,
        is_known,
    )


def _self_assessment(world: World, work: Work) -> dict[str, Any]:
    """About one in twelve adults, most of them year after year; one in ten of them as a
    partner.
    """
    people, draws = world.people, world.draws
    ids, year = people.ids[:, None], YEARS[None, :]
    draw = draws.uniform("sa", people.ids)[:, None]
    odds = np.where(draw < 0.09, 0.75, 0.015) * np.interp(
        work.age, [17, 19, 25, 35], [0, 0.4, 0.9, 1.2]
    )
    files = (
        work.able
        & (work.activity > CHILD)
        & (work.activity < UNCAPTURED)
        & (year >= FIRST_SELF_ASSESSMENT_YEAR)
    )
    files &= draws.chance("sa.year", ids, odds, year)
    person, column = np.nonzero(files)
    profit = np.round(0.55 * work.pay[person, column].astype(np.float64))
    partner = draws.uniform("sa.partner", people.ids)[person]
    second = second_number(world, person, on(YEARS[column], 4, 6))
    return {
        "NINO": world.insurance.numbers(person, second).array(),
        "TaxYear": whole(six_digits(YEARS[column])),
        "EARNINGS_PTR": whole(profit, partner < 0.1),
        "EARNINGS_SOLE": whole(
            np.where(partner < 0.02, profit // 3, profit),
            (partner >= 0.1) | (partner < 0.02),
        ),
    }
