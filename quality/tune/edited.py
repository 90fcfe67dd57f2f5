"""A model with other m, u, prior or frequencies, as the Splink JSON that is weighed by and saved."""

import math
from collections.abc import Iterator
from copy import deepcopy
from typing import Any

from linkage.model import Comparison, Level, Model, from_dict
from quality.tune.app import Settings
from quality.tune.evidence import adjusted_columns


def of_model(model: Model, accept: float, review: float) -> Settings:
    """The settings that a run had."""
    places = [((c.name, level.value), level) for c in model.comparisons for level in c.levels if level.value >= 0]
    return Settings(
        m={place: level.m or 0.0 for place, level in places},
        u={place: level.u or 0.0 for place, level in places},
        prior=model.prior,
        accept=accept,
        review=review,
        adjusted=frozenset(adjusted_columns(model)),
    )


def edited(model: Model, settings: Settings) -> Model:
    """The model by these settings.

    A column whose frequencies are no longer looked at has every value count as common as values are on the whole: for
    agreement of the column itself that is the level's own u; a level that takes a household's share back still does.
    """
    raw = deepcopy(model.raw)
    raw["probability_two_random_records_match"] = settings.prior
    for comparison, written in zip(model.comparisons, raw["comparisons"], strict=True):
        for level, told in _graded(comparison, written):
            place = comparison.name, level.value
            if settings.m[place] != level.m or settings.u[place] != level.u:
                told["m_probability"], told["u_probability"] = settings.m[place], settings.u[place]
    off = set(adjusted_columns(model)) - settings.adjusted
    if off:
        _without_frequencies(from_dict(raw), raw, off)
    return from_dict(raw)


def changes(before: Settings, after: Settings) -> list[dict[str, Any]]:
    """What differs between two settings, a line each: what, before, after."""
    found: list[dict[str, Any]] = []
    for kind, old, new in (("m", before.m, after.m), ("u", before.u, after.u)):
        found += [
            {"what": kind, "comparison": place[0], "level": place[1], "before": old[place], "after": new[place]}
            for place in old
            if old[place] != new[place]
        ]
    for name in ("prior", "accept", "review"):
        if getattr(before, name) != getattr(after, name):
            found.append({"what": name, "before": getattr(before, name), "after": getattr(after, name)})
    for column in sorted(before.adjusted ^ after.adjusted):
        found.append({"what": f"frequencies of {column}", "before": column in before.adjusted,
                      "after": column in after.adjusted})  # fmt: skip
    return found


def _graded(comparison: Comparison, written: dict[str, Any]) -> Iterator[tuple[Level, dict[str, Any]]]:
    for level, told in zip(comparison.levels, written["comparison_levels"], strict=True):
        if level.value >= 0:
            yield level, told


def _without_frequencies(model: Model, raw: dict[str, Any], off: set[str]) -> None:
    common = _common(model)
    for comparison, written in zip(model.comparisons, raw["comparisons"], strict=True):
        for level, told in _graded(comparison, written):
            if level.tf_list and level.tf_list.removesuffix("_all") in off:
                written.pop("comparison_description", None)
            if level.adjusted and level.tf_column in off:
                usual = common.get(str(level.tf_column), level.tf_base_u or 1.0)
                bits = level.tf_weight * (math.log2(level.tf_base_u or 1.0) - math.log2(usual))
                for key in ("tf_adjustment_column", "tf_adjustment_weight", "disable_tf_exact_match_detection"):
                    told.pop(key, None)
                if bits:
                    _moved(told, bits)


def _common(model: Model) -> dict[str, float]:
    """Column to the chance that two of its values are equal: u of full agreement of the comparison of its own."""
    return {
        str(level.tf_column): level.tf_base_u or 1.0
        for comparison in model.fields
        for level in comparison.levels
        if level.adjusted and level.tf_weight > 0
    }


def _moved(told: dict[str, Any], bits: float) -> None:
    """A level's m and u whose ratio is by so many bits another; both stay probabilities."""
    m = told["m_probability"] * 2.0**bits
    scale = max(m, 1.0)
    told["m_probability"], told["u_probability"] = m / scale, told["u_probability"] / scale
