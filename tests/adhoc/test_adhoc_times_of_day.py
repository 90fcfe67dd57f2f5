"""Midnights of another zone are of the day after where a whole column has them; hours of births are not."""

import datetime
from collections.abc import Callable, Mapping

import pytest

from tests.adhoc.conftest import in_iso, read_as_one

DAYS = [datetime.date(1950 + number // 6, number * 5 % 12 + 1, number * 7 % 28 + 1) for number in range(300)]


def _moment(day: datetime.date, hours: int) -> datetime.datetime:
    """Midnight so many hours east of Greenwich, an hour more in summer, as Greenwich has it."""
    summer = 4 <= day.month <= 10
    return datetime.datetime.combine(day, datetime.time()) - datetime.timedelta(hours=hours + summer)


WRITTEN: Mapping[str, Callable[[datetime.datetime], str]] = {
    "JavaScript": lambda moment: f"{moment:%Y-%m-%dT%H:%M:%S}.000Z",
    "Parquet": lambda moment: f"{moment:%Y-%m-%d %H:%M:%S}+00",
    "without a zone": lambda moment: f"{moment:%Y-%m-%d %H:%M:%S}",
    "America": lambda moment: f"{moment:%m/%d/%Y %I:%M:%S %p}",
    "milliseconds": lambda moment: str(int((moment - datetime.datetime(1970, 1, 1)).total_seconds()) * 1000),
}


@pytest.mark.parametrize("hours", [0, 1, 8, -5])
@pytest.mark.parametrize("how", WRITTEN)
def test_midnights_elsewhere_are_of_the_day_that_begins(how: str, hours: int) -> None:
    assert read_as_one([WRITTEN[how](_moment(day, hours)) for day in DAYS]) == in_iso(DAYS)


def test_hours_of_births_are_of_their_own_day() -> None:
    hours = [f"{day}T{number * 7 % 24:02}:{number * 11 % 60:02}:00" for number, day in enumerate(DAYS)]
    assert read_as_one(hours) == in_iso(DAYS)
    assert read_as_one([*(f"{day}T00:00:00" for day in DAYS), *hours[:9]])[-9:] == in_iso(DAYS[:9])
    assert read_as_one(hours[:4]) == in_iso(DAYS[:4]), "of few nothing is shown"


@pytest.mark.parametrize("time", ["12:00:00", "00:00:00", "23:59:59", "23:00:00-05:00", "22:00:00 +0200"])
def test_noon_midnight_and_hours_of_a_zone_that_is_named_are_of_their_own_day(time: str) -> None:
    assert read_as_one([f"{day} {time}" for day in DAYS]) == in_iso(DAYS)
