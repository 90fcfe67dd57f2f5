"""Which files a source has."""

import shutil

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from linkage.config import FileFormat
from linkage.errors import ConfigError, InputError
from linkage.records.raw_rows import read_raw
from linkage.records.source_files import GivenFiles, damage_named
from tests.records.conftest import PUPILS


def test_hidden_files_of_programs_are_not_read(read_pupils, write, tmp_path):
    write("a.parquet", PUPILS)
    for name in (
        ".~a.parquet",
        "_temporary/0/a.parquet",
        ".Trash/a.parquet",
        "deep/_temporary/0/a.parquet",
    ):
        write(f"npd/{name}", PUPILS)
    shutil.copy(tmp_path / "a.parquet", tmp_path / "npd" / "a.parquet")
    for files in ("npd", "npd/*.parquet", "npd/**/*.parquet", "n*"):
        assert [file.path for file in read_pupils(files).summary.files] == [
            "npd/a.parquet"
        ], files
    for files in ("npd/_temporary/*/*.parquet", "npd/.Trash", "npd/.*.parquet"):
        assert read_pupils(files).summary.records == 3, files


def test_a_folder_of_tables_that_are_folders_is_read(read_pupils, write):
    write("npd/people.parquet/part-0.parquet", PUPILS)
    assert [file.path for file in read_pupils("npd").summary.files] == [
        "npd/people.parquet/part-0.parquet"
    ]


def test_columns_that_differ_in_capitals_alone_are_refused(
    read_pupils, write, tmp_path
):
    """An engine would use the first for both."""
    write("a.parquet", PUPILS.replace("House", "SURNAME"))
    (tmp_path / "a.csv").write_text(
        "ROW,PUPIL,Forename,Surname,FORENAME\n1,P1,ANN,LEE,EVE\n"
    )
    for file, places, kind in (
        ("a.parquet", "5 and 9", "parquet"),
        ("a.csv", "3 and 5", "csv"),
    ):
        with pytest.raises(
            InputError,
            match=f"columns {places} have names that differ in capitals alone in the "
            "header",
        ):
            read_pupils(file, type=kind)


def test_an_invalid_pattern_is_named_and_the_folder_is_a_source(read_pupils, write):
    """Both ended as unforeseen errors."""
    write("a.parquet", PUPILS)
    assert [file.path for file in read_pupils(".").summary.files] == ["a.parquet"]
    with pytest.raises(
        ConfigError, match=r"files: '\*\*.parquet' is no pattern: invalid pattern"
    ):
        read_pupils("**.parquet")


@pytest.mark.parametrize(
    "error",
    [
        pa.ArrowMemoryError("malloc of size 8 failed"),
        pa.ArrowException("Failed to launch worker thread"),
    ],
)
def test_a_lack_of_memory_is_not_a_damaged_file(write, tmp_path, monkeypatch, error):
    """Under `ulimit -v` a whole file was reported as damaged, and to be fetched
    again.
    """

    def fail(*_, **__):
        raise error

    write("a.parquet", PUPILS)
    file = next(tmp_path.rglob("a.parquet"))
    monkeypatch.setattr(pq.ParquetFile, "iter_batches", fail)
    with pytest.raises(RuntimeError, match="out of memory"), damage_named([file]):
        raise RuntimeError("out of memory")
    monkeypatch.undo()
    file.write_bytes(file.read_bytes()[:-20])
    with (
        pytest.raises(InputError, match="not a whole Parquet file"),
        damage_named([file]),
    ):
        raise RuntimeError("what an engine says of it")


def test_a_csv_that_grows_while_it_is_read_is_reported(engine, tmp_path):
    """Its delivery is not complete: the manifest had the hash of other rows than were
    linked.
    """
    path = tmp_path / "a.csv"
    path.write_text("RECORDID\n1\n")

    def add_row(header, file):
        path.write_text("RECORDID\n1\n2\n")

    files = GivenFiles("source.npd", ["a.csv"], FileFormat(type="csv"), tmp_path)
    with pytest.raises(
        InputError,
        match=r"a\.csv: was changed while it was read\n  wait until it is there whole",
    ):
        read_raw(engine, files, tmp_path, add_row)
