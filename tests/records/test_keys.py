"""Keys of records and entities are unique."""

import hashlib

import pyarrow as pa
import pytest

from linkage.engine import rows as as_dicts
from linkage.errors import InputError
from linkage.records.values import entity_key, joined_key, row_key

TEXTS = {"a": pa.string(), "b": pa.string()}


def _keys(engine, expression, data):
    table = engine.from_arrow(
        data.append_column("n", pa.array(range(len(data)), pa.int64()))
    )
    keys = as_dicts(
        engine, engine.sql(f"select n, {expression} as key from {{t}}", t=table)
    )
    return [row["key"] for row in sorted(keys, key=lambda row: row["n"])]


@pytest.mark.both_engines
def test_keys_of_several_columns_are_unambiguous(engine):
    data = pa.table(
        {
            "a": ["A|B", "A", "A~1B", "A", "A", None],
            "b": ["C", "B|C", "C", "B", None, "B"],
        }
    )
    expected = ["A~1B|C", "A|B~1C", "A~01B|C", "A|B", None, None]
    assert _keys(engine, joined_key(("a", "b"), TEXTS), data) == expected
    assert _keys(engine, entity_key([("a", "b")], TEXTS, {}), data) == expected
    assert _keys(engine, entity_key([("a",)], TEXTS, {}), data) == [
        "A|B",
        "A",
        "A~1B",
        "A",
        "A",
        None,
    ]


@pytest.mark.both_engines
def test_a_row_without_a_key_has_one_name_on_every_engine(engine):
    data = pa.table(
        {
            "a": ["A|B", "A", "~", None, None, None],
            "b": ["C", "B|C", None, "~", None, None],
            "x": pa.array([1e7, 2.5, float("nan"), None, 7.0, 7.0]),
        }
    )
    keys = _keys(
        engine, row_key(("a", "b", "x"), {**TEXTS, "x": pa.float64()}, False), data
    )
    texts = ["A~1B|C|10000000", "A|B~1C|2.5", "~0|~|~", "~|~0|~", "~|~|7", "~|~|7"]
    assert [key[:32] for key in keys] == [
        hashlib.md5(text.encode()).hexdigest() for text in texts
    ]
    assert sorted(key[33:] for key in keys) == ["000000001"] * 5 + ["000000002"]
    assert len(set(keys)) == len(keys)


@pytest.mark.parametrize("key", ["#1", "#2", "#REF!"])
def test_a_key_that_begins_with_a_hash_sign_is_refused(read_pupils, tmp_path, key):
    """#2 of the source was one entity with the row 2, which has no key; #REF! of a
    spreadsheet made one of many people.
    """
    lines = [
        "ROW,PUPIL,SEEN,Forename,Surname,Born,Gender,Postcode,House",
        "1,,21/01/2010,ANN,ONEIL,06/05/1999,2,,",
        f"2,{key},21/01/2010,BOB,SMITH,01/01/1998,1,,",
        f"3,{key},21/01/2011,BOB,SMITH,01/01/1998,1,,",
    ]
    (tmp_path / "a.csv").write_text("\n".join(lines) + "\n")
    with pytest.raises(
        InputError,
        match=r"source.npd: [12] rows have a key \(PUPIL\) that begins with #",
    ):
        read_pupils("a.csv", type="csv", date_format="%d/%m/%Y")
