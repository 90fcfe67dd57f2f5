"""How many matches no rule reaches, estimated from those that rules reach, in worlds of
which all is known.
"""

import itertools
from collections.abc import Iterator

import pytest

from linkage.model import Model, from_dict
from linkage.model.blocking import estimated_recall

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


def shares(
    model: Model, *classes: tuple[float, tuple[float, ...], float]
) -> tuple[float | None, float]:
    """The estimated share of matches that rules reach, and the true one."""
    world = list(matches(*classes))
    counts = {levels: count for levels, count, is_reached in world if is_reached}
    recall = estimated_recall(model, model.blocking_rules, counts, {})
    return recall.share if recall else None, sum(counts.values()) / sum(
        count for _, count, _ in world
    )


def test_recall_is_exact_where_errors_are_independent(model: Model) -> None:
    share, truth = shares(model, (10_000, (0.05, 0.08, 0.02, 0.3), 0.0))
    assert share == pytest.approx(truth, abs=5e-4)


def test_correlated_errors_lower_the_estimate(model: Model) -> None:
    """One record in twenty is written carelessly: its fields err together."""
    share, truth = shares(
        model,
        (95_000, (0.02, 0.04, 0.005, 0.2), 0.0),
        (5_000, (0.3, 0.3, 0.1, 0.5), 0.0),
    )
    assert truth == pytest.approx(0.9929, abs=5e-5)
    assert share is not None
    assert truth < share < 0.9962  # fields that err alone would say 0.9978


def test_few_matches_give_no_estimate(model: Model) -> None:
    assert shares(model, (150, (0.05, 0.08, 0.02, 0.3), 0.0))[0] is None
    assert estimated_recall(model, model.blocking_rules, {}, {}) is None


def test_the_uncertainty_falls_with_the_number_of_matches(model: Model) -> None:
    """More matches, less doubt; but no number shows a birth date that differs with
    another field: no rule does.
    """

    def spread(times: float) -> float:
        classes = (
            (950 * times, (0.05, 0.06, 0.03, 0.2), 0.0),
            (50 * times, (0.3, 0.3, 0.2, 0.5), 0.0),
        )
        counts = {
            levels: count
            for levels, count, is_reached in matches(*classes)
            if is_reached
        }
        recall = estimated_recall(model, model.blocking_rules, counts, {})
        assert recall is not None
        return recall.log_sd

    assert 0.1 < spread(1000) < spread(10) < spread(1) < 1
