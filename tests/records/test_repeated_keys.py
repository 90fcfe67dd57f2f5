"""Record keys on more than one row: counted, and one place named."""

import shutil

import pytest

from linkage.errors import InputError
from linkage.records import raw_rows, reading
from tests.records.conftest import PUPILS


def test_repeated_record_keys_are_counted_and_not_shown(read_pupils, write, tmp_path):
    write("a.parquet", PUPILS.replace("5 ", "7 "))
    with pytest.raises(InputError) as error:
        read_pupils("a.parquet")
    assert "1 record keys (ROW) stand on more than one row" in str(error.value)
    assert "first repeated in a.parquet at line 3" in str(error.value)
    write("a.parquet", PUPILS)
    shutil.copy(tmp_path / "a.parquet", tmp_path / "b.parquet")
    with pytest.raises(
        InputError,
        match="3 record keys .* first repeated in b.parquet at line 1".replace(
            " first", "(.|\n)*first"
        ),
    ):
        read_pupils("*.parquet")


def test_of_many_repeated_record_keys_some_are_searched_for(
    read_pupils, write, tmp_path, monkeypatch
):
    """For a file of a million rows delivered twice, every row became a dictionary to
    name one line.
    """
    numbers = []

    def lines_of(engine, raw, names):
        for number, piece in raw_rows.numbered_lines(engine, raw, names):
            yield number, piece
            numbers.append(number)

    monkeypatch.setattr(reading, "_MOST_SOUGHT", 1)
    monkeypatch.setattr(reading, "numbered_lines", lines_of)
    write("a.parquet", PUPILS)
    shutil.copy(tmp_path / "a.parquet", tmp_path / "b.parquet")
    with pytest.raises(
        InputError,
        match=r"3 record keys(.|\n)*one is repeated in b.parquet at line [123]\n",
    ):
        read_pupils("*.parquet")
    assert numbers == [0]
