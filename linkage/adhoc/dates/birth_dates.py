"""Birth dates of a column, each read by itself: in any form, in forms mixed, and with parts that are not known.

A date becomes year-month-day text. What nobody knows is 00 (1985-00-00), and an impossible day (1990-02-31) stays as it
is, since most of it is right. What one value leaves open, day or month first and which century, the whole column says.
"""

import datetime
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from anyascii import anyascii

from linkage.adhoc.dates.around_dates import bare
from linkage.adhoc.dates.calendar_rules import Calendar, years_ahead
from linkage.adhoc.dates.calendars import calendar_of, may_be_of_another
from linkage.adhoc.dates.date_forms import DateForm, date_form
from linkage.adhoc.dates.date_orders import NoMonths, are_months, is_day_second
from linkage.adhoc.dates.day_counts import DayCount, day_count
from linkage.adhoc.dates.months import in_latin_letters, month_and_numbers, year_beside_month
from linkage.adhoc.dates.times_of_day import are_midnights, is_late, minute, minutes_of, next_day
from linkage.adhoc.files.unknown import says_unknown
from linkage.records.dates import no_date_texts

_TIME = r"(?:[T ]\d{1,2}:\d{2}.*)?"
_YEAR_FIRST = re.compile(r"(\d{4})[-/. ](\d{1,2})[-/. ](\d{1,2})" + _TIME, re.ASCII)
_TRIPLE = re.compile(r"(\d{1,2})([-/. ])(\d{1,2})[-/. ](\d{4}|\d{2})" + _TIME, re.ASCII)
_DIGITS = re.compile(r"(\d{8}|\d{6})(?:\.0)?", re.ASCII)
_FEWER_DIGITS = re.compile(r"(\d{3,7})(?:\.0)?", re.ASCII)
_FEWEST_DIGITS = {8: 7, 6: 3}
"""Digits that a date of so many has at least where a spreadsheet dropped first zeros: 1012000, and 101 of 000101."""
_PARTS_TOGETHER = re.compile(r"(\d\d)()(\d\d)(\d{4}|\d\d)(?:\.0)?", re.ASCII)
_LONG_AGO_FIRST = re.compile(r"(1[2-5]\d\d)(?:0\d|1[0-3])\d\d", re.ASCII)  # of no day, month and year: 15122004
_YEAR = re.compile(r"(\d{4})(?:\.0)?", re.ASCII)
_YEAR_MONTH = re.compile(r"(\d{4})[-/.](\d{1,2})", re.ASCII)
_MONTH_YEAR = re.compile(r"(\d{1,2})[-/.](\d{4})", re.ASCII)
_MONTH_AND_YEAR = re.compile(r"[^\W\d_]+\.?(?:-\d\d|['’ ]*(?:3[2-9]|[4-9]\d))")
"""May-05, as a spreadsheet writes it, and May 84; not May 5 and 5 May."""
_BLANKS = re.compile(r"(?<=\d)\s*([-/.])\s*(?=\d)", re.ASCII)
_LAST_POINT = re.compile(r"(?<=\d)\s*\.$", re.ASCII)
_SIGNS = str.maketrans(dict.fromkeys("年月년월", "-") | dict.fromkeys("日号일", "") | {"．": ".", "／": "/", "元": "1"})
"""Signs that stand where others have separators: 1980年5月3日, 1980년 5월 3일; 元年 is an era's year 1."""
_OF_YEAR = re.compile(r"(?<![^\W\d_])г(?![^\W\d_])")  # 3.5.1980 г.; a letter of 3 августа
_QUOTES = "'\"`= "  # a spreadsheet's sign of text, and ="1980-05-03"
_EARLIEST = 1850
_LONG_AGO = 1700  # the first year of a column of registers: eight digits, nearly all of them dates with the year first
_NEARLY_ALL = 0.98  # share of a column's known values, as for numbers of days
_MOST = 0.8  # share of a column's known values that are dates, from which what stands around some is left out
_NO_DATES = 0.2  # with a larger share of impossible months and days, digits are none


@dataclass(frozen=True)
class Reading:
    """How a column's open questions are settled."""

    latest: int  # a year of two digits is the last one that is not after this
    month_first: Mapping[str, bool] = field(default_factory=dict)  # separator -> 03/04 is 4 March; "" for the rest
    year_first: bool = False  # 85-03-04 is 4 March 1985
    digits: int = 0  # that most dates have, which are digits alone; one with fewer may have lost its first zeros
    count: DayCount | None = None  # numbers are a program's days or seconds
    form: DateForm | None = None  # that nearly all have, and that a value by itself does not show
    earliest: int = _EARLIEST  # year of digits without signs
    alone: bool = False  # what stands around dates is left out
    no_digits: bool = False  # digits without signs are no dates, since many would be impossible
    ahead: int = 0  # years by which a calendar's are ahead: 2523 in Thailand is 1980
    first: bool | None = None  # whether the month stands before the day, where any date shows it
    day_second: bool = False  # 1984-05-03 is 5 March
    late: bool = False  # times of day are midnights elsewhere, and those after noon of the day after
    strange: bool = False  # years, months or days that the common calendar has not
    calendar: Calendar | None = None  # another one than the common

    @property
    def months(self) -> int:  # of a year
        return len(self.calendar.months) if self.calendar else 12


def plain(text: str) -> str:
    """A date in Latin digits, its parts between Latin separators, as 5. 3. 1984 and 1984.03.05. have them."""
    text = text.strip(_QUOTES)
    if not text.isascii():
        known = _OF_YEAR.sub("", in_latin_letters(text)).translate(_SIGNS)
        text = re.sub(r"\s*([-/])\s*", r"\1", anyascii(known)).strip(" -")
    if len(text.split()) > 1:  # of most there is nothing to look for
        text = _BLANKS.sub(r"\1", text)
    return _LAST_POINT.sub("", text) if text.endswith(".") else text


def reading(values: Mapping[str, int], latest: int, elsewhere: Mapping[str, int] | None = None) -> Reading:
    """What the values of a column say together.

    Args:
        values: text -> rows that hold it.
        latest: the latest year of birth that there can be.
        elsewhere: the other file's birth dates as year-month-day text, to their rows.
    """
    known = known_dates(values)
    how = _in_its_calendar(known, latest, elsewhere or {})
    alone = {text: left for text in known if _read(text, how) is None and (left := bare(text))}
    if not alone:
        return how
    shown = Counter[str]()
    for text, rows in known.items():
        shown[alone.get(text, text)] += rows
    within = replace(_in_its_calendar(shown, latest, elsewhere or {}), alone=True)
    dates = sum(rows for text, rows in shown.items() if is_possible(read(text, within)))
    return within if dates > _MOST * shown.total() else how


def _in_its_calendar(known: Counter[str], latest: int, elsewhere: Mapping[str, int]) -> Reading:
    how = _as_they_stand(known, latest, elsewhere)
    if not how.strange or how.form:
        return how
    calendar = calendar_of(known, lambda text, of: _read(text, _in_calendar(how, of)), elsewhere)
    return _in_calendar(how, calendar) if calendar else how


def _in_calendar(how: Reading, calendar: Calendar) -> Reading:
    return replace(how, calendar=calendar, earliest=calendar.earliest, count=None, no_digits=False)


def in_order_of(other: Reading, how: Reading) -> Reading:
    """How a column is read none of whose dates show what comes first, day or month, where the other file's do."""
    if how.first is not None or other.first is None:
        return how
    return replace(how, month_first=dict.fromkeys([*how.month_first, ""], other.first))


def _as_they_stand(known: Counter[str], latest: int, elsewhere: Mapping[str, int]) -> Reading:
    """How known values are read that have nothing around the date."""
    how = _as_usual(known, latest, elsewhere)
    if form := date_form(known, elsewhere):
        return replace(how, form=form, count=None)
    if _are_long_ago(known):
        return replace(how, earliest=_LONG_AGO)
    if not how.count and _are_impossible(known, how):
        return replace(how, no_digits=True, digits=0)
    return how


def known_dates(values: Mapping[str, int]) -> Counter[str]:
    """Values as `plain` writes them, to their rows; those left out that say that there is no date."""
    known = Counter[str]()
    for text, rows in values.items():
        if not says_nothing(text):
            known[plain(text)] += rows
    return known


def says_nothing(text: str) -> bool:
    """Whether a value says that there is no date, or that nobody knows it."""
    return text.upper() in no_date_texts() or (not text[:1].isdigit() and says_unknown(text))


def _are_long_ago(known: Counter[str]) -> bool:
    """Whether nearly all are eight digits of a day of the calendar, and some before what is taken without a proof."""
    today, days, early = datetime.date.today(), 0, False
    for text, rows in known.items():
        match = _DIGITS.fullmatch(text)
        if match and len(match[1]) == 8 and (day := _day(match[1])) and _LONG_AGO <= day.year <= today.year:
            days, early = days + rows, early or day.year < _EARLIEST
    return early and days >= _NEARLY_ALL * known.total()


def _day(year_first: str) -> datetime.date | None:
    try:
        return datetime.date(int(year_first[:4]), int(year_first[4:6]), int(year_first[6:]))
    except ValueError:
        return None


def _are_impossible(known: Counter[str], how: Reading) -> bool:
    """Whether digits without signs, as they would be read, are too often in no month or on no day of one."""
    digits = impossible = 0
    for text, rows in known.items():
        if (match := _DIGITS.fullmatch(text)) and (made := _run_together(match[1], how)):
            digits += rows
            impossible += rows * (not is_possible(made))
    return impossible > _NO_DATES * digits


def is_possible(made: str | None) -> bool:
    """Whether what a value was read as has a month of the year and a day of one."""
    return made is not None and int(made[5:7]) <= 12 and int(made[8:]) <= 31


def _as_usual(values: Mapping[str, int], latest: int, elsewhere: Mapping[str, int]) -> Reading:
    """By which of the forms that a value shows its column is to be read."""
    day, month, first, last, all_rows = Counter[str](), Counter[str](), 0, 0, 0
    years, digits = Counter[int](), Counter[int]()
    whole, triples, numbers, months = Counter[NoMonths](), Counter[NoMonths](), set[int](), set[int]()
    ones, twos = defaultdict[str, set[int]](set), defaultdict[str, set[int]](set)
    for text, rows in values.items():
        all_rows, text = all_rows + rows, plain(text)
        if match := _DIGITS.fullmatch(text):
            digits[len(match[1])] += rows
            if long_ago := _LONG_AGO_FIRST.fullmatch(text):
                years[int(long_ago[1])] += rows
        if match := _TRIPLE.fullmatch(text) or _run_together_triple(text, latest):
            one, separator, two, year = int(match[1]), match[2], int(match[3]), int(match[4])
            ones[separator].add(one)
            twos[separator].add(two)
            day[separator] += rows * (12 < one <= 31)
            month[separator] += rows * (12 < two <= 31 and one <= 12)
            first, last = first + rows * (one > 31 or one == 0), last + rows * (year > 31 or year == 0)
            triples[one > 12, two > 12] += rows
            if len(match[4]) == 4:
                months.add(two)
                numbers.add(one)
        elif match := _YEAR_FIRST.fullmatch(text):
            whole[int(match[2]) > 12, int(match[3]) > 12] += rows
            months.add(int(match[2]))
            numbers.add(int(match[3]))
        if of := _year_in_full(text):
            years[of] += rows
    separators = {of: month[of] > day[of] or are_months(ones[of], twos[of]) for of in {*day, *month}}
    shown = day.total() + month.total() > 0 or any(separators.values())
    month_stands_first = month.total() > day.total() or (not day.total() and any(separators.values()))
    if not (day[""] + month[""] or separators.get("")):
        separators[""] = month.total() > day.total()
    usual = next((length for length, rows in digits.items() if rows > all_rows / 2), 0)
    return Reading(
        latest,
        separators,
        first > last,
        usual,
        day_count(values, elsewhere),
        ahead=_ahead(years),
        first=month_stands_first if shown else None,
        day_second=is_day_second(whole, triples),
        late=are_midnights(minutes_of(values)),
        strange=may_be_of_another(years, numbers, months),
    )


def _year_in_full(text: str) -> int | None:
    """The year of a date that has four digits of it, between signs, alone or beside the month's name."""
    if match := _YEAR_FIRST.fullmatch(text) or _YEAR.fullmatch(text):
        return int(match[1])
    match = _TRIPLE.fullmatch(text)
    if match:
        return int(match[4]) if len(match[4]) == 4 else None
    return year_beside_month(text)


def _ahead(years: Counter[int]) -> int:
    """By how many years a calendar of which most of the years are is ahead of the common one; 0 for that."""
    today = datetime.date.today().year
    for more in years_ahead().values():
        within = sum(rows for year, rows in years.items() if max(_EARLIEST + more, today) < year <= today + more)
        if 2 * within > years.total():
            return more
    return 0


def latest_year(columns: Iterable[Mapping[str, int]]) -> int:
    """The latest year of birth that dates with whole years show; this year where there are none.

    A year beyond which only one date in a thousand lies is taken, so that a slip (2055) moves no century.
    """
    years, today = Counter[int](), datetime.date.today().year
    for values in columns:
        for text, rows in ((plain(value), held) for value, held in values.items()):
            year = _year_in_full(text)
            if year and _EARLIEST <= year <= today:
                years[year] += rows
    if not years:
        return today
    beyond = 0
    for year in sorted(years, reverse=True):
        beyond += years[year]
        if beyond * 1000 >= years.total():
            return year
    return max(years)


def read(text: str, how: Reading) -> str | None:
    """A value as year-month-day text, or None where it is no date."""
    text = plain(text)
    made = _read(text, how)
    if made is None and how.alone and (left := bare(text)):
        made = _read(plain(left), how)
    if made and how.late and is_late(minute(text)):
        made = next_day(made)
    if made and how.calendar:
        return how.calendar.date(made) or made
    if made and how.ahead and int(made[:4]) > how.latest:
        return f"{int(made[:4]) - how.ahead:04}{made[4:]}"
    return made


def _read(text: str, how: Reading) -> str | None:
    if how.form and how.form.has(text):
        return how.form.date(text)
    year = _YEAR.fullmatch(text)
    is_year = bool(year and _EARLIEST <= int(year[1]) <= how.latest)
    if how.count and not (is_year and not how.count.signed) and (day := how.count.date(text)):
        return day.isoformat()
    if match := _YEAR_FIRST.fullmatch(text):
        return _whole(match[1], match[2], match[3], how)
    if match := _TRIPLE.fullmatch(text):
        return _triple(match[1], match[2], match[3], match[4], how)
    if (match := _DIGITS.fullmatch(text)) and not how.no_digits:
        return _run_together(match[1], how)
    if how.digits and (match := _FEWER_DIGITS.fullmatch(text)) and (padded := _with_zeros(match[1], how)):
        return padded
    if match := _YEAR.fullmatch(text):
        return _iso(match[1], "0", "0")
    if match := _YEAR_MONTH.fullmatch(text):
        return _iso(match[1], match[2], "0")
    if match := _MONTH_YEAR.fullmatch(text):
        return _iso(match[2], match[1], "0")
    return _in_words(text, how)


def _iso(year: str, month: str, day: str) -> str:
    return f"{int(year):04}-{int(month):02}-{int(day):02}"


def _whole(year: str, one: str, two: str, how: Reading) -> str:
    """A date that begins with its year."""
    day_second = how.day_second and not int(two) > how.months >= int(one)  # where one alone can be the month, it is
    return _iso(year, two, one) if day_second else _iso(year, one, two)


def _triple(one: str, separator: str, two: str, year: str, how: Reading) -> str:
    if len(year) == 2 and (how.year_first or int(one) > 31):
        return _iso(str(whole_year(int(one), how.latest)), two, year)
    whole = year if len(year) == 4 else str(whole_year(int(year), how.latest))
    month_first = how.month_first.get(separator, how.month_first.get("", False))
    if int(one) > how.months >= int(two):  # only one of them can be the month, whatever the others say
        month_first = False
    elif int(two) > how.months >= int(one):
        month_first = True
    return _iso(whole, one, two) if month_first else _iso(whole, two, one)


def _run_together(digits: str, how: Reading) -> str | None:
    if len(digits) == 6:
        parts = (digits[:2], digits[2:4], digits[4:])
        if how.year_first or int(parts[0]) > 31 or (int(parts[1]) > 12 and int(parts[0]) > 12):
            return _iso(str(whole_year(int(parts[0]), how.latest)), parts[1], parts[2])
        return _triple(parts[0], "", parts[1], parts[2], how)
    if _is_year_first(digits, how.latest, how.earliest):
        return _iso(digits[:4], digits[4:6], digits[6:])
    if _EARLIEST <= int(digits[4:]) <= how.latest + 1:
        return _triple(digits[:2], "", digits[2:4], digits[4:], how)
    return None


def _run_together_triple(text: str, latest: int) -> re.Match[str] | None:
    """Day, month and year that no sign parts; None where four digits of a year come first."""
    match = _PARTS_TOGETHER.fullmatch(text)
    return None if match and len(match[4]) == 4 and _is_year_first(match[0], latest) else match


def _is_year_first(digits: str, latest: int, earliest: int = _EARLIEST) -> bool:
    return earliest <= int(digits[:4]) <= latest + 1 and int(digits[4:6]) <= 12


def _with_zeros(digits: str, how: Reading) -> str | None:
    """The date of digits before which zeros were lost; None where that is none."""
    if not _FEWEST_DIGITS[how.digits] <= len(digits) < how.digits:
        return None
    made = _run_together(digits.zfill(how.digits), how)
    try:
        return datetime.date.fromisoformat(made).isoformat() if made else None
    except ValueError:
        return None


def _in_words(text: str, how: Reading) -> str | None:
    """A date with the month's name: 5 May 1990, 05-MAR-90, March 5th, 1990, 5. März 1990."""
    found = month_and_numbers(text)
    if not found:
        return None
    month, numbers = str(found[0]), found[1]
    if len(numbers) == 1:
        is_year = len(numbers[0]) == 4 or bool(_MONTH_AND_YEAR.fullmatch(text))
        return _iso(_whole_years(numbers[0], how), month, "0") if is_year else None
    if len(numbers[0]) == 4:
        return _iso(numbers[0], month, numbers[1]) if len(numbers[1]) <= 2 else None
    day, year = numbers if int(numbers[0]) <= 31 else numbers[::-1]  # 84-May-12
    if len(day) > 2 or len(year) not in (2, 4):
        return None
    return _iso(_whole_years(year, how), month, day)


def _whole_years(year: str, how: Reading) -> str:
    return year if len(year) == 4 else str(whole_year(int(year), how.latest))


def whole_year(two_digits: int, latest: int) -> int:
    """The last year that ends in two digits and is not after the latest."""
    year = latest // 100 * 100 + two_digits
    return year if year <= latest else year - 100
