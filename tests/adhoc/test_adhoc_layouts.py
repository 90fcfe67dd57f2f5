"""Texts whose table does not begin plainly are read as those that do."""

from pathlib import Path

import pytest

from linkage.adhoc.fields import persons
from linkage.adhoc.files.layouts import laid_out
from linkage.adhoc.headers.recognise import recognise
from linkage.engine import Engine, rows
from linkage.errors import InputError

PLAIN = "id,forename,surname\n1,Ann,Ray\n2,Bo,Lee\n3,Cy,Orr\n"


@pytest.mark.parametrize(
    "text",
    [
        PLAIN,
        "sep=;\n" + PLAIN.replace(",", ";"),
        PLAIN.replace(",", "^"),
        "Extract of 3 May\n\n" + PLAIN,
        "Extract of 3 May,,\nall patients,,\n" + PLAIN,
        "\ufeffExtract\n" + PLAIN.replace(",", "\t"),
        PLAIN + ",,\n,,\n",
        PLAIN.replace("Ray\n", "Ray,\n").replace("Lee\n", "Lee,\n").replace("Orr\n", "Orr,\n"),
    ],
)
def test_what_stands_around_a_table_is_not_read(engine: Engine, tmp_path: Path, text: str) -> None:
    path = tmp_path / "file.csv"
    path.write_text(text, encoding="utf-8")
    file = persons.read(engine, path, tmp_path / "scratch", delimiter=None, encoding=None)
    found = rows(engine, engine.sql("select id, forename, surname from {t} order by id", t=file.table))
    assert [tuple(row.values()) for row in found] == [("1", "Ann", "Ray"), ("2", "Bo", "Lee"), ("3", "Cy", "Orr")]
    assert (file.rows, file.path, file.quarantined) == (3, path, [])


def test_row_names_that_the_header_has_no_name_for_are_a_column(engine: Engine, tmp_path: Path) -> None:
    path = tmp_path / "file.txt"
    path.write_text('"forename" "surname"\n"7" "Ann" "de Ray"\n"9" "Bo" "Lee"\n', encoding="utf-8")
    file = persons.read(engine, path, tmp_path / "scratch", delimiter=None, encoding=None)
    assert file.header == ("column 1", "forename", "surname")
    found = rows(engine, engine.sql('select "column 1" as id, surname from {t} order by 1', t=file.table))
    assert [tuple(row.values()) for row in found] == [("7", "de Ray"), ("9", "Lee")]


def test_rows_that_cannot_be_read_are_named_by_their_line_in_the_file(engine: Engine, tmp_path: Path) -> None:
    path = tmp_path / "file.csv"
    path.write_text("Extract\n" + PLAIN + "4,Di,Poe\n5,Ed,Fox\n6,Flo\n", encoding="utf-8")
    file = persons.read(engine, path, tmp_path / "scratch", delimiter=None, encoding=None)
    assert [line for line, _ in file.quarantined] == [8]
    assert file.notes()[0] == "file.csv: 1 row above the names of the columns left out"


def test_below_a_title_names_that_are_not_known_are_the_header_by_what_stands_below(tmp_path: Path) -> None:
    path = tmp_path / "file.csv"
    table = "plate,model,mileage\nAB12,Polo,900 km\nCD34,Golf,12 km\nEF56,Up,7 km\n"
    for text, above in ((table, None), ("Vehicles of 3 May\n\n" + table, 2), ("Vehicles\n" + table[20:], None)):
        path.write_text(text, encoding="utf-8")
        found = laid_out(path, "utf-8")
        assert (found and found.above) == above


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("title", ["", "Extract\n"])
def test_names_of_columns_may_stand_in_several_lines(engine: Engine, tmp_path: Path, title: str, end: str) -> None:
    path = tmp_path / "file.csv"
    text = title + 'id,"First\nName","Sur-\n\nname"\n1,Ann,"Ray\nOrr"\n2,Bo,Lee\n3,Cy,Orr\n4,Di\n'
    path.write_bytes(text.replace("\n", end).encode())
    file = persons.read(engine, path, tmp_path / "scratch", delimiter=None, encoding=None)
    assert (file.header, file.rows) == (("id", "First Name", "Sur- name"), 4)
    assert [line for line, _ in file.quarantined] == [9 + bool(title)]
    assert recognise(file.header, file.header).fields == ["forename", "surname"]


def test_a_table_without_names_that_are_known_is_left_as_it_is(engine: Engine, tmp_path: Path) -> None:
    path = tmp_path / "file.csv"
    path.write_text("Ann\n1,Bo,Lee\n2,Cy,Orr\n3,Di,Poe\n", encoding="utf-8")
    assert laid_out(path, "utf-8") is None
    with pytest.raises(InputError) as fault:
        persons.read(engine, path, tmp_path / "scratch", delimiter=None, encoding=None)
    assert "Ann" not in str(fault.value)


def test_a_person_who_is_called_as_columns_are_is_no_header(engine: Engine, tmp_path: Path) -> None:
    path = tmp_path / "file.csv"
    path.write_text("fld_01,fld_02\nAda,Land\nBo,State\nFirst,Town\n", encoding="utf-8")
    assert laid_out(path, "utf-8") is None
    assert persons.read(engine, path, tmp_path / "scratch", delimiter=None, encoding=None).rows == 3
