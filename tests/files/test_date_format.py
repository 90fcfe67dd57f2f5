"""Birth dates: the whole column settles what one value leaves open, and a stated format
overrides it.
"""

import datetime
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linkage.files.date_format import (
    DateFormat,
    composed,
    defaults_of,
    infer_format,
    latest_birth_year,
    precision_of,
    read_date,
    read_dates,
)

DAYS = [datetime.date(1950, 1, 1) + datetime.timedelta(days=337 * n) for n in range(60)]


def read_column(texts: list[str]) -> list[str | None]:
    values = Counter(texts)
    date_format = infer_format(values, latest_birth_year([values]))
    return [read_date(text, date_format) for text in texts]


@pytest.mark.parametrize(
    "pattern",
    [
        "%Y-%m-%d",
        "%d/%m/%Y",
        "%m/%d/%Y",
        "%d.%m.%Y",
        "%Y%m%d",
        "%d%m%Y",
        "%d-%b-%Y",
        "%B %d, %Y",
        "%d/%m/%Y 00:00:00",
    ],
)
def test_a_column_of_one_form_is_read(pattern: str) -> None:
    assert read_column([day.strftime(pattern) for day in DAYS]) == [
        day.isoformat() for day in DAYS
    ]


@given(
    st.lists(
        st.dates(datetime.date(1930, 1, 1), datetime.date(2015, 12, 31)),
        min_size=40,
        unique=True,
    )
)
def test_any_dates_are_read_by_a_stated_format(days: list[datetime.date]) -> None:
    date_format = DateFormat(format="%d/%m/%Y", latest_year=2015)
    assert [read_date(day.strftime("%d/%m/%Y"), date_format) for day in days] == [
        day.isoformat() for day in days
    ]


def test_day_or_month_first_is_decided_for_the_column_and_not_by_value() -> None:
    assert read_column(["03/04/1990", "25/04/1990", "04/03/1990"]) == [
        "1990-04-03",
        "1990-04-25",
        "1990-03-04",
    ]
    assert read_column(["03/04/1990", "04/25/1990"]) == ["1990-03-04", "1990-04-25"]


def test_a_year_of_two_digits_is_read_as_the_latest_possible_birth_year() -> None:
    date_format = DateFormat(latest_year=2008)
    assert read_date("01/02/07", date_format) == "2007-02-01"
    assert read_date("01/02/09", date_format) == "1909-02-01"


def test_mixed_forms_and_unknown_parts_are_read() -> None:
    texts = [
        "1990-05-03",
        "3 May 1990",
        "03/05/1990",
        "19900503",
        "1990",
        "05/1990",
        "unknown",
        "31/02/1990",
    ]
    days = ["1990-05-03"] * 4 + ["1990-00-00", "1990-05-00", None, "1990-02-31"]
    assert read_column([*texts, "28/02/1990"])[:-1] == days


def test_serial_numbers_of_a_spreadsheet_and_lost_zeros() -> None:
    start = datetime.date(1899, 12, 30)
    assert read_column([str((day - start).days) for day in DAYS]) == [
        day.isoformat() for day in DAYS
    ]
    dates = [day.strftime("%d%m%Y").lstrip("0") for day in DAYS]
    assert read_column(dates) == [day.isoformat() for day in DAYS]


def test_year_month_and_day_in_separate_columns() -> None:
    assert (
        read_date(composed("1984", "5", "12"), DateFormat(latest_year=2000))
        == "1984-05-12"
    )
    assert (
        read_date(composed("84", "05", "12"), DateFormat(latest_year=2000))
        == "1984-05-12"
    )
    assert read_date(composed("1984", None, "12"), DateFormat()) == "1984-00-00"


def test_defaults_and_precision_of_a_file() -> None:
    births = Counter({day.isoformat(): 3 for day in DAYS})
    assert defaults_of(births) == ((), False)
    assert defaults_of(births + Counter({"1970-06-15": 100}))[0] == ("1970-06-15",)
    january = Counter({f"{year}-01-01": 12 for year in range(1950, 1990)})
    assert defaults_of(births + january)[1]
    assert precision_of(births) == "day"
    assert precision_of(Counter({"1984-00-00": 99, "1984-05-03": 1})) == "year"
    assert precision_of(Counter({"1984-05-00": 100})) == "month"


def test_precision_and_defaults_are_applied() -> None:
    assert read_date("12/05/1984", DateFormat(precision="year")) == "1984-00-00"
    assert read_date("1984-01-01", DateFormat(january_is_default=True)) == "1984-00-00"
    assert read_date("1984-05-12", DateFormat(default_days=("1984-05-12",))) is None
    assert read_date("1900-01-01", DateFormat()) is None


_NUMBER = st.sampled_from(["00", "01", "05", "12", "13", "29", "31", "32"])
_SIGN = st.sampled_from(["-", "/", "."])
_YEAR = st.sampled_from(["0000", "1900", "1990", "2004", "2999"])
_LIKE_DATES = st.one_of(
    st.tuples(_NUMBER, _SIGN, _NUMBER, _SIGN, _YEAR).map("".join),
    st.tuples(_YEAR, st.just("-"), _NUMBER, st.just("-"), _NUMBER).map("".join),
    st.sampled_from(
        ["5 May 1990", "19900305", "1/2/90", "unknown", "1990", "00/00/00"]
    ),
)


@given(
    counts=st.dictionaries(_LIKE_DATES, st.integers(1, 5)),
    month_first=st.dictionaries(st.sampled_from(["-", "/", ""]), st.booleans()),
    precision=st.sampled_from(["day", "month", "year"]),
    january_is_default=st.booleans(),
)
def test_all_dates_of_a_column_are_read_as_each_of_them_is(
    counts: dict[str, int],
    month_first: dict[str, bool],
    precision: str,
    january_is_default: bool,
) -> None:
    form = DateFormat(
        month_first=month_first,
        latest_year=2005,
        precision=precision,
        january_is_default=january_is_default,
    )
    expected = Counter[str]()
    for text, rows in counts.items():
        if date := read_date(text, form):
            expected[date] += rows
    assert read_dates(counts, form) == expected
