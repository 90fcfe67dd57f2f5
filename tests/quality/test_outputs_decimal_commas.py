"""Tables as spreadsheets of the continent save them: semicolons between columns, commas in numbers."""

from pathlib import Path

import pytest

from linkage.engine import Engine
from linkage.errors import InputError
from quality.disclosure.outputs import read_tables
from quality.disclosure.outputs.microdata import Asked, check_microdata


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("Area;Pay, mean;People\nA;54 321,50;120\nB;51 000,00;4\n", "its columns are parted by semicolons\n  save it"),
        ("Area\tPeople\nA, north\t120\nB, south\t4\n", "its columns are parted by tabs\n  save it"),
        ('Area,Share\nA,"4,5"\nB,"12,5 %"\n', "B2: a number with a decimal comma\n  save it with points"),
        ('Area,Pay\nA,"54 321,50"\nB,12\n', "B2: a number with a decimal comma\n  save it with points"),
    ],
)
def test_they_are_refused_and_not_taken_for_labels(tmp_path: Path, text: str, says: str) -> None:
    """A table of semicolons was two columns, cut at its decimal commas, and passed with a count of four in it."""
    (tmp_path / "t.csv").write_text(text)
    with pytest.raises(InputError, match=says):
        read_tables(tmp_path / "t.csv")


@pytest.mark.parametrize(
    "text", ['Area,People\n"North; upper",40\n"South; lower",50\n', 'Area,People\nA;b,"1,240"\nC;d,"13,350"\n']
)
def test_semicolons_in_labels_and_commas_between_thousands_are_read(tmp_path: Path, text: str) -> None:
    (tmp_path / "t.csv").write_text(text)
    (sheet,) = read_tables(tmp_path / "t.csv")
    assert sheet.header == ["Area", "People"]
    assert all(row[1].number for row in sheet.rows)


def test_rows_about_people_too(engine: Engine, tmp_path: Path) -> None:
    """One column of all would hold no full date and no number of a person."""
    (tmp_path / "t.csv").write_text("number;born\n44051401359;1944-05-14\n02070803628;2002-07-08\n")
    with pytest.raises(InputError, match="parted by semicolons"):
        check_microdata(engine, tmp_path / "t.csv", Asked())
