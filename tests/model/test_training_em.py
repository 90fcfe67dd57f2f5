"""EM and what follows from it, on counts small enough to calculate by hand."""

import itertools
import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from linkage.model import Model, from_dict
from linkage.model.comparisons import comparison, given_comparison, settings
from linkage.model.training.blocks import TrainingBlock
from linkage.model.training.counts import Floats, Layout, Patterns
from linkage.model.training.em import (
    ENOUGH_MATCHES,
    Block,
    Estimate,
    expectation_maximisation,
    posterior_m,
)
from linkage.model.training.estimates import PSEUDO_MATCHES, estimate
from linkage.model.training.evidence import BlockPairs, Evidence
from linkage.model.training.report import standard_errors


def _model(*names: str, **level: Any) -> Model:
    return from_dict(
        {
            "comparisons": [
                {
                    "output_column_name": name,
                    "comparison_levels": [
                        {
                            "sql_condition": f"{name}_l IS NULL OR {name}_r IS NULL",
                            "is_null_level": True,
                        },
                        {"sql_condition": f"{name}_l = {name}_r", **level},
                        {"sql_condition": "ELSE"},
                    ],
                }
                for name in names
            ]
        }
    )


def _patterns(counts: dict[str, int], fields: int = 2) -> Patterns:
    """ "=≠?" are agreement, disagreement and a side unknown, one for each field."""
    levels = [
        [float(grade == sign) for grade in pattern for sign in "=≠"]
        for pattern in counts
    ]
    return Patterns(
        np.array(list(counts.values())),
        np.array(levels).reshape(len(counts), 2 * fields),
    )


STARTING = Layout(
    from_dict(
        {
            "comparisons": [
                {
                    **comparison,
                    "comparison_levels": [
                        comparison["comparison_levels"][0],
                        {**comparison["comparison_levels"][1], "m_probability": 0.9},
                        {**comparison["comparison_levels"][2], "m_probability": 0.1},
                    ],
                }
                for comparison in _model("a", "b").raw["comparisons"]
            ]
        }
    )
)
"""Two fields of which 0.9 of the matches agree, where EM starts."""
U = np.array([0.1, 0.9, 0.1, 0.9])


def _block(counts: dict[str, int], **changes: Any) -> Block:
    """Two fields that both are free; half of the pairs match where EM starts."""
    block = Block(_patterns(counts), U, np.ones(4, dtype=bool), prior=0.5)
    return replace(block, **changes)


def _iterate(
    counts: dict[str, int], *, tolerance: float = 0.0, limit: int = 1
) -> Estimate:
    """Some iterations on two fields, from m 0.9, u 0.1 and a share of matches of a
    half, without pseudo-counts.
    """
    return expectation_maximisation(
        STARTING, [_block(counts)], np.zeros(4), tolerance=tolerance, limit=limit
    )


def test_one_iteration_by_hand() -> None:
    """Pairs that agree on both match with 81 : 1, on one with 1 : 1, on none with 1 :
    81.
    """
    estimate = _iterate({"==": 82, "=≠": 2, "≠≠": 82})
    assert estimate.priors == pytest.approx([(81 + 1 + 1) / 166])
    assert estimate.m == pytest.approx([82 / 83, 1 / 83, 81 / 83, 2 / 83])
    assert estimate.counts == pytest.approx([82, 1, 81, 2])


def test_a_side_that_is_unknown_is_not_counted() -> None:
    estimate = _iterate({"=?": 10, "≠=": 10})
    assert estimate.m == pytest.approx([9 / 14, 5 / 14, 1.0, 0.0])
    assert estimate.priors == pytest.approx([(9 + 5) / 20])


def test_em_ends_when_no_change_exceeds_the_tolerance() -> None:
    counts = {"==": 500, "=≠": 20, "≠=": 30, "≠≠": 9000}
    estimate = _iterate(counts, tolerance=1e-3, limit=500)
    assert estimate.converged
    assert 1 < estimate.iterations < 500
    assert not _iterate(counts, tolerance=1e-3, limit=estimate.iterations - 1).converged


def test_blocks_share_m_and_have_a_prior_each() -> None:
    """Of the second block nearly all pairs match, of the first a tenth."""
    first = {"==": 450, "=≠": 50, "≠≠": 4500}
    second = {"==": 800, "≠=": 100, "≠≠": 10}
    fit = expectation_maximisation(
        STARTING, [_block(first), _block(second)], np.zeros(4)
    )
    assert fit.priors[0] == pytest.approx(0.1, abs=0.03)
    assert fit.priors[1] > 0.95
    alone = [
        expectation_maximisation(STARTING, [_block(counts)], np.zeros(4))
        for counts in (first, second)
    ]
    low, high = sorted(fit.m[0] for fit in alone)
    assert low < fit.m[0] < high
    matches = [sum(counts.values()) for counts in (first, second)] @ np.array(
        fit.priors
    )
    assert fit.counts[:2].sum() == pytest.approx(matches, rel=1e-4)


def test_a_block_counts_for_no_more_than_enough_matches() -> None:
    """A block of a million matches that differ on b, and a small one: the large one
    weighs as much as if it had 3,000.
    """
    large = {"==": 500_000, "=≠": 500_000}
    small = {"==": 3_000}
    blocks = [_block(large, prior=0.999), _block(small, prior=0.999)]
    fit = expectation_maximisation(STARTING, blocks, np.zeros(4))
    assert fit.counts[:2].sum() == pytest.approx(2 * ENOUGH_MATCHES, rel=0.01)
    assert fit.m[2] == pytest.approx(0.75, abs=0.01)


def test_a_level_of_which_a_block_says_nothing_keeps_its_m() -> None:
    """The block decides nothing of the first level of b, which half of its matches
    show.
    """
    free = np.array([True, True, False, True])
    one_sided = _block({"==": 500, "=≠": 500}, free=free, prior=0.999)
    fit = expectation_maximisation(STARTING, [one_sided], np.zeros(4))
    assert fit.m[2:] == pytest.approx([0.9, 0.1])


def test_the_prior_of_a_block_is_bounded() -> None:
    fit = expectation_maximisation(
        STARTING, [_block({"==": 900, "≠≠": 100}, most=0.4)], np.zeros(4)
    )
    assert fit.priors == (0.4,)


@given(
    st.lists(st.integers(0, 10**6), min_size=9, max_size=9).filter(
        lambda counts: sum(counts) > 0
    )
)
def test_probabilities_stay_probabilities_and_the_likelihood_never_falls(
    counts: list[int],
) -> None:
    patterns = dict(zip([a + b for a in "=≠?" for b in "=≠?"], counts, strict=True))
    nonzero = {pattern: n for pattern, n in patterns.items() if n}
    previous = -np.inf
    for limit in (1, 2, 4, 8, 50):
        estimate = _iterate(nonzero, limit=limit)
        assert ((estimate.m > 0) & (estimate.m <= 1 + 1e-12)).all()
        assert 0 <= estimate.priors[0] <= 1
        likelihood = _log_likelihood(nonzero, estimate)
        assert likelihood >= previous - 1e-6 * abs(likelihood)
        previous = likelihood


def _log_likelihood(counts: dict[str, int], estimate: Any) -> float:
    patterns = _patterns(counts)
    matching, random = (np.exp(patterns.shown @ np.log(p)) for p in (estimate.m, U))
    (prior,) = estimate.priors
    mixture = prior * matching + (1 - prior) * random
    return float(patterns.counts @ np.log(np.maximum(mixture, 1e-300)))


def test_pseudo_counts_hold_m_of_few_matches() -> None:
    """Twenty matches agree; the model starts from 0.8."""
    layout = Layout(_model("a", m_probability=0.8))
    start, counts = layout.starting_m(), np.array([20.0, 0.0])

    def m(pseudo: float) -> Floats:
        return posterior_m(layout, counts, start, np.full(2, pseudo))

    starting = start / start.sum()
    assert m(1e9) == pytest.approx(starting, abs=1e-3)
    assert m(1e-3)[0] == pytest.approx(1.0, abs=1e-3)
    assert m(20.0)[0] == pytest.approx((1 + starting[0]) / 2, abs=0.02)


@given(
    st.lists(st.floats(0, 1e6), min_size=4, max_size=4).map(np.array),
    st.floats(0.01, 1e4),
    st.sampled_from([None, 0.3]),
)
def test_m_of_a_comparison_adds_up_to_one_and_fixed_m_stays(
    counts: Floats, pseudo: float, fixed: float | None
) -> None:
    level = {"m_probability": fixed, "fix_m_probability": True} if fixed else {}
    layout = Layout(_model("a", "b", **level))
    m = posterior_m(layout, counts, layout.starting_m(), np.full(4, pseudo))
    assert layout.totals(m) == pytest.approx(1.0)
    assert (m > 0).all()
    if fixed:
        assert m[[0, 2]].tolist() == [fixed, fixed]


TABLE = {"==": 900, "=≠": 100, "≠≠": 9000}
RANDOM = {"==": 100, "=≠": 900, "≠=": 900, "≠≠": 8100}


def evidence_of(
    *blocks: dict[str, int],
    equal: tuple[TrainingBlock, ...] = (),
    model: Model | None = None,
) -> Evidence:
    block = TrainingBlock(("c",), 10_000, 1.0)
    none = _patterns({})
    pairs = tuple(
        BlockPairs(block, 0.5, _patterns(counts), (none, none)) for counts in blocks
    )
    return Evidence(
        Layout(model or _model("a", "b")),
        (1000, 2000),
        equal,
        (),
        _patterns(RANDOM),
        pairs,
    )


def _estimate(*blocks: dict[str, int], **options: Any) -> Any:
    evidence = evidence_of(*blocks, **options)
    return estimate(evidence)


def test_the_prior_counts_the_matches_of_a_block_and_those_that_lack_its_columns() -> (
    None
):
    """Half of the block's pairs were compared."""
    evidence = evidence_of(TABLE)
    result = estimate(evidence)
    assert result.blocks[0].matches == pytest.approx(808, rel=0.02)
    assert result.prior == pytest.approx(result.blocks[0].matches / 0.5 / 2_000_000)
    (pairs,) = evidence.blocks
    gaps = replace(
        evidence, blocks=(replace(pairs, block=replace(pairs.block, known_share=0.25)),)
    )
    assert estimate(gaps).prior == pytest.approx(4 * result.prior, rel=0.05)


def test_a_block_of_households_is_outvoted_by_one_of_people() -> None:
    """Pairs of a household have one postcode and another birth date. By themselves they
    would be matches that differ in it.
    """
    household = {"≠=": 900, "≠≠": 8000, "==": 5}
    people = {"==": 900, "=≠": 200, "≠≠": 8000}
    result = _estimate(household, people, model=_model("dob", "postcode"))
    assert result.m[0] > 0.9
    assert result.blocks[0].matches < 100
    assert result.blocks[1].matches == pytest.approx(900, rel=0.1)


def test_a_handful_of_pairs_gives_a_model() -> None:
    """Three matches among ten pairs: m is near where it starts."""
    result = _estimate({"==": 3, "≠≠": 7})
    start = Layout(_model("a", "b")).starting_m()
    assert result.converged
    assert result.m == pytest.approx(start, abs=0.05)
    assert result.matches.max() < PSEUDO_MATCHES


def test_fixed_probabilities_stay() -> None:
    model = _model(
        "a",
        "b",
        m_probability=0.7,
        fix_m_probability=True,
        u_probability=0.3,
        fix_u_probability=True,
    )
    result = _estimate(TABLE, model=model)
    assert (result.m[0], result.u[0]) == (0.7, 0.3)


def test_a_standard_error_is_that_of_shares_of_the_pairs_that_were_seen() -> None:
    """Where matches are plain to see, log2 m varies as the logarithm of a binomial
    share, and log2 u too.
    """
    evidence = evidence_of({"==": 3200, "≠=": 800, "≠≠": 10**6})
    evidence = replace(
        evidence, random=_patterns({"==": 1, "=≠": 999, "≠=": 9, "≠≠": 8991})
    )
    result = estimate(evidence)
    m_variance, u_variance = (
        (1 - result.m[0]) / (result.m[0] * result.matches[0]),
        0.9 / (0.1 * 10_000),
    )
    errors = standard_errors(evidence, result)
    assert errors[0] == pytest.approx(
        np.sqrt(m_variance + u_variance) / np.log(2), rel=0.01
    )


@pytest.mark.parametrize(
    ("u_of_one_sex", "least", "most"),
    [((0.5, 0.5), 300, 1_000), ((0.99, 0.01), 90, 110)],
)
def test_rare_matches_are_not_learnt_from_people_of_one_forename_who_are_of_one_sex(
    u_of_one_sex: tuple[float, float], least: int, most: int
) -> None:
    """Of 200,000 pairs of one birth date 100 match; 0.4 % of the others share a
    forename, and 99 % of these the sex.

    An untrained model has u of one half in its conditional comparison, which says
    nothing.
    """
    fields = {"forename": 0.004, "surname": 0.001, "sex": 0.5}
    raw = settings(
        [
            *(comparison(name, "category") for name in fields),
            given_comparison("sex", ["forename"]),
        ]
    )
    for level, u in zip(
        raw["comparisons"][-1]["comparison_levels"][1:], u_of_one_sex, strict=True
    ):
        level["u_probability"] = u
    counts, levels = [], []
    for pattern in itertools.product((True, False), repeat=3):
        rates = (0.004, 0.001, 0.99 if pattern[0] else 0.498)
        other_share, match_share = (
            math.prod(
                p if is_equal else 1 - p
                for p, is_equal in zip(shares, pattern, strict=True)
            )
            for shares in (rates, (0.95, 0.95, 0.95))
        )
        counts.append(round(199_900 * other_share + 100 * match_share))
        sex_levels = (pattern[2], not pattern[2]) if pattern[0] else (False, False)
        levels.append(
            [
                *itertools.chain(*((is_equal, not is_equal) for is_equal in pattern)),
                *sex_levels,
            ]
        )
    pairs = BlockPairs(
        TrainingBlock(("dob",), 200_000, 1.0),
        1.0,
        Patterns(np.array(counts), np.array(levels, float)),
    )
    random = Patterns(np.array([10**6]), np.array([[0.0, 1.0] * 3 + [0.0, 0.0]]))
    equal = tuple(
        TrainingBlock((n,), 0, 1.0, seen=round(10**6 * u), known=10**6)
        for n, u in fields.items()
    )
    (block,) = estimate(
        Evidence(Layout(from_dict(raw)), (60_000, 50_000), equal, (), random, (pairs,))
    ).blocks
    assert least < block.matches < most
