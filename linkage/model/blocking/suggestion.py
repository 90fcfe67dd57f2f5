"""Blocking rules chosen for a trained model: the fewest pairs that reach nearly all matches.

A rule is equality of a few columns. From the model's m a rule's reach is known, and with it what a set of rules
misses: a match is missed when no rule's columns all agree. Rules are added greedily, each time the one that reaches
most for the pairs it makes, until the rest is not worth its pairs. Of small files some millions of pairs are scored in
seconds, however many that is for a record, as long as each match that they reach costs few.

Fields do not err apart: who has moved differs in postcode, town, county and whatever else goes by address, and a rule
for each of them reaches no more than one does. So that rules do not lean on these alone, some matches are taken to
agree on nothing but what is a person's own.

Where whole values reach too little (titles of books, of which half have a slip or lack a word), the first letters of
texts are tried too. Where texts are compared by their rare words, a word in common is a rule.
"""

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass

from linkage.engine import Engine, Table, columns, one, quote
from linkage.model.comparisons import rare_words_of
from linkage.model.splink_json import Model, sided_columns
from linkage.model.training.counts.rules import PERSONAL

_MOST_COLUMNS = 12  # agreement of columns is enumerated: 2^12 cases
_MOST_RULES = 12
_PER_UNIT = 10.0  # pairs of all rules, for each unit of the larger side
_AFFORDED = 5_000_000  # the same of files of any size, where a rule makes no more than ...
_FOR_A_MATCH = 15_000  # ... so many pairs for each match that no other reaches
_FREE = 0.1  # part of the budget that a rule may take before its pairs are held against it
_WORTH = 2e-4  # stop when a rule would reach less than this share of the matches
_SAMPLE = 100_000
_MOVED = 0.1  # share of matches that is taken to agree on nothing that is shared at home
_ENOUGH = 0.9  # share of the matches that whole values reach, below which the first letters of texts are tried too
_STARTS = {12: 0.6, 6: 0.8}  # letters, and of the matches whose texts are much alike the share that has them in common
_OWN = PERSONAL | {"surname", "second_surname"}


@dataclass(frozen=True)
class Suggestion:
    """A set of rules and what it is expected to do."""

    rules: tuple[str, ...]  # SQL over l and r
    recall: float  # expected share of matches that some rule reaches, if fields err independently
    pairs: int  # expected pairs, counted on a sample


@dataclass(frozen=True)
class _Key:
    """What two records may agree on: a column, the first letters of it, or a rare word."""

    column: str
    letters: int | None  # None for the whole value
    agree: float  # share of the matches that agree on it
    rare: float  # share of all pairs, or a guess of it
    of_words: bool = False  # any of the text's rare words

    @property
    def name(self) -> str:
        if self.of_words:
            return rare_words_of(self.column)
        return self.column if self.letters is None else f"{self.letters} letters of {self.column}"

    def of(self, side: str = "") -> str:
        """SQL over a side's columns."""
        column = f"{side}{quote(rare_words_of(self.column) if self.of_words else self.column)}"
        return column if self.letters is None else f"substr({column}, 1, {self.letters})"

    def implies(self, other: "_Key") -> bool:
        """Whether who agrees on it agrees on the other."""
        if self.column != other.column or self.of_words > other.of_words:
            return False
        return (self.letters or math.inf) >= (other.letters or math.inf)


@dataclass(frozen=True)
class _Budget:
    """How many pairs rules may make.

    Attributes:
        usual: pairs of all rules, whatever they reach.
        most: pairs of all rules where each is worth its own.
        matches: that there are to be reached, as the model says.
    """

    usual: float
    most: float
    matches: float

    @classmethod
    def of(cls, model: Model, sizes: tuple[int, int], pairs_per_unit: float | None) -> "_Budget":
        usual = (_PER_UNIT if pairs_per_unit is None else pairs_per_unit) * max(sizes)
        most = max(usual, _AFFORDED) if pairs_per_unit is None else usual
        return cls(usual, most, model.prior * sizes[0] * sizes[1])

    def allows(self, cost: float, spent: float, gain: float) -> bool:
        """Whether a rule may make so many pairs, beside what is spent, for the share of the matches that it adds."""
        worth = cost <= _FOR_A_MATCH * gain * self.matches
        return spent + cost <= (self.most if worth else self.usual)

    def price(self, cost: float) -> float:
        """What a rule's pairs count beside what it reaches: next to nothing while they are a small part of all."""
        return 1 + cost / max(_FREE * self.most, 1.0)


_Rule = tuple[_Key, ...]
_Cases = list[tuple[float, frozenset[_Key]]]


def suggest(
    engine: Engine, model: Model, left: Table, right: Table, *, pairs_per_unit: float | None = None
) -> Suggestion:
    """Rules for linking two sides.

    Args:
        model: trained, its comparisons with an exact level each.
        left, right: unit_id and the model's columns.
        pairs_per_unit: the most, in pairs for each unit of the larger side; when None 10, or of small files more, where
            they reach matches.
    """
    known = {c: share for c, share in _known(engine, model, left, right).items() if share > 0}
    whole = [_Key(c, None, m * known[c], u * known[c]) for c, m, u in _exact_levels(model) if c in known]
    strong = sorted(whole, key=lambda key: key.agree / max(key.rare, 1e-9), reverse=True)[:_MOST_COLUMNS]
    budget = _Budget.of(model, (engine.count(left), engine.count(right)), pairs_per_unit)
    worded = _share_a_word(model)
    chains = [
        [key, _Key(key.column, None, worded[key.column] * known[key.column], 0.0, of_words=True)]
        if key.column in worded
        else [key]
        for key in strong
    ]
    found = _greedy(engine, chains, (left, right), budget)
    if found.recall < _ENOUGH and (alike := _much_alike(model)):
        starts = [
            [
                *chain,
                *(
                    _Key(key.column, n, key.agree + share * alike[key.column] * known[key.column], 0.0)
                    for key in chain
                    if key.column in alike
                    for n, share in _STARTS.items()
                ),
            ]
            for chain in chains
        ]
        more = _greedy(engine, starts, (left, right), budget)
        return more if more.recall > found.recall else found
    return found


def _greedy(
    engine: Engine, chains: Sequence[Sequence[_Key]], sides: tuple[Table, Table], budget: _Budget
) -> Suggestion:
    """The rules that reach most for their pairs.

    Args:
        chains: keys of each column, the strictest first: who agrees on one agrees on those after it.
    """
    sizes = engine.count(sides[0]), engine.count(sides[1])
    keys = [key for chain in chains for key in chain]
    independent = missed = _agreements(chains)
    moved = _agreements([chain for chain in chains if chain[0].column in _OWN])
    if len(moved) > 1:
        missed = [(share * (1 - _MOVED), of) for share, of in missed] + [(share * _MOVED, of) for share, of in moved]
    samples = [_sampled(engine, table, keys) for table in sides]
    candidates = {
        rule: sizes[0] * sizes[1] * math.prod(key.rare for key in rule)
        for size in (1, 2, 3)
        for rule in itertools.combinations(keys, size)
        if len({key.column for key in rule}) == size and sum(key.of_words for key in rule) <= 1
    }
    # Rare words were chosen so that they make few pairs, whatever else is blocked on.
    bounded = {rule for rule in candidates if len(rule) == 1 and rule[0].of_words}
    counted: set[_Rule] = set()
    chosen: dict[_Rule, float] = {}
    gains = {rule: _reached(missed, rule) for rule in candidates}
    while candidates and len(chosen) < _MOST_RULES:
        spent = sum(cost for rule, cost in chosen.items() if rule not in bounded)
        affordable = [
            rule
            for rule, cost in candidates.items()
            if gains[rule] >= _WORTH and (rule in bounded or budget.allows(cost, spent, gains[rule]))
        ]
        if not affordable:
            break
        best = max(affordable, key=lambda r: gains[r] / budget.price(candidates[r]))
        if best not in counted:
            # Columns hang together (suburb and postcode), so the product of their shares is only where to look first.
            counted.add(best)
            candidates[best] = _counted_pairs(engine, best, samples)
            continue
        missed = [(share, agreeing) for share, agreeing in missed if not set(best) <= agreeing]
        # A rule that asks for more makes no pair that this one does not.
        chosen = {r: cost for r, cost in chosen.items() if not all(any(k.implies(b) for k in r) for b in best)}
        chosen[best] = candidates.pop(best)
        gains = {rule: _reached(missed, rule) for rule in candidates}
    rules = tuple(" AND ".join(f"{key.of('l.')} = {key.of('r.')}" for key in rule) for rule in chosen)
    reached = sum(share for share, agreeing in independent if any(set(rule) <= agreeing for rule in chosen))
    return Suggestion(rules, reached, int(sum(chosen.values())))


def _exact_levels(model: Model) -> list[tuple[str, float, float]]:
    """Column, m and u of each comparison's exact level on one column."""
    found = []
    for comparison in model.fields:
        for level in comparison.levels:
            plain = (level.condition or "").replace('"', "").replace(" ", "")
            column = next((c for c in comparison.columns if plain == f"{c}_l={c}_r"), None)
            if column and level.m is not None and level.u is not None:
                found.append((column, level.m, level.u))
                break
    return found


def _known(engine: Engine, model: Model, left: Table, right: Table) -> dict[str, float]:
    """Share of pairs in which both sides know a column."""
    names = [column for column, _, _ in _exact_levels(model)]
    shares = ", ".join(f"avg(case when {quote(c)} is null then 0.0 else 1.0 end) as {quote(c)}" for c in names)
    sides = [one(engine, engine.sql(f"select {shares} from {{t}}", t=table)) for table in (left, right)]
    return {name: float(sides[0][name] or 0) * float(sides[1][name] or 0) for name in names}


def _share_a_word(model: Model) -> dict[str, float]:
    """Columns of which rare words are compared: the share of matches that agree on the whole, or on one of these."""
    found: dict[str, float] = {}
    for column, equal, _ in _exact_levels(model):
        comparison = next(c for c in model.fields if column in c.columns)
        if rare_words_of(column) in comparison.columns:
            of_words = [
                v for v in comparison.levels if v.condition and rare_words_of(column) in sided_columns(v.condition)
            ]
            found[column] = equal + sum(level.m or 0.0 for level in of_words)
    return found


def _much_alike(model: Model) -> dict[str, float]:
    """Columns of which the level below equality asks how alike texts are: the share of matches that have it."""
    found: dict[str, float] = {}
    for comparison in model.fields:
        graded = [level for level in comparison.levels if level.condition and level.value >= 0][1:2]
        if graded and "jaro_winkler_similarity" in (graded[0].condition or "") and graded[0].m is not None:
            found |= dict.fromkeys(comparison.columns, graded[0].m)
    return found


def _agreements(chains: Sequence[Sequence[_Key]]) -> _Cases:
    """Every set of keys that a match may agree on, with its probability."""
    cases: _Cases = [(1.0, frozenset())]
    for chain in chains:
        shares = [min(max(key.agree, 0.0), 1.0) for key in chain]
        states = [
            (share - before, chain[n:]) for n, (share, before) in enumerate(zip(shares, [0.0, *shares], strict=False))
        ]
        states.append((1 - shares[-1], ()))
        cases = [case for q, s in cases for p, of in states if (case := (q * p, s | {*of}))[0] > 1e-9]
    return cases


def _reached(missed: _Cases, rule: _Rule) -> float:
    wanted = set(rule)
    return sum(share for share, agreeing in missed if wanted <= agreeing)


def _sampled(engine: Engine, table: Table, keys: Sequence[_Key]) -> tuple[Table, float]:
    step = max(1, engine.count(table) // _SAMPLE)
    held = ", ".join(f"{key.of()} as {quote(key.name)}" for key in keys)
    sample = engine.sql(f"select {held} from {{t}} where unit_id % {step} = 0", t=table, store=True)
    return sample, engine.count(sample) / max(engine.count(table), 1)


def _counted_pairs(engine: Engine, rule: _Rule, samples: Sequence[tuple[Table, float]]) -> float:
    """Pairs that a rule makes on the samples, scaled to all; never less than one sampled pair would stand for."""
    names = [key.name for key in rule]
    listed = columns(names)
    known = " and ".join(f"{quote(name)} is not null" for name in names)
    each = ", ".join(f"unnest({quote(k.name)}) as {quote(k.name)}" if k.of_words else quote(k.name) for k in rule)
    counted = engine.sql(
        f"""
        with left_keys as (select {each} from {{l}}),
        right_keys as (select {each} from {{r}}),
        of_left as (select {listed}, count(*) as units from left_keys where {known} group by {listed}),
        of_right as (select {listed}, count(*) as units from right_keys where {known} group by {listed})
        select coalesce(sum(of_left.units * of_right.units), 0) as pairs
        from of_left join of_right using ({listed})
        """,
        l=samples[0][0],
        r=samples[1][0],
    )
    pairs = max(float(one(engine, counted)["pairs"]), 0.5)
    return pairs / max(samples[0][1] * samples[1][1], 1e-12)
