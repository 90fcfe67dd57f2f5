"""Clerical review by sample: which pairs people should look at, what they said, and what follows for all pairs.

Strata are passes by bands of match weight; a sample is allotted to them by Neyman's rule and drawn by a hash, so that
the same seed draws the same pairs, also in the next release. Answers are kept with who gave them. From them come
precision and recall with intervals.
"""

from quality.review.agreement import Agreement, agreement
from quality.review.allocation import allot
from quality.review.estimate import KEPT_ONLY, UNKNOWN, Answers, estimate, of_all_readings
from quality.review.labels import (
    ADJUDICATOR,
    ANSWERS,
    CHANGED,
    COLUMNS,
    REVIEWER,
    ROLES,
    UNCHANGED,
    WITHDRAWN,
    Origin,
    answered_rows,
    answers_by_stratum,
    form,
    labels_of_csv,
    settled,
    standing,
    that_count,
)
from quality.review.queue import Progress, Queue
from quality.review.sample import draw
from quality.review.strata import Stratum, frame, stratify

__all__ = [
    "ADJUDICATOR",
    "ANSWERS",
    "CHANGED",
    "COLUMNS",
    "KEPT_ONLY",
    "REVIEWER",
    "ROLES",
    "UNCHANGED",
    "UNKNOWN",
    "WITHDRAWN",
    "Agreement",
    "Answers",
    "Origin",
    "Progress",
    "Queue",
    "Stratum",
    "agreement",
    "allot",
    "answered_rows",
    "answers_by_stratum",
    "draw",
    "estimate",
    "form",
    "frame",
    "labels_of_csv",
    "of_all_readings",
    "settled",
    "standing",
    "stratify",
    "that_count",
]
