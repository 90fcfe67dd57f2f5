"""Distinct values with their rows, looked at all at once."""

from linkage.files.distinct import Distinct, share_that_match, some_of

COUNTS = {"AB1": 3, "AB2": 1, "x": 4}


def test_values_are_counted_by_their_rows() -> None:
    distinct = Distinct.of(COUNTS)
    assert distinct.counts() == COUNTS
    assert distinct.where(distinct.matches("^AB")).counts() == {"AB1": 3, "AB2": 1}
    assert distinct.where(distinct.are_among({"x"})).counts() == {"x": 4}


def test_a_share_is_of_rows_and_not_of_values() -> None:
    assert share_that_match(COUNTS, r"[0-9]$") == 0.5
    assert share_that_match({}, ".") == 0


def test_some_values_lie_at_even_distances() -> None:
    counts = {str(n): n for n in range(10)}
    assert list(some_of(counts, 5)) == ["0", "2", "4", "6", "8"]
    assert some_of(counts, 10) == counts
    assert len(some_of(counts, 3)) <= 3
