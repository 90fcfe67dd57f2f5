"""Surnames at birth or before a marriage: the other file may have a woman under either."""

from pathlib import Path

import pytest

from linkage.adhoc.headers.recognise import OTHER_SURNAME, recognise
from linkage.adhoc.modelling import untrained
from linkage.adhoc.options import say_recognised
from linkage.adhoc.two_files import Asked, TwoFiles, two_files
from linkage.engine import Engine, rows
from linkage.match.candidates import score_given
from linkage.model import from_dict
from linkage.model.comparisons import BESIDE

NOW = """id,first_name,surname,maiden_name,dob
1,Anna,Weber,Müller,1990-02-01
2,Berta,,Koch,1980-03-04
3,Carla,Vogel,,1971-05-06
4,Dora,Kern,Brandt,1962-07-08
"""
BEFORE = """ref,forename,last_name,date_of_birth
1,Anna,MUELLER,01/02/1990
2,Berta,KOCH,04/03/1980
3,Carla,HAHN,06/05/1971
4,Dora,KERN,08/07/1962
"""
BOTH = """ref,forename,last_name,geburtsname,date_of_birth
1,Anna,SIMON,MUELLER,01/02/1990
2,Berta,LUDWIG,KOCH,04/03/1980
3,Carla,HAHN,VOGEL,06/05/1971
4,Dora,BERGER,GROSS,08/07/1962
"""


def _read(engine: Engine, folder: Path, left: str, right: str) -> TwoFiles:
    for name, text in (("left.csv", left), ("right.csv", right)):
        (folder / name).write_text(text, encoding="utf-8")
    return two_files(engine, Asked(folder / "left.csv", folder / "right.csv"), folder / "scratch", say_recognised)


def _levels(engine: Engine, read: TwoFiles) -> list[str]:
    """How the surnames of one person are found to agree, of each person."""
    raw = untrained(read.kinds).raw
    for comparison in raw["comparisons"]:
        for level in comparison["comparison_levels"]:
            level |= {"m_probability": 0.1, "u_probability": 0.1}
            level.pop("tf_adjustment_column", None)
    model = from_dict(raw)
    assert [comparison["output_column_name"] for comparison in raw["comparisons"]] == ["forename", "surname", "dob"]
    labels = {level.value: level.label for level in model.comparisons[1].levels}
    pairs = engine.sql("select range as left_id, range as right_id from range(1, 5)")
    scored = rows(engine, score_given(engine, model, *read.sides, {}, pairs))
    return [labels[row["gamma_surname"]] for row in sorted(scored, key=lambda row: row["left_id"])]


SAME_BEFORE = f"surname: the same by {OTHER_SURNAME}"


def test_a_surname_at_birth_may_be_the_other_file_s_surname(
    engine: Engine, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    read = _read(engine, tmp_path, NOW, BEFORE)
    assert read.kinds[OTHER_SURNAME] == BESIDE
    assert _levels(engine, read) == [SAME_BEFORE, "surname: equal", "surname: differs", "surname: equal"]
    shown = " ".join(capsys.readouterr().err.split())
    assert "other_surname maiden_name beside surnames of the other" in shown
    assert "not compared: other_surname" not in shown


def test_surnames_at_birth_of_both_files_may_be_the_same(engine: Engine, tmp_path: Path) -> None:
    read = _read(engine, tmp_path, NOW, BOTH)
    assert _levels(engine, read) == [SAME_BEFORE, SAME_BEFORE, SAME_BEFORE, "surname: differs"]


def test_a_surname_at_birth_is_the_surname_where_a_file_has_no_other() -> None:
    columns = recognise(
        ["id", "prénom", "nom de naissance", "né le"], ["id", "forename", "surname", "maiden name", "dob"]
    )
    assert columns.left["surname"] == "nom de naissance"
    assert (columns.right["surname"], columns.right[OTHER_SURNAME]) == ("surname", "maiden name")
    assert OTHER_SURNAME not in columns.left


def test_of_a_name_in_use_and_one_at_birth_the_first_is_the_surname() -> None:
    header = ["id", "nom de naissance", "nom d'usage", "prénom", "N° sécu", "civilité"]
    columns = recognise(header, header)
    assert columns.left["surname"] == "nom d'usage"
    assert columns.left[OTHER_SURNAME] == "nom de naissance"
    assert columns.left["national_number"] == "N° sécu"
    assert columns.left["sex"] == "civilité"
