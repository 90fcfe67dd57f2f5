"""What strangers of two files say of strangers across them."""

import numpy as np
import pytest

from linkage.model import from_dict
from linkage.model.comparisons import comparison, settings
from linkage.model.training.block_strangers import block_u
from linkage.model.training.dependence import _given
from linkage.model.training.patterns import Floats, Layout, Patterns
from linkage.model.training.rules import Agreement

LAYOUT = Layout(from_dict(settings([comparison("album", "category"), comparison("year", "category")])))
BLOCK = Agreement(("album",), 10_000, 1.0, (0, 0))
RANDOM = np.array([[0.01, 0.99, 0.02, 0.98]])


def _year(*files: tuple[int, int]) -> Floats:
    """u of the year in a block of one album, where each file has so many pairs that agree on it, and that differ."""
    shown = np.array([[0.0, 0.0, 1.0, 0.0], [0.0, 0.0, 0.0, 1.0]])
    tables = [Patterns(np.array(pairs), shown) for pairs in files]
    return block_u(LAYOUT, BLOCK, tables, [table.counts[None, :].astype(float) for table in tables], RANDOM)[0, 2:]


def test_a_file_that_writes_what_is_shared_and_one_that_often_does_not_agree_as_often_as_between_them() -> None:
    """The left file always has an album's year, the right one four times in five: so 0.64 of its pairs agree."""
    assert _year((300_000, 0), (64_000, 36_000)) == pytest.approx([0.8, 0.2], abs=0.005)
    assert _year((64_000, 36_000), (300_000, 0)) == pytest.approx([0.8, 0.2], abs=0.005)


def test_files_that_are_alike_are_as_their_pairs_in_one_heap() -> None:
    assert _year((6_400, 3_600), (64_000, 36_000)) == pytest.approx([0.64, 0.36], abs=0.002)


def test_a_file_with_next_to_no_pairs_says_next_to_nothing() -> None:
    pooled = _year((8_000, 2_000), (0, 0))
    assert pooled == pytest.approx([0.8 * 10_000 / 10_200 + 0.02 * 200 / 10_200, 0.2 * 10_000 / 10_200 + 0.98 / 51])
    assert _year((8_000, 2_000), (0, 3)) == pytest.approx(pooled, abs=0.002)


def test_what_is_given_is_shared_across_files_as_often_as_between_them() -> None:
    """Families of one postcode: pupils have their brothers beside them, learners seldom do."""
    pupils, learners = np.array([6_700.0, 3_300.0]), np.array([9_300.0, 10_700.0])
    assert _given([pupils, learners], np.array([0.001, 0.999])) == pytest.approx([0.558, 0.442], abs=0.01)
    assert _given([pupils, np.zeros(2)], np.array([0.001, 0.999])) == pytest.approx([0.657, 0.343], abs=0.01)


def test_what_no_pair_and_no_chance_shows_nobody_shares() -> None:
    none = np.array([0.0, 1.0])
    assert list(_given([np.array([0.0, 500.0]), np.array([0.0, 500.0])], none)) == [0.0, 1.0]
    assert list(_given([np.array([0.0, 500.0]), np.zeros(2)], none)) == [0.0, 1.0]
