"""Which of an entity's values describes it."""

import pytest

from linkage.catalogue import shipped
from linkage.engine import rows as as_dicts
from quality.measures.characteristics import entities_described
from quality.measures.definitions import load

CENSUS = """
    entity_id | AcademicYear | EthnicGroupMajor
    1         | 201112       | AOEG
    1         | 201213       | WHIT
    1         | 201213       | BLAC
    2         | 201213       | ASIA
    2         | 201314       | -
"""


@pytest.mark.both_engines
@pytest.mark.parametrize("is_reversed", [False, True])
def test_of_two_values_of_one_year_the_first_in_order_is_taken(
    engine, world, is_reversed
):
    header, *body = CENSUS.strip().splitlines()
    census = world("\n".join([header, *(reversed(body) if is_reversed else body)]))
    all_definitions = load()
    ethnic_group = tuple(
        c for c in all_definitions.characteristic if c.name == "ethnic_group"
    )
    definitions = all_definitions.model_copy(update={"characteristic": ethnic_group})
    result = entities_described(
        engine,
        {"npd": world("entity_id\n1\n2")},
        {"npd_census": census},
        definitions,
        shipped(),
    )
    assert {
        row["entity_id"]: row["ethnic_group"] for row in as_dicts(engine, result)
    } == {1: "BLAC", 2: "ASIA"}
