"""Precision and recall of all pairs from the answers about a stratified sample, with 95 % intervals.

The links' false ones and the other pairs' matches are each a sum of rare events over strata, and most strata show
none. Intervals that give each stratum half an event or a whole one, as Wilson's and Jeffreys' do, add up to far too
many where strata are many; intervals that trust the strata without events are too narrow. Here all strata of a sum
together are given 4/3 events beforehand, as if spread over them evenly, or none: PRIOR says how often which. Each
stratum's share is then a beta distribution. How many events are among the pairs that nobody looked at is drawn from it,
pair by pair: of 26 pairs with a share of 0.9 anything from 20 to 26 may be one, however well the share is known. How
often such intervals hold the truth is measured in benchmarks/RESULTS.md, also where the model's probabilities
are wrong.

An "uncertain" answer is carried in three readings, as the Office for National Statistics reports linkage quality
(Service Leavers Database to 2011 Census: 60, 88 and 96 %): against the linkage, half and half, and for it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from quality.measures.estimated_error import Unseen
from quality.measures.intervals import Share
from quality.review.strata import Stratum

Draws = npt.NDArray[np.float64]
DRAWS = 8_000
PRIOR = ((0.5, 0.0), (0.5, 4 / 3))
"""Share of the draws, and events given beforehand to all strata of a sum together. The first keeps the lower end at
what was seen where next to nothing is wrong; the second allows for what a sample could have missed. Where events are
rare all draws of the first lie below those of the second, and an end of the interval is its own part's twentieth."""
READINGS = ("low", "middle", "high")
UNKNOWN = {
    "precision": "no link has been looked at",
    "recall": "no pair that was not linked has been looked at",
}
"""Why a measure has no value."""
KEPT_ONLY = "recall is of matches among the pairs that were kept: what no rule reached is not in it"
"""What recall leaves out where nobody knows how many matches were reached."""
_NOTHING = Share(of=0, count=0, value=None, low=None, high=None)


@dataclass(frozen=True)
class Answers:
    """What people said of a stratum's sample."""

    matches: int = 0
    non_matches: int = 0
    uncertain: int = 0

    @property
    def given(self) -> int:
        """How many pairs were looked at."""
        return self.matches + self.non_matches + self.uncertain


def estimate(
    strata: Sequence[Stratum], answers: Mapping[str, Answers], *, unseen: Unseen | None = None, seed: int = 2026
) -> dict[str, Any]:
    """What a review says of a step.

    Args:
        strata: all of the step's.
        answers: by stratum.
        unseen: matches of which the step kept no pair (estimated; how well they are known, the intervals allow
            for); recall is of all matches then, else of those among the kept pairs.

    Returns:
        links, looked_at, uncertain; precision, recall and f1, each with the readings low, middle and high (value, low,
        high); by_pass: made_by, links, looked_at, precision; strata: name, accepted, made_by, from, to, pairs,
        looked_at, matches, uncertain; unseen: strata with pairs of which none was looked at. Such a stratum is left
        out of the sums; a reader must know of it. Recall and F1 have no value while no pair
        that was not linked was looked at.
    """
    seen = [stratum for stratum in strata if _of(answers, stratum).given]
    links = [stratum for stratum in seen if stratum.accepted]
    others = [stratum for stratum in seen if not stratum.accepted]
    is_blind = not others and any(stratum.pairs for stratum in strata if not stratum.accepted)
    measured: dict[str, dict[str, Share]] = {"precision": {}, "recall": {}, "f1": {}}
    for place, reading in enumerate(READINGS):
        rng = np.random.default_rng(seed)  # the same for each: they differ by the uncertain answers alone
        false = _total(links, answers, place / 2, rng)
        missed = _total(others, answers, place / 2, rng)
        for measure, share in _measures(links, false, missed, unseen).items():
            # Of links alone nobody can tell what was missed.
            measured[measure][reading] = _NOTHING if is_blind and measure != "precision" else share
    return {
        "links": sum(stratum.pairs for stratum in strata if stratum.accepted),
        "looked_at": sum(_of(answers, stratum).given for stratum in strata),
        "uncertain": sum(_of(answers, stratum).uncertain for stratum in strata),
        "reach": unseen.reach if unseen else None,
        **measured,
        "by_pass": _by_pass(links, answers, seed),
        "strata": [
            {
                "stratum": stratum.name,
                "accepted": stratum.accepted,
                "made_by": stratum.made_by,
                "from": stratum.low,
                "to": stratum.high,
                "pairs": stratum.pairs,
                "looked_at": _of(answers, stratum).given,
                "matches": _of(answers, stratum).matches,
                "uncertain": _of(answers, stratum).uncertain,
            }
            for stratum in strata
        ],
        "unseen": [stratum.name for stratum in strata if stratum.pairs and not _of(answers, stratum).given],
    }


def of_all_readings(readings: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """A measure's middle reading, with the interval that all readings leave open: the same where all answers are sure.

    The middle reading takes half of the uncertain pairs for errors, and its own interval seldom holds the truth then
    (benchmarks/RESULTS.md).

    Args:
        readings: low, middle and high of `estimate`, as JSON has them.
    """
    return {**readings["middle"], "low": readings["low"]["low"], "high": readings["high"]["high"]}


def _of(answers: Mapping[str, Answers], stratum: Stratum) -> Answers:
    return answers.get(stratum.name, Answers())


@dataclass(frozen=True)
class _Total:
    """An estimated number of pairs, and draws of what it may be."""

    value: float
    draws: Draws


def _total(
    strata: Sequence[Stratum], answers: Mapping[str, Answers], kindness: float, rng: np.random.Generator
) -> _Total:
    """False links, or matches among other pairs.

    Args:
        kindness: share of the uncertain answers that speak for the linkage: 0, a half or 1.
    """
    if not strata:
        return _Total(0.0, np.zeros(DRAWS))
    found = [_of(answers, stratum) for stratum in strata]
    against = [said.non_matches if s.accepted else said.matches for s, said in zip(strata, found, strict=True)]
    events = np.array([n + (1 - kindness) * said.uncertain for n, said in zip(against, found, strict=True)])
    pairs = np.array([stratum.pairs for stratum in strata], dtype=float)
    given = np.array([said.given for said in found], dtype=float)
    return _Total(float((pairs / given * events).sum()), sums_of_events(pairs, given, events, rng))


def sums_of_events(pairs: Draws, given: Draws, events: Draws, rng: np.random.Generator, draws: int = DRAWS) -> Draws:
    """Draws of how many of all pairs are events, where `events` of the `given` ones of each stratum are.

    Args:
        pairs: of each stratum, all; given: those looked at, at least one; events: those of them that are one.
    """
    open_ = given < pairs
    if not open_.any():
        return np.full(draws, float(events.sum()))
    seen, looked, unseen = events[open_], given[open_], (pairs - given)[open_]
    parts, left = [], draws
    for share, beforehand in PRIOR:
        count = min(round(share * draws), left)
        left -= count
        shares = _shares(seen, looked, beforehand / open_.sum(), count, rng)
        parts.append(rng.binomial(unseen.round().astype(np.int64), shares).sum(axis=1))
    drawn: Draws = float(events.sum()) + np.concatenate(parts)
    return drawn


def _shares(seen: Draws, looked: Draws, beforehand: float, draws: int, rng: np.random.Generator) -> Draws:
    """Draws of the share of events in each stratum, a row a draw: as much is given beforehand to either answer.

    Of an answer that was neither seen nor given the share is nought.
    """
    tiny = np.finfo(float).tiny
    some, rest = seen + beforehand, looked - seen + beforehand
    drawn = rng.beta(np.maximum(some, tiny), np.maximum(rest, tiny), size=(draws, len(seen)))
    return np.where(some <= 0, 0.0, np.where(rest <= 0, 1.0, drawn))


def _measures(links: Sequence[Stratum], false: _Total, missed: _Total, unseen: Unseen | None) -> dict[str, Share]:
    """Precision, recall and F1 of the strata that were looked at."""
    made = float(sum(stratum.pairs for stratum in links))
    rng = np.random.default_rng(0)
    lost = rng.permutation(missed.draws)  # false and missed are of different samples: paired at random
    deviates = rng.normal(0.0, 1.0, len(lost))

    def of(wrong: Draws | float, let_go: Draws | float, deviates: Draws | float) -> tuple[Any, Any, Any]:
        right = made - wrong
        kept = right + let_go
        hidden = unseen.hidden(kept, deviates) if unseen else 0.0
        matches = np.maximum(kept + hidden, np.finfo(float).tiny)  # none yet, after few answers
        return right / made, right / matches, 2 * right / (made + matches)

    if not made:
        return {"precision": _NOTHING, "recall": _NOTHING, "f1": _NOTHING}
    values, draws = of(false.value, missed.value, 0.0), of(false.draws, lost, deviates)
    counted = (round(made), round(made - false.value + missed.value), round(made))
    return {
        name: _share(value, drawn, of=base)
        for name, value, drawn, base in zip(("precision", "recall", "f1"), values, draws, counted, strict=True)
    }


def _share(value: float, draws: Draws, of: int) -> Share:
    low, high = np.quantile(draws, (0.025, 0.975))
    return Share(of=of, count=value * of, value=float(value), low=max(0.0, float(low)), high=min(1.0, float(high)))


def _by_pass(links: Sequence[Stratum], answers: Mapping[str, Answers], seed: int) -> list[dict[str, Any]]:
    """Precision of each pass, with the interval that all readings leave open."""
    found, nothing = [], _Total(0.0, np.zeros(DRAWS))
    rngs = [np.random.default_rng(seed) for _ in READINGS]  # readings differ by the uncertain answers alone
    for made_by in dict.fromkeys(stratum.made_by for stratum in links):
        own = [stratum for stratum in links if stratum.made_by == made_by]
        totals = [_total(own, answers, place / 2, rng) for place, rng in enumerate(rngs)]
        readings = [_measures(own, false, nothing, None)["precision"] for false in totals]
        found.append(
            {
                "made_by": made_by,
                "links": sum(stratum.pairs for stratum in own),
                "looked_at": sum(_of(answers, stratum).given for stratum in own),
                "precision": of_all_readings(dict(zip(READINGS, readings, strict=True))),
            }
        )
    return found
