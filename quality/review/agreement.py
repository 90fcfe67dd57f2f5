"""How far reviewers agree about the same pairs, beyond what chance would give: Cohen's kappa."""

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import combinations
from typing import Any

from quality.review.labels import REVIEWER

_CERTAIN = 1.96  # standard errors to either side of a 95 % interval


@dataclass(frozen=True)
class Agreement:
    """Of the pairs that several reviewers answered.

    Attributes:
        pairs: how many there are.
        agreed: those of them of which all said the same.
        kappa: None where there is no such pair, or where every answer was the same, so that chance explains all.
        low, high: its 95 % interval.
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
    """Cohen's kappa (1960) over the answers of reviewers; adjudicators know what was said and are left out.

    With more than two reviewers each two of them are compared, and their kappas weigh by the pairs that they share.
    The standard error is Cohen's, sqrt(p (1 - p) / n) / (1 - e), with p the share agreed and e that expected by chance.

    Args:
        standing: left_id, right_id, reviewer, role, answer of each reviewer's last answer.
    """
    said: dict[tuple[int, int], dict[str, str]] = {}
    for row in standing:
        if row["role"] == REVIEWER:
            said.setdefault((row["left_id"], row["right_id"]), {})[row["reviewer"]] = row["answer"]
    several = [answers for answers in said.values() if len(answers) > 1]
    agreed = sum(len(set(answers.values())) == 1 for answers in several)
    parts = [part for shared in _by_two(several).values() if (part := _kappa(shared))]
    total = sum(shared for shared, _, _ in parts)
    if not total:
        return Agreement(len(several), agreed)
    kappa = sum(shared * value for shared, value, _ in parts) / total
    error = math.sqrt(sum((shared / total) ** 2 * variance for shared, _, variance in parts))
    return Agreement(
        len(several), agreed, kappa, max(-1.0, kappa - _CERTAIN * error), min(1.0, kappa + _CERTAIN * error)
    )


def _by_two(several: Sequence[Mapping[str, str]]) -> dict[tuple[str, str], list[tuple[str, str]]]:
    """Two reviewers to their answers about the pairs that both looked at."""
    found: dict[tuple[str, str], list[tuple[str, str]]] = {}
    for answers in several:
        for one, other in combinations(sorted(answers), 2):
            found.setdefault((one, other), []).append((answers[one], answers[other]))
    return found


def _kappa(shared: Sequence[tuple[str, str]]) -> tuple[int, float, float] | None:
    """Number of pairs, kappa and its variance; None where chance alone would agree always."""
    count = len(shared)
    agreed = sum(one == other for one, other in shared) / count
    first, second = Counter(one for one, _ in shared), Counter(other for _, other in shared)
    chance = sum(first[answer] * second[answer] for answer in first) / count**2
    if chance == 1:
        return None
    return count, (agreed - chance) / (1 - chance), agreed * (1 - agreed) / count / (1 - chance) ** 2
