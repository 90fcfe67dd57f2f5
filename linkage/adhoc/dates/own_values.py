"""Dates and amounts in columns that no list knows: two files write one day, or one sum, in two ways."""

import itertools
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal, InvalidOperation

from linkage.adhoc.dates.birth_dates import is_possible, latest_year, read, reading
from linkage.adhoc.files.columns_made import counted, each_value, is_mostly
from linkage.adhoc.files.person_file import PersonFile
from linkage.adhoc.headers.recognise import known_fields
from linkage.engine import Engine, Table

_MOSTLY = 0.9  # of a column's values are of one kind
_SHOWN = 2_000  # values that show whether a column holds days
_SHORTEST_DAY = 6  # signs
_EARLIEST = 1500
_NUMBER = re.compile(r"[-+]?[0-9]+(?:[.,' ][0-9]{3})*(?:[.,][0-9]+)?")
_DECIMALS = re.compile(r"([.,])[0-9]{1,2}$")
_YEAR = re.compile(r"(?:1[5-9]|20)[0-9]{2}(?:[.]0)?")
_DAY = "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"

Read = Callable[[str], str | None]
"""What a value is, as every file would write it."""


def with_values_alike(
    engine: Engine, files: Sequence[PersonFile], fields: Sequence[Mapping[str, str]]
) -> list[tuple[PersonFile, dict[str, str]]]:
    """Each file with days and amounts in one form, of fields that no list knows, and where its fields are now."""
    made = [(file, dict(of)) for file, of in zip(files, fields, strict=True)]
    for name in [name for name in fields[0] if name not in known_fields() and all(name in of for of in fields)]:
        counts = [counted(engine, file, of[name]) for file, of in made]
        forms = [form for of in counts if (form := as_days(of, counts))]
        if len(forms) < len(counts) and _have_decimals(counts):  # 1999.0 may be a day, 1999 is none
            forms = [form for of in counts if (form := as_numbers(of))]
        if len(forms) < len(counts):
            forms = _years_of(counts)
        if len(forms) < len(counts):
            continue
        for place, ((file, of), form) in enumerate(zip(made, forms, strict=True)):
            ((file, of[name]),) = each_value(engine, [(file, of[name])], name, form)
            made[place] = file, of
    return made


def _years_of(counts: Sequence[Mapping[str, int]]) -> list[Read]:
    """How days of one file are the years of which the other says no more, and these; nothing where they are not."""
    days = [as_days(of, counts) for of in counts]
    years = [_mostly(lambda value: bool(_YEAR.fullmatch(value)), of) for of in counts]
    if any(bool(day) == year for day, year in zip(days, years, strict=True)) or all(years):
        return []
    return [_year_of_day(day) if day else lambda value: value[:4] for day in days]


def _year_of_day(read_day: Read) -> Read:
    return lambda value: (read_day(value) or "")[:4] or None


def as_days(counts: Mapping[str, int], both: Sequence[Mapping[str, int]] = ()) -> Read | None:
    """How the days of a column are read; None where it holds others than days.

    Args:
        counts: values to their rows.
        both: those of both files' columns, of which one may say in full what the other's years of two digits are.
    """
    first = dict(itertools.islice(counts.items(), _SHOWN))
    if not _mostly(lambda value: any(map(str.isdigit, value)) and len(value) >= _SHORTEST_DAY, first):
        return None
    how = replace(reading(counts, latest_year(both or [counts])), count=None)

    def day(value: str) -> str | None:
        made = read(value, how)
        return made if made and is_possible(made) and int(made[:4]) >= _EARLIEST else None

    return day if _mostly(lambda value: day(value) is not None, first) else None


def as_numbers(counts: Mapping[str, int]) -> Read | None:
    """How the numbers of a column are read, 1.234,50 as 1234.5; None where it holds others than numbers."""
    if not counts or not _mostly(lambda value: bool(_NUMBER.fullmatch(value)), counts):
        return None
    signs = Counter[str]()
    for value, rows in counts.items():
        if found := _DECIMALS.search(value):
            signs[found[1]] += rows
    decimal = signs.most_common(1)[0][0] if signs else "."
    thousands = re.compile("[,' ]" if decimal == "." else "[.' ]")

    def number(value: str) -> str | None:
        try:
            read_as = Decimal(thousands.sub("", value).replace(decimal, "."))
        except InvalidOperation:
            return None
        return f"{read_as.normalize() + 0:f}" if read_as.is_finite() else None

    return number


def are_days(engine: Engine, table: Table, column: str) -> bool:
    """Whether nearly all known values of a column are days, as `with_values_alike` writes them."""
    return is_mostly(engine, table, column, _DAY)


def _have_decimals(counts: Sequence[Mapping[str, int]]) -> bool:
    return any(_DECIMALS.search(value) for of in counts for value in of)


def _mostly(fits: Callable[[str], bool], counts: Mapping[str, int]) -> bool:
    return sum(rows for value, rows in counts.items() if fits(value)) >= _MOSTLY * max(sum(counts.values()), 1)
