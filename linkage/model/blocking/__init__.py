"""Blocking rules: what pairs they make, how many matches they reach, and which of them
to use.
"""

from linkage.model.blocking.captured import (
    MissedMatches,
    Pattern,
    PatternCount,
    estimate_missed,
)
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
from linkage.model.blocking.recall import Expected, expected_recall

__all__ = [
    "ChosenRule",
    "ChosenRules",
    "Expected",
    "MissedMatches",
    "Pattern",
    "PatternCount",
    "Reached",
    "RejectedRule",
    "RulePairs",
    "choose_rules",
    "count_reached",
    "estimate_missed",
    "expected_recall",
    "rule_pairs",
]
