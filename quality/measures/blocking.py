"""What passes and blocking rules made of a step, and the share of true pairs that the rules reach."""

from collections.abc import Mapping
from typing import Any

from quality.measures.intervals import wilson


def blocked(counted: Mapping[str, Any] | None, reached: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """A step's passes and rules.

    Args:
        counted: by the match stage: passes (pass, pairs, accepted, links, seconds), rules (rule, pairs, new_pairs,
            pairs_are, pairs_kept, links, seconds, estimated_recall, estimated_added), estimated_recall,
            unreached_spread, differ_together (linkage.match.candidates.reach). Of a step that was asked for links
            alone the rules are left out, and the estimate is None.
        reached: of true pairs: true_pairs (looked at), alone and added (by rule), together, in_all (with passes).

    Returns:
        passes and rules as counted, each rule with recall (of all true pairs, by itself) and added_recall (what no
        rule before it reaches); the estimate as counted; true_pairs, recall (of all rules), recall_with_passes. Recalls
        are None without truth, and where it knows no true pair.
    """
    if counted is None:
        return None
    reached = reached if reached and reached["true_pairs"] else None
    whole = reached["true_pairs"] if reached else 0
    rules = [
        {
            **rule,
            "recall": wilson(reached["alone"][place], whole) if reached else None,
            "added_recall": wilson(reached["added"][place], whole) if reached else None,
        }
        for place, rule in enumerate(counted["rules"])
    ]
    return {
        "passes": list(counted["passes"]),
        "rules": rules,
        "estimated_recall": counted["estimated_recall"],
        "unreached_spread": counted.get("unreached_spread", 0.0),
        "differ_together": counted.get("differ_together", []),
        "true_pairs": whole if reached else None,
        "recall": wilson(reached["together"], whole) if reached else None,
        "recall_with_passes": wilson(reached["in_all"], whole) if reached else None,
    }
