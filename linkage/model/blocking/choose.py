"""Blocking rules chosen for a model: a greedy set cover of the matches by rules, within
a budget of pairs.

A rule is equality of up to three keys; the keys are what the levels of the model itself
ask to be equal: a column, any value of a history, a part of a value. Which keys matches
agree on is known from true pairs, or else from the model's m, fields erring
independently. Greedy choice reaches at least 63 % of what the best set of as many rules
reaches (Nemhauser, Wolsey and Fisher, Mathematical Programming 14, 1978), and is used
likewise by Bilenko, Kamath and Mooney (ICDM 2006).
"""

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from linkage.engine import Engine, Table, one, quote, rows
from linkage.model.blocking.counting import COUNTED_UNITS, pairs_by_keys
from linkage.model.blocking.recall import Event, by_field, expected_cases, level_events
from linkage.model.compiled import any_element
from linkage.model.conditions import BlockingRule
from linkage.model.sampling import Side, drawn
from linkage.model.splink_json import Model

PAIRS_PER_RECORD = 10.0
"""Pairs of all rules for each record of the larger side: what is scored in a small part
of a run's time.
"""
AFFORDED_PAIRS = 5_000_000
"""Pairs of all rules that files of any size may have: some seconds of scoring."""
PAIRS_PER_MATCH = 100_000
"""Pairs for each further match up to which a rule may draw on these: a twentieth of a
second of scoring.
"""
LEAST_GAIN = 2e-4
"""Share of the matches that a rule adds at least."""
MOST_RULES = 12


@dataclass(frozen=True)
class ChosenRule:
    """A rule, its expected pairs, and the share of matches that it reaches alone and
    with the rules before it.
    """

    rule: BlockingRule
    pairs: int
    alone: float
    together: float


@dataclass(frozen=True)
class ChosenRules:
    """What to block on, and what that rests on."""

    rules: tuple[ChosenRule, ...]
    # share of the matches that some rule reaches: measured against truth, or else by
    # the model
    recall: float
    is_measured: bool
    matches: float  # that the recall rests on; expected ones where it is not measured
    considered: int  # rules that were compared

    @property
    def pairs(self) -> int:
        """Expected pairs; what two rules both make counts twice."""
        return sum(rule.pairs for rule in self.rules)


@dataclass(frozen=True)
class _Cases:
    """What matches show: sets of agreeing keys (bits by their places), and the share of
    all matches that each has.
    """

    agreeing: npt.NDArray[np.uint64]
    shares: npt.NDArray[np.float64]
    matches: float

    def covers(self, rule: Sequence[int]) -> npt.NDArray[np.bool_]:
        """Which cases a rule, a set of keys, reaches."""
        bits = np.uint64(sum(1 << place for place in rule))
        mask: npt.NDArray[np.bool_] = (self.agreeing & bits) == bits
        return mask


def choose_rules(
    engine: Engine,
    model: Model,
    left: Table,
    right: Table,
    *,
    made_of: Mapping[str, str] | None = None,
    target: float = 1.0,
    budget: float | None = None,
    true_pairs: Table | None = None,
) -> ChosenRules:
    """Choose rules for linking two sides.

    Args:
        model: trained.
        left, right: unit_id and the model's columns.
        made_of: columns that are made of others: postcode_sector to postcode.
        target: share of the matches to reach.
        budget: the most pairs of all rules; else PAIRS_PER_RECORD, or more where they
            reach matches.
        true_pairs: left_id, right_id, to measure recall by.
    """
    keys = _keys(model)
    names = list(dict.fromkeys(_column(key) for key in keys))
    sides = drawn(engine, (left, right), names, most=COUNTED_UNITS, seed=7)
    known = _known_shares(engine, model, (left, right))
    cases = (
        _measured_cases(engine, keys, left, right, true_pairs)
        if true_pairs is not None
        else _expected_cases(model, keys, known, made_of or {}, sides)
    )
    search = _Search(engine, keys, cases, sides, budget)
    selection = search.greedy(target)
    engine.drop(*(side.sample for side in sides))
    is_covered = np.zeros(len(cases.shares), dtype=bool)
    rules = []
    for rule, pairs in selection.items():
        is_reached = cases.covers(rule)
        is_covered |= is_reached
        own_share, total_share = (
            float(cases.shares[is_reached].sum()),
            float(cases.shares[is_covered].sum()),
        )
        rules.append(
            ChosenRule(
                _rule([keys[place] for place in rule]),
                round(pairs),
                own_share,
                total_share,
            )
        )
    recall = rules[-1].together if rules else 0.0
    return ChosenRules(
        tuple(rules), recall, true_pairs is not None, cases.matches, search.considered
    )


def _keys(model: Model) -> list[Event]:
    """What the levels of each field ask to be equal, without a column of which a
    history is asked for as well.
    """
    events = [
        event
        for comparison in model.fields
        for level in comparison.levels
        for event in level_events(level)
    ]
    lists = {event.column for event in events if event.of_list}
    keys = [
        event
        for event in dict.fromkeys(events)
        if event.of_list or event.value != quote(event.column)
    ]
    keys += [
        e
        for e in dict.fromkeys(events)
        if e.value == quote(e.column) and e.column not in lists
    ]
    return keys[:60]  # bits of a number


def _column(key: Event) -> str:
    return f"{key.column}_all" if key.of_list else key.column


def _rule(keys: Sequence[Event]) -> BlockingRule:
    def side(key: Event, alias: str) -> str:
        column = _column(key)
        value = quote(column) if key.of_list else key.value
        return value.replace(quote(column), f"{alias}.{quote(column)}")

    condition = " AND ".join(f"{side(key, 'l')} = {side(key, 'r')}" for key in keys)
    return BlockingRule(
        condition, tuple(dict.fromkeys(_column(key) for key in keys if key.of_list))
    )


def _known_shares(
    engine: Engine, model: Model, sides: Sequence[Table]
) -> dict[str, float]:
    """Share of pairs in which both sides know a column."""
    names = list(
        dict.fromkeys(
            column for comparison in model.fields for column in comparison.columns
        )
    )
    shares = ", ".join(
        f"avg(case when {quote(n)} is null then 0e0 else 1e0 end) as {quote(n)}"
        for n in names
    )
    left, right = (
        one(engine, engine.sql(f"select {shares} from {{t}}", t=table))
        for table in sides
    )
    return {name: float(left[name] or 0) * float(right[name] or 0) for name in names}


def _expected_cases(
    model: Model,
    keys: Sequence[Event],
    known: Mapping[str, float],
    made_of: Mapping[str, str],
    sides: Sequence[Side],
) -> _Cases:
    fields = by_field(model, [frozenset([key]) for key in keys], made_of)
    place_of = {key: place for place, key in enumerate(keys)}
    by_bits: dict[int, float] = {}
    for share, agreeing in expected_cases(fields, known, made_of, least=1e-7):
        bits = sum(1 << place_of[event] for event in agreeing)
        by_bits[bits] = by_bits.get(bits, 0.0) + share
    matches = model.prior * sides[0].units * sides[1].units
    return _Cases(
        np.array([*by_bits], dtype=np.uint64), np.array([*by_bits.values()]), matches
    )


def _measured_cases(
    engine: Engine, keys: Sequence[Event], left: Table, right: Table, true_pairs: Table
) -> _Cases:
    bits = " + ".join(
        f"case when {any_element(_rule([key]))} then cast({1 << place} as bigint) else "
        "0 end"
        for place, key in enumerate(keys)
    )
    result = engine.sql(
        f"""
        with pairs as (select distinct left_id, right_id from {{pairs}}),
        agreed as (
            select {bits} as keys
            from pairs as p join {{left}} as l on l.unit_id = p.left_id
                join {{right}} as r on r.unit_id = p.right_id
        )
        select keys, count(*) as pairs from agreed group by keys order by keys
        """,
        left=left,
        right=right,
        pairs=true_pairs,
    )
    table = rows(engine, result)
    counts = np.array([float(row["pairs"]) for row in table])
    shares = counts / max(counts.sum(), 1.0)
    return _Cases(
        np.array([int(row["keys"]) for row in table], dtype=np.uint64),
        shares,
        float(counts.sum()),
    )


class _Search:
    """Greedy set cover over rules of one to three keys, no two of one field."""

    def __init__(
        self,
        engine: Engine,
        keys: Sequence[Event],
        cases: _Cases,
        sides: Sequence[Side],
        budget: float | None,
    ) -> None:
        self._engine, self._keys, self._cases, self._sides = engine, keys, cases, sides
        self._scale = 1 / max(sides[0].share * sides[1].share, 1e-18)
        self._usual = (
            budget
            if budget is not None
            else PAIRS_PER_RECORD * max(side.units for side in sides)
        )
        self._most = max(self._usual, AFFORDED_PAIRS) if budget is None else budget
        all_pairs = max(sides[0].units * sides[1].units, 1)
        pair_counts = self._counted([(place,) for place in range(len(keys))])
        self._covers, self._pairs = {}, {}
        for size in (1, 2, 3):
            for rule in itertools.combinations(range(len(keys)), size):
                if len({keys[place].column for place in rule}) < size:
                    continue
                mask = cases.covers(rule)
                if cases.shares[mask].sum() >= LEAST_GAIN:
                    self._covers[rule] = mask
                    # As if keys were independent: where to look first.
                    self._pairs[rule] = all_pairs * float(
                        np.prod([pair_counts[place,] / all_pairs for place in rule])
                    )
        self._known: set[tuple[int, ...]] = {(place,) for place in range(len(keys))}
        self.considered = len(self._covers)

    def greedy(self, target: float) -> dict[tuple[int, ...], float]:
        """Rules and their pairs: each time the one that adds most for its pairs, until
        the target.
        """
        selection: dict[tuple[int, ...], float] = {}
        misses = self._cases.shares.copy()
        gains = {rule: float(misses[mask].sum()) for rule, mask in self._covers.items()}
        while gains and len(selection) < MOST_RULES and 1 - misses.sum() < target:
            cost = sum(selection.values())
            affordable = [
                rule
                for rule, gain in gains.items()
                if gain >= LEAST_GAIN and self._allows(rule, gain, cost)
            ]
            if not affordable:
                break
            best = max(
                affordable,
                key=lambda rule: (
                    gains[rule] / (1 + self._pairs[rule] / max(0.1 * self._most, 1.0))
                ),
            )
            if best not in self._known:
                self._known.add(best)
                self._pairs |= self._counted([best])
                continue
            # A rule that asks for more makes no pair that this one does not.
            selection = {
                rule: pairs
                for rule, pairs in selection.items()
                if not set(best) < set(rule)
            }
            selection[best] = self._pairs[best]
            misses[self._covers[best]] = 0.0
            gains = {
                rule: float(misses[mask].sum())
                for rule, mask in self._covers.items()
                if rule not in selection
            }
        return selection

    def _allows(self, rule: tuple[int, ...], gain: float, cost: float) -> bool:
        """Whether a rule may make its pairs: within the usual budget, or within what is
        afforded if it is worth them.
        """
        worth = self._pairs[rule] <= PAIRS_PER_MATCH * gain * self._cases.matches
        return cost + self._pairs[rule] <= (self._most if worth else self._usual)

    def _counted(
        self, rules: Sequence[tuple[int, ...]]
    ) -> dict[tuple[int, ...], float]:
        """Pairs counted on samples; of none that are seen there may still be half a
        one.
        """
        candidates = [_rule([self._keys[place] for place in rule]) for rule in rules]
        counts = pairs_by_keys(self._engine, candidates, self._sides)
        return {
            rule: max(pairs or 0, 0.5) * self._scale
            for rule, pairs in zip(rules, counts, strict=True)
        }
