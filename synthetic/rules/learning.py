"""What configs/synthetic/life/learning.toml says of ways through education, and how those ways are called."""

import functools

import numpy as np

from synthetic.drawn.draws import Floats, Slots
from synthetic.rules.settings import Share, Strict, settings

ENTRIES = (
    "degree 2", "degree 3", "degree 4", "degree 5", "degree 7", "degree 9", "degree 12",
    "other 2", "other 3", "other 4", "other 5", "other 7", "other 9", "other 11", "other 13", "other 15",
    "level 3", "level 2",
)  # fmt: skip
"""Of higher education: whether it ends in a degree, and in which year after key stage 4 it begins; or none of it, and
what else is reached. An entry lasts until the next of its kind: "degree 5" is year 5 or 6. Columns of
reference/life_entries.csv."""

PATHS = ("ssn", "sss", "sso", "son", "soo", "snn", "oon", "ooo", "onn", "noo", "non", "nno", "nnn")
"""The years 0, 1 and 2 after key stage 4: s at a school's sixth form, o in other education, n in neither. Columns of
reference/life_paths.csv."""


class Degree(Strict):
    """First degrees."""

    years: dict[int, Share]
    transfer: Share


class Other(Strict):
    """Higher education without a degree."""

    years: dict[int, Share]


class Postgraduate(Strict):
    """Courses of graduates."""

    share: Share
    years: dict[int, Share]
    gap: tuple[Share, ...]


class Trend(Strict):
    """Change of the log odds of higher education by cohort."""

    a_year_before: float
    a_year: float
    a_year_meals: float
    centre: float


class Apprentices(Strict):
    """Apprenticeships."""

    of_college: Share
    of_adults: Share
    years: dict[int, Share]


class Adults(Strict):
    """Learning after 19, on the scale of a normal deviate."""

    lasting: Share
    from_year: Share
    after_college: tuple[float, ...]  # what a third year at college adds in the years after
    short: Share


class Rules(Strict):
    """All of learning.toml."""

    degree: Degree
    other: Other
    postgraduate: Postgraduate
    trend: Trend
    apprentices: Apprentices
    adults: Adults


@functools.cache
def learning() -> Rules:
    """The shipped configs/synthetic/life/learning.toml.

    Raises:
        ConfigError: the file has faults; all are named at once.
    """
    return settings("life/learning.toml", Rules)


@functools.cache
def years_of(kind: str) -> Slots:
    """Lengths of "degree", "other", "postgraduate" or "apprentices" as a table to draw from."""
    shares = getattr(learning(), kind).years
    return Slots(np.array(list(shares.values())), 12, np.array(list(shares)))


@functools.cache
def gaps() -> Slots:
    """Years between a degree and the next course."""
    return Slots(np.array(learning().postgraduate.gap), 12)


def begins(entry: str) -> tuple[int, int]:
    """The first and the last year after key stage 4 that an entry stands for."""
    kind, _, first = entry.partition(" ")
    later = [int(e.split()[1]) for e in ENTRIES if e.split()[0] == kind and int(e.split()[1]) > int(first)]
    return int(first), min(later, default=int(first) + 1) - 1


def lean(outcomes: tuple[str, ...]) -> Floats:
    """How much a standard deviation in results at 16, among equals, moves the log odds of each entry (estimate)."""
    by_kind = {"degree": 0.5, "other": 0.2, "level 3": 0.35}
    early = {"degree 2": 0.9, "degree 3": 0.8}
    return np.array([early.get(o, by_kind.get(o, by_kind.get(o.split()[0], 0.0))) for o in outcomes])
