"""Dates under strange headers are no births where who has an earlier one is no older."""

import datetime
import random
from pathlib import Path

from linkage.adhoc.columns.beside_ages import says_no_birth
from linkage.adhoc.fields import persons
from linkage.adhoc.two_files import Asked, two_files
from linkage.engine import Engine
from tests.adhoc.conftest import FORENAMES, SURNAMES, write_csv


def _lists(folder: Path, *, of_births: bool) -> tuple[Path, Path]:
    """Two lists of passengers with ages, over forty years, and a day: of birth, or of leaving and of arriving."""
    draw, left, right = random.Random(3), [], []
    for number in range(400):
        name, age = (draw.choice(FORENAMES), draw.choice(SURNAMES)), draw.randrange(1, 70)
        leaves = datetime.date(1925, 1, 1) + datetime.timedelta(days=draw.randrange(14_600))
        born = leaves - datetime.timedelta(days=age * 365 + draw.randrange(365))
        days = (born, born) if of_births else (leaves, leaves + datetime.timedelta(days=draw.randrange(12, 25)))
        for held, day in zip((left, right), days, strict=True):
            held.append({"nr": number, "fornavn": name[0], "etternavn": name[1], "alder": age, "dag": day.isoformat()})
    moved = [{("ankomst" if key == "dag" else key): value for key, value in row.items()} for row in right]
    return write_csv(folder / "left.csv", left), write_csv(folder / "right.csv", moved)


def test_days_of_leaving_and_arriving_are_no_births(duckdb_engine: Engine, tmp_path: Path) -> None:
    read = two_files(duckdb_engine, Asked(*_lists(tmp_path, of_births=False)), tmp_path / "scratch")
    assert "dob" not in read.columns.left
    assert read.kinds["age"] == "age"
    assert (read.columns.left["dag"], read.columns.right["dag"]) == ("dag", "ankomst")


def test_who_is_born_earlier_is_older(duckdb_engine: Engine, tmp_path: Path) -> None:
    left, right = _lists(tmp_path, of_births=True)
    read = two_files(duckdb_engine, Asked(left, right), tmp_path / "scratch")
    assert (read.columns.left["dob"], read.columns.right["dob"]) == ("dag", "ankomst")
    file = persons.read(duckdb_engine, left, tmp_path / "again", delimiter=None, encoding="utf-8")
    assert not says_no_birth(duckdb_engine, file, "dag", "alder")
