"""Achievements counted with the people who have them."""

from typing import Any

import pytest
from quality.dashboard.outcomes.counting import (
    ALL,
    EVERYBODY,
    LEFT_OUT,
    NOT_FOLLOWED,
    OUTSIDE,
    SEVERAL,
    UNMATCHED,
    Place,
    count,
)

from linkage.engine import Engine
from quality.dashboard.outcomes import load_rules

WHOLE = ("graduate", 1, ALL)


@pytest.mark.both_engines
def test_several_achievements_of_one_person_are_one_person(engine: Engine, world: Any) -> None:
    """Person 1 has two at A, one with work, and one at B with work; 2 has one at A, paid; 3 one at B, not matched."""
    found = count(
        engine,
        engine.sql(
            """
            select cast(null as bigint) as draw, cast(AE_ID as bigint) as AE_ID, 'graduate' as definition,
                   cast(1 as bigint) as years_after, cast(measured as bigint) as measured, true as in_calculation,
                   m = 1 as matched, work = 1 as sustained_employment, false as further_study,
                   false as out_of_work_benefits, case when paid > 0 then cast(paid as double) end as pay, institution,
                   'x' as subject, 'F' as sex, '1' as fsm, 'WHIT' as ethnic_group
            from {rows}
            """,
            rows=world("""
                AE_ID | measured | institution | m | work | paid
                1     | 201415   | A           | 1 | 1    | 0
                1     | 201516   | A           | 1 | 0    | 0
                1     | 201617   | B           | 1 | 1    | 0
                2     | 201415   | A           | 1 | 1    | 9000
                3     | 201415   | B           | 0 | 0    | 0
            """),
        ),
        load_rules(),
        threshold=1,
    )
    everybody, first, second = (found[Place(*WHOLE, institution, "")] for institution in (EVERYBODY, "A", "B"))
    kinds = ("matched", "sustained_employment", "no_sustained_employment", "earners", "unpaid")
    assert [everybody.counts[kind] for kind in kinds[:2]] == [4, 3]
    assert [everybody.people[kind] for kind in kinds] == [2, 2, 1, 1, 1]
    assert [first.people[kind] for kind in kinds] == [2, 2, 1, 1, 1]
    assert [second.people[kind] for kind in kinds] == [1, 1, 0, 0, 1]
    # Along a line each stands once: person 1 at A with the first achievement.
    assert [first.once[kind] for kind in kinds] == [2, 2, 1, 1, 1]
    assert [second.once[kind] for kind in kinds] == [0, 0, 0, 0, 0]
    left = {cell: everybody.people[cell] for cell in LEFT_OUT}
    # Person 3 alone is not matched; person 1 alone is matched more than once, and nobody is paid so.
    assert left == {UNMATCHED: 1, OUTSIDE: 0, NOT_FOLLOWED: 1, SEVERAL["matched"]: 1, SEVERAL["earners"]: 0}
