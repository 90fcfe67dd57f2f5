"""Person files are read in their formats and encodings; what cannot be read is refused
with a remedy and no value.
"""

import gzip
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from linkage.engine import Engine
from linkage.errors import InputError
from linkage.files.read_file import (
    PersonFile,
    damage_reported,
    detect_encoding,
    read_file,
)

TEXT = (
    "id;forename;surname;dob\n1;Zoë;Müller;1990-01-02\n2;Ann;Quibblewick;1991-03-04\n"
)


def read(engine: Engine, path: Path, **options: str | None) -> PersonFile:
    return read_file(
        engine,
        path,
        path.parent / "scratch",
        "left",
        **{"delimiter": None, "encoding": None, **options},
    )


def values(file: PersonFile) -> list[dict]:
    return [row for batch in file.batches(file.columns) for row in batch.to_pylist()]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_text_of_any_usual_encoding_and_separator(
    encoding: str, engine: Engine, tmp_path: Path
) -> None:
    path = tmp_path / "people.csv"
    path.write_bytes(TEXT.encode(encoding))
    file = read(engine, path)
    assert file.columns == ("id", "forename", "surname", "dob")
    assert [row["surname"] for row in values(file)] == ["Müller", "Quibblewick"]
    assert [row["row"] for row in values(file)] == [1, 2]
    assert not any("Quibblewick" in note for note in file.notes())


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("Jürgen Weiß, François", "cp1252"),
        ("Łukasz Żółć, Dvořák", "cp1250"),
        ("Gülşen Yıldız, Ağaoğlu", "cp1254"),
    ],
)
def test_code_pages_are_recognised_by_the_letters_of_names(
    text: str, encoding: str, tmp_path: Path
) -> None:
    path = tmp_path / "people.csv"
    path.write_bytes(("name\n" + f"{text}\n" * 20).encode(encoding))
    assert detect_encoding(path) == encoding


def test_gzip_and_parquet_and_numbers_as_they_stand(
    engine: Engine, tmp_path: Path
) -> None:
    archive = tmp_path / "people.csv.gz"
    archive.write_bytes(gzip.compress(TEXT.encode()))
    assert len(values(read(engine, archive))) == 2
    table = pa.table(
        {
            "id": [7, 8],
            "age": [31.0, None],
            "born": pa.array([0, 1], pa.date32()),
            "tags": [["a"], ["b"]],
        }
    )
    pq.write_table(table, tmp_path / "people.parquet")
    file = read(engine, tmp_path / "people.parquet")
    assert values(file)[0] == {"id": "7", "age": "31", "born": "1970-01-01", "row": 1}
    assert file.nested == ("tags",)
    assert any("duckdb" in note for note in file.notes())


def test_statistical_files_are_read_with_their_labels(
    engine: Engine, tmp_path: Path
) -> None:
    pyreadstat = pytest.importorskip("pyreadstat")
    pandas = pytest.importorskip("pandas")
    people = pandas.DataFrame(
        {"id": [1.0, 2.0], "surname": ["Ash", ""], "sex": [1.0, 2.0]}
    )
    pyreadstat.write_sav(
        people,
        tmp_path / "people.sav",
        variable_value_labels={"sex": {1: "Male", 2: "Female"}},
    )
    rows = values(read(engine, tmp_path / "people.sav"))
    assert [(row["id"], row["surname"], row["sex"]) for row in rows] == [
        ("1", "Ash", "Male"),
        ("2", None, "Female"),
    ]


def test_rejected_rows_are_counted_and_rows_keep_their_numbers(
    engine: Engine, tmp_path: Path
) -> None:
    path = tmp_path / "people.csv"
    path.write_text(
        "id,surname\n1,Ash\n2,Quibblewick,extra\n3,Dale\n", encoding="utf-8"
    )
    file = read(engine, path)
    assert [(row["id"], row["row"]) for row in values(file)] == [("1", 1), ("3", 3)]
    assert "1 of 3 rows rejected" in file.notes()[0]
    assert "Quibblewick" not in file.notes()[0]


@pytest.mark.parametrize(
    ("name", "content", "part"),
    [
        ("gone.csv", None, "no such file"),
        ("people.xlsx", b"PK\x03\x04", "save the sheet as CSV"),
        ("people.zip", b"PK\x03\x04", "unzip it first"),
        ("people.json", b"[]", "duckdb -c"),
        ("people.csv", b"ARROW1\0\0damaged", "write it as Parquet"),
        ("people.parquet", b"no parquet", "fetch it again"),
        (
            "people.csv",
            b"QUIBBLE,1994-05-20\nANN,1990-01-02\n",
            "write a first line with names",
        ),
        ("people.csv", b"id,surname\n", "fetch it again"),
        ("people.csv", b"id,surname\n1,a,b\n2,a,b\n", "--delimiter"),
    ],
)
def test_an_unreadable_file_has_a_remedy_and_shows_no_value(
    name: str, content: bytes | None, part: str, engine: Engine, tmp_path: Path
) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError, match=part) as fault:
        read(engine, tmp_path / name)
    assert name in str(fault.value)
    assert "QUIBBLE" not in str(fault.value)


def test_a_file_that_changes_while_it_is_read_is_named(tmp_path: Path) -> None:
    path = tmp_path / "people.parquet"
    pq.write_table(pa.table({"id": [1]}), path)
    with (
        pytest.raises(InputError, match="was changed while it was read"),
        damage_reported(path),
    ):
        pq.write_table(pa.table({"id": [1, 2]}), path)
