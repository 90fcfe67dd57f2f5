"""Text to dates, in declared formats, by expressions that mean the same on every
engine.
"""

import contextlib
import datetime
import functools
import re
from collections.abc import Sequence

from linkage.engine import literal
from linkage.errors import ConfigError
from linkage.records.rules import identifier_rules

_YEAR = "(000[1-9]|00[1-9][0-9]|0[1-9][0-9]{2}|[1-9][0-9]{3})"  # there was no year 0000
_PARTS = {
    "%Y": ("year", _YEAR),
    "%y": ("short_year", "([0-9]{2})"),
    "%m": ("month", "([0-9]{1,2})"),
    "%d": ("day", "([0-9]{1,2})"),
    "%b": ("month_name", "([A-Za-z]{3})[A-Za-z]*"),
    "%B": ("month_name", "([A-Za-z]{3})[A-Za-z]*"),
}
_TIME = "([T ][0-9:.]+Z?)?"  # a time of day after the date is dropped
_FIXED = {
    "%Y%m%d",
    "%d%m%Y",
    "%m%d%Y",
    "%y%m%d",
    "%d%m%y",
}  # without separators each part has all its digits
ISO = "%Y-%m-%d"
_MONTHS = "JANFEBMARAPRMAYJUNJULAUGSEPOCTNOVDEC"


def parsed(text: str, formats: Sequence[str]) -> str:
    """A SQL expression: the text as a DATE in the first format that gives a day of the
    calendar, else NULL.

    Args:
        text: SQL expression of trimmed text.
        formats: strptime patterns of %Y (or %y), %m (or %b, %B) and %d; a time of day
            after them is dropped. A year of two digits is 1969 to 2068, as POSIX has
            it.

    Raises:
        ConfigError: a format has other parts, or not all of year, month and day.
    """
    readings = [_in_format(text, pattern) for pattern in formats]
    return readings[0] if len(readings) == 1 else f"coalesce({', '.join(readings)})"


def check_format(pattern: str) -> None:
    """Refuse a date format that does not give a day.

    Raises:
        ConfigError: what it lacks, and how one is written.
    """
    _regex(pattern)


def is_no_date_text(text: str) -> str:
    """A SQL expression: the text says that there is no date ("00/00/0000",
    "UNKNOWN").
    """
    return (
        f"upper({text}) in "
        f"({', '.join(literal(value) for value in identifier_rules().date.texts)})"
    )


def is_of_no_year(text: str, formats: Sequence[str]) -> str:
    """A SQL expression: the text is in one of the formats, of the year 0000
    (01/01/0000).
    """
    forms = [_regex(pattern)[0] for pattern in formats]
    tests = [
        f"regexp_matches({text}, {literal(form.replace(_YEAR, '0000'))})"
        for form in forms
        if _YEAR in form
    ]
    return f"({' or '.join(tests) or 'false'})"


@functools.cache
def no_date_texts() -> frozenset[str]:
    """Upper-case texts that say that there is no date."""
    return frozenset(identifier_rules().date.texts)


def day_in(text: str, formats: Sequence[str]) -> str | None:
    """A text as year-month-day, as `parsed` reads it; None where it is no day."""
    for pattern in formats:
        expression, groups = _compiled(pattern)
        if match := expression.fullmatch(text):
            parts = dict(zip(groups, match.groups(), strict=False))
            with contextlib.suppress(ValueError):
                return _day(parts).isoformat()
    return None


def _day(parts: dict[str, str]) -> datetime.date:
    year = parts.get("year") or ""
    if short := parts.get("short_year"):
        year = f"{'20' if short < '69' else '19'}{short}"
    month = parts.get("month") or ""
    if name := parts.get("month_name"):
        place = _MONTHS.find(name.upper())
        month = str(place // 3 + 1) if place >= 0 and place % 3 == 0 else ""
    return datetime.date(int(year), int(month), int(parts["day"]))


@functools.cache
def _compiled(pattern: str) -> tuple[re.Pattern[str], list[str]]:
    expression, groups = _regex(pattern)
    return re.compile(expression, re.ASCII), groups


def _in_format(text: str, pattern: str) -> str:
    expression, groups = _regex(pattern)
    match = literal(expression)

    def part(name: str) -> str:
        return f"regexp_extract({text}, {match}, {groups.index(name) + 1})"

    if "year" in groups:
        year = part("year")
    else:
        year = (
            f"case when {part('short_year')} < '69' then '20' else '19' end || "
            f"{part('short_year')}"
        )
    if "month" in groups:
        month = part("month")
    else:
        place = f"strpos('{_MONTHS}', upper({part('month_name')}))"
        month = (
            f"case when {place} % 3 = 1 then cast(({place} + 2) // 3 as varchar) end"
        )
    iso = (
        f"{year} || '-' || lpad({month}, 2, '0') || '-' || lpad({part('day')}, 2, '0')"
    )
    return f"try_cast(case when regexp_matches({text}, {match}) then {iso} end as date)"


def _regex(pattern: str) -> tuple[str, list[str]]:
    groups: list[str] = []
    expression = ""
    for token in re.findall(r"%.|[^%]+|%$", pattern.strip()):
        if token in _PARTS:
            name, form = _PARTS[token]
            groups.append(name)
            expression += form.replace("{1,2}", "{2}") if pattern in _FIXED else form
        elif token.startswith("%"):  # %H and what follows: the time of day
            expression = expression.removesuffix("[ ]").removesuffix("T")
            break
        else:  # in brackets, since engines differ on backslashes
            expression += "".join(
                char if char.isalnum() else f"[{char}]" for char in token
            )
    parts = {"short_year": "year", "month_name": "month"}
    if sorted(parts.get(group, group) for group in groups) != ["day", "month", "year"]:
        raise ConfigError(
            f"date format '{pattern}' does not give a year, a month and a day\n"
            "  write it with %Y or %y, %m or %b, and %d: for example %Y-%m-%d, "
            "%d/%m/%Y, %d-%b-%Y"
        )
    return f"^{expression}{_TIME}$", groups
