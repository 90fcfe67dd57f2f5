"""Dates as programs keep them: days or seconds since a day of their own, with a minus before it.

Excel, SAS, Stata, R, Unix and SPSS each begin on another day (configs/recognise.toml). Where several may be meant, the
other file's years of birth tell which; one that is seldom meant is taken only where people of both files show it.
"""

import datetime
import functools
import math
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from linkage.adhoc.dates.times_of_day import are_midnights
from linkage.adhoc.headers.vocabulary import vocabulary

_NUMBER = re.compile(r"(-?\d{1,15})(?:[.,]0*)?", re.ASCII)
_FEWEST_DIGITS = 4  # of most numbers of days; those of fewer are days near the first one, or ages
_DAYS, _SECONDS = 5, 9  # digits that a number of days has at most, and one of seconds at least
_BIRTHS = 0.98  # share of the numbers that lie in the years in which people were born, or they are none of days
_EARLIEST = 1850
_EARLIEST_YEAR = 1600  # of registers of the past: four digits from it on are years, and no days of one or two years
_DECADE = 10
_NEAR = 5  # days before and after a birth, on which as many are born by chance as on its own
_FEWEST = 10  # pairs of one day that must show that people are in both files
_BEYOND_CHANCE = 3.0  # standard deviations of a difference of counts
_FARTHEST = 250_000  # days from the first one of any program to births
_MINUTES = 1440  # of a day


@dataclass(frozen=True)
class DayCount:
    """How a program counts: from which day, how many to a day, and whether to days before the first."""

    start: datetime.date
    a_day: int
    signed: bool = True
    seldom: bool = False  # meant only where days of the other file show it
    late: bool = False  # numbers are midnights elsewhere: after noon the next one is meant

    def date(self, text: str) -> datetime.date | None:
        """The day of a number; None where the text is none, or far from all births."""
        match = _NUMBER.fullmatch(text)
        days = (int(match[1]) + (self.a_day - 1) // 2 * self.late) // self.a_day if match else None
        if days is None or abs(days) > _FARTHEST or (days < 0 and not self.signed):
            return None
        return self.start + datetime.timedelta(days=days)


@functools.cache
def _known() -> list[DayCount]:
    return [DayCount(**rule) for rule in vocabulary()["day_count"]]


def day_count(values: Mapping[str, int], elsewhere: Mapping[str, int]) -> DayCount | None:
    """By what most values of a column are numbers of days or seconds; None where they are not.

    Args:
        values: text -> rows that hold it.
        elsewhere: the other file's birth dates as year-month-day text, to their rows; empty where there is none.
    """
    numbers = {text: rows for text, rows in values.items() if _NUMBER.fullmatch(text)}
    if 2 * sum(numbers.values()) <= sum(values.values()) or not _may_be_counts(numbers):
        return None
    fitting = _fitting(numbers)
    born = Counter[int]()
    for text, held in elsewhere.items():
        born[int(text[:4])] += held
    there = _by_decade(born)
    likely = [found for found in fitting if not found[0].seldom]
    if not likely:
        return None
    best, _ = max(likely, key=lambda found: _in_common(_by_decade(found[1]), there))
    if _has_people_of(best, numbers, elsewhere):
        return best
    return next((count for count, _ in fitting if count.seldom and _has_people_of(count, numbers, elsewhere)), best)


def _fitting(numbers: Mapping[str, int]) -> list[tuple[DayCount, Counter[int]]]:
    """Counts by which nearly all numbers are births, with the years of these."""
    seconds = _digits(numbers) >= _SECONDS
    fitting = []
    for known in _known():
        count = replace(known, late=seconds and are_midnights(_minutes(known, numbers)))
        years = Counter[int]()
        for year, held in _years(count, numbers):
            years[year] += held
        if (count.a_day > 1) == seconds and years.total() >= _BIRTHS * sum(numbers.values()):
            fitting.append((count, years))
    return fitting


def _minutes(count: DayCount, numbers: Mapping[str, int]) -> Counter[int | None]:
    """The minutes of the day that are left over of numbers, to their rows."""
    found = Counter[int | None]()
    for text, rows in numbers.items():
        if match := _NUMBER.fullmatch(text):
            found[int(match[1]) % count.a_day * _MINUTES // count.a_day] += rows
    return found


def _has_people_of(count: DayCount, numbers: Mapping[str, int], elsewhere: Mapping[str, int]) -> bool:
    """Whether more are born on the other file's days than next to these, as where people are in both."""
    born = Counter({_ordinal(text): rows for text, rows in elsewhere.items() if not text.endswith("-00")})
    pairs = Counter[int]()
    for text, rows in numbers.items() if born else ():
        if day := count.date(text):
            for apart in range(-_NEAR, _NEAR + 1):
                pairs[apart] += rows * born[day.toordinal() + apart]
    equal = pairs.pop(0, 0)
    near = pairs.total() / (2 * _NEAR)
    return equal >= _FEWEST and equal - near > _BEYOND_CHANCE * math.sqrt(equal + near)


def _ordinal(date: str) -> int:
    """The number of a day; that of none for a day that there is not, such as 1990-02-31."""
    try:
        return datetime.date.fromisoformat(date).toordinal()
    except ValueError:
        return 0


def _may_be_counts(numbers: Mapping[str, int]) -> bool:
    """Whether most have as many digits as days or seconds, and are neither years nor dates without signs."""
    today = datetime.date.today().year
    plain = [(text.removesuffix(".0"), rows) for text, rows in numbers.items()]
    counts = sum(
        rows
        for text, rows in plain
        if _FEWEST_DIGITS <= len(text.lstrip("-")) <= _DAYS or len(text.lstrip("-")) >= _SECONDS
        if not (len(text) == _FEWEST_DIGITS and text.isdecimal() and _EARLIEST_YEAR <= int(text) <= today)
    )
    return 2 * counts > sum(numbers.values())


def _digits(numbers: Mapping[str, int]) -> int:
    lengths = Counter[int]()
    for text, rows in numbers.items():
        lengths[len(text.removesuffix(".0").lstrip("-"))] += rows
    return max(lengths, key=lambda length: (lengths[length], length))


def _years(count: DayCount, numbers: Mapping[str, int]) -> Iterator[tuple[int, int]]:
    """Years of births, to their rows; those that lie where nobody who is known was born are left out."""
    for text, rows in numbers.items():
        day = count.date(text)
        if day and _EARLIEST <= day.year <= datetime.date.today().year:
            yield day.year, rows


def _by_decade(years: Counter[int]) -> dict[int, float]:
    made = Counter[int]()
    for year, rows in years.items():
        made[year // _DECADE] += rows
    return {decade: rows / years.total() for decade, rows in made.items()}


def _in_common(one: Mapping[int, float], two: Mapping[int, float]) -> float:
    return sum(min(share, two[decade]) for decade, share in one.items() if decade in two)
