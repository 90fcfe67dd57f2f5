"""Academic and tax years: as data write them (six digits, 201213) and as people write
them (2012/13).
"""

import datetime
import re
from collections.abc import Iterable
from dataclasses import dataclass

_RANGE = re.compile(r"(\d{4})/(\d{2})(?:-(\d{4})/(\d{2}))?")


@dataclass(frozen=True)
class Years:
    """An unbroken range of years, both ends in it."""

    first: int  # six digits, 201213
    last: int

    @classmethod
    def parse(cls, text: str) -> "Years":
        """From "2012/13" or "2012/13-2020/21".

        Raises:
            ValueError: another form, a year whose halves do not follow each other, or a
                range that runs backwards.
        """
        first, last = _range(text.strip())
        return cls(_six_digits(first), _six_digits(last))

    @classmethod
    def around(cls, spans: "Iterable[Years | None]") -> "Years | None":
        """From the first to the last year of some ranges; None where there are none."""
        known = [span for span in spans if span]
        return (
            cls(min(span.first for span in known), max(span.last for span in known))
            if known
            else None
        )

    def covers(self, other: "Years") -> bool:
        """Whether every year of the other is in this range."""
        return self.first <= other.first and other.last <= self.last

    def meets(self, other: "Years") -> bool:
        """Whether the two have a year in common."""
        return self.first <= other.last and other.first <= self.last

    def within(self, other: "Years") -> "Years | None":
        """The years that are in the other range too; None where there is none."""
        return (
            Years(max(self.first, other.first), min(self.last, other.last))
            if self.meets(other)
            else None
        )

    def earlier(self, count: int) -> "Years":
        """As many years, each `count` years before."""
        return Years(
            *(_six_digits(year // 100 - count) for year in (self.first, self.last))
        )

    @property
    def first_day(self) -> datetime.date:
        """6 April on which the first tax year starts."""
        return datetime.date(self.first // 100, 4, 6)

    @property
    def last_day(self) -> datetime.date:
        """5 April on which the last tax year ends."""
        return datetime.date(self.last // 100 + 1, 4, 5)

    def __str__(self) -> str:
        start, end = (
            f"{year // 100}/{year % 100:02d}" for year in (self.first, self.last)
        )
        return start if start == end else f"{start}-{end}"


def years_of(text: str) -> tuple[int, ...]:
    """The calendar years in which the years begin, in their order.

    >>> years_of("1999/00-2001/02, 2007/08")
    (1999, 2000, 2001, 2007)

    Raises:
        ValueError: another form, a year whose halves do not follow each other, or a
            range that runs backwards.
    """
    years: set[int] = set()
    for part in filter(None, (part.strip() for part in text.split(","))):
        first, last = _range(part)
        years.update(range(first, last + 1))
    return tuple(sorted(years))


def span(years: tuple[int, ...]) -> str:
    """Years as the catalogue writes them: unbroken ranges, with commas between.

    >>> span((1999, 2000, 2007))
    '1999/00-2000/01, 2007/08'
    """
    ranges: list[tuple[int, int]] = []
    for year in sorted(set(years)):
        if ranges and ranges[-1][1] == year - 1:
            ranges[-1] = (ranges[-1][0], year)
        else:
            ranges.append((year, year))
    return ", ".join(
        _named(a) if a == b else f"{_named(a)}-{_named(b)}" for a, b in ranges
    )


def _range(text: str) -> tuple[int, int]:
    """The calendar years in which the first and the last year begin."""
    match = _RANGE.fullmatch(text)
    if not match:
        raise ValueError(
            f"'{text}' is not a range of years; write 2012/13 or 2012/13-2020/21"
        )
    first, last = (
        _year(match[1], match[2]),
        _year(match[3] or match[1], match[4] or match[2]),
    )
    if last < first:
        raise ValueError(f"'{text}' ends before it starts")
    return first, last


def _named(year: int) -> str:
    return f"{year}/{(year + 1) % 100:02d}"


def _year(start: str, end: str) -> int:
    if (int(start) + 1) % 100 != int(end):
        raise ValueError(
            f"'{start}/{end}' is not a year: its second part follows its first, as in "
            "2012/13"
        )
    return int(start)


def _six_digits(year: int) -> int:
    return year * 100 + (year + 1) % 100
