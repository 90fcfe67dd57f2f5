"""Standardised differences and error by group, on counts that can be checked by
hand.
"""

import dataclasses
import math
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linkage.catalogue import shipped
from linkage.engine import Engine
from linkage.errors import ConfigError
from quality.measures.bias import bias, standardised
from quality.measures.definitions import load
from quality.measures.evaluation import Inputs, evaluate
from quality.measures.link_rates import counts


def test_a_standardised_difference_by_hand() -> None:
    """60 of 100 compared with 40 of 100: .2 over the root of .24; the variance is .02
    plus d squared over 400.
    """
    result = standardised(60, 100, 40, 100)
    assert result is not None
    d = 0.2 / math.sqrt(0.24)
    assert result["difference"] == pytest.approx(d)
    assert result["high"] - d == pytest.approx(
        1.96 * math.sqrt(0.02 + d * d / 400), abs=1e-4
    )
    assert (result["flagged"], result["certain"]) == (True, True)


def test_equal_shares_do_not_differ_and_without_spread_there_is_no_difference() -> None:
    result = standardised(10, 100, 20, 200)
    assert result is not None
    assert (result["difference"], result["flagged"]) == (0, False)
    assert standardised(0, 10, 0, 20) is None
    assert standardised(10, 10, 20, 20) is None


def test_a_group_with_all_of_one_side_and_none_of_the_other_differs_most() -> None:
    """All of the matched are men, and none of the unmatched: there is no spread, and
    all the difference there can be.
    """
    result = standardised(100, 100, 0, 50)
    assert result is not None
    assert result["difference"] > standardised(90, 100, 5, 50)["difference"]  # type: ignore[index]
    assert (result["flagged"], result["certain"]) == (True, True)
    one_of_each = standardised(0, 1, 1, 1)
    assert one_of_each is not None
    assert (one_of_each["difference"] < 0, one_of_each["certain"]) == (True, False)


@given(st.integers(1, 50), st.integers(1, 50), st.integers(0, 50), st.integers(0, 50))
def test_a_difference_changes_its_sign_with_its_sides(
    of: int, other: int, a: int, b: int
) -> None:
    one, two = (
        standardised(min(a, of), of, min(b, other), other),
        standardised(min(b, other), other, min(a, of), of),
    )
    if one is None or two is None:
        assert one is two
    else:
        assert one["difference"] == pytest.approx(-two["difference"])
        assert one["low"] == pytest.approx(-two["high"])


def rows_of(
    evaluation: dict[str, Any], *names: str
) -> dict[tuple[str, ...], dict[str, Any]]:
    (step,) = evaluation["steps"]
    row = next(row for row in step["bias"] if row["characteristics"] == list(names))
    return {tuple(group["labels"]): group for group in row["groups"]}


def test_regions_come_from_postcodes_and_have_their_missed_matches(
    uneven_evaluation: dict[str, Any],
) -> None:
    groups = rows_of(uneven_evaluation, "region")
    assert groups.keys() == {("London",), ("Yorkshire and The Humber",)}
    london = groups["London",]
    # 120 Londoners; 531 to 540 are linked falsely, 541 to 600 not at all.
    assert (
        london["eligible"],
        london["matched"],
        london["in_both"],
        london["found"],
    ) == (120, 60, 120, 50)
    assert london["missed"]["value"] == pytest.approx(70 / 120)
    assert london["false"]["value"] == pytest.approx(10 / 60)
    assert london["estimated_false"] == pytest.approx(0.02)
    assert london["estimated_missed"] == pytest.approx(
        30 * 0.6 / (30 * 0.6 + 60 * 0.98)
    )
    expected = standardised(60, 540, 60, 60)
    assert expected is not None
    assert london["matched_unmatched"]["difference"] == pytest.approx(
        expected["difference"]
    )
    assert groups["Yorkshire and The Humber",]["matched_unmatched"]["difference"] > 0


def test_two_characteristics_together(engine: Engine, uneven: Inputs) -> None:
    definitions = load()
    two_way = definitions.model_copy(update={"two_way": (("sex", "region"),)})
    groups = rows_of(evaluate(engine, uneven, two_way), "sex", "region")
    assert {labels: group["eligible"] for labels, group in groups.items()} == {
        ("Female", "London"): 60,
        ("Female", "Yorkshire and The Humber"): 240,
        ("Male", "London"): 60,
        ("Male", "Yorkshire and The Humber"): 240,
    }


def test_an_unknown_characteristic_cannot_be_paired(tmp_path: Path) -> None:
    path = tmp_path / "evaluation.toml"
    path.write_text(
        'weight_bands = [0]\nweight_range = [-1, 1]\ntwo_way = [["sex", "shoe_size"]]\n'
    )
    with pytest.raises(ConfigError, match="two_way: no characteristic sex, shoe_size"):
        load(path)


def test_without_truth_the_error_of_a_group_is_estimated(
    uneven_estimates: dict[str, Any],
) -> None:
    groups = rows_of(uneven_estimates, "region")
    london = groups["London",]
    assert (
        london["missed"],
        london["false"],
        london["found_missed"],
        london["in_both"],
    ) == (None, None, None, None)
    assert london["estimated_false"] == pytest.approx(0.02)
    assert london["matched_unmatched"]["flagged"]


def test_missed_matches_of_a_step_that_was_not_diagnosed_are_unknown(
    engine: Engine, uneven: Inputs
) -> None:
    (step,) = uneven.steps
    accepted_links = engine.sql(
        "select * from {t} where decision = 'accepted'", t=step.links
    )
    blocking = {"diagnosed": False, "passes": [], "rules": [], "estimated_recall": None}
    steps = (dataclasses.replace(step, links=accepted_links, blocking=blocking),)
    evaluation = evaluate(engine, dataclasses.replace(uneven, truth=None, steps=steps))
    london = rows_of(evaluation, "region")["London",]
    assert (london["estimated_false"], london["estimated_missed"]) == (
        pytest.approx(0.02),
        None,
    )
    assert evaluation["steps"][0]["estimated_error"]["recall_unknown"] == "links_only"


@pytest.mark.parametrize(("group", "false"), [(54_000, 1), (54_000, 0), (300_000, 1)])
def test_a_single_false_link_is_no_evidence_against_a_group(
    group: int, false: int
) -> None:
    """It is always in some group; in a group with a tenth of the links in one case of
    ten.
    """
    result = standardised(group, 540_000, false, 1)
    assert result is not None
    assert (result["flagged"], result["certain"]) == (True, False)


def test_false_links_of_a_group_by_hand(uneven_evaluation: dict[str, Any]) -> None:
    """All ten false links are Londoners', and 50 of the 530 correct ones."""
    london, yorkshire = (
        rows_of(uneven_evaluation, "region")[name,]["right_false"]
        for name in ("London", "Yorkshire and The Humber")
    )
    share = 50 / 530
    assert london["difference"] == pytest.approx(
        (share - 1) / math.sqrt(share * (1 - share) / 2)
    )
    assert (london["flagged"], london["certain"]) == (True, True)
    assert yorkshire["difference"] == pytest.approx(-london["difference"])
    assert (
        rows_of(uneven_evaluation, "sex")["Female",]["right_false"]["difference"] == 0
    )


def test_years_of_birth_are_banded_by_fives_for_false_links(
    engine: Engine, world: Any
) -> None:
    """Three false links of a year are chance, and nine of three years together
    are not.
    """
    cube = world(
        """
        side  | cohort:text | is_eligible:bool | is_linked:bool | in_both:bool | is_found:bool | units | links | correct | wrong | expected_correct:float | expected_missed:float | correct_variance:float | due
        left  | 1970        | true             | true           | true         | true          | 900   | 900   | 897     | 3     | 899.0            | 1.0               | 0.5               | 900
        left  | 1972        | true             | true           | true         | true          | 900   | 900   | 897     | 3     | 899.0            | 1.0               | 0.5               | 900
        left  | 1974        | true             | true           | true         | true          | 900   | 900   | 897     | 3     | 899.0            | 1.0               | 0.5               | 900
        left  | 1990        | true             | true           | true         | true          | 90000 | 90000 | 89964   | 36    | 89980.0          | 9.0               | 9.0               | 90000
        left  | -           | true             | true           | true         | true          | 50    | 50    | 50      | 0     | 49.0             | 1.0               | 0.5               | 50
    """
    )
    (row,) = bias(engine, cube, load(), shipped())
    bands = [
        (
            b["labels"],
            b["false"]["count"],
            b["false"]["of"],
            b["right_false"]["certain"],
        )
        for b in row["bands"]
    ]
    assert bands == [
        (["1970 to 1974"], 9, 2700, True),
        (["1990 to 1994"], 36, 90000, True),
        (["Not known"], 0, 50, False),
    ]
    assert row["bands"][0]["estimated_false_within"]["value"] == pytest.approx(3 / 2700)


def test_the_estimated_share_of_false_links_has_a_sensitivity_range(
    uneven_estimates: dict[str, Any],
) -> None:
    """Sixty links of 0.98: there may be three times as many false ones, and chance on
    top.
    """
    share = rows_of(uneven_estimates, "region")["London",]["estimated_false_within"]
    assert share["value"] == pytest.approx(0.02)
    assert 0 <= share["low"] < 0.01
    assert 0.06 < share["high"] < 0.1


def test_error_of_a_group_is_of_those_in_the_calculation(
    engine: Engine, world: Any
) -> None:
    """Ten women, one of them too young for the calculation, with the false link; of men
    nobody is in it.
    """
    cube = world("""
        side  | sex | is_eligible:bool | is_linked:bool | in_both:bool | is_found:bool | units | links | correct | wrong | expected_correct:float | expected_missed:float | correct_variance:float | due
        left  | F   | true             | true           | true         | true          | 9     | 9     | 9       | 0     | 8.5              | 0.5               | 0.4               | 9
        left  | F   | false            | true           | true         | false         | 1     | 1     | 0       | 1     | 0.5              | 0.25              | 0.25              | 1
        left  | M   | false            | true           | true         | true          | 1     | 1     | 1       | 0     | 0.5              | 0.0               | 0.25              | 1
    """)
    women, men = counts(engine, cube, ["sex"])
    assert (
        women["links"],
        women["wrong"],
        women["expected_correct"],
        women["expected_missed"],
    ) == (9, 0, 8.5, 0.5)
    assert (men["eligible"], men["links"], men["correct"]) == (0, 0, 0)
