"""Duplicates within a source: the second record of a linked person is linked too, and a
relative is not.
"""

from typing import Any

import numpy as np
import pytest

from linkage.engine import Engine
from linkage.match import StepResult
from linkage.match.duplicates import KNOWN_SHARE, estimated_share
from linkage.match.resolve import DUPLICATE, LOST
from tests.match.test_step import HEAD, JO, MOVED, linked, outcomes, reasons

LIMITS = {"accept_probability": 0.5, "review_probability": 0.5}


def _join(engine: Engine, left: list[str], right: list[str], **keys: Any) -> StepResult:
    texts = [HEAD + "\n".join(lines) for lines in (left, right)]
    return linked(engine, *texts, **({"duplicates": "join"} | LIMITS | keys))


@pytest.mark.both_engines
def test_a_second_record_of_a_person_is_linked_where_the_step_says_so(
    engine: Engine,
) -> None:
    sides = [f"1 | {JO} | -"], [f"11 | {JO} | -", f"12 | {MOVED} | -"]
    assert outcomes(engine, _join(engine, *sides, duplicates="leave")) == {
        (1, 11): ("accepted", None),
        (1, 12): ("rejected", LOST),
    }
    result = _join(engine, *sides)
    assert outcomes(engine, result) == {
        (1, 11): ("accepted", None),
        (1, 12): ("accepted", DUPLICATE),
    }
    assert reasons(engine, result) == {}
    assert result.summary["duplicates"]["right"] > KNOWN_SHARE


def test_a_second_record_joins_a_unit_that_a_pass_has_linked(engine: Engine) -> None:
    result = _join(
        engine, [f"1 | {JO} | N1"], [f"11 | {JO} | N1", f"12 | {MOVED} | N2"]
    )
    assert outcomes(engine, result) == {
        (1, 11): ("accepted", None),
        (1, 12): ("accepted", DUPLICATE),
    }
    mirror_result = _join(
        engine, [f"1 | {JO} | N1", f"2 | {MOVED} | N2"], [f"11 | {JO} | N1"]
    )
    assert outcomes(engine, mirror_result) == {
        (1, 11): ("accepted", None),
        (2, 11): ("accepted", DUPLICATE),
    }


def test_two_equal_records_of_one_person_are_both_linked(engine: Engine) -> None:
    result = _join(engine, [f"1 | {JO} | -"], [f"11 | {JO} | -", f"12 | {JO} | -"])
    assert {decision for decision, _ in outcomes(engine, result).values()} == {
        "accepted"
    }


def test_a_record_that_fits_two_people_is_not_linked(engine: Engine) -> None:
    anna, vague = (
        "ANNA | JONES | 1993-01-02 | F | P4",
        "- | JONES | 1993-01-02 | F | P4",
    )
    right = [f"11 | {JO} | -", f"12 | {anna} | -", f"13 | {vague} | -"]
    result = _join(engine, [f"1 | {JO} | -", f"2 | {anna} | -"], right)
    links = {
        pair
        for pair, (decision, _) in outcomes(engine, result).items()
        if decision == "accepted"
    }
    assert links == {(1, 11), (2, 12)}


def test_a_pupil_with_two_numbers_keeps_the_links_of_both(engine: Engine) -> None:
    """Learner 11 is pupil 1 and pupil 2, who are one; learner 12 is the same person's
    by another provider.
    """
    left = [
        f"1 | {JO} | -",
        f"2 | {MOVED} | -",
        "3 | EVE | HART | 1990-01-02 | F | P1 | -",
    ]
    right = [
        f"11 | {JO} | -",
        f"12 | {JO} | -",
        "13 | EVE | HART | 1990-01-02 | F | P1 | -",
    ]
    result = _join(engine, left, right, cardinality="one-to-many")
    links = {
        pair
        for pair, (decision, _) in outcomes(engine, result).items()
        if decision == "accepted"
    }
    assert links == {(1, 11), (1, 12), (2, 11), (2, 12), (3, 13)}


def test_the_share_of_duplicates_is_learnt_from_clear_pairs_else_taken_from_other_files() -> (
    None
):
    high, low = np.array([30.0]), np.array([-30.0])
    assert estimated_share(high, np.array([300.0]), 800) == pytest.approx(
        (300 + 1) / (800 + 200), abs=1e-3
    )
    assert estimated_share(low, np.array([300.0]), 800) == pytest.approx(
        1 / 1000, abs=1e-4
    )
