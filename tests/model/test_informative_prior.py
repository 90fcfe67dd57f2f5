"""A step leans on what an earlier one has learnt, where it has seen few matches itself."""

from dataclasses import replace

import numpy as np
import pytest

from linkage.model import Model, from_dict
from linkage.model.training import InformativePrior, most_informative
from linkage.model.training.blocks import TrainingBlock
from linkage.model.training.estimates import Estimates, estimate
from tests.model.test_training_em import TABLE, _model, evidence_of


def _trained(agree: float) -> Model:
    """Two fields on which matches agree so often."""
    raw = _model("a", "b").raw
    for comparison in raw["comparisons"]:
        equal, differs = (level for level in comparison["comparison_levels"] if not level.get("is_null_level"))
        equal["m_probability"], differs["m_probability"] = agree, 1 - agree
    return from_dict(raw)


def _found(times: float, agree: float | None, matches: int = 100_000) -> Estimates:
    """TABLE's pairs so many times over, where an earlier step has learnt that matches agree on b so often."""
    model = _model("a", "b") if agree is None else _trained(agree)
    evidence = evidence_of({pattern: int(count * times) for pattern, count in TABLE.items()}, model=model)
    earlier = None if agree is None else InformativePrior("first", model, matches)
    evidence = replace(evidence, informative=earlier)
    return estimate(evidence)


def test_what_is_rare_is_worth_more_of_this_steps_matches_and_no_more_than_were_seen() -> None:
    worth = InformativePrior("first", _model("a"), 2_000).pseudo_counts(np.array([0.5, 0.01, 0.0, 1.0]))
    assert worth == pytest.approx([4, 396, 2_000, 0], abs=1e-6)


def test_few_matches_lean_on_the_earlier_step_and_many_do_not() -> None:
    """These pairs show no match that differs on b, and the earlier step's matches did one time in ten."""
    agree = [_found(times, 0.9).m[2] for times in (0.02, 0.05, 1, 100)]
    assert 0.9 < agree[0] < agree[1] < agree[2] < agree[3]
    assert agree[3] == pytest.approx(_found(100, None).m[2], abs=0.001)


def test_non_matches_of_one_forename_are_no_matches_by_another_surname() -> None:
    """Of one birthday 131 pairs match, 2 of them by another surname, and of non-matches 1,250 share a (chance: 1,100)."""
    model = _trained(0.985)
    counts = {"a": 55, "b": 20}
    equal = tuple(TrainingBlock((name,), 0, 1.0, seen=seen, known=10_000) for name, seen in counts.items())
    birthday = {"==": 131, "=≠": 1_252, "≠=": 402, "≠≠": 198_215}
    evidence = evidence_of(birthday, equal=equal, model=model)
    informed = replace(evidence, informative=InformativePrior("first", model, 5_000))
    alone, leant = (estimate(one) for one in (evidence, informed))
    assert alone.runs[0].matches > 250
    assert leant.runs[0].matches == pytest.approx(131, rel=0.05)
    assert leant.m[3] == pytest.approx(0.015, abs=0.01)


def test_a_step_that_has_learnt_nothing_itself_teaches_nobody() -> None:
    model = _trained(0.9)
    assert InformativePrior.from_step("first", model, {"taken_as_given": "too small", "prior": 0.1}) is None
    blocks = [{"matches": 2_302}, {"matches": 30_211}], [{"matches": 2_302}, {"matches": 3, "used": False}]
    for rules in blocks:  # one that was set aside does not count
        prior = InformativePrior.from_step("first", model, {"rules": rules})
        assert prior == InformativePrior("first", model, 2_302)


def test_the_most_informative_step_is_the_one_that_saw_most_matches() -> None:
    few, many = (InformativePrior(name, _trained(0.9), matches) for name, matches in (("few", 100), ("many", 200)))
    assert most_informative([few, None, many]) == most_informative([many, few]) == many
    assert most_informative([None]) is None
