"""Rows of one key become one entity with dated histories."""

import datetime

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from linkage.config.identifiers import IDENTIFIERS
from linkage.engine import rows as as_dicts
from linkage.records import gather_entities
from linkage.records.ids import numbered

HEADER = (
    "source | entity_key:text | valid_from:date | valid_to:date | forename | "
    "middle_names | surname | dob:date | sex | postcode | nino | uln | upn | "
    "husid"
)
OF_A_SCHOOL = f"""
    {HEADER}
    npd | P2 | 2012-01-19 | - | ANN | - | JONES | 1999-05-06 | F | AB1 2CD | - | - | - | -
    npd | P1 | 2010-01-21 | - | BOB | - | SMITH | 1998-02-03 | M | AB1 2CD | - | - | - | -
    npd | P2 | 2010-01-21 | - | ANN | - | SMITH | 1999-05-06 | F | AB1 2CD | - | - | - | -
    npd | P2 | 2011-01-20 | - | ANN | - | SMITH | 1999-05-06 | F | AB1 2CE | - | - | - | -
    npd | P2 | 2013-01-17 | - | -   | - | JONES | 1999-05-06 | F | AB1 2CD | - | - | - | -
"""


def day(text):
    return datetime.date.fromisoformat(text)


def history(row, field):
    """(value, first, last) of one identifier, in the order of the lists."""
    lists = [row[f"{field}{suffix}"] for suffix in ("", "_first", "_last")]
    if lists == [None, None, None]:
        return None
    return [(v, f and str(f), t and str(t)) for v, f, t in zip(*lists, strict=True)]


def test_values_newest_first_with_their_dates(engine, world):
    result = gather_entities(engine, world(OF_A_SCHOOL), first_entity_id=11)
    first, second = sorted(
        as_dicts(engine, result.entities), key=lambda row: row["entity_id"]
    )
    assert result.count == 2
    assert (
        first["entity_id"],
        first["source"],
        first["entity_key"],
        first["records"],
    ) == (11, "npd", "P1", 1)
    assert (second["entity_id"], second["entity_key"], second["records"]) == (
        12,
        "P2",
        4,
    )
    assert history(second, "forename") == [("ANN", "2010-01-21", "2012-01-19")]
    assert history(second, "surname") == [
        ("JONES", "2012-01-19", "2013-01-17"),
        ("SMITH", "2010-01-21", "2011-01-20"),
    ]
    assert history(second, "postcode") == [
        ("AB1 2CD", "2010-01-21", "2013-01-17"),
        ("AB1 2CE", "2011-01-20", "2011-01-20"),
    ]
    assert history(second, "dob") == [(day("1999-05-06"), "2010-01-21", "2013-01-17")]
    assert history(second, "nino") is None


def test_identifier_records_are_values_of_one_row(engine, world, rows):
    table = gather_entities(engine, world(OF_A_SCHOOL)).identifier_records
    assert table.columns == (
        "entity_id",
        *IDENTIFIERS,
        "first_date",
        "last_date",
        "identifier_record_rows",
    )
    columns = engine.sql(
        "select entity_id, forename, surname, postcode, first_date, last_date, "
        "identifier_record_rows from {a}",
        a=table,
    )
    assert rows(columns) == rows(
        world("""
            id | forename | surname | postcode | first      | last       | n
            1  | BOB      | SMITH   | AB1 2CD  | 2010-01-21 | 2010-01-21 | 1
            2  | ANN      | SMITH   | AB1 2CD  | 2010-01-21 | 2010-01-21 | 1
            2  | ANN      | SMITH   | AB1 2CE  | 2011-01-20 | 2011-01-20 | 1
            2  | ANN      | JONES   | AB1 2CD  | 2012-01-19 | 2012-01-19 | 1
            2  | -        | JONES   | AB1 2CD  | 2013-01-17 | 2013-01-17 | 1
        """)
    )


def test_a_period_that_is_open_has_no_last_date_and_is_newest(engine, world):
    records = world(f"""
        {HEADER}
        cis | AB | 2001-01-01 | 2005-06-30 | ANN | - | SMITH | 1980-02-03 | F | AB1 2CD | AB123456 | - | - | -
        cis | AB | 2005-07-01 | -          | ANN | - | JONES | 1980-02-03 | F | AB1 2CD | AB123456 | - | - | -
        cis | AB | -          | -          | ANN | - | BROWN | 1980-02-03 | F | AB1 2CD | AB123456 | - | - | -
    """)
    (entity,) = as_dicts(engine, gather_entities(engine, records).entities)
    assert history(entity, "surname") == [
        ("JONES", "2005-07-01", None),
        ("SMITH", "2001-01-01", "2005-06-30"),
        ("BROWN", None, None),
    ]
    assert history(entity, "forename") == [("ANN", "2001-01-01", None)]


@pytest.mark.both_engines
def test_former_values_are_identifier_records_without_dates(engine, world):
    records = world(f"""
        {HEADER} | former_surname | former_postcode | x_town
        hesa | H1 | 2015-12-01 | - | ANN | - | JONES | 1995-02-03 | F | AB1 2CD | - | - | - | H1 | SMITH | -       | BATH
        hesa | H2 | 2015-12-01 | - | ZOE | - | JONES | 1995-02-03 | F | AB1 2CD | - | - | - | H2 | JONES | AB1 2CD | BATH
        hesa | H3 | 2015-12-01 | - | EVE | - | JONES | 1995-02-03 | F | -       | - | - | - | H3 | SMITH | AB1 2CE | -
    """)
    result = gather_entities(engine, records)
    first, second, third = sorted(
        as_dicts(engine, result.entities), key=lambda row: row["entity_id"]
    )
    assert history(first, "surname") == [
        ("JONES", "2015-12-01", "2015-12-01"),
        ("SMITH", None, None),
    ]
    assert history(first, "postcode") == [("AB1 2CD", "2015-12-01", "2015-12-01")]
    assert history(first, "x_town") == [("BATH", "2015-12-01", "2015-12-01")]
    assert history(second, "surname") == [("JONES", "2015-12-01", "2015-12-01")]
    assert (first["records"], second["records"]) == (1, 1)
    assert history(third, "postcode") == [("AB1 2CE", None, None)]
    records_found = {
        (r["entity_id"], r["surname"], r["postcode"])
        for r in as_dicts(engine, result.identifier_records)
    }
    assert records_found == {
        *((1, "JONES", "AB1 2CD"), (1, "SMITH", "AB1 2CD"), (2, "JONES", "AB1 2CD")),
        *((3, "JONES", None), (3, "SMITH", "AB1 2CE")),
    }


_DAYS = st.one_of(
    st.none(), st.dates(datetime.date(1990, 1, 1), datetime.date(2020, 1, 1))
)
_ROWS = st.lists(
    st.tuples(
        st.sampled_from("ABC"), st.sampled_from(["X", "Y", "Z", None]), _DAYS, _DAYS
    ),
    min_size=1,
    max_size=15,
)


@given(_ROWS)
def test_a_history_holds_each_value_once_and_all_its_days(quick_engine, records):
    columns = {
        name: pa.nulls(len(records), pa.string()) for name in ("source", *IDENTIFIERS)
    }
    columns["dob"] = pa.nulls(len(records), pa.date32())
    columns["entity_key"] = pa.array([key for key, *_ in records])
    columns["surname"] = pa.array([name for _, name, *_ in records], pa.string())
    columns["valid_from"] = pa.array([start for *_, start, _ in records], pa.date32())
    columns["valid_to"] = pa.array([end for *_, end in records], pa.date32())
    result = gather_entities(quick_engine, quick_engine.from_arrow(pa.table(columns)))
    for row in as_dicts(quick_engine, result.entities):
        periods = [
            (name, start, end)
            for key, name, start, end in records
            if key == row["entity_key"]
        ]
        assert row["records"] == len(periods)
        names = row["surname"] or []
        assert sorted(names) == sorted({name for name, *_ in periods if name})
        for name, first in zip(names, row["surname_first"] or [], strict=True):
            starts = [start for value, start, _ in periods if value == name and start]
            assert first == (min(starts) if starts else None)
    quick_engine.drop(result.entities, result.identifier_records)


@given(
    st.lists(st.text("AB1", min_size=1, max_size=15), min_size=1, max_size=40),
    st.integers(1, 5),
)
def test_ids_are_dense_and_in_order_with_any_group_size(quick_engine, keys, group):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("linkage.records.ids._GROUP", group)
        table = quick_engine.from_arrow(pa.table({"k": keys}))
        numbers = as_dicts(
            quick_engine, numbered(quick_engine, table, "k", "id", first=7)
        )
    numbers.sort(key=lambda row: row["id"])
    assert [row["id"] for row in numbers] == list(range(7, 7 + len(keys)))
    assert [row["k"] for row in numbers] == sorted(keys)
    assert sum(row["repeated"] for row in numbers) == len(keys) - len(set(keys))
