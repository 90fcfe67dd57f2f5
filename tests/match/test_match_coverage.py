"""What a cardinality adds: nothing where nobody is matched, one bit for each halving of those who are not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linkage.match.candidates.coverage import gain

MOST_GAIN = gain([1.0])


@pytest.mark.parametrize(
    ("covered", "bits"),
    [
        ([], 0.0),  # many-to-many: no side has one partner at most
        ([0.0, 0.0], 0.0),
        ([0.5], 1.0),
        ([0.5, 0.75], 3.0),
        ([0.875, 0.0], 3.0),
        ([0.9], MOST_GAIN),
        ([1.0, 1.0], 2 * MOST_GAIN),  # all are matched: the odds still rest on a tenth
        ([-0.1, 1.2], MOST_GAIN),
    ],
)
def test_bits_of_a_share(covered: list[float], bits: float) -> None:
    assert gain(covered) == pytest.approx(bits)


def test_one_side_adds_little_more_than_three_bits() -> None:
    assert pytest.approx(3.3219, abs=1e-4) == MOST_GAIN


@given(st.lists(st.floats(0, 1), max_size=2), st.floats(0, 1))
def test_a_gain_is_never_negative_and_grows_with_each_side(covered: list[float], more: float) -> None:
    assert 0 <= gain(covered) <= gain([*covered, more]) <= 3 * MOST_GAIN
