"""Birth dates of other calendars than the common one."""

import datetime
from collections.abc import Sequence
from pathlib import Path

import pytest

from linkage.adhoc.dates import dated
from linkage.adhoc.dates.birth_dates import read, reading
from linkage.adhoc.fields import persons
from linkage.adhoc.files.person_file import PersonFile
from linkage.engine import Engine
from linkage.records.calendars import calendars
from tests.adhoc.conftest import in_iso, read_as_one, write_csv

SOLAR, LUNAR, ETHIOPIA, NEPAL = calendars()
DAYS = [datetime.date(1951, 3, 1) + datetime.timedelta(days=37 * number) for number in range(700)]


LEAP = {
    1329,
    1333,
    1337,
    1342,
    1346,
    1350,
    1354,
    1358,
    1362,
    1366,
    1370,
    1375,
    1379,
    1383,
    1387,
    1391,
    1395,
    1399,
    1403,
}
"""Years of 366 days in Iran, as its almanacs have had them."""


def of_iran(day: datetime.date) -> tuple[int, int, int]:
    """A day by the sun's calendar of the Hijra: half a year of months of 31 days from the spring equinox on."""
    year, begins = 1403, datetime.date(2024, 3, 20)
    while begins > day:
        year -= 1
        begins -= datetime.timedelta(days=366 if year in LEAP else 365)
    gone = (day - begins).days
    return (
        (year, gone // 31 + 1, gone % 31 + 1) if gone < 186 else (year, (gone - 186) // 30 + 7, (gone - 186) % 30 + 1)
    )


@pytest.mark.parametrize(
    "form", ["{0}/{1:02}/{2:02}", "{0}-{1}-{2}", "{2}.{1}.{0}", "{0}{1:02}{2:02}", "{0}/{1}/{2} 00:00"]
)
def test_days_of_iran_are_read_whatever_their_form(form: str) -> None:
    assert read_as_one([form.format(*of_iran(day)) for day in DAYS]) == in_iso(DAYS)


def test_signs_of_iran_are_digits_and_a_slip_of_the_common_calendar_stays() -> None:
    texts = ["/".join(map(str, of_iran(day))).translate(str.maketrans("0123456789", "۰۱۲۳۴۵۶۷۸۹")) for day in DAYS]
    assert read_as_one([*texts, "1984-05-03"]) == [*in_iso(DAYS), "1984-05-03"]


@pytest.mark.parametrize(
    ("text", "calendar", "day"),
    [
        ("1357-11-22", SOLAR, "1979-02-11"),
        ("1403-01-01", SOLAR, "2024-03-20"),
        ("1399-12-30", SOLAR, "2021-03-20"),
        ("1445-01-01", LUNAR, "2023-07-19"),
        ("1444-09-01", LUNAR, "2023-03-23"),
        ("2000-01-01", ETHIOPIA, "2007-09-12"),
        ("1999-13-05", ETHIOPIA, "2007-09-10"),
        ("1999-13-06", ETHIOPIA, "2007-09-11"),
        ("2000-01-01", NEPAL, "1943-04-14"),
        ("2057-01-01", NEPAL, "2000-04-13"),
        ("2057-04-32", NEPAL, "2000-08-16"),
        ("1365-02-00", SOLAR, "1986-05-00"),
        ("1365-00-00", SOLAR, "1986-00-00"),
    ],
)
def test_known_days(text: str, calendar: object, day: str) -> None:
    assert next(of for of in calendars() if of is calendar).date(text) == day


@pytest.mark.parametrize("text", ["1984-05-03", "1365-13-01", "1365-07-31", "1500-01-01", "1228-01-01"])
def test_what_is_no_day_of_a_birth_in_iran(text: str) -> None:
    assert SOLAR.date(text) is None


def test_ethiopia_and_nepal_show_themselves_by_a_thirteenth_month_and_a_32nd_day() -> None:
    ethiopia = [f"{day}/{month}/{year}" for year in range(1950, 2009) for month in range(1, 13) for day in (1, 5, 29)]
    how = reading(dict.fromkeys([*ethiopia, *(f"{day}/13/1990" for day in range(1, 6))], 1), 2010)
    assert (how.calendar, read("5/13/1999", how), read("1/1/2000", how)) == (ETHIOPIA, "2007-09-10", "2007-09-12")
    nepal = [f"{year}-{month:02}-{day:02}" for year in range(2000, 2060) for month in range(1, 13) for day in (1, 29)]
    how = reading(dict.fromkeys([*nepal, *(f"{year}-04-32" for year in range(2000, 2060, 4))], 1), 2010)
    assert (how.calendar, read("2057-01-01", how)) == (NEPAL, "2000-04-13")


@pytest.mark.parametrize("form", ["%Y-%m-%d", "%d/%m/%Y", "%m/%d/%Y", "%Y%m%d", "%d%m%Y", "%d.%m.%y"])
def test_the_common_calendar_with_slips_is_no_other_one(form: str) -> None:
    texts = [day.strftime(form) for day in DAYS]
    slips = [day.replace(day=2).strftime(form).replace("02", "32", 1) for day in DAYS[:20]]
    assert reading(dict.fromkeys([*texts, *slips, "13/13/1990", "1990-13-02"], 1), 2019).calendar is None


@pytest.mark.parametrize(("first", "name"), [(1340, SOLAR.name), (1381, LUNAR.name)])
def test_years_of_the_hijra_are_by_the_sun_or_the_moon_as_the_other_file_has_them(
    engine: Engine, tmp_path: Path, first: int, name: str
) -> None:
    """Years alone have no 31st day, which the moon's months have not."""
    made = _alike(engine, tmp_path, [str(first + n) for n in range(40)], [str(1961 + n) for n in range(40)])
    assert [file.calendar for file, _ in made] == [name, None]


def test_whoever_links_is_told_of_the_calendar(engine: Engine, tmp_path: Path) -> None:
    texts = ["{}/{}/{}".format(*of_iran(day)) for day in DAYS]
    files = [file for file, _ in _alike(engine, tmp_path, texts, in_iso(DAYS))]
    (note,) = dated.notes(files)
    assert note.startswith(f"file0.csv: its birth dates are taken for those of the calendar {SOLAR.name}")
    assert texts[0] not in note


def _alike(engine: Engine, folder: Path, *columns: Sequence[str | None]) -> list[tuple[PersonFile, str]]:
    files = []
    for number, texts in enumerate(columns):
        path = write_csv(folder / f"file{number}.csv", [{"name": "Ray", "born": text} for text in texts])
        files.append(persons.read(engine, path, folder / str(number), delimiter=None, encoding=None))
    return dated.alike(engine, files, ["born"] * len(files))
