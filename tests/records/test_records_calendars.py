"""Dates of other calendars than the common one, where a run's file names it."""

import datetime
import functools

import pyarrow as pa
import pytest

from linkage.config import FileFormat
from linkage.engine import Engine
from linkage.errors import ConfigError, InputError
from linkage.records.calendars import calendars, years_ahead
from linkage.records.dates import check_format, parsed
from tests.records.conftest import PUPILS
from tests.records.test_records_reading import AS_CSV

EASTERN = str.maketrans("0123456789", "۰۱۲۳۴۵۶۷۸۹")


def read(engine: Engine, texts: list[str], calendar: str, pattern: str = "%Y/%m/%d") -> list[datetime.date | None]:
    form = FileFormat(date_format=pattern, calendar=calendar).dates
    check_format(form)
    table = engine.from_arrow(pa.table({"n": range(len(texts)), "t": pa.array(texts, pa.string())}))
    found = engine.arrow(engine.sql(f"select n, {parsed('t', [form])} as day from {{t}}", t=table)).to_pylist()
    engine.drop(table)
    return [row["day"] for row in sorted(found, key=lambda row: row["n"])]


@pytest.mark.both_engines
@pytest.mark.parametrize(
    ("calendar", "text", "day"),
    [
        ("persian", "1403/01/01", datetime.date(2024, 3, 20)),
        ("persian", "1357/11/22", datetime.date(1979, 2, 11)),
        ("persian", "1357/11/22".translate(EASTERN), datetime.date(1979, 2, 11)),
        ("ethiopic", "2000/01/01", datetime.date(2007, 9, 12)),
        ("ethiopic", "1999/13/05", datetime.date(2007, 9, 10)),
        ("nepali", "2058/01/01", datetime.date(2001, 4, 14)),
        ("buddhist", "2523/02/29", datetime.date(1980, 2, 29)),
    ],
)
def test_days_that_are_known(engine: Engine, calendar: str, text: str, day: datetime.date) -> None:
    assert read(engine, [text], calendar) == [day]


def test_a_day_of_the_moon_is_known_within_one(engine: Engine) -> None:
    (found,) = read(engine, ["1445/09/01"], "islamic")
    assert found is not None
    assert abs((found - datetime.date(2024, 3, 11)).days) <= 1


@pytest.mark.both_engines
@pytest.mark.parametrize("calendar", [calendar.key for calendar in calendars()])
def test_sql_and_python_tell_the_same_days(engine: Engine, calendar: str) -> None:
    (of,) = [one for one in calendars() if one.key == calendar]
    first = of.earliest + 60
    dates = [f"{first + n % 60:04}-{n % len(of.months) + 1:02}-{n % 29 + 1:02}" for n in range(700)]
    told = [datetime.date.fromisoformat(day) if (day := of.date(text)) else None for text in dates]
    found = read(engine, dates, calendar, "%Y-%m-%d")
    assert sum(day is not None for day in told) > 600
    assert [day for day, known in zip(found, told, strict=True) if known] == [day for day in told if day]


def test_what_is_no_day_of_the_calendar_is_none(engine: Engine) -> None:
    assert (
        read(engine, ["1365/12/31", "1365/13/01", "1365/00/10", "1365/07/31", "65/05/12", "", "x"], "persian")
        == [None] * 7
    )
    assert read(engine, ["1365/06/31"], "persian") == [datetime.date(1986, 9, 22)]
    assert read(engine, ["2524/02/29", "12523/01/01"], "buddhist") == [None, None]


def test_a_calendar_that_is_not_known_or_cannot_be_read_is_told() -> None:
    known = ", ".join(sorted([*(one.key for one in calendars()), *years_ahead()]))
    with pytest.raises(ConfigError, match=f"no calendar is called 'mayan'\n  there are: {known}; leave it out"):
        check_format(FileFormat(calendar="mayan").dates)
    for pattern in ("%y/%m/%d", "%d %B %Y"):
        with pytest.raises(ConfigError, match="write it with %Y, %m and %d"):
            check_format(FileFormat(date_format=pattern, calendar="nepali").dates)


IN_IRAN = {
    "2010-01-21": "1388-11-01",
    "2011-01-20": "1389-10-30",
    "1999-05-06": "1378-02-16",
    "1998-01-01": "1376-10-11",
}


def test_a_source_of_another_calendar_gives_the_same_records(read_pupils, tmp_path, put, rows) -> None:
    """Its dates are in ISO's form, which is read as the common calendar's elsewhere."""
    common = AS_CSV
    for day in IN_IRAN:
        common = common.replace("/".join(reversed(day.split("-"))), day)
    iran = functools.reduce(lambda text, day: text.replace(*day), IN_IRAN.items(), common)
    (tmp_path / "common.csv").write_text(common)
    (tmp_path / "iran.csv").write_text(iran)
    expected = rows(read_pupils("common.csv", type="csv").records)
    assert iran.count("13") >= 6
    found = read_pupils("iran.csv", type="csv", calendar="persian")
    assert (rows(found.records), rows(found.quarantine)) == (expected, [])


def test_dates_that_a_file_holds_as_such_are_of_no_other_calendar(read_pupils, put) -> None:
    put("a.parquet", PUPILS)
    with pytest.raises(InputError, match=r"source\.npd\.format\.calendar: 'persian', and .*SEEN.* holds dates"):
        read_pupils("a.parquet", calendar="persian")
