"""Codes that no list knows, of which one file writes a part, and columns that are called nearly alike."""

import csv
import random
from collections.abc import Sequence
from pathlib import Path

import pytest

from linkage.adhoc.codes.code_parts import shorter_part
from linkage.adhoc.two_files import Asked, two_files
from linkage.engine import connect, rows

COLOURS = ["black", "white", "silver", "grey", "blue", "red", "green", "yellow"]
PLACES = [f"{10 + n % 17:02d}{n * 37 % 10_000:04d}" for n in range(400)]


def _held(folder: Path, header: str, left: Sequence[str], right: Sequence[str], other: str = "") -> list[list[str]]:
    """The values of a field by the rows of both files, as they are compared; nothing where it is not."""
    rng = random.Random(3)
    for name, column, values in (("left", header, left), ("right", other or header, right)):
        with (folder / f"{name}.csv").open("w", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(["id", "forename", "surname", column])
            for number, value in enumerate(values):
                writer.writerow(
                    [f"{number:04d}", rng.choice(["Ana", "Rui", "Eva"]), rng.choice(["Silva", "Melo"]), value]
                )
    asked = Asked(folder / "left.csv", folder / "right.csv", (), (None, None), None, (None, None))
    with connect("duckdb") as engine:
        read = two_files(engine, asked, folder / "scratch", None)
        field = next((name for name in read.kinds if name not in ("forename", "surname")), None)
        if field is None:
            return [[], []]
        text = f'select unit_id, "{field}" as held from {{t}} order by unit_id'
        return [[str(row["held"]) for row in rows(engine, engine.sql(text, t=side))] for side in read.sides]


def test_a_digit_that_checks_the_others_is_in_one_file_alone(tmp_path: Path) -> None:
    checked = [f"{code}{sum(map(int, code)) % 10}" for code in PLACES]
    left, right = _held(tmp_path, "ibge_code", checked, PLACES)
    assert left == right == PLACES


def test_a_first_zero_that_a_spreadsheet_dropped_is_put_back(tmp_path: Path) -> None:
    codes = [f"0{code}" if n % 3 else f"4{code}" for n, code in enumerate(PLACES)]
    left, right = _held(tmp_path, "ward_no", codes, [str(int(code)) for code in codes])
    assert left == right == codes


def test_the_first_half_of_a_plate_is_what_both_files_have(tmp_path: Path) -> None:
    rng = random.Random(5)
    plates = ["".join(rng.choices("ABCDEFGH", k=2)) + f"{n % 75:02d}" + "XYZ"[n % 3] * 3 for n in range(400)]
    left, right = _held(tmp_path, "plate", plates, [plate[:4] for plate in plates], "part_plate")
    assert left == right == [plate[:4] for plate in plates]


def test_signs_between_are_no_part_of_a_code(tmp_path: Path) -> None:
    """None of 123456 and 12-3456 was equal: they have one length without signs."""
    left, right = _held(tmp_path, "permit", PLACES, [f"{place[:2]}-{place[2:]}" for place in PLACES])
    assert left == right == PLACES


def test_numbers_of_books_of_ten_signs_and_of_thirteen_are_one_but_for_the_last(tmp_path: Path) -> None:
    rng = random.Random(9)
    books = [f"{rng.randrange(10**9):09d}" for _ in range(400)]
    ten = [f"{book}{'0123456789X'[rng.randrange(11)]}" for book in books]
    thirteen = [f"978-{book[:4]}-{book[4:]}-{rng.randrange(10)}" for book in books]
    assert _held(tmp_path, "isbn", ten, thirteen) == [books, books]


@pytest.mark.parametrize("column", ["ibge_code", "plate"])
def test_codes_of_one_length_stay_as_they_are(column: str, tmp_path: Path) -> None:
    left, right = _held(tmp_path, column, PLACES, list(reversed(PLACES)))
    assert (left, right) == (PLACES, list(reversed(PLACES)))


def test_numbers_of_three_digits_are_no_part_of_longer_ones() -> None:
    """All thousand of them begin and end some number."""
    longer = {f"{n * 7919 % 10**7:07d}": 1 for n in range(20_000)}
    assert shorter_part(longer, {f"{n:03d}": 1 for n in range(1_000)}) == 0.0


def test_colours_are_compared_however_they_are_spelt(tmp_path: Path) -> None:
    colours = random.Random(8).choices(COLOURS, k=400)
    left, right = _held(tmp_path, "colour", colours, colours, "color")
    assert left == right
    assert len(set(left)) == 8


def test_two_categories_of_other_names_are_not_taken_for_one(tmp_path: Path) -> None:
    colours = random.Random(8).choices(COLOURS, k=400)
    assert _held(tmp_path, "colour", colours, colours, "house") == [[], []]


def test_texts_of_which_hardly_two_are_as_long_as_one_another_are_no_codes(tmp_path: Path) -> None:
    titles = [" ".join(f"w{n * k % 97}" + "x" * (n * k % 5) for k in range(1, 4 + n % 30)) for n in range(1, 300)]
    left, right = _held(tmp_path, "headline", titles, list(reversed(titles)))
    assert len(left) == len(right) == len(titles)


def test_codes_of_many_lengths_are_compared_without_the_signs_between(tmp_path: Path) -> None:
    numbers = [(n % 90 + 1890, n * 7 % 400 + 1) for n in range(300)]
    left, right = _held(
        tmp_path, "AccessionNo", [f"C.{n}-{y}" for y, n in numbers], [f"C {n}:{y}" for y, n in numbers], "Museum number"
    )
    assert left == right == [f"C{n}{y}" for y, n in numbers]
