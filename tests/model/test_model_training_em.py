"""EM and what follows from it, on counts small enough to reckon by hand."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from linkage.model.training.counts.patterns import Floats, Layout, Patterns
from linkage.model.training.em.evidence import Block, Evidence, as_counted
from linkage.model.training.em.expectation import (
    Estimate,
    Known,
    Matches,
    Strangers,
    default_m,
    expectation_maximisation,
)
from linkage.model.training.estimates.bootstrap import DRAWS, resampled
from linkage.model.training.estimates.checks import crossed, inverted
from linkage.model.training.estimates.estimation import by_strangers, estimated, starting_prior
from linkage.model.training.estimates.report import LevelReport
from linkage.model.training.strangers.block_strangers import block_u

from linkage.errors import LeoError
from linkage.model import Model, from_dict
from linkage.model.training.counts.rules import Agreement
from linkage.model.training.estimates import estimation


def _model(*names: str, **level: Any) -> Model:
    return from_dict(
        {
            "comparisons": [
                {
                    "output_column_name": name,
                    "comparison_levels": [
                        {"sql_condition": f"{name}_l IS NULL OR {name}_r IS NULL", "is_null_level": True},
                        {"sql_condition": f"{name}_l = {name}_r", **level},
                        {"sql_condition": "ELSE"},
                    ],
                }
                for name in names
            ]
        }
    )


def _patterns(counts: dict[str, int], fields: int) -> Patterns:
    """ "=≠?" are agreement, disagreement and a side unknown, one for each field."""
    shown = [[float(grade == wanted) for grade in pattern for wanted in "=≠"] for pattern in counts]
    return Patterns(np.array(list(counts.values())), np.array(shown).reshape(len(counts), 2 * fields))


_NOTHING = Known(held=np.zeros(4, bool))


def _once(
    counts: dict[str, int],
    known: Known = _NOTHING,
    *,
    beyond: Floats | float = 0.0,
    tolerance: float = 0.0,
    limit: int = 1,
) -> Estimate:
    """One iteration on two fields, from m 0.9, u 0.1 and a share of matches of a half."""
    patterns = _patterns(counts, 2)
    return expectation_maximisation(
        Layout(_model("a", "b")),
        patterns,
        patterns.counts[None, :].astype(float),
        Matches(m=np.array([[0.9, 0.1, 0.9, 0.1]]), prior=np.array([0.5])),
        Strangers(np.array([[0.1, 0.9, 0.1, 0.9]]), beyond),
        known,
        tolerance=tolerance,
        limit=limit,
    )


def test_one_iteration_by_hand() -> None:
    """Pairs that agree on both match with 81 : 1, on one with 1 : 1, on none with 1 : 81."""
    found = _once({"==": 82, "=≠": 2, "≠≠": 82})
    assert found.prior[0] == pytest.approx((81 + 1 + 1) / 166)
    assert found.m[0] == pytest.approx([82 / 83, 1 / 83, 81 / 83, 2 / 83])
    assert found.change == pytest.approx(max(82 / 83 - 0.9, 81 / 83 - 0.9))


def test_a_side_that_is_unknown_says_nothing_and_is_not_counted() -> None:
    found = _once({"=?": 10, "≠=": 10})
    assert found.m[0] == pytest.approx([9 / 14, 5 / 14, 1.0, 1e-6]), "b never differs: Splink's constant"
    assert found.prior[0] == pytest.approx((9 + 5) / 20)


def test_m_that_is_held_stays() -> None:
    held = np.array([True, True, False, False])
    assert _once({"==": 82, "≠≠": 82}, Known(held)).m[0, :2] == pytest.approx([0.9, 0.1])


def test_it_ends_when_nothing_moves_by_more_than_the_tolerance() -> None:
    counts = {"==": 500, "=≠": 20, "≠=": 30, "≠≠": 9000}
    ended = _once(counts, tolerance=1e-3, limit=500)
    assert ended.change < 1e-3
    assert 1 < ended.iterations < 500
    assert _once(counts, tolerance=1e-3, limit=ended.iterations - 1).change >= 1e-3


@given(st.lists(st.integers(0, 10**6), min_size=9, max_size=9).filter(lambda counts: sum(counts) > 0))
def test_probabilities_stay_probabilities_and_the_fit_never_worsens(counts: list[int]) -> None:
    patterns = dict(zip([a + b for a in "=≠?" for b in "=≠?"], counts, strict=True))
    held = {pattern: n for pattern, n in patterns.items() if n}
    before = -np.inf
    for limit in (1, 2, 4, 8, 50):
        found = _once(held, limit=limit)
        assert np.isfinite(found.m).all()
        assert ((found.m > 0) & (found.m <= 1 + 1e-12)).all()
        assert 0 <= found.prior[0] <= 1
        fit = _log_likelihood(held, found)
        assert fit >= before - 1e-6 * abs(fit)
        before = fit


def _log_likelihood(counts: dict[str, int], found: Any) -> float:
    patterns, u = _patterns(counts, 2), np.array([0.1, 0.9, 0.1, 0.9])
    # A level that no pair shows has Splink's constant, which takes part in no pattern here.
    matching = np.exp(patterns.shown @ np.log(found.m[0]))
    random = np.exp(patterns.shown @ np.log(u))
    mixed = found.prior[0] * matching + (1 - found.prior[0]) * random
    return float(patterns.counts @ np.log(np.maximum(mixed, 1e-300)))


def test_where_the_model_says_nothing_splink_starts_at_95_per_cent() -> None:
    assert default_m(Layout(_model("a"))) == pytest.approx([0.95, 0.05])


def test_inside_a_block_the_prior_rises_by_what_agreement_on_it_adds() -> None:
    layout = Layout(_model("a", "b"))
    m, u = np.array([[0.9, 0.1, 0.8, 0.2]]), np.array([[0.1, 0.9, 0.5, 0.5]])
    assert starting_prior(layout, ["a"], 0.1, m, u)[0] == pytest.approx(0.5)
    assert starting_prior(layout, ["a", "b"], 0.1, m, u)[0] == pytest.approx(1.6 / 2.6)


TABLE = {"==": 900, "=≠": 100, "≠≠": 9000}
RANDOM = {"==": 100, "=≠": 900, "≠=": 900, "≠≠": 8100}


def _evidence(*blocks: dict[str, int], equal: tuple[Agreement, ...] = (), model: Model | None = None) -> Evidence:
    nobody = _patterns({}, 2)
    rule = Agreement(("c",), 10_000, 1.0, (0, 0))
    made = tuple(Block(rule, 0.5, _patterns(counts, 2), (nobody, nobody)) for counts in blocks)
    return Evidence(Layout(model or _model("a", "b")), (1000, 2000), equal, (), _patterns(RANDOM, 2), made)


def test_u_is_the_share_of_random_pairs() -> None:
    evidence = _evidence(TABLE)
    assert estimated(evidence, as_counted(evidence)).u[0] == pytest.approx([0.1, 0.9, 0.1, 0.9])


def test_how_often_values_are_equal_is_taken_from_their_counts() -> None:
    evidence = _evidence(TABLE, equal=(Agreement(("a",), 0, 1.0, (0, 0), seen=500, known=25_000),))
    assert estimated(evidence, as_counted(evidence)).u[0] == pytest.approx([0.02, 0.98, 0.1, 0.9])


def test_the_prior_counts_the_matches_of_all_blocks_and_who_disagrees_on_them() -> None:
    """Half of the block's pairs were looked at; nothing says how often matches agree on c."""
    evidence = _evidence(TABLE)
    found = estimated(evidence, as_counted(evidence))
    assert found.prior[0] == pytest.approx(found.runs[0].matches[0] / 0.5 / 2_000_000)
    assert found.runs[0].matches[0] == pytest.approx(808, abs=1)


def test_matches_that_lack_what_is_blocked_on_are_counted_too() -> None:
    """Of a quarter of all pairs c is known on both sides: so it is of a quarter of the matches."""
    evidence = _evidence(TABLE)
    whole = estimated(evidence, as_counted(evidence)).prior[0]
    (block,) = evidence.blocks
    gaps = replace(evidence, blocks=(replace(block, rule=replace(block.rule, known_share=0.25)),))
    assert estimated(gaps, as_counted(gaps)).prior[0] == pytest.approx(4 * whole)


def test_of_one_file_chance_tells_the_strangers_of_two_columns_and_never_of_one() -> None:
    """Who agrees on one column is the block itself, matches and all."""
    a, b = (Agreement((name,), 0, 1.0, (0, 0), seen=seen, known=1000) for name, seen in (("a", 10), ("b", 100)))
    evidence = _evidence(TABLE, equal=(a, b))
    alone, both = (
        Block(Agreement(names, 10_000, 1.0, (0, 0)), 1.0, _patterns(TABLE, 2), ()) for names in (("a",), ("a", "b"))
    )
    assert by_strangers(evidence, alone) is None
    assert by_strangers(evidence, both) == pytest.approx(1 - 1000 * 2000 * 0.01 * 0.1 / 10_000)


def test_no_more_matches_are_expected_of_a_block_than_the_smaller_file_has_records() -> None:
    """A short list's names are those of thousands in a large register, who are nobody in it."""
    block = Block(Agreement(("a",), 50_000, 1.0, (30, 70_000)), 1.0, _patterns(TABLE, 2), (_patterns(TABLE, 2),) * 2)
    evidence = replace(_evidence(TABLE), units=(100, 2000))
    assert by_strangers(evidence, block) == pytest.approx(100 / 50_000)


def test_people_who_are_in_a_file_twice_are_no_strangers() -> None:
    """Pairs that agree on both are a thousandth of a thousandth by chance; the file shows them often."""
    layout, rule = Layout(_model("a", "b", "c")), Agreement(("c",), 0, 1.0, (0, 0))
    twice = Patterns(np.array([50, 950]), np.array([[1.0, 0, 1, 0, 1, 0], [0, 1, 0, 1, 1, 0]]))
    u = np.array([[0.001, 0.999, 0.001, 0.999, 0.5, 0.5]])
    found = block_u(layout, rule, [twice], [twice.counts[None, :].astype(float)], u)[0]
    assert found[0] == pytest.approx((1000 * 0.001**2 + 0.001 * 200) / (950 + 0.001 + 200))
    common = np.array([[0.2, 0.8, 0.2, 0.8, 0.5, 0.5]])
    found = block_u(layout, rule, [twice], [twice.counts[None, :].astype(float)], common)[0]
    assert found[0] == pytest.approx((50 + 0.2 * 200) / 1200), "agreement on what is common proves nothing"


def test_who_is_in_a_file_twice_and_has_moved_is_no_stranger() -> None:
    """Names tell it, beside all that the two addresses differ in."""
    layout, rule = Layout(_model("forename", "surname", "street", "town")), Agreement(("dob",), 0, 1.0, (0, 0))
    moved, stranger = [1.0, 0, 1, 0, 0, 1, 0, 1], [0.0, 1, 0, 1, 0, 1, 0, 1]
    table = Patterns(np.array([50, 950]), np.array([moved, stranger]))
    u = np.array([[0.01, 0.99, 0.01, 0.99, 0.001, 0.999, 0.01, 0.99]])
    found = block_u(layout, rule, [table], [table.counts[None, :].astype(float)], u)[0]
    assert found[0] == pytest.approx((1000 * 0.01**2 + 0.01 * 200) / (950 + 0.1 + 200))


def test_runs_are_combined_by_their_median_and_a_pseudo_count() -> None:
    evidence = _evidence(TABLE, {**TABLE, "==": 950, "=≠": 50}, {**TABLE, "==": 700, "=≠": 300})
    found = estimated(evidence, as_counted(evidence))
    agrees = [run.estimate.m[0, 2] for run in found.runs]
    matches = np.mean([run.matches[0] for run in found.runs])
    assert sorted(agrees)[1] == agrees[0]
    assert found.m[0, 2] == pytest.approx((agrees[0] * matches + 0.5 * 5) / (matches + 5))


def test_a_run_without_an_end_is_left_out_where_another_knows(monkeypatch: pytest.MonkeyPatch) -> None:
    clear, muddled = {"==": 1000, "≠≠": 9000}, {"==": 60, "=≠": 900, "≠=": 900, "≠≠": 8000}
    evidence = _evidence(clear, muddled)
    iterations = [run.estimate.iterations for run in estimated(evidence, as_counted(evidence)).runs]
    assert iterations[0] < iterations[1]
    monkeypatch.setattr(estimation, "LIMIT", iterations[0])
    found = estimated(evidence, as_counted(evidence))
    assert [run.settled for run in found.runs] == [True, False]
    alone = _evidence(clear)
    assert found.m[0] == pytest.approx(estimated(alone, as_counted(alone)).m[0])
    hopeless = _evidence(muddled)
    with pytest.raises(LeoError, match="nothing learnt of a, b: EM on pairs that agree on c comes to no end"):
        estimated(hopeless, as_counted(hopeless))


def test_what_the_file_fixes_stays() -> None:
    model = _model("a", "b", m_probability=0.7, fix_m_probability=True, u_probability=0.3, fix_u_probability=True)
    evidence = _evidence(TABLE, model=model)
    found = estimated(evidence, as_counted(evidence))
    assert (found.m[0, 0], found.u[0, 0]) == (0.7, 0.3)


def test_a_standard_error_is_what_theory_says() -> None:
    """Where matches are plain to see, log2 m varies as the logarithm of a binomial share, and log2 u too."""
    plain = Block(
        Agreement(("c",), 10_000, 1.0, (0, 0)),
        1.0,
        _patterns({"==": 3200, "≠=": 800, "≠≠": 1}, 2),
        (_patterns({"==": 0, "≠≠": 10**9}, 2), _patterns({}, 2)),
    )
    evidence = replace(_evidence(TABLE), blocks=(plain,))
    found = estimated(evidence, as_counted(evidence))
    drawn = resampled(evidence, found, seed=3)
    of_m, of_u = 0.2 / (0.8 * 4000), 0.9 / (0.1 * 10_000)
    assert found.m[0, 0] == pytest.approx(0.8, abs=0.01)
    assert drawn.weights.shape == (DRAWS, 4)
    assert drawn.weights.std(axis=0)[0] == pytest.approx(np.sqrt(of_m + of_u) / np.log(2), rel=0.25)
    assert drawn.weights.mean(axis=0)[0] == pytest.approx(found.weights[0, 0], abs=0.03)


def test_a_bootstrap_is_the_same_again_and_another_with_another_seed() -> None:
    evidence = _evidence(TABLE)
    found = estimated(evidence, as_counted(evidence))
    first, again, other = (resampled(evidence, found, seed).weights for seed in (1, 1, 2))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def _levels(*weights: float, error: float | None = 0.1) -> list[LevelReport]:
    top = len(weights) - 1
    return [
        LevelReport("surname", f"grade {top - n}", top - n, 0.5, 0.5, weight, error, full=n == 0)
        for n, weight in enumerate(weights)
    ]


@pytest.mark.parametrize(
    ("weights", "said"),
    [
        ((9.0, 4.0, -3.0), []),
        ((9.0, -2.0, -3.0), []),  # partial agreement may speak against a match: strangers show it more often
        ((9.0, 4.0, 4.3), []),  # within three standard errors
        ((9.0, 4.0, 4.6), ["'grade 0' weighs 4.60, more than 'grade 1' with 4.00"]),
        ((4.0, 9.0, 8.0), ["'grade 1' weighs 9.00", "'grade 0' weighs 8.00, more than 'grade 2'"]),
    ],
)
def test_grades_that_cross_are_named_with_what_to_do(weights: tuple[float, ...], said: list[str]) -> None:
    found = crossed(_levels(*weights))
    assert inverted(_levels(*weights)) == []
    assert len(found) == len(said)
    for line, part in zip(found, said, strict=True):
        assert line.startswith("comparison 'surname': ")
        assert part in line


def test_agreement_that_speaks_against_a_match_is_a_fault() -> None:
    (line,) = inverted(_levels(-1.0, -2.0, -3.0))
    assert line.startswith("comparison 'surname': full agreement ('grade 2') weighs -1.00")
    assert "in the same codes?" in line
    assert inverted(_levels(-0.2, -2.0, -3.0)) == [], "that may be chance"


def test_a_level_that_a_pseudo_count_decides_or_of_another_column_crosses_nothing() -> None:
    assert crossed(_levels(4.0, 9.0, error=None)) == []
    swapped = [replace(level, graded=level.full) for level in _levels(4.0, 9.0)]
    assert crossed(swapped) == [], "names in each other's place are rarer than equal ones, and weigh more"


def test_em_of_one_field_that_crawls_along_is_where_it_goes_to() -> None:
    """One field fits nearly any share of matches, and EM takes tens of thousands of steps to the share expected."""
    layout = Layout(_model("a"))
    patterns = Patterns(np.array([800, 79_200]), np.eye(2))
    start, strangers = Matches(np.array([[0.9, 0.1]]), np.array([0.1])), Strangers(np.array([[0.004, 0.996]]))
    known = Known(held=np.array([False, False]), expected=0.02, expected_counts_as=0.001)

    def found(limit: int) -> Estimate:
        counts = patterns.counts[None, :].astype(float)
        return expectation_maximisation(layout, patterns, counts, start, strangers, known, tolerance=1e-9, limit=limit)

    early, late = found(2_000), found(200_000)
    assert early.change > 1e-9 > late.change
    assert np.abs(early.m - late.m).max() == pytest.approx(early.way, rel=0.5)
