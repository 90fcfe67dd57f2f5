"""The fewest rules that reach a share of the matches within a budget of pairs: a search that is exact where it ends.

What a set of rules reaches is a coverage, to which a rule adds the less the more there is already. So no set of n more
rules can add more than the n largest of what each adds by itself now, and a branch that this cannot bring to the target
is not followed (branch and bound). Greedy choice gives the first answer, and how many rules are enough at most.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Shares = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

_MOST_NODES = 10_000  # a few seconds; beyond it the best answer so far stands
_MOST_RULES = 12
_ROUNDING = 1e-9
_WORTH = 2e-4  # without a target in reach: a rule that adds less than this share is not worth its pairs


@dataclass(frozen=True)
class Choice:
    """Places of the candidates that were chosen, in the order in which they add most."""

    places: tuple[int, ...]
    recall: float
    pairs: float  # the sum over the rules: what two rules both make is counted twice
    reached: bool  # the target
    is_smallest: bool  # shown to have the fewest rules, and of those the fewest pairs


def smallest(reaches: Flags, shares: Shares, pairs: Sequence[float], *, target: float, budget: float) -> Choice:
    """Choose rules.

    Args:
        reaches: candidates x cases: which cases of matches a candidate reaches.
        shares: of all matches, for each case.
        pairs: that each candidate makes.
        target: share of the matches to reach.
        budget: the most pairs of all rules.
    """
    cost = np.asarray(pairs, dtype=float)
    useful = _undominated(reaches, shares, cost, budget)
    merged, weights = _merged(reaches[useful], shares)
    search = _Search(merged, weights, cost[useful], target, budget)
    greedy = search.greedy()
    best, complete = search.fewest(greedy)
    ordered = search.in_order(best)
    recall = search.recall(ordered)
    places = tuple(int(useful[place]) for place in ordered)
    return Choice(places, recall, float(cost[list(places)].sum()), recall >= target - _ROUNDING, complete)


def _undominated(reaches: Flags, shares: Shares, cost: Shares, budget: float) -> npt.NDArray[np.int64]:
    """Candidates within the budget of which no other reaches as much, case by case, for as few pairs."""
    alone = reaches @ shares
    affordable = [int(n) for n in np.argsort(-alone, kind="stable") if cost[n] <= budget and alone[n] >= _WORTH]
    kept: list[int] = []
    for place in affordable:
        if not any(cost[other] <= cost[place] and not (reaches[place] & ~reaches[other]).any() for other in kept):
            kept.append(place)
    return np.array(kept, dtype=np.int64)


def _merged(reaches: Flags, shares: Shares) -> tuple[Flags, Shares]:
    """Cases that the same candidates reach are one."""
    if not len(reaches):
        return reaches, shares
    different, place = np.unique(reaches, axis=1, return_inverse=True)
    merged: Shares = np.bincount(place.ravel(), weights=shares, minlength=different.shape[1]).astype(np.float64)
    return different, merged


class _Search:
    """Candidates by place; sets of them are lists of places."""

    def __init__(self, reaches: Flags, shares: Shares, cost: Shares, target: float, budget: float) -> None:
        self._reaches, self._shares, self._cost = reaches, shares, cost
        self._target, self._budget = target, budget
        self._nodes = 0
        self._best: list[int] = []  # that reach the target
        self._best_cost = np.inf

    def recall(self, places: Sequence[int]) -> float:
        """The share that any of some candidates reaches."""
        return float(self._shares[self._reaches[list(places)].any(axis=0)].sum()) if places else 0.0

    def greedy(self) -> list[int]:
        """Each time the candidate that adds most for its pairs, until the target; then without what is not needed."""
        chosen: list[int] = []
        missed = self._shares.copy()
        typical = max(float(np.median(self._cost)) if len(self._cost) else 0.0, 1.0)
        while len(chosen) < _MOST_RULES and 1 - missed.sum() < self._target:
            gains = self._reaches @ missed
            left = self._budget - float(self._cost[chosen].sum())
            worth = np.where((self._cost <= left) & (gains >= _WORTH), gains / (1 + self._cost / typical), 0.0)
            if not worth.any():
                break
            chosen.append(int(worth.argmax()))
            missed = np.where(self._reaches[chosen[-1]], 0.0, missed)
        return self._without_needless(chosen)

    def in_order(self, places: Sequence[int]) -> list[int]:
        """The same candidates, each time the one that adds most."""
        missed, waiting, ordered = self._shares.copy(), list(places), []
        while waiting:
            first = max(waiting, key=lambda place: (float(missed[self._reaches[place]].sum()), -self._cost[place]))
            waiting.remove(first)
            ordered.append(first)
            missed = np.where(self._reaches[first], 0.0, missed)
        return ordered

    def fewest(self, start: list[int]) -> tuple[list[int], bool]:
        """The smallest set that reaches the target, with the fewest pairs of its size; and whether that is shown."""
        reached = self.recall(start) >= self._target - _ROUNDING
        cost_of_start = float(self._cost[start].sum())
        # Greed may have spent the budget on what leads nowhere: then sets of any size are tried.
        most = len(start) if reached else min(_MOST_RULES, len(self._cost))
        for size in range(1, most + 1):
            # Any set of fewer rules is better, whatever its pairs.
            self._best_cost = cost_of_start if reached and size == len(start) else np.inf
            complete = self._extend([], self._shares, 0.0, np.ones(len(self._cost), dtype=bool), size)
            if self._best or not complete:
                return self._best or start, complete
        return start, reached

    def _extend(self, chosen: list[int], missed: Shares, spent: float, free: Flags, more: int) -> bool:
        """Try every set that adds `more` of the free candidates; False where the search grew too long."""
        self._nodes += 1
        if self._nodes > _MOST_NODES:
            return False
        within = free & (spent + self._cost <= self._budget) & (spent + self._cost < self._best_cost)
        gains = np.where(within, self._reaches @ missed, 0.0)
        order = np.argsort(-gains, kind="stable")
        lacking = self._target - float(self._shares.sum() - missed.sum()) - _ROUNDING
        for rank, place in enumerate(order):
            if gains[place] <= 0 or float(gains[order[rank : rank + more]].sum()) < lacking:
                break
            free[place] = False  # sets with it are tried now, those after are without it
            cost = spent + float(self._cost[place])
            if cost >= self._best_cost:
                continue
            if more == 1:
                self._best, self._best_cost = [*chosen, int(place)], cost
                continue
            rest = np.where(self._reaches[place], 0.0, missed)
            if not self._extend([*chosen, int(place)], rest, cost, free.copy(), more - 1):
                return False
        return True

    def _without_needless(self, chosen: list[int]) -> list[int]:
        whole = min(self.recall(chosen), self._target)
        for place in sorted(chosen, key=lambda p: -self._cost[p]):
            rest = [other for other in chosen if other != place]
            if rest and self.recall(rest) >= whole - _ROUNDING:
                chosen = rest
        return chosen
