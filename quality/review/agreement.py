"""How far reviewers agree about the same pairs, beyond what chance would give: Cohen's kappa."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import combinations
from typing import Any

from quality.measures.intervals import wilson
from quality.review.labels import REVIEWER


@dataclass(frozen=True)
class Agreement:
    """Of the pairs that several reviewers answered.

    Attributes:
        pairs: how many there are.
        agreed: those of them of which all said the same.
        kappa: None where there is no such pair, or where every answer of all was the same, so that chance explains all.
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

    Of more than two reviewers each two are compared. What chance gives them is told by all that each said of pairs
    which others answered too: two who said the same one thing of theirs count as agreeing, and not for nothing.

    The interval is Wilson's of the share agreed, with chance as it is: Cohen's own standard error is nought where all
    agreed, however few. A pair that several reviewers answered is one pair in it.

    Args:
        standing: left_id, right_id, reviewer, role, answer of each reviewer's last answer.
    """
    said: dict[tuple[int, int], dict[str, str]] = {}
    for row in standing:
        if row["role"] == REVIEWER:
            said.setdefault((row["left_id"], row["right_id"]), {})[row["reviewer"]] = row["answer"]
    several = [answers for answers in said.values() if len(answers) > 1]
    agreed = sum(len(set(answers.values())) == 1 for answers in several)
    by_two = [two for answers in several for two in combinations(sorted(answers.items()), 2)]
    if not by_two:
        return Agreement(0, 0)
    shares = _shares(several)
    chance = sum(_by_chance(shares[one], shares[other]) for (one, _), (other, _) in by_two) / len(by_two)
    if chance == 1:
        return Agreement(len(several), agreed)
    alike = sum(answer == another for (_, answer), (_, another) in by_two) / len(by_two)
    found = wilson(min(alike, 1.0) * len(several), len(several))
    kappa, low, high = ((float(bound or 0.0) - chance) / (1 - chance) for bound in (alike, found["low"], found["high"]))
    return Agreement(len(several), agreed, kappa, max(-1.0, low), high)


def _shares(several: Sequence[Mapping[str, str]]) -> dict[str, dict[str, float]]:
    """Of each reviewer the shares of the answers that they gave."""
    found: dict[str, Counter[str]] = {}
    for answers in several:
        for reviewer, answer in answers.items():
            found.setdefault(reviewer, Counter())[answer] += 1
    return {
        reviewer: {answer: number / counts.total() for answer, number in counts.items()}
        for reviewer, counts in found.items()
    }


def _by_chance(one: Mapping[str, float], other: Mapping[str, float]) -> float:
    return sum(share * other.get(answer, 0.0) for answer, share in one.items())
