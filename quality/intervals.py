"""Intervals for shares. Wilson's, because linkage shares lie near 0 and 1, where the
normal interval leaves [0, 1].
"""

import math
from typing import TypedDict

Z95 = 1.959963984540054


class Share(TypedDict):
    """A share with its 95 % interval; the counts are carried, so that disclosure
    control can judge it.
    """

    of: int
    count: float
    value: float | None
    low: float | None
    high: float | None


def wilson(count: float, of: int, z: float = Z95) -> Share:
    """Share of `count` in `of` with Wilson's score interval (Wilson 1927). Without a
    base all is None.

    Raises:
        ValueError: the count is negative or larger than its base.
    """
    if not 0 <= count <= of:
        raise ValueError("a count lies between 0 and its base")
    if of == 0:
        return Share(of=0, count=0, value=None, low=None, high=None)
    share = count / of
    correction = z * z / of
    middle = (share + correction / 2) / (1 + correction)
    half = (
        z
        / (1 + correction)
        * math.sqrt(share * (1 - share) / of + correction / (4 * of))
    )
    # Rounding must not push the bound past the share where the share is 0 or 1.
    low = 0.0 if count == 0 else max(0.0, middle - half)
    high = 1.0 if count == of else min(1.0, middle + half)
    return Share(of=of, count=count, value=share, low=low, high=high)


def exact(count: float, of: int) -> Share:
    """Share of `count` in `of` with the interval that holds for few, too: Clopper and
    Pearson's (1934).

    Raises:
        ValueError: the count is negative or larger than its base.
    """
    share = wilson(count, of)
    if of == 0:
        return share
    from scipy.special import (
        betaincinv,
    )  # a tenth of a second, which most runs need not spend

    low = float(betaincinv(count, of - count + 1, 0.025)) if count else 0.0
    high = float(betaincinv(count + 1, of - count, 0.975)) if count < of else 1.0
    return Share(of=of, count=count, value=share["value"], low=low, high=high)


def f1(correct: int, false: int, missed: int) -> Share:
    """F1 with an interval.

    F1 = 2J / (1 + J), where J, correct over (correct + false + missed), is a share of
    independent pairs: Wilson's bounds of J carry over, since the function is monotonic.
    """
    jaccard = wilson(correct, correct + false + missed)

    def lift(share: float | None) -> float | None:
        return None if share is None else 2 * share / (1 + share)

    return Share(
        of=correct + false + missed,
        count=correct,
        value=lift(jaccard["value"]),
        low=lift(jaccard["low"]),
        high=lift(jaccard["high"]),
    )


def per_cent(share: float) -> str:
    """A share in per cent by two places, cut where it would be rounded up to all: one
    of many thousands is one.
    """
    return f"{100 * share:.2f}" if share == 1 else f"{min(100 * share, 99.99):.2f}"


class Difference(TypedDict):
    """How far one share is from another, with its 95 % interval."""

    change: float
    low: float
    high: float


def difference(before: Share, after: Share) -> Difference:
    """After less before, with Newcombe's interval for two independent shares (1998,
    method 10: of Wilson's bounds).

    Raises:
        ValueError: a share has no base.
    """
    if before["value"] is None or after["value"] is None:
        raise ValueError("a share without a base has no difference")
    change = after["value"] - before["value"]
    down = math.hypot(
        after["value"] - (after["low"] or 0.0),
        (before["high"] or 0.0) - before["value"],
    )
    up = math.hypot(
        (after["high"] or 0.0) - after["value"],
        before["value"] - (before["low"] or 0.0),
    )
    return Difference(change=change, low=change - down, high=change + up)
