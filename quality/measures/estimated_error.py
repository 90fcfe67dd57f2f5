"""How right the links are by their own probabilities, where nobody knows the truth: expected precision and recall.

A link of probability 0.98 is expected to be false twice in a hundred. Adding up over the links says how many are false,
and adding up over the other pairs how many matches were let go. What no rule reached has no probability: it is reckoned
from the share of matches that the rules are estimated to reach. Nor has a pair of a unit whom nobody wanted with one
that a pass had linked: of those, the step says how many are expected to be of one person. Probabilities must mean what
they say (quality.measures.calibration holds them to truth where there is one); a run without truth can be held to a clerical
review.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from linkage.engine import Engine, Table, one
from quality.measures.accuracy import SAID
from quality.measures.evaluated import evaluation_of
from quality.measures.intervals import Z95, Share

UNSEEN_WITHIN = 2.0
"""Matches of which no pair was kept are told by a model of what nobody has seen. However many matches a step has, they
are taken to be known within this factor; decision 0060 has twenty-five steps beside the truth."""

KEPT_WITHIN, FALSE_WITHIN = 1.5, 3.0
"""Within which factors the probabilities tell matches among the pairs that were kept and not accepted, and false links.
Both are few among many, and what the model does not know of makes the most of them: decision 0165 has the steps."""
KEPT_WITHIN_OF_ONE_FILE = 3.0
"""The same of one file beside itself, of whose pairs those that rules do not reach or keep are not reckoned, and those
that are taken for two people are expected to be none: decision 0222 has the files."""

LINKS_ONLY, UNLEARNT, GUESSED = "links_only", "unlearnt", "guessed"
WHY_UNKNOWN = {
    LINKS_ONLY: "{they_were} asked for links alone",
    UNLEARNT: "nothing of matches was learnt from the data",
    GUESSED: "too few fields are compared to show how many matches differ in one; a further field or a review would",
}
"""Why nobody knows the recall of steps, or of one."""


@dataclass(frozen=True)
class Unseen:
    """Expected matches of which a step kept no pair.

    Attributes:
        reach: estimated share of the matches that passes and blocking rules reach; None for all.
        others: matches of a unit that a pass had linked to another record.
        dropped: matches among the pairs that rules made and that weigh too little to be kept.
        spread: how well those that no rule reaches are known from so many: standard deviation of their logarithm.
        most: matches that there can be where nobody is in a file twice, as the step takes it; None where it does not.
        unknown: why nobody knows what the step has missed; None where it is known.
        kept_within: factor within which the probabilities tell matches among the pairs that were kept and not accepted.
    """

    reach: float | None = None
    others: float = 0.0
    dropped: float = 0.0
    spread: float = 0.0
    most: float | None = None
    unknown: str | None = None
    kept_within: float = KEPT_WITHIN

    @classmethod
    def of_run(cls, folder: Path, step: str) -> "Unseen | None":
        """As a run's evaluation tells it of a step; None where it does not."""
        path = folder / "quality" / "evaluation.json"
        if not path.is_file():
            return None
        steps = evaluation_of(path)["steps"]
        found = next((found for found in steps if found["step"] == step and found.get("blocking")), None)
        if not found:
            return None
        told = found.get("expected") or {}
        others, dropped = (told.get(f"missed_{part}", 0.0) for part in ("others", "dropped"))
        blocking = found["blocking"]
        spread = blocking.get("unreached_spread", 0.0)
        unknown = told.get("recall_unknown")
        return cls(blocking["estimated_recall"], others, dropped, spread, told.get("most"), unknown)

    def unreached(self, kept: Any, deviates: Any = 0.0) -> Any:
        """Matches that no rule reaches, beside so many among the kept pairs; of numbers or arrays, as in `hidden`."""
        reached = kept + self.dropped
        model = math.log(UNSEEN_WITHIN) / Z95
        found = reached * (1 / self.reach - 1 if self.reach else 0.0)
        found = found * np.exp(deviates * math.hypot(model, self.spread))
        return found if self.most is None else np.minimum(found, np.maximum(self.most - reached, 0.0))

    def hidden(self, kept: Any, deviates: Any = 0.0) -> Any:
        """Matches of which no pair was kept, beside so many among the kept pairs; of numbers or arrays.

        Args:
            deviates: by how many standard deviations they are more than is estimated.
        """
        model = math.log(UNSEEN_WITHIN) / Z95
        told = (self.others + self.dropped) * np.exp(deviates * model)
        return told + self.unreached(kept, deviates)


def most_matches(cardinality: str, units: Mapping[str, int]) -> float | None:
    """Matches that so many units of a side can have; None where somebody may have several on either.

    Of few fields that err, EM may take more strangers for matches that no rule reaches than there are people.
    """
    left, right = float(units.get("left", 0)), float(units.get("right", 0))
    return {"one-to-one": min(left, right), "many-to-one": left, "one-to-many": right}.get(cardinality)


def expected(engine: Engine, judged: Table, unseen: Unseen) -> dict[str, Any] | None:
    """What a step's probabilities say of it; None where its links have none.

    Args:
        judged: links with `match_probability` and `decision`.

    Returns:
        links, right, false (links, expected), missed_kept (matches among the pairs that were not accepted), most,
        missed_others, missed_dropped, missed_unreached, reach; precision, recall and f1 as shares. Their 95 % intervals
        say how far the numbers of right and false pairs may fall from what is expected if every probability is right,
        and allow besides for probabilities that are wrong (`kept_within`, FALSE_WITHIN) and for as many or few matches
        without a pair kept as `Unseen.hidden` has them; recall and f1 have no value, and recall_unknown says why,
        where nobody knows what the step has missed.
    """
    summed = one(engine, engine.sql(_SUMS, judged=judged))
    if not summed["links"] or summed["unknown"]:
        return None
    return of_sums(
        int(summed["links"]),
        (summed["said_right"] or 0.0, summed["right_spread"] or 0.0),
        (summed["said_missed"] or 0.0, summed["missed_spread"] or 0.0),
        unseen,
    )


_NOT_KNOWN = Share(of=0, count=0, value=None, low=None, high=None)


_SUMS = f"""
    with told as (select decision = 'accepted' as accepted, {SAID} as said from {{judged}}),
    pairs as (select accepted, said, said * (1 - said) as spread from told)
    select sum(case when accepted then 1 else 0 end) as links,
           sum(case when accepted and said is null then 1 else 0 end) as unknown,
           sum(case when accepted then said end) as said_right,
           sum(case when accepted then spread end) as right_spread,
           sum(case when not accepted then said end) as said_missed,
           sum(case when not accepted then spread end) as missed_spread
    from pairs
"""


def of_sums(
    links: int, right: tuple[float, float], missed: tuple[float, float], unseen: Unseen | None = None
) -> dict[str, Any]:
    """As `expected`, from sums of probabilities p and of p (1 - p), over the links and over the other pairs."""
    (said_right, right_spread), (said_missed, missed_spread) = right, missed
    unseen, false = unseen or Unseen(), links - said_right
    most_lost, lost, fewest_lost = (_lost(said_right, said_missed, unseen, deviates) for deviates in (Z95, 0.0, -Z95))
    least_right, most_right = max(links - false * FALSE_WITHIN, 0.0), links - false / FALSE_WITHIN
    matches, whole = said_right + lost, links + said_right + lost  # F1 is twice the right over links and matches
    # Delta method: right and missed are independent sums of Bernoulli variables; the number of the unseen is Poisson's.
    missed_spread += float(unseen.hidden(said_right + said_missed))
    recall_spread = (lost**2 * right_spread + said_right**2 * missed_spread) / matches**4 if matches else 0.0
    f1_spread = (whole - said_right) ** 2 * right_spread + said_right**2 * missed_spread
    said = {
        "links": links,
        "right": said_right,
        "false": false,
        "missed_kept": said_missed,
        "missed_others": unseen.others,
        "missed_dropped": unseen.dropped,
        "missed_unreached": float(unseen.unreached(said_right + said_missed)),
        "reach": unseen.reach,
        "most": unseen.most,
        "precision": _share(
            (said_right, links), right_spread / links**2 if links else 0.0, ((least_right, links), (most_right, links))
        ),
        "recall": _of_most(
            _share(
                (said_right, matches),
                recall_spread,
                ((said_right, said_right + most_lost), (said_right, said_right + fewest_lost)),
            ),
            unseen.most,
        ),
        "f1": _share(
            (2 * said_right, whole),
            4 * f1_spread / whole**4 if whole else 0.0,
            ((2 * said_right, whole - lost + most_lost), (2 * said_right, whole - lost + fewest_lost)),
            ((2 * least_right, links + least_right + lost), (2 * most_right, links + most_right + lost)),
        ),
    }
    if unseen.unknown is None:
        return said
    return {**said, **dict.fromkeys(("recall", "f1"), _NOT_KNOWN), "recall_unknown": unseen.unknown}


def _lost(right: float, missed: float, unseen: Unseen, deviates: float) -> float:
    """Matches that are not linked, beside so many that are and so many among the other pairs that were kept.

    Args:
        deviates: by how many standard deviations they are more than is estimated: what makes the model see too few of
            them where pairs were kept does so where none was.
    """
    kept = missed * math.exp(deviates * math.log(unseen.kept_within) / Z95)
    lost = kept + float(unseen.hidden(right + kept, deviates))
    return lost if unseen.most is None else min(lost, max(unseen.most - right, 0.0))


def _of_most(recall: Share, most: float | None) -> Share:
    """Recall, no lower than it is of as many matches as there can be."""
    if most is None or recall["low"] is None or recall["value"] is None:
        return recall
    return Share({**recall, "low": max(recall["low"], min(recall["value"], recall["count"] / most))})


_Shares = tuple[tuple[float, float], tuple[float, float]]


def _share(share: tuple[float, float], variance: float, *known_within: _Shares) -> Share:
    """A share with its interval: of chance, and of what is known within bounds, as if independent.

    Args:
        share: how many of how many.
        known_within: such shares at the lower and at the upper bound of something.
    """
    count, of = share
    if of <= 0:
        return _NOT_KNOWN
    value, half = count / of, Z95 * math.sqrt(variance)
    below, above = (
        math.hypot(half, *(bounds[end][0] / bounds[end][1] - value for bounds in known_within)) for end in (0, 1)
    )
    return Share(of=round(of), count=count, value=value, low=max(0.0, value - below), high=min(1.0, value + above))
