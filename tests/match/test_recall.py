"""Blocking recall and false negatives of a step: counts of a world that can be counted
by eye.
"""

from collections.abc import Callable

import pytest

from linkage.engine import Engine, Table
from linkage.match.recall import missed_figures
from tests.match.exact_model import exact_model
from tests.match.test_step import linked

World = Callable[[str], Table]


def test_each_rule_counts_its_pairs_and_its_links(engine: Engine) -> None:
    """By birth date and surname 3-13, 4-14 and 4-15; by forename and postcode 5-16 and
    8-17. The pass has 1 and 2.
    """
    rules = linked(engine).summary["rules"]
    assert [rule["pairs"] for rule in rules] == [3, 2]
    assert [rule["new_pairs"] for rule in rules] == [3, 2]
    assert [rule["pairs_kept"] for rule in rules] == [3, 1]
    assert [rule["links"] for rule in rules] == [1, 0]
    assert {rule["pairs_are"] for rule in rules} == {"counted"}


def test_a_link_of_a_pass_that_the_model_disputes_is_no_link(engine: Engine) -> None:
    (counts,) = linked(engine).summary["passes"]
    assert (counts["pairs"], counts["accepted"], counts["links"]) == (2, 2, 1)


def test_recall_is_estimated_from_equality_and_what_is_known(engine: Engine) -> None:
    """m of every agreement is 0.5 of what is known on both sides (exact_model)."""
    summary = linked(engine).summary
    shares = {
        "forename": 0.5 / (0.5 + 2**-5) * 6 / 8,
        "surname": 0.5 / (0.5 + 2**-6) * 7 / 8,
        "dob": 0.5 / (0.5 + 2**-9) * 6 / 8,
        "postcode": 0.5 / (0.5 + 2**-2) * 7 / 8,
    }
    first, second = (
        shares["dob"] * shares["surname"],
        shares["forename"] * shares["postcode"],
    )
    assert [rule["estimated_recall"] for rule in summary["rules"]] == pytest.approx(
        [first, second], abs=1e-5
    )


def test_recall_of_all_rules_is_estimated_from_the_scored_pairs(engine: Engine) -> None:
    """Three matches among the pairs of the rules leave it wide open."""
    summary = linked(engine).summary
    assert 0.5 < summary["estimated_recall"] < 1
    assert summary["unreached_spread"] >= 0
    assert summary["scored_factor"] > 0


def test_recall_of_one_pair_is_not_known(engine: Engine, world: World) -> None:
    """Its names agree and its birth date does not: most matches would be elsewhere."""
    model = exact_model()
    links = world("""
        pattern      | match_weight:float | match_probability:float | method        | pass:text | decision
        0,0,0,0,0,0  | 1.0                | 0.9                     | probabilistic | rule 1    | accepted
    """)
    figures = missed_figures(engine, model, links, 0.0)
    assert figures == {"estimated_recall": None, "missed_unknown": True}
