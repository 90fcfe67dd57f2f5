"""Why a unit has no link: what counts as known of it."""

from collections.abc import Callable
from typing import Any

from linkage.engine import Engine, Table, rows
from linkage.match.reasons import _identifiers_held

World = Callable[[str], Table]


def test_a_number_that_the_run_keeps_is_an_identifier(engine: Engine, world: World) -> None:
    """Wage records hold a name and a number, and no birth date: that is enough to look for somebody."""
    units: Any = world("""
        unit_id | forename | surname | dob:text | x_number:text | x_number_all:text
        1       | AVA      | LEE     | -        | 123           | 123
        2       | AVA      | LEE     | -        | -             | -
    """)
    found = engine.sql(f"select unit_id, {_identifiers_held(units)} as held from {{u}} as u", u=units)
    assert {row["unit_id"]: row["held"] for row in rows(engine, found)} == {1: 3, 2: 2}
