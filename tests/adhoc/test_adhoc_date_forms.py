"""Forms that a value does not show are read where nearly all of a column's values have them, and nowhere else."""

import datetime
from collections import Counter
from collections.abc import Callable, Sequence

import pytest

from linkage.adhoc.birth_dates import read, reading

DAYS = [datetime.date(1931 + number // 4, number * 5 % 12 + 1, number * 7 % 28 + 1) for number in range(320)]


def _read(texts: Sequence[str], elsewhere: Sequence[str] = ()) -> list[str | None]:
    how = reading(Counter(texts), 2010, Counter(elsewhere))
    return [read(text, how) for text in texts]


def _days(days: Sequence[datetime.date]) -> list[str]:
    return [day.isoformat() for day in days]


WHOLE: dict[str, Callable[[datetime.date], str]] = {
    "HL7": lambda day: f"{day:%Y%m%d}1305",
    "HL7 with seconds": lambda day: f"{day:%Y%m%d}000000",
    "HL7 with a zone": lambda day: f"{day:%Y%m%d}000000.000+0100",
    "ISO 8601 without signs": lambda day: f"{day:%Y%m%d}T000000",
    "centuries since 1900": lambda day: f"{day.year // 100 - 19}{day:%y%m%d}",
    "centuries as numbers": lambda day: str(int(f"{day.year // 100 - 19}{day:%y%m%d}")),
    "day of the year": lambda day: f"{day:%Y%j}",
    "day of the year, as a number": lambda day: f"{day:%Y%j}.0",
    "ISO 8601, day of the year": lambda day: f"{day:%Y-%j}",
}


@pytest.mark.parametrize("form", WHOLE)
def test_a_column_in_one_form_is_read(form: str) -> None:
    assert _read([WHOLE[form](day) for day in DAYS]) == _days(DAYS)


@pytest.mark.parametrize("form", [form for form in WHOLE if form != "centuries as numbers"])
def test_a_form_that_few_have_is_not_taken(form: str) -> None:
    """Of numbers that lost the nought of their century, six digits are read as ever."""
    texts = [WHOLE[form](day) for day in DAYS[:40]]
    others = [f"{day:%d/%m/%Y}" for day in DAYS]
    assert _read([*others, *texts])[: len(others)] == _days(DAYS)
    assert not {*_days(DAYS[:40])} & {*_read([*others, *texts])[len(others) :]}


def test_six_digits_are_year_and_month_where_as_days_they_would_be_none() -> None:
    assert _read([f"{day:%Y%m}" for day in DAYS]) == [f"{day:%Y-%m}-00" for day in DAYS]
    assert _read(["195904", "194010", "198408"]) == ["1959-04-00", "1940-10-00", "1984-08-00"]


def test_children_of_a_few_years_were_not_all_born_on_a_20th() -> None:
    months = [f"{year}{month:02}" for year in range(2001, 2005) for month in range(1, 13)]
    assert _read(months) == [f"{text[:4]}-{text[4:]}-00" for text in months]
    assert _read(["200504", "200506"]) == ["2004-05-20", "2006-05-20"], "two may be"


@pytest.mark.parametrize("form", ["%d%m%y", "%y%m%d", "%m%d%y"])
def test_days_of_six_digits_are_no_months(form: str) -> None:
    assert _read([day.strftime(form) for day in DAYS]) == _days(DAYS)


def test_a_month_that_there_is_not_is_unknown_among_others() -> None:
    assert _read([*(f"{day:%Y%m}" for day in DAYS), "195913", "1960"])[-2:] == [None, "1960-00-00"]


def test_digits_that_are_no_days_for_more_than_a_few_are_no_dates() -> None:
    assert _read(["719117", "724408", "732199", "689945", "010203"]) == [None] * 5
    assert _read([*(f"{day:%d%m%Y}" for day in DAYS), "45671985"])[:-1] == _days(DAYS)


def test_milliseconds_of_as_many_digits_as_a_time_are_no_calendar_dates() -> None:
    days = [day for day in DAYS if day.year > 1973]
    texts = [str((day - datetime.date(1970, 1, 1)).days * 86_400_000) for day in days]
    assert _read(texts) == _days(days)


def test_numbers_of_seven_digits_are_no_centuries_where_one_lost_its_first_nought() -> None:
    assert _read(["1021990", "13021990", "14021990"]) == ["1990-02-01", "1990-02-13", "1990-02-14"]
    assert _read(["1234567", "0345678", "1367999"]) == [None] * 3


def test_eight_digits_may_be_of_long_ago_where_nearly_all_are_days() -> None:
    days = [day.replace(year=day.year - 180) for day in DAYS]
    assert _read([f"{day:%Y%m%d}" for day in days]) == _days(days)
    assert _read(["18200728", "18219999", "18388888"]) == [None] * 3
    assert _read(["18200728", "1990-02-13", "1990-02-14"])[0] is None
