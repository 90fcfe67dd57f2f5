"""A table in an archive, and records of JSON, are read as the table that they hold."""

import gzip
import json
import os
import zipfile
from pathlib import Path

import pytest

from linkage.adhoc.fields import persons
from linkage.engine import Engine, rows
from linkage.errors import InputError

TABLE = "id,forename,surname,dob\n1,Ann,Ray,1984-05-03\n2,Bo,Lee,1990-12-31\n"
RECORDS = [dict(zip(TABLE.split("\n")[0].split(","), line.split(","), strict=True)) for line in TABLE.split("\n")[1:3]]


def _read(engine: Engine, path: Path) -> list[tuple[str, ...]]:
    file = persons.read(engine, path, path.parent / "scratch", delimiter=None, encoding=None)
    assert file.path == path
    found = engine.sql("select id, forename, surname, left(cast(dob as varchar), 10) as dob from {t}", t=file.table)
    return [tuple(row.values()) for row in rows(engine, found)]


def test_the_one_table_of_an_archive_is_read(engine: Engine, tmp_path: Path) -> None:
    path = tmp_path / "people.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("export/people.csv", TABLE)
        archive.writestr("__MACOSX/export/._people.csv", "x")
        archive.writestr("export/readme.md", "about it")
    assert _read(engine, path) == [("1", "Ann", "Ray", "1984-05-03"), ("2", "Bo", "Lee", "1990-12-31")]


@pytest.mark.parametrize("name", ["people.jsonl", "people.ndjson", "people.json"])
@pytest.mark.parametrize("lines", [True, False])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_records_of_json_are_read(name: str, lines: bool, mark: str, engine: Engine, tmp_path: Path) -> None:
    path = tmp_path / name
    text = "\n".join(map(json.dumps, RECORDS)) + "\n" if lines else json.dumps(RECORDS, indent=1)
    path.write_text(mark + text, encoding="utf-8")
    assert _read(engine, path) == [("1", "Ann", "Ray", "1984-05-03"), ("2", "Bo", "Lee", "1990-12-31")]


COLUMNS = list(RECORDS[0])
HELD = {
    "in a list of an object": {"total": 2, "people": RECORDS},
    "in a list within": {"response": {"page": 1, "id": 7, "name": "export", "data": RECORDS}},
    "by their keys": {record["surname"]: record for record in RECORDS},
    "column by column": {name: {str(n): record[name] for n, record in enumerate(RECORDS)} for name in COLUMNS},
    "apart from the names": {"columns": COLUMNS, "index": [0, 1], "data": [list(of.values()) for of in RECORDS]},
}


@pytest.mark.parametrize("how", HELD)
@pytest.mark.parametrize("indent", [None, 1])
def test_all_records_of_an_object_are_read(how: str, indent: int | None, engine: Engine, tmp_path: Path) -> None:
    path = tmp_path / "people.json"
    path.write_text(json.dumps(HELD[how], indent=indent))
    assert _read(engine, path) == [("1", "Ann", "Ray", "1984-05-03"), ("2", "Bo", "Lee", "1990-12-31")]


def test_one_person_of_an_object_stays_one(engine: Engine, tmp_path: Path) -> None:
    path = tmp_path / "person.json"
    phones = [{"kind": "home", "value": "1"}, {"kind": "work", "value": "2"}]
    path.write_text(json.dumps({**RECORDS[0], "phones": phones}))
    assert _read(engine, path) == [("1", "Ann", "Ray", "1984-05-03")]


def test_of_several_lists_none_is_taken(engine: Engine, tmp_path: Path) -> None:
    path = tmp_path / "people.json"
    path.write_text(json.dumps({"people": RECORDS, "visits": [{"at": "1990-12-31"}]}))
    with pytest.raises(InputError, match=r"2 lists of records, not one\n  take the list"):
        persons.read(engine, path, tmp_path / "scratch", delimiter=None, encoding=None)


@pytest.mark.parametrize("name", ["people.json.gz", "people.jsonl.gz"])
def test_records_of_json_may_be_compressed(name: str, engine: Engine, tmp_path: Path) -> None:
    path = tmp_path / name
    packed = gzip.compress("\n".join(map(json.dumps, RECORDS)).encode())
    path.write_bytes(packed)
    assert _read(engine, path) == [("1", "Ann", "Ray", "1984-05-03"), ("2", "Bo", "Lee", "1990-12-31")]
    path.write_bytes(packed[:-20])
    with pytest.raises(InputError, match="is cut short or damaged"):
        _read(engine, path)


def test_a_record_within_a_record_has_columns_of_its_own(engine: Engine, tmp_path: Path) -> None:
    path = tmp_path / "people.jsonl"
    path.write_text('{"id": "1", "name": {"first": "Ann", "last": "Ray"}}\n')
    file = persons.read(engine, path, tmp_path / "scratch", delimiter=None, encoding=None)
    assert file.header == ("id", "name.first", "name.last")


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("people.zip", b"PK\x03\x04 and no more", "no ZIP archive that can be read"),
        ("people.jsonl", b'{"id": 1}\n{"id": Quibblewick\n', "no records in JSON"),
        ("people.json", b'[{"id": "Quibblewick"', "JSON that is not whole"),
    ],
)
def test_what_is_damaged_is_refused_with_what_to_do(
    name: str, content: bytes, said: str, engine: Engine, tmp_path: Path
) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError, match=said) as fault:
        persons.read(engine, tmp_path / name, tmp_path / "scratch", delimiter=None, encoding=None)
    assert "\n  " in str(fault.value)
    assert "Quibblewick" not in str(fault.value)


def test_of_several_tables_none_is_taken(engine: Engine, tmp_path: Path) -> None:
    path = tmp_path / "people.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name in ("a.csv", "b.csv"):
            archive.writestr(name, TABLE)
    with pytest.raises(InputError, match="holds 2 tables, not one"):
        persons.read(engine, path, tmp_path / "scratch", delimiter=None, encoding=None)


def test_a_pipe_is_named_as_one(engine: Engine, tmp_path: Path) -> None:
    """What a shell puts for <(zcat people.csv.gz) was said to be no file that there is."""
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(InputError, match=r"pipe: a pipe or a device, which cannot be read twice\n  write it to a file"):
        persons.read(engine, tmp_path / "pipe", tmp_path / "scratch", delimiter=None, encoding=None)


def test_what_is_wrong_in_a_file_that_is_unpacked_is_told_of_the_file_that_was_given(
    engine: Engine, tmp_path: Path
) -> None:
    """A folder of our own, which is cleared away, stood in the message."""
    (tmp_path / "people.csv.gz").write_bytes(gzip.compress(b"\n\n" + bytes(900) + b"a,b\n1,2\n"))
    with pytest.raises(InputError) as fault:
        persons.read(engine, tmp_path / "people.csv.gz", tmp_path / "scratch", delimiter=None, encoding=None)
    assert str(fault.value).startswith(f"{tmp_path / 'people.csv.gz'}: ")
    assert "scratch" not in str(fault.value)
