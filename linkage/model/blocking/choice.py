"""The smallest set of blocking rules for two sides: keys combined, their pairs counted, and the search over them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from linkage.engine import Engine, Table
from linkage.model.blocking.agreement import Cases
from linkage.model.blocking.candidates import Key, combinations, combined
from linkage.model.blocking.counting import RulePairs, pairs_by_keys, rule_pairs
from linkage.model.blocking.search import Choice, smallest
from linkage.model.sampling import drawn
from linkage.model.splink_json import BlockingRule

_COUNTED_UNITS = 50_000
_MOST_KEYS = 3
_MOST_OF_A_SIZE = 300  # rules of a number of keys whose pairs are counted: those that reach most
_CHEAP = 0.02  # of the budget: a rule that makes fewer pairs is not made stricter, which could save no more than that
_LEFT = 5  # rules that are shown beside those chosen


@dataclass(frozen=True)
class ChosenRule:
    """A rule, its pairs and the share of matches that it reaches."""

    rule: BlockingRule
    pairs: RulePairs
    alone: float
    together: float  # with the rules before it


@dataclass(frozen=True)
class Considered:
    """A rule that was not chosen."""

    rule: BlockingRule
    pairs: float
    alone: float
    why: str


@dataclass(frozen=True)
class ChosenRules:
    """What to block on, and what that rests on."""

    rules: tuple[ChosenRule, ...]
    recall: float
    reached: bool
    is_smallest: bool
    is_measured: bool  # against truth; else estimated from the model
    matches: float  # that recalls rest on
    considered: int
    left: tuple[Considered, ...]


def choose(
    engine: Engine, keys: Sequence[Key], cases: Cases, left: Table, right: Table, *, target: float, budget: float
) -> ChosenRules:
    """Choose rules.

    Args:
        cases: on which of the keys matches agree.
        left, right: unit_id and the keys' columns.
        target: share of the matches to reach.
        budget: the most pairs of all rules.
    """
    candidates = _candidates(engine, keys, cases, left, right, budget)
    reaches = np.array([cases.reached(_bits(places)) for places, _ in candidates], dtype=bool)
    reaches = reaches.reshape(len(candidates), len(cases.shares))
    shares = cases.shares / cases.shares.sum() if cases.measured else cases.shares
    costs = [pairs for _, pairs in candidates]
    choice = smallest(reaches, shares, costs, target=target, budget=budget)
    rules = [combined([keys[place] for place in candidates[n][0]]) for n in choice.places]
    made = rule_pairs(engine, rules, left, right)
    together = np.logical_or.accumulate(reaches[list(choice.places)], axis=0) if rules else reaches[:0]
    chosen = tuple(
        ChosenRule(rule, pairs, float(shares[reaches[n]].sum()), float(shares[so_far].sum()))
        for rule, pairs, n, so_far in zip(rules, made, choice.places, together, strict=True)
    )
    alone = reaches @ shares
    others = [n for n in np.argsort(-alone, kind="stable") if n not in choice.places]
    return ChosenRules(
        rules=chosen,
        recall=choice.recall,
        reached=choice.reached,
        is_smallest=choice.is_smallest,
        is_measured=cases.measured,
        matches=cases.matches,
        considered=len(candidates),
        left=tuple(
            Considered(
                combined([keys[place] for place in candidates[n][0]]),
                costs[n],
                float(alone[n]),
                _why_left(costs[n], choice, budget),
            )
            for n in _telling(others, costs, budget)
        ),
    )


def _candidates(
    engine: Engine, keys: Sequence[Key], cases: Cases, left: Table, right: Table, budget: float
) -> list[tuple[tuple[int, ...], float]]:
    """Rules of one to three keys with the pairs that they make, counted on samples.

    A rule is made stricter only while it is dear: what a third key saves of a cheap rule buys nothing.
    """
    names = list(dict.fromkeys(column for key in keys for column in key.rule.columns))
    sides = drawn(engine, (left, right), names, most=_COUNTED_UNITS, seed=11)
    scale = 1 / max(sides[0].share * sides[1].share, 1e-18)
    found: dict[tuple[int, ...], float] = {}
    for size in range(1, _MOST_KEYS + 1):
        asked = [
            places
            for places in combinations(keys, size)
            if all(found.get(part, 0.0) > _CHEAP * budget for part in _parts(places))
        ]
        asked.sort(key=lambda places: (-float(cases.shares[cases.reached(_bits(places))].sum()), places))
        asked = asked[:_MOST_OF_A_SIZE]
        counted = pairs_by_keys(engine, [combined([keys[p] for p in places]) for places in asked], sides)
        # None seen on the samples may still be a few of all.
        found |= {places: max(pairs or 0, 0.5) * scale for places, pairs in zip(asked, counted, strict=True)}
    engine.drop(*(side.sample for side in sides))
    return list(found.items())


def _parts(places: tuple[int, ...]) -> list[tuple[int, ...]]:
    """The rules of one key less."""
    return [places[:n] + places[n + 1 :] for n in range(len(places))] if len(places) > 1 else []


def _bits(places: Sequence[int]) -> int:
    return sum(1 << place for place in places)


def _telling(others: Sequence[int], costs: Sequence[float], budget: float) -> list[int]:
    """Of the rules left, those that reach most: some that the budget allows, some that it does not."""
    within = [n for n in others if costs[n] <= budget][:_LEFT]
    beyond = [n for n in others if costs[n] > budget][:_LEFT]
    return [*within, *beyond]


def _why_left(pairs: float, choice: Choice, budget: float) -> str:
    if pairs > budget:
        return "more pairs than the budget"
    if pairs + choice.pairs > budget and not choice.reached:
        return "the budget is spent"
    return "not needed" if choice.reached else "adds too little"
