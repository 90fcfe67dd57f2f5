"""Blocking rules: what pairs they make, how many matches they reach, and which of them are enough."""

from linkage.model.blocking.agreement import Cases, of_likely_matches, of_true_pairs
from linkage.model.blocking.candidates import Key, keys_of_fields
from linkage.model.blocking.choice import ChosenRules, choose
from linkage.model.blocking.counting import Reached, RulePairs, reached, rule_pairs
from linkage.model.blocking.expected import Event, Expected, expected_recall
from linkage.model.blocking.suggestion import Suggestion, suggest
from linkage.model.blocking.unseen import Pattern, Reach, asked_parts, reached_share

__all__ = [
    "Cases",
    "ChosenRules",
    "Event",
    "Expected",
    "Key",
    "Pattern",
    "Reach",
    "Reached",
    "RulePairs",
    "Suggestion",
    "asked_parts",
    "choose",
    "expected_recall",
    "keys_of_fields",
    "of_likely_matches",
    "of_true_pairs",
    "reached",
    "reached_share",
    "rule_pairs",
    "suggest",
]
