"""The search finds the smallest set: held to trying every set, on cases small enough for that."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from linkage.model.blocking.search import smallest

CASES = 6


def _tried(reaches: np.ndarray, shares: np.ndarray, pairs: list[float], target: float, budget: float) -> object:
    """Size and pairs of the best set, by trying all; None where none reaches the target."""
    best: tuple[int, float] | None = None
    for size in range(1, len(pairs) + 1):
        for places in itertools.combinations(range(len(pairs)), size):
            cost = sum(pairs[place] for place in places)
            recall = shares[reaches[list(places)].any(axis=0)].sum()
            if cost <= budget and recall >= target - 1e-9 and (best is None or (size, cost) < best):
                best = (size, cost)
        if best:
            return best
    return best


@given(
    st.lists(
        st.tuples(st.lists(st.booleans(), min_size=CASES, max_size=CASES), st.integers(1, 40)), min_size=1, max_size=7
    ),
    st.lists(st.integers(1, 10), min_size=CASES, max_size=CASES),
    st.floats(0.2, 1.0),
    st.integers(1, 120),
)
def test_no_set_is_smaller_nor_makes_fewer_pairs(
    candidates: list[tuple[list[bool], int]], weights: list[int], target: float, budget: int
) -> None:
    reaches = np.array([row for row, _ in candidates], dtype=bool)
    shares = np.array(weights) / sum(weights)
    pairs = [float(cost) for _, cost in candidates]
    found = smallest(reaches, shares, pairs, target=target, budget=float(budget))
    assert found.pairs <= budget
    recall = shares[reaches[list(found.places)].any(axis=0)].sum() if found.places else 0.0
    assert found.recall == pytest.approx(recall)
    best = _tried(reaches, shares, pairs, target, float(budget))
    assert found.reached == (best is not None)
    if found.reached:
        assert found.is_smallest
        assert (len(found.places), found.pairs) == best


def test_greed_alone_would_take_three_where_two_are_enough() -> None:
    """The one that reaches most is in no smallest set."""
    reaches = np.array([[1, 1, 1, 1, 0, 0], [1, 1, 0, 0, 1, 0], [0, 0, 1, 1, 0, 1]], dtype=bool)
    shares = np.full(6, 1 / 6)
    found = smallest(reaches, shares, [10.0, 10.0, 10.0], target=1.0, budget=100.0)
    assert (sorted(found.places), found.reached, found.is_smallest) == ([1, 2], True, True)


def test_of_sets_of_one_size_the_one_with_fewest_pairs() -> None:
    reaches = np.array([[1, 1, 1, 1], [1, 1, 1, 0]], dtype=bool)
    found = smallest(reaches, np.full(4, 0.25), [50.0, 5.0], target=0.75, budget=100.0)
    assert found.places == (1,)


def test_a_target_out_of_reach_gives_the_most_that_the_budget_buys() -> None:
    reaches = np.array([[1, 1, 0, 0], [0, 0, 1, 0], [1, 1, 1, 1]], dtype=bool)
    found = smallest(reaches, np.full(4, 0.25), [10.0, 10.0, 500.0], target=0.95, budget=100.0)
    assert (sorted(found.places), found.recall, found.reached, found.is_smallest) == ([0, 1], 0.75, False, False)


def test_nothing_to_choose_from_is_no_fault() -> None:
    nothing = np.zeros((0, 3), dtype=bool)
    found = smallest(nothing, np.full(3, 1 / 3), [], target=0.9, budget=10.0)
    assert (found.places, found.recall, found.reached) == ((), 0.0, False)
