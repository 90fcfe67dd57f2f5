"""An informative prior for m: what an earlier step has learnt of the same comparisons.

Two files that share a few thousand people among a million show a few hundred matches in a sample of pairs. An earlier
step that compares by the same model has seen thousands; how often fields change differs from file to file, but not by
orders of magnitude.
"""

from collections.abc import Iterable, Mapping
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

import numpy as np

from linkage.model.splink_json import Model, from_dict
from linkage.model.training.counts import Floats

VARIATION = 0.5
"""How far a level's m differs from one step to the next, as a share of itself (standard deviation). Levels of names do
so by 0.2 to 0.3 among the synthetic NPD, ILR, HESA, Wales and Scotland; bodies differ more."""
UNSEEN_MATCHES = 5.0
"""Pseudo-count of matches, spread over a comparison's levels as the model has it before training: one per level."""


@dataclass(frozen=True)
class InformativePrior:
    """A step that has learnt by the same comparisons.

    Attributes:
        step: its name.
        model: as trained there, with m as its links show it.
        matches: how many EM saw of those that its m rests on, in the run that saw the fewest.
        linked: how many its links show, of the field that they show most of.
    """

    step: str
    model: Model
    matches: int
    linked: float = 0.0

    @classmethod
    def from_step(
        cls,
        step: str,
        model: Model,
        training: Mapping[str, Any],
        *,
        level_counts: Mapping[str, Mapping[str, float]] | None = None,
    ) -> "InformativePrior | None":
        """From a step's summary; None where it has learnt nothing itself.

        Args:
            training: of the step's summary.
            level_counts: of each field, the step's matches at each level, by its links.
        """
        matches = fewest_matches(training)
        if matches is None:
            return None
        counts = level_counts or {}
        linked = max((sum(levels.values()) for levels in counts.values()), default=0.0)
        return cls(step, _with_m_of_links(model, counts), matches, linked)

    def pseudo_counts(self, m: Floats) -> Floats:
        """How many matches of this step the other's m counts for, level by level."""
        return pseudo_counts(m, self.matches)


def most_informative(steps: Iterable[InformativePrior | None]) -> InformativePrior | None:
    """Of steps that have learnt by the same model, the one whose m rests on most matches."""
    return max((step for step in steps if step), key=lambda step: (step.linked, step.matches), default=None)


def fewest_matches(training: Mapping[str, Any]) -> int | None:
    """How many matches trained m rest on, of the run of EM that saw the fewest; None where nothing was learnt."""
    matches = [int(rule["matches"]) for rule in training.get("rules", ()) if rule.get("used", True)]
    return min(matches, default=None)


def pseudo_counts(m: Floats, seen: float) -> Floats:
    """How many matches m that was learnt elsewhere counts for, level by level.

    A level of m that varies by a share v of itself is, as a gamma prior, worth 1 / v^2 matches that show it:
    (1 - m) / (m v^2) matches in all, but never more than were seen.
    """
    clipped = np.clip(m, 1e-12, 1 - 1e-12)
    return np.minimum((1 - clipped) / (clipped * VARIATION**2), seen)


def _with_m_of_links(model: Model, counts: Mapping[str, Mapping[str, float]]) -> Model:
    """The model with m as its links have it, next to UNSEEN_MATCHES of its own; m that it fixes stays.

    EM looks at pairs one by one, and takes a part of all twins for matches by another forename; links do not.
    """
    raw = deepcopy(model.raw)
    for comparison, written in zip(model.comparisons, raw["comparisons"], strict=True):
        at_levels = counts.get(comparison.name, {})
        total = sum(at_levels.values())
        for level, settings in zip(comparison.levels, written["comparison_levels"], strict=True):
            if level.value >= 0 and level.m is not None and not settings.get("fix_m_probability"):
                linked = at_levels.get(str(level.value), 0.0)
                settings["m_probability"] = (linked + level.m * UNSEEN_MATCHES) / (total + UNSEEN_MATCHES)
    return from_dict(raw)
