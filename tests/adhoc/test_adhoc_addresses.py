"""An address that one file writes in one column is parted as the other file parts it."""

from pathlib import Path

import pytest

from linkage.adhoc import persons
from linkage.adhoc.addresses import part_addresses, with_addresses
from linkage.adhoc.recognise import recognise
from linkage.adhoc.towns import part_towns, with_towns
from linkage.engine import Engine, quote, rows
from tests.adhoc.conftest import write_csv

PARTS = """id,forename,surname,house_no,street,town,postcode
1,Ann,Lee,12,High Street,Leeds,LS1 4AB
2,Bo,Kay,7a,Mill Lane,Stoke on Trent,ST4 2DQ
3,Cy,Moe,101,North Road,York,YO1 7HH
"""
WHOLE = """id,forename,surname,full address
1,Ann,Lee,"12 High St., Leeds, LS14AB"
2,Bo,Kay,"Flat 2, 7a Mill Lane, STOKE-ON-TRENT ST4 2DQ"
3,Cy,Moe,
"""


def _found(engine: Engine, folder: Path, left: str, right: str) -> tuple[set[str], list[dict[str, object]]]:
    """The fields of both files, and what of the right one's address each of them is."""
    files = []
    for side, text in (("left", left), ("right", right)):
        (folder / f"{side}.csv").write_text(text, encoding="utf-8")
        files.append(persons.read(engine, folder / f"{side}.csv", folder / side, delimiter=",", encoding="utf-8"))
    columns = with_addresses(engine, files, recognise(files[0].header, files[1].header))
    _, (file, fields) = part_addresses(engine, files, [columns.left, columns.right])
    asked = [name for name in ("street_number", "address", "town", "postcode") if name in fields]
    read = ", ".join(f"{quote(fields[name])} as {name}" for name in asked)
    found = rows(engine, engine.sql(f"select {read} from {{t}} order by id", t=file.table))
    return set(columns.fields), found


def test_an_address_in_one_column_is_parted_by_the_words_of_the_other_file(engine: Engine, tmp_path: Path) -> None:
    fields, found = _found(engine, tmp_path, PARTS, WHOLE)
    assert {"address", "street_number", "town", "postcode"} <= fields
    assert found == [
        {"street_number": "12", "address": "HIGH ST", "town": "LEEDS", "postcode": "LS14AB"},
        {"street_number": "7A", "address": "FLAT 2 MILL LANE", "town": "STOKE ON TRENT", "postcode": "ST4 2DQ"},
        {"street_number": None, "address": None, "town": None, "postcode": None},
    ]


@pytest.mark.parametrize("address", ["High Street", "Mill Lane", ""])
def test_an_address_that_is_a_street_alone_holds_nothing_else(address: str, engine: Engine, tmp_path: Path) -> None:
    streets = "id,forename,surname,address\n" + "".join(f"{n},Ann,Lee,{address}\n" for n in range(3))
    fields, _ = _found(engine, tmp_path, PARTS, streets)
    assert fields == {"forename", "surname", "address"}


@pytest.mark.parametrize(
    ("codes", "towns", "read"),
    [
        (
            ["12045", "87185", "50667"],
            ["12045 Berlin", "87185 Rothenburg o. d. T.", "50667, Köln"],
            [("12045", "Berlin"), ("87185", "Rothenburg o. d. T."), ("50667", "Köln")],
        ),
        (
            ["1011AB", "3511 LX", "9712CP"],
            ["1011 AB Amsterdam", "3511LX 's-Gravenhage", "9712 CP Groningen"],
            [("1011 AB", "Amsterdam"), ("3511LX", "'s-Gravenhage"), ("9712 CP", "Groningen")],
        ),
        (
            ["SW1A 1AA", "LS1 4AB", "M1 1AE"],
            ["London SW1A 1AA", "LS1 4AB Leeds", "Stoke-on-Trent (m1 1ae)"],
            [("SW1A 1AA", "London"), ("LS1 4AB", "Leeds"), ("M1 1AE", "Stoke-on-Trent")],
        ),
        (["75001", "69001", "13001"], ["Paris 15", "Lyon 1", "Marseille"], None),
        (["75001", "69001", "13001"], ["75001", "69001 Lyon", "Marseille"], None),
    ],
)
def test_a_town_is_parted_from_its_postcode_where_the_other_file_has_postcodes(
    codes: list[str], towns: list[str], read: list[tuple[str, str]] | None, engine: Engine, tmp_path: Path
) -> None:
    left = [{"id": f"A{n}", "forename": "Ann", "surname": "Lee", "postcode": code} for n, code in enumerate(codes)]
    right = [{"id": f"B{n}", "forename": "Ann", "surname": "Lee", "PLZ/Ort": town} for n, town in enumerate(towns)]
    files = [
        persons.read(
            engine, write_csv(tmp_path / f"{side}.csv", held), tmp_path / side, delimiter=",", encoding="utf-8"
        )
        for side, held in (("left", left), ("right", right))
    ]
    columns = with_towns(engine, files, recognise(files[0].header, files[1].header))
    assert ("postcode" in columns.fields) == (read is not None)
    _, (file, fields) = part_towns(engine, files, [columns.left, columns.right])
    if read is None:
        assert fields["town"] == "PLZ/Ort"
        return
    made = engine.sql(
        f"select {quote(fields['postcode'])} as code, {quote(fields['town'])} as town from {{t}} order by id",
        t=file.table,
    )
    assert [(row["code"], row["town"]) for row in rows(engine, made)] == read
