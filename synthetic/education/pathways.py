"""Ways through education after key stage 4: sixth form or college, entry to university, degrees and what comes after.

Who goes which way is drawn from odds that reproduce DfE's figures for those who ended key stage 4 in 2001/02 to 2006/07; lengths and gaps are those of configs/synthetic/life/learning.toml.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from synthetic.drawn.dates import on
from synthetic.drawn.draws import Draws, Floats, Ints
from synthetic.education.attainment import Attainment
from synthetic.education.traits import GRADUATE, LEVEL2_OR_LESS, LEVEL3, Traits, odds_table
from synthetic.people.nations import ENGLAND
from synthetic.people.people import OUTSIDER, SCOTTISH, VISITOR, WELSH, People
from synthetic.rules.learning import ENTRIES, PATHS, begins, gaps, lean, learning, years_of

_FIRST_COHORT, _LAST_COHORT = 1985, 2005
_FIRST_YEAR = 17
"""Year 0 after key stage 4 is the academic year that begins so many years after that of birth."""

_BEGIN = np.array([begins(e) if e.split()[0] in ("degree", "other") else (0, 0) for e in ENTRIES])
_DEGREE = np.array([e.startswith("degree") for e in ENTRIES])
_QUALIFIED = np.array([GRADUATE if e.startswith("degree") else LEVEL2_OR_LESS if e == "level 2" else LEVEL3
                       for e in ENTRIES])  # fmt: skip
_WHERE = np.array([["nso".index(letter) for letter in path] for path in PATHS])
_TO_UNIVERSITY = ("never", "year 2", "later")


@dataclass(frozen=True)
class Higher:
    """Arrays of one place a person; years are those in which an academic year began, 0 for never."""

    qualified: Ints  # the highest of traits.QUALIFIED that is ever reached
    start: Ints
    years: Ints
    graduates: NDArray[np.bool_]
    postgraduate_start: Ints
    postgraduate_years: Ints

    def during(self, years: Ints) -> NDArray[np.bool_]:
        """(people, years): studies at a university."""
        year, last = years[None, :], (self.start + self.years)[:, None]
        further = self.postgraduate_start[:, None]
        out: NDArray[np.bool_] = (year >= self.start[:, None]) & (year < last) & (self.start > 0)[:, None]
        out |= (further > 0) & (year >= further) & (year < further + self.postgraduate_years[:, None])
        return out


def entries(draws: Draws, people: People, person: Traits, results: Attainment) -> NDArray[np.int64]:
    """The place in ENTRIES of each person."""
    odds = odds_table("life_entries").of(person)
    odds += entry_odds(results.score, people.cohort, people.fsm).astype(np.float32)
    return choose(odds, draws.uniform("entry", people.ids))


def entry_odds(score: Floats, cohort: Ints, meals: NDArray[np.bool_]) -> Floats:
    """(people, entries): log odds that are no matter of traits: results among equals, and the trend by cohort."""
    trend = learning().trend
    since = np.clip(cohort, _FIRST_COHORT, _LAST_COHORT) - trend.centre
    rising = np.where(since < 0, trend.a_year_before, trend.a_year + trend.a_year_meals * meals) * since
    to_university = np.array([entry.split()[0] in ("degree", "other") for entry in ENTRIES])
    out: Floats = score[:, None] * lean(ENTRIES) + rising[:, None] * to_university
    return out


def higher(draws: Draws, people: People, entry: NDArray[np.int64], learns_from: Ints) -> Higher:
    """When people study at universities. Those who come to England later begin no sooner than that."""
    ids = people.ids
    schooled_here = ~np.isin(people.kind, (OUTSIDER, VISITOR))
    first, last = _BEGIN[entry].T
    after = first + (draws.uniform("degree.begin", ids) * (last - first + 1)).astype(np.int64)
    goes = (after > 0) & schooled_here
    start = np.where(goes, np.maximum(people.cohort + _FIRST_YEAR + after, learns_from), 0)
    degree = _DEGREE[entry]
    drawn = draws.uniform("degree.years", ids)
    years = np.where(degree, years_of("degree").at(drawn), years_of("other").at(drawn))
    further = goes & degree & draws.chance("postgraduate", ids, learning().postgraduate.share)
    gap = gaps().at(draws.uniform("postgraduate.gap", ids))
    return Higher(
        qualified=_QUALIFIED[entry],
        start=start,
        years=np.where(goes, years, 0),
        graduates=goes & degree,
        postgraduate_start=np.where(further, start + years + gap, 0),
        postgraduate_years=np.where(further, years_of("postgraduate").at(draws.uniform("postgraduate.years", ids)), 0),
    )


def with_entry(person: Traits, first_year: Ints) -> Traits:
    """Traits with how soon university follows; `first_year` counts from key stage 4, 0 for never."""
    return person.plus("university", np.select([first_year == 0, first_year == 2], [0, 1], 2), _TO_UNIVERSITY)


def path_odds(first_year: Ints) -> Floats:
    """(people, paths): log odds that are no matter of figures: nobody is at college and at university in year 2."""
    at_two = np.array([path[2] != "n" for path in PATHS])
    usual = np.array([_USUAL[path] for path in PATHS])
    return np.where((first_year == 2)[:, None] & at_two[None, :], -np.inf, usual[None, :])


# Of the ways that agree in years 1 and 2, how much rarer one is in year 0 than the commonest (estimates).
_USUAL = {
    "ssn": 0.0, "sss": 0.0, "sso": 0.0, "son": -1.5, "soo": -1.5, "snn": -2.0, "oon": 0.0, "ooo": 0.0, "onn": -0.5,
    "noo": -1.5, "non": -1.5, "nno": -1.0, "nnn": 0.5,
}  # fmt: skip


def paths(draws: Draws, people: People, person: Traits, of: Higher) -> NDArray[np.int64]:
    """(people, 3): 0 neither, 1 at a sixth form, 2 in other education, in the years 0 to 2 after key stage 4."""
    first_year = np.where(of.start > 0, of.start - people.cohort - _FIRST_YEAR, 0)
    odds = odds_table("life_paths").of(with_entry(person, first_year)) + path_odds(first_year).astype(np.float32)
    out: NDArray[np.int64] = _WHERE[choose(odds, draws.uniform("path", people.ids))]
    out[np.isin(people.kind, (OUTSIDER, VISITOR))] = 0
    out[~lives_in_england(people)[:, None] & (out == 2)] = 0
    return out


def lives_in_england(people: People) -> NDArray[np.bool_]:
    """Whose family sends its children to school in England and lives there in the autumn after key stage 4."""
    nation = people.homes.nation(np.arange(len(people)), on(people.cohort + _FIRST_YEAR, 9, 1))
    out: NDArray[np.bool_] = ~np.isin(people.kind, (SCOTTISH, WELSH)) & (nation == ENGLAND)
    return out


def choose(odds: NDArray[np.float32], drawn: Floats) -> NDArray[np.int64]:
    """The outcome of each row for a uniform draw; `odds` (people, outcomes) are log odds and are overwritten."""
    odds -= odds.max(axis=1, keepdims=True)
    np.exp(odds, out=odds)
    np.cumsum(odds, axis=1, out=odds)
    below = (odds <= (drawn.astype(np.float32) * odds[:, -1])[:, None]).sum(axis=1)
    chosen: NDArray[np.int64] = np.minimum(below, odds.shape[1] - 1)
    return chosen
