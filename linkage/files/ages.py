"""Ages of files of different years, and a birth date next to an age: years that can be compared.

The two records of one person are as many years apart for everybody; those of namesakes are any number of years apart.
So the number that stands out among namesakes is what lies between the files.
"""

import functools
import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from linkage.files.vocabulary import vocabulary

_MAX_NAMESAKES = 5  # records of one name in a file; of commoner names most pairs are non-matches
_MIN_PAIRS = 10  # that must show the difference
_STANDARD_DEVIATIONS = 3.0  # by which a difference must stand out


@functools.cache
def _in_words() -> re.Pattern[str]:
    years, after = ("|".join(map(re.escape, vocabulary()["age_words"][kind])) for kind in ("years", "after"))
    return re.compile(rf"(\d{{1,3}})(?:\.0*)? ?(?:(?:{years})\.?)?(?: (?:{after}))?")


def age(text: str) -> int | None:
    """An age in years, with or without a word after it.

    >>> age("38"), age("38.0"), age("38 yrs"), age("38 years old"), age("unknown")
    (38, 38, 38, 38, None)
    """
    found = _in_words().fullmatch(text.upper().strip())
    return int(found[1]) if found else None


Named = Sequence[tuple[str | None, str | None, int | None]]
"""Forename, surname and years of records; years are an age, or minus the year of birth."""


def years_between(left: Named, right: Named) -> int | None:
    """By how much the left file's years are more than the right one's for one person; None where nothing stands out."""
    found = Counter[int]()
    others = _rare(right)
    for names, years in _rare(left).items():
        for one in years:
            found.update(one - two for two in others.get(names, ()))
    apart, first = min(found.items(), key=lambda of: (-of[1], of[0]), default=(0, 0))
    second = max((pairs for years, pairs in found.items() if abs(years - apart) > 1), default=0)
    stands_out = first >= _MIN_PAIRS and first - second > _STANDARD_DEVIATIONS * math.sqrt(first + second)
    return apart if stands_out else None


def _rare(records: Iterable[tuple[str | None, str | None, int | None]]) -> Mapping[tuple[str, str], list[int]]:
    named: dict[tuple[str, str], list[int]] = {}
    for forename, surname, years in records:
        if forename and surname and years is not None:
            named.setdefault((forename, surname), []).append(years)
    return {names: years for names, years in named.items() if len(years) <= _MAX_NAMESAKES}
