"""Probabilities compared with truth: exact numbers on pairs that can be counted
by eye.
"""

from collections.abc import Callable
from typing import Any

import pytest

from linkage.engine import Engine, Table
from quality.measures.calibration import by_chance, calibration
from quality.measures.definitions import load

PAIRS = """
    method        | decision | match_probability:float | verdict
    deterministic | accepted | 0.96                    | true
    deterministic | accepted | 0.98                    | true
    probabilistic | accepted | 0.94                    | false
    probabilistic | review   | 0.55                    | true
    probabilistic | rejected | 0.05                    | false
    probabilistic | rejected | 0.5                     | unknown
    probabilistic | rejected | -                       | false
"""


@pytest.fixture
def result(engine: Engine, world: Callable[[str], Table]) -> dict[str, dict[str, Any]]:
    return {row["group"]: row for row in calibration(engine, world(PAIRS), load())}


def test_groups_are_all_pairs_the_links_and_each_method(
    result: dict[str, dict[str, Any]],
) -> None:
    assert {name: row["pairs"] for name, row in result.items()} == {
        "all": 5,
        "accepted": 3,
        "deterministic": 2,
        "probabilistic": 3,
    }
    assert list(result)[:2] == ["all", "accepted"]


def test_a_band_has_its_mean_probability_and_its_share_of_true_pairs(
    result: dict[str, dict[str, Any]],
) -> None:
    bands = [
        (
            row["from"],
            row["to"],
            row["pairs"],
            row["mean_probability"],
            row["share_true"]["value"],
        )
        for row in result["all"]["bands"]
    ]
    assert [band[:3] for band in bands] == [
        (0.0, 0.1, 1),
        (0.5, 0.6, 1),
        (0.9, 0.95, 1),
        (0.95, 0.99, 2),
    ]
    assert [band[3] for band in bands] == pytest.approx([0.05, 0.55, 0.94, 0.97])
    assert [band[4] for band in bands] == [0.0, 1.0, 0.0, 1.0]


def test_the_errors_are_those_of_their_definitions(
    result: dict[str, dict[str, Any]],
) -> None:
    everything = result["all"]
    assert everything["expected"] == pytest.approx(3.48)
    assert everything["calibration_error"] == pytest.approx(
        (0.05 + 0.45 + 0.94 + 2 * 0.03) / 5
    )
    assert everything["brier"] == pytest.approx(
        (0.04**2 + 0.02**2 + 0.94**2 + 0.45**2 + 0.05**2) / 5
    )
    assert result["deterministic"]["calibration_error"] == pytest.approx(0.03)


def test_chance_alone_makes_an_error_of_few_pairs() -> None:
    """Of 60 pairs of .99 all are true in 54.7 % of cases (0.6 off), 59 in 33.2 % (0.4),
    58 in 9.9 % (1.4), 57 in 1.9 %.
    """
    assert by_chance([{"pairs": 60, "mean_probability": 0.99}]) == pytest.approx(
        1.4 / 60
    )
    assert by_chance([{"pairs": 60_000, "mean_probability": 0.99}]) < 0.001


def test_chance_adds_up_over_bands_and_is_zero_for_certain_pairs() -> None:
    """One pair of probability a half is half off in either case; the nine sure ones are
    not.
    """
    bands = [
        {"pairs": 1, "mean_probability": 0.5},
        {"pairs": 9, "mean_probability": 1 + 1e-16},
    ]
    assert by_chance(bands) == pytest.approx(0.05)


def test_pairs_without_a_probability_have_no_calibration(
    engine: Engine, world: Callable[[str], Table]
) -> None:
    pairs = world(
        "method | decision | match_probability:float | verdict\np | accepted | - | true"
    )
    assert calibration(engine, pairs, load()) == []
