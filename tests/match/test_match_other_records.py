"""A unit that lost to a better partner may be of the same person all the same."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from linkage.engine import Engine
from linkage.engine import rows as engine_rows
from linkage.match.further.further_records import Further, likely, share_of_others
from linkage.match.further.other_records import with_other_records
from linkage.match.further.second_records import SecondRecords

LINKS = """
    left_id | right_id | decision | match_weight:float | match_probability:float
    1       | 11       | accepted | 30.0               | 0.5
    2       | 11       | rejected | 30.0               | 0.5
    3       | 12       | accepted | 25.0               | 1.0
    4       | 12       | rejected | -6.0               | 0.0
    5       | 13       | accepted | 25.0               | 1.0
    6       | 13       | rejected | 25.0               | 0.0
    7       | 14       | accepted | 25.0               | 1.0
"""


@pytest.mark.both_engines
def test_a_strong_pair_with_a_linked_partner_is_of_that_person(engine: Engine, world: Any) -> None:
    """1 and 2 are two records of one person; 4 is nobody of note; 5 and 6 are twins; 7 has no rival."""
    apart = world("""
        left_id | right_id
        6       | 13
    """)
    found, further = with_other_records(engine, world(LINKS), apart, 2.0, "one-to-many")
    said = {row["left_id"]: row["match_probability"] for row in engine_rows(engine, found)}
    assert said == pytest.approx({1: 1.0, 2: 1.0, 3: 1.0, 4: 0.0, 5: 1.0, 6: 0.0, 7: 1.0}, abs=1e-3)
    assert list(found.columns) == ["left_id", "right_id", "decision", "match_weight", "match_probability"]
    assert list(further) == ["left"]  # a left unit holds many links: those of the right are no rivals for it
    assert further["left"].share == pytest.approx((1 + 0.005 * 200) / (4 + 200), abs=1e-4)


def test_who_is_somebody_else_s_is_no_other_record(engine: Engine, world: Any) -> None:
    """2 holds 12 for certain, and in a one-to-one step no second link: so it is not of 1's person."""
    links = world("""
        left_id | right_id | decision | match_weight:float | match_probability:float
        1       | 11       | accepted | 30.0               | 1.0
        2       | 11       | rejected | 20.0               | 0.0
        2       | 12       | accepted | 30.0               | 1.0
    """)
    apart = engine.sql("select left_id, right_id from {t} where false", t=links, store=True)
    found, _ = with_other_records(engine, links, apart, 2.0, "one-to-one")
    said = {(row["left_id"], row["right_id"]): row["match_probability"] for row in engine_rows(engine, found)}
    assert said[2, 11] == 0.0


@pytest.mark.both_engines
def test_who_joined_is_judged_and_who_was_refused_is_as_likely_as_was_found(engine: Engine, world: Any) -> None:
    """1 and 2 are linked to 11 as one person; 4 was looked at beside 3; 6 was not, and its pair alone speaks."""
    links = world("""
        left_id | right_id | decision | match_weight:float | match_probability:float
        1       | 11       | accepted | 30.0               | 0.9
        2       | 11       | accepted | 30.0               | 0.96
        3       | 12       | accepted | 30.0               | 1.0
        4       | 12       | rejected | 30.0               | 0.0
        5       | 13       | accepted | 30.0               | 1.0
        6       | 13       | rejected | 3.0                | 0.0
    """)
    apart = engine.sql("select left_id, right_id from {t} where false", t=links, store=True)
    told = world("""
        left_id | right_id | probability:float
        4       | 12       | 0.4
    """)
    second = SecondRecords(links, links, told, told, {"left": Further(0.1, 0.0, {"gamma_surname": {1: 9.0}})})
    found, further = with_other_records(engine, links, apart, 5.0, "one-to-many", second=second, known=told)
    said = {row["left_id"]: row["match_probability"] for row in engine_rows(engine, found)}
    assert said == pytest.approx({1: 0.9, 2: 0.96, 3: 1.0, 4: 0.4, 5: 1.0, 6: 0.8 / 1.8}, abs=1e-9)
    assert further == second.further


@given(st.integers(0, 300), st.integers(1_000, 100_000))
def test_the_share_is_that_of_the_step(others: int, linked: int) -> None:
    """Of pairs that leave no doubt the share is the count, with what is known elsewhere counting for 200 units."""
    bits = np.array([60.0] * others + [-60.0] * 50)
    assert share_of_others(bits, np.ones(len(bits)), linked) == pytest.approx((others + 1) / (linked + 200), rel=1e-6)


@given(st.floats(-80, 80), st.floats(-80, 80))
def test_a_heavier_pair_is_likelier(one: float, other: float) -> None:
    low, high = likely(np.array(sorted((one, other))), 0.01)
    assert 0 <= low <= high <= 1
