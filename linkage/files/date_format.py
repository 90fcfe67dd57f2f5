"""Birth dates: infer how a column writes them, and read each as year-month-day text.

What is not known is 00 (1985-00-00), and an impossible day (1990-02-31) stays, since
most of it is right. What one value leaves open (day or month first, the century of a
year of two digits) the column says as a whole.
"""

import contextlib
import datetime
import functools
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from anyascii import anyascii

from linkage.files.distinct import Distinct, some_of
from linkage.files.profile import says_unknown
from linkage.files.vocabulary import vocabulary
from linkage.records.dates import no_date_texts
from linkage.records.rules import identifier_rules

_NUMBERS = re.compile(
    r"(\d{1,8})(?:([-/. ])(\d{1,4})(?:[-/. ](\d{1,4})(?:[T ]\d{1,2}:\d{2}.*)?)?)?",
    re.ASCII,
)
_MONTH_AND_YEAR = re.compile(r"[^\W\d_]+\.?(?:-\d\d|['’ ]*(?:3[2-9]|[4-9]\d))")
_SERIAL = re.compile(r"(\d{4,5})(?:\.\d+)?", re.ASCII)
_BLANKS = re.compile(r"(?<=\d)\s*([-/.])\s*(?=\d)", re.ASCII)
_WORDS = re.compile(r"[A-Z]+|\d+", re.ASCII)
_YEARS = re.compile(r"(?<!\d)\d{4}(?!\d)", re.ASCII)

_ISO = r"^\d{4}-\d{2}-\d{2}$"
_YEAR_LAST = r"^(?P<one>\d{2})(?P<sign>[-/.])(?P<two>\d{2})[-/.](?P<year>\d{4})$"
_ORDER_VALUES = 2_000
"""Distinct dates, of all that a sample has, that show how a column writes them: an
order that one in 500 of them shows is missed once in fifty times.
"""

_MONTHS = 12
EARLIEST_YEAR = 1850
_FEWEST_DIGITS = {
    8: 7,
    6: 3,
}  # that a date of so many digits has where a spreadsheet dropped first zeros
_EXCEL_START = datetime.date(1899, 12, 30)  # day 0 of Excel's serial numbers
_MIN_SERIAL_SHARE = 0.98  # of known values are plausible serial numbers
_MAX_LATE_SHARE = (
    0.001  # of years, that may lie after the latest year: slips such as 2055
)
_MIN_WHOLE_SHARE = 0.02  # of dates are whole, or the file knows years (or months) only
_JANUARY_TIMES, _DEFAULT_ROWS = (
    3.0,
    10,
)  # 1 January is a default when so many times as common as chance; and by rows
_DAY_TIMES, _DAY_SHARE = (
    20.0,
    0.01,
)  # a day is a default when so much commoner than others, and of all rows
PRECISIONS = {
    "year": 4,
    "month": 7,
    "day": 10,
}  # What is compared of a date, to its characters of year-month-day text


@dataclass(frozen=True)
class DateFormat:
    """How a column writes birth dates."""

    # a strptime format that the user stated; the rest is inferred where it is empty
    format: str = ""
    # separator to whether the month stands before the day; "" for the rest
    month_first: Mapping[str, bool] = field(default_factory=dict)
    year_first: bool = False  # 85-03-04 is 4 March 1985
    latest_year: int = 0  # of birth; a year of two digits is the last one not after it
    digits: int = 8  # that most dates have that are digits only
    excel: bool = False  # numbers are Excel's serial numbers
    precision: str = "day"  # "day", "month" or "year": what is compared
    january_is_default: bool = False  # 1 January means the year only
    default_days: Sequence[str] = ()  # days that stand for "not known"


def plain(text: str) -> str:
    """A date without quotes, blanks around its separators, a last full stop and the .0
    of a number.
    """
    text = text.strip("'\"`= ")
    text = _BLANKS.sub(r"\1", text) if " " in text else text
    text = text[:-1].rstrip() if text.endswith(".") and text[-2:-1].isdigit() else text
    return (
        text[:-2]
        if text.endswith(".0") and text[:-2].isdecimal() and len(text) > 4
        else text
    )


def says_nothing(text: str) -> bool:
    """Whether a value says that there is no date, or that it is not known."""
    return text.upper() in no_date_texts() or (
        not text[:1].isdigit() and says_unknown(text)
    )


def infer_format(values: Mapping[str, int], latest_year: int) -> DateFormat:
    """How a column writes dates, by its values and their rows, and by the latest year
    of birth.
    """
    known, digits = Counter[str](), Counter[int]()
    for text, rows in some_of(values, _ORDER_VALUES).items():
        if not says_nothing(text):
            known[plain(text)] += rows
    today = (datetime.date.today() - _EXCEL_START).days
    serials = [
        (int(match[1]), rows)
        for text, rows in known.items()
        if (match := _SERIAL.fullmatch(text))
    ]
    years = sum(
        rows for number, rows in serials if EARLIEST_YEAR <= number <= latest_year
    )
    plausible = sum(rows for number, rows in serials if number <= today)
    if plausible >= _MIN_SERIAL_SHARE * known.total() > 2 * years:
        return DateFormat(latest_year=latest_year, excel=True)
    for text, rows in known.items():
        digits[len(text) if text.isdecimal() and len(text) in (6, 8) else 0] += rows
    usual_length = next(
        (
            length
            for length, rows in digits.items()
            if length and rows > known.total() / 2
        ),
        8,
    )
    day, month, (first, last) = _orders(known, latest_year)
    month_first = {
        separator: month[separator] > day[separator]
        for separator in sorted({*day, *month})
    }
    month_first.setdefault("", month.total() > day.total())
    return DateFormat("", month_first, first > last, latest_year, usual_length)


def shows_order(values: Mapping[str, int]) -> bool | None:
    """Whether the month stands before the day, where any date with separators
    shows it.
    """
    some_values = some_of(values, _ORDER_VALUES)
    texts = ((plain(text), rows) for text, rows in some_values.items())
    day, month, _ = _orders(
        {text: rows for text, rows in texts if not text.isdecimal()}, 0
    )
    return month.total() > day.total() if day or month else None


def _orders(
    known: Mapping[str, int], latest_year: int
) -> tuple[Counter[str], Counter[str], tuple[int, int]]:
    """Rows that show day and month first, by separator; and rows whose first and last
    number can only be a year.
    """
    day, month, first, last = Counter[str](), Counter[str](), 0, 0
    for text, rows in known.items():
        if triple := _triple_of(text, latest_year):
            separator, (one, two, year) = (
                triple[1],
                map(int, (triple[0], triple[2], triple[3])),
            )
            day[separator] += rows * (12 < one <= 31)
            month[separator] += rows * (12 < two <= 31 and one <= 12)
            first, last = (
                first + rows * (one > 31 or one == 0),
                last + rows * (year > 31 or year == 0),
            )
    return +day, +month, (first, last)


def _triple_of(text: str, latest_year: int) -> tuple[str, str, str, str] | None:
    """First number, separator, second number and third of a date that does not begin
    with a whole year.
    """
    if text.isdecimal() and len(text) in (6, 8):
        is_year_first = len(text) == 8 and _is_year_first(text, latest_year)
        return None if is_year_first else (text[:2], "", text[2:4], text[4:])
    match = _NUMBERS.fullmatch(text)
    if (
        not match
        or not match[4]
        or max(len(match[1]), len(match[3])) > 2
        or len(match[4]) not in (2, 4)
    ):
        return None
    return match[1], match[2], match[3], match[4]


def _is_year_first(digits: str, latest_year: int) -> bool:
    return (
        EARLIEST_YEAR <= int(digits[:4]) <= latest_year + 1 and int(digits[4:6]) <= 12
    )


def latest_birth_year(columns: Iterable[Mapping[str, int]]) -> int:
    """The latest year of birth that dates with whole years show; this year where there
    are none.
    """
    years, today = Counter[int](), datetime.date.today().year
    for values in columns:
        shapes = _Shapes.of(values)
        years.update(_years(shapes.iso, 0))
        years.update(_years(shapes.year_last, len("05/03/")))
        for text, rows in shapes.others.items():
            whole = [int(year) for year in _YEARS.findall(plain(text))]
            if len(whole) == 1:
                years[whole[0]] += rows
    for year in [year for year in years if not EARLIEST_YEAR <= year <= today]:
        del years[year]
    later_rows = 0
    for year in sorted(years, reverse=True):
        later_rows += years[year]
        if later_rows > _MAX_LATE_SHARE * years.total():
            return year
    return today


def precision_of(dates: Mapping[str, int]) -> str:
    """What a file knows of birth dates (year-month-day text): "year" where hardly one
    has a month, "month", or "day".
    """
    rows = sum(dates.values())
    for precision, unknown in (("year", "-00-00"), ("month", "-00")):
        if (
            rows
            and sum(n for text, n in dates.items() if not text.endswith(unknown))
            < _MIN_WHOLE_SHARE * rows
        ):
            return precision
    return "day"


def defaults_of(dates: Mapping[str, int]) -> tuple[tuple[str, ...], bool]:
    """Days that stand for "not known", and whether 1 January does for months: far too
    many are born on them.
    """
    whole = Counter(
        {text: rows for text, rows in dates.items() if not text.endswith("-00")}
    )
    total = whole.total()
    floor = max(
        _DAY_TIMES * total / max(len(whole), 1), _DAY_SHARE * total, _DEFAULT_ROWS
    )
    days = {text for text, rows in whole.items() if rows > floor}
    rest = {text: rows for text, rows in whole.items() if text not in days}
    first, expected = (
        sum(n for text, n in rest.items() if text.endswith("-01-01")),
        sum(rest.values()) / 365.25,
    )
    is_default = first > _JANUARY_TIMES * expected and first - expected > _DEFAULT_ROWS
    return tuple(sorted(days)), is_default


def read_date(text: str | None, form: DateFormat) -> str | None:
    """A value as year-month-day text to its precision, or None where it is no date or
    stands for "not known".
    """
    if text is None or says_nothing(text):
        return None
    date = _parsed(plain(text), form)
    if date is None or date in form.default_days or date in _sentinels():
        return None
    if form.january_is_default and date.endswith("-01-01"):
        date = f"{date[:4]}-00-00"
    known = PRECISIONS[form.precision]
    return date[:known] + "-00-00"[known - 10 :] if known < 10 else date


@functools.cache
def _sentinels() -> frozenset[str]:
    """Dates that stand for "not known"."""
    return frozenset(map(str, identifier_rules().date.sentinels))


def read_dates(values: Mapping[str, int], form: DateFormat) -> Counter[str]:
    """The dates that a column's values are read as, to their rows: `read_date` of each
    value, in which values of the two commonest shapes are read all at once.
    """
    if form.format or form.default_days or form.january_is_default:
        dates, others = Counter[str](), values
    else:
        shapes = _Shapes.of(values)
        others = shapes.others
        dates = Counter(shapes.iso.counts())
        dates.update(_year_first(shapes.year_last, form).counts())
        for unknown in _sentinels():
            del dates[unknown]
        known = PRECISIONS[form.precision]
        if known < PRECISIONS["day"]:
            dates = _cut(dates, known)
    for text, rows in others.items():
        if date := read_date(text, form):
            dates[date] += rows
    return dates


def _cut(dates: Counter[str], known: int) -> Counter[str]:
    """Dates of which so many characters are known."""
    shorter = Counter[str]()
    for date, rows in dates.items():
        shorter[date[:known] + "-00-00"[known - 10 :]] += rows
    return shorter


@dataclass(frozen=True)
class _Shapes:
    """The values of a column by their shape."""

    iso: Distinct  # 1990-03-05
    year_last: Distinct  # 05/03/1990, in either order
    others: dict[str, int]

    @classmethod
    def of(cls, values: Mapping[str, int]) -> "_Shapes":
        distinct = Distinct.of(values)
        is_date = pc.invert(distinct.are_among(no_date_texts()))
        is_iso = pc.and_(is_date, distinct.matches(_ISO))
        is_year_last = pc.and_(is_date, distinct.matches(_YEAR_LAST))
        is_other = pc.invert(pc.or_(is_iso, is_year_last))
        return cls(
            distinct.where(is_iso),
            distinct.where(is_year_last),
            distinct.where(is_other).counts(),
        )


def _years(dates: Distinct, start: int) -> dict[int, int]:
    """The four digits from a place of each date, as years to their rows."""
    texts = pc.utf8_slice_codeunits(dates.values, start, start + 4)
    return Distinct(texts.cast(pa.int64()), dates.rows).counts()


def _year_first(dates: Distinct, form: DateFormat) -> Distinct:
    """Texts of the shape 05/03/1990 as year-month-day text."""
    parts = pc.extract_regex(dates.values, _YEAR_LAST)
    one, two = pc.struct_field(parts, "one"), pc.struct_field(parts, "two")
    first = one.cast(pa.int64()).to_numpy(zero_copy_only=False)
    second = two.cast(pa.int64()).to_numpy(zero_copy_only=False)
    default = form.month_first.get("", False)
    signs = pc.struct_field(parts, "sign").to_pylist()
    month_first = np.array(
        [form.month_first.get(sign, default) for sign in signs], dtype=bool
    )
    # Only one of the two can be the month where the other is above 12.
    month_first &= ~((first > _MONTHS) & (second <= _MONTHS))
    month_first |= (second > _MONTHS) & (first <= _MONTHS)
    is_month_first = pa.array(month_first)
    month = pc.if_else(is_month_first, one, two)
    day = pc.if_else(is_month_first, two, one)
    year = pc.struct_field(parts, "year")
    return Distinct(pc.binary_join_element_wise(year, month, day, "-"), dates.rows)


def _parsed(text: str, form: DateFormat) -> str | None:
    if form.format:
        return _by_format(text, form)
    if form.excel and (match := _SERIAL.fullmatch(text)):
        return (_EXCEL_START + datetime.timedelta(days=int(match[1]))).isoformat()
    if triple := _triple_of(text, form.latest_year):
        return _triple(*triple, form)
    if not (match := _NUMBERS.fullmatch(text)):
        return _in_words(text, form)
    one, separator, two, three = match.groups()
    if two is None:
        return _of_digits(one, form)
    if len(one) == 4 and len(two) <= 2 and len(three or "") <= 2:
        return _iso(one, two, three or "0") if three or separator != " " else None
    is_month_and_year = (
        len(two) == 4 and len(one) <= 2 and not three and separator != " "
    )
    return _iso(two, one, "0") if is_month_and_year else None


def _by_format(text: str, form: DateFormat) -> str | None:
    try:
        day = datetime.datetime.strptime(text, form.format).date()
    except ValueError:
        return None
    year = (
        _whole_year(f"{day.year % 100:02}", form)
        if "%y" in form.format
        else str(day.year)
    )
    month = day.month if re.search("%[mbB]", form.format) else 0
    return _iso(year, str(month), str(day.day if "%d" in form.format else 0))


def _iso(year: str, month: str, day: str) -> str:
    return f"{int(year):04}-{int(month):02}-{int(day):02}"


def _triple(
    one: str, separator: str, two: str, year: str, form: DateFormat
) -> str | None:
    if len(year) == 2 and (
        form.year_first
        or int(one) > 31
        or (not separator and int(one) > 12 and int(two) > 12)
    ):
        return _iso(_whole_year(one, form), two, year)
    if (
        not separator
        and len(year) == 4
        and not EARLIEST_YEAR <= int(year) <= form.latest_year + 1
    ):
        return None
    whole = _whole_year(year, form)
    month_first = form.month_first.get(separator, form.month_first.get("", False))
    if int(one) > 12 >= int(two):  # only one of them can be the month
        month_first = False
    elif int(two) > 12 >= int(one):
        month_first = True
    return _iso(whole, one, two) if month_first else _iso(whole, two, one)


def _of_digits(digits: str, form: DateFormat) -> str | None:
    """The date of digits that begin with a year, or before which zeros were lost; None
    where they are none.
    """
    if len(digits) == 8:
        return _iso(digits[:4], digits[4:6], digits[6:])
    if len(digits) < form.digits and len(digits) >= _FEWEST_DIGITS[form.digits]:
        date = _parsed(digits.zfill(form.digits), form)
        with contextlib.suppress(ValueError):
            return datetime.date.fromisoformat(date or "").isoformat()
    return _iso(digits, "0", "0") if len(digits) == 4 else None


def _in_words(text: str, form: DateFormat) -> str | None:
    """A date with the month's name: 5 May 1990, 05-MAR-90, March 5th, 1990, 5. März
    1990.
    """
    parts = (
        _WORDS.findall(str(anyascii(text)).upper())
        if any(map(str.isalpha, text))
        else []
    )
    months = [_month_names()[part] for part in parts if part in _month_names()]
    numbers = [part for part in parts if part.isdigit()]
    if len(months) != 1 or not 1 <= len(numbers) <= 2:
        return None
    month = str(months[0])
    if len(numbers) == 1:
        is_year = len(numbers[0]) == 4 or bool(_MONTH_AND_YEAR.fullmatch(text))
        return _iso(_whole_year(numbers[0], form), month, "0") if is_year else None
    if len(numbers[0]) == 4:
        return _iso(numbers[0], month, numbers[1]) if len(numbers[1]) <= 2 else None
    day, year = numbers if int(numbers[0]) <= 31 else numbers[::-1]
    return (
        _iso(_whole_year(year, form), month, day)
        if len(day) <= 2 and len(year) in (2, 4)
        else None
    )


@functools.cache
def _month_names() -> dict[str, int]:
    months = vocabulary()["months"].values()
    return {
        name: number
        for names in months
        for number, month in enumerate(names, 1)
        for name in month
    }


def _whole_year(year: str, form: DateFormat) -> str:
    """A year as it is, or the last one that ends in two digits and is not after the
    latest.
    """
    whole = form.latest_year // 100 * 100 + int(year)
    return (
        year
        if len(year) == 4
        else str(whole if whole <= form.latest_year else whole - 100)
    )


def composed(year: str | None, *others: str | None) -> str | None:
    """One text of a date in several columns, as `read_date` takes it; only the year
    where a part is not known.
    """
    if year is None:
        return None
    year, *parts = (re.sub(r"[.]0$", "", part or "") for part in (year, *others))
    if any(part in ("", "0", "00") for part in parts):
        return year if len(year) == 4 else None
    if len(year) == 4 or len(parts) < 2:
        return "-".join([year, *parts])
    names, month = next(iter(vocabulary()["months"].values())), parts[0]
    word = (
        names[int(month) - 1][0] if month.isdigit() and 1 <= int(month) <= 12 else month
    )
    return f"{parts[1]} {word} {year.zfill(2)}"
