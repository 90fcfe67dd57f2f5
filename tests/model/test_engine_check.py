"""Conditions of a model that an engine cannot run are named, without reading
any data.
"""

from typing import Any

import pytest

from linkage.engine import Engine, Table
from linkage.errors import ConfigError
from linkage.model import Model, from_dict
from linkage.model.engine_check import check_runs
from tests.conftest import World
from tests.match.exact_model import exact_model


@pytest.fixture
def side(world: World) -> Table:
    """A record of five fields."""
    return world("""
        unit_id | forename | surname | dob        | sex | postcode
        1       | ANN      | LEE     | 1990-01-01 | F   | AB1 2CD
    """)


def variant(old: str, new: str, *, rules: bool = False) -> Model:
    """The model with other words in its conditions, or in its blocking rules."""
    raw: dict[str, Any] = exact_model().raw
    entries = (
        raw["blocking_rules_to_generate_predictions"]
        if rules
        else raw["comparisons"][1]["comparison_levels"]
    )
    key = "blocking_rule" if rules else "sql_condition"
    for entry in entries:
        entry[key] = entry[key].replace(old, new)
    return from_dict(raw)


@pytest.mark.both_engines
@pytest.mark.parametrize(
    ("model", "fault"),
    [
        (
            variant("surname_l = surname_r", "list_contains(surname_l, surname_r)"),
            "comparison 'surname', level '",
        ),
        (
            variant("surname_l IS NULL", "family IS NULL"),
            "comparison 'surname', level '",
        ),
        (
            variant('l."surname"', 'list_contains(l."surname", 1)', rules=True),
            "blocking rule 1",
        ),
    ],
    ids=["function", "column", "rule"],
)
def test_a_condition_that_cannot_run_is_named(
    engine: Engine, side: Table, model: Model, fault: str
) -> None:
    with pytest.raises(
        ConfigError,
        match=rf"m\.json: {fault}.*\n  condition: .*\n  write it with functions",
    ):
        check_runs(engine, model, side, side, "m.json")


@pytest.mark.both_engines
def test_a_model_that_can_run_passes(engine: Engine, side: Table) -> None:
    check_runs(engine, exact_model(), side, side, "m.json")
