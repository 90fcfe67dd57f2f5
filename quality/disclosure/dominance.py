"""Dominance: totals of amounts, such as pay, that one or two contributors make up."""

from collections.abc import Sequence
from dataclasses import dataclass

from quality.disclosure.bounds import ProtectionLevel
from quality.disclosure.profiles import Dominance, Profile


@dataclass(frozen=True)
class Dominated:
    """A rule that a total breaks, and the distance at which other values must stay
    possible (Hundepool 2012, 4.2.2).
    """

    rule: str
    distance: float


def broken_rule(
    total: float, largest: Sequence[float], profile: Profile
) -> Dominated | None:
    """The rule of a profile that a total breaks by the largest distance, or None.

    p %: the total less its two largest is less than p of the largest, so that the
    second can calculate the first to within p. (n, k): the n largest hold more than k
    of the total.

    Args:
        total: of all contributions, none of which is negative.
        largest: the largest contributions, in any order; as many as there are rules
            for.
    """
    breaches = [_by_share(total, largest, rule) for rule in profile.dominance]
    if profile.p_percent is not None:
        breaches.append(_by_percent(total, largest, profile.p_percent))
    return max(
        (rule for rule in breaches if rule),
        key=lambda rule: rule.distance,
        default=None,
    )


def level_of(total: float, rule: Dominated) -> ProtectionLevel:
    """The protection level of a dominated total."""
    return ProtectionLevel(
        lower=total + rule.distance, upper=max(0.0, total - rule.distance)
    )


def _by_share(
    total: float, contributions: Sequence[float], rule: Dominance
) -> Dominated | None:
    largest_sum = sum(sorted(contributions, reverse=True)[: rule.contributors])
    if total <= 0 or largest_sum <= rule.share * total:
        return None
    subject = (
        "contributor" if rule.contributors == 1 else f"{rule.contributors} contributors"
    )
    return Dominated(
        f"{subject} hold more than {100 * rule.share:g} %",
        largest_sum / rule.share - total,
    )


def _by_percent(
    total: float, contributions: Sequence[float], share: float
) -> Dominated | None:
    first, second, *_ = *sorted(contributions, reverse=True), 0.0, 0.0
    rest = total - first - second
    if total <= 0 or rest >= share * first:
        return None
    return Dominated(
        f"the largest can be calculated to within {100 * share:g} %",
        share * first - rest,
    )
