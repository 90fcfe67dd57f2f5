"""Main effects on the log of pay, so that the medians of those in work all year come out as published."""

import numpy as np
from numpy.typing import NDArray

from synthetic.drawn.draws import Floats, Ints
from synthetic.education.traits import QUALIFIED
from synthetic.fitting.margins import Design
from synthetic.fitting.targets import STATE_ONLY, Target

_ROUNDS, _STEP = 40, 0.6
_STEP_OF_PARTS = 0.35
"""Where what graduates and others earn contradicts what all do, by our numbers of each, the whole counts for more."""


def fit_medians(design: Design, targets: list[Target], year: int, qualified: Ints, spread: Floats) -> Floats:
    """(columns, 1): logs of pounds.

    Args:
        design: of the people in work all year.
        year: after key stage 4.
        qualified: what each of them ever reaches.
        spread: the log of each one's pay over what the columns give.
    """
    groups = [
        (
            rows,
            design.matrix[rows],
            _columns(design, target),
            np.log(target.values[year - 1]),
            _STEP if len(target.qualified) == len(QUALIFIED) else _STEP_OF_PARTS,
        )
        for target in targets
        if not np.isnan(target.values[year - 1]) and len(rows := np.flatnonzero(_rows(design, target, qualified))) >= 30
    ]
    effects = np.zeros(len(design.columns))
    for _ in range(_ROUNDS):
        for rows, matrix, columns, wanted, step in groups:
            median = _median(matrix @ effects + spread[rows], design.weight[rows])
            effects[columns] += step * (wanted - median)
        _centre(design, effects)
    return effects[:, None]


def _median(values: Floats, weight: Floats) -> float:
    order = np.argsort(values)
    below = np.cumsum(weight[order])
    return float(values[order[np.searchsorted(below, below[-1] / 2)]])


def _rows(design: Design, target: Target, qualified: Ints) -> NDArray[np.bool_]:
    person = design.person
    chosen = np.isin(qualified, target.qualified)
    if target.trait:
        names = person.names[target.trait]
        chosen &= np.isin(person.codes[target.trait], [names.index(level) for level in target.levels])
    if target.trait in STATE_ONLY:
        chosen &= person.codes["school"] == 0
    return chosen


def _columns(design: Design, target: Target) -> list[int]:
    """The effects that a target moves: those of its level, or of what it says people reach, by sex where it does."""
    if len(target.qualified) == 3 and target.trait != "sex":
        wanted = [(target.trait or "everyone", level) for level in target.levels or ("",)]
    else:  # what people reach is known by sex, and sex by itself has no effect of its own
        sexes = target.levels if target.trait == "sex" else ("M", "F")
        wanted = [("qualified", f"{QUALIFIED[q]} {sex}") for q in target.qualified for sex in sexes]
    return [design.columns.index(column) for column in wanted]


def _centre(design: Design, effects: Floats) -> None:
    """Move what all levels of a trait share to everyone, which leaves each sum as it is."""
    for trait in design.person.names:
        columns = [place for place, (name, _) in enumerate(design.columns) if name == trait]
        weight = np.asarray(design.matrix[:, columns].sum(axis=0)).ravel()
        shift = float((effects[columns] * weight).sum() / weight.sum())
        effects[columns] -= shift
        effects[0] += shift
