"""What stands around a birth date: an age, a place, a time of day, a weekday, signs of what is not known.

Each is a table of configs/recognise.toml, which says what is left of it: a date in one of the forms that are read.
"""

import datetime
import functools
import re
from collections.abc import Callable, Mapping, Sequence

from linkage.adhoc.headers.vocabulary import vocabulary

_HALF_A_DAY, _DAY = 43_200_000, 86_400_000  # milliseconds
_ROMAN = ("I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X", "XI", "XII")
_MOST_DIGITS = 14  # of milliseconds


def bare(text: str) -> str | None:
    """The date alone of a text with more around it; None where it has nothing that is known."""
    for pattern, left in _known():
        if match := pattern.fullmatch(text):
            return left.format(**{part: _PARTS.get(part, str)(of) for part, of in match.groupdict("").items()})
    return None


def _month(roman: str) -> str:
    return str(_ROMAN.index(roman.upper()) + 1)


def _day(milliseconds: str) -> str:
    """The day whose midnight is nearest: elsewhere than in Greenwich midnight comes some hours before or after."""
    if len(milliseconds.lstrip("-")) > _MOST_DIGITS:
        return ""
    days = (int(milliseconds) + _HALF_A_DAY) // _DAY
    return (datetime.date(1970, 1, 1) + datetime.timedelta(days=days)).isoformat()


_PARTS: Mapping[str, Callable[[str], str]] = {"roman": _month, "milliseconds": _day}
"""Parts that are written as no date is: -> how they become one."""


@functools.cache
def _known() -> Sequence[tuple[re.Pattern[str], str]]:
    return [
        (re.compile(rule["pattern"], re.ASCII | re.IGNORECASE), rule["left"]) for rule in vocabulary()["around_date"]
    ]
