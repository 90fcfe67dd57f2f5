"""Precision and recall of all pairs from the answers about a stratified sample, with 95
% intervals.

False links, and matches among the other pairs, are each a sum of rare events over
strata, most of which show none. Intervals that add half an event or one to every
stratum (Wilson, Jeffreys) are far too wide where strata are many; intervals that add
nothing are too narrow. Here the share of each stratum has a beta posterior whose prior
adds 4/3 events to all strata together in half of the draws and none in the other half,
and events among the pairs that were not reviewed are drawn from it (a beta-binomial,
that is a finite-population, posterior predictive distribution: Ericson, Subjective
Bayesian models in sampling finite populations, JRSS B 31, 1969). Coverage is simulated
in benchmarks/RESULTS.md (93 to 98 %), also with miscalibrated probabilities.

"Uncertain" answers give three readings, as the Office for National Statistics reports
linkage quality: against the linkage, half and half, and for it.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from quality.intervals import Share, per_cent, wilson
from quality.measures.estimated_error import Unseen
from quality.measures.review_estimates import NOT_KNOWN, SCORED_ONLY, all_readings
from quality.review.labels import ANSWERS, REVIEWER, Label, pair_of
from quality.review.strata import Stratum

Draws = npt.NDArray[np.float64]
DRAWS = 8_000
PRIOR = ((0.5, 0.0), (0.5, 4 / 3))
"""Share of the draws, and events added to all strata of a sum together: the first keeps
the lower end at what was seen, the second allows for what the sample could have missed.
"""
READINGS = {"low": 0.0, "middle": 0.5, "high": 1.0}
"""Share of the uncertain answers that are read as the linkage decided."""
_NOTHING = Share(of=0, count=0, value=None, low=None, high=None)


@dataclass(frozen=True)
class Answers:
    """Numbers of answers about a stratum's sample."""

    matches: int = 0
    non_matches: int = 0
    uncertain: int = 0

    @property
    def given(self) -> int:
        """How many pairs were reviewed."""
        return self.matches + self.non_matches + self.uncertain


def estimate(
    strata: Sequence[Stratum],
    answers: Mapping[str, Answers],
    *,
    unseen: Unseen | None = None,
    seed: int = 2026,
) -> dict[str, Any]:
    """Precision, recall and F1 of a step.

    Args:
        strata: all of the step's.
        answers: by stratum.
        unseen: estimated matches among pairs that were not scored; recall is of all
            matches then, else of those among the scored pairs.

    Returns:
        links, reviewed, uncertain; precision, recall and f1, each with the readings
        low, middle and high (value, low, high); by_pass: made_by, links, reviewed,
        precision; strata: stratum, accepted, made_by, from, to, pairs, reviewed,
        matches, uncertain; unseen: strata of which no pair was reviewed: they are left
        out of the sums. Recall and F1 have no value if no pair that was not linked was
        reviewed.
    """

    def answers_of(stratum: Stratum) -> Answers:
        return answers.get(stratum.name, Answers())

    reviewed_strata = [stratum for stratum in strata if answers_of(stratum).given]
    links = [stratum for stratum in reviewed_strata if stratum.accepted]
    others = [stratum for stratum in reviewed_strata if not stratum.accepted]
    is_blind = not others and any(
        stratum.pairs for stratum in strata if not stratum.accepted
    )
    results: dict[str, dict[str, Share]] = {"precision": {}, "recall": {}, "f1": {}}
    for reading, certainty in READINGS.items():
        rng = np.random.default_rng(
            seed
        )  # the same for each reading: they differ by the uncertain answers only
        false, misses = (
            _errors(links, answers, certainty, rng),
            _errors(others, answers, certainty, rng),
        )
        for measure, share in _measures(links, false, misses, unseen).items():
            results[measure][reading] = (
                _NOTHING if is_blind and measure != "precision" else share
            )
    return {
        "links": sum(stratum.pairs for stratum in strata if stratum.accepted),
        "reviewed": sum(answers_of(stratum).given for stratum in strata),
        "uncertain": sum(answers_of(stratum).uncertain for stratum in strata),
        "reach": unseen.reach if unseen else None,
        **results,
        "by_pass": _by_pass(links, answers, seed),
        "strata": [
            {
                "stratum": stratum.name,
                "accepted": stratum.accepted,
                "made_by": stratum.made_by,
                "from": stratum.low,
                "to": stratum.high,
                "pairs": stratum.pairs,
                "reviewed": answers_of(stratum).given,
                "matches": answers_of(stratum).matches,
                "uncertain": answers_of(stratum).uncertain,
            }
            for stratum in strata
        ],
        "unseen": [
            stratum.name
            for stratum in strata
            if stratum.pairs and not answers_of(stratum).given
        ],
    }


@dataclass(frozen=True)
class _Total:
    """An estimated number of pairs, and draws of it."""

    value: float
    draws: Draws


def _errors(
    strata: Sequence[Stratum],
    answers: Mapping[str, Answers],
    certainty: float,
    rng: np.random.Generator,
) -> _Total:
    """False links, or matches among other pairs."""
    if not strata:
        return _Total(0.0, np.zeros(DRAWS))
    own_answers = [answers[stratum.name] for stratum in strata]
    errors = [
        a.non_matches if s.accepted else a.matches
        for s, a in zip(strata, own_answers, strict=True)
    ]
    events = np.array(
        [
            n + (1 - certainty) * a.uncertain
            for n, a in zip(errors, own_answers, strict=True)
        ]
    )
    pairs = np.array([stratum.pairs for stratum in strata], dtype=float)
    counts = np.array([a.given for a in own_answers], dtype=float)
    return _Total(
        float((pairs / counts * events).sum()), draw_events(pairs, counts, events, rng)
    )


def draw_events(
    pairs: Draws,
    reviewed: Draws,
    events: Draws,
    rng: np.random.Generator,
    draws: int = DRAWS,
) -> Draws:
    """Draws of the number of events among all pairs, given those among the reviewed
    pairs of each stratum.
    """
    is_open = reviewed < pairs
    if not is_open.any():
        return np.full(draws, float(events.sum()))
    open_events, sizes, rest = (
        events[is_open],
        reviewed[is_open],
        (pairs - reviewed)[is_open],
    )
    parts, left = [], draws
    for share, prior in PRIOR:
        count = min(round(share * draws), left)
        left -= count
        shares = _shares(open_events, sizes, prior / is_open.sum(), count, rng)
        parts.append(rng.binomial(rest.round().astype(np.int64), shares).sum(axis=1))
    totals: Draws = float(events.sum()) + np.concatenate(parts)
    return totals


def _shares(
    events: Draws, counts: Draws, prior: float, draws: int, rng: np.random.Generator
) -> Draws:
    """Draws of each stratum's share of events, a row a draw; `prior` goes to events and
    to non-events.
    """
    tiny = np.finfo(float).tiny
    alphas, rest = events + prior, counts - events + prior
    shares = rng.beta(
        np.maximum(alphas, tiny), np.maximum(rest, tiny), size=(draws, len(events))
    )
    return np.where(alphas <= 0, 0.0, np.where(rest <= 0, 1.0, shares))


def _measures(
    links: Sequence[Stratum], false: _Total, misses: _Total, unseen: Unseen | None
) -> dict[str, Share]:
    link_count = float(sum(stratum.pairs for stratum in links))
    if not link_count:
        return {"precision": _NOTHING, "recall": _NOTHING, "f1": _NOTHING}
    rng = np.random.default_rng(0)
    missed_draws = rng.permutation(
        misses.draws
    )  # false and missed links are of different samples: paired at random
    deviates = rng.normal(0.0, 1.0, len(missed_draws))

    def of(
        false_links: Draws | float, missed_links: Draws | float, deviates: Draws | float
    ) -> tuple[Any, Any, Any]:
        right = link_count - false_links
        scored_matches = right + missed_links
        unseen_matches = unseen.hidden(scored_matches, deviates) if unseen else 0.0
        matches = np.maximum(
            scored_matches + unseen_matches, np.finfo(float).tiny
        )  # none yet, after few answers
        return right / link_count, right / matches, 2 * right / (link_count + matches)

    values, draws = (
        of(false.value, misses.value, 0.0),
        of(false.draws, missed_draws, deviates),
    )
    bases = (
        round(link_count),
        round(link_count - false.value + misses.value),
        round(link_count),
    )
    shares = {}
    for name, value, measure_draws, base in zip(
        ("precision", "recall", "f1"), values, draws, bases, strict=True
    ):
        low, high = np.quantile(measure_draws, (0.025, 0.975))
        shares[name] = Share(
            of=base,
            count=value * base,
            value=float(value),
            low=max(0.0, float(low)),
            high=min(1.0, float(high)),
        )
    return shares


def _by_pass(
    links: Sequence[Stratum], answers: Mapping[str, Answers], seed: int
) -> list[dict[str, Any]]:
    """Precision of each pass, with the interval over all readings."""
    result, no_errors = [], _Total(0.0, np.zeros(DRAWS))
    rngs = {reading: np.random.default_rng(seed) for reading in READINGS}
    for made_by in dict.fromkeys(stratum.made_by for stratum in links):
        strata = [stratum for stratum in links if stratum.made_by == made_by]
        readings = {
            reading: _measures(
                strata, _errors(strata, answers, share, rngs[reading]), no_errors, None
            )["precision"]
            for reading, share in READINGS.items()
        }
        result.append(
            {
                "made_by": made_by,
                "links": sum(stratum.pairs for stratum in strata),
                "reviewed": sum(answers[stratum.name].given for stratum in strata),
                "precision": all_readings(readings),
            }
        )
    return result


def agreement(standing: Iterable[Label]) -> dict[str, Any]:
    """Fleiss' kappa of the reviewers' answers; adjudicators know what was answered and
    are left out.

    Fleiss (1971), Measuring nominal scale agreement among many raters; with different
    numbers of raters a pair as in Fleiss, Levin and Paik, Statistical Methods for Rates
    and Proportions (2003), 18.3.

    Args:
        standing: each reviewer's last answer about each pair.

    Returns:
        pairs that several reviewers answered; agreed, on which all gave the same
        answer; kappa, None if there is no such pair, or if every answer was the same,
        so that chance explains all; low, high: its 95 % interval, Wilson's of the
        observed agreement given that by chance. (Asymptotic standard errors are zero
        where all agreed, however few.)
    """
    answers: dict[tuple[int, int], Counter[str]] = {}
    for label in standing:
        if label["role"] == REVIEWER:
            answers.setdefault(pair_of(label), Counter())[label["answer"]] += 1
    answer_counts = [counts for counts in answers.values() if counts.total() > 1]
    agreed_count, pairs = (
        sum(len(counts) == 1 for counts in answer_counts),
        len(answer_counts),
    )
    total = sum(answer_counts, Counter[str]())
    chance = (
        sum((total[answer] / total.total()) ** 2 for answer in ANSWERS)
        if pairs
        else 1.0
    )
    empty: dict[str, Any] = {
        "pairs": pairs,
        "agreed": agreed_count,
        "kappa": None,
        "low": None,
        "high": None,
    }
    if chance == 1:
        return empty
    # The share of a pair's pairs of reviewers who gave the same answer.
    shares = [
        sum(n * (n - 1) for n in c.values()) / (c.total() * (c.total() - 1))
        for c in answer_counts
    ]
    observed = min(sum(shares) / pairs, 1.0)
    interval = wilson(observed * pairs, pairs)
    bounds = (observed, float(interval["low"] or 0.0), float(interval["high"] or 0.0))
    kappa, low, high = ((bound - chance) / (1 - chance) for bound in bounds)
    return {**empty, "kappa": kappa, "low": max(-1.0, low), "high": high}


_MEASURES = {"precision": "Precision", "recall": "Recall", "f1": "F1"}
_READINGS_IN_WORDS = {
    "low": "against the linkage",
    "middle": "half and half",
    "high": "for the linkage",
}


def estimate_rows(result: Mapping[str, Any]) -> list[list[str]]:
    """Measure and reading, estimate, interval, and the number of answers behind it:
    precision rests on links only.
    """
    strata = result["strata"]
    total = sum(row["reviewed"] for row in strata)
    answers = {
        "precision": sum(row["reviewed"] for row in strata if row["accepted"]),
        "recall": total,
        "f1": total,
    }
    return [
        [
            f"{label}, uncertain answers {words}",
            *(
                per_cent(result[measure][reading][part])
                for part in ("value", "low", "high")
            ),
            f"{answers[measure]:,}",
        ]
        for measure, label in _MEASURES.items()
        for reading, words in _READINGS_IN_WORDS.items()
        if result[measure][reading]["value"] is not None
    ]


def estimate_notes(result: Mapping[str, Any]) -> list[str]:
    """What the estimates leave out."""
    missing = [
        measure for measure in NOT_KNOWN if result[measure]["middle"]["value"] is None
    ]
    notes = [
        f"{_MEASURES[measure]} is not known: {NOT_KNOWN[measure]}."
        for measure in missing
    ]
    if "recall" not in missing and result["reach"] is None:
        notes.append(f"{SCORED_ONLY.capitalize()}.")
    if result["unseen"]:
        notes.append(
            f"Left out: {len(result['unseen'])} strata without a reviewed pair."
        )
    return notes
