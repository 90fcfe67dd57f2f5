"""Names as tables of equal slots: of each birth year and sex, and of each origin group.

What births and surnames are counted over is the whole population. The general tables are therefore what is left of the
counts when the names of the origin groups are taken out, so that all people together bear names as often as counted.

Where groups bear a name oftener than is counted of all, nothing is left of it, and the rest is spread too thin:
forenames that are left are drawn a little nearer to the commonest. The counts of surnames leave rare ones out, so
these are drawn apart.
"""

import functools
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from synthetic.drawn.draws import Floats, Slots
from synthetic.people.origins import shares_of_pupils
from synthetic.reference_tables import FIRST_NAME_YEAR, GROUP_BITS, LAST_NAME_YEAR, Codes, Reference, reference

_BITS = 16
_USUAL_YEAR = 1996  # of birth, of those whose surnames are counted here
_NEARER, _APART = 1.04, 0.97  # powers of what is left, so that two people share a name as often as published


@dataclass(frozen=True)
class NameTables:
    """Codes of names in equal slots; groups are in the order of `Reference.origins`."""

    forenames: Codes  # (birth years x sexes, slots)
    group_forenames: Codes  # (groups, sexes, slots)
    general_surnames: Slots
    group_surnames: Codes  # (groups, slots)
    gendered: Codes  # (groups, sexes, slots)
    customary: list[tuple[Codes, Codes]]  # of each group, names of sons and daughters that are middle names too
    has_forenames: NDArray[np.bool_]
    has_surnames: NDArray[np.bool_]
    general_forename: Floats  # share of a group with a name of the whole population
    general_surname: Floats
    gendered_share: Floats
    by_second: NDArray[np.bool_]
    initial: NDArray[np.uint8]  # first letter of each forename


@functools.cache
def name_tables() -> NameTables:
    """The tables of the reference figures."""
    figures = reference()
    groups, size = figures.origins, 1 << GROUP_BITS
    no = Slots(np.ones(1), GROUP_BITS)
    return NameTables(
        forenames=_left_of_births(figures),
        group_forenames=np.stack([[s.table for s in group.forenames or (no, no)] for group in groups]),
        general_surnames=_left_of_surnames(figures),
        group_surnames=np.stack([(group.surnames or no).table for group in groups]),
        gendered=np.stack([[s.table for s in group.gendered or (no, no)] for group in groups]).reshape(-1, 2, size),
        customary=[
            (np.array(group.customary[0], np.int32), np.array(group.customary[1], np.int32))
            if group.customary
            else (np.zeros(0, np.int32), np.zeros(0, np.int32))
            for group in groups
        ],
        has_forenames=np.array([group.forenames is not None for group in groups]),
        has_surnames=np.array([group.surnames is not None for group in groups]),
        general_forename=np.array([group.share("general_forename") for group in groups]),
        general_surname=np.array([group.share("general_surname") for group in groups]),
        gendered_share=np.array([float(group.facts.get("gendered", {}).get("share", 0)) for group in groups]),
        by_second=figures.by_second,
        initial=np.array([ord(name[0]) for name in figures.forenames.to_pylist()], np.uint8),
    )


def _left_of_births(figures: Reference) -> Codes:
    """Births of each year and sex without those of the groups' own names; families born here alone count there."""
    count = len(figures.forenames)
    here = np.array([1 - group.share("foreign_born") for group in figures.origins])
    own = np.array([1 - group.share("general_forename") for group in figures.origins])
    borne = [
        [_shares(group.forenames[sex], count) if group.forenames else None for group in figures.origins]
        for sex in (0, 1)
    ]
    out = []
    for year in range(FIRST_NAME_YEAR, LAST_NAME_YEAR + 1):
        born = shares_of_pupils(year) * here
        born = born / born.sum() * own
        for sex in (0, 1):
            counted = _shares(figures.cohorts[year - FIRST_NAME_YEAR][sex], count)
            out.append(_left(counted, borne[sex], born, _NEARER).table)
    return np.stack(out)


def _left_of_surnames(figures: Reference) -> Slots:
    count = len(figures.surnames)
    own = shares_of_pupils(_USUAL_YEAR) * np.array([1 - group.share("general_surname") for group in figures.origins])
    borne = [_shares(group.surnames, count) if group.surnames else None for group in figures.origins]
    for code, group in enumerate(figures.origins):
        if group.gendered:
            share = float(group.facts["gendered"]["share"])
            pair = (_shares(group.gendered[0], count) + _shares(group.gendered[1], count)) / 2
            plain = borne[code]
            borne[code] = share * pair + (1 - share) * (0 if plain is None else plain)
    return _left(_shares(figures.general_surnames, count), borne, own, _APART)


def _left(counted: Floats, borne: list[Floats | None], share: Floats, power: float) -> Slots:
    """What is left of counted shares when groups of the given shares have taken their names, to a power."""
    taken = sum(
        (of * names for of, names in zip(share, borne, strict=True) if names is not None), np.zeros(len(counted))
    )
    left = np.maximum(counted - taken, 0)
    codes = np.flatnonzero(left)
    return Slots(left[codes] ** power, _BITS, codes)


def _shares(slots: Slots, count: int) -> Floats:
    out: Floats = np.bincount(slots.table, minlength=count) / slots.size
    return out
