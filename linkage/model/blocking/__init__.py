"""Blocking rules: what pairs they make, how many matches they reach, and which of them are enough."""

from linkage.model.blocking.counting import Reached, RulePairs, reached, rule_pairs
from linkage.model.blocking.expected import Expected, expected_recall
from linkage.model.blocking.suggestion import Suggestion, suggest

__all__ = ["Expected", "Reached", "RulePairs", "Suggestion", "expected_recall", "reached", "rule_pairs", "suggest"]
