"""A step with few matches of its own uses the parameters of an earlier step as
prior.
"""

from dataclasses import replace

import numpy as np
import pytest

from linkage.model import Model, from_dict
from linkage.model.training import InformativePrior, most_informative
from linkage.model.training.blocks import TrainingBlock
from linkage.model.training.estimates import Estimates, estimate
from tests.model.test_training_em import TABLE, _model, evidence_of


def _model_of(agree: float) -> Model:
    """Two fields on which matches agree so often."""
    raw = _model("a", "b").raw
    for comparison in raw["comparisons"]:
        equal, differs = (
            level
            for level in comparison["comparison_levels"]
            if not level.get("is_null_level")
        )
        equal["m_probability"], differs["m_probability"] = agree, 1 - agree
    return from_dict(raw)


def _estimates(times: float, agree: float | None, matches: int = 100_000) -> Estimates:
    """TABLE's pairs so many times over, where an earlier step has learnt that matches
    agree on b so often.
    """
    model = _model("a", "b") if agree is None else _model_of(agree)
    evidence = evidence_of(
        {pattern: int(count * times) for pattern, count in TABLE.items()}, model=model
    )
    prior = None if agree is None else InformativePrior("first", model, matches)
    evidence = replace(evidence, informative=prior)
    return estimate(evidence)


def test_a_rare_level_has_more_pseudo_counts_but_no_more_than_the_earlier_matches() -> (
    None
):
    counts = InformativePrior("first", _model("a"), 2_000).pseudo_counts(
        np.array([0.5, 0.01, 0.0, 1.0])
    )
    assert counts == pytest.approx([4, 396, 2_000, 0], abs=1e-6)


def test_few_matches_lean_on_the_earlier_step_and_many_do_not() -> None:
    """These pairs show no match that differs on b, and the earlier step's matches did
    one time in ten.
    """
    agree = [_estimates(times, 0.9).m[2] for times in (0.02, 0.05, 1, 100)]
    assert 0.9 < agree[0] < agree[1] < agree[2]
    assert agree[3] == pytest.approx(_estimates(100, None).m[2], abs=0.01)


def test_non_matches_of_one_forename_are_no_matches_by_another_surname() -> None:
    """Of one birthday 131 pairs match, 2 of them by another surname, and of non-matches
    1,250 share a (chance: 1,100).
    """
    model = _model_of(0.985)
    counts = {"a": 55, "b": 20}
    equal = tuple(
        TrainingBlock((name,), 0, 1.0, seen=count, known=10_000)
        for name, count in counts.items()
    )
    birthday = {"==": 131, "=≠": 1_252, "≠=": 402, "≠≠": 198_215}
    evidence = evidence_of(birthday, equal=equal, model=model)
    prior_evidence = replace(
        evidence, informative=InformativePrior("first", model, 5_000)
    )
    plain_estimates, prior_estimates = (
        estimate(source) for source in (evidence, prior_evidence)
    )
    assert plain_estimates.blocks[0].matches > 250
    assert prior_estimates.blocks[0].matches == pytest.approx(131, rel=0.05)
    assert prior_estimates.m[3] == pytest.approx(0.015, abs=0.01)


def test_a_step_without_training_is_no_informative_prior() -> None:
    model = _model_of(0.9)
    assert (
        InformativePrior.from_step(
            "first", model, {"taken_as_given": "too small", "prior": 0.1}
        )
        is None
    )
    prior = InformativePrior.from_step("first", model, {"matches": 2_302})
    assert prior == InformativePrior("first", model, 2_302)


def test_the_most_informative_step_is_the_one_that_saw_most_matches() -> None:
    small, large = (
        InformativePrior(name, _model_of(0.9), matches)
        for name, matches in (("few", 100), ("many", 200))
    )
    assert (
        most_informative([small, None, large])
        == most_informative([large, small])
        == large
    )
    assert most_informative([None]) is None
