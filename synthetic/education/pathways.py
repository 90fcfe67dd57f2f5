"""What sets courses of life apart: the traits that published figures are given by, and
tables of odds by trait.

A table says for each trait's level how much the log of the odds of an outcome moves. A
person's log odds are the sum over traits; the sums of all combinations of levels are
made once, in two halves, so that a person costs two look-ups.
"""

import csv
import functools
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from synthetic.base.dates import on
from synthetic.base.draws import Draws, Floats, Ints
from synthetic.base.reference import FOLDER, Reference
from synthetic.base.rules import ENTRIES, PATHS, begins, gaps, lean, rule_file, years_of
from synthetic.people.families import ENGLAND
from synthetic.people.people import OUTSIDER, PRIVATE, SCOTTISH, VISITOR, WELSH, People

DEPRIVED, NOT_DEPRIVED = 0.27, 0.077
"""IDACI from which a home is in the most deprived fifth, and up to which in the least:
of pupils born 1985 to 1990.
"""

LEVEL2_OR_LESS, LEVEL3, GRADUATE = range(3)
QUALIFIED = ("level 2 or less", "level 3", "graduate")
"""The highest qualification that a person ever reaches."""

_SEXES, _MEALS, _GRADES, _FIFTHS = (
    ("M", "F"),
    ("no", "yes"),
    ("below", "reached"),
    ("least", "middle", "most"),
)
_SECTORS = ("state", "independent")


@dataclass(frozen=True)
class Attainment:
    """Arrays with one place for each person."""

    score: Floats  # standard normal among pupils
    points: Floats
    level2: NDArray[np.bool_]
    level2_em: NDArray[np.bool_]
    among_best: NDArray[
        np.bool_
    ]  # of the year, as far down as five passes reached before equivalents grew common


@dataclass(frozen=True)
class Traits:
    """Levels of people's traits by trait, (people,) each, and how the levels are
    called.
    """

    codes: dict[str, Ints]
    names: dict[str, tuple[str, ...]]

    def halves(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """The traits in two groups whose combinations are few."""
        near = ("ethnic", "region", "school")
        return tuple(trait for trait in self.names if trait not in near), near

    def cells(self, group: tuple[str, ...]) -> Ints:
        """The combination of levels of each person in a group of traits, in C order."""
        out = np.zeros(len(next(iter(self.codes.values()))), np.int64)
        for trait in group:
            out = out * len(self.names[trait]) + self.codes[trait]
        return out

    def at(self, rows: NDArray[np.int64]) -> "Traits":
        """The traits of some of the people."""
        return Traits(
            {trait: codes[rows] for trait, codes in self.codes.items()}, self.names
        )

    def plus(self, trait: str, codes: Ints, names: tuple[str, ...]) -> "Traits":
        """The same people with one trait more."""
        return Traits({**self.codes, trait: codes}, {**self.names, trait: names})


def traits(
    reference: Reference, people: People, among_best: NDArray[np.bool_]
) -> Traits:
    """The traits of people when they end key stage 4."""
    codes = {
        "sex": people.female.astype(np.int64),
        "meals": people.fsm.astype(np.int64),
        "grades": among_best.astype(np.int64),
        "idaci": (people.idaci > NOT_DEPRIVED).astype(np.int64)
        + (people.idaci >= DEPRIVED),
        "ethnic": people.ethnic.astype(np.int64),
        "region": people.homes.region.astype(np.int64),
        "school": (people.kind == PRIVATE).astype(np.int64),
    }
    names = {
        "sex": _SEXES,
        "meals": _MEALS,
        "grades": _GRADES,
        "idaci": _FIFTHS,
        "ethnic": tuple(reference.ethnic),
        "region": tuple(reference.regions),
        "school": _SECTORS,
    }
    return Traits(codes, names)


def with_qualification(person: Traits, qualified: Ints) -> Traits:
    """Traits with what is ever reached, by sex."""
    names = tuple(
        f"{qualification} {sex}" for qualification in QUALIFIED for sex in _SEXES
    )
    return person.plus("qualified", qualified * 2 + person.codes["sex"], names)


@dataclass(frozen=True)
class OddsTable:
    """Log odds of outcomes by trait and level: (levels, outcomes) each, and (outcomes,)
    for everybody.
    """

    outcomes: tuple[str, ...]
    everyone: Floats
    by_trait: dict[tuple[str, str], Floats]

    def of(self, person: Traits) -> NDArray[np.float32]:
        """(people, outcomes): log odds."""
        first, second = person.halves()
        out = self._sums(person, first)[person.cells(first)]
        out += self._sums(person, second)[person.cells(second)]
        out += self.everyone.astype(np.float32)
        return out

    def _sums(self, person: Traits, group: tuple[str, ...]) -> NDArray[np.float32]:
        """(combinations, outcomes): sums over the levels of each combination."""
        out = np.zeros((1, len(self.outcomes)), np.float32)
        nothing = np.zeros(len(self.outcomes))
        for trait in group:
            rows = np.array(
                [
                    self.by_trait.get((trait, level), nothing)
                    for level in person.names[trait]
                ],
                np.float32,
            )
            out = (out[:, None, :] + rows[None, :, :]).reshape(-1, len(self.outcomes))
        return out


@functools.cache
def odds_table(name: str) -> OddsTable:
    """A table of synthetic/reference/, with columns trait, level, then a column for
    each outcome.
    """
    with (FOLDER / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        header, *rows = csv.reader(file)
    values = {
        (trait, level): np.array([float(v or 0) for v in row])
        for trait, level, *row in rows
    }
    return OddsTable(tuple(header[2:]), values.pop(("everyone", "")), values)


_FIRST_COHORT, _LAST_COHORT = 1985, 2005
_FIRST_YEAR = 17
"""Year 0 after key stage 4 is the academic year that begins so many years after that of
birth.
"""

_BEGIN = np.array(
    [begins(e) if e.split()[0] in ("degree", "other") else (0, 0) for e in ENTRIES]
)
_DEGREE = np.array([e.startswith("degree") for e in ENTRIES])
_QUALIFIED = np.array(
    [
        GRADUATE
        if e.startswith("degree")
        else LEVEL2_OR_LESS
        if e == "level 2"
        else LEVEL3
        for e in ENTRIES
    ]
)
_WHERE = np.array([["nso".index(letter) for letter in path] for path in PATHS])
_TO_UNIVERSITY = ("never", "year 2", "later")


@dataclass(frozen=True)
class Higher:
    """Arrays with one place for each person; years are those in which an academic year
    began, 0 for never.
    """

    qualified: Ints  # the highest of traits.QUALIFIED that is ever reached
    start: Ints
    years: Ints
    graduates: NDArray[np.bool_]
    postgraduate_start: Ints
    postgraduate_years: Ints

    def during(self, years: Ints) -> NDArray[np.bool_]:
        """(people, years): studies at a university."""
        year, last = years[None, :], (self.start + self.years)[:, None]
        further_start = self.postgraduate_start[:, None]
        out: NDArray[np.bool_] = (
            (year >= self.start[:, None]) & (year < last) & (self.start > 0)[:, None]
        )
        out |= (
            (further_start > 0)
            & (year >= further_start)
            & (year < further_start + self.postgraduate_years[:, None])
        )
        return out


def entries(
    draws: Draws, people: People, person: Traits, results: Attainment
) -> NDArray[np.int64]:
    """The place in ENTRIES of each person."""
    odds = odds_table("life_entries").of(person)
    odds += entry_odds(results.score, people.cohort, people.fsm).astype(np.float32)
    return choose(odds, draws.uniform("entry", people.ids))


def entry_odds(score: Floats, cohort: Ints, meals: NDArray[np.bool_]) -> Floats:
    """(people, entries): log odds that do not depend on traits: results among equals,
    and the trend by cohort.
    """
    trend = rule_file("life/learning.toml").trend
    offset = np.clip(cohort, _FIRST_COHORT, _LAST_COHORT) - trend.centre
    rise = (
        np.where(
            offset < 0, trend.a_year_before, trend.a_year + trend.a_year_meals * meals
        )
        * offset
    )
    to_university = np.array(
        [entry.split()[0] in ("degree", "other") for entry in ENTRIES]
    )
    out: Floats = score[:, None] * lean(ENTRIES) + rise[:, None] * to_university
    return out


def higher(
    draws: Draws, people: People, entry: NDArray[np.int64], learns_from: Ints
) -> Higher:
    """When people study at universities. People who come to England later begin no
    sooner than that.
    """
    ids = people.ids
    schooled_here = ~np.isin(people.kind, (OUTSIDER, VISITOR))
    first, last = _BEGIN[entry].T
    years_after = first + (
        draws.uniform("degree.begin", ids) * (last - first + 1)
    ).astype(np.int64)
    goes = (years_after > 0) & schooled_here
    start = np.where(
        goes, np.maximum(people.cohort + _FIRST_YEAR + years_after, learns_from), 0
    )
    degree = _DEGREE[entry]
    draw = draws.uniform("degree.years", ids)
    years = np.where(degree, years_of("degree").at(draw), years_of("other").at(draw))
    goes_on = (
        goes
        & degree
        & draws.chance(
            "postgraduate", ids, rule_file("life/learning.toml").postgraduate.share
        )
    )
    gap = gaps().at(draws.uniform("postgraduate.gap", ids))
    return Higher(
        qualified=_QUALIFIED[entry],
        start=start,
        years=np.where(goes, years, 0),
        graduates=goes & degree,
        postgraduate_start=np.where(goes_on, start + years + gap, 0),
        postgraduate_years=np.where(
            goes_on,
            years_of("postgraduate").at(draws.uniform("postgraduate.years", ids)),
            0,
        ),
    )


def with_entry(person: Traits, first_year: Ints) -> Traits:
    """Traits with how soon university follows; `first_year` counts from key stage 4, 0
    for never.
    """
    return person.plus(
        "university",
        np.select([first_year == 0, first_year == 2], [0, 1], 2),
        _TO_UNIVERSITY,
    )


def path_odds(first_year: Ints) -> Floats:
    """(people, paths): log odds that no figure gives: no person is at college and at
    university in year 2.
    """
    at_two = np.array([path[2] != "n" for path in PATHS])
    usual_odds = np.array([_USUAL[path] for path in PATHS])
    return np.where(
        (first_year == 2)[:, None] & at_two[None, :], -np.inf, usual_odds[None, :]
    )


# Of the ways that agree in years 1 and 2, how much rarer one is in year 0 than the
# commonest (estimates).
_USUAL = {
    "ssn": 0.0,
    "sss": 0.0,
    "sso": 0.0,
    "son": -1.5,
    "soo": -1.5,
    "snn": -2.0,
    "oon": 0.0,
    "ooo": 0.0,
    "onn": -0.5,
    "noo": -1.5,
    "non": -1.5,
    "nno": -1.0,
    "nnn": 0.5,
}


def paths(
    draws: Draws, people: People, person: Traits, study: Higher
) -> NDArray[np.int64]:
    """(people, 3): 0 neither, 1 at a sixth form, 2 in other education, in the years 0
    to 2 after key stage 4.
    """
    first_year = np.where(study.start > 0, study.start - people.cohort - _FIRST_YEAR, 0)
    odds = odds_table("life_paths").of(with_entry(person, first_year)) + path_odds(
        first_year
    ).astype(np.float32)
    out: NDArray[np.int64] = _WHERE[choose(odds, draws.uniform("path", people.ids))]
    out[np.isin(people.kind, (OUTSIDER, VISITOR))] = 0
    out[~lives_in_england(people)[:, None] & (out == 2)] = 0
    return out


def lives_in_england(people: People) -> NDArray[np.bool_]:
    """Whose family sends its children to school in England and lives there in the
    autumn after key stage 4.
    """
    nation = people.homes.nation(
        np.arange(len(people)), on(people.cohort + _FIRST_YEAR, 9, 1)
    )
    out: NDArray[np.bool_] = ~np.isin(people.kind, (SCOTTISH, WELSH)) & (
        nation == ENGLAND
    )
    return out


def choose(odds: NDArray[np.float32], draw: Floats) -> NDArray[np.int64]:
    """The outcome of each row for a uniform draw; `odds` (people, outcomes) are log
    odds and are overwritten.
    """
    odds -= odds.max(axis=1, keepdims=True)
    np.exp(odds, out=odds)
    np.cumsum(odds, axis=1, out=odds)
    counts = (odds <= (draw.astype(np.float32) * odds[:, -1])[:, None]).sum(axis=1)
    places: NDArray[np.int64] = np.minimum(counts, odds.shape[1] - 1)
    return places


# Share with five or more passes at A* to C by the year in which key stage 4 began (DfE,
# GCSE and equivalent results in England, 2001/02 to 2012/13; equivalents were cut in
# 2013/14; later years are carried on).
_FIRST = 2001
_PASSED = [
    0.516,
    0.529,
    0.537,
    0.563,
    0.590,
    0.614,
    0.653,
    0.700,
    0.754,
    0.796,
    0.818,
    0.818,
    0.658,
    0.665,
    0.665,
    0.650,
    0.650,
    0.650,
    0.700,
    0.700,
]
_WITH_ENGLISH_AND_MATHS = 0.80  # of those with five passes
_MOST_RELATIVE = 0.614
_PRIVATE_LEAD = 0.85
_MEAN, _SPREAD = 0.055, 1.17  # of the score


def attainment(draws: Draws, people: People) -> Attainment:
    """Results from ability, a day's luck and the year's standard."""
    score = (
        people.ability
        + 0.5 * draws.normal("exam", people.ids)
        + _PRIVATE_LEAD * (people.kind == PRIVATE)
    )
    score = (score - _MEAN) / _SPREAD
    year = np.clip(people.cohort + 16 - _FIRST, 0, len(_PASSED) - 1)
    from scipy.special import ndtri

    pass_mark = -np.round(ndtri(np.array(_PASSED)), 6)
    best_mark = -np.round(ndtri(np.minimum(np.array(_PASSED), _MOST_RELATIVE)), 6)
    core_mark = -np.round(ndtri(np.array(_PASSED) * _WITH_ENGLISH_AND_MATHS), 6)
    trend = np.clip((people.cohort - 1985) / 20, 0, 1)
    points: Floats = np.round(
        np.clip(345 + 125 * score + 60 * trend, 0, 700), 1
    ).astype(np.float64)
    return Attainment(
        score,
        points,
        score > pass_mark[year],
        score > core_mark[year],
        score > best_mark[year],
    )


Deviates = NDArray[np.float32]


def deviates(
    draws: Draws, field: str, ids: Ints, years: Ints, lasting: float, from_year: float
) -> Deviates:
    """(people, years): standard normal in each of the consecutive years.

    `lasting` is the share of the variance that stays, `from_year` the correlation of
    the rest with the next year.
    """
    out = draws.normal(f"{field}.year", ids[:, None], years[None, :]).astype(np.float32)
    new_weight = np.float32(np.sqrt(1 - from_year**2))
    for column in range(1, len(years)):
        out[:, column] *= new_weight
        out[:, column] += np.float32(from_year) * out[:, column - 1]
    out *= np.float32(np.sqrt(1 - lasting))
    out += (np.sqrt(lasting) * draws.normal(field, ids)).astype(np.float32)[:, None]
    return out


def by_year(table: OddsTable, person: Traits, years_after: Ints) -> Deviates:
    """(people, years): sums of a table by `years_after` key stage 4; its first and last
    column go on.
    """
    first = int(table.outcomes[0])
    columns = np.clip(years_after - first, 0, len(table.outcomes) - 1)
    return np.take_along_axis(table.of(person), columns, axis=1)
