"""Blocks in which few matches were seen are looked at again, with more of their pairs."""

from dataclasses import replace

import numpy as np
import pytest

from linkage.engine import Engine, Table
from linkage.model.training import evidence as evidence_module
from linkage.model.training import train
from linkage.model.training.estimates import estimate
from linkage.model.training.evidence import Evidence, enlarge, gather
from tests.model.test_interactions import seen_twice, untrained

FIELDS = {"forename": "name", "surname": "name", "dob": "date"}
MODEL = untrained(FIELDS)


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Four thousand people on both sides; one rule makes seven thousand pairs, and EM sees 700 of them at first."""
    monkeypatch.setattr(evidence_module, "BLOCK_PAIRS", 700)
    monkeypatch.setattr(evidence_module, "ENOUGH_MATCHES", 10_000.0)


def _looked(engine: Engine, sides: tuple[Table, Table]) -> tuple[Evidence, Evidence | None]:
    evidence = gather(engine, MODEL, *sides, seed=3)
    runs = estimate(evidence).runs
    matches = {number: run.matches for number, run in enumerate(runs)}
    return evidence, enlarge(engine, evidence, matches, *sides, seed=3)


def test_a_rule_of_few_matches_is_seen_whole_where_it_has_no_more(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    sides = seen_twice(engine, 0.2, 0.2)
    first, more = _looked(engine, sides)
    assert more is not None
    assert all(block.share < 1 for block in first.blocks)
    monkeypatch.setattr(evidence_module, "BLOCK_PAIRS", 1_000_000)
    whole = gather(engine, MODEL, *sides, seed=3)
    for widened, block in zip(more.blocks, whole.blocks, strict=True):
        assert widened.share == block.share == 1
        assert np.array_equal(widened.patterns.counts, block.patterns.counts)
        assert np.array_equal(widened.patterns.shown, block.patterns.shown)
    assert replace(more, blocks=first.blocks) == first, "all else is what was counted before"


def test_where_enough_matches_are_seen_nothing_is_looked_at_again(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(evidence_module, "FEW_MATCHES", 100.0)
    assert _looked(engine, seen_twice(engine, 0.2, 0.2))[1] is None


def test_training_says_of_few_matches_what_all_of_them_show(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    sides = seen_twice(engine, 0.04, 0.04)
    trained, _ = train(engine, MODEL, *sides, seed=3, progress=said.append)
    assert "few matches so far: m from more of the pairs" in said
    monkeypatch.setattr(evidence_module, "BLOCK_PAIRS", 1_000_000)
    assert train(engine, MODEL, *sides, seed=3)[0].raw == trained.raw
