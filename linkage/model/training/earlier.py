"""What another step has learnt of the same fields, and how much it says of this one.

Two files that share a few thousand people among a million show a few hundred matches in a sample of pairs. Hardly any
of these has another surname, and EM takes it that nobody has. A step before it that compares by the same model has seen
thousands; how often fields change differs from file to file, but not by orders of magnitude.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from linkage.model.differing import Odds, Together
from linkage.model.splink_json import Model
from linkage.model.training.patterns import Floats

VARIES = 0.5
"""How far a level's m differs from one step to the next, as a share of itself (standard deviation). Levels of names do
so by 0.2 to 0.3 among the synthetic NPD, ILR, HESA, Wales and Scotland (decision 0079); bodies differ more."""


@dataclass(frozen=True)
class Earlier:
    """A step that has learnt by the same comparisons.

    Attributes:
        step: its name.
        model: as trained there.
        matches: how many its m rests on, of the run of EM that saw the fewest; a run that was set aside says nothing.
        together: how fields of its matches differ together; empty where it was not asked.
    """

    step: str
    model: Model
    matches: int
    together: Mapping[Together, Odds] = field(default_factory=dict)

    @classmethod
    def of_training(
        cls, step: str, model: Model, training: Mapping[str, Any], together: Mapping[Together, Odds] | None = None
    ) -> "Earlier | None":
        """As a step's summary tells of it; None where it has learnt nothing itself.

        Args:
            training: of the step's summary.
            together: the same of its links (linkage.match.reach).
        """
        found = [int(rule["matches"]) for rule in training.get("rules", ()) if rule.get("used", True)]
        return cls(step, model, min(found), together or {}) if found else None

    def worth(self, m: Floats) -> Floats:
        """As how many matches of this step the other's m counts, level by level.

        A level of m that varies by a share v of itself is, as a gamma prior has it, worth 1 / v^2 matches that show it:
        (1 - m) / (m v^2) matches in all, but never more than were seen.
        """
        common = np.clip(m, 1e-12, 1 - 1e-12)
        return np.minimum((1 - common) / (common * VARIES**2), float(self.matches))

    def leaning(self, m: Floats) -> tuple[Floats, Floats]:
        """The other's m, and as how many matches it counts within EM.

        EM itself leans on it, not only what comes of EM: where few match, strangers of one birthday who share a
        forename by chance are more than the matches, and EM may as well take them for matches by other surnames.
        """
        return m, self.worth(m)
