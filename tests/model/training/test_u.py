"""u of random pairs, of the non-matches inside a block, and how these depend: by hand,
on fields a and b.
"""

import math

import numpy as np
import pytest

from linkage.model import from_dict
from linkage.model.comparisons import comparison, settings
from linkage.model.training.blocks import TrainingBlock
from linkage.model.training.counts import Layout
from linkage.model.training.evidence import BlockPairs, Evidence
from linkage.model.training.u import (
    across_files,
    block_u,
    estimate_u,
    most_matches,
    pairs_seen,
    without_matches,
)
from tests.model.test_training_em import U, _model, _patterns, evidence_of

LAYOUT = Layout(_model("a", "b"))
BLOCK = TrainingBlock(("c",), 1_000, 1.0)


def block(
    left: dict[str, int], right: dict[str, int], across: dict[str, int] | None = None
) -> BlockPairs:
    """A block's pairs across the files and within each, by pattern."""
    return BlockPairs(
        BLOCK, 1.0, _patterns(across or {"==": 1}), (_patterns(left), _patterns(right))
    )


@pytest.mark.parametrize(
    ("random", "expected"),
    [
        ({"==": 10, "=≠": 90, "≠≠": 900}, [0.1, 0.9, 0.01, 0.99]),
        (
            {"=?": 50, "≠=": 50, "≠?": 100},
            [0.25, 0.75, 1.0, 0.5 / 200],
        ),  # a side unknown says nothing
        (
            {"≠=": 1_000},
            [0.5 / 1_000, 1.0, 1.0, 0.5 / 1_000],
        ),  # a level never seen has half a pair
    ],
)
def test_u_is_the_share_of_random_pairs_with_both_sides_known(
    random: dict[str, int], expected: list[float]
) -> None:
    evidence = Evidence(LAYOUT, (10, 10), (), (), _patterns(random), ())
    assert estimate_u(evidence) == pytest.approx(expected)
    assert pairs_seen(evidence).tolist() == _patterns(random).level_counts().tolist()


def test_equal_values_counted_over_all_pairs_outweigh_the_random_ones() -> None:
    evidence = evidence_of(
        equal=(TrainingBlock(("a",), 0, 1.0, seen=500, known=1_000_000),)
    )
    assert estimate_u(evidence) == pytest.approx([0.0005, 0.9995, 0.1, 0.9])
    assert pairs_seen(evidence).tolist() == [500, 9_000, 1_000, 9_000]


def test_u_of_random_pairs_leaves_out_the_matches_among_them() -> None:
    """Of 10,000 pairs 100 match. All agree on a, as do 300 others; on b 25 pairs agree,
    as many as matches would.
    """
    random = _patterns({"==": 25, "=≠": 375, "≠≠": 9_600})
    evidence, m = (
        Evidence(LAYOUT, (100, 100), (), (), random, ()),
        np.array([1.0, 0.0, 0.25, 0.75]),
    )
    u = without_matches(evidence, estimate_u(evidence), m, 0.01)
    assert u[[0, 2]] == pytest.approx(
        [300 / 9_900, math.sqrt(25) / 9_900], rel=0.001
    ), "a standard deviation is left"


@pytest.mark.parametrize(
    ("pairs", "bound"),
    [
        (1_000, 1 - 0.1 + 3 / math.sqrt(1_000)),
        (100_000, 1 - 0.001 + 3 / math.sqrt(100_000)),
        (50, 3 / math.sqrt(50)),
    ],
)
def test_pairs_that_agree_by_chance_bound_the_matches_of_a_block(
    pairs: int, bound: float
) -> None:
    """Of 20,000 pairs with both columns known 1 % agree on both by chance, half of them
    known: 100.
    """
    names = TrainingBlock(("a", "b"), pairs, 1.0, known_share=0.5)
    u = np.array([0.1, 0.9, 0.1, 0.9])
    assert most_matches(LAYOUT, names, u, (200, 100)) == pytest.approx(min(bound, 1.0))


def test_u_that_the_model_fixes_stays() -> None:
    fixed = Layout(_model("a", "b", u_probability=0.3, fix_u_probability=True))
    assert estimate_u(
        Evidence(fixed, (1, 1), (), (), _patterns({"==": 9, "≠≠": 1}), ())
    )[[0, 2]].tolist() == [0.3, 0.3]


def test_u_of_a_block_of_one_file_is_that_of_its_pairs_that_do_not_match() -> None:
    """A tenth of the pairs match and agree on both; of the others half agree on a."""
    pairs = BlockPairs(
        BLOCK, 1.0, _patterns({"==": 100_000, "=≠": 450_000, "≠≠": 450_000})
    )
    u = block_u(LAYOUT, pairs, U, np.array([100_000.0, 0.0, 0.0]))
    assert u == pytest.approx([0.5, 0.5, 0.0, 1.0], abs=1e-3)


def test_u_of_a_block_is_that_of_the_pairs_within_each_file_where_they_are_many() -> (
    None
):
    """In both files one pair in five of one c agrees on a, and one random pair
    in ten.
    """
    large = {"=≠": 200_000, "≠≠": 800_000}
    assert block_u(LAYOUT, block(large, large), U)[:2] == pytest.approx(
        [0.2, 0.8], abs=1e-3
    )
    small = {"=≠": 2, "≠≠": 8}
    assert block_u(LAYOUT, block(small, small), U)[:2] == pytest.approx(
        [0.1, 0.9], abs=0.01
    ), "random pairs decide"


def test_files_that_write_a_value_in_other_shares_agree_as_often_as_their_geometric_mean() -> (
    None
):
    """0.9 and 0.3 of the records have a title: 0.81 and 0.09 of the pairs within share
    it, 0.27 of those across.
    """
    n = 1e9
    shares = across_files(
        [np.array([0.81 * n]), np.array([0.09 * n])],
        [np.array([n]), np.array([n])],
        np.array([0.45]),
    )
    assert shares == pytest.approx([0.27], rel=1e-3)


def test_duplicates_in_a_file_are_no_non_matches() -> None:
    """Pairs that agree on forename and surname look like one person: they count as
    often as by chance.
    """
    names = Layout(
        from_dict(
            settings([comparison(name, "category") for name in ("forename", "surname")])
        )
    )
    u = np.array([0.001, 0.999, 0.002, 0.998])
    duplicates = {"==": 5_000, "=≠": 1_000, "≠≠": 999_000}
    singles = {"=≠": 1_000, "≠≠": 999_000}
    duplicate_u, single_u = (
        block_u(names, block(pairs, pairs), u) for pairs in (duplicates, singles)
    )
    assert duplicate_u == pytest.approx(single_u, abs=1e-4)
