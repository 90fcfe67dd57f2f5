"""Birth dates are read one by one; what one leaves open, the column says."""

import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linkage.adhoc.dates.birth_dates import Reading, latest_year, read, reading


def _read(*texts: str, latest: int = 2010) -> list[str | None]:
    how = reading(dict.fromkeys(texts, 1), latest)
    return [read(text, how) for text in texts]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1990-02-03", "1990-02-03"),
        ("1990/2/3 00:00:00", "1990-02-03"),
        ("03.02.1990", "1990-02-03"),
        ("3/2/90", "1990-02-03"),
        ("3-2-05", "2005-02-03"),
        ("3-2-11", "1911-02-03"),  # nobody of the files was born after 2010
        ("25-12-1990", "1990-12-25"),
        ("12/25/1990", "1990-12-25"),
        ("19900203", "1990-02-03"),
        ("03021990", "1990-02-03"),
        ("030290", "1990-02-03"),
        ("900213", "1990-02-13"),
        ("1990", "1990-00-00"),
        ("1990.0", "1990-00-00"),
        ("1990-02", "1990-02-00"),
        ("02/1990", "1990-02-00"),
        ("5 May 1990", "1990-05-05"),
        ("05-MAR-90", "1990-03-05"),
        ("March 5th, 1990", "1990-03-05"),
        ("5. März 1990", "1990-03-05"),
        ("1er août 1990", "1990-08-01"),
        ("1990年2月3日", "1990-02-03"),
        ("1990년 2월 3일", "1990-02-03"),
        ("3 мая 1990 г.", "1990-05-03"),
        ("3 августа 1990г.", "1990-08-03"),
        ("3 лютого 1990 р.", "1990-02-03"),
        ("٣/٢/١٩٩٠", "1990-02-03"),
        ("12 de octubre de 1990", "1990-10-12"),
        ("1990.02.03.", "1990-02-03"),  # Hungarian and Korean
        ("1990. 2. 3.", "1990-02-03"),
        ("3. 2. 1990", "1990-02-03"),
        ("3 / 2 / 1990", "1990-02-03"),
        ("1990. február 3.", "1990-02-03"),
        ("3. února 1990", "1990-02-03"),
        ("3. helmikuuta 1990", "1990-02-03"),
        ("3 Φεβρουαρίου 1990", "1990-02-03"),
        ("Feb 1990", "1990-02-00"),
        ("1990-02-31", "1990-02-31"),  # impossible, and most of it right
        ("about 1990", None),
        ("spring", None),
    ],
)
def test_a_date_of_any_form_is_read(text: str, expected: str | None) -> None:
    assert _read(text) == [expected]


def test_forms_may_be_mixed_in_a_column() -> None:
    assert _read("1990-02-13", "14.02.1990", "15 Feb 1990", "19900216", "1990") == [
        "1990-02-13", "1990-02-14", "1990-02-15", "1990-02-16", "1990-00-00",
    ]  # fmt: skip


def test_day_or_month_first_is_what_the_others_of_that_separator_say() -> None:
    assert _read("03/04/1990", "12/25/1990", "03.04.1990", "25.12.1990")[::2] == ["1990-03-04", "1990-04-03"]
    assert _read("03/04/1990", "11/05/1990") == ["1990-04-03", "1990-05-11"]


def test_a_value_that_can_be_read_one_way_is_read_so() -> None:
    assert _read("12/25/1990", "12/26/1990", "25/12/1990") == ["1990-12-25", "1990-12-26", "1990-12-25"]


def test_years_of_two_digits_may_come_first() -> None:
    assert _read("85-03-04", "99-12-31") == ["1985-03-04", "1999-12-31"]


def test_first_zeros_that_a_spreadsheet_dropped_are_dates_of_a_column_of_digits() -> None:
    assert _read("1021990", "13021990", "14021990.0", "9121985.0", "22031985", "9919850", "23031985") == [
        "1990-02-01", "1990-02-13", "1990-02-14", "1985-12-09", "1985-03-22", None, "1985-03-23",
    ]  # fmt: skip
    assert _read("1021990", "1990-02-13", "1990-02-14")[0] is None
    assert _read("101", "50704", "1012", "991231", "850304", "730213", "640115", "550228") == [
        "2000-01-01", "2005-07-04", "2000-10-12", "1999-12-31", "1985-03-04", "1973-02-13", "1964-01-15", "1955-02-28",
    ]  # fmt: skip
    assert _read("30290", "130290", "140385")[0] == "1990-02-03"
    assert _read("1985", "040704", "991231", "850304")[0] == "1985-00-00"  # no day 00 of May is meant


def test_digits_show_what_comes_first_as_dates_with_signs_do() -> None:
    assert _read("03041990", "12251990") == ["1990-03-04", "1990-12-25"]
    assert _read("030490", "122590") == ["1990-03-04", "1990-12-25"]
    assert _read("050704", "991231", "850304") == ["2005-07-04", "1999-12-31", "1985-03-04"]
    assert _read("03041990", "25121990", "12/25/1990", "03/04/1990")[::3] == ["1990-04-03", "1990-03-04"]


def test_numbers_of_days_are_dates_where_a_column_has_nothing_else() -> None:
    assert _read("32874", "32875.0") == ["1990-01-01", "1990-01-02"]
    assert _read("32874", "1990-01-02", "1990-01-03")[0] is None


def test_the_latest_year_is_that_of_many_and_not_of_a_slip() -> None:
    columns = [{"1990-02-03": 5_000, "1/2/2004": 20, "2020-01-01": 1}, {"unknown": 9, "1/2/99": 3}]
    assert latest_year(columns) == 2004
    assert latest_year([{"1/2/99": 3}]) == datetime.date.today().year


@pytest.mark.parametrize("sign", ["/", ".", ""])
def test_births_known_by_the_month_say_which_number_is_the_month(sign: str) -> None:
    """05/01/1990 beside 06/01/1985: of twelve months all would else be January, each day of it another person's."""
    months = [f"{month:02}{sign}01{sign}{1980 + month}" for month in range(1, 13)]
    assert _read(*months)[4] == "1985-05-01"
    days = [f"01{sign}{month:02}{sign}{1980 + month}" for month in range(1, 13)]
    assert _read(*days)[4] == "1985-05-01"
    assert _read(*months[:3])[2] == "1983-01-03", "of few nothing is shown"


@given(
    st.dates(datetime.date(1920, 1, 1), datetime.date(2009, 12, 31)),
    st.sampled_from(["%Y-%m-%d", "%Y%m%d", "%d.%m.%Y", "%d %B %Y", "%d-%b-%Y", "%B %d, %Y", "%Y/%m/%d"]),
)
def test_what_a_form_says_is_what_is_read(day: datetime.date, form: str) -> None:
    assert read(day.strftime(form), Reading(2010)) == day.isoformat()


@given(st.text(max_size=14))
def test_no_text_is_a_fault_and_reading_twice_changes_nothing(text: str) -> None:
    how = reading({text: 1}, 2010)
    once = read(text, how)
    assert once is None or read(once, how) == once


@pytest.mark.parametrize(
    ("start", "a_day"),
    [
        (datetime.date(1960, 1, 1), 1),  # SAS, Stata
        (datetime.date(1970, 1, 1), 1),  # R
        (datetime.date(1970, 1, 1), 86_400),  # Unix
        (datetime.date(1582, 10, 14), 86_400),  # SPSS
        (datetime.date(1970, 1, 1), 86_400_000),  # JavaScript
        (datetime.date(1899, 12, 30), 1),  # Excel
    ],
)
def test_numbers_of_days_and_seconds_are_those_of_the_program_whose_decades_fit(
    start: datetime.date, a_day: int
) -> None:
    born = [datetime.date(1931 + number // 12, number % 12 + 1, 9) for number in range(600)]
    texts = [str((day - start).days * a_day) for day in born]
    elsewhere = dict.fromkeys((day.replace(day=20).isoformat() for day in born), 1)
    how = reading(dict.fromkeys(texts, 1), 2010, elsewhere)
    assert [read(text, how) for text in texts if len(text) > 3] == [
        day.isoformat() for day, text in zip(born, texts, strict=True) if len(text) > 3
    ]


def test_numbers_below_nought_are_no_spreadsheets_and_years_and_ages_no_numbers_of_days() -> None:
    assert _read("-8840", "5074", "-12") == ["1935-10-19", "1973-11-22", "1959-12-20"]
    assert _read("1934", "1980", "1975") == ["1934-00-00", "1980-00-00", "1975-00-00"]
    assert _read("34", "71", "5") == [None, None, None]
    assert _read("19340503", "19800620") == ["1934-05-03", "1980-06-20"]


def test_years_of_the_buddhist_calendar_are_543_ahead() -> None:
    assert _read("7/2/2507", "18/8/2506", "2498") == ["1964-02-07", "1963-08-18", "1955-00-00"]
    assert _read("7/2/1964", "18/8/1963", "1/1/2099") == ["1964-02-07", "1963-08-18", "2099-01-01"]


@pytest.mark.parametrize("text", ["'1980-05-03", '="1980-05-03"', "'03.05.1980'"])
def test_signs_of_text_around_a_date_are_none_of_it(text: str) -> None:
    assert _read(text) == ["1980-05-03"]
