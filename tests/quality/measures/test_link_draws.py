"""How figures vary over link draws: exact counts of draws that can be counted
by eye.
"""

import math
from collections.abc import Callable
from typing import Any

import pytest

from linkage.engine import Engine, Table
from quality.measures.characteristics import NOT_KNOWN
from quality.measures.link_draws import spread, vary_over_draws

# 1 has one link in every draw, 4 always one of two; 2 and 3 share a partner, and 5 is
# not in the calculation.
DRAWS = """
    draw | left_id | right_id
    1    | 1       | 11
    2    | 1       | 11
    3    | 1       | 11
    1    | 2       | 12
    2    | 2       | 13
    3    | 3       | 12
    1    | 4       | 14
    2    | 4       | 15
    3    | 4       | 14
    1    | 5       | 16
"""
UNITS = """
    side  | unit_id | sex | is_eligible:bool
    left  | 1       | F   | true
    left  | 2       | F   | true
    left  | 3       | M   | true
    left  | 4       | M   | true
    left  | 5       | M   | false
    left  | 6       | -   | true
    right | 1       | F   | true
"""


def rates_by_sex(**eligible: int) -> list[dict[str, Any]]:
    groups = [
        {"group": group, "label": group, "eligible": of, "linked": 1}
        for group, of in eligible.items()
    ]
    by_source = {
        "side": "left",
        "characteristic": "source",
        "title": "Source",
        "is_partition": False,
        "groups": [],
    }
    by_sex = {
        "side": "left",
        "characteristic": "sex",
        "title": "Sex",
        "is_partition": True,
        "groups": groups,
    }
    return [by_source, by_sex, {**by_sex, "side": "right"}]


def test_figures_vary_by_step_and_group(
    engine: Engine, world: Callable[[str], Table]
) -> None:
    rates = rates_by_sex(**{"F": 2, "M": 2, NOT_KNOWN: 1})
    result = vary_over_draws(
        engine, world(DRAWS), 3, units=world(UNITS), rates=rates, eligible=5, linked=4
    )
    third = math.sqrt(1 / 3)
    assert (result["draws"], result["pairs"], result["in_all"]) == (3, 7, 1)
    assert result["links"] == pytest.approx(
        {"mean": 10 / 3, "deviation": third, "low": 3.0, "high": 3.95}
    )
    assert result["linked"] == {
        "eligible": 5,
        "linked": 4,
        "mean": 3.0,
        "deviation": 0.0,
        "low": 3.0,
        "high": 3.0,
    }
    (sex,) = result["characteristics"]
    assert (sex["characteristic"], sex["title"]) == ("sex", "Sex")
    women, men, unknown = sex["groups"]
    counts = {"eligible": 2, "linked": 1, "deviation": third}
    assert women == pytest.approx(
        {"group": "F", "label": "F", **counts, "mean": 5 / 3, "low": 1.05, "high": 2.0}
    )
    assert men == pytest.approx(
        {"group": "M", "label": "M", **counts, "mean": 4 / 3, "low": 1.0, "high": 1.95}
    )
    assert (unknown["mean"], unknown["deviation"], unknown["high"]) == (0.0, 0.0, 0.0)


def test_of_two_files_all_units_are_counted(
    engine: Engine, world: Callable[[str], Table]
) -> None:
    result = vary_over_draws(engine, world(DRAWS), 3, eligible=6, linked=4)
    assert result["linked"] == pytest.approx(
        {
            "eligible": 6,
            "linked": 4,
            "mean": 10 / 3,
            "deviation": math.sqrt(1 / 3),
            "low": 3.0,
            "high": 3.95,
        }
    )
    assert result["characteristics"] == []


def test_a_draw_without_any_link_counts(
    engine: Engine, world: Callable[[str], Table]
) -> None:
    result = vary_over_draws(
        engine, world("draw | left_id | right_id\n2 | 1 | 11"), 2, eligible=1, linked=1
    )
    assert (result["links"]["mean"], result["linked"]["mean"], result["in_all"]) == (
        0.5,
        0.5,
        0,
    )


def test_one_draw_alone_has_no_deviation() -> None:
    assert spread([7]) == {"mean": 7.0, "deviation": None, "low": 7.0, "high": 7.0}
