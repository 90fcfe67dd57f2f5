"""Which of an entity's values stands for it."""

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
@pytest.mark.parametrize("turned", [False, True])
def test_of_two_values_of_one_year_the_first_stands_whichever_row_comes_first(engine, world, turned):
    header, *body = CENSUS.strip().splitlines()
    census = world("\n".join([header, *(reversed(body) if turned else body)]))
    all_of_them = load()
    ethnic = tuple(one for one in all_of_them.characteristic if one.name == "ethnic_group")
    definitions = all_of_them.model_copy(update={"characteristic": ethnic})
    result = entities_described(
        engine, {"npd": world("entity_id\n1\n2")}, {"npd_census": census}, definitions, shipped()
    )
    assert {row["entity_id"]: row["ethnic_group"] for row in as_dicts(engine, result)} == {1: "BLAC", 2: "ASIA"}
