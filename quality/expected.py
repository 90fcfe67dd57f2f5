"""How right the links are by their own probabilities, where nobody knows the truth: expected precision and recall.

A link of probability 0.98 is expected to be false twice in a hundred. Adding up over the links says how many are false,
and adding up over the other pairs how many matches were let go. What no rule reached has no probability: it is reckoned
from the share of matches that the rules are estimated to reach. Nor has a pair of a unit whom nobody wanted with one
that a pass had linked: of those, the step says how many are expected to be of one person. Probabilities must mean what
they say (quality.reliability holds them to truth where there is one); a run without truth can be held to a clerical
review.
"""

import math
from typing import Any

from linkage.engine import Engine, Table, one
from quality.intervals import Z95, Share

UNSEEN_WITHIN = 2.0
"""Matches of which no pair was kept are told by a model of what nobody has seen. They are taken to be known within this
factor; decision 0060 has twenty-five steps beside the truth."""


def expected(
    engine: Engine, judged: Table, reach: float | None, others: float = 0.0, dropped: float = 0.0
) -> dict[str, Any] | None:
    """What a step's probabilities say of it; None where its links have none.

    Args:
        judged: links with `match_probability` and `decision`.
        reach: estimated share of the matches that passes and blocking rules reach; None for all.
        others: expected matches of which no pair was kept, since a pass had linked one of the two to another record.
        dropped: expected matches among the pairs that rules made and that weigh too little to be kept.

    Returns:
        links, right, false (links, expected), missed_kept (matches among the pairs that were not accepted),
        missed_others, missed_dropped, missed_unreached, reach; precision, recall and f1 as shares. Their 95 % intervals
        say how far the numbers of right and false pairs may fall from what is expected if every probability is right;
        those of recall and f1 allow besides for UNSEEN_WITHIN times as many or as few matches without a pair kept.
    """
    summed = one(engine, engine.sql(_SUMS, judged=judged))
    if not summed["links"] or summed["unknown"]:
        return None
    return of_sums(
        int(summed["links"]),
        (summed["said_right"] or 0.0, summed["right_spread"] or 0.0),
        (summed["said_missed"] or 0.0, summed["missed_spread"] or 0.0),
        reach,
        others,
        dropped,
    )


_SUMS = """
    with pairs as (
        select decision = 'accepted' as accepted, match_probability as said,
               match_probability * (1 - match_probability) as spread
        from {judged}
    )
    select sum(case when accepted then 1 else 0 end) as links,
           sum(case when accepted and said is null then 1 else 0 end) as unknown,
           sum(case when accepted then said end) as said_right,
           sum(case when accepted then spread end) as right_spread,
           sum(case when not accepted then said end) as said_missed,
           sum(case when not accepted then spread end) as missed_spread
    from pairs
"""


def of_sums(
    links: int,
    right: tuple[float, float],
    missed: tuple[float, float],
    reach: float | None = None,
    others: float = 0.0,
    dropped: float = 0.0,
) -> dict[str, Any]:
    """As `expected`, from sums of probabilities p and of p (1 - p), over the links and over the other pairs."""
    (said_right, right_spread), (said_missed, missed_spread) = right, missed
    reached = said_right + said_missed + dropped
    unreached = reached * (1 / reach - 1) if reach else 0.0
    matches = reached + others + unreached
    lost = said_missed + dropped + others + unreached
    # Delta method: right and missed are independent sums of Bernoulli variables.
    recall_spread = (lost**2 * right_spread + said_right**2 * missed_spread) / matches**4 if matches else 0.0
    whole = links + matches  # F1 is twice the right over links and matches
    f1_spread = (whole - said_right) ** 2 * right_spread + said_right**2 * missed_spread
    unseen = others + dropped + unreached
    fewest, most = (matches + (times - 1) * unseen for times in (1 / UNSEEN_WITHIN, UNSEEN_WITHIN))
    return {
        "links": links,
        "right": said_right,
        "false": links - said_right,
        "missed_kept": said_missed,
        "missed_others": others,
        "missed_dropped": dropped,
        "missed_unreached": unreached,
        "reach": reach,
        "precision": _share(said_right, links, right_spread / links**2 if links else 0.0),
        "recall": _share(said_right, matches, recall_spread, (fewest, most)),
        "f1": _share(2 * said_right, whole, 4 * f1_spread / whole**4 if whole else 0.0, (links + fewest, links + most)),
    }


def _share(count: float, of: float, variance: float, known_within: tuple[float, float] | None = None) -> Share:
    """A share with its interval: of chance, and of a denominator that is known within bounds, as if independent."""
    if of <= 0:
        return Share(of=0, count=0, value=None, low=None, high=None)
    value, half = count / of, Z95 * math.sqrt(variance)
    fewest, most = known_within or (of, of)
    above, below = (math.hypot(half, count / bound - value) for bound in (fewest, most))
    return Share(of=round(of), count=count, value=value, low=max(0.0, value - below), high=min(1.0, value + above))
