"""An informative prior for m: what an earlier step has learnt of the same comparisons.

Two files that share a few thousand people among a million show a few hundred matches in
a sample of pairs. An earlier step that compares by the same model has seen thousands;
how often fields change differs from file to file, but not by orders of magnitude.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from linkage.model.splink_json import Model
from linkage.model.training.counts import Floats

VARIATION = 0.5
"""How far a level's m differs from one step to the next, as a share of itself (standard
deviation). Levels of names do so by 0.2 to 0.3 among the synthetic NPD, ILR, HESA,
Wales and Scotland; bodies differ more.
"""


@dataclass(frozen=True)
class InformativePrior:
    """A step that has learnt by the same comparisons.

    Attributes:
        step: its name.
        model: as trained there.
        matches: how many its m rests on, of the comparison that was known in the
            fewest.
    """

    step: str
    model: Model
    matches: int

    @classmethod
    def from_step(
        cls, step: str, model: Model, training: Mapping[str, Any]
    ) -> "InformativePrior | None":
        """From the training of a step's summary; None where it has learnt nothing
        itself.
        """
        matches = fewest_matches(training)
        return None if matches is None else cls(step, model, matches)

    def pseudo_counts(self, m: Floats) -> Floats:
        """How many matches of this step the other's m counts for, level by level."""
        return pseudo_counts(m, self.matches)


def most_informative(
    steps: Iterable[InformativePrior | None],
) -> InformativePrior | None:
    """Of steps that have learnt by the same model, the one whose m rests on most
    matches.
    """
    return max(filter(None, steps), key=lambda step: step.matches, default=None)


def fewest_matches(training: Mapping[str, Any]) -> int | None:
    """How many matches trained m rest on, of the comparison that was known in the
    fewest; None where nothing was learnt.

    Args:
        training: a training report as a dictionary.
    """
    return int(training.get("matches") or 0) or None


def pseudo_counts(m: Floats, seen: float) -> Floats:
    """How many matches m that was learnt elsewhere counts for, level by level.

    A level of m that varies by a share v of itself is, as a gamma prior, worth 1 / v^2
    matches that show it: (1 - m) / (m v^2) matches in all, but never more than were
    seen.
    """
    clipped = np.clip(m, 1e-12, 1 - 1e-12)
    return np.minimum((1 - clipped) / (clipped * VARIATION**2), seen)
