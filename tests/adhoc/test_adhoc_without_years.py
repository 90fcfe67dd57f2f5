"""Birthdays without a year are compared by day and month."""

from pathlib import Path

import pytest

from linkage.adhoc.dates.without_years import have_no_year, with_a_year
from linkage.adhoc.link import Request, link_files
from linkage.adhoc.two_files import Asked, two_files
from linkage.engine import Engine, rows
from tests.adhoc.conftest import write_csv

BORN = [(day, month, 1880 + (day * month) % 19) for month in range(1, 13) for day in (1, 9, 17, 25)]


def _files(folder: Path, form: str) -> tuple[Path, Path]:
    people = [(f"{'ABCDEF'[n % 6]}da", ("Lund", "Ruiz", "Voss", "Orr")[n % 4], *born) for n, born in enumerate(BORN)]
    left = [
        {"nr": n, "vorname": f, "name": s, "geb": form.format(d=d, m=m)} for n, (f, s, d, m, _) in enumerate(people)
    ]
    right = [
        {"id": n, "vorname": f, "name": s, "geburtsdatum": f"{y}-{m:02}-{d:02}"}
        for n, (f, s, d, m, y) in enumerate(people)
    ]
    return write_csv(folder / "left.csv", left), write_csv(folder / "right.csv", right)


@pytest.mark.parametrize("form", ["{d}. {m}.", "{d}/{m}", "{m:02}-{d:02}"])
def test_days_and_months_of_both_files_are_the_same(duckdb_engine: Engine, tmp_path: Path, form: str) -> None:
    read = two_files(duckdb_engine, Asked(*_files(tmp_path, form)), tmp_path / "scratch")
    left, right = (sorted(str(row["dob"]) for row in rows(duckdb_engine, side)) for side in read.sides)
    assert left == right == sorted(f"2000-{month:02}-{day:02}" for day, month, _ in BORN)


def test_that_there_is_no_year_is_said(tmp_path: Path) -> None:
    done = link_files(Request(*_files(tmp_path, "{d}. {m}."), tmp_path / "out", threads=1))
    assert "left.csv: its birth dates have no year: days and months are compared" in done.notes


@pytest.mark.parametrize(
    ("values", "says"),
    [
        (["12. 3.", "30.11.", "n/a"], True),
        (["3 May", "11 June"], True),
        (["05/84", "11/79"], False),
        (["05/04", "11/09"], False),
        (["1980", "1975"], False),
        (["12.3.1980", "30.11."], False),
    ],
)
def test_what_may_be_a_month_and_a_year_is_no_birthday(values: list[str], says: bool) -> None:
    assert have_no_year(dict.fromkeys(values, 1)) is says


def test_a_day_gets_a_year_behind_its_own_sign() -> None:
    assert [with_a_year(text) for text in ("12. 3.", "3/11", "May 3")] == ["12. 3.2000", "3/11/2000", "May 3 2000"]
