"""A first line that is no header is named, whatever it is."""

import csv
from collections.abc import Iterator
from pathlib import Path

import pytest

from linkage.config import FileFormat
from linkage.errors import InputError
from linkage.records.csv_files import read_header


@pytest.fixture(params=[131_072, 10_000_000], ids=["as it comes", "as a library sets it"])
def _limit(request: pytest.FixtureRequest) -> Iterator[None]:
    before = csv.field_size_limit(request.param)
    yield
    csv.field_size_limit(before)


@pytest.mark.usefixtures("_limit")
def test_a_first_line_of_one_giant_cell_is_no_header(tmp_path: Path) -> None:
    """It was an unforeseen error: a cell of more than 131,072 signs is none to Python's reader."""
    (tmp_path / "a.csv").write_text("id," + "x" * 200_000)
    with pytest.raises(InputError, match=r"a\.csv: the first line is no header: a name is too long, or a quote"):
        read_header(tmp_path / "a.csv", FileFormat(type="csv"))
