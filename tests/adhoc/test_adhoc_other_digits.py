"""Ages, codes and numbers of houses in digits of another script."""

from pathlib import Path

import pytest

from linkage.adhoc.two_files import Asked, two_files
from linkage.engine import Engine, rows
from tests.adhoc.conftest import write_csv

SCRIPTS = {"Devanagari": "०१२३४५६७८९", "Arabic": "٠١٢٣٤٥٦٧٨٩", "Bengali": "০১২৩৪৫৬৭৮৯", "wide": "０１２３４５６７８９"}


@pytest.mark.parametrize("digits", SCRIPTS.values(), ids=list(SCRIPTS))
def test_digits_of_another_script_are_read_as_plain_ones(duckdb_engine: Engine, tmp_path: Path, digits: str) -> None:
    """The id stays as it is written."""
    script = str.maketrans("0123456789", digits)
    people = [(f"Ann{'abcdefghij'[n % 10]}", f"Le{'klmnopqrst'[n // 10]}", 20 + n, 300 + n) for n in range(60)]
    left = [
        {"id": str(n).translate(script), "forename": f, "surname": s, "age": str(age).translate(script), "house_no": str(house).translate(script)}
        for n, (f, s, age, house) in enumerate(people)
    ]  # fmt: skip
    right = [
        {"id": str(n), "forename": f, "surname": s, "age": str(age), "house number": str(house)}
        for n, (f, s, age, house) in enumerate(people)
    ]
    asked = Asked(write_csv(tmp_path / "left.csv", left), write_csv(tmp_path / "right.csv", right))
    read = two_files(duckdb_engine, asked, tmp_path / "scratch")
    held = [
        sorted((row["forename"], row["surname"], row["age"], row["street_number"]) for row in rows(duckdb_engine, side))
        for side in read.sides
    ]
    assert held[0] == held[1]
    assert held[0][0][3] is not None
    ids = {str(row["source_id"]) for row in rows(duckdb_engine, read.ids[0])}
    assert ids == {row["id"] for row in left}
