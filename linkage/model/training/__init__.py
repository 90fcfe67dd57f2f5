"""Training of a Fellegi-Sunter model: u from random pairs, m by EM, on counts of
agreement patterns.
"""

from linkage.model.training.driver import default_parameters, train
from linkage.model.training.informative_prior import (
    InformativePrior,
    fewest_matches,
    most_informative,
)
from linkage.model.training.report import LevelReport, TrainingReport

__all__ = [
    "InformativePrior",
    "LevelReport",
    "TrainingReport",
    "default_parameters",
    "fewest_matches",
    "most_informative",
    "train",
]
