"""What a step asks of Python, workers find as the driver does where it is more than the driver should hold."""

from typing import Any

import pyarrow as pa
import pytest

from linkage.config import Step
from linkage.engine import Engine, pieces, rows
from linkage.match.further.second_records import ANOTHER
from linkage.match.likelihood.posterior import posterior
from linkage.match.likelihood.sampled import links_sampled
from linkage.match.resolution.assignment import assign
from linkage.match.resolution.resolve import Race, Thresholds
from tests.conftest import parse
from tests.match.test_match_apart import _apart, _units
from tests.match.test_match_posterior import CANDIDATES


@pytest.fixture
def many(monkeypatch: pytest.MonkeyPatch) -> None:
    """A few pairs are more than the driver should hold."""
    monkeypatch.setattr(pieces, "AT_ONCE", 1)


@pytest.fixture
def by_hands(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The rows of each table that came to this process."""
    from linkage.engine.spark import SparkEngine

    came: list[int] = []
    arrow = SparkEngine.arrow

    def seen(engine: Any, table: Any) -> pa.Table:
        found = arrow(engine, table)
        came.append(found.num_rows)
        return found

    monkeypatch.setattr(SparkEngine, "arrow", seen)
    return came


@pytest.mark.spark
@pytest.mark.parametrize("cardinality", ["one-to-one", "many-to-one", "one-to-many"])
def test_probabilities_on_spark(
    cardinality: Any, spark_engine: Engine, duckdb_engine: Engine, many: None, by_hands: list[int]
) -> None:
    """Both sides' pairs close a cycle: 5 and 6 want 15 and 16 alike."""
    table = parse(CANDIDATES + "5 | 15 | 2\n5 | 16 | 3\n6 | 15 | 1\n6 | 16 | 2\n6 | 17 | 0")

    def found(engine: Engine) -> dict[tuple[int, int], float]:
        likely = rows(engine, posterior(engine, engine.from_arrow(table), cardinality, 0.5))
        return {(row["left_id"], row["right_id"]): row["match_probability"] for row in likely}

    assert found(spark_engine) == pytest.approx(found(duckdb_engine), abs=1e-12)
    assert len(by_hands) == 1, "the answer alone"


LINKS = f"""
    left_id | right_id | method        | match_weight:float | match_probability:float | decision | reason
    1       | 11       | probabilistic | 12                 | 0.5                     | accepted | -
    1       | 12       | probabilistic | 12                 | 0.4                     | rejected | a better partner
    2       | 11       | probabilistic | 11                 | 0.3                     | rejected | a better partner
    2       | 12       | probabilistic | 12                 | 0.5                     | accepted | -
    3       | 13       | probabilistic | 1                  | 0.7                     | accepted | -
    4       | 14       | probabilistic | 9                  | 0.6                     | accepted | -
    5       | 14       | probabilistic | 8                  | 0.4                     | accepted | {ANOTHER}
    6       | 14       | probabilistic | 8                  | 0.3                     | rejected | a better partner
    7       | 15       | deterministic | 30                 | 0.999999999             | accepted | -
"""
LIKELY = "left_id | right_id | left_person | right_person\n" + "\n".join(
    f"{left} | {right} | {left} | {right}"
    for left, right in ((1, 11), (1, 12), (2, 11), (2, 12), (4, 14), (5, 14), (6, 14))
)


@pytest.mark.spark
@pytest.mark.parametrize("cardinality", ["one-to-one", "many-to-one", "one-to-many", "many-to-many"])
def test_alternative_links_on_spark(
    cardinality: Any, spark_engine: Engine, duckdb_engine: Engine, many: None, by_hands: list[int]
) -> None:
    """A cycle, a link that nobody contests, one that another record of the same person has joined, and a sure one."""
    step = Step(name="s", left="a", right="b", cardinality=cardinality, samples=50)

    def found(engine: Engine) -> set[tuple[Any, ...]]:
        links, likely = (engine.from_arrow(parse(text)) for text in (LINKS, LIKELY))
        return {tuple(row.values()) for row in rows(engine, links_sampled(engine, step, links, likely, 0.0, 3))}

    drawn = found(spark_engine)
    assert drawn == found(duckdb_engine)
    assert len(by_hands) == 1, "the answer alone"
    times = {pair: sum(row[2:] == pair for row in drawn) for pair in {row[2:] for row in drawn}}
    assert times[7, 15] == 50
    assert 0 < times[3, 13] < 50


@pytest.mark.spark
def test_the_best_assignment_on_spark(spark_engine: Engine, many: None) -> None:
    pairs = "left_id | right_id | match_weight:float\n1|11|12\n1|12|11.5\n2|11|11.9\n3|13|14\n4|14|12\n3|14|11\n4|13|11"
    at = Thresholds(accept=8.0, review=0.0, margin=3.0)
    race = Race(spark_engine, spark_engine.from_arrow(parse(pairs)), "one-to-one", at.lowest)
    assign(spark_engine, race, at)
    found = {(row["left_id"], row["right_id"]): row["runner_up_weight"] for row in rows(spark_engine, race.accepted)}
    assert found == pytest.approx({(1, 12): 5.1, (2, 11): 5.5, (3, 13): 10.0, (4, 14): 8.0})


@pytest.mark.spark
def test_twins_on_spark(spark_engine: Engine, many: None) -> None:
    """Jo and Anna are two; Robert is Bob."""
    lines = ["1 | JO | - | JONES | 1993-01-02 | P4 | -", "2 | ROBERT | - | LEE | 1991-03-04 | P5 | -"]
    others = ["1 | ANNA | - | JONES | 1993-01-02 | P4 | -", "2 | BOB | - | LEE | 1991-03-04 | P5 | -"]
    assert _apart(spark_engine, _units(spark_engine, *lines), _units(spark_engine, *others)) == {(1, 1)}
