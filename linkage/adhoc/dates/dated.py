"""A file's birth dates in one form, and two files' in one precision."""

import datetime
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from linkage.adhoc.dates.birth_dates import Reading, in_order_of, known_dates, latest_year, read, reading, says_nothing
from linkage.adhoc.dates.date_forms import fitting_forms
from linkage.adhoc.dates.day_counts import day_count
from linkage.adhoc.dates.without_years import ANY_YEAR, have_no_year, with_a_year
from linkage.adhoc.files.columns_made import as_text, counted, expressed, looked_up
from linkage.adhoc.files.person_file import PersonFile
from linkage.engine import Engine
from linkage.errors import InputError
from linkage.records.rules import identifier_rules

_PARTS = ("birth_year", "birth_month", "birth_day")
_MONTHS = [datetime.date(2000, month, 1).strftime("%b").upper() for month in range(1, 13)]
_FORMS = "day, month and year in any order, a month's name, year and month, a year"
_DEFAULT_TIMES = 3.0  # so many times as many births on 1 January as on other days, and most of them are defaults
_DEFAULT_ROWS = 10
_ONE_DAY_TIMES, _ONE_DAY_SHARE = 20.0, 0.01  # one day of so many more than others have, and it is a default
_DAY = re.compile(r"(\d{1,2})(?:\.0)?", re.ASCII)
_DAYS = 0.9  # with more numbers of days of a month than this share, a column holds these
_WHOLE = 0.02  # with fewer whole dates than this share, a file says years alone


class NoDatesError(InputError):
    """Most values of what was taken for a birth date are none."""


def in_one_form(engine: Engine, file: PersonFile, column: str, side: str = "left") -> tuple[PersonFile, str]:
    """The file with a column of its birth dates as year-month-day text, and the column's name.

    Args:
        side: of the file, for the message.

    Raises:
        NoDatesError: most of the column's values are no date.
    """
    if column in file.iso_dates:
        return file, column
    (made,) = _in_one_form(engine, [file], [column], [f"{side}.dob"])
    return made


def notes(files: Sequence[PersonFile]) -> list[str]:
    """Of which calendar birth dates were taken to be, where it is not the common one; no value."""
    said = [
        f"{file.called}: its birth dates are taken for those of the calendar {file.calendar}, and compared in the "
        "common one; where that is wrong, write them there as 1984-05-03"
        for file in files
        if file.calendar
    ]
    return said + [
        f"{file.called}: its birth dates have no year: days and months are compared" for file in files if file.yearless
    ]


def in_no_form(
    engine: Engine,
    file: PersonFile,
    fields: Mapping[str, str],
    parts: Mapping[str, str],
    made: PersonFile | None = None,
) -> int:
    """Rows whose birth date could not be read, and so counts as unknown; not those that say that there is none.

    Args:
        fields, parts: of the file as it was read.
        made: the file as it is compared, of which they may be known.
    """
    if "dob" not in fields:
        return 0
    if made and made.undated is not None:
        return made.undated
    if "birth_number" in parts:  # its numbers are no dates by themselves
        return 0
    file, column = in_one_column(engine, file, fields["dob"], parts)
    values = counted(engine, file, column)
    how = reading(values, latest_year([values]))
    return sum(held for text, held in _said(values).items() if _read(text, how) is None)


def _said(values: Mapping[str, int]) -> dict[str, int]:
    """Values but those that say that there is no date."""
    return {text: held for text, held in values.items() if not says_nothing(text)}


def in_one_column(engine: Engine, file: PersonFile, column: str, parts: Mapping[str, str]) -> tuple[PersonFile, str]:
    """The file with a column of birth dates as they are written, made of year, month and day where it has these.

    Args:
        column: where the birth dates are, or the year or the day of them.
        parts: birth_year, birth_month, birth_day -> column.
    """
    if column == parts.get("birth_year"):
        return _composed(engine, file, parts)
    if {"birth_year", "birth_month"} <= set(parts) and _are_days(counted(engine, file, column)):
        return _composed(engine, file, {**parts, "birth_day": column})
    return file, column


def _are_days(values: Mapping[str, int]) -> bool:
    days = sum(held for text, held in values.items() if (day := _DAY.fullmatch(text)) and 1 <= int(day[1]) <= 31)
    return days > _DAYS * sum(values.values())


def _composed(engine: Engine, file: PersonFile, parts: Mapping[str, str]) -> tuple[PersonFile, str]:
    texts = [f"regexp_replace({as_text(parts[part])}, '[.]0$', '')" for part in _PARTS if part in parts]
    year, *others = texts
    whole = " || '-' || ".join(texts)
    if len(texts) == len(_PARTS):  # a year of two digits might be taken for the day, were the month no word
        month, day = others
        number = f"try_cast({month} as integer)"
        word = f"list_extract({_MONTHS}, {number})"
        whole = (
            f"case when length({year}) <= 2 and coalesce({number} between 1 and 12, true)"
            f" then {day} || ' ' || coalesce({word}, {month}) || ' ' || lpad({year}, 2, '0') else {whole} end"
        )
    known = " and ".join([f"{year} <> ''", *(f"{text} not in ('', '0', '00')" for text in others)])
    return expressed(engine, file, f"case when {known} then {whole} else {year} end", "date of birth")


def alike(engine: Engine, files: Sequence[PersonFile], columns: Sequence[str]) -> list[tuple[PersonFile, str]]:
    """Each file with its birth dates as year-month-day text, of the precision that the other has.

    Where one file knows years alone, or years and months, that is all that can be compared. Where a file has far too
    many births on 1 January, these say the year and no more: a clerk's way to write "not known". One day that far too
    many are born on says nothing.

    Raises:
        NoDatesError: most of a column's values are no date.
    """
    found = _in_one_form(engine, files, columns, ["left.dob", "right.dob"] if len(files) > 1 else ["dob"])
    texts = [counted(engine, file, column) for file, column in found]
    known = min((_known_parts(values) for values in texts), default=10)
    result = []
    for (file, column), values in zip(found, texts, strict=True):
        defaults = _defaults(values)
        months = _months_are_default({text: held for text, held in values.items() if text not in defaults})
        changed: dict[str, tuple[str | None]] = {
            text: (f"{text[:4]}-00-00",) for text in values if months and text.endswith("-01-01")
        }
        changed |= {text: (text[:known] + "-00-00"[known - 10 :],) for text in values if known < 10}
        changed |= dict.fromkeys(defaults, (None,))
        if changed:
            kept = {text: (text,) for text in values}
            file, (column,) = looked_up(engine, file, column, {**kept, **changed}, ["known part"])
            file = replace(file, iso_dates=file.iso_dates | {column})
        result.append((file, column))
    return result


def _in_one_form(
    engine: Engine, files: Sequence[PersonFile], columns: Sequence[str], fields: Sequence[str]
) -> list[tuple[PersonFile, str]]:
    values = [counted(engine, file, column) for file, column in zip(files, columns, strict=True)]
    yearless = [have_no_year(texts) for texts in values]
    if any(yearless):
        return _of_any_year(engine, files, columns, values, yearless)
    latest = latest_year(values)
    each = [reading(texts, latest, _dated_elsewhere(values, texts, latest)) for texts in values]
    each = [
        reading(texts, latest, _dates(others, of)) if how.calendar else how
        for texts, how, others, of in zip(values, each, values[::-1], each[::-1], strict=True)
    ]
    made = []
    for file, column, texts, field, how in zip(
        files, columns, values, fields, map(in_order_of, each[::-1], each), strict=True
    ):
        read_as = {text: (_read(text, how),) for text in texts}
        _refuse_no_dates(file, column, field, texts, read_as)
        new, (name,) = looked_up(engine, file, column, read_as, ["birth date"])
        undated = sum(held for text, held in _said(texts).items() if read_as[text][0] is None)
        calendar = how.calendar.name if how.calendar else None
        made.append((replace(new, iso_dates=file.iso_dates | {name}, undated=undated, calendar=calendar), name))
    return made


def _of_any_year(
    engine: Engine,
    files: Sequence[PersonFile],
    columns: Sequence[str],
    values: Sequence[Mapping[str, int]],
    yearless: Sequence[bool],
) -> list[tuple[PersonFile, str]]:
    """Days and months, all of one year, where a file has no more: 12. 3., 12 March."""
    made = []
    for file, column, texts, without in zip(files, columns, values, yearless, strict=True):
        dates = {text: with_a_year(text) if without else text for text in texts}
        how = reading(dict.fromkeys(dates.values(), 1), latest_year([texts]))
        read_as = {text: (_of_one_year(_read(date, how)),) for text, date in dates.items()}
        new, (name,) = looked_up(engine, file, column, read_as, ["day of birth"])
        undated = sum(held for text, held in _said(texts).items() if read_as[text][0] is None)
        made.append((replace(new, iso_dates=file.iso_dates | {name}, undated=undated, yearless=without), name))
    return made


def _of_one_year(date: str | None) -> str | None:
    return None if date is None or date.endswith("-00") else f"{ANY_YEAR}{date[4:]}"


def _dated_elsewhere(
    values: Sequence[Mapping[str, int]], texts: Mapping[str, int], latest: int
) -> dict[str, int] | None:
    """The other file's birth dates, where they may tell what the column's numbers mean, and theirs are none."""
    if not (_has_several_forms(texts) or day_count(known_dates(texts), {})):
        return None
    others = next((of for of in values if of is not texts), {})
    how = reading(others, latest)
    return {} if how.count or _has_several_forms(others) else _dates(others, how)


def _dates(values: Mapping[str, int], how: Reading) -> Counter[str]:
    """What values are read as, to their rows."""
    found = Counter[str]()
    for text, held in values.items():
        if date := _read(text, how):
            found[date] += held
    return found


def _has_several_forms(values: Mapping[str, int]) -> bool:
    return len(fitting_forms(known_dates(values))) > 1


def _read(text: str, how: Reading) -> str | None:
    return None if says_nothing(text) else read(text, how)


def _refuse_no_dates(
    file: PersonFile, column: str, field: str, values: Mapping[str, int], read_as: Mapping[str, tuple[str | None, ...]]
) -> None:
    known = _said(values)
    if 2 * sum(held for text, held in known.items() if read_as[text][0]) < sum(known.values()):
        raise NoDatesError(
            f"{file.path}: column '{column}' was taken for a birth date, but most of its values are no date\n"
            f"  known forms: {_FORMS}\n"
            f"  map another column: --map {field}=COLUMN"
        )


def _whole(values: Mapping[str, int]) -> Iterator[tuple[str, int]]:
    return ((text, held) for text, held in values.items() if not text.endswith("-00"))


def _known_parts(values: Mapping[str, int]) -> int:
    """Characters of year-month-day text that a file knows: of years alone, of months too, or all."""
    rows = sum(values.values())
    for known, unknown in ((4, "-00-00"), (7, "-00")):
        if rows and sum(held for text, held in values.items() if not text.endswith(unknown)) < _WHOLE * rows:
            return known
    return 10


def _defaults(values: Mapping[str, int]) -> set[str]:
    """Days that stand for "not known": known ones, and any day that so many are born on that it cannot be true."""
    whole = dict(_whole(values))
    mean, rows = sum(whole.values()) / max(len(whole), 1), sum(whole.values())
    sentinels = {day.isoformat() for day in identifier_rules().date.sentinels}
    least = max(_ONE_DAY_TIMES * mean, _ONE_DAY_SHARE * rows, _DEFAULT_ROWS)
    return {text for text, held in whole.items() if held > least or text in sentinels}


def _months_are_default(values: Mapping[str, int]) -> bool:
    """Whether births on 1 January are too many to be births."""
    whole = sum(held for _, held in _whole(values))
    first = sum(held for text, held in _whole(values) if text.endswith("-01-01"))
    expected = whole / 365.25
    return first > _DEFAULT_TIMES * expected and first - expected > _DEFAULT_ROWS
