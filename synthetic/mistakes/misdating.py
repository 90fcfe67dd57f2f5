"""Birth dates with a wrong part: one off, two digits turned round, or another number."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from synthetic.drawn.dates import Days, from_parts, parts
from synthetic.drawn.draws import Floats
from synthetic.rules.odds import BirthDate

DAY, MONTH, YEAR, SEVERAL = range(4)


def misdated(true: Days, part: NDArray[Any], odds: BirthDate, drawn: Floats, how: Floats) -> Days:
    """Dates with the given part wrong.

    Args:
        part: DAY, MONTH, YEAR or SEVERAL, of each date.
        drawn: chooses among numbers, and the direction.
        how: chooses whether the part is one off, turned round, or another.
    """
    years, months, doms = parts(true)
    sign = np.where(drawn < 0.5, -1, 1)
    other = (drawn * 2 % 1 * 9).astype(np.int64) + 2  # 2 to 10
    one_off = how < odds.off_by_one
    turned = ~one_off & (how < odds.off_by_one + odds.turned)
    step = np.where(one_off, 1, other) * sign
    several = part == SEVERAL
    exchanged = several & (how < odds.exchanged) & (doms <= 12)
    new_doms = _within(doms, step, 28)
    new_months = _within(months, step, 12)
    new_years = years + np.where(one_off, 1, (other - 2) % 4 + 2) * sign
    new_doms = np.where(turned & _turns(doms, 28), _turned(doms), new_doms)
    new_months = np.where(turned & _turns(months, 12), _turned(months), new_months)
    new_years = np.where(turned & (_turned(years % 100) != years % 100), _near_century(years), new_years)
    doms, months = (
        np.where(exchanged, months, np.where((part == DAY) | (several & ~exchanged), new_doms, doms)),
        np.where(exchanged, doms, np.where((part == MONTH) | (several & ~exchanged), new_months, months)),
    )
    return from_parts(np.where(part == YEAR, new_years, years), months, doms)


def wrong_part(true: Days, written: Days) -> NDArray[np.int64]:
    """Which part of each date is not the true one, -1 for none; SEVERAL where a wrong month lacks the true day."""
    years, months, doms = (a != b for a, b in zip(parts(true), parts(written), strict=True))
    which = np.select([years, months, doms], [YEAR, MONTH, DAY], -1)
    return np.where(years.astype(int) + months + doms > 1, SEVERAL, which)


def _within(numbers: NDArray[Any], step: NDArray[Any], most: int) -> NDArray[Any]:
    """Numbers moved by a step, in the other direction where that leaves 1 to `most`."""
    moved = numbers + step
    moved = np.where((moved < 1) | (moved > most), numbers - step, moved)
    return np.where((moved < 1) | (moved > most), (numbers + most // 2 - 1) % most + 1, moved)


def _turned(numbers: NDArray[Any]) -> NDArray[Any]:
    out: NDArray[Any] = numbers % 10 * 10 + numbers // 10
    return out


def _turns(numbers: NDArray[Any], most: int) -> NDArray[np.bool_]:
    """Whether a number of two digits is another one that can be written, when they are turned round."""
    turned = _turned(numbers)
    out: NDArray[np.bool_] = (turned != numbers) & (turned >= 1) & (turned <= most)
    return out


def _near_century(years: NDArray[Any]) -> NDArray[Any]:
    """Years with their last two digits turned round, where that is a year of the past sixty; else next to it."""
    turned = years - years % 100 + _turned(years % 100)
    return np.where((turned >= 1945) & (turned <= 2015), turned, years + 1)
