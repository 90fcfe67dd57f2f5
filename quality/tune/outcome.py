"""What a step would come to by other settings: links, review, expected error, and which links come and go.

What is counted and what is reckoned:

- the weight of every pair that the run kept is exact, and so is the fate of a pair that stands alone;
- competing pairs are decided by the posterior, as in a run; what a run decides besides (duplicates of one person, links
  held since a release) stays as it was until the posterior comes to something else for the pair;
- a probability is the run's own, moved by the bits by which the pair's lead over its rivals changed;
- pairs below the run's floor were not kept: a change that lifts them finds them only in a new run.
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from linkage.match.thresholds import Thresholds
from linkage.model import Model
from quality.explain.opening import OpenStep
from quality.measures.estimated_error import Unseen, of_sums
from quality.tune.app import Bin, Example, Group, Outcome, Settings
from quality.tune.edited import edited, of_model
from quality.tune.evidence import (
    ACCEPTED,
    DECISIONS,
    REJECTED,
    REVIEW,
    Codes,
    Evidence,
    Floats,
    Ids,
    adjusted_columns,
    pattern_weights,
)
from quality.tune.race import Contest

BIN = 2.0  # bits of match weight
EXAMPLES = 8
_NEAR = 10.0  # bits from the threshold, within which a pair is looked for that may be decided otherwise


class Trial:
    """A step's evidence, to be decided by one setting after another.

    Args:
        groups: characteristic to its values, and for each pair the place of its left unit's value in these.
        unseen: matches of which the step is expected to have kept no pair.
    """

    def __init__(
        self,
        step: OpenStep,
        evidence: Evidence,
        groups: Mapping[str, tuple[Sequence[str], Ids]],
        unseen: Unseen | None,
    ) -> None:
        self._step, self._pairs, self._groups, self._unseen = step, evidence, groups, unseen
        limits = step.thresholds
        self.settings = of_model(step.model, limits.accept, limits.review)
        self._rarity: dict[frozenset[str], Floats] = {}  # of the frequencies that were asked for last
        self._open = np.flatnonzero(~(evidence.certain | evidence.settled))
        certain = evidence.certain & ~evidence.settled
        self._unforced = certain & ~evidence.forced
        self._at_first = np.where(certain, np.array(ACCEPTED, evidence.decision.dtype), evidence.decision)
        self._contest = Contest(evidence.left[self._open], evidence.right[self._open], step.cardinality)
        self._as_run, _ = self._contest.decide(evidence.weight[self._open], self._limits(self.settings))
        self._lead = self._lead_of(evidence.weight)
        said = np.clip(evidence.probability, 1e-15, 1 - 1e-15)
        self._log_odds = np.log2(said) - np.log2(1 - said)
        linked = evidence.decision == ACCEPTED
        self._links = {n: np.bincount(codes[linked], minlength=len(v)) for n, (v, codes) in groups.items()}
        self._kept_by_level = self._by_level()
        top = float(evidence.weight.max(initial=0.0))
        self._edges = np.arange(np.floor(evidence.weight.min(initial=0.0) / BIN) * BIN, top + 2 * BIN, BIN)

    def reached(self, comparison: str, value: int) -> int:
        """How many pairs that the run kept are at a level."""
        return self._kept_by_level.get((comparison, value), 0)

    def model(self, settings: Settings) -> Model:
        """The model by these settings."""
        return edited(self._step.model, settings)

    def weights(self, model: Model, settings: Settings) -> Floats:
        """Match weight of every pair."""
        pairs = self._pairs
        if settings.adjusted not in self._rarity:
            of_columns = (bits for column, bits in pairs.rarity.items() if column in settings.adjusted)
            self._rarity = {settings.adjusted: sum(of_columns, pairs.rest)}
        weight: Floats = pattern_weights(model, pairs.levels)[pairs.pattern] + self._rarity[settings.adjusted]
        return weight

    def outcome(self, settings: Settings) -> Outcome:
        """What the step would come to."""
        started = time.perf_counter()
        model = self.model(settings)
        weight = self.weights(model, settings)
        decision = self._decided(weight, settings)
        lead = self._lead_of(weight)
        before = self._pairs.decision
        gained, lost = ((a == ACCEPTED) & (b != ACCEPTED) for a, b in ((decision, before), (before, decision)))
        to_review, from_review = ((a == REVIEW) & (b != REVIEW) for a, b in ((decision, before), (before, decision)))
        near = self._open[np.abs(weight[self._open] - settings.accept) < _NEAR]
        if len(near) < EXAMPLES:
            near = self._open
        examples = {
            name: self._examples(places, weight, decision, settings.accept)
            for name, places in (
                ("gained", np.flatnonzero(gained)),
                ("lost", np.flatnonzero(lost)),
                ("to_review", np.flatnonzero(to_review)),
                ("doubtful", near),
            )
        }
        return Outcome(
            decisions={name: int((decision == code).sum()) for code, name in enumerate(DECISIONS)},
            expected=self._expected(decision, lead),
            weights={(c.name, level.value): level.weight for c in model.comparisons for level in c.levels},
            bins=self._bins(weight, decision),
            gained=int(gained.sum()),
            lost=int(lost.sum()),
            to_review=int(to_review.sum()),
            from_review=int(from_review.sum()),
            examples=examples,
            groups=self._by_group(np.flatnonzero(gained), np.flatnonzero(lost)),
            estimates=self._estimates(model, settings),
            milliseconds=1000 * (time.perf_counter() - started),
        )

    def _limits(self, settings: Settings) -> Thresholds:
        limits = self._step.thresholds
        keep = settings.accept if limits.keep == limits.accept else min(limits.keep, settings.accept)
        return replace(limits, accept=settings.accept, review=min(settings.review, settings.accept), keep=keep)

    def _decided(self, weight: Floats, settings: Settings) -> Codes:
        pairs, run = self._pairs, self._step.thresholds
        decision = self._at_first.copy()
        now, before = weight[self._open], pairs.decision[self._open]
        raced, _ = self._contest.decide(now, self._limits(settings))
        found = np.where(raced == self._as_run, before, raced)
        # What the run decided besides its rounds needs weight, too.
        lighter = (found == ACCEPTED) & (now < settings.accept) & (pairs.weight[self._open] >= run.accept)
        found[lighter] = np.where(now[lighter] >= settings.review, REVIEW, REJECTED)
        found[(found == REVIEW) & (now < settings.review)] = REJECTED
        decision[self._open] = found
        decision[(weight < settings.review) & self._unforced] = REVIEW
        return decision

    def _lead_of(self, weight: Floats) -> Floats:
        lead = weight.copy()
        gain = self._step.thresholds.gain
        _, odds = self._contest.decide(weight[self._open], self._step.thresholds)
        lead[self._open] = odds - gain
        return lead

    def _expected(self, decision: Codes, lead: Floats) -> Mapping[str, Any]:
        """Precision and recall by the run's probabilities, moved by the change of each pair's lead."""
        said = 1 / (1 + np.exp2(np.clip(self._lead - lead - self._log_odds, -150, 150)))
        said[self._pairs.forced] = 1.0  # people have decided, as quality.measures.accuracy.SAID has it
        spread = said * (1 - said)
        linked = decision == ACCEPTED
        right, missed = ((float(said[at].sum()), float(spread[at].sum())) for at in (linked, ~linked))
        return of_sums(int(linked.sum()), right, missed, self._unseen)

    def _bins(self, weight: Floats, decision: Codes) -> list[Bin]:
        places = np.clip(((weight - self._edges[0]) * (1 / BIN)).astype(np.int64), 0, len(self._edges) - 1)
        counted = np.bincount(places * 3 + decision, minlength=3 * len(self._edges)).reshape(-1, 3)
        return [
            Bin(float(low), *(int(row[code]) for code in (ACCEPTED, REVIEW, REJECTED)))
            for low, row in zip(self._edges, counted, strict=True)
        ]

    def _examples(self, places: Ids, weight: Floats, decision: Codes, accept: float) -> list[Example]:
        """Those nearest to the threshold, which tell most."""
        near = np.abs(weight[places] - accept)
        if len(places) > EXAMPLES:
            chosen = np.argpartition(near, EXAMPLES)[:EXAMPLES]
            places, near = places[chosen], near[chosen]
        places = places[np.lexsort((places, near))]
        pairs = self._pairs
        return [
            Example(
                int(pairs.left[at]),
                int(pairs.right[at]),
                DECISIONS[pairs.decision[at]],
                DECISIONS[decision[at]],
                float(pairs.weight[at]),
                float(weight[at]),
            )
            for at in places
        ]

    def _by_group(self, gained: Ids, lost: Ids) -> list[Group]:
        """By places of the pairs that come and go: a few, where the pairs are many."""
        found = []
        for characteristic, (values, codes) in self._groups.items():
            links = self._links[characteristic]
            came, went = (np.bincount(codes[places], minlength=len(values)) for places in (gained, lost))
            found += [
                Group(characteristic, value, int(links[n]), int(came[n]), int(went[n]))
                for n, value in enumerate(values)
                if links[n] or came[n]
            ]
        return found

    def _by_level(self) -> dict[tuple[str, int], int]:
        counted = np.bincount(self._pairs.pattern, minlength=len(self._pairs.levels))
        found: dict[tuple[str, int], int] = {}
        for place, comparison in enumerate(self._step.model.comparisons):
            for value in np.unique(self._pairs.levels[:, place]):
                at = self._pairs.levels[:, place] == value
                found[comparison.name, int(value)] = int(counted[at].sum())
        return found

    def _estimates(self, model: Model, settings: Settings) -> list[str]:
        """What of an outcome is no count, for these settings."""
        told = []
        lifted = sum(
            max((max(0.0, new.weight - old.weight) for new, old in zip(a.levels, b.levels, strict=True)), default=0.0)
            for a, b in zip(model.comparisons, self._step.model.comparisons, strict=True)
        ) + max(0.0, model.prior_weight - self._step.model.prior_weight)  # fmt: skip
        off = set(adjusted_columns(self._step.model)) - settings.adjusted
        lowest = min(settings.review, settings.accept)
        if off or self._step.floor + lifted > lowest + 1e-9 or lowest < self._step.floor - 1e-9:
            told.append(
                "Pairs that weighed too little for the run to keep them may be links, or rivals, by these settings: "
                "only a new run finds them."
            )
        if self._step.of_one_file:
            told.append("Records that come together by a third one stay so; whom a new link joins, a new run finds.")
        if self._step.step.duplicates == "join":
            told.append("Second records of a person stay linked while they weigh enough; none is looked for anew.")
        if settings != self.settings and self._step.thresholds.gain:
            told.append("What the cardinality adds to a weight is taken as in the run.")
        return told


def alike(one: Outcome, other: Outcome) -> bool:
    """Whether two outcomes are the same but for the time that they took."""
    return replace(one, milliseconds=0.0) == replace(other, milliseconds=0.0)
