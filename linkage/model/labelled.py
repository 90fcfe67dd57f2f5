"""m from pairs that people have decided: the share of matches at each level, weighted
up to all pairs.

Splink's estimate_m_from_pairwise_labels counts labelled matches by level, each once.
Reviewers do not see pairs at random: most come from where the model is least sure, and
would make every field look worse than it is. So each pair counts for as many as it
stands for, and an uncertain one for as much of a match as the decided pairs about it
are.

A few hundred matches show no level that one match in a thousand has, and that none of
them does says next to nothing. There the model's own m is an informative prior, as
another step's is in training.
"""

import math
from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from linkage.errors import InputError
from linkage.model.splink_json import Level, Model, from_dict
from linkage.model.training.informative_prior import pseudo_counts

MATCH, NO_MATCH, UNCERTAIN = "match", "no match", "uncertain"

CONFLICT = 0.1
"""Prior probability that the model's m of a level is of no use. The more labels
contradict it the likelier that is, and the less it counts: a robust mixture prior
(Schmidli and others, Biometrics 70, 2014).
"""

UNSEEN_MATCHES = 5.0
"""Pseudo-count of matches, spread over a comparison's levels as the model has it: one
per level.
"""

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Labelled:
    """A pair that people have looked at."""

    levels: tuple[
        int, ...
    ]  # of each comparison of the model; -1 where a side does not know it
    answer: str  # match, no match or uncertain
    stands_for: float = 1.0  # pairs, of which it was drawn
    stratum: str = ""  # what it was drawn from


@dataclass(frozen=True)
class LevelFound:
    """A level's m before and now; matches: for how many the counted pairs stand; error:
    of log2 m, None unseen.
    """

    comparison: str
    level: str
    value: int
    before: float
    m: float
    u: float
    matches: float
    error: float | None


@dataclass(frozen=True)
class LabelReport:
    """What labels changed: pairs by answer, matches they stand for, as how many
    independent ones they count.
    """

    answers: dict[str, int]
    matches: float
    effective: float
    levels: tuple[LevelFound, ...]

    @property
    def unseen(self) -> list[str]:
        """Levels that no labelled match shows."""
        return [level.level for level in self.levels if level.error is None]

    def as_dict(self) -> dict[str, Any]:
        """For the file next to a model: counts, no values."""
        return {
            "answers": self.answers,
            "matches": round(self.matches, 1),
            "effective": round(self.effective, 1),
            "unseen": self.unseen,
            "levels": [vars(level) for level in self.levels],
        }


def m_from_labels(
    model: Model,
    pairs: Sequence[Labelled],
    *,
    pseudo: float = UNSEEN_MATCHES,
    seen: float = 0.0,
) -> tuple[Model, LabelReport]:
    """The model with m as labelled matches show it; u and the prior stay.

    A comparison's m are shares of the matches in which both sides know it. They count
    as the number of independent ones with the same information (Kish: the square of the
    weights' sum over the sum of their squares), next to pseudo-counts of the model's m:
    of a rare level many, of a common one few, as another step's m is weighted, and of
    one at which labels contradict it no more than `pseudo`. Comparisons given other
    columns, and m that the model fixes, stay.

    Args:
        pseudo: pseudo-count of the model's m at least.
        seen: as how many at most: those that its m were learnt from.

    Raises:
        InputError: no pair is labelled a match.
    """
    weights = _matches(pairs)
    if not any(pair.answer == MATCH for pair in pairs):
        raise InputError(
            "no pair is labelled a match\n  label some first: m is what matches show"
        )
    levels = np.array([pair.levels for pair in pairs])
    raw, results = deepcopy(model.raw), []
    for place, (comparison, raw_comparison) in enumerate(
        zip(model.comparisons, raw["comparisons"], strict=True)
    ):
        if comparison.given:
            continue
        known = levels[:, place] >= 0
        total, effective = float(weights[known].sum()), _effective(weights[known])
        graded_levels = [
            (level, settings)
            for level, settings in zip(
                comparison.levels, raw_comparison["comparison_levels"], strict=True
            )
            if level.value >= 0
        ]
        matches = np.array(
            [
                float(weights[levels[:, place] == level.value].sum())
                for level, _ in graded_levels
            ]
        )
        before = np.array([level.m or 0.0 for level, _ in graded_levels])
        m, is_free = (
            before,
            np.array(
                [not settings.get("fix_m_probability") for _, settings in graded_levels]
            ),
        )
        if total > 0:
            has_m = np.array([level.m is not None for level, _ in graded_levels])
            counts = np.where(
                has_m, np.maximum(pseudo_counts(before, seen), pseudo), pseudo
            )
            shares = _with_prior(
                matches / total * effective,
                effective,
                before,
                counts,
                np.full_like(counts, pseudo),
            )
            rest = 1 - float(before[~is_free].sum())
            m = np.where(
                is_free,
                shares * rest / max(float(shares[is_free].sum()), np.finfo(float).tiny),
                before,
            )
        for number, (level, settings) in enumerate(graded_levels):
            if total > 0 and is_free[number]:
                settings["m_probability"] = float(f"{m[number]:.12g}")
            results.append(
                _found(
                    comparison.name,
                    level,
                    float(m[number]),
                    float(matches[number]),
                    effective,
                )
            )
    answers = {
        answer: sum(pair.answer == answer for pair in pairs)
        for answer in (MATCH, NO_MATCH, UNCERTAIN)
    }
    return from_dict(raw), LabelReport(
        answers, float(weights.sum()), _effective(weights), tuple(results)
    )


def _with_prior(
    labels: Floats, total: float, m: Floats, strong: Floats, weak: Floats
) -> Floats:
    """Shares of levels by the labels that show them and by m, whose pseudo-counts are
    strong unless labels contradict it.

    Args:
        labels: how many show each level, of so many.
        strong, weak: pseudo-counts of m, if it is of use and if it is not.
    """
    odds = math.log(1 / CONFLICT - 1) + _log_likelihood(labels, total, m, strong)
    odds -= _log_likelihood(labels, total, m, weak)
    of_use = 1 / (1 + np.exp(-np.clip(odds, -500, 500)))
    by_strong, by_weak = (
        (labels + m * counts) / (total + counts) for counts in (strong, weak)
    )
    shares: Floats = of_use * by_strong + (1 - of_use) * by_weak
    return shares


def _log_likelihood(labels: Floats, total: float, m: Floats, counts: Floats) -> Floats:
    """Of so many labels where m has such pseudo-counts: a negative binomial, but for
    what is the same for all.
    """
    from scipy.special import gammaln  # only training on labels needs it

    exposure = np.maximum(counts, 1e-9)
    events = np.maximum(m, 1e-12) * exposure
    likelihood: Floats = (
        gammaln(events + labels)
        - gammaln(events)
        + events * np.log(exposure / (exposure + total))
        + labels * np.log(total / (exposure + total))
    )
    return likelihood


def _found(
    comparison: str, level: Level, m: float, matches: float, effective: float
) -> LevelFound:
    error = (
        math.sqrt((1 - m) / (m * effective)) / math.log(2)
        if matches and effective
        else None
    )
    return LevelFound(
        comparison,
        level.label,
        level.value,
        level.m or 0.0,
        m,
        level.u or 0.0,
        round(matches, 1),
        error,
    )


def _matches(pairs: Sequence[Labelled]) -> npt.NDArray[np.float64]:
    """For how many matches each pair stands."""
    answers: dict[str, list[bool]] = {}
    for pair in pairs:
        if pair.answer != UNCERTAIN:
            answers.setdefault(pair.stratum, []).append(pair.answer == MATCH)
    all_labels = [label for labels in answers.values() for label in labels]

    def share(stratum: str) -> float:
        labels = answers.get(stratum) or all_labels
        return sum(labels) / len(labels) if labels else 0.0

    chances = {MATCH: lambda _: 1.0, NO_MATCH: lambda _: 0.0, UNCERTAIN: share}
    return np.array(
        [pair.stands_for * chances[pair.answer](pair.stratum) for pair in pairs]
    )


def _effective(weights: npt.NDArray[np.float64]) -> float:
    squares = float((weights**2).sum())
    return float(weights.sum()) ** 2 / squares if squares else 0.0
