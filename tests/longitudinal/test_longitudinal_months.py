"""Twelve bits are twelve months, and rules are arithmetic on them."""

import datetime

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from linkage.engine import connect
from linkage.engine import rows as engine_rows
from linkage.longitudinal.definitions import PERIOD_MONTHS, Lasting
from linkage.longitudinal.months import active_months, lasted

TAX_2014 = """
    AE_ID | start_year | first_month | tax_start  | tax_end
    1     | 2014       | 24171       | 2014-04-06 | 2015-04-05
"""


@pytest.mark.both_engines
def test_months_count_with_one_day_and_days_are_of_the_tax_year(engine, world, rows):
    spells = world("""
        AE_ID | start_date | end_date
        1     | 2013-01-01 | 2014-04-06
        1     | 2014-10-31 | 2014-12-01
        2     | 2014-05-01 | 2014-05-02
        1     | 2016-05-01 | 2016-05-02
    """)
    april, october, november, december = 1, 1 << 6, 1 << 7, 1 << 8
    assert rows(active_months(engine, spells, world(TAX_2014))) == [
        (1, 2014, april + october + november + december, 1 + 32)
    ]


@given(
    months_held=st.sets(st.integers(0, 11)),
    first=st.integers(0, 11),
    length=st.integers(1, 12),
    at_least=st.integers(1, 12),
    consecutive=st.booleans(),
)
def test_a_rule_agrees_with_counting_by_hand(
    months_held, first, length, at_least, consecutive
):
    months = PERIOD_MONTHS["academic"][first : first + length]
    at_least = min(at_least, len(months))
    rule = Lasting(months=months, at_least=at_least, consecutive=consecutive)
    positions = [
        index for index in range(first, first + len(months)) if index in months_held
    ]
    if consecutive:
        expected = any(
            all(p + n in positions for n in range(at_least)) for p in positions
        )
    else:
        expected = len(positions) >= at_least
    with connect("duckdb", threads=1) as engine:
        bits = engine.from_arrow(
            pa.table(
                {"months": pa.array([sum(1 << bit for bit in months_held)], pa.int32())}
            )
        )
        result = engine.sql(
            f"select {lasted(rule, 'academic', 'months')} as held from {{bits}}",
            bits=bits,
        )
        assert engine_rows(engine, result) == [{"held": expected}]


def test_without_spells_there_are_no_months(engine, world, rows):
    rule = Lasting(months=(10, 11), at_least=1)
    table = engine.sql(
        f"select {lasted(rule, 'tax', 'months')} as held from (select cast(null as "
        "integer) as months)"
    )
    assert rows(table) == [(False,)]
    spells = engine.from_arrow(
        pa.table(
            {
                "AE_ID": [1],
                "start_date": [datetime.date(2020, 1, 1)],
                "end_date": [datetime.date(2020, 1, 2)],
            }
        )
    )
    assert rows(active_months(engine, spells, world(TAX_2014))) == []
