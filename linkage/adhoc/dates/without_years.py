"""Birthdays, as rolls of the fallen and clubs have them: a day and a month, and no year."""

import re
from collections.abc import Mapping

from linkage.adhoc.dates.birth_dates import says_nothing

ANY_YEAR = "2000"  # with a 29 February, and no day of it stands for "not known"

_MOSTLY = 0.9  # of the known values are days of a month
_SOME = 0.05  # of them are days that no month's number is, or months in words: of 05/04 either part may be a year
_NUMBERS = re.compile(r"(\d{1,2})\s*[-/.]\s*(\d{1,2})[-/. ]*", re.ASCII)
_DAY_FIRST = re.compile(r"\d{1,2}[-/. ]+[^\W\d_]{3,}\.?")
_MONTH_FIRST = re.compile(r"[^\W\d_]{3,}[-/. ]+\d{1,2}")
_LAST_DAY, _LAST_MONTH = 31, 12


def have_no_year(values: Mapping[str, int]) -> bool:
    """Whether a column of birth dates has days and months alone.

    >>> have_no_year({"12. 3.": 1, "30.11.": 1}), have_no_year({"3 May": 2}), have_no_year({"05/84": 1, "11/79": 1})
    (True, True, False)
    """
    fitting = proving = known = 0
    for text, held in values.items():
        if says_nothing(text):
            continue
        known += held
        if match := _NUMBERS.fullmatch(text.strip()):
            one, two = sorted(map(int, match.groups()))
            fits = 1 <= one <= _LAST_MONTH and two <= _LAST_DAY
            fitting += held * fits
            proving += held * (fits and two > _LAST_MONTH)
        elif _DAY_FIRST.fullmatch(text.strip()) or _MONTH_FIRST.fullmatch(text.strip()):
            fitting, proving = fitting + held, proving + held
    return fitting > _MOSTLY * known and proving > _SOME * known


def with_a_year(text: str) -> str:
    """A day and a month with a year, which is the same for all.

    >>> with_a_year("12. 3."), with_a_year("3/11"), with_a_year("3 May"), with_a_year("May 3")
    ('12. 3.2000', '3/11/2000', '3 May 2000', 'May 3 2000')
    """
    sign = next((sign for sign in "./-" if sign in text), " ")
    return f"{text.strip().rstrip(' ./-')}{sign}{ANY_YEAR}"
