"""Texts that hold all that a file knows of somebody, beside a file of several columns."""

from pathlib import Path

import pytest

from linkage.adhoc.link import Request, link_files
from linkage.adhoc.two_files import Asked, two_files
from linkage.engine import Engine, rows
from linkage.errors import ConfigError
from quality.explain import Explainer
from tests.adhoc.conftest import write_csv

GIVEN = ("Ann", "Bo", "Cleo", "Dan", "Eve", "Mark", "Rose", "Will")
FAMILY = ("Hill", "Lund", "Mark", "Ruiz", "Voss", "Wood", "May", "Orr")
PEOPLE = [(first, last, day) for day, (first, last) in enumerate((f, s) for f in GIVEN for s in FAMILY)]
PEOPLE = [(first, last, day % 28 + 1) for first, last, day in PEOPLE if first != last]


def _columns(folder: Path) -> Path:
    """The people, each with everything in a column of its own."""
    held = [
        {"ref": f"R{n:03}", "forename": f, "surname": s, "dob": f"1960-05-{day:02}", "town": ("Leeds", "York")[n % 2]}
        for n, (f, s, day) in enumerate(PEOPLE)
    ]
    return write_csv(folder / "columns.csv", [{**row, "phone": f"0113 49{n:05}"} for n, row in enumerate(held)])


def _texts(folder: Path, form: str) -> Path:
    return write_csv(
        folder / "texts.csv",
        [
            {"case": n, "description": form.format(first=f, last=s, day=day, town=("Leeds", "York")[n % 2], n=n)}
            for n, (f, s, day) in enumerate(PEOPLE)
        ],
    )


FORMS = (
    "Ms {first} {last}, born {day} May 1960, of {town}, tel. 0113-49{n:05}. Seen at Hill Clinic on 3 June 2020.",
    "State v. {last}, {first} (b. {day}.05.1960); {town}; phone 011349{n:05}",
    "MR {first} {last} * {day}.5.1960 * {town} * +44 113 49{n:05} *",
    "Referred: {first} {last} dob {day}/05/1960 lives in {town}, call 0113 49{n:05} after noon",
)


@pytest.mark.parametrize("form", FORMS, ids=["a sentence", "surname first", "stars", "a note"])
def test_what_stands_in_a_text_is_compared(duckdb_engine: Engine, tmp_path: Path, form: str) -> None:
    asked = Asked(_texts(tmp_path, form), _columns(tmp_path))
    left, right = two_files(duckdb_engine, asked, tmp_path / "scratch").sides
    names = ("forename", "surname", "dob", "town", "phone")
    held, expected = (
        sorted(tuple(row[name] for name in names) for row in rows(duckdb_engine, side)) for side in (left, right)
    )
    assert held == expected
    assert len(held) == len(PEOPLE)


def test_an_analyst_who_names_a_column_is_asked_for_more(duckdb_engine: Engine, tmp_path: Path) -> None:
    asked = Asked(_texts(tmp_path, FORMS[0]), _columns(tmp_path), maps=("left.other=description",))
    with pytest.raises(ConfigError, match="fewer than two fields"):
        two_files(duckdb_engine, asked, tmp_path / "scratch")


@pytest.mark.parametrize("text", ["a new lamp for room {} of the west wing", "{} Eve Road, near the Rose Garden"])
def test_words_that_name_nobody_of_the_other_file_are_left_as_they_are(
    duckdb_engine: Engine, tmp_path: Path, text: str
) -> None:
    held = [{"case": n, "description": text.format(n)} for n in range(60)]
    asked = Asked(write_csv(tmp_path / "texts.csv", held), _columns(tmp_path))
    with pytest.raises(ConfigError, match="fewer than two fields"):
        two_files(duckdb_engine, asked, tmp_path / "scratch")


def test_who_was_linked_by_a_text_is_explained_by_it(tmp_path: Path) -> None:
    texts, columns, out = _texts(tmp_path, FORMS[0]), _columns(tmp_path), tmp_path / "out"
    link_files(Request(texts, columns, out, threads=1))
    with Explainer(out) as explainer:
        assert explainer.pair("7", "R007").found["outcome"]["decision"] == "accepted"
