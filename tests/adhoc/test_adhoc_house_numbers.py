"""What is called as a postcode is, and holds numbers of houses, is compared as these."""

from pathlib import Path

import pytest

from linkage.adhoc.columns.house_numbers import are_of_houses
from linkage.adhoc.two_files import Asked, two_files
from linkage.engine import Engine
from tests.adhoc.conftest import FORENAMES, SURNAMES, write_csv


@pytest.mark.parametrize(("first", "field"), [(1, "street_number"), (10_000, "postcode")], ids=["houses", "postcodes"])
def test_a_header_of_two_meanings_is_told_by_its_values(
    duckdb_engine: Engine, tmp_path: Path, first: int, field: str
) -> None:
    people = [(f, s, first + n * 7) for n, (f, s) in enumerate((f, s) for f in FORENAMES for s in SURNAMES[:12])]
    files = [
        write_csv(
            tmp_path / name, [{"id": n, "jmeno": f, "prijmeni": s, "cp": h} for n, (f, s, h) in enumerate(people)]
        )
        for name in ("left.csv", "right.csv")
    ]
    files[1].write_text(files[1].read_text(encoding="utf-8") + "999,Ota,Lis,5\n", encoding="utf-8")
    read = two_files(duckdb_engine, Asked(*files), tmp_path / "scratch")
    assert read.columns.left[field] == read.columns.right[field] == "cp"


def test_postcodes_of_three_digits_are_no_houses() -> None:
    assert are_of_houses({"7": 1, "12": 1, "114": 1, "1240": 1})
    assert not are_of_houses({"101": 3, "245": 2})
    assert not are_of_houses({"7": 1, "Flat 3": 4})
