"""A world small enough to check by eye: three pupils, three learners, one false link and one missed."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from linkage.engine import Table
from quality.evaluation import Inputs, StepTables

MODEL: dict[str, Any] = {
    "probability_two_random_records_match": 0.25,
    "comparisons": [
        {
            "output_column_name": "surname",
            "comparison_levels": [
                {"sql_condition": "surname_l is null", "label_for_charts": "surname is NULL", "is_null_level": True},
                {
                    "sql_condition": "surname_l = surname_r",
                    "label_for_charts": "Exact match on surname",
                    "m_probability": 0.8,
                    "u_probability": 0.1,
                    "tf_adjustment_column": "surname",
                },
                {
                    "sql_condition": "ELSE",
                    "label_for_charts": "All other comparisons",
                    "m_probability": 0.2,
                    "u_probability": 0.9,
                },
            ],
        }
    ],
}


@pytest.fixture
def pupils_and_learners(world: Callable[[str], Table]) -> Inputs:
    """Persons P1 to P4. P1 is linked rightly, P2 to P4 wrongly, P2's own learner stays alone; P3 has no learner."""
    npd = world("""
        entity_id | source | entity_key:text | forename:list | dob:list   | sex:list
        1         | npd    | A               | ANN           | 1990-05-01 | F
        2         | npd    | B               | BEN;BENJAMIN  | 1991-06-02 | M
        3         | npd    | C               | -             | 2010-01-01 | -
    """)
    ilr = world("""
        entity_id | source | entity_key:text | forename:list | dob:list   | sex:list
        4         | ilr    | X               | ANN           | 1990-05-01 | F
        5         | ilr    | Y               | BEN           | 1991-06-02 | M
        6         | ilr    | Z               | BEN           | 1991-06-03 | M
    """)
    truth = world("""
        source | entity_key:text | person_id
        npd    | A               | 101
        npd    | B               | 102
        npd    | C               | 103
        ilr    | X               | 101
        ilr    | Y               | 102
        ilr    | Z               | 104
    """)
    units = world("""
        side  | unit_id | entity_id
        left  | 1       | 1
        left  | 2       | 2
        left  | 3       | 3
        right | 4       | 4
        right | 5       | 5
        right | 6       | 6
    """)
    links = world("""
        left_id | right_id | method        | pass   | match_weight:float | decision
        1       | 4        | deterministic | strict | 20.5               | accepted
        2       | 6        | probabilistic | -      | 7.25               | accepted
        2       | 5        | probabilistic | -      | 6.5                | review
        3       | 5        | probabilistic | -      | -12.0              | rejected
    """)
    unlinked = world("""
        side  | id | reason
        left  | 3  | below threshold
        right | 5  | ambiguous
    """)
    census = world("""
        entity_id | AcademicYear | EthnicGroupMajor | FSMeligible
        1         | 201011       | ASIA             | 0
        1         | 201112       | WHIT             | 1
        2         | 201112       | WHIT             | 0
    """)
    spine = world("""
        person_id | entity_id | source
        1         | 1         | npd
        1         | 4         | ilr
        2         | 2         | npd
        2         | 6         | ilr
        3         | 3         | npd
    """)
    step = StepTables("npd-ilr", "npd", "ilr", links, unlinked, units, "one-to-one", MODEL)
    sources = (
        {"source": "npd", "rows_read": 5, "records": 4, "quarantined": 1},
        {"source": "ilr", "rows_read": 3, "records": 3, "quarantined": 0},
    )
    return Inputs((step,), {"npd": npd, "ilr": ilr}, {"npd_census": census}, spine, truth, sources)


CHROMIUM = Path("/usr/bin/chromium")
