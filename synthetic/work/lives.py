"""Working lives: who works in which tax years and for how much of them, in which jobs, and for what pay."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from synthetic.drawn.dates import on
from synthetic.drawn.draws import Draws, Floats
from synthetic.education.deviates import Deviates
from synthetic.education.journeys import YEARS, Journeys
from synthetic.people.people import People
from synthetic.rules.working import working
from synthetic.work.activity import CHILD, CLAIMANT, STUDENT, UNSETTLED, WORKER, Activities, Lives, lives
from synthetic.work.insurance import Insurance
from synthetic.work.jobs import ALL, NONE, PART, Jobs, Pattern, jobs
from synthetic.work.pay import full_pay


@dataclass(frozen=True)
class Work:
    """What people do in each tax year, and their jobs."""

    age: Floats  # (people, YEARS), on 5 October
    activity: Activities  # (people, YEARS): activity.CHILD to UNCAPTURED
    able: NDArray[np.bool_]  # (people, YEARS): holds a number, and is in the country, throughout the year
    would_claim: NDArray[np.bool_]  # (people, YEARS): out of work, whether or not they study
    pattern: Pattern  # (people, YEARS): jobs.NONE, PART or ALL of the year
    pay: Deviates  # (people, YEARS): pay of a full year in pounds, of people who work in it
    jobs: Jobs


def work(draws: Draws, people: People, journey: Journeys, insured: Insurance) -> Work:
    """Working lives that realise each year's main activity."""
    age = YEARS[None, :] + 0.76 - (people.birth[:, None] / 365.25 + 1970)
    live = lives(draws, people, journey, insured)
    pattern = _pattern(draws, people, journey, insured, live)
    earliest = np.maximum(insured.issued, people.arrival) + np.int32(20)
    finishes = journey.graduates[:, None] & ((journey.degree_start + journey.degree_years)[:, None] == YEARS)
    return Work(
        age=age,
        activity=live.activity,
        able=~live.away,
        would_claim=live.otherwise == CLAIMANT,
        pattern=pattern,
        pay=full_pay(draws, people, journey, age),
        jobs=jobs(draws, people.ids, age, pattern, earliest, finishes).until(people.departure),
    )


def _pattern(draws: Draws, people: People, journey: Journeys, insured: Insurance, live: Lives) -> Pattern:
    """How much of each year is worked: all of it by workers and apprentices, some by students and the unsettled."""
    did, rules = live.activity, working()
    drawn = draws.uniform("work.pattern", people.ids[:, None], YEARS[None, :]).astype(np.float32)
    out = np.zeros(did.shape, np.int8)
    out[did == WORKER] = ALL
    out[(did == UNSETTLED) & (drawn < rules.unsettled_work)] = PART
    out[(did == CLAIMANT) & (drawn < rules.claimant_work)] = PART
    studies = did == STUDENT
    learns = studies & (journey.adult_learning | journey.apprentices())
    out[learns] = np.select([live.otherwise == WORKER, live.otherwise == UNSETTLED], [ALL, PART], NONE)[learns]
    out[studies & journey.apprentices()] = ALL
    sixteen = (did == CHILD) & (YEARS - people.cohort[:, None] == 17) & ~live.away
    for name, where in (
        ("school", journey.sixth_form), ("college", journey.college), ("university", journey.university()),
    ):  # fmt: skip
        rows = (studies | sixteen) & where & ~learns
        share = rules.student[name]
        out[rows & (drawn < share.all_year + share.part_of_year)] = PART
        out[rows & (drawn < share.all_year)] = ALL
    out = _eased(drawn, did, out)
    out[live.away] = NONE
    # Who becomes an apprentice at 16 works from summer on, with a number of since April.
    begins = journey.apprentices() & journey.may_learn() & (YEARS - people.cohort[:, None] == 17)
    begins &= insured.issued[:, None] < on(YEARS, 8, 1)
    begins &= people.departure[:, None] > on(YEARS + 1, 4, 5)
    out[begins & (out == NONE)] = PART
    return out


def _eased(drawn: Deviates, did: Activities, pattern: Pattern) -> Pattern:
    """Most workers who studied or claimed the year before, or do so the year after, work a part of that year too."""
    out = pattern.copy()
    idle = (pattern == NONE) & ((did == STUDENT) | (did == CLAIMANT))
    near = np.zeros(pattern.shape, bool)
    near[:, :-1] |= pattern[:, 1:] == ALL
    near[:, 1:] |= pattern[:, :-1] == ALL
    out[idle & near & (drawn > 1 - working().eased)] = PART
    return out
