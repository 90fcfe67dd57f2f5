"""Wilson's interval, against published values and by its properties."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quality.intervals import f1, per_cent, wilson


def test_against_newcombe_1998() -> None:
    """Newcombe (1998, Statistics in Medicine 17:857) gives 81 of 263 as 0.2553 to
    0.3662, 0 of 20 as 0 to 0.1611.
    """
    assert (wilson(81, 263)["low"], wilson(81, 263)["high"]) == (
        pytest.approx(0.2553, abs=5e-5),
        pytest.approx(0.3662, abs=5e-5),
    )
    assert (wilson(0, 20)["low"], wilson(0, 20)["high"]) == (
        0.0,
        pytest.approx(0.1611, abs=5e-5),
    )


def test_without_a_base_there_is_no_share() -> None:
    assert wilson(0, 0) == {
        "of": 0,
        "count": 0,
        "value": None,
        "low": None,
        "high": None,
    }


def test_a_share_short_of_all_is_not_written_as_all() -> None:
    assert [per_cent(share) for share in (1.0, 0.99997, 0.5, 0.0)] == [
        "100.00",
        "99.99",
        "50.00",
        "0.00",
    ]


def test_more_than_all_is_refused() -> None:
    with pytest.raises(ValueError, match="between 0 and its base"):
        wilson(3, 2)


@given(
    st.integers(1, 10**7).flatmap(lambda of: st.tuples(st.integers(0, of), st.just(of)))
)
def test_the_interval_holds_the_share(case: tuple[int, int]) -> None:
    count, of = case
    share = wilson(count, of)
    assert 0 <= share["low"] <= share["value"] <= share["high"] <= 1


@given(st.integers(0, 10**5), st.integers(0, 10**5), st.integers(0, 10**5))
def test_f1_is_the_harmonic_mean(correct: int, false: int, missing: int) -> None:
    if correct == 0:
        return
    precision, recall = correct / (correct + false), correct / (correct + missing)
    assert f1(correct, false, missing)["value"] == pytest.approx(
        2 * precision * recall / (precision + recall)
    )
