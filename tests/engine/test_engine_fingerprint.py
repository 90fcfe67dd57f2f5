"""A table's fingerprint: one number on every engine, whatever the order of rows, and
another for another table.
"""

import datetime
import math

import pyarrow as pa
import pytest

pytestmark = [pytest.mark.both_engines, pytest.mark.fast]

AWKWARD = pa.table(
    {
        "id": [1, 2, 3, 4],
        "name": ["MARTHA", None, "ÉLODIE", "~"],
        "dob": [
            datetime.date(1899, 12, 31),
            None,
            datetime.date(2006, 2, 28),
            datetime.date(1, 1, 1),
        ],
        "weight": [0.1, None, -1e300, 123_456_789.125],
        "flag": [True, None, False, True],
        "seen": [
            datetime.datetime(1899, 1, 2, 3, 4, 5),
            None,
            datetime.datetime(2020, 1, 1),
            None,
        ],
        "names": [["A", None, "B"], None, [], ["A,B"]],
        "spans": [[datetime.date(1899, 12, 31)], None, [], [None]],
    }
)


def test_a_fingerprint_is_one_number_on_every_engine(engine):
    # The figure is fixed here, so that both engines, and tomorrow's, agree with the
    # manifests of earlier runs.
    assert engine.fingerprint(engine.from_arrow(AWKWARD)) == "4-a381337db6aab4a"


def test_lists_have_one_fingerprint_on_every_engine_however_it_writes_them(engine):
    day = datetime.date(2011, 2, 16)
    lists = {
        "held": pa.array([["a, b", None], [], None, ["null"]], pa.list_(pa.string())),
        "first": pa.array([[day, None], [], None, [None]], pa.list_(pa.date32())),
        "last": pa.array([None, [day], [None, day], []], pa.list_(pa.date32())),
        "numbers": pa.array([[1, None], [], None, [2]], pa.list_(pa.int64())),
    }
    assert engine.fingerprint(engine.from_arrow(pa.table(lists))) == "4-744082e714343ac"


def test_a_fingerprint_depends_on_rows_and_not_on_any_order(engine):
    fingerprint = engine.fingerprint(engine.from_arrow(AWKWARD))
    shuffled = AWKWARD.take([3, 1, 0, 2]).select(list(reversed(AWKWARD.column_names)))
    assert engine.fingerprint(engine.from_arrow(shuffled)) == fingerprint
    assert engine.fingerprint(engine.from_arrow(AWKWARD.slice(1))) != fingerprint


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({"a": ["A"], "b": ["BC"]}, {"a": ["AB"], "b": ["C"]}),
        ({"a": [None], "b": ["A"]}, {"a": ["A"], "b": [None]}),
        ({"a": [1.0]}, {"a": [1.000002]}),
        ({"a": [["A", "B"]]}, {"a": [["B", "A"]]}),
        ({"a": [True]}, {"a": [False]}),
    ],
)
def test_tables_that_differ_have_fingerprints_that_differ(engine, first, second):
    assert engine.fingerprint(engine.from_arrow(pa.table(first))) != engine.fingerprint(
        engine.from_arrow(pa.table(second))
    )


def test_the_last_bits_of_a_double_do_not_count(engine):
    left, right = (
        pa.table({"x": [0.1 + 0.2]}),
        pa.table({"x": [math.nextafter(0.3, 0)]}),
    )
    assert engine.fingerprint(engine.from_arrow(left)) == engine.fingerprint(
        engine.from_arrow(right)
    )


def test_whole_numbers_count_the_same_in_any_width(engine):
    small = engine.from_arrow(pa.table({"n": pa.array([1, 2], pa.int32())}))
    sums = engine.sql("select sum(n) as n from {t} group by n", t=small)
    assert engine.fingerprint(small) == engine.fingerprint(sums)


def test_nan_and_infinity_have_a_fingerprint(engine):
    table = pa.table({"x": [math.nan, math.inf, -math.inf, 1e15, None]})
    assert engine.fingerprint(engine.from_arrow(table)) == "5-f7e4889a4329893"


def test_a_struct_has_a_fingerprint_of_its_fields(engine):
    first = pa.table({"s": [{"a": 1, "b": "X"}, None]})
    second = pa.table({"s": [{"a": 1, "b": None}, None]})
    prints = [engine.fingerprint(engine.from_arrow(table)) for table in (first, second)]
    assert prints[0] != prints[1]


def test_a_column_of_no_known_type_is_refused(engine):
    with pytest.raises(TypeError, match="binary"):
        engine.fingerprint(engine.sql("select cast('a' as blob) as b"))
