"""Working lives: who works in a tax year, in which jobs from day to day, and for how much."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from synthetic.dates import DATA_END, NEVER, Days, on
from synthetic.draws import Draws, Floats, Ints
from synthetic.insurance import Insurance
from synthetic.journeys import YEARS, Journeys
from synthetic.people import People

_AGES = [15, 16, 17, 18, 19, 20, 21, 22, 24, 27, 40]
_IN_WORK = [0.0, 0.10, 0.27, 0.42, 0.51, 0.57, 0.64, 0.70, 0.76, 0.79, 0.78]
_PAY_AGES = [16, 17, 19, 21, 23, 26, 31, 40]
_PAY = [9_000, 13_500, 18_500, 20_000, 21_500, 24_000, 26_500, 30_000]  # full time, pounds of 2016


@dataclass(frozen=True)
class Jobs:
    """Jobs, in the order of the people."""

    person: Ints
    number: Ints  # of the job among the person's
    start: Days
    end: Days  # NEVER while it lasts
    casual: NDArray[np.bool_]


@dataclass(frozen=True)
class Work:
    """People in work by tax year, and their jobs."""

    age: Floats  # (people, YEARS), on 5 October
    full_time_student: NDArray[np.bool_]
    able: NDArray[np.bool_]  # old enough, insured and in the country
    employed: NDArray[np.bool_]
    jobs: Jobs


def work(draws: Draws, people: People, journey: Journeys, insured: Insurance) -> Work:
    """Working lives, by age, study, ability and a lasting disposition."""
    ids = people.ids
    age = YEARS[None, :] + 0.76 - (people.birth[:, None] / 365.25 + 1970)
    student = journey.studies_full_time()
    last_day = np.minimum(people.departure, DATA_END)[:, None]
    able = (on(YEARS + 1, 4, 5)[None, :] > insured.issued[:, None]) & (on(YEARS, 4, 6)[None, :] < last_day)
    able &= on(YEARS, 4, 6)[None, :] >= people.arrival[:, None] - 180
    odds = np.interp(age, _AGES, _IN_WORK)
    odds = np.where(student, odds * 0.62, odds) + np.where(people.fsm, -0.09, 0.01)[:, None]
    odds += np.clip(people.ability, -2, 2)[:, None] * 0.045 * (age > 20)
    odds -= ((people.female[:, None]) & (age > 27)) * 0.05
    lasting, passing = draws.normal("work", ids)[:, None], draws.normal("work.year", ids[:, None], YEARS[None, :])
    employed = able & (age >= 16) & (0.82 * lasting + 0.5724 * passing < _threshold(odds))
    return Work(age, student, able, employed, _jobs(draws, people, insured, age, employed))


def _threshold(odds: Floats) -> Floats:
    """The normal quantile of probabilities, from a table."""
    from scipy.special import ndtri

    grid = np.arange(1, 1000) / 1000
    out: Floats = np.interp(odds, grid, np.round(ndtri(grid), 6))
    return out


def _jobs(draws: Draws, people: People, insured: Insurance, age: Floats, employed: NDArray[np.bool_]) -> Jobs:
    """Main jobs from year to year, and short second or seasonal ones beside them.

    About half of those under 25 leave an employer within a year, one in seven of the old (labour force survey, 2001).
    """
    ids, years = people.ids[:, None], YEARS[None, :]
    before = np.zeros(employed.shape, bool)
    before[:, 1:] = employed[:, :-1]
    leaves = draws.chance("job.leaves", ids, np.interp(age, [17, 24, 30, 45], [0.55, 0.45, 0.24, 0.15]), years)
    begins = employed & (~before | leaves)
    person, at = np.nonzero(begins)
    start = on(YEARS, 4, 6)[at].astype(np.int64) + (draws.uniform("job.start", people.ids[person], at) * 364).astype(
        np.int64
    )
    start = np.maximum(start, insured.issued[person].astype(np.int64) + 20)
    end = _ends(draws, people, person, at, employed, begins, start)
    last = people.departure[person].astype(np.int64)
    end = np.where((end > last) & (last < NEVER), last, end)
    end = np.where(end > DATA_END, NEVER, np.maximum(end, start))
    keep = (start <= DATA_END) & (start < last)
    extra_person, extra_at = np.nonzero(employed & draws.chance("job.casual", ids, 0.11, years))
    begun = on(YEARS, 4, 6)[extra_at] + (
        draws.uniform("job.casual.at", people.ids[extra_person], extra_at) * 330
    ).astype(int)
    length = 7 + (-np.log(1 - draws.uniform("job.casual.days", people.ids[extra_person], extra_at)) * 80).astype(
        np.int64
    )
    fits = (
        (begun + length <= DATA_END)
        & (begun >= insured.issued[extra_person])
        & (begun < people.departure[extra_person])
    )
    persons = np.concatenate([person[keep], extra_person[fits]])
    number = np.concatenate([at[keep], extra_at[fits] + 32])
    order = np.lexsort((number, persons))
    starts = np.concatenate([start[keep], begun[fits]])[order]
    ends = np.concatenate([end[keep], (begun + length)[fits]])[order]
    return Jobs(persons[order], number[order], starts.astype(np.int32), ends.astype(np.int32), number[order] >= 32)


def _ends(
    draws: Draws,
    people: People,
    person: Ints,
    at: Ints,
    employed: NDArray[np.bool_],
    begins: NDArray[np.bool_],
    start: Ints,
) -> Ints:
    """Last days: about when the next job begins (a few days before or after), else within the last year worked."""
    count = employed.shape[1]
    worked = np.zeros((len(employed), count + 1), bool)
    worked[:, :count] = employed & ~begins
    stops = np.where(~worked, np.arange(count + 1)[None, :], count + 1)
    stop = np.minimum.accumulate(stops[:, ::-1], axis=1)[:, ::-1]  # next year that does not go on with the job
    until = stop[person, np.minimum(at + 1, count)]
    within = np.minimum(until, count - 1)
    next_begins = (until < count) & begins[person, within]
    follows = np.zeros(len(person), bool)
    follows[:-1] = (person[1:] == person[:-1]) & next_begins[:-1]
    gap = (draws.uniform("job.gap", people.ids[person], at) * 40 - 12).astype(np.int64)
    next_start = np.zeros(len(person), np.int64)
    next_start[:-1] = start[1:]
    last_year = on(YEARS, 4, 6)[np.minimum(until, count) - 1].astype(np.int64)
    floor = np.maximum(start, last_year)
    drawn = floor + (draws.uniform("job.end", people.ids[person], at) * (last_year + 364 - floor + 1)).astype(np.int64)
    out = np.where(follows, np.maximum(next_start - gap, start), drawn)
    return np.where(until >= count, NEVER, out)


def pay(draws: Draws, people: People, journey: Journeys, of: Work, person: Ints, year: Ints) -> Floats:
    """Pay of a full year in pounds, in the work that the person does in the year (index into YEARS).

    A lasting part (standard deviation of the log .36) and a passing one (.20) around the median of the age.
    """
    ids, age, female = people.ids[person], of.age[person, year], people.female[person]
    log = np.log(np.interp(age, _PAY_AGES, _PAY))
    log += 0.36 * draws.normal("pay", ids) + 0.20 * draws.normal("pay.year", ids, year)
    log += 0.07 * np.clip(people.ability[person], -2, 2) + np.where(female, -0.03, 0.07)
    graduate = journey.graduates[person] & (YEARS[year] >= journey.degree_start[person] + journey.degree_years[person])
    log += np.where(graduate, 0.16, -0.06) + 0.02 * (YEARS[year] - 2016)
    part = draws.uniform("pay.part", ids) < np.where(female & (age > 24), 0.36, 0.16)
    log += np.where(part, -0.62, 0) + np.where(of.full_time_student[person, year], -0.9, 0)
    return np.exp(log)
