"""Agreement of reviewers beyond chance: Fleiss' kappa."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from quality.intervals import wilson
from quality.review.labels import ANSWERS, REVIEWER


@dataclass(frozen=True)
class Agreement:
    """Of the pairs that several reviewers answered.

    Attributes:
        agreed: pairs on which all gave the same answer.
        kappa: None if there is no such pair, or if every answer was the same, so that chance explains all.
        low, high: 95 % interval: Wilson's of the observed agreement, given the agreement expected by chance. (Asymptotic
            standard errors are zero where all agreed, however few.)
    """

    pairs: int
    agreed: int
    kappa: float | None = None
    low: float | None = None
    high: float | None = None

    def as_dict(self) -> dict[str, Any]:
        """As JSON."""
        return asdict(self)


def agreement(standing: Iterable[Mapping[str, Any]]) -> Agreement:
    """Fleiss' kappa of the reviewers' answers; adjudicators know what was answered and are left out.

    Fleiss (1971), Measuring nominal scale agreement among many raters; with different numbers of raters a pair as in
    Fleiss, Levin and Paik, Statistical Methods for Rates and Proportions (2003), 18.3.

    Args:
        standing: left_id, right_id, reviewer, role, answer: each reviewer's last answer about each pair.
    """
    answers: dict[tuple[int, int], Counter[str]] = {}
    for row in standing:
        if row["role"] == REVIEWER:
            answers.setdefault((row["left_id"], row["right_id"]), Counter())[row["answer"]] += 1
    several = [counts for counts in answers.values() if counts.total() > 1]
    agreed, pairs = sum(len(counts) == 1 for counts in several), len(several)
    if not pairs:
        return Agreement(0, 0)
    total = sum(counts.total() for counts in several)
    chance = sum((sum(counts[answer] for counts in several) / total) ** 2 for answer in ANSWERS)
    if chance == 1:
        return Agreement(pairs, agreed)
    observed = sum(_agreement_within(counts) for counts in several) / pairs
    interval = wilson(min(observed, 1.0) * pairs, pairs)
    bounds = (observed, float(interval["low"] or 0.0), float(interval["high"] or 0.0))
    kappa, low, high = ((bound - chance) / (1 - chance) for bound in bounds)
    return Agreement(pairs, agreed, kappa, max(-1.0, low), high)


def _agreement_within(counts: Counter[str]) -> float:
    """Share of the pairs of reviewers who gave the same answer."""
    raters = counts.total()
    return sum(n * (n - 1) for n in counts.values()) / (raters * (raters - 1))
