"""The effect of other settings on a step: links, review, expected error, and which
links are gained and lost.

The match weight of every scored pair is exact: it changes by the weights of its
comparison levels. Decisions are those of the run's own resolver on the changed weights;
where it decides as it does for the run's settings, the run's decision stands, with what
else the run knew (duplicates, links of the last release). Pairs below the run's floor
are not stored: if other settings lift them, only a new run finds them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from scipy.special import expit, logit

from linkage.engine import Engine
from linkage.match.passes import OVERRIDE
from linkage.match.resolve import resolve
from linkage.match.thresholds import weight_of
from linkage.model import Model
from linkage.pipeline.opened import OpenStep
from quality.measures.estimated_error import Unseen, of_sums
from quality.tune.settings import Place, Settings, settings_of_model, with_settings

Floats = npt.NDArray[np.float64]
Ids = npt.NDArray[np.int64]
Codes = npt.NDArray[np.int8]
Groups = Mapping[str, tuple[Sequence[str], Ids]]
"""Characteristic to its values, and for each pair the place of its left unit's value.
"""

ACCEPTED, REVIEW, REJECTED = range(3)
DECISIONS = ("accepted", "review", "rejected")
BIN = 2.0  # match weight
EXAMPLES = 8  # pairs of a list


@dataclass(frozen=True)
class Bin:
    """Pairs of a range of match weights, by decision."""

    low: float
    accepted: int
    review: int
    rejected: int


@dataclass(frozen=True)
class Example:
    """A pair with its match weight and decision in the run and now."""

    left: int
    right: int
    before: str
    after: str
    weight_before: float
    weight_after: float


@dataclass(frozen=True)
class Group:
    """Links of a subgroup of the left side: in the run, gained and lost. Exact counts,
    for the analyst only.
    """

    characteristic: str
    value: str
    links: int
    gained: int
    lost: int


@dataclass(frozen=True)
class Outcome:
    """The effect of some settings.

    Attributes:
        decisions: accepted, review, rejected to the number of pairs.
        expected: quality.measures.estimated_error.of_sums of the links.
        weights: match weight of each level.
        gained, lost: links that the run has not, and that only it has.
        to_review: pairs that the run rejected, and that go to review now.
        examples: of gained, lost and to_review, and of "nearest": pairs nearest to the
            acceptance threshold.
        is_partial: whether pairs that the run did not store may be links by these
            settings.
    """

    decisions: Mapping[str, int]
    expected: Mapping[str, Any]
    weights: Mapping[Place, float]
    bins: Sequence[Bin]
    gained: int = 0
    lost: int = 0
    to_review: int = 0
    examples: Mapping[str, Sequence[Example]] = field(default_factory=dict)
    groups: Sequence[Group] = ()
    is_partial: bool = False


class Pairs:
    """The scored pairs of a step as arrays, in the order of their units.

    Attributes:
        pattern: row of `levels`, (patterns, comparisons) values of the comparison
            levels; -1 is not known.
        is_forced: settled by people.
    """

    def __init__(self, engine: Engine, step: OpenStep) -> None:
        table = engine.arrow(
            engine.sql(
                """
                select left_id, right_id, pattern, method, match_weight,
                    match_probability, decision
                from {links}
                order by left_id, right_id
                """,
                links=step.links,
            )
        )
        coded = table["pattern"].combine_chunks().dictionary_encode()
        levels = np.array(
            [
                [int(value) for value in text.split(",")]
                for text in coded.dictionary.to_pylist()
            ]
        )
        self.levels: Ids = levels.reshape(-1, len(step.model.comparisons)).astype(
            np.int64
        )
        self.pattern: Ids = coded.indices.to_numpy(zero_copy_only=False).astype(
            np.int64
        )
        self.left, self.right = (
            table[f"{side}_id"].to_numpy().astype(np.int64)
            for side in ("left", "right")
        )
        self.weight, self.probability = (
            numbers(table, "match_weight"),
            numbers(table, "match_probability"),
        )
        self.method = table["method"].combine_chunks()
        self.is_forced = np.asarray(
            self.method.to_numpy(zero_copy_only=False) == OVERRIDE
        )
        self.decision = decision_codes(table["decision"])

    def __len__(self) -> int:
        return len(self.left)


def numbers(table: pa.Table, name: str) -> Floats:
    """A column as an array."""
    return np.asarray(table[name].to_numpy(zero_copy_only=False), np.float64)


def decision_codes(column: pa.ChunkedArray) -> Codes:
    """Decisions as places in DECISIONS."""
    values = np.asarray(column.to_numpy(zero_copy_only=False))
    return np.select([values == name for name in DECISIONS], range(3), REJECTED).astype(
        np.int8
    )


def pattern_weights(model: Model, levels: Ids) -> Floats:
    """The match weight of each pattern without the frequencies of values."""
    weights = np.full(len(levels), model.prior_weight)
    for place, comparison in enumerate(model.comparisons):
        by_value = np.zeros(
            max(level.value for level in comparison.levels) + 2
        )  # the last is for -1
        for level in comparison.levels:
            base = np.log2(level.tf_base_u or 1.0)
            share = level.tf_weight if level.adjusted else 0.0
            by_value[level.value] = level.weight + share * base
        weights += by_value[levels[:, place]]
    return weights


class Trial:
    """A step's pairs, to be decided by one setting after another.

    Args:
        unseen: estimated matches among pairs that were not scored.
    """

    def __init__(
        self,
        engine: Engine,
        step: OpenStep,
        pairs: Pairs,
        groups: Groups,
        unseen: Unseen | None,
    ) -> None:
        self._engine, self._step, self._pairs, self._groups, self._unseen = (
            engine,
            step,
            pairs,
            groups,
            unseen,
        )
        accept = step.step.accept_probability
        self.settings = settings_of_model(
            step.model, accept, min(step.step.review_probability, accept)
        )
        self._base = pattern_weights(step.model, pairs.levels)
        self._as_run, self._probability = self._resolved(pairs.weight, self.settings)
        top, bottom = (
            float(pairs.weight.max(initial=0.0)),
            float(pairs.weight.min(initial=0.0)),
        )
        self._edges = np.arange(np.floor(bottom / BIN) * BIN, top + 2 * BIN, BIN)
        pattern_counts = np.bincount(pairs.pattern, minlength=len(pairs.levels))
        self.pairs_at: dict[Place, int] = {
            (comparison.name, int(value)): int(
                pattern_counts[pairs.levels[:, place] == value].sum()
            )
            for place, comparison in enumerate(step.model.comparisons)
            for value in np.unique(pairs.levels[:, place])
        }

    def model(self, settings: Settings) -> Model:
        """The model with these settings."""
        return with_settings(self._step.model, settings)

    def outcome(self, settings: Settings) -> Outcome:
        """The effect of these settings."""
        pairs, model = self._pairs, self.model(settings)
        weight = (
            pairs.weight
            + (pattern_weights(model, pairs.levels) - self._base)[pairs.pattern]
        )
        new_decisions, probability = self._resolved(weight, settings)
        before, decision = (
            pairs.decision,
            np.where(new_decisions == self._as_run, pairs.decision, new_decisions),
        )
        gains, losses = (
            (a == ACCEPTED) & (b != ACCEPTED)
            for a, b in ((decision, before), (before, decision))
        )
        review_flags = (decision == REVIEW) & (before == REJECTED)
        accept = weight_of(settings.accept) - self._step.thresholds.adjustment
        places = {
            name: np.flatnonzero(mask)
            for name, mask in (
                ("gained", gains),
                ("lost", losses),
                ("to_review", review_flags),
            )
        }
        places["nearest"] = np.arange(len(pairs))
        return Outcome(
            decisions={
                name: int((decision == code).sum())
                for code, name in enumerate(DECISIONS)
            },
            expected=self._expected(decision, probability),
            weights={
                (c.name, level.value): level.weight
                for c in model.comparisons
                for level in c.levels
            },
            bins=self._bins(weight, decision),
            gained=len(places["gained"]),
            lost=len(places["lost"]),
            to_review=len(places["to_review"]),
            examples={
                name: self._examples(rows, weight, decision, accept)
                for name, rows in places.items()
            },
            groups=self._by_group(places["gained"], places["lost"]),
            is_partial=self._lifts_unstored(model, settings),
        )

    def _resolved(self, weight: Floats, settings: Settings) -> tuple[Codes, Floats]:
        """Decisions and match probabilities by the resolver of a run."""
        pairs, open_step = self._pairs, self._step
        table = {
            "left_id": pairs.left,
            "right_id": pairs.right,
            "method": pairs.method,
            "match_weight": weight,
        }
        thresholds = {
            "accept_probability": settings.accept,
            "review_probability": settings.review,
        }
        step = open_step.step.model_copy(update=thresholds)
        sizes = {name: side.size for name, side in open_step.sides.items()}
        resolution = resolve(
            self._engine, step, self._engine.from_arrow(pa.table(table)), sizes
        ).pairs
        query = "select decision, match_probability from {r} order by left_id, right_id"
        decisions = self._engine.arrow(self._engine.sql(query, r=resolution))
        self._engine.drop(resolution)
        return decision_codes(decisions["decision"]), numbers(
            decisions, "match_probability"
        )

    def _expected(self, decision: Codes, probability: Floats) -> Mapping[str, Any]:
        """Expected precision and recall: the run's probabilities, moved by the change
        of the resolver's log odds.
        """
        chances = np.asarray(
            expit(
                _log_odds(self._pairs.probability)
                + _log_odds(probability)
                - _log_odds(self._probability)
            )
        )
        chances[self._pairs.is_forced] = 1.0
        variance, linked = chances * (1 - chances), decision == ACCEPTED
        right, misses = (
            (float(chances[mask].sum()), float(variance[mask].sum()))
            for mask in (linked, ~linked)
        )
        return of_sums(int(linked.sum()), right, misses, self._unseen)

    def _bins(self, weight: Floats, decision: Codes) -> list[Bin]:
        """Pairs by match weight; the first and the last bin hold what lies beyond the
        run's weights.
        """
        places = np.clip(
            ((weight - self._edges[0]) / BIN).astype(np.int64), 0, len(self._edges) - 1
        )
        bin_counts = np.bincount(
            places * 3 + decision, minlength=3 * len(self._edges)
        ).reshape(-1, 3)
        return [
            Bin(float(low), *map(int, row))
            for low, row in zip(self._edges, bin_counts, strict=True)
        ]

    def _examples(
        self, places: Ids, weight: Floats, decision: Codes, accept: float
    ) -> list[Example]:
        """The pairs nearest to the acceptance threshold."""
        distance = np.abs(weight[places] - accept)
        if len(places) > EXAMPLES:
            nearest = np.argpartition(distance, EXAMPLES)[:EXAMPLES]
            places, distance = places[nearest], distance[nearest]
        pairs = self._pairs
        return [
            Example(
                int(pairs.left[place]),
                int(pairs.right[place]),
                DECISIONS[pairs.decision[place]],
                DECISIONS[decision[place]],
                float(pairs.weight[place]),
                float(weight[place]),
            )
            for place in places[np.lexsort((places, distance))]
        ]

    def _by_group(self, gains: Ids, losses: Ids) -> list[Group]:
        linked, groups = self._pairs.decision == ACCEPTED, []
        for characteristic, (values, codes) in self._groups.items():
            links, gain_counts, loss_counts = (
                np.bincount(part, minlength=len(values))
                for part in (codes[linked], codes[gains], codes[losses])
            )
            groups += [
                Group(
                    characteristic,
                    value,
                    int(links[n]),
                    int(gain_counts[n]),
                    int(loss_counts[n]),
                )
                for n, value in enumerate(values)
                if links[n] or gain_counts[n]
            ]
        return groups

    def _lifts_unstored(self, model: Model, settings: Settings) -> bool:
        """Whether a pair below the run's floor may reach the review threshold or
        compete by these settings.
        """
        lift = max(0.0, model.prior_weight - self._step.model.prior_weight) + sum(
            max(
                (
                    max(0.0, b.weight - a.weight)
                    for a, b in zip(old.levels, new.levels, strict=True)
                ),
                default=0.0,
            )
            for old, new in zip(
                self._step.model.comparisons, model.comparisons, strict=True
            )
        )
        lowest = (
            weight_of(min(settings.review, settings.accept))
            - self._step.thresholds.adjustment
        )
        return lift > 0 or lowest < self._step.floor - 1e-9


def _log_odds(probability: Floats) -> Floats:
    return np.asarray(logit(np.clip(probability, 1e-15, 1 - 1e-15)))
