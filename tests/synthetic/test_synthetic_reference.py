"""The reference tables that ship."""

import csv
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from synthetic.base import dates
from synthetic.base.reference import FOLDER, reference
from synthetic.people.homes import UNKNOWN, postcodes


def table(path: Path) -> list[list[str]]:
    with path.open(newline="") as file:
        return list(csv.reader(file))[1:]


def test_what_ships_is_small_and_says_where_it_comes_from() -> None:
    files = [f for f in FOLDER.iterdir() if f.name != "SOURCES.md"]
    assert sum(f.stat().st_size for f in files) < 6_000_000
    sources = (FOLDER / "SOURCES.md").read_text()
    assert [f.name for f in files if f.name not in sources] == []


def test_names_are_as_concentrated_as_those_of_a_birth_year() -> None:
    """Two girls born in 1996 share a forename with odds of .0076 (ONS)."""
    girls = reference().cohorts[1996 - 1974][1].table
    assert ((np.bincount(girls) / len(girls)) ** 2).sum() == pytest.approx(0.0076, rel=0.05)


def test_postcodes_have_a_real_sector_and_the_form_of_one() -> None:
    made = postcodes(reference(), np.array([0, 399, -1, UNKNOWN, 400 * 9000 + 21], np.int32)).plain().to_pylist()
    first = table(FOLDER / "sectors.csv")[0][0]
    assert made[:4] == [f"{first}AA", f"{first}ZZ", None, "ZZ99 9ZZ"]
    assert made[4][:-2] == table(FOLDER / "sectors.csv")[9000][0]


@given(st.integers(-30_000, 40_000))
def test_a_date_is_the_sum_of_its_parts(day: int) -> None:
    days = np.array([day], np.int32)
    assert dates.from_parts(*dates.parts(days)) == days


def test_years_begin_in_april_and_september() -> None:
    ends = np.array([dates.day(2013, 4, 5), dates.day(2013, 4, 6)])
    assert dates.tax_year(ends).tolist() == [2012, 2013]
    assert dates.six_digits(dates.tax_year(ends)).tolist() == [201213, 201314]
    assert dates.academic_year(np.array([dates.day(2013, 8, 31), dates.day(2013, 9, 1)])).tolist() == [2012, 2013]
    assert dates.six_digits(np.array([1999])).tolist() == [199900]
