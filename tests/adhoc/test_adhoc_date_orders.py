"""Day, month and year in the order that a column, or the other file, shows."""

import datetime

import pytest

from tests.adhoc.conftest import Shaped, in_iso, read_as_one

DAYS = [datetime.date(1935 + number // 4, number * 5 % 12 + 1, number * 11 % 28 + 1) for number in range(320)]


@pytest.mark.parametrize("form", ["%Y-%d-%m", "%Y/%d/%m", "%Y.%d.%m 00:00:00"])
def test_the_day_may_stand_between_year_and_month(form: str) -> None:
    assert read_as_one([day.strftime(form) for day in DAYS]) == in_iso(DAYS)
    assert read_as_one([*(day.strftime(form) for day in DAYS), "1984-05-30"])[-1] == "1984-05-30"
    months = [f"{day:%Y-%m}-01" for day in DAYS]
    assert read_as_one([*months, "1984-25-12"]) == [*months, "1984-25-12"], "one is a slip"


@pytest.mark.parametrize("texts", ["%d/%m/%Y", "%m/%d/%Y"])
def test_dates_that_a_spreadsheet_of_another_country_took_for_its_own_are_turned_back(texts: str) -> None:
    """It knows 05/03/1984 as its own 3 May, and leaves 13/03/1984 as it was."""
    shown = [f"{day:%Y-%d-%m}" if day.day <= 12 else day.strftime(texts) for day in DAYS]
    assert read_as_one(shown) == in_iso(DAYS)
    beside = [f"{day}" if day.day <= 12 else day.strftime(texts) for day in DAYS]
    assert read_as_one([*beside, "1984-05-30", "1984-05-29", "1984-05-28", "1984-05-27"])[: len(DAYS)] == in_iso(DAYS)
    assert read_as_one(beside[:20]) == in_iso(DAYS[:20]), "of few nothing is shown"


def test_a_year_of_two_digits_may_stand_by_the_name_of_a_month() -> None:
    assert read_as_one(["May-84", "Mai 84", "MAY'84", "Dez.-05", "84-May-12", "12-May-84"]) == [
        "1984-05-00", "1984-05-00", "1984-05-00", "2005-12-00", "1984-05-12", "1984-05-12",
    ]  # fmt: skip
    assert read_as_one(["12 May", "12-May", "May 12", "84 May"]) == [None] * 4


def test_a_few_dates_are_in_the_order_of_the_other_files(shaped: Shaped) -> None:
    few = "surname|dob\nLee|03/04/1990\nKay|05/06/1985"
    many = "surname|dob\n" + "\n".join(f"Ray|{day:%m/%d/%Y}" for day in DAYS)
    _, left, _ = shaped(few, many)
    assert [dob for _, dob in left] == ["1990-03-04", "1985-05-06"]
    _, _, right = shaped(many, few)
    assert [dob for _, dob in right] == ["1990-03-04", "1985-05-06"]
    _, left, _ = shaped(few, "surname|dob\nRay|1990-04-03")
    assert [dob for _, dob in left] == ["1990-04-03", "1985-06-05"]
