"""Columns of fixed widths are read where their names stand above them."""

from pathlib import Path

import pytest

from linkage.adhoc.fields import persons
from linkage.adhoc.files import fixed_widths
from linkage.adhoc.files.fixed_widths import column_starts
from linkage.engine import Engine, rows

TEXT = """\
id  forename  surname   dob
 1  Ann       Ray       1984-05-03
22  Mary Ann  de Souza
 3  Zoë       Lee       1990-12-31
"""


@pytest.mark.parametrize("encoding", ["utf-8", "latin-1", "utf-8-sig"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "   \n\n"])
def test_columns_of_fixed_widths_are_read(encoding: str, end: str, engine: Engine, tmp_path: Path) -> None:
    path = tmp_path / "people.txt"
    path.write_bytes(TEXT.replace("\n", end).encode(encoding))
    file = persons.read(engine, path, tmp_path / "scratch", delimiter=None, encoding=None)
    assert (file.path, file.header, file.rows) == (path, ("id", "forename", "surname", "dob"), 3)
    query = "select id, forename, surname, cast(dob as varchar) as dob from {t} order by cast(id as integer)"
    found = rows(engine, engine.sql(query, t=file.table))
    assert [tuple(row.values()) for row in found] == [
        ("1", "Ann", "Ray", "1984-05-03"), ("3", "Zoë", "Lee", "1990-12-31"), ("22", "Mary Ann", "de Souza", None),
    ]  # fmt: skip


def test_what_is_printed_to_the_right_may_be_longest_in_the_last_line(
    engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """pandas and R print so; a number of five digits, or a long name, may come after all that was looked at."""
    monkeypatch.setattr(fixed_widths, "_LOOKED_AT", 2_000)
    people = [(str(n), "Ann", "Ray", "1984-05-03") for n in range(9000, 10_001)]
    people[-1] = ("10000", "Ann", "Fitzgerald-Montgomery", "1984-05-03")
    lines = ["{:>6}  {:>8}  {:>21}  {:>10}".format(*cells) for cells in (("id", "forename", "surname", "dob"), *people)]
    path = tmp_path / "people.txt"
    path.write_text("\n".join([*lines, ""]), encoding="utf-8")
    file = persons.read(engine, path, tmp_path / "scratch", delimiter=None, encoding=None)
    found = rows(engine, engine.sql("select id, surname from {t} where surname <> 'Ray'", t=file.table))
    assert [tuple(row.values()) for row in found] == [("10000", "Fitzgerald-Montgomery")]


def test_a_line_far_down_that_is_no_row_is_set_aside(
    engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fixed_widths, "_LOOKED_AT", 2_000)
    path = tmp_path / "people.txt"
    lines = ["  id  forename  surname", *(f"{n:>4}  Ann       Ray" for n in range(1, 201)), "", "(200 rows affected)"]
    path.write_text("\n".join([*lines, ""]), encoding="utf-8")
    file = persons.read(engine, path, tmp_path / "scratch", delimiter=None, encoding=None)
    assert (engine.count(file.table), list(file.set_aside().values())) == (200, [1])


@pytest.mark.parametrize(
    "text",
    [
        TEXT.replace("  ", ","),
        "full name\nAnn Ray\nMary Lee\nZoe Orr\n",
        "xa  xb  xc\n1   2   3\n4   5   6\n",
        "1   Ann  Ray\n2   Bo   Lee\n3   Cy   Orr\n",
    ],
    ids=["commas", "one column", "no name that is known", "no names"],
)
def test_other_texts_are_left_as_they_are(text: str, tmp_path: Path) -> None:
    path = tmp_path / "people.txt"
    path.write_text(text, encoding="utf-8")
    assert column_starts(path, "utf-8") is None
