"""A step says of each pass and rule what it made: the counts of a world that can be counted by eye."""

import pytest

from linkage.engine import Engine
from tests.match.exact_model import WEIGHTS
from tests.match.whole_step import whole_step


def test_each_rule_says_what_it_made_and_what_came_of_it(engine: Engine) -> None:
    summary = whole_step(engine).summary
    told = summary["rules"]
    # By birth date and surname 3-13, 4-14 and 4-15; by forename and postcode 5-16 and 8-17, too unlike. The pass has
    # 1 and 2.
    assert [rule["pairs"] for rule in told] == [3, 2]
    assert [rule["new_pairs"] for rule in told] == [3, 2]
    assert [rule["pairs_kept"] for rule in told] == [3, 0]
    assert [rule["links"] for rule in told] == [1, 0]
    assert {rule["pairs_are"] for rule in told} == {"counted"}


def test_a_link_of_a_pass_that_the_model_disputes_is_no_link(engine: Engine) -> None:
    (counted,) = whole_step(engine).summary["passes"]
    assert (counted["pairs"], counted["accepted"], counted["links"]) == (2, 2, 1)
    assert counted["seconds"] >= 0


def test_recall_is_estimated_from_equality_and_what_is_known(engine: Engine) -> None:
    """m of every agreement is 0.5 of what is known on both sides (see exact_model)."""
    summary = whole_step(engine).summary
    agree = {
        "forename": 0.5 / (0.5 + 2**-5) * 6 / 8,
        "surname": 0.5 / (0.5 + 2**-6) * 7 / 8,
        "dob": 0.5 / (0.5 + 2**-9) * 6 / 8,
        "postcode": 0.5 / (0.5 + 2**-2) * 7 / 8,
    }
    first, second = agree["dob"] * agree["surname"], agree["forename"] * agree["postcode"]
    assert [rule["estimated_recall"] for rule in summary["rules"]] == pytest.approx([first, second], abs=1e-5)
    assert [rule["estimated_added"] for rule in summary["rules"]] == pytest.approx(
        [first, (1 - first) * second], abs=1e-5
    )
    assert summary["estimated_recall"] == pytest.approx(first + (1 - first) * second, abs=1e-5)


def test_matches_at_each_level_are_those_that_were_kept_and_those_that_were_let_go(engine: Engine) -> None:
    """1-11 agrees on all and 3-13 on all but the postcode; 4-14 and 4-15 are one match of unknown forename and sex.
    8-17 agrees on forename and postcode, and was let go."""
    summary = whole_step(engine).summary
    shown, let_go = summary["levels_shown"], summary["not_kept"]["expected_missed"]
    assert set(shown) == set(WEIGHTS)
    assert shown["surname"] == pytest.approx({"1": 3, "0": 0}, abs=0.01)
    assert shown["postcode"] == pytest.approx({"1": 2 + let_go, "0": 1}, abs=0.01)
    assert shown["forename"] == pytest.approx({"1": 2 + let_go, "0": 0}, abs=0.01)
    assert 0.1 < let_go < 0.3
