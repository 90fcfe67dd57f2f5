"""Matches are born apart no more often than pairs of one file that holds people several times."""

import numpy as np
import pytest

from linkage.model import from_dict
from linkage.model.training.counts.patterns import Layout, Patterns
from linkage.model.training.em.born_apart import born_apart
from linkage.model.training.em.expectation import Known, Matches, Strangers, expectation_maximisation


def _layout(*names: str) -> Layout:
    conditions = [
        "{0}_l IS NULL OR {0}_r IS NULL",
        "{0}_l = {0}_r",
        "substr({0}_l, 1, 4) = substr({0}_r, 1, 4)",
        "ELSE",
    ]
    comparisons = [
        {
            "output_column_name": name,
            "comparison_levels": [
                {"sql_condition": condition.format(name), "is_null_level": place == 0}
                for place, condition in enumerate(conditions)
            ],
        }
        for name in names
    ]
    return Layout(from_dict({"comparisons": comparisons}))


LAYOUT = _layout("surname", "dob")
SAME, ALIKE, APART, UNKNOWN = [1.0, 0, 0], [0, 1.0, 0], [0, 0, 1.0], [0.0, 0, 0]


def _pairs(equal: int, alike: int, apart: int, unknown: int = 0) -> Patterns:
    """Pairs of one surname, by what their birth dates show."""
    shown = np.array([[*SAME, *date] for date in (SAME, ALIKE, APART, UNKNOWN)])
    return Patterns(np.array([equal, alike, apart, unknown]), shown)


def test_the_larger_share_of_the_two_files_is_the_most() -> None:
    """In events, of which each was copied from one register, nobody's date is another; the people's file knows it."""
    found = born_apart(LAYOUT, [_pairs(80, 5, 15, 900), _pairs(100, 0, 0)])
    assert found is not None
    assert found.tolist() == pytest.approx([1, 1, 1, 1, 1, 0.15])


def test_what_each_file_writes_alike_the_two_may_write_differently() -> None:
    found = born_apart(LAYOUT, [_pairs(99, 0, 1), _pairs(100, 0, 0)])
    assert found is not None
    assert found[-1] == 0.05


def test_nothing_is_known_without_birth_dates_or_pairs_that_tell_them() -> None:
    assert born_apart(LAYOUT, []) is None
    assert born_apart(LAYOUT, [_pairs(10, 0, 1), _pairs(0, 0, 0, 7)]) is None
    assert born_apart(_layout("surname", "town"), [_pairs(10, 0, 1)]) is None


def _learnt(pairs: Patterns, most: list[float] | None) -> tuple[list[float], float]:
    u = np.array([[0.001, 0.001, 0.998, 0.0001, 0.01, 0.9899]])
    m = np.array([[0.9, 0.05, 0.05, 0.97, 0.02, 0.01]])
    found = expectation_maximisation(
        LAYOUT,
        pairs,
        pairs.counts.astype(float)[None, :],
        Matches(m, prior=np.array([0.5])),
        Strangers(u),
        Known(held=np.zeros(6, dtype=bool), most=None if most is None else np.array(most), expected=0.99),
        tolerance=1e-9,
        limit=1_000,
    )
    return found.m[0].tolist(), float(found.prior[0])


def test_namesakes_of_one_house_are_no_matches() -> None:
    """Of 243 pairs of one name 182 are fathers and sons, whom nothing but the date tells from matches.

    At most a sixth of the matches are born apart: so the 61 others are five sixths of them.
    """
    pairs = _pairs(58, 3, 182)
    free, matched = _learnt(pairs, None)
    assert free[-1] == pytest.approx(182 / 243, abs=0.01)
    assert matched > 0.95
    held, matched = _learnt(pairs, [1, 1, 1, 1, 1, 1 / 6])
    assert held[-1] == pytest.approx(1 / 6)
    assert sum(held[3:]) == pytest.approx(1)
    assert held[3] / held[4] == pytest.approx(58 / 3, rel=0.01)
    assert matched * 243 == pytest.approx(61 * 6 / 5, rel=0.01)


def test_what_is_below_the_most_is_learnt_as_it_was() -> None:
    pairs = _pairs(90, 5, 5)
    assert _learnt(pairs, [1, 1, 1, 1, 1, 0.2]) == _learnt(pairs, None)
