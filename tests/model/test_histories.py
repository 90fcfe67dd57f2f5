"""The models that ship compare whole histories; they too weigh as Splink does, pair for
pair.
"""

import math
from typing import Any

import pytest

from linkage.engine import Engine
from linkage.engine import rows as engine_rows
from linkage.match.candidates import score_candidates, term_frequencies
from linkage.model import from_dict, leo
from tests.model.people import both_sides, with_histories
from tests.model.splink_results import splink_weights

LEFT, RIGHT = (
    with_histories(side, seed) for seed, side in enumerate(both_sides(90, 80, seed=13))
)


@pytest.fixture(scope="module")
def cis() -> dict[str, Any]:
    """The model for DWP's customers, each level with a u. Splink opens it, and does
    without what its descriptions say.
    """
    raw: dict[str, Any] = leo.settings_of("nino")
    for comparison in raw["comparisons"]:
        levels = [
            level
            for level in comparison["comparison_levels"]
            if not level.get("is_null_level")
        ]
        for place, level in enumerate(levels):
            level["u_probability"] = (
                0.001 * (place + 1) if level is not levels[-1] else 0.95
            )
    return raw


@pytest.fixture(scope="module")
def splink_rows(cis: dict[str, Any]) -> dict[tuple[int, int], dict[str, float]]:
    """Splink's weights of its pairs."""
    return splink_weights(cis, LEFT, RIGHT)


def test_pairs_over_histories_have_splinks_weights(
    cis: Any, splink_rows: Any, engine: Engine
) -> None:
    expected = [
        {k: v for k, v in c.items() if k != "comparison_description"}
        for c in cis["comparisons"]
    ]
    model = from_dict({**cis, "comparisons": expected})
    sides = engine.from_arrow(LEFT), engine.from_arrow(RIGHT)
    frequencies = term_frequencies(engine, model, *sides)
    candidates = score_candidates(engine, model, *sides, frequencies, -1e9)
    pairs, counts = candidates.pairs, candidates.rules
    our_rows = {
        (row["left_id"], row["right_id"]): row for row in engine_rows(engine, pairs)
    }
    assert len(our_rows) == engine.count(pairs)
    assert our_rows.keys() == splink_rows.keys()
    for pair, expected in splink_rows.items():
        for name, value in expected.items():
            assert math.isclose(our_rows[pair][name], value, abs_tol=1e-6), (pair, name)
    assert all(rule["pairs_kept"] for rule in counts), "every rule is tried"
