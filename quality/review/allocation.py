"""How many pairs of each stratum people look at: Neyman's allocation."""

import math
from collections.abc import Collection, Sequence

from quality.review.strata import Stratum

LEAST = 2
"""Of every stratum, so that its spread can be told."""

FLOOR = 0.01
"""A stratum is taken for at least so uncertain, whatever its probabilities say.

With next to nothing looked at where the model is sure, the result would rest on the model that the review is to judge.
"""

SIDE = 0.1
"""Links, and other pairs, have at least this share of a sample, or all of themselves.

Neyman's allocation knows of numbers of errors, and not that recall rests on other pairs alone. Beside 15,500 links that
are sure, but for the FLOOR, 65 pairs that were let go count for nothing: six of them were among 400.
"""


def allot(strata: Sequence[Stratum], size: int, *, fewest: float = 0) -> dict[str, int]:
    """Stratum to how many of its pairs are drawn: in proportion to its pairs times their standard deviation.

    Neyman (1934): for a given total this makes the variance of the estimated number of errors least. The standard
    deviation is that of the pairs' probabilities, which FLOOR keeps from nought. No stratum gives more than it has nor
    less than LEAST, so that the total may exceed `size` where strata are many. Links and other pairs have SIDE of the
    sample each at least, shared among their strata as Neyman has it. Pairs that were looked at before cost nobody
    anything: all are taken, beside `size`.

    Args:
        fewest: so many links and so many other pairs at least, but no more than half of the sample: what rests on
            fewer is not shown.

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

    def part(names: Collection[str], size: int) -> dict[str, int]:
        low, high = ({name: bound[name] for name in names} for bound in (least, most))
        return _rounded(_shared({name: wanted[name] for name in names}, low, high, size), low, high)

    allotted = part(wanted, size)
    for accepted in (True, False):
        side = [stratum.name for stratum in new if stratum.accepted == accepted]
        floor = min(math.ceil(max(SIDE * size, fewest)), size // 2, sum(most[name] for name in side))
        if sum(allotted[name] for name in side) < floor:
            return known | part(side, floor) | part([name for name in wanted if name not in side], size - floor)
    return known | allotted


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
