"""What another step has learnt of the same fields, and how much it says of this one.

Two files that share a few thousand people among a million show a few hundred matches in a sample of pairs. Hardly any
of these has another surname, and EM takes it that nobody has. A step before it that compares by the same model has seen
thousands; how often fields change differs from file to file, but not by orders of magnitude.
"""

from collections.abc import Iterable, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from linkage.model.differing import Odds, Together
from linkage.model.splink_json import Model, from_dict
from linkage.model.training.counts.patterns import Floats
from linkage.model.training.em.expectation import UNSEEN_MATCHES

VARIES = 0.5
"""How far a level's m differs from one step to the next, as a share of itself (standard deviation). Levels of names do
so by 0.2 to 0.3 among the synthetic NPD, ILR, HESA, Wales and Scotland (decision 0079); bodies differ more."""


@dataclass(frozen=True)
class Earlier:
    """A step that has learnt by the same comparisons.

    Attributes:
        step: its name.
        model: as trained there, with m as its links show it.
        matches: how many EM saw of those that its m rests on, in the run that saw the fewest; a run that was set aside
            says nothing.
        linked: how many its links show, of the field that they show most of.
        together: how fields of its matches differ together; empty where it was not asked.
    """

    step: str
    model: Model
    matches: int
    together: Mapping[Together, Odds] = field(default_factory=dict)
    linked: float = 0.0

    @classmethod
    def of_training(
        cls,
        step: str,
        model: Model,
        training: Mapping[str, Any],
        *,
        together: Mapping[Together, Odds] | None = None,
        shown: Mapping[str, Mapping[str, float]] | None = None,
    ) -> "Earlier | None":
        """As a step's summary tells of it; None where it has learnt nothing itself.

        Args:
            training: of the step's summary.
            together: how fields of its links differ together (linkage.match.recall).
            shown: of each field, the step's matches at each level, by its links.
        """
        found = matches_of(training)
        if found is None:
            return None
        linked = max((sum(levels.values()) for levels in (shown or {}).values()), default=0.0)
        return cls(step, as_links_show(model, shown or {}), found, together or {}, linked)

    def worth(self, m: Floats) -> Floats:
        """As how many matches of this step the other's m counts, level by level."""
        return worth(m, self.matches)

    def leaning(self, m: Floats) -> tuple[Floats, Floats]:
        """The other's m, and as how many matches it counts within EM.

        EM itself leans on it, not only what comes of EM: where few match, strangers of one birthday who share a
        forename by chance are more than the matches, and EM may as well take them for matches by other surnames.
        """
        return m, self.worth(m)


def most_learnt(steps: Iterable[Earlier | None]) -> Earlier | None:
    """Of steps that have learnt by the same model, the one whose m rests on most matches.

    EM looks at as many pairs of each as show enough matches; what tells a million people from a thousand are the links.
    """
    return max((one for one in steps if one), key=lambda one: (one.linked, one.matches), default=None)


def matches_of(training: Mapping[str, Any]) -> int | None:
    """How many matches trained m rest on, of the run of EM that saw the fewest; None where nothing was learnt."""
    found = [int(rule["matches"]) for rule in training.get("rules", ()) if rule.get("used", True)]
    return min(found, default=None)


def worth(m: Floats, seen: float) -> Floats:
    """As how many matches m that was learnt elsewhere counts, level by level.

    A level of m that varies by a share v of itself is, as a gamma prior has it, worth 1 / v^2 matches that show it:
    (1 - m) / (m v^2) matches in all, but never more than were seen.
    """
    common = np.clip(m, 1e-12, 1 - 1e-12)
    return np.minimum((1 - common) / (common * VARIES**2), seen)


def as_links_show(model: Model, shown: Mapping[str, Mapping[str, float]]) -> Model:
    """The model with m as its links have it, beside a few matches that show what it said; m that it fixes stays.

    EM looks at pairs one by one, and takes a part of all twins for matches by another forename. Among links each of two
    twins has gone to himself.

    Args:
        shown: field to level to matches.
    """
    raw = deepcopy(model.raw)
    for comparison, written in zip(model.comparisons, raw["comparisons"], strict=True):
        matches = shown.get(comparison.name, {})
        counted = sum(matches.values())
        for level, said in zip(comparison.levels, written["comparison_levels"], strict=True):
            if level.value >= 0 and level.m is not None and not said.get("fix_m_probability"):
                of_links = matches.get(str(level.value), 0.0)
                said["m_probability"] = (of_links + level.m * UNSEEN_MATCHES) / (counted + UNSEEN_MATCHES)
    return from_dict(raw)
