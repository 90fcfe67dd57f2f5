"""Who people are: how they enter the records, when they come and go, and how well they
are recorded.
"""

import functools
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from synthetic.base.dates import NEVER, YEAR, Days, academic_year, from_parts, on, parts
from synthetic.base.draws import Draws, Floats, Ints, Slots
from synthetic.base.reference import Codes, Origin, Reference, published
from synthetic.base.rules import Table, rule_file
from synthetic.people.families import (
    SCOTLAND,
    WALES,
    Families,
    circumstances,
    families,
    pupils_origin,
    regions,
    upbringing,
)
from synthetic.people.homes import Dwellers, Homes, homes, in_nation
from synthetic.people.names import Bearers, Names, names

FIRST_DEGREE, TAUGHT, RESEARCH = range(3)
FIRST_YEAR, LAST_YEAR = 2004, 2020

_AGES = np.array([18, 21, 23])  # the youngest begin at, by level
_SPREAD = np.array([5, 9, 10])  # years over which the others follow
# who is as old when the sources begin comes for a postgraduate course only, up to
# fifteen years later
_GROWN = 24


@dataclass(frozen=True)
class Visits:
    """Arrays with one place for each person; years are those in which an academic year
    began, 0 for never.
    """

    comes: NDArray[np.bool_]
    level: Codes  # FIRST_DEGREE, TAUGHT or RESEARCH: of the first course
    start: Ints
    years: Ints  # of the first course
    goes_on: NDArray[np.bool_]  # to a master's in the year after the first degree
    arrival: Days
    departure: Days  # NEVER for people who stay


def visits(
    draws: Draws,
    origins: list[Origin],
    ids: Ints,
    is_eligible: NDArray[np.bool_],
    origin: Codes,
    birth: Days,
) -> Visits:
    """Who comes to study, of the people who may (`is_eligible`) as they came from
    abroad as adults.
    """
    rules = rule_file("study/universities.toml").visitors
    share = np.array([rules.share.get(group.name, 0.0) for group in origins])[origin]
    cohort = academic_year(birth)
    is_grown_up = cohort + _GROWN < FIRST_YEAR
    draw = draws.uniform("visit.level", ids)
    level = Slots(np.array([rules.first_degree, rules.taught, rules.research])).at(draw)
    level = np.where(
        is_grown_up & (level == FIRST_DEGREE),
        np.where(draw < rules.first_degree * 0.1, RESEARCH, TAUGHT),
        level,
    )
    age = draws.uniform("visit.age", ids)
    delay = np.where(is_grown_up, age * 15, age**1.7 * _SPREAD[level])
    start = cohort + 1 + _AGES[level] + delay.astype(np.int64)
    comes = (
        is_eligible
        & draws.chance("visit", ids, share)
        & (start >= FIRST_YEAR)
        & (start <= LAST_YEAR)
    )
    is_long = draws.chance("visit.long", ids, 0.2)
    years = np.array([3, 1, 3])[level] + (is_long & (level != TAUGHT))
    goes_on = (
        comes
        & (level == FIRST_DEGREE)
        & draws.chance("visit.goes.on", ids, rules.go_on)
    )
    end = on(start + years + goes_on, 9, 1) + (
        -np.log(1 - draws.uniform("visit.leaves", ids)) * 0.3 * YEAR
    ).astype(int)
    stays = draws.chance("visit.stays", ids, rules.stay)
    arrival = on(start, 8, 31) - (draws.uniform("visit.arrives", ids) * 25).astype(
        np.int32
    )
    return Visits(
        comes,
        level,
        np.where(comes, start, 0),
        np.where(comes, years, 0),
        goes_on,
        arrival.astype(np.int32),
        np.where(stays, NEVER, end).astype(np.int32),
    )


def numbered(origins: list[Origin], origin: Codes) -> NDArray[np.float64]:
    """The share of each person's origin group who, having come to study, ever get a
    National Insurance number.
    """
    rules = rule_file("study/universities.toml").visitors
    return np.array([rules.nino.get(group.name, 0.5) for group in origins])[origin]


_EMIGRATE, _EMIGRATE_BORN_ABROAD = 0.06, 0.15  # between 18 and 35


def departures(
    draws: Draws,
    ids: Ints,
    birth: Days,
    female: NDArray[np.bool_],
    foreign: NDArray[np.bool_],
) -> tuple[Days, Days]:
    """Day of death, and day of death or emigration if that is earlier; NEVER
    for most.
    """
    hazard = -np.log(1 - draws.uniform("death", ids))
    ages, men, women = _hazards()
    age = np.where(female, np.interp(hazard, women, ages), np.interp(hazard, men, ages))
    dies = hazard < np.where(female, women[-1], men[-1])
    death = np.where(dies, birth + age * YEAR, NEVER)
    leaves = draws.chance(
        "emigrates", ids, np.where(foreign, _EMIGRATE_BORN_ABROAD, _EMIGRATE)
    )
    emigration_day = birth + (18 + 17 * draws.uniform("emigration", ids)) * YEAR
    departure = np.minimum(death, np.where(leaves, emigration_day, NEVER))
    return np.minimum(death, NEVER).astype(np.int32), np.minimum(
        departure, NEVER
    ).astype(np.int32)


@functools.cache
def _hazards() -> tuple[Floats, Floats, Floats]:
    """Ages, and the cumulated risk of death of men and of women before each
    (deaths.csv: a year, of 100,000).
    """
    rows = list(published("deaths.csv"))
    age = np.array([float(row["age"]) for row in rows])
    years = np.append(np.diff(age), 5.0)
    men, women = (
        np.append(
            0.0, np.cumsum(np.array([float(row[sex]) for row in rows]) * years / 1e5)
        )
        for sex in ("men", "women")
    )
    return np.append(age, age[-1] + 5), men, women


SCHOOLED, LATE, PRIVATE, OUTSIDER, VISITOR, SCOTTISH, WELSH = range(7)
"""In state schools; in English education without a school record; in private schools;
never in British education; come from abroad to study at a university; in state schools
in Scotland and in Wales.
"""

KINDS = (
    "schooled",
    "late arrival",
    "private school",
    "never in English education",
    "came to study",
    "schooled in Scotland",
    "schooled in Wales",
)

IN_STATE_SCHOOLS = (SCHOOLED, SCOTTISH, WELSH)
"""Of England, Scotland and Wales: people whose families live or have lived in the
nation.
"""

_LATE_SHARE, _PRIVATE_SHARE = 0.05, 0.055
_DISADVANTAGED, _RENAMED = 0.26, 0.15  # shares of people, so that the odds are averages


@dataclass(frozen=True)
class People:
    """Arrays of equal length, with one place for each person."""

    ids: Ints
    kind: Codes
    family: Ints
    twin: NDArray[np.bool_]  # of the child before
    birth: Days
    cohort: Ints  # year in which the academic year of birth began
    female: NDArray[np.bool_]
    origin: Codes
    ethnic: Codes
    foreign_born: NDArray[np.bool_]
    # in the country, also after the last day of the files; the birth of those born
    # there
    arrival: Days
    departure: Days  # emigration or death, NEVER for most
    death: Days
    fsm: NDArray[np.bool_]
    idaci: Floats
    ability: Floats  # standard normal
    quality: (
        Floats  # what multiplies the odds of an error in this person's records, mean 1
    )
    names: Names
    homes: Homes

    def __len__(self) -> int:
        return len(self.ids)


def people(draws: Draws, reference: Reference, odds: Table, ids: Ints) -> People:
    """Make the people with these numbers (any distinct numbers from 1; the result does
    not depend on the others).
    """
    kin = families(draws, ids, odds.people.twins)
    shares = Slots(
        np.array([1 - _LATE_SHARE - _PRIVATE_SHARE, _LATE_SHARE, _PRIVATE_SHARE])
    )
    kind = np.where(
        kin.outsider, OUTSIDER, shares.at(draws.uniform("kind", kin.family))
    )
    kind = np.select(
        [kin.nation == SCOTLAND, kin.nation == WALES], [SCOTTISH, WELSH], kind
    ).astype(np.int32)
    origin = _origin(draws, reference, kin, kind == LATE)
    facts = reference.origins
    share = np.array([o.share("foreign_born") for o in facts])[origin]
    late_share = np.minimum(0.3 + 1.5 * share, 0.92)
    share = np.where(
        kind == LATE, late_share, np.where(kin.outsider, share * 0.6 + 0.35, share)
    )
    foreign = draws.chance("abroad", kin.family, share)
    january = (
        np.array([o.share("first_january") for o in facts])[origin]
        * odds.people.first_of_january
    )
    is_undated = foreign & draws.chance(
        "january", kin.family, january
    )  # who came without any papers
    years, months, doms = parts(kin.birth)
    birth = from_parts(
        years, np.where(is_undated, 1, months), np.where(is_undated, 1, doms)
    )
    arrival = _arrival(draws, ids, kin, birth, kind, foreign)
    female = draws.chance("sex", ids, 0.487)
    death, departure = departures(draws, ids, birth, female, foreign)
    visit = visits(draws, facts, ids, kin.outsider & foreign, origin, birth)
    kind = np.where(visit.comes, VISITOR, kind).astype(np.int32)
    arrival = np.where(visit.comes, visit.arrival, arrival).astype(np.int32)
    death = np.where(death <= arrival, NEVER, death).astype(
        np.int32
    )  # who came was alive
    departure = np.where(visit.comes, np.minimum(visit.departure, death), departure)
    departure = np.where(departure <= arrival, death, departure).astype(
        np.int32
    )  # who came had not left before
    nations = upbringing(draws, kin.family, kin.nation, kin.outsider | foreign)
    english = regions(draws, reference, kin.family, origin, ~kin.outsider)
    region = in_nation(reference, english, kin.nation)
    means = circumstances(
        draws, ids, kin.family, origin, region, kind == PRIVATE, female
    )
    home = homes(
        draws,
        reference,
        Dwellers(ids, birth, arrival, english, means.fsm),
        kin,
        nations,
    )
    name_set = names(
        draws,
        reference,
        odds,
        Bearers(ids, birth, female, origin),
        kin,
        foreign,
        means.ability,
    )
    quality = _quality(draws, odds, ids, means.fsm | foreign, name_set.reason > 0)
    ethnic = np.zeros(len(ids), np.int32)
    for code, group in enumerate(facts):
        rows = origin == code
        ethnic[rows] = group.ethnic.at(draws.uniform("ethnic", kin.family[rows]))
    return People(
        ids,
        kind,
        kin.family,
        kin.twin_of_elder,
        birth,
        academic_year(birth),
        female,
        origin,
        ethnic,
        foreign,
        arrival,
        departure,
        death,
        means.fsm,
        means.idaci,
        means.ability,
        quality,
        name_set.until(death),
        home.until(departure),
    )


def _origin(
    draws: Draws, reference: Reference, kin: Families, late: NDArray[np.bool_]
) -> Codes:
    """Origin groups: those of pupils by nation and birth, or, of people who came to no
    school here, those of adults.
    """
    draw = draws.uniform("origin", kin.family)

    def of(place: str) -> Codes:
        return Slots(
            np.array([group.share(place) for group in reference.origins]), 14
        ).at(draw)

    pupils = np.select(
        [kin.nation == SCOTLAND, kin.nation == WALES],
        [of("scotland"), of("wales")],
        pupils_origin(draw, kin.eldest_birth),
    )
    return np.where(kin.outsider | late, of("elsewhere"), pupils).astype(np.int32)


def _arrival(
    draws: Draws,
    ids: Ints,
    kin: Families,
    birth: Days,
    kind: Codes,
    foreign: NDArray[np.bool_],
) -> Days:
    """Families come with all their children, late arrivals at 16 to 26, others at 18 to
    42, most before 30.

    The youngest of a family is then 2 or older and the eldest 15 or younger, as far as
    they are near enough in age.
    """
    draw = draws.uniform("arrival", ids)
    own_day = birth + np.where(kind == LATE, 16 + 10 * draw, 18 + 24 * draw**2) * YEAR
    last = np.maximum(kin.oldest + 15 * YEAR, kin.youngest + YEAR)
    first = np.minimum(kin.youngest + 2 * YEAR, (kin.youngest + last) / 2)
    family_day = first + draws.uniform("arrival", kin.family) * (last - first)
    arrival = np.where(np.isin(kind, (LATE, OUTSIDER)), own_day, family_day)
    return np.where(foreign | (kind == LATE), arrival, birth).astype(np.int32)


def _quality(
    draws: Draws,
    odds: Table,
    ids: Ints,
    is_poor: NDArray[np.bool_],
    has_two_names: NDArray[np.bool_],
) -> Floats:
    """What multiplies the odds of an error, 1 on average: more for some, and where
    papers have two names.
    """
    rules = odds.quality
    spread = rules.person_spread
    factor = np.exp(spread * draws.normal("quality", ids) - spread**2 / 2)
    factor *= np.where(is_poor, rules.disadvantaged, 1.0) * np.where(
        has_two_names, rules.renamed, 1.0
    )
    mean = (1 + _DISADVANTAGED * (rules.disadvantaged - 1)) * (
        1 + _RENAMED * (rules.renamed - 1)
    )
    out: Floats = factor / mean
    return out
