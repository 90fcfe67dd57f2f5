"""Jobs from day to day, such that each year is worked in every month, in some, or in none."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from synthetic.drawn.dates import NEVER, Days, on
from synthetic.drawn.draws import Draws, Floats, Ints
from synthetic.education.journeys import YEARS
from synthetic.rules.working import working

NONE, PART, ALL = range(3)
"""Months of the tax year with work in them, April to March: none, at least one but not all, each."""

Pattern = NDArray[np.int8]

# Days from 6 April. A year worked throughout begins in April and is not left before 7 March; work that does not go on
# is left by 30 March, as the next year may have no trace of it; a year worked in part lacks April or March.
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


def jobs(draws: Draws, ids: Ints, age: Floats, pattern: Pattern, earliest: Days, finishes: NDArray[np.bool_]) -> Jobs:
    """Main jobs from year to year, and short second ones beside them.

    Args:
        ids: person numbers.
        age: (people, YEARS).
        pattern: (people, YEARS) NONE, PART or ALL.
        finishes: (people, YEARS) whether the year is that of a degree, which most take to find another employer.
        earliest: (people,) days before which nobody works; work of the first year may have begun that early.
    """
    person, at, start, end = _main_jobs(draws, ids, age, pattern, finishes)
    held = (at == 0) & (pattern[person, at] == ALL)
    start = np.where(held, np.minimum(start, np.maximum(_before(draws, ids, start, person), earliest[person])), start)
    second_person, second_at, begun, left = _second_jobs(draws, ids, pattern)
    persons = np.concatenate([person, second_person])
    number = np.concatenate([at, second_at + CASUAL])
    order = np.lexsort((number, persons))
    number = number[order]
    starts, ends = np.concatenate([start, begun])[order], np.concatenate([end, left])[order]
    starts = np.maximum(starts, earliest[persons[order]])
    ends = np.maximum(ends, starts)
    return Jobs(persons[order], number, starts.astype(np.int32), ends.astype(np.int32), number >= CASUAL)


def _main_jobs(
    draws: Draws, ids: Ints, age: Floats, pattern: Pattern, finishes: NDArray[np.bool_]
) -> tuple[Ints, Ints, Ints, Ints]:
    """Person, year, first and last day of each main job."""
    rules = working().jobs
    head, tail = _parts(draws, ids, pattern)
    full = pattern == ALL
    goes_on = np.zeros((len(pattern), len(YEARS) + 1), bool)  # from the year before into this one
    goes_on[:, 1:-1] = (full[:, :-1] & (full[:, 1:] | head[:, 1:])) | (tail[:, :-1] & full[:, 1:])
    odds = np.where(finishes, rules.leaves_graduates, np.interp(age, rules.leaves_ages, rules.leaves))
    leaves = draws.uniform("job.leaves", ids[:, None], YEARS[None, :]) < odds
    begins = (pattern > NONE) & (~goes_on[:, :-1] | (full & leaves))
    person, at = np.nonzero(begins)
    drawn = draws.uniform("job.start", ids[person], at)
    kind = np.select(
        [goes_on[person, at], full[person, at], tail[person, at]],
        [np.where(finishes[person, at], _SUMMER, 20) + drawn * 285, drawn * _APRIL, _NO_APRIL + drawn**0.8 * 325],
        drawn * 150,
    ).astype(np.int64)
    opens = on(YEARS, 4, 6).astype(np.int64)
    start = opens[at] + kind
    last = _last_years(goes_on)[person, at]  # of the unbroken run of years
    follows = np.zeros(len(person), bool)
    follows[:-1] = (person[1:] == person[:-1]) & (at[1:] <= last[:-1])
    finish = draws.uniform("job.end", ids[person], at)
    middle = (pattern[person, at] == PART) & ~head[person, at] & ~tail[person, at]
    end = opens[last] + np.select(
        [middle, head[person, last]],
        [kind + 10 + finish * (_NO_MARCH - 10 - kind), 5 + finish * (_NO_MARCH - 5)],
        _SPRING + finish * (_LAST - _SPRING),
    ).astype(np.int64)
    stays = (last == len(YEARS) - 1) & full[person, last] & (finish < rules.goes_on)
    gap = (draws.uniform("job.gap", ids[person], at) * 26 - 6).astype(np.int64)  # below a month: each is touched
    next_start = np.append(start[1:], 0)
    end = np.where(follows, next_start - gap, np.where(stays, NEVER, end))
    return person, at, start, np.maximum(end, start)


def _before(draws: Draws, ids: Ints, start: Ints, person: Ints) -> Ints:
    """Days up to four years before those given: when jobs began that are held as the data begin."""
    out: Ints = start - (draws.uniform("job.before", ids[person]) * 1500).astype(np.int64)
    return out


def _parts(draws: Draws, ids: Ints, pattern: Pattern) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """(people, YEARS) each: work of a part of a year that goes on from the year before; that goes on into the next."""
    full, part = pattern == ALL, pattern == PART
    after = np.zeros(full.shape, bool)
    before = np.zeros(full.shape, bool)
    after[:, 1:], before[:, :-1] = full[:, :-1], full[:, 1:]
    both = part & after & before
    head = part & after & ~(both & draws.chance("job.part", ids, 0.5)[:, None])
    return head, part & before & ~head


def _last_years(goes_on: NDArray[np.bool_]) -> NDArray[np.int64]:
    """(people, YEARS): the last year of the unbroken run that each year lies in."""
    count = goes_on.shape[1] - 1
    ends = np.where(goes_on[:, 1:], count, np.arange(count)[None, :])
    out: NDArray[np.int64] = np.minimum.accumulate(ends[:, ::-1], axis=1)[:, ::-1]
    return out


def _second_jobs(draws: Draws, ids: Ints, pattern: Pattern) -> tuple[Ints, Ints, Ints, Ints]:
    """Short jobs within years that are worked throughout."""
    drawn = draws.uniform("job.casual", ids[:, None], YEARS[None, :])
    share = working().jobs.second
    person, at = np.nonzero((pattern == ALL) & (drawn < share))
    begun = (drawn[person, at] / share * 300).astype(np.int64)
    days = 7 - np.log(1 - draws.uniform("job.casual.days", ids[person], at)) * 80
    left = np.minimum(begun + days.astype(np.int64), _LAST)
    opens = on(YEARS, 4, 6).astype(np.int64)[at]
    return person, at, opens + begun, opens + left
