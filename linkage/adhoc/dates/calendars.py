"""Of which calendar birth dates are, where they are not of the common one."""

import datetime
import re
from collections import Counter
from collections.abc import Callable, Mapping

from linkage.adhoc.dates.calendar_rules import EARLIEST_BIRTH, Calendar, calendars
from linkage.adhoc.dates.date_forms import alike

_LONG_AGO = 1600  # no file of persons has births in a year of the common calendar before that
_FIT = 0.95  # share of a column's dates that are days of its calendar, between births that there can be
_BETTER, _ROWS = 0.002, 3  # by so much more than in the common one, and by so many rows
_ISO = re.compile(r"(\d{4})-(\d\d)-(\d\d)", re.ASCII)


def may_be_of_another(years: Mapping[int, int], numbers: set[int], months: set[int]) -> bool:
    """Whether a column has what the common calendar has not: years of long ago or to come, a 32nd, a 13th month.

    Args:
        years: years of four digits -> rows.
        numbers: the others that stand in dates, days and months.
        months: those of them that can be nothing but months, or are too large for one.
    """
    today, rows = datetime.date.today().year, sum(years.values())
    strange = sum(held for year, held in years.items() if year < _LONG_AGO or year > today)
    return 2 * strange > rows or 32 in numbers or max(months, default=0) == 13


def calendar_of(
    values: Mapping[str, int], read_in: Callable[[str, Calendar], str | None], elsewhere: Mapping[str, int]
) -> Calendar | None:
    """The calendar of which a column's dates are; None for the common one.

    Args:
        values: known dates as text -> rows.
        read_in: a value as year-month-day text of a calendar.
        elsewhere: the other file's birth dates as year-month-day text, to their rows.
    """
    found: list[tuple[float, float, Calendar]] = []
    for calendar in calendars():
        own, common, dates = 0, 0, Counter[str]()
        for text, rows in values.items():
            made = read_in(text, calendar)
            common += rows * _is_common(made)
            if made and (date := calendar.date(made)):
                own += rows
                dates[date] += rows
        rows = sum(values.values())
        if own >= _FIT * rows and own - common >= max(_BETTER * rows, _ROWS):
            found.append((own / rows, alike(dates.items(), elsewhere), calendar))
    most = max((share for share, _, _ in found), default=0.0)
    fitting = [(likeness, calendar) for share, likeness, calendar in found if share > most - _BETTER]
    return max(fitting, key=lambda of: of[0])[1] if fitting else None


def _is_common(made: str | None) -> bool:
    """Whether a date is a day, or a month or a year, of the common calendar on which somebody may be born."""
    match = _ISO.fullmatch(made or "")
    if not match or not EARLIEST_BIRTH <= int(match[1]) <= datetime.date.today().year:
        return False
    try:
        return bool(datetime.date(int(match[1]), int(match[2]) or 1, int(match[3]) or 1))
    except ValueError:
        return False
