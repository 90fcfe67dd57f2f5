"""Blocking rules chosen for a model: of all rules that few enough pairs allow, those
that add most matches for the pairs that they add.

Weighted set cover. The matches are to be covered; a rule costs the pairs that no rule
before it makes, and a run over the records. The rule with the highest ratio of both is
taken, then the one with the highest ratio given that, until none is worth its cost or
the budget is spent (Michelson and Knoblock, AAAI 2006; Bilenko, Kamath and Mooney, ICDM
2006, for blocking rules; Khuller, Moss and Naor, Information Processing Letters 70,
1999, for the budget). A rule that later ones make needless is left out again. Ratios
may lead astray, against which Khuller, Moss and Naor take the best of several starts:
here from nothing, and from the rules that Splink's tutorials use, so that the choice is
never worse than these.

What agrees together, of matches and of pairs, is counted on a sample of pairs
(linkage.model.blocking.pilot), or for matches on true pairs where there are some.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from linkage.engine import Engine, Table, one, quote, rows
from linkage.model.blocking.counting import pairs_by_keys
from linkage.model.blocking.keys import (
    Key,
    KeySet,
    agreeing_bits,
    blocking_rule,
    key_column,
    key_sets,
    keys_of_model,
)
from linkage.model.blocking.pilot import Cases, pilot_cases
from linkage.model.blocking.recall import by_field, expected_cases
from linkage.model.conditions import BlockingRule
from linkage.model.sampling import Side, drawn
from linkage.model.splink_json import Model

PAIRS_PER_RECORD = 10.0
"""Pairs of all rules for each record of the larger side: what is scored in a small part
of a run's time.
"""
AFFORDED_PAIRS = 1_000_000
"""Pairs of all rules that files of any size may have: some seconds of scoring."""
WHOLE_BUDGET_GAIN = 0.0005
"""Share of the matches that a rule adds at least if it uses the whole budget; one that
uses a tenth adds a tenth of that.
"""
LEAST_GAIN = 1e-4
"""Share of the matches that a rule adds at least."""
PAIRS_OF_A_RUN = 0.1
"""Pairs of which scoring costs what it costs to look at one record for one rule."""
PAIRS_OF_A_QUERY = 20_000.0
"""Pairs of which scoring costs what it costs to plan the query of one rule."""
MOST_RULES = 12
DRAWN_UNITS = 50_000
"""Units of each side on which the pairs of rules are counted."""
PSEUDO_MATCHES = 30.0
"""Matches for which the model's m counts next to those of the pilot: where it finds
few, fields err independently.
"""
SHOWN_CANDIDATES = 6
"""Rejected rules that are reported, of those tried and of those that make too many
pairs.
"""

COMMON_RULES = (
    {"dob", "forename"},
    {"dob", "surname"},
    {"dob", "postcode"},
    {"forename", "surname", "postcode"},
)
"""Blocking rules of Splink's tutorials: pairs of fields that err apart."""


@dataclass(frozen=True)
class ChosenRule:
    """A rule, its expected pairs, and the share of the matches that it reaches."""

    rule: BlockingRule
    pairs: int
    new_pairs: int  # that no rule before it makes
    alone: float
    added: float  # to the rules before it
    together: float  # with the rules before it


@dataclass(frozen=True)
class RejectedRule:
    """A rule that was considered and not chosen."""

    rule: BlockingRule
    pairs: int
    alone: float | None  # None: it makes too many pairs to be tried
    added: float | None  # to the rules chosen
    reason: str


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
    rejected: tuple[RejectedRule, ...] = ()

    @property
    def pairs(self) -> int:
        """Expected pairs; what two rules both make counts once."""
        return sum(rule.new_pairs for rule in self.rules)


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
        budget: the most pairs of all rules; else PAIRS_PER_RECORD for each record of
            the larger side, or AFFORDED_PAIRS where these are more.
        true_pairs: left_id, right_id, to measure recall by.
    """
    keys = keys_of_model(model)
    names = dict.fromkeys([*map(key_column, keys), *model.compared])
    sides = drawn(engine, (left, right), list(names), most=DRAWN_UNITS, seed=7)
    if budget is None:
        usual = PAIRS_PER_RECORD * max(side.units for side in sides)
        budget = max(usual, AFFORDED_PAIRS)
    expected = _expected_matches(engine, model, keys, made_of or {}, (left, right))
    counted = _counted_rules(engine, keys, expected, sides, budget)
    affordable = {rule: pairs for rule, pairs in counted.items() if pairs <= budget}
    cases = pilot_cases(engine, model, keys, affordable, expected, sides)
    engine.drop(*(side.sample for side in sides))
    cases = (
        _with_true_matches(engine, keys, cases, left, right, true_pairs)
        if true_pairs is not None
        else _with_pseudo_matches(cases, expected, affordable)
    )
    search = _Search(
        cases,
        [r for r in key_sets(keys) if any(set(f) <= set(r) for f in affordable)],
        budget=budget,
        records=sum(side.units for side in sides),
        target=target,
    )
    selection = search.best([(), _common_rules(keys)])
    return ChosenRules(
        rules=tuple(_described(search, keys, selection)),
        recall=search.recall(selection),
        is_measured=true_pairs is not None,
        matches=float(cases.matches.sum()),
        considered=len(search.candidates),
        rejected=(
            *_rejected(search, keys, selection),
            *_beyond_budget(keys, counted, expected, budget),
        ),
    )


def _expected_matches(
    engine: Engine,
    model: Model,
    keys: Sequence[Key],
    made_of: Mapping[str, str],
    sides: Sequence[Table],
) -> Cases:
    """Shares of the matches that agree on keys, if fields err independently; without
    pairs.
    """
    fields = by_field(model, [frozenset([key]) for key in keys], made_of)
    place_of = {key: place for place, key in enumerate(keys)}
    by_bits: dict[int, float] = {}
    known = _known_shares(engine, model, sides)
    for share, agreeing in expected_cases(fields, known, made_of, least=1e-7):
        bits = sum(1 << place_of[event] for event in agreeing)
        by_bits[bits] = by_bits.get(bits, 0.0) + share
    return Cases(
        np.array([*by_bits], dtype=np.uint64),
        np.zeros(len(by_bits)),
        np.array([*by_bits.values()]),
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


def _counted_rules(
    engine: Engine,
    keys: Sequence[Key],
    expected: Cases,
    sides: Sequence[Side],
    budget: float,
) -> dict[KeySet, float]:
    """Pairs of the smallest rules that the budget affords, and of those that it does
    not.

    A rule that asks for more than an affordable one is affordable too, and is not
    counted. Nor is one that is beyond the budget even if its keys were independent,
    which they never are: equal surnames go with equal postcodes.
    """
    scale = 1 / max(sides[0].share * sides[1].share, 1e-18)
    all_pairs = float(max(sides[0].units * sides[1].units, 1))
    counts: dict[KeySet, float] = {}
    affordable: list[set[int]] = []
    for size in (1, 2, 3):
        candidates = [
            rule
            for rule in key_sets(keys)
            if len(rule) == size
            and not any(known <= set(rule) for known in affordable)
            and expected.matches[expected.covered(rule)].sum() >= LEAST_GAIN
            and (size == 1 or _by_chance(rule, counts, all_pairs) <= budget)
        ]
        rules = [blocking_rule([keys[place] for place in rule]) for rule in candidates]
        for rule, pairs in zip(
            candidates, pairs_by_keys(engine, rules, sides), strict=True
        ):
            # Of none that are seen there may still be half a one.
            counts[rule] = max(pairs or 0, 0.5) * scale
            if counts[rule] <= budget:
                affordable.append(set(rule))
    return counts


def _by_chance(rule: KeySet, counts: Mapping[KeySet, float], all_pairs: float) -> float:
    """Pairs of a rule if its keys were independent."""
    shares = [counts.get((place,), all_pairs) / all_pairs for place in rule]
    return all_pairs * float(np.prod(shares))


def _with_pseudo_matches(
    cases: Cases, expected: Cases, affordable: Mapping[KeySet, float]
) -> Cases:
    """Cases with what the model expects as further matches, and with those that no rule
    reaches.
    """
    is_reached = np.zeros(len(expected.matches), dtype=bool)
    for rule in affordable:
        is_reached |= expected.covered(rule)
    reachable = max(float(expected.matches[is_reached].sum()), 1e-9)
    missed = float(cases.matches.sum()) * (1 / reachable - 1)
    return Cases.united(
        cases,
        replace(expected, matches=expected.matches * PSEUDO_MATCHES),
        Cases(np.zeros(1, dtype=np.uint64), np.zeros(1), np.array([missed])),
    )


def _with_true_matches(
    engine: Engine,
    keys: Sequence[Key],
    cases: Cases,
    left: Table,
    right: Table,
    true_pairs: Table,
) -> Cases:
    """Cases with the true pairs that agree on these keys as their matches."""
    result = engine.sql(
        f"""
        with pairs as (select distinct left_id, right_id from {{pairs}}),
        agreed as (
            select {agreeing_bits(keys)} as keys
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
    return Cases.united(
        replace(cases, matches=np.zeros(len(cases.matches))),
        Cases(
            np.array([int(row["keys"]) for row in table], dtype=np.uint64),
            np.zeros(len(table)),
            np.array([float(row["pairs"]) for row in table]),
        ),
    )


def _common_rules(keys: Sequence[Key]) -> tuple[KeySet, ...]:
    """Those of the common rules of which the model has all keys."""
    place_of = {
        key.column: place
        for place, key in enumerate(keys)
        if key.of_list or key.value == quote(key.column)
    }
    return tuple(
        tuple(sorted(place_of[column] for column in rule))
        for rule in COMMON_RULES
        if rule <= place_of.keys()
    )


@dataclass(frozen=True)
class _Worth:
    """What a set of rules, or a further rule, adds and costs."""

    share: float  # of the matches
    pairs: float
    cost: float  # pairs, and the runs over the records in pairs

    @property
    def ratio(self) -> float:
        return self.share / max(self.cost, 1e-9)


class _Search:
    """Search for rules that cover matches, within a budget of pairs."""

    def __init__(
        self,
        cases: Cases,
        rules: Sequence[KeySet],
        *,
        budget: float,
        records: int,
        target: float,
    ) -> None:
        self._pairs, self._budget, self._target = cases.pairs, budget, target
        self._shares = cases.matches / max(float(cases.matches.sum()), 1e-9)
        self._run = PAIRS_OF_A_QUERY + PAIRS_OF_A_RUN * records
        masks = {rule: cases.covered(rule) for rule in rules}
        self.candidates = {
            rule: mask
            for rule, mask in masks.items()
            if self._shares[mask].sum() >= LEAST_GAIN
        }

    def best(self, starts: Sequence[tuple[KeySet, ...]]) -> tuple[KeySet, ...]:
        """The best of the selections that grow from each start."""
        selections = [
            self._pruned(
                self._grown(tuple(rule for rule in start if rule in self.candidates))
            )
            for start in starts
        ]
        return max(selections, key=self._value)

    def recall(self, selection: Sequence[KeySet]) -> float:
        """Share of the matches that some rule reaches."""
        return float(self._shares[self._covered(selection)].sum())

    def added(self, rule: KeySet, selection: Sequence[KeySet]) -> _Worth:
        """What a rule adds to others."""
        is_new = self.candidates[rule] & ~self._covered(selection)
        pairs = float(self._pairs[is_new].sum())
        return _Worth(float(self._shares[is_new].sum()), pairs, pairs + self._run)

    def pays(self, worth: _Worth) -> bool:
        """Whether a rule adds enough matches for its cost."""
        return worth.share >= max(
            LEAST_GAIN, WHOLE_BUDGET_GAIN * worth.cost / self._budget
        )

    def affords(self, worth: _Worth, selection: Sequence[KeySet]) -> bool:
        """Whether the budget holds a rule's pairs too."""
        spent = float(self._pairs[self._covered(selection)].sum())
        return spent + worth.pairs <= self._budget

    def _covered(
        self, selection: Sequence[KeySet]
    ) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
        is_covered = np.zeros(len(self._shares), dtype=bool)
        for rule in selection:
            is_covered |= self.candidates[rule]
        return is_covered

    def _grown(self, selection: tuple[KeySet, ...]) -> tuple[KeySet, ...]:
        while len(selection) < MOST_RULES and self.recall(selection) < self._target:
            worths = {
                rule: self.added(rule, selection)
                for rule in self.candidates
                if rule not in selection
            }
            paying = [
                rule
                for rule, worth in worths.items()
                if self.pays(worth) and self.affords(worth, selection)
            ]
            if not paying:
                break
            best = max(paying, key=lambda rule: worths[rule].ratio)
            # A rule that asks for more makes no pair that this one does not.
            selection = (*(r for r in selection if not set(best) < set(r)), best)
        return selection

    def _pruned(self, selection: tuple[KeySet, ...]) -> tuple[KeySet, ...]:
        """The selection without rules that later ones make needless."""
        while len(selection) > 1:
            shorter = [
                selection[:place] + selection[place + 1 :]
                for place in range(len(selection))
            ]
            best = max(shorter, key=self._value)
            if self._value(best) < self._value(selection):
                break
            selection = best
        return selection

    def _value(self, selection: Sequence[KeySet]) -> float:
        """Recall up to the target, less what the pairs and runs cost."""
        pairs = float(self._pairs[self._covered(selection)].sum())
        cost = pairs + self._run * len(selection)
        return (
            min(self.recall(selection), self._target)
            - WHOLE_BUDGET_GAIN * cost / self._budget
        )


def _described(
    search: _Search, keys: Sequence[Key], selection: Sequence[KeySet]
) -> Iterator[ChosenRule]:
    for place, rule in enumerate(selection):
        alone, worth = search.added(rule, ()), search.added(rule, selection[:place])
        yield ChosenRule(
            rule=blocking_rule([keys[key] for key in rule]),
            pairs=round(alone.pairs),
            new_pairs=round(worth.pairs),
            alone=alone.share,
            added=worth.share,
            together=search.recall(selection[: place + 1]),
        )


def _rejected(
    search: _Search, keys: Sequence[Key], selection: Sequence[KeySet]
) -> Iterator[RejectedRule]:
    """The rules that would add most to those chosen, and why they were not chosen."""
    worths = {
        rule: search.added(rule, selection)
        for rule in search.candidates
        if not any(set(chosen) <= set(rule) for chosen in selection)
    }
    most = sorted(worths, key=lambda rule: -worths[rule].share)[:SHOWN_CANDIDATES]
    for rule in most:
        alone, worth = search.added(rule, ()), worths[rule]
        if worth.share < LEAST_GAIN:
            reason = "adds next to no matches"
        elif not search.pays(worth):
            reason = "adds too few matches for its pairs"
        elif not search.affords(worth, selection):
            reason = "its pairs and those of the chosen rules exceed the budget"
        else:
            reason = "the chosen rules reach enough"
        yield RejectedRule(
            rule=blocking_rule([keys[key] for key in rule]),
            pairs=round(alone.pairs),
            alone=alone.share,
            added=worth.share,
            reason=reason,
        )


def _beyond_budget(
    keys: Sequence[Key],
    counted: Mapping[KeySet, float],
    expected: Cases,
    budget: float,
) -> Iterator[RejectedRule]:
    """The rules that make more pairs than the budget: those of which most matches are
    expected.
    """
    reach = {
        rule: float(expected.matches[expected.covered(rule)].sum())
        for rule, pairs in counted.items()
        if pairs > budget
    }
    most = sorted(reach, key=lambda rule: -reach[rule])[:SHOWN_CANDIDATES]
    for rule in most:
        yield RejectedRule(
            rule=blocking_rule([keys[key] for key in rule]),
            pairs=round(counted[rule]),
            alone=None,
            added=None,
            reason="makes more pairs than the budget",
        )
