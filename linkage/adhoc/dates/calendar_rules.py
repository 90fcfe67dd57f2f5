"""Calendars other than the common one: of the Hijra by the sun (Iran) and by the moon, of Ethiopia, of Nepal.

A year and its months begin after so many days of a mean year and of mean months, rounded down: for the calendars by the
sun's mean that is their rule, for those by the true sun and moon it is their rule but for a day here and there. The
numbers are data: configs/records/calendars.toml.
"""

import datetime
import functools
import math
from dataclasses import dataclass
from itertools import accumulate

from linkage.records.rules import read_rules

EARLIEST_BIRTH = 1850
_FIRST_DAY = "cast('0001-01-01' as date)"
_LAST_YEAR = 9000  # of which every day is one of the common calendar's years of four digits


@dataclass(frozen=True)
class Calendar:
    """One calendar, by its mean days."""

    key: str  # by which a run's file names it
    name: str
    first: float  # day of the common calendar, as `datetime.date.toordinal` counts, on which its year 0 would begin
    year: float  # days
    months: tuple[float, ...]  # days of each; the last one ends where the next year begins

    def date(self, text: str) -> str | None:
        """Year-month-day text of this calendar in the common one; None where it is no day of a birth that there can be.

        Where the day is not known it is the middle of the month or of the year that says the month and the year.
        """
        year, month, day = (int(part) for part in text.split("-"))
        if month > len(self.months) or day > math.ceil(self.months[month - 1] if month else 0):
            return None
        if day:
            found = self._begins(year, month) + day - 1
        elif month:
            found = self._begins(year, month) + int(self.months[month - 1] / 2)
        else:
            found = self._begins(year, 1) + int(self.year / 2)
        if not _first_birth() <= found <= datetime.date.today().toordinal():
            return None
        made = datetime.date.fromordinal(found).isoformat()
        return made if day else f"{made[:7]}-00" if month else f"{made[:4]}-00-00"

    def day_sql(self, year: str, month: str, day: str) -> str:
        """A SQL expression: a day of this calendar as a DATE, NULL where its month has no such day.

        Args:
            year, month, day: SQL expressions of whole numbers.
        """
        begun = [0.0, *accumulate(self.months)][: len(self.months)]
        gone = " ".join(f"when {number} then {_double(days)}" for number, days in enumerate(begun, 1))
        most = " ".join(f"when {number} then {math.ceil(days)}" for number, days in enumerate(self.months, 1))
        begins = f"floor({_double(self.first)} + {year} * {_double(self.year)} + case {month} {gone} end)"
        is_day = f"{day} between 1 and case {month} {most} end and {year} between 1 and {_LAST_YEAR}"
        return f"case when {is_day} then {_FIRST_DAY} + cast({begins} + {day} - 2 as integer) end"

    @property
    def earliest(self) -> int:
        """The year of the earliest birth."""
        return int((_first_birth() - self.first) / self.year)

    def _begins(self, year: int, month: int) -> int:
        return math.floor(self.first + year * self.year + ([0.0, *accumulate(self.months)])[month - 1])


@functools.cache
def _first_birth() -> int:
    return datetime.date(EARLIEST_BIRTH, 1, 1).toordinal()


def _double(number: float) -> str:
    return f"cast({number!r} as double)"


@functools.cache
def calendars() -> tuple[Calendar, ...]:
    """Those of other years and months that are known."""
    rules = read_rules("records/calendars.toml")["calendar"]
    return tuple(Calendar(r["key"], r["name"], r["first"], r["year"], tuple(r["months"])) for r in rules)


@functools.cache
def years_ahead() -> dict[str, int]:
    """Calendars that have the common one's days in other years -> by how many years they are ahead."""
    return {str(key): int(years) for key, years in read_rules("records/calendars.toml")["ahead"].items()}
