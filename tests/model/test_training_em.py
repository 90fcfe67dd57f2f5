"""EM and what follows from it, on counts small enough to calculate by hand."""

import itertools
import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from linkage.errors import NothingToTrainOnError
from linkage.model import Model, from_dict
from linkage.model.comparisons import comparison, given_comparison, settings
from linkage.model.training import estimates as estimates_module
from linkage.model.training.blocks import TrainingBlock
from linkage.model.training.counts import Floats, Layout, Patterns
from linkage.model.training.em import Estimate, expectation_maximisation
from linkage.model.training.estimates import estimate, weighted_median
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


START = np.array([0.9, 0.1, 0.9, 0.1])
U = np.array([0.1, 0.9, 0.1, 0.9])


def _iterate(
    counts: dict[str, int], *, tolerance: float = 0.0, limit: int = 1, **model: Any
) -> Estimate:
    """Some iterations on two fields, from m 0.9, u 0.1 and a share of matches of a
    half.
    """
    patterns = _patterns(counts)
    return expectation_maximisation(
        Layout(_model("a", "b", **model)),
        patterns,
        U,
        START,
        0.5,
        tolerance=tolerance,
        limit=limit,
    )


def test_one_iteration_by_hand() -> None:
    """Pairs that agree on both match with 81 : 1, on one with 1 : 1, on none with 1 :
    81.
    """
    estimate = _iterate({"==": 82, "=≠": 2, "≠≠": 82})
    assert estimate.prior == pytest.approx((81 + 1 + 1) / 166)
    assert estimate.m == pytest.approx([82 / 83, 1 / 83, 81 / 83, 2 / 83])
    assert estimate.change == pytest.approx(max(82 / 83 - 0.9, 81 / 83 - 0.9))


def test_a_side_that_is_unknown_is_not_counted() -> None:
    estimate = _iterate({"=?": 10, "≠=": 10})
    assert estimate.m == pytest.approx([9 / 14, 5 / 14, 1.0, 1e-6]), (
        "b never differs: Splink's constant"
    )
    assert estimate.prior == pytest.approx((9 + 5) / 20)


def test_em_ends_when_no_change_exceeds_the_tolerance() -> None:
    counts = {"==": 500, "=≠": 20, "≠=": 30, "≠≠": 9000}
    estimate = _iterate(counts, tolerance=1e-3, limit=500)
    assert estimate.change < 1e-3
    assert 1 < estimate.iterations < 500
    assert (
        _iterate(counts, tolerance=1e-3, limit=estimate.iterations - 1).change >= 1e-3
    )


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
        assert 0 <= estimate.prior <= 1
        likelihood = _log_likelihood(nonzero, estimate)
        assert likelihood >= previous - 1e-6 * abs(likelihood)
        previous = likelihood


def _log_likelihood(counts: dict[str, int], estimate: Any) -> float:
    patterns = _patterns(counts)
    matching, random = (np.exp(patterns.shown @ np.log(p)) for p in (estimate.m, U))
    mixture = estimate.prior * matching + (1 - estimate.prior) * random
    return float(patterns.counts @ np.log(np.maximum(mixture, 1e-300)))


def test_pseudo_counts_hold_m_of_few_matches() -> None:
    patterns, layout = (
        _patterns({"=": 20, "≠": 0}, 1),
        Layout(_model("a", m_probability=0.8)),
    )

    def m(pseudo: float) -> Floats:
        u, start = np.array([0.01, 0.99]), np.array([0.8, 0.2])
        return expectation_maximisation(
            layout, patterns, u, start, 0.5, pseudo_counts=np.full(2, pseudo), limit=300
        ).m

    starting = layout.starting_m()
    assert m(1e9) == pytest.approx(starting / starting.sum(), abs=1e-3)
    assert m(1e-3)[0] == pytest.approx(1.0, abs=1e-3)


def test_the_weighted_median_is_splinks_of_equal_weights() -> None:
    values = np.array([0.2, 0.9, 0.4])[:, None]
    assert weighted_median(values, np.ones((3, 1)))[0] == pytest.approx(0.4)
    assert weighted_median(values[:2], np.ones((2, 1)))[0] == pytest.approx(0.55), (
        "of two the mean"
    )
    assert weighted_median(values[:2], np.array([[5.0], [1000.0]]))[0] == pytest.approx(
        0.9
    ), "few matches say less"
    assert weighted_median(values[:2], np.array([[0.0], [1.0]]))[0] == pytest.approx(
        0.9
    )


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
    assert result.runs[0].matches == pytest.approx(808, abs=2)
    assert result.prior == pytest.approx(result.runs[0].matches / 0.5 / 2_000_000)
    (pairs,) = evidence.blocks
    gaps = replace(
        evidence, blocks=(replace(pairs, block=replace(pairs.block, known_share=0.25)),)
    )
    assert estimate(gaps).prior == pytest.approx(4 * result.prior, rel=0.01)


def test_runs_are_combined_by_their_median_and_a_pseudo_count() -> None:
    estimate = _estimate(
        TABLE, {**TABLE, "==": 950, "=≠": 50}, {**TABLE, "==": 700, "=≠": 300}
    )
    agrees = sorted(run.estimate.m[2] for run in estimate.runs)
    assert estimate.m[2] == pytest.approx(agrees[1], abs=0.02)


def test_a_run_that_did_not_converge_is_left_out_where_another_did(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clear_block, mixed_block = (
        {"==": 1000, "≠≠": 9000},
        {"==": 60, "=≠": 900, "≠=": 900, "≠≠": 8000},
    )
    iterations = [
        run.estimate.iterations for run in _estimate(clear_block, mixed_block).runs
    ]
    assert iterations[0] < iterations[1]
    monkeypatch.setattr(estimates_module, "LIMIT", iterations[0])
    estimate = _estimate(clear_block, mixed_block)
    assert [run.usable for run in estimate.runs] == [True, False]
    assert estimate.m == pytest.approx(_estimate(clear_block).m)
    with pytest.raises(NothingToTrainOnError, match="m of a, b is not estimated"):
        _estimate(mixed_block)


def test_a_run_whose_matches_have_another_birth_date_converged_on_non_matches() -> None:
    household = {"≠=": 900, "≠≠": 8000, "==": 5}
    names = _model("dob", "postcode")
    with pytest.raises(NothingToTrainOnError, match="converged on non-matches"):
        _estimate(household, model=names)
    estimate = _estimate(household, {"==": 900, "≠≠": 8000}, model=names)
    assert [run.rejected for run in estimate.runs] == [True, False]
    assert estimate.m[0] > 0.9


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
        (1 - result.m[0]) / (result.m[0] * result.runs[0].matches),
        0.9 / (0.1 * 10_000),
    )
    errors = standard_errors(evidence, result)
    assert errors[0] == pytest.approx(
        np.sqrt(m_variance + u_variance) / np.log(2), rel=0.01
    )


@pytest.mark.parametrize(
    ("u_of_one_sex", "matches"), [((0.5, 0.5), 504), ((0.99, 0.01), 99)]
)
def test_rare_matches_are_not_learnt_from_people_of_one_forename_who_are_of_one_sex(
    u_of_one_sex: tuple[float, float], matches: int
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
    (run,) = estimate(
        Evidence(Layout(from_dict(raw)), (60_000, 50_000), equal, (), random, (pairs,))
    ).runs
    assert run.matches == pytest.approx(matches, rel=0.02)
