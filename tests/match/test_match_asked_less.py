"""Of nobody nothing is asked: a small step is queries, each of which takes as long as many a row."""

from typing import Any

import pytest

from linkage.engine import Engine, Table
from linkage.engine.duckdb import DuckDBEngine
from linkage.match.candidates.passes import no_pairs
from linkage.match.two_people.apart import two_people
from tests.conftest import parse
from tests.match.exact_model import units
from tests.match.test_match_step import LEFT, linked


@pytest.fixture
def stored(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The queries whose rows were kept."""
    asked: list[str] = []
    ask = DuckDBEngine.sql

    def sql(engine: DuckDBEngine, query: str, *, store: Any = False, **more: Any) -> Table:
        asked.extend([query] if store else [])
        return ask(engine, query, store=store, **more)

    monkeypatch.setattr(DuckDBEngine, "sql", sql)
    return asked


def test_a_step_whose_units_have_few_rivals_is_few_tables(duckdb_engine: Engine, stored: list[str]) -> None:
    linked(duckdb_engine)
    assert len(stored) < 75  # 110 where twins, rivals and rounds were looked for among no pairs


def test_no_pairs_are_looked_through_for_two_people(duckdb_engine: Engine, stored: list[str]) -> None:
    side = units(duckdb_engine, "left", duckdb_engine.from_arrow(parse(LEFT)))
    pairs = no_pairs(duckdb_engine)
    stored.clear()
    assert duckdb_engine.count(two_people(duckdb_engine, pairs, side, side, 0.0)) == 0
    assert stored == []
