"""Addresses that are written whole, in one column or in lines, are parted into street, town and postcode."""

from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from linkage.adhoc.columns.columns_of import columns_of, columns_of_one
from linkage.adhoc.fields import persons
from linkage.adhoc.headers.recognise import recognise
from linkage.adhoc.notes import whole_address_notes
from linkage.adhoc.places.address_forms import Form, form_of, pieced, with_beyond
from linkage.adhoc.places.address_lines import as_parts, lines_of
from linkage.adhoc.places.addresses import part_addresses, with_addresses
from linkage.adhoc.places.towns import part_towns, with_towns
from linkage.engine import Engine, quote, rows
from linkage.errors import ConfigError
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
Row = tuple[str | None, ...]


def _read(engine: Engine, folder: Path, left: str, right: str) -> list[persons.PersonFile]:
    files = []
    for side, text in (("left", left), ("right", right)):
        (folder / f"{side}.csv").write_text(text, encoding="utf-8")
        files.append(persons.read(engine, folder / f"{side}.csv", folder / side, delimiter=",", encoding="utf-8"))
    return files


def _found(engine: Engine, folder: Path, left: str, right: str) -> tuple[set[str], list[dict[str, object]]]:
    """The fields of both files, and what of the right one's address each of them is."""
    files = _read(engine, folder, left, right)
    columns = with_addresses(engine, files, recognise(files[0].header, files[1].header))
    parts = [columns.left_parts, columns.right_parts]
    _, (file, fields) = part_addresses(engine, files, [columns.left, columns.right], parts)
    asked = [name for name in ("address", "town", "postcode") if name in fields]
    read = ", ".join(f"{quote(fields[name])} as {name}" for name in asked)
    found = rows(engine, engine.sql(f"select {read} from {{t}} order by id", t=file.table))
    return set(columns.fields), found


def _csv(column: str, addresses: Sequence[str]) -> str:
    held = (address.replace('"', '""') for address in addresses)
    return f"id,forename,surname,{column}\n" + "".join(f'{n},Ann,Lee,"{text}"\n' for n, text in enumerate(held))


def _parted(engine: Engine, folder: Path, addresses: Sequence[str]) -> list[Row]:
    """Street, town and postcode of addresses, where both files write these ones whole."""
    _, found = _found(engine, folder, _csv("Address", addresses), _csv("Home Address", addresses))
    return [tuple(row.get(name) for name in ("address", "town", "postcode")) for row in found]  # type: ignore[misc]


def test_an_address_in_one_column_is_parted_as_the_other_file_parts_it(engine: Engine, tmp_path: Path) -> None:
    fields, found = _found(engine, tmp_path, PARTS, WHOLE)
    assert {"address", "town", "postcode"} <= fields
    assert "street_number" not in fields
    assert found == [
        {"address": "High St", "town": "Leeds", "postcode": "LS14AB"},
        {"address": "Mill Lane", "town": "STOKE-ON-TRENT", "postcode": "ST4 2DQ"},
        {"address": None, "town": None, "postcode": None},
    ]


@pytest.mark.parametrize("column", ["CityStateZip", "city_state_zip_code", "City, State, Zip"])
def test_town_state_and_postcode_in_one_column_end_the_address(column: str, engine: Engine, tmp_path: Path) -> None:
    parted = "id,forename,surname,street,city,state,zip\n" + "".join(
        f"{n},Ann,Lee,{n} Main St,{city},{state},{code}\n"
        for n, (city, state, code) in enumerate([("Raleigh", "NC", "27601"), ("Salem", "OR", "97301")], 12)
    )
    rest = '12,"Lee, Ann",12 Main St,"Raleigh, NC 27601-1234"\n13,"Lee, Ann",9 Elm St Apt 4,"Salem, OR 97301"\n'
    fields, found = _found(engine, tmp_path, parted, f'id,name,address1,"{column}"\n' + rest)
    assert {"address", "town", "postcode", "county"} <= fields
    assert found == [
        {"address": "Main St", "town": "Raleigh", "postcode": "27601-1234"},
        {"address": "Elm St", "town": "Salem", "postcode": "97301"},
    ]


@pytest.mark.parametrize("address", ["High Street", "Mill Lane", ""])
def test_an_address_that_is_a_street_alone_holds_nothing_else(address: str, engine: Engine, tmp_path: Path) -> None:
    streets = "id,forename,surname,address\n" + "".join(f"{n},Ann,Lee,{address}\n" for n in range(3))
    fields, _ = _found(engine, tmp_path, PARTS, streets)
    assert fields == {"forename", "surname", "address"}


@pytest.mark.parametrize(
    ("addresses", "read"),
    [
        (  # Britain: a flat, a locality, no town
            [
                "12 High Street, Leeds, LS1 4AP",
                "Flat 4, 5 South View, Headingley, Leeds, LS6 1AA",
                "7 Mill Lane, M1 1AE",
            ],
            [("High Street", "Leeds", "LS1 4AP"), ("South View", "Leeds", "LS6 1AA"), ("Mill Lane", None, "M1 1AE")],
        ),
        (  # lines, some empty, and a house without a number
            ["Rose House\nHigh Street\n\nLeeds\nLS1 4AP", "12\nMill Lane\nYork\nYO1 7HH\n", "9 Elm Way\nYork\nYO1 7HJ"],
            [
                ("Rose House High Street", "Leeds", "LS1 4AP"),
                ("Mill Lane", "York", "YO1 7HH"),
                ("Elm Way", "York", "YO1 7HJ"),
            ],
        ),
        (  # Germany
            ["Hauptstr. 5, 80331 München", "Straße des 17. Juni 135, D-10623 Berlin", "Am Markt 1 a, 99084 Erfurt"],
            [
                ("Hauptstr.", "München", "80331"),
                ("Straße des 17. Juni", "Berlin", "10623"),
                ("Am Markt", "Erfurt", "99084"),
            ],
        ),
        (  # the postcode and the town first
            ["80331 München, Hauptstr. 5", "10623 Berlin, Marktplatz 135", "99084 Erfurt, Am Markt 1"],
            [("Hauptstr.", "München", "80331"), ("Marktplatz", "Berlin", "10623"), ("Am Markt", "Erfurt", "99084")],
        ),
        (  # the United States, with houses whose numbers have five digits
            [
                "12345 N Main St Apt 4, Springfield, IL 62701",
                "9 5th Ave, New York, NY 10001-1234",
                "77 Elm St, Salem, OR 97301",
            ],
            [
                ("N Main St", "Springfield", "62701"),
                ("5th Ave", "New York", "10001-1234"),
                ("Elm St", "Salem", "97301"),
            ],
        ),
        (  # Australia: no comma before the state
            ["1 King St, Sydney NSW 2000", "2 Queen Rd, Perth WA 6000", "30 Bay Pde, Port Fairy VIC 3284"],
            [("King St", "Sydney", "2000"), ("Queen Rd", "Perth", "6000"), ("Bay Pde", "Port Fairy", "3284")],
        ),
        (  # the Netherlands; houses without streets' names in them
            ["Damrak 1, 1012 LG Amsterdam", "Neude 11-2, 3512AE Utrecht", "Markt 3, 2611 GP Delft"],
            [("Damrak", "Amsterdam", "1012 LG"), ("Neude", "Utrecht", "3512AE"), ("Markt", "Delft", "2611 GP")],
        ),
        (  # India: the number before a comma
            [
                "Flat No 3, 12, MG Road, Pune, MH - 411001",
                "H.No. 7/2, Park Street, Kolkata, WB - 700016",
                "4, Mall Road, Agra, UP - 282001",
            ],
            [("MG Road", "Pune", "411001"), ("Park Street", "Kolkata", "700016"), ("Mall Road", "Agra", "282001")],
        ),
        (  # Spain: the number behind a comma, the province in brackets
            [
                "Calle Mayor, 5, 28013 Madrid (M)",
                "Gran Vía, 12, 18001 Granada (GR)",
                "Plaza Real, 3, 08002 Barcelona (B)",
            ],
            [
                ("Calle Mayor", "Madrid", "28013"),
                ("Gran Vía", "Granada", "18001"),
                ("Plaza Real", "Barcelona", "08002"),
            ],
        ),
        (  # no postcodes: four digits at the beginning are houses' numbers
            ["1234 Main St, Springfield", "12 Elm St, Salem", "5678 Oak Ave, Dover"],
            [("Main St", "Springfield", None), ("Elm St", "Salem", None), ("Oak Ave", "Dover", None)],
        ),
    ],
)
def test_addresses_are_parted_where_both_files_write_them_whole(
    addresses: list[str], read: list[Row], engine: Engine, tmp_path: Path
) -> None:
    assert _parted(engine, tmp_path, addresses) == read


@pytest.mark.parametrize(
    "streets",
    [
        ["12345 Main St", "23456 Elm St", "34567 Oak Ave"],
        ["12 Main St", "Flat 4, 5 South View", "Rose House"],
        ["Main St 12", "Elm St 5", "Oak Ave 11"],
    ],
)
def test_streets_alone_are_parted_into_nothing(streets: list[str], engine: Engine, tmp_path: Path) -> None:
    files = _read(engine, tmp_path, _csv("Address", streets), _csv("Street", streets))
    columns = with_addresses(engine, files, recognise(files[0].header, files[1].header))
    assert columns.fields == ["forename", "surname", "address"]
    assert columns.left_parts == columns.right_parts == {}


@pytest.mark.parametrize("name", ["ORDER ADDRESS", "UNIT_LAST of HAS_TOWN", "PIECED", '$x \'a""b'])
def test_an_address_is_parted_whatever_its_column_is_called(name: str, engine: Engine, tmp_path: Path) -> None:
    written = ["12 High Street, Leeds, LS1 4AP", "5 South View, Leeds, LS6 1AA", "9 Elm Way, York, YO1 7HJ"]
    files = _read(engine, tmp_path, *[_csv(f'"{name}"', written)] * 2)
    column = files[0].header[-1]
    fields = {"forename": "forename", "surname": "surname", **dict.fromkeys(("address", "town", "postcode"), column)}
    (file, found), _ = part_addresses(engine, files, [fields] * 2, [as_parts([column])] * 2)
    read = ", ".join(f"{quote(found[field])} as {field}" for field in ("address", "town", "postcode"))
    parted = rows(engine, engine.sql(f"select {read} from {{t}} order by id", t=file.table))
    assert [tuple(row.values()) for row in parted] == [
        ("High Street", "Leeds", "LS1 4AP"),
        ("South View", "Leeds", "LS6 1AA"),
        ("Elm Way", "York", "YO1 7HJ"),
    ]


def test_lines_of_an_address_are_one_whatever_the_second_holds(engine: Engine, tmp_path: Path) -> None:
    lines = (
        "id,forename,surname,ADDR1,ADDR2,ADDR3,ADDR4\n"
        "0,Ann,Lee,12 High Street,Leeds,LS1 4AP,\n"
        "1,Bo,Kay,Flat 4,5 South View,Leeds,LS6 1AA\n"
        "2,Cy,Moe,9 Elm Way,Clifton,York,YO1 7HJ\n"
    )
    files = _read(engine, tmp_path, PARTS, lines)
    columns = columns_of(engine, files)
    assert {"address", "town", "postcode"} <= set(columns.fields)
    (said,) = whole_address_notes(columns, files)
    assert "written whole in ADDR1, ADDR2, ADDR3, ADDR4, and parted" in said
    assert said.endswith("not at all: --map right.other=ADDR1")
    assert "address_2" not in columns.right
    _, found = _found(engine, tmp_path, PARTS, lines)
    assert [tuple(row.values()) for row in found] == [
        ("High Street", "Leeds", "LS1 4AP"),
        ("South View", "Leeds", "LS6 1AA"),
        ("Elm Way", "York", "YO1 7HJ"),
    ]


def test_an_analyst_who_names_a_line_has_no_lines_joined(engine: Engine, tmp_path: Path) -> None:
    lines = "id,forename,surname,ADDR1,ADDR2,ADDR3\n0,Ann,Lee,12 High Street,Leeds,LS1 4AP\n1,Bo,Kay,1 Elm Way,York,YO1 7HJ\n"
    files = _read(engine, tmp_path, PARTS, lines)
    columns = columns_of(engine, files, ["right.town=ADDR2", "right.postcode=ADDR3"])
    assert columns.right_parts == {}
    assert {name: columns.right[name] for name in ("address", "town", "postcode")} == {
        "address": "ADDR1",
        "town": "ADDR2",
        "postcode": "ADDR3",
    }
    refused = columns_of(engine, files, ["right.other=ADDR1"])
    assert "address" not in refused.fields
    assert "town" not in refused.fields


def test_an_address_of_one_file_alone_is_parted_too(engine: Engine, tmp_path: Path) -> None:
    file, _ = _read(engine, tmp_path, _csv("Address", ["1 Elm Way, York, YO1 7HJ", "2 Oak Way, Leeds, LS1 4AP"]), PARTS)
    columns = columns_of_one(engine, file)
    assert columns.left["town"] == columns.left["postcode"] == columns.left["address"] == "Address"
    assert columns.right == columns.left
    assert whole_address_notes(columns, [file]) == [
        "left.csv: addresses are written whole in Address, and parted: address, postcode, town; not at all: "
        "--map other=Address"
    ]


@pytest.mark.parametrize(
    ("header", "lines"),
    [
        (
            ["Address Line 1", "Address Line 2", "Address Line 3"],
            ["Address Line 1", "Address Line 2", "Address Line 3"],
        ),
        (["addr_2", "addr_1", "phone_1", "phone_2"], ["addr_1", "addr_2"]),
        (["Address", "Address 2", "Address 3"], ["Address", "Address 2", "Address 3"]),
        (["Line1", "Line2"], ["Line1", "Line2"]),
        (["Address"], []),
        (["ADDR1", "ADDR3"], []),
        (["test1", "test2", "score1", "score2"], []),
    ],
)
def test_lines_are_told_by_their_numbers(header: list[str], lines: list[str]) -> None:
    assert lines_of(["id", *header], []) == lines


def test_a_county_that_some_write_is_no_town_and_a_town_with_localities_is_none_of_theirs(engine: Engine) -> None:
    streets = [f"{number} High Street, {town}" for number in range(1, 30) for town in ("Leeds", "York", "Hull")]
    texts = [text + (", Yorkshire" if n % 2 else "") for n, text in enumerate(streets)]
    texts += [f"{number} Otley Road, Headingley, Leeds" for number in range(1, 30)]
    form, held = form_of(engine, texts)
    (form,) = with_beyond([form], [held], lambda _: False)
    assert form.beyond == {"YORKSHIRE"}


_WORDS = st.text(st.sampled_from("abcdefgh"), min_size=3, max_size=9).map(str.title)
_ADDRESS = st.tuples(st.integers(1, 999), _WORDS, _WORDS, st.integers(10_000, 99_999))


@given(st.lists(_ADDRESS, min_size=3, max_size=12), st.sampled_from([", ", ",", "\n", " ; ", "\n\n"]), st.booleans())
@example([(1, "Abc", "Def", 10000)] * 3, ", ", True)
def test_pieces_and_postcode_are_what_was_written(
    engine: Engine, addresses: list[tuple[int, str, str, int]], between: str, code_first: bool
) -> None:
    """Whatever parts the pieces, nothing is lost and nothing made."""
    texts = [
        between.join(
            [f"{code} {town}", f"{street}weg {number}"] if code_first else [f"{street}weg {number}", f"{code} {town}"]
        )
        for number, street, town, code in addresses
    ]
    form, held = form_of(engine, texts)
    assert form.postcode is not None
    assert form.code_first == form.town_first == code_first
    assert held == [[town.upper(), f"{street}weg {number}".upper()] for number, street, town, _ in addresses]


@given(st.text(st.sampled_from("aB1 ,;\n()ß7"), max_size=30))
def test_no_letter_and_no_digit_of_any_text_is_lost(engine: Engine, text: str) -> None:
    query = pieced(Form(town_first=True), "select 1 as place, text from {t}")
    (row,) = rows(engine, engine.sql(query, t=engine.from_arrow(pa.table({"text": [text]}))))
    assert "".join(filter(str.isalnum, "".join(row["pieces"]))) == "".join(filter(str.isalnum, text))


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


def test_an_address_beside_a_name_is_enough_and_by_itself_is_not(engine: Engine, tmp_path: Path) -> None:
    """Town and postcode of one column are two fields; without its number all houses of a street are one."""
    parts = "ref,company name,town,postcode\n" + "\n".join(
        f"{n},Firm {n},{town},{code}" for n, (town, code) in enumerate(PLACES * 10)
    )
    whole = "supplier ref,supplier name,address\n" + "\n".join(
        f'{n},Firm {n},"{n} High Street, {town}, {code}"' for n, (town, code) in enumerate(PLACES * 10)
    )
    found = columns_of(engine, _read(engine, tmp_path, parts, whole))
    assert {"organisation", "town", "postcode"} == set(found.fields)
    files = _read(engine, tmp_path, parts.replace("company name", "note"), whole.replace("supplier name", "remark"))
    with pytest.raises(ConfigError, match="fewer than two fields"):
        columns_of(engine, files, ["left.other=note", "right.other=remark"])


PLACES = [("Leeds", "LS1 4AB"), ("York", "YO1 7HH"), ("Hull", "HU2 8QS"), ("Selby", "YO8 4QH")]
