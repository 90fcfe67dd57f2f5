"""Cells of two fields that the other file has apart: both parents, and when and where somebody was born."""

from pathlib import Path

import pytest

from linkage.adhoc.columns.made_of import both_parents, place_beside_date
from linkage.adhoc.names.parents import without_own_surname
from linkage.adhoc.two_files import Asked, two_files
from linkage.engine import Engine, rows
from tests.adhoc.conftest import write_csv

PEOPLE = [
    (f"P{n:02}", first, last, father, mother, f"{n % 28 + 1:02}.0{n % 9 + 1}.19{n % 60 + 10}", place)
    for n, (first, last, father, mother, place) in enumerate(
        (f, s, ("Jan", "Piotr", "Adam")[i % 3], ("Ewa", "Anna")[k % 2], ("Lublin", "Krosno", "Gdynia", "Stary Targ")[(i + k) % 4])
        for i, f in enumerate(("Olga", "Marek", "Zofia", "Karol", "Irena", "Witold"))
        for k, s in enumerate(("Lis", "Sowa", "Kruk", "Zając", "Bury", "Wilk"))
    )
]  # fmt: skip


def _files(folder: Path, **left: str) -> tuple[Path, Path]:
    """A roll with two fields in a cell, as `left` says, and one with columns."""
    rolls = [
        {"nr": ref, "imie": f, "nazwisko": s, **{name: form.format(father=fa, mother=m, born=d, place=p) for name, form in left.items()}}
        for ref, f, s, fa, m, d, p in PEOPLE
    ]  # fmt: skip
    columns = [
        {"id": ref, "imie": f, "nazwisko": s, "imie_ojca": fa, "imie_matki": m, "data_ur": d, "miejsce_urodzenia": p}
        for ref, f, s, fa, m, d, p in PEOPLE
    ]
    return write_csv(folder / "roll.csv", rolls), write_csv(folder / "columns.csv", columns)


def test_each_parent_is_compared_with_the_other_files_column(duckdb_engine: Engine, tmp_path: Path) -> None:
    files = _files(tmp_path, **{"Imiona rodziców": "{father} i {mother}", "data urodzenia": "{born}"})
    read = two_files(duckdb_engine, Asked(*files), tmp_path / "scratch")
    left, right = (
        sorted((row["father_name"], row["mother_name"]) for row in rows(duckdb_engine, side)) for side in read.sides
    )
    assert left == right == sorted((fa.upper(), m.upper()) for *_, fa, m, _, _ in PEOPLE)


def test_a_place_beside_a_birth_date_is_compared_as_one(duckdb_engine: Engine, tmp_path: Path) -> None:
    files = _files(tmp_path, **{"Data i miejsce urodzenia": "{born} w {place}"})
    read = two_files(duckdb_engine, Asked(*files), tmp_path / "scratch")
    left, right = (sorted((row["dob"], row["birth_place"]) for row in rows(duckdb_engine, side)) for side in read.sides)
    assert left == right
    assert {place for _, place in left} == {"LUBLIN", "KROSNO", "GDYNIA", "STARY TARG"}


def test_a_column_that_an_analyst_names_is_left_whole(duckdb_engine: Engine, tmp_path: Path) -> None:
    files = _files(tmp_path, **{"Imiona rodziców": "{father} i {mother}", "data urodzenia": "{born}"})
    read = two_files(duckdb_engine, Asked(*files, maps=["left.other=Imiona rodziców"]), tmp_path / "scratch")
    assert not {"father_name", "mother_name"} & set(read.kinds)


@pytest.mark.parametrize(
    ("value", "parents"),
    [
        ("Piotr i Marianna", ("Piotr", "Marianna")),
        ("João Silva e Ana Melo", ("João Silva", "Ana Melo")),
        ("hija de Juan Ruiz y de Ana Gil", ("Juan Ruiz", "Ana Gil")),
        ("John / Mary", ("John", "Mary")),
        ("Piotr", ()),
        ("A, B, C", ()),
    ],
)
def test_two_parents_are_told_apart(value: str, parents: tuple[str, ...]) -> None:
    assert both_parents(value) == parents


@pytest.mark.parametrize(
    ("value", "place"),
    [("3.5.1890 w Lublinie", "Lublinie"), ("Leeds, 3 May 1860", "Leeds"), ("3.5.1890", None), ("Leeds", None)],
)
def test_a_place_stands_beside_a_date(value: str, place: str | None) -> None:
    assert place_beside_date(value) == place


def test_a_childs_surname_is_left_out_of_its_parents_where_one_file_has_none(
    duckdb_engine: Engine, tmp_path: Path
) -> None:
    held = [(f, s, ("John", "Amos", "Eli", "Seth", "Mary Ann")[n % 5]) for n, (_, f, s, *_) in enumerate(PEOPLE)]
    left = [{"id": n, "forename": f, "surname": s, "father": f"{fa} {s}"} for n, (f, s, fa) in enumerate(held)]
    right = [{"id": n, "forename": f, "surname": s, "fathers forename": fa} for n, (f, s, fa) in enumerate(held)]
    files = write_csv(tmp_path / "left.csv", left), write_csv(tmp_path / "right.csv", right)
    read = two_files(duckdb_engine, Asked(*files), tmp_path / "scratch")
    fathers = [sorted(row["father_name"] for row in rows(duckdb_engine, side)) for side in read.sides]
    assert fathers[0] == fathers[1]
    assert {*fathers[0]} == {"JOHN", "AMOS", "ELI", "SETH", "ANN MARY"}
    assert without_own_surname(duckdb_engine, [], []) == []
