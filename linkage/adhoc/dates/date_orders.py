"""In which order a column of dates has day, month and year, where a date alone leaves it open."""

from collections import Counter
from collections.abc import Collection

NoMonths = tuple[bool, bool]
"""Whether the first and the second of two numbers of a date are too large for a month."""

_MANY_MONTHS, _FEW_DAYS = 6, 3  # months, of which there are so many times as many as days, or they may be the days
_SOME, _FEW, _ENOUGH = 0.1, 0.02, 20  # shares of dates, and rows, that show how year-month-day is meant


def are_months(first: Collection[int], second: Collection[int]) -> bool:
    """Whether first numbers of dates are months where no date shows it: they are many, and the second ones days of few.

    Of who is known by the month alone 05/01/1990 says May; as a day of January it would be, as all the others.
    """
    return max(first) <= 12 and len(first) >= max(_MANY_MONTHS, _FEW_DAYS * len(second))


def is_day_second(whole: Counter[NoMonths], others: Counter[NoMonths]) -> bool:
    """Whether the day stands between year and month, as some write it, and as a spreadsheet makes it.

    A spreadsheet of another country takes 05/03/1984 for 3 May and leaves 13/03/1984 as the text that it was: then all
    of its own dates have a day that may be a month, and no text has.

    Args:
        whole: dates that begin with a year of four digits, to their rows.
        others: dates that do not.
    """
    if whole[True, False] >= max(_SOME * whole.total(), 1):
        return whole[True, False] > whole[False, True]
    texts, made = others[True, False] + others[False, True], whole[False, False]
    few = whole[False, True] <= _FEW * made and others[False, False] <= _FEW * texts
    return few and min(made, texts) >= _ENOUGH
