"""Dates as whole days since 1 January 1970, in NumPy arrays."""

from datetime import date
from typing import Any

import numpy as np
from numpy.typing import NDArray

Days = NDArray[np.int32]

NEVER = np.int32(2**31 - 1)
YEAR = 365.25
_FEW = 256


def day(year: int, month: int, dom: int) -> int:
    """One date as days."""
    return (date(year, month, dom) - date(1970, 1, 1)).days


DATA_END = day(2021, 8, 31)
"""The last day that the sources know of."""


def on(years: NDArray[Any], month: int, dom: int) -> Days:
    """The same day of several years."""
    first_year = int(years.min()) if years.size else 0
    if (
        years.size > _FEW and int(years.max()) - first_year < _FEW
    ):  # looked up, which is faster than worked out
        days: Days = on(np.arange(first_year, first_year + _FEW), month, dom)[
            years - first_year
        ]
        return days
    first = (years.astype(np.int64) - 1970).astype("datetime64[Y]").astype(
        "datetime64[M]"
    ) + (month - 1)
    return (first.astype("datetime64[D]").astype(np.int64) + dom - 1).astype(np.int32)


def parts(
    days: NDArray[Any],
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Year, month 1-12 and day of the month."""
    dates = days.astype("datetime64[D]")
    months = dates.astype("datetime64[M]")
    index = months.astype(np.int64)
    return (
        index // 12 + 1970,
        index % 12 + 1,
        (dates - months.astype("datetime64[D]")).astype(np.int64) + 1,
    )


def from_parts(years: NDArray[Any], months: NDArray[Any], doms: NDArray[Any]) -> Days:
    """Dates from their parts; a day that the month lacks becomes the month's last."""
    index = (years.astype(np.int64) - 1970) * 12 + months.astype(np.int64) - 1
    first = index.astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)
    next_first = (
        (index + 1).astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)
    )
    out: Days = np.minimum(first + doms - 1, next_first - 1).astype(np.int32)
    return out


def academic_year(days: NDArray[Any]) -> NDArray[np.int64]:
    """The year in which the academic year of each date began (on 1 September)."""
    years, months, _ = parts(days)
    return years - (months < 9)


def tax_year(days: NDArray[Any]) -> NDArray[np.int64]:
    """The year in which the tax year of each date began (on 6 April)."""
    years, months, doms = parts(days)
    out: NDArray[np.int64] = years - ((months < 4) | ((months == 4) & (doms < 6)))
    return out


def weekdays(
    first_year: int, last_year: int, month: int, weekday: int, week: int
) -> Days:
    """The first, second, ... (`week`) of a weekday (0 is Monday) in a month of each
    year.
    """
    first = on(np.arange(first_year, last_year + 1), month, 1)
    out: Days = (first + (weekday - 3 - first) % 7 + 7 * (week - 1)).astype(
        np.int32
    )  # day 0 was a Thursday
    return out


def six_digits(years: NDArray[Any]) -> NDArray[np.int64]:
    """The year 2012 as 201213, as LEO labels academic and tax years."""
    return years.astype(np.int64) * 100 + (years.astype(np.int64) + 1) % 100
