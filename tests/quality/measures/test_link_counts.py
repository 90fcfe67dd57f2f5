"""Passes and blocking rules of a step, and blocking recall."""

import dataclasses
from typing import Any

import pytest

from linkage.catalogue import shipped
from linkage.engine import Engine, Table
from quality.measures.evaluation import Inputs, evaluate
from quality.measures.link_counts import blocked
from quality.report.names import Names
from quality.report.sections.linking import rule_in_words

BLOCKING: dict[str, Any] = {
    "passes": [
        {
            "pass": "all-five",
            "pairs": 420,
            "accepted": 400,
            "ambiguous": 20,
            "seconds": 0.5,
            "links": 400,
        }
    ],
    "rules": [
        {
            "rule": 'l."dob" = r."dob" AND l."surname_all" = r."surname_all"',
            "pairs": 12_345,
            "new_pairs": 12_345,
            "pairs_are": "counted",
            "pairs_kept": 170,
            "links": 140,
            "seconds": 1.25,
            "estimated_recall": 0.8,
            "estimated_added": 0.8,
        },
        {
            "rule": 'l."nino" = r."nino"',
            "pairs": 33,
            "new_pairs": 3,
            "pairs_are": "estimated",
            "pairs_kept": 0,
            "links": 0,
            "seconds": 0.75,
            "estimated_recall": None,
            "estimated_added": None,
        },
    ],
    "estimated_recall": 0.8,
    "unreached_spread": 0.3,
}
REACH = {
    "true_pairs": 600,
    "alone": [540, 300],
    "added": [540, 30],
    "together": 570,
    "in_all": 585,
}


def test_shares_are_of_all_true_pairs() -> None:
    result = blocked(BLOCKING, REACH)
    assert result is not None
    assert [rule["recall"]["value"] for rule in result["rules"]] == [0.9, 0.5]
    assert [rule["added_recall"]["value"] for rule in result["rules"]] == [0.9, 0.05]
    assert (result["recall"]["value"], result["recall_with_passes"]["value"]) == (
        0.95,
        0.975,
    )
    assert result["true_pairs"] == 600
    assert result["passes"] == BLOCKING["passes"]


def test_without_truth_there_is_an_estimate_alone() -> None:
    result = blocked(BLOCKING, None)
    assert result is not None
    assert (result["recall"], result["true_pairs"], result["rules"][0]["recall"]) == (
        None,
        None,
        None,
    )
    assert result["estimated_recall"] == 0.8
    assert blocked(None, REACH) is None
    nobody = blocked(
        BLOCKING,
        {
            **REACH,
            "true_pairs": 0,
            "alone": [0, 0],
            "added": [0, 0],
            "together": 0,
            "in_all": 0,
        },
    )
    assert nobody is not None
    assert (nobody["recall"], nobody["rules"][0]["recall"]) == (None, None)


def test_the_reach_of_rules_is_counted_on_true_pairs(
    engine: Engine, crowd: Inputs
) -> None:
    numbers: list[int] = []

    def reach_of(true_pairs: Table) -> dict[str, Any]:
        numbers.append(engine.count(true_pairs))
        return REACH

    (step,) = crowd.steps
    evaluate(
        engine,
        dataclasses.replace(
            crowd,
            steps=(dataclasses.replace(step, blocking=BLOCKING, reached=reach_of),),
        ),
    )
    assert numbers == [600]


@pytest.mark.parametrize(
    ("condition", "words"),
    [
        ("l.surname = r.surname and l.dob = r.dob", "surname and date of birth"),
        (
            'substr(l."surname", 1, 3) = substr(r."surname", 1, 3)',
            "first 3 characters of surname",
        ),
        (
            'l."postcode_sector_all" = r."postcode_sector_all"',
            "postcode sector at any time",
        ),
        ('l."forename" = r."surname"', 'l."forename" = r."surname"'),
    ],
)
def test_rules_are_given_in_words(condition: str, words: str) -> None:
    assert rule_in_words(condition, Names(shipped())) == words
