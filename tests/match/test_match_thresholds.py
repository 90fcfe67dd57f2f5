"""Thresholds of a step: what a weight must reach, and below what no pair matters."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linkage.config import Step
from linkage.match.candidates.coverage import gain, most_gain
from linkage.match.resolution.resolve import Thresholds, weight_of


@pytest.mark.parametrize(
    ("step", "accept", "review"),
    [
        ({"accept_weight": 7.5}, 7.5, 0.0),
        ({"accept_probability": 0.5, "review_probability": 0.5}, 0.0, 0.0),
        ({"accept_weight": -2.0}, -2.0, -2.0),  # nothing is for review that would be accepted
        ({"accept_probability": 0.8, "review_probability": 0.2}, 2.0, -2.0),
    ],
)
def test_thresholds_of_a_step(step: dict[str, float], accept: float, review: float) -> None:
    found = Thresholds.of(Step(name="s", left="a", right="b", margin=3, **step))  # type: ignore[arg-type]
    assert (found.accept, found.review) == (pytest.approx(accept), pytest.approx(review))
    assert found.is_weight == ("accept_weight" in step)
    assert (found.gain, found.certain) == (0.0, found.accept)


def test_a_gain_lowers_what_is_asked_of_a_weight() -> None:
    found = Thresholds(accept=6.0, review=1.0, margin=3.0).given(2.5)
    assert found == Thresholds(accept=3.5, review=-1.5, margin=3.0, gain=2.5)
    assert found.certain == 6.0
    assert found.given(1.0) == Thresholds(accept=5.0, review=0.0, margin=3.0, gain=1.0), "gains are not added up"
    assert found.given(0.0) == Thresholds(accept=6.0, review=1.0, margin=3.0)


def test_a_named_weight_gains_nothing() -> None:
    named = Thresholds(accept=6.0, review=1.0, margin=3.0, is_weight=True)
    assert named.given(2.5) == named
    assert named.floor(5.0) == 1.0


@given(
    st.integers(1, 50),
    st.integers(1, 50),
    st.sampled_from(["one-to-one", "one-to-many", "many-to-one", "many-to-many"]),
    st.floats(0, 1),
    st.floats(-5, 15),
    st.floats(-5, 15),
    st.floats(0, 5),
)
def test_no_links_that_a_cardinality_allows_ask_for_a_pair_below_the_floor(
    left: int, right: int, cardinality: Any, share: float, accept: float, review: float, margin: float
) -> None:
    """Pairs are made before the gain is known, so the floor must hold whatever is linked."""
    sizes = {"left": left, "right": right}
    matched = {
        "one-to-one": (min(left, right), min(left, right)),
        "one-to-many": (left, right),
        "many-to-one": (left, right),
        "many-to-many": (left, right),
    }[cardinality]
    single = {"one-to-one": (0, 1), "one-to-many": (1,), "many-to-one": (0,), "many-to-many": ()}[cardinality]
    shares = [share * matched[side] / (left, right)[side] for side in single]
    before = Thresholds(accept, min(review, accept), margin)
    after = before.given(gain(shares))
    floor = before.floor(most_gain(sizes, cardinality))
    assert min(after.review, after.accept - margin) >= floor - 1e-9
    for_links = before.floor(most_gain(sizes, cardinality), links_only=True)
    assert floor <= for_links <= before.lowest
    assert after.accept - margin >= for_links - 1e-9


def test_the_larger_side_cannot_be_covered_by_the_smaller() -> None:
    """Of twice as many units half can be matched at most: one bit; the smaller side may be matched wholly."""
    assert most_gain({"left": 10, "right": 20}, "one-to-one") == pytest.approx(gain([1.0]) + 1.0)


@pytest.mark.parametrize("probability", [0.0, 1.0])
def test_a_certain_probability_has_a_weight_all_the_same(probability: float) -> None:
    assert abs(weight_of(probability)) == pytest.approx(49.8, abs=0.1)
