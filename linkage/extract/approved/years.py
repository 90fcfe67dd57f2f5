"""Academic and tax years as data name them (six digits, 201213) and as people write them (2012/13)."""

import datetime
import re
from dataclasses import dataclass

_YEAR = r"(\d{4})/(\d{2})"
_RANGE = re.compile(rf"{_YEAR}(?:-{_YEAR})?")


@dataclass(frozen=True)
class Years:
    """An unbroken range of years, both ends in it."""

    first: int  # six digits, 201213
    last: int

    @classmethod
    def parse(cls, text: str) -> "Years":
        """From "2012/13" or "2012/13-2020/21".

        Raises:
            ValueError: another form, a year whose halves do not follow each other, or a range that runs backwards.
        """
        match = _RANGE.fullmatch(text.strip())
        if not match:
            raise ValueError(f"'{text}' is no range of years; write 2012/13 or 2012/13-2020/21")
        first = _number(match.group(1), match.group(2))
        last = _number(match.group(3), match.group(4)) if match.group(3) else first
        if last < first:
            raise ValueError(f"'{text}' ends before it starts")
        return cls(first, last)

    def covers(self, other: "Years") -> bool:
        """Whether every year of the other is in this range."""
        return self.first <= other.first and other.last <= self.last

    def meets(self, other: "Years") -> bool:
        """Whether the two have a year in common."""
        return self.first <= other.last and other.first <= self.last

    def within(self, held: "Years") -> "Years | None":
        """The years that are in the other range too; None where there is none."""
        return Years(max(self.first, held.first), min(self.last, held.last)) if self.meets(held) else None

    def earlier(self, count: int) -> "Years":
        """As many years, each `count` years before."""
        return Years(*(_six_digits(year // 100 - count) for year in (self.first, self.last)))

    @property
    def first_day(self) -> datetime.date:
        """6 April on which the first tax year starts."""
        return datetime.date(self.first // 100, 4, 6)

    @property
    def last_day(self) -> datetime.date:
        """5 April on which the last tax year ends."""
        return datetime.date(self.last // 100 + 1, 4, 5)

    def __str__(self) -> str:
        start, end = (f"{year // 100}/{year % 100:02d}" for year in (self.first, self.last))
        return start if start == end else f"{start}-{end}"


def _number(century: str, tail: str) -> int:
    if (int(century) + 1) % 100 != int(tail):
        raise ValueError(f"'{century}/{tail}' is no year: its second part follows its first, as in 2012/13")
    return _six_digits(int(century))


def _six_digits(year: int) -> int:
    return year * 100 + (year + 1) % 100
