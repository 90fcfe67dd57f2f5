"""Linkage error estimated from match probabilities, where there is no truth.

The match probabilities of the links add up to the expected correct links. Missed
matches are the sum of the probabilities of other scored pairs, corrected where these
are doubtful, and matches that no rule reaches or that are below the floor
(linkage.match.recall). Ranges are sensitivity ranges: sampling error, and factors by
which probabilities may be wrong. Where there is truth, quality.measures.calibration
tests the probabilities.
"""

import functools
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from linkage.engine import Engine, Table, one
from quality.intervals import Z95, Share
from quality.measures.evaluated import evaluation_of

# factor on false links, 95 % of 25 steps with truth
# (docs/explanation/measuring-error.md)
FALSE_WITHIN = 3.0
# factor on missed matches among pairs that rules make, 95 % of 27 sets of files
# (docs/adr/0020)
MISSED_WITHIN = 2.0
# factor on matches that no rule makes: fields that err together e times as often as by
# chance (docs/adr/0020)
UNREACHED_WITHIN = 3.0
_DRAWS, _SEED = 2_000, 2026  # of a sensitivity range

LINKS_ONLY, UNLEARNT, GUESSED = "links_only", "unlearnt", "guessed"
UNCAPTURED = "uncaptured"
WHY_UNKNOWN = {
    LINKS_ONLY: "the step was not diagnosed (--links-only)",
    UNLEARNT: "the model could not be trained on these data",
    GUESSED: "too few fields are compared; another field or a clerical review would "
    "show it",
    UNCAPTURED: "most matches would be among pairs that no rule made or that look like "
    "non-matches; another field, another blocking rule or a clerical review would show "
    "them",
}
"""Why recall is not estimated."""

MATCH_PROBABILITY = """case when method in ('override', 'clerical') and match_probability is not null then 1e0
         else match_probability end"""  # noqa: E501
"""SQL: how likely a link is correct; one that people decided on is."""


@dataclass(frozen=True)
class Unseen:
    """Expected matches that a step did not score.

    Attributes:
        reach: estimated blocking recall; None for all.
        dropped: expected matches among candidate pairs below the floor.
        spread: standard deviation of the logarithm of the matches that were not scored.
        most: the most matches there can be; None where a record may have several on
            either side.
        unknown: why recall is not estimated (WHY_UNKNOWN); None where it is.
        scored_factor: missed matches among scored pairs, divided by the sum of their
            probabilities.
        scored_spread: standard deviation of the logarithm of that factor.
    """

    reach: float | None = None
    dropped: float = 0.0
    spread: float = 0.0
    most: float | None = None
    unknown: str | None = None
    scored_factor: float = 1.0
    scored_spread: float = 0.0

    @classmethod
    def of_run(cls, folder: Path, step: str) -> "Unseen | None":
        """As a run's evaluation has it of a step; None where it does not."""
        path = folder / "quality" / "evaluation.json"
        steps = evaluation_of(path)["steps"] if path.is_file() else []
        figures = next(
            (one for one in steps if one["step"] == step and one.get("blocking")), None
        )
        if not figures:
            return None
        error, blocking = figures.get("estimated_error") or {}, figures["blocking"]
        return cls(
            blocking["estimated_recall"],
            error.get("missed_below_floor", 0.0),
            blocking.get("unreached_spread", 0.0),
            error.get("most"),
            error.get("recall_unknown"),
            scored_factor=blocking.get("scored_factor", 1.0),
            scored_spread=blocking.get("scored_spread", 0.0),
        )

    def missed_scored(self, summed: Any, deviates: Any = 0.0) -> Any:
        """Missed matches among scored pairs, given the sum of their probabilities;
        numbers or arrays.

        Args:
            deviates: by how many standard deviations they exceed the estimate.
        """
        log_sd = math.hypot(math.log(MISSED_WITHIN) / Z95, self.scored_spread)
        return summed * self.scored_factor * np.exp(deviates * log_sd)

    def _factor(self, within: float, deviates: Any) -> Any:
        """Lognormal factors within this one and the spread between models."""
        return np.exp(deviates * math.hypot(math.log(within) / Z95, self.spread))

    def hidden(self, scored: Any, deviates: Any = 0.0) -> Any:
        """Matches that were not scored, given the matches among scored pairs; numbers
        or arrays.

        Args:
            deviates: by how many standard deviations they exceed the estimate.
        """
        below_floor = self.dropped * self._factor(MISSED_WITHIN, deviates)
        hits = scored + self.dropped
        share = 1 / self.reach - 1 if self.reach else 0.0
        misses = hits * share * self._factor(UNREACHED_WITHIN, deviates)
        if self.most is not None:
            misses = np.minimum(misses, np.maximum(self.most - hits, 0.0))
        return below_floor + misses


def most_matches(cardinality: str, units: Mapping[str, int]) -> float | None:
    """The most matches that so many units of each side can have; None where either may
    have several.
    """
    left, right = float(units.get("left", 0)), float(units.get("right", 0))
    return {
        "one-to-one": min(left, right),
        "many-to-one": left,
        "one-to-many": right,
    }.get(cardinality)


def estimated_error(
    engine: Engine, judged: Table, unseen: Unseen
) -> dict[str, Any] | None:
    """Precision, recall and F1 of a step from its match probabilities; None where links
    have none.

    Args:
        judged: links with `match_probability` and `decision`.

    Returns:
        As `of_sums`.
    """
    sums = one(engine, engine.sql(_SUMS, judged=judged))
    if not sums["links"] or sums["unknown"]:
        return None
    correct = (sums["correct"] or 0.0, sums["correct_variance"] or 0.0)
    return of_sums(
        int(sums["links"]),
        correct,
        (sums["missed"] or 0.0, sums["missed_variance"] or 0.0),
        unseen,
    )


_SUMS = f"""
    with pairs as (select decision = 'accepted' as accepted, {MATCH_PROBABILITY} as p
        from {{judged}})
    select count(*) filter (where accepted) as links,
           count(*) filter (where accepted and p is null) as unknown,
           sum(case when accepted then p end) as correct,
           sum(case when accepted then p * (1 - p) end) as correct_variance,
           sum(case when not accepted then p end) as missed,
           sum(case when not accepted then p * (1 - p) end) as missed_variance
    from pairs
"""


def of_sums(
    links: int,
    correct: tuple[float, float],
    missed: tuple[float, float],
    unseen: Unseen | None = None,
) -> dict[str, Any]:
    """Estimated error from sums of probabilities p and of p (1 - p), over the links and
    over the other scored pairs.

    Returns:
        links, correct, false, missed_scored, missed_below_floor, missed_unscored,
        blocking_recall, most; precision, recall and f1 as shares with sensitivity
        ranges. Recall and F1 have no value, and recall_unknown says why, where they are
        not estimated.
    """
    unseen = unseen or Unseen()
    factor, chance, scored_factor, missed_chance = _deviates()
    false = (links - correct[0]) * FALSE_WITHIN ** (factor / Z95) + chance * math.sqrt(
        correct[1]
    )
    right = links - np.clip(false, 0.0, links)
    scored_sum = unseen.missed_scored(missed[0], scored_factor)
    unseen_sum = unseen.hidden(right + scored_sum, scored_factor)
    loss = np.maximum(
        scored_sum
        + unseen_sum
        + missed_chance * math.sqrt(missed[1] + float(unseen_sum[0])),
        0.0,
    )
    if unseen.most is not None:
        loss = np.minimum(loss, np.maximum(unseen.most - right, 0.0))
    shares = {
        "precision": (right, links),
        "recall": (right, right + loss),
        "f1": (2 * right, links + right + loss),
    }
    result: dict[str, Any] = {
        "links": links,
        "correct": correct[0],
        "false": links - correct[0],
        "missed_scored": unseen.missed_scored(missed[0]),
        "missed_below_floor": unseen.dropped,
        "missed_unscored": float(unseen_sum[0]) - unseen.dropped,
        "blocking_recall": unseen.reach,
        "most": unseen.most,
        **{name: _share(*share) for name, share in shares.items()},
    }
    if unseen.unknown:
        result |= {"recall": _UNKNOWN, "f1": _UNKNOWN, "recall_unknown": unseen.unknown}
    return result


_UNKNOWN = Share(of=0, count=0, value=None, low=None, high=None)


@functools.cache
def _deviates() -> np.ndarray[Any, np.dtype[np.float64]]:
    """Four rows of normal deviates; the first of each is 0, which gives the estimate
    itself.
    """
    deviates = np.random.default_rng(_SEED).normal(size=(4, _DRAWS))
    deviates[:, 0] = 0.0
    return deviates


def _share(count: np.ndarray[Any, Any], of: Any) -> Share:
    of = np.broadcast_to(np.asarray(of, dtype=float), count.shape)
    if of[0] <= 0:
        return _UNKNOWN
    values = count / np.maximum(of, np.finfo(float).tiny)
    value = float(values[0])
    low, high = (float(bound) for bound in np.quantile(values, (0.025, 0.975)))
    return Share(
        of=round(of[0]),
        count=float(count[0]),
        value=value,
        low=min(max(low, 0.0), value),
        high=max(min(high, 1.0), value),
    )
