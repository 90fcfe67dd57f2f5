"""Critical values of the chi-squared distribution are SciPy's."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import chdtrc, chdtri

from linkage.model.training.chi_squared import critical_value, survival


@given(freedom=st.integers(1, 40), value=st.floats(0, 200))
def test_the_probability_is_scipys(freedom: int, value: float) -> None:
    expected = chdtrc(freedom, value)
    assert survival(value, freedom) == pytest.approx(expected, rel=1e-9, abs=1e-15)


@pytest.mark.parametrize("freedom", [1, 2, 3, 4, 7, 20])
def test_a_critical_value_is_scipys(freedom: int) -> None:
    assert critical_value(freedom, 0.0027) == pytest.approx(chdtri(freedom, 0.0027))
