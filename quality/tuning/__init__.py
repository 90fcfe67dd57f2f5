"""The tuning application: one step of a run, its weights and thresholds, and what a change of them would do.

The run behind the pages is a Desk, which `linkage.tune` opens; here are the pages.
"""

from quality.tuning.application import application
from quality.tuning.desk import Bin, Compared, Desk, Example, Grade, Group, Outcome, Place, Saved, Settings

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
    "application",
]
