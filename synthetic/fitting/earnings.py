"""Main effects on the log of pay, so that the medians of those in work all year come out as published."""

import numpy as np
from numpy.typing import NDArray

from synthetic.draws import Floats, Ints
from synthetic.fitting.margins import Design
from synthetic.fitting.targets import STATE_ONLY, Target
from synthetic.traits import QUALIFIED

_ROUNDS, _STEP = 40, 0.6


def fit_medians(design: Design, targets: list[Target], year: int, qualified: Ints, spread: Floats) -> Floats:
    """(columns, 1): logs of pounds.

    Args:
        design: of the people in work all year.
        year: after key stage 4.
        qualified: what each of them ever reaches.
        spread: the log of each one's pay over what the columns give.
    """
    groups = [
        (np.flatnonzero(_rows(design, target, qualified)), _columns(design, target), np.log(target.values[year - 1]))
        for target in targets
        if not np.isnan(target.values[year - 1])
    ]
    effects = np.zeros(len(design.columns))
    for _ in range(_ROUNDS):
        for rows, columns, wanted in groups:
            if len(rows) >= 30:
                medians = np.median(design.matrix[rows] @ effects + spread[rows])
                effects[columns] += _STEP * (wanted - medians)
        _centre(design, effects)
    return effects[:, None]


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
