"""Records of a file joined by accepted pairs; groups stay apart where the pairs between
them are unlike.
"""

from itertools import combinations
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from linkage.engine import Engine, Table, connect, rows
from linkage.spine.clusters import MISFIT, Clusters, cluster
from linkage.spine.splitting import split

ACCEPT = 4.0
Pairs = dict[tuple[int, int], float]


def _table(engine: Engine, pairs: Any, weights: Any = None) -> Table:
    columns = {
        "left_id": pa.array([a for a, _ in pairs], pa.int64()),
        "right_id": pa.array([b for _, b in pairs], pa.int64()),
    }
    if weights is not None:
        decisions = ["accepted" if w >= ACCEPT else "rejected" for w in weights]
        columns |= {
            "match_weight": pa.array(weights, pa.float64()),
            "decision": pa.array(decisions, pa.string()),
        }
    return engine.from_arrow(pa.table(columns))


def clusters_of(
    engine: Engine, records: int, pairs: Pairs, others: float = -9.0
) -> tuple[list[set[int]], Clusters]:
    """Records of each person, where pairs that no rule made have the weight
    `others`.
    """
    result = cluster(
        engine,
        engine.from_arrow(
            pa.table({"unit_id": pa.array(range(1, records + 1), pa.int64())})
        ),
        _table(engine, list(pairs), list(pairs.values())),
        lambda table: engine.sql(
            f"select *, cast({others} as double) as match_weight from {{t}}", t=table
        ),
        accept=ACCEPT,
    )
    people: dict[int, set[int]] = {}
    for row in rows(engine, result.members):
        people.setdefault(row["cluster_id"], set()).add(row["unit_id"])
    assert all(label == min(members) for label, members in people.items())
    return sorted(people.values(), key=min), result


def test_accepted_pairs_join_and_lesser_ones_do_not(engine: Engine) -> None:
    people, result = clusters_of(engine, 4, {(1, 2): 8.0, (3, 4): 3.9})
    assert people == [{1, 2}, {3}, {4}]
    assert engine.count(result.removed_links) == 0


def test_a_chain_with_contradictory_ends_is_cut_at_its_weakest_link(
    engine: Engine,
) -> None:
    people, result = clusters_of(engine, 3, {(1, 2): 8.0, (2, 3): 5.0}, others=-9.0)
    assert people == [{1, 2}, {3}]
    assert [tuple(row.values()) for row in rows(engine, result.removed_links)] == [
        (2, 3, 5.0, MISFIT)
    ]


def test_a_chain_with_doubtful_ends_is_one_person(engine: Engine) -> None:
    """(10 + 0) / 2 is more than 4: the weight of one pair is enough for the other,
    which is light.
    """
    assert clusters_of(engine, 3, {(1, 2): 12.0, (2, 3): 10.0}, others=0.0)[0] == [
        {1, 2, 3}
    ]


def _weights() -> st.SearchStrategy[Pairs]:
    pairs = list(combinations(range(1, 7), 2))
    return st.dictionaries(
        st.sampled_from(pairs), st.integers(-8, 12).map(float), max_size=12
    )


@given(_weights(), st.randoms())
def test_the_order_of_pairs_does_not_matter(pairs: Pairs, random: Any) -> None:
    random_order = list(pairs.items())
    random.shuffle(random_order)
    with connect("duckdb") as engine:
        first, _ = clusters_of(engine, 6, pairs)
        repeat, _ = clusters_of(engine, 6, dict(random_order))
    assert first == repeat
    assert sorted(record for person in first for record in person) == [
        1,
        2,
        3,
        4,
        5,
        6,
    ], "each in one person"
    for person in first:
        if len(person) > 1:
            weights = [
                pairs.get(pair, -9.0) for pair in combinations(sorted(person), 2)
            ]
            assert sum(weights) / len(weights) >= ACCEPT, (
                "pairs within a person have on average the weight of a link"
            )


@pytest.mark.parametrize(
    "links",
    [[(1, 2, 5.0), (2, 3, 4.0), (1, 3, 3.0)], [(3, 1, 3.0), (3, 2, 4.0), (2, 1, 5.0)]],
)
def test_a_link_within_a_part_joined_by_others_is_not_removed(links: Any) -> None:
    labels, removals = split(
        links, lambda one, other: "no" if {*one, *other} == {2, 3} else None
    )
    assert labels == {1: 1, 2: 1, 3: 1}
    assert removals == []
