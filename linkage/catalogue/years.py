"""The academic or tax years that a variable is held for, as the catalogue writes them: "2001/02-2004/05, 2007/08"."""

import re

_RANGE = re.compile(r"(\d{4})/(\d{2})(?:-(\d{4})/(\d{2}))?")


def years_of(text: str) -> tuple[int, ...]:
    """The calendar years in which the years begin, in their order.

    >>> years_of("1999/00-2001/02, 2007/08")
    (1999, 2000, 2001, 2007)

    Raises:
        ValueError: another form, a year whose halves do not follow each other, or a range that runs backwards.
    """
    found: set[int] = set()
    for part in filter(None, (part.strip() for part in text.split(","))):
        match = _RANGE.fullmatch(part)
        if not match:
            raise ValueError(f"'{part}' is no range of years; write 2012/13 or 2012/13-2020/21")
        first, last = _year(match[1], match[2]), _year(match[3] or match[1], match[4] or match[2])
        if last < first:
            raise ValueError(f"'{part}' ends before it starts")
        found.update(range(first, last + 1))
    return tuple(sorted(found))


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
    return ", ".join(_named(a) if a == b else f"{_named(a)}-{_named(b)}" for a, b in ranges)


def _named(year: int) -> str:
    return f"{year}/{(year + 1) % 100:02d}"


def _year(start: str, end: str) -> int:
    if (int(start) + 1) % 100 != int(end):
        raise ValueError(f"'{start}/{end}' is no year: its second part follows its first, as in 2012/13")
    return int(start)
