"""Months that are named in a birth date, in languages of any script and in years of other calendars."""

import datetime
from collections import defaultdict

import pytest

from linkage.adhoc.dates.birth_dates import latest_year, read, reading
from linkage.adhoc.dates.months import month_and_numbers
from linkage.adhoc.headers.vocabulary import vocabulary
from tests.adhoc.conftest import in_iso, read_as_one
from tests.adhoc.test_adhoc_calendars import DAYS, of_iran

THAI = [month[1] for month in vocabulary()["months_in_script"]["thai"]]
PERSIAN = [month[0] for month in vocabulary()["months_in_script"]["persian"]]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("15 มีนาคม 1987", "1987-03-15"),
        ("15 มี.ค. 1987", "1987-03-15"),
        ("15 มีค 1987", "1987-03-15"),
        ("15มีนาคม1987", "1987-03-15"),
        ("15 يناير 1980", "1980-01-15"),
        ("15 كانون الثاني 1980", "1980-01-15"),
        ("12 בינואר 1980", "1980-01-12"),
        ("१५ जनवरी १९८०", "1980-01-15"),
        ("১৫ জানুয়ারি ১৯৮০", "1980-01-15"),
        ("15 ஜனவரி 1980", "1980-01-15"),
        ("5 აპრილი 1980", "1980-04-05"),
        ("5 de xaneiro de 1980", "1980-01-05"),
        ("1980. gada 5. janvāris", "1980-01-05"),
        ("1980 m. gegužės 5 d.", "1980-05-05"),
        ("5. ágúst 1980", "1980-08-05"),
        ("5 Gorffennaf 1980", "1980-07-05"),
        ("5 Ogos 1980", "1980-08-05"),
        ("ngày 15 tháng 3 năm 1980", "1980-03-15"),
    ],
)
def test_a_month_is_known_by_its_name_in_the_language_of_the_file(text: str, expected: str) -> None:
    assert read(text, reading({text: 1}, 2010)) == expected


def test_a_name_within_a_word_is_no_month() -> None:
    """The Persian word for years of the common calendar has the month Dey in it."""
    assert month_and_numbers("15 3 میلادی") is None


@pytest.mark.parametrize("table", ["months", "months_in_script"])
def test_no_name_is_of_two_months(table: str) -> None:
    numbers = defaultdict(set)
    for names in vocabulary()[table].values():
        assert len(names) in (12, 13)  # Ethiopia has a 13th
        for number, month in enumerate(names, 1):
            for name in month:
                numbers[name.replace(".", "")].add(number)
    assert not {name: months for name, months in numbers.items() if len(months) > 1}


@pytest.mark.parametrize("form", ["{0.day} {1} {2}", "{0.day} {0:%b} {2}"])
def test_years_beside_a_month_s_name_may_be_of_the_buddhist_calendar(form: str) -> None:
    texts = [form.format(day, THAI[day.month - 1], day.year + 543) for day in DAYS]
    assert read_as_one(texts) == in_iso(DAYS)


def test_months_of_another_calendar_are_that_calendar_s() -> None:
    days = map(of_iran, DAYS)
    assert read_as_one([f"{day} {PERSIAN[month - 1]} {year}" for year, month, day in days]) == in_iso(DAYS)


def test_years_beside_a_month_s_name_show_which_is_the_latest() -> None:
    """A year of two digits in the other file is then none that is after it."""
    days = [datetime.date(1930 + number % 50, 1 + number % 12, 5) for number in range(200)]
    assert latest_year([{f"{day:%d %B %Y}": 1 for day in days}, {"05/06/85": 1}]) == 1979
