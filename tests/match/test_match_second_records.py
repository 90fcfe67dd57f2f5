"""The probability of links that join two records of one person."""

from typing import Any

import pytest

from linkage.engine import Engine
from linkage.match.second_records import likely_together


@pytest.mark.both_engines
def test_records_of_one_person_are_each_as_likely_as_one_of_them(engine: Engine, world: Any, rows: Any) -> None:
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
    expected = world("""
        left_id | right_id | decision | match_probability:float | reason
        1       | 11       | accepted | 0.98                    | -
        1       | 12       | accepted | 0.98                    | another record of the same person
        2       | 13       | accepted | 1.0                     | -
        2       | 14       | accepted | 0.9                     | another record of the same person
        3       | 15       | accepted | 0.6                     | -
        3       | 16       | rejected | 0.4                     | a better partner
        5       | 17       | accepted | 1.0                     | -
        6       | 17       | accepted | 1.0                     | another record of the same person
    """)
    assert rows(likely_together(engine, links)) == rows(expected)
