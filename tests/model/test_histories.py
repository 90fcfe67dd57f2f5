"""The models that ship compare whole histories; they too weigh as Splink does, pair for pair."""

import math
from typing import Any

import pytest

from linkage.engine import Engine
from linkage.engine import rows as engine_rows
from linkage.match.candidates import score_candidates, term_frequencies
from linkage.model import from_dict, leo
from tests.model.people import both_sides, with_histories
from tests.model.splink_says import splink_weights

LEFT, RIGHT = (with_histories(side, seed) for seed, side in enumerate(both_sides(90, 80, seed=13)))


@pytest.fixture(scope="module")
def cis() -> dict[str, Any]:
    """The model for DWP's customers, each level with a u. Splink opens it, and does without what its descriptions say."""
    raw: dict[str, Any] = leo.settings_of("nino")
    for comparison in raw["comparisons"]:
        graded = [level for level in comparison["comparison_levels"] if not level.get("is_null_level")]
        for place, level in enumerate(graded):
            level["u_probability"] = 0.001 * (place + 1) if level is not graded[-1] else 0.95
    return raw


@pytest.fixture(scope="module")
def splinks(cis: dict[str, Any]) -> dict[tuple[int, int], dict[str, float]]:
    """What Splink makes of it."""
    return splink_weights(cis, LEFT, RIGHT)


def test_pairs_over_histories_are_splinks_with_splinks_weights(cis: Any, splinks: Any, engine: Engine) -> None:
    expected = [{k: v for k, v in c.items() if k != "comparison_description"} for c in cis["comparisons"]]
    model = from_dict({**cis, "comparisons": expected})
    sides = engine.from_arrow(LEFT), engine.from_arrow(RIGHT)
    frequencies = term_frequencies(engine, model, *sides)
    candidates = score_candidates(engine, model, *sides, frequencies, -1e9)
    scored, counts = candidates.pairs, candidates.rules
    ours = {(row["left_id"], row["right_id"]): row for row in engine_rows(engine, scored)}
    assert len(ours) == engine.count(scored)
    assert ours.keys() == splinks.keys()
    for pair, expected in splinks.items():
        for name, value in expected.items():
            assert math.isclose(ours[pair][name], value, abs_tol=1e-6), (pair, name)
    assert all(rule["pairs_kept"] for rule in counts), "every rule is tried"
