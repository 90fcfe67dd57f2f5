"""Overlapping and abutting spells become one period; nothing else does."""

import datetime

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from linkage.engine import connect
from linkage.engine import rows as engine_rows
from linkage.errors import ContractError
from linkage.longitudinal.spells import merge_spells

DAY_ZERO = datetime.date(2010, 1, 1)


@pytest.mark.both_engines
def test_abutting_and_overlapping_spells_become_one(engine, world, rows):
    spells = world("""
        edukey | start_date | end_date
        A      | 2015-04-06 | 2015-06-30
        A      | 2015-07-01 | 2016-04-05
        A      | 2016-04-07 | 2016-05-01
        B      | 2015-04-06 | 2015-04-06
        C      | 2015-01-01 | 2015-12-31
        C      | 2015-02-01 | 2015-03-01
        C      | 2015-12-01 | 2016-02-01
    """)
    assert rows(merge_spells(engine, spells, by=["edukey"])) == rows(
        world("""
        edukey | start_date | end_date   | spells_merged
        A      | 2015-04-06 | 2016-04-05 | 2
        A      | 2016-04-07 | 2016-05-01 | 1
        B      | 2015-04-06 | 2015-04-06 | 1
        C      | 2015-01-01 | 2016-02-01 | 3
    """)
    )


def test_a_long_spell_includes_the_spells_within_it(engine, world, rows):
    spells = world("""
        edukey | start_date | end_date
        A      | 2015-01-01 | 2015-12-31
        A      | 2015-02-01 | 2015-02-02
        A      | 2015-06-01 | 2015-06-02
    """)
    ((_, start, end, number),) = rows(merge_spells(engine, spells, by=["edukey"]))
    assert (start, end, number) == (
        datetime.date(2015, 1, 1),
        datetime.date(2015, 12, 31),
        3,
    )


@pytest.mark.both_engines
def test_a_mark_comes_from_the_spell_that_gives_the_date(engine, world, rows):
    spells = world("""
        who | start_date | end_date   | uncertain_start:bool | uncertain_end:bool
        A   | 2015-04-06 | 2015-06-30 | true                 | true
        A   | 2015-06-01 | 2015-09-01 | false                | false
        B   | 2015-04-06 | 2015-06-30 | true                 | false
        B   | 2015-04-06 | 2016-04-05 | false                | true
        C   | 2015-04-06 | 2015-06-30 | false                | false
        C   | 2015-05-01 | 2016-04-05 | true                 | true
        C   | 2015-05-01 | 2016-04-05 | true                 | false
    """)
    marks = {row[0]: row[-2:] for row in rows(merge_spells(engine, spells, by=["who"]))}
    assert marks == {"A": (True, False), "B": (False, True), "C": (False, False)}


def test_many_spells_of_the_same_days_are_one_in_any_order(engine):
    """Two sorts may order fifty equal rows differently; of 100 people one was joined to
    an earlier spell.
    """
    people = np.concatenate([np.arange(100)] * 51)
    start = np.where(np.arange(len(people)) < 100, 0, 20)
    permutation = np.random.default_rng(1).permutation(len(people))
    days = [
        pa.array(DAY_ZERO.toordinal() - 719_163 + n[permutation], pa.int32())
        for n in (start, start + 9)
    ]
    dates = {
        name: day.cast(pa.date32())
        for name, day in zip(("start_date", "end_date"), days, strict=True)
    }
    merged_spells = merge_spells(
        engine,
        engine.from_arrow(pa.table({"who": people[permutation]} | dates)),
        by=["who"],
    )
    spans = {
        (row["start_date"], row["end_date"], row["spells_merged"])
        for row in engine_rows(engine, merged_spells)
    }
    assert spans == {
        (DAY_ZERO, datetime.date(2010, 1, 10), 1),
        (datetime.date(2010, 1, 21), datetime.date(2010, 1, 30), 50),
    }


def test_impossible_spells_are_refused_by_count_alone(engine, world):
    spells = world("""
        who    | start_date | end_date
        SECRET | 2015-04-06 | 2015-04-05
        SECRET | 2015-04-06 | -
    """)
    with pytest.raises(
        ContractError, match="1 have no start or no end, 1 end before they start"
    ) as error:
        merge_spells(engine, spells, by=["who"])
    assert "SECRET" not in str(error.value)


spans = st.lists(
    st.tuples(st.sampled_from("AB"), st.integers(0, 60), st.integers(0, 12)),
    min_size=1,
    max_size=14,
)


@given(spans)
def test_merging_keeps_every_day_and_changes_nothing_twice(periods):
    with connect("duckdb", threads=1) as engine:
        spells = engine.from_arrow(
            pa.table(
                {
                    "who": [person for person, _, _ in periods],
                    "start_date": [
                        DAY_ZERO + datetime.timedelta(start) for _, start, _ in periods
                    ],
                    "end_date": [
                        DAY_ZERO + datetime.timedelta(start + length)
                        for _, start, length in periods
                    ],
                }
            )
        )
        table = merge_spells(engine, spells, by=["who"])
        merged_rows = engine_rows(engine, table)
        second_rows = engine_rows(engine, merge_spells(engine, table, by=["who"]))

    def days(spells):
        return {
            (row["who"], row["start_date"] + datetime.timedelta(n))
            for row in spells
            for n in range((row["end_date"] - row["start_date"]).days + 1)
        }

    days_before = {
        (w, DAY_ZERO + datetime.timedelta(s + n))
        for w, s, length in periods
        for n in range(length + 1)
    }
    assert days(merged_rows) == days_before
    assert {(r["who"], r["start_date"], r["end_date"]) for r in second_rows} == {
        (r["who"], r["start_date"], r["end_date"]) for r in merged_rows
    }
    # Between two periods of a person there is a day without a spell.
    assert all(
        (r["who"], r["end_date"] + datetime.timedelta(1)) not in days_before
        for r in merged_rows
    )
    assert sum(r["spells_merged"] for r in merged_rows) == len(periods)
