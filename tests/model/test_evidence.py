"""Blocks with few matches are sampled again, with more of their pairs."""

import random
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest

from linkage.engine import Engine, Table
from linkage.model import from_dict
from linkage.model.comparisons import comparison, settings
from linkage.model.training import blocks as blocks_module
from linkage.model.training import evidence as evidence_module
from linkage.model.training import train
from linkage.model.training.estimates import estimate
from linkage.model.training.evidence import Evidence, enlarge, gather

FIELDS = {"forename": "name", "surname": "name", "dob": "date"}
MODEL = from_dict(
    settings([comparison(*field) for field in FIELDS.items()], ['l."dob" = r."dob"'])
)
PEOPLE = 4_000


def _word(draw: random.Random, count: int) -> str:
    """One of so many words that have nothing in common."""
    digits = f"{draw.randrange(count) * 7919 % 10**6:06}"
    return "".join(
        "BCDFGHJKLM"[int(digit)] + "AEIOUYAEIO"[int(digit)] for digit in digits
    )


def two_files(engine: Engine, married: float) -> tuple[Table, Table]:
    """Two files of the same people, of whom a share has another surname and one in
    fifty another forename.
    """
    draw, left, right = random.Random(5), [], []
    for n in range(PEOPLE):
        born = f"{1980 + draw.randrange(20)}-{1 + draw.randrange(12):02}-{1 + draw.randrange(28):02}"
        person = {
            "unit_id": n,
            "forename": _word(draw, 150),
            "surname": _word(draw, 400),
            "dob": born,
        }
        changes = {"surname": _word(draw, 400)} if draw.random() < married else {}
        changes |= {"forename": _word(draw, 150)} if n % 50 == 0 else {}
        left.append(person)
        right.append({**person, "unit_id": n + PEOPLE, **changes})
    return engine.from_arrow(pa.Table.from_pylist(left)), engine.from_arrow(
        pa.Table.from_pylist(right)
    )


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Four thousand people on both sides; one rule makes seven thousand pairs, and EM
    sees 700 of them at first.
    """
    monkeypatch.setattr(evidence_module, "BLOCK_PAIRS", 700)
    monkeypatch.setattr(evidence_module, "ENOUGH_MATCHES", 10_000.0)
    # Blocks with few pairs, although they leave one comparison free only.
    monkeypatch.setattr(blocks_module, "IDENTIFYING", 1)


def _evidence(
    engine: Engine, sides: tuple[Table, Table]
) -> tuple[Evidence, Evidence | None]:
    evidence = gather(engine, MODEL, *sides, seed=3)
    matches = [block.matches for block in estimate(evidence).blocks]
    return evidence, enlarge(engine, evidence, matches, *sides, seed=3)


def test_all_pairs_of_a_rule_with_few_matches_are_used(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    sides = two_files(engine, 0.2)
    first, second = _evidence(engine, sides)
    assert second is not None
    assert all(block.share < 1 for block in first.blocks)
    monkeypatch.setattr(evidence_module, "BLOCK_PAIRS", 1_000_000)
    full = gather(engine, MODEL, *sides, seed=3)
    for larger, block in zip(second.blocks, full.blocks, strict=True):
        assert larger.share == block.share == 1
        assert np.array_equal(larger.patterns.counts, block.patterns.counts)
        assert np.array_equal(larger.patterns.shown, block.patterns.shown)
    assert replace(second, blocks=first.blocks) == first, (
        "all else is what was counted before"
    )


def test_with_enough_matches_no_evidence_is_gathered_again(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(evidence_module, "FEW_MATCHES", 100.0)
    assert _evidence(engine, two_files(engine, 0.2))[1] is None


def test_training_on_few_matches_equals_training_on_all_pairs(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    messages: list[str] = []
    sides = two_files(engine, 0.04)
    model, _ = train(engine, MODEL, *sides, seed=3, progress=messages.append)
    assert "few matches so far: m from more of the pairs" in messages
    monkeypatch.setattr(evidence_module, "BLOCK_PAIRS", 1_000_000)
    assert train(engine, MODEL, *sides, seed=3)[0].raw == model.raw
