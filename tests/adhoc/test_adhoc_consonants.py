"""Names of a script without vowels are compared with Latin ones by their consonants."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from linkage.adhoc.fields import persons
from linkage.adhoc.files.forms import one_alone_has
from linkage.adhoc.headers.recognise import recognise
from linkage.adhoc.names.consonants import WITHOUT_VOWELS, consonants
from linkage.adhoc.read_again import read_again, told
from linkage.engine import Engine
from linkage.records.names import forenames, surname

Shaped = Callable[..., tuple[list[str], list[tuple[Any, ...]], list[tuple[Any, ...]]]]


@pytest.mark.parametrize(
    ("written", "latin"),
    [
        ("محمد", "Mohammed Muhammad Mohamed"),
        ("مصطفى", "Mustafa Moustapha Mostafa"),
        ("شيماء", "Shaimaa Chaima"),
        ("سهام", "Siham Seham"),
        ("جمال", "Jamal Gamal Djamel"),
        ("القاسم", "Al-Qasim El-Kassem"),
        ("عبدالقادر", "Abdelkader Abdulqadir"),
        ("חיים", "Haim Hayim"),
    ],
)
def test_all_spellings_of_a_name_have_its_consonants(written: str, latin: str) -> None:
    assert {consonants(name) for name in latin.split()} == {consonants(written)}


@pytest.mark.parametrize("name", ["Omar", "Layla", "Ali", "Doaa", "Adri", "Marsa", "Abu Bakr"])
def test_what_is_left_of_a_name_is_still_one(name: str) -> None:
    """MR is a title, L and D are particles, and LL is one sign over and over."""
    found = consonants(name)
    assert found is not None
    assert surname(found) == found
    assert " ".join(filter(None, forenames(found))) == found


@pytest.mark.parametrize(
    ("left", "right", "asked"),
    [
        ({"خالد": 2}, {"Khaled": 2}, True),
        ({"Khaled": 2}, {"דוד": 2}, True),
        ({"خالد": 2}, {"Khaled": 1, "خالد": 1}, False),
        ({"Иван": 2}, {"Ivan": 2}, False),
        ({}, {"Ivan": 2}, False),
    ],
)
def test_only_where_one_file_alone_has_no_vowels(
    engine: Engine, tmp_path: Path, left: dict[str, int], right: dict[str, int], asked: bool
) -> None:
    held = []
    for side, names in {"left": left, "right": right}.items():
        path = tmp_path / f"{side}.csv"
        rows = [f"{name},1980-01-0{n}" for name, times in names.items() for n in range(1, times + 1)]
        path.write_text("\n".join(["name,born", *rows, ",1981-01-01"]), encoding="utf-8")
        held.append((persons.read(engine, path, tmp_path / f"read-{side}", delimiter=None, encoding=None), "name"))
    assert one_alone_has(engine, held, WITHOUT_VOWELS) is asked
    assert not one_alone_has(engine, held[:1], WITHOUT_VOWELS)


def test_two_files_of_two_scripts_have_the_same_names(shaped: Shaped) -> None:
    fields, left, right = shaped(
        """id|الاسم الأول|اسم الأب|اسم العائلة
        1|خالد|حسن|الخطيب
        2|ليلى|عمر|حداد""",
        """id|First Name|Father Name|Family Name
        1|Khaled|Hassan|Al-Khatib
        2|Layla|Omar|Haddad""",
    )
    assert fields == ["forename", "surname", "father_name"]
    assert left == right == [("KLDY", "LKTBY", "HSNY"), ("LLY", "HDDY", "MRY")]


def test_a_name_in_full_is_parted_by_its_consonants(shaped: Shaped) -> None:
    _, left, right = shaped(
        "id|الاسم الكامل|sex\n1|خالد الخطيب|M\n2|ليلى حداد|F",
        "id|first name|last name|sex\n1|Khaled|Al-Khatib|M\n2|Layla|Haddad|F",
    )
    assert left == right == [("KLDY", "LKTBY", "M"), ("LLY", "HDDY", "F")]


def test_people_are_shown_names_as_they_are_written(engine: Engine, tmp_path: Path, rows: Any) -> None:
    files = {}
    for side, text in (
        ("left", "id|الاسم الأول|اللقب\n1|خالد|الخطيب\n"),
        ("right", "id|fname|lname\n1|Khaled|Al-Khatib\n"),
    ):
        (tmp_path / f"{side}.csv").write_text(text, encoding="utf-8")
        files[side] = persons.read(engine, tmp_path / f"{side}.csv", tmp_path / side, delimiter="|", encoding="utf-8")
    columns = recognise(files["left"].header, files["right"].header)
    said = told(files, columns, delimiter="|", postcodes=False)
    made = read_again(engine, said, [], tmp_path / "again")
    asked = "select forename, surname, name_as_written from {t}"
    found = [rows(engine.sql(asked, t=units)) for units, _ in made.values()]
    assert found == [[("KLDY", "LKTBY", "KHLD LKHTYB")], [("KLDY", "LKTBY", "KHALED AL-KHATIB")]]
