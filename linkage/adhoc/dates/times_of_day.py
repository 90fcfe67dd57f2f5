"""Times of day beside birth dates: midnights of another zone, where a date that is written is a day early.

A program that keeps the days of people in Paris as times of Greenwich writes 1984-05-11T22:00:00Z for the 12th of May.
One such value may be the hour of a birth. Where nearly all have the same few times, and some of these are late, nobody
was born at them.
"""

import datetime
import re
from collections import Counter
from collections.abc import Mapping

_CLOCK = re.compile(r"\d[T ](\d{1,2}):(\d{2})(.*)", re.ASCII)
_ZONE = re.compile(r"[-+]\d{1,2}:?\d{0,2}$", re.ASCII)  # that of Greenwich has noughts alone
_NOON, _LAST, _HOUR = 720, 1439, 60  # minutes
_USUAL, _NEARLY_ALL = 0.05, 0.95  # shares of the values with one time, and with one of the usual ones
_MOST, _TIMES = 4, 10  # usual times, of winter and summer, and values for each


def minute(text: str) -> int | None:
    """The minute of the day that stands beside a date; None where there is none, or one of a zone that is named."""
    found = _CLOCK.search(text) if ":" in text else None
    if found is None:
        return None
    hour, rest = int(found[1]), found[3].upper()
    if (zone := _ZONE.search(rest)) and any(sign in "123456789" for sign in zone[0]):
        return None
    if "AM" in rest or "PM" in rest:
        hour = hour % 12 + 12 * ("PM" in rest)
    return hour * _HOUR + int(found[2])


def is_late(minutes: int | None) -> bool:
    """Whether a minute is nearer to the midnight after it. Some write noon, or the last minute, for a whole day."""
    return minutes is not None and _NOON < minutes < _LAST


def are_midnights(minutes: Mapping[int | None, int]) -> bool:
    """Whether a column's times of day are midnights elsewhere, and some of them late.

    Args:
        minutes: of the day, None where a value has no time, to the rows that hold it.
    """
    rows = sum(minutes.values())
    usual = {of: held for of, held in minutes.items() if of is not None and held >= _USUAL * rows}
    enough = sum(usual.values()) >= max(_NEARLY_ALL * rows, _TIMES * len(usual), 1)
    return enough and len(usual) <= _MOST and any(map(is_late, usual))


def minutes_of(values: Mapping[str, int]) -> Counter[int | None]:
    """The minutes of the day of a column's values, to the rows that hold them."""
    found = Counter[int | None]()
    for text, rows in values.items():
        found[minute(text)] += rows
    return found


def next_day(date: str) -> str:
    """The day after year-month-day text; the text itself where there is no such day."""
    try:
        return (datetime.date.fromisoformat(date) + datetime.timedelta(days=1)).isoformat()
    except (ValueError, OverflowError):
        return date
