"""DWP benefits: spells out of work, spells of universal credit in work, and benefits for disability."""

import numpy as np

from synthetic.dates import DATA_END, NEVER, on
from synthetic.draws import Ints, Slots
from synthetic.journeys import YEARS
from synthetic.sources.hmrc import second_number
from synthetic.work import Work
from synthetic.world import Tables, World, coded, dates

TYPES = ["JSA", "IS", "ESA", "IB", "ICA", "UAA", "UCE", "UDF", "UBC", "UAB", "UBD", "DLA", "PIP", "JTA"]

# Benefits of people out of work before 2008 (incapacity benefit), to 2015 (employment and support), and after.
_MEN = [Slots(np.array(w)) for w in ([58, 16, 0, 24, 2], [66, 6, 24, 0, 4], [14, 2, 20, 0, 4, 38, 7, 5, 10])]
_WOMEN = [Slots(np.array(w)) for w in ([28, 52, 0, 16, 4], [36, 36, 19, 0, 9], [9, 12, 17, 0, 9, 26, 9, 7, 11])]


def dwp(world: World, of: Work) -> Tables:
    """Benefit spells, in the order of the people."""
    parts = [_out_of_work(world, of), _in_work(world, of), _disability(world, of)]
    person, start, days, kind = (np.concatenate([part[i] for part in parts]) for i in range(4))
    end = start + days
    gone = world.people.departure[person]
    keep = (start <= DATA_END) & (start < gone)
    person, start, end, kind = person[keep], start[keep], np.minimum(end, gone)[keep], kind[keep]
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


Spells = tuple[Ints, Ints, Ints, Ints]  # place of the person, first day, days, benefit


def _out_of_work(world: World, of: Work) -> Spells:
    people, draws, ids = world.people, world.draws, world.people.ids
    claims = np.where(people.fsm, 0.50, 0.26) - 0.09 * np.clip(people.ability, -2, 2)
    spell = of.able & ~of.employed & ~of.full_time_student & (of.age >= 18)
    spell &= draws.chance("benefit", ids[:, None], claims[:, None], YEARS[None, :])
    person, at = np.nonzero(spell)
    days, start = _length(world, "benefit", person, at, 190)
    era = np.select([YEARS[at] < 2008, YEARS[at] < 2016], [0, 1], 2)
    drawn = draws.uniform("benefit.type", ids[person], at // 4)
    kind = np.empty(len(person), np.int64)
    for number in range(3):
        for sex, tables in ((False, _MEN), (True, _WOMEN)):
            rows = (era == number) & (people.female[person] == sex)
            kind[rows] = tables[number].at(drawn[rows])
    return person, start, days, kind


def _in_work(world: World, of: Work) -> Spells:
    """Universal credit of people in work, since 2016."""
    people, draws = world.people, world.draws
    odds = np.where(people.fsm, 0.10, 0.04)[:, None]
    spell = of.employed & (of.age >= 18) & (YEARS >= 2016)[None, :] & ~of.full_time_student
    spell &= draws.chance("credit", people.ids[:, None], odds, YEARS[None, :])
    person, at = np.nonzero(spell)
    days, start = _length(world, "credit", person, at, 240)
    kind = np.where(draws.uniform("credit.type", people.ids[person], at) < 0.6, TYPES.index("UAB"), TYPES.index("UBD"))
    return person, start, days, kind


def _disability(world: World, of: Work) -> Spells:
    """One long spell for one person in twenty-five; personal independence payment since 2013."""
    people, draws = world.people, world.draws
    has = draws.chance("disability", people.ids, 0.04) & (world.insurance.issued < NEVER)
    person = np.flatnonzero(has)
    drawn = draws.uniform("disability.at", people.ids[person])
    start = world.insurance.issued[person] + 90 + (drawn**2 * 12 * 365).astype(np.int64)
    days = (400 - np.log(1 - draws.uniform("disability.days", people.ids[person])) * 2500).astype(np.int64)
    since_pip = start >= int(on(np.array([2013]), 4, 8)[0])
    return (
        person,
        start.astype(np.int64),
        days,
        np.where(since_pip, TYPES.index("PIP"), TYPES.index("DLA")).astype(np.int64),
    )


def _length(world: World, field: str, person: Ints, at: Ints, mean: int) -> tuple[Ints, Ints]:
    ids = world.people.ids[person]
    days = (14 - np.log(1 - world.draws.uniform(f"{field}.days", ids, at)) * mean).astype(np.int64)
    start = on(YEARS[at], 4, 6) + (world.draws.uniform(f"{field}.start", ids, at) * 364).astype(np.int64)
    return days, np.maximum(start, world.insurance.issued[person] + 30)
