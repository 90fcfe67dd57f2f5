"""Birth dates within numbers of persons, where a file has no column of them.

The other file has one, or has such numbers too: of somebody whose number is not known whole, or is another one in the
other file, the birth date may be known all the same.

Denmark writes day, month and year before four further digits, China the whole date in the middle: layouts are data
(`birth_number` in configs/recognise.toml). Digits that mean something else make a date three times in a hundred, so
that a column of which nearly all do holds dates; that they are those of births, the other file's show.
"""

import datetime
import functools
import itertools
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from linkage.adhoc.dates import dated
from linkage.adhoc.dates.birth_dates import latest_year, read, reading, whole_year
from linkage.adhoc.files.columns_made import as_text, counted, expressed, looked_up
from linkage.adhoc.files.person_file import PLACE, PersonFile
from linkage.adhoc.headers.recognise import NUMBERS, Columns, is_another_persons, named_fields
from linkage.adhoc.headers.vocabulary import vocabulary
from linkage.engine import Engine, literal, quote

PART = "birth_number"
"""What a column with birth dates in its numbers is among the parts of a file's fields."""

_LOOKED_AT = 5_000  # rows of a file
_FEWEST = 20  # numbers that must show it
_DATES = 0.95  # share of them that are dates
_ONE_DAY, _ONE_MONTH = 1 / 3, 1 / 2  # of more dates than this, a day or month is no birth's but a number that goes on
_LIKE_BIRTHS = 0.5  # overlap with the other file's decades, from which a column under any name holds births
_LOST_ZEROS = 3  # first zeros that a spreadsheet dropped: those of 2000 to 2009
_EARLIEST = 1850
_CENTURY = 100
_HIDDEN = "(?:X{2,}|[*#]+)"
_NO_DATE = "no birth date in it"  # what a number becomes that is of another layout or has a slip; read as no date


@dataclass(frozen=True)
class _Layout:
    """Where in a number the birth date stands; parts of the pattern are called year, month, day and century."""

    pattern: str
    months: Mapping[str, int] = field(default_factory=lambda: {"0": 0})  # what is added -> the century, 0 for any
    days: Sequence[int] = (0,)  # what is added for women, or for those who are no citizens
    centuries: Mapping[str, int] = field(default_factory=dict)  # signs of the part `century` -> the first year
    month_letters: str = ""  # the months, where letters stand for them

    def parts(self) -> list[str]:
        """The parts in their order, as `date` takes them."""
        return list(re.compile(self.pattern).groupindex)

    def date(self, parts: Mapping[str, str], latest: int) -> str | None:
        """The date as year-month-day text, or None where it is none.

        Args:
            latest: a year of two digits that nothing else tells is the last one that is not after this.
        """
        month, century = self._month(parts["month"])
        day = next((day for more in self.days if 1 <= (day := int(parts["day"]) - more) <= 31), 0)
        told = next(
            (first for signs, first in self.centuries.items() if (parts.get("century") or " ") in signs), century
        )
        digits = parts["year"]
        if len(digits) == 3:  # 985 of 1985, 004 of 2004
            year = int(digits) + (1000 if digits > "800" else 2000)
        elif len(digits) == 2:
            year = told + int(digits) if told else whole_year(int(digits), latest)
        else:
            year = int(digits)
        try:
            found = datetime.date(year, month, day)
        except ValueError:
            return None
        return found.isoformat() if _EARLIEST <= year <= datetime.date.today().year else None

    def _month(self, text: str) -> tuple[int, int]:
        """The month, 0 where it is none, and the century that it tells."""
        if self.month_letters:
            return self.month_letters.find(text) + 1, 0
        months = ((int(text) - int(more), century) for more, century in self.months.items())
        return next((found for found in months if 1 <= found[0] <= 12), (0, 0))


@functools.cache
def _layouts() -> tuple[_Layout, ...]:
    return tuple(_Layout(**layout) for layout in vocabulary()["birth_number"])


@dataclass(frozen=True)
class _Births:
    """Birth dates of the file that has a column of them: rows for each decade, and the latest year."""

    decades: Mapping[str, int]
    latest: int

    def overlap(self, dates: Sequence[str]) -> float:
        """How much of the dates' decades is as here: 1 where each has the same share."""
        here, rows = sum(self.decades.values()), len(dates)
        there = Counter(date[:3] for date in dates)
        return sum(min(held / rows, self.decades.get(of, 0) / here) for of, held in there.items()) if here else 0.0


@dataclass(frozen=True)
class _Found:
    """A layout that a column's numbers have, and how sure that is."""

    layout: _Layout
    length: int  # of most numbers: shorter ones may have lost first zeros
    overlap: float = 0.0


@dataclass(frozen=True)
class _InBoth:
    """The layouts of two files' numbers, and the latest year of birth that those with whole years show."""

    found: Sequence[_Found]
    latest: int


def with_birth_numbers(engine: Engine, files: Sequence[PersonFile], columns: Columns) -> Columns:
    """The columns; where one file alone has birth dates, with the column of the other in whose numbers these stand.

    Where neither has, with the columns of both that hold the same number of a person, if births stand in these.

    Args:
        files: two files.
        columns: as they were recognised.
    """
    sides, parts = [dict(columns.left), dict(columns.right)], [dict(columns.left_parts), dict(columns.right_parts)]
    for here, other in ((0, 1), (1, 0)):
        if "dob" in sides[here] or "dob" not in sides[other]:
            continue
        asked = _may_hold_births(files[here], sides[here], parts[here], sides[other])
        births = _births(engine, files[other], sides[other]["dob"], parts[other])
        for column, found in _found(engine, files[here], asked, births).items():
            is_told = column in {sides[here].get(name) for name in NUMBERS}
            if found.overlap >= _LIKE_BIRTHS or (is_told and found.overlap):
                sides[here]["dob"] = parts[here][PART] = column
                break
    if not any("dob" in side for side in sides):
        for name in NUMBERS:
            held = [(file, side[name]) for file, side in zip(files, sides, strict=True) if name in side]
            if len(held) == len(files) and _in_both(engine, held):
                for (_, column), side, of in zip(held, sides, parts, strict=True):
                    side["dob"] = of[PART] = column
                break
    return replace(columns, left=sides[0], right=sides[1], left_parts=parts[0], right_parts=parts[1])


def birth_date_of_numbers(
    engine: Engine, file: PersonFile, column: str, other: tuple[PersonFile, str, Mapping[str, str]]
) -> tuple[PersonFile, str]:
    """The file with a column of the birth dates that stand in its numbers, and the column's name.

    Args:
        column: that holds them.
        other: the file that has birth dates, where they are, and the parts of its fields.
    """
    births = _births(engine, *other)
    found = _found(engine, file, [column], births).get(column)
    return _with_dates(engine, file, column, found, births.latest) if found else (file, column)


def birth_dates_of_numbers(engine: Engine, held: Sequence[tuple[PersonFile, str]]) -> list[tuple[PersonFile, str]]:
    """The same of two files neither of which has birth dates but in its numbers.

    Args:
        held: the files and their columns of numbers, as `with_birth_numbers` found them.
    """
    both = _in_both(engine, held)
    if not both:
        return [*held]
    return [_with_dates(engine, *of, found, both.latest) for of, found in zip(held, both.found, strict=True)]


def _with_dates(engine: Engine, file: PersonFile, column: str, found: _Found, latest: int) -> tuple[PersonFile, str]:
    layout, code = found.layout, _code(as_text(column))
    whole = literal(f"^(?:{layout.pattern})$")
    padded = f"case when {_lost_zeros(code, found.length)} then lpad({code}, {found.length}, '0') else '' end"
    parts = "|".join(f"\\{place}" for place, _ in enumerate(layout.parts(), 1))
    apart = " ".join(
        f"when regexp_matches({text}, {whole}) then regexp_replace({text}, {whole}, '{parts}')"
        for text in (code, padded)
    )
    told = f"case {apart} when {code} <> '' then {literal(_NO_DATE)} end"
    file, cut = expressed(engine, file, told, "parts of the number")
    dates = {value: (_date(layout, value.split("|"), latest),) for value in counted(engine, file, cut)}
    file, (made,) = looked_up(engine, file, cut, dates, ["birth date in the number"])
    return file, made


def _date(layout: _Layout, values: Sequence[str], latest: int) -> str:
    names = layout.parts()
    if len(values) != len(names):
        return _NO_DATE
    return layout.date(dict(zip(names, values, strict=True)), latest) or _NO_DATE


def _may_hold_births(
    file: PersonFile, fields: Mapping[str, str], parts: Mapping[str, str], others: Mapping[str, str]
) -> list[str]:
    """Columns whose numbers may be the person's, those that their names tell first; not what is another field."""
    told = [fields[name] for name in NUMBERS if name in fields]
    mapped = [column for name, column in fields.items() if name not in others]  # to a field of the analyst's own
    used = {*named_fields(fields).values(), *parts.values(), *mapped, *told}
    return [*told, *(name for name in file.header if name not in used and not is_another_persons(name))]


def _births(engine: Engine, file: PersonFile, column: str, parts: Mapping[str, str]) -> _Births:
    file, column = dated.in_one_column(engine, file, column, parts)
    values = counted(engine, file, column)
    latest = latest_year([values])
    how, decades = reading(values, latest), Counter[str]()
    for text, rows in values.items():
        decades[(read(text, how) or "")[:3]] += rows
    decades.pop("", None)
    return _Births(decades, latest)


def _found(engine: Engine, file: PersonFile, columns: Sequence[str], births: _Births) -> dict[str, _Found]:
    """Columns of which a sample has birth dates in its numbers."""
    sample = _numbers(engine, file, columns)
    best = {column: _best(numbers, births) for column, numbers in sample.items() if len(numbers) >= _FEWEST}
    return {column: found for column, found in best.items() if found}


def _numbers(engine: Engine, file: PersonFile, columns: Sequence[str]) -> dict[str, list[str]]:
    """Numbers of a sample of rows, of each column."""
    if not columns:
        return {}
    codes = ", ".join(f"{_code(as_text(column))} as v{place}" for place, column in enumerate(columns))
    step, place = max(1, file.rows // _LOOKED_AT), quote(PLACE)
    sample = engine.arrow(engine.sql(f"select {codes} from {{t}} where {place} % {step} = 0", t=file.table))
    return {
        column: [code for code in values.to_pylist() if any(map(str.isdigit, code)) and len(set(code)) > 1]
        for column, values in zip(columns, sample.columns, strict=True)
    }


def _in_both(engine: Engine, held: Sequence[tuple[PersonFile, str]]) -> _InBoth | None:
    """The layouts by which the numbers of two files have births in the same decades; None where none do."""
    today, each = datetime.date.today().year, []
    for file, column in held:
        numbers = _numbers(engine, file, [column])[column]
        fits = _fits(numbers, today) if len(numbers) >= _FEWEST else []
        each.append([(found, dates, _tells_century(found, numbers, dates)) for found, dates in fits])
    best, most = None, 0.0
    for (one, ones, _), (two, twos, _) in itertools.product(*each):
        overlap = _Births(Counter(date[:3] for date in twos), today).overlap(ones)
        if overlap >= _LIKE_BIRTHS and overlap > most:
            best, most = (one, two), overlap
    if not best:
        return None
    whole = [Counter(dates) for fits in each for found, dates, is_told in fits if is_told and found in best]
    return _InBoth(best, latest_year(whole))


def _tells_century(found: _Found, numbers: Sequence[str], dates: Sequence[str]) -> bool:
    """Whether a layout has the same dates whatever the latest year is."""
    return _dates(found.layout, numbers, found.length, datetime.date.today().year - _CENTURY) == dates


def _best(numbers: Sequence[str], births: _Births) -> _Found | None:
    """The layout by which the numbers' dates are most like the births of the other file."""
    fits = [
        replace(found, overlap=births.overlap(dates) * len(dates) / len(numbers))
        for found, dates in _fits(numbers, births.latest)
    ]
    return max(fits, key=lambda found: found.overlap, default=None)


def _fits(numbers: Sequence[str], latest: int) -> list[tuple[_Found, list[str]]]:
    """Layouts by which nearly all of some numbers have a birth date, and the dates."""
    lengths = Counter(map(len, numbers))  # of rows in any order
    length = max(lengths, key=lambda signs: (lengths[signs], signs))
    made = ((layout, _dates(layout, numbers, length, latest)) for layout in _layouts())
    return [(_Found(layout, length), dates) for layout, dates in made if dates and _are_spread(dates)]


def _dates(layout: _Layout, numbers: Sequence[str], length: int, latest: int) -> list[str]:
    """The dates in some numbers; none where so many have none that the layout is not theirs."""
    pattern = re.compile(layout.pattern, re.ASCII)
    dates, fewest = [], _DATES * len(numbers)
    for place, number in enumerate(numbers):
        padded = number.zfill(length) if number.isdigit() and length - _LOST_ZEROS <= len(number) else number
        match = pattern.fullmatch(number) or (padded != number and pattern.fullmatch(padded))
        if match and (date := layout.date(match.groupdict(), latest)):
            dates.append(date)
        elif len(dates) + len(numbers) - place - 1 < fewest:
            return []
    return dates


def _are_spread(dates: Sequence[str]) -> bool:
    """Whether the dates fall on days and months as births do, and not as numbers that go on (0101000001 ...)."""
    day, month = (Counter(date[part] for date in dates).most_common(1)[0][1] for part in (slice(8, 10), slice(5, 7)))
    return day <= _ONE_DAY * len(dates) and month <= _ONE_MONTH * len(dates)


def _code(text: str) -> str:
    """SQL: capitals and digits, and of signs the dash and plus that some numbers have a meaning for.

    An end that is hidden is noughts: 010203-xxxx.
    """
    code = f"upper(translate(regexp_replace({text}, '[.]0$', ''), ' ./', ''))"
    return f"rpad(regexp_replace({code}, '{_HIDDEN}$', ''), cast(length({code}) as integer), '0')"


def _lost_zeros(code: str, length: int) -> str:
    """SQL: whether a number of digits may have lost its first zeros."""
    return f"regexp_matches({code}, '^[0-9]+$') and length({code}) between {length - _LOST_ZEROS} and {length}"
