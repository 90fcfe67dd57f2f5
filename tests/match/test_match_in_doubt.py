"""Units that an earlier step has left in two: what is linked to one is as likely the other's as the two are one."""

from typing import Any

import pytest

from linkage.engine import Engine
from linkage.match.further.in_doubt import left_in_two, records_in_doubt
from tests.match.test_match_step import LEFT, linked


@pytest.mark.both_engines
def test_pairs_that_earlier_steps_kept_and_did_not_link_are_units_in_doubt(
    engine: Engine, world: Any, rows: Any
) -> None:
    """3-23 is linked; 4-24 has become one unit since; 5-25 is too unlikely; 6-26 stands in both steps; 27 is not here."""
    first = world("""
        left_id | right_id | decision | match_probability:float
        1       | 21       | review   | 0.75
        3       | 23       | accepted | 0.99
        4       | 24       | rejected | 0.5
        5       | 25       | rejected | 0.001
        6       | 26       | rejected | 0.25
        7       | 27       | rejected | 0.5
    """)
    second = world("""
        left_id | right_id | decision | match_probability:float
        6       | 26       | review   | 0.5
        21      | 36       | rejected | 0.125
    """)
    members = world("""
        unit_id | entity_id
        1       | 1
        3       | 3
        3       | 23
        4       | 4
        4       | 24
        5       | 5
        6       | 6
        7       | 7
        21      | 21
        21      | 31
        25      | 25
        26      | 26
        36      | 36
    """)
    found = left_in_two(engine, [first, second], members)
    either_way = {(1, 21, 0.75), (6, 26, 0.5), (21, 36, 0.125)}
    either_way |= {(other, one, likely) for one, other, likely in either_way}
    assert sorted(rows(found)) == sorted(either_way)


@pytest.mark.both_engines
def test_what_is_linked_to_one_may_be_the_others(engine: Engine, world: Any, rows: Any) -> None:
    """2 may be 1, who is linked to 11 and 12, or 3, who is linked to 11 as well; 14 may be 13, whom 4 has. The step has
    looked at 2-11 itself, and at 5-15, of which nothing else is known."""
    links = world("""
        left_id | right_id | decision
        1       | 11       | accepted
        1       | 12       | accepted
        3       | 11       | accepted
        3       | 13       | review
        4       | 13       | accepted
    """)
    in_two = {
        "left": world("""
            unit_id | other_id | probability:float
            1       | 2        | 0.5
            3       | 2        | 0.25
        """),
        "right": world("""
            unit_id | other_id | probability:float
            13      | 14       | 0.75
        """),
    }
    looked_at = world("""
        left_id | right_id | probability:float
        2       | 11       | 0.125
        5       | 15       | 0.0625
    """)
    found = records_in_doubt(engine, links, in_two, looked_at)
    assert found
    assert sorted(rows(found)) == [
        (2, 11, 0.5),
        (2, 12, 0.5),
        (4, 14, 0.75),
        (5, 15, 0.0625),
    ]
    assert records_in_doubt(engine, links, {}, looked_at) is looked_at


@pytest.mark.both_engines
def test_a_pair_of_nobody_who_may_be_a_linked_person_is_as_likely_as_that(engine: Engine, world: Any) -> None:
    """17 is 9's for certain. 8-17 weighs too little to be kept: it is hardly 9's other record, if 8 may not be 9."""
    left = LEFT + "    9       | ELLA     | ROSSI   | 1997-01-02 | M   | P8       | -\n"
    alone = linked(engine, left=left).summary["not_kept"]["expected_missed"]
    in_two = world("""
        unit_id | other_id | probability:float
        9       | 8        | 0.625
    """)
    known = linked(engine, left=left, in_two={"left": in_two}).summary
    odds = known["other_records"]["missed"]["left"]["share"] * 2 ** (known["thresholds"]["gain"] - 2)
    assert known["not_kept"]["expected_missed"] - alone == pytest.approx(0.625 - odds / (1 + odds), abs=2e-3)
