"""The tuning application: a step of links that were made, its weights and thresholds, and what a change would do.

The run behind the pages is a Desk, which `linkage.tune` opens; here are the pages.
"""

from quality.tuning.application import application
from quality.tuning.desk import Bin, Compared, Desk, Example, Grade, Group, Outcome, Place, Saved, Settings, Use

__all__ = [
    "Bin",
    "Compared",
    "Desk",
    "Example",
    "Grade",
    "Group",
    "Outcome",
    "Place",
    "Saved",
    "Settings",
    "Use",
    "application",
]
