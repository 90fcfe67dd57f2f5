"""What changed between two runs that may have changed their links: weights, rules, thresholds, settings."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from quality.measures.parameters import parameters


def weights(before: Mapping[str, Any] | None, after: Mapping[str, Any] | None) -> list[dict[str, Any]]:
    """Levels whose weight differs by a hundredth of a bit or more, or whose m or u by as much of itself, most first."""
    levels = [_by_level(model) for model in (before, after)]
    changed = []
    for comparison, level in dict.fromkeys([*levels[0], *levels[1]]):
        old, new = (found.get((comparison, level), _NO_LEVEL) for found in levels)
        if _differ(old, new):
            row: dict[str, Any] = {
                "comparison": comparison,
                "level": level,
                "before": old["weight"],
                "after": new["weight"],
            }
            probabilities = {
                f"{key}_{run}": at[key] for key in ("m", "u") for run, at in (("before", old), ("after", new))
            }
            changed.append(row | probabilities)
    return sorted(changed, key=lambda row: -_distance(row))


_NO_LEVEL: Mapping[str, float | None] = {"weight": None, "m": None, "u": None}


def _differ(old: Mapping[str, float | None], new: Mapping[str, float | None]) -> bool:
    for key in ("weight", "m", "u"):
        one, other = old[key], new[key]
        if one is None or other is None:
            if one is not other:
                return True
        elif abs(other - one) >= 0.01 * (1.0 if key == "weight" else max(one, other)) and one != other:
            return True
    return False


def _distance(row: Mapping[str, Any]) -> float:
    return math.inf if row["before"] is None or row["after"] is None else abs(row["after"] - row["before"])


def _by_level(model: Mapping[str, Any] | None) -> dict[tuple[str, str], Mapping[str, float | None]]:
    """Comparison and level to weight, m and u. The prior has a weight alone."""
    if model is None:
        return {}
    found = parameters(dict(model))
    levels: dict[tuple[str, str], Mapping[str, float | None]] = {}
    if found["prior_weight"] is not None:
        levels["prior", "two random records match"] = {**_NO_LEVEL, "weight": round(found["prior_weight"], 3)}
    for level in found["levels"]:
        if level["match_weight"] is not None:
            weight = round(float(level["match_weight"]), 3)
            levels[level["comparison"], level["label"]] = {"weight": weight, "m": level["m"], "u": level["u"]}
    return levels


Made = tuple[Mapping[str, Any] | None, Mapping[str, Any] | None]
"""A step's model and what it counted."""


def rules(before: Made, after: Made) -> list[dict[str, Any]]:
    """Blocking rules, passes, and levels that weigh by how common a value is, of one run and not of the other."""
    changed = []
    kinds = (("blocking rule", _blocking_rules), ("pass", _passes), ("weighs by how common a value is", _frequencies))
    for what, rules_of in kinds:
        old, new = rules_of(before), rules_of(after)
        if old is None or new is None:
            continue
        changed += [{"what": what, "rule": rule, "change": "removed"} for rule in old if rule not in new]
        changed += [{"what": what, "rule": rule, "change": "added"} for rule in new if rule not in old]
    return changed


def _blocking_rules(made: Made) -> list[str] | None:
    model = made[0]
    rules = (model or {}).get("blocking_rules_to_generate_predictions") or []
    return None if model is None else [rule if isinstance(rule, str) else rule["blocking_rule"] for rule in rules]


def _frequencies(made: Made) -> list[str] | None:
    """Levels that weigh by how common a value is."""
    if made[0] is None:
        return None
    return [
        f"{level['comparison']}: {str(level['label']).removeprefix(str(level['comparison']) + ': ')}"
        for level in parameters(dict(made[0]))["levels"]
        if level["term_frequency"] or level["rarest"]
    ]


def _passes(made: Made) -> list[str] | None:
    """Each pass in a line; None where the run did not write its rules down."""
    passes = (made[1] or {}).get("passes")
    if passes is None or any("equal" not in rule for rule in passes):
        return None
    return [
        f"{rule['pass']}: {', '.join(rule['equal'])}"
        + (f"; one of {', '.join(rule['agree_any'])}" if rule["agree_any"] else "")
        + ("" if rule["accept"] == "unique" else "; also where it is not the only pair")
        for rule in passes
    ]


def thresholds(before: Mapping[str, Any] | None, after: Mapping[str, Any] | None) -> list[dict[str, Any]]:
    """Match weights in force that differ by a hundredth of a bit or more: they follow what the cardinality adds."""
    old, new = ((counts or {}).get("thresholds") or {} for counts in (before, after))
    names = ("accept", "review", "keep", "margin", "gain")
    return [
        {"what": name, "before": round(old[name], 3), "after": round(new[name], 3)}
        for name in names
        if name in old and name in new and abs(old[name] - new[name]) >= 0.01
    ]


def settings(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Keys of the configuration that differ; folders and files of data are no setting."""
    flat = [_flat(configuration) for configuration in (before, after)]
    differ = [key for key in dict.fromkeys([*flat[0], *flat[1]]) if flat[0].get(key) != flat[1].get(key)]
    shown = [key for key in differ if not key.startswith(("run.data", "run.truth", "run.previous", "outputs.key"))]
    return [{"path": key, "before": flat[0].get(key), "after": flat[1].get(key)} for key in shown]


def _flat(value: Any, path: str = "") -> dict[str, Any]:
    """A nested configuration as dotted paths; a list of named tables goes by the names."""
    if isinstance(value, Mapping):
        parts = [(str(key), inner) for key, inner in value.items()]
    elif isinstance(value, Sequence) and not isinstance(value, str) and all(isinstance(v, Mapping) for v in value):
        parts = [(str(inner.get("name", index)), inner) for index, inner in enumerate(value)]
    else:
        return {path: value}
    return {k: v for key, inner in parts for k, v in _flat(inner, f"{path}.{key}" if path else key).items()}
