"""Which pairs win their units, for arrays of weights: the rounds of linkage.match.resolution.resolve without an engine.

Most pairs of a step stand alone: none of their units is in another. Their weight decides. The others are taken round by
round, as a run takes them.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from linkage.config import OTHER_SIDE
from linkage.match.resolution.resolve import Thresholds
from linkage.match.resolution.rounds import TOLD_APART
from quality.tune.evidence import ACCEPTED, REJECTED, REVIEW, Codes, Flags, Floats, Ids

_MOST_ROUNDS = 20  # as of a run
_MOST = 200.0  # bits beyond which odds are not told apart, as of linkage.match.likelihood.posterior


@dataclass(frozen=True)
class Ranks:
    """Of each pair: whether it is the best of its units, and the weight of its best rival (-inf without one)."""

    best: Flags
    rival: Floats


class _Side:
    """Pairs grouped by their unit of one side, in the order in which equal weights are taken.

    Args:
        order: of the pairs.
        ordered: what tells their groups apart, in that order.
    """

    def __init__(self, order: Ids, ordered: Ids) -> None:
        self.order = order
        self.starts = np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]]) if len(order) else np.zeros(0, np.int64)
        self.group = np.repeat(np.arange(len(self.starts)), np.diff(np.r_[self.starts, len(order)]))

    @classmethod
    def of(cls, units: Ids, others: Ids) -> "_Side":
        """Pairs by their units of this side and of the other."""
        order = np.lexsort((others, units))
        return cls(order, units[order])

    def without(self, free: Flags) -> "_Side":
        """Those that are free alone, in their order, which need not be sorted again."""
        some = free[self.order]
        return _Side((np.cumsum(free) - 1)[self.order[some]], self.group[some])

    def ranked(self, weight: Floats) -> tuple[Flags, Floats]:
        """Whether each pair is the first of its unit, and the weight of the first or, for that one, of the second."""
        ordered = weight[self.order]
        top = np.maximum.reduceat(ordered, self.starts)
        places = np.where(ordered == top[self.group], np.arange(len(ordered)), len(ordered))
        first = np.minimum.reduceat(places, self.starts)
        rest = ordered.copy()
        rest[first] = -np.inf
        second = np.maximum.reduceat(rest, self.starts)
        is_first = np.zeros(len(ordered), np.bool_)
        is_first[first] = True
        rival = np.where(is_first, second[self.group], top[self.group])
        return self._back(is_first), self._back(rival)

    def others(self, odds: Floats) -> Floats:
        """The odds of a pair's rivals together; what they are beside much greater ones is not lost to rounding."""
        ordered = odds[self.order]
        top = np.maximum.reduceat(ordered, self.starts)
        places = np.where(ordered == top[self.group], np.arange(len(ordered)), len(ordered))
        first = np.minimum.reduceat(places, self.starts)
        rest = ordered.copy()
        rest[first] = 0.0
        total = np.add.reduceat(rest, self.starts)[self.group]
        found = total - rest + top[self.group]
        found[first] = total[first]
        return self._back(np.maximum(found, 0.0))

    def _back(self, ordered: Flags | Floats) -> np.ndarray:
        found = np.empty_like(ordered)
        found[self.order] = ordered
        return found


class Contest:
    """Pairs that compete for their units.

    Args:
        single: sides of ("left", "right") whose units hold one link.
    """

    def __init__(self, left: Ids, right: Ids, single: Sequence[str]) -> None:
        self._units = {"left": left, "right": right}
        self._single = tuple(single)
        self._sides = self._grouped(np.arange(len(left)))
        lonely = np.ones(len(left), np.bool_)
        for side in self._sides:
            sizes = np.diff(np.r_[side.starts, len(left)])
            of_pair = np.empty(len(left), np.int64)
            of_pair[side.order] = sizes[side.group]
            lonely &= of_pair == 1
        self._contested = np.flatnonzero(~lonely)
        self._of_contested = self._grouped(self._contested)

    def _grouped(self, places: Ids) -> list[_Side]:
        return [_Side.of(self._units[side][places], self._units[OTHER_SIDE[side]][places]) for side in self._single]

    def decide(self, weight: Floats, thresholds: Sequence[Thresholds]) -> Codes:
        """ACCEPTED, REVIEW or REJECTED of each pair.

        Args:
            thresholds: of the rounds before and after it is known what the cardinality adds; the last ones hold.
        """
        last = thresholds[-1]
        found = np.where(weight >= last.review, REVIEW, REJECTED).astype(np.int8)
        found[weight >= last.accept] = ACCEPTED
        found[self._contested] = self._of_rivals(weight[self._contested], thresholds)
        return found

    def _of_rivals(self, weight: Floats, thresholds: Sequence[Thresholds]) -> Codes:
        found = np.full(len(weight), REJECTED, np.int8)
        places, sides = np.arange(len(weight)), self._of_contested
        for limits in thresholds:
            for _ in range(_MOST_ROUNDS):
                now = np.where(weight[places] >= limits.reach, weight[places], -np.inf)
                ranks = _ranks(sides, now)
                with np.errstate(invalid="ignore"):  # of two that take no part
                    lead = np.round(now - ranks.rival, TOLD_APART)
                leads = (lead >= limits.margin) | np.isneginf(ranks.rival)
                won = ranks.best & (now >= limits.accept) & leads
                if not won.any():
                    break
                found[places[won]] = ACCEPTED
                free = self._free(places, places[won])
                places, sides = places[free], [side.without(free) for side in sides]
        last = thresholds[-1]
        now = np.where(weight[places] >= last.lowest, weight[places], -np.inf)
        found[places[_ranks(sides, now).best & (now >= last.review)]] = REVIEW
        return found

    def _free(self, places: Ids, taken: Ids) -> Flags:
        free = ~np.isin(places, taken)
        for side in self._single:
            units = self._units[side][self._contested]
            free &= ~np.isin(units[places], units[taken])
        return free

    def lead(self, weight: Floats) -> Floats:
        """log2 odds of each pair beside its rivals: its own where it stands alone."""
        found = weight.copy()
        odds = np.exp2(np.clip(weight[self._contested], -_MOST, _MOST))
        for side in self._of_contested:
            found[self._contested] -= np.log2(1.0 + side.others(odds))
        return found


def _ranks(sides: Sequence[_Side], weight: Floats) -> Ranks:
    weight = np.round(weight, TOLD_APART)
    best, rival = np.ones(len(weight), np.bool_), np.full(len(weight), -np.inf)
    if len(weight):
        for side in sides:
            is_first, against = side.ranked(weight)
            best, rival = best & is_first, np.maximum(rival, against)
    return Ranks(best, rival)
