"""Cells show no small count, and are rounded by the profile."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linkage.errors import ConfigError
from quality.disclosure import Cell, Disclosure, load
from quality.intervals import wilson


@pytest.fixture
def leo() -> Disclosure:
    return Disclosure(load("leo_publication"))


@given(st.integers(0, 10**7))
def test_counts_are_shown_to_the_nearest_five_or_not_at_all(count: int) -> None:
    cell = Disclosure(load("leo_publication")).count(count)
    if 0 < count < 10:
        assert cell == Cell("c", None, "suppressed")
    else:
        assert cell.value is not None
        assert cell.value % 5 == 0
        assert abs(cell.value - count) <= 2


@given(
    st.integers(0, 10**6).flatmap(lambda of: st.tuples(st.integers(0, of), st.just(of)))
)
def test_a_percentage_discloses_no_small_count(case: tuple[int, int]) -> None:
    """At least `threshold` values of the part are behind every shown percentage whose
    part or rest is small.
    """
    part, of = case
    cell = Disclosure(load("leo_publication")).percent(part, of)
    small = 0 < part < 10 or 0 < of - part < 10
    if cell.value is not None:
        assert not small
        assert math.isclose(cell.value, 100 * part / of, abs_tol=0.0501)
    if small and cell.mark in ("low", "high"):
        assert 0.0005 * of >= 10


@pytest.mark.parametrize(
    ("part", "of", "text"),
    [
        (0, 0, "z"),
        (3, 9, "c"),
        (4, 500, "c"),
        (496, 500, "c"),
        (250, 500, "50.0"),
        (0, 500, "0.0"),
        (500, 500, "100.0"),
        (4, 40_000, "low"),
        (39_996, 40_000, "high"),
        (12, 40_000, "low"),
    ],
)
def test_symbols_of_percentages(leo: Disclosure, part: int, of: int, text: str) -> None:
    assert leo.percent(part, of).text == text


def test_a_percentage_is_hidden_with_the_cells_it_would_disclose(
    leo: Disclosure,
) -> None:
    assert leo.percent(400, 500, tied=[leo.count(4)]).mark == "suppressed"


def test_percentages_from_rounded_counts() -> None:
    assert (
        Disclosure(load("ons_10_5")).percent(111, 333).text == f"{100 * 110 / 335:.1f}"
    )


def test_an_error_against_truth_is_shown_and_never_rounded_away(
    leo: Disclosure,
) -> None:
    assert leo.accuracy(wilson(99_999, 100_000)).text == "99.99"
    assert leo.accuracy(wilson(100_000, 100_000)).text == "100.00"
    assert leo.accuracy(wilson(5, 5)).text == "c"
    assert leo.accuracy(None).text == "z"


def test_an_unknown_profile_is_refused_with_the_known_names() -> None:
    with pytest.raises(ConfigError, match="leo_publication"):
        load("nobody")
