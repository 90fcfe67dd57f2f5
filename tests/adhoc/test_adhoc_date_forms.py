"""Forms that a value does not show are read where nearly all of a column's values have them, and nowhere else."""

import datetime
from collections import Counter
from collections.abc import Callable, Sequence

import pytest

from linkage.adhoc.dates.birth_dates import read, reading

DAYS = [datetime.date(1935 + number // 4, number * 5 % 12 + 1, number * 7 % 28 + 1) for number in range(320)]


def _read(texts: Sequence[str], elsewhere: Sequence[str] = ()) -> list[str | None]:
    how = reading(Counter(texts), 2014, Counter(elsewhere))
    return [read(text, how) for text in texts]


def _days(days: Sequence[datetime.date]) -> list[str]:
    return [day.isoformat() for day in days]


def _era(day: datetime.date, names: Sequence[str], digits: int = 1) -> str:
    first, name = max((year, names[number]) for number, year in enumerate((1926, 1989, 2019)) if year <= day.year)
    return f"{name}{day.year - first + 1:0{digits}}"


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
    "Taiwan": lambda day: f"{day.year - 1911:03}/{day:%m/%d}",
    "Taiwan, years of two digits too": lambda day: f"{day.year - 1911}.{day.month}.{day.day}",
    "Taiwan in full": lambda day: f"民國{day.year - 1911}年{day.month}月{day.day}日",
    "Japan": lambda day: f"{_era(day, 'SHR')}.{day.month}.{day.day}",
    "Japan without signs": lambda day: f"{_era(day, 'SHR', 2)}{day:%m%d}",
    "Japan in full": lambda day: f"{_era(day, ['昭和', '平成', '令和'])}年{day.month}月{day.day}日".replace(
        "成1年", "成元年"
    ),
}


READ_BESIDE = {"centuries as numbers", "Taiwan, years of two digits too"}  # whose shorter values are read as ever


@pytest.mark.parametrize("form", WHOLE)
def test_a_column_in_one_form_is_read(form: str) -> None:
    assert _read([WHOLE[form](day) for day in DAYS]) == _days(DAYS)


@pytest.mark.parametrize("form", [form for form in WHOLE if form not in READ_BESIDE])
def test_a_form_that_few_have_is_not_taken(form: str) -> None:
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


@pytest.mark.parametrize("shift", [0, 3])
def test_where_two_forms_fit_the_other_files_dates_tell_which(shift: int) -> None:
    """Seven digits are centuries since 1900, or years since 1911."""
    others = _days([day + datetime.timedelta(days=shift) for day in DAYS[::2]])
    taiwan = [f"{day.year - 1911:03}{day:%m%d}" for day in DAYS]
    centuries = [WHOLE["centuries since 1900"](day) for day in DAYS]
    assert _read(taiwan, others) == _days(DAYS)
    assert _read(centuries, others) == _days(DAYS)
    assert _read(centuries) == _days(DAYS)


@pytest.mark.parametrize("text", ["X59.5.12", "S59.13.12", "SS590512", "S59051", "73/5/12/3", "公元59年5月12日"])
def test_years_of_no_era_are_none(text: str) -> None:
    assert _read([text] * 3) == [None] * 3


def test_years_of_two_digits_alone_are_of_no_era() -> None:
    assert _read(["73/05/12", "59/11/30"]) == ["1973-05-12", "1959-11-30"]


@pytest.mark.parametrize("start", [datetime.date(1904, 1, 1), datetime.date(1899, 12, 30)])
def test_a_start_four_years_from_the_usual_is_taken_where_people_of_both_files_show_it(start: datetime.date) -> None:
    texts = [str((day - start).days) for day in DAYS]
    assert _read(texts, _days(DAYS[::2])) == _days(DAYS)


def test_a_start_four_years_from_the_usual_is_not_taken_for_years_alone() -> None:
    texts = [str((day - datetime.date(1904, 1, 1)).days) for day in DAYS]
    usual = _days([day - datetime.timedelta(days=1462) for day in DAYS])
    assert _read(texts) == usual
    assert _read(texts, [f"{day:%Y}-00-00" for day in DAYS]) == usual
    assert _read(texts, _days(DAYS[:5])) == usual, "five may be chance"
