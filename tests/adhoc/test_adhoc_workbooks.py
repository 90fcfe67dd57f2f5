"""The first sheet of a workbook is read as the CSV file that it would be saved as."""

import datetime
import re
import zipfile
from pathlib import Path

import pytest
from openpyxl import Workbook

from linkage.adhoc.fields import persons
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


def test_a_workbook_that_another_program_wrote_amiss_is_refused_with_what_to_do(engine: Engine, tmp_path: Path) -> None:
    whole, amiss = _saved(tmp_path / "whole.xlsx", ("id", "forename"), (1, "Ann")), tmp_path / "amiss.xlsx"
    with zipfile.ZipFile(whole) as read, zipfile.ZipFile(amiss, "w") as written:
        for name in read.namelist():
            held = read.read(name).decode("utf-8")
            written.writestr(name, re.sub("<fills.*</fills>", '<fills count="1"><fill/></fills>', held))
    with pytest.raises(InputError, match=r"amiss[.]xlsx: a workbook that cannot be read\n  open it and save"):
        persons.read(engine, amiss, tmp_path / "scratch", delimiter=None, encoding=None)


def test_a_workbook_whose_chart_has_no_drawing_is_refused_with_what_to_do(engine: Engine, tmp_path: Path) -> None:
    book = Workbook()
    book.create_chartsheet("chart")
    book.save(tmp_path / "chart.xlsx")
    with pytest.raises(InputError, match=r"chart[.]xlsx: a workbook that cannot be read\n  open it and save"):
        persons.read(engine, tmp_path / "chart.xlsx", tmp_path / "scratch", delimiter=None, encoding=None)


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


def _book(path: Path, **sheets: list[tuple[object, ...]]) -> Path:
    book = Workbook()
    book.remove(book.active)
    for title, of_sheet in sheets.items():
        sheet = book.create_sheet(title)
        for row in of_sheet:
            sheet.append(row)
    book.save(path)
    return path


PEOPLE: list[tuple[object, ...]] = [("id", "forename", "surname"), (1, "Ann", "Ray"), (2, "Bo", "Lee")]
EXPLAINED: list[tuple[object, ...]] = [("What is what", None), ("Field", "Meaning"), ("forename", "as it was given")]


@pytest.mark.parametrize("before", [EXPLAINED, [], [("A register of persons",)]])
def test_a_sheet_behind_one_that_explains_it_is_read(
    engine: Engine, tmp_path: Path, before: list[tuple[object, ...]]
) -> None:
    path = _book(tmp_path / "two.xlsx", about=before, data=PEOPLE)
    file = persons.read(engine, path, tmp_path / "scratch", delimiter=None, encoding=None)
    assert (file.header, file.rows) == (("id", "forename", "surname"), 2)
    assert file.notes() == ["two.xlsx: sheet 2 read, not the one that it opens with"]


def test_a_table_that_stands_first_is_read_whatever_its_columns_are_called(engine: Engine, tmp_path: Path) -> None:
    answers: list[tuple[object, ...]] = [("v1", "v2", "v3"), ("Ann", "Ray", 3), ("Bo", "Lee", 4)]
    path = _book(tmp_path / "codes.xlsx", data=answers, codes=[("forename", "surname"), ("v1", "v2")])
    file = persons.read(engine, path, tmp_path / "scratch", delimiter=None, encoding=None)
    assert file.header == ("v1", "v2", "v3")
    assert file.notes() == ["codes.xlsx: sheet 1 read; not read, but tables of persons too: sheet 2"]


def test_rows_beyond_the_size_that_a_sheet_gives_are_read(engine: Engine, tmp_path: Path) -> None:
    """Other programs write a size that is not the sheet's."""
    path = _saved(tmp_path / "people.xlsx", ("id", "forename", "dob", "zip"), *((n, "Ann", None, n) for n in range(4)))
    with zipfile.ZipFile(path) as archive:
        held = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in held.items():
            archive.writestr(name, re.sub(rb'<dimension ref="[^"]*"', b'<dimension ref="A1:B3"', content))
    file = persons.read(engine, path, tmp_path / "scratch", delimiter=None, encoding=None)
    assert (file.header, file.rows) == (("id", "forename", "dob", "zip"), 4)


def test_formulas_that_no_program_has_reckoned_are_told(engine: Engine, tmp_path: Path) -> None:
    """Their cells are empty, and a column of forenames was silently compared by nothing."""
    path = _saved(
        tmp_path / "a.xlsx", ("id", "forename", "dob"), (1, '=PROPER("ann")', "x"), (2, '=PROPER("bo")', "=1")
    )
    file = persons.read(engine, path, tmp_path / "scratch", delimiter=None, encoding=None)
    assert [note for note in file.notes() if "formulas" in note] == [
        "a.xlsx: cells hold formulas of which no result was saved, and count as empty, in column B (2), C (1): "
        "open the workbook in a spreadsheet program and save it"
    ]
    saved = tmp_path / "saved.xlsx"  # as a spreadsheet program saves results, one of them an empty text
    with zipfile.ZipFile(path) as read, zipfile.ZipFile(saved, "w") as written:
        for name in read.namelist():
            held = read.read(name)
            if name == "xl/worksheets/sheet1.xml":
                held = re.sub(rb'<c r="([BC]\d)"><f>', rb'<c r="\1" t="str"><f>', held)
            written.writestr(name, held)
    file = persons.read(engine, saved, tmp_path / "scratch", delimiter=None, encoding=None)
    assert not [note for note in file.notes() if "formulas" in note]


def test_formulas_are_told_whatever_size_the_sheet_gives(engine: Engine, tmp_path: Path) -> None:
    path = _saved(tmp_path / "a.xlsx", ("id", "forename", "dob"), (1, '=PROPER("ann")', "x"), (2, '=PROPER("bo")', "y"))
    with zipfile.ZipFile(path) as read, zipfile.ZipFile(tmp_path / "small.xlsx", "w") as written:
        for name in read.namelist():
            held = re.sub(rb'<dimension ref="[^"]*"', b'<dimension ref="A1:A1"', read.read(name))
            written.writestr(name, held)
    file = persons.read(engine, tmp_path / "small.xlsx", tmp_path / "scratch", delimiter=None, encoding=None)
    assert [note.partition(", in column ")[2][:5] for note in file.notes() if "formulas" in note] == ["B (2)"]
