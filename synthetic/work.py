"""Working lives: National Insurance numbers, activities, pay and jobs by tax year."""

import functools
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from linkage.catalogue import shipped
from synthetic.base import identifiers
from synthetic.base.dates import DATA_END, NEVER, YEAR, Days, on
from synthetic.base.draws import Draws, Floats, Ints, Slots
from synthetic.base.reference import published, reference
from synthetic.base.rules import Table, rule_file
from synthetic.base.text import Text
from synthetic.education.journeys import YEARS, Journeys
from synthetic.education.pathways import (
    Deviates,
    Traits,
    by_year,
    deviates,
    odds_table,
    with_qualification,
)
from synthetic.people.people import LATE, OUTSIDER, VISITOR, People, numbered


@dataclass(frozen=True)
class Insurance:
    """Days on which a first and a second number were issued, NEVER for none."""

    issued: Days
    second: Days
    both: (
        Any  # pa.StringArray: the first number of each person, then the second of each
    )

    def numbers(self, person: Ints, second: NDArray[np.bool_]) -> Text:
        """The number under which each row runs."""
        return Text(self.both, (person + second * len(self.issued)).astype(np.int32))


_HOLD = 0.99, 0.998
"""Share of those born abroad and in Britain who ever get a number: .4 % of UK-domiciled
graduates were unmatched a year on (DfE, graduate movement data, tax year 2016/17).
"""


def insurance(draws: Draws, odds: Table, people: People) -> Insurance:
    """Numbers come by themselves three months before the sixteenth birthday; to people
    who come later, on asking.

    Some people are given a second number, the foreign-born more often.
    """
    ids = people.ids
    foreign = people.foreign_born | (people.kind == LATE)
    sixteenth = people.birth + (15.75 * YEAR)
    wait = np.where(
        people.kind == VISITOR, 0.3, 0.8
    )  # years, on average; students ask when they take a first job
    application = (
        people.arrival - np.log(1 - draws.uniform("nino.asked", ids)) * wait * YEAR
    )
    day: NDArray[Any] = np.where(people.arrival > sixteenth, application, sixteenth)
    share = np.where(people.kind == OUTSIDER, 1.0, np.where(foreign, *_HOLD))
    share = np.where(
        people.kind == VISITOR, numbered(reference().origins, people.origin), share
    )
    holds = (
        draws.chance("nino.holds", ids, share)
        & (day <= DATA_END)
        & (day < people.departure)
    )
    issued = np.where(holds, day, NEVER)
    pair = draws.chance(
        "nino.second",
        ids,
        np.where(foreign, odds.people.second_nino_foreign, odds.people.second_nino),
    )
    second_day = issued + (0.5 + 8 * draws.uniform("nino.second.at", ids)) * YEAR
    second = np.where(
        holds & pair & (second_day <= DATA_END) & (second_day < people.departure),
        second_day,
        NEVER,
    )
    both = pa.concat_arrays(
        [identifiers.nino(draws, ids, ordinal) for ordinal in (0, 1)]
    )
    return Insurance(issued.astype(np.int32), second.astype(np.int32), both)


# Section, how its name begins in the figures, divisions of SIC 2007, share of young
# people's jobs (estimate).
SECTIONS = (
    ("A", "Agriculture", 1, 3, 0.8),
    ("C", "Manufacturing", 10, 33, 7.5),
    ("F", "Construction", 41, 43, 5.0),
    ("G", "Wholesale", 45, 47, 19.0),
    ("H", "Transport", 49, 53, 4.0),
    ("I", "Accommodation", 55, 56, 11.0),
    ("J", "Information", 58, 63, 5.0),
    ("K", "Financial", 64, 66, 5.0),
    ("L", "Real estate", 68, 68, 1.3),
    ("M", "Professional", 69, 75, 8.0),
    ("N", "Administrative", 77, 82, 9.5),
    ("O", "Public", 84, 84, 4.0),
    ("P", "Education", 85, 85, 8.0),
    ("Q", "Human health", 86, 88, 12.0),
    ("R", "Arts", 90, 93, 3.0),
    ("S", "Other service", 94, 96, 2.5),
)

_OWN = 99
"""The event of the draw of a person's own section: beyond the numbers of jobs."""


@functools.cache
def _everybody() -> Slots:
    return Slots(np.array([share for *_, share in SECTIONS]))


@functools.cache
def _by_subject() -> NDArray[np.int32]:
    """(2, subjects, slots): places in SECTIONS of graduates' early and later jobs, by
    the catalogue's subjects.

    Early jobs lie beyond the published shares of the first year, in which some
    graduates still hold one of before the degree and others have a later one already,
    and later jobs beyond those of the third, in which many still hold an early one.
    """
    subjects, letters = (
        list(shipped().frames["cah2"].values()),
        [letter for letter, *_ in SECTIONS],
    )
    shares = np.zeros((2, len(subjects), len(SECTIONS)))
    for row in published("life_sections.csv"):
        if row["subject"] in subjects:
            place = subjects.index(row["subject"]), letters.index(row["section"])
            shares[:, *place] = float(row["one"]), float(row["three"])
    totals = np.maximum(shares.sum(axis=2, keepdims=True), 1e-9)
    first, third = shares / totals
    all_shares = np.array([share for *_, share in SECTIONS]) / sum(
        share for *_, share in SECTIONS
    )
    rules = rule_file("life/working.toml").jobs
    early_shares = (
        first
        + rules.early_beyond * (first - all_shares)
        - rules.already_settled * (third - first)
    )
    shares[0] = np.clip(early_shares, 0, None) * totals[0]
    shares[1] = (
        np.clip(third + rules.settled_beyond * (third - first), 0, None) * totals[1]
    )
    shares += (
        shares.sum(axis=1, keepdims=True) * 1e-6
    )  # a subject that the figures leave out is like all of them
    return np.array([[Slots(row).table for row in year] for year in shares])


def sections(draw: Floats, subject: Ints, is_settled: NDArray[np.bool_]) -> Ints:
    """Places in SECTIONS for uniform draws; `subject` is -1 for no graduate,
    `is_settled` marks a later job.
    """
    table = _by_subject()
    slot = (draw * table.shape[2]).astype(np.int64)
    graduates = table[is_settled.astype(np.int64), np.maximum(subject, 0), slot]
    return np.where(subject < 0, _everybody().at(draw), graduates).astype(np.int64)


def section_of_jobs(
    draws: Draws,
    ids: Ints,
    number: Ints,
    subject: Ints,
    is_settled: NDArray[np.bool_],
    stays: float,
) -> Ints:
    """The section of each job: that of the person as a rule (a share `stays`), else
    another.

    `number` counts jobs of a person; `subject` is of the degree held when the job
    begins, -1 for none; `is_settled` marks later jobs of graduates.
    """
    is_own = draws.chance("job.section.stays", ids, stays, number)
    return sections(
        draws.uniform("job.section", ids, np.where(is_own, _OWN, number)),
        subject,
        is_settled,
    )


CHILD, STUDENT, CLAIMANT, UNSETTLED, WORKER, UNCAPTURED = range(6)
"""Before year 1 after key stage 4; in study, or on out-of-work benefits, for six
months; some work or study, but less than that; in work every month; in no source.
"""

Activities = NDArray[np.int8]


def years_since(people: People) -> Ints:
    """(people, YEARS): years after key stage 4 as DfE counts them; year 1 is the first
    whole tax year.
    """
    return YEARS[None, :] - people.cohort[:, None] - 17


@dataclass(frozen=True)
class Lives:
    """(people, YEARS) each."""

    activity: Activities  # CHILD to UNCAPTURED
    alternative: Activities  # what students would do if they did not study
    is_away: NDArray[
        np.bool_
    ]  # abroad, dead or without a number for a part of the year


def lives(
    draws: Draws, people: People, journey: Journeys, insurance: Insurance
) -> Lives:
    """What people do in each tax year."""
    years_after = years_since(people)
    studies, is_away, is_seen = standing(people, journey, insurance)
    ids, rules = people.ids, rule_file("life/working.toml")
    person = with_qualification(journey.traits, journey.qualified)
    activity = np.full(years_after.shape, WORKER, np.int8)
    steadiness = deviates(
        draws, "work", ids, YEARS, rules.work.lasting, rules.work.from_year
    )
    activity[steadiness < _table("life_unsettled", person, years_after)] = UNSETTLED
    activity[steadiness < _table("life_claims", person, years_after)] = CLAIMANT
    alternative = activity.copy()
    absence = deviates(
        draws,
        "uncaptured",
        ids,
        YEARS,
        rules.uncaptured.lasting,
        rules.uncaptured.from_year,
    )
    activity[(absence < _table("life_uncaptured", person, years_after)) & ~is_seen] = (
        UNCAPTURED
    )
    activity[is_away] = alternative[is_away] = UNCAPTURED
    activity[studies] = STUDENT
    activity[years_after < 1] = CHILD
    return Lives(activity, alternative, is_away)


def _table(name: str, person: Traits, years_after: Ints) -> Deviates:
    return by_year(odds_table(name), person, years_after)


def standing(
    people: People, journey: Journeys, insurance: Insurance
) -> tuple[NDArray[np.bool_], NDArray[np.bool_], NDArray[np.bool_]]:
    """(people, YEARS) each: studies for six months of the tax year; cannot be in work
    or on benefits; is seen studying.

    People who studied in the academic year before may be seen from April to July.
    """
    studies = journey.studies()
    is_seen = studies | journey.short_course
    is_seen[:, 1:] |= is_seen[:, :-1].copy()
    opens, closes = on(YEARS, 4, 6)[None, :], on(YEARS + 1, 4, 5)[None, :]
    is_away = (insurance.issued[:, None] > opens) | (
        people.departure[:, None] <= closes
    )
    is_away |= people.arrival[:, None] > opens
    return studies, is_away, is_seen


_LAST_COHORT = 1990  # of the published figures


def full_pay(draws: Draws, people: People, journey: Journeys, age: Floats) -> Deviates:
    """(people, YEARS): pounds for a year without a break."""
    years_after = years_since(people)
    log = by_year(
        odds_table("life_pay"),
        with_qualification(journey.traits, journey.qualified),
        years_after,
    )
    log += spread(draws, people.ids, people.female, age)
    log += later(people.cohort, years_after)
    log += studying(journey)
    np.exp(log, out=log)
    return log


def spread(draws: Draws, ids: Ints, female: NDArray[np.bool_], age: Floats) -> Deviates:
    """(people, YEARS): log of pay over the median: a lasting and a passing part, short
    hours, and a long upper tail.
    """
    rules = rule_file("life/working.toml").pay
    values = deviates(draws, "pay", ids, YEARS, rules.lasting, rules.from_year)
    tail = np.float32(rules.tail_from)
    out = values * np.float32(rules.spread)
    out += np.maximum(values - tail, 0) * np.float32(rules.tail)
    draw = draws.uniform("pay.short", ids)[:, None]
    is_grown_up = age > rules.grown_up
    share = np.where(
        female[:, None],
        np.where(is_grown_up, rules.short_women, rules.short_young),
        rules.short_men,
    )
    out += np.where(draw < share, np.float32(rules.short_hours), np.float32(0))
    return out


def later(cohort: Ints, years_after: Ints) -> Deviates:
    """(people, YEARS): log of the extra pay of later cohorts, and of people after the
    published years.
    """
    rules = rule_file("life/working.toml").pay
    cohorts = float(rules.a_cohort) * np.maximum(cohort - _LAST_COHORT, 0)[:, None]
    return (cohorts + float(rules.a_year) * np.clip(years_after - 15, 0, 12)).astype(
        np.float32
    )


def studying(journey: Journeys) -> Deviates:
    """(people, YEARS): log of the share of a full year's pay that work during study
    pays.
    """
    rules = rule_file("life/working.toml").pay
    out = np.zeros(journey.college.shape, np.float32)
    out[journey.university() | journey.sixth_form | journey.college] = np.log(
        rules.during_study
    )
    further_start = journey.postgraduate_start[:, None]
    out[journey.university() & (further_start > 0) & (further_start <= YEARS)] = np.log(
        rules.during_further_study
    )
    out[journey.apprentices()] = np.log(rules.apprentice)
    return out


NONE, PART, ALL = range(3)
"""Months of the tax year with work in them, April to March: none, at least one but not
all, each.
"""

Pattern = NDArray[np.int8]

# Days from 6 April. A year worked throughout begins in April and is not left before 7
# March; work that does not go on is left by 30 March, as the next year may have no
# trace of it; a year worked in part lacks April or March.
_APRIL, _SPRING, _NO_APRIL, _NO_MARCH, _LAST = 24, 335, 26, 325, 358
_SUMMER = 60
CASUAL = 32
"""Numbers of second jobs begin here."""


@dataclass(frozen=True)
class Jobs:
    """Jobs, in the order of the people."""

    person: Ints
    number: Ints  # of the job among the person's
    start: Days
    end: Days  # NEVER while it lasts
    casual: NDArray[np.bool_]

    def until(self, last: Days) -> "Jobs":
        """The jobs of people who each work until a day at the latest."""
        return replace(self, end=np.minimum(self.end, last[self.person]))


def jobs(
    draws: Draws,
    ids: Ints,
    age: Floats,
    pattern: Pattern,
    earliest: Days,
    finishes: NDArray[np.bool_],
) -> Jobs:
    """Main jobs from year to year, and short second ones next to them.

    `age`, `pattern` (NONE, PART or ALL) and `finishes` (the year of a degree, after
    which most find another employer) are (people, YEARS). No job begins before
    `earliest`; work of the first year may have begun that early.
    """
    person, column, start, end = _main_jobs(draws, ids, age, pattern, finishes)
    is_ongoing = (column == 0) & (pattern[person, column] == ALL)
    before = start - (draws.uniform("job.before", ids[person]) * 1500).astype(
        np.int64
    )  # days: up to four years
    start = np.where(
        is_ongoing, np.minimum(start, np.maximum(before, earliest[person])), start
    )
    second_person, second_column, second_start, second_end = _second_jobs(
        draws, ids, pattern
    )
    persons = np.concatenate([person, second_person])
    number = np.concatenate([column, second_column + CASUAL])
    order = np.lexsort((number, persons))
    number = number[order]
    starts, ends = (
        np.concatenate([start, second_start])[order],
        np.concatenate([end, second_end])[order],
    )
    starts = np.maximum(starts, earliest[persons[order]])
    ends = np.maximum(ends, starts)
    return Jobs(
        persons[order],
        number,
        starts.astype(np.int32),
        ends.astype(np.int32),
        number >= CASUAL,
    )


def _main_jobs(
    draws: Draws, ids: Ints, age: Floats, pattern: Pattern, finishes: NDArray[np.bool_]
) -> tuple[Ints, Ints, Ints, Ints]:
    """Person, year, first and last day of each main job."""
    rules = rule_file("life/working.toml").jobs
    head, tail = _parts(draws, ids, pattern)
    full = pattern == ALL
    goes_on = np.zeros(
        (len(pattern), len(YEARS) + 1), bool
    )  # from the year before into this one
    goes_on[:, 1:-1] = (full[:, :-1] & (full[:, 1:] | head[:, 1:])) | (
        tail[:, :-1] & full[:, 1:]
    )
    odds = np.where(
        finishes,
        rules.leaves_graduates,
        np.interp(age, rules.leaves_ages, rules.leaves),
    )
    leaves = draws.uniform("job.leaves", ids[:, None], YEARS[None, :]) < odds
    begins = (pattern > NONE) & (~goes_on[:, :-1] | (full & leaves))
    person, column = np.nonzero(begins)
    draw = draws.uniform("job.start", ids[person], column)
    offset = np.select(
        [goes_on[person, column], full[person, column], tail[person, column]],
        [
            np.where(finishes[person, column], _SUMMER, 20) + draw * 285,
            draw * _APRIL,
            _NO_APRIL + draw**0.8 * 325,
        ],
        draw * 150,
    ).astype(np.int64)
    opens = on(YEARS, 4, 6).astype(np.int64)
    start = opens[column] + offset
    last = last_years(goes_on)[person, column]  # of the unbroken run of years
    follows = np.zeros(len(person), bool)
    follows[:-1] = (person[1:] == person[:-1]) & (column[1:] <= last[:-1])
    finish = draws.uniform("job.end", ids[person], column)
    middle = (
        (pattern[person, column] == PART)
        & ~head[person, column]
        & ~tail[person, column]
    )
    end = opens[last] + np.select(
        [middle, head[person, last]],
        [
            offset + 10 + finish * (_NO_MARCH - 10 - offset),
            5 + finish * (_NO_MARCH - 5),
        ],
        _SPRING + finish * (_LAST - _SPRING),
    ).astype(np.int64)
    stays = (last == len(YEARS) - 1) & full[person, last] & (finish < rules.goes_on)
    gap = (draws.uniform("job.gap", ids[person], column) * 26 - 6).astype(
        np.int64
    )  # below a month: each is touched
    next_start = np.append(start[1:], 0)
    end = np.where(follows, next_start - gap, np.where(stays, NEVER, end))
    return person, column, start, np.maximum(end, start)


def _parts(
    draws: Draws, ids: Ints, pattern: Pattern
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """(people, YEARS) each: work of a part of a year that goes on from the year before;
    that goes on into the next.
    """
    full, part = pattern == ALL, pattern == PART
    after = np.zeros(full.shape, bool)
    before = np.zeros(full.shape, bool)
    after[:, 1:], before[:, :-1] = full[:, :-1], full[:, 1:]
    both = part & after & before
    head = part & after & ~(both & draws.chance("job.part", ids, 0.5)[:, None])
    return head, part & before & ~head


def last_years(goes_on: NDArray[np.bool_]) -> NDArray[np.int64]:
    """(people, YEARS): the last year of the unbroken run that each year lies in."""
    count = goes_on.shape[1] - 1
    ends = np.where(goes_on[:, 1:], count, np.arange(count)[None, :])
    return np.minimum.accumulate(ends[:, ::-1], axis=1)[:, ::-1]


def _second_jobs(
    draws: Draws, ids: Ints, pattern: Pattern
) -> tuple[Ints, Ints, Ints, Ints]:
    """Short jobs within years that are worked throughout."""
    draw = draws.uniform("job.casual", ids[:, None], YEARS[None, :])
    share = rule_file("life/working.toml").jobs.second
    person, column = np.nonzero((pattern == ALL) & (draw < share))
    start_day = (draw[person, column] / share * 300).astype(np.int64)
    days = 7 - np.log(1 - draws.uniform("job.casual.days", ids[person], column)) * 80
    end_day = np.minimum(start_day + days.astype(np.int64), _LAST)
    opens = on(YEARS, 4, 6).astype(np.int64)[column]
    return person, column, opens + start_day, opens + end_day


@dataclass(frozen=True)
class Work:
    """What people do in each tax year, and their jobs."""

    age: Floats  # (people, YEARS), on 5 October
    activity: Activities  # (people, YEARS): activity.CHILD to UNCAPTURED
    able: NDArray[
        np.bool_
    ]  # (people, YEARS): holds a number, and is in the country, throughout the year
    would_claim: NDArray[
        np.bool_
    ]  # (people, YEARS): out of work, whether or not they study
    pattern: Pattern  # (people, YEARS): jobs.NONE, PART or ALL of the year
    # (people, YEARS): pay of a full year in pounds, of people who work in it
    pay: Deviates
    jobs: Jobs


def work(draws: Draws, people: People, journey: Journeys, insurance: Insurance) -> Work:
    """Working lives that realise each year's main activity."""
    age = YEARS[None, :] + 0.76 - (people.birth[:, None] / 365.25 + 1970)
    life = lives(draws, people, journey, insurance)
    pattern = _pattern(draws, people, journey, insurance, life)
    earliest = np.maximum(insurance.issued, people.arrival) + np.int32(20)
    finishes = journey.graduates[:, None] & (
        (journey.degree_start + journey.degree_years)[:, None] == YEARS
    )
    return Work(
        age=age,
        activity=life.activity,
        able=~life.is_away,
        would_claim=life.alternative == CLAIMANT,
        pattern=pattern,
        pay=full_pay(draws, people, journey, age),
        jobs=jobs(draws, people.ids, age, pattern, earliest, finishes).until(
            people.departure
        ),
    )


def _pattern(
    draws: Draws, people: People, journey: Journeys, insurance: Insurance, life: Lives
) -> Pattern:
    """How much of each year is worked: all of it by workers and apprentices, some by
    students and the unsettled.
    """
    activity, rules = life.activity, rule_file("life/working.toml")
    draw = draws.uniform("work.pattern", people.ids[:, None], YEARS[None, :]).astype(
        np.float32
    )
    out = np.zeros(activity.shape, np.int8)
    out[activity == WORKER] = ALL
    out[(activity == UNSETTLED) & (draw < rules.unsettled_work)] = PART
    out[(activity == CLAIMANT) & (draw < rules.claimant_work)] = PART
    studies = activity == STUDENT
    learns = studies & (journey.adult_learning | journey.apprentices())
    out[learns] = np.select(
        [life.alternative == WORKER, life.alternative == UNSETTLED], [ALL, PART], NONE
    )[learns]
    out[studies & journey.apprentices()] = ALL
    is_sixteen = (
        (activity == CHILD) & (YEARS - people.cohort[:, None] == 17) & ~life.is_away
    )
    for name, mask in (
        ("school", journey.sixth_form),
        ("college", journey.college),
        ("university", journey.university()),
    ):
        rows = (studies | is_sixteen) & mask & ~learns
        share = rules.student[name]
        out[rows & (draw < share.all_year + share.part_of_year)] = PART
        out[rows & (draw < share.all_year)] = ALL
    out = _eased(draw, activity, out)
    out[life.is_away] = NONE
    # Who becomes an apprentice at 16 works from summer on, with a number of since
    # April.
    begins = (
        journey.apprentices()
        & journey.may_learn()
        & (YEARS - people.cohort[:, None] == 17)
    )
    begins &= insurance.issued[:, None] < on(YEARS, 8, 1)
    begins &= people.departure[:, None] > on(YEARS + 1, 4, 5)
    out[begins & (out == NONE)] = PART
    return out


def _eased(draw: Deviates, activity: Activities, pattern: Pattern) -> Pattern:
    """Most workers who studied or claimed the year before, or do so the year after,
    work a part of that year too.
    """
    out = pattern.copy()
    is_idle = (pattern == NONE) & ((activity == STUDENT) | (activity == CLAIMANT))
    is_near = np.zeros(pattern.shape, bool)
    is_near[:, :-1] |= pattern[:, 1:] == ALL
    is_near[:, 1:] |= pattern[:, :-1] == ALL
    out[is_idle & is_near & (draw > 1 - rule_file("life/working.toml").eased)] = PART
    return out
