"""Forms of dates that a value by itself does not show, and its column does: YYYYMM, CYYMMDD, YYYYDDD, years of eras.

Each is a table of configs/recognise.toml. A column has one where nearly all of its known values are dates in it.
"""

import datetime
import functools
import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from linkage.adhoc.headers.vocabulary import vocabulary

_FIT = 0.98  # share of a column's known values that are dates in its form
_SLIPS = 0.02  # share of rows above which what a form needs to be proven is there
_EARLIEST = 1850
_FIRST, _LAST = 1000, 2999  # years outside of which a number is none, whatever the column's form


@dataclass(frozen=True)
class DateForm:
    """A form with its proof: without that, its values may be as good in another form that is read already."""

    pattern: str  # parts: year, month, day, day_of_year, era
    eras: Mapping[str, int] = field(default_factory=dict)  # sign of an era -> what is added to its years
    proof: str = ""  # what some values must be like that no other form has
    values: int = 0  # distinct values that prove it too, as so many fit by no chance; 0 where none do

    def has(self, text: str) -> bool:
        """Whether a text has this form, and may be no date yet."""
        return bool(self._match(text))

    def date(self, text: str) -> str | None:
        """The date as year-month-day text, in which what nobody knows is 00; None where the text is none."""
        match = self._match(text)
        if not match:
            return None
        parts = match.groupdict("")
        if self.eras and parts.get("era", "") not in self.eras:
            return None
        year = int(parts["year"]) + self.eras.get(parts.get("era", ""), 0)
        month, day = int(parts.get("month") or 0), int(parts.get("day") or 0)
        if not _FIRST <= year <= _LAST or month > 12 or day > 31:
            return None
        if "day_of_year" in parts:
            return _on_day(year, int(parts["day_of_year"]))
        return f"{year:04}-{month:02}-{day:02}"

    def _match(self, text: str) -> re.Match[str] | None:
        return _compiled(self.pattern).fullmatch(text.upper())


@functools.cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(f"(?:{pattern})(?:\\.0)?", re.ASCII)


def _on_day(year: int, of_year: int) -> str | None:
    day = datetime.date(year, 1, 1) + datetime.timedelta(days=of_year - 1)
    return day.isoformat() if day.year == year else None


@functools.cache
def _known() -> list[DateForm]:
    return [DateForm(**rule) for rule in vocabulary()["date_form"]]


def date_form(values: Mapping[str, int], elsewhere: Mapping[str, int]) -> DateForm | None:
    """The form of a column; None where it has none of these.

    Args:
        values: known dates as text -> rows.
        elsewhere: the other file's birth dates as year-month-day text, to their rows. Where several forms fit, that is
            taken whose dates are most like these, and then the first.
    """
    fitting = fitting_forms(values)
    if len(fitting) < 2:
        return fitting[0] if fitting else None
    return max(fitting, key=lambda form: alike(_dates(form, values), elsewhere))


def fitting_forms(values: Mapping[str, int]) -> Sequence[DateForm]:
    """The forms that a column may have."""
    return [form for form in _known() if _fits(form, values)]


def _fits(form: DateForm, values: Mapping[str, int]) -> bool:
    rows, today = sum(values.values()), datetime.date.today().year
    may_miss, fitting, proving = (1 - _FIT) * rows, 0, 0
    for text, held in values.items():
        date = form.date(text)
        if date and _EARLIEST <= int(date[:4]) <= today:
            fitting += 1
            proving += held * bool(form.proof and re.fullmatch(form.proof, text.upper()))
        else:
            may_miss -= held
            if may_miss < 0:
                return False
    proven = not form.proof or proving > _SLIPS * rows or 0 < form.values <= fitting
    return bool(fitting) and proven


def _dates(form: DateForm, values: Mapping[str, int]) -> list[tuple[str, int]]:
    return [(date, held) for text, held in values.items() if (date := form.date(text))]


def alike(dates: Collection[tuple[str, int]], elsewhere: Mapping[str, int]) -> float:
    """How many of a column's days and decades the other file has too; year-month-day text with its rows."""
    return sum(
        _in_common(_shares((date[:signs], held) for date, held in dates), _shares(_cut(elsewhere, signs)))
        for signs in (3, 10)
    )


def _cut(dates: Mapping[str, int], signs: int) -> Iterable[tuple[str, int]]:
    return ((date[:signs], held) for date, held in dates.items())


def _shares(held: Iterable[tuple[str, int]]) -> dict[str, float]:
    counts = Counter[str]()
    for text, rows in held:
        counts[text] += rows
    return {text: rows / counts.total() for text, rows in counts.items()}


def _in_common(one: Mapping[str, float], two: Mapping[str, float]) -> float:
    return sum(min(share, two[text]) for text, share in one.items() if text in two)
