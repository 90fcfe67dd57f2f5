"""Blocking rules: what pairs they make, how many matches they reach, and which of them
to use.
"""

from linkage.model.blocking.choose import (
    ChosenRule,
    ChosenRules,
    RejectedRule,
    choose_rules,
)
from linkage.model.blocking.counting import (
    Reached,
    RulePairs,
    count_reached,
    rule_pairs,
)
from linkage.model.blocking.recall import (
    Expected,
    Pattern,
    Recall,
    estimated_recall,
    expected_recall,
)

__all__ = [
    "ChosenRule",
    "ChosenRules",
    "Expected",
    "Pattern",
    "Reached",
    "Recall",
    "RejectedRule",
    "RulePairs",
    "choose_rules",
    "count_reached",
    "estimated_recall",
    "expected_recall",
    "rule_pairs",
]
