"""Forenames under a header of names in full, beside the surname."""

from pathlib import Path

import pytest

from linkage.adhoc.columns.columns_of import columns_of_one
from linkage.adhoc.fields import persons
from linkage.adhoc.headers.recognise import Columns, recognise
from linkage.engine import Engine

PEOPLE = [("Ann", "Ray"), ("Bo", "Lee"), ("Cy", "Orr"), ("Di", "Poe")] * 10


def _columns(engine: Engine, folder: Path, form: str) -> Columns:
    lines = [f"{n},{form.format(*name)},{name[1]}" for n, name in enumerate(PEOPLE)]
    path = folder / "file.csv"
    path.write_text("\n".join(["id,Patient name,Surname", *lines]), encoding="utf-8")
    return columns_of_one(engine, persons.read(engine, path, folder / "scratch", delimiter=None, encoding=None))


def test_a_patients_name_beside_the_surname_that_it_has_not_is_the_forename(engine: Engine, tmp_path: Path) -> None:
    """The surname was compared as a text of its own, and names in full had none."""
    found = _columns(engine, tmp_path, "{0}")
    assert (found.left["forename"], found.left["surname"]) == ("Patient name", "Surname")
    assert (found.left_parts, found.by_content) == ({}, ("forename=Patient name",))


def test_one_that_has_the_surname_is_a_name_in_full(engine: Engine, tmp_path: Path) -> None:
    found = _columns(engine, tmp_path, "{0} {1}")
    assert found.left_parts == {"full_name": "Patient name"}


def test_a_reading_beside_a_name_in_full_is_a_name_in_full(engine: Engine, tmp_path: Path) -> None:
    lines = [f"{n},阿部　陽子,アベ　ヨウコ" for n in range(40)]
    path = tmp_path / "file.csv"
    path.write_text("\n".join(["id,氏名,フリガナ", *lines]), encoding="utf-8")
    found = columns_of_one(engine, persons.read(engine, path, tmp_path / "scratch", delimiter=None, encoding=None))
    assert (found.left_parts, found.by_content) == ({"full_name": "フリガナ"}, ())


@pytest.mark.parametrize("header", ["Voter's Name", "Student’s name", "Beneficiary's NAME"])
def test_a_name_of_somebody_is_no_s_name(header: str) -> None:
    found = recognise(["id", header, "dob"], ["id", "name", "dob"])
    assert (found.left_parts, found.left["surname"]) == ({"full_name": header}, header)
