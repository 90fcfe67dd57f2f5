"""DWP benefits: spells out of work, spells of universal credit in work, and benefits
for disability.
"""

import numpy as np
from numpy.typing import NDArray

from synthetic.base.dates import DATA_END, NEVER, day, on
from synthetic.base.draws import Floats, Ints, Slots, drawn_again
from synthetic.education.journeys import YEARS
from synthetic.sources.hmrc import second_number
from synthetic.work import CLAIMANT, NONE, STUDENT, UNSETTLED, WORKER, Work, last_years
from synthetic.world import Tables, World, coded, dates

TYPES = [
    "JSA",
    "IS",
    "ESA",
    "IB",
    "ICA",
    "UAA",
    "UCE",
    "UDF",
    "UBC",
    "UAB",
    "UBD",
    "DLA",
    "PIP",
    "JTA",
]

# Benefits of people out of work before 2008 (incapacity benefit), to 2015 (employment
# and support), and after.
_MEN = [
    Slots(np.array(w))
    for w in ([58, 16, 0, 24, 2], [66, 6, 24, 0, 4], [14, 2, 20, 0, 4, 38, 7, 5, 10])
]
_WOMEN = [
    Slots(np.array(w))
    for w in ([28, 52, 0, 16, 4], [36, 36, 19, 0, 9], [9, 12, 17, 0, 9, 26, 9, 7, 11])
]

# Days from 6 April. A claim of a claimant's only year begins by 2 September and lasts
# into March; a year on benefits after another is so from its first day; the last day of
# a claim lies before April, so that the next year has none.
_LATEST_START, _LEAST_END, _LAST = 149, 335, 358
# days before that by which a claim of several years may end: six months of its last
# year
_EARLY = 150
# New claims of employment and support since, in place of incapacity benefit; of
# universal credit.
_SUPPORT, _UNIVERSAL_CREDIT = day(2008, 10, 27), day(2016, 4, 6)
# of claims that go on into another year, those that become one of another benefit
# (estimate)
_CHANGES = 0.22
_OPEN = 0.8  # of claims of the last year, those that are open when the data end
_SHORTEST, _LONGEST_SHORT, _LATEST_SHORT = (
    15,
    110,
    240,
)  # days of a short claim, which never touch six months
_TRIES = 24  # for another benefit than the one before
_SHORT_DURING_WORK = (
    0.2  # unsettled years with a job that have a short claim too (estimate)
)


def dwp(world: World, work: Work) -> Tables:
    """Benefit spells, in the order of the people."""
    claims = [_out_of_work(world, work), _short(world, work)]
    parts = [
        *claims,
        _until_the_next(_in_work(world, work), claims),
        _disability(world),
    ]
    person, start, end, kind = (
        np.concatenate([part[i] for part in parts]) for i in range(4)
    )
    departure = world.people.departure[person]
    keep = (start <= DATA_END) & (start < departure)
    person, start, end, kind = (
        person[keep],
        start[keep],
        np.minimum(end, departure)[keep],
        kind[keep],
    )
    order = np.lexsort((kind, start, person))
    person, start, end, kind = person[order], start[order], end[order], kind[order]
    second = second_number(world, person, start)
    out = Tables()
    out.tables["dwp_benefits"] = {
        "NINO": world.insurance.numbers(person, second).array(),
        "StartDate": dates(start),
        "EndDate": dates(np.where(end > DATA_END, 0, end), end <= DATA_END),
        "Benefit_type": coded(kind, TYPES),
    }
    return out


Spells = tuple[
    Ints, Ints, Ints, Ints
]  # place of the person, first day, last day, benefit


def _out_of_work(world: World, work: Work) -> Spells:
    """Unbroken claims over years on benefits; learners who are out of work claim next
    to their course.
    """
    draws, ids = world.draws, world.people.ids
    mask = (work.activity == CLAIMANT) | (
        (work.activity == STUDENT) & work.would_claim & world.journeys.adult_learning
    )
    goes_on = np.zeros((len(mask), len(YEARS) + 1), bool)
    goes_on[:, 1:-1] = mask[:, 1:] & mask[:, :-1]
    changes = draws.chance("benefit.changes", ids[:, None], _CHANGES, YEARS[None, :])
    person, index = np.nonzero(mask & (~goes_on[:, :-1] | changes))
    follows = goes_on[person, index]
    opens = on(YEARS, 4, 6).astype(np.int64)
    draw = draws.uniform("benefit.start", ids[person], index)
    start = opens[index] + (draw * np.where(follows, _LEAST_END, _LATEST_START)).astype(
        np.int64
    )
    last = last_years(goes_on)[person, index]
    finish = draws.uniform("benefit.end", ids[person], index)
    early_days = draws.uniform("benefit.early", ids[person], index) * np.where(
        last > index, _EARLY, 0
    )
    end = opens[last] + (
        _LEAST_END + finish * (_LAST - _LEAST_END) - early_days
    ).astype(np.int64)
    next_follows = np.append(follows[1:], False)
    end = np.where(next_follows, np.append(start[1:], 0) - 1, end)
    is_open = ~next_follows & (last == len(YEARS) - 1) & (finish < _OPEN)
    return (
        person,
        start,
        np.where(is_open, NEVER, end),
        _another(world, person, index, start, follows),
    )


def _short(world: World, work: Work) -> Spells:
    """Claims of a few months in unsettled years: of all who had no job, and of some who
    had.
    """
    draws, ids = world.draws, world.people.ids
    has_additional = draws.chance(
        "benefit.short", ids[:, None], _SHORT_DURING_WORK, YEARS[None, :]
    )
    person, index = np.nonzero(
        (work.activity == UNSETTLED) & ((work.pattern == NONE) | has_additional)
    )
    days = _SHORTEST + draws.uniform("benefit.days", ids[person], index) * (
        _LONGEST_SHORT - _SHORTEST
    )
    start_day = draws.uniform("benefit.at", ids[person], index) * _LATEST_SHORT
    start = on(YEARS, 4, 6).astype(np.int64)[index] + start_day.astype(np.int64)
    return (
        person,
        start,
        start + days.astype(np.int64),
        _kind(world, person, index, start),
    )


def _another(
    world: World, person: Ints, index: Ints, start: Ints, follows: NDArray[np.bool_]
) -> NDArray[np.int64]:
    """Benefits of claims; each differs from that of the claim before it."""

    def draw(rows: Ints, number: int) -> NDArray[np.int64]:
        uniforms = world.draws.uniform(
            "benefit.other",
            world.people.ids[person[rows]],
            index[rows] * _TRIES + number,
        )
        return _kind(world, person[rows], index[rows], start[rows], uniforms)

    after = np.flatnonzero(follows[1:]) + 1
    return drawn_again(
        _kind(world, person, index, start), after, after - 1, draw, _TRIES
    )


def _kind(
    world: World, person: Ints, index: Ints, start: Ints, draw: Floats | None = None
) -> NDArray[np.int64]:
    """Benefits for being out of work, by sex and the day on which a claim begins: one
    benefit for some years.
    """
    era = np.select([start < _SUPPORT, start < _UNIVERSAL_CREDIT], [0, 1], 2)
    if draw is None:
        draw = world.draws.uniform("benefit.type", world.people.ids[person], index // 4)
    kind = np.empty(len(person), np.int64)
    for number in range(3):
        for sex, tables in ((False, _MEN), (True, _WOMEN)):
            rows = (era == number) & (world.people.female[person] == sex)
            kind[rows] = tables[number].at(draw[rows])
    return kind


def _in_work(world: World, work: Work) -> Spells:
    """Universal credit of people in work, since 2016."""
    people, draws = world.people, world.draws
    odds = np.where(people.fsm, 0.10, 0.04)[:, None]
    spell = (work.activity == WORKER) & (YEARS >= 2016)[None, :]
    spell &= draws.chance("credit", people.ids[:, None], odds, YEARS[None, :])
    person, index = np.nonzero(spell)
    ids = people.ids[person]
    days = (14 - np.log(1 - draws.uniform("credit.days", ids, index)) * 240).astype(
        np.int64
    )
    start = on(YEARS, 4, 6).astype(np.int64)[index] + (
        draws.uniform("credit.start", ids, index) * 364
    ).astype(np.int64)
    kind = np.where(
        draws.uniform("credit.type", ids, index) < 0.6,
        TYPES.index("UAB"),
        TYPES.index("UBD"),
    )
    return person, start, start + days, kind.astype(np.int64)


def _until_the_next(spells: Spells, claims: list[Spells]) -> Spells:
    """Spells of universal credit in work, each until the next of them or a claim out of
    work begins: spells do not overlap.
    """
    person, start, end = (
        np.concatenate([spells[i], *(claim[i] for claim in claims)]) for i in range(3)
    )
    is_ours = np.arange(len(person)) < len(spells[0])
    order = np.lexsort((~is_ours, start, person))
    next_start = np.full(len(person), NEVER, np.int64)
    is_same = person[order][1:] == person[order][:-1]
    next_start[order[:-1][is_same]] = start[order][1:][is_same]
    end = np.minimum(end, next_start - 1)[is_ours]
    mask = end >= spells[1]  # one that would begin with a claim is none
    return spells[0][mask], spells[1][mask], end[mask], spells[3][mask]


def _disability(world: World) -> Spells:
    """One long spell for one person in twenty-five; personal independence payment since
    2013.
    """
    people, draws = world.people, world.draws
    has_spell = draws.chance("disability", people.ids, 0.04) & (
        world.insurance.issued < NEVER
    )
    person = np.flatnonzero(has_spell)
    draw = draws.uniform("disability.at", people.ids[person])
    start = (
        world.insurance.issued[person].astype(np.int64)
        + 90
        + (draw**2 * 12 * 365).astype(np.int64)
    )
    days = (
        400 - np.log(1 - draws.uniform("disability.days", people.ids[person])) * 2500
    ).astype(np.int64)
    is_pip = start >= int(on(np.array([2013]), 4, 8)[0])
    kind = np.where(is_pip, TYPES.index("PIP"), TYPES.index("DLA")).astype(np.int64)
    return person, start, start + days, kind
