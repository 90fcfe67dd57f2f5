"""Fellegi-Sunter models: Splink's JSON, training, and a scorer compiled to set-based
SQL.
"""

from linkage.model.conditions import BlockingRule
from linkage.model.splink_json import Comparison, Level, Model, from_dict, load

__all__ = ["BlockingRule", "Comparison", "Level", "Model", "from_dict", "load"]
