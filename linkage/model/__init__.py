"""Fellegi-Sunter models: Splink's files, Splink's training, and a scorer compiled to set-based SQL."""

from linkage.model.splink_json import BlockingRule, Comparison, Level, Model, from_dict, load

__all__ = ["BlockingRule", "Comparison", "Level", "Model", "from_dict", "load"]
