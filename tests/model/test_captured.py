"""Missed matches, estimated from those that are captured, in worlds of which all is
known.
"""

import itertools
import math
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from linkage.model import Model, from_dict
from linkage.model.blocking import MissedMatches, PatternCount, estimate_missed
from quality.measures.estimated_error import UNREACHED_WITHIN

FIELDS = ("forename", "surname", "dob", "postcode")
RULES = (
    ("dob", "surname"),
    ("dob", "forename"),
    ("dob", "postcode"),
    ("forename", "surname", "postcode"),
)


def exact(column: str) -> dict[str, object]:
    return {
        "output_column_name": column,
        "comparison_levels": [
            {
                "sql_condition": f'"{column}_l" IS NULL OR "{column}_r" IS NULL',
                "is_null_level": True,
            },
            {
                "sql_condition": f'"{column}_l" = "{column}_r"',
                "m_probability": 0.9,
                "u_probability": 0.01,
            },
            {"sql_condition": "ELSE", "m_probability": 0.1, "u_probability": 0.99},
        ],
    }


@pytest.fixture(scope="module")
def model() -> Model:
    conditions = (
        " AND ".join(f'l."{column}" = r."{column}"' for column in rule)
        for rule in RULES
    )
    rules = [{"blocking_rule": rule} for rule in conditions]
    comparisons = [exact(column) for column in FIELDS]
    return from_dict(
        {"blocking_rules_to_generate_predictions": rules, "comparisons": comparisons}
    )


def matches(
    *classes: tuple[float, tuple[float, ...], float],
) -> Iterator[tuple[tuple[int, ...], float, bool]]:
    """Levels, how many matches show them, and whether a rule reaches them.

    Args:
        classes: how many, how often each field differs, and how often forename and
            surname are not known, together.
    """
    for levels in itertools.product((0, 1), repeat=len(FIELDS)):
        for is_nameless in (False, True):
            pattern = (-1, -1, *levels[2:]) if is_nameless else levels
            if is_nameless and levels[:2] != (0, 0):
                continue
            count = sum(
                size
                * (gap_rate if is_nameless else 1 - gap_rate)
                * _share(levels, rates, is_nameless)
                for size, rates, gap_rate in classes
            )
            agree = {
                field
                for field, level in zip(FIELDS, pattern, strict=True)
                if level == 1
            }
            yield pattern, count, any(agree.issuperset(rule) for rule in RULES)


def _share(
    levels: tuple[int, ...], rates: tuple[float, ...], is_nameless: bool
) -> float:
    share = 1.0
    for place, (level, rate) in enumerate(zip(levels, rates, strict=True)):
        share *= 1.0 if is_nameless and place < 2 else rate if level == 0 else 1 - rate
    return share


Patterns = dict[tuple[int, ...], PatternCount]


def estimate(
    model: Model, patterns: Patterns, floor: float = -100.0
) -> MissedMatches | None:
    return estimate_missed(
        model, model.blocking_rules, patterns, {}, floor=floor, adjustment=4.0
    )


def all_links(*classes: tuple[float, tuple[float, ...], float]) -> Patterns:
    """Matches that a rule reaches, all of them linked, and no other pair."""
    return {
        levels: PatternCount(math.ceil(count), count, 0.0)
        for levels, count, is_reached in matches(*classes)
        if is_reached and count > 0
    }


def true_recall(*classes: tuple[float, tuple[float, ...], float]) -> float:
    world = list(matches(*classes))
    reached = sum(count for _, count, is_reached in world if is_reached)
    return reached / sum(count for _, count, _ in world)


INDEPENDENT = (10_000, (0.05, 0.08, 0.02, 0.3), 0.0)
"""Fields of all matches err alike, each by itself."""
CAREFUL, CARELESS = (
    (95_000, (0.02, 0.04, 0.005, 0.2), 0.0),
    (5_000, (0.3, 0.3, 0.1, 0.5), 0.0),
)
"""One record in twenty is written carelessly: its fields err together."""


def test_recall_is_exact_where_errors_are_independent(model: Model) -> None:
    missed = estimate(model, all_links(INDEPENDENT))
    assert missed is not None
    assert missed.blocking_recall == pytest.approx(true_recall(INDEPENDENT), abs=5e-4)
    assert missed.log_sd < 0.1
    assert missed.below_floor == 0.0


def test_fields_that_err_together_lower_recall_and_widen_its_interval(
    model: Model,
) -> None:
    """Fields that err alone would say 0.9978. How often all err together no rule shows:
    it is within the factor that the range of recall allows for.
    """
    truth = true_recall(CAREFUL, CARELESS)
    assert truth == pytest.approx(0.9929, abs=5e-5)
    missed = estimate(model, all_links(CAREFUL, CARELESS))
    assert missed is not None
    assert missed.blocking_recall < 0.9975
    assert missed.log_sd > 0.2
    assert 1 - truth < UNREACHED_WITHIN * (1 - missed.blocking_recall)


@pytest.mark.parametrize("times", [0.01, 100])
def test_recall_does_not_depend_on_the_size_of_the_files(
    model: Model, times: float
) -> None:
    size, rates, gaps = INDEPENDENT
    missed = estimate(model, all_links((size * times, rates, gaps)))
    assert missed is not None
    assert missed.blocking_recall == pytest.approx(true_recall(INDEPENDENT), abs=3e-3)


def test_doubtful_pairs_do_not_add_up_thousands_of_small_probabilities(
    model: Model,
) -> None:
    """Birth date and postcode agree, names do not: 27 matches, whom the probabilities
    of 20,000 pairs call 1,000. Both models say 27; the interval holds all three.
    """
    patterns = all_links(INDEPENDENT)
    doubtful = (0, 0, 1, 1)
    true_matches = patterns[doubtful].matches
    assert true_matches == pytest.approx(27, abs=1)
    patterns[doubtful] = PatternCount(20_000, 1_000.0, 1_000.0)
    missed = estimate(model, patterns)
    assert missed is not None
    estimated = missed.scored_factor * 1_000
    assert estimated == pytest.approx((27 * 27 * 1_000) ** (1 / 3), rel=0.1)
    within = math.exp(1.96 * missed.scored_log_sd)
    assert estimated / within < true_matches < 1_000 < estimated * within
    assert missed.blocking_recall == pytest.approx(true_recall(INDEPENDENT), abs=5e-4)


def test_matches_that_are_told_count_by_their_probabilities(model: Model) -> None:
    """A third of the pairs with other names, each of them a match, are no links."""
    patterns = all_links(INDEPENDENT)
    count = patterns[0, 0, 1, 1]
    patterns[0, 0, 1, 1] = PatternCount(count.pairs, count.matches, count.matches / 3)
    missed = estimate(model, patterns)
    assert missed is not None
    assert (missed.scored_factor, missed.scored_log_sd) == (1.0, 0.0)


def test_matches_below_the_floor_are_predicted(model: Model) -> None:
    """Pairs of which only birth date and postcode agree are not kept: prior and weights
    are 2 x 6.5 - 2 x 3.3 - 13.3 bits.
    """
    patterns = all_links(INDEPENDENT)
    cut = patterns.pop((0, 0, 1, 1))
    missed = estimate(model, patterns, floor=-5.0)
    assert missed is not None
    assert missed.below_floor == pytest.approx(cut.matches, rel=0.2)
    without_floor = estimate(model, patterns)
    assert without_floor is not None
    assert without_floor.below_floor == 0.0


def test_what_is_not_captured_for_the_most_part_is_not_known(model: Model) -> None:
    errors = (0.6, 0.6, 0.5, 0.6)
    assert true_recall((10_000, errors, 0.0)) < 0.5
    assert estimate(model, all_links((10_000, errors, 0.0))) is None
    assert estimate(model, {}) is None


def test_rules_of_which_no_comparison_speaks_reach_nothing(model: Model) -> None:
    rules = from_dict(
        {
            **model.raw,
            "blocking_rules_to_generate_predictions": [
                {"blocking_rule": 'l."town" = r."town"'}
            ],
        }
    ).blocking_rules
    patterns = all_links(INDEPENDENT)
    assert (
        estimate_missed(model, rules, patterns, {}, floor=-100.0, adjustment=0.0)
        is None
    )


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.floats(1, 10_000),
            st.tuples(*[st.floats(0, 1)] * len(FIELDS)),
            st.floats(0, 1),
        ),
        min_size=1,
        max_size=3,
    ),
    st.floats(0, 1),
)
def test_an_estimate_is_a_number_of_matches(
    model: Model,
    classes: list[tuple[float, tuple[float, ...], float]],
    probability: float,
) -> None:
    patterns = {
        levels: PatternCount(10, 10 * probability, 5 * probability)
        for levels, _, is_reached in matches(*classes)
        if is_reached
    }
    missed = estimate(model, patterns)
    if missed is not None:
        assert 0 <= missed.blocking_recall <= 1
        assert 0 <= missed.below_floor < math.inf
        assert 0 <= missed.log_sd < math.inf
        assert 0 <= missed.scored_factor < math.inf
