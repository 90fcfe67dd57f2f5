"""m and u of a Fellegi-Sunter model, read from Splink's JSON."""

import hashlib
import json
import math
from collections.abc import Mapping
from typing import Any


def parameters(model: dict[str, Any]) -> dict[str, Any]:
    """A model as rows to show.

    Args:
        model: what Splink writes with save_model_to_json.

    Returns:
        prior: probability that two random records match, or None; prior_weight: the same in log2 odds;
        levels: comparison, label, m, u, match_weight (log2 m/u, None where m or u is not known or zero),
        term_frequency (True where the level adjusts for how common the value is). Null levels are left out: they weigh
        nothing.
    """
    prior = model.get("probability_two_random_records_match")
    levels = [
        {
            "comparison": comparison.get("output_column_name") or "",
            "label": level.get("label_for_charts") or level.get("sql_condition") or "",
            "m": level.get("m_probability"),
            "u": level.get("u_probability"),
            "match_weight": _weight(level.get("m_probability"), level.get("u_probability")),
            "term_frequency": bool(level.get("tf_adjustment_column")),
        }
        for comparison in model.get("comparisons", [])
        for level in comparison.get("comparison_levels", [])
        if not level.get("is_null_level")
    ]
    return {
        "prior": prior,
        "prior_weight": math.log2(prior / (1 - prior)) if prior and 0 < prior < 1 else None,
        "levels": levels,
    }


def version(found: Mapping[str, Any]) -> str:
    """A fingerprint of a model's parameters (what `parameters` returned), eight hexadecimal digits."""
    told = [found.get("prior"), [[row["comparison"], row["label"], row["m"], row["u"]] for row in found["levels"]]]
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()[:8]


def _weight(m: float | None, u: float | None) -> float | None:
    return math.log2(m / u) if m and u else None
