"""Rows of two persons each: both are compared, the elder first, whoever is named first."""

import csv
import random
from collections.abc import Sequence
from pathlib import Path

import pytest

from linkage.adhoc.headers.numbered_headers import of_two
from linkage.adhoc.link import Request, link_files
from linkage.adhoc.read_again import read_again, told
from linkage.adhoc.two_files import Asked, two_files
from linkage.engine import connect

FIELDS = ("forename", "surname", "dob")
HEADER = ["id", *(f"spouse{n}_{field}" for n in (1, 2) for field in FIELDS)]
OTHER = ["id", *(f"{field}_{n}" for n in (1, 2) for field in FIELDS)]


def _write(path: Path, header: Sequence[str], rows: Sequence[Sequence[str]]) -> Path:
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([header, *rows])
    return path


def _couples(folder: Path, many: int = 300) -> tuple[Path, Path, Path]:
    """Marriages, and accounts of the same couples of whom every other one stands the other way round."""
    rng = random.Random(3)

    def person(surname: str) -> tuple[str, str, str]:
        born = f"{rng.randrange(1950, 1999)}-{rng.randrange(1, 13):02}-{rng.randrange(1, 29):02}"
        return "".join(rng.sample("aeilmnrst", 5)).title(), surname, born

    couples = [
        (person(f"{a}{b}"), person(f"{a}{b}"))
        for a, b in (
            (rng.choice(["Ash", "Bur", "Cole", "Dun"]), rng.choice(["ton", "ley", "man", "ford"])) for _ in range(many)
        )
    ]
    left = [[f"A{n}", *one, *other] for n, (one, other) in enumerate(couples)]
    right = [[f"B{n}", *(one + other if n % 2 else other + one)] for n, (one, other) in enumerate(couples)]
    return (
        _write(folder / "l.csv", HEADER, left),
        _write(folder / "r.csv", OTHER, right),
        _write(folder / "truth.csv", ["left_id", "right_id"], [[f"A{n}", f"B{n}"] for n in range(many)]),
    )


def test_couples_are_linked_whoever_is_named_first(tmp_path: Path) -> None:
    """The first of each row alone were compared: half of the couples were missed, and recall was said to be 0.995."""
    left, right, truth = _couples(tmp_path)
    done = link_files(Request(left, right, tmp_path / "out", truth=truth))
    assert done.truth is not None
    assert (done.truth["precision"], done.truth["recall"]) == (1.0, 1.0)


def test_the_elder_stands_first_in_both(tmp_path: Path) -> None:
    left, right, _ = _couples(tmp_path, 40)
    with connect("duckdb") as engine:
        read = two_files(engine, Asked(left, right), tmp_path / "scratch", None)
        assert read.columns.right["dob_of_second"] == "dob_2"
        assert any("two persons (dob_2), who are compared the elder first" in note for note in read.files[1].notes())
        for side in read.sides:
            query = "select dob, dob_of_second as second from {t}"
            assert all(row["dob"] <= row["second"] for row in engine.arrow(engine.sql(query, t=side)).to_pylist())


def test_files_are_read_again_as_they_were_compared(tmp_path: Path) -> None:
    """Whoever asked why a pair was linked, or reviewed it, was shown husbands beside wives."""
    left, right, _ = _couples(tmp_path, 40)
    with connect("duckdb") as engine:
        read = two_files(engine, Asked(left, right), tmp_path / "scratch", None)
        said = told(
            dict(zip(("left", "right"), read.files, strict=True)), read.columns, delimiter=None, postcodes=False
        )
        again = read_again(engine, said, [], tmp_path / "again")
        for side, units in zip(("left", "right"), read.sides, strict=True):
            assert engine.arrow(again[side][0]).sort_by("unit_id") == engine.arrow(units).sort_by("unit_id")


def test_whom_the_analyst_names_is_the_one_who_is_compared(tmp_path: Path) -> None:
    left, right, _ = _couples(tmp_path, 40)
    with connect("duckdb") as engine:
        asked = Asked(left, right, ["left.dob=spouse2_dob"])
        read = two_files(engine, asked, tmp_path / "scratch", None)
        assert read.columns.left["dob"] == "spouse2_dob"
        assert "dob_of_second" not in read.columns.fields


@pytest.mark.parametrize(
    ("header", "both"),
    [
        (HEADER, {"dob": ("spouse1_dob", "spouse2_dob")}),
        (OTHER, {"dob": ("dob_1", "dob_2")}),
        (["forename", "dob", "forename_2", "dob_2"], {"dob": ("dob", "dob_2")}),
        ([*HEADER, "spouse3_dob"], {}),
        (["forename_1", "forename_2", "surname", "dob"], {}),
        (["forename_w1", "forename_w2", "dob_w1", "dob_w2"], {}),
    ],
)
def test_who_stands_in_a_row_is_told_by_numbers(header: list[str], both: dict[str, tuple[str, str]]) -> None:
    found = of_two(header)
    assert {field: columns for field, columns in found.items() if field == "dob"} == both
