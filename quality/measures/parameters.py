"""m and u of a Fellegi-Sunter model, read from Splink's JSON."""

import hashlib
import json
import math
import re
from collections.abc import Mapping
from typing import Any

_CORRECTS = re.compile(r"\w+ given \w+(?:, \w+)*")
"""The description of a comparison that takes back what others say too much
(linkage.model.comparisons).
"""

_NOT_OBSERVED = 1e-6


def parameters(model: dict[str, Any]) -> dict[str, Any]:
    """A model as rows to show.

    Args:
        model: what Splink writes with save_model_to_json.

    Returns:
        prior: probability that two random records match, or None; prior_weight: the
            same in log2 odds;
        levels: comparison, label, m, u, match_weight (log2 m/u, None where m or u is
            not known or zero),
        term_frequency (True where the level adjusts for how common the value is),
        corrects (True where the comparison takes back what others say too much or too
        little, so that only m over u counts). Null levels are left out: they weigh
        nothing.
    """
    prior = model.get("probability_two_random_records_match")
    levels = [
        {
            "comparison": comparison.get("output_column_name") or "",
            "label": level.get("label_for_charts") or level.get("sql_condition") or "",
            "m": (m := _probability(level, "m_probability")),
            "u": (u := _probability(level, "u_probability")),
            "match_weight": _weight(m, u),
            "term_frequency": bool(level.get("tf_adjustment_column")),
            "corrects": _CORRECTS.fullmatch(
                comparison.get("comparison_description") or ""
            )
            is not None,
        }
        for comparison in model.get("comparisons", [])
        for level in comparison.get("comparison_levels", [])
        if not level.get("is_null_level")
    ]
    return {
        "prior": prior,
        "prior_weight": math.log2(prior / (1 - prior))
        if prior and 0 < prior < 1
        else None,
        "levels": levels,
    }


def _probability(level: Mapping[str, Any], key: str) -> float | None:
    """m or u of a level. Splink says in words that no pair showed one, and weighs it as
    so rare (linkage.model).
    """
    value = level.get(key)
    return _NOT_OBSERVED if isinstance(value, str) else value


def version(model: Mapping[str, Any]) -> str:
    """A fingerprint of a model's parameters (what `parameters` returned), eight
    hexadecimal digits.

    Models with different term-frequency adjustments have different versions, though m
    and u are the same.
    """
    fields = ("comparison", "label", "m", "u", "term_frequency")
    parts = [
        model.get("prior"),
        [[row.get(name) for name in fields] for row in model["levels"]],
    ]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:8]


def _weight(m: float | None, u: float | None) -> float | None:
    return math.log2(m / u) if m and u else None
