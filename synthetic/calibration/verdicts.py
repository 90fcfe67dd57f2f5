"""What a measured figure says about the target."""

import math
from dataclasses import dataclass
from typing import Literal, get_args

from synthetic.calibration.targets import Figure

CHANCE = 2.6
"""Standard errors that a figure may miss by beyond its tolerance: one right figure in a hundred misses by more."""

Verdict = Literal["within", "outside", "for information", "nobody"]
VERDICTS: tuple[Verdict, ...] = get_args(Verdict)


@dataclass(frozen=True)
class Achieved:
    """A figure as the population has it, in the figure's unit."""

    value: float
    standard_error: float
    people: int  # behind the figure


@dataclass(frozen=True)
class Compared:
    """A target and what was reached."""

    figure: Figure
    achieved: Achieved | None

    @property
    def difference(self) -> float:
        """Achieved less target; NaN where nobody is behind the figure."""
        return self.achieved.value - self.figure.target if self.achieved else float("nan")

    @property
    def verdict(self) -> Verdict:
        """Outside is a figure that misses by more than its tolerance and chance together."""
        if self.achieved is None:
            return "nobody"
        if self.figure.for_information:
            return "for information"
        room = self.figure.tolerance.around(self.figure.target) + CHANCE * self._standard_error(self.achieved)
        over, under = self.difference > room, -self.difference > room
        missed = {"equal": over or under, "at most": over, "at least": under}[self.figure.bound]
        return "outside" if missed else "within"

    def _standard_error(self, achieved: Achieved) -> float:
        """By how much a population that has the target would scatter: of a share, as the published share does.

        The share that was reached would judge a few people more strictly where too few of them are hits than where too
        many are.
        """
        target, value = self.figure.target, achieved.value
        if self.figure.unit != "%" or not 0 < value < 100:
            return achieved.standard_error
        return achieved.standard_error * math.sqrt(max(1.0, target * (100 - target) / (value * (100 - value))))
