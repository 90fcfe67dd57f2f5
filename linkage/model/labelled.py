"""m from pairs that people have decided: the share of matches at each level, weighted up to all pairs.

Splink's estimate_m_from_pairwise_labels counts labelled matches by level, each once. Reviewers do not see pairs at
random: most come from where the model is least sure, and would make every field look worse than it is. So each pair
counts for as many as it stands for, and an uncertain one for as much of a match as the decided pairs about it are.
"""

import math
from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from linkage.errors import InputError
from linkage.model.splink_json import Model, from_dict
from linkage.model.training.expectation import UNSEEN_MATCHES

MATCH, NO_MATCH, UNCERTAIN = "match", "no match", "uncertain"


@dataclass(frozen=True)
class Labelled:
    """A pair that people have looked at.

    Attributes:
        levels: the level of each comparison of the model; -1 where a side does not know it.
        answer: match, no match or uncertain.
        stands_for: of how many pairs it was drawn.
        stratum: what it was drawn from.
    """

    levels: tuple[int, ...]
    answer: str
    stands_for: float = 1.0
    stratum: str = ""


@dataclass(frozen=True)
class LevelFound:
    """A level's m before and now; matches: for how many the counted pairs stand; error: of log2 m, None unseen."""

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
    """What labels taught: pairs by answer, matches they stand for, as how many independent ones they count."""

    answers: dict[str, int]
    matches: float
    effective: float
    levels: tuple[LevelFound, ...]

    def as_dict(self) -> dict[str, Any]:
        """For the file beside a model: counts, no values."""
        return {
            "answers": self.answers,
            "matches": round(self.matches, 1),
            "effective": round(self.effective, 1),
            "levels": [vars(level) for level in self.levels],
        }


def m_from_labels(
    model: Model, pairs: Sequence[Labelled], *, pseudo: float = UNSEEN_MATCHES
) -> tuple[Model, LabelReport]:
    """The model with m as labelled matches show it; u and the prior stay.

    A comparison's m are shares of the matches in which both sides know it. They count as the number of independent
    ones that would tell as much (Kish: the square of the weights' sum over the sum of their squares), beside `pseudo`
    matches that show what the model said before. Comparisons given other columns, and m that the model fixes, stay.

    Raises:
        InputError: no pair was said to be a match.
    """
    weights = _matches(pairs)
    if not any(pair.answer == MATCH for pair in pairs):
        raise InputError("no pair is labelled a match\n  label some first: m is what matches show")
    levels = np.array([pair.levels for pair in pairs])
    raw, found = deepcopy(model.raw), []
    for place, (comparison, written) in enumerate(zip(model.comparisons, raw["comparisons"], strict=True)):
        if comparison.given:
            continue
        known = levels[:, place] >= 0
        total, effective = float(weights[known].sum()), _effective(weights[known])
        for level, told in zip(comparison.levels, written["comparison_levels"], strict=True):
            if level.value < 0:
                continue
            at = float(weights[levels[:, place] == level.value].sum())
            before = level.m or 0.0
            m = before
            if total > 0 and not told.get("fix_m_probability"):
                m = (at / total * effective + before * pseudo) / (effective + pseudo)
                told["m_probability"] = float(f"{m:.12g}")
            error = math.sqrt((1 - m) / (m * effective)) / math.log(2) if at and effective else None
            found.append(
                LevelFound(comparison.name, level.label, level.value, before, m, level.u or 0.0, round(at, 1), error)
            )
    answers = {answer: sum(pair.answer == answer for pair in pairs) for answer in (MATCH, NO_MATCH, UNCERTAIN)}
    return from_dict(raw), LabelReport(answers, float(weights.sum()), _effective(weights), tuple(found))


def _matches(pairs: Sequence[Labelled]) -> npt.NDArray[np.float64]:
    """For how many matches each pair stands."""
    decided: dict[str, list[bool]] = {}
    for pair in pairs:
        if pair.answer != UNCERTAIN:
            decided.setdefault(pair.stratum, []).append(pair.answer == MATCH)
    everywhere = [said for of in decided.values() for said in of]

    def share(stratum: str) -> float:
        said = decided.get(stratum) or everywhere
        return sum(said) / len(said) if said else 0.0

    likely = {MATCH: lambda _: 1.0, NO_MATCH: lambda _: 0.0, UNCERTAIN: share}
    return np.array([pair.stands_for * likely[pair.answer](pair.stratum) for pair in pairs])


def _effective(weights: npt.NDArray[np.float64]) -> float:
    squares = float((weights**2).sum())
    return float(weights.sum()) ** 2 / squares if squares else 0.0
