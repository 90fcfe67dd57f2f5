"""Clusters with contradictory records are split by workers where they are more than the
driver should hold.
"""

import pytest

from linkage.engine import Engine, batches, rows
from linkage.spine.clusters import MISFIT
from tests.spine.test_spine_clusters import clusters_of
from tests.spine.test_spine_conflicts import BORN, OTHER, Entities, Links, people_of


@pytest.fixture(autouse=True)
def _small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batches, "BATCH_ROWS", 1)


@pytest.mark.spark
def test_people_are_separated_on_spark(spark_engine: Engine) -> None:
    """1 to 4 have two birth dates, 5 and 6 are two pupils; 7 and 8 are one person."""
    first, second = {"dob": BORN}, {"dob": OTHER}
    entities: Entities = {
        1: ("npd", first),
        2: ("ilr", first),
        3: ("hesa", second),
        4: ("cis", second),
    }
    entities |= {
        5: ("npd", first),
        6: ("npd", first),
        7: ("npd", {"nino": ["A", "B"]}),
        8: ("cis", {"nino": "B"}),
    }
    links: Links = [(1, 2, 9.0), (2, 3, 5.0), (3, 4, 9.0), (5, 6, 9.0), (7, 8, 9.0)]
    assert people_of(spark_engine, entities, links, {"npd": 1}) == (
        [{1, 2}, {3, 4}, {5}, {6}, {7, 8}],
        [(2, 3, "two birth dates"), (5, 6, "more than 1 of npd")],
        3,
    )


@pytest.mark.spark
def test_components_are_cut_on_spark(spark_engine: Engine) -> None:
    """The ends of each chain contradict each other: the weaker link of each is
    removed.
    """
    pairs = {(1, 2): 8.0, (2, 3): 5.0, (4, 5): 8.0, (5, 6): 9.0}
    people, result = clusters_of(spark_engine, 6, pairs, others=-9.0)
    assert people == [{1, 2}, {3}, {4}, {5, 6}]
    assert sorted(
        tuple(row.values()) for row in rows(spark_engine, result.removed_links)
    ) == [
        (2, 3, 5.0, MISFIT),
        (4, 5, 8.0, MISFIT),
    ]
