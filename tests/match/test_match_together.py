"""The probability of links that join two records of one person."""

from typing import Any

import pytest

from linkage.engine import Engine
from linkage.engine import rows as engine_rows
from linkage.match.further.together import likely_together


@pytest.mark.both_engines
def test_records_of_one_person_are_each_as_likely_as_one_of_them(engine: Engine, world: Any) -> None:
    """Customers 11 and 12 shared 0.98 as rivals for person 1; 13 and 14 were no rivals; 16 was not accepted."""
    links = world("""
        left_id | right_id | decision | match_probability:float | reason
        1       | 11       | accepted | 0.5                     | -
        1       | 12       | accepted | 0.48                    | another record of the same person
        2       | 13       | accepted | 1.0                     | -
        2       | 14       | accepted | 0.9                     | another record of the same person
        3       | 15       | accepted | 0.6                     | -
        3       | 16       | rejected | 0.4                     | a better partner
        5       | 17       | accepted | 0.25                    | -
        6       | 17       | accepted | 0.75                    | another record of the same person
    """)
    joined = world("""
        left_id | right_id | probability:float
        1       | 12       | 0.95
        2       | 14       | 0.97
        6       | 17       | 1.0
    """)
    found = engine_rows(engine, likely_together(engine, links, "one-to-one", joined))
    assert {row["right_id"]: row["match_probability"] for row in found if row["left_id"] < 5} == pytest.approx(
        {11: 0.5 + 0.95 * 0.48, 12: 0.48 + 0.95 * 0.5, 13: 1.0, 14: 0.97, 15: 0.6, 16: 0.4}
    )
    assert [row["match_probability"] for row in found if row["right_id"] == 17] == pytest.approx([1.0, 1.0])
    assert {row["right_id"]: row["reason"] for row in found}[16] == "a better partner"


def test_links_of_one_who_may_hold_many_are_no_rivals(engine: Engine, world: Any, rows: Any) -> None:
    """Pupil 1 has two learners, of whom either may be wrong; learner 13 is of pupils 2 and 3, who are one."""
    links = """
        left_id | right_id | decision | match_probability:float | reason
        1       | 11       | accepted | 0.5                     | -
        1       | 12       | accepted | 0.4                     | -
        2       | 13       | accepted | {}                      | -
        3       | 13       | accepted | {}                      | another record of the same person
    """
    joined = world("""
        left_id | right_id | probability:float
        3       | 13       | 1.0
    """)
    found = likely_together(engine, world(links.format("0.7", "0.25")), "one-to-many", joined)
    assert rows(found) == rows(world(links.format("0.95", "0.95")))
    unlimited = world(links.format("0.7", "0.25"))
    assert rows(likely_together(engine, unlimited, "many-to-many", joined)) == rows(unlimited)
