"""Histories with their dates: when a unit had a value, and agreement at one time, on
both engines.
"""

import datetime
from collections.abc import Callable
from typing import Any

import pytest

from linkage.engine import Engine, Table
from linkage.engine import rows as engine_rows
from linkage.match import from_sources
from linkage.match.candidates import score_given
from linkage.model import from_dict
from linkage.model.comparisons import comparison, settings

pytestmark = pytest.mark.both_engines

World = Callable[[str], Table]

SCHOOLS = {
    1: {
        "surname": [
            ("KHAN", "2010-01-01", "2014-06-30"),
            ("LEE", "2005-01-01", "2009-12-31"),
        ]
    },
    2: {"surname": [("DUNN", "2001-01-01", None), ("ADAMS", None)]},
    3: {},
}
COLLEGES = {
    5: {
        "surname": [("SMITH", "2016-01-01", None), ("LEE", "2003-05-01", "2004-01-01")]
    },
}


def test_a_history_keeps_its_dates(
    engine: Engine, entities: Any, identifier_records: Any
) -> None:
    side = (entities("npd", SCHOOLS), identifier_records([]))
    assert histories(
        engine, from_sources(engine, "npd", [side], None, ["surname_held"]).units
    ) == {
        1: [("KHAN", "2010-01-01", "2014-06-30"), ("LEE", "2005-01-01", "2009-12-31")],
        2: [
            ("DUNN", "2001-01-01", "9999-12-31"),
            ("ADAMS", "9999-12-31", "0001-01-01"),
        ],
        3: [],
    }


def test_people_of_several_entities_hold_a_value_from_its_first_day_to_its_last(
    engine: Engine, entities: Any, identifier_records: Any, world: World
) -> None:
    sides = [
        (entities("npd", SCHOOLS), identifier_records([])),
        (entities("ilr", COLLEGES), identifier_records([])),
    ]
    membership = world("""
        entity_id | unit_id
        1         | 1
        2         | 2
        3         | 3
        5         | 1
    """)
    units = from_sources(
        engine, "people", sides, membership, ["surname", "surname_all", "surname_held"]
    ).units
    (first,) = [row for row in engine_rows(engine, units) if row["unit_id"] == 1]
    # SMITH is still held, which is later than any day that is past.
    assert (first["surname"], list(first["surname_all"])) == (
        "SMITH",
        ["SMITH", "KHAN", "LEE"],
    )
    assert histories(engine, units)[1] == [
        ("SMITH", "2016-01-01", "9999-12-31"),
        ("KHAN", "2010-01-01", "2014-06-30"),
        ("LEE", "2003-05-01", "2009-12-31"),
    ]


OTHERS = {
    11: (
        [("KHAN", "2030-01-01", None)],
        "equal",
    ),  # the latest of both, whenever that was
    12: (
        [("SMITH", "2012-01-01", None), ("KHAN", "2008-01-01", "2010-01-01")],
        "agrees at overlapping dates",
    ),
    13: (
        [("SMITH", "2012-01-01", None), ("LEE", "2009-12-31", "2011-01-01")],
        "agrees at overlapping dates",
    ),
    14: (
        [("SMITH", "2012-01-01", None), ("LEE", "2010-01-01", "2011-01-01")],
        "agrees at another time",
    ),
    15: ([("SMITH", "2012-01-01", None), ("LEE", None)], "agrees at another time"),
    16: ([("SMITH", "2005-01-01", None)], "differs"),
}


def test_agreement_at_one_time_is_a_level_of_its_own(
    engine: Engine, entities: Any, identifier_records: Any
) -> None:
    raw = settings([comparison("surname", "name", history=True, dated=True)])
    for entry in raw["comparisons"][0]["comparison_levels"]:
        entry |= {"u_probability": 0.1}
        entry.pop("tf_adjustment_column", None)
    model = from_dict(raw)
    others = {unit: {"surname": names} for unit, (names, _) in OTHERS.items()}
    left, right = (
        from_sources(
            engine,
            "npd",
            [(entities("npd", histories), identifier_records([]))],
            None,
            model.columns,
        ).units
        for histories in (SCHOOLS, others)
    )
    pairs = engine.sql("select 1 as left_id, unit_id as right_id from {r}", r=right)
    labels = {entry.value: entry.label for entry in model.comparisons[0].levels}
    scored_rows = engine_rows(
        engine, score_given(engine, model, left, right, {}, pairs)
    )
    assert {row["right_id"]: labels[row["gamma_surname"]] for row in scored_rows} == {
        unit: f"surname: {level}" for unit, (_, level) in OTHERS.items()
    }


def histories(engine: Engine, units: Table) -> dict[int, list[tuple[str, str, str]]]:
    """Each unit's surnames with their dates, as text."""

    def as_text(span: Any) -> tuple[str, str, str]:
        value, *days = span.values() if isinstance(span, dict) else tuple(span)
        first, last = (
            day.isoformat() if isinstance(day, datetime.date) else str(day)
            for day in days
        )
        return value, first, last

    return {
        row["unit_id"]: [as_text(span) for span in row["surname_held"] or ()]
        for row in engine_rows(engine, units)
    }
