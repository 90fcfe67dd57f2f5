"""The plan of a scoring on Spark: each condition stays above the levels and weights
that it reads, as it is written.
"""

from typing import Any

import pytest

from linkage.match.candidates import score_candidates, term_frequencies
from tests.model.known_errors import model, two_files


@pytest.mark.spark
def test_inputs_of_a_condition_are_computed_once_on_spark(
    spark_engine: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Below them it would repeat their whole expressions, and become a method that Java
    does not compile.
    """
    rules = model(('l."dob" = r."dob"', 'l."surname" = r."surname"'))
    left, right = (spark_engine.from_arrow(side.slice(0, 50)) for side in two_files())
    plans = _plans(spark_engine, monkeypatch)
    score_candidates(
        spark_engine,
        rules,
        left,
        right,
        term_frequencies(spark_engine, rules, left, right),
        0.0,
    )
    filters = [
        line
        for plan in plans
        if "reach_" in plan
        for line in plan.splitlines()
        if "Filter" in line
    ]
    assert any("reach_" in line for line in filters)
    assert not [
        line
        for line in filters
        if "CASE WHEN" in line or "+" in line.partition("Filter")[2]
    ]


def _plans(engine: Any, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Spark's optimised plan of each query from here on."""
    plans, run_sql = [], engine.session.sql

    def sql(text: str) -> Any:
        frame = run_sql(text)
        plans.append(frame._jdf.queryExecution().optimizedPlan().toString())
        return frame

    monkeypatch.setattr(engine.session, "sql", sql)
    return plans
