"""Names of fathers that are parts of the name in one file's names in full, and have columns of their own in the other."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from linkage.adhoc.fields import persons
from linkage.adhoc.headers.recognise import recognise
from linkage.adhoc.names.chains import with_chains
from linkage.adhoc.options import say_recognised
from linkage.engine import Engine

Shaped = Callable[..., tuple[list[str], list[tuple[Any, ...]], list[tuple[Any, ...]]]]

ARABIC = """id|First Name|Father Name|Grandfather Name|Family Name
    1|Fatima|Ali|Hassan|Al-Harbi
    2|Omar|Khalid|Ali|Al-Masri
    3|Huda|Hassan|Omar|Al-Ali"""


def test_a_name_without_the_grandfathers_is_parted_as_one_with_it(shaped: Shaped) -> None:
    fields, left, right = shaped(
        """id|Name|Father's Name|Grandfather's Name|dob
        1|Selam|Mekonnen|Assefa|1990-02-01
        2|Girma|Haile Mariam|Mekonnen|1990-02-03
        3|Hanna|Assefa||1990-02-05
        4|Sara|Girma|Worku|1990-02-06
        5|Dawit|Worku||1990-02-07""",
        """id|full_name|dob
        1|Selam Mekonnen|1990-02-01
        2|GIRMA HAILE MARIAM|1990-02-03
        3|Hanna Assefa Girma|1990-02-05""",
    )
    assert fields == ["forename", "surname", "dob", "middle_names"]
    assert [row[:2] for row in left][:3] == [("SELAM", "MEKONNEN"), ("GIRMA", "HAILEMARIAM"), ("HANNA", "ASSEFA")]
    assert [row[:2] for row in right] == [row[:2] for row in left][:3]
    assert [row[3] for row in left][:3] == ["ASSEFA", "MEKONNEN", None]
    assert [row[3] for row in right] == [None, None, "GIRMA"]


def test_a_name_of_two_words_that_ends_with_the_last_of_a_chain_is_parted_there(shaped: Shaped) -> None:
    _, left, right = shaped(
        """id|Name|Father's Name|Grandfather's Name|dob
        1|Khaled|Hassan|Al-Khatib|1990-02-01
        2|Layla|Omar|Haddad|1990-02-03
        3|Salma|Hassan|Haddad|1990-02-03""",
        """id|full_name|dob
        1|Khaled Haddad|1990-02-01
        2|LAYLA HADDAD|1990-02-03
        3|Salma Hassan Haddad|1990-02-03""",
    )
    assert [row[:2] for row in left][1:] == [row[:2] for row in right][1:] == [("LAYLA", "HADDAD"), ("SALMA", "HADDAD")]


def test_names_of_fathers_stand_between_ones_own_and_the_familys(shaped: Shaped) -> None:
    fields, left, right = shaped(
        ARABIC, "id|full_name\n1|FATIMA ALI HASSAN AL-HARBI\n2|OMAR KHALID AL-MASRI\n3|Huda Al-Ali"
    )
    assert fields == ["forename", "surname", "middle_names"]
    assert [row[2] for row in left] == ["ALI HASSAN", "KHALID ALI", "HASSAN OMAR"]
    assert [row[2] for row in right] == ["ALI HASSAN", "KHALID", None]


def test_middle_names_of_ones_own_are_no_fathers(shaped: Shaped) -> None:
    fields, _, _ = shaped(
        """id|forename|surname|father_name|dob
        1|Mary|Smith|John|1990-02-01
        2|Ann|Jones|William|1990-02-03""",
        "id|full_name|dob\n1|Mary Jane Smith|1990-02-01\n2|Ann Ruth Jones|1990-02-03",
    )
    assert fields == ["forename", "surname", "dob"]


def test_what_is_made_of_names_of_fathers_is_said(
    engine: Engine, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = []
    for side, text in (("left", ARABIC), ("right", "id|full_name\n1|Fatima Ali Al-Harbi\n2|Omar Khalid Ali Al-Masri")):
        lines = "\n".join(line.strip() for line in text.splitlines())
        (tmp_path / f"{side}.csv").write_text(lines, encoding="utf-8")
        files.append(persons.read(engine, tmp_path / f"{side}.csv", tmp_path / side, delimiter="|", encoding="utf-8"))
    say_recognised(with_chains(engine, files, recognise(files[0].header, files[1].header)), files)
    shown = " ".join(capsys.readouterr().err.split())
    assert "left.csv: Father Name and Grandfather Name stand between forename and surname" in shown
    assert "not compared" not in shown
