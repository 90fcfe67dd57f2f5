"""A table without a row, in the columns and types that a query expects."""

import pytest

from linkage.engine import Engine, empty


@pytest.mark.both_engines
def test_nobody_is_there_in_the_types_that_are_asked_for(engine: Engine) -> None:
    none = empty(engine, {"unit_id": "bigint", "called so": "varchar", "share": "double"})
    assert none.columns == ("unit_id", "called so", "share")
    assert engine.count(none) == 0
    kinds = engine.arrow(none).schema.types
    assert [str(kind).removeprefix("large_") for kind in kinds] == ["int64", "string", "double"]
    engine.drop(none)
