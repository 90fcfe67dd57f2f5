"""Records and lists in Parquet are read as columns of their own."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from linkage.adhoc.fields import persons
from linkage.adhoc.headers.recognise import recognise
from linkage.engine import Engine, rows

FHIR = {
    "id": ["7", "8", "9"],
    "name": [
        [
            {"use": "official", "family": "Ray", "given": ["Ann", "Zoë"]},
            {"use": "maiden", "family": "Lee", "given": []},
        ],
        [{"use": "official", "family": "Orr", "given": []}],
        None,
    ],
    "telecom": [
        [{"system": "email", "value": "a@b.example"}, {"system": "phone", "value": "0123"}],
        [{"system": "phone", "value": "0456"}, {"system": "phone", "value": "0789"}],
        [],
    ],
    "address": [
        {"line": ["1 Elm Close", "Flat 2"], "city": "Bath", "postalCode": "BA1 1AA"},
        {"line": None, "city": None, "postalCode": "BA2 2AA"},
        None,
    ],
    "ages": [[1, 2], [], None],
    "grid": [[[1]], None, None],
    "birthDate": ["1990-02-03", "1991-02-03", None],
}


def _read(engine: Engine, folder: Path, columns: dict[str, Any]) -> persons.PersonFile:
    path = folder / "people.parquet"
    pq.write_table(pa.table(columns), path)
    return persons.read(engine, path, folder / "scratch", delimiter=None, encoding=None)


def test_what_records_and_lists_hold_has_columns(engine: Engine, tmp_path: Path) -> None:
    file = _read(engine, tmp_path, FHIR)
    shown = (
        "name.given",
        "name.family",
        "telecom.email",
        "telecom.phone",
        "address.line",
        "address.postalCode",
        "ages",
    )
    assert [tuple(row[name] for name in shown) for row in rows(engine, file.table)] == [
        ("Ann Zoë", "Ray", "a@b.example", "0123", "1 Elm Close Flat 2", "BA1 1AA", "1 2"),
        (None, "Orr", None, "0456", None, "BA2 2AA", None),
        (None, None, None, None, None, None, None),
    ]
    assert (file.rows, file.types["name.family"], "name" in file.header) == (3, pa.string(), False)
    assert file.notes() == ["people.parquet: lists within lists and maps are not read: grid"]


def test_they_are_recognised_by_their_last_parts(engine: Engine, tmp_path: Path) -> None:
    file = _read(engine, tmp_path, FHIR)
    columns = recognise(file.header, ["id", "forename", "surname", "dob", "postcode", "city", "phone", "email"])
    assert columns.left_id == "id"
    assert {name: columns.left[name] for name in columns.fields} == {
        "forename": "name.given",
        "surname": "name.family",
        "dob": "birthDate",
        "postcode": "address.postalCode",
        "email": "telecom.email",
        "phone": "telecom.phone",
        "town": "address.city",
    }


def test_texts_in_bytes_are_texts(engine: Engine, tmp_path: Path) -> None:
    """As Impala and older programs write them."""
    surnames = pa.array(["Núñez".encode(), b"Lee", None], pa.binary())
    photos = pa.array([b"\xff\xd8", b"", None], pa.binary())
    file = _read(engine, tmp_path, {"id": [1, 2, 3], "surname": surnames, "photo": photos})
    assert (file.header, file.types["surname"]) == (("id", "surname", "photo"), pa.string())
    assert [row["surname"] for row in rows(engine, file.table)] == ["Núñez", "Lee", None]


def test_whole_numbers_with_a_fraction_of_noughts_are_whole(engine: Engine, tmp_path: Path) -> None:
    """As a NUMBER of Oracle comes out."""
    born = pa.array([19840512, 19901231, None], pa.decimal128(38, 10))
    paid = pa.array([Decimal("12.50"), Decimal("3.00"), None], pa.decimal128(9, 2))
    whole = pa.array([7, 8, 9], pa.decimal128(9, 0))
    file = _read(engine, tmp_path, {"id": [1, 2, 3], "born": born, "paid": paid, "count": whole})
    found = [(row["born"], row["paid"], int(row["count"])) for row in rows(engine, file.table)]
    assert found == [("19840512", "12.50", 7), ("19901231", "3", 8), (None, None, 9)]


def test_a_column_of_the_same_name_stays_what_it_was(engine: Engine, tmp_path: Path) -> None:
    file = _read(engine, tmp_path, {"name": [{"family": "Ray"}], "name.family": ["Lee"], "id": [1]})
    assert file.header == ("name.family'", "name.family", "id")
    assert [row["name.family"] for row in rows(engine, file.table)] == ["Lee"]


@pytest.mark.parametrize("kinds", [["http://a", "b"], [f"k{n}" for n in range(9)]])
def test_of_records_whose_kinds_are_none_the_first_is_read(engine: Engine, tmp_path: Path, kinds: list[str]) -> None:
    held = [[{"system": kind, "value": str(n)} for n, kind in enumerate(kinds)]]
    file = _read(engine, tmp_path, {"id": [1], "number": held})
    assert file.header == ("id", "number.system", "number.value")
    assert [(row["number.system"], row["number.value"]) for row in rows(engine, file.table)] == [(kinds[0], "0")]
