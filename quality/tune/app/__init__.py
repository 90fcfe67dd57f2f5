"""The tuning application: a step of links that were made, its weights and thresholds, and what a change would do.

The run behind the pages is a Desk, which `quality.tune` opens; here are the pages.
"""

from quality.tune.app.application import application
from quality.tune.app.desk import Bin, Compared, Desk, Example, Grade, Group, Outcome, Place, Saved, Settings, Use

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
