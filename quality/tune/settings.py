"""What can be tuned: m and u of each level, the prior and the thresholds; the model
with other ones; the page's form.
"""

import math
from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from linkage.model import Model, from_dict

Place = tuple[str, int]
"""A comparison, and the value of one of its levels, which counts down from full
agreement to 0.
"""

THRESHOLDS = {"accept": "Acceptance threshold", "review": "Clerical review threshold"}
_PRIOR = "Prior"
_ROUNDING = (
    0.0005  # by which the m (or u) of a comparison may miss 1: fields show six digits
)


@dataclass(frozen=True)
class Settings:
    """What the page can change: accept and review are match probabilities."""

    m: Mapping[Place, float]
    u: Mapping[Place, float]
    prior: float
    accept: float
    review: float


@dataclass(frozen=True)
class Fault:
    """What is wrong with a field."""

    field: str
    text: str


def settings_of_model(model: Model, accept: float, review: float) -> Settings:
    """The settings of a run."""
    levels = [
        ((c.name, level.value), level)
        for c in model.comparisons
        for level in c.levels
        if level.value >= 0
    ]
    m, u = (
        {place: getattr(level, kind) or 0.0 for place, level in levels} for kind in "mu"
    )
    return Settings(m, u, model.prior, accept, review)


def with_settings(model: Model, settings: Settings) -> Model:
    """The model with other probabilities."""
    raw = deepcopy(model.raw)
    raw["probability_two_random_records_match"] = settings.prior
    for comparison, raw_comparison in zip(
        model.comparisons, raw["comparisons"], strict=True
    ):
        for level, raw_level in zip(
            comparison.levels, raw_comparison["comparison_levels"], strict=True
        ):
            place = comparison.name, level.value
            if level.value >= 0 and (settings.m[place], settings.u[place]) != (
                level.m,
                level.u,
            ):
                raw_level["m_probability"], raw_level["u_probability"] = (
                    settings.m[place],
                    settings.u[place],
                )
    return from_dict(raw)


def changes(before: Settings, after: Settings) -> list[dict[str, Any]]:
    """What differs between two settings: what, before, after."""
    levels = [
        {
            "what": kind,
            "comparison": place[0],
            "level": place[1],
            "before": old[place],
            "after": new[place],
        }
        for kind, old, new in (("m", before.m, after.m), ("u", before.u, after.u))
        for place in old
        if old[place] != new[place]
    ]
    others = [
        (name, getattr(before, name), getattr(after, name))
        for name in ("prior", *THRESHOLDS)
    ]
    return levels + [
        {"what": name, "before": old, "after": new}
        for name, old, new in others
        if old != new
    ]


def sums_off(model: Model, settings: Settings) -> dict[str, str]:
    """Comparisons whose m or u are not shares of one whole, and to what they add up."""
    faulty = {}
    for comparison in model.comparisons:
        if (
            comparison.given
        ):  # a conditional comparison: its levels are no shares of one whole
            continue
        places = [
            (comparison.name, level.value)
            for level in comparison.levels
            if level.value >= 0
        ]
        totals = {
            "m": sum(settings.m[p] for p in places),
            "u": sum(settings.u[p] for p in places),
        }
        sums = [
            f"{kind} adds up to {total:.4g}"
            for kind, total in totals.items()
            if abs(total - 1) > _ROUNDING
        ]
        if sums:
            faulty[comparison.name] = f"{' and '.join(sums)}, and must add up to 1"
    return faulty


def not_monotone(model: Model, settings: Settings) -> dict[Place, float]:
    """Levels with a higher match weight than a closer agreement of the same comparison,
    and that weight.
    """
    faulty = {}
    for comparison in model.comparisons:
        closest = math.inf
        for level in () if comparison.given else comparison.levels:
            place = comparison.name, level.value
            if level.value < 0 or not (settings.m[place] and settings.u[place]):
                continue
            weight = math.log2(settings.m[place] / settings.u[place])
            if weight > closest:
                faulty[place] = closest
            closest = min(closest, weight)
    return faulty


def field_of(kind: str, comparison: int, value: int) -> str:
    """The form's field of a level's m or u."""
    return f"{kind}-{comparison}-{value}"


def written(number: float) -> str:
    """A number as a field shows it; sent back unchanged, it leaves the number as it
    was. Near 1 the nines count.
    """
    return f"{number:.12g}" if number > 0.999 else f"{number:.6g}"


def settings_of_form(
    form: Mapping[str, str],
    current: Settings,
    model: Model,
    level_name: Callable[[str, int], str],
) -> tuple[Settings, list[Fault]]:
    """Settings from a form; a missing field stays as it is.

    Args:
        level_name: what the page calls a level of a comparison.

    Returns:
        The settings, and every fault; with a fault nothing changes.
    """
    faults: list[Fault] = []

    def number(
        field: str, before: float, name: str, limit: float, requirement: str
    ) -> float:
        text = form.get(field, written(before)).strip()
        if text == written(before):
            return before
        try:
            value = float(text)
        except ValueError:
            value = math.nan
        if 0 < value <= limit:
            return value
        faults.append(Fault(field, f"{name}: enter {requirement}"))
        return before

    probabilities: dict[str, dict[Place, float]] = {
        "m": dict(current.m),
        "u": dict(current.u),
    }
    for at, comparison in enumerate(model.comparisons):
        for value in (level.value for level in comparison.levels if level.value >= 0):
            for kind, values in probabilities.items():
                name, place = (
                    f"{level_name(comparison.name, value)}, {kind}",
                    (comparison.name, value),
                )
                field = field_of(kind, at, value)
                values[place] = number(
                    field, values[place], name, 1.0, "a number above 0 and up to 1"
                )
    below_1, requirement = 1 - 1e-15, "a number between 0 and 1"
    accept, review = (
        number(n, getattr(current, n), label, below_1, requirement)
        for n, label in THRESHOLDS.items()
    )
    prior = number("prior", current.prior, _PRIOR, below_1, requirement)
    if review > accept:
        faults.append(
            Fault(
                "review",
                f"{THRESHOLDS['review']}: enter no more than the acceptance threshold",
            )
        )
    return (
        current
        if faults
        else Settings(probabilities["m"], probabilities["u"], prior, accept, review)
    ), faults
