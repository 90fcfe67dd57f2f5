"""How many pairs of each stratum people look at: Neyman's allocation."""

import math
from collections.abc import Sequence

from quality.review.strata import Stratum

LEAST = 2
"""Of every stratum, so that its spread can be told."""

FLOOR = 0.01
"""A stratum is taken for at least so uncertain, whatever its probabilities say.

With next to nothing looked at where the model is sure, the result would rest on the model that the review is to judge.
"""


def allot(strata: Sequence[Stratum], size: int) -> dict[str, int]:
    """Stratum to how many of its pairs are drawn: in proportion to its pairs times their standard deviation.

    Neyman (1934): for a given total this makes the variance of the estimated number of errors least. The standard
    deviation is that of the pairs' probabilities, which FLOOR keeps from nought. No stratum gives more than it has nor
    less than LEAST, so that the total may exceed `size` where strata are many. Pairs that were looked at before cost
    nobody anything: all are taken, beside `size`.

    Raises:
        ValueError: the size is not positive.
    """
    if size < 1:
        raise ValueError("a sample has one pair at least")
    known = {stratum.name: stratum.pairs for stratum in strata if stratum.looked_at}
    new = [stratum for stratum in strata if not stratum.looked_at]
    least = {stratum.name: min(LEAST, stratum.pairs) for stratum in new}
    wanted = {stratum.name: stratum.pairs * _deviation(stratum) for stratum in new}
    most = {stratum.name: stratum.pairs for stratum in new}
    return known | _rounded(_shared(wanted, least, most, size), least, most)


def _deviation(stratum: Stratum) -> float:
    rare = min(max(stratum.expected_rare, FLOOR), 1 - FLOOR)
    return math.sqrt(rare * (1 - rare))


def _shared(wanted: dict[str, float], least: dict[str, int], most: dict[str, int], size: int) -> dict[str, float]:
    """`size` in proportion to what is wanted: what hits a bound stays there, and the others share the rest."""
    low, high = 0.0, 1.0

    def at(scale: float) -> dict[str, float]:
        return {name: min(max(scale * want, least[name]), most[name]) for name, want in wanted.items()}

    target = min(max(size, sum(least.values())), sum(most.values()))
    while sum(at(high).values()) < target:
        high *= 2
    for _ in range(100):  # the total grows with the scale: halve the range until it is one number
        middle = (low + high) / 2
        low, high = (middle, high) if sum(at(middle).values()) < target else (low, middle)
    return at(high)


def _rounded(shares: dict[str, float], least: dict[str, int], most: dict[str, int]) -> dict[str, int]:
    """Whole numbers of the same total: the largest remainders are rounded up."""
    found = {name: max(math.floor(share + 1e-9), least[name]) for name, share in shares.items()}
    rest = round(sum(shares.values())) - sum(found.values())
    for name in sorted(shares, key=lambda name: (found[name] - shares[name], name))[: max(rest, 0)]:
        found[name] = min(found[name] + 1, most[name])
    return found
