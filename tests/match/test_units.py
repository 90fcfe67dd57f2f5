"""Units: entities of a source, or people of several entities, with all values that they
ever had.
"""

from collections.abc import Callable
from typing import Any

import pytest

from linkage.engine import Engine, Table
from linkage.match import from_sources

World = Callable[[str], Table]
Rows = Callable[[Table], list[tuple[Any, ...]]]

NPD = {
    1: {
        "forename": [("AVA", "2012-01-01")],
        "surname": [("KHAN", "2014-01-01"), ("LEE", "2010-01-01")],
        "dob": [("1996-02-03", None)],
        "postcode": [
            ("AB1 2CD", "2014-01-01"),
            ("AB1 2ZZ", "2011-01-01"),
            ("M15 9XY", "2009-01-01"),
        ],
    },
    2: {"forename": [("NOAH", "2012-01-01")], "surname": [("DUNN", "2012-01-01")]},
}
ILR = {
    5: {
        "surname": [("SMITH", "2016-01-01"), ("LEE", "2015-01-01")],
        "dob": [("1996-02-03", None)],
        "postcode": [("AB1 2CD", "2008-01-01")],
        "uln": [("1000000001", None)],
    },
}


def test_a_unit_has_its_latest_value_and_its_whole_history(
    engine: Engine, entities: Any, identifier_records: Any, rows: Rows
) -> None:
    side = (entities("npd", NPD), identifier_records([]))
    columns = ["surname", "surname_all", "dob", "birth_year", "nino"]
    units = from_sources(engine, "npd", [side], None, columns)
    assert units.units.columns == ("unit_id", *columns)
    assert rows(units.units) == [
        (1, "KHAN", ["KHAN", "LEE"], "1996-02-03", "1996", None),
        (2, "DUNN", ["DUNN"], None, None, None),
    ]
    assert rows(units.members) == [(1, 1), (2, 2)]
    assert units.name == "npd"


def test_derived_columns_are_parts_of_a_postcode(
    engine: Engine, entities: Any, identifier_records: Any, rows: Rows
) -> None:
    side = (entities("npd", NPD), identifier_records([]))
    columns = [
        "postcode_sector",
        "postcode_district",
        "postcode_sector_all",
        "postcode_district_all",
    ]
    (first, second) = rows(from_sources(engine, "npd", [side], None, columns).units)
    assert first[:3] == (1, "AB1 2", "AB1")
    assert [sorted(parts) for parts in first[3:]] == [
        ["AB1 2", "M15 9"],
        ["AB1", "M15"],
    ]
    assert second[:3] == (2, None, None)
    assert not any(second[3:])


@pytest.mark.parametrize("batch_size", [1, 2_000_000])
def test_people_of_several_entities_have_one_history_newest_first(
    batch_size: int,
    engine: Engine,
    entities: Any,
    identifier_records: Any,
    world: World,
    rows: Rows,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Also where memory lets one query merge few entities only."""
    monkeypatch.setattr("linkage.match.units._ENTITIES_AT_ONCE", batch_size)
    sides = [
        (entities("npd", NPD), identifier_records([])),
        (entities("ilr", ILR), identifier_records([])),
    ]
    membership = world("""
        entity_id | unit_id
        1         | 1
        2         | 2
        5         | 1
    """)
    columns = ["surname", "surname_all", "dob", "uln", "forename", "postcode_all"]
    units = from_sources(engine, "people", sides, membership, columns)
    assert rows(units.units) == [
        # LEE was last seen in 2015, at the college; AB1 2CD in 2014, at school.
        (
            1,
            "SMITH",
            ["SMITH", "LEE", "KHAN"],
            "1996-02-03",
            "1000000001",
            "AVA",
            ["AB1 2CD", "AB1 2ZZ", "M15 9XY"],
        ),
        (2, "DUNN", ["DUNN"], None, None, "NOAH", []),
    ]
    assert rows(units.members) == [(1, 1), (1, 5), (2, 2)]


def test_a_value_without_dates_is_older_than_any_with(
    engine: Engine, entities: Any, identifier_records: Any, world: World, rows: Rows
) -> None:
    people = {
        1: {"surname": [("AARON", None)]},
        2: {"surname": [("ZOLA", "1999-01-01")]},
    }
    membership = world("""
        entity_id | unit_id
        1         | 1
        2         | 1
    """)
    units = from_sources(
        engine,
        "people",
        [(entities("npd", people), identifier_records([]))],
        membership,
        ["surname_all"],
    )
    assert rows(units.units) == [(1, ["ZOLA", "AARON"])]


def test_identifier_records_follow_their_entities_and_stand_once(
    engine: Engine, entities: Any, identifier_records: Any, world: World, rows: Rows
) -> None:
    lee = {"surname": "LEE", "dob": "1996-02-03"}
    npd = identifier_records(
        [
            {"entity_id": 1, **lee},
            {"entity_id": 1, "surname": "KHAN"},
            {"entity_id": 2, **lee},
        ]
    )
    ilr = identifier_records([{"entity_id": 5, **lee}])
    membership = world("""
        entity_id | unit_id
        1         | 1
        2         | 2
        5         | 1
    """)
    units = from_sources(
        engine,
        "people",
        [(entities("npd", NPD), npd), (entities("ilr", ILR), ilr)],
        membership,
        ["dob"],
    )
    records = engine.sql(
        "select unit_id, surname, dob from {a}", a=units.identifier_records
    )
    assert rows(records) == [
        (1, "KHAN", None),
        (1, "LEE", "1996-02-03"),
        (2, "LEE", "1996-02-03"),
    ]
    assert engine.count(units.identifier_records) == 3


@pytest.mark.parametrize("columns", [["postcode"], ["postcode", "postcode"]])
def test_a_column_asked_for_twice_stands_once(
    columns: list[str], engine: Engine, entities: Any, identifier_records: Any
) -> None:
    units = from_sources(
        engine, "npd", [(entities("npd", NPD), identifier_records([]))], None, columns
    )
    assert units.units.columns == ("unit_id", "postcode")
