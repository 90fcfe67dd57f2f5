"""What strangers of two files say of strangers across them."""

import itertools

import numpy as np
import pytest
from linkage.model.training.counts.patterns import Floats, Layout, Patterns
from linkage.model.training.strangers.block_strangers import block_u, of_two_people
from linkage.model.training.together.dependence import _given

from linkage.model import from_dict
from linkage.model.comparisons import comparison, settings
from linkage.model.training.counts.rules import Agreement

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


def test_slips_of_one_file_are_half_as_frequent_across_as_within_it() -> None:
    """The right file has a slip in one code of ten, so that two of its pairs in ten have one, and none of the left's."""
    layout = Layout(from_dict(settings([comparison("album", "category"), comparison("code", "code")])))
    shown = np.eye(6)[2:]
    files = [Patterns(np.array(pairs), shown) for pairs in ([90_000, 0, 0, 0], [72_900, 17_100, 0, 0])]
    random_u = np.array([[0.01, 0.99, 0.01, 0.001, 0.002, 0.987]])
    found = block_u(layout, BLOCK, files, [table.counts[None, :].astype(float) for table in files], random_u)[0, 2:]
    assert found == pytest.approx([0.9, 0.095, 0.0, 0.005], abs=0.01)


def test_what_the_block_tells_does_not_make_one_of_two_things() -> None:
    """Order lines of one sum are of one product nine times in ten, and of forty shops and a hundred days by chance; four
    hundred of them were written twice."""
    names = ("product", "shop", "day")
    layout = Layout(from_dict(settings([comparison(name, "category") for name in ("total", *names)])))
    block = Agreement(("total",), 100_000, 1.0, (0, 0))
    cells = list(itertools.product((0, 1), repeat=3))  # of each whether it differs
    shown = np.zeros((8, 8))
    shares = np.ones(8)
    for place, cell in enumerate(cells):
        for field, (differs, chance) in enumerate(zip(cell, (0.9, 0.025, 0.01), strict=True), 1):
            shown[place, 2 * field + differs] = 1.0
            shares[place] *= 1 - chance if differs else chance
    pairs = np.round(shares * 100_000) + np.array([400 if not any(cell) else 0 for cell in cells])
    random_u = np.array([[0.002, 0.998, 0.008, 0.992, 0.025, 0.975, 0.01, 0.99]])
    table = Patterns(pairs.astype(np.int64), shown)
    found = of_two_people(layout, block, table, pairs[None, :], random_u)[0]
    assert found[0] == pytest.approx(100_000 * shares[0], rel=0.2)  # without those that were written twice
    assert found[1:] == pytest.approx(pairs[1:])


def test_what_is_given_is_shared_across_files_as_often_as_between_them() -> None:
    """Families of one postcode: pupils have their brothers beside them, learners seldom do."""
    pupils, learners = np.array([6_700.0, 3_300.0]), np.array([9_300.0, 10_700.0])
    assert _given([pupils, learners], np.array([0.001, 0.999])) == pytest.approx([0.558, 0.442], abs=0.01)
    assert _given([pupils, np.zeros(2)], np.array([0.001, 0.999])) == pytest.approx([0.657, 0.343], abs=0.01)


def test_what_no_pair_and_no_chance_shows_nobody_shares() -> None:
    none = np.array([0.0, 1.0])
    assert list(_given([np.array([0.0, 500.0]), np.array([0.0, 500.0])], none)) == [0.0, 1.0]
    assert list(_given([np.array([0.0, 500.0]), np.zeros(2)], none)) == [0.0, 1.0]
