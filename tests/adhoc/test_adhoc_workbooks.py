"""The first sheet of a workbook is read as the CSV file that it would be saved as."""

import datetime
from pathlib import Path

import pytest
from openpyxl import Workbook

from linkage.adhoc import persons
from linkage.engine import Engine, rows
from linkage.errors import InputError


def _saved(path: Path, *of_sheet: tuple[object, ...]) -> Path:
    book = Workbook()
    for row in of_sheet:
        book.active.append(row)
    book.create_sheet("notes").append(["not", "a", "person"])
    book.save(path)
    return path


def test_a_sheet_is_read_with_its_dates_and_numbers(engine: Engine, tmp_path: Path) -> None:
    born = datetime.datetime(1990, 2, 3)
    path = _saved(
        tmp_path / "people.xlsx",
        ("id", "forename", "dob", "zip"),
        (1, "Zoë, called\nZo", born, 6620.0),
        (None, None, None, None),
        (2, None, "03/02/1991", None),
    )
    file = persons.read(engine, path, tmp_path / "scratch", delimiter=None, encoding=None)
    assert (file.path, file.header, file.rows) == (path, ("id", "forename", "dob", "zip"), 2)
    assert file.notes() == []
    read = [tuple(row[name] or None for name in file.header) for row in rows(engine, file.table)]
    assert sorted(read) == [("1", "Zoë, called Zo", "1990-02-03", "6620"), ("2", None, "03/02/1991", None)]


def test_a_workbook_that_opens_with_an_empty_sheet_is_refused(engine: Engine, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is empty"):
        persons.read(engine, _saved(tmp_path / "none.xlsx"), tmp_path / "scratch", delimiter=None, encoding=None)


def test_a_title_above_the_names_of_the_columns_is_left_out(engine: Engine, tmp_path: Path) -> None:
    path = _saved(
        tmp_path / "titled.xlsx",
        ("Register of persons",),
        (None, "as of", 2023),
        ("id", "forename", "surname", "dob", "zip"),
        (1, "Zoë", None, None, None),
        (2, "Ann", "Lee", "03/02/1991", 6620),
    )
    file = persons.read(engine, path, tmp_path / "scratch", delimiter=None, encoding=None)
    assert (file.header, file.rows) == (("id", "forename", "surname", "dob", "zip"), 2)
    assert file.notes() == ["titled.xlsx: 2 rows above the names of the columns left out"]
