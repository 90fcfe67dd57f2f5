"""The posterior of a pair is its share in all matchings of the units around it."""

import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from linkage.match.matchings import (
    Matchings,
    Pairs,
    components,
    messages,
    probabilities,
)
from tests.match.every_matching import Edge, marginals

weights = st.floats(-12, 30)
ends = st.tuples(st.integers(0, 4), st.integers(0, 4))
graphs = st.dictionaries(ends, weights, min_size=1, max_size=9).map(
    lambda d: [(*e, w) for e, w in sorted(d.items())]
)


def pairs(edges: list[Edge]) -> Pairs:
    left, right, weight = zip(*edges, strict=True)
    return Pairs(np.array(left), np.array(right), np.array(weight, float))


@given(graphs)
def test_on_small_graphs_it_equals_the_count_of_all_matchings(
    edges: list[Edge],
) -> None:
    assert probabilities(pairs(edges)) == pytest.approx(marginals(edges), abs=1e-6)


@given(graphs)
def test_of_one_unit_no_more_than_one_pair_is_expected(edges: list[Edge]) -> None:
    beliefs = messages(pairs(edges))  # whatever the graph, exact or not
    for side in (0, 1):
        unit = [edge[side] for edge in edges]
        assert np.bincount(unit, weights=beliefs).max() <= 1 + 1e-6


@given(graphs, st.integers(0, 8))
def test_evidence_for_a_pair_is_evidence_against_competing_pairs(
    edges: list[Edge], index: int
) -> None:
    place = index % len(edges)
    strong_edges = [
        (left, right, w + 3 * (n == place)) for n, (left, right, w) in enumerate(edges)
    ]
    old, new = probabilities(pairs(edges)), probabilities(pairs(strong_edges))
    assert new[place] >= old[place] - 1e-9
    for n, (left, right, _) in enumerate(edges):
        if n != place and (left == edges[place][0] or right == edges[place][1]):
            assert new[n] <= old[n] + 1e-9


def test_weights_of_a_hundred_bits_do_not_overflow() -> None:
    shares = probabilities(
        pairs([(0, 0, 100.0), (0, 1, 99.0), (1, 1, 100.0), (1, 0, 99.0)])
    )
    assert shares == pytest.approx(
        [0.8, 0.2, 0.8, 0.2]
    )  # both heavy pairs, or both light ones: 200 bits against 198


def test_a_component_too_large_to_sum_is_left_to_belief_propagation() -> None:
    edges = [(left, right, 1.0) for left in range(14) for right in range(14)]
    assert Matchings.of(pairs(edges)) is None
    shares = probabilities(pairs(edges))
    assert np.ptp(shares) < 1e-9
    assert 0 < shares[0] * 14 < 1


def test_components_are_pairs_that_share_units() -> None:
    label = components(pairs([(0, 0, 1.0), (1, 0, 1.0), (1, 2, 1.0), (3, 3, 1.0)]))
    assert label[0] == label[1] == label[2] != label[3]


@pytest.mark.slow
def test_ninety_thousand_equal_pairs_take_seconds() -> None:
    """Three hundred records of one name in either file, none likelier than another."""
    left, right = (side.ravel() for side in np.mgrid[:300, :300])
    start = time.process_time()
    shares = probabilities(Pairs(left, right, np.full(len(left), 4.0)))
    assert time.process_time() - start < 20
    assert shares == pytest.approx(np.full(len(left), shares[0]))
    assert 0.9 / 300 < shares[0] < 1 / 300
