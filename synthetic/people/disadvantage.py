"""Poverty around the home, free school meals and ability, correlated by origin group and region as the figures are.

A family's risk is a group's and a region's effect on the log-odds of free school meals and a family's own draw. The
effects are solved once, so that groups have the shares that origins.toml gives and regions stand to each other as
published.
"""

import functools
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from synthetic.drawn.draws import Draws, Floats, Ints
from synthetic.people.origins import lived_in, shares_of_pupils
from synthetic.reference_tables import Codes, reference

# Pupils of secondary schools with free school meals, per cent, January 2007, rounded (DfES SFR 30/2007); by code of the
# region: North East ... South West, then Scotland and Wales (Scottish Government and Welsh Government, 2007).
_MEALS_BY_REGION = np.array([16.0, 16.0, 13.9, 10.7, 15.2, 8.4, 23.3, 8.0, 8.4, 13.0, 15.5])
_USUAL_YEAR = 1992  # of birth, in the middle of the population
_OWN = 1.1  # standard deviation of families' own log-odds
_POOR_CHILDREN = 0.20  # mean of the income deprivation affecting children index (IDACI), England 2007 to 2015
_INDEX_SPREAD = 0.50  # of the logarithm of a small area's index among families of one group, region and risk
_INDEX_SLOPE = 0.42  # of its logarithm on a family's log-odds


@dataclass(frozen=True)
class Circumstances:
    """Of each person, by family: meals ever in the years at school, the index of the area, the group's attainment."""

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
    risk = group[origin] + place[region] + _OWN * draws.normal("risk", family) - np.where(private, 3.0, 0.0)
    fsm = draws.chance("fsm", family, 1 / (1 + np.exp(-risk)))
    spread = np.exp(_INDEX_SPREAD * draws.normal("idaci", family) + _INDEX_SLOPE * (risk - _middle()))
    idaci = np.round((_scale() * spread).clip(0.005, 0.95), 3)
    facts = reference().origins
    share, gap, mean = (np.array([o.share(fact) for o in facts])[origin] for fact in ("fsm", "fsm_gap", "attainment"))
    ability = 0.78 * draws.normal("ability", ids) + 0.55 * draws.normal("family.ability", family)
    ability += mean + gap * (share - fsm) + np.where(girl, 0.12, -0.12)
    return Circumstances(fsm, idaci, ability)


@functools.cache
def _effects() -> tuple[Floats, Floats]:
    """Log-odds of groups and of regions, by turns brought to the shares that are asked for."""
    figures = reference()
    lived = lived_in(figures) * np.array([code.startswith("E") for code in figures.regions])
    joint = lived / lived.sum(axis=1, keepdims=True) * shares_of_pupils(_USUAL_YEAR)[:, None]
    wanted = np.array([o.share("fsm") for o in figures.origins])
    by_region = _MEALS_BY_REGION / 100
    by_region = by_region * (wanted * joint.sum(axis=1)).sum() / (by_region * joint.sum(axis=0)).sum()
    group, place = np.log(wanted / (1 - wanted)), np.zeros(len(by_region))
    english = joint.sum(axis=0) > 0
    for _ in range(60):
        rate = _rate(group[:, None] + place[None, :])
        reached = (rate * joint).sum(axis=0)[english] / joint.sum(axis=0)[english]
        place[english] += _logit(by_region[english]) - _logit(reached)
        rate = _rate(group[:, None] + place[None, :])
        share = lived / lived.sum(axis=1, keepdims=True)
        group += _logit(wanted) - _logit((rate * share).sum(axis=1))
    place[~english] = np.interp(by_region[~english], np.sort(by_region[english]), np.sort(place[english]))
    return group.round(4), place.round(4)


@functools.cache
def _middle() -> float:
    """Log-odds of the usual family."""
    group, place = _effects()
    lived = lived_in(reference())
    return round(float(((group[:, None] + place) * lived * shares_of_pupils(_USUAL_YEAR)[:, None]).sum()), 4)


@functools.cache
def _scale() -> float:
    """The index of a usual family in a usual area, so that the mean of all is the published one."""
    group, place = _effects()
    lived = lived_in(reference()) * shares_of_pupils(_USUAL_YEAR)[:, None]
    own = np.exp((_INDEX_SPREAD**2 + (_INDEX_SLOPE * _OWN) ** 2) / 2)
    mean = own * (np.exp(_INDEX_SLOPE * (group[:, None] + place - _middle())) * lived).sum()
    return round(float(_POOR_CHILDREN / mean), 5)


def _rate(risk: Floats) -> Floats:
    """The share with free school meals where risks are spread by `_OWN` around the given ones."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(15)
    odds = 1 / (1 + np.exp(-(risk[..., None] + _OWN * nodes)))
    out: Floats = (odds * weights).sum(axis=-1) / weights.sum()
    return out


def _logit(share: Floats) -> Floats:
    out: Floats = np.log(share / (1 - share))
    return out
