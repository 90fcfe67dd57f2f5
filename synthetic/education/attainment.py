"""Attainment at key stage 4: points, five good passes, and good passes in English and mathematics too."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from synthetic.drawn.draws import Draws, Floats
from synthetic.people.people import PRIVATE, People

# Share with five or more passes at A* to C by the year in which key stage 4 began (DfE, GCSE and equivalent results in
# England, 2001/02 to 2012/13; equivalents were cut in 2013/14; later years are carried on).
_FIRST = 2001
_PASSED = [
    0.516, 0.529, 0.537, 0.563, 0.590, 0.614, 0.653, 0.700, 0.754, 0.796, 0.818, 0.818, 0.658, 0.665, 0.665, 0.650,
    0.650, 0.650, 0.700, 0.700,
]  # fmt: skip
_WITH_ENGLISH_AND_MATHS = 0.80  # of those with five passes
_MOST_RELATIVE = 0.614
_PRIVATE_LEAD = 0.85
_MEAN, _SPREAD = 0.055, 1.17  # of the score


@dataclass(frozen=True)
class Attainment:
    """Arrays of one place a person."""

    score: Floats  # standard normal among pupils
    points: Floats
    level2: NDArray[np.bool_]
    level2_em: NDArray[np.bool_]
    among_best: NDArray[np.bool_]  # of the year, as far down as five passes reached before equivalents grew common


def attainment(draws: Draws, people: People) -> Attainment:
    """Results from ability, a day's luck and the year's standard."""
    score = people.ability + 0.5 * draws.normal("exam", people.ids) + _PRIVATE_LEAD * (people.kind == PRIVATE)
    score = (score - _MEAN) / _SPREAD
    year = np.clip(people.cohort + 16 - _FIRST, 0, len(_PASSED) - 1)
    from scipy.special import ndtri

    needed = -np.round(ndtri(np.array(_PASSED)), 6)
    relative = -np.round(ndtri(np.minimum(np.array(_PASSED), _MOST_RELATIVE)), 6)
    both = -np.round(ndtri(np.array(_PASSED) * _WITH_ENGLISH_AND_MATHS), 6)
    newer = np.clip((people.cohort - 1985) / 20, 0, 1)
    points: Floats = np.round(np.clip(345 + 125 * score + 60 * newer, 0, 700), 1).astype(np.float64)
    return Attainment(score, points, score > needed[year], score > both[year], score > relative[year])
