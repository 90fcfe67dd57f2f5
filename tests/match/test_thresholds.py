"""Thresholds of a step, the cardinality adjustment to the prior, and the floor of
candidate pairs.
"""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linkage.config import Step
from linkage.match.thresholds import (
    Thresholds,
    cardinality_adjustment,
    most_adjustment,
    probability_of,
    weight_of,
)

MOST = cardinality_adjustment([1.0])
CARDINALITIES = ("one-to-one", "one-to-many", "many-to-one", "many-to-many")


def step(**keys: Any) -> Step:
    return Step(name="s", left="a", right="b", **keys)


@pytest.mark.parametrize(
    ("keys", "accept", "review"),
    [
        ({}, 0.0, 0.0),
        ({"accept_probability": 0.8, "review_probability": 0.2}, 2.0, -2.0),
        (
            {"accept_probability": 0.2},
            -2.0,
            -2.0,
        ),  # nothing is for review that would be accepted
    ],
)
def test_thresholds_are_log_odds(
    keys: dict[str, float], accept: float, review: float
) -> None:
    limits = Thresholds.of(step(**keys))
    assert (limits.accept, limits.review) == (
        pytest.approx(accept),
        pytest.approx(review),
    )
    assert limits.keep == limits.accept


def test_the_adjustment_lowers_the_weight_that_a_pair_needs() -> None:
    limits = Thresholds.of(step(accept_probability=0.8), adjustment=1.5)
    assert (limits.accept, limits.review, limits.adjustment) == (
        pytest.approx(0.5),
        pytest.approx(-1.5),
        1.5,
    )


def test_only_a_pair_of_the_last_release_has_its_own_threshold() -> None:
    keys = {"accept_probability": 0.8, "keep_probability": 0.5}
    assert Thresholds.of(step(**keys)).keep == pytest.approx(2.0)
    assert Thresholds.of(step(**keys), last_release=True).keep == pytest.approx(0.0)


@pytest.mark.parametrize(
    ("shares", "bits"),
    [
        ([], 0.0),  # many-to-many: no side holds one link
        ([0.0, 0.0], 0.0),
        ([0.5], 1.0),
        ([0.5, 0.75], 3.0),
        ([0.9], MOST),
        ([1.0, 1.0], 2 * MOST),
        ([-0.1, 1.2], MOST),
    ],
)
def test_bits_of_a_matched_share(shares: list[float], bits: float) -> None:
    assert cardinality_adjustment(shares) == pytest.approx(bits)


def test_a_larger_side_cannot_be_matched_wholly() -> None:
    """Of twice as many units half can be matched at most: one bit; the smaller side may
    be matched wholly.
    """
    assert most_adjustment({"left": 10, "right": 20}, "one-to-one") == pytest.approx(
        MOST + 1.0
    )


@given(
    st.integers(1, 50),
    st.integers(1, 50),
    st.sampled_from(CARDINALITIES),
    st.floats(0, 1),
    st.floats(0.01, 0.99),
    st.floats(0.01, 0.99),
)
def test_no_links_that_a_cardinality_allows_need_a_pair_below_the_floor(
    left: int, right: int, cardinality: Any, share: float, accept: float, review: float
) -> None:
    """Pairs are scored before the adjustment is known, so the floor must hold whatever
    is linked.
    """
    limits = {
        "one-to-one": [min(left, right) / left, min(left, right) / right],
        "one-to-many": [1.0],
        "many-to-one": [1.0],
        "many-to-many": [],
    }[cardinality]
    keys = {"accept_probability": accept, "review_probability": review}
    floor = Thresholds.of(step(**keys)).floor(
        most_adjustment({"left": left, "right": right}, cardinality)
    )
    thresholds = Thresholds.of(
        step(**keys),
        adjustment=cardinality_adjustment([share * limit for limit in limits]),
    )
    assert min(thresholds.accept, thresholds.review) >= floor - 1e-9


@given(st.floats(0.0001, 0.9999))
def test_a_weight_is_the_log_odds_of_a_probability(probability: float) -> None:
    assert probability_of(weight_of(probability)) == pytest.approx(probability)


@pytest.mark.parametrize("probability", [0.0, 1.0])
def test_a_certain_probability_has_a_finite_weight(probability: float) -> None:
    assert abs(weight_of(probability)) == pytest.approx(49.8, abs=0.1)
