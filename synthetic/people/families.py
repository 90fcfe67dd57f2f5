"""Families: nation and region, origin group, brothers and sisters, and
circumstances.
"""

import functools
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from synthetic.base.dates import Days, day, parts
from synthetic.base.draws import Draws, Floats, Ints, Slots
from synthetic.base.reference import Codes, Reference, reference
from synthetic.base.rules import rule_file

ENGLAND, SCOTLAND, WALES = range(3)
REGIONS = ("", "S92000003", "W92000004")
"""The region of a nation that has only one."""


@dataclass(frozen=True)
class Upbringing:
    """Of each person: the nation of the family's first home, and of the homes after the
    first move.
    """

    first: Codes
    later: Codes

    @property
    def crosses(self) -> NDArray[np.bool_]:
        """Whether the family's first move leads across a border."""
        out: NDArray[np.bool_] = self.first != self.later
        return out


def other_nation(draws: Draws, block: Ints) -> Codes:
    """The nation in which the people of a block who are never in English education grow
    up; 0 is none of them.
    """
    odds = rule_file("schools/nations.toml").shares
    slots = Slots(np.array([1 - odds.scotland - odds.wales, odds.scotland, odds.wales]))
    return slots.at(draws.uniform("nation", block))


def upbringing(
    draws: Draws, family: Ints, nation: Codes, foreign_place: NDArray[np.bool_]
) -> Upbringing:
    """Where families whose children are mostly at school in `nation` live; a
    `foreign_place` crosses no border.
    """
    odds = rule_file("schools/nations.toml").crossing
    crosses = draws.chance("nation.crosses", family, odds.families) & ~foreign_place
    far_nation = np.where(
        draws.uniform("nation.other", family) < odds.to_scotland, SCOTLAND, WALES
    )
    other = np.where(nation == ENGLAND, far_nation, ENGLAND)
    comes = draws.chance("nation.comes", family, 0.5)
    first = np.where(crosses & comes, other, nation).astype(np.int32)
    later_nation = np.where(crosses & ~comes, other, nation).astype(np.int32)
    return Upbringing(first, later_nation)


def district(reference: Reference, nation: int, postcode: Codes, count: int) -> Ints:
    """In which of so many districts of a nation homes lie, from 0: near homes are in
    one district.
    """
    places = reference.places
    code = reference.regions.index(REGIONS[nation])
    start, end = places.region_start[code], places.region_end[code]
    position = places.edges[postcode // 400] - 1e-9
    out: Ints = (
        ((position - start) / (end - start) * count).astype(np.int64).clip(0, count - 1)
    )
    return out


FIRST_YEAR, LAST_YEAR = 1985, 2006
"""Birth years for which origins.toml gives shares of pupils; those between lie on the
line from one to the other.
"""


def pupils_origin(draw: Floats, birth: Days) -> Codes:
    """Origin groups of families with children at school in England, by one draw and the
    birth of the eldest.
    """
    year = parts(birth)[0].clip(FIRST_YEAR, LAST_YEAR) - FIRST_YEAR
    tables = _by_year()
    out: Codes = tables[year, (draw * tables.shape[1]).astype(np.int64)]
    return out


def spouses_origin(draws: Draws, figures: Reference, ids: Ints, origin: Codes) -> Codes:
    """The origin group that each person would marry into: the own as a rule, else
    another by its size.
    """
    share = np.array([group.share("marries_out") for group in figures.origins])
    rows = np.flatnonzero(draws.uniform("marries.out", ids) < share[origin])
    out = origin.copy()
    draw = draws.uniform("marries.group", ids[rows])
    sizes = shares_of_pupils(FIRST_YEAR)
    for code in np.unique(origin[rows]):
        mask = origin[rows] == code
        out[rows[mask]] = Slots(
            np.where(np.arange(len(sizes)) == code, 0, sizes), 14
        ).at(draw[mask])
    return out


def shares_of_pupils(year: int) -> Floats:
    """The share of each origin group among pupils born in a year."""
    first, last = np.array([group.facts["pupils"] for group in reference().origins]).T
    weight = np.clip((year - FIRST_YEAR) / (LAST_YEAR - FIRST_YEAR), 0, 1)
    share: Floats = first + (last - first) * weight
    share /= share.sum()
    return share


def regions(
    draws: Draws,
    figures: Reference,
    family: Ints,
    origin: Codes,
    english: NDArray[np.bool_],
) -> Codes:
    """The region where each family lives: where its origin group lived in 2011, within
    England where `english`.
    """
    draw = draws.uniform("region", family)
    out = np.empty(len(family), np.int32)
    residents = lived_in(figures)
    england = np.array([code.startswith("E") for code in figures.regions])
    for code in range(len(figures.origins)):
        rows = np.flatnonzero(origin == code)
        home_slots, all_slots = Slots(residents[code] * england), Slots(residents[code])
        out[rows] = np.where(
            english[rows], home_slots.at(draw[rows]), all_slots.at(draw[rows])
        )
    return out


def lived_in(figures: Reference) -> Floats:
    """(groups, regions): the share of a group that lived in each region of Great
    Britain, Census 2011.

    origins.toml lists regions in the order of their codes, which is that of
    `Reference.regions`.
    """
    thousands = np.array(
        [group.facts["regions"] for group in figures.origins], np.float64
    )
    out: Floats = thousands / thousands.sum(axis=1, keepdims=True)
    return out


@functools.cache
def _by_year() -> NDArray[np.int32]:
    years = range(FIRST_YEAR, LAST_YEAR + 1)
    return np.stack([Slots(shares_of_pupils(year), 14).table for year in years])


BLOCK = 9
SCHOOLED = 6

# Families of the six schooled people of a block: the slot of the family's first child.
_PATTERNS = np.array(
    [
        [0, 1, 1, 3, 3, 3],
        [0, 0, 2, 2, 4, 4],
        [0, 1, 2, 2, 4, 4],
        [0, 0, 0, 3, 4, 4],
        [0, 1, 1, 1, 1, 5],
        [0, 0, 2, 3, 3, 3],
    ]
)
_OTHER_PATTERNS = np.array(
    [[6, 7, 7], [6, 6, 8], [6, 7, 8], [6, 6, 6]]
)  # of the three of Scotland or Wales
_BIGGEST = 4


def _sizes(patterns: NDArray[np.int64]) -> NDArray[np.int64]:
    """(patterns, slots): children of the family that each slot belongs to."""
    out: NDArray[np.int64] = (patterns[:, :, None] == patterns[:, None, :]).sum(axis=2)
    return out


_SIZES, _OTHER_SIZES = _sizes(_PATTERNS), _sizes(_OTHER_PATTERNS)
_SHARE_YOUNGER = np.array(
    [17 / 36, 4 / 12, 4 / 12]
)  # those with an older brother or sister in the patterns, by nation

FIRST_BIRTH, LAST_BIRTH = day(1985, 9, 1), day(2006, 8, 31)


@dataclass(frozen=True)
class Families:
    """Of each person: the family's number, the rank among the children, whether a twin,
    and the birth date.
    """

    family: Ints
    rank: Ints
    outsider: NDArray[np.bool_]  # never in education in England, Scotland or Wales
    nation: (
        Codes  # that the family is at school in; England for outsiders, who have none
    )
    twin_of_elder: NDArray[np.bool_]
    birth: Days
    eldest_birth: Days
    oldest: Days  # birth of the family's first child, and of its last one
    youngest: Days
    first_birth: Days  # about when the family's first child was born
    mothers_age: NDArray[np.float64]  # then, in years


def families(draws: Draws, ids: Ints, twins: float) -> Families:
    """Families of people by their numbers (1, 2, 3, ...); `twins` is the share of
    people who are one of twins.
    """
    block, slot = np.divmod(ids - 1, BLOCK)
    other = slot >= SCHOOLED
    nation = np.where(other, other_nation(draws, block), ENGLAND).astype(np.int32)
    outsider = other & (nation == ENGLAND)
    draw = draws.uniform("family.pattern", block)
    pattern = (draw * len(_PATTERNS)).astype(np.int64)
    at, other_at = np.minimum(slot, SCHOOLED - 1), np.maximum(slot - SCHOOLED, 0)
    other_pattern = (draw * len(_OTHER_PATTERNS)).astype(np.int64)
    abroad = nation != ENGLAND
    first = np.where(
        outsider,
        slot,
        np.where(
            abroad, _OTHER_PATTERNS[other_pattern, other_at], _PATTERNS[pattern, at]
        ),
    )
    size = np.where(
        outsider,
        1,
        np.where(abroad, _OTHER_SIZES[other_pattern, other_at], _SIZES[pattern, at]),
    )
    family = block * BLOCK + first + 1
    rank = slot - first
    span = LAST_BIRTH - FIRST_BIRTH + 1
    eldest = FIRST_BIRTH + (draws.uniform("family.birth", family) * span).astype(
        np.int64
    )
    goes_back = draws.chance("family.back", family, 0.5)
    gap = np.zeros(
        len(ids), np.int64
    )  # between the births of the eldest and of the child
    birth, oldest, youngest = (eldest.copy() for _ in range(3))
    twin_of_elder = np.zeros(len(ids), bool)
    for child in range(1, _BIGGEST):
        years = 1.4 + 3.2 * draws.uniform("family.gap", family, child)
        odds = twins / 2 / _SHARE_YOUNGER[nation]
        twin = draws.chance("family.twin", family, odds, child)
        if child > 1:
            twin &= ~draws.chance("family.twin", family, odds, child - 1)
        gap += np.where(twin, 0, (years * 365.25).astype(np.int64))
        is_back = (goes_back & (eldest - gap >= FIRST_BIRTH)) | (
            eldest + gap > LAST_BIRTH
        )
        date, exists = np.where(is_back, eldest - gap, eldest + gap), size > child
        oldest, youngest = (
            np.where(exists, edge(ends, date), ends)
            for edge, ends in ((np.minimum, oldest), (np.maximum, youngest))
        )
        birth = np.where(rank == child, date, birth)
        twin_of_elder |= (rank == child) & twin
    first_day, last_day = day(1970, 1, 1), day(2004, 8, 31)
    other_birth = first_day + (
        draws.uniform("outsider.birth", ids) * (last_day - first_day)
    ).astype(np.int64)
    births: Days = np.where(outsider, other_birth, birth).astype(np.int32)
    first_birth = np.where(goes_back, eldest - 5 * 365, eldest).astype(np.int32)
    # Mothers at a first birth in England and Wales, 1985 to 2006: 27 on average, one in
    # eleven below 20 (ONS).
    mothers_age = (27 + 5.4 * draws.normal("mother", family)).clip(15, 46)
    return Families(
        family,
        rank,
        outsider,
        nation,
        twin_of_elder,
        births,
        eldest.astype(np.int32),
        oldest.astype(np.int32),
        youngest.astype(np.int32),
        first_birth,
        mothers_age,
    )


# Pupils of secondary schools with free school meals, per cent, January 2007, rounded
# (DfES SFR 30/2007); by code of the region: North East ... South West, then Scotland
# and Wales (Scottish Government and Welsh Government, 2007).
_MEALS_BY_REGION = np.array(
    [16.0, 16.0, 13.9, 10.7, 15.2, 8.4, 23.3, 8.0, 8.4, 13.0, 15.5]
)
_USUAL_YEAR = 1992  # of birth, in the middle of the population
_OWN = 1.1  # standard deviation of families' own log-odds
# mean of the income deprivation affecting children index (IDACI), England 2007 to 2015
_POOR_CHILDREN = 0.20
# of the logarithm of a small area's index among families of one group, region and risk
_INDEX_SPREAD = 0.50
_INDEX_SLOPE = 0.42  # of its logarithm on a family's log-odds


@dataclass(frozen=True)
class Circumstances:
    """Of each person, by family: meals ever in the years at school, the index of the
    area, the group's attainment.
    """

    fsm: NDArray[np.bool_]
    idaci: Floats
    ability: Floats


def circumstances(
    draws: Draws,
    ids: Ints,
    family: Ints,
    origin: Codes,
    region: Codes,
    private: NDArray[np.bool_],
    girl: NDArray[np.bool_],
) -> Circumstances:
    """Draw them; families of private schools are well off."""
    group, place = _effects()
    risk = (
        group[origin]
        + place[region]
        + _OWN * draws.normal("risk", family)
        - np.where(private, 3.0, 0.0)
    )
    fsm = draws.chance("fsm", family, 1 / (1 + np.exp(-risk)))
    factor = np.exp(
        _INDEX_SPREAD * draws.normal("idaci", family)
        + _INDEX_SLOPE * (risk - _middle())
    )
    idaci = np.round((_scale() * factor).clip(0.005, 0.95), 3)
    facts = reference().origins
    share, gap, mean = (
        np.array([o.share(fact) for o in facts])[origin]
        for fact in ("fsm", "fsm_gap", "attainment")
    )
    ability = 0.78 * draws.normal("ability", ids) + 0.55 * draws.normal(
        "family.ability", family
    )
    ability += mean + gap * (share - fsm) + np.where(girl, 0.12, -0.12)
    return Circumstances(fsm, idaci, ability)


@functools.cache
def _effects() -> tuple[Floats, Floats]:
    """Log-odds of groups and of regions, by turns brought to the given shares."""
    figures = reference()
    residents = lived_in(figures) * np.array(
        [code.startswith("E") for code in figures.regions]
    )
    joint = (
        residents
        / residents.sum(axis=1, keepdims=True)
        * shares_of_pupils(_USUAL_YEAR)[:, None]
    )
    targets = np.array([o.share("fsm") for o in figures.origins])
    by_region = _MEALS_BY_REGION / 100
    by_region = (
        by_region
        * (targets * joint.sum(axis=1)).sum()
        / (by_region * joint.sum(axis=0)).sum()
    )
    group, place = np.log(targets / (1 - targets)), np.zeros(len(by_region))
    english = joint.sum(axis=0) > 0
    for _ in range(60):
        rate = _rate(group[:, None] + place[None, :])
        regional_rate = (rate * joint).sum(axis=0)[english] / joint.sum(axis=0)[english]
        place[english] += _logit(by_region[english]) - _logit(regional_rate)
        rate = _rate(group[:, None] + place[None, :])
        share = residents / residents.sum(axis=1, keepdims=True)
        group += _logit(targets) - _logit((rate * share).sum(axis=1))
    place[~english] = np.interp(
        by_region[~english], np.sort(by_region[english]), np.sort(place[english])
    )
    return group.round(4), place.round(4)


@functools.cache
def _middle() -> float:
    """Log-odds of the usual family."""
    group, place = _effects()
    residents = lived_in(reference())
    return round(
        float(
            (
                (group[:, None] + place)
                * residents
                * shares_of_pupils(_USUAL_YEAR)[:, None]
            ).sum()
        ),
        4,
    )


@functools.cache
def _scale() -> float:
    """The index of a usual family in a usual area, so that the mean of all is the
    published one.
    """
    group, place = _effects()
    residents = lived_in(reference()) * shares_of_pupils(_USUAL_YEAR)[:, None]
    own = np.exp((_INDEX_SPREAD**2 + (_INDEX_SLOPE * _OWN) ** 2) / 2)
    mean = (
        own
        * (
            np.exp(_INDEX_SLOPE * (group[:, None] + place - _middle())) * residents
        ).sum()
    )
    return round(float(_POOR_CHILDREN / mean), 5)


def _rate(risk: Floats) -> Floats:
    """The share with free school meals where risks are spread by `_OWN` around the
    given ones.
    """
    nodes, weights = np.polynomial.hermite_e.hermegauss(15)
    odds = 1 / (1 + np.exp(-(risk[..., None] + _OWN * nodes)))
    out: Floats = (odds * weights).sum(axis=-1) / weights.sum()
    return out


def _logit(share: Floats) -> Floats:
    return np.log(share / (1 - share))
