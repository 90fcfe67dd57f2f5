"""Estimates of a clerical review as reports and gates read them."""

from collections.abc import Mapping
from typing import Any

NOT_KNOWN = {
    "precision": "no link has been reviewed",
    "recall": "no pair that was not linked has been reviewed",
}
"""Why a measure has no value."""
SCORED_ONLY = (
    "recall is of matches among the scored pairs: matches missed by "
    "blocking "
    "are not in it"
)
"""What recall leaves out where blocking recall was not estimated."""


def all_readings(readings: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """A measure's middle reading, with the interval from the low to the high reading of
    the uncertain answers.

    The middle reading counts half of the uncertain pairs as errors; its own interval
    seldom holds the truth then (benchmarks/RESULTS.md).

    Args:
        readings: low, middle and high, as quality.review.estimate has them.
    """
    return {
        **readings["middle"],
        "low": readings["low"]["low"],
        "high": readings["high"]["high"],
    }
