"""Which origin group a family belongs to, by when its children were born, and in which region it lives."""

import functools

import numpy as np
from numpy.typing import NDArray

from synthetic.drawn.dates import Days, parts
from synthetic.drawn.draws import Draws, Floats, Ints, Slots
from synthetic.reference_tables import Codes, Reference, reference

FIRST_YEAR, LAST_YEAR = 1985, 2006
"""Birth years for which origins.toml gives shares of pupils; those between lie on the line from one to the other."""


def pupils_origin(drawn: Floats, birth: Days) -> Codes:
    """Origin groups of families with children at school in England, by one draw and the birth of the eldest."""
    year = parts(birth)[0].clip(FIRST_YEAR, LAST_YEAR) - FIRST_YEAR
    tables = _by_year()
    out: Codes = tables[year, (drawn * tables.shape[1]).astype(np.int64)]
    return out


def spouses_origin(draws: Draws, figures: Reference, ids: Ints, origin: Codes) -> Codes:
    """The origin group of whom each person would marry: the own as a rule, else another by its size."""
    share = np.array([group.share("marries_out") for group in figures.origins])
    rows = np.flatnonzero(draws.uniform("marries.out", ids) < share[origin])
    out = origin.copy()
    drawn = draws.uniform("marries.group", ids[rows])
    sizes = shares_of_pupils(FIRST_YEAR)
    for code in np.unique(origin[rows]):
        of = origin[rows] == code
        out[rows[of]] = Slots(np.where(np.arange(len(sizes)) == code, 0, sizes), 14).at(drawn[of])
    return out


def shares_of_pupils(year: int) -> Floats:
    """The share of each origin group among pupils born in a year."""
    first, last = np.array([group.facts["pupils"] for group in reference().origins]).T
    late = np.clip((year - FIRST_YEAR) / (LAST_YEAR - FIRST_YEAR), 0, 1)
    share: Floats = first + (last - first) * late
    share /= share.sum()
    return share


def regions(draws: Draws, figures: Reference, family: Ints, origin: Codes, english: NDArray[np.bool_]) -> Codes:
    """The region where each family lives: where its origin group lived in 2011, within England where `english`."""
    drawn = draws.uniform("region", family)
    out = np.empty(len(family), np.int32)
    lived = lived_in(figures)
    england = np.array([code.startswith("E") for code in figures.regions])
    for code in range(len(figures.origins)):
        rows = np.flatnonzero(origin == code)
        at_home, anywhere = Slots(lived[code] * england), Slots(lived[code])
        out[rows] = np.where(english[rows], at_home.at(drawn[rows]), anywhere.at(drawn[rows]))
    return out


def lived_in(figures: Reference) -> Floats:
    """(groups, regions): the share of a group that lived in each region of Great Britain, Census 2011.

    origins.toml lists regions in the order of their codes, which is that of `Reference.regions`.
    """
    thousands = np.array([group.facts["regions"] for group in figures.origins], np.float64)
    out: Floats = thousands / thousands.sum(axis=1, keepdims=True)
    return out


@functools.cache
def _by_year() -> NDArray[np.int32]:
    years = range(FIRST_YEAR, LAST_YEAR + 1)
    return np.stack([Slots(shares_of_pupils(year), 14).table for year in years])
