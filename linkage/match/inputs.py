"""What a link step is given."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from linkage.config import Pass, Step
from linkage.engine import Engine, Table
from linkage.match.overrides import Overrides
from linkage.match.partitions import Partitions
from linkage.match.units import Units
from linkage.model import Model
from linkage.model.training import InformativePrior

SEED = 2026


def _tell_nobody(part: str) -> None:
    """No progress is shown."""


@dataclass(frozen=True)
class StepInputs:
    """A step with its two sides.

    Attributes:
        step: cardinality, thresholds, whether the model is trained on these sides,
            whether the step is diagnosed. Where its two sides have one name, they are
            one file that is deduplicated, and each pair of its units is compared once.
        passes: the step's passes, in order.
        model: comparisons and blocking rules; trained already where `step.train` is
            false.
        seed: of random draws.
        last_release: left_id, right_id of units that were one person in the last
            release.
        overrides: decisions of reviewers about pairs of these units.
        earlier: an earlier step of the same model, whose estimates are the prior of
            training.
        trained_on: records of the sides that the model was trained on, where it is not
            trained here (model.sizes).
        partitions: how large sides are partitioned; one partition, in memory, if None.
        progress: called with the name of each part of the work.
    """

    step: Step
    left: Units
    right: Units
    passes: Sequence[Pass]
    model: Model
    seed: int = SEED
    last_release: Table | None = None
    overrides: Overrides | None = None
    earlier: InformativePrior | None = None
    trained_on: Sequence[int] | None = None
    partitions: Partitions | None = None
    progress: Callable[[str], None] = _tell_nobody

    @property
    def is_one_file(self) -> bool:
        """Whether the two sides are one file."""
        return self.step.left == self.step.right

    @property
    def units(self) -> dict[str, Table]:
        """The units of each side."""
        return {"left": self.left.units, "right": self.right.units}

    def sizes(self, engine: Engine) -> dict[str, int]:
        """How many units each side has."""
        return {side: engine.count(units) for side, units in self.units.items()}
